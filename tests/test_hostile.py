"""Those who mean harm: each tries its worst on a real server, while somebody else keeps getting answers."""

import contextlib
import http.client
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from conftest import ROOT

FORM = "application/x-www-form-urlencoded"
VISITOR = "127.0.0.2"  # who else asks, from an address of its own
COUNT = "SELECT (COUNT(*) AS ?n) {" + "".join(f" VALUES ?x{i} {{ {'1 ' * 99} }}" for i in range(9)) + "}"


SERVER = """
import sys
from pathlib import Path
from kg.engine import Limits, open_files
from kg.terms import Terms
from web.publication import Publication
from web.server import Place, serve
from web.traffic import Allowance
engine = open_files([Path(sys.argv[1])], Limits(deadline_s=1, memory_mb=256, answer_mb=8))
serve(Publication(engine, Terms()), Place("127.0.0.1", 0), Allowance(log="none"), 2, lambda url: print(url, flush=True))
"""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a server of two processes with tight limits on a text of a thousand letters."""
    data = tmp_path_factory.mktemp("hostile") / "data.ttl"
    data.write_text(f'<urn:x:a> <urn:x:b> "{"a" * 1000}!" .', encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, str(data)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as run:
        assert run.stdout
        yield int(run.stdout.readline().rpartition(":")[2])
        run.terminate()
        run.wait(30)


@contextlib.contextmanager
def visited(port: int) -> Iterator[list[int]]:
    """Somebody asks on and on from elsewhere; every answer must be 200, and there must be some."""
    statuses: list[int] = []
    over = threading.Event()

    def visit() -> None:
        while not over.is_set() or len(statuses) < 10:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30, source_address=(VISITOR, 0))
            connection.request("GET", "/sparql?query=ASK%7B%7D")
            statuses.append(connection.getresponse().status)
            connection.close()

    visitor = threading.Thread(target=visit)
    visitor.start()
    try:
        yield statuses
    finally:
        over.set()
        visitor.join(60)
        assert len(statuses) >= 10
        assert set(statuses) == {200}


def ask(port: int, query: str, **headers: str) -> tuple[int, dict[str, object], http.client.HTTPResponse]:
    """Post a query; return status, the answer read as JSON, and the whole response."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", "/sparql", urlencode({"query": query}), {"Content-Type": FORM, **headers})
    answer = connection.getresponse()
    told = json.loads(answer.read())
    connection.close()
    return answer.status, told, answer


def raw(port: int, request: bytes) -> bytes:
    """Send bytes as they are, and take what comes until the server hangs up."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        with contextlib.suppress(ConnectionError):
            while part := connection.recv(65536):
                answer += part
        return answer


# -- queries -------------------------------------------------------------------------------------

BOMBS = {
    "time": (COUNT, "deadline"),
    "memory": ("SELECT * {" + COUNT[24:-1] + "} ORDER BY ?x1", "memory"),
    "a doubling text": (
        "SELECT (STRLEN(?x60) AS ?n) { VALUES ?x0 { 'aaaaaaaa' }"
        + "".join(f" BIND(CONCAT(?x{i},?x{i}) AS ?x{i + 1})" for i in range(60))
        + "}",
        "memory",
    ),
    "deep sums": ("SELECT * { BIND(1" + "+1" * 100_000 + " AS ?x) }", "memory"),
    "deep brackets": ("SELECT * { BIND(" + "(" * 50_000 + "1" + ")" * 50_000 + " AS ?x) }", "memory"),
    "deep groups": ("SELECT * " + "{" * 50_000 + "}" * 50_000, "memory"),
    "deep negation": ("ASK { FILTER(" + "!" * 100_000 + "true) }", "memory"),
    "deep paths": ("ASK { ?s " + "(" * 20_000 + "<urn:x:b>" + ")*" * 20_000 + " ?o }", "memory"),
    "deep lists": ("ASK { ?s ?p " + "(" * 50_000 + ")" * 50_000 + " }", "memory"),
    "a large pattern": ("ASK { FILTER(REGEX('a', '((((a{999}){999}){999}){999})')) }", None),
    "a slow pattern": ("SELECT * { ?s ?p ?o FILTER(REGEX(?o, '^(a+)+$') || REGEX(?o, '(a|aa)+$')) }", None),
    "a long pattern": ("ASK { ?s ?p ?o FILTER(REGEX(?o, '" + "(a?)" * 20_000 + "')) }", None),
    "a large answer": ("SELECT * {" + " VALUES ?a { " + "1 " * 999 + "} VALUES ?b { " + "1 " * 999 + "} }", "size"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_meets_its_limit_and_nobody_else_feels_it(port: int, name: str) -> None:
    query, limit = BOMBS[name]
    with visited(port):
        status, told, answer = ask(port, query)
    if status == 200:
        assert limit is None
    elif status == 503:
        assert told["reason"] in (limit, "deadline"), told
        assert int(answer.getheader("Retry-After") or 0) > 0
        assert told["detail"]
    else:
        assert (status, told["reason"]) == (400, "syntax"), told
    assert ask(port, "ASK {}")[0] == 200


def test_one_client_cannot_take_every_place(port: int) -> None:
    answers: list[tuple[int, dict[str, object], http.client.HTTPResponse]] = []
    with visited(port):
        clients = [threading.Thread(target=lambda: answers.append(ask(port, COUNT))) for _ in range(12)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
    refused = [(told, answer) for status, told, answer in answers if status == 429]
    assert {status for status, _, _ in answers} == {429, 503}
    assert {told["reason"] for told, _ in refused} == {"client"}
    assert all(int(answer.getheader("Retry-After") or 0) > 0 for _, answer in refused)
    assert ask(port, "ASK {}")[0] == 200, "what is over no longer counts"


LARGE_ANSWER = """
import http.client, resource, sys, threading, zlib
from pathlib import Path
from kg.engine import Limits, open_files
from kg.terms import Terms
from web.app import create_app
from web.publication import Publication
from web.server import Place, bound, listen
engine = open_files([Path(sys.argv[1])], Limits(deadline_s=120, memory_mb=96))
server = listen(create_app(Publication(engine, Terms())), bound(Place("127.0.0.1", 0)))
threading.Thread(target=server.run, daemon=True).start()
texts = "".join(f" '{i:060}'" for i in range(1000))
query = "SELECT * { VALUES ?a {%s } VALUES ?b {%s } }" % (texts, texts)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
connection = http.client.HTTPConnection("127.0.0.1", server.effective_port, timeout=120)
headers = {"Content-Type": "application/sparql-query", "Accept": "text/csv", "Accept-Encoding": sys.argv[2]}
connection.request("POST", "/sparql", query, headers)
answer, rows = connection.getresponse(), 0
squeezed = answer.getheader("Content-Encoding") == "gzip"
open_up = zlib.decompressobj(31).decompress if squeezed else bytes
while part := answer.read(65536):
    rows += open_up(part).count(b"\\n")
