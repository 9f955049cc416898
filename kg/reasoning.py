"""What follows from ontology and data: the OWL 2 RL closure, without what nobody asks for."""

from collections.abc import Iterable, Iterator

from owlrl import DeductiveClosure, OWLRL_Semantics
from rdflib import OWL, RDF, RDFS, BNode, Dataset, Graph, URIRef
from rdflib.term import Node

from kg.dataset import plain
from kg.terms import Terms

Triple = tuple[Node, Node, Node]


def closure(dataset: Dataset, terms: Terms) -> Graph:
    """Return the triples that OWL 2 RL derives from *dataset* and that are not in it.

    Statements, passages and codings take part with their classes, properties, domains and ranges
    only: no chain, inverse or key of the ontology reaches into what is said about saying, so that
    no view is ever handed on. Left out: what holds of everything, equalities of a thing with
    itself, and what concerns literals, blank nodes or the terms of other vocabularies.
    """
    known = plain(dataset, terms)
    reasoned = expand(_without_annotations(known))
    derived = Graph()
    for triple in _worth_keeping((*reasoned, *_of_records(dataset, known, reasoned)), terms):
        if triple not in dataset:
            derived.add(triple)
    return derived


def expand(graph: Graph) -> Graph:
    """Return *graph* with its whole OWL 2 RL closure, trivial triples and all."""
    expanded = Graph()
    for triple in graph:
        expanded.add(triple)
    DeductiveClosure(OWLRL_Semantics, axiomatic_triples=False, datatype_axioms=False).expand(expanded)
    return expanded


def _without_annotations(graph: Graph) -> Graph:
    """Leave out labels and notes, which no rule looks at; it saves half the time."""
    annotations = {RDFS.label, RDFS.comment, RDFS.isDefinedBy, *graph.subjects(RDF.type, OWL.AnnotationProperty)}
    bare = Graph()
    for triple in graph:
        if triple[1] not in annotations:
            bare.add(triple)
    return bare


def _of_records(dataset: Dataset, known: Graph, reasoned: Graph) -> Iterator[Triple]:
    """Type the records and give them the wider properties; the ontology's own closure says which."""
    for subject, predicate, value, _ in dataset.quads():
        if (subject, predicate, value) in known:
            continue
        if predicate == RDF.type:
            yield from ((subject, RDF.type, kind) for kind in reasoned.objects(value, RDFS.subClassOf))
            continue
        yield from ((subject, wider, value) for wider in reasoned.objects(predicate, RDFS.subPropertyOf))
        yield from ((subject, RDF.type, kind) for kind in reasoned.objects(predicate, RDFS.domain))
        yield from ((value, RDF.type, kind) for kind in reasoned.objects(predicate, RDFS.range))


def _worth_keeping(triples: Iterable[Triple], terms: Terms) -> Iterator[Triple]:
    ours = terms.prefixes["bso"]
    individuals = (f"{terms.base}id/", f"{terms.base}kos/")
    for subject, predicate, value in triples:
        if not isinstance(subject, URIRef) or isinstance(value, BNode) or subject == value:
            continue
        schema = predicate in (RDFS.subClassOf, RDFS.subPropertyOf)
        telling = schema or predicate in (RDF.type, OWL.sameAs) or not _is_built_in(predicate)
        if telling and not _is_built_in(value) and str(subject).startswith(ours if schema else individuals):
            yield subject, predicate, value


def _is_built_in(term: Node) -> bool:
    return isinstance(term, URIRef) and str(term).startswith((str(RDF), str(RDFS), str(OWL)))
