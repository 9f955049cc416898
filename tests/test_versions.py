"""Every page, answer and file can be had of every release, and leads on within it."""

import json
import re
import shutil
import threading
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from conftest import publication
from flask import Flask
from flask.testing import FlaskClient
from test_releases import NEW, OLD, rewritten, two_releases

from kg import releases
from kg.engine import open_engine
from kg.model import EngineUnavailable
from kg.snapshot import Snapshot
from web import versions as module
from web.app import create_app
from web.publication import Publication
from web.versions import VERSIONS, Versions

__all__ = ["two_releases"]

GONE = "place/lyktevik"
PAGES = [
    *("", "?q=Kven+driv+Lyktehuset", "q/organiser-of?initiative=initiative:lyktehuset", "matrix", "actor/", "source/"),
    *(
        "initiative/lyktehuset",
        "issue/tendering",
        "source/lykteskrift",
        "statement/lykteskrift-first-reading-tendering",
    ),
    *("search?q=lykte", "concepts", "concepts/Stance", "concepts/scheme/code", "shapes", "about", "data", "quality"),
    *("unknown", "sparql", "sparql?query=ASK+%7B%7D", "passage/lykteskrift-43-72", "target-group/homeless-people"),
]


@pytest.fixture(scope="module")
def served(two_releases: Path) -> Iterator[Publication]:
    snapshot = Snapshot.open(two_releases)
    engine = open_engine(snapshot)
    made = publication(snapshot, engine)
    yield Publication(made.engine, made.terms, made.snapshot, made.catalogue, two_releases)
    engine.close()


@pytest.fixture(scope="module")
def app(served: Publication) -> Iterator[Flask]:
    made = create_app(served)
    yield made
    made.extensions[VERSIONS].close()


@pytest.fixture
def visitor(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="module")
def old(two_releases: Path) -> str:
    return releases.read(two_releases, OLD).name


def addresses(page: str) -> list[str]:
    """Every address on this host that a page leads to, but for browser files and the newest version."""
    tags = re.findall(r"<(?:a|link)\b[^>]*>", page)
    found = [re.search(r'href="(/[^"]*)"', tag) for tag in tags if "latest-version" not in tag]
    return [unescape(each[1]) for each in found if each and not each[1].startswith("/static/")]


# --- pages ---------------------------------------------------------------------------------------


def test_a_pinned_page_shows_what_held_then(visitor):
    then = visitor.get(f"/nn/initiative/lyktehuset?v={OLD}").get_data(as_text=True)
    now = visitor.get("/nn/initiative/lyktehuset").get_data(as_text=True)
    titles = [re.search(r"<title>(.*?) – ", page)[1] for page in (then, now)]
    assert titles == ["Lyktehuset", "Lyktehuset i vest"]
    assert "/nn/place/lyktevik?v=2026.12.1" in then
    assert "place/lyktevik" not in now


def test_label_and_name_are_the_same_version(visitor, old):
    by_label, by_name = (visitor.get(f"/api/q/organiser-of?initiative=initiative:lyktehuset&v={v}") for v in (OLD, old))
    assert by_label.json == by_name.json
    assert by_label.json["version"] == old


@pytest.mark.parametrize("page", PAGES)
def test_every_link_and_form_of_a_pinned_page_stays_in_the_version(visitor, page):
    shown = visitor.get(f"/nn/{page}{'&' if '?' in page else '?'}v={OLD}")
    text = shown.get_data(as_text=True)
    assert shown.status_code == 200
    loose = [each for each in addresses(text) if not re.search(rf"[?&]v=(?:{OLD}|[0-9a-f]{{12}})(?:#|&|$)", each)]
    assert [each for each in loose if not each.startswith(("/feed.atom", "/version/"))] == []
    assert text.count("<form") == text.count(f'<input type="hidden" name="v" value="{OLD}">')


def test_the_links_lead_somewhere(visitor):
    page = visitor.get(f"/nn/initiative/lyktehuset?v={OLD}").get_data(as_text=True)
    for address in sorted(set(addresses(page))):
        assert visitor.get(address, follow_redirects=True).status_code == 200, address


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("nn", "Du ser på versjon 2026.12.1 frå 1. desember 2026."),
        ("nb", "Du ser på versjon 2026.12.1 fra 1. desember 2026."),
        ("en", "You are looking at version 2026.12.1 of 1 December 2026."),
    ],
)
def test_a_pinned_page_says_so_and_leads_to_the_newest(visitor, lang, words):
    page = visitor.get(f"/{lang}/search?q=lykte&v={OLD}").get_data(as_text=True)
    assert words in page
    assert f'<a rel="latest-version" href="/{lang}/search?q=lykte">' in page
    assert "latest-version" not in visitor.get(f"/{lang}/search?q=lykte").get_data(as_text=True)


