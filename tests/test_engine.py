"""The engine: right answers, limits that name themselves, nothing reached outside, no process left behind."""

import contextlib
import http.server
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from conftest import heeding_interruption
from rdflib import Dataset, Graph

from kg.engine import Cell, Engine, Limits, RemoteEngine, kind_of, media_type_of, open_engine, open_files
from kg.engine.guard import guard
from kg.model import (
    AnswerTooLarge,
    DeadlineExceeded,
    EngineUnavailable,
    InputError,
    MemoryExceeded,
    QueryError,
    QueryForbidden,
    QuerySyntaxError,
    UnknownFunction,
    UnknownGraph,
)
from kg.snapshot import Snapshot

B = "https://w3id.org/bustadgraf/"
TRIG = """
@prefix : <http://x.example/> .
:a :p "Åsane"@nn , 3 , 2.5 , "plain" , "2016-09-01"^^<http://www.w3.org/2001/XMLSchema#date> .
:g1 { :a :p :b . :b :p :c . :a :same :b . }
:g2 { :b :p :d . :a :same :b . }
"""
X = "PREFIX : <http://x.example/> "
HEAVY = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?a < ?d && ?g > ?f) }"
GREEDY = "SELECT * WHERE {" + "".join(f" ?s{i} ?p{i} ?o{i} ." for i in range(8)) + " } ORDER BY ?o1"
LONG = "SELECT * WHERE {" + "".join(f" ?s{i} ?p{i} ?o{i} ." for i in range(6)) + " }"


