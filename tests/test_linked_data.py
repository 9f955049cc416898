"""Linked data: names lead to pages or data, descriptions count right, dumps are whole, unknown names are told."""

import csv
import io
import re

import pytest
from conftest import ROOT
from flask.testing import FlaskClient
from rdflib import OWL, RDF, Dataset, Graph, Literal, URIRef
from rdflib.namespace import DCTERMS, SKOS, VOID

from kg import __version__
from kg.engine import Engine, open_files
from kg.serialising import FORMS, Form
from kg.snapshot import Snapshot
from kg.terms import Terms
from web.app import create_app
from web.publication import Publication

B = "https://w3id.org/bustadgraf/"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
PARSERS = {"ttl": "turtle", "nt": "nt", "jsonld": "json-ld", "rdf": "xml"}
MEDIA = {
    "ttl": "text/turtle",
    "nt": "application/n-triples",
    "jsonld": "application/ld+json",
    "rdf": "application/rdf+xml",
    "csv": "text/csv",
}
NAMES = [
    ("/id/actor/husbanken", "actor/husbanken", "actor/husbanken"),
    ("/id/initiative/bokontakt", "initiative/bokontakt", "initiative/bokontakt"),
    ("/kos/target-group/refugees", "target-group/refugees", "target-group/refugees"),
    ("/kos/target-group", "target-group/", "kos/target-group"),
    ("/graph/kos", "data", "graph/kos"),
    ("/graph/source/ervik-linden-2016", "data", "graph/source/ervik-linden-2016"),
]


def location(client: FlaskClient, path: str, accept: str = "*/*", spoken: str = "") -> str:
    answer = client.get(path, headers={"Accept": accept, "Accept-Language": spoken})
    assert answer.status_code == 303, (path, accept, answer.text)
    assert {"Accept", "Accept-Language"} <= set(answer.vary)
    return answer.headers["Location"]


@pytest.mark.parametrize(("path", "page", "data"), NAMES)
def test_a_name_leads_people_to_a_page_and_programs_to_data(
    client: FlaskClient, path: str, page: str, data: str
) -> None:
    for spoken, language in (("no", "nb"), ("nb", "nb"), ("nn", "nn"), ("en-US,en;q=0.9", "en"), ("", "nn")):
        assert location(client, path, BROWSER, spoken) == f"/{language}/{page}"
    for suffix, media_type in MEDIA.items():
        assert location(client, path, media_type) == f"/data/{data}.{suffix}"
        assert client.get(f"/data/{data}.{suffix}").mimetype == media_type
    assert location(client, f"{path}?format=jsonld", BROWSER) == f"/data/{data}.jsonld"
    assert location(client, f"/data/{data}", "application/ld+json") == f"/data/{data}.jsonld"


def test_a_name_keeps_its_version(client: FlaskClient, report_snapshot: Snapshot) -> None:
    pinned = location(client, f"/id/actor/husbanken?v={report_snapshot.name}", "text/turtle")
    assert pinned == f"/data/actor/husbanken.ttl?v={report_snapshot.name}"
    assert client.get(pinned).status_code == 200
    unknown = client.get("/id/actor/husbanken?v=000000000000")
    assert unknown.status_code == 404
    assert unknown.get_json()["versions"] == [report_snapshot.name]


@pytest.mark.parametrize("suffix", PARSERS)
def test_the_data_about_a_thing_holds_what_is_said_of_it_and_by_whom(client: FlaskClient, suffix: str) -> None:
    answer = client.get(f"/data/initiative/bokontakt.{suffix}")
    graph = Graph().parse(data=answer.data, format=PARSERS[suffix])
    bokontakt, bergen = URIRef(f"{B}id/initiative/bokontakt"), URIRef(f"{B}id/place/bergen")
    assert Literal("Bokontakt", lang="nn") in set(graph.objects(bokontakt, SKOS.prefLabel))
    assert (bokontakt, URIRef(f"{B}ont#offeredIn"), bergen) in graph
    facts = set(graph.subjects(RDF.subject, bokontakt))
    assert facts
    for fact in facts:
        for key in ("passage", "text", "locator", "source", "basis", "coder"):
            assert graph.value(fact, URIRef(f"{B}ont#{key}")) is not None, key
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_passage_brings_its_selectors_and_its_statements(client: FlaskClient, report_engine: Engine) -> None:
    passage = report_engine.select(f"SELECT ?p {{ ?st <{B}ont#passage> ?p }} ORDER BY ?p LIMIT 1")[0]["p"].value
    graph = Graph().parse(data=client.get(f"/data/{passage.removeprefix(B + 'id/')}.ttl").data, format="turtle")
    exact = URIRef("http://www.w3.org/ns/oa#exact")
    assert graph.value(URIRef(f"{passage}-q"), exact) is not None
    assert list(graph.subjects(URIRef(f"{B}ont#passage"), URIRef(passage)))


