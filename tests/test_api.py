"""The JSON API keeps the contract: shapes, outcomes, errors with the nearest names, CSV and linked data."""

import csv
import io
import json
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from flask.testing import FlaskClient
from report_corpus import FIELD_ANSWERS
from test_questions import CATALOGUE, EXPECTED

from kg.snapshot import Snapshot

FIRST = "Kven hjelper flyktningar inn på bustadmarknaden?"


def got(client: FlaskClient, path: str, status: int = 200, **headers: str) -> Any:
    response = client.get(path, headers=headers)
    assert response.status_code == status, response.get_data(as_text=True)
    return json.loads(response.get_data(as_text=True))


def test_the_catalogue_is_listed(field_client: FlaskClient):
    listed = got(field_client, "/api/q")
    assert [entry["id"] for entry in listed] == [question.id for question in CATALOGUE]
    asked = [int(path.stem) for path in FIELD_ANSWERS if path.stem.isdecimal()]
    assert sorted(number for entry in listed for number in entry["cq"]) == asked
    for entry in listed:
        assert set(entry["title"]) == {"nn", "nb", "en"}
        for slot in entry["slots"]:
            assert {"name", "type", "required", "values_url"} <= set(slot)
            assert got(field_client, slot["values_url"]), slot


@pytest.mark.parametrize("path", EXPECTED, ids=lambda path: path.stem)
def test_every_competency_question_is_answered_by_its_address(path, client: FlaskClient, report_snapshot: Snapshot):
    wanted = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    query = "&".join(f"{name}={value}" for name, value in wanted["slots"].items())
    found = got(client, f"/api/q/{wanted['question']}?{query}&lang=en")
    assert found["question"] == wanted["question"]
    assert found["slots"] == wanted["slots"]
    assert found["outcome"] == wanted["outcome"]
    assert len(found["rows"]) == len(wanted["rows"])
    assert [column["name"] for column in found["columns"]] == wanted["columns"]
    assert found["version"] == report_snapshot.name
    assert found["permalink"].startswith(f"/en/q/{wanted['question']}?")
    assert f"v={report_snapshot.name}" in found["permalink"]
    assert found["sparql"].count("PREFIX")
    for row in found["rows"]:
        assert {"cells", "basis", "modality", "holder", "evidence"} <= set(row)
        assert all(set(cell) == {"iri", "label", "lang", "value", "datatype"} for cell in row["cells"])
        for each in row["evidence"]:
            assert {"passage", "statement", "source", "locator", "text", "verbatim"} <= set(each)
            assert each["locator"]


@pytest.mark.parametrize("path", EXPECTED[::5], ids=lambda path: path.stem)
def test_the_query_told_can_be_pasted_at_the_endpoint(path, client: FlaskClient):
    wanted = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    query = "&".join(f"{name}={value}" for name, value in wanted["slots"].items())
    found = got(client, f"/api/q/{wanted['question']}?{query}")
    answered = got(client, f"/sparql?query={quote(found['sparql'])}", Accept="application/sparql-results+json")
    assert bool(answered["results"]["bindings"]) == bool(found["rows"])


@pytest.mark.parametrize(
    ("language", "asked"),
    [
        ("nn", FIRST),
        ("nb", "Hvem hjelper flyktninger inn på boligmarkedet?"),
        ("en", "Who helps refugees into the housing market?"),
    ],
)
def test_the_first_question_in_three_languages(language: str, asked: str, client: FlaskClient):
    found = got(client, f"/api/ask?q={quote(asked)}&lang={language}")
    assert (found["question"], found["slots"], found["outcome"]) == ("who-helps", {"group": "group:refugees"}, "answer")
    assert "Frivillige bustadformidlarar" in found["sentence"]
    assert {(each["use"]) for each in found["heard"]} == {"slot", "beside"}
    assert found["permalink"].startswith(f"/{language}/q/who-helps?group=group:refugees")


def test_a_question_not_understood_is_a_reply_with_ways_on(client: FlaskClient):
    found = got(client, "/api/ask?q=Kven+hjelper+ikkje+flyktningar%3F&lang=nn")
    assert found["outcome"] == "not-understood"
    assert (found["question"], found["rows"], found["permalink"]) == (None, [], None)
    assert len(found["options"]) == 3
    for option in found["options"]:
        assert {"question", "slots", "sentence", "url"} == set(option)
    assert "ikkje" in [each["text"] for each in found["heard"]]