def test_the_newest_version_says_that_it_is(visitor):
    page = visitor.get(f"/en/about?v={NEW}").get_data(as_text=True)
    assert f"version {NEW} of 20 December 2026. It is the newest one." in page


def test_a_pinned_redirect_stays_in_the_version(visitor):
    for path in ("/", "/id/initiative/lyktehuset", "/kos/target-group", "/data/initiative/lyktehuset", "/sparql"):
        found = visitor.get(f"{path}?v={OLD}", headers={"Accept": "text/html, text/turtle;q=0.5"})
        assert found.headers["Location"].endswith(f"?v={OLD}"), path


# --- data ----------------------------------------------------------------------------------------


def test_queries_answers_and_files_are_those_of_the_version(visitor, old, served):
    place = "ASK { <https://w3id.org/bustadgraf/id/place/lyktevik> ?p ?o }"
    asked = [visitor.get("/sparql", query_string={"query": place, **v}).json["boolean"] for v in ({"v": OLD}, {})]
    assert asked == [True, False]
    posted = visitor.post(f"/sparql?v={OLD}", data={"query": place})
    assert posted.json["boolean"] is True
    found = visitor.get("/api/search", query_string={"q": "Lyktevik", "v": OLD}).json
    assert f"/nn/place/lyktevik?v={OLD}" in [each["url"] for each in found]
    data = visitor.get(f"/data/initiative/lyktehuset.nt?v={OLD}").get_data(as_text=True)
    assert "offeredIn" in data
    assert visitor.get(f"/health?v={OLD}").json["snapshot"] == old
    void = visitor.get(f"/.well-known/void?v={OLD}", headers={"Accept": "text/turtle"}).get_data(as_text=True)
    assert f"bustadgraf-{old}.nq.gz" in void
    sums = visitor.get(f"/dump/SHA256SUMS?v={OLD}").get_data(as_text=True)
    assert sums != visitor.get("/dump/SHA256SUMS").get_data(as_text=True)
    assert f"bustadgraf-{old}.ttl.gz" in sums


def test_a_dump_of_a_release_is_found_by_its_name_alone(visitor, old):
    found = visitor.get(f"/dump/bustadgraf-{old}.nq.gz", follow_redirects=True)
    assert (found.status_code, found.mimetype) == (200, "application/gzip")
    assert visitor.get("/dump/bustadgraf-0123456789ab.nq.gz").status_code == 404


def test_an_answer_of_a_version_names_it_and_its_permalink_gives_it_again(visitor, old):
    told = visitor.get(f"/api/q/organiser-of?initiative=initiative:lyktehuset&v={OLD}").json
    assert told["outcome"] == "silent"
    assert told["permalink"].endswith(f"v={old}")
    assert "Lyktehuset" in visitor.get(told["permalink"]).get_data(as_text=True)
    assert visitor.get("/api/q/organiser-of?initiative=initiative:lyktehuset").json["outcome"] == "answer"


def test_a_plain_question_is_understood_with_the_names_of_its_version(visitor):
    def heard(version: str) -> dict[str, str]:
        asked = {"q": "Kven driv Lyktehuset i vest?", "lang": "nn", "v": version}
        return dict(visitor.get("/api/ask", query_string=asked).json["slots"])

    assert heard(NEW) == {"initiative": "initiative:lyktehuset"}
    assert heard(OLD) != heard(NEW), heard(OLD)


def test_tags_of_versions_differ(visitor):
    for path in (
        "/sparql?query=ASK%7B%7D&v=",
        "/api/source?v=",
        "/data/source/lykteskrift.ttl?v=",
        "/dump/SHA256SUMS?v=",
    ):
        tags = {visitor.get(path + version).headers["ETag"] for version in (OLD, NEW)}
        assert len(tags) == 2, path


# --- what there is not ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "asked", ["2026.12.3", "../..", "current", "0123456789ab", "%00", "<script>alert(1)</script>", "é"]
)
def test_an_unknown_version_is_404_with_the_list(visitor, served, asked):
    names = [served.snapshot.name, NEW, OLD]
    page = visitor.get("/nb/about", query_string={"v": asked})
    assert page.status_code == 404
    assert all(name in page.get_data(as_text=True) for name in names)
    assert f'href="/nb/about?v={OLD}"' in page.get_data(as_text=True)
    assert "<script>alert" not in page.get_data(as_text=True)
    for path in (
        "/api/source",
        "/sparql",
        "/data/source/lykteskrift.ttl",
        "/.well-known/void",
        "/dump/SHA256SUMS",
        "/ont",
    ):
        told = visitor.get(path, query_string={"v": asked})
        assert (told.status_code, told.mimetype) == (404, "application/problem+json"), path
        assert (told.json["reason"], told.json["versions"]) == ("version", names)


def test_browser_files_have_marks_of_their_own(visitor):
    assert visitor.get("/static/icon.svg?v=0011").status_code == 200


