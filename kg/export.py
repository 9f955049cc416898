"""One table of formats in which the public data set leaves the house; atomic files."""

import io
import os
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rdflib import Dataset, Graph

from kg.engine import Engine
from kg.interchange import GRANTS, LANGUAGE, SERVICES, Left, Standard, export
from kg.model import EnvironmentFailure, InputError
from kg.resources import resource, text
from kg.snapshot import Snapshot
from kg.terms import Terms, nearest

ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same data give the same bytes, so no clock goes in


@dataclass(frozen=True)
class Outgoing:
    """The bytes of a file, in pieces, and where records had to be left out how many and why."""

    pieces: Iterable[bytes]
    left: Left | None = None


@dataclass(frozen=True)
class Format:
    """A way out: its short name, media type, file suffix, and what makes the bytes."""

    name: str
    media_type: str
    suffix: str
    make: Callable[[Snapshot, Terms, Engine], Outgoing]


def write(name: str, target: Path, snapshot: Snapshot, terms: Terms, engine: Engine) -> Left | None:
    """Write the public data set as format *name* to *target* (``-``: standard output); return what was left out.

    A file appears whole or not at all. Raises :class:`InputError` for an unknown format, or where the format asks
    for more than any record has.
    """
    if name not in FORMATS:
        near = ", ".join(nearest(name, FORMATS)) or ", ".join(FORMATS)
        raise InputError(f"There is no export format {name!r}. Nearest: {near}.")
    made = FORMATS[name].make(snapshot, terms, engine)
    if str(target) == "-":
        sys.stdout.buffer.writelines(made.pieces)
        sys.stdout.buffer.flush()
    else:
        _write_whole(target, made.pieces)
    return made.left


def _write_whole(target: Path, content: Iterable[bytes]) -> None:
    if not target.parent.is_dir():
        raise InputError(f"{target.parent} is not a folder; make it first.")
    try:
        _swap_in(target, content)
    except OSError as error:
        raise EnvironmentFailure(f"Cannot write {target}: {error.strerror}. Nothing was left there.") from error


def _swap_in(target: Path, content: Iterable[bytes]) -> None:
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(content)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _nquads(snapshot: Snapshot, _terms: Terms, _engine: Engine) -> Outgoing:
    return Outgoing((snapshot.data_path.read_bytes(),))


def _serialised(form: str, *, graphs: bool = False) -> Callable[[Snapshot, Terms, Engine], Outgoing]:
    def make(snapshot: Snapshot, terms: Terms, _engine: Engine) -> Outgoing:
        dataset = snapshot.dataset()
        chosen: Graph = dataset if graphs else _flat(dataset)
        for prefix, namespace in terms.prefixes.items():
            chosen.bind(prefix, namespace, replace=True)
        return Outgoing((chosen.serialize(format=form, encoding="utf-8"),))

    return make


def _records(standard: Standard) -> Callable[[Snapshot, Terms, Engine], Outgoing]:
    def make(snapshot: Snapshot, terms: Terms, engine: Engine) -> Outgoing:
        manifest = snapshot.manifest
        return Outgoing(*export(standard, engine, terms, manifest.licence, manifest.title[LANGUAGE]))

    return make


def _flat(dataset: Dataset) -> Graph:
    graph = Graph()
    for subject, predicate, value, _ in dataset.quads():
        graph.add((subject, predicate, value))
    return graph


def _concepts(_snapshot: Snapshot, terms: Terms, engine: Engine) -> Outgoing:
    query = terms.rebase(text("ontology", "queries", "export-skos-ap-no.rq"))
    return Outgoing(engine.query(query, accept="text/turtle").chunks)


def _tables(_snapshot: Snapshot, terms: Terms, engine: Engine) -> Outgoing:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, query in sorted(_table_queries(terms).items()):
            rows = b"".join(engine.query(query, accept="text/csv").chunks)
            archive.writestr(zipfile.ZipInfo(f"{name}.csv", ZIP_EPOCH), "\ufeff".encode() + rows)
    return Outgoing((packed.getvalue(),))


def _table_queries(terms: Terms) -> Mapping[str, str]:
    folder = resource("ontology").joinpath("queries")
    return {
        entry.name.removeprefix("table-").removesuffix(".rq"): terms.rebase(entry.read_text(encoding="utf-8"))
        for entry in folder.iterdir()
        if entry.name.startswith("table-")
    }


FORMATS: Mapping[str, Format] = {
    form.name: form
    for form in (
        Format("ttl", "text/turtle", "ttl", _serialised("turtle")),
        Format("nt", "application/n-triples", "nt", _serialised("ntriples")),
        Format("nq", "application/n-quads", "nq", _nquads),
        Format("trig", "application/trig", "trig", _serialised("trig", graphs=True)),
        Format("jsonld", "application/ld+json", "jsonld", _serialised("json-ld", graphs=True)),
        Format("rdfxml", "application/rdf+xml", "rdf", _serialised("xml")),
        Format("csv", "application/zip", "zip", _tables),
        Format("skosapno", "text/turtle", "ttl", _concepts),
        Format("360giving", "application/json", "json", _records(GRANTS)),
        Format("hsds", "application/json", "json", _records(SERVICES)),
    )
}