def test_informants_are_never_told(client: FlaskClient):
    assert got(client, "/api/ask?q=Kven+er+intervjua%3F")["outcome"] == "not-allowed"


def test_an_open_slot_is_asked_back(client: FlaskClient):
    found = got(client, "/api/q/who-helps?lang=nb")
    assert found["outcome"] == "clarify"
    assert {"Hvem hjelper flyktninger?"} <= {option["sentence"] for option in found["options"]}
    chosen = next(option for option in found["options"] if option["slots"] == {"group": "group:refugees"})
    assert client.get(chosen["url"]).status_code == 200


@pytest.mark.parametrize(
    ("path", "status", "nearest"),
    [
        ("/api/q/who-helpz", 404, "who-helps"),
        ("/api/q/who-helps?group=refuges", 400, "group:refugees"),
        ("/api/q/who-helps?grupp=refugees", 400, "group"),
        ("/api/q/initiatives-in-place?place=Bergn", 400, "place:bergen"),
        ("/api/q/who-helps/slots/grop", 400, "group"),
    ],
)
def test_a_wrong_name_gets_a_problem_with_the_nearest(path: str, status: int, nearest: str, client: FlaskClient):
    response = client.get(path)
    assert response.status_code == status
    assert response.mimetype == "application/problem+json"
    problem = response.get_json(force=True)
    assert problem["status"] == status
    assert problem["nearest"][0] == nearest
    assert problem["detail"]


@pytest.mark.parametrize("page", ["/api/q/who-helps?lang={}&", "/{}/q/who-helps?"])
def test_a_slot_given_twice_is_refused_in_three_languages(page: str, client: FlaskClient):
    for language, said in (("nn", "berre éin gong"), ("nb", "bare én gang"), ("en", "only once")):
        response = client.get(f"{page.format(language)}group=group:refugees&group=group:homeless-people")
        assert response.status_code == 400
        told = response.get_json(force=True)["detail"] if page.startswith("/api") else response.text
        assert said in told
        assert "group" in told
    assert client.get(f"{page.format('nn')}group=&group=group:refugees").status_code == 200


def test_a_year_is_a_number(client: FlaskClient):
    rows = got(client, "/api/q/organiser-of?initiative=bergen-bidrar")["rows"]
    assert [each["as_of"] for row in rows for each in row["evidence"]] == [2016]


def test_an_unknown_value_has_three_nearest(client: FlaskClient):
    assert len(client.get("/api/q/who-helps?group=x").get_json(force=True)["nearest"]) == 3


@pytest.mark.parametrize(
    "path",
    [
        "/api/ask",
        "/api/ask?q=",
        "/api/ask?q=kven&lang=sv",
        "/api/suggest",
        "/api/search?q=+",
        f"/api/ask?q={'x' * 501}",
        "/api/q/who-helps?group=%3Cscript%3Ealert(1)%3C/script%3E",
        "/api/q/who-helps?group=refugees%3E%20%7D",
        "/api/q/who-helps?group=%00",
    ],
)
def test_bad_input_gets_a_problem_and_no_trace(path: str, client: FlaskClient):
    response = client.get(path)
    assert response.status_code == 400
    assert response.mimetype == "application/problem+json"
    told = response.get_data(as_text=True)
    assert "Traceback" not in told
    assert "/kg/" not in told


def test_an_unknown_version_is_not_served(client: FlaskClient, report_snapshot: Snapshot):
    assert client.get("/api/q?v=000000000000").status_code == 404
    assert client.get(f"/api/q?v={report_snapshot.name}").status_code == 200


def test_csv_has_the_columns_of_the_contract(client: FlaskClient):
    response = client.get("/api/q/initiatives-in-place?place=bergen&format=csv&lang=nb")
    assert response.mimetype == "text/csv"
    assert response.data.startswith(b"\xef\xbb\xbf")
    assert b"\r\n" in response.data
    text = response.data.decode("utf-8-sig")
    assert not text.startswith("#")
    first, *rest = csv.DictReader(io.StringIO(text, newline=""))
    tail = ["basis", "modality", "holder", "text", "locator", "source", "statement"]
    assert list(first) == ["initiative", "initiative_iri", "place", "place_iri", *tail]
    assert {row["basis"] for row in (first, *rest)} == {"stated", "interpreted"}


