"""Every page, answer and file can be had of every release, and leads on within it."""

import json
import re
import shutil
import threading
import time
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import pytest
from conftest import publication
from flask import Flask
from flask.testing import FlaskClient
from rdflib import OWL, Graph, URIRef
from rdflib.namespace import DCTERMS, VOID
from test_releases import NEW, OLD, rewritten, two_releases

from kg import releases
from kg.engine import open_engine, open_files
from kg.model import EngineUnavailable
from kg.snapshot import Snapshot
from kg.terms import Terms
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


def made(visitor, path):
    """Ask until the files are made."""
    while (answer := visitor.get(path)).status_code == 503:
        time.sleep(0.2)
    return answer


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
    sums = made(visitor, f"/dump/SHA256SUMS?v={OLD}").get_data(as_text=True)
    assert sums != made(visitor, "/dump/SHA256SUMS").get_data(as_text=True)
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
        tags = {made(visitor, path + version).headers["ETag"] for version in (OLD, NEW)}
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


# --- gone ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("nn", "Den nyaste versjonen har det ikkje lenger."),
        ("nb", "Den nyeste versjonen har det ikke lenger."),
        ("en", "The newest version does not hold it any more."),
    ],
)
def test_a_page_of_what_only_a_release_holds_is_410_and_leads_there(visitor, lang, words):
    for path in (GONE, "statement/lykteskrift-first-reading-place", "passage/lykteskrift-15-41"):
        page = visitor.get(f"/{lang}/{path}")
        text = page.get_data(as_text=True)
        assert (page.status_code, words in text) == (410, True), path
        assert f'<a href="/{lang}/{path}?v={OLD}">' in text
        assert visitor.get(f"/{lang}/{path}?v={OLD}").status_code == 200


def test_programs_are_told_which_releases_hold_what_is_gone(visitor):
    for path in (f"/id/{GONE}", f"/data/{GONE}.ttl", f"/data/{GONE}"):
        told = visitor.get(path, headers={"Accept": "text/turtle"})
        assert (told.status_code, told.mimetype) == (410, "application/problem+json"), path
        assert told.json["versions"] == [{"version": OLD, "url": f"{path}?v={OLD}"}]
        again = visitor.get(told.json["versions"][0]["url"], headers={"Accept": "text/turtle"}, follow_redirects=True)
        assert again.status_code == 200
    page = visitor.get(f"/id/{GONE}", headers={"Accept": "text/html"})
    assert (page.status_code, page.mimetype) == (410, "text/html")


@pytest.mark.parametrize(
    "path", ["place/nowhere", "place/lyktevi", "place/lyktevik-", "id/x", "statement/%3C%3E", "x/%0A"]
)
def test_what_no_version_holds_stays_404(visitor, path):
    assert visitor.get(f"/nn/{path}").status_code == 404
    assert visitor.get(f"/id/{path}").status_code == 404


def test_every_name_of_a_release_is_found_and_no_other(two_releases):
    held = releases.read(two_releases, OLD)
    lines = (held.path / "data.nq").read_text(encoding="utf-8").splitlines()
    subjects = {line.split("> ")[0].removeprefix("<") for line in lines if line.startswith("<")}
    assert all(map(held.holds, subjects))
    assert not any(held.holds(f"{subject}~") or held.holds(subject[:-1] + "\x00") for subject in subjects)


# --- what changed --------------------------------------------------------------------------------


def test_versions_are_listed_with_what_changed_and_lead_to_it(visitor):
    page = visitor.get("/nn/version/").get_data(as_text=True)
    assert page.index(f"/nn/version/{NEW}") < page.index(f"/nn/version/{OLD}")
    assert "Éin ny påstand; éin påstand trekt tilbake; 2 påstandar lesne på nytt" in page
    assert "Den fyrste versjonen." in page
    assert f'href="/nn/version/{NEW}"' in visitor.get("/nn/data").get_data(as_text=True)
    assert 'href="/nn/version/"' in visitor.get("/nn/about").get_data(as_text=True)


