"""The default engine: pyoxigraph in memory, answering in worker processes that can be killed."""

import contextlib
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
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
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
from kg.tally import Tally
from kg.terms import Terms

MEBI = 1024 * 1024
IN_MEMORY = MEBI  # answers over this wait on disk
CLOSING_S = 3.0
SLOW_S = 1.0  # a query that takes longer makes way for others
SLOW_NICENESS = 15
QUERY_BASE = "http://localhost/"  # of a query over files that have no base of their own (RFC 3986 §5.1.4)
FAILURES = {signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS}  # what ends a worker that has no memory or stack left
_UNKNOWN_FUNCTION = re.compile(r"custom (?:aggregate )?function <([^>]*)> is not supported")


@dataclass(frozen=True)
class Limits:
    """How much a query may use, and how many may run or wait.

    *patience_s* is how long a query waits for a worker before its own time begins. *memory_mb* is
    what one query may need beside the data. Each process of a server has so many *workers*, and *waiting* must
    stay below its threads less these, or queries at the endpoint would take them all.
    """

    deadline_s: float = 10.0
    patience_s: float = 15.0
    memory_mb: int = 1024
    answer_mb: int = 512
    workers: Mapping[Purpose, int] = field(default_factory=lambda: MappingProxyType({"page": 2, "endpoint": 4}))
    waiting: Mapping[Purpose, int] = field(default_factory=lambda: MappingProxyType({"page": 32, "endpoint": 32}))
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
    purpose: Purpose
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


class _Control:
    """A connection to the process that holds the data, over which workers are forked and ended."""

    def __init__(self, channel: socket.socket) -> None:
        self._lock = threading.Lock()
        self._channel = channel

    def fork(self, purpose: Purpose, limits: Limits) -> _Worker:
        """Return a new worker. Raises :class:`EngineUnavailable` where the process is gone."""
        order = {"do": "fork", "memory_mb": limits.memory_mb, "nice": limits.niceness[purpose]}
        return _Worker(*self._handed(order), purpose)

    def join(self) -> socket.socket:
        """Return another connection to the same process. Raises :class:`EngineUnavailable` where it is gone."""
        return self._handed({"do": "join"})[0]

    def kill(self, worker: _Worker) -> int:
        """End *worker*, busy or not, and return the signal that ended it, ours or an earlier one.

        Raises :class:`EngineUnavailable` where the process is gone.
        """
        worker.channel.close()
        return int(self._order({"do": "kill", "pid": worker.pid}, []) or signal.SIGKILL)

    def _handed(self, order: Mapping[str, Any]) -> tuple[socket.socket, int]:
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                return ours, int(self._order(order, [theirs.fileno()]))
        except EngineUnavailable:
            ours.close()
            raise

    def _order(self, order: Mapping[str, Any], descriptors: list[int]) -> bytes:
        try:
            with self._lock:
                socket.send_fds(self._channel, [json.dumps(order).encode()], descriptors)
                return wire.Receiver(self._channel).frame()[1]
        except (EOFError, OSError) as error:
            raise EngineUnavailable("The process that holds the data is gone.") from error

    def hang_up(self) -> None:
        """Give up the connection; in the process that this one was forked from, it goes on."""
        self._channel.close()

    def close(self) -> None:
        """End the connection, upon which the workers that came over it end."""
        self.hang_up()


