"""The default engine: pyoxigraph in memory, answering in worker processes that can be killed."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, Protocol, cast

from kg import __version__
from kg.engine import wire
from kg.engine.answer import JSON, Cell, Purpose, Result, boolean, media_types, rows
from kg.engine.corrections import corrected
from kg.engine.diagnosis import syntax_error
from kg.engine.guard import GuardedQuery, guard, refuse_file
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
from kg.terms import Terms

MEBI = 1024 * 1024
IN_MEMORY = MEBI  # answers over this wait on disk
CLOSING_S = 3.0
QUERY_BASE = "http://localhost/"  # of a query over files that have no base of their own (RFC 3986 §5.1.4)
FAILURES = {signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS}  # what ends a worker that has no memory or stack left
_UNKNOWN_FUNCTION = re.compile(r"custom (?:aggregate )?function <([^>]*)> is not supported")


@dataclass(frozen=True)
class Limits:
    """How much a query may use, and how many may run or wait.

    *patience_s* is how long a query waits for a worker before its own time begins. *memory_mb* is
    what one query may need beside the data. *waiting* must stay below the threads of
    the server less the workers, or queries at the endpoint would take them all.
    """

    deadline_s: float = 10.0
    patience_s: float = 15.0
    memory_mb: int = 1024
    answer_mb: int = 512
    workers: Mapping[Purpose, int] = field(default_factory=lambda: MappingProxyType({"page": 2, "endpoint": 2}))
    waiting: Mapping[Purpose, int] = field(default_factory=lambda: MappingProxyType({"page": 32, "endpoint": 6}))
    niceness: Mapping[Purpose, int] = field(default_factory=lambda: MappingProxyType({"page": 0, "endpoint": 5}))


class Based(Protocol):
    """What knows the base of its names."""

    @property
    def base(self) -> str:
        """The base of all names."""
        ...


class Published(Protocol):
    """A snapshot as far as an engine needs one; a worker imports this package too, and nothing that builds."""

    @property
    def manifest(self) -> Based:
        """What the snapshot says of itself."""
        ...

    @property
    def name(self) -> str:
        """The name that its content gives it."""
        ...

    def quad_files(self) -> tuple[Path, ...]:
        """Return the files to load."""
        ...


def open_engine(snapshot: Published, limits: Limits = Limits()) -> "PoolEngine":
    """Serve *snapshot*: the default graph is the union of all its graphs and the helper triples.

    The graph ``{B}graph/asserted`` stands for all but the inferred and the helper triples.
    """
    terms = Terms(snapshot.manifest.base)
    order = {
        "files": [str(path) for path in snapshot.quad_files()],
        "flat": True,
        "left_out": [str(terms.graph(name)) for name in ("inferred", "helper")],
        "prefixes": dict(terms.prefixes),
        "base": terms.base,
    }
    return PoolEngine(order, limits, f"{snapshot.name}-{__version__}", asserted=str(terms.graph("asserted")))


def open_files(paths: Sequence[Path], limits: Limits = Limits()) -> "PoolEngine":
    """Serve RDF files as they are: their default graphs are the default graph, nothing is added."""
    files = [str(path) for path in paths]
    order = {"files": files, "flat": False, "left_out": [], "prefixes": {}, "base": QUERY_BASE}
    return PoolEngine(order, limits, uuid.uuid4().hex)


@dataclass
class _Worker:
    channel: socket.socket
    pid: int
    stale: bool = False

    def lives(self) -> bool:
        """Tell whether it still waits at the other end; between two queries nothing else comes from there."""
        self.channel.setblocking(False)
        try:
            return bool(self.channel.recv(1, socket.MSG_PEEK))
        except BlockingIOError:
            return True
        except OSError:
            return False


class _WorkerGone(EngineUnavailable):
    """A worker ended before its answer was whole, and it is not known yet why."""


class _Interrupted(EngineUnavailable):
    """A worker, or the process that holds the data, was ended from outside."""


class _Home:
    """The single-threaded process that holds the data and forks the workers."""

    def __init__(self, order: Mapping[str, Any]) -> None:
        self._lock = threading.Lock()
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-P", "-m", "kg.engine.worker", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
        self.summary = self._load(order)

    def _load(self, order: Mapping[str, Any]) -> dict[str, Any]:
        try:
            wire.send(self._control, wire.QUERY, json.dumps(order).encode())
            tag, said = wire.receive(self._control)
        except (EOFError, OSError) as error:
            self.close()
            raise EngineUnavailable("The process that holds the data did not start.") from error
        if tag == wire.FAILED:
            self.close()
            raise InputError(said.decode())
        summary: dict[str, Any] = json.loads(said)
        return summary

    def fork(self, memory_mb: int, niceness: int) -> _Worker:
        """Return a new worker. Raises :class:`EngineUnavailable` where this process is gone."""
        ours, theirs = socket.socketpair()
        with theirs:
            pid = self._order({"do": "fork", "memory_mb": memory_mb, "nice": niceness}, [theirs.fileno()])
        return _Worker(ours, int(pid))

    def kill(self, worker: _Worker) -> int:
        """End *worker*, busy or not, and return the signal that ended it, ours or an earlier one.

        Raises :class:`EngineUnavailable` where this process is gone.
        """
        worker.channel.close()
        return int(self._order({"do": "kill", "pid": worker.pid}, []) or signal.SIGKILL)

    def _order(self, order: Mapping[str, Any], descriptors: list[int]) -> bytes:
        try:
            with self._lock:
                socket.send_fds(self._control, [json.dumps(order).encode()], descriptors)
                return wire.receive(self._control)[1]
        except (EOFError, OSError) as error:
            raise EngineUnavailable("The process that holds the data is gone.") from error

    def close(self) -> None:
        """Hang up, upon which the process kills its workers and ends."""
        self._control.close()
        try:
            self._process.wait(CLOSING_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class _Shelf:
    """Places for the workers of one purpose; an empty place (``None``) is filled by whoever takes it."""

    def __init__(self, places: int, waiting: int) -> None:
        self._places = places
        self._free: list[_Worker | None] = [None] * places
        self._may_wait = waiting
        self._waiting = 0
        self._changed = threading.Condition()
        self._closed = False

    def take(self, patience_s: float) -> _Worker | None:
        """Take a place. Raises :class:`EngineUnavailable` where too many wait, or for too long."""
        with self._changed:
            if not self._free and self._waiting >= self._may_wait:
                raise EngineUnavailable("Too many queries are waiting. Try again in a moment.")
            self._waiting += 1
            try:
                self._changed.wait_for(lambda: self._free or self._closed, patience_s)
            finally:
                self._waiting -= 1
            if self._closed or not self._free:
                raise EngineUnavailable(
                    "This service is closing." if self._closed else "No worker became free in time."
                )
            return self._free.pop()

    def put(self, worker: _Worker | None) -> None:
        """Give the place back."""
        with self._changed:
            self._free.append(worker)
            self._changed.notify()

    def load(self) -> tuple[int, int]:
        """Return how many places are taken, and how many wait for one."""
        with self._changed:
            return self._places - len(self._free), self._waiting

    def close(self) -> None:
        """Send everyone who waits away."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            for worker in filter(None, self._free):
                worker.channel.close()


