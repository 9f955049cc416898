"""/sparql: the SPARQL 1.1 Protocol as clients speak it, and how it holds against those who mean harm."""

import csv
import gzip
import html
import io
import json
import re
import socket
import threading
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from urllib.parse import quote, urlencode, urlsplit

import brotli
import pytest
from flask.testing import FlaskClient
from rdflib import Graph, Namespace, URIRef
from rdflib.namespace import RDF, VOID
from werkzeug.test import TestResponse

from kg.engine import Engine, Limits, open_engine, open_files
from kg.snapshot import Snapshot
from kg.terms import Terms
from web.app import create_app
from web.negotiation import Offer, best
from web.publication import Publication
from web.traffic import Allowance, log_to

B = "https://w3id.org/bustadgraf/"
SD = Namespace("http://www.w3.org/ns/sparql-service-description#")
BERGEN = f"<{B}id/place/bergen>"
SELECT = (
    f"SELECT ?label {{ {BERGEN} <http://www.w3.org/2004/02/skos/core#prefLabel> ?label FILTER(LANG(?label) = 'nn') }}"
)
CONSTRUCT = f"CONSTRUCT {{ {BERGEN} ?p ?o }} WHERE {{ {BERGEN} ?p ?o }}"
FORM = "application/x-www-form-urlencoded"
HEAVY = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?a < ?d && ?g > ?f) }"
GREEDY = "SELECT * WHERE {" + "".join(f" ?s{i} ?p{i} ?o{i} ." for i in range(8)) + " } ORDER BY ?o1"


def problem(answer: object, status: int, reason: str) -> dict[str, object]:
    """The problem document of a refusal, checked for what RFC 9457 and every refusal of ours promise."""
    assert answer.status_code == status  # type: ignore[attr-defined]
    assert answer.mimetype == "application/problem+json"  # type: ignore[attr-defined]
    told: dict[str, object] = answer.get_json()  # type: ignore[attr-defined]
    assert told["status"] == status
    assert told["reason"] == reason
    assert told["title"]
    assert told["detail"]
    assert "Traceback" not in str(told)
    return told


# -- asking --------------------------------------------------------------------------------------


