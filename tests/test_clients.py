"""Programs that people really use get their answers: SPARQLWrapper, rdflib, pandas, Comunica, curl."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode

import pandas
import pytest
from bring_comunica import HOME, NODE, STAMP
from rdflib import Dataset, Graph, Literal, URIRef
from rdflib.compare import isomorphic
from rdflib.namespace import SKOS
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from SPARQLWrapper import CSV, GET, JSON, JSONLD, N3, POST, POSTDIRECTLY, RDFXML, TSV, TURTLE, URLENCODED, XML
from SPARQLWrapper import SPARQLWrapper as Wrapper
from SPARQLWrapper.SPARQLExceptions import QueryBadFormed

from kg.engine import Engine
from kg.snapshot import Snapshot
from kg.terms import Terms

HUSBANKEN = URIRef(Terms().expand("actor:husbanken"))
PREFIXES = Terms().sparql_prefixes()
ROWS = f"""{PREFIXES}SELECT ?initiative ?name WHERE {{
  ?initiative a bso:Initiative ; skos:prefLabel ?name .
  FILTER(LANG(?name) = "nn" && (CONTAINS(?name, "ø") || CONTAINS(?name, "å")))
}} ORDER BY ?name"""
TRUE = 'ASK { ?s ?p "Bjørnåsendagene"@nn }'
FALSE = 'ASK { ?s ?p "Bjørnåsendagene"@de }'
GRAPH = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ VALUES ?s {{ <{HUSBANKEN}> }} ?s ?p ?o }}"
THING = f"DESCRIBE <{HUSBANKEN}>"
BROKEN = "SELECT * {\n  ?s ?p"
LABELS = f"{PREFIXES}SELECT ?thing ?label WHERE {{ ?thing skos:prefLabel|rdfs:label ?label }} ORDER BY ?thing ?label"


@pytest.fixture(scope="module")
def service(field_server: str) -> str:
    return f"{field_server}/sparql"


@pytest.fixture(scope="module")
def wanted(field_engine: Engine) -> list[tuple[str, str]]:
    """What the rows are, asked without any of these programs."""
    rows = [(row["initiative"].value, row["name"].value) for row in field_engine.select(ROWS)]
    assert len(rows) > 3
    assert any("Bjørnåsen" in name for _, name in rows)
    return rows


@pytest.fixture(scope="module")
def about(field_snapshot: Snapshot) -> Graph:
    """What the data hold of one actor, read without any of these programs."""
    graph, whole = Graph(), Dataset()
    about = f"<{HUSBANKEN}> "
    lines = field_snapshot.data_path.read_text(encoding="utf-8").splitlines()
    whole.parse(data="\n".join(line for line in lines if line.startswith(about)), format="nquads")
    for subject, predicate, value, _ in whole.quads():
        graph.add((subject, predicate, value))
    assert len(graph) > 10
    return graph


# --- SPARQLWrapper ----------------------------------------------------------------------------------

WAYS = pytest.mark.parametrize(("method", "sent"), [(GET, URLENCODED), (POST, URLENCODED), (POST, POSTDIRECTLY)])


def wrapped(service: str, query: str, form: str, method: str = GET, sent: str = URLENCODED) -> Any:
    client = Wrapper(service)
    client.setQuery(query)
    client.setReturnFormat(form)
    client.setMethod(method)
    client.setRequestMethod(sent)
    return client.queryAndConvert()


@WAYS
def test_sparqlwrapper_selects(method, sent, service, wanted):
    found = wrapped(service, ROWS, JSON, method, sent)["results"]["bindings"]
    assert [(row["initiative"]["value"], row["name"]["value"]) for row in found] == wanted
    assert {row["name"]["xml:lang"] for row in found} == {"nn"}
    for form in (CSV, TSV):
        text = wrapped(service, ROWS, form, method, sent).decode("utf-8")
        assert all(name in text for _, name in wanted)
    document = wrapped(service, ROWS, XML, method, sent)
    literals = [node.firstChild.data for node in document.getElementsByTagName("literal")]
    assert literals == [name for _, name in wanted]


@WAYS
def test_sparqlwrapper_asks_and_describes(method, sent, service, about):
    assert wrapped(service, TRUE, JSON, method, sent)["boolean"] is True
    assert wrapped(service, FALSE, JSON, method, sent)["boolean"] is False
    for form, name in ((TURTLE, "turtle"), (N3, "n3")):
        assert isomorphic(Graph().parse(data=wrapped(service, GRAPH, form, method, sent), format=name), about)
    for form in (RDFXML, XML, JSONLD):
        assert isomorphic(wrapped(service, GRAPH, form, method, sent), about), form
    assert (HUSBANKEN, SKOS.prefLabel, Literal("Husbanken", "nn")) in wrapped(service, THING, XML, method, sent)


def test_sparqlwrapper_shows_where_a_query_goes_wrong(service):
    with pytest.raises(QueryBadFormed) as caught:
        wrapped(service, BROKEN, JSON)
    assert '"line":1,' in str(caught.value), "where the brace is that nothing closes"
    assert '"reason":"syntax"' in str(caught.value)


# --- rdflib -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST", "POST_FORM"])
def test_rdflib_reads_the_service_as_a_graph(method, service, wanted, about, field_engine):
    graph = Graph(SPARQLStore(service, method=method))
    assert [(str(row.initiative), str(row.name)) for row in graph.query(ROWS)] == wanted
    assert {row.name.language for row in graph.query(ROWS)} == {"nn"}
    assert graph.query(TRUE).askAnswer is True
    assert isomorphic(graph.query(GRAPH).graph, about)
    assert set(graph.triples((HUSBANKEN, None, None))) == set(about)
    assert (HUSBANKEN, SKOS.prefLabel, Literal("Husbanken", "nn")) in graph
    assert len(graph) == field_engine.triples()


def test_rdflib_tells_that_a_query_is_wrong(service):
    with pytest.raises(ValueError, match="SPARQL query"):
        Graph(SPARQLStore(service)).query(BROKEN)  # by POST, rdflib gives the status back and raises nothing


# --- pandas -----------------------------------------------------------------------------------------


def test_pandas_reads_tables(service, field_server, wanted):
    read = pandas.read_csv(f"{service}?{urlencode({'query': ROWS, 'format': 'csv'})}")
    assert list(read.itertuples(index=False, name=None)) == wanted
    packed = {"Accept": "text/csv", "Accept-Encoding": "gzip"}
    by_header = pandas.read_csv(f"{service}?{urlencode({'query': ROWS})}", storage_options=packed)
    assert by_header.equals(read)
    answer = pandas.read_csv(f"{field_server}/api/q/initiatives-in-place?place=bergen&format=csv&lang=nn")
    assert list(answer.columns)[:2] == ["initiative", "initiative_iri"], (
        "the mark of the byte order is no part of a name"
    )
    assert set(answer["place"]) == {"Bergen"}
    with pytest.raises(HTTPError, match="400"):
        pandas.read_csv(f"{service}?{urlencode({'query': BROKEN, 'format': 'csv'})}")


def test_pandas_reads_a_big_answer_whole(service, field_engine):
    read = pandas.read_csv(f"{service}?{urlencode({'query': LABELS, 'format': 'csv'})}", keep_default_na=False)
    rows = [(row["thing"].value, row["label"].value) for row in field_engine.select(LABELS)]
    assert len(rows) > 1000
    assert list(read.itertuples(index=False, name=None)) == rows


# --- Comunica ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def comunica(service: str) -> Mapping[str, Any]:
    """What Comunica says to all queries, put by one process."""
    assert STAMP.is_file(), "Comunica is not here: run `.venv/bin/python tests/bring_comunica.py`"
    queries = {"rows": ROWS, "true": TRUE, "false": FALSE, "graph": GRAPH, "thing": THING, "labels": LABELS}
    # Comunica reads queries itself, so what only the service refuses is asked to show how that is told.
    queries["refused"] = "PREFIX f: <http://example.org/> SELECT * { ?s ?p ?o FILTER(f:unknown(?o)) } LIMIT 1"
    done = subprocess.run(
        [NODE, HOME / "ask.mjs"],
        input=json.dumps({"service": service, "queries": queries}),
        capture_output=True,
        text=True,
        timeout=120,
        cwd=HOME,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_comunica_selects_and_asks(comunica, wanted, field_engine):
    rows = comunica["rows"]["rows"]
    assert [(row["initiative"]["value"], row["name"]["value"]) for row in rows] == wanted
    assert {row["name"]["lang"] for row in rows} == {"nn"}
    assert comunica["true"] == {"truth": True}
    assert comunica["false"] == {"truth": False}
    assert len(comunica["labels"]["rows"]) == len(field_engine.select(LABELS))


def test_comunica_constructs_and_describes(comunica, about):
    quads = {tuple(part["value"] for part in quad) for quad in comunica["graph"]["quads"]}
    assert quads == {tuple(map(str, triple)) for triple in about}
    described = {tuple(part["value"] for part in quad) for quad in comunica["thing"]["quads"]}
    assert quads <= described


def test_comunica_tells_that_the_service_refused(comunica):
    assert "400" in comunica["refused"]["error"]


# --- curl -------------------------------------------------------------------------------------------


def curl(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    program = shutil.which("curl")
    assert program, "no curl: install it and run make test again"
    return subprocess.run(
        [program, "--silent", "--show-error", *arguments], capture_output=True, timeout=60, check=False
    )


def test_curl_asks_in_every_way(service, wanted, tmp_path: Path):
    (tmp_path / "query.rq").write_text(ROWS, encoding="utf-8")
    body, form = f"@{tmp_path / 'query.rq'}", f"query@{tmp_path / 'query.rq'}"
    accept = ("--header", "Accept: application/sparql-results+json")
    direct = ("--header", "Content-Type: application/sparql-query", "--data-binary", body)
    for way in (("--get", "--data-urlencode", form), ("--data-urlencode", form), direct):
        for packed in ((), ("--compressed",)):
            done = curl("--fail", *packed, *accept, *way, service)
            assert done.returncode == 0, done.stderr
            rows = json.loads(done.stdout)["results"]["bindings"]
            assert [(row["initiative"]["value"], row["name"]["value"]) for row in rows] == wanted


def test_curl_is_told_what_is_wrong_and_fails_when_asked_to(service):
    shown = curl("--get", "--data-urlencode", f"query={BROKEN}", "--header", "Accept-Language: en", service)
    told = json.loads(shown.stdout)
    assert (told["status"], told["reason"]) == (400, "syntax")
    assert "line" in told["detail"].casefold()
    assert curl("--fail", "--get", "--data-urlencode", f"query={BROKEN}", service).returncode == 22
    assert curl("--fail", "--request", "DELETE", service).returncode == 22


def test_curl_packs_and_negotiates(service, about):
    heads = (
        curl("--head", "--compressed", "--get", "--data-urlencode", f"query={GRAPH}", service)
        .stdout.decode()
        .casefold()
    )
    assert "content-encoding:" in heads
    assert "etag:" in heads
    for media_type, name in (
        ("text/turtle", "turtle"),
        ("application/rdf+xml", "xml"),
        ("application/n-triples", "nt"),
    ):
        accept = f"Accept: {media_type};q=0.9, text/html;q=0.1"
        done = curl("--fail", "--get", "--header", accept, "--data-urlencode", f"query={GRAPH}", service)
        assert isomorphic(Graph().parse(data=done.stdout, format=name), about)
    refused = curl("--get", "--header", "Accept: image/png", "--data-urlencode", f"query={GRAPH}", service)
    assert json.loads(refused.stdout)["status"] == 406
