"""An ontology graph read as axioms: what OWL and SKOS say in it, one frozen object each, whatever triples carry it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Literal as OneOf

from rdflib import Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.namespace import OWL, RDF, RDFS, SKOS
from rdflib.term import Node


@dataclass(frozen=True)
class Expression:
    """A class or property without a name: *kind* (``some``, ``union``, ``inverse`` …) and what it is made of."""

    kind: str
    parts: "tuple[Part, ...]"


Part = URIRef | Literal | Expression


@dataclass(frozen=True)
class Axiom:
    """One thing an ontology says: *kind* names its form in ``ontology/phrases.yaml``, *parts* what it speaks of.

    ``subclass(sub, super)``, ``disjoint(members…)``, ``domain(property, class)``, ``chain(property, steps…)``,
    ``some(class, property, filler)``, ``min(class, property, number, filler)`` and so on.
    """

    kind: str
    parts: tuple[Part, ...]

    def names(self) -> frozenset[URIRef]:
        """Return every name that the axiom speaks of."""
        return frozenset(_names(self.parts))

    @property
    def is_data(self) -> bool:
        """Whether it tells of a single thing, as data does, and not of all of a kind."""
        return self.kind in OF_DATA

    @property
    def order(self) -> tuple[bool, str, list[str]]:
        """By what the axioms of an explanation are sorted: data before what the ontology says."""
        return not self.is_data, self.kind, [repr(part) for part in self.parts]


@dataclass(frozen=True)
class Inconsistency:
    """A contradiction.

    *kind* ``contradiction``: the data and the ontology cannot both hold. *kind* ``unsatisfiable``: nothing can ever be
    a *subject*. *because* is a smallest set of axioms that cannot hold together: without any one of them the rest can.
    """

    kind: OneOf["contradiction", "unsatisfiable"]
    subject: URIRef | None = None
    because: tuple[Axiom, ...] = ()


OF_DATA = ("instance", "relation", "same", "different")
DECLARATIONS: Mapping[URIRef, str] = {
    OWL.Class: "class",
    OWL.ObjectProperty: "object-property",
    OWL.DatatypeProperty: "datatype-property",
    OWL.AnnotationProperty: "annotation-property",
    SKOS.ConceptScheme: "scheme",
    SKOS.Concept: "concept",
    SKOS.Collection: "collection",
}
CHARACTERISTICS: Mapping[URIRef, str] = {
    OWL.FunctionalProperty: "functional",
    OWL.InverseFunctionalProperty: "inverse-functional",
    OWL.SymmetricProperty: "symmetric",
    OWL.AsymmetricProperty: "asymmetric",
    OWL.TransitiveProperty: "transitive",
    OWL.ReflexiveProperty: "reflexive",
    OWL.IrreflexiveProperty: "irreflexive",
}
PAIRS: Mapping[URIRef, str] = {
    RDFS.subClassOf: "subclass",
    RDFS.subPropertyOf: "subproperty",
    RDFS.domain: "domain",
    RDFS.range: "range",
    SKOS.broader: "broader",
    SKOS.related: "related",
    SKOS.inScheme: "in-scheme",
    SKOS.topConceptOf: "top-concept",
    SKOS.notation: "notation",
    SKOS.exactMatch: "exact-match",
    SKOS.closeMatch: "close-match",
    SKOS.broadMatch: "broad-match",
    SKOS.narrowMatch: "narrow-match",
    SKOS.relatedMatch: "related-match",
}
EITHER_WAY: Mapping[URIRef, str] = {
    OWL.equivalentClass: "equivalent",
    OWL.disjointWith: "disjoint",
    OWL.inverseOf: "inverse",
    OWL.propertyDisjointWith: "disjoint-properties",
    OWL.equivalentProperty: "equivalent-properties",
}
LISTED: Mapping[URIRef, str] = {OWL.AllDisjointClasses: "disjoint", OWL.AllDisjointProperties: "disjoint-properties"}

_OF_SETS = {OWL.unionOf: "union", OWL.intersectionOf: "intersection", OWL.oneOf: "one-of"}
_FILLED = {OWL.someValuesFrom: "some", OWL.allValuesFrom: "only", OWL.hasValue: "value"}
_COUNTED = {
    OWL.minQualifiedCardinality: "min",
    OWL.minCardinality: "min",
    OWL.maxQualifiedCardinality: "max",
    OWL.maxCardinality: "max",
    OWL.qualifiedCardinality: "exactly",
    OWL.cardinality: "exactly",
}
RESTRICTIONS = frozenset((*_FILLED.values(), *_COUNTED.values()))


def axioms(graph: Graph) -> frozenset[Axiom]:
    """Return every axiom of *graph*: declarations, classes, properties, concepts; words and headers are none."""
    readers: tuple[Callable[[Graph], Iterator[Axiom]], ...] = (_typed, _paired, _either_way, _listed, _sequences)
    return frozenset(axiom for reader in readers for axiom in reader(graph))


def disjoint_sets(graph: Graph) -> tuple[tuple[str, ...], ...]:
    """Return the members of every ``owl:AllDisjointClasses`` of *graph*, in a settled order."""
    nodes = graph.subjects(RDF.type, OWL.AllDisjointClasses)
    return tuple(sorted(tuple(sorted(map(str, _members(graph, node, OWL.members)))) for node in nodes))


def by_data(reasons: Iterable[tuple[Axiom, ...]]) -> tuple[tuple[Axiom, ...], ...]:
    """Keep the first of those reasons that rest on the same data."""
    kept: dict[frozenset[Axiom], tuple[Axiom, ...]] = {}
    for reason in reasons:
        kept.setdefault(frozenset(axiom for axiom in reason if axiom.is_data), reason)
    return tuple(kept.values())


def pairwise(axiom: Axiom) -> tuple[Axiom, ...]:
    """Take a disjointness of many apart into those of two; any other axiom stays whole."""
    if axiom.kind not in LISTED.values():
        return (axiom,)
    return tuple(Axiom(axiom.kind, pair) for pair in combinations(axiom.parts, 2))


def _names(parts: tuple[Part, ...]) -> Iterator[URIRef]:
    for part in parts:
        if isinstance(part, Expression):
            yield from _names(part.parts)
        elif isinstance(part, URIRef):
            yield part


def _typed(graph: Graph) -> Iterator[Axiom]:
    """Read declarations, characteristics, and of what class a concept is."""
    for thing, kind in graph.subject_objects(RDF.type):
        if not isinstance(thing, URIRef) or not isinstance(kind, URIRef):
            continue
        if found := DECLARATIONS.get(kind) or CHARACTERISTICS.get(kind):
            yield Axiom(found, (thing,))
        elif kind not in OWL and kind not in RDFS and kind not in RDF:
            yield Axiom("instance", (thing, kind))
    for thing, flag in graph.subject_objects(OWL.deprecated):
        if isinstance(thing, URIRef) and isinstance(flag, Literal) and flag.toPython():
            yield Axiom("deprecated", (thing,))


def _paired(graph: Graph) -> Iterator[Axiom]:
    for predicate, kind in PAIRS.items():
        for one, other in graph.subject_objects(predicate):
            if isinstance(one, URIRef):
                yield _pair(kind, one, _part(graph, other))


def _pair(kind: str, one: URIRef, other: Part) -> Axiom:
    """Make an axiom of two parts; a restriction above a class is an axiom of its own kind."""
    if kind == "subclass" and isinstance(other, Expression) and other.kind in RESTRICTIONS:
        return Axiom(other.kind, (one, *other.parts))
    return Axiom(kind, (one, other))


def _either_way(graph: Graph) -> Iterator[Axiom]:
    for predicate, kind in EITHER_WAY.items():
        for one, other in graph.subject_objects(predicate):
            if isinstance(one, URIRef):
                yield Axiom(kind, _settled((one, _part(graph, other))))


def _listed(graph: Graph) -> Iterator[Axiom]:
    for type_, kind in LISTED.items():
        for node in graph.subjects(RDF.type, type_):
            yield Axiom(kind, _settled(tuple(_part(graph, each) for each in _members(graph, node, OWL.members))))


def _sequences(graph: Graph) -> Iterator[Axiom]:
    for predicate, kind in ((OWL.propertyChainAxiom, "chain"), (OWL.hasKey, "key")):
        for one, head in graph.subject_objects(predicate):
            if isinstance(one, URIRef):
                yield Axiom(kind, (one, *(_part(graph, each) for each in Collection(graph, head))))


def _settled(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    return tuple(sorted(parts, key=str))


def _members(graph: Graph, node: Node, predicate: URIRef) -> list[Node]:
    head = graph.value(node, predicate)
    return [] if head is None else list(Collection(graph, head))


def _part(graph: Graph, node: Node) -> Part:
    if isinstance(node, URIRef | Literal):
        return node
    return _expression(graph, node)


def _expression(graph: Graph, node: Node) -> Expression:
    """Read a blank node as a class or property without a name; ``unknown`` where OWL has no such form."""
    for predicate, kind in _OF_SETS.items():
        if (node, predicate, None) in graph:
            return Expression(kind, _settled(tuple(_part(graph, each) for each in _members(graph, node, predicate))))
    for predicate, kind in ((OWL.complementOf, "complement"), (OWL.inverseOf, "inverse")):
        if (inner := graph.value(node, predicate)) is not None:
            return Expression(kind, (_part(graph, inner),))
    on = graph.value(node, OWL.onProperty)
    return _restriction(graph, node, _part(graph, on)) if on is not None else Expression("unknown", ())


def _restriction(graph: Graph, node: Node, on: Part) -> Expression:
    for predicate, kind in _FILLED.items():
        if (filler := graph.value(node, predicate)) is not None:
            return Expression(kind, (on, _part(graph, filler)))
    for predicate, kind in _COUNTED.items():
        if isinstance(number := graph.value(node, predicate), Literal):
            filler = graph.value(node, OWL.onClass) or graph.value(node, OWL.onDataRange) or OWL.Thing
            return Expression(kind, (on, number, _part(graph, filler)))
    return Expression("unknown", ())