class _Home(_Control):
    """The single-threaded process that holds the data and forks the workers; it ends when this connection does."""

    def __init__(self, order: Mapping[str, Any]) -> None:
        ours, theirs = socket.socketpair()
        super().__init__(ours)
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
            wire.send(self._channel, wire.QUERY, json.dumps(order).encode())
            tag, said = wire.Receiver(self._channel).frame()
        except (EOFError, OSError) as error:
            self.close()
            raise EngineUnavailable("The process that holds the data did not start.") from error
        if tag == wire.FAILED:
            self.close()
            raise InputError(said.decode())
        summary: dict[str, Any] = json.loads(said)
        return summary

    def close(self) -> None:
        """Hang up, upon which the process kills its workers and ends."""
        super().close()
        try:
            self._process.wait(CLOSING_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class _Shelf:
    """Places for the workers of one purpose; an empty place (``None``) is filled by whoever takes it."""

    def __init__(self, places: int, waiting: int, note: Callable[[int, int], None]) -> None:
        self._places, self._note = places, note
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
            if not self._free:
                self._wait(patience_s)
            if self._closed or not self._free:
                raise EngineUnavailable(
                    "This service is closing." if self._closed else "No worker became free in time."
                )
            worker = self._free.pop()
            self._tell()
            return worker

    def _wait(self, patience_s: float) -> None:
        self._waiting += 1
        self._tell()
        try:
            self._changed.wait_for(lambda: self._free or self._closed, patience_s)
        finally:
            self._waiting -= 1
            self._tell()

    def _tell(self) -> None:
        self._note(self._places - len(self._free), self._waiting)

    def put(self, worker: _Worker | None) -> None:
        """Give the place back."""
        with self._changed:
            self._free.append(worker)
            self._tell()
            self._changed.notify()

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
        home = _Home(order)
        self._home: _Control = home
        self._graphs, self._triples = frozenset(home.summary["graphs"]), int(home.summary["triples"])
        self._lender: socket.socket | None = None
        self._lock = threading.Lock()
        self._closed = False
        self._load = Tally(2 * len(limits.workers))
        self._shelves: Mapping[Purpose, _Shelf] = {
            purpose: _Shelf(count, limits.waiting[purpose], partial(self._note, 2 * place))
            for place, (purpose, count) in enumerate(limits.workers.items())
        }

    def _note(self, column: int, running: int, waiting: int) -> None:
        self._load.put(column, running)
        self._load.put(column + 1, waiting)

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
        return self._triples

    def mark(self) -> str:
        """See :class:`Engine`."""
        return self._mark

    def load(self) -> Mapping[Purpose, tuple[int, int]]:
        """Return how many queries of each purpose run, and how many wait."""
        counts = [int(self._load.total(column)) for column in range(2 * len(self._shelves))]
        return {purpose: (counts[2 * place], counts[2 * place + 1]) for place, purpose in enumerate(self._shelves)}

    def lend(self, channel: socket.socket) -> None:
        """See :class:`Engine`: a connection to the process that holds the data, which is shared by all."""
        if not channel.recv(1):
            raise EOFError
        try:
            joined = self._joined()
        except (EngineUnavailable, InputError):  # who asked says so to its client, and asks anew for the next
            channel.sendall(b".")
            return
        with joined:
            socket.send_fds(channel, [b"."], [joined.fileno()])

    def _joined(self) -> socket.socket:
        try:
            return self._home.join()
        except EngineUnavailable:
            return self._new_home(self._home).join()

    def borrow(self, channel: socket.socket, row: int) -> None:
        """See :class:`Engine`. Raises :class:`EngineUnavailable` where the other process is gone."""
        self._load.take(row)
        self._lender = channel
        self._home.hang_up()
        self._home = self._borrowed(channel)

    def forget(self, row: int) -> None:
        """See :class:`Engine`."""
        self._load.clear(row)

    def _borrowed(self, channel: socket.socket) -> _Control:
        try:
            channel.sendall(b"?")
            _, descriptors, _, _ = socket.recv_fds(channel, 1, 1)
        except OSError as error:
            raise EngineUnavailable("The process that lends the data is gone.") from error
        if not descriptors:
            raise EngineUnavailable("The process that lends the data is gone.")
        return _Control(socket.socket(fileno=descriptors[0]))

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

    @contextlib.contextmanager
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
        home = self._home
        try:
            return home.fork(purpose, self._limits)
        except EngineUnavailable:
            return self._new_home(home).fork(purpose, self._limits)

    def _new_home(self, broken: _Control) -> _Control:
        with self._lock:
            if self._closed:
                raise EngineUnavailable("This service is closing.")
            if self._home is broken:
                broken.close()
                self._home = self._borrowed(self._lender) if self._lender else _Home(self._order)
            return self._home


def _collect(worker: _Worker, question: Mapping[str, Any], deadline_s: float, limits: Limits) -> Result | QueryError:
    """Put the question and take the whole answer; an error that *worker* reports is returned, its end is raised."""
    spool = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - the result closes it
    until = time.monotonic() + deadline_s
    head: dict[str, Any] = {}
    try:
        worker.channel.settimeout(deadline_s)
        wire.send(worker.channel, wire.QUERY, json.dumps(question).encode())
        receiver = wire.Receiver(worker.channel)
        tag, payload = _first(worker, receiver, deadline_s)
        while True:
            if tag == wire.DATA:
                _keep(spool, payload, limits.answer_mb)
            elif tag == wire.ANSWER:
                head = json.loads(payload)
            elif tag == wire.FAILED:
                return _reported(json.loads(payload), question["text"], limits)
            else:
                worker.stale, length = worker.stale or bool(payload), spool.tell()
                spool.seek(0)
                return Result(head["kind"], head["media_type"], cast(IO[bytes], spool), length)
            worker.channel.settimeout(max(until - time.monotonic(), 0.001))
            tag, payload = receiver.frame()
    except TimeoutError as error:
        raise DeadlineExceeded(deadline_s) from error
    except (EOFError, ConnectionError) as error:
        raise _WorkerGone("A worker ended before its answer was whole.") from error


def _first(worker: _Worker, receiver: wire.Receiver, deadline_s: float) -> tuple[bytes, bytes]:
    """Return the first frame of an answer; a worker of the endpoint that takes its time makes way for others."""
    if worker.purpose == "page" or deadline_s <= SLOW_S:
        worker.channel.settimeout(deadline_s)
        return receiver.frame()
    try:
        worker.channel.settimeout(SLOW_S)
        return receiver.frame()
    except TimeoutError:
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, worker.pid, SLOW_NICENESS)
        worker.stale = True
        worker.channel.settimeout(deadline_s - SLOW_S)
        return receiver.frame()


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
