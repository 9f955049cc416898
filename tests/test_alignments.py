"""The alignments tell how our terms stand to those of others: each with its reason, and nothing follows from them."""

import re
from collections import Counter

import pytest
from oracle import expand
from rdflib import OWL, RDF, RDFS, SKOS, BNode, Graph, Literal, URIRef
from rdflib.namespace import DCTERMS
from test_ontology import NOT_BOKMAAL, NOT_NYNORSK
from test_profiles import THE_EXCEPTION, as_dataset, kinds, told_by_owl_api, written

from kg.consistency import check
from kg.model import LANGUAGES
from kg.ontology import kos_graph, ontology_graph
from kg.resources import resource
from kg.terms import Terms

TERMS = Terms()
MATCHES = {SKOS.exactMatch, SKOS.closeMatch, SKOS.broadMatch, SKOS.narrowMatch, SKOS.relatedMatch}
OTHERS = {
    "org": ("http://www.w3.org/ns/org#", "http://www.w3.org/ns/regorg#"),
    "prov": ("http://www.w3.org/ns/prov#",),
    "cpsv-ap-no": (
        "http://purl.org/vocab/cpsv#",
        "https://data.norge.no/vocabulary/cpsvno#",
        "http://data.europa.eu/m8g/",
    ),
    "schema": ("https://schema.org/",),
    "cito": ("http://purl.org/spar/cito/",),
    "fabio": ("http://purl.org/spar/fabio/",),
    "oa": ("http://www.w3.org/ns/oa#",),
    "crminf": ("http://www.cidoc-crm.org/extensions/crminf/",),
    "360giving": ("https://raw.githubusercontent.com/ThreeSixtyGiving/standard/1.4.3/schema/360-giving-schema.json#",),
    "hsds": ("https://raw.githubusercontent.com/openreferral/specification/3.0/schema/",),
}


def alignment(name: str) -> Graph:
    text = resource("ontology").joinpath("alignments", f"{name}.ttl").read_text(encoding="utf-8")
    return Graph().parse(data=TERMS.rebase(text), format="turtle")


def mappings(graph: Graph) -> set[tuple[object, object, object]]:
    return {triple for triple in graph if triple[1] in MATCHES}


@pytest.fixture(scope="module")
def ontology() -> Graph:
    return ontology_graph(TERMS)


@pytest.fixture(scope="module")
def aligned() -> Graph:
    return sum((alignment(name) for name in OTHERS), Graph())


def test_every_file_is_examined() -> None:
    files = {entry.name for entry in resource("ontology").joinpath("alignments").iterdir()}
    assert files == {"README.md", *(f"{name}.ttl" for name in OTHERS)}


@pytest.mark.parametrize("name", OTHERS)
def test_a_mapping_goes_from_a_term_of_ours_to_a_term_of_the_vocabulary(name: str) -> None:
    graph = alignment(name)
    assert mappings(graph)
    for ours, _, theirs in mappings(graph):
        assert TERMS.compress(str(ours)).removeprefix("bso:") in TERMS.own
        assert str(theirs).startswith(OTHERS[name])
        assert graph.value(theirs, RDFS.isDefinedBy), theirs


@pytest.mark.parametrize("name", OTHERS)
def test_every_mapping_has_one_reason_in_three_languages(name: str) -> None:
    graph = alignment(name)
    reasoned = Counter(
        (
            graph.value(axiom, OWL.annotatedSource),
            graph.value(axiom, OWL.annotatedProperty),
            graph.value(axiom, OWL.annotatedTarget),
        )
        for axiom in graph.subjects(RDF.type, OWL.Axiom)
    )
    assert reasoned == Counter(mappings(graph))
    for axiom in graph.subjects(RDF.type, OWL.Axiom):
        assert Counter(words.language for words in graph.objects(axiom, RDFS.comment)) == Counter(LANGUAGES)


@pytest.mark.parametrize("name", OTHERS)
def test_a_file_says_who_made_it_and_from_which_version(name: str) -> None:
    (header,) = alignment(name).subjects(RDF.type, OWL.Ontology)
    assert header == URIRef(f"{TERMS.base}ont/alignment/{name}")
    for annotation in (DCTERMS.creator, DCTERMS.license, DCTERMS.source):
        assert alignment(name).value(header, annotation)


@pytest.mark.parametrize(("language", "foreign"), [("nn", NOT_NYNORSK), ("nb", NOT_BOKMAAL)])
def test_the_reasons_are_in_the_written_standard_they_say(language: str, foreign: str, aligned: Graph) -> None:
    words = [str(value) for value in aligned.objects() if isinstance(value, Literal) and value.language == language]
    pattern = re.compile(rf"\b(?:{foreign})\b", re.IGNORECASE)
    assert len(words) > 30
    assert [hit[0] for text in words if (hit := pattern.search(text))] == []


def test_no_term_is_matched_to_one_that_it_already_stands_under(ontology: Graph, aligned: Graph) -> None:
    stated = set(ontology.subject_objects(RDFS.subClassOf)) | set(ontology.subject_objects(RDFS.subPropertyOf))
    assert not stated & {(ours, theirs) for ours, _, theirs in mappings(aligned)}


def test_the_ontology_does_not_hold_them(ontology: Graph, aligned: Graph) -> None:
    assert not mappings(aligned) & mappings(ontology)


def of_substance(graph: Graph) -> set[tuple[object, object, object]]:
    """Everything but what holds of any name at all: that it is itself, a thing, and a part of an annotation."""
    return {
        (subject, predicate, value)
        for subject, predicate, value in graph
        if not isinstance(subject, BNode)
        and not isinstance(value, BNode)
        and not (predicate == OWL.sameAs and subject == value)
        and not (predicate == RDF.type and value == OWL.Thing)
    }


def about_the_match(triple: tuple[object, object, object]) -> bool:
    return triple[0] in MATCHES or triple[2] in MATCHES


def test_nothing_follows_from_them(ontology: Graph, aligned: Graph) -> None:
    before, after = of_substance(expand(ontology)), of_substance(expand(ontology + aligned))
    new = {triple for triple in after - before - of_substance(aligned) if not about_the_match(triple)}
    assert new == set()
    assert before <= after


def test_the_test_of_that_sees_an_axiom(ontology: Graph, aligned: Graph) -> None:
    axiom = (TERMS.uri("Initiative"), RDFS.subClassOf, URIRef("https://data.norge.no/vocabulary/cpsvno#Service"))
    sneaked = Graph().add(axiom)
    new = of_substance(expand(ontology + aligned + sneaked)) - of_substance(expand(ontology)) - of_substance(aligned)
    assert {triple for triple in new if not about_the_match(triple)} - {axiom}


def test_with_them_the_ontology_stays_in_dl_and_consistent(ontology: Graph, aligned: Graph, tmp_path) -> None:
    found = told_by_owl_api(written(ontology + aligned, tmp_path / "aligned.xml"))["aligned.xml"]
    assert kinds([each for each in found["DL"] if "xsd:date" not in each]) == THE_EXCEPTION
    assert check(as_dataset(ontology, aligned, kos_graph(TERMS)), TERMS).found == ()
