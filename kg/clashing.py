"""Does the data contradict the ontology, and why? Asked of the rules, at every build and without Java."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from rdflib import OWL, RDF, RDFS, XSD, BNode, Dataset, Graph, Literal, URIRef, Variable
from rdflib.collection import Collection
from rdflib.term import Node

from kg.axioms import CHARACTERISTICS, EITHER_WAY, PAIRS, Axiom, Inconsistency, Part, axioms, by_data, pairwise
from kg.dataset import plain
from kg.engine import Deduction
from kg.resources import resource
from kg.rules import Bindings, Pattern, Rule, bound, filled, load_rules
from kg.terms import Terms

AT_MOST = 50  # that are explained; an axiom that is wrong would give one for each thing
WHOLE_NUMBERS = (XSD.integer, XSD.nonNegativeInteger, XSD.positiveInteger, XSD.int, XSD.long, XSD.short)
NUMBERS = (XSD.decimal, *WHOLE_NUMBERS)
DATATYPES = (XSD.string, XSD.boolean, XSD.anyURI, XSD.dateTime, RDF.langString, *NUMBERS)

LOGICAL = {RDF.type, OWL.propertyChainAxiom, *EITHER_WAY, *PAIRS}
OF_KINDS = ("scm-", "cax-")  # the rules by which kinds belong under kinds

Reason = frozenset[Pattern]


def clashes(dataset: Dataset, terms: Terms) -> tuple[Inconsistency, ...]:
    """Return what cannot be true of the plain triples of *dataset*, by the rules of ``ontology/rules/false``.

    They are those of OWL 2 RL for the axioms that we use, and see all that is drawn by the other rules; what only
    follows in OWL 2 DL, such as a kind that nothing can be of, :func:`kg.consistency.check` finds. Of those that rest
    on the same data one is given, and :data:`AT_MOST` in all.
    """
    derived = dataset.graph(terms.graph("inferred"))  # an explanation rests on what was said, never on what follows
    given = plain(dataset, terms)
    court = _Court(given - derived if len(derived) else given)
    reasons = sorted(court.reasons(), key=lambda reason: (len(reason), [axiom.order for axiom in reason]))
    return tuple(Inconsistency("contradiction", because=reason) for reason in by_data(reasons)[:AT_MOST])


@dataclass(frozen=True)
class _Court:
    """Finds what clashes in *graph*, and the shortest reason for each."""

    graph: Graph

    def reasons(self) -> Iterator[tuple[Axiom, ...]]:
        """Give for each way in which a rule is broken the axioms that break it together."""
        for rule in load_rules(resource("ontology").joinpath("rules", "false")):
            for bindings in self._deduction.solutions(rule.body):
                if _clash(bindings):
                    leaves = self._leaves(filled(pattern, bindings) for pattern in rule.body)
                    told = filter(None, map(self._axiom, sorted(leaves)))
                    yield tuple(sorted(dict.fromkeys(told), key=lambda axiom: axiom.order))

    @cached_property
    def _rules(self) -> tuple[Rule, ...]:
        return load_rules()

    @cached_property
    def _deduction(self) -> Deduction:
        pairs = ((pair[0], OWL.disjointWith, pair[1]) for pair in self._apart)
        datatypes = ((datatype, RDF.type, RDFS.Datatype) for datatype in DATATYPES)
        of_kinds = [rule for rule in self._rules if rule.name.startswith(OF_KINDS)]
        return Deduction((*self.graph, *pairs, *datatypes), of_kinds, self._rules)

    @cached_property
    def _apart(self) -> dict[tuple[Node, Node], Axiom]:
        """Each two classes that have nothing in common, with the axiom that says so."""
        found: dict[tuple[Node, Node], Axiom] = {}
        apart = [axiom for axiom in axioms(self.graph) if axiom.kind == "disjoint"]
        for axiom in sorted(apart, key=lambda axiom: axiom.order):
            for one, other in (pair.parts for pair in pairwise(axiom)):
                if isinstance(one, URIRef) and isinstance(other, URIRef):
                    found[one, other] = axiom
        return found

    @cached_property
    def _known(self) -> dict[Pattern, Reason]:
        return {}

    def _leaves(self, triples: Iterable[Pattern]) -> Reason:
        return frozenset[Pattern]().union(*map(self._reason, triples))

    def _reason(self, triple: Pattern) -> Reason:
        """Return the simplest given triples that *triple* follows from, each drawn from what was there before it."""
        if triple not in self._known:
            number = self._deduction.round_of(triple)
            ways = self._ways(triple, number) if number else ()
            found = [self._leaves(way) for way in ways] or [frozenset((triple,))]
            self._known[triple] = min(found, key=_price)
        return self._known[triple]

    def _ways(self, triple: Pattern, number: int) -> Iterator[list[Pattern]]:
        for rule in self._rules:
            if (bindings := bound(rule.head, triple)) is not None:
                body = [filled(pattern, bindings) for pattern in rule.body]
                for solution in self._deduction.solutions(body):
                    way = [filled(pattern, solution) for pattern in body]
                    if all(self._deduction.round_of(each) < number for each in way):
                        yield way

    def _axiom(self, triple: Pattern) -> Axiom | None:
        """Return what a given *triple* says; ``None`` where it only spells out a list, or what a datatype is."""
        subject, predicate, value = triple[0], URIRef(str(triple[1])), triple[2]
        if isinstance(subject, BNode) or value == RDFS.Datatype:
            return None
        if predicate == OWL.disjointWith:
            return self._apart.get((subject, value)) or self._apart[value, subject]
        if predicate == OWL.propertyChainAxiom:
            return Axiom("chain", _parts(subject, *Collection(self.graph, value)))
        if predicate in EITHER_WAY:
            return Axiom(EITHER_WAY[predicate], _parts(*sorted((subject, value), key=str)))
        if predicate == RDF.type and isinstance(value, URIRef) and value in CHARACTERISTICS:
            return Axiom(CHARACTERISTICS[value], _parts(subject))
        kind = "instance" if predicate == RDF.type else PAIRS.get(predicate)
        return Axiom(kind, _parts(subject, value)) if kind else Axiom("relation", _parts(*triple))


def _price(reason: Reason) -> tuple[int, int, list[Pattern]]:
    """Say what *reason* costs its reader: what kind a thing is declared to be is simpler than what is said of it."""
    said = [each for each in reason if isinstance(each[0], URIRef) and each[1] not in LOGICAL]
    return len(said), len(reason), sorted(reason)


def _parts(*nodes: Node) -> tuple[Part, ...]:
    """Return the *nodes* of a given triple, none of which is without a name."""
    return tuple(node for node in nodes if isinstance(node, URIRef | Literal))


def _clash(bindings: Bindings) -> bool:
    """Say whether what a rule speaks of does clash: a value with its datatype only where it is none of its values."""
    value, datatype = bindings.get(Variable("value")), bindings.get(Variable("datatype"))
    return datatype is None or (isinstance(value, Literal) and not _is_of(value, datatype))


def _is_of(value: Literal, datatype: Node) -> bool:
    given = RDF.langString if value.language else value.datatype or XSD.string
    if value.ill_typed or given not in DATATYPES:
        return not value.ill_typed
    if datatype in WHOLE_NUMBERS:
        return given in NUMBERS and value.toPython() % 1 == 0
    return given in NUMBERS if datatype in NUMBERS else given == datatype
