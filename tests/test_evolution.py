"""Two versions of the ontology: every change is told in words, and the version number must say enough."""

import json
import re
from pathlib import Path

import pytest
from conftest import ROOT
from rdflib import OWL, RDF, RDFS, SKOS, BNode, Graph, Literal, URIRef
from rdflib.collection import Collection
from test_cli import bustadgraf

from kg.evolution import CURRENT, Version, compare, load
from kg.model import InputError
from kg.ontology import frozen, releases, whole
from kg.resources import text
from kg.terms import Terms

TERMS = Terms()
LAST = releases()[-1]


@pytest.fixture(scope="module")
def now() -> Graph:
    return whole(TERMS)


@pytest.fixture(scope="module")
def shipped(now) -> Version:
    return Version("0.2.0", now, TERMS.base)


def changed(graph: Graph, *, add=(), remove=(), number="0.2.0") -> Version:
    made = Graph()
    for triple in graph:
        made.add(triple)
    for triple in remove:
        assert triple in made, triple
        made.remove(triple)
    for triple in add:
        made.add(triple)
    return Version(number, made, TERMS.base)


def bso(name: str) -> URIRef:
    return TERMS.uri(name)


# The shipped ontology


def test_the_version_number_says_enough_for_what_changed_since_the_last_release(counts):
    found = compare(load(LAST, TERMS), load(CURRENT, TERMS))
    assert found.enough, found.to_text("en", TERMS)
    counts("ontology changes since the last release", len(found.changes))


def test_the_prior_version_is_the_last_release(now):
    header = URIRef(f"{TERMS.base}ont")
    assert now.value(header, OWL.priorVersion) == URIRef(f"{header}/{LAST}")


def test_every_term_and_concept_that_came_or_went_is_named_in_the_changelog():
    told = text("ontology", "CHANGELOG.md").partition(f"\n## {LAST}")[0]
    found = compare(load(LAST, TERMS), load(CURRENT, TERMS)).changes
    moved = [each.about for each in found if each.what in ("term-added", "term-removed")]
    names = {re.split("[:/]", TERMS.compress(each))[-1] for each in moved if "/collection-" not in each}
    assert [name for name in sorted(names) if f"`{name}`" not in told] == []


@pytest.mark.parametrize("version", releases())
def test_a_release_compares_as_equal_to_itself(version):
    found = compare(load(version, TERMS), load(version, TERMS))
    assert (found.changes, found.needed, found.smallest, found.enough) == ((), "none", version, True)


def test_what_is_frozen_is_what_is_shipped(shipped):
    again = Version("0.2.0", Graph().parse(data=frozen(TERMS), format="turtle"), TERMS.base)
    assert compare(shipped, again).changes == ()


# What each change asks for


def disjoint(*names: str) -> list:
    graph, node, members = Graph(), BNode(), BNode()
    Collection(graph, members, [bso(name) for name in names])
    graph.add((node, RDF.type, OWL.AllDisjointClasses))
    graph.add((node, OWL.members, members))
    return list(graph)


NEW_CLASS = [(bso("Shelter"), RDF.type, OWL.Class), (bso("Shelter"), RDFS.subClassOf, bso("Initiative"))]
CASES = {
    "a class more": (NEW_CLASS, [], "minor"),
    "a class between two": ([*NEW_CLASS, (bso("Initiative"), RDFS.subClassOf, bso("Shelter"))], [], "minor"),
    "a property less": ([], [(bso("stage"), RDF.type, OWL.ObjectProperty)], "major"),
    "a domain more": ([(bso("fundedBy"), RDFS.domain, bso("Initiative"))], [], "major"),
    "a domain that followed": ([(bso("projectLeader"), RDFS.domain, bso("ResearchProject"))], [], "patch"),
    "a range less": ([], [(bso("targets"), RDFS.range, bso("TargetGroup"))], "major"),
    "told apart": ([(bso("Foundation"), OWL.disjointWith, bso("SocialEnterprise"))], [], "major"),
    "told apart from what is new": ([*NEW_CLASS, *disjoint("Shelter", "Actor", "Place")], [], "minor"),
    "no longer told apart": ([], [(bso("Document"), OWL.disjointWith, bso("Interview"))], "minor"),
    "allowed both ways": ([], [(bso("within"), RDF.type, OWL.AsymmetricProperty)], "minor"),
    "an inverse more": ([(bso("paidBy"), OWL.inverseOf, bso("administers"))], [], "minor"),
    "symmetric no longer": ([], [(bso("similarTo"), RDF.type, OWL.SymmetricProperty)], "major"),
    "one way only": ([(bso("targets"), RDF.type, OWL.FunctionalProperty)], [], "major"),
    "out of use": ([(bso("stage"), OWL.deprecated, Literal(True))], [], "minor"),
    "other words": ([(bso("Actor"), SKOS.definition, Literal("Nokon.", lang="nn"))], [], "patch"),
    "a concept less": ([], [(TERMS.uri("group:refugees"), RDF.type, SKOS.Concept)], "major"),
}


