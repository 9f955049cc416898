"""What an engine gives back: bytes in an asked format, or rows of cells."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from socket import socket
from typing import IO, Literal, Protocol

from kg.model import InputError

Kind = Literal["boolean", "solutions", "graph"]
Purpose = Literal["page", "endpoint"]

CHUNK = 64 * 1024
JSON = "application/sparql-results+json"
TURTLE = "text/turtle"

# Short name → media type; the first of each is the default.
_ROWS: Mapping[str, str] = {
    "json": JSON,
    "xml": "application/sparql-results+xml",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
}
_GRAPHS: Mapping[str, str] = {
    "ttl": TURTLE,
    "nt": "application/n-triples",
    "jsonld": "application/ld+json",
    "rdfxml": "application/rdf+xml",
}


@dataclass(frozen=True)
class Result:
    """An answer whose success is known: *body* holds all of it, to be read from its start, and no error can follow.

    *length* is its size in bytes. *truncated* tells that a remote service cut the rows; our own pool never does.
    """

    kind: Kind
    media_type: str
    body: IO[bytes]
    length: int
    truncated: bool = False

    @property
    def chunks(self) -> Iterator[bytes]:
        """Give the answer in pieces, once."""
        with self.body as body:
            yield from iter(lambda: body.read(CHUNK), b"")


@dataclass(frozen=True)
class Cell:
    """One value of a row; *datatype* is the full IRI, ``None`` for plain and language-tagged strings."""

    kind: Literal["iri", "literal", "blank"]
    value: str
    lang: str | None = None
    datatype: str | None = None


class Engine(Protocol):
    """Whatever answers SPARQL 1.1 queries. Errors are those of :mod:`kg.model`; all calls are thread-safe.

    *accept* is a media type of :func:`media_types` (``None``: JSON, or Turtle for graphs).
    *default_graphs* and *named_graphs* form the data set as in the SPARQL 1.1 Protocol and win over
    FROM in the query. *purpose* keeps the users of the public endpoint from starving the pages.
    """

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
        """Run a query of any form."""
        ...

    def select(self, text: str, *, deadline_s: float | None = None) -> list[dict[str, Cell]]:
        """Return the rows of a SELECT; an unbound variable is missing from its row."""
        ...

    def ask(self, text: str, *, deadline_s: float | None = None) -> bool:
        """Return the answer of an ASK."""
        ...

    def graphs(self) -> list[str]:
        """Return the IRIs of the named graphs, sorted."""
        ...

    def triples(self) -> int:
        """Return how many triples the default graph holds."""
        ...

    def mark(self) -> str | None:
        """Return a name for the data and the way it is written: the same query gives the same bytes under it.

        ``None`` where nothing is known of the data. Queries that ask for the time, for chance or for new blank
        nodes are the exception.
        """
        ...

    def load(self) -> Mapping[Purpose, tuple[int, int]]:
        """Return how many queries of each purpose run, and how many wait; empty where that is not known."""
        ...

    def lend(self, channel: socket) -> None:
        """Answer one call that came over *channel* from a forked process, for means to answer queries.

        Raises :class:`EOFError` where that process is gone.
        """
        ...

    def borrow(self, channel: socket, row: int) -> None:
        """Prepare to answer in a forked process; *channel* leads to the one that lends.

        The *row* is that of this process among the counts of all (:class:`kg.tally.Tally`).
        """
        ...

    def forget(self, row: int) -> None:
        """Count no longer what a forked process that is gone was doing."""
        ...

    def close(self) -> None:
        """End every process and connection; a closed engine answers no more."""
        ...


def media_types(kind: Kind) -> Mapping[str, str]:
    """Return short name → media type of the formats an answer of *kind* can take, the default first."""
    return _GRAPHS if kind == "graph" else _ROWS


def media_type_of(name: str | None) -> str | None:
    """Turn a short name such as ``json`` or ``ttl`` into a media type; raise :class:`InputError` for an unknown one."""
    known = {**_ROWS, **_GRAPHS}
    if name is not None and name not in known:
        raise InputError(f"There is no answer format {name!r}. Known: {', '.join(known)}.")
    return known[name] if name is not None else None


def rows(answer: bytes) -> list[dict[str, Cell]]:
    """Read SPARQL 1.1 Query Results JSON."""
    bindings = json.loads(answer)["results"]["bindings"]
    return [{name: _cell(value) for name, value in binding.items()} for binding in bindings]


def boolean(answer: bytes) -> bool:
    """Read the JSON answer of an ASK."""
    return bool(json.loads(answer)["boolean"])


def _cell(value: Mapping[str, str]) -> Cell:
    if value["type"] == "uri":
        return Cell("iri", value["value"])
    if value["type"] == "bnode":
        return Cell("blank", value["value"])
    return Cell("literal", str(value["value"]), value.get("xml:lang"), value.get("datatype"))