class PoolEngine:
    """An :class:`Engine` over worker processes; see :func:`open_engine` and :func:`open_files`.

    An answer is collected whole, in memory or on disk, before any of it is given: so its success is
    known, and a slow reader holds no worker.
    """

    def __init__(self, order: Mapping[str, Any], limits: Limits, mark: str, asserted: str | None = None) -> None:
        self._order, self._limits, self._mark, self._asserted = order, limits, mark, asserted
        self._home = _Home(order)
        self._graphs = frozenset(self._home.summary["graphs"])
        self._lock = threading.Lock()
        self._closed = False
        self._shelves: Mapping[Purpose, _Shelf] = {
            purpose: _Shelf(count, limits.waiting[purpose]) for purpose, count in limits.workers.items()
        }

    def query(
        self,
        text: str,
        *,
        accept: str | None = None,
        default_graphs: Sequence[str] = (),
        named_graphs: Sequence[str] = (),
        deadline_s: float | None = None,
        purpose: Purpose = "page",
    ) -> Result:
        """See :class:`Engine`. Raises every kind of :class:`QueryError`, before anything is given."""
        guarded = guard(text, self._order["base"])
        if guarded.kind and accept and accept not in media_types(guarded.kind).values():
            raise InputError(f"This query gives {guarded.kind}; choose one of {', '.join(media_types(guarded.kind))}.")
        question = {"accept": accept, **self._data_set(guarded, default_graphs, named_graphs)}
        deadline = deadline_s or self._limits.deadline_s
        outcome: Result | QueryError = self._ask({**question, "text": corrected(guarded.text)}, deadline, purpose)
        if isinstance(outcome, QuerySyntaxError):  # told of the text as it was sent
            outcome = self._ask({**question, "text": guarded.text}, deadline, purpose)
        if isinstance(outcome, QueryError):
            raise outcome
        return outcome

    def _ask(self, question: Mapping[str, Any], deadline_s: float, purpose: Purpose) -> Result | QueryError:
        """Put a question, and once more where its worker was ended from outside: it only reads."""
        try:
            return self._ask_once(question, deadline_s, purpose)
        except _Interrupted:
            return self._ask_once(question, deadline_s, purpose)

    def _ask_once(self, question: Mapping[str, Any], deadline_s: float, purpose: Purpose) -> Result | QueryError:
        with self._worker(purpose) as worker:
            return _collect(worker, question, deadline_s, self._limits)

    def select(self, text: str, *, deadline_s: float | None = None) -> list[dict[str, Cell]]:
        """See :class:`Engine`."""
        return rows(b"".join(self.query(text, accept=JSON, deadline_s=deadline_s).chunks))

    def ask(self, text: str, *, deadline_s: float | None = None) -> bool:
        """See :class:`Engine`."""
        return boolean(b"".join(self.query(text, accept=JSON, deadline_s=deadline_s).chunks))

    def graphs(self) -> list[str]:
        """See :class:`Engine`."""
        return sorted(self._graphs)

    def triples(self) -> int:
        """See :class:`Engine`."""
        return int(self._home.summary["triples"])

    def mark(self) -> str:
        """See :class:`Engine`."""
        return self._mark

    def load(self) -> Mapping[Purpose, tuple[int, int]]:
        """Return how many queries of each purpose run, and how many wait."""
        return {purpose: shelf.load() for purpose, shelf in self._shelves.items()}

    def close(self) -> None:
        """See :class:`Engine`."""
        with self._lock:
            if not self._closed:
                self._closed = True
                for shelf in self._shelves.values():
                    shelf.close()
                self._home.close()

    def _data_set(self, query: GuardedQuery, default: Sequence[str], named: Sequence[str]) -> dict[str, Any]:
        """Choose the graphs: those of the protocol, else those of FROM; each must be one of ours."""
        if not default and not named:
            default, named = query.default_graphs, query.named_graphs
        for graph in (*default, *named):
            if graph not in self._graphs and (graph != self._asserted or graph in named):
                refuse_file(graph)
                raise UnknownGraph(graph)
        return {
            "default": [graph for graph in dict.fromkeys(default) if graph != self._asserted],
            "named": list(dict.fromkeys(named)),
            "asserted": self._asserted in default,
        }

    @contextmanager
    def _worker(self, purpose: Purpose) -> Iterator[_Worker]:
        """Lend a worker. One whose query fails in here is ended, and its place is filled anew."""
        shelf = self._shelves[purpose]
        worker = shelf.take(self._limits.patience_s)
        try:
            if worker and not worker.lives():
                self._end(worker)
                worker = None
            worker = worker or self._fork(purpose)
            yield worker
        except BaseException as error:
            shelf.put(None)
            ended_by = self._end(worker) if worker else None
            if not isinstance(error, _WorkerGone):
                raise
            if ended_by in FAILURES:
                raise MemoryExceeded(self._limits.memory_mb) from error
            raise _Interrupted("A process was ended from outside.") from error
        if worker.stale:
            self._end(worker)
        shelf.put(None if worker.stale else worker)

    def _end(self, worker: _Worker) -> int | None:
        """End *worker* and return the signal that ended it; ``None`` where the home it came from is gone."""
        try:
            return self._home.kill(worker)
        except EngineUnavailable:
            return None

    def _fork(self, purpose: Purpose) -> _Worker:
        home, size = self._home, (self._limits.memory_mb, self._limits.niceness[purpose])
        try:
            return home.fork(*size)
        except EngineUnavailable:
            return self._new_home(home).fork(*size)

    def _new_home(self, broken: _Home) -> _Home:
        with self._lock:
            if self._closed:
                raise EngineUnavailable("This service is closing.")
            if self._home is broken:
                broken.close()
                self._home = _Home(self._order)
            return self._home


