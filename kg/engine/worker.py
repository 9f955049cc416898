"""The process that holds the data and forks the workers that answer (``python -m kg.engine.worker FD``).

It never starts a thread, so forking is safe, and workers share its memory. It ends, and kills all
its workers, when the server that started it is gone. A worker can allocate no more than its
allowance and cannot open any file or connection, whatever a query asks for.
"""

import ctypes
import gc
import io
import json
import os
import resource
import selectors
import signal
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, cast

from pyoxigraph import (
    DefaultGraph,
    Literal,
    NamedNode,
    Quad,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Store,
    Triple,
    parse,
    serialize,
)

from kg.engine import wire

CHUNK = 64 * 1024
STALE_KB = 256 * 1024  # a worker that grew by this much is replaced after its answer
PR_SET_PDEATHSIG = 1
MEBI = 1024 * 1024
TIDY = 50_000  # graphs up to this size are sorted and get only the prefixes they use
RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"


@dataclass(frozen=True)
class Data:
    """The loaded data. Every default graph holds each triple once, as RDF wants, however many graphs say it.

    *asserted* holds the default graph without the graphs in *left_out*; it is *whole* where there are none.
    *flat* is the default graph by itself, for queries that name no graph: beside the named ones each look-up would
    pass over everything twice.
    """

    whole: Store
    flat: Store
    asserted: Store
    left_out: frozenset[str]
    prefixes: Mapping[str, str]
    base: str

    @classmethod
    def load(cls, order: Mapping[str, Any]) -> "Data":
        """Load the files of *order*: as they are, or (*flat*) with the union of all graphs as default graph."""
        whole, left_out = Store(), frozenset(order["left_out"])
        for path in order["files"]:
            _load(whole, Path(path), rename=not order["flat"])
        flat = asserted = whole
        if order["flat"]:
            flat, asserted = Store(), Store()
            asserted.bulk_extend(_flat(quad for quad in whole if _name(quad) not in left_out))
            flat.bulk_extend(_flat(whole))
            whole.bulk_extend(flat)
        return cls(whole, flat, asserted, left_out, order["prefixes"], order["base"])

    def summary(self) -> dict[str, Any]:
        """Return the named graphs and the size of the default graph."""
        in_default = sum(1 for _ in self.whole.quads_for_pattern(None, None, None, DefaultGraph()))
        return {"graphs": sorted(str(graph.value) for graph in self.whole.named_graphs()), "triples": in_default}

    def answer(self, question: Mapping[str, Any]) -> QuerySolutions | QueryBoolean | QueryTriples:
        """Evaluate lazily; the data set is that of the question, or the whole."""
        text, base = question["text"], self.base
        default, named, asserted = question["default"], question["named"], question["asserted"]
        if len(default) + asserted > 1 or (asserted and named):
            return self._merged(default, named, asserted).query(text, base_iri=base)
        if asserted:
            return self.asserted.query(text, base_iri=base, named_graphs=[])
        if default or named:
            return self.whole.query(text, base_iri=base, default_graph=_nodes(default), named_graphs=_nodes(named))
        may_name_graphs = "graph" in text.casefold() or "\\u" in text.casefold()
        return (self.whole if may_name_graphs else self.flat).query(text, base_iri=base)

    def _merged(self, default: Sequence[str], named: Sequence[str], asserted: bool) -> Store:
        """Merge several graphs into one default graph: listing them would give a triple once a graph."""
        merged = Store()
        if asserted:
            merged.extend(self.asserted)
        for graph in _nodes(default):
            merged.extend(_flat(self.whole.quads_for_pattern(None, None, None, graph)))
        for graph in _nodes(named):
            merged.extend(self.whole.quads_for_pattern(None, None, None, graph))
        return merged


def _load(store: Store, path: Path, rename: bool) -> None:
    """Load a file. Blank nodes of several files are kept apart by a new name (*rename*), or keep the one they have."""
    known = RdfFormat.from_extension(path.suffix[1:].lower())
    if known is None:
        raise ValueError(f"{path.name}: no RDF format has this suffix. Known: nt, nq, ttl, trig, rdf, jsonld.")
    if not path.read_bytes().strip():
        return  # an empty file is an empty data set in every format, though no XML or JSON
    try:
        store.bulk_extend(parse(path=path, format=known, rename_blank_nodes=rename))
    except (SyntaxError, ValueError) as error:
        raise ValueError(f"{path.name}: {error}") from error