def test_a_query_is_taken_by_get_and_by_both_posts(client: FlaskClient) -> None:
    answers = [
        client.get("/sparql", query_string={"query": SELECT}),
        client.post("/sparql", data={"query": SELECT}),
        client.post("/sparql", data=SELECT.encode(), content_type="application/sparql-query; charset=UTF-8"),
    ]
    for answer in answers:
        assert answer.status_code == 200
        assert answer.mimetype == "application/sparql-results+json"
        assert [row["label"]["value"] for row in answer.get_json()["results"]["bindings"]] == ["Bergen"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Accept" in answer.headers["Vary"]


def test_head_tells_what_get_would_and_has_no_body(client: FlaskClient) -> None:
    answer = client.head("/sparql", query_string={"query": SELECT})
    assert answer.status_code == 200
    assert answer.mimetype == "application/sparql-results+json"
    assert answer.data == b""


def test_the_four_result_formats(client: FlaskClient) -> None:
    def ask(accept: str) -> object:
        return client.get("/sparql", query_string={"query": SELECT}, headers={"Accept": accept})

    xml = ask("application/sparql-results+xml")
    spaces = {"r": "http://www.w3.org/2005/sparql-results#"}
    assert [node.text for node in ET.fromstring(xml.data).iterfind(".//r:literal", spaces)] == ["Bergen"]
    assert list(csv.reader(io.StringIO(ask("text/csv").text))) == [["label"], ["Bergen"]]
    assert ask("text/csv").data == b"label\r\nBergen\r\n", "W3C CSV: no BOM"
    assert ask("text/tab-separated-values").text == '?label\n"Bergen"@nn\n'
    assert ask("application/json").get_json()["head"] == {"vars": ["label"]}
    for accept in ("text/csv", "text/tab-separated-values"):
        assert ask(accept).content_type == f"{accept}; charset=utf-8"


def test_ask_answers_in_json_and_xml(client: FlaskClient) -> None:
    told = client.get("/sparql", query_string={"query": "ASK { ?s ?p ?o }"})
    assert told.get_json()["boolean"] is True
    xml = client.get("/sparql", query_string={"query": "ASK { ?s <urn:x:no> ?o }", "format": "xml"})
    assert b"<boolean>false</boolean>" in xml.data


@pytest.mark.parametrize(
    ("accept", "parser"),
    [
        ("text/turtle", "turtle"),
        ("application/n-triples", "nt"),
        ("application/ld+json", "json-ld"),
        ("application/rdf+xml", "xml"),
    ],
)
def test_graphs_come_in_every_rdf_format(client: FlaskClient, accept: str, parser: str) -> None:
    for query in (CONSTRUCT, f"DESCRIBE {BERGEN}"):
        answer = client.get("/sparql", query_string={"query": query}, headers={"Accept": accept})
        assert answer.mimetype == accept
        graph = Graph().parse(data=answer.data, format=parser)
        assert (URIRef(f"{B}id/place/bergen"), RDF.type, URIRef(f"{B}ont#Place")) in graph


def test_the_data_set_of_the_protocol_is_used(client: FlaskClient) -> None:
    def count(**fields: object) -> int:
        query = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
        answer = client.get("/sparql", query_string=urlencode({"query": query, **fields}, doseq=True))
        return int(answer.get_json()["results"]["bindings"][0]["n"]["value"])

    asserted, inferred = f"{B}graph/asserted", f"{B}graph/inferred"
    whole = client.get("/health").get_json()["triples"]
    assert count() == whole
    assert 0 < count(**{"default-graph-uri": inferred}) < count(**{"default-graph-uri": asserted}) < whole
    assert count(**{"named-graph-uri": inferred}) == 0
    assert count(**{"default-graph-uri": [asserted, inferred]}) == whole
    unknown = client.get("/sparql", query_string={"query": SELECT, "default-graph-uri": f"{B}graph/nope"})
    assert f"{B}graph/nope" in str(problem(unknown, 400, "graph")["detail"])


# -- negotiation ---------------------------------------------------------------------------------

OFFERS = [Offer("json", "application/sparql-results+json", ("application/json",)), Offer("csv", "text/csv")]


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", "json"),
        ("*/*", "json"),
        ("text/csv", "csv"),
        ("text/*", "csv"),
        ("application/json;q=0.3, text/csv;q=0.2", "json"),
        ("application/sparql-results+json;q=0.1, text/*;q=0.5", "csv"),
        ("*/*, text/csv", "csv"),
        ("text/csv;q=0, */*", "json"),
        ("TEXT/CSV; header=present", "csv"),
        ("image/png, text/csv;q=0.001", "csv"),
        ("image/png", None),
        ("text/csv;q=0", None),
        ("*/*;q=0", None),
        ("nonsense", None),
    ],
)
def test_accept_is_read_with_quality_wildcards_and_exactness(accept: str, chosen: str | None) -> None:
    offer = best(OFFERS, accept)
    assert (offer.name if offer else None) == chosen


def test_format_beats_accept_and_what_cannot_be_given_is_told_with_the_list(client: FlaskClient) -> None:
    def ask(accept: str, **fields: str) -> object:
        return client.get("/sparql", query_string={"query": SELECT, **fields}, headers={"Accept": accept})

    assert ask("application/sparql-results+xml", format="csv").mimetype == "text/csv"
    assert ask("*/*", format="application/sparql-results+xml").mimetype == "application/sparql-results+xml"
    for answer in (ask("image/png"), ask("*/*", format="docx"), ask("*/*", format="ttl"), ask("text/turtle")):
        assert set(problem(answer, 406, "format")["available"]) == {"json", "xml", "csv", "tsv"}  # type: ignore[call-overload]


# -- caches and codings --------------------------------------------------------------------------


