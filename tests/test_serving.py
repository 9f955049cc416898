"""The server as a whole: its processes, what they share, and the short way of a plain query, which changes nothing."""

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from conftest import ROOT, heeding_interruption
from flask import Flask

from kg.engine import Engine, open_files
from web import shortcut, traffic
from web.app import create_app
from web.publication import Publication
from web.shortcut import Asking, Memory, Reply, Shortcut
from web.traffic import Allowance, traffic_of

TRIPLE = "<http://a/s> <http://a/p> <http://a/o> .\n"
FORM = "application/x-www-form-urlencoded"
RUNAWAY = "SELECT (COUNT(*) AS ?n) {" + "".join(f" VALUES ?x{i} {{ {'1 ' * 99} }}" for i in range(9)) + "}"


@dataclass(frozen=True)
class Running:
    """A server that `bustadgraf serve` runs."""

    process: "subprocess.Popen[str]"
    host: str

    def get(self, path: str, **headers: str) -> tuple[int, bytes]:
        """Ask over a connection of its own, which any process may take."""
        connection = http.client.HTTPConnection(self.host, timeout=60)
        with contextlib.closing(connection):
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def figures(self) -> dict[str, float]:
        """What /metrics tells."""
        lines = self.get("/metrics")[1].decode().splitlines()
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line[0] != "#")}


def below(pid: int) -> dict[int, str]:
    """All processes that *pid* started, and theirs, with what they run."""
    told = subprocess.run(["ps", "-e", "-o", "pid=,ppid=,stat=,args="], capture_output=True, text=True, check=True)
    rows = [line.split(None, 3) for line in told.stdout.splitlines()]
    found: dict[int, str] = {}
    new = {pid}
    while new:
        born = {int(row[0]): row[3] for row in rows if int(row[1]) in new and not row[2].startswith("Z")}
        found |= born
        new = set(born)
    return found


def answering(running: Running) -> set[int]:
    """The processes that answer requests."""
    return {pid for pid, args in below(running.process.pid).items() if "kg.engine.worker" not in args}


def until(met: Callable[[], bool]) -> None:
    """Wait for something that will come to pass."""
    for _ in range(1200):
        if met():
            return
        time.sleep(0.05)
    raise AssertionError("it never came to pass")


@pytest.fixture
def running(report_out: Path) -> Iterator[Running]:
    command = [sys.executable, "-m", "kg.cli", "serve", "--port", "0", "--log", "none", "--snapshot", str(report_out)]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        preexec_fn=heeding_interruption,
    )
    assert process.stdout
    assert process.stderr
    found = re.search(r"Listening on http://(\S+?)/?\s", process.stdout.readline())
    assert found
    try:
        yield Running(process, found[1])
    finally:
        process.kill()
        process.wait(30)
        process.stdout.close()
        process.stderr.close()


def test_several_processes_answer_and_tell_their_figures_together(running: Running) -> None:
    assert len(answering(running)) == 2
    for number in range(40):
        assert running.get(f"/sparql?query={quote(f'ASK {{}} # {number % 10}')}")[0] == 200
    assert running.figures()['bustadgraf_requests_total{address="/sparql",status="200"}'] == 40
    assert running.figures()['bustadgraf_request_seconds_count{address="/sparql"}'] == 40
    assert sum("kg.engine.worker" in args for args in below(running.process.pid).values()) >= 1


def test_a_process_that_dies_is_replaced_and_what_it_answered_stays_counted(running: Running) -> None:
    before = answering(running)
    for _ in range(10):
        assert running.get("/health")[0] == 200
    os.kill(min(before), signal.SIGKILL)
    until(lambda: len(answering(running) - before) == 1)
    for _ in range(10):
        assert running.get("/sparql?query=ASK%7B%7D")[0] == 200
    assert running.figures()['bustadgraf_requests_total{address="/health",status="200"}'] == 10


def test_the_data_are_held_once_and_read_again_where_their_process_dies(running: Running) -> None:
    def holding() -> set[int]:
        found = below(running.process.pid)
        children = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(running.process.pid)], capture_output=True, text=True, check=True
        )
        return {pid for pid in map(int, children.stdout.split()) if "kg.engine.worker" in found.get(pid, "")}

    (held,) = holding()
    for number in range(20):
        assert running.get(f"/sparql?query={quote(f'ASK {{}} # {number}')}")[0] == 200
    os.kill(held, signal.SIGKILL)
    for number in range(20, 40):
        assert running.get(f"/sparql?query={quote(f'ASK {{}} # {number}')}")[0] == 200
    assert len(holding() - {held}) == 1


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_when_the_server_is_ended_in_the_middle_of_a_query(
    running: Running, end: signal.Signals
) -> None:
    connection = http.client.HTTPConnection(running.host, timeout=60)
    connection.request("GET", "/sparql?query=" + quote(RUNAWAY))
    until(lambda: running.figures()['bustadgraf_queries{purpose="endpoint",state="running"}'] == 1)
    started = set(below(running.process.pid))
    assert len(started) >= 4
    running.process.send_signal(end)
    assert running.process.wait(60) == (-end if end == signal.SIGKILL else 0)
    connection.close()
    until(lambda: not any(Path(f"/proc/{pid}").exists() and _lives(pid) for pid in started))


