"""The ontology as files: Turtle, N-Triples, RDF/XML, JSON-LD with its context, and OWL functional syntax.

The only door to py-horned-owl, which writes functional syntax without a Java.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rdflib import Graph
from rdflib.namespace import OWL, RDF, RDFS, SKOS

from kg.axioms import disjoint_sets
from kg.terms import Terms

WORDS = (SKOS.prefLabel, SKOS.altLabel, SKOS.definition, SKOS.scopeNote, SKOS.example, RDFS.label)


@dataclass(frozen=True)
class Form:
    """A way to write an ontology: its suffix, its media type, how people call it, and what makes the bytes."""

    suffix: str
    media_type: str
    name: str
    make: Callable[[Graph, Terms], bytes]


def context(graph: Graph, terms: Terms) -> dict[str, Any]:
    """Return a JSON-LD context for *graph* and the data under it: prefixes, links, datatypes, texts by language.

    Keys are CURIEs, since some of our properties are called as some of our prefixes are.
    """
    found: dict[str, Any] = dict(sorted(terms.prefixes.items()))
    for name in sorted(set(graph.subjects(RDF.type, OWL.ObjectProperty)), key=str):
        found |= _entry(name, {"@type": "@id"}, terms)
    for name in sorted(set(graph.subjects(RDF.type, OWL.DatatypeProperty)), key=str):
        kind = graph.value(name, RDFS.range)
        if kind is not None:
            found |= _entry(name, {"@type": terms.compress(str(kind))}, terms)
    for name in WORDS:
        found |= _entry(name, {"@container": "@language"}, terms)
    return found


def _entry(name: object, what: Mapping[str, str], terms: Terms) -> dict[str, Any]:
    short = terms.compress(str(name))
    return {short: {"@id": short, **what}} if short != str(name) else {}


def _rdf(form: str) -> Callable[[Graph, Terms], bytes]:
    def make(graph: Graph, terms: Terms) -> bytes:
        for prefix, namespace in terms.prefixes.items():
            graph.bind(prefix, namespace, replace=True)
        return graph.serialize(format=form, encoding="utf-8")

    return make


def _jsonld(graph: Graph, terms: Terms) -> bytes:
    told = context(graph, terms)
    document = json.loads(graph.serialize(format="json-ld", context=told, use_native_types=False))
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def _functional(graph: Graph, terms: Terms) -> bytes:
    """Write OWL functional syntax. The library does not read ``owl:AllDisjointClasses``, so those are handed to it."""
    import pyhornedowl
    from pyhornedowl.model import DisjointClasses

    ontology = pyhornedowl.open_ontology_from_string(graph.serialize(format="xml"), "rdf")
    for members in disjoint_sets(graph):
        ontology.add_axiom(DisjointClasses([ontology.class_(name) for name in members]))
    for prefix, namespace in terms.prefixes.items():
        ontology.add_prefix_mapping(prefix, namespace)
    return ontology.save_to_string("ofn").encode()


FORMS: Mapping[str, Form] = {
    form.suffix: form
    for form in (
        Form("ttl", "text/turtle", "Turtle", _rdf("turtle")),
        Form("rdf", "application/rdf+xml", "RDF/XML", _rdf("xml")),
        Form("jsonld", "application/ld+json", "JSON-LD", _jsonld),
        Form("nt", "application/n-triples", "N-Triples", _rdf("ntriples")),
        Form("ofn", "text/owl-functional", "OWL functional syntax", _functional),
    )
}