def test_the_page_of_a_version_tells_each_change_with_its_passage(visitor):
    page = visitor.get(f"/nn/version/{NEW}").get_data(as_text=True)
    for words in (
        "Lyktehuset i vest er organisert av Lyktevik kommune",
        "<del>negativ</del> → <ins>delt</ins>",
        "«Lyktehuset ligg i Lyktevik»",
        f'href="/nn/statement/lykteskrift-first-reading-place?v={OLD}"',
        'href="/nn/statement/lykteskrift-first-reading-owner"',
        "20. desember 2026",
    ):
        assert words in page
    for address in sorted(set(addresses(page))):
        assert visitor.get(address, follow_redirects=True).status_code == 200, address


def test_any_two_versions_can_be_compared(visitor, old):
    back = visitor.get(f"/en/version/{old}?from={NEW}").get_data(as_text=True)
    assert f"Since {NEW}" in back
    assert "Statements withdrawn (1)" in back
    assert visitor.get(f"/en/version/{NEW}?from=9").status_code == 404
    unknown = visitor.get("/en/version/9")
    assert (unknown.status_code, f'href="/en/version/{OLD}"' in unknown.get_data(as_text=True)) == (404, True)


def test_many_changes_come_in_pages(visitor, monkeypatch):
    monkeypatch.setattr("web.views.history.PER_PAGE", 2)
    seen = "".join(visitor.get(f"/en/version/{NEW}?page={number}").get_data(as_text=True) for number in (1, 2, 3, 9))
    assert "Page 1 of 3" in seen
    assert seen.count("Page 3 of 3") == 2, "past the end is the end"
    assert seen.index("New statements (1)") < seen.index("Statements withdrawn (1)") < seen.index("renamed (1)")


def test_programs_get_the_changes_too(visitor, old):
    told = visitor.get("/api/changes?lang=en")
    assert told.json["totals"]["added"] == 1
    assert (told.json["from"]["label"], told.json["to"]["label"]) == (OLD, NEW)
    assert [each["label"] for each in told.json["versions"]] == [NEW, OLD]
    same = visitor.get(f"/api/changes?from={old}&to={NEW}&lang=en", headers={"If-None-Match": told.headers["ETag"]})
    assert same.get_data() in (told.get_data(), b"")
    assert visitor.get("/api/changes?from=9").status_code == 404
    assert visitor.get(f"/api/changes?from={NEW}&to={NEW}").json["changes"] == []


def test_a_version_leads_to_its_page_or_its_data_also_when_it_is_not_open(visitor, app, old):
    for asked in (OLD, old):
        page = visitor.get(f"/version/{asked}", headers={"Accept": "text/html", "Accept-Language": "en"})
        assert (page.status_code, page.headers["Location"]) == (303, f"/en/version/{asked}")
        found = visitor.get(f"/version/{asked}", headers={"Accept": "text/turtle"}, follow_redirects=True)
        graph = Graph().parse(data=found.get_data(), format="turtle")
        version = URIRef(f"https://w3id.org/bustadgraf/version/{old}")
        assert str(graph.value(version, OWL.versionInfo)) == OLD
        assert str(graph.value(version, DCTERMS.issued)) == "2026-12-01"
        assert len(list(graph.objects(version, VOID.dataDump))) == 6
    table = visitor.get(f"/data/version/{NEW}.csv").get_data(as_text=True)
    assert old in table
    assert visitor.get("/version/9").status_code == 404


# --- the feed ------------------------------------------------------------------------------------

ATOM = "{http://www.w3.org/2005/Atom}"


def test_the_feed_has_an_entry_a_release_newest_first(visitor, old):
    found = visitor.get("/feed.atom?lang=en")
    assert found.mimetype == "application/atom+xml"
    root = ElementTree.fromstring(found.get_data())
    entries = root.findall(f"{ATOM}entry")
    assert [each.findtext(f"{ATOM}title") for each in entries] == [f"Version {NEW}", f"Version {OLD}"]
    assert entries[1].findtext(f"{ATOM}id") == f"https://w3id.org/bustadgraf/version/{old}"
    assert [each.findtext(f"{ATOM}updated") for each in entries] == ["2026-12-20T00:00:00Z", "2026-12-01T00:00:00Z"]
    assert entries[0].findtext(f"{ATOM}summary").startswith("one new statement; one statement withdrawn")
    words = "".join(entries[0].find(f"{ATOM}content").itertext())
    assert "Lyktehuset is provided by Municipality of Lyktevik" in words
    assert "«Lyktehuset ligg i Lyktevik» (Lyktevik kommune 2025, avsnitt 1)" in words


