"""The query, syntax and result-format tests of W3C for SPARQL 1.0, 1.1 and 1.2, over HTTP on a real server.

Every data file of the tests is a named graph of one server, and each test chooses its data set as the
protocol does, with `default-graph-uri` and `named-graph-uri`. The protocol's own tests stand at the end.
"""

import csv
import http.client
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from conftest import SHARED, serving
from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    Literal,
    NamedNode,
    Quad,
    QueryBoolean,
    QueryResultsFormat,
    RdfFormat,
    Triple,
    parse,
    parse_query_results,
    serialize,
)
from rdflib import RDF, Graph, Namespace
from rdflib.collection import Collection
from rdflib.term import Node

SUITE = SHARED / "w3c" / "sparql"
HOME = "https://w3c.github.io/rdf-tests/sparql/"
MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
HT = Namespace("http://www.w3.org/2011/http#")
CNT = Namespace("http://www.w3.org/2011/content#")
QT = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-query#")
RS = "http://www.w3.org/2001/sw/DataAccess/tests/result-set#"
XSD = "http://www.w3.org/2001/XMLSchema#"
MANIFESTS = ("sparql10/manifest.ttl", "sparql11/manifest-all.ttl", "sparql12/manifest.ttl")
KINDS = ("QueryEvaluationTest", "CSVResultFormatTest", "PositiveSyntaxTest", "NegativeSyntaxTest")
ELSEWHERE = ("sparql11/entailment", "sparql11/service")  # for services that infer, or ask others
ROWS = {
    ".srx": QueryResultsFormat.XML,
    ".srj": QueryResultsFormat.JSON,
    ".tsv": QueryResultsFormat.TSV,
    ".csv": QueryResultsFormat.CSV,
}
EMPTY = "urn:x-test:empty"

SPELLING = "the engine keeps a number by its value, not by how it was spelt: 01 is 1"
SCOPE = "the engine binds the variable of GRAPH inside the braces, not behind them"
LENGTH_ZERO = "the engine finds no path of length zero at a term that the graph does not hold"
CALLS = "this service asks no other service, and says so before it reads the query"
DEVIATIONS: Mapping[str, str] = {
    "sparql10/distinct/distinct-1": SPELLING,
    "sparql10/distinct/distinct-9": SPELLING,
    "sparql10/expr-builtin/dawg-str-1": SPELLING,
    "sparql10/expr-builtin/dawg-str-2": SPELLING,
    "sparql10/expr-builtin/sameTerm-eq": SPELLING,
    "sparql10/expr-builtin/sameTerm-not-eq": SPELLING,
    "sparql10/expr-builtin/sameTerm-simple": SPELLING,
    "sparql10/expr-equals/eq-graph-1": SPELLING,
    "sparql10/expr-equals/eq-graph-2": SPELLING,
    "sparql10/open-world/open-eq-01": SPELLING,
    "sparql12/grouping/group01": SPELLING,
    "sparql10/graph/graph-optional": SCOPE,
    "sparql10/graph/graph-variable-scope": SCOPE,
    "sparql11/aggregates/agg-empty-group-count-graph": SCOPE,
    "sparql11/bindings/graph": SCOPE,
    "sparql11/negation/graph-minus": SCOPE,
    "sparql11/property-path/zero_or_more_set_end": LENGTH_ZERO,
    "sparql11/property-path/zero_or_more_set_start": LENGTH_ZERO,
    "sparql11/property-path/zero_or_one_set_end": LENGTH_ZERO,
    "sparql11/property-path/zero_or_one_set_start": LENGTH_ZERO,
    "sparql11/syntax-fed/test_1": CALLS,
    "sparql11/syntax-fed/test_2": CALLS,
    "sparql11/syntax-fed/test_3": CALLS,
    "sparql10/open-world/date-2": "XML Schema 1.1 tells 2006-08-23 and 2006-08-23Z apart, 1.0 could not say",
    "sparql10/syntax-sparql3/syn-bad-26": "the engine reads ?x<?a&&?b>?y as a comparison, not as an IRI",
    "sparql11/functions/bnode01": "the engine makes the same blank node of the same text in every row",
    "sparql12/grouping/select-variable-reuse": "the engine does not see a count by its new name in the same SELECT",
    "sparql12/syntax-triple-terms-negative/tripleterm-subject-03": "the engine takes triples about triples in BIND",
}