@pytest.fixture(scope="module")
def trig(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "small.trig"
    path.write_text(TRIG, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def small(trig: Path) -> Iterator[Engine]:
    engine = open_files([trig])
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def report_graph(report_snapshot: Snapshot) -> Graph:
    """The union of the field data in rdflib."""
    graph = Graph()
    for subject, predicate, value, _ in Dataset().parse(report_snapshot.data_path, format="nquads").quads():
        graph.add((subject, predicate, value))
    return graph


def integer(digits: str) -> Cell:
    return Cell("literal", digits, datatype="http://www.w3.org/2001/XMLSchema#integer")


def value_rows(engine: Engine, query: str) -> list[tuple[str, ...]]:
    return sorted(tuple(cell.value for cell in row.values()) for row in engine.select(query))


def test_files_are_served_as_they_are_without_a_union(small: Engine) -> None:
    assert small.triples() == 5
    assert small.graphs() == ["http://x.example/g1", "http://x.example/g2"]
    assert not small.ask(X + "ASK { :b :p :c }")
    assert small.ask(X + "ASK { GRAPH :g1 { :b :p :c } }")


def test_cells_keep_kind_language_and_datatype(small: Engine) -> None:
    cells = [row["o"] for row in small.select(X + "SELECT ?o { :a :p ?o }")]
    assert Cell("literal", "Åsane", lang="nn") in cells
    assert Cell("literal", "3", datatype="http://www.w3.org/2001/XMLSchema#integer") in cells
    assert Cell("literal", "plain") in cells
    assert small.select("SELECT ?x ?y { BIND(<http://x.example/b> AS ?x) }") == [
        {"x": Cell("iri", "http://x.example/b")}
    ]


@pytest.mark.parametrize("suffix", ["nt", "nq", "ttl", "trig", "rdf", "jsonld"])
def test_every_rdf_format_is_read_and_an_empty_file_is_an_empty_data_set(tmp_path: Path, suffix: str) -> None:
    rdflib_name = {"nt": "nt", "nq": "nquads", "ttl": "turtle", "trig": "trig", "rdf": "xml", "jsonld": "json-ld"}
    data = Dataset() if suffix in ("nq", "trig") else Graph()
    data.parse(data="<http://x.example/ø> <http://x.example/p> 'blåbær'@nb .", format="turtle")
    full, empty = tmp_path / f"full.{suffix}", tmp_path / f"empty.{suffix}"
    data.serialize(full, format=rdflib_name[suffix], encoding="utf-8")
    empty.touch()
    engine = open_files([empty, full])
    alone = open_files([empty])
    try:
        assert engine.select("SELECT ?o { ?s ?p ?o }") == [{"o": Cell("literal", "blåbær", lang="nb")}]
        assert alone.triples() == 0
        assert alone.select("SELECT * { ?s ?p ?o }") == []
    finally:
        engine.close()
        alone.close()


def test_blank_nodes_of_two_files_stay_apart(tmp_path: Path) -> None:
    files = [tmp_path / "one.ttl", tmp_path / "two.ttl"]
    for number, file in enumerate(files):
        file.write_text(f"_:x <http://x.example/p> {number} .", encoding="utf-8")
    engine = open_files(files)
    try:
        assert len(engine.select("SELECT DISTINCT ?s { ?s ?p ?o }")) == 2
    finally:
        engine.close()


def test_a_file_that_cannot_be_read_is_told_by_name_and_line(tmp_path: Path) -> None:
    broken = tmp_path / "broken.ttl"
    broken.write_text("<http://x.example/a>\n<p> oops .", encoding="utf-8")
    with pytest.raises(InputError, match=r"broken\.ttl.*line 2") as told:
        open_files([broken])
    assert str(tmp_path) not in str(told.value)
    with pytest.raises(InputError, match=r"data\.docx.*nt, nq, ttl"):
        open_files([tmp_path / "data.docx"])


# -- data sets -----------------------------------------------------------------------------------


def test_from_and_the_protocol_choose_graphs_and_the_protocol_wins(small: Engine) -> None:
    query = X + "SELECT ?o FROM :g1 { :b :p ?o }"
    assert value_rows(small, query) == [("http://x.example/c",)]
    other = small.query(query, accept="text/csv", default_graphs=["http://x.example/g2"])
    assert b"".join(other.chunks) == b"o\r\nhttp://x.example/d\r\n"


def test_two_default_graphs_are_merged_so_that_a_triple_counts_once(small: Engine) -> None:
    assert value_rows(small, X + "SELECT (COUNT(*) AS ?n) FROM :g1 FROM :g2 { ?s ?p ?o }") == [("4",)]


def test_named_graphs_leave_the_default_graph_empty(small: Engine) -> None:
    assert value_rows(small, X + "SELECT ?o FROM NAMED :g1 { ?s ?p ?o }") == []
    assert value_rows(small, X + "SELECT DISTINCT ?g FROM NAMED :g1 { GRAPH ?g { ?s ?p ?o } }") == [
        ("http://x.example/g1",)
    ]
    assert value_rows(small, X + "SELECT ?o FROM :g1 { GRAPH ?g { ?s ?p ?o } }") == []


def test_unknown_graphs_are_refused(small: Engine) -> None:
    with pytest.raises(UnknownGraph, match=r"http://x\.example/nope"):
        small.query(X + "SELECT * FROM :nope { ?s ?p ?o }")
    with pytest.raises(UnknownGraph):
        small.query("ASK {}", named_graphs=["http://x.example/nope"])


def test_the_default_graph_of_a_snapshot_is_its_union_and_asserted_leaves_out_the_inferred(
    report_engine: Engine, report_snapshot: Snapshot
) -> None:
    data = Dataset()
    for path in report_snapshot.quad_files():
        data.parse(path, format="nquads")
    union = {quad[:3] for quad in data.quads()}
    inferred = {quad[:3] for quad in data.quads() if str(quad[3]) == f"{B}graph/inferred"}
    stated = {quad[:3] for quad in data.quads() if str(quad[3]) not in (f"{B}graph/inferred", f"{B}graph/helper")}
    count = "SELECT (COUNT(*) AS ?n) {} {{ ?s ?p ?o }}"
    assert inferred
    assert report_engine.triples() == len(union)
    assert value_rows(report_engine, count.format("")) == [(str(len(union)),)]
    assert value_rows(report_engine, count.format(f"FROM <{B}graph/inferred>")) == [(str(len(inferred)),)]
    assert value_rows(report_engine, count.format(f"FROM <{B}graph/asserted>")) == [(str(len(stated)),)]
    both = f"FROM <{B}graph/asserted> FROM <{B}graph/inferred>"
    assert value_rows(report_engine, count.format(both)) == [(str(len(stated | inferred)),)]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT ?initiative ?who { ?initiative bso:targets ?who }",
        "SELECT ?c (COUNT(DISTINCT ?s) AS ?n) { ?s a ?c } GROUP BY ?c",
        "SELECT ?st ?label { ?st bso:about ?issue . ?issue skos:prefLabel ?label FILTER(LANG(?label) = 'nn') }",
        "SELECT ?s { ?s a bso:Initiative MINUS { ?s bso:fundedBy ?payer } }",
        "SELECT ?c ?up { ?c rdfs:subClassOf+ ?up FILTER(ISIRI(?up)) }",
        "SELECT ?s ?t { ?s a bso:Stance OPTIONAL { ?s bso:holder ?t } }",
        "SELECT ?year { ?s bso:year ?year FILTER(?year >= 2016) }",
    ],
)
def test_rows_are_those_of_another_engine(report_engine: Engine, report_graph: Graph, query: str) -> None:
    prologue = (
        "PREFIX bso: <https://w3id.org/bustadgraf/ont#> PREFIX skos: <http://www.w3.org/2004/02/skos/core#> "
        "PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> "
    )
    expected = report_graph.query(prologue + query)
    names = [str(name) for name in expected.vars or ()]
    theirs = Counter(tuple(None if cell is None else str(cell) for cell in row) for row in expected)
    found = report_engine.select(prologue + query)
    ours = Counter(tuple(row[name].value if name in row else None for name in names) for row in found)
    assert theirs
    assert ours == theirs