def test_an_answer_keeps_its_tag_and_is_not_computed_again(
    client: FlaskClient, report_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = client.get("/sparql", query_string={"query": SELECT})
    tag = first.headers["ETag"]
    assert not tag.startswith("W/")
    assert first.headers["Cache-Control"] == "no-cache"
    others = [
        client.get("/sparql", query_string={"query": f"{SELECT} LIMIT 1"}),
        client.get("/sparql", query_string={"query": SELECT, "format": "csv"}),
        client.get("/sparql", query_string={"query": SELECT, "default-graph-uri": f"{B}graph/asserted"}),
        client.get("/sparql"),
    ]
    assert len({tag, *(other.headers["ETag"] for other in others)}) == 5
    monkeypatch.setattr(report_engine, "query", lambda *_, **__: pytest.fail("it was computed again"))
    for held in (tag, f'"x", {tag}', f"W/{tag}", tag.rstrip('"') + '-br"'):
        again = client.get("/sparql", query_string={"query": SELECT}, headers={"If-None-Match": held})
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["ETag"] in held
        assert "Accept" in again.headers["Vary"]


def test_a_wrong_query_is_wrong_whatever_the_client_holds(client: FlaskClient) -> None:
    problem(client.get("/sparql?query=ASK%7B", headers={"If-None-Match": "*"}), 400, "syntax")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT (NOW() AS ?x) {}",
        "SELECT (rand() AS ?x) {}",
        "SELECT (STRUUID() AS ?x) {}",
        "SELECT (BNODE() AS ?x) {}",
        "CONSTRUCT { _:x ?p ?o } WHERE { ?s ?p ?o }",
    ],
)
def test_what_differs_each_time_has_no_tag(client: FlaskClient, query: str) -> None:
    answer = client.get("/sparql", query_string={"query": query})
    assert answer.status_code == 200
    assert "ETag" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_same_tag_stands_for_the_same_bytes_on_another_server(
    client: FlaskClient, report_snapshot: Snapshot
) -> None:
    engine = open_engine(report_snapshot)
    other = create_app(Publication(engine, Terms(report_snapshot.manifest.base), report_snapshot)).test_client()
    queries = (
        "SELECT * { ?s ?p ?o }",
        "SELECT ?c (COUNT(*) AS ?n) (SAMPLE(?s) AS ?x) { ?s a ?c } GROUP BY ?c",
        "CONSTRUCT WHERE { ?s ?p ?o }",
    )
    try:
        for query in queries:
            one, two = (each.get("/sparql", query_string={"query": query}) for each in (client, other))
            assert one.headers["ETag"] == two.headers["ETag"]
            assert one.data == two.data
    finally:
        engine.close()


UNPACK = {"br": brotli.decompress, "gzip": gzip.decompress}


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip", "gzip"),
        ("br", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=0.5, gzip", "gzip"),
        ("*", "br"),
        ("gzip;q=0", None),
        ("identity, gzip;q=0.5", None),
        ("deflate", None),
        ("", None),
    ],
)
def test_an_answer_is_compressed_as_the_client_likes_it(client: FlaskClient, accepted: str, coding: str | None) -> None:
    query = {"query": "SELECT * { ?s ?p ?o } LIMIT 100"}
    plain = client.get("/sparql", query_string=query)
    answer = client.get("/sparql", query_string=query, headers={"Accept-Encoding": accepted})
    assert answer.headers.get("Content-Encoding") == coding
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert answer.content_length == len(answer.data)
    if coding is None:
        assert (answer.data, answer.headers["ETag"]) == (plain.data, plain.headers["ETag"])
        return
    assert UNPACK[coding](answer.data) == plain.data
    assert len(answer.data) < len(plain.data) / 2
    assert answer.headers["ETag"] != plain.headers["ETag"]
    held = {"If-None-Match": answer.headers["ETag"], "Accept-Encoding": accepted}
    again = client.get("/sparql", query_string=query, headers=held)
    assert (again.status_code, again.headers["ETag"]) == (304, answer.headers["ETag"])
    head = client.head("/sparql", query_string=query, headers={"Accept-Encoding": accepted})
    assert (head.data, head.content_length) == (b"", answer.content_length)


@pytest.mark.parametrize("path", ["/en/", "/data/place/bergen.ttl", "/static/dist/site.css", "/api/q"])
def test_pages_and_data_are_compressed_too(client: FlaskClient, path: str) -> None:
    plain, packed = client.get(path), client.get(path, headers={"Accept-Encoding": "br"})
    assert brotli.decompress(packed.data) == plain.data
    if tag := packed.headers.get("ETag"):
        assert client.get(path, headers={"Accept-Encoding": "br", "If-None-Match": tag}).status_code == 304


def test_what_is_small_is_sent_as_it_is(client: FlaskClient) -> None:
    answer = client.get("/sparql?query=ASK%7B%7D", headers={"Accept-Encoding": "br"})
    assert "Content-Encoding" not in answer.headers
    assert answer.get_json()["boolean"] is True