@dataclass(frozen=True)
class Case:
    """One test: *name* is its folder and name, *kind* one of :data:`KINDS`; files are paths in the suite."""

    name: str
    kind: str
    query: str
    data: tuple[str, ...] = ()
    graphs: tuple[str, ...] = ()
    result: str = ""
    lax: bool = False

    @property
    def text(self) -> str:
        """The query, which knows from where it came."""
        return f"BASE <{HOME}{self.query}> {(SUITE / self.query).read_text(encoding='utf-8')}"

    @property
    def is_syntax(self) -> bool:
        return self.kind.endswith("SyntaxTest")

    @property
    def dataset(self) -> str:
        """The file of quads that is this test's own data set; the empty string where it is made of graphs."""
        return next((path for path in self.data if path.endswith((".trig", ".nq"))), "")


def listed(manifest: Path, seen: set[Path]) -> Iterator[Case]:
    """Read every test of *manifest*, and of those it includes, that a read-only query service can be put to."""
    folder = manifest.parent.relative_to(SUITE).as_posix()
    if manifest in seen or folder in ELSEWHERE:
        return
    seen.add(manifest)
    graph = Graph().parse(manifest, format="turtle", publicID=HOME + manifest.relative_to(SUITE).as_posix())
    for whole in graph.subjects(RDF.type, MF.Manifest):
        for included in members(graph, graph.value(whole, MF.include)):
            yield from listed(SUITE / in_suite(included), seen)
        for test in members(graph, graph.value(whole, MF.entries)):
            yield from read_case(graph, test, folder)


def members(graph: Graph, head: Node | None) -> list[Node]:
    return list(Collection(graph, head)) if head else []


def in_suite(node: Node) -> str:
    assert str(node).startswith(HOME), node
    return str(node).removeprefix(HOME)


def read_case(graph: Graph, test: Node, folder: str) -> Iterator[Case]:
    kind = str(graph.value(test, RDF.type)).removeprefix(str(MF)).removesuffix("11")
    if kind not in KINDS:
        return
    action = graph.value(test, MF.action)
    result = graph.value(test, MF.result)
    yield Case(
        name=f"{folder}/{str(test).rpartition('#')[2]}",
        kind=kind,
        query=in_suite(graph.value(action, QT["query"]) or action),
        data=tuple(in_suite(file) for file in graph.objects(action, QT.data)),
        graphs=tuple(in_suite(file) for file in graph.objects(action, QT.graphData)),
        result=in_suite(result) if result else "",
        lax=graph.value(test, MF.resultCardinality) == MF.LaxCardinality,
    )


SEEN: set[Path] = set()
CASES = [case for manifest in MANIFESTS for case in listed(SUITE / manifest, SEEN)]


# -- asking --------------------------------------------------------------------------------------

Connect = Callable[[str], http.client.HTTPConnection]


@contextmanager
def connected(data: Path) -> Iterator[http.client.HTTPConnection]:
    """A connection to a server of its own on *data*."""
    with serving("--data", str(data)) as url:
        where = urlsplit(url)
        connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=30)
        yield connection
        connection.close()


@pytest.fixture(scope="module")
def connect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connect]:
    """Give the connection for a data set: the server of all graphs, or of one file of quads."""
    with ExitStack() as servers:
        folder, known = tmp_path_factory.mktemp("w3c"), {}
        for file in {case.dataset for case in CASES}:
            data = SUITE / file if file else folder / "all.nq"
            if not file:
                data.write_bytes(serialize(all_graphs(), format=RdfFormat.N_QUADS) or b"")
            known[file] = servers.enter_context(connected(data))
        yield known.__getitem__