def _flat(quads: Any) -> Iterator[Quad]:
    return (Quad(quad.subject, quad.predicate, quad.object) for quad in quads)


def _name(quad: Quad) -> str:
    return "" if isinstance(quad.graph_name, DefaultGraph) else quad.graph_name.value


def _nodes(graphs: Sequence[str]) -> list[Any]:
    return [NamedNode(graph) for graph in graphs]


class _Frames(io.RawIOBase):
    """A file whose writes go to the server as frames."""

    def __init__(self, sender: wire.Sender) -> None:
        self._sender = sender

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._sender.frame(wire.DATA, data)
        return len(data)


def reply(sender: wire.Sender, data: Data, question: Mapping[str, Any]) -> None:
    """Answer one question: the kind of answer and its bytes. What goes wrong is raised, at any point."""
    result = data.answer(question)
    kind, media_type = _kind(result, question["accept"])
    sender.frame(wire.ANSWER, json.dumps({"kind": kind, "media_type": media_type}).encode())
    with io.BufferedWriter(_Frames(sender), CHUNK) as output:
        _write(result, media_type, data.prefixes, cast(IO[bytes], output))


def _kind(result: object, accept: str | None) -> tuple[str, str]:
    if isinstance(result, QueryTriples):
        return "graph", accept or "text/turtle"
    kind = "boolean" if isinstance(result, QueryBoolean) else "solutions"
    return kind, accept or "application/sparql-results+json"


def _write(result: Any, media_type: str, prefixes: Mapping[str, str], output: IO[bytes]) -> None:
    if not isinstance(result, QueryTriples):
        result.serialize(output, _known(QueryResultsFormat.from_media_type(media_type), media_type))
        return
    form = _known(RdfFormat.from_media_type(media_type), media_type)
    triples = list(islice(result, TIDY))
    if len(triples) == TIDY:
        serialize(chain(triples, result), output, form, prefixes=dict(prefixes))
        return
    triples.sort(key=_order)
    text = serialize(triples, format=form, prefixes=_used(prefixes, triples)) or b""
    output.write(_sorted_prefixes(text) if form == RdfFormat.TURTLE else text)


def _order(triple: Triple) -> tuple[str, ...]:
    """Sort by subject, its types first: the same answer is the same bytes, and reads well."""
    kind = "" if triple.predicate.value == RDF_TYPE else triple.predicate.value
    return str(triple.subject), kind, str(triple.object)


def _used(prefixes: Mapping[str, str], triples: Sequence[Triple]) -> dict[str, str]:
    nodes = {term for triple in triples for term in (triple.subject, triple.predicate, triple.object)}
    types = {node.datatype for node in nodes if isinstance(node, Literal)}
    iris = [node.value for node in nodes | types if isinstance(node, NamedNode)]
    return {name: start for name, start in prefixes.items() if any(iri.startswith(start) for iri in iris)}


def _sorted_prefixes(turtle: bytes) -> bytes:
    lines = turtle.split(b"\n")
    count = next((place for place, line in enumerate(lines) if not line.startswith(b"@prefix ")), len(lines))
    return b"\n".join(sorted(lines[:count]) + lines[count:])


def _known(form: Any, media_type: str) -> Any:
    if form is None:
        raise ValueError(f"An answer of this kind cannot be given as {media_type}.")
    return form


def _error_name(error: BaseException) -> str:
    names: Mapping[type[BaseException], str] = {
        SyntaxError: "syntax",
        MemoryError: "memory",
        RuntimeError: "unsupported",
        OSError: "unsupported",
    }
    return names.get(type(error), "other")


