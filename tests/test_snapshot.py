"""A snapshot is named by its content, appears whole or not at all, and holds nothing confidential."""

import gzip
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from hashlib import sha256
from pathlib import Path

import pytest
from rdflib import Dataset, Graph

from kg import snapshot
from kg.corpus import load
from kg.model import Block, CorpusError, EnvironmentFailure, InputError
from kg.ontology import ontology_graph, version_of
from kg.revalidation import MEMORY, Outcome
from kg.snapshot import BuildReport, Snapshot, build
from kg.terms import Terms
from kg.validation import is_privacy

ROOT = Path(__file__).parent.parent
TERMS = Terms()
SOURCE = Path("sources/lykteskrift")
CODING = SOURCE / "first-reading.coding.yaml"
ANCHORS = shutil.ignore_patterns("*.anchors.json")
CANARY = re.compile("kanarifugl", re.IGNORECASE)


def change(corpus: Path, file: Path | str, old: str, new: str) -> Path:
    path = corpus / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return corpus


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def current(out: Path) -> str:
    return (out / "current").resolve().name


@pytest.fixture
def three(tmp_path: Path) -> Path:
    """A copy of the corpus of three statements."""
    return Path(shutil.copytree(ROOT / "tests/corpora/three", tmp_path / "three", ignore=ANCHORS))


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """A copy of the shipped fiction, with an open and two closed interviews."""
    return Path(shutil.copytree(ROOT / "kg/corpora/example", tmp_path / "example"))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out reasoning and shapes, where a test is about what is written and how."""
    monkeypatch.setattr(snapshot, "closure", lambda _dataset: Graph())
    monkeypatch.setattr(snapshot, "revalidate", lambda *_given: Outcome((), frozenset(), b""))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[BuildReport, Path]:
    """The corpus of three statements, built whole."""
    folder = tmp_path_factory.mktemp("built")
    shutil.copytree(ROOT / "tests/corpora/three", folder / "three")
    return build(folder / "three", folder / "out"), folder / "out"


# --- the whole way -------------------------------------------------------------------------------


def test_three_statements_come_out_as_they_went_in(built):
    report, out = built
    assert report.published
    counts = report.counts()
    assert counts.pop("inferred") > 50
    assert counts == {
        **{"snapshot": current(out), "sources": 1, "passages": 3, "statements": 3, "candidates": 0},
        **{"violations": 0, "warnings": 0, "orphans": 0},
    }
    data = Dataset(default_union=True)
    data.parse(Snapshot.open(out).data_path, format="nquads")
    found = {
        (TERMS.compress(str(row[0])), str(row[1]))
        for row in data.query("SELECT ?st ?text WHERE { ?st a bso:Statement ; bso:text ?text }", initNs=TERMS.prefixes)
    }
    assert found == {
        ("st:lykteskrift-first-reading-place", "Lyktehuset ligg i Lyktevik"),
        ("st:lykteskrift-first-reading-group", "Lyktehuset er for bustadlause"),
        ("st:lykteskrift-first-reading-tendering", "Lyktevik kommune er skeptisk til anbod"),
    }
    plain = (TERMS.uri("initiative:lyktehuset"), TERMS.uri("offeredIn"), TERMS.uri("place:lyktevik"))
    assert plain in data.graph(TERMS.graph("source/lykteskrift"))
    assert len(data.graph(TERMS.graph("inferred"))) == report.inferred


def test_the_quads_are_sorted_and_name_the_snapshot(built):
    _, out = built
    kept = Snapshot.open(out)
    lines = kept.data_path.read_bytes().split(b"\n")
    assert lines.pop() == b""
    assert lines == sorted(set(lines))
    others = [line for line in lines if b"/version/" not in line]
    assert len(lines) - len(others) == 4
    assert kept.name == sha256(b"".join(line + b"\n" for line in others)).hexdigest()[:12]
    assert kept.path.name == kept.name


def test_the_manifest_says_what_it_is_without_clock_or_path(built):
    _, out = built
    kept = Snapshot.open(out)
    manifest = kept.manifest
    assert manifest.title == {
        "nn": "Tre ytringar, oppdikta",
        "nb": "Tre ytringer, oppdiktet",
        "en": "Three statements, fictional",
    }
    assert (manifest.base, manifest.fiction, manifest.languages) == (TERMS.base, True, ("nn", "nb", "en"))
    assert manifest.ontology == version_of(ontology_graph(Terms()))
    assert manifest.counts["statements"] == 3
    assert manifest.counts["triples"] == kept.data_path.read_text(encoding="utf-8").count("\n")
    for name, content in contents(kept.path).items():
        assert str(out).encode() not in content, name
        assert b"first-reading.coding.yaml" not in content, name


def test_a_snapshot_holds_the_texts_of_open_sources(built):
    _, out = built
    document = Snapshot.open(out).document("lykteskrift")
    assert document.text.startswith("Lykteskriftet")
    assert all(isinstance(block, Block) for block in document.blocks)
    assert [document.text[block.start : block.end] for block in document.blocks][
        -1
    ] == "Lyktevik kommune er skeptisk til anbod."
    assert Snapshot.open(out).document("no-such-source") is None
    assert Snapshot.open(out).document("../../report") is None


def test_a_snapshot_tells_what_the_shapes_found(tmp_path):
    corpus = shutil.copytree(ROOT / "tests" / "corpora" / "three", tmp_path / "corpus")
    metadata = next(corpus.glob("sources/*/source.yaml"))
    lines = metadata.read_text(encoding="utf-8").splitlines(keepends=True)
    metadata.write_text("".join(line for line in lines if not line.startswith("licence:")), encoding="utf-8")
    report = build(corpus, tmp_path / "out")
    assert {finding.severity for finding in report.findings} == {"warning"}
    assert "vilkår" in report.findings[0].message["nn"]
    assert Snapshot.open(tmp_path / "out").findings() == report.findings


def test_the_name_of_a_shipped_corpus_will_do(tmp_path, quick):
    report = build("field", tmp_path / "out")
    assert report.published
    assert Snapshot.open(tmp_path / "out").manifest.title["en"] == "The voluntary sector in housing-social work"
    assert list((ROOT / "kg/corpora").rglob("*.anchors.json")) == [], "nothing is written into the package"


def test_what_is_no_corpus_is_told(tmp_path):
    with pytest.raises(CorpusError, match="field"):
        build("feild", tmp_path / "out")
    with pytest.raises(CorpusError, match=r"corpus\.yaml"):
        build(tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_steps_are_told(three, tmp_path, quick):
    steps = []
    build(three, tmp_path / "out", progress=steps.append)
    assert len(steps) >= 5
    assert steps[-1] == "writing"


def test_positions_are_kept_beside_the_codings(three, tmp_path, quick):
    build(three, tmp_path / "out")
    kept = json.loads((three / SOURCE / "first-reading.anchors.json").read_text(encoding="utf-8"))
    text = load(three).sources[0].document.text
    for place in kept["anchors"].values():
        assert text[place["start"] : place["end"]] == place["exact"]
    assert len(kept["anchors"]) == 3


def test_a_build_validates_again_only_what_changed(built, three):
    first, out = built
    again = build(out.parent / "three", out)
    assert (first.validated, again.validated) == (1, 0)
    assert again.findings == first.findings
    assert again.snapshot == first.snapshot
    (out / MEMORY).unlink()
    assert build(three, out).validated == 1


def test_what_was_not_published_is_not_remembered(three, tmp_path):
    change(three, CODING, "quote: ", "quote: Dette står ikkje der og ")
    report = build(three, tmp_path / "out")
    assert not report.published
    assert not (tmp_path / "out" / MEMORY).exists()


# --- same input, same bytes ----------------------------------------------------------------------


def test_the_same_corpus_gives_the_same_bytes_anywhere(built, tmp_path):
    _, out = built
    here = Path(shutil.copytree(ROOT / "tests/corpora/three", tmp_path / "annan stad" / "med blåbær"))
    around = {"PYTHONHASHSEED": "7", "LC_ALL": "C", "TZ": "Asia/Tokyo"}
    assert start(BUILD, here, tmp_path / "ut", **around).wait(120) == 0
    assert contents(tmp_path / "ut" / "current") == contents(out / "current")


def test_reading_many_sources_at_once_gives_the_same(example, tmp_path, quick):
    for jobs in (1, 3):
        build(example, tmp_path / str(jobs), jobs=jobs, allow_violations=True)
    assert contents(tmp_path / "1" / "current") == contents(tmp_path / "3" / "current")


def test_other_content_gives_another_name_and_keeps_the_old_snapshot(three, tmp_path, quick):
    out = tmp_path / "out"
    first = build(three, out).snapshot
    change(three, CODING, "polarity: negative", "polarity: mixed")
    second = build(three, out).snapshot
    assert first != second == current(out)
    assert Snapshot.open(out / "snapshots" / first).name == first


def test_a_snapshot_that_is_there_already_is_used_again(three, tmp_path, quick):
    out = tmp_path / "out"
    name = build(three, out).snapshot
    data = out / "snapshots" / name / "data.nq"
    before = data.stat()
    assert build(three, out).snapshot == name
    assert (data.stat().st_ino, data.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_damaged_one_is_made_anew(three, tmp_path, quick):
    out = tmp_path / "out"
    build(three, out)
    whole = contents(out / "current")
    (out / "current" / "data.nq").write_bytes(whole["data.nq"][:100])
    with pytest.raises(InputError, match=r"damaged: data\.nq.*bustadgraf build"):
        Snapshot.open(out)
    build(three, out)
    assert contents(out / "current") == whole


@pytest.mark.parametrize("name", ["snapshot.json", "findings.json", "documents/lykteskrift.json", "helper.nq"])
def test_whatever_file_is_missing_or_cut_is_noticed(three, tmp_path, quick, name):
    out = tmp_path / "out"
    build(three, out)
    path = out / "current" / name
    content = path.read_bytes()
    path.write_bytes(content[:-3] + b"?")
    with pytest.raises(InputError, match="bustadgraf build"):
        Snapshot.open(out)
    path.unlink()
    with pytest.raises(InputError, match="bustadgraf build"):
        Snapshot.open(out)


def test_a_folder_without_a_snapshot_says_what_to_do(tmp_path):
    with pytest.raises(InputError, match="bustadgraf build"):
        Snapshot.open(tmp_path / "nothing")


# --- what is not published -----------------------------------------------------------------------


def refused(corpus: Path, out: Path, **options: bool) -> BuildReport:
    """Build a changed corpus over a good snapshot; see that the good one stays."""
    good = current(out)
    report = build(corpus, out, **options)
    assert not report.published
    assert report.snapshot is None
    assert current(out) == good == Snapshot.open(out).name
    assert [path.name for path in (out / "snapshots").iterdir()] == [good]
    assert json.loads((out / "report.json").read_bytes())["published"] is False
    return report


def test_errors_in_the_corpus_publish_nothing(three, tmp_path, quick):
    build(three, tmp_path / "out")
    change(three, CODING, "place:lyktevik", "place:lyktvik")
    report = refused(three, tmp_path / "out", allow_violations=True)
    assert report.errors == 1
    assert "place:lyktevik" in str(report.problems[0])
    assert report.statements == 2


def test_a_view_that_would_be_read_as_its_opposite_is_an_error(three, tmp_path, quick):
    """Only a fact and a Stance have a form that keeps the denial; anything else would drop the «not»."""
    old = "type: Stance, about: issue:tendering, holder: actor:lyktevik-kommune, polarity: negative"
    says = "says: {nn: x, nb: x, en: x}"
    change(three, CODING, old, f"type: Remark, about: issue:tendering, {says}, negated: true")
    report = build(three, tmp_path / "out")
    assert not report.published
    assert "A Remark cannot be negated" in str(report.problems[0])


def test_orphans_publish_only_when_allowed(three, tmp_path, quick):
    build(three, tmp_path / "out")
    change(three, CODING, "quote: Lyktehuset er for bustadlause", "quote: Lyktehuset er for alle")
    report = refused(three, tmp_path / "out")
    assert (report.orphans, report.errors, report.statements) == (1, 0, 2)
    assert (
        json.loads((tmp_path / "out" / "report.json").read_bytes())["problems"][0]["value"] == "Lyktehuset er for alle"
    )
    assert build(three, tmp_path / "out", allow_violations=True).published


def test_violations_publish_only_when_allowed(three, tmp_path):
    build(three, tmp_path / "out")
    number = "label: {nn: Lyktevik kommune"
    change(three, "entities.yaml", number, f"identifiers: [{{scheme: organisationNumber, value: '12'}}]\n  {number}")
    report = refused(three, tmp_path / "out")
    assert report.violations == 1
    assert json.loads((tmp_path / "out" / "report.json").read_bytes())["findings"][0]["severity"] == "violation"
    allowed = build(three, tmp_path / "out", allow_violations=True)
    assert allowed.published
    assert allowed.violations == 1


def test_privacy_violations_never_publish(three, tmp_path):
    build(three, tmp_path / "out")
    text = next((three / SOURCE).glob("*.txt")).relative_to(three)
    change(three, text, "til anbod", "til anbod, ring 912 34 567")
    change(three, CODING, "quote: Lyktevik kommune er skeptisk til anbod", "quote: skeptisk til anbod, ring 912 34 567")
    report = refused(three, tmp_path / "out", allow_violations=True)
    broken = [finding for finding in report.findings if finding.severity == "violation"]
    assert broken
    assert all(map(is_privacy, broken))


# --- nothing confidential ------------------------------------------------------------------------


def legible(name: str, content: bytes) -> str:
    return (gzip.decompress(content) if name.endswith(".gz") else content).decode("utf-8")


def canaries(out: Path) -> list[str]:
    found = [name for name, content in contents(out).items() if CANARY.search(legible(name, content))]
    return found + [str(path) for path in out.rglob("*") if CANARY.search(path.name)]


def test_no_file_of_the_out_folder_holds_anything_of_a_closed_source(example, tmp_path):
    assert [path for path in example.rglob("*.txt") if CANARY.search(path.read_text(encoding="utf-8"))]
    report = build(example, tmp_path / "out", allow_violations=True)
    assert report.published
    assert report.sources == 2
    assert canaries(tmp_path / "out") == []
    assert {path.stem for path in (tmp_path / "out" / "current" / "documents").iterdir()} == {"bustadplan", "samtale-a"}


def test_neither_do_reports_of_what_is_wrong_with_one(example, tmp_path, quick):
    coding = "sources/kanarifugl-samtale/first-reading.coding.yaml"
    change(example, coding, "- quote: ", "- quote: Kanarifugl som ikkje finst. ")
    change(
        example,
        "sources/bustadplan/first-reading.coding.yaml",
        "basis: stated",
        "basis: stated, per: source:kanarifugl-samtal",
    )
    report = build(example, tmp_path / "out")
    assert not report.published
    assert [problem for problem in report.problems if "kanarifugl" in problem.file], "the terminal says it"
    assert canaries(tmp_path / "out") == []


def test_a_leak_stops_the_build_whatever_is_allowed(example, tmp_path, quick):
    build(example, tmp_path / "out", allow_violations=True)
    secret = "Kanarifugl-raudmerla flaug over fjorden den natta"
    change(example, "sources/bustadplan/first-reading.coding.yaml", "basis: stated", f"note: {secret}, basis: stated")
    report = refused(example, tmp_path / "out", allow_violations=True)
    assert {leak.kind for leak in report.leaks} == {"words"}
    assert report.violations == len(report.leaks) > 0
    assert canaries(tmp_path / "out") == []
    assert not [leak for leak in report.leaks if CANARY.search(str(leak))]
    assert "st:bustadplan-first-reading-" in str(report.leaks[0])


def test_a_name_that_only_a_closed_talk_knows_stops_the_build(example, tmp_path, quick):
    name, coding = "Torbjørg Kanarifuglvik", "sources/bustadplan/first-reading.coding.yaml"
    assert name in (example / "sources/kanarifugl-samtale/samtale.txt").read_text(encoding="utf-8")
    change(example, coding, "basis: stated", f"basis: stated, note: sagt av {name}")
    report = build(example, tmp_path / "out", allow_violations=True)
    assert not report.published
    assert {leak.kind for leak in report.leaks} == {"undeclared"}
    assert "st:bustadplan-first-reading-presents-nattlykta" in str(report.leaks[0])
    assert not [leak for leak in report.leaks if CANARY.search(str(leak))]
    assert canaries(tmp_path / "out") == []


def test_naming_a_closed_source_in_an_open_one_stops_the_build(example, tmp_path, quick):
    coding = "sources/bustadplan/first-reading.coding.yaml"
    change(example, coding, "basis: stated", "basis: stated, per: source:kanarifugl-samtale")
    report = build(example, tmp_path / "out", allow_violations=True)
    assert not report.published
    assert "source" in {leak.kind for leak in report.leaks}
    assert canaries(tmp_path / "out") == []


# --- what can go wrong on the way ----------------------------------------------------------------

HEAD = """import os, signal, sys
from pathlib import Path
from rdflib import Graph
from kg import snapshot
from kg.snapshot import build