def all_graphs() -> Iterator[Quad]:
    """Every data file of the tests as a named graph; those that a query names stand beside it."""
    files = {*SUITE.rglob("data*.*"), *(SUITE / path for case in CASES for path in (*case.data, *case.graphs))}
    for file in sorted(files):
        known = RdfFormat.from_extension(file.suffix[1:])
        if known and not known.supports_datasets:
            yield from as_graph(file)
    yield Quad(*[NamedNode(EMPTY)] * 4)


def as_graph(file: Path) -> Iterator[Quad]:
    address = HOME + file.relative_to(SUITE).as_posix()
    for quad in parse(path=file, base_iri=address, rename_blank_nodes=True):
        yield Quad(quad.subject, quad.predicate, quad.object, NamedNode(address))


def ask(connection: http.client.HTTPConnection, case: Case) -> tuple[int, str, bytes]:
    """Put the query of *case* by GET; return status, media type and body."""
    wanted = ROWS.get(Path(case.result).suffix)
    accept = wanted.media_type if wanted else "application/sparql-results+json, application/n-triples"
    connection.request("GET", f"/sparql?{urlencode(fields(case))}", headers={"Accept": accept})
    answer = connection.getresponse()
    return answer.status, (answer.getheader("Content-Type") or "").split(";")[0], answer.read()


def fields(case: Case) -> list[tuple[str, str]]:
    """Return the parameters of the protocol; an empty file is no graph here, and a query may name its own."""
    query = [("query", case.text)]
    if case.is_syntax:
        return [*query, ("named-graph-uri", EMPTY)]  # goes before graphs of the query, which exist nowhere
    if case.dataset or re.search(r"\bFROM\b", case.text):
        return query
    query += [("default-graph-uri", HOME + path) for path in case.data if any(as_graph(SUITE / path))]
    return query + [("named-graph-uri", HOME + path) for path in case.graphs]


# -- comparing -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """An answer as it can be compared: a truth, rows of terms or texts, or the triples of a graph."""

    truth: bool | None = None
    rows: tuple[dict[str, object], ...] = ()
    graph: tuple[Quad, ...] = ()
    ordered: bool = False

    @classmethod
    def found(cls, body: bytes, media_type: str) -> "Told":
        if media_type == "application/n-triples":
            return cls(graph=tuple(parse(body, RdfFormat.N_TRIPLES)))
        return cls.results(body, QueryResultsFormat.from_media_type(media_type))

    @classmethod
    def expected(cls, case: Case) -> "Told":
        path = SUITE / case.result
        if path.suffix in ROWS:
            return cls.results(path.read_bytes(), ROWS[path.suffix])
        quads = tuple(parse(path=path, base_iri=HOME + case.result))
        return cls.result_set(quads) or cls(graph=quads)

    @classmethod
    def results(cls, body: bytes, form: QueryResultsFormat) -> "Told":
        if form == QueryResultsFormat.CSV:
            table = csv.DictReader(io.StringIO(body.decode(), newline=""))
            return cls(rows=tuple({name: csv_value(text) for name, text in row.items()} for row in table))
        answer = parse_query_results(body, form)
        if isinstance(answer, QueryBoolean):
            return cls(truth=bool(answer))
        names = [each.value for each in answer.variables]
        return cls(rows=tuple({name: row[name] for name in names if row[name] is not None} for row in answer))

    @classmethod
    def result_set(cls, quads: Sequence[Quad]) -> "Told | None":
        """Read an answer that is written as RDF; ``None`` where *quads* are the answer themselves."""

        def values(node: object, name: str) -> list[object]:
            return [quad.object for quad in quads if quad.subject == node and quad.predicate.value == RS + name]

        whole = next((quad.subject for quad in quads if quad.object == NamedNode(RS + "ResultSet")), None)
        if whole is None:
            return None
        if truth := values(whole, "boolean"):
            return cls(truth=truth[0].value == "true")
        solutions = values(whole, "solution")
        ordered = any(values(each, "index") for each in solutions)
        if ordered:
            solutions.sort(key=lambda each: int(values(each, "index")[0].value))
        bindings = [values(each, "binding") for each in solutions]
        rows = [{values(one, "variable")[0].value: values(one, "value")[0] for one in each} for each in bindings]
        return cls(rows=tuple(rows), ordered=ordered)

    def says(self, other: "Told", case: Case, spelt: bool) -> bool:
        """Tell whether both are the same answer: as it is *spelt*, or by the values of numbers."""
        if case.lax:
            return {str(sorted(row.items())) for row in self.rows} == {str(sorted(row.items())) for row in other.rows}
        ordered = other.ordered or bool(re.search(r"ORDER\s+BY[^}]*$", case.text, re.IGNORECASE))
        mine, yours = (each.canonical(ordered, spelt) for each in (self, other))
        return self.truth == other.truth and mine == yours

    def canonical(self, ordered: bool, spelt: bool) -> Dataset:
        """Write the answer as quads whose blank nodes have names that depend on nothing but their place."""
        term = (lambda value: value) if spelt else by_value
        quads = [Quad(quad.subject, quad.predicate, term(quad.object)) for quad in self.graph]
        for number, row in enumerate(self.rows):
            node = NamedNode(f"urn:row:{number}") if ordered else BlankNode(f"row{number}")
            quads.append(Quad(node, NamedNode("urn:is"), NamedNode("urn:row")))
            quads += [Quad(node, NamedNode(f"urn:var:{name}"), term(value)) for name, value in row.items()]
        dataset = Dataset(quads)
        dataset.canonicalize(CanonicalizationAlgorithm.UNSTABLE)
        return dataset


