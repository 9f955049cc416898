"""Whoever answers in the benchmark, behind one door each: loaded from a snapshot, asked for bytes, its memory read."""

import json
import multiprocessing
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from bench.asked import HERE, MARK, TERMS, Asked

from kg.engine import Limits, open_engine
from kg.snapshot import Snapshot

JSON, NT = "application/sparql-results+json", "application/n-triples"
GRAPH = "urn:bench:all"
WAIT_S = 120
Row = tuple[str | None, ...]


class Contestant(ABC):
    """Asked through :meth:`ask`, which gives seconds and answer; ``rows`` reads an answer afterwards."""

    name: str

    @abstractmethod
    def __init__(self, snapshot: Snapshot, folder: Path) -> None: ...

    @abstractmethod
    def ask(self, asked: Asked, number: int) -> tuple[float, Any]:
        """Ask once. The *number* goes into a comment, so that no text is the same twice."""

    def rows(self, asked: Asked, answer: Any) -> list[Row]:
        """Return the rows of an answer as terms in N-Triples, sorted."""
        return nt_rows(answer) if asked.graph else json_rows(answer)

    def megabytes(self) -> float:
        """Return the memory of its processes, what they share counted once."""
        return sum(map(_megabytes, self.processes()))

    @abstractmethod
    def processes(self) -> Iterable[int]:
        """Return its processes."""

    @abstractmethod
    def close(self) -> None:
        """End it."""


class Timed(Contestant):
    """Timed where it is asked: from the question to the whole answer."""

    def ask(self, asked: Asked, number: int) -> tuple[float, Any]:
        text = f"{asked.sparql}\n# {number}"
        start = time.perf_counter()
        answer = self.answer(asked, text)
        return time.perf_counter() - start, answer

    @abstractmethod
    def answer(self, asked: Asked, text: str) -> Any:
        """Return the whole answer."""


class Pool(Timed):
    name = "Bustadgraf"

    def __init__(self, snapshot: Snapshot, folder: Path) -> None:
        self._engine = open_engine(snapshot, Limits(deadline_s=WAIT_S))
        self._engine.ask("ASK { ?s ?p ?o }")

    def answer(self, asked: Asked, text: str) -> bytes:
        accept = NT if asked.graph else JSON
        return b"".join(self._engine.query(text, accept=accept).chunks)

    def processes(self) -> Iterable[int]:
        return [pid for child in _children(os.getpid(), "kg.engine.worker") for pid in (child, *_children(child))]

    def close(self) -> None:
        self._engine.close()


class Service(Timed):
    """A SPARQL service over HTTP; *url* and *process* are set by those that start one."""

    url: str
    process: subprocess.Popen[bytes]
    parameters: Mapping[str, str] = {}

    def answer(self, asked: Asked, text: str) -> bytes:
        form = urllib.parse.urlencode({"query": text, **self.parameters}).encode()
        accept = NT if asked.graph else JSON
        with urllib.request.urlopen(urllib.request.Request(self.url, form, {"Accept": accept}), timeout=WAIT_S) as got:
            return bytes(got.read())

    def processes(self) -> Iterable[int]:
        return [self.process.pid, *_children(self.process.pid), *_grandchildren(self.process.pid)]

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(30)


