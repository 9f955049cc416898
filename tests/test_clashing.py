"""What contradicts the ontology keeps a build from being published, without Java, and is explained in words."""

import json
import shutil
from pathlib import Path

import pytest
from rdflib import OWL, RDF, RDFS, XSD, Literal
from test_cli import THREE, bustadgraf, coding_of
from test_consistency import (
    APART,
    CODED,
    GOOD,
    NAMES,
    QUOTE,
    graph_of,
    has_blank,
    rests_on,
    statement_of,
    with_coded,
    words,
)
from test_profiles import told_by_owl_api, with_declarations, written

from kg.axioms import axioms
from kg.clashing import AT_MOST, clashes
from kg.dataset import plain, to_dataset
from kg.engine import Deduction
from kg.explaining import contradictions, places
from kg.model import LANGUAGES, Contradiction
from kg.ontology import ontology_graph
from kg.reasoning import closure
from kg.resources import resource
from kg.rules import load_rules
from kg.snapshot import Snapshot
from kg.terms import Terms

TERMS = Terms()
# The axioms by which data can be wrong, and the rule that sees it.
FORBIDDING = {
    "disjoint": "cax-dw",
    "asymmetric": "prp-asyp",
    "irreflexive": "prp-irp",
    "disjoint-properties": "prp-pdw",
    "range": "dt-not-type",
}
NEVER_FORBIDDING = {
    *("class", "object-property", "datatype-property", "annotation-property", "subclass", "subproperty", "domain"),
    *("inverse", "chain", "symmetric", "transitive", "instance"),
}


@pytest.fixture(scope="module")
def told() -> dict[str, Contradiction]:
    """The explanation of each deliberate contradiction of the tests of consistency."""
    found = {}
    for names in APART:
        corpus = with_coded(names)
        dataset = to_dataset(corpus, TERMS)
        explained = contradictions(clashes(dataset, TERMS), dataset, TERMS, places(corpus, TERMS))
        for name in names:
            (found[name],) = [each for each in explained if rests_on(each, name)]
    return found


def test_good_data_clashes_with_nothing():
    dataset = to_dataset(GOOD, TERMS)
    assert clashes(dataset, TERMS) == ()


@pytest.mark.parametrize("name", NAMES)
def test_what_the_reasoner_finds_the_rules_find_too(name, told, counts):
    assert CODED[name][1] in words(told[name])
    assert len({words(told[name], language) for language in LANGUAGES}) == 3
    (said,) = {said for reason in told[name].because for said in reason.said if said.statement == statement_of(name)}
    assert said.place == f"sources/report/first-reading.coding.yaml:{101 + NAMES.index(name)}"
    assert (said.text, said.passage) == (QUOTE, TERMS.expand("passage:report-0-34"))
    counts("contradictions found by rules alone")


def test_an_explanation_holds_nothing_too_much_and_nothing_too_little(told, tmp_path):
    ontology, wanted = ontology_graph(TERMS), {}
    for name, contradiction in told.items():
        for left_out in (None, *contradiction.because):
            kept = graph_of(reason for reason in contradiction.because if reason is not left_out)
            number = "whole" if left_out is None else contradiction.because.index(left_out)
            file = written(with_declarations(kept, ontology), tmp_path / f"{name}-{number}.xml")
            wanted[file.name] = left_out is not None
    assert told_by_owl_api("--consistent", *sorted(tmp_path.iterdir())) == wanted


def test_every_reason_is_an_axiom_of_the_ontology_or_stands_in_the_data(told):
    known = set(plain(to_dataset(with_coded(NAMES), TERMS), TERMS))
    for contradiction in told.values():
        assert {triple for triple in graph_of(contradiction.because) if not has_blank(triple)} <= known


def test_each_kind_of_axiom_that_forbids_has_its_rule():
    """A new kind of axiom in the modules wants its rule, or a word here that it forbids nothing."""
    rules = {rule.name for rule in load_rules(resource("ontology").joinpath("rules", "false"))}
    assert rules == set(FORBIDDING.values())
    kinds = {axiom.kind for axiom in axioms(ontology_graph(TERMS))}
    assert kinds <= FORBIDDING.keys() | NEVER_FORBIDDING
    assert FORBIDDING.keys() <= kinds


def test_two_relations_that_exclude_each_other_clash():
    dataset = to_dataset(GOOD, TERMS)
    for name in ("higherParty", "lowerParty"):
        dataset.graph(TERMS.graph("dataset")).add((TERMS.uri("issue:odd"), TERMS.uri(name), TERMS.uri("actor:bo-li")))
    kinds = {axiom.kind for found in clashes(dataset, TERMS) for axiom in found.because}
    assert "disjoint-properties" in kinds


