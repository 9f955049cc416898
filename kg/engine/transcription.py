"""A file of N-Quads in another form of RDF, piece by piece, so that the memory it takes does not grow with the data."""

import re
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from pyoxigraph import Quad, RdfFormat, parse, serialize

BATCH = 5000  # quads; a few megabytes in every form


@dataclass(frozen=True)
class _Form:
    """How a form is written in batches: what stands once before all, once after all, and between two of them."""

    written: RdfFormat
    by_graph: bool
    parts: re.Pattern[bytes]
    between: bytes = b""


_AFTER_PREFIXES = re.compile(rb"((?:@prefix [^\n]*\n)*)(.*)()", re.DOTALL)
_FORMS: Mapping[str, _Form] = {
    "ttl": _Form(RdfFormat.TURTLE, False, _AFTER_PREFIXES),
    "nt": _Form(RdfFormat.N_TRIPLES, False, re.compile(rb"()(.*)()", re.DOTALL)),
    "rdfxml": _Form(RdfFormat.RDF_XML, False, re.compile(rb"(.*?<rdf:RDF[^>]*>\n)(.*)(</rdf:RDF>)", re.DOTALL)),
    "trig": _Form(RdfFormat.TRIG, True, _AFTER_PREFIXES),
    "jsonld": _Form(RdfFormat.JSON_LD, True, re.compile(rb"(\[)(.*)(\])", re.DOTALL), b",\n"),
}


def transcribe(
    file: Path, form: str, prefixes: Mapping[str, str], progress: Callable[[int], None] = lambda _read: None
) -> Iterator[bytes]:
    """Give the sorted N-Quads of *file* as ttl, nt, rdfxml (each triple once), trig or jsonld (graph after graph).

    *progress* is told how many quads were read. Blank nodes keep their names. For the forms with graphs, eight bytes
    are kept for each quad; else memory is that of one batch.
    """
    way = _FORMS[form]
    lines = _by_graph(file) if way.by_graph else _flat(file)
    head = foot = b""
    for number, batch in enumerate(_batches(lines)):
        quads: Iterable[Quad] = parse(b"".join(line for _, line in batch), format=RdfFormat.N_QUADS)
        given = quads if way.by_graph else (quad.triple for quad in quads)
        whole = way.parts.fullmatch(serialize(given, format=way.written, prefixes=dict(prefixes)) or b"")
        if whole is None:
            raise ValueError(f"{form} is not written as it was")
        head, body, foot = whole.groups()
        yield (way.between if number else head) + body
        progress(batch[-1][0] if batch else 0)
    yield foot + (b"" if form in ("ttl", "nt", "trig") else b"\n")


def _batches(lines: Iterator[tuple[int, bytes]]) -> Iterator[list[tuple[int, bytes]]]:
    """Give the lines in batches, an empty one where there is no line."""
    batch = list(islice(lines, BATCH))
    yield batch
    while batch := list(islice(lines, BATCH)):
        yield batch


def _flat(file: Path) -> Iterator[tuple[int, bytes]]:
    """Give each triple once, with the number of its line: in a sorted file equal triples stand side by side."""
    before = b""
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            triple, _, _ = line.rpartition(b" <")
            if triple != before:
                yield number, line
            before = triple


def _by_graph(file: Path) -> Iterator[tuple[int, bytes]]:
    """Give the quads graph after graph, each with its number."""
    places: defaultdict[bytes, array[int]] = defaultdict(lambda: array("Q"))
    with file.open("rb") as lines:
        at = 0
        for line in lines:
            places[line.rpartition(b" <")[2]].append(at)
            at += len(line)
        number = 0
        for graph in sorted(places):
            for at in places[graph]:
                lines.seek(at)
                number += 1
                yield number, lines.readline()
