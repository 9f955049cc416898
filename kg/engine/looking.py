"""Triples in which queries find nodes, those that came or went apart from the rest."""

from collections.abc import Collection, Iterable
from typing import Any, cast

from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad, QuerySolutions, Store
from rdflib import URIRef
from rdflib.term import Node

from kg.engine.deduction import from_engine, to_engine
from kg.rules import Pattern

CHANGED = "urn:bustadgraf:changed"


class Lookup:
    """Many triples, loaded once, and queries about them that take too long in rdflib."""

    def __init__(self, triples: Iterable[Pattern]) -> None:
        self._store = Store()
        self.add(triples)

    def add(self, triples: Iterable[Pattern]) -> None:
        """Load more *triples*."""
        self._load(triples, DefaultGraph())

    def note(self, changed: Iterable[Pattern]) -> None:
        """Take *changed* for the triples that came or went."""
        self._store.clear_graph(NamedNode(CHANGED))
        self._load(changed, NamedNode(CHANGED))

    def _load(self, triples: Iterable[Pattern], graph: NamedNode | DefaultGraph) -> None:
        quads: Any = ((*map(to_engine, triple), graph) for triple in triples)
        self._store.bulk_extend(Quad(*quad) for quad in quads)

    def nodes(self, query: str, among: Collection[Node] | None = None) -> frozenset[Node]:
        """Return what the ``SELECT`` *query* binds to ``?this`` in the triples that there are.

        It is asked only of the nodes *among* which it is to look, which have names, or of all (``None``).
        """
        if among is not None:
            given = " ".join(node.n3() for node in among if isinstance(node, URIRef))
            query = query.replace("{", f"{{ VALUES ?this {{ {given} }} ", 1)
        return self._found(query, [DefaultGraph()])

    def touched(self, query: str) -> frozenset[Node]:
        """Return what it binds in those that there are or were, with the graph ``CHANGED`` to ask of."""
        return self._found(query, [DefaultGraph(), NamedNode(CHANGED)])

    def _found(self, query: str, graphs: list[NamedNode | BlankNode | DefaultGraph]) -> frozenset[Node]:
        solutions = self._store.query(query, default_graph=graphs, named_graphs=[NamedNode(CHANGED)])
        return frozenset(
            from_engine(node) for solution in cast(QuerySolutions, solutions) if (node := solution["this"])
        )