# -- the service about itself --------------------------------------------------------------------


def test_without_a_query_the_service_describes_itself_under_its_real_address(client: FlaskClient) -> None:
    answer = client.get("/sparql", base_url="http://data.example.org:8080")
    graph = Graph().parse(data=answer.data, format="turtle")
    here = URIRef("http://data.example.org:8080/sparql")
    assert (here, RDF.type, SD.Service) in graph
    assert (here, SD.endpoint, here) in graph
    assert (here, SD.feature, SD.UnionDefaultGraph) in graph
    names = {str(name) for name in graph.objects(None, SD.name)}
    assert {f"{B}graph/ontology", f"{B}graph/inferred", f"{B}graph/source/ervik-linden-2016"} <= names
    default = graph.value(graph.value(here, SD.defaultDataset), SD.defaultGraph)
    assert int(graph.value(default, VOID.triples)) == client.get("/health").get_json()["triples"]  # type: ignore[arg-type]
    assert len(set(graph.objects(here, SD.resultFormat))) == 8


def test_a_person_without_a_query_is_led_to_the_editor(client: FlaskClient) -> None:
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    for spoken, page in (("no,en;q=0.5", "nb"), ("en-GB", "en"), ("nn", "nn"), ("fr", "nn")):
        answer = client.get("/sparql", headers={"Accept": browser, "Accept-Language": spoken})
        assert answer.status_code == 303
        assert answer.headers["Location"] == f"/{page}/sparql"
        assert "Accept-Language" in answer.headers["Vary"]


def test_a_hostile_host_name_cannot_write_the_description(client: FlaskClient) -> None:
    answer = client.get("/sparql", headers={"Host": "x.example/> a <urn:evil> . <urn:a"})
    if answer.status_code == 200:
        assert URIRef("urn:evil") not in set(Graph().parse(data=answer.data, format="turtle").objects())
    else:
        assert answer.status_code == 400


def test_options_lets_any_page_ask(client: FlaskClient) -> None:
    answer = client.options("/sparql", headers={"Origin": "https://x.example", "Access-Control-Request-Method": "POST"})
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    assert "Content-Type" in answer.headers["Access-Control-Allow-Headers"]


# -- what is refused -----------------------------------------------------------------------------


def test_a_syntax_error_is_400_with_line_and_column_in_the_readers_language(client: FlaskClient) -> None:
    told = problem(client.get("/sparql?query=" + quote("SELECT * {\n ?s ?p x:o }")), 400, "syntax")
    assert (told["line"], told["column"]) == (2, 8)
    assert "x:" in str(told["detail"])
    titles = {
        spoken: client.get("/sparql?query=nonsense", headers={"Accept-Language": spoken}).get_json()["title"]
        for spoken in ("nn", "nb", "en")
    }
    assert len(set(titles.values())) == 3, titles


REFUSED = [
    ("SELECT * {\n ?s ?p x:o }", "syntax"),
    ("SELECT * { FILTR(?x) }", "syntax"),
    ("ASK { ?s ?p ?o ", "syntax"),
    ("ASK { ?s ?p ?o ) }", "syntax"),
    ("ASK { ?s ?p 'x }", "syntax"),
    ("SELECT ?s (COUNT(?p) AS ?n) { ?s ?p ?o }", "syntax"),
    ("SELECT (COUNT(COUNT(*)) AS ?n) {}", "syntax"),
    ("SELECT * FROM <urn:x:nope> {}", "graph"),
    ("SELECT (<urn:x:f>(1) AS ?x) {}", "function"),
    ("SELECT * { SERVICE <urn:x> {} }", "forbidden"),
    ("SELECT * FROM <file:///etc/passwd> {}", "forbidden"),
    ("DROP ALL", "forbidden"),
]


@pytest.mark.parametrize(("query", "reason"), REFUSED)
def test_a_refusal_is_told_wholly_in_the_language_of_the_reader(client: FlaskClient, query: str, reason: str) -> None:
    told = {}
    for spoken in ("nn", "nb", "en"):
        answer = client.get("/sparql", query_string={"query": query}, headers={"Accept-Language": spoken})
        told[spoken] = str(problem(answer, 400, reason)["detail"])
        page = client.get(f"/{spoken}/sparql", query_string={"query": query})
        assert page.status_code == 400
        assert told[spoken] in html.unescape(page.text)
    assert len(set(told.values())) == 3, told


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused_and_the_right_ones_named(client: FlaskClient, method: str) -> None:
    answer = getattr(client, method)("/sparql", data="x")
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST", "OPTIONS"}