class Http(Service):
    name = "Bustadgraf over HTTP"

    def __init__(self, snapshot: Snapshot, folder: Path) -> None:
        command = [sys.executable, "-m", "kg.cli", "serve", "--port", "0", "--snapshot", str(snapshot.path)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert self.process.stdout
        found = re.search(rb"http://\S+", self.process.stdout.readline())
        assert found
        self.url = f"{found[0].decode().rstrip('/')}/sparql"


class OxigraphServer(Service):
    name = "Oxigraph server"

    def __init__(self, snapshot: Snapshot, folder: Path) -> None:
        port = _free_port()
        program = Path(sys.executable).parent / "oxigraph"
        self.process = subprocess.Popen(
            [str(program), "serve", "--bind", f"127.0.0.1:{port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.url = f"http://127.0.0.1:{port}/query"
        _listening(port)
        kind = {"Content-Type": NT}
        store = urllib.request.Request(
            f"http://127.0.0.1:{port}/store?default", flat(snapshot, folder).read_bytes(), kind
        )
        with urllib.request.urlopen(store, timeout=1200) as done:
            done.read()


class Virtuoso(Service):
    name = "Virtuoso"
    parameters: Mapping[str, str] = {"default-graph-uri": GRAPH}

    def __init__(self, snapshot: Snapshot, folder: Path) -> None:
        home = folder / "virtuoso"
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir()
        data = flat(snapshot, folder)
        port, sql_port = _free_port(), _free_port()
        ini = (HERE / "virtuoso.ini").read_text(encoding="utf-8")
        (home / "v.ini").write_text(ini.format(home=home, port=port, sql_port=sql_port, data=data.parent))
        self.process = subprocess.Popen(
            ["virtuoso-t", "+foreground", "+configfile", "v.ini"],
            cwd=home,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _listening(sql_port)
        orders = f"ld_dir('{data.parent}', '{data.name}', '{GRAPH}'); rdf_loader_run(); checkpoint;"
        command = ["isql-vt", f"127.0.0.1:{sql_port}", "dba", "dba", f"exec={orders}"]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        self.url = f"http://127.0.0.1:{port}/sparql"
        _listening(port)


class Apart(Contestant):
    """A library in a process of its own, so that its memory is its own; subclasses say how to load and answer."""

    def __init__(self, snapshot: Snapshot, folder: Path) -> None:
        context = multiprocessing.get_context("spawn")
        self._line, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs, type(self), snapshot, folder), daemon=True)
        self._process.start()
        theirs.close()  # else its end would not be noticed
        self._line.recv()

    def ask(self, asked: Asked, number: int) -> tuple[float, Any]:
        self._line.send((asked, number))
        seconds, answer = self._line.recv()
        return float(seconds), answer

    def processes(self) -> Iterable[int]:
        assert self._process.pid
        return [self._process.pid]

    def close(self) -> None:
        self._line.close()
        self._process.join(10)

    @staticmethod
    @abstractmethod
    def load(snapshot: Snapshot, folder: Path) -> Any:
        """Return what :meth:`reply` asks."""

    @staticmethod
    @abstractmethod
    def reply(store: Any, asked: Asked, text: str) -> Any:
        """Return the whole answer."""


def _work(line: Connection, kind: type[Apart], snapshot: Snapshot, folder: Path) -> None:
    store = kind.load(snapshot, folder)
    line.send(None)
    try:
        while True:
            asked, number = line.recv()
            text = f"{asked.sparql}\n# {number}"
            start = time.perf_counter()
            answer = kind.reply(store, asked, text)
            line.send((time.perf_counter() - start, answer))
    except EOFError:
        return


class Bare(Apart):
    name = "pyoxigraph, bare"

    @staticmethod
    def load(snapshot: Snapshot, folder: Path) -> Any:
        from pyoxigraph import RdfFormat, Store

        store = Store()
        store.bulk_load(path=str(flat(snapshot, folder)), format=RdfFormat.N_TRIPLES)
        return store

    @staticmethod
    def reply(store: Any, asked: Asked, text: str) -> bytes:
        from pyoxigraph import QueryResultsFormat, RdfFormat

        form = RdfFormat.N_TRIPLES if asked.graph else QueryResultsFormat.JSON
        return bytes(store.query(text).serialize(format=form))


class RdfLib(Apart):
    name = "rdflib"

    @staticmethod
    def load(snapshot: Snapshot, folder: Path) -> Any:
        from rdflib import Graph

        return Graph().parse(flat(snapshot, folder), format="nt")

    @staticmethod
    def reply(store: Any, asked: Asked, text: str) -> bytes:
        return bytes(store.query(text).serialize(format="nt" if asked.graph else "json"))


class DuckDb(Apart):
    name = "DuckDB"

    @staticmethod
    def load(snapshot: Snapshot, folder: Path) -> Any:
        return Columns(snapshot.data_path)

    @staticmethod
    def reply(store: Any, asked: Asked, text: str) -> Any:
        return store.rows(asked)

    def rows(self, asked: Asked, answer: Any) -> list[Row]:
        return sorted((tuple(map(_term, row)) for row in answer), key=str)


class Columns:
    """The snapshot as columns of numbers in DuckDB, and the shipped queries by hand in SQL."""

    def __init__(self, data: Path) -> None:
        import duckdb

        self._base = duckdb.connect(config={"threads": 2})
        self._base.execute((HERE / "sql" / "load.sql").read_text(encoding="utf-8").format(file=data))
        self._base.execute(self._numbered((HERE / "sql" / "tables.sql").read_text(encoding="utf-8")))

    def rows(self, asked: Asked) -> list[Row]:
        """Answer: the numbers of the terms first, their texts last, in the order of the columns."""
        sql = self._numbered(asked.sql or "")
        names = [column[0] for column in self._base.execute(f"SELECT * FROM ({sql}) LIMIT 0").description]
        terms = [name for name in names if not name.endswith("_n")]
        shown = ", ".join(f"t_{name}.text" if name in terms else f'r."{name}"' for name in names)
        joins = " ".join(f'LEFT JOIN term t_{name} ON t_{name}.id = r."{name}"' for name in terms)
        order = ", ".join(f'r."{name}"' for name in names)
        return list(self._base.execute(f"SELECT {shown} FROM ({sql}) r {joins} ORDER BY {order}").fetchall())

    def _numbered(self, sql: str) -> str:
        marks = sorted({mark[1] for mark in MARK.finditer(sql)})
        iris = [f"<{TERMS.expand(mark)}>" for mark in marks]
        known = dict(self._base.execute("SELECT text, id FROM term WHERE list_contains(?, text)", [iris]).fetchall())
        numbers = {mark: str(known.get(iri, 0)) for mark, iri in zip(marks, iris, strict=True)}
        return MARK.sub(lambda mark: numbers[mark[1]], sql)


def flat(snapshot: Snapshot, folder: Path) -> Path:
    """Return the triples without their graphs, each once, as N-Triples: the default graph of every contestant."""
    path = folder / f"{snapshot.path.name}-flat" / "data.nt"
    if not path.is_file():
        path.parent.mkdir(exist_ok=True)
        lines = re.sub(rb" <[^<>]*> \.\n", b" .\n", snapshot.data_path.read_bytes())
        done = subprocess.run(["sort", "-u"], input=lines, stdout=subprocess.PIPE, check=True, env={"LC_ALL": "C"})
        path.write_bytes(done.stdout)
    return path


def json_rows(answer: bytes) -> list[Row]:
    """Read SPARQL results as terms in N-Triples, sorted."""
    read = json.loads(answer)
    names = read["head"]["vars"]
    rows = (
        tuple(_of_json(each[name]) if name in each else None for name in names) for each in read["results"]["bindings"]
    )
    return sorted(rows, key=str)


def nt_rows(answer: bytes) -> list[Row]:
    """Read N-Triples, each once, sorted."""
    from pyoxigraph import RdfFormat, parse

    read = {(str(each.subject), str(each.predicate), str(each.object)) for each in parse(answer, RdfFormat.N_TRIPLES)}
    return sorted((tuple(map(_term, each)) for each in read), key=str)


def _of_json(value: Mapping[str, str]) -> str:
    if value["type"] == "uri":
        return f"<{value['value']}>"
    if value["type"] == "bnode":
        return f"_:{value['value']}"
    tag = f"@{value['xml:lang']}" if "xml:lang" in value else ""
    kind = value.get("datatype", "")
    typed = f"^^<{kind}>" if kind and not kind.endswith("#string") and not tag else ""
    return f'"{value["value"]}"{tag}{typed}'


def _term(value: object) -> str | None:
    """Write a number as a term, and a term without escapes."""
    if isinstance(value, int):
        return f'"{value}"^^<http://www.w3.org/2001/XMLSchema#integer>'
    return value.replace('\\"', '"').replace("\\n", "\n").replace("\\\\", "\\") if isinstance(value, str) else None


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _listening(port: int) -> None:
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on {port}")


def _children(parent: int, command: str = "") -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(parent)], capture_output=True, text=True)
    return [int(line.split()[0]) for line in listed.stdout.splitlines() if command in line]


def _grandchildren(parent: int) -> list[int]:
    return [each for child in _children(parent) for each in _children(child)]


def _megabytes(process: int) -> float:
    """Return the proportional set size: memory that several processes share is counted once over all of them."""
    try:
        told = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0.0
    return next(int(line.split()[1]) / 1024 for line in told.splitlines() if line.startswith("Pss:"))
