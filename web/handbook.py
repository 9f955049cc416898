"""What the pages about terms know: the served ontology, its axioms, and which questions and shapes use a term."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from rdflib import RDF, SH, BNode, Graph, Literal, URIRef
from rdflib.namespace import OWL, RDFS, SKOS
from rdflib.term import Node

from kg.axioms import Axiom, axioms
from kg.engine import Engine
from kg.model import LANGUAGES, Language
from kg.ontology import alignments_graph, existence_axioms, first_versions, version_of
from kg.questions import Catalogue, Question
from kg.resources import resource, text
from kg.terms import Terms
from kg.wording import Wording, labels_of

COMMENT = re.compile(r"(?m)(?:^|\s)#\s.*$")
CURIE = re.compile(r"\b([a-z]+):([A-Za-z][\w-]*)")
MATCHES = (SKOS.exactMatch, SKOS.closeMatch, SKOS.broadMatch, SKOS.narrowMatch, SKOS.relatedMatch)


User = TypeVar("User")


@dataclass(frozen=True)
class Shape:
    """A rule for data: its name, what it is called and says in three languages, and how severe a finding is."""

    iri: str
    local: str
    file: str
    name: Mapping[Language, str]
    message: Mapping[Language, str]
    severity: str
    terms: frozenset[str]


@dataclass(frozen=True)
class Alignment:
    """How a term stands to one of others: the SKOS property, the other term, and why, in three languages."""

    match: URIRef
    target: str
    because: Mapping[str, str]


@dataclass(frozen=True)
class Handbook:
    """Everything the pages about terms draw on; made once for what is served.

    *graph* holds the ontology and the concepts of the snapshot; from *existence* and *alignments* nothing follows in
    the data.
    """

    terms: Terms
    graph: Graph
    existence: Graph
    alignments: Graph
    questions: tuple[Question, ...]

    @classmethod
    def of(cls, engine: Engine, terms: Terms, catalogue: Catalogue | None) -> "Handbook":
        """Read it from what *engine* serves and from what is shipped beside it."""
        graph = served(engine, terms, "ontology") + served(engine, terms, "kos")
        return cls(terms, graph, existence_axioms(terms), alignments_graph(terms), tuple(catalogue or ()))

    @cached_property
    def axioms(self) -> Mapping[str, tuple[Axiom, ...]]:
        """From each name to the axioms that speak of it."""
        found: dict[str, list[Axiom]] = {}
        for axiom in sorted(axioms(self.graph + self.existence), key=lambda each: (each.kind, str(each.parts))):
            for name in axiom.names():
                found.setdefault(str(name), []).append(axiom)
        return {name: tuple(each) for name, each in found.items()}

    @cached_property
    def labels(self) -> Mapping[str, Mapping[str, str]]:
        """IRI → language → label."""
        return labels_of(self.graph)

    def wording(self, language: Language) -> Wording:
        """Return the words for axioms in *language*."""
        return Wording(language, self.labels, self.terms)

    @cached_property
    def version(self) -> str:
        """The version number of the ontology that is served."""
        return version_of(self.graph) or ""

    def since(self, iri: str) -> str:
        """Return the first version that has this term or concept."""
        return first_versions(self.terms.base).get(iri, self.version)

    @cached_property
    def asked(self) -> Mapping[str, tuple[Question, ...]]:
        """From the CURIE of a term or concept to the questions that use it."""
        return _turned((question, curies(question.query.text)) for question in self.questions)

    @cached_property
    def shapes(self) -> tuple[Shape, ...]:
        """All shapes that can be reported, in the order of their files and names."""
        return tuple(sorted(_shapes(self.terms), key=lambda shape: (shape.file, shape.local)))

    @cached_property
    def checked(self) -> Mapping[str, tuple[Shape, ...]]:
        """From the CURIE of a term or concept to the shapes that use it."""
        return _turned((shape, shape.terms) for shape in self.shapes)

    def mappings(self, iri: str) -> tuple[Alignment, ...]:
        """Return how a term or concept stands to those of others, and why."""
        found = []
        for graph in (self.alignments, self.graph):
            for match in MATCHES:
                for target in sorted(graph.objects(URIRef(iri), match), key=str):
                    found.append(Alignment(match, str(target), _reason(graph, URIRef(iri), match, target)))
        return tuple(found)

    def texts(self, iri: str, predicate: URIRef) -> dict[str, str]:
        """Return the words that one property gives a term: language → text."""
        values = self.graph.objects(URIRef(iri), predicate)
        return {value.language or "": str(value) for value in values if isinstance(value, Literal)}


def served(engine: Engine, terms: Terms, name: str) -> Graph:
    """Return one named graph of what is served; an empty one where it is not there."""
    iri = str(terms.graph(name))
    if iri not in engine.graphs():
        return Graph()
    found = engine.query("CONSTRUCT WHERE { ?s ?p ?o }", accept="application/n-triples", default_graphs=[iri])
    return Graph().parse(data=b"".join(found.chunks), format="nt")


def curies(query: str) -> frozenset[str]:
    """Return every CURIE in a SPARQL text, comments left out.

    >>> sorted(curies("ASK { ?a bso:targets group:refugees } # not bso:this"))
    ['bso:targets', 'group:refugees']
    """
    return frozenset(":".join(found) for found in CURIE.findall(COMMENT.sub("", query)))


def _turned(pairs: Iterable[tuple[User, Iterable[str]]]) -> Mapping[str, tuple[User, ...]]:
    found: dict[str, list[User]] = {}
    for user, names in pairs:
        for name in names:
            found.setdefault(name, []).append(user)
    return {name: tuple(users) for name, users in found.items()}


def _reason(graph: Graph, source: URIRef, match: URIRef, target: Node) -> dict[str, str]:
    for note in graph.subjects(OWL.annotatedSource, source):
        if (note, OWL.annotatedProperty, match) in graph and (note, OWL.annotatedTarget, target) in graph:
            notes = graph.objects(note, RDFS.comment)
            return {value.language or "": str(value) for value in notes if isinstance(value, Literal)}
    return {}


def _shapes(terms: Terms) -> Iterator[Shape]:
    for entry in resource("shapes").iterdir():
        if entry.name.endswith(".ttl"):
            graph = Graph().parse(data=terms.rebase(text("shapes", entry.name)), format="turtle")
            for node in sorted(set(graph.subjects(SH.message)), key=str):
                if isinstance(node, URIRef):
                    yield _shape(graph, node, entry.name.removesuffix(".ttl"), terms)


def _shape(graph: Graph, node: URIRef, file: str, terms: Terms) -> Shape:
    severity = graph.value(node, SH.severity) or SH.Violation
    return Shape(
        iri=str(node),
        local=str(node).removeprefix(terms.prefixes["bsh"]),
        file=file,
        name=_in_languages(graph, node, SH.name),
        message=_in_languages(graph, node, SH.message),
        severity=str(severity).rpartition("#")[2].lower(),
        terms=frozenset(_used(graph, node, terms, set())),
    )


def _in_languages(graph: Graph, node: URIRef, predicate: URIRef) -> dict[Language, str]:
    words = {value.language: str(value) for value in graph.objects(node, predicate) if isinstance(value, Literal)}
    return {language: words[language] for language in LANGUAGES if language in words}


def _used(graph: Graph, node: Node, terms: Terms, seen: set[Node]) -> Iterator[str]:
    """Give the CURIEs below a shape: its own, those of nameless nodes and of other shapes, those in its SPARQL."""
    seen.add(node)
    for predicate, value in graph.predicate_objects(node):
        if isinstance(value, Literal):
            if predicate in (SH.select, SH.ask, SH.construct):
                yield from curies(str(value))
        elif isinstance(value, BNode) or (str(value).startswith(terms.prefixes["bsh"]) and value not in seen):
            yield from _used(graph, value, terms, seen)
        elif predicate != RDF.type:
            yield terms.compress(str(value))
