"""The graph as RDF: every quad, or every triple once, streamed from the sorted N-Quads of the snapshot."""

from collections.abc import Callable, Iterator
from itertools import chain

from kg.engine import transcribe
from kg.export.formats import Format, Origin, Outgoing

COMMENTED = ("ttl", "trig")  # N-Quads and N-Triples stay sorted lines, for the programs that compare them


def _written(form: str) -> Callable[[Origin], Outgoing]:
    def make(origin: Origin) -> Outgoing:
        total = origin.snapshot.manifest.counts["triples"]
        pieces = transcribe(
            origin.snapshot.data_path, form, origin.terms.prefixes, lambda read: origin.progress(read, total)
        )
        head = (f"# {origin.imprint}\n".encode(),) if form in COMMENTED else ()
        return Outgoing(chain(head, pieces))

    return make


def _nquads(origin: Origin) -> Outgoing:
    return Outgoing(_lines(origin))


def _lines(origin: Origin) -> Iterator[bytes]:
    total, read = origin.snapshot.manifest.counts["triples"], 0
    with origin.snapshot.data_path.open("rb") as file:
        while lines := file.readlines(1 << 20):
            yield b"".join(lines)
            read += len(lines)
            origin.progress(read, total)


FORMATS = (
    Format("ttl", "text/turtle", "ttl", _written("ttl")),
    Format("nt", "application/n-triples", "nt", _written("nt")),
    Format("nq", "application/n-quads", "nq", _nquads),
    Format("trig", "application/trig", "trig", _written("trig")),
    Format("jsonld", "application/ld+json", "jsonld", _written("jsonld")),
    Format("rdfxml", "application/rdf+xml", "rdf", _written("rdfxml")),
)