def csv_value(text: str) -> Literal | BlankNode:
    if text.startswith("_:"):
        return BlankNode(text[2:])
    numeric = re.fullmatch(r"[+-]?\d*\.?\d+([eE][+-]?\d+)?", text)
    return Literal(text, datatype=NamedNode(XSD + "double")) if numeric else Literal(text)


INTEGERS = ("integer", "negativeInteger", "nonPositiveInteger", "nonNegativeInteger", "positiveInteger")


def by_value(term: object) -> object:
    """Spell a number, a truth and a time zone in one way."""
    if isinstance(term, Triple):
        return Triple(term.subject, term.predicate, by_value(term.object))
    kind = term.datatype.value.removeprefix(XSD) if isinstance(term, Literal) else ""
    try:
        if kind in INTEGERS:
            return Literal(int(term.value))
        if kind == "decimal":
            return Literal(f"{Decimal(term.value).normalize():f}", datatype=term.datatype)
        if kind in ("float", "double"):
            return Literal(repr(float(term.value)), datatype=term.datatype)
    except (ValueError, ArithmeticError):
        return term  # not a number, whatever it says
    if kind == "boolean":
        return Literal({"0": "false", "1": "true"}.get(term.value, term.value), datatype=term.datatype)
    if kind in ("date", "dateTime"):
        return Literal(term.value.replace("+00:00", "Z"), datatype=term.datatype)
    return term


def verdict(connection: http.client.HTTPConnection, case: Case) -> str:
    """Say ``as it is spelt``, ``by value``, or what is wrong with the answer."""
    status, media_type, body = ask(connection, case)
    if case.is_syntax:
        reason = json.loads(body)["reason"] if status == 400 else "read"
        # a function that nobody knows is found after the query was read, an update before
        right = ("syntax", "forbidden") if case.kind == "NegativeSyntaxTest" else ("read", "function")
        return "as it is spelt" if reason in right and status in (200, 400) else f"{status} {body[:300]!r}"
    if status != 200:
        return f"{status} {body[:300]!r}"
    found, wanted = Told.found(body, media_type), Told.expected(case)
    if found.says(wanted, case, spelt=True):
        return "as it is spelt"
    return "by value" if found.says(wanted, case, spelt=False) else f"\nfound  {found}\nwanted {wanted}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_w3c(connect: Connect, counts: Callable[..., None], case: Case) -> None:
    told = verdict(connect(case.dataset), case)
    right = told in ("as it is spelt", "by value")
    version = case.name.partition("/")[0].replace("sparql1", "SPARQL 1.")
    counts(f"W3C tests of {version} over HTTP, {'right' if right else 'known deviations'}")
    if told == "by value":
        counts(f"W3C tests of {version} over HTTP, of these right by the value of a number")
    assert right != (case.name in DEVIATIONS), f"{DEVIATIONS.get(case.name, '')} {told}"