def _lives(pid: int) -> bool:
    told = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(told.stdout.strip()) and not told.stdout.startswith("Z")


def test_data_that_cannot_be_read_again_end_nothing_and_are_lent_once_they_can(tmp_path: Path) -> None:
    data, before = tmp_path / "data.nt", set(below(os.getpid()))
    data.write_text(TRIPLE, encoding="utf-8")
    lending, borrowing = socket.socketpair()
    with lending, borrowing, contextlib.closing(open_files([data])) as engine:
        data.unlink()
        holder = next(pid for pid, args in below(os.getpid()).items() if pid not in before and "worker" in args)
        os.kill(holder, signal.SIGKILL)
        assert lent(engine, lending, borrowing) == 0
        data.write_text(TRIPLE, encoding="utf-8")
        assert lent(engine, lending, borrowing) == 1


def lent(engine: Engine, lending: socket.socket, borrowing: socket.socket) -> int:
    """How many connections to the data one gets who asks for one."""
    borrowing.sendall(b"?")
    engine.lend(lending)
    descriptors = socket.recv_fds(borrowing, 1, 1)[1]
    for each in descriptors:
        os.close(each)
    return len(descriptors)


def test_what_one_client_may_ask_holds_over_all_processes(running: Running) -> None:
    connections = [http.client.HTTPConnection(running.host, timeout=60) for _ in range(8)]
    for connection in connections:
        connection.request("GET", "/sparql?query=" + quote(RUNAWAY))
    statuses = [connection.getresponse().status for connection in connections]
    assert sorted(statuses) == [429] * 5 + [503] * 3


# -- the short way -------------------------------------------------------------------------------

SELECT = "SELECT ?s ?p ?o { ?s ?p ?o } ORDER BY ?s ?p ?o LIMIT 3"
LONG = "SELECT ?s ?p ?o { ?s ?p ?o } ORDER BY ?s ?p ?o LIMIT 40"
LARGE = "SELECT ?s ?p ?o { ?s ?p ?o } ORDER BY ?s ?p ?o LIMIT 900"
CONSTRUCT = "CONSTRUCT { ?s a ?o } { ?s a ?o } ORDER BY ?s ?o LIMIT 20"


Request = tuple[str, str, bytes, dict[str, str]]