def test_the_table_of_a_thing_is_plain_csv(client: FlaskClient) -> None:
    rows = list(csv.DictReader(io.StringIO(client.get("/data/initiative/bokontakt.csv").text)))
    assert list(rows[0]) == ["subject", "property", "value", "language", "datatype", "graph"]
    label = next(row for row in rows if row["property"] == str(SKOS.prefLabel) and row["language"] == "nn")
    assert (label["value"], label["graph"]) == ("Bokontakt", f"{B}graph/dataset")
    assert any(row["value"] == f"{B}id/initiative/bokontakt" for row in rows), "what points to it"


def test_graphs_are_given_whole(client: FlaskClient, report_snapshot: Snapshot) -> None:
    data = Dataset()
    data.parse(report_snapshot.data_path, format="nquads")
    for name in ("kos", "dataset", "inferred", "source/ervik-linden-2016"):
        graph = Graph().parse(data=client.get(f"/data/graph/{name}.nt").data, format="nt")
        assert len(graph) == len(data.graph(URIRef(f"{B}graph/{name}"))) > 0
    asserted = Graph().parse(data=client.get("/data/graph/asserted.nt").data, format="nt")
    assert len(asserted) == len({quad[:3] for quad in data.quads() if str(quad[3]) != f"{B}graph/inferred"})


def test_the_ontology_is_negotiated_at_its_name(client: FlaskClient) -> None:
    for path in ("/ont", "/ont/0.2.0"):
        for suffix, parser in PARSERS.items():
            answer = client.get(path, headers={"Accept": MEDIA[suffix]})
            assert answer.mimetype == MEDIA[suffix]
            graph = Graph().parse(data=answer.data, format=parser)
            assert (URIRef(f"{B}ont#Initiative"), RDF.type, OWL.Class) in graph
        assert location(client, path, BROWSER, "en") == "/en/concepts"
    assert client.get("/ont", headers={"Accept": "image/png"}).status_code == 406
    assert client.get("/ont/99.0").status_code == 404


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_the_ontology_has_an_address_in_every_form(client: FlaskClient, form: Form) -> None:
    for stem in ("/ont", "/ont/0.2.0", "/ont/0.1.0"):
        answer = client.get(f"{stem}.{form.suffix}")
        assert (answer.status_code, answer.mimetype) == (200, form.media_type)
        negotiated = client.get(stem, headers={"Accept": form.media_type})
        assert negotiated.data == answer.data
        assert "Accept" in negotiated.vary
    assert client.get(f"/ont/99.0.{form.suffix}").status_code == 404


def test_the_forms_and_versions_of_the_ontology_name_each_other(client: FlaskClient) -> None:
    for path, accept in (
        ("/ont", BROWSER),
        ("/ont", "text/turtle"),
        ("/ont/0.2.0", "text/turtle"),
        ("/ont.ofn", "*/*"),
    ):
        links = client.get(path, headers={"Accept": accept}).headers["Link"].split(", ")
        assert len(links) == len(FORMS) + len(("nn", "nb", "en")) + len(("latest", "predecessor"))
        assert '</ont/0.1.0>; rel="predecessor-version"' in links
        for link in links:
            address = link[1 : link.index(">")]
            assert client.get(address, headers={"Accept": "*/*"}).status_code == 200, link


def test_an_earlier_version_is_what_was_given_out_then(client: FlaskClient) -> None:
    earlier = Graph().parse(data=client.get("/ont/0.1.0", headers={"Accept": "text/turtle"}).data, format="turtle")
    assert earlier.value(URIRef(f"{B}ont"), OWL.versionIRI) == URIRef(f"{B}ont/0.1.0")


def test_context_modules_and_single_terms_have_addresses(client: FlaskClient) -> None:
    told = client.get("/ont/context.jsonld")
    assert told.mimetype == "application/ld+json"
    assert told.get_json(force=True)["@context"]["bso:targets"]["@type"] == "@id"
    existence = Graph().parse(data=client.get("/ont/module/dl").data, format="turtle")
    assert list(existence.subjects(RDF.type, OWL.Restriction))
    assert client.get("/ont/module/nothing").status_code == client.get("/ont/module/..%2fbso").status_code == 404
    graph = Graph().parse(data=client.get("/data/ont/targets.ttl").data, format="turtle")
    assert (URIRef(f"{B}ont#targets"), RDF.type, OWL.ObjectProperty) in graph
    assert not list(graph.subjects(RDF.predicate, URIRef(f"{B}ont#targets"))), "what it means, not all that uses it"
    assert client.get("/data/ont/nothing.ttl").status_code == 404


def test_a_version_leads_to_its_description(client: FlaskClient, report_snapshot: Snapshot) -> None:
    path = f"/version/{report_snapshot.name}"
    assert location(client, path, BROWSER, "nb") == "/nb/data"
    graph = Graph().parse(data=client.get(location(client, path, "text/turtle")).data, format="turtle")
    assert graph.value(URIRef(B + path[1:]), DCTERMS.isVersionOf) == URIRef(f"{B}graph/dataset")
    assert client.get("/version/000000000000").status_code == 404


