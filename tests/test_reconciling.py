"""OpenRefine's service: lists of names as people keep them, certain only when safe, and what the API demands."""

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any
from urllib.parse import quote

import pytest
from conftest import built_once, publication
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from test_report_corpus import CANARIES

from kg.engine import Engine, open_engine
from kg.snapshot import Snapshot
from web.app import create_app
from web.publication import Publication

OPENAPI = json.loads(files("web").joinpath("openapi.json").read_text(encoding="utf-8"))
NUMBER = "972417858"
MINISTRY, DAM, HUSBANKEN = (
    f"id/actor/{name}" for name in ("kommunal-og-distriktsdepartementet", "stiftelsen-dam", "husbanken")
)


@pytest.fixture(scope="module")
def refine(field_publication: Publication) -> FlaskClient:
    """A client that keeps one application, as a server does."""
    return create_app(field_publication).test_client()


def valid(told: Any, name: str) -> Any:
    schema = {"$ref": f"#/components/schemas/{name}", "components": OPENAPI["components"]}
    assert [error.message for error in Draft202012Validator(schema).iter_errors(told)] == []
    return told


def matched(client: FlaskClient, path: str = "/nn/reconcile", **queries: dict[str, Any]) -> dict[str, list[Any]]:
    response = client.post(path, data={"queries": json.dumps(queries)})
    assert response.status_code == 200, response.text
    told = valid(response.get_json(), "ReconciliationResults")
    assert set(told) == set(queries)
    return {key: found["result"] for key, found in told.items()}


def one(client: FlaskClient, query: str, **more: Any) -> list[Any]:
    return matched(client, q0={"query": query, **more})["q0"]


# --- names as they stand in lists -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Husbanken", HUSBANKEN),
        ("HUSBANKEN", HUSBANKEN),
        ("  husbanken ", HUSBANKEN),
        ("ExtraStiftelsen", DAM),
        ("Stiftelsen Dam", DAM),
        ("stift. dam", DAM),
        ("Bergen komm.", "id/actor/bergen-kommune"),
        ("Leieboerforeningen AS", "id/actor/leieboerforeningen"),
        ("Kommunal- & distriktsdepartementet", MINISTRY),
        ("Kommunal og moderniseringsdepartementet", MINISTRY),
        ("Naerings- og fiskeridepartementet", "id/actor/naerings-og-fiskeridepartementet"),
        ("IMDi", "id/actor/imdi"),
        ("KMD", MINISTRY),  # so one source writes it
        (NUMBER, MINISTRY),
        ("972 417 858", MINISTRY),
        (HUSBANKEN, HUSBANKEN),
        ("actor:husbanken", HUSBANKEN),
        ("https://w3id.org/bustadgraf/id/actor/husbanken", HUSBANKEN),
    ],
)
def test_what_is_written_otherwise_is_the_same_name(written, meant, refine):
    best, *others = one(refine, written, type="Organisation")
    assert (best["id"], best["score"], best["match"]) == (meant, 100, True)
    assert not any(other["match"] for other in others)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Husbankens", HUSBANKEN),
        ("Husbnaken", HUSBANKEN),
        ("Leigebuarforeininga", "id/actor/leieboerforeningen"),
        ("NFD", "id/actor/naerings-og-fiskeridepartementet"),
        ("distriktsdepartementet kommunal- og", MINISTRY),
        ("Bergen", "id/actor/bergen-kommune"),
    ],
)
def test_what_is_only_like_a_name_is_found_and_left_to_a_person(written, meant, refine):
    found = one(refine, written, type="Organisation")
    assert meant in [each["id"] for each in found]
    assert not any(each["match"] for each in found)
    assert [each["score"] for each in found] == sorted((each["score"] for each in found), reverse=True)


