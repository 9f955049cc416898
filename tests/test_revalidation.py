"""Validating only what changed finds what validating everything finds, whatever changed."""

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from random import Random

import pyshacl
import pytest
from rdflib import RDF, Dataset, Graph, Literal, Namespace, URIRef
from rdflib.namespace import RDFS, SH, SKOS
from rdflib.plugins.sparql import prepareQuery
from rdflib.term import Node
from test_validation import FAILING, PASSING, dataset

from kg.corpus import find_corpus, load
from kg.dataset import to_dataset
from kg.disclosure import public
from kg.engine import Lookup
from kg.model import Corpus
from kg.reach import reach_of
from kg.reasoning import closure
from kg.revalidation import Outcome, revalidate
from kg.terms import Terms
from kg.validation import check, own_shapes, reaches, report, steps

TERMS = Terms()
NAME = TERMS.uri
SOURCES = {"boligskolen-rana", "ervik-linden-2016", "husbanken-bolig-for-velferd"}
Change = Callable[[Dataset], None]


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    """Some sources of the field corpus, and all who are named in it."""
    whole = public(load(find_corpus("field")))
    return replace(whole, sources=tuple(source for source in whole.sources if source.id in SOURCES))


@pytest.fixture(scope="module")
def before(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The memory of a first validation, which no test writes to."""
    memory = tmp_path_factory.mktemp("memory") / "validated.gz"
    whole = validated(to_dataset(corpus, TERMS), memory)
    assert len(whole.anew) == len(SOURCES)
    memory.write_bytes(whole.memory)
    return memory


def validated(data: Dataset, memory: Path) -> Outcome:
    """Validate only what changed, and hold it against validating everything."""
    inferred = closure(data)
    outcome = revalidate(data, TERMS, inferred, memory)
    assert outcome.findings == check(data, TERMS, inferred)
    return outcome


def first(data: Dataset, kind: str) -> Node:
    """The first record of *kind*."""
    return min(data.subjects(RDF.type, NAME(kind)), key=str)


# --- sources come, go and change ---------------------------------------------------------------


def test_nothing_is_validated_again_where_nothing_changed(corpus: Corpus, before: Path) -> None:
    again = validated(to_dataset(corpus, TERMS), before)
    assert again.anew == frozenset()
    assert gzip.decompress(again.memory) == gzip.decompress(before.read_bytes())


def test_a_changed_source_is_validated_again_and_no_other(corpus: Corpus, before: Path) -> None:
    *others, last = corpus.sources
    fewer = replace(last, statements=last.statements[1:])
    outcome = validated(to_dataset(replace(corpus, sources=(*others, fewer)), TERMS), before)
    assert outcome.anew == {str(NAME(f"source:{last.id}"))}


def test_a_source_that_is_gone_or_new_leaves_the_others_alone(corpus: Corpus, before: Path, tmp_path: Path) -> None:
    *others, last = corpus.sources
    gone = validated(to_dataset(replace(corpus, sources=tuple(others)), TERMS), before)
    assert gone.anew == frozenset()
    (tmp_path / "memory").write_bytes(gone.memory)
    back = validated(to_dataset(corpus, TERMS), tmp_path / "memory")
    assert back.anew == {str(NAME(f"source:{last.id}"))}
    assert gzip.decompress(back.memory) == gzip.decompress(before.read_bytes())


# --- changes that break and mend ---------------------------------------------------------------


def statement_without_locator(data: Dataset) -> None:
    data.remove((first(data, "Fact"), NAME("locator"), None))


def statement_gone_from_its_triple(data: Dataset) -> None:
    fact = first(data, "Fact")
    data.remove((data.value(fact, RDF.subject), data.value(fact, RDF.predicate), None))


def entity_renamed_and_half_named(data: Dataset) -> None:
    data.remove((NAME("initiative:bokontakt"), SKOS.prefLabel, Literal("Bokontakt", "nb")))


def actor_that_is_no_longer_one(data: Dataset) -> None:
    holder = data.value(first(data, "Stance"), NAME("holder"))
    data.remove((holder, RDF.type, None))


def concept_that_is_no_longer_one(data: Dataset) -> None:
    data.remove((NAME("group:refugees"), RDF.type, None))


def class_that_is_narrower(data: Dataset) -> None:
    data.remove((NAME("Stance"), RDFS.subClassOf, None))


def term_that_nobody_declared(data: Dataset) -> None:
    data.add((NAME("initiative:bokontakt"), NAME("offerdIn"), NAME("place:oslo")))


def telephone_in_a_note(data: Dataset) -> None:
    data.add((NAME("issue:tendering"), SKOS.note, Literal("Ring 912 34 567")))


def place_within_itself(data: Dataset) -> None:
    data.add((NAME("place:norway"), NAME("within"), NAME("place:bergen")))
    data.add((NAME("place:bergen"), NAME("within"), NAME("place:norway")))


def closed_source(data: Dataset) -> None:
    source = first(data, "Source")
    data.remove((source, NAME("access"), None))
    data.add((source, NAME("access"), NAME("code:restricted")))


BREAKS: dict[Change, str | None] = {
    statement_without_locator: "statement-locator",
    statement_gone_from_its_triple: "fact-in-data",
    entity_renamed_and_half_named: "label-nb",
    actor_that_is_no_longer_one: "view-holder",
    concept_that_is_no_longer_one: "targets-kind",
    class_that_is_narrower: None,
    telephone_in_a_note: "personal-data",
    place_within_itself: "within-acyclic",
    term_that_nobody_declared: "known-term",
}


def test_what_a_change_breaks_is_found_and_what_it_mends_is_gone(corpus: Corpus, before: Path, tmp_path: Path) -> None:
    data, memory = to_dataset(corpus, TERMS), tmp_path / "memory"
    data.default_union = True
    memory.write_bytes(before.read_bytes())
    for change, shape in BREAKS.items():
        change(data)
        broken = validated(data, memory)
        assert shape is None or f"bsh:{shape}" in {finding.shape for finding in broken.findings}, change.__name__
        memory.write_bytes(broken.memory)
    mended = validated(to_dataset(corpus, TERMS), memory)
    assert gzip.decompress(mended.memory) == gzip.decompress(before.read_bytes())


@pytest.mark.parametrize("seed", range(2))
def test_any_change_is_seen(seed: int, corpus: Corpus, before: Path) -> None:
    random = Random(seed)
    data = to_dataset(corpus, TERMS)
    quads = sorted((quad for quad in data.quads() if all(isinstance(node, URIRef) for node in quad[:2])), key=str)
    for subject, predicate, value, graph in random.sample(quads, 60):
        data.remove((subject, predicate, value, graph))
    for (subject, *_), (_, predicate, _, _), (*_, value, graph) in zip(
        *(random.sample(quads, 40) for _ in range(3)), strict=True
    ):
        data.add((subject, predicate, value, graph))
    assert validated(data, before).findings


# --- the memory --------------------------------------------------------------------------------


def altered(memory: Path, **changes: object) -> bytes:
    _, _, text = gzip.decompress(memory.read_bytes()).decode().partition("\n")
    altered = json.dumps({**json.loads(text), **changes})
    return gzip.compress(f"{sha256(altered.encode()).hexdigest()}\n{altered}".encode())


def torn(memory: Path) -> bytes:
    return gzip.compress(gzip.decompress(memory.read_bytes()).replace(b"source", b"sauce", 1))


@pytest.mark.parametrize(
    "write",
    [
        lambda memory: b"",
        torn,
        lambda memory: memory.read_bytes()[:-40],
        lambda memory: b"{}",
        lambda memory: gzip.compress(b"[1]"),
        lambda memory: altered(memory, key="of other shapes"),
        lambda memory: altered(memory, nameless="of another ontology"),
        lambda memory: altered(memory, findings=[{"shape": "x"}]),
        lambda memory: altered(memory, triples=[]),
        lambda memory: altered(memory, triples=["no triple", "no triple"]),
        lambda memory: altered(memory, triples=7),
    ],
)
def test_a_memory_that_is_broken_or_of_other_shapes_only_costs_time(
    write: Callable[[Path], bytes], tmp_path: Path
) -> None:
    (data, inferred), memory = dataset(*PASSING.values()), tmp_path / "memory"
    memory.write_bytes(revalidate(data, TERMS, inferred, memory).memory)
    assert not revalidate(data, TERMS, inferred, memory).anew
    broken, inferred = dataset(*PASSING.values(), FAILING["statement-locator"])
    memory.write_bytes(write(memory))
    outcome = revalidate(broken, TERMS, inferred, memory)
    assert outcome.anew
    assert [finding.shape for finding in outcome.findings] == ["bsh:statement-locator"]


# --- how far shapes look -----------------------------------------------------------------------


def test_we_know_of_every_shape_how_far_it_looks() -> None:
    assert not [shape for shape, reach in reaches(TERMS).items() if reach.everywhere]
    assert all(reach.queries for reach in reaches(TERMS).values())


def test_asking_all_nodes_at_once_finds_what_pyshacl_finds_alone(corpus: Corpus) -> None:
    data = to_dataset(corpus, TERMS)
    data.default_union = True
    for change in BREAKS:
        change(data)
    closed_source(data)
    (step,) = steps(data, TERMS)
    _, alone, _ = pyshacl.validate(step.data, shacl_graph=Graph() + own_shapes(TERMS))
    assert told(alone, leave_out="-closure") == told(report(data, TERMS).graph)


def told(graph: Graph, leave_out: str = "no shape") -> list[list[str]]:
    """What a report says of which node, by shape."""
    keys = (SH.sourceShape, SH.focusNode, SH.value, SH.resultSeverity)
    results = graph.subjects(RDF.type, SH.ValidationResult)
    lines = [[str(graph.value(result, key)) for key in keys] for result in results]
    return sorted(line for line in lines if not line[0].endswith(leave_out))


EX = Namespace("http://example.org/")
HEAD = "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix ex: <http://example.org/> .\n"
LOOKS = [
    "ex:S sh:targetClass ex:C ; sh:property [ sh:path ex:p ; sh:class ex:C ] .",
    "ex:S sh:targetObjectsOf ex:q ; sh:property [ sh:path [ sh:inversePath ex:p ] ; sh:minCount 1 ] .",
    "ex:S sh:targetSubjectsOf ex:q ;"
    " sh:property [ sh:path ( ex:p ex:q [ sh:zeroOrMorePath ex:p ] ) ; sh:class ex:C ] .",
    "ex:S sh:targetClass ex:C ; sh:property [ sh:path [ sh:oneOrMorePath ( ex:p ex:q ) ] ; sh:maxCount 1 ] .",
    "ex:S sh:targetClass ex:C ; sh:property [ sh:qualifiedValueShape [ sh:class ex:C ] ; sh:qualifiedMinCount 2 ;"
    " sh:path [ sh:alternativePath ( [ sh:inversePath ex:p ] ( ex:p [ sh:zeroOrOnePath ex:q ] ) ) ] ] .",
    "ex:S sh:targetNode ex:n1 , ex:n2 ; sh:property [ sh:path ex:p ; sh:disjoint ex:q ] .",
    "ex:S sh:targetClass ex:C ; sh:not [ sh:path ex:p ; sh:not [ sh:path ex:q ; sh:minCount 1 ] ] .",
    "ex:S sh:targetClass ex:C ; sh:closed true ; sh:ignoredProperties ( ex:q ) .",
    "ex:S sh:targetClass ex:C ; sh:or ( [ sh:path ex:p ; sh:maxCount 0 ] [ sh:path ( ex:p ex:p ) ; sh:minCount 1 ] ) .",
    'ex:S sh:targetClass ex:C ; sh:sparql [ sh:select """SELECT $this ?value WHERE {'
    " $this <http://example.org/p>/<http://example.org/q>* ?value . FILTER NOT EXISTS {"
    ' ?value <http://example.org/p> ?other . ?other a <http://example.org/C> } }""" ] .',
    'ex:S sh:targetClass ex:C ; sh:sparql [ sh:select """SELECT $this WHERE { { $this ^<http://example.org/q> ?x }'
    ' UNION { $this <http://example.org/p> ?x OPTIONAL { ?x <http://example.org/q> ?y } FILTER (!BOUND(?y)) } }""" ] .',
    'ex:S sh:targetClass ex:C ; sh:sparql [ sh:select """SELECT $this WHERE { $this <http://example.org/p> ?x'
    " OPTIONAL { ?x <http://example.org/p> ?y FILTER NOT EXISTS { ?y <http://example.org/q> ?z } }"
    ' FILTER (!BOUND(?y)) }""" ] .',
    'ex:S sh:targetClass ex:C ; sh:sparql [ sh:select """SELECT $this WHERE { $this <http://example.org/p> ?x'
    ' FILTER (IF(EXISTS { ?x <http://example.org/q> ?y }, EXISTS { ?x a <http://example.org/C> }, true)) }""" ] .',
    'ex:S sh:targetClass ex:C ; sh:sparql [ sh:select """SELECT $this WHERE { $this <http://example.org/p> ?x'
    " BIND(EXISTS { ?x <http://example.org/q> ?y . FILTER NOT EXISTS { ?y a <http://example.org/C> } } AS ?so)"
    ' FILTER (?so) }""" ] .',
    'ex:S sh:targetClass ex:C ; sh:sparql [ sh:select """SELECT $this WHERE { $this <http://example.org/p> ?x'
    ' FILTER (COALESCE(?no, NOT EXISTS { { ?x <http://example.org/q> ?y } UNION { ?x a ?y } })) }""" ] .',
]


def test_two_inner_queries_that_hide_one_name_are_looked_at_everywhere() -> None:
    inner = "{ SELECT $this WHERE { $this <http://example.org/%s> ?x } }"
    select = f"SELECT $this WHERE {{ {inner % 'p'} {inner % 'q'} }}"
    shapes = Graph().parse(
        data=f'{HEAD}ex:S sh:targetClass ex:C ; sh:sparql [ sh:select "{select}" ] .', format="turtle"
    )
    assert reach_of(shapes, EX.S, prepareQuery).everywhere


@pytest.mark.parametrize("turtle", LOOKS)
def test_a_node_that_is_judged_otherwise_after_a_change_has_seen_it(turtle: str) -> None:
    shapes = Graph().parse(data=HEAD + turtle, format="turtle")
    reach = reach_of(shapes, EX.S, prepareQuery)
    assert reach.queries
    assert not reach.everywhere
    moved = 0
    for seed in range(15):
        old, new = two_graphs(Random(seed))
        lookup = Lookup(new)
        lookup.note(old ^ new)
        seen = frozenset().union(*map(lookup.touched, reach.queries))
        otherwise = {focus for focus, _ in judged(old, shapes) ^ judged(new, shapes)}
        assert otherwise <= seen, (seed, sorted(otherwise - seen))
        moved += len(otherwise)
        if reach.screen:
            assert {focus for focus, _ in judged(new, shapes)} <= lookup.nodes(reach.screen)
    assert moved > 1


def two_graphs(random: Random) -> tuple[Graph, Graph]:
    """A graph of few nodes and predicates, and the same with three triples gone and three more."""
    nodes, keys = [EX[f"n{number}"] for number in range(6)], [EX.p, EX.q]

    def triple() -> tuple[Node, Node, Node]:
        typed = random.random() < 0.4
        return (
            (random.choice(nodes), RDF.type, EX.C)
            if typed
            else (*random.sample(nodes, 1), random.choice(keys), random.choice(nodes))
        )

    old, new = Graph(), Graph()
    for _ in range(16):
        old.add(triple())
    kept = sorted(old)
    random.shuffle(kept)
    for each in [*kept[3:], *(triple() for _ in range(3))]:
        new.add(each)
    return old, new


def judged(data: Graph, shapes: Graph) -> set[tuple[Node | None, Node | None]]:
    _, graph, _ = pyshacl.validate(data, shacl_graph=shapes)
    return {(graph.value(each, SH.focusNode), graph.value(each, SH.value)) for each in graph.subjects(SH.focusNode)}


@pytest.mark.parametrize(
    "turtle",
    [
        'ex:S sh:targetClass ex:C ; sh:sparql [ sh:select "SELECT $this WHERE { ?a <http://example.org/p> ?b }" ] .',
        'ex:S sh:targetClass ex:C ; sh:sparql [ sh:select "SELECT $this (COUNT(?b) AS ?value) WHERE { $this ?a ?b }'
        ' GROUP BY $this" ] .',
        'ex:S sh:targetClass ex:C ; sh:sparql [ sh:ask "ASK { $this ?a ?b }" ] .',
        "ex:S sh:targetClass ex:C ; sh:property [ sh:path ex:p ; sh:property [ sh:path ex:q ; sh:minCount 1 ] ] .",
        "ex:S sh:targetClass ex:C ; sh:node ex:S .",
        "ex:S sh:targetClass ex:C ; sh:property [ sh:path ex:p ; sh:qualifiedValueShapesDisjoint true ] .",
        "ex:S sh:targetClass ex:C ; sh:js ex:script .",
    ],
)
def test_a_shape_that_may_look_anywhere_is_taken_to_do_so(turtle: str) -> None:
    shapes = Graph().parse(data=HEAD + turtle, format="turtle")
    reach = reach_of(shapes, EX.S, prepareQuery)
    assert reach.everywhere
    assert reach.screen is None


@pytest.mark.parametrize(
    "select",
    [
        "SELECT $this WHERE { $this a ?c . { ?x ?p ?o FILTER (?x = $this) } }",  # the inner filter does not know $this
        "SELECT $this WHERE { $this a ?c OPTIONAL { ?x ?p ?o FILTER (?o != $this) } FILTER (!BOUND(?x)) }",
        "SELECT $this WHERE { { SELECT ?x WHERE { ?x a ?c } } $this ?p ?x } LIMIT 1",
    ],
)
def test_a_query_that_must_be_told_the_node_is_not_asked_of_all_at_once(select: str) -> None:
    shapes = Graph().parse(data=f'{HEAD} ex:S sh:targetClass ex:C ; sh:sparql [ sh:select """{select}""" ] .')
    assert reach_of(shapes, EX.S, prepareQuery).screen is None