print(answer.status, rows, squeezed, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
engine.close()
"""


@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_a_million_rows_pass_through_little_memory(tmp_path: Path, coding: str) -> None:
    data = tmp_path / "empty.nt"
    data.touch()
    command = [sys.executable, "-c", LARGE_ANSWER, str(data), coding]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    status, rows, squeezed, grown_mb = done.stdout.split()
    assert (status, rows, squeezed) == ("200", "1000001", str(coding == "gzip"))
    assert int(grown_mb) < 40, "the answer itself has 120 MB"


# -- clients -------------------------------------------------------------------------------------


@contextlib.contextmanager
def holding(port: int, number: int, begun: bytes) -> Iterator[list[socket.socket]]:
    """Hold *number* connections open, on each of which only *begun* was sent."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(number)]
        for each in sockets:
            each.sendall(begun)
        yield sockets


SLOW = {
    "silent": b"",
    "half a header": b"GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: x\r\nX-",
    "half a body": b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: 900000\r\n\r\nquery="
    % FORM.encode(),
    "half a chunk": b"POST /sparql HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFF\r\nquery=",
    "no reading": b"GET /sparql?format=csv&query=%s HTTP/1.1\r\nHost: x\r\n\r\n"
    % quote("SELECT * { VALUES ?a {" + "1 " * 600 + "} VALUES ?b {" + "1 " * 600 + "} }").encode(),
}


@pytest.mark.parametrize("kind", SLOW)
def test_slow_clients_hold_nobody_up(port: int, kind: str) -> None:
    with holding(port, 20 if kind == "no reading" else 300, SLOW[kind]), visited(port) as statuses:
        before = len(statuses)
        for _ in range(600):
            if len(statuses) >= before + 30:
                break
            time.sleep(0.05)
    assert len(statuses) >= before + 30
    while b'{purpose="endpoint",state="running"} 0.0' not in raw(port, b"GET /metrics HTTP/1.0\r\n\r\n"):
        time.sleep(0.05)  # what those clients asked for counts as theirs until it is over


LARGE = b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"


@pytest.mark.parametrize(
    ("request_bytes", "statuses"),
    [
        (LARGE + b"Content-Length: 1500000\r\n\r\n" + b"#" * 1_500_000, (413,)),
        (LARGE + b"Content-Length: 99999999999\r\n\r\n" + b"#" * 5_000_000, (413,)),
        (LARGE + b"Transfer-Encoding: chunked\r\n\r\n" + (b"FFFF\r\n" + b"#" * 0xFFFF + b"\r\n") * 100, (413,)),
        (LARGE + b"Content-Length: -1\r\n\r\n", (400,)),
        (LARGE + b"Content-Length: 7\r\nContent-Length: 9\r\n\r\nASK {}", (400,)),
        (LARGE + b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", (400, 415)),
        (b"GET /sparql?query=" + b"x" * 1_000_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", (431,)),
        (b"GET /sparql HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 1_000_000 + b"\r\n\r\n", (431,)),
        (b"GET /sparql?query=ASK%7B%22%FF%22%7D HTTP/1.0\r\n\r\n", (400,)),
        (b"GET /sparql?query=ASK{\xff} HTTP/1.0\r\n\r\n", (400,)),
        (b"GET /%FF%FE/\xff HTTP/1.0\r\n\r\n", (400, 404)),
        (b"GET /sparql?query=ASK%7B%7D HTTP/1.0\r\nAccept: \xff\xfe\r\n\r\n", (200, 400, 406)),
        (b"GET /sparql?query=ASK%7B%7D HTTP/1.0\r\nAccept: " + b"a/b;q=0.1," * 20_000 + b"*/*\r\n\r\n", (200,)),
        (b"GET /nn/ HTTP/1.0\r\nAccept-Language: " + b"x-y;q=0.1," * 20_000 + b"nn\r\n\r\n", (200,)),
        (b"GET /sparql?" + b"query=ASK%7B%7D&" * 10_000 + b" HTTP/1.0\r\n\r\n", (400, 413)),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", (400,)),
        (b"BREW /sparql HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", (405,)),
        (b"GET http://inner.example/ HTTP/1.0\r\n\r\n", (303, 404)),
        (b"GET /sparql?format=csv%0d%0aSet-Cookie:%20a=b&query=ASK%7B%7D HTTP/1.0\r\n\r\n", (406,)),
        (b"GET /nn%0d%0aSet-Cookie:%20a=b HTTP/1.0\r\n\r\n", (303, 308, 404)),
        (b"GET //evil.example/ HTTP/1.0\r\n\r\n", (303, 308, 404)),
        (b"GET / HTTP/1.0\r\nHost: evil.example\r\nX-Forwarded-Host: evil.example\r\n\r\n", (303,)),
    ],
    ids=lambda given: given[:40].decode("latin-1") if isinstance(given, bytes) else "",
)
def test_a_broken_or_oversized_request_is_refused_in_one_line_without_a_trace(
    port: int, request_bytes: bytes, statuses: tuple[int, ...]
) -> None:
    with visited(port):
        answer = raw(port, request_bytes)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert int(head.split()[1]) in statuses, head
    fields = [line.split(b":")[0].lower() for line in head.split(b"\r\n")[1:]]
    assert b"set-cookie" not in fields
    assert b"server" not in fields
    assert not any(word in head + body for word in (b"Traceback", b"waitress", b"Werkzeug", b"Python", b".py"))
    location = next((line for line in head.split(b"\r\n") if line.lower().startswith(b"location:")), b"location: /")
    assert location.split(b":", 1)[1].strip().startswith(b"/")
    assert not location.split(b":", 1)[1].strip().startswith(b"//")


CLIMBS = [
    "/dump/../../etc/passwd",
    "/dump/..%2f..%2f..%2fetc%2fpasswd",
    "/dump/%2e%2e/%2e%2e/etc/passwd",
    "/dump/%2fetc%2fpasswd",
    "/static/../../../../etc/passwd",
    "/static/..%2f..%2f..%2f..%2fetc/passwd",
    "/static/%2fetc/passwd",
    "/static/..%5c..%5cetc%5cpasswd",
    "/static/dist/%00.css",
    "/data/../../../etc/passwd.ttl",
    "/data/source/..%2f..%2fetc%2fpasswd.ttl",
    "/graph/..%2f..%2f..%2fetc%2fpasswd",
    "/id/source/..%2f..%2fetc%2fpasswd",
    "/nn/source/..%2f..%2f..%2fetc%2fpasswd",
    "/ont/0.1.0/..%2f..%2f..%2fetc%2fpasswd",
    "/version/..%2f..%2fetc%2fpasswd",
]


@pytest.mark.parametrize("path", CLIMBS)
def test_no_path_leads_out(server: str, path: str) -> None:
    answer = raw(int(server.rpartition(":")[2]), f"GET {path} HTTP/1.0\r\n\r\n".encode())
    assert int(answer.split()[1]) in (303, 308, 400, 404, 406), answer[:300]
    assert b"root:" not in answer
    locations = [line for line in answer.split(b"\r\n") if line.lower().startswith(b"location:")]
    assert all(line.split(b": ")[1][:1] == b"/" and b".." not in line for line in locations)