def test_requests_that_are_no_query_operation(client: FlaskClient) -> None:
    problem(client.post("/sparql", data={"x": "y"}), 400, "query")
    problem(client.get("/sparql?query=ASK{}&query=ASK{}"), 400, "query")
    problem(client.post("/sparql?query=ASK{}", data={"query": "ASK{}"}), 400, "query")
    problem(client.get("/sparql?query="), 400, "syntax")
    problem(client.post("/sparql", data={"query": ""}), 400, "syntax")
    for content_type in ("application/json", "multipart/form-data; boundary=x", "text/plain", ""):
        answer = client.post("/sparql", data=SELECT, content_type=content_type)
        assert "application/sparql-query" in answer.headers["Accept-Post"]
        problem(answer, 415, "media type")
    latin = client.post("/sparql", data=SELECT, content_type="application/sparql-query; charset=latin-1")
    problem(latin, 415, "media type")


@pytest.mark.parametrize(
    "query",
    [
        "INSERT DATA { <urn:x:a> <urn:x:b> 1 }",
        "DROP ALL",
        "LOAD <file:///etc/passwd>",
        "SELECT * FROM <file:///etc/passwd> { ?s ?p ?o }",
        "SELECT * { { OPTIONAL { SERVICE <http://127.0.0.1:9999/> { ?s ?p ?o } } } }",
    ],
)
def test_updates_files_and_services_are_refused(client: FlaskClient, query: str) -> None:
    problem(client.get("/sparql", query_string={"query": query}), 400, "forbidden")
    problem(client.post("/sparql", data=query, content_type="application/sparql-query"), 400, "forbidden")
    problem(client.post("/sparql", data={"update": query}), 400, "forbidden")
    problem(client.post("/sparql", data=query, content_type="application/sparql-update"), 415, "forbidden")


def test_a_file_named_by_the_protocol_is_refused(client: FlaskClient) -> None:
    for name in ("default-graph-uri", "named-graph-uri"):
        problem(client.get("/sparql", query_string={"query": "ASK {}", name: "file:///etc/passwd"}), 400, "forbidden")


def test_bytes_that_are_no_utf8_are_refused(client: FlaskClient) -> None:
    problem(client.get("/sparql?query=ASK%20%7B%20?s%20?p%20%22%ff%22%20%7D"), 400, "encoding")
    problem(
        client.post("/sparql", data=b"ASK { ?s ?p '\xe6' }", content_type="application/sparql-query"), 400, "encoding"
    )
    problem(client.post("/sparql", data=b"query=ASK+%7B+?s+?p+'%e6'+%7D", content_type=FORM), 400, "encoding")
    problem(client.post("/sparql", data=b"query=\xe6", content_type=FORM), 400, "encoding")


def test_a_large_query_is_answered_and_a_larger_one_refused(client: FlaskClient) -> None:
    near = "ASK { ?s ?p ?o } #" + "x" * 1_000_000
    assert client.post("/sparql", data=near, content_type="application/sparql-query").get_json()["boolean"]
    assert client.post("/sparql", data={"query": near}).get_json()["boolean"]
    far = "ASK { ?s ?p ?o } #" + "x" * 1_100_000
    problem(client.post("/sparql", data=far, content_type="application/sparql-query"), 413, "size")
    problem(client.post("/sparql", data={"query": far}), 413, "size")
    many = "&".join(f"a{number}=1" for number in range(10_000))
    problem(client.post("/sparql", data=many, content_type=FORM), 413, "size")


def test_no_parameter_can_write_a_header(client: FlaskClient) -> None:
    evil = "csv\r\nSet-Cookie: a=b"
    for fields in ({"format": evil}, {"default-graph-uri": evil}, {"v": evil}, {"query": evil}):
        answer = client.get("/sparql", query_string={"query": SELECT, **fields})
        assert answer.status_code in (400, 404, 406)
        assert "Set-Cookie" not in answer.headers
        assert not any("\r" in value or "\n" in value for value in answer.headers.values())