def test_health_tells_what_is_served(client: FlaskClient, report_snapshot: Snapshot, report_engine: Engine) -> None:
    assert client.get("/health").get_json() == {
        "status": "ok",
        "version": __version__,
        "snapshot": report_snapshot.name,
        "triples": report_engine.triples(),
    }


def test_data_can_be_kept_until_the_snapshot_changes(client: FlaskClient) -> None:
    first = client.get("/data/place/bergen.ttl")
    again = client.get("/data/place/bergen.ttl", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.data == b""
    other = client.get("/data/place/bergen.nt")
    assert other.headers["ETag"] != first.headers["ETag"]


UNKNOWN = [
    "/id/actor/nobody",
    "/id/nothing/nobody",
    "/id/actor/../../etc/passwd",
    "/id/actor/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "/id/actor/a%3E%20%3Fp%20%3Fo%20.%20%3Curn:x",
    "/id/actor/husbanken%00",
    "/kos/nothing/x",
    "/kos/nothing",
    "/graph/nothing",
    "/graph/candidates/x",
    "/data/actor/nobody.ttl",
    "/data/actor/husbanken.exe",
    "/data/nothing.ttl",
    "/data/graph/nothing.ttl",
    "/data/version/nothing.ttl",
    "/data/.ttl",
    "/dump/..%2f..%2fsnapshot.json",
    "/version/nothing",
    "/ont/nothing",
]


@pytest.mark.parametrize("path", UNKNOWN)
def test_what_is_unknown_is_told_in_three_languages(client: FlaskClient, path: str) -> None:
    titles, headings = set(), set()
    for spoken in ("nn", "nb", "en"):
        answer = client.get(path, headers={"Accept": "text/turtle", "Accept-Language": spoken})
        assert answer.status_code == 404, answer.headers
        assert answer.mimetype == "application/problem+json"
        assert "Set-Cookie" not in answer.headers
        titles.add(answer.get_json()["title"])
        page = client.get(path, headers={"Accept": BROWSER, "Accept-Language": spoken})
        assert page.status_code == 404
        assert page.mimetype == "text/html"
        assert f'lang="{spoken}"' in page.text
        assert f"/{spoken}/" in page.text
        headings.add(page.text)
    assert len(titles) == len(headings) == 3


def test_no_name_can_write_a_header(client: FlaskClient) -> None:
    for path in ("/id/actor/husbanken", "/data/actor/husbanken", "/graph/kos", "/version/x", "/dump/x", "/ont/0.1.0"):
        answer = client.get(f"{path}%0d%0aSet-Cookie:%20a=b")
        assert answer.status_code == 404
        assert "Set-Cookie" not in answer.headers


def test_files_served_as_they_are_have_no_linked_data_of_ours(tmp_path: object) -> None:
    file = tmp_path / "data.ttl"  # type: ignore[operator]
    file.write_text("<urn:x:a> <urn:x:b> 1 .", encoding="utf-8")
    engine = open_files([file])
    client = create_app(Publication(engine, Terms())).test_client()
    try:
        void = Graph().parse(data=client.get("/.well-known/void").data, format="turtle")
        assert [int(count) for count in void.objects(URIRef(f"{B}graph/dataset"), VOID.triples)] == [1]  # type: ignore[call-overload]
        for path in ("/id/actor/husbanken", "/ont", "/dump/bustadgraf-x.nq.gz", "/graph/kos"):
            assert client.get(path, headers={"Accept": "text/turtle"}).status_code == 404
    finally:
        engine.close()


def test_the_description_for_programs_knows_every_address_of_the_api(client: FlaskClient) -> None:
    told = client.get("/openapi.json").get_json()
    assert told["openapi"].startswith("3.1")
    rules = {re.sub(r"<(?:[^<>:]+:)?\w+>", "{}", rule.rule) for rule in client.application.url_map.iter_rules()}
    described = {re.sub(r"\{\w+\}", "{}", path) for path in told["paths"]}
    assert described <= rules
    assert {rule for rule in rules if rule.startswith("/api/") and "/slots/" not in rule} <= described
    found = client.get("/api/q/who-helps?group=refugees").get_json()
    assert set(told["components"]["schemas"]["Answer"]["required"]) <= set(found)


def test_the_description_for_programs_knows_every_reason_of_a_refusal(client: FlaskClient) -> None:
    known = set(
        client.get("/openapi.json").get_json()["components"]["schemas"]["Problem"]["properties"]["reason"]["enum"]
    )
    told = {
        reason
        for file in (ROOT / "web").glob("*.py")
        for reason in re.findall(r'reason="([a-z ]+)"', file.read_text("utf-8"))
    }
    assert {"repeated", "syntax", "deadline"} <= told <= known
