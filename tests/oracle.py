"""The OWL 2 RL closure as owlrl computes it: slow, by all rules of the profile, and independent of ours."""

from owlrl import DeductiveClosure, OWLRL_Semantics
from rdflib import Graph


def expand(graph: Graph) -> Graph:
    """Return *graph* with its whole OWL 2 RL closure, trivial triples and all."""
    expanded = Graph()
    for triple in graph:
        expanded.add(triple)
    DeductiveClosure(OWLRL_Semantics, axiomatic_triples=False, datatype_axioms=False).expand(expanded)
    return expanded
