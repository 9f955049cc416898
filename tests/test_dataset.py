"""What a corpus says becomes RDF of one fixed shape, and nothing else."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from rdflib import RDF, BNode, Dataset, Literal, URIRef
from rdflib.namespace import DCTERMS, PROV, SKOS, VOID, XSD
from small_corpus import CORPUS, OPEN, PROVIDES, REPORT, TALK, entity, fact

from kg.dataset import OA, plain, to_dataset
from kg.model import NOT_STATED, Corpus, DatedName, LiteralTerm
from kg.terms import Terms

TERMS = Terms()
ROOT = Path(__file__).parent.parent


def iri(name: str) -> URIRef:
    return RDF.type if name == "a" else TERMS.uri(name)


def objects(dataset: Dataset, subject: str, predicate: str) -> set[object]:
    return set(dataset.objects(iri(subject), iri(predicate)))


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return replace(CORPUS, sources=(OPEN, TALK))


@pytest.fixture(scope="module")
def dataset(corpus) -> Dataset:
    return to_dataset(corpus, TERMS)


def test_a_stated_fact_has_its_record_and_its_plain_triple_in_the_graph_of_the_source(dataset):
    graph = dataset.graph(TERMS.graph("source/report"))
    st = iri("st:report-first-reading-provides")
    triple = (iri("initiative:fyrlykta"), iri("providedBy"), iri("actor:fjordvik-kommune"))
    assert triple in graph
    assert set(graph.objects(st, RDF.type)) == {iri("Statement"), iri("Fact"), RDF.Statement}
    assert (graph.value(st, RDF.subject), graph.value(st, RDF.predicate), graph.value(st, RDF.object)) == triple
    start = REPORT.index("Fjordvik kommune driv")
    told = {
        "passage": iri(f"passage:report-{start}-{start + 30}"),
        "source": iri("source:report"),
        "basis": iri("code:stated"),
        "modality": iri("code:actual"),
        "status": iri("code:accepted"),
        "coder": iri("coder:first-reading"),
        "codedIn": iri("coding:report-first-reading"),
        "coded": Literal(date(2026, 11, 24)),
        "asOf": Literal(2016),
        "text": Literal("Fjordvik kommune driv Fyrlykta"),
        "verbatim": Literal(True),
        "locator": Literal("avsnitt 1"),
    }
    assert {key: graph.value(st, iri(key)) for key in told} == told
    assert set(graph.objects(st, iri("assertedBy"))) == {iri("actor:ada-vik"), iri("actor:bo-li")}


def test_an_interpreted_fact_stands_with_its_triple_in_the_graph_of_readings(dataset):
    triple = (iri("initiative:fyrlykta"), iri("offeredIn"), iri("place:fjordvik"))
    assert triple in dataset.graph(TERMS.graph("interpreted/report"))
    assert triple not in dataset.graph(TERMS.graph("source/report"))
    assert objects(dataset, "st:report-first-reading-place", "because") == {
        Literal("«Tiltak i» blir lese som at det finst der.", lang="nn")
    }


def test_what_is_denied_or_only_possible_cannot_be_counted_as_so(dataset):
    projection, denial = iri("st:report-first-reading-maybe"), iri("st:report-first-reading-not-for")
    assert set(dataset.objects(projection, RDF.type)) == {iri("Statement"), iri("Projection")}
    assert set(dataset.objects(denial, RDF.type)) == {iri("Statement"), iri("Denial")}
    assert dataset.value(denial, iri("ofObject")) == iri("group:disadvantaged-families")
    assert dataset.value(projection, iri("ofPredicate")) == iri("offeredIn")
    for record in (projection, denial):
        assert not set(dataset.predicates(record)) & {RDF.subject, RDF.predicate, RDF.object}
    assert not objects(dataset, "initiative:naustet", "offeredIn")
    assert not objects(dataset, "initiative:naustet", "targets")


def test_a_stated_type_types_the_thing(dataset):
    assert iri("SocialEnterprise") in objects(dataset, "initiative:fyrlykta", "a")
    assert objects(dataset, "st:report-first-reading-kind", "rdf:predicate") == {RDF.type}


def test_candidates_and_withdrawn_statements_leave_no_trace(dataset):
    assert objects(dataset, "initiative:fyrlykta", "targets") == {iri("group:refugees")}
    everything = dataset.serialize(format="nquads")
    assert "first-reading-guess" not in everything
    assert "first-reading-gone" not in everything


def test_a_view_is_a_record_and_never_a_triple(dataset):
    comparison = "st:report-first-reading-more-critical"
    assert objects(dataset, comparison, "a") == {iri("Statement"), iri("View"), iri("Comparison")}
    assert objects(dataset, comparison, "involves") == {iri("actor:idealist-actors"), iri("actor:public-actors")}
    assert objects(dataset, comparison, "verb") == {Literal("er meir kritiske til", lang="nn")}
    assert not objects(dataset, comparison, "holder")
    said = set(dataset.predicate_objects(iri("actor:idealist-actors")))
    assert said == {
        (RDF.type, iri("ActorGroup")),
        *((SKOS.prefLabel, Literal("ideelle aktørar", lang=code)) for code in ("nn", "nb", "en")),
    }


def test_a_negated_stance_denies_a_polarity_and_has_none(dataset):
    stance = "st:open-talk-first-reading-no-problem"
    assert objects(dataset, stance, "deniedPolarity") == {iri("code:negative")}
    assert not objects(dataset, stance, "polarity")


def test_conditions_keep_their_words_and_language(dataset):
    told = objects(dataset, "st:open-talk-first-reading-positive", "condition")
    assert told == {Literal("om dei blir ryddige", lang="nn")}


def test_a_passage_is_a_web_annotation_target_with_both_selectors(dataset):
    start = REPORT.index("som er for flyktningar")
    passage = f"passage:report-{start}-{start + 22}"
    assert objects(dataset, passage, "a") == {iri("Passage"), OA.SpecificResource}
    assert objects(dataset, passage, "oa:hasSelector") == {iri(f"{passage}-p"), iri(f"{passage}-q")}
    assert objects(dataset, f"{passage}-p", "oa:start") == {Literal(start, datatype=XSD.integer)}
    assert objects(dataset, f"{passage}-q", "oa:exact") == {Literal("som er for flyktningar")}
    assert objects(dataset, f"{passage}-q", "oa:prefix") == {Literal(REPORT[start - 20 : start])}
    assert objects(dataset, passage, "oa:hasSource") == {iri("source:report")}


def test_a_source_says_what_it_is(dataset):
    assert objects(dataset, "source:report", "a") == {iri("Source"), iri("Document")}
    assert objects(dataset, "source:open-talk", "a") == {iri("Source"), iri("Interview")}
    assert objects(dataset, "source:report", "skos:prefLabel") == {
        Literal("Vik & Li 2016", lang=code) for code in ("nn", "nb", "en")
    }
    assert objects(dataset, "source:report", "dcterms:title") == {Literal("Om å bu i Fjordvik", lang="nn")}
    assert objects(dataset, "source:report", "year") == {Literal("2016", datatype=XSD.integer)}
    assert objects(dataset, "source:open-talk", "issued") == {Literal("2016-05-01", datatype=XSD.date)}
    assert objects(dataset, "source:open-talk", "year") == {Literal("2016", datatype=XSD.integer)}
    assert objects(dataset, "source:report", "access") == {iri("code:open")}
    assert objects(dataset, "source:report", "codedExtent") == {iri("code:complete")}
    assert objects(dataset, "source:report", "digest") == {Literal(False)}
    assert objects(dataset, "source:report", "author") == {iri("actor:ada-vik"), iri("actor:bo-li")}
    assert objects(dataset, "passage:report-0-34", "attests") == {iri("author")}
    assert objects(dataset, "passage:report-25-33", "attests") == {DCTERMS.title}
    assert not [quad for quad in dataset.quads() if "sikt-123" in quad[2]]


def test_a_digest_is_never_called_verbatim(corpus):
    dataset = to_dataset(replace(corpus, sources=(replace(OPEN, digest=True, sha256="ab" * 32),)), TERMS)
    assert set(dataset.objects(None, iri("verbatim"))) == {Literal(False)}
    assert objects(dataset, "source:report", "sha256") == {Literal("ab" * 32)}


def test_what_was_read_and_that_no_licence_is_stated_are_kept(corpus):
    read = {"nn": "Heile sida.", "nb": "Hele siden.", "en": "The whole page."}
    dataset = to_dataset(replace(corpus, sources=(replace(OPEN, licence=NOT_STATED, extent=read),)), TERMS)
    assert objects(dataset, "source:report", "dcterms:license") == {iri("code:not-stated")}
    assert {str(text) for text in objects(dataset, "source:report", "readPart")} == set(read.values())


def test_a_coder_is_an_agent_whose_name_shows_only_where_the_corpus_says_so(corpus, dataset):
    assert objects(dataset, "coding:report-first-reading", "prov:wasAssociatedWith") == {iri("coder:first-reading")}
    assert objects(dataset, "coder:first-reading", "a") == {iri("Coder"), PROV.Agent}
    assert not objects(dataset, "coder:first-reading", "skos:prefLabel")
    named = to_dataset(replace(corpus, name_coders=True), TERMS)
    assert Literal("Fyrste lesing", lang="nn") in objects(named, "coder:first-reading", "skos:prefLabel")


def test_entities_carry_identity_and_a_known_source_is_not_coded(corpus):
    known = entity("source:loga-2015", "Loga 2015", "Source", loaded=False)
    dataset = to_dataset(replace(corpus, entities=(*corpus.entities, known)), TERMS)
    assert Literal("Fyret", lang="nn") in objects(dataset, "initiative:fyrlykta", "skos:altLabel")
    assert objects(dataset, "actor:small-idealist-actors", "subgroupOf") == {iri("actor:idealist-actors")}
    assert objects(dataset, "source:loga-2015", "codedExtent") == {iri("code:none")}
    node = TERMS.graph("dataset")
    assert dataset.value(node, RDF.type) == VOID.Dataset
    assert dataset.value(node, DCTERMS.license) == URIRef("https://creativecommons.org/licenses/by/4.0/")
    assert (node, iri("schema:genre"), Literal("fiction")) in dataset


def test_names_and_numbers_that_held_for_a_time_have_nodes_of_their_own(corpus):
    body = entity(
        "actor:havn",
        "Havn",
        "Organisation",
        names=(DatedName("Hamna", "nn", valid_from=1996, valid_to=date(2020, 1, 1)),),
        identifiers=(DatedName("974760673", scheme="organisationNumber"), DatedName("Q1", scheme="wikidata")),
    )
    dataset = to_dataset(replace(corpus, entities=(body,)), TERMS)
    assert objects(dataset, "actor:havn-name-1", "prov:specializationOf") == {iri("actor:havn")}
    assert objects(dataset, "actor:havn-name-1", "name") == {Literal("Hamna", lang="nn")}
    assert objects(dataset, "actor:havn-name-1", "periodStart") == {Literal(1996)}
    assert objects(dataset, "actor:havn-name-1", "periodEnd") == {Literal(date(2020, 1, 1))}
    assert objects(dataset, "actor:havn", "organisationNumber") == {Literal("974760673")}
    assert objects(dataset, "actor:havn-identifier-2", "schema:propertyID") == {Literal("wikidata")}
    assert objects(dataset, "actor:havn-identifier-1", "dcterms:identifier") == {Literal("974760673")}
    assert not objects(dataset, "actor:havn-identifier-1", "organisationNumber"), "a number is no organisation"


def test_literals_are_canonical(corpus):
    said = (
        replace(PROVIDES, id="a", predicate="year", object=LiteralTerm("0016", datatype="xsd:integer")),
        replace(PROVIDES, id="b", predicate="note", object=LiteralTerm("e\u0301n", datatype="xsd:string")),
        replace(PROVIDES, id="c", predicate="alsoKnownAs", object=LiteralTerm("Fyret", "NN")),
    )
    dataset = to_dataset(replace(corpus, sources=(replace(OPEN, statements=said),)), TERMS)
    assert [value.n3() for value in objects(dataset, "initiative:fyrlykta", "year")] == [f'"16"^^<{XSD.integer}>']
    assert [value.n3() for value in objects(dataset, "initiative:fyrlykta", "note")] == ['"én"']
    assert [value.n3() for value in objects(dataset, "initiative:fyrlykta", "alsoKnownAs")] == ['"Fyret"@nn']


def test_instance_data_has_no_blank_nodes(dataset):
    ontology = TERMS.graph("ontology")
    assert [
        quad for quad in dataset.quads() if quad[3] != ontology and any(isinstance(node, BNode) for node in quad)
    ] == []


def test_a_base_of_its_own_is_everywhere(corpus):
    ours = Terms("https://example.org/bu/")
    dataset = to_dataset(replace(corpus, base=ours.base), ours)
    assert [line for line in dataset.serialize(format="nquads").split("\n") if "w3id.org/bustadgraf" in line] == []


def test_plain_data_holds_no_records(dataset):
    graph = plain(dataset, TERMS)
    assert (iri("initiative:fyrlykta"), iri("providedBy"), iri("actor:fjordvik-kommune")) in graph
    hidden = ("id/statement/", "id/passage/", "id/coding/")
    assert [triple for triple in graph for node in triple if any(part in node for part in hidden)] == []


def test_a_source_by_an_organisation_gets_its_whole_name(corpus):
    plan = replace(OPEN, authors=("actor:fjordvik-kommune", "actor:ada-vik"))
    written = to_dataset(replace(corpus, sources=(plan,)), TERMS)
    assert Literal("Fjordvik kommune & Vik 2016", lang="nn") in objects(written, "source:report", "skos:prefLabel")


def test_a_fact_without_an_object_is_refused(corpus):
    half = replace(fact("half", "i 2013", "change:tilskot", "periodStart", LiteralTerm("2013")), object=None)
    with pytest.raises(ValueError, match="needs s, p and o"):
        to_dataset(replace(corpus, sources=(replace(OPEN, statements=(half,)),)), TERMS)


def test_the_same_corpus_gives_the_same_quads_under_any_hash_seed():
    code = (
        "from small_corpus import CORPUS\nfrom kg.dataset import to_dataset\nfrom kg.terms import Terms\n"
        "print('\\n'.join(sorted(to_dataset(CORPUS, Terms()).serialize(format='nquads').split('\\n'))))"
    )
    seen = set()
    for seed in ("1", "2"):
        around = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parent)}
        seen.add(
            subprocess.run([sys.executable, "-c", code], env=around, cwd=ROOT, capture_output=True, check=True).stdout
        )
    assert len(seen) == 1
    assert len(seen.pop()) > 10_000
