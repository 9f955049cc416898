"""Only what a change touches is validated again; what was found before is remembered beside the snapshots."""

import gzip
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import sha256
from importlib.abc import Traversable
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from rdflib import BNode, Dataset, Graph
from rdflib.exceptions import ParserError
from rdflib.namespace import SH
from rdflib.term import Node

from kg import validation
from kg.model import Finding
from kg.resources import resource
from kg.terms import Terms
from kg.validation import Reader, Report, Step, own_shapes, reaches, report_of, steps

MEMORY = "validated.gz"
ENGINES = ("pyshacl", "rdflib", "pyoxigraph")
NAMELESS = re.compile(r"^_:\S+|(?<= )_:\S+(?= \.$)")
ASIDE = ("corpora", "examples", "releases", "expected", "__pycache__")
SHAPING = (".py", ".ttl", ".rq", ".csv", ".yaml")
Lines = frozenset[str]
Touched = Mapping[Node, frozenset[Node] | None]


@dataclass(frozen=True)
class Outcome:
    """The *findings* of a whole validation, though only the sources in *anew* (IRIs) were looked at again.

    *memory* is the file that the next validation wants to read.
    """

    findings: tuple[Finding, ...]
    anew: frozenset[str]
    memory: bytes


@dataclass(frozen=True)
class _Past:
    """A validation of before: *triples* by step, *nameless* stands for those with blank nodes, *findings*."""

    triples: tuple[Lines, ...]
    nameless: str
    findings: tuple[Finding, ...]


def revalidate(dataset: Dataset, terms: Terms, inferred: Graph, memory: Path) -> Outcome:
    """Find what :func:`kg.validation.check` finds, the quicker the less changed since *memory* was written.

    A memory that is missing or broken, or of other shapes or another program, only costs time.
    """
    past, anew = _recall(memory, terms), set[str]()
    graphs: list[Graph] = []
    kept: list[Finding] = []
    lines: list[Lines] = []
    nameless, step = "", None
    for step in steps(dataset, terms, inferred):
        named, without_name = _split(inferred if lines else step.data)
        nameless += without_name
        lines.append(named.union(*lines))
        if past and not past.nameless.startswith(nameless):
            past = None
        touched = _touched(step, lines[-1], past.triples[len(lines) - 1] if past else None)
        graphs.append(step.run(touched))
        kept += _kept(step, touched, past.findings if past else ())
        anew.update(_sources(step, touched))
    assert step
    findings = _together(report_of(graphs, step.data, own_shapes(terms), terms), kept, step)
    return Outcome(findings, frozenset(anew), _written(_Past(tuple(lines), nameless, findings), terms))


def _touched(step: Step, now: Lines, before: Lines | None) -> Touched:
    """Say for each shape which nodes it must judge again: all (``None``), or those that see a change."""
    if before is None:
        return dict.fromkeys(step.shapes)
    if now == before:
        return dict.fromkeys(step.shapes, frozenset())
    try:
        step.lookup.note(Graph().parse(data="\n".join(now ^ before), format="nt"))
    except ParserError:  # the memory holds what is no triple
        return dict.fromkeys(step.shapes)
    return {shape: _seeing(step, shape) for shape in step.shapes}


def _seeing(step: Step, shape: Node) -> frozenset[Node] | None:
    found = reaches(step.terms)[shape]
    if found.everywhere or _shared(step.terms).intersection(_reporters(step.terms)[shape]):
        return None
    nodes = frozenset[Node]().union(*map(step.lookup.touched, found.queries))
    return None if any(isinstance(node, BNode) for node in nodes) else nodes