def test_an_unknown_version_is_404_with_the_list(client: FlaskClient, report_snapshot: Snapshot) -> None:
    told = problem(client.get("/sparql", query_string={"query": SELECT, "v": "nope"}), 404, "version")
    assert told["versions"] == [report_snapshot.name]
    assert client.get("/sparql", query_string={"query": SELECT, "v": report_snapshot.name}).status_code == 200


# -- limits --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tight(report_snapshot: Snapshot) -> Iterator[FlaskClient]:
    """A client of a service with tight limits."""
    engine = open_engine(report_snapshot, Limits(deadline_s=1, memory_mb=128, answer_mb=1))
    yield create_app(Publication(engine, Terms(report_snapshot.manifest.base), report_snapshot)).test_client()
    engine.close()


def test_each_limit_is_503_and_names_itself(tight: FlaskClient) -> None:
    slow = tight.get("/sparql", query_string={"query": HEAVY})
    assert problem(slow, 503, "deadline")["limit_s"] == 1
    assert int(slow.headers["Retry-After"]) > 0
    greedy = tight.get("/sparql", query_string={"query": GREEDY})
    assert problem(greedy, 503, "memory")["limit_mb"] == 128
    large = tight.get("/sparql", query_string={"query": "SELECT * WHERE { ?s0 ?p0 ?o0 . ?s1 ?p1 ?o1 }"})
    assert problem(large, 503, "size")["limit_mb"] == 1
    assert tight.get("/sparql", query_string={"query": "ASK {}"}).status_code == 200


def test_while_queries_run_away_others_are_answered(tight: FlaskClient) -> None:
    ended: list[dict[str, object]] = []

    def run_away() -> None:
        answer = tight.application.test_client().get("/sparql", query_string={"query": HEAVY})
        ended.append(answer.get_json())

    runaways = [threading.Thread(target=run_away) for _ in range(2)]
    for thread in runaways:
        thread.start()
    answered = 0
    while any(thread.is_alive() for thread in runaways):
        place = tight.get("/data/place/bergen.ttl")
        assert place.status_code == 200
        answered += 1
    assert answered > 5
    assert [told["reason"] for told in ended] == ["deadline"] * 2


def test_any_rdf_files_are_served_without_anything_of_ours(tmp_path: object) -> None:
    file = tmp_path / "data.trig"  # type: ignore[operator]
    file.write_text("<urn:x:a> <urn:x:b> 1 . <urn:x:g> { <urn:x:c> <urn:x:d> 2 }", encoding="utf-8")
    engine = open_files([file])
    client = create_app(Publication(engine, Terms())).test_client()
    try:
        rows = client.get("/sparql", query_string={"query": "SELECT ?o { ?s ?p ?o }", "format": "csv"})
        assert rows.data == b"o\r\n1\r\n"
        graph = Graph().parse(data=client.get("/sparql").data, format="turtle")
        assert not list(graph.objects(None, SD.feature))
        assert {str(name) for name in graph.objects(None, SD.name)} == {"urn:x:g"}
        assert client.get("/health").get_json() == {**client.get("/health").get_json(), "snapshot": None, "triples": 1}
    finally:
        engine.close()


# -- traffic -------------------------------------------------------------------------------------


def test_the_figures_tell_what_went_on_but_not_who_asked_what(report_publication: Publication) -> None:
    client = create_app(report_publication).test_client()
    for query in ("ASK {}", "ASK {}", "nonsense", "DROP ALL"):
        client.get("/sparql", query_string={"query": query}).close()
    client.get("/nn/search?q=hemmeleg").close()
    told = client.get("/metrics")
    assert told.content_type.startswith("text/plain")
    figures = {
        name: float(value) for name, value in (line.rsplit(" ", 1) for line in told.text.splitlines() if line[0] != "#")
    }
    assert figures['bustadgraf_requests_total{address="/sparql",status="200"}'] == 2
    assert figures['bustadgraf_requests_total{address="/sparql",status="400"}'] == 2
    assert figures['bustadgraf_refusals_total{reason="syntax"}'] == 1
    assert figures['bustadgraf_refusals_total{reason="forbidden"}'] == 1
    assert figures['bustadgraf_request_seconds_count{address="/sparql"}'] == 4
    assert figures["bustadgraf_triples"] == client.get("/health").get_json()["triples"]
    assert figures['bustadgraf_queries{purpose="endpoint",state="running"}'] == 0
    assert not any(word in told.text for word in ("ASK", "nonsense", "hemmeleg", "127.0.0.1", "python"))


