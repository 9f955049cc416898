"""What FOOPS!, the scanner of ontologies for the FAIR principles, looks at: each of its checks, here or told why not.

The names and what they ask are those of oeg-upm/fair_ontologies, ``Constants.java``. Addresses are asked of our own
server, which answers for ``{B}P`` at ``/P``.
"""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from rdflib import OWL, RDF, RDFS, SKOS, Graph, URIRef
from rdflib.namespace import DCTERMS

from kg.ontology import ontology_graph
from kg.terms import Terms

TERMS = Terms()
HEADER = URIRef(f"{TERMS.base}ont")
VANN, BIBO = "http://purl.org/vocab/vann/", "http://purl.org/ontology/bibo/"
OWN_KINDS = (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty)

METADATA = {
    "title": DCTERMS.title,
    "description": DCTERMS.description,
    "license": DCTERMS.license,
    "version iri": OWL.versionIRI,
    "creator": DCTERMS.creator,
    "creation date": DCTERMS.created,
    "namespace uri": URIRef(f"{VANN}preferredNamespaceUri"),
    "ns prefix": URIRef(f"{VANN}preferredNamespacePrefix"),
    "version info": OWL.versionInfo,
    "contributor": DCTERMS.contributor,
    "citation": DCTERMS.bibliographicCitation,
    "doi": URIRef(f"{BIBO}doi"),
    "previous version": OWL.priorVersion,
    "publisher": DCTERMS.publisher,
    "logo": URIRef("http://xmlns.com/foaf/0.1/logo"),
    "backwards compatibility": OWL.incompatibleWith,
    "status": URIRef(f"{BIBO}status"),
    "modified": DCTERMS.modified,
    "source": DCTERMS.source,
    "issued date": DCTERMS.issued,
}
OM1 = ("title", "description", "license", "version iri", "creator", "creation date", "namespace uri")
OM2 = ("ns prefix", "version info", "contributor", "creation date", "citation")
OM3 = ("previous version", "publisher", "backwards compatibility", "status", "modified", "source", "issued date")

ELSEWHERE = {
    "FIND_2": "asks prefix.cc",
    "FIND_3": "asks Linked Open Vocabularies",
    "FIND_3_BIS": "asks Linked Open Vocabularies",
    "OM4.2": "asks the address of the licence; here, that it is an address",
}
NOT_YET = {"doi": "given with the first deposit", "logo": "there is none"}


@pytest.fixture(scope="module")
def ontology() -> Graph:
    return ontology_graph(TERMS)


def has(*names: str) -> Callable[[Graph, FlaskClient], bool]:
    return lambda graph, client: all((HEADER, METADATA[name], None) in graph for name in names)


def served(path: str, accept: str) -> Callable[[Graph, FlaskClient], bool]:
    def ask(graph: Graph, client: FlaskClient) -> bool:
        answer = client.get(path, headers={"Accept": accept}, follow_redirects=True)
        return answer.status_code == 200 and answer.content_type.startswith(accept)

    return ask


def own_terms(graph: Graph) -> set[URIRef]:
    names = {name for kind in OWN_KINDS for name in graph.subjects(RDF.type, kind)}
    return {URIRef(str(name)) for name in names if str(name).startswith(TERMS.prefixes["bso"])}


def described_by(*keys: URIRef) -> Callable[[Graph, FlaskClient], bool]:
    return lambda graph, client: all(any((name, key, None) in graph for key in keys) for name in own_terms(graph))


def is_what_is_served(graph: Graph, client: FlaskClient) -> bool:
    read = Graph().parse(data=client.get("/ont", headers={"Accept": "text/turtle"}).data, format="turtle")
    return set(read.subjects(RDF.type, OWL.Ontology)) == {HEADER}


def every_version_is_served(graph: Graph, client: FlaskClient) -> bool:
    versions = {*graph.objects(HEADER, OWL.versionIRI), *graph.objects(HEADER, OWL.priorVersion)}
    return len(versions) == 2 and all(
        served(str(version).replace(TERMS.base, "/"), "text/turtle")(graph, client) for version in versions
    )


def reuses(graph: Graph, client: FlaskClient) -> bool:
    above = {str(value) for key in (RDFS.subClassOf, RDFS.subPropertyOf) for value in graph.objects(None, key)}
    used = [
        namespace for prefix, namespace in TERMS.prefixes.items() if prefix in ("prov", "org", "foaf", "skos", "oa")
    ]
    return all(any(name.startswith(namespace) for name in above) for namespace in used)


CHECKS: dict[str, tuple[str, Callable[[Graph, FlaskClient], bool]]] = {
    "CN1": ("RDF and HTML by content negotiation", lambda g, c: CHECKS["DOC1"][1](g, c) and CHECKS["RDF1"][1](g, c)),
    "DOC1": ("documentation in HTML", served("/ont", "text/html")),
    "RDF1": ("a serialisation in RDF", served("/ont", "application/rdf+xml")),
    "PURL1": ("a persistent address: w3id, purl, DOI or W3C", lambda g, c: HEADER.startswith("https://w3id.org/")),
    "URI1": ("the address in the ontology resolves", served("/ont", "text/turtle")),
    "URI2": ("the address it is served at is the one in it", is_what_is_served),
    "HTTP_1": ("an open protocol", lambda g, c: all(str(name).startswith("https:") for name in own_terms(g))),
    "VER1": ("a version IRI", has("version iri")),
    "VER2": ("the version IRI resolves", every_version_is_served),
    "OM1": ("the least metadata", has(*OM1)),
    "OM2": ("recommended metadata", has(*OM2)),
    "OM3": ("optional metadata", has(*OM3)),
    "OM4.1": ("a licence", has("license")),
    "OM5_1": ("author and date of creation", has("creator", "creation date")),
    "OM5_2": ("date of issue and publisher", has("issued date", "publisher")),
    "FIND_1": ("a prefix", has("ns prefix")),
    "VOC_1": ("metadata in known vocabularies", has("title", "namespace uri", "status")),
    "VOC_2": ("terms of known vocabularies", reuses),
    "VOC3": ("labels for all terms", described_by(RDFS.label)),
    "VOC4": ("descriptions of all terms", described_by(SKOS.definition, RDFS.comment)),
}


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_of_foops_passes(name: str, ontology: Graph, client: FlaskClient, counts: Callable[..., None]) -> None:
    asks, passes = CHECKS[name]
    assert passes(ontology, client), asks
    counts("FOOPS! checks passed")


def test_the_checks_are_all_of_foops_and_what_is_not_there_is_told(ontology: Graph) -> None:
    assert len({*CHECKS, *ELSEWHERE}) == 24
    missing = {name for name, key in METADATA.items() if (HEADER, key, None) not in ontology}
    assert missing == set(NOT_YET)
    (licence,) = ontology.objects(HEADER, DCTERMS.license)
    assert str(licence).startswith("https://"), ELSEWHERE["OM4.2"]


def test_a_header_without_its_dates_fails(ontology: Graph, client: FlaskClient) -> None:
    poor = Graph() + ontology
    poor.remove((HEADER, DCTERMS.created, None))
    poor.remove((TERMS.uri("Place"), RDFS.label, None))
    failed = {name for name in ("OM1", "OM2", "OM3", "OM5_1", "VOC3", "VOC4") if not CHECKS[name][1](poor, client)}
    assert failed == {"OM1", "OM2", "OM5_1", "VOC3"}