def test_the_accept_header_chooses_too(client: FlaskClient):
    path = "/api/q/initiatives-in-place?place=bergen"
    assert client.get(path, headers={"Accept": "text/csv"}).mimetype == "text/csv"
    assert client.get(path, headers={"Accept": "application/ld+json"}).mimetype == "application/ld+json"
    assert client.get(path, headers={"Accept": "*/*"}).mimetype == "application/json"
    assert client.get(f"{path}&format=exe").status_code == 406


def test_jsonld_names_the_statements(client: FlaskClient):
    nodes = got(client, "/api/q/initiatives-in-place?place=bergen&format=jsonld")
    assert [node for node in nodes if "/id/statement/" in node["@id"]]
    assert [node for node in nodes if "/id/passage/" in node["@id"]]


def test_the_same_snapshot_gives_the_same_mark(client: FlaskClient):
    path = "/api/q/who-helps?group=refugees&lang=nn"
    first = client.get(path)
    assert first.headers["ETag"]
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert client.get(path.replace("nn", "en")).headers["ETag"] != first.headers["ETag"]
    assert client.get(path).data == first.data


def test_suggestions_lead_to_answers(client: FlaskClient):
    found = got(client, "/api/suggest?q=kven+hjelper&lang=nn")
    assert 1 <= len(found) <= 8
    for each in found:
        assert set(each) == {"sentence", "question", "slots", "url"}
        query = "&".join(f"{name}={value}" for name, value in each["slots"].items())
        assert got(client, f"/api/q/{each['question']}?{query}")["rows"]
        assert client.get(each["url"]).status_code == 200


def test_search_finds_names_and_passages(client: FlaskClient):
    hits = got(client, "/api/search?q=flyktning&lang=en")
    assert {hit["kind"] for hit in hits} == {"name", "passage"}
    assert "group:refugees".partition(":")[2] in [str(hit["iri"]).rpartition("/")[2] for hit in hits]
    assert all(client.get(hit["url"]).status_code == 200 for hit in hits if hit["url"])


@pytest.mark.parametrize("language", ["nn", "nb", "en"])
def test_a_name_found_is_in_the_language_it_says(language: str, client: FlaskClient):
    hits = got(client, f"/api/search?q=flyktning&lang={language}")
    (group,) = [hit for hit in hits if str(hit["iri"]).endswith("/target-group/refugees")]
    asked = got(client, f"/api/q/target-groups?lang={language}")
    (cell,) = {
        (cell["label"], cell["lang"]) for row in asked["rows"] for cell in row["cells"] if cell["iri"] == group["iri"]
    }
    assert (group["label"], group["lang"]) == cell
    assert group["lang"] == language


def test_sources_tell_their_access_and_coding(client: FlaskClient):
    found = {each["iri"].rpartition("/")[2]: each for each in got(client, "/api/source")}
    report = found["ervik-linden-2016"]
    assert (report["access"], report["coded"], report["lang"]) == ("open", "complete", "nb")
    assert found["loga-eimhjellen-lied-2015"]["access"] is None
    assert all({"iri", "title", "access", "coded"} <= set(each) and each["title"] for each in found.values())


def test_the_language_of_the_browser_is_used(client: FlaskClient):
    path = "/api/q/who-helps?group=refugees"
    assert got(client, path, **{"Accept-Language": "en"})["asked"] == "Who helps refugees?"
    assert got(client, path, **{"Accept-Language": "no"})["asked"] == "Hvem hjelper flyktninger?"


@pytest.mark.parametrize("path", ["/api/ask", "/api/suggest?q=", f"/api/ask?q={'x' * 501}", "/api/q/who-helps?group=x"])
def test_a_refusal_is_told_in_the_language_asked_for(path: str, client: FlaskClient):
    told = {
        client.get(f"{path}{'&' if '?' in path else '?'}lang={language}", headers={"Accept-Language": "nn"}).text
        for language in ("nn", "nb", "en")
    }
    assert len(told) == 3