def test_a_name_that_two_things_have_is_certain_for_neither(refine):
    found = one(refine, "Bergen", type=[])
    same = [each for each in found if each["score"] == 100]
    assert [each["id"] for each in same] == ["id/place/bergen"], "the place alone is called just that"
    fylkesmannen = [each for each in one(refine, "Fylkesmannen") if each["features"][0]["value"] == 100]
    assert fylkesmannen
    assert sum(each["match"] for each in fylkesmannen) == (len(fylkesmannen) == 1)


def test_what_the_graph_does_not_know_finds_nothing_certain(refine):
    found = matched(refine, a={"query": "Kirkens Bymisjon"}, b={"query": "xyzzy"}, c={"query": "…"})
    assert not [each for hits in found.values() for each in hits if each["match"]]
    assert found["b"] == found["c"] == []


def test_an_old_name_is_told_as_such(refine):
    (found,) = one(refine, "ExtraStiftelsen", type="Organisation", limit=1)
    assert found["name"] == "Stiftelsen Dam"
    assert "«ExtraStiftelsen»" in found["description"]
    assert found["type"] == [{"id": "Foundation", "name": "stifting"}]


def test_a_type_keeps_all_others_out_and_a_limit_holds(refine):
    assert one(refine, "Bergen", type="Place")[0]["id"] == "id/place/bergen"
    assert {each["id"].split("/")[1] for each in one(refine, "Bergen", type={"id": "Initiative"})} <= {"initiative"}
    assert len(one(refine, "departementet", limit=2)) == 2


# --- properties -------------------------------------------------------------------------------------


def test_the_organisation_number_decides(refine):
    right = [{"pid": "organisationNumber", "v": "972 417 858"}]
    wrong = [{"pid": "organisationNumber", "v": "999999999"}]
    found = matched(
        refine,
        other={"query": "Eit heilt anna namn", "properties": right},
        alone={"properties": right},
        wrong={"query": "Kommunal- og distriktsdepartementet", "properties": wrong},
        unknown={"query": "Husbanken", "properties": wrong},
    )
    for key in ("other", "alone"):
        assert (found[key][0]["id"], found[key][0]["score"], found[key][0]["match"]) == (MINISTRY, 100, True)
    assert not any(each["match"] for each in found["wrong"]), "another number is another organisation"
    assert found["wrong"][0]["score"] < 100
    assert found["unknown"][0]["match"], "where the data know no number, none speaks against it"


def test_a_place_is_given_by_name_or_as_a_thing(refine):
    by_name = one(refine, "Bjørnåsen", type="Initiative", properties=[{"pid": "offeredIn", "v": "oslo"}])
    by_thing = one(
        refine, "Bjørnåsen", type="Initiative", properties=[{"pid": "offeredIn", "v": {"id": "id/place/oslo"}}]
    )
    assert by_name == by_thing
    here = matched(
        refine, q={"type": ["Initiative"], "properties": [{"pid": "offeredIn", "v": ["Bergen"]}], "limit": 25}
    )
    rows = refine.get("/api/q/initiatives-in-place?place=bergen").get_json()["rows"]
    assert {row["cells"][0]["iri"].removeprefix("https://w3id.org/bustadgraf/") for row in rows} <= {
        each["id"] for each in here["q"]
    }


# --- the service ------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/reconcile", "/nn/reconcile", "/nb/reconcile", "/en/reconcile"])
def test_the_manifest_names_addresses_that_answer(path, refine):
    response = refine.get(path)
    told = valid(response.get_json(), "ReconciliationManifest")
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    here = "http://localhost"
    identifier = quote(HUSBANKEN, safe="")
    shown = refine.get(
        told["view"]["url"].replace("{{id}}", identifier).removeprefix(here), headers={"Accept": "text/html"}
    )
    assert shown.status_code == 303
    assert shown.headers["Location"].endswith("/actor/husbanken")
    assert refine.get(told["preview"]["url"].replace("{{id}}", identifier).removeprefix(here)).status_code == 200
    for service in (*told["suggest"].values(), told["extend"]["propose_properties"]):
        address = (service["service_url"] + service["service_path"]).removeprefix(here)
        assert refine.get(f"{address}?prefix=a&type=Actor").status_code == 200
    names = {kind["name"] for kind in told["defaultTypes"]}
    assert names & {"organisasjon", "organisation"}
    assert refine.options(path).headers["Access-Control-Allow-Methods"] == "GET, HEAD, POST, OPTIONS"


