"""Everything that follows from triples by rules, each round looking only at what the last one brought."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain
from typing import Any, cast

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, QuerySolutions, QueryTriples, Store, Triple
from rdflib import BNode, URIRef, Variable
from rdflib import Literal as Text
from rdflib.namespace import XSD
from rdflib.term import Node

from kg.rules import Pattern, Rule

NEW = NamedNode("urn:bustadgraf:new")
STRING = NamedNode(str(XSD.string))


def deduce(triples: Iterable[Pattern], rules: Sequence[Rule]) -> Iterator[Pattern]:
    """Give each triple that follows from *triples* by *rules* and is not among them, once, in no order.

    Rules of :func:`kg.rules.load_rules` make no new things, so there is an end. A triple is drawn again
    only from what the last round brought (semi-naive evaluation): the work grows with what follows, not
    with the square of it.
    """
    for new in _rounds(_filled(triples), rules):
        yield from new


class Deduction:
    """Triples and what follows from them by rules, to be asked in how many rounds, and from what.

    The *stages* are gone through to their end one after the other: what an earlier one can draw, a later one does not.
    """

    def __init__(self, triples: Iterable[Pattern], *stages: Sequence[Rule]) -> None:
        self._store = _filled(triples)
        rounds = chain.from_iterable(_rounds(self._store, rules) for rules in stages)
        self._round = {each: number for number, new in enumerate(rounds, 1) for each in new}

    def round_of(self, triple: Pattern) -> int:
        """Return in which round *triple*, which holds, was first drawn; 0 where it was given."""
        return self._round.get(triple, 0)

    def solutions(self, body: Sequence[Pattern]) -> Iterator[Mapping[Variable, Node]]:
        """Give each way in which all of *body* holds."""
        query = f"SELECT * WHERE {{ {' '.join(map(_written, body))} }}"
        found = cast(QuerySolutions, self._store.query(query))
        names = [Variable(variable.value) for variable in found.variables]
        for solution in found:
            yield {name: from_engine(solution[str(name)]) for name in names}


def _filled(triples: Iterable[Pattern]) -> Store:
    store = Store()
    store.bulk_extend(Quad(*_loaded(triple)) for triple in triples)
    return store


def _rounds(store: Store, rules: Sequence[Rule]) -> Iterator[list[Pattern]]:
    """Give what each round draws, and put it into *store*."""
    new = _drawn(store, (_query(rule) for rule in rules))
    while new:
        yield [(from_engine(each.subject), from_engine(each.predicate), from_engine(each.object)) for each in new]
        store.clear_graph(NEW)
        store.extend(Quad(*each) for each in new)
        store.extend(Quad(each.subject, each.predicate, each.object, NEW) for each in new)
        new = _drawn(store, (_query(rule, number) for rule in rules for number in range(len(rule.body))))


def _drawn(store: Store, queries: Iterable[str]) -> list[Triple]:
    """Run *queries* and keep what the store does not hold and what says more than that a thing is itself."""
    found = {triple for query in queries for triple in cast(QueryTriples, store.query(query))}
    return [each for each in found if each.subject != each.object and Quad(*each) not in store]


def _query(rule: Rule, fresh: int | None = None) -> str:
    """Write *rule* as a query; its condition number *fresh* must hold by a triple of the last round."""
    parts = [_written(pattern) for pattern in rule.body]
    if fresh is not None:
        parts[fresh] = f"GRAPH {NEW} {{ {parts[fresh]} }}"
    return f"CONSTRUCT {{ {_written(rule.head)} }} WHERE {{ {' '.join(parts)} }}"


def _written(pattern: Pattern) -> str:
    return f"{' '.join(term.n3() for term in pattern)} ."


def _loaded(triple: Pattern) -> Any:
    return tuple(to_engine(term) for term in triple)


def to_engine(node: Node) -> NamedNode | BlankNode | Literal:
    """Return *node* as the engine has it."""
    if isinstance(node, URIRef):
        return _named(str(node))
    if isinstance(node, BNode):
        return BlankNode(str(node))
    if not isinstance(node, Text):
        raise TypeError(f"no RDF term: {node!r}")
    if node.language:
        return Literal(str(node), language=node.language)
    return Literal(str(node), datatype=_named(str(node.datatype))) if node.datatype else Literal(str(node))


def from_engine(term: NamedNode | BlankNode | Literal | Triple) -> Node:
    """Return *term* of the engine as rdflib has it."""
    if isinstance(term, NamedNode):
        return URIRef(term.value)
    if isinstance(term, BlankNode):
        return BNode(term.value)
    if not isinstance(term, Literal):
        raise TypeError(f"no rule draws this: {term!r}")
    plain = term.language or term.datatype == STRING
    datatype = None if plain else URIRef(term.datatype.value)
    return Text(term.value, lang=term.language, datatype=datatype)


@cache
def _named(iri: str) -> NamedNode:
    return NamedNode(iri)