# -- formats -------------------------------------------------------------------------------------


def test_a_graph_comes_sorted_with_only_the_prefixes_it_uses(report_engine: Engine) -> None:
    query = f"CONSTRUCT {{ <{B}id/place/bergen> ?p ?o }} WHERE {{ <{B}id/place/bergen> ?p ?o }}"
    first, second = (b"".join(report_engine.query(query).chunks) for _ in range(2))
    assert first == second
    assert b"place:bergen a " in first
    assert b"@prefix initiative:" not in first
    assert len(Graph().parse(data=first, format="turtle")) == len(
        report_engine.select(f"SELECT * {{ <{B}id/place/bergen> ?p ?o }}")
    )


@pytest.mark.parametrize(
    ("name", "parser"), [("ttl", "turtle"), ("nt", "nt"), ("jsonld", "json-ld"), ("rdfxml", "xml")]
)
def test_graph_formats_all_say_the_same(small: Engine, name: str, parser: str) -> None:
    answer = small.query(X + "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }", accept=media_type_of(name))
    assert answer.kind == "graph"
    read = Graph().parse(data=b"".join(answer.chunks), format=parser)
    assert len(read) == 5
    assert "Åsane" in {str(value) for value in read.objects()}


def test_a_format_that_the_answer_cannot_take_is_wrong_use(small: Engine) -> None:
    with pytest.raises(InputError, match="json, xml, csv, tsv"):
        small.query("SELECT * { ?s ?p ?o }", accept="text/turtle")
    with pytest.raises(InputError, match="docx"):
        media_type_of("docx")


# -- what is refused -----------------------------------------------------------------------------

SERVICE_CALLS = [
    "SELECT * { SERVICE <http://127.0.0.1:{port}/> { ?s ?p ?o } }",
    "SELECT * { { OPTIONAL { { service silent <http://127.0.0.1:{port}/> { ?s ?p ?o } } } } }",
    "SELECT * { FILTER EXISTS { SERVICE ?e { ?s ?p ?o } } }",
    "SELECT * { # a comment\n SERVICE # another\n <http://127.0.0.1:{port}/> # {{\n { ?s ?p ?o } }",
    "SELECT * { { SELECT ?s { SERVICE <http://127.0.0.1:{port}/> { ?s ?p ?o } } } }",
    "PREFIX x: <http://127.0.0.1:{port}/> SELECT * { SERVICEx:y { ?s ?p ?o } }",
    "PREFIX x: <http://127.0.0.1:{port}/> SELECT * { SERVICESILENTx:y { ?s ?p ?o } }",
    "PREFIX : <http://127.0.0.1:{port}/> SELECT * { SERVICE:y { ?s ?p ?o } }",
    "SELECT * { ?a ?b ?c FILTER(?a<?b)SERVICE#>\n<http://127.0.0.1:{port}/> { ?s ?p ?o } }",
    'SELECT * { ?a ?b ?c FILTER(?a<?b)#>"""\n SERVICE <http://127.0.0.1:{port}/> { ?s ?p ?o } }#"""',
    "SELECT * { ?a ?b trueSERVICE <http://127.0.0.1:{port}/> { ?s ?p ?o } }",
    "SELECT * { ?a ?b 1SERVICE <http://127.0.0.1:{port}/> { ?s ?p ?o } }",
    'SELECT * { ?a ?b "x"@nnSERVICE . SERVICE <http://127.0.0.1:{port}/> { ?s ?p ?o } }',
]