def test_get_gives_what_post_gives(refine):
    queries = json.dumps({"q0": {"query": "Husbanken"}})
    assert refine.get(f"/nn/reconcile?queries={quote(queries)}").get_json() == {
        "q0": {"result": one(refine, "Husbanken")}
    }


def test_suggestions_begin_as_wanted_and_go_on_after_the_cursor(refine):
    def suggested(what: str, prefix: str, cursor: int = 0) -> list[Any]:
        path = f"/nb/reconcile/suggest/{what}?prefix={quote(prefix)}&cursor={cursor}"
        return valid(refine.get(path).get_json(), "ReconciliationSuggestions")["result"]

    assert suggested("entity", "husb")[0]["id"] == HUSBANKEN
    assert suggested("entity", HUSBANKEN)[0]["id"] == HUSBANKEN
    assert suggested("entity", "extra")[0]["id"] == DAM
    many = suggested("entity", "b")
    assert len(many) == 20
    assert suggested("entity", "b", 5)[:15] == many[5:]
    assert suggested("entity", "b", 100000) == []
    assert [each["id"] for each in suggested("type", "organis")][:1] == ["Organisation"]
    assert "offeredIn" in [each["id"] for each in suggested("property", "finnes i")]
    assert [each["id"] for each in suggested("property", "organisationN")] == ["organisationNumber"]


def test_values_are_fetched_in_the_language_of_the_address(refine):
    proposed = valid(refine.get("/en/reconcile/properties?type=Organisation").get_json(), "ReconciliationProperties")
    assert {"administers", "organisationNumber", "name"} <= {each["id"] for each in proposed["properties"]}
    assert len(refine.get("/en/reconcile/properties?type=Organisation&limit=3").get_json()["properties"]) == 3
    wanted = {
        "ids": [HUSBANKEN, MINISTRY, "nobody"],
        "properties": [{"id": "administers"}, {"id": "organisationNumber"}, {"id": "name"}],
    }
    names = {}
    for lang in ("nn", "en"):
        response = refine.post(f"/{lang}/reconcile", data={"extend": json.dumps(wanted)})
        told = valid(response.get_json(), "ReconciliationExtension")
        assert told["rows"][MINISTRY]["organisationNumber"] == [{"str": NUMBER}]
        assert {"str": "Kommunal- og moderniseringsdepartementet"} in told["rows"][MINISTRY]["name"]
        assert told["rows"]["nobody"] == {"administers": [], "organisationNumber": [], "name": []}
        names[lang] = [each["name"] for each in told["rows"][HUSBANKEN]["administers"]]
    assert names["nn"]
    assert names["nn"] != names["en"]


def test_the_preview_may_be_framed_and_runs_nothing(refine):
    response = refine.get(f"/nb/reconcile/preview?id={quote(MINISTRY, safe='')}")
    policy = response.headers["Content-Security-Policy"]
    assert "frame-ancestors *" in policy
    assert "default-src 'none'" in policy
    assert "script" not in response.text
    assert "Kommunal- og distriktsdepartementet" in response.text
    assert NUMBER in response.text or "departement" in response.text.casefold()
    assert "frame-ancestors 'none'" in refine.get("/nb/").headers["Content-Security-Policy"]


