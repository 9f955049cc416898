"""The ontology as files: each carries the same axioms, and the OWL API reads the functional syntax."""

import json
from pathlib import Path

import pytest
from rdflib import Graph
from rdflib.compare import isomorphic
from test_profiles import told_by_owl_api

from kg.ontology import ontology_graph, release, releases, whole
from kg.serialising import FORMS, context
from kg.terms import Terms

TERMS = Terms()
PARSERS = {"ttl": "turtle", "rdf": "xml", "jsonld": "json-ld", "nt": "nt"}


@pytest.fixture(scope="module")
def ontology() -> Graph:
    return ontology_graph(TERMS)


@pytest.mark.parametrize(("suffix", "parser"), PARSERS.items())
def test_every_rdf_form_carries_the_same_triples(suffix, parser, ontology):
    read = Graph().parse(data=FORMS[suffix].make(ontology, TERMS), format=parser)
    assert isomorphic(read, ontology)


def test_json_ld_has_our_names_and_words_by_language(ontology):
    told = json.loads(FORMS["jsonld"].make(ontology, TERMS))
    assert told["@context"] == context(ontology, TERMS)
    nodes = {node["@id"]: node for node in told["@graph"]}
    assert nodes["bso:Initiative"]["rdfs:label"] == {"nn": "tiltak", "nb": "tiltak", "en": "initiative"}
    assert nodes["bso:targets"]["rdfs:range"] in ("bso:TargetGroup", {"@id": "bso:TargetGroup"})


def test_the_context_alone_reads_data_of_others(ontology):
    document = {
        "@context": context(ontology, TERMS),
        "@id": "initiative:x",
        "bso:targets": "group:refugees",
        "bso:reached": "12",
        "skos:prefLabel": {"nn": "X"},
    }
    read = Graph().parse(data=json.dumps(document), format="json-ld")
    lines = set(read.serialize(format="nt").splitlines())
    subject = f"<{TERMS.base}id/initiative/x>"
    assert f"{subject} <{TERMS.uri('targets')}> <{TERMS.base}kos/target-group/refugees> ." in lines
    assert f'{subject} <{TERMS.uri("reached")}> "12"^^<http://www.w3.org/2001/XMLSchema#integer> .' in lines


def test_the_owl_api_counts_the_same_axioms_in_functional_syntax_as_in_rdf_xml(ontology, tmp_path: Path):
    graphs = {"merged": ontology, "whole": whole(TERMS), "kept": release(releases()[-1], TERMS)}
    for name, graph in graphs.items():
        for suffix in ("rdf", "ofn"):
            (tmp_path / f"{name}.{suffix}").write_bytes(FORMS[suffix].make(graph, TERMS))
    found = told_by_owl_api(*sorted(tmp_path.iterdir()))
    for name in graphs:
        assert found[f"{name}.ofn"]["axioms"] == found[f"{name}.rdf"]["axioms"], name
        assert sum(found[f"{name}.ofn"]["axioms"].values()) > 1900