def test_the_feed_is_a_valid_one(visitor):
    """What RFC 4287 §4.1 demands of a feed and of an entry."""
    root = ElementTree.fromstring(visitor.get("/feed.atom").get_data())
    for each in (root, *root.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert len(each.findall(f"{ATOM}{name}")) == 1
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT00:00:00Z", each.findtext(f"{ATOM}updated"))
        assert [link for link in each.findall(f"{ATOM}link") if link.get("rel") == "alternate"]
    assert root.find(f"{ATOM}author/{ATOM}name").text
    assert [link.get("href") for link in root.findall(f"{ATOM}link") if link.get("rel") == "self"]
    ids = [each.findtext(f"{ATOM}id") for each in root.iter(f"{ATOM}entry")]
    assert len(set(ids)) == len(ids)


def test_the_feed_speaks_the_language_of_the_reader_and_stays_the_same(visitor):
    first = visitor.get("/feed.atom", headers={"Accept-Language": "nb"})
    assert (first.headers["Content-Language"], "én ny påstand" in first.get_data(as_text=True)) == ("nb", True)
    again = visitor.get("/feed.atom?lang=nb")
    assert again.get_data() == first.get_data()
    held = visitor.get("/feed.atom?lang=nb", headers={"If-None-Match": again.headers["ETag"]})
    assert held.status_code == 304
    assert 'type="application/atom+xml"' in visitor.get("/nb/about").get_data(as_text=True)


def test_a_long_entry_is_cut_and_leads_to_the_rest(visitor, monkeypatch):
    monkeypatch.setattr("web.history.MOST_TOLD", 2)
    text = visitor.get("/feed.atom?lang=en").get_data(as_text=True)
    assert f'<a href="/en/version/{NEW}">4 more changes</a>' in text


def test_what_is_served_and_not_released_is_in_the_feed_too(two_releases, served, tmp_path):
    home = Path(shutil.copytree(two_releases, tmp_path / "out", symlinks=True))
    shutil.rmtree(home / "releases" / NEW)
    app = create_app(Publication(served.engine, served.terms, served.snapshot, served.catalogue, home))
    root = ElementTree.fromstring(app.test_client().get("/feed.atom?lang=en").get_data())
    first = root.find(f"{ATOM}entry")
    assert first.findtext(f"{ATOM}id").endswith(served.snapshot.name)
    assert first.findtext(f"{ATOM}summary").startswith("one new statement")
    assert "not released yet" in app.test_client().get("/en/version/").get_data(as_text=True)


def test_a_damaged_release_does_not_take_the_list_and_the_feed_down(two_releases, served, tmp_path):
    home = Path(shutil.copytree(two_releases, tmp_path / "out", symlinks=True))
    rewritten(home / "releases" / OLD / "data.nq", "Lyktevik", "Mørkevik")
    visitor = create_app(
        Publication(served.engine, served.terms, served.snapshot, served.catalogue, home)
    ).test_client()
    assert "What changed cannot be told." in visitor.get("/en/version/").get_data(as_text=True)
    assert len(ElementTree.fromstring(visitor.get("/feed.atom").get_data()).findall(f"{ATOM}entry")) == 2
    assert visitor.get(f"/en/version/{NEW}").status_code == 500
    assert visitor.get("/api/changes").json["reason"] == "damaged"


def test_files_of_others_have_no_history(tmp_path):
    file = tmp_path / "any.nt"
    file.write_text("<urn:a> <urn:b> <urn:c> .")
    engine = open_files([file])
    visitor = create_app(Publication(engine, Terms())).test_client()
    assert [visitor.get(path).status_code for path in ("/feed.atom", "/nn/version/", "/api/changes")] == [404] * 3
    assert "/feed.atom" not in visitor.get("/nn/about").get_data(as_text=True)
    assert visitor.get("/nn/place/nowhere").status_code == 404
    engine.close()