def quick():
    snapshot.closure, snapshot.check = lambda *_: Graph(), lambda *_: ()
"""
BUILD = "print(build(sys.argv[1], Path(sys.argv[2]), allow_violations=True).snapshot)"
KILLED = """quick()
calls = []
def die(handle):
    calls.append(handle)
    if len(calls) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
snapshot.os.fsync = die
"""


def start(code: str, *arguments: Path, **around: str) -> subprocess.Popen[str]:
    """Run *code* in a Python of its own."""
    command = [sys.executable, "-W", "ignore", "-c", HEAD + code, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, env={**os.environ, **around}, stdout=subprocess.PIPE, text=True)


def test_a_killed_build_leaves_the_snapshot_and_the_next_one_tidies_up(three, tmp_path, quick):
    out = tmp_path / "out"
    first = build(three, out).snapshot
    change(three, CODING, "polarity: negative", "polarity: mixed")
    assert start(KILLED + BUILD, three, out).wait(60) == -signal.SIGKILL
    assert (out / "snapshots" / ".building").is_dir(), "it died while it wrote"
    assert Snapshot.open(out).name == first
    second = build(three, out).snapshot
    assert Snapshot.open(out).name == second != first
    assert sorted(path.name for path in (out / "snapshots").iterdir()) == sorted([first, second])


def test_an_interrupted_build_leaves_nothing_behind(three, tmp_path, quick, monkeypatch):
    out = tmp_path / "out"
    first = build(three, out).snapshot
    change(three, CODING, "polarity: negative", "polarity: mixed")

    def interrupt(_handle: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(snapshot.os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        build(three, out)
    assert [path.name for path in (out / "snapshots").iterdir()] == [first]
    assert Snapshot.open(out).name == first


def test_builds_at_once_do_not_hurt_each_other(three, example, tmp_path):
    out = tmp_path / "out"
    running = [start(f"quick()\n{BUILD}", corpus, out) for corpus in (three, example, three)]
    names = [process.communicate(timeout=120)[0].strip() for process in running]
    assert [process.returncode for process in running] == [0, 0, 0]
    assert names[0] == names[2] != names[1]
    assert {path.name for path in (out / "snapshots").iterdir()} == set(names)
    assert {Snapshot.open(out / "snapshots" / name).name for name in names} == set(names)
    assert current(out) in names


@contextmanager
def small_disk(folder: Path, room: int) -> Iterator[AbstractContextManager[None]]:
    """Make *folder* a disk with *room* bytes and give what makes it full.

    Where no disk may be mounted, no file may grow beyond a tenth of that instead.
    """
    mount = shutil.which("mount") or "mount"
    done = subprocess.run([mount, "-t", "tmpfs", "-o", f"size={room}", "tmpfs", str(folder)], capture_output=True)
    if done.returncode:
        warnings.warn("no disk could be mounted here: the limit is on the size of files instead", stacklevel=1)
        yield small_files(room // 10)
        return
    try:
        yield nullcontext()
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def small_files(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("disk", [small_disk, lambda _folder, room: nullcontext(small_files(room // 10))])
def test_a_full_disk_is_told_and_leaves_the_snapshot(three, tmp_path, quick, disk):
    build(three, tmp_path / "measured")
    size = sum(map(len, contents(tmp_path / "measured" / "snapshots").values()))
    out = tmp_path / "out"
    out.mkdir()
    with disk(out, size * 3 // 2) as full:
        first = build(three, out).snapshot
        change(three, CODING, "polarity: negative", "polarity: mixed")
        with full, pytest.raises(EnvironmentFailure, match=rf"no room left in {out}.*needs {size / 1e6:.1f} MB.*--out"):
            build(three, out)
        assert Snapshot.open(out).name == first
        assert [path.name for path in (out / "snapshots").iterdir()] == [first]


def test_a_folder_that_may_not_be_written_is_told(three, tmp_path, quick, monkeypatch):
    (tmp_path / "file").write_text("x")
    with pytest.raises(EnvironmentFailure, match="Cannot write to"):
        build(three, tmp_path / "file" / "out")
    (tmp_path / "taken" / "current").mkdir(parents=True)
    with pytest.raises(EnvironmentFailure, match="current"):
        build(three, tmp_path / "taken")

    def deny(*_arguments: object) -> None:
        raise PermissionError(13, "Permission denied", str(tmp_path / "locked"))

    monkeypatch.setattr(snapshot.fcntl, "flock", deny)
    with pytest.raises(EnvironmentFailure, match=r"locked may not be written.*--out"):
        build(three, tmp_path / "locked")