@contextlib.contextmanager
def listening() -> Iterator[tuple[int, list[str]]]:
    """A server that notes who calls it."""
    calls: list[str] = []

    class Noted(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            calls.append(self.path)
            self.send_error(500)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Noted)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1], calls
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("query", SERVICE_CALLS)
def test_service_is_refused_and_nothing_is_fetched(small: Engine, query: str) -> None:
    with listening() as (port, calls):
        with pytest.raises(QueryForbidden, match="SERVICE"):
            small.query(query.replace("{port}", str(port)), deadline_s=5)
        assert calls == []


def test_even_a_call_that_slips_past_the_guard_reaches_nothing(small: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kg.engine.guard._calls_service", lambda _text: False)
    with listening() as (port, calls):
        with pytest.raises(QueryForbidden):
            small.select(f"SELECT * {{ SERVICE <http://127.0.0.1:{port}/> {{ ?s ?p ?o }} }}")
        assert small.select(f"SELECT * {{ SERVICE SILENT <http://127.0.0.1:{port}/> {{ ?s ?p ?o }} }}") == [{}]
        assert calls == []


@pytest.mark.parametrize(
    "query",
    [
        'SELECT * { ?s ?p "SERVICE <http://x.example/> { ?a ?b ?c }" }',
        "SELECT * { ?s ?p '''it's a SERVICE <http://x.example/> {''' }",
        "SELECT * { ?s ?p ?o } # SERVICE <http://x.example/> { ?a ?b ?c }",
        "SELECT ?service ?x { ?service ?p ?x }",
        "SELECT * { ?s <http://x.example/service> ?o . GRAPH <http://x.example/service#> { ?a ?b ?c } }",
        "PREFIX service: <http://x.example/> SELECT * { ?s a service:thing . GRAPH service:g { ?a ?b ?c } }",
        'SELECT * { ?s ?p "x"@service }',
        "SELECT * { _:service ?p ?o }",
        "SELECT * { ?s ?p ?o FILTER(?s<?o && ?o>?s) FILTER(STR(?s) != 'SERVICE') }",
        "ASK { ?s ?p ?o FILTER(CONTAINS(STR(?o), 'from')) }",
    ],
)
def test_the_word_service_is_allowed_where_it_calls_nothing(small: Engine, query: str) -> None:
    small.query(query)


@pytest.mark.parametrize(
    "update",
    [
        "INSERT DATA { <http://x.example/a> <http://x.example/p> 1 }",
        X + "DELETE WHERE { :a :p ?o }",
        "LOAD <file:///etc/passwd>",
        "DROP ALL",
        "# SELECT\nCLEAR DEFAULT",
        "BASE <http://x.example/> WITH <g1> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
    ],
)
def test_updates_are_refused(small: Engine, update: str) -> None:
    with pytest.raises(QueryForbidden, match="read-only"):
        small.query(update)
    assert small.triples() == len(small.select("SELECT * { ?s ?p ?o }"))


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM <file:///etc/passwd> { ?s ?p ?o }",
        "SELECT * FROM NAMED <FILE:///etc/passwd> { GRAPH ?g { ?s ?p ?o } }",
        "PREFIX f: <file:///etc/> SELECT * FROM f:passwd { ?s ?p ?o }",
        "BASE <file:///etc/> SELECT * FROM <passwd> { ?s ?p ?o }",
        "SELECT * FROM <\\u0066ile:///etc/passwd> { ?s ?p ?o }",
    ],
)
def test_files_are_refused(small: Engine, query: str) -> None:
    with pytest.raises(QueryForbidden, match="Files"):
        small.query(query)
    with pytest.raises(QueryForbidden, match="Files"):
        small.query("ASK {}", default_graphs=["file:///etc/passwd"])