def _kept(step: Step, touched: Touched, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Give the findings of before that no change can have touched."""
    judged = {
        name: None if nodes is None else frozenset(map(str, nodes))
        for shape, nodes in touched.items()
        for name in _reporters(step.terms)[shape]
    }
    for finding in findings:
        if finding.shape in judged:
            nodes = judged[finding.shape]
            if nodes is not None and finding.focus not in nodes:
                yield finding


def _sources(step: Step, touched: Touched) -> Iterator[str]:
    """Give the sources whose own records are validated: themselves, their statements, passages and codings."""
    key, everything = step.terms.uri("source"), any(nodes is None for nodes in touched.values())
    if everything:
        yield from map(str, step.data.subjects(step.terms.uri("access")))
    for node in frozenset().union(*(nodes for nodes in touched.values() if nodes)):
        yield from map(str, step.data.objects(node, key))
        if (node, step.terms.uri("access"), None) in step.data:
            yield str(node)


def _together(report: Report, kept: Iterable[Finding], step: Step) -> tuple[Finding, ...]:
    """Put the findings of now and before in order; label, passage and source are told as they are now."""
    reader = Reader(step.data, own_shapes(step.terms), step.terms)
    found = {validation.order_of(finding): finding for finding in (*map(reader.retold, kept), *report.findings)}
    return tuple(found[key] for key in sorted(found))


# --- who reports -------------------------------------------------------------------------------


@cache
def _reporters(terms: Terms) -> Mapping[Node, frozenset[str]]:
    """Return the names under which each shape with targets reports: its own, and those of its property shapes."""
    shapes = own_shapes(terms)
    return {
        shape: frozenset(terms.compress(str(each)) for each in (shape, *shapes.objects(shape, SH.property)))
        for shape in reaches(terms)
    }


@cache
def _shared(terms: Terms) -> frozenset[str]:
    """Return the names that several shapes with targets report under: what they found cannot be told apart."""
    names = [name for reported in _reporters(terms).values() for name in reported]
    return frozenset(name for name in names if names.count(name) > 1)


# --- the memory --------------------------------------------------------------------------------


def _split(graph: Graph) -> tuple[Lines, str]:
    """Return the N-Triples of *graph*, and one sum for all those with blank nodes, whose names are new every time."""
    lines = [line for line in graph.serialize(format="nt").split("\n") if line]
    nameless = {line for line in lines if NAMELESS.search(line)}
    blanked = sorted(NAMELESS.sub("_:", line) for line in nameless)
    return frozenset(lines) - nameless, sha256("\n".join(blanked).encode()).hexdigest()


@cache
def _key(terms: Terms) -> str:
    """Return a sum that is another where other findings may come of the same data: of every shape, axiom and module."""
    read = (each for folder in (resource("shapes"), resource("ontology"), files("kg")) for each in _contents(folder))
    named = [*map(version, ENGINES), terms.base]
    return sha256(b"\0".join([*read, *(name.encode() for name in named)])).hexdigest()


def _contents(folder: Traversable) -> Iterator[bytes]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir() and entry.name not in ASIDE:
            yield from _contents(entry)
        elif entry.name.endswith(SHAPING):
            yield entry.name.encode()
            yield entry.read_bytes()


def _sum(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _written(past: _Past, terms: Terms) -> bytes:
    kept = {
        "key": _key(terms),
        "nameless": past.nameless,
        "findings": [asdict(finding) for finding in past.findings],
        "triples": ["\n".join(sorted(lines)) for lines in past.triples],
    }
    text = json.dumps(kept, ensure_ascii=False)
    return gzip.compress(f"{_sum(text)}\n{text}".encode(), compresslevel=1, mtime=0)


def _recall(memory: Path, terms: Terms) -> _Past | None:
    try:
        noted, _, text = gzip.decompress(memory.read_bytes()).decode().partition("\n")
        if noted != _sum(text):
            return None
        kept = json.loads(text)
        findings = tuple(Finding(**finding) for finding in kept["findings"])
        first, second = (frozenset(filter(None, lines.split("\n"))) for lines in kept["triples"])
        known = kept["key"] == _key(terms)
        return _Past((first, second), kept["nameless"], findings) if known else None
    except (OSError, EOFError, zlib.error, ValueError, TypeError, KeyError, AttributeError):
        return None
