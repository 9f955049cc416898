"""What follows is derived, and what does not follow is not."""

from dataclasses import replace

import pytest
from rdflib import OWL, RDF, RDFS, BNode, Dataset, Graph, Literal, URIRef
from small_corpus import CORPUS, OPEN, TALK, entity

from kg.dataset import to_dataset
from kg.reasoning import closure, expand
from kg.terms import Terms

TERMS = Terms()


def iri(name: str) -> URIRef:
    return RDF.type if name == "a" else TERMS.uri(name)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return to_dataset(replace(CORPUS, sources=(OPEN, TALK)), TERMS)


@pytest.fixture(scope="module")
def inferred(dataset) -> Graph:
    return closure(dataset, TERMS)


@pytest.mark.parametrize(
    ("subject", "predicate", "value"),
    [
        ("actor:fjordvik-kommune", "provides", "initiative:fyrlykta"),
        ("actor:fjordvik-kommune", "serves", "group:refugees"),
        ("initiative:fyrlykta", "offeredWithin", "place:vestfylket"),
        ("initiative:fyrlykta", "offeredWithin", "place:landet"),
        ("initiative:naustet", "similarTo", "initiative:fyrlykta"),
        ("instrument:tilskot", "changedBy", "change:tilskot"),
        ("instrument:tilskot", "supersededBy", "instrument:rammetilskot"),
        ("instrument:tilskot", "dcterms:isReplacedBy", "instrument:rammetilskot"),
        ("actor:fjordvik-kommune", "a", "Actor"),
        ("actor:fjordvik-kommune", "a", "prov:Agent"),
        ("actor:ada-vik", "a", "foaf:Person"),
        ("initiative:fyrlykta", "dcterms:spatial", "place:fjordvik"),
        ("source:report", "prov:wasAttributedTo", "actor:ada-vik"),
        ("st:report-first-reading-negative", "prov:wasGeneratedBy", "coding:report-first-reading"),
        ("st:report-first-reading-negative", "prov:wasAttributedTo", "coder:first-reading"),
        ("Municipality", "rdfs:subClassOf", "Actor"),
    ],
)
def test_follows(inferred, subject, predicate, value):
    assert (iri(subject), iri(predicate), iri(value)) in inferred


@pytest.mark.parametrize(
    ("subject", "predicate", "value"),
    [
        pytest.param("initiative:naustet", "offeredIn", None, id="a projection gives no place"),
        pytest.param("initiative:naustet", "targets", None, id="a denial gives no target group"),
        pytest.param("initiative:naustet", "offeredWithin", None, id="likeness hands on no place"),
        pytest.param("initiative:fyrlykta", "offeredIn", None, id="a stated place is never widened"),
        pytest.param("initiative:fyrlykta", "fundedBy", None, id="nobody is inferred to pay"),
        pytest.param(None, "fundedBy", None, id="nobody at all is inferred to pay"),
        pytest.param("actor:fjordvik-kommune", "within", None, id="an organiser gets no place"),
        pytest.param(None, "holder", None, id="no view gets another holder"),
        pytest.param(None, "involves", None, id="no view involves others"),
        pytest.param("actor:fjordvik-kommune", "a", "NonProfitOrganisation", id="no legal form"),
        pytest.param(None, "rdfs:subClassOf", "owl:Thing", id="what holds of everything"),
    ],
)
def test_does_not_follow(dataset, inferred, subject, predicate, value):
    pattern = [iri(name) if name else None for name in (subject, predicate, value)]
    assert list(inferred.triples(tuple(pattern))) == []


def test_a_group_does_not_hand_its_view_to_its_members(dataset, inferred):
    small = iri("actor:small-idealist-actors")
    assert (small, iri("subgroupOf"), iri("actor:idealist-actors")) in dataset
    assert [triple for triple in (*dataset, *inferred) if triple[2] == small] == []


def test_a_party_to_a_comparison_holds_nothing(dataset, inferred):
    comparison = iri("st:report-first-reading-more-critical")
    assert iri("holder") not in {*dataset.predicates(comparison), *inferred.predicates(comparison)}


def test_only_new_and_telling_triples_are_kept(dataset, inferred):
    assert len(inferred) > 50
    for subject, predicate, value in inferred:
        assert (subject, predicate, value) not in dataset
        assert isinstance(subject, URIRef)
        assert subject != value
        assert not isinstance(value, BNode)
        assert subject.startswith(TERMS.base)
        assert not str(value).startswith((str(OWL), str(RDFS), str(RDF)))


def test_nothing_is_lost_against_reasoning_over_everything_at_once(dataset, inferred):
    """The records are typed apart, which is quick; one run over the whole gives the same."""
    whole = Graph()
    for subject, predicate, value, _ in dataset.quads():
        whole.add((subject, predicate, value))
    for triple in expand(whole):
        subject, predicate, value = triple
        ours = isinstance(subject, URIRef) and subject.startswith(f"{TERMS.base}id/")
        telling = isinstance(value, URIRef | Literal) and not str(value).startswith((str(OWL), str(RDFS), str(RDF)))
        if ours and telling and subject != value and predicate != OWL.sameAs:
            assert triple in inferred or triple in dataset


def test_two_names_for_one_thing_are_reported_as_one():
    """Nothing in the ontology merges things today; a stated equality still goes both ways."""
    corpus = replace(CORPUS, sources=(), entities=(entity("place:a", "A", "Place"), entity("place:b", "B", "Place")))
    dataset = to_dataset(corpus, TERMS)
    dataset.graph(TERMS.graph("dataset")).add((iri("place:a"), OWL.sameAs, iri("place:b")))
    assert (iri("place:b"), OWL.sameAs, iri("place:a")) in closure(dataset, TERMS)


def test_the_closure_of_nothing_is_the_closure_of_the_ontology():
    corpus = replace(CORPUS, sources=(), entities=())
    inferred = closure(to_dataset(corpus, TERMS), TERMS)
    assert [subject for subject in inferred.subjects() if "/id/" in subject] == []
    assert (iri("Municipality"), RDFS.subClassOf, iri("Organisation")) in inferred