class Counting:
    """An engine that counts what it is asked."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.asked = engine, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.engine, name)

    def select(self, text: str, **more: Any) -> Any:
        self.asked += 1
        return self.engine.select(text, **more)


def test_a_batch_asks_the_data_as_often_as_one_query(field_publication: Publication):
    counting = Counting(field_publication.engine)
    held = field_publication
    client = create_app(Publication(counting, held.terms, held.snapshot, held.catalogue)).test_client()
    one(client, "Husbanken")
    queries = {"query": "departementet", "properties": [{"pid": "offeredIn", "v": "Bergen"}]}
    counting.asked = 0
    matched(client, q=queries)
    single, counting.asked = counting.asked, 0
    matched(client, **{f"q{number}": queries for number in range(50)})
    assert counting.asked == single <= 2


# --- limits, and what is hostile --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({}, 400),
        ({"queries": "{"}, 400),
        ({"queries": "[]"}, 400),
        ({"queries": "[" * 90_000}, 400),
        ({"queries": json.dumps({"q0": {}})}, 400),
        ({"queries": json.dumps({"q0": {"query": ["Husbanken"]}})}, 400),
        ({"queries": json.dumps({"q0": {"query": "a", "limit": 0}})}, 400),
        ({"queries": json.dumps({"q0": {"query": "a" * 501}})}, 400),
        ({"queries": json.dumps({"q0": {"query": "a", "properties": [{"pid": 3}]}})}, 400),
        ({"queries": json.dumps({str(number): {"query": "a"} for number in range(51)})}, 413),
        ({"extend": json.dumps({"ids": 3})}, 400),
        ({"extend": json.dumps({"ids": [HUSBANKEN], "properties": [{"id": "nope"}]})}, 400),
        ({"extend": json.dumps({"ids": ["a"] * 201, "properties": []})}, 413),
    ],
)
def test_what_cannot_be_read_is_told_in_three_languages_with_the_limits(form, status, refine):
    told = set()
    for lang in ("nn", "nb", "en"):
        response = refine.post(f"/{lang}/reconcile", data=form)
        assert response.status_code == status
        assert response.mimetype == "application/problem+json"
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        problem = json.loads(response.text)
        assert problem["limits"] == {"queries": 50, "characters": 500, "properties": 10, "ids": 200}
        told.add(problem["detail"])
    assert len(told) == 3


@pytest.mark.parametrize(
    "hostile",
    [
        "> } DROP ALL #",
        "<script>alert(1)</script>",
        "\x00\r\nX: y",
        "../../etc/passwd",
        "(" * 400,
        "%s%n{{7*7}}",
        "a" * 500,
    ],
)
def test_hostile_names_find_nothing_and_break_nothing(hostile, refine):
    asked = {"query": hostile, "type": hostile, "properties": [{"pid": hostile, "v": {"id": hostile}}]}
    assert matched(refine, q0=asked)["q0"] == []
    response = refine.post("/nn/reconcile", data={"extend": json.dumps({"ids": [hostile], "properties": []})})
    assert response.get_json()["rows"] == {hostile: {}}
    assert refine.get(f"/nn/reconcile/suggest/entity?prefix={quote(hostile)}").status_code == 200
    assert refine.get(f"/nn/reconcile/preview?id={quote(hostile, safe='')}").status_code == 404


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    snapshot = Snapshot.open(built_once(tmp_path_factory, "example"))
    engine = open_engine(snapshot)
    yield create_app(publication(snapshot, engine)).test_client()
    engine.close()


def test_nothing_confidential_is_matched_or_suggested(example: FlaskClient):
    for canary in CANARIES:
        assert (
            one(example, canary, limit=25) == [] or canary.casefold() not in json.dumps(one(example, canary)).casefold()
        )
    heard = []
    for letter in "abcdefghijklmnoprstuvy":
        heard.append(example.get(f"/nn/reconcile/suggest/entity?prefix={letter}").text)
    assert "Nattlykta" in "".join(heard), "the open part is not there"
    assert [canary for canary in CANARIES if canary.casefold() in "".join(heard).casefold()] == []