def test_a_server_without_releases_serves_its_snapshot_alone(report_publication):
    visitor = create_app(report_publication).test_client()
    name = report_publication.snapshot.name
    assert visitor.get(f"/nn/about?v={name}").status_code == 200
    assert visitor.get(f"/api/source?v={OLD}").json["versions"] == [name]


def test_a_damaged_release_is_told_and_the_others_are_served(two_releases, served, tmp_path):
    home = Path(shutil.copytree(two_releases, tmp_path / "out", symlinks=True))
    rewritten(home / "releases" / OLD / "data.nq", "Lyktevik", "Mørkevik")
    app = create_app(Publication(served.engine, served.terms, served.snapshot, served.catalogue, home))
    visitor = app.test_client()
    page, told = visitor.get(f"/nn/about?v={OLD}"), visitor.get(f"/api/source?v={OLD}")
    assert (page.status_code, told.status_code) == (500, 500)
    assert "Denne versjonen er skadd" in page.get_data(as_text=True)
    assert told.json["reason"] == "damaged"
    assert str(tmp_path) not in page.get_data(as_text=True) + told.get_data(as_text=True)
    assert visitor.get(f"/nn/about?v={NEW}").status_code == 200
    app.extensions[VERSIONS].close()


def test_a_release_made_while_the_server_runs_is_served(two_releases, served, tmp_path, old):
    home = Path(shutil.copytree(two_releases, tmp_path / "out", symlinks=True))
    app = create_app(Publication(served.engine, served.terms, served.snapshot, served.catalogue, home))
    assert app.test_client().get("/api/source?v=late").status_code == 404
    releases.release("late", Snapshot.open(home / "releases" / OLD), home, releases.read(home, OLD).released)
    assert app.test_client().get("/health?v=late").json["snapshot"] == old
    app.extensions[VERSIONS].close()


# --- how many are open ---------------------------------------------------------------------------


@pytest.fixture
def many(
    two_releases: Path, served: Publication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Versions]:
    """Three releases beside the current one, of which two can be open; opening is only noted."""
    for number, name in enumerate(("aaaaaaaaaaaa", "bbbbbbbbbbbb", "cccccccccccc")):
        folder = tmp_path / "releases" / f"r{number}"
        folder.mkdir(parents=True)
        record = {"label": f"r{number}", "name": name, "released": f"2026-01-0{number + 1}", "manifest": ""}
        (folder / "release.json").write_text(json.dumps(record))

    class Engine:
        closed = False

        def close(self) -> None:
            self.closed = True

    class Opened:
        def __init__(self, release: releases.Release) -> None:
            self.snapshot, self.engine = release, Engine()

    monkeypatch.setattr(module, "_publication", Opened)
    monkeypatch.setattr(module, "PATIENCE_S", 0.2)
    return Versions(Publication(served.engine, served.terms, served.snapshot, served.catalogue, tmp_path), most_open=2)


def test_the_release_used_longest_ago_makes_room(many):
    first, second = many.enter("r0"), many.enter("r1")
    many.leave(first)
    many.leave(second)
    many.leave(many.enter("r0"))
    many.leave(many.enter("r2"))
    assert (first.engine.closed, second.engine.closed) == (False, True)
    assert many.enter("r0") is first


def test_a_release_in_use_is_never_closed(many):
    first, second = many.enter("r0"), many.enter("r1")
    with pytest.raises(EngineUnavailable):
        many.enter("r2")
    assert not first.engine.closed
    many.leave(second)
    assert many.enter("r2").snapshot.label == "r2"
    assert (first.engine.closed, second.engine.closed) == (False, True)


def test_who_waits_gets_room_when_somebody_leaves(many, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE_S", 20)
    first, _ = many.enter("r0"), many.enter("r1")
    found: list[object] = []
    waiting = threading.Thread(target=lambda: found.append(many.enter("r2")))
    waiting.start()
    many.leave(first)
    waiting.join(20)
    assert [each.snapshot.label for each in found] == ["r2"]


def test_only_few_may_wait(many, monkeypatch):
    monkeypatch.setattr(module, "MOST_WAITING", 0)
    many.enter("r0"), many.enter("r1")
    with pytest.raises(EngineUnavailable, match="Too many"):
        many.enter("r2")


def test_a_release_that_cannot_be_opened_leaves_its_room(many, monkeypatch):
    def fail(_release: object) -> None:
        raise EngineUnavailable("no")

    with monkeypatch.context() as patched:
        patched.setattr(module, "_publication", fail)
        for _ in range(3):
            with pytest.raises(EngineUnavailable, match="no"):
                many.enter("r0")
    assert many.enter("r0")


def test_many_at_once_open_a_release_once(many):
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(many.enter("r1"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(found) == 4
    assert len(set(map(id, found))) == 1
