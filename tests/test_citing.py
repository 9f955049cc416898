"""How one cites: three formats that others read back, what each kind of thing says, and hostile addresses."""

import io
import json
import re
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pybtex.database
import pytest
import rispy
from citeproc import Citation, CitationItem, CitationStylesBibliography, CitationStylesStyle, formatter
from citeproc.source.json import CiteProcJSON
from conftest import built_once, publication
from flask.testing import FlaskClient
from jsonschema import Draft7Validator
from pylatexenc.latex2text import LatexNodes2Text
from test_report_corpus import CANARIES

from kg.citation import FORMS, Author, Work, bibtex, csl_json, ris
from kg.engine import open_engine
from kg.snapshot import Snapshot
from web.app import create_app

CSL = Draft7Validator(
    json.loads((Path(__file__).parent / "fixtures" / "csl" / "csl-data.json").read_text(encoding="utf-8"))
)
SOURCE, REPORT = "ervik-linden-2016", "Roller og rammevilkår for frivillig sektor i boligsosialt arbeid"
QUESTION = "/nn/q/who-helps?group=group:refugees"
HOSTILE = 'Æ{ø}å "sitat" 100 % & $5 #1 a_b ~ ^ \\input{/etc/passwd} } @misc{x,\nTY  - JOUR\r\nER  - \x00\x1b[31m «½»'


def cited(client: FlaskClient, of: str, form: str = "csl-json", lang: str = "nn") -> str:
    response = client.get(f"/api/cite?of={quote(of)}&format={form}&lang={lang}")
    assert response.status_code == 200, response.text
    return response.text


def item(client: FlaskClient, of: str, lang: str = "nn") -> dict[str, Any]:
    told = json.loads(cited(client, of, lang=lang))
    assert not list(CSL.iter_errors(told))
    assert len(told) == 1
    return told[0]


def first(snapshot: Snapshot, kind: str) -> str:
    text = snapshot.data_path.read_text(encoding="utf-8")
    return re.search(rf"<({re.escape(snapshot.manifest.base)}id/{kind}/{SOURCE}-[^>]*(?<!-[pq]))>", text)[1]


# --- writing ----------------------------------------------------------------------------------------

WORK = Work(
    kind="report",
    key="Rå nøkkel}, x",
    title=HOSTILE,
    url="https://example.org/{a}?b=1&c=å d%20e#f_g\\",
    language="nb",
    authors=(Author("Tord Skogedal Lindén", True), Author("Fru and Frue {AS}", False), Author("Madonna", True)),
    container="I & for «alle»",
    publisher="Forlaget 50 %",
    version="2026.12.1 (0123456789ab)",
    issued="2016-09",
    accessed="2026-11-24",
    notes=("avsnitt 3", HOSTILE),
)
IN_ONE_LINE = " ".join(HOSTILE.replace("\x00", " ").replace("\x1b", " ").split())


def plain(text: str) -> str:
    """What TeX sets; three commands of LaTeX are unknown to the library."""
    for command, sign in (("braceleft", r"\{"), ("braceright", r"\}"), ("asciicircum", "^")):
        text = text.replace(rf"{{\text{command}}}", sign)
    return LatexNodes2Text().latex_to_text(text)


def test_bibtex_is_read_back_by_another_parser_as_it_was_meant():
    data = pybtex.database.parse_string(bibtex(WORK), "bibtex")
    assert list(data.entries) == ["R-n-kkel-x"]
    entry = data.entries["R-n-kkel-x"]
    assert entry.type == "techreport"
    assert plain(entry.fields["title"]) == IN_ONE_LINE
    assert "\\input" not in entry.fields["note"]
    people = entry.persons["author"]
    assert [(" ".join(who.last_names), " ".join(who.first_names + who.middle_names)) for who in people[:1]] == [
        ("Lindén", "Tord Skogedal")
    ]
    assert [plain("".join(who.last_names)) for who in people[1:]] == ["Fru and Frue {AS}", "Madonna"]
    assert entry.fields["url"] == "https://example.org/%7Ba%7D?b=1&c=å%20d%20e#f_g%5C"
    assert (entry.fields["year"], entry.fields["date"], entry.fields["urldate"]) == ("2016", "2016-09", "2026-11-24")
    assert plain(entry.fields["institution"]) == "Forlaget 50 %"


def test_ris_has_one_record_whatever_stands_in_a_value():
    text = ris(WORK)
    assert text.endswith("ER  - \r\n")
    assert "\n" not in text.replace("\r\n", "")
    lines = [re.fullmatch(r"([A-Z][A-Z0-9])  - (.*)", line) for line in text.split("\r\n") if line]
    assert all(lines), "a line that no reader of RIS takes for a field"
    tags = [line[1] for line in lines if line]
    assert (tags.count("TY"), tags.count("ER"), tags.count("AU")) == (1, 1, 3)
    (record,) = rispy.loads(text.replace("\r\n", "\n"))
    assert record["title"] == IN_ONE_LINE
    assert record["authors"] == ["Lindén, Tord Skogedal", "Fru and Frue {AS}", "Madonna"]
    assert (record["year"], record["date"], record["access_date"]) == ("2016", "2016/09/", "2026/11/24")
    assert record["type_of_reference"] == "RPRT"