@pytest.mark.parametrize(("add", "remove", "needed"), CASES.values(), ids=CASES)
def test_a_change_asks_for_the_smallest_increment_that_warns_those_it_hits(add, remove, needed, now, shipped):
    found = compare(shipped, changed(now, add=add, remove=remove))
    assert found.needed == needed, found.to_text("en", TERMS)
    assert not found.enough
    assert found.changes


@pytest.mark.parametrize(
    ("before", "needed", "smallest"),
    [
        *(("1.2.3", "patch", "1.2.4"), ("1.2.3", "minor", "1.3.0"), ("1.2.3", "major", "2.0.0")),
        *(("0.2.3", "patch", "0.2.4"), ("0.2.3", "minor", "0.3.0"), ("0.2.3", "major", "0.3.0")),
    ],
)
def test_the_smallest_number_follows_semantic_versioning(before, needed, smallest, now):
    add, remove, _ = CASES[{"patch": "other words", "minor": "a class more", "major": "a range less"}[needed]]
    old = Version(before, now, TERMS.base)
    assert compare(old, changed(now, add=add, remove=remove)).smallest == smallest
    assert compare(old, changed(now, add=add, remove=remove, number=smallest)).enough


def test_a_disjointness_of_many_that_only_grew_loses_nothing(now):
    old = changed(now, add=[*NEW_CLASS, *disjoint("Shelter", "Method")])
    new = changed(now, add=[*NEW_CLASS, *disjoint("Shelter", "Method", "Place")])
    assert {each.what for each in compare(old, new).changes} == {"axiom-added"}


# Words


def test_the_report_is_told_in_three_languages(now, shipped):
    after = changed(now, add=CASES["a domain more"][0], remove=CASES["a range less"][1])
    found = compare(shipped, after)
    said = {
        "nn": (
            "Versjonsnummeret seier for lite: det må minst vere 0.3.0.",
            "Det som har ein verdi for «betalt av», er eit tiltak.",
            "Ein verdi for «rettar seg mot» er alltid ei målgruppe.",
        ),
        "nb": (
            "Versjonsnummeret sier for lite: det må minst være 0.3.0.",
            "Det som har en verdi for «betalt av», er et tiltak.",
            "En verdi for «retter seg mot» er alltid en målgruppe.",
        ),
        "en": (
            "The version number says too little: it must be 0.3.0 at least.",
            "Whatever has a value for “funded by” is an initiative.",
            "A value for “targets” is always a target group.",
        ),
    }
    for language, sentences in said.items():
        text_ = found.to_text(language, TERMS)
        assert [each for each in sentences if each not in text_] == []


def test_words_are_shown_before_and_now(now, shipped):
    old = now.value(bso("Actor"), RDFS.label, any=True)
    words = [
        (bso("Actor"), RDFS.label, value) for value in now.objects(bso("Actor"), RDFS.label) if value.language == "en"
    ]
    after = changed(now, remove=words, add=[(bso("Actor"), RDFS.label, Literal("player", lang="en"))])
    (change,) = compare(shipped, after).changes
    assert (change.what, change.before, change.after) == ("words-changed", ("actor",), ("player",)), old


# The command


def test_the_command_compares_files_folders_and_versions(tmp_path: Path, now):
    for where in (
        LAST,
        CURRENT,
        str(ROOT / "ontology"),
        str(ROOT),
        str(ROOT / "ontology" / "releases" / f"{LAST}.ttl"),
    ):
        assert load(where, TERMS).terms, where
    path = tmp_path / "next.ttl"
    changed(now, remove=CASES["a range less"][1]).graph.serialize(path, format="turtle")
    told = bustadgraf("diff", "--ontology", "current", path, "--format", "json", "--lang", "en", cwd=tmp_path)
    report = json.loads(told.stdout)
    assert told.returncode == 1
    assert (report["needed"], report["enough"]) == ("major", False)
    assert [each["sentence"] for each in report["changes"]] == ["A value for “targets” is always a target group."]
    fine = bustadgraf("diff", "--ontology", LAST, "current", cwd=tmp_path)
    assert fine.returncode == 0, fine.stdout + fine.stderr


def test_what_is_no_version_is_told(tmp_path: Path):
    (tmp_path / "bad.ttl").write_text("<a> <b>", encoding="utf-8")
    (tmp_path / "numberless.ttl").write_text("<urn:a> a <urn:b> .", encoding="utf-8")
    (tmp_path / "empty").mkdir()
    for where in ("bad.ttl", "numberless.ttl", "empty", "0.1.9"):
        with pytest.raises(InputError, match=where):
            load(str(tmp_path / where) if where != "0.1.9" else where, TERMS)
    told = bustadgraf("diff", "--ontology", "0.1.9", "current", cwd=tmp_path)
    assert (told.returncode, "0.1.0" in told.stderr) == (2, True)


def test_a_context_elsewhere_is_not_fetched(tmp_path: Path):
    far = tmp_path / "far.jsonld"
    far.write_text('{"@context": "https://example.org/context.jsonld", "@id": "urn:a"}', encoding="utf-8")
    with pytest.raises(InputError, match="nothing is fetched"):
        load(str(far), TERMS)