@pytest.mark.parametrize("log", ["paths", "queries"])
def test_the_log_has_a_line_a_request_and_the_query_only_where_that_is_wanted(
    report_publication: Publication, log: str
) -> None:
    client = create_app(report_publication, Allowance(log=log)).test_client()
    stream = io.StringIO()
    log_to(stream)
    client.get("/sparql?query=ASK%7B%7D", headers={"User-Agent": "me", "Referer": "there"}).close()
    client.get("/nn/%0d%0aGET /forged 200").close()
    lines = stream.getvalue().splitlines()
    assert len(lines) == 2
    assert re.search(r"GET /sparql(\S*) 200 \d\.\d{3} s$", lines[0])
    assert ("ASK" in lines[0]) == (log == "queries")
    assert not any(word in stream.getvalue() for word in ("127.0.0.1", "me\n", "there"))


def test_as_many_as_one_client_may_and_others_are_not_touched(
    report_publication: Publication, report_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(report_publication, Allowance(requests=3, queries=1))
    answering, given, query = threading.Event(), threading.Event(), report_engine.query
    statuses: list[int] = []

    def wait(*given_text: object, **how: object) -> object:
        answering.set()
        given.wait(30)
        return query(*given_text, **how)  # type: ignore[arg-type]

    def ask(address: str, path: str = "/sparql?query=ASK%7B%7D") -> TestResponse:
        return app.test_client().get(path, environ_overrides={"REMOTE_ADDR": address})

    monkeypatch.setattr(report_engine, "query", wait)
    held = [
        threading.Thread(target=lambda address=address: statuses.append(ask(address).status_code))
        for address in ("192.0.2.1", "2001:db8::1")
    ]
    for each in held:
        each.start()
    assert answering.wait(30)
    monkeypatch.setattr(report_engine, "query", query)
    refused = ask("192.0.2.1")
    problem(refused, 429, "client")
    assert int(refused.headers["Retry-After"]) > 0
    page = ask("192.0.2.1", "/nn/sparql?query=ASK%7B%7D")
    assert (page.status_code, "For mykje på ein gong" in page.text) == (429, True)
    assert ask("192.0.2.1", "/nn/about").status_code == 200
    assert ask("2001:db8::2").status_code == 429, "an address of IPv6 is one of many of the same client"
    assert ask("192.0.2.2").status_code == ask("2001:db9::1").status_code == 200
    given.set()
    for each in held:
        each.join()
    assert statuses == [200, 200]
    assert ask("192.0.2.1").status_code == ask("2001:db8::2").status_code == 200


# -- over a real socket --------------------------------------------------------------------------


def raw(server: str, request: bytes) -> bytes:
    """Send bytes as they are and take the answer."""
    where = urlsplit(server)
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=30) as connection:
        connection.sendall(request)
        answer = b""
        while part := connection.recv(65536):
            answer += part
    return answer


def test_a_real_server_answers_head_posts_and_broken_requests(server: str) -> None:
    path = "/sparql?query=" + quote(SELECT)
    close = b"Host: x\r\nConnection: close\r\n"
    head, _, body = raw(server, b"HEAD %s HTTP/1.1\r\n%s\r\n" % (path.encode(), close)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert body == b""
    got = raw(server, b"GET %s HTTP/1.1\r\n%s\r\n" % (path.encode(), close))
    assert json.loads(b"".join(_unchunked(got)))["results"]["bindings"][0]["label"]["value"] == "Bergen"
    raw_bytes = raw(server, b"GET /sparql?query=ASK{\xff} HTTP/1.1\r\n%s\r\n" % close)
    assert raw_bytes.startswith(b"HTTP/1.1 400")
    assert b"Traceback" not in raw_bytes


def _unchunked(answer: bytes) -> Iterator[bytes]:
    head, _, rest = answer.partition(b"\r\n\r\n")
    if b"chunked" not in head:
        yield rest
        return
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size, 16)
        yield rest[:length]
        rest = rest[length + 2 :]
