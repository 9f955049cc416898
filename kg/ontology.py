"""The shipped ontology and concept schemes as graphs, put together from their files."""

from collections.abc import Iterator

from rdflib import Graph, Literal, URIRef
from rdflib.namespace import OWL, RDF, RDFS, SKOS

from kg.resources import resource, text
from kg.terms import OwnTerm, Terms

DL_MODULE = "dl.ttl"


def ontology_graph(terms: Terms) -> Graph:
    """Return the ontology in one piece: header, all OWL 2 RL modules, and the words of ``terms.csv`` on every term.

    The result has one ``owl:Ontology`` and no ``owl:imports``: everything is in it, so that no
    reader goes looking for files on the net.
    """
    graph = _read(terms, text("ontology", "bso.ttl"), *_turtle_files("modules", leave_out=DL_MODULE))
    header = URIRef(f"{terms.base}ont")
    _drop_module_headers(graph, header)
    for term in terms.own.values():
        _describe(graph, terms.uri(term.name), term, header)
    return graph


def existence_axioms(terms: Terms) -> Graph:
    """Return what ``modules/dl.ttl`` says there must be: for finding contradictions, never for the closure."""
    graph = _read(terms, text("ontology", "modules", DL_MODULE))
    _drop_module_headers(graph, URIRef(f"{terms.base}ont"))
    return graph


def kos_graph(terms: Terms) -> Graph:
    """Return every concept scheme of ``ontology/kos/`` in one graph."""
    return _read(terms, *_turtle_files("kos"))


def _read(terms: Terms, *documents: str) -> Graph:
    graph = Graph()
    for document in documents:
        graph.parse(data=terms.rebase(document), format="turtle")
    return graph


def _turtle_files(folder: str, leave_out: str = "") -> Iterator[str]:
    for entry in sorted(resource("ontology").joinpath(folder).iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".ttl") and entry.name != leave_out:
            yield entry.read_text(encoding="utf-8")


def _drop_module_headers(graph: Graph, header: URIRef) -> None:
    graph.remove((header, OWL.imports, None))
    for module in set(graph.subjects(RDF.type, OWL.Ontology)) - {header}:
        graph.remove((module, None, None))


def _describe(graph: Graph, iri: URIRef, term: OwnTerm, header: URIRef) -> None:
    graph.add((iri, RDFS.isDefinedBy, header))
    for words, annotation in ((term.label, RDFS.label), (term.definition, SKOS.definition)):
        for language, value in words.items():
            graph.add((iri, annotation, Literal(value, lang=language)))