def got(query: str, more: str = "", **headers: str) -> Request:
    """A request for *query*; in the names of *headers* a hyphen is written as a low line."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return "GET", f"/sparql?query={quote(query)}{more}", b"", given


REQUESTS: dict[str, Request] = {
    "plain": got(SELECT),
    "head": ("HEAD", *got(LONG)[1:]),
    "ask": got("ASK { ?s ?p ?o }", Accept="text/csv, application/sparql-results+xml;q=0.5"),
    "csv": got(SELECT, Accept="text/csv"),
    "tsv by name": got(SELECT, "&format=tsv", Accept="text/csv"),
    "xml squeezed": got(LONG, Accept="application/sparql-results+xml", Accept_Encoding="gzip"),
    "squeezed as the client likes": got(LONG, Accept_Encoding="gzip;q=0.5, br"),
    "too large to keep": got(LARGE, Accept_Encoding="gzip"),
    "graph": got(CONSTRUCT),
    "graph as RDF/XML": got(CONSTRUCT, Accept="application/rdf+xml"),
    "another each time": got("ASK { FILTER(RAND() >= 0) }"),
    "a graph": got(SELECT, "&default-graph-uri=https%3A%2F%2Fw3id.org%2Fbustadgraf%2Fgraph%2Fasserted"),
    "an unknown graph": got(SELECT, "&default-graph-uri=urn:x:none"),
    "two of a kind": got(SELECT, "&query=ASK%7B%7D"),
    "an unknown format": got(SELECT, "&format=xlsx"),
    "an Accept that fits nothing": got(SELECT, Accept="image/png"),
    "a mistake": got("SELECT nonsense", Accept_Language="en"),
    "in another language": got("SELECT nonsense", "&lang=nb"),
    "an update": got("DROP ALL"),
    "no query": ("GET", "/sparql", b"", {}),
    "an old version": got(SELECT, "&v=none"),
    "a form": ("POST", "/sparql", urlencode({"query": SELECT}).encode(), {"Content-Type": FORM}),
    "a body": ("POST", "/sparql?format=csv", SELECT.encode(), {"Content-Type": "application/sparql-query"}),
    "a body in words": ("POST", "/sparql", b"ASK {}", {"Content-Type": "text/plain"}),
    "no UTF-8": ("POST", "/sparql", b"ASK \xff", {"Content-Type": "application/sparql-query"}),
    "an odd host": got(SELECT, Host='evil"><'),
    "another port": got(SELECT, Host="example.org:8080"),
    "held": got(SELECT, If_None_Match='"TAG"'),
    "held squeezed": got(LONG, If_None_Match='W/"TAG-gzip", "x"', Accept_Encoding="gzip"),
    "held but old": got(SELECT, If_None_Match='"old"'),
    "held whatever": got(SELECT, If_None_Match="*"),
}


def answer(app: Flask, request: Request, tag: str = "") -> tuple[str, list[tuple[str, str]], bytes]:
    """Status, headers and bytes that an application gives."""
    method, path, body, headers = request
    given = {name: value.replace("TAG", tag) for name, value in headers.items()}
    with app.test_client().open(path, method=method, data=body, headers=given, buffered=False) as response:
        return response.status, sorted(response.headers), response.data


@pytest.mark.parametrize("name", REQUESTS)
def test_the_short_way_gives_the_same_bytes_as_the_long_one_the_first_time_and_after(
    report_publication: Publication, name: str
) -> None:
    long, short = create_app(report_publication), create_app(report_publication)
    assert isinstance(long.wsgi_app, Shortcut)
    long.wsgi_app = long.wsgi_app.inner  # type: ignore[method-assign]
    request = REQUESTS[name]
    without = (*request[:3], {key: value for key, value in request[3].items() if key != "If-None-Match"})
    tag = dict(answer(long, without)[1]).get("ETag", "").strip('"').partition("-")[0]
    expected = answer(long, request, tag)
    assert answer(short, request, tag) == expected
    assert answer(short, request, tag) == expected
    assert expected[0].startswith("304") == (name in ("held", "held squeezed"))


def test_an_answer_that_is_kept_asks_the_engine_no_more_and_is_counted_and_limited_all_the_same(
    report_publication: Publication, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(report_publication, Allowance(queries=1))
    path = "/sparql?query=" + quote(SELECT)
    first = app.test_client().get(path)
    monkeypatch.setattr(report_publication.engine, "query", None)
    assert app.test_client().get(path).data == first.data
    assert app.test_client().get(path).headers == first.headers
    visit = traffic.Visit(traffic.traffic_of(app), "127.0.0.1")
    assert visit.may("query")
    assert app.test_client().get(path).status_code == 429
    assert app.test_client().get(path, environ_overrides={"REMOTE_ADDR": "127.0.0.2"}).status_code == 200
    visit.leave()
    assert app.test_client().get(path).status_code == 200
    told = app.test_client().get("/metrics").text
    assert 'bustadgraf_requests_total{address="/sparql",status="200"} 5.0' in told
    assert 'bustadgraf_requests_total{address="/sparql",status="429"} 1.0' in told
    assert 'bustadgraf_refusals_total{reason="client"} 1.0' in told


def test_over_a_real_connection_a_kept_answer_has_the_same_bytes_but_for_its_date(server: str) -> None:
    host = server.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=60)
    path = f"/sparql?query={quote(LONG)}%20%23{os.getpid()}"
    answers = []
    for _ in range(3):  # over one connection, which one process answers
        connection.request("GET", path, headers={"Accept": "text/csv", "Accept-Encoding": "gzip"})
        response = connection.getresponse()
        answers.append(([each for each in response.getheaders() if each[0] != "Date"], response.read()))
    connection.close()
    assert answers[0] == answers[1] == answers[2]


def test_no_more_is_kept_than_there_is_room_for_and_what_was_asked_for_last_stays() -> None:
    memory = Memory(most=100_000)
    asked = [Asking("GET", f"query={number}", "", "", "") for number in range(1000)]
    for each in asked:
        memory.keep(each, Reply("200 OK", [], b"x" * 1000))
        assert memory.find(asked[0])
    kept = [each for each in asked if memory.find(each)]
    assert len(kept) * (1000 + shortcut.AROUND) <= 100_000
    assert asked[0] in kept
    assert asked[-1] in kept
    assert len(kept) > 40


def test_every_reason_of_a_refusal_has_its_place_in_the_figures() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "web").glob("*.py")]
    told = {reason for text in texts for reason in re.findall(r'\breason="([^"]+)"', text)}
    assert told
    assert told <= set(traffic.REASONS)


def test_a_refused_client_is_not_let_in_on_second_thought(report_publication: Publication) -> None:
    """What the short way refused stays refused: the thread that reads connections may not wait for an answer."""
    app = create_app(report_publication, Allowance(queries=1))
    traffic = traffic_of(app)
    place = traffic.enter("127.0.0.1", "query")
    assert place is not None
    asked = traffic.enter

    def freed_meanwhile(client: str, kind: str) -> int | None:
        found = asked(client, kind)
        if found is None:
            traffic.leave(place)
        return found

    traffic.enter = freed_meanwhile  # type: ignore[method-assign]
    assert app.test_client().get("/sparql", query_string={"query": "ASK {}"}).status_code == 429