def work(channel: socket.socket, data: Data, memory_mb: int, niceness: int) -> None:
    """Answer questions until the server hangs up."""
    _confine(memory_mb, niceness)
    stale_from = _peak_kb() + STALE_KB
    receiver = wire.Receiver(channel)
    while True:
        _, payload = receiver.frame()
        sender = wire.Sender(channel)
        try:
            reply(sender, data, json.loads(payload))
        except BaseException as error:  # a panic in Rust is no Exception
            said = {"error": _error_name(error), "message": str(error)}
            wire.send(channel, wire.FAILED, json.dumps(said).encode())
        else:
            sender.frame(wire.DONE, b"stale" if _peak_kb() > stale_from else b"")
            sender.flush()


def _confine(memory_mb: int, niceness: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())  # hides the allocator's last words
    os.nice(niceness)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    space = _address_space() + memory_mb * MEBI
    resource.setrlimit(resource.RLIMIT_AS, (space, space))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def _peak_kb() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // 1024 if sys.platform == "darwin" else peak


def _address_space() -> int:
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    except OSError:
        return _peak_kb() * 1024


def serve(control: socket.socket) -> None:
    """Load what the server orders, then fork and kill workers at its word, until it hangs up."""
    _, order = wire.Receiver(control).frame()
    try:
        data = Data.load(json.loads(order))
    except (OSError, ValueError) as error:
        wire.send(control, wire.FAILED, str(error).encode())
        return
    gc.freeze()
    wire.send(control, wire.READY, json.dumps(data.summary()).encode())
    _Nursery(data).run(control)


@dataclass
class _Nursery:
    """Who may order workers, over which connection, and which workers they have."""

    data: Data
    workers: dict[socket.socket, set[int]] = field(default_factory=dict)

    def run(self, owner: socket.socket) -> None:
        """Obey all connections until *owner* hangs up; whoever hangs up, their workers end."""
        with selectors.DefaultSelector() as waiting:
            waiting.register(owner, selectors.EVENT_READ)
            self.workers[owner] = set()
            while self.workers:
                for key, _ in waiting.select():
                    control = cast(socket.socket, key.fileobj)
                    try:
                        joined = self._obey(control)
                    except (EOFError, OSError):
                        for left in list(self.workers) if control is owner else [control]:
                            waiting.unregister(left)
                            self._leave(left)
                        break
                    if joined:
                        waiting.register(joined, selectors.EVENT_READ)
                        self.workers[joined] = set()

    def _leave(self, control: socket.socket) -> None:
        for pid in self.workers.pop(control):
            _end(pid)
        control.close()

    def _obey(self, control: socket.socket) -> socket.socket | None:
        """Take one order: ``fork`` with its socket, ``kill`` a worker, or ``join`` with a socket for more orders.

        Each is answered before the next comes, with the id of the process or the signal that ended it.
        """
        said, sockets, _, _ = socket.recv_fds(control, 4096, 1)
        if not said:
            raise EOFError
        order, joined, told = json.loads(said), None, 0
        if order["do"] == "kill":
            told = self._kill(control, order["pid"])
        elif order["do"] == "join":
            joined = socket.socket(fileno=sockets[0])
        else:
            with socket.socket(fileno=sockets[0]) as channel:
                told = self._fork(control, channel, order)
        wire.send(control, wire.DONE, json.dumps(told).encode())
        return joined

    def _kill(self, control: socket.socket, pid: int) -> int:
        if pid not in self.workers[control]:
            return 0
        self.workers[control].remove(pid)
        return _end(pid)

    def _fork(self, control: socket.socket, channel: socket.socket, order: Mapping[str, Any]) -> int:
        pid = os.fork()
        if pid == 0:
            for each in self.workers:
                each.close()
            _become_worker(channel, self.data, order)
        self.workers[control].add(pid)
        return pid


def _become_worker(channel: socket.socket, data: Data, order: Mapping[str, Any]) -> None:
    try:
        work(channel, data, order["memory_mb"], order["nice"])
    except (EOFError, OSError):
        pass  # the server hung up
    finally:
        os._exit(0)


def _end(pid: int) -> int:
    """End a worker and return the signal that ended it: ours, unless it ended before."""
    os.kill(pid, signal.SIGKILL)
    return os.WTERMSIG(os.waitpid(pid, 0)[1])


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which then hangs up
    serve(socket.socket(fileno=int(sys.argv[1])))
