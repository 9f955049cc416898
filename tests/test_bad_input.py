"""Ontology, concept schemes and shapes that are wrong are refused with file, line or term, why, and what to do."""

import shutil
from collections.abc import Callable
from importlib.abc import Traversable
from pathlib import Path

import pytest
from rdflib.namespace import SKOS
from small_corpus import CORPUS, OPEN

from kg import validation
from kg.dataset import to_dataset
from kg.model import InputError
from kg.ontology import existence_axioms, kos_graph, ontology_graph
from kg.resources import resource
from kg.terms import Terms
from kg.validation import check, check_files, own_shapes, render

ROOT = Path(__file__).parent.parent
TERMS = Terms()


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of ontology and shapes that may be spoilt; shapes are read from it."""
    for name in ("ontology", "shapes"):
        shutil.copytree(ROOT / name, tmp_path / name)

    def in_copy(folder: str) -> Traversable:
        return tmp_path / folder if folder == "shapes" else resource(folder)

    monkeypatch.setattr(validation, "resource", in_copy)
    return tmp_path


def spoil(file: Path, before: str, after: str) -> int:
    """Write *after* in place of the first *before*, or at the end; return the line."""
    text = file.read_text(encoding="utf-8")
    place = text.index(before) if before else len(text)
    file.write_text(text[:place] + after + text[place + len(before) :], encoding="utf-8")
    return text.count("\n", 0, place) + 1


def refused(read: Callable[..., object], *arguments: object) -> str:
    with pytest.raises(InputError) as caught:
        read(*arguments)
    return str(caught.value)


@pytest.mark.parametrize(
    ("file", "read"),
    [("modules/core.ttl", ontology_graph), ("modules/dl.ttl", existence_axioms), ("kos/task.ttl", kos_graph)],
)
def test_a_module_that_does_not_parse_is_told_with_its_line(house, file, read):
    line = spoil(house / "ontology" / file, "", "bso:Place a ; .\n")
    assert refused(read, TERMS, house / "ontology").startswith(f"{file}:{line}: objectList expected")
    spoil(house / "ontology" / file, "bso:Place a ; .\n", "")
    line = spoil(house / "ontology" / file, "", "bso:Place a bso:Pla")
    assert f"{file}:{line}: " in refused(read, TERMS, house / "ontology")


def test_a_term_that_is_used_and_not_declared_is_told_with_its_line_and_the_nearest(house):
    line = spoil(house / "ontology" / "modules" / "service.ttl", "bso:targets a", "bso:targtes a")
    told = refused(ontology_graph, TERMS, house / "ontology")
    assert told.startswith(f"modules/service.ttl:{line}: bso:targtes is no term of ours. Nearest: bso:targets")


def test_a_term_without_a_label_in_one_language_is_told_with_its_line(house):
    line = spoil(house / "ontology" / "terms.csv", "Place,class,core,stad,sted,", "Place,class,core,stad,,")
    told = refused(ontology_graph, TERMS, house / "ontology")
    assert told.startswith(f"ontology/terms.csv:{line}: Place has nothing in nb.")


def test_a_concept_without_a_label_in_one_language_is_a_finding_that_names_it():
    dataset = to_dataset(CORPUS.__class__(**{**vars(CORPUS), "sources": (OPEN,)}), TERMS)
    concept = TERMS.uri("group:refugees")
    (label,) = (label for label in dataset.objects(concept, SKOS.prefLabel) if label.language == "nb")
    dataset.graph(TERMS.graph("kos")).remove((concept, SKOS.prefLabel, label))
    (found,) = check(dataset, TERMS)
    assert (found.shape, found.focus, found.severity) == ("bsh:label-nb", str(concept), "violation")
    assert "group:refugees" in render((found,), "nn")


def test_a_scheme_in_which_a_concept_stands_under_itself_is_told_with_the_circle(house):
    circle = "group:refugees skos:broader group:children . group:children skos:broader group:refugees .\n"
    spoil(house / "ontology" / "kos" / "target-group.ttl", "", circle)
    told = refused(kos_graph, TERMS, house / "ontology")
    assert told.startswith("kos/target-group.ttl: group:children stands under itself, by way of group:refugees.")


def test_a_concept_under_two_others_is_no_circle(house):
    upper = "group:young-people skos:broader group:refugees .\n"
    tree = "group:children skos:broader group:young-people , group:refugees .\n" + upper
    spoil(house / "ontology" / "kos" / "target-group.ttl", "", tree)
    assert len(kos_graph(TERMS, house / "ontology")) > 1000


def test_a_shape_of_ours_with_a_path_that_is_no_term_is_told_with_its_line(house):
    line = spoil(house / "shapes" / "service.ttl", "sh:path bso:targets", "sh:path bso:tragets")
    own_shapes.cache_clear()
    told = refused(own_shapes, TERMS)
    own_shapes.cache_clear()
    assert told.startswith(f"shapes/service.ttl:{line}: bso:tragets is no term of ours. Nearest: bso:targets")


PREFIXES = "".join(
    f"@prefix {prefix}: <{namespace}> .\n"
    for prefix, namespace in {
        **TERMS.prefixes,
        "sh": "http://www.w3.org/ns/shacl#",
        "ex": "http://example.org/",
    }.items()
)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("bso:offerdIn", "bso:offerdIn is no term of ours. Nearest: bso:offeredIn"),
        ("[ sh:inversePath bso:offerdIn ]", "Nearest: bso:offeredIn"),
        ("( ex:a bso:offerdIn )", "Nearest: bso:offeredIn"),
        ("( )", "a list of fewer than two steps"),
        ("( ex:a )", "a list of fewer than two steps"),
        ("[ sh:alternativePath ( ex:a ) ]", "a list of fewer than two steps"),
        ("[ ]", "it is empty"),
        ("[ ex:inverse ex:a ]", "it is empty"),
        ('"ex:a"', "“ex:a” is a text. Write the IRI of a property."),
        ("_:loop . _:loop sh:inversePath _:loop", "it holds itself"),
    ],
)
def test_a_shape_of_others_with_a_wrong_path_is_told_by_its_name(path, why, tmp_path):
    shape = f"ex:Shape a sh:NodeShape ; sh:targetClass ex:A ; sh:property ex:Step .\nex:Step sh:path {path} ."
    (tmp_path / "shapes.ttl").write_text(PREFIXES + shape, encoding="utf-8")
    (tmp_path / "data.ttl").write_text("<http://example.org/x> a <http://example.org/A> .", encoding="utf-8")
    told = refused(check_files, [tmp_path / "data.ttl"], [tmp_path / "shapes.ttl"])
    assert told.startswith("shapes.ttl: http://example.org/Step has a path that leads nowhere: ")
    assert why in told


@pytest.mark.parametrize("path", ["ex:a", "( ex:a [ sh:inversePath ex:b ] )", "[ sh:zeroOrMorePath ( ex:a ex:a ) ]"])
def test_a_right_path_is_let_pass(path, tmp_path):
    shape = f"ex:Shape a sh:NodeShape ; sh:targetClass ex:A ; sh:property [ sh:maxCount 9 ; sh:path {path} ] ."
    (tmp_path / "shapes.ttl").write_text(PREFIXES + shape, encoding="utf-8")
    (tmp_path / "data.ttl").write_text("<http://example.org/x> a <http://example.org/A> .", encoding="utf-8")
    assert check_files([tmp_path / "data.ttl"], [tmp_path / "shapes.ttl"]).conforms