FAULTS = [
    ("SELECT * {\n ?s ?p x:o }", 2, 8, "prefix x: is not declared"),
    ("SELECT *\nFROM <http://x.example/g1>\n{ ) }", 3, 3, "closes nothing"),
    ("ASK {\r\n  ?s ?p 'æøå' .\r\n  FILTR(?s) }", 3, 3, "'FILTR' is no word of SPARQL. Did you mean FILTER?"),
    ("ASK { ?s ?p ?o ", 1, 5, "never closed"),
    ('ASK { ?s ?p "x }', 1, 13, "string is never closed"),
    ("SELECT * { ?s ?p ?o } GROUP BY ?s", 1, 34, "GROUP BY"),
]


@pytest.mark.parametrize(("query", "line", "column", "words"), FAULTS)
def test_syntax_errors_say_where_and_what(small: Engine, query: str, line: int, column: int, words: str) -> None:
    with pytest.raises(QuerySyntaxError) as error:
        small.query(query)
    assert (error.value.line, error.value.column) == (line, column)
    assert words in str(error.value)
    assert f"Line {line}, column {column}: " in str(error.value)


def test_whatever_is_no_query_is_a_syntax_error(small: Engine) -> None:
    for text in ("", "hello", "SELECT", "SELECT * { ?s ?p ", '"""', "\x00", "SELECT * { ?s ?p '\ud800' }"):
        with pytest.raises(QuerySyntaxError):
            small.query(text)


def test_a_million_characters_of_anything_are_read_in_one_go() -> None:
    for text in ("<" * 1_000_000, '"""a' * 250_000, "SERVICE<a" * 110_000, "FROM <a> " * 110_000, "a:" * 500_000):
        with contextlib.suppress(QueryForbidden):
            guard("SELECT * { " + text)


def test_the_kind_of_a_query_is_known_before_it_runs() -> None:
    assert kind_of("PREFIX select: <http://x.example/> # ASK\nCONSTRUCT WHERE { ?s ?p ?o }") == "graph"
    assert kind_of("ASK {}") == "boolean"
    assert kind_of("not a query") is None


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ('SELECT (GROUP_CONCAT(?x) AS ?y) { VALUES ?x { "a"@nn "b"@nn } }', Cell("literal", "a b")),
        (
            'SELECT (UCASE(group_concat(DISTINCT ?x ; SEPARATOR = ")")) AS ?y) { VALUES ?x { "a"@nn "b"@nn } }',
            Cell("literal", "A)B"),
        ),
        ("SELECT ?y { { SELECT (SUM(?n) AS ?y) { { SELECT (COUNT(*) AS ?n) {} } } } }", integer("1")),
        ("SELECT ?y { BIND(IF(TRUE && !False, 'TRUE', 'false') AS ?y) }", Cell("literal", "TRUE")),
    ],
)
def test_what_the_engine_reads_otherwise_is_put_right(small: Engine, query: str, value: Cell) -> None:
    assert small.select(query) == [{"y": value}]


@pytest.mark.parametrize(
    ("query", "line", "column"),
    [
        ("SELECT\n  (MAX(1 + COUNT(?s)) AS ?n) { ?s ?p ?o }", 2, 12),
        ("SELECT * { BIND(<<( 'a' <urn:p> 1 )>> AS ?t) }", 1, 21),
        ("SELECT (GROUP_CONCAT(?x) AS ?y) { FILTER(TRUE) FILTR(?x) }", 1, 48),
    ],
)
def test_what_the_engine_takes_although_it_is_no_sparql_is_refused(
    small: Engine, query: str, line: int, column: int
) -> None:
    with pytest.raises(QuerySyntaxError) as error:
        small.query(query)
    assert (error.value.line, error.value.column) == (line, column)


def test_a_function_that_nobody_knows_is_named(small: Engine) -> None:
    with pytest.raises(UnknownFunction, match=r"<http://x\.example/f>"):
        small.query(X + "SELECT (:f(1) AS ?y) {}")


# -- limits --------------------------------------------------------------------------------------


def test_a_runaway_ends_with_its_limit_while_others_are_answered(report_engine: Engine) -> None:
    ended: list[Exception] = []

    def run_away() -> None:
        try:
            report_engine.query(HEAVY, deadline_s=1, purpose="endpoint")
        except DeadlineExceeded as error:
            ended.append(error)

    runaways = [threading.Thread(target=run_away) for _ in range(4)]
    for thread in runaways:
        thread.start()
    answered = 0
    while any(thread.is_alive() for thread in runaways):
        assert report_engine.ask("ASK { ?s ?p ?o }")
        answered += 1
    assert answered > 10
    assert [getattr(error, "limit_s", None) for error in ended] == [1, 1, 1, 1]
    assert "1 seconds" in str(ended[0])
    assert b"".join(report_engine.query("ASK {}", purpose="endpoint").chunks)


