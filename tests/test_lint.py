"""The habits of ontology and concept schemes: each check of ontology/lint finds its bad example and nothing of ours."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from importlib.abc import Traversable
from pathlib import Path

import pytest
import yaml
from babel.messages.pofile import read_po
from conftest import ROOT
from pyoxigraph import NamedNode, RdfFormat, Store
from rdflib import OWL, RDF, Graph, URIRef
from rdflib.namespace import DCTERMS
from test_ontology import NOT_BOKMAAL, NOT_NYNORSK

from kg.ontology import existence_axioms, kos_graph, ontology_graph
from kg.resources import resource
from kg.terms import Terms

TERMS = Terms()
LINT = resource("ontology").joinpath("lint")
CHECKS = {entry.name[:-3]: entry.read_text(encoding="utf-8") for entry in LINT.iterdir() if entry.name.endswith(".rq")}
CORPORA = (resource("corpora"), Path(__file__).parent / "corpora")
# Where the key of a source.yaml is not the name of the property that it becomes.
KEYS = {"authors": "author", "commissioner": "commissionedBy", "contractor": "carriedOutBy", "publisher": "publishedBy"}
WHERE_USED = ("question", "shape", "axiom", "data")
NAME = re.compile(r"\bbso:(\w+)")


def files(folder: Traversable | Path, suffix: str) -> Iterator[str]:
    """The texts of all files in *folder* and below it whose names end in *suffix*; examples of shapes are no use."""
    for entry in folder.iterdir():
        if entry.is_dir() and entry.name != "examples":
            yield from files(entry, suffix)
        elif entry.name.endswith(suffix):
            yield entry.read_text(encoding="utf-8")


def named_by_others(graph: Graph) -> Iterator[str]:
    """The names that an axiom about something else mentions; what it says of itself is no use of a term."""
    for subject, predicate, value in graph:
        if predicate != RDF.type and isinstance(value, URIRef) and value != subject:
            yield TERMS.compress(str(value)).removeprefix("bso:")
        if predicate in (OWL.onProperty, OWL.propertyChainAxiom):
            yield TERMS.compress(str(subject)).removeprefix("bso:")


def words_in(node: object) -> Iterator[str]:
    """Every key and every bare word in a file of a corpus: codings name our terms by their local names."""
    if isinstance(node, dict):
        yield from map(str, node)
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from words_in(each)
    elif node is not None:
        yield str(node)


@pytest.fixture(scope="module")
def uses() -> dict[str, set[str]]:
    """From the name of a term to where it is used."""
    found: dict[str, set[str]] = defaultdict(set)
    queries = [text for folder in ("cq", "queries") for text in files(resource("ontology").joinpath(folder), ".rq")]
    codings = [text for folder in CORPORA for text in files(folder, ".yaml")]
    named = {
        "question": (name for text in queries for name in NAME.findall(text)),
        "shape": (name for text in files(resource("shapes"), ".ttl") for name in NAME.findall(text)),
        "axiom": named_by_others(ontology_graph(TERMS) + existence_axioms(TERMS)),
        "data": (KEYS.get(word, word) for text in codings for word in words_in(yaml.load(text, yaml.CBaseLoader))),
    }
    for kind in WHERE_USED:
        for name in named[kind]:
            if name in TERMS.own:
                found[name].add(kind)
    return found


@pytest.fixture(scope="module")
def ours(uses: dict[str, set[str]]) -> Store:
    graph = ontology_graph(TERMS) + kos_graph(TERMS)
    for name, kinds in uses.items():
        for kind in kinds:
            graph.add((TERMS.uri(name), DCTERMS.isReferencedBy, URIRef(f"urn:{kind}")))
    store = Store()
    store.load(graph.serialize(format="nt", encoding="utf-8"), format=RdfFormat.N_TRIPLES)
    return store


@pytest.fixture
def example(name: str) -> Store:
    store = Store()
    bad = LINT.joinpath("examples", f"{name}.ttl").read_text(encoding="utf-8")
    store.load(bad.encode(), format=RdfFormat.TURTLE)
    return store


def found_by(name: str, store: Store) -> set[str]:
    return {row["term"].value for row in store.query(CHECKS[name])}


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_the_ontology_and_the_concepts_pass(name: str, ours: Store, counts: Callable[..., None]) -> None:
    found = sorted(map(TERMS.compress, found_by(name, ours)))
    assert found == [], CHECKS[name].split("\n", 2)[:2]
    counts("lint checks")
    counts("lint findings", len(found))


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_a_check_finds_what_is_wrong_and_leaves_its_neighbour(name: str, example: Store) -> None:
    named = {node.value for quad in example for node in (quad.subject, quad.object) if isinstance(node, NamedNode)}
    wrong = {iri for iri in named if "wrong" in re.split("[/#]", iri)[-1].lower()}
    assert wrong
    assert found_by(name, example) == wrong


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_a_check_says_what_the_problem_is_and_what_to_do(name: str) -> None:
    comments = re.match(r"(?:#.*\n)+", CHECKS[name])
    assert comments
    problem, solution, source = comments[0].rstrip("\n").replace("\n#   ", " ").split("\n")
    assert problem.startswith("# Problem: ")
    assert solution.startswith("# Solution: ")
    assert source.startswith("# After ")
    assert all(line.endswith(".") for line in (problem, solution, source))


def test_every_check_has_its_example_and_every_example_its_check() -> None:
    examples = {entry.name.removesuffix(".ttl") for entry in LINT.joinpath("examples").iterdir()}
    assert examples == set(CHECKS)
    assert len(CHECKS) > 50


def test_uses_are_found_where_they_are(uses: dict[str, set[str]]) -> None:
    assert uses["offeredIn"] == set(WHERE_USED)
    assert "axiom" in uses["Actor"]
    assert "noSuchTerm" not in uses
    for kind in WHERE_USED:
        assert len([name for name, kinds in uses.items() if kind in kinds]) > 30, kind


FOREIGN = {
    language: re.compile(rf"\b(?:{forms})\b", re.IGNORECASE)
    for language, forms in (("nn", NOT_NYNORSK), ("nb", NOT_BOKMAAL))
}
TOLD_IN_YAML = [file for name in ("", "cq", "rules") for file in (ROOT / "ontology" / name).glob("*.yaml")]


def told(node: object, language: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a file with the language of the key that it stands under; names in braces are no words."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from told(value, key if key in (*FOREIGN, "en") else language)
    elif isinstance(node, list):
        for each in node:
            yield from told(each, language)
    elif isinstance(node, str) and language in FOREIGN:
        yield language, re.sub(r"\{.*?\}", "", node)


@pytest.mark.parametrize("file", TOLD_IN_YAML, ids=lambda file: file.stem)
def test_what_is_said_of_axioms_rules_and_questions_keeps_to_its_written_standard(file: Path) -> None:
    texts = told(yaml.safe_load(file.read_text(encoding="utf-8")))
    assert [(language, text) for language, text in texts if FOREIGN[language].search(text)] == []


@pytest.mark.parametrize("language", FOREIGN)
def test_the_words_of_the_interface_keep_to_their_written_standard(language: str) -> None:
    with (ROOT / "web" / "translations" / f"{language}.po").open("rb") as file:
        messages = [message for message in read_po(file) if message.id]
    said = [form for each in messages for form in ([each.string] if isinstance(each.string, str) else each.string)]
    assert len(said) > 100
    assert [form for form in said if FOREIGN[language].search(form)] == []