def _collect(worker: _Worker, question: Mapping[str, Any], deadline_s: float, limits: Limits) -> Result | QueryError:
    """Put the question and take the whole answer; an error that *worker* reports is returned, its end is raised."""
    spool = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - the result closes it
    until = time.monotonic() + deadline_s
    head: dict[str, Any] = {}
    try:
        worker.channel.settimeout(deadline_s)
        wire.send(worker.channel, wire.QUERY, json.dumps(question).encode())
        while True:
            worker.channel.settimeout(max(until - time.monotonic(), 0.001))
            tag, payload = wire.receive(worker.channel)
            if tag == wire.DATA:
                _keep(spool, payload, limits.answer_mb)
            elif tag == wire.ANSWER:
                head = json.loads(payload)
            elif tag == wire.FAILED:
                return _reported(json.loads(payload), question["text"], limits)
            else:
                worker.stale, length = bool(payload), spool.tell()
                spool.seek(0)
                return Result(head["kind"], head["media_type"], cast(IO[bytes], spool), length)
    except TimeoutError as error:
        raise DeadlineExceeded(deadline_s) from error
    except (EOFError, ConnectionError) as error:
        raise _WorkerGone("A worker ended before its answer was whole.") from error


def _keep(spool: IO[bytes], data: bytes, limit_mb: int) -> None:
    if spool.tell() + len(data) > limit_mb * MEBI:
        raise AnswerTooLarge(limit_mb)
    try:
        spool.write(data)
    except OSError as error:
        raise EngineUnavailable("There is no room on the disk for an answer this large.") from error


def _reported(said: Mapping[str, str], text: str, limits: Limits) -> QueryError:
    if said["error"] == "syntax":
        return syntax_error(said["message"], text)
    if said["error"] == "memory":
        return MemoryExceeded(limits.memory_mb)
    if function := _UNKNOWN_FUNCTION.search(said["message"]):
        return UnknownFunction(function[1])
    if said["error"] == "unsupported":
        return QueryForbidden(f"{said['message']}.")
    return EngineUnavailable(f"The engine failed on this query: {said['message']}")
