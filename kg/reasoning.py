"""What follows from ontology and data: the closure under the rules of ``ontology/rules``."""

from collections.abc import Iterator

from rdflib import OWL, RDF, RDFS, BNode, Dataset, Graph

from kg.engine import deduce
from kg.rules import Pattern, load_rules


def closure(dataset: Dataset) -> Graph:
    """Return the triples that follow from *dataset* and are not in it.

    The rules are those of OWL 2 RL that our axioms use, and the axioms decide how far they reach: no chain,
    inverse or symmetric property of the ontology is one of statements, so that no view is ever handed on.
    That a thing is itself, and what would be said of nameless nodes, is left out.
    """
    derived = Graph()
    for triple in deduce(_telling(dataset), load_rules()):
        if not any(isinstance(term, BNode) for term in triple):
            derived.add(triple)
    return derived


def _telling(dataset: Dataset) -> Iterator[Pattern]:
    """Give every triple but labels and notes, which no rule looks at."""
    annotations = {RDFS.label, RDFS.comment, RDFS.isDefinedBy, *dataset.subjects(RDF.type, OWL.AnnotationProperty)}
    for subject, predicate, value, _ in dataset.quads():
        if predicate not in annotations:
            yield subject, predicate, value