def test_a_memory_bomb_ends_with_its_limit(report_snapshot: Snapshot) -> None:
    engine = open_engine(report_snapshot, Limits(memory_mb=256))
    try:
        with pytest.raises(MemoryExceeded, match="256 MB") as error:
            engine.query(GREEDY, deadline_s=60)
        assert error.value.limit_mb == 256
        assert engine.ask("ASK { ?s ?p ?o }")
    finally:
        engine.close()


def test_a_query_too_deep_for_the_stack_takes_only_its_worker(small: Engine) -> None:
    with pytest.raises(MemoryExceeded):
        small.query("SELECT * { BIND(1" + "+1" * 100_000 + " AS ?x) }")
    assert small.ask("ASK {}")


def test_a_large_answer_is_refused_whole(report_snapshot: Snapshot) -> None:
    engine = open_engine(report_snapshot, Limits(answer_mb=1))
    try:
        with pytest.raises(AnswerTooLarge, match="1 MB"):
            engine.query(LONG)
        assert engine.ask("ASK { ?s ?p ?o }")
    finally:
        engine.close()


def test_a_full_queue_is_told_at_once_and_empties_again(trig: Path) -> None:
    limits = Limits(workers={"page": 1, "endpoint": 1}, waiting={"page": 1, "endpoint": 0})
    engine = open_files([trig], limits)
    slow = "SELECT (COUNT(*) AS ?n) {" + "".join(f" VALUES ?x{i} {{ {'1 ' * 99} }}" for i in range(9)) + "}"
    ended: list[Exception] = []

    def run_away() -> None:
        try:
            engine.query(slow, deadline_s=2, purpose="endpoint")
        except DeadlineExceeded as error:
            ended.append(error)

    try:
        runaway = threading.Thread(target=run_away)
        runaway.start()
        refused = None
        while runaway.is_alive() and refused is None:
            try:
                engine.query("ASK {}", purpose="endpoint")
            except EngineUnavailable as error:
                refused = error
        assert engine.ask("ASK {}"), "pages have workers of their own"
        runaway.join()
        assert "waiting" in str(refused)
        assert len(ended) == 1
        engine.query("ASK {}", purpose="endpoint")
    finally:
        engine.close()


def test_an_answer_nobody_reads_holds_no_worker(small: Engine) -> None:
    kept = [small.query("SELECT * { ?s ?p ?o }") for _ in range(20)]
    assert small.ask("ASK {}")
    assert all(b"bindings" in next(answer.chunks) for answer in kept)


# -- processes -----------------------------------------------------------------------------------

CHILD = """
import sys, threading
from pathlib import Path
from kg.engine import open_files
engine = open_files([Path(sys.argv[1])])
engine.ask("ASK {}")
slow = "SELECT (COUNT(*) AS ?n) {" + "".join(" VALUES ?x%d { %s }" % (i, "1 " * 99) for i in range(9)) + "}"
threading.Thread(target=engine.query, args=(slow,), kwargs={"deadline_s": 60}, daemon=True).start()
engine.ask("ASK {}")
print("ready", flush=True)
threading.Event().wait()
"""


