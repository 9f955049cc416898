"""The data set as files: each made once, whole or not at all, with its checksum, and nobody waits for it in vain."""

import gzip
import hashlib
import shutil
import threading
import time
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from rdflib import Dataset, Graph

from kg.export import FORMATS
from kg.snapshot import Snapshot
from kg.terms import Terms
from web import downloads
from web.app import create_app
from web.downloads import Downloads, StillMaking
from web.publication import Publication

PATIENT_S = 300


def all_files(client: FlaskClient) -> dict[str, str]:
    """File → SHA-256, asked for until all are made."""
    until = time.monotonic() + PATIENT_S
    while (answer := client.get("/dump/SHA256SUMS")).status_code == 503:
        assert answer.headers["Retry-After"]
        assert time.monotonic() < until
    return dict(reversed(line.split("  ")) for line in answer.text.splitlines())


def test_every_export_is_a_file_and_its_sum_is_right(client: FlaskClient, report_snapshot: Snapshot, counts) -> None:
    sums = all_files(client)
    stem = f"bustadgraf-{report_snapshot.name}"
    assert {f"{stem}.{form}.gz" for form in ("nq", "nt", "trig", "ttl", "jsonld", "rdf")} < set(sums)
    assert len(sums) >= len(FORMATS) - 2, "only what has no record is left out"
    for name, checksum in sums.items():
        answer = client.get(f"/dump/{name}", headers={"Accept-Encoding": "br, gzip"})
        assert hashlib.sha256(answer.data).hexdigest() == checksum, name
        assert answer.headers["ETag"] == f'"{checksum}"'
        assert "Content-Encoding" not in answer.headers
        assert name in answer.headers["Content-Disposition"]
        assert 'rel="license"' in answer.headers["Link"]
        counts("files of the data set with a right checksum")


def test_dumps_are_the_public_data_and_their_sums_are_right(client: FlaskClient, report_snapshot: Snapshot) -> None:
    stem = f"bustadgraf-{report_snapshot.name}"
    sums = all_files(client)
    expected = Dataset()
    expected.parse(report_snapshot.data_path, format="nquads")
    quads = sum(1 for _ in expected.quads())
    triples = len({quad[:3] for quad in expected.quads()})
    for form, parser, size in (("nq", "nquads", quads), ("trig", "trig", quads), ("jsonld", "json-ld", quads)):
        answer = client.get(f"/dump/{stem}.{form}.gz")
        assert answer.mimetype == "application/gzip"
        assert hashlib.sha256(answer.data).hexdigest() == sums[f"{stem}.{form}.gz"]
        read = Dataset()
        read.parse(data=gzip.decompress(answer.data), format=parser)
        assert sum(1 for _ in read.quads()) == size, form
    turtle = Graph().parse(data=gzip.decompress(client.get(f"/dump/{stem}.ttl.gz").data), format="turtle")
    assert len(turtle) == triples
    nquads = gzip.decompress(client.get(f"/dump/{stem}.nq.gz").data)
    assert nquads == report_snapshot.data_path.read_bytes()
    assert client.get(f"/dump/{stem}.exe.gz").status_code == 404
    assert client.get("/dump/bustadgraf-000000000000.nq.gz").status_code == 404


def test_a_file_comes_in_parts_and_is_kept_while_it_is_the_same(client: FlaskClient, report_snapshot: Snapshot) -> None:
    all_files(client)
    path = f"/dump/bustadgraf-{report_snapshot.name}.nq.gz"
    whole = client.get(path)
    assert whole.headers["Accept-Ranges"] == "bytes"
    part = client.get(path, headers={"Range": "bytes=100-299"})
    assert (part.status_code, part.data) == (206, whole.data[100:300])
    assert part.headers["Content-Range"] == f"bytes 100-299/{len(whole.data)}"
    rest = client.get(path, headers={"Range": "bytes=300-", "If-Range": whole.headers["ETag"]})
    assert (rest.status_code, rest.data) == (206, whole.data[300:])
    changed = client.get(path, headers={"Range": "bytes=300-", "If-Range": '"other"'})
    assert (changed.status_code, changed.data) == (200, whole.data)
    assert client.get(path, headers={"Range": f"bytes={len(whole.data)}-"}).status_code == 416
    assert client.get(path, headers={"If-None-Match": whole.headers["ETag"]}).status_code == 304
    head = client.head(path)
    assert (head.data, head.headers["Content-Length"]) == (b"", str(len(whole.data)))