def test_there_are_as_many_tests_as_we_say_and_few_deviations() -> None:
    assert len({case.name for case in CASES}) == 1077
    assert set(DEVIATIONS) < {case.name for case in CASES}
    assert 1077 - len(DEVIATIONS) >= 1046


# -- the protocol --------------------------------------------------------------------------------

PROTOCOL = Graph().parse(SUITE / "sparql11/protocol/manifest.ttl", format="turtle")
DOCUMENT = "http://kasei.us/2009/09/sparql/data/data{}.rdf"
REQUESTS = {
    str(test).rpartition("#")[2]: PROTOCOL.value(PROTOCOL.value(test, MF.action), HT.requests)
    for test in PROTOCOL.subjects(RDF.type, MF.ProtocolTest)
    if "query" in str(test) or "bad_" in str(test)  # what the others ask for is an update
}


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Iterator[http.client.HTTPConnection]:
    """A server of the documents of the protocol tests."""
    data = tmp_path_factory.mktemp("protocol") / "data.nq"
    kind, what = NamedNode(str(RDF.type)), NamedNode("http://xmlns.com/foaf/0.1/Document")
    names = [NamedNode(DOCUMENT.format(number)) for number in range(4)]
    data.write_bytes(serialize([Quad(name, kind, what, name) for name in names], format=RdfFormat.N_QUADS) or b"")
    with connected(data) as connection:
        yield connection


@pytest.mark.parametrize("name", sorted(REQUESTS))
def test_w3c_protocol(documents: http.client.HTTPConnection, counts: Callable[..., None], name: str) -> None:
    for request in members(PROTOCOL, REQUESTS[name]):
        answer, body = send(documents, request)
        expected = PROTOCOL.value(request, HT.resp)
        families = {str(status)[-3] for status in PROTOCOL.objects(expected, MF.expectedStatus)}
        assert str(answer.status)[0] in families, body
        form = (answer.getheader("Content-Type") or "").split(";")[0]
        assert form in FAMILIES[str(PROTOCOL.value(expected, MF.expectedFormat))]
        truth = PROTOCOL.value(expected, MF.expectedBoolean)
        assert truth is None or json.loads(body)["boolean"] == truth.toPython()
    counts("W3C tests of the SPARQL protocol, right")


FAMILIES = {
    "boolean": ("application/sparql-results+json",),
    "tabular": ("application/sparql-results+json",),
    "RDF": ("text/turtle",),
    "None": ("application/problem+json",),
}


def send(connection: http.client.HTTPConnection, request: Node) -> tuple[http.client.HTTPResponse, bytes]:
    """Send a request as the manifest describes it."""
    path = str(PROTOCOL.value(request, HT.absolutePath)).replace("/sparql/", "/sparql")
    fields = members(PROTOCOL, PROTOCOL.value(request, HT.headers))
    headers = {str(PROTOCOL.value(each, HT.fieldName)): str(PROTOCOL.value(each, HT.fieldValue)) for each in fields}
    content = PROTOCOL.value(request, HT.body)
    encoding = str(PROTOCOL.value(content, CNT.characterEncoding) or "utf-8")
    body = str(PROTOCOL.value(content, CNT.chars)).encode(encoding) if content else None
    connection.request(str(PROTOCOL.value(request, HT.methodName)), path, body, headers)
    answer = connection.getresponse()
    return answer, answer.read()