def descendants(pid: int) -> set[int]:
    """Every process under *pid*, as the kernel lists them."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found, todo = set(), [pid]
    while todo:
        for child in children.get(todo.pop(), []):
            found.add(child)
            todo.append(child)
    return found


def alive(pids: Sequence[int] | set[int]) -> set[int]:
    """Those of *pids* that still run (a zombie does not)."""
    running = set()
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state != "Z":
            running.add(pid)
    return running


def eventually(condition: Callable[[], bool]) -> bool:
    for _ in range(400):
        if condition():
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_process_outlives_the_server_however_it_ends(trig: Path, end: signal.Signals) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(trig)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        preexec_fn=heeding_interruption,
    )
    assert parent.stdout
    assert parent.stdout.readline() == "ready\n"
    below = descendants(parent.pid)
    assert len(below) >= 3, "the process with the data, a busy worker and an idle one"
    parent.send_signal(end)
    parent.wait(20)
    parent.stdout.close()
    assert eventually(lambda: not alive(below)), alive(below)


def test_close_ends_every_process_and_a_closed_engine_says_so(trig: Path) -> None:
    before = descendants(os.getpid())
    engine = open_files([trig])
    engine.ask("ASK {}")
    started = descendants(os.getpid()) - before
    assert len(started) == 2
    engine.close()
    engine.close()
    assert not alive(started)
    with pytest.raises(EngineUnavailable):
        engine.ask("ASK {}")


def test_workers_and_the_process_with_the_data_are_replaced_when_they_die(trig: Path) -> None:
    before = descendants(os.getpid())
    engine = open_files([trig])
    try:
        assert engine.ask("ASK {}")
        home = min(descendants(os.getpid()) - before)
        worker = max(descendants(home))
        os.kill(worker, signal.SIGKILL)
        assert eventually(lambda: not alive({worker}))
        assert engine.ask("ASK {}")
        os.kill(home, signal.SIGKILL)
        assert eventually(lambda: not alive({home}))
        assert engine.ask("ASK { ?s ?p ?o }")
        assert engine.triples() == 5
    finally:
        engine.close()


def test_a_worker_ended_from_outside_costs_nobody_an_answer_and_is_not_called_greedy(trig: Path) -> None:
    before = descendants(os.getpid())
    engine = open_files([trig], Limits(workers={"page": 1, "endpoint": 1}))
    slow = "SELECT (COUNT(*) AS ?n) {" + "".join(f" VALUES ?x{i} {{ {'1 ' * 60} }}" for i in range(4)) + "}"
    found: list[object] = []

    def count() -> None:
        try:
            found.append(engine.select(slow, deadline_s=60)[0]["n"].value)
        except QueryError as error:
            found.append(error)

    try:
        assert engine.ask("ASK {}")
        home = min(descendants(os.getpid()) - before)
        asking = threading.Thread(target=count)
        asking.start()
        worker = next(iter(descendants(home)))
        assert eventually(lambda: cpu_ticks(worker) > 10), "it is counting"
        os.kill(worker, signal.SIGKILL)
        asking.join()
        assert found == [str(60**4)]
    finally:
        engine.close()


def cpu_ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11])


# -- a remote service ----------------------------------------------------------------------------


def test_a_remote_service_answers_through_the_same_interface(server: str, report_engine: Engine) -> None:
    remote = RemoteEngine(f"{server}/sparql")
    query = "SELECT ?s { ?s a <https://w3id.org/bustadgraf/ont#Initiative> } ORDER BY ?s"
    assert remote.select(query) == report_engine.select(query) != []
    assert remote.ask("ASK { ?s ?p ?o }")
    assert remote.triples() == report_engine.triples()
    assert remote.graphs() == report_engine.graphs()
    turtle = b"".join(remote.query("CONSTRUCT WHERE { ?s ?p ?o } LIMIT 5").chunks)
    assert len(Graph().parse(data=turtle, format="turtle")) > 0
    with pytest.raises(QuerySyntaxError):
        remote.query("SELECT nonsense")
    with pytest.raises(QueryForbidden):
        remote.query("DROP ALL")


def test_a_remote_service_that_fails_is_told_apart() -> None:
    with pytest.raises(InputError, match="http"):
        RemoteEngine("file:///etc/passwd")
    with listening() as (port, _), pytest.raises(EngineUnavailable, match="500"):
        RemoteEngine(f"http://127.0.0.1:{port}/").ask("ASK {}")
    with pytest.raises(EngineUnavailable, match="does not answer"):
        RemoteEngine(f"http://127.0.0.1:{port}/").ask("ASK {}")


class _Slow(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            for _ in range(2000):
                self.wfile.write(b" " * (64 * 1024))
                time.sleep(0.01)
        except OSError:
            return

    def log_message(self, *_: object) -> None: ...


def test_a_remote_service_is_held_to_time_and_size() -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Slow)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}/"
    try:
        with pytest.raises(DeadlineExceeded, match="1 seconds"):
            RemoteEngine(url, deadline_s=1).ask("ASK {}")
        with pytest.raises(AnswerTooLarge, match="1 MB"):
            RemoteEngine(url, answer_mb=1).ask("ASK {}")
    finally:
        server.shutdown()
        server.server_close()