@pytest.mark.parametrize(
    ("relation", "value", "clash"),
    [
        ("amount", Literal(12), False),
        ("amount", Literal("12.5", datatype=XSD.decimal), False),
        ("amount", Literal("12"), True),
        ("ownerCount", Literal("5.0", datatype=XSD.decimal), False),
        ("ownerCount", Literal("5.5", datatype=XSD.decimal), True),
        ("ownerCount", Literal("fem", datatype=XSD.integer), True),
        ("organisationNumber", Literal("986243836"), False),
        ("organisationNumber", Literal(986243836), True),
        ("currency", Literal("NOK", lang="nb"), True),
        ("url", Literal("https://example.org/", datatype=XSD.anyURI), False),
        ("url", Literal("https://example.org/"), True),
    ],
)
def test_a_value_is_measured_by_its_datatype(relation, value, clash):
    dataset = to_dataset(GOOD, TERMS)
    thing = "actor:nottelitunet" if relation == "organisationNumber" else "instrument:rammetilskot"
    dataset.graph(TERMS.graph("dataset")).add((TERMS.uri(thing), TERMS.uri(relation), value))
    assert [found.because[0].parts[2] for found in clashes(dataset, TERMS)] == ([value] if clash else [])


def test_what_follows_by_a_chain_can_clash_where_the_reasoner_finds_no_reason():
    dataset = to_dataset(GOOD, TERMS)
    dataset.graph(TERMS.graph("ontology")).add((TERMS.uri("offeredWithin"), RDFS.range, TERMS.uri("Actor")))
    assert {"chain", "range"} <= {axiom.kind for found in clashes(dataset, TERMS) for axiom in found.because}


def test_a_wrong_axiom_does_not_flood_the_report_and_what_was_derived_is_no_reason():
    dataset = to_dataset(GOOD, TERMS)
    dataset.graph(TERMS.graph("ontology")).add((TERMS.uri("Actor"), OWL.disjointWith, TERMS.uri("prov:Agent")))
    for triple in closure(dataset):
        dataset.graph(TERMS.graph("inferred")).add(triple)
    found = clashes(dataset, TERMS)
    assert 0 < len(found) <= AT_MOST
    assert found == clashes(dataset, TERMS)
    given = set(plain(dataset, TERMS)) - set(dataset.graph(TERMS.graph("inferred")))
    for each in contradictions(found, dataset, TERMS):
        assert {triple for triple in graph_of(each.because) if not has_blank(triple)} <= given


def test_a_deduction_knows_in_which_round_a_thing_was_drawn():
    narrow, middle, wide = map(TERMS.uri, ("Municipality", "PublicBody", "Organisation"))
    thing = TERMS.uri("actor:x")
    given = [(narrow, RDFS.subClassOf, middle), (middle, RDFS.subClassOf, wide), (thing, RDF.type, narrow)]
    deduction = Deduction(given, load_rules())
    rounds = [deduction.round_of((thing, RDF.type, kind)) for kind in (narrow, middle, wide)]
    assert rounds == [0, 1, 2]


# The build


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A corpus in which somebody coded that a house is offered in a municipality, which is no place."""
    folder = Path(shutil.copytree(THREE, tmp_path / "corpus"))
    coding = coding_of(folder)
    text = coding.read_text(encoding="utf-8")
    assert "o: place:lyktevik" in text
    coding.write_text(text.replace("o: place:lyktevik", "o: actor:lyktevik-kommune"), encoding="utf-8")
    return folder


def test_a_contradictory_corpus_is_not_published_and_the_reason_is_told(corpus, tmp_path):
    done = bustadgraf("build", corpus, "--out", "out", cwd=tmp_path, PATH="/no/java")
    assert done.returncode == 1
    assert not (tmp_path / "out" / "current").exists()
    for told in (
        "Motseiing (owl:Nothing)",
        "- Lyktevik kommune (actor:lyktevik-kommune)",
        "«Lyktehuset» har «Lyktevik kommune» som verdi for «finst i».",
        f"{corpus}/sources/lykteskrift/first-reading.coding.yaml:7",
        "st:lykteskrift-first-reading-place",
        "Ingenting er både ein aktør og ein stad.",
    ):
        assert told in done.stderr
    report = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    (found,) = [each for each in report["findings"] if each["shape"] == "owl:Nothing"]
    assert found["because"][-1]["message"].keys() == set(LANGUAGES)
    assert "coding.yaml" not in json.dumps(found)


def test_validate_tells_it_too_and_once(corpus, tmp_path):
    for more in ((), ("--explain",)):
        done = bustadgraf("validate", corpus, "--format", "json", *more, cwd=tmp_path)
        found = [each for each in json.loads(done.stdout) if each["shape"] == "owl:Nothing"]
        assert done.returncode == 1
        (told,) = found if not more else found[:1]
        assert told["because"][0]["said"]


def test_what_was_published_in_spite_of_it_says_so_and_names_no_line(corpus, tmp_path):
    done = bustadgraf("build", corpus, "--out", "out", "--allow-violations", cwd=tmp_path)
    assert done.returncode == 1
    (found,) = [each for each in Snapshot.open(tmp_path / "out").findings() if isinstance(each, Contradiction)]
    assert "both an actor and a place" in words(found)
    assert {said.place for reason in found.because for said in reason.said} == {None}
    assert "coding.yaml" not in (tmp_path / "out" / "current" / "findings.json").read_text(encoding="utf-8")