@pytest.fixture
def lonely(report_snapshot: Snapshot, tmp_path: Path) -> Snapshot:
    """The snapshot in an out folder of its own."""
    folder = tmp_path / "snapshots" / report_snapshot.name
    shutil.copytree(report_snapshot.path, folder)
    return Snapshot(folder, report_snapshot.manifest)


def fetched(held: Downloads, name: str) -> downloads.Download:
    while True:
        try:
            found = held.get(name)
        except StillMaking:
            continue
        assert found
        return found


def test_a_file_is_made_once_however_many_ask(lonely: Snapshot) -> None:
    shelves = [Downloads(lonely), Downloads(lonely)]
    name = f"bustadgraf-{lonely.name}.nq.gz"
    found: list[downloads.Download] = []
    asking = [threading.Thread(target=lambda held=held: found.append(fetched(held, name))) for held in shelves * 4]
    for each in asking:
        each.start()
    for each in asking:
        each.join()
    assert len({(each.path, each.sha256, each.path.stat().st_ino) for each in found}) == 1
    assert not [path for path in found[0].path.parent.iterdir() if path.name.startswith(".making")]
    again = Downloads(lonely)
    assert [each.name for each in again.ready()] == [name], "it is there after a restart, and no other"
    assert again.get(name) == found[0]


def test_what_was_half_made_or_changed_is_made_anew(lonely: Snapshot) -> None:
    name = f"bustadgraf-{lonely.name}.nq.gz"
    first = fetched(Downloads(lonely), name)
    content = first.path.read_bytes()
    first.path.write_bytes(content[:100])
    (first.path.parent / f".making-{name}").mkdir()
    assert Downloads(lonely).ready() == ()
    assert fetched(Downloads(lonely), name) == first
    assert first.path.read_bytes() == content


def test_while_a_file_is_made_other_answers_come(
    report_publication: Publication, lonely: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "PATIENCE_S", 0.05)
    monkeypatch.setattr(Downloads, "_exported", lambda self, form, target: (gate.wait(60), (1, "ended"))[1])
    gate = threading.Event()
    publication = Publication(report_publication.engine, Terms(), lonely, report_publication.catalogue)
    client = create_app(publication).test_client()
    try:
        for lang in ("nn", "nb", "en"):
            early = client.get(f"/dump/bustadgraf-{lonely.name}.trig.gz", headers={"Accept-Language": lang})
            assert (early.status_code, early.get_json()["reason"]) == (503, "busy")
            assert early.headers["Retry-After"] == "5"
        assert client.get("/nn/data").status_code == 200
        assert client.get("/dcat", headers={"Accept": "text/turtle"}).status_code == 200
        assert client.get("/dump/SHA256SUMS").status_code == 503
    finally:
        gate.set()


def test_the_files_of_old_snapshots_make_room(lonely: Snapshot) -> None:
    shelf = lonely.path.parent.parent / "downloads"
    for number in range(20):
        (shelf / f"{number:012}-x").mkdir(parents=True)
    fetched(Downloads(lonely), f"bustadgraf-{lonely.name}.nq.gz")
    assert len(list(shelf.iterdir())) == downloads.KEPT


def test_a_snapshot_that_stands_alone_keeps_its_files_elsewhere(report_snapshot: Snapshot, tmp_path: Path) -> None:
    folder = tmp_path / "alone"
    shutil.copytree(report_snapshot.path, folder)
    before = sorted(tmp_path.rglob("*"))
    found = fetched(Downloads(Snapshot(folder, report_snapshot.manifest)), f"bustadgraf-{report_snapshot.name}.nq.gz")
    assert gzip.decompress(found.path.read_bytes()) == report_snapshot.data_path.read_bytes()
    assert sorted(tmp_path.rglob("*")) == before
    shutil.rmtree(found.path.parent)


@pytest.mark.parametrize("file", ["", "..%2f..%2fsnapshot.json", "x", ".note", "%00", "SHA256SUMS%0d%0aX: y", "a/b"])
def test_no_other_file_is_given(client: FlaskClient, file: str) -> None:
    assert client.get(f"/dump/{file}").status_code == 404