def test_csl_json_is_valid_and_a_style_can_set_it():
    told = json.loads(csl_json(WORK))
    assert not list(CSL.iter_errors(told))
    style = CitationStylesStyle(
        io.BytesIO(files("citeproc").joinpath("data/styles/harvard-cite-them-right.csl").read_bytes()), validate=False
    )
    told[0].pop("note")
    bibliography = CitationStylesBibliography(style, CiteProcJSON(told), formatter.plain)
    bibliography.register(Citation([CitationItem(told[0]["id"])]))
    set_ = str(bibliography.bibliography()[0])
    assert "Lindén, T.S." in set_
    assert "(2016)" in set_
    assert "Æ{ø}å" in set_


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_what_is_not_known_is_not_written(form):
    text = form.write(Work("page", "k", "Namnlaus", "https://example.org/"))
    assert "None" not in text
    assert not re.search(r"author|AU  |publisher|PB  |year|PY  |issued", text)


# --- what each kind of thing says -------------------------------------------------------------------


def test_the_data_set_has_title_version_day_licence_and_no_invented_author(client: FlaskClient, report_snapshot):
    for lang, title in report_snapshot.manifest.title.items():
        assert item(client, "/nn/data", lang)["title"] == title
    told = item(client, f"https://w3id.org/bustadgraf/version/{report_snapshot.name}")
    assert told["type"] == "dataset"
    assert told["version"] == report_snapshot.name
    assert told["URL"] == f"{report_snapshot.manifest.base}version/{report_snapshot.name}"
    assert "CC BY 4.0" in told["note"]
    days = re.findall(r'#(?:coded|retrieved)> "(\d{4}-\d\d-\d\d)"', report_snapshot.data_path.read_text("utf-8"))
    assert told["issued"]["date-parts"] == [[int(part) for part in max(days).split("-")]]
    assert not {"author", "publisher"} & set(told)


def test_a_release_is_cited_by_its_label_and_its_day(report_publication):
    released = replace(report_publication, label="2026.12.1", released="2026-12-01")
    told = item(create_app(released).test_client(), "/nn/data")
    assert told["version"] == f"2026.12.1 ({report_publication.snapshot.name})"
    assert told["issued"]["date-parts"] == [[2026, 12, 1]]


def test_a_source_is_cited_as_itself(client: FlaskClient):
    for of in (f"source:{SOURCE}", f"/nb/source/{SOURCE}", f"https://w3id.org/bustadgraf/id/source/{SOURCE}"):
        told = item(client, of)
        assert told["title"] == REPORT
        assert told["author"] == [
            {"family": "Ervik", "given": "Rune"},
            {"family": "Lindén", "given": "Tord Skogedal"},
        ]
        assert told["issued"] == {"date-parts": [[2016]]}
        assert told["type"] == "report"
        assert told["URL"].startswith("https://veiviseren.no/")
        assert "attgjeving" in told["note"]


@pytest.mark.parametrize("kind", ["statement", "passage"])
def test_a_statement_and_a_passage_cite_the_source_with_the_place(kind, client: FlaskClient, report_snapshot):
    iri = first(report_snapshot, kind)
    told, source = item(client, iri), item(client, f"source:{SOURCE}")
    assert {key: told[key] for key in ("title", "author", "issued")} == {
        key: source[key] for key in ("title", "author", "issued")
    }
    assert told["URL"] == f"{iri}?v={report_snapshot.name}"
    page = client.get(f"/nn/{kind}/{iri.rpartition('/')[2]}").text
    locator = told["note"].split(". ")[0]
    assert locator.rstrip(".") in page
    assert source["URL"] in told["note"]
    assert report_snapshot.name in told["note"]


def test_an_answer_is_cited_with_its_question_and_what_it_rests_on(client: FlaskClient, report_snapshot):
    told = item(client, QUESTION)
    permalink = json.loads(client.get(f"/api/q/who-helps?group=refugees&lang=nn&v={report_snapshot.name}").text)
    assert told["URL"] == "https://w3id.org/bustadgraf" + permalink["permalink"]
    assert told["title"] == permalink["asked"]
    assert "Ervik & Lindén 2016" in told["note"]
    assert told["container-title"] == report_snapshot.manifest.title["nn"]
    assert item(client, told["URL"])["id"] == told["id"]
    assert item(client, QUESTION, "en")["title"] == "Who helps refugees?"
    shown = json.loads(client.get(f"/api/cite?of={quote(QUESTION.replace('/nn/', '/nb/'))}&format=csl-json").text)
    assert shown[0]["language"] == "nb", "the language of the page, where none is asked for"


@pytest.mark.parametrize(
    ("of", "title"),
    [
        ("actor:husbanken", "Husbanken"),
        ("group:refugees", "flyktningar"),
        ("/nn/target-group/refugees", "flyktningar"),
        ("bso:Initiative", "tiltak"),
        ("/en/concepts/Initiative", "tiltak"),
        ("https://w3id.org/bustadgraf/ont#Initiative", "tiltak"),
        ("/ont", "Bustadgraf: ein ontologi for det bustadsosiale feltet"),
        ("https://w3id.org/bustadgraf/ont", "Bustadgraf: ein ontologi for det bustadsosiale feltet"),
    ],
)
def test_names_concepts_terms_and_the_ontology(of, title, client: FlaskClient):
    assert item(client, of)["title"] == title


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("application/x-bibtex", "application/x-bibtex"),
        ("application/x-research-info-systems", "application/x-research-info-systems"),
        ("application/vnd.citationstyles.csl+json", "application/vnd.citationstyles.csl+json"),
        ("application/json", "application/vnd.citationstyles.csl+json"),
        ("text/html, */*;q=0.1", "application/x-bibtex"),
    ],
)
def test_accept_chooses_the_format(accept, media_type, client: FlaskClient):
    response = client.get("/api/cite?of=/nn/data", headers={"Accept": accept})
    assert response.mimetype == media_type
    assert "Accept" in response.headers["Vary"]
    assert client.get("/api/cite?of=/nn/data&format=endnote").status_code == 406


# --- pages ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("lang", "heading"), [("nn", "Siter"), ("nb", "Siter"), ("en", "Cite")])
def test_pages_show_how_to_cite_them_and_the_links_lead_there(lang, heading, client: FlaskClient, report_snapshot):
    statement = first(report_snapshot, "statement").rpartition("/")[2]
    for path in (f"source/{SOURCE}", f"statement/{statement}", "data", "q/who-helps?group=group:refugees"):
        page = client.get(f"/{lang}/{path}").text
        line = re.search(r'<p class="small cite">(.*?) <code>(.*?)</code></p>', page)
        assert line, path
        assert ("2016" if path.startswith("s") else report_snapshot.name) in line[1]
        assert line[2].startswith("https://")
        assert f">{heading}</h2>" in page or path.startswith("q/")
        links = re.findall(r'href="(/api/cite[^"]*)"', page)
        assert len(links) == 3
        for link in links:
            assert client.get(link.replace("&amp;", "&")).status_code == 200, link
    assert "/api/cite" not in client.get(f"/{lang}/q/who-helps").text, "a question that is asked back has no answer"


# --- what is not there, and what is hostile ---------------------------------------------------------


@pytest.mark.parametrize(
    ("of", "status"),
    [
        ("", 400),
        ("https://evil.example/nn/data", 400),
        ("//evil.example/nn/data", 400),
        ("https://w3id.org@evil.example/bustadgraf/nn/data", 400),
        ("https://w3id.org/bustadgrafen/data", 400),
        ("javascript:alert(1)", 400),
        ("<script>alert(1)</script>", 400),
        ("/nn/data\r\nX-Evil: 1", 400),
        ("/nn/data\x00", 400),
        ("http://[::1", 400),
        ("../../etc/passwd", 400),
        ("/nn/../../etc/passwd", 400),
        ("id/source/x> } DROP ALL #", 400),
        ("actor:x> ?p ?o } #", 400),
        ("/nn/" + "x" * 2001, 400),
        ("/nn/statement/nope", 404),
        ("actor:nobody", 404),
        ("bso:Nothing", 404),
        ("/nn/q/nope", 404),
        ("/nn/q/who-helps", 404),
        ("/nn/q/who-helps?group=nobody", 400),
        ("/nn/data?v=000000000000", 404),
        ("https://w3id.org/bustadgraf/version/000000000000", 404),
    ],
)
def test_what_cannot_be_cited_is_told_in_three_languages(of, status, client: FlaskClient):
    told = set()
    for lang in ("nn", "nb", "en"):
        response = client.get(f"/api/cite?of={quote(of)}&lang={lang}")
        assert response.status_code == status, response.text
        assert response.mimetype == "application/problem+json"
        assert "X-Evil" not in response.headers
        assert "evil.example" not in response.text
        problem = json.loads(response.text)
        assert {"allowed", "nearest", "versions"} & set(problem), "what may be given instead"
        told.add(problem["detail"])
    assert len(told) == 3


def test_nothing_of_a_closed_source_can_be_cited(tmp_path_factory: pytest.TempPathFactory):
    snapshot = Snapshot.open(built_once(tmp_path_factory, "example"))
    engine = open_engine(snapshot)
    try:
        client = create_app(publication(snapshot, engine)).test_client()
        iris = set(re.findall(r"<([^>]*/id/(?:statement|source)/[^>]*)>", snapshot.data_path.read_text("utf-8")))
        for iri in sorted(iris):
            text = cited(client, iri, lang="en")
            assert "Fiction." in text, iri
            assert not [canary for canary in CANARIES if canary.casefold() in text.casefold()], iri
        closed = {each.name for each in Path("kg/corpora/example/sources").iterdir()} - {
            iri.rpartition("/")[2] for iri in iris
        }
        assert closed
        for name in closed:
            assert client.get(f"/api/cite?of=source:{name}").status_code == 404
    finally:
        engine.close()
