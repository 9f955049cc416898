"""What follows is derived, what does not follow is not, and another reasoner comes to the same."""

from dataclasses import replace
from pathlib import Path

import pytest
from oracle import expand
from rdflib import OWL, RDF, RDFS, SKOS, BNode, Dataset, Graph, Literal, URIRef
from small_corpus import CORPUS, OPEN, STATEMENTS, TALK, entity, fact

from kg.dataset import to_dataset
from kg.reasoning import closure
from kg.rules import RuleError, load_rules
from kg.terms import Terms

TERMS = Terms()
QUOTE = "Fyrlykta er eit tiltak"
MORE = (
    ("initiative:fyrlykta", "offersHelp", "help:follow-up"),
    ("initiative:fyrlykta", "fundedUnder", "instrument:tilskot"),
    ("instrument:tilskot", "administeredBy", "actor:direktoratet"),
    ("instrument:tilskot", "intendedFor", "group:refugees"),
    ("actor:idealist-actors", "boundaryUnclearWith", "actor:public-actors"),
    ("actor:small-idealist-actors", "competesWith", "actor:idealist-actors"),
    ("actor:bustadkontoret", "unitOf", "actor:fjordvik-kommune"),
    ("project:del-to", "projectLeader", "actor:ada-vik"),
    ("project:del-to", "partOf", "project:heile"),
    ("project:del-to", "continues", "project:del-ein"),
)
ENTITIES = (
    entity("actor:direktoratet", "Direktoratet", "StateAgency"),
    entity("actor:bustadkontoret", "Bustadkontoret", "MunicipalUnit"),
    entity("project:del-to", "del to", "ResearchProject"),
    entity("project:del-ein", "del ein", "ResearchProject"),
    entity("project:heile", "heile prosjektet", "ResearchProject"),
)


def iri(name: str) -> URIRef:
    return RDF.type if name == "a" else TERMS.uri(name)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    said = tuple(fact(f"more-{number}", QUOTE, *triple) for number, triple in enumerate(MORE))
    report = replace(OPEN, statements=(*STATEMENTS, *said), publisher=("actor:direktoratet",))
    return to_dataset(replace(CORPUS, entities=(*CORPUS.entities, *ENTITIES), sources=(report, TALK)), TERMS)


@pytest.fixture(scope="module")
def inferred(dataset) -> Graph:
    return closure(dataset)


POSITIVE = [
    # Who does what for whom (questions 9, 13 to 16, 18, 20 to 22).
    ("actor:fjordvik-kommune", "provides", "initiative:fyrlykta"),
    ("actor:fjordvik-kommune", "serves", "group:refugees"),
    ("initiative:naustet", "similarTo", "initiative:fyrlykta"),
    ("initiative:fyrlykta", "dcterms:audience", "group:refugees"),
    # Where (questions 4, 9, 14, 38).
    ("initiative:fyrlykta", "offeredWithin", "place:vestfylket"),
    ("initiative:fyrlykta", "offeredWithin", "place:landet"),
    ("initiative:fyrlykta", "dcterms:spatial", "place:fjordvik"),
    ("place:fjordvik", "dcterms:isPartOf", "place:vestfylket"),
    ("place:fjordvik", "a", "dcterms:Location"),
    # Who pays, and how that changes (questions 23, 24, 33, 34, 39).
    ("actor:direktoratet", "administers", "instrument:tilskot"),
    ("instrument:tilskot", "changedBy", "change:tilskot"),
    ("instrument:tilskot", "supersededBy", "instrument:rammetilskot"),
    ("instrument:tilskot", "dcterms:isReplacedBy", "instrument:rammetilskot"),
    ("instrument:tilskot", "dcterms:audience", "group:refugees"),
    ("instrument:tilskot", "a", "FundingInstrument"),
    ("instrument:tilskot", "a", "FrameworkCondition"),
    ("change:tilskot", "prov:used", "instrument:tilskot"),
    ("change:tilskot", "prov:generated", "instrument:rammetilskot"),
    # Who is who (questions 10, 21, 25, 28, 35, 36).
    ("actor:fjordvik-kommune", "a", "PublicBody"),
    ("actor:fjordvik-kommune", "a", "Actor"),
    ("actor:fjordvik-kommune", "a", "prov:Agent"),
    ("actor:fjordvik-kommune", "a", "org:Organization"),
    ("actor:ada-vik", "a", "foaf:Person"),
    ("actor:public-actors", "boundaryUnclearWith", "actor:idealist-actors"),
    ("actor:idealist-actors", "competesWith", "actor:small-idealist-actors"),
    ("actor:bustadkontoret", "org:unitOf", "actor:fjordvik-kommune"),
    # Research and its people (questions 1, 2, 7, 12, 32).
    ("project:del-to", "participant", "actor:ada-vik"),
    ("project:del-to", "prov:wasAssociatedWith", "actor:ada-vik"),
    ("project:del-to", "prov:wasInformedBy", "project:del-ein"),
    ("project:del-to", "dcterms:isPartOf", "project:heile"),
    ("source:report", "prov:wasAttributedTo", "actor:ada-vik"),
    # What a statement rests on (questions 26, 30, 37).
    ("st:report-first-reading-negative", "prov:wasGeneratedBy", "coding:report-first-reading"),
    ("st:report-first-reading-negative", "prov:wasAttributedTo", "coder:first-reading"),
    ("st:report-first-reading-negative", "prov:wasDerivedFrom", "source:report"),
    ("st:report-first-reading-negative", "involves", "actor:idealist-actors"),
    ("st:report-first-reading-negative", "a", "prov:Entity"),
    ("Municipality", "rdfs:subClassOf", "Actor"),
    ("projectLeader", "rdfs:subPropertyOf", "prov:wasAssociatedWith"),
]
WRITTEN_BY_THE_BUILD = ("involves",)


@pytest.mark.parametrize(("subject", "predicate", "value"), POSITIVE, ids=map(" ".join, POSITIVE))
def test_follows_with_inference_and_only_with_it(dataset, inferred, counts, subject, predicate, value):
    triple = (iri(subject), iri(predicate), iri(value))
    stated = triple in dataset
    assert stated == (predicate in WRITTEN_BY_THE_BUILD)
    assert stated or triple in inferred
    if not stated:
        counts("entailments, positive")


NEGATIVE = [
    pytest.param("initiative:naustet", "offeredIn", None, id="a projection gives no place"),
    pytest.param("initiative:naustet", "targets", None, id="a denial gives no target group"),
    pytest.param("initiative:naustet", "offeredWithin", None, id="likeness hands on no place"),
    pytest.param("initiative:fyrlykta", "offeredIn", None, id="a stated place is never widened"),
    pytest.param("initiative:fyrlykta", "fundedBy", None, id="nobody is inferred to pay"),
    pytest.param(None, "fundedBy", None, id="nobody at all is inferred to pay"),
    pytest.param(None, "paidBy", None, id="no instrument gets a payer"),
    pytest.param(None, "targets", None, id="no initiative gets a target group"),
    pytest.param("actor:fjordvik-kommune", "within", None, id="an organiser gets no place"),
    pytest.param("actor:fjordvik-kommune", "offeredWithin", None, id="an organiser is not where its initiative is"),
    pytest.param("actor:direktoratet", "serves", None, id="who administers the money serves nobody"),
    pytest.param(None, "playsRole", None, id="a possible role is no fact"),
    pytest.param(None, "holder", None, id="no view gets another holder"),
    pytest.param(None, "party", None, id="no agreement gets another party"),
    pytest.param(None, "memberOfGroup", None, id="a subgroup makes no members"),
    pytest.param(None, "subgroupOf", None, id="groups are not put into one another"),
    pytest.param("actor:fjordvik-kommune", "a", "NonProfitOrganisation", id="no legal form"),
    pytest.param(None, "a", "SocialEnterprise", id="nobody becomes a social entrepreneur"),
    pytest.param(None, "sharesTraitsWith", None, id="likeness is no sharing of traits"),
    pytest.param(None, "rdfs:subClassOf", "owl:Thing", id="what holds of everything is not written"),
    pytest.param(None, "owl:sameAs", None, id="no two things become one"),
]


@pytest.mark.parametrize(("subject", "predicate", "value"), NEGATIVE)
def test_does_not_follow(inferred, counts, subject, predicate, value):
    pattern = [iri(name) if name else None for name in (subject, predicate, value)]
    assert list(inferred.triples(tuple(pattern))) == []
    counts("entailments, negative")


def test_a_group_does_not_hand_its_view_to_its_members(dataset, inferred, counts):
    small = iri("actor:small-idealist-actors")
    assert (small, iri("subgroupOf"), iri("actor:idealist-actors")) in dataset
    views = [view for view in (*dataset, *inferred) if view[2] == small and "/statement/" in view[0]]
    assert {view[1] for view in views} <= {RDF.subject}
    counts("entailments, negative")


def test_a_party_to_a_comparison_holds_nothing(dataset, inferred, counts):
    comparison = iri("st:report-first-reading-more-critical")
    assert iri("holder") not in {*dataset.predicates(comparison), *inferred.predicates(comparison)}
    counts("entailments, negative")


def test_no_axiom_reaches_into_what_is_said_about_saying(dataset):
    """A chain, an inverse or a symmetric property of statements could hand a view on; there is none."""
    records = {iri(name) for name in ("Statement", "View", "Stance", "Expectation", "Comparison", "Tension", "Passage")}
    of_records = {prop for kind in records for prop in dataset.subjects(RDFS.domain, kind)} | {iri("holder")}
    assert len(of_records) > 20
    linked = [
        *dataset.subjects(OWL.inverseOf),
        *dataset.objects(None, OWL.inverseOf),
        *dataset.subjects(OWL.propertyChainAxiom),
        *(link for chain in dataset.objects(None, OWL.propertyChainAxiom) for link in dataset.items(chain)),
        *dataset.subjects(RDF.type, OWL.SymmetricProperty),
        *dataset.subjects(RDF.type, OWL.TransitiveProperty),
    ]
    assert of_records.isdisjoint(linked)


def test_only_new_and_telling_triples_are_kept(dataset, inferred):
    assert len(inferred) > 50
    for subject, predicate, value in inferred:
        assert (subject, predicate, value) not in dataset
        assert isinstance(subject, URIRef)
        assert subject != value
        assert not isinstance(value, BNode)
        assert subject.startswith(TERMS.base)
        assert not str(value).startswith((str(OWL), str(RDFS)))


def test_owlrl_comes_to_the_same(dataset, inferred, counts):
    """All rules of OWL 2 RL, run by another program over everything at once, say no more that is worth saying."""
    whole = Graph()
    for triple in dataset:
        whole.add(triple[:3])
    theirs = {triple for triple in expand(whole) if _worth_saying(triple) and triple not in whole}
    assert theirs == set(inferred)
    counts("triples of which owlrl and the rules agree", len(theirs))


def _worth_saying(triple) -> bool:
    """Leave out what owlrl says of everything, of literals, of nameless nodes, and of the terms of others."""
    subject, predicate, value = triple
    if isinstance(subject, BNode | Literal) or isinstance(value, BNode) or subject == value:
        return False
    schema = predicate in (RDFS.subClassOf, RDFS.subPropertyOf)
    ours = str(subject).startswith(f"{TERMS.base}ont#" if schema else (f"{TERMS.base}id/", f"{TERMS.base}kos/"))
    told = schema or predicate in (RDF.type, OWL.sameAs) or not _built_in(predicate)
    return ours and told and not _built_in(value)


def _built_in(term) -> bool:
    return isinstance(term, URIRef) and str(term).startswith((str(RDF), str(RDFS), str(OWL)))


def test_two_names_for_one_thing_are_reported_as_one():
    """Nothing in the ontology merges things today; a stated equality still goes both ways, for all that is said."""
    places = [entity(f"place:{name}", name, "Place", within=within) for name, within in (("a", "place:c"), ("b", None))]
    dataset = to_dataset(replace(CORPUS, sources=(), entities=tuple(places)), TERMS)
    dataset.graph(TERMS.graph("dataset")).add((iri("place:a"), OWL.sameAs, iri("place:b")))
    inferred = closure(dataset)
    assert (iri("place:b"), OWL.sameAs, iri("place:a")) in inferred
    assert (iri("place:b"), iri("within"), iri("place:c")) in inferred


def test_words_in_a_wider_property_stay_the_words_they_are():
    dataset = to_dataset(replace(CORPUS, sources=(), entities=(entity("place:a", "A", "Place"),)), TERMS)
    graph = dataset.graph(TERMS.graph("dataset"))
    graph.add((iri("text"), RDFS.subPropertyOf, iri("says")))
    said = (Literal("ord", lang="nn"), Literal("plain"), Literal(3))
    for words in said:
        graph.add((iri("place:a"), iri("text"), words))
    assert set(closure(dataset).objects(iri("place:a"), iri("says"))) == set(said)


def test_the_closure_of_nothing_is_the_closure_of_the_ontology():
    corpus = replace(CORPUS, sources=(), entities=())
    inferred = closure(to_dataset(corpus, TERMS))
    assert [subject for subject in inferred.subjects() if "/id/" in subject] == []
    assert (iri("Municipality"), RDFS.subClassOf, iri("Organisation")) in inferred


def test_concepts_are_not_widened(dataset, inferred):
    """Who is for a narrow target group is not thereby said to be for the broader one."""
    assert list(inferred.triples((None, SKOS.broader, None))) == []
    assert list(inferred.objects(None, iri("serves"))) == [iri("group:refugees")]


TRIPLES = "CONSTRUCT { ?x ?p ?y }\nWHERE { ?x ?p ?y . ?p a <urn:P> }"
REFUSED = [
    ("CONSTRUCT { ?x a ?y }\nWHERE { ?x a ", 2, "no SPARQL"),
    ("CONSTRUCT { ?x un:known ?y }\nWHERE { ?x a ?y }", 1, "prefix"),
    ("SELECT * { ?x a ?y }", 1, "CONSTRUCT"),
    (f"{TRIPLES} LIMIT 5", 2, "CONSTRUCT"),
    ("CONSTRUCT { ?x a ?y . ?y a ?x }\nWHERE { ?x a ?y }", 1, "one triple"),
    ("CONSTRUCT { ?x a ?new }\nWHERE { ?x a ?y }", 1, "without end"),
    ("# makes things\nCONSTRUCT { ?x a [] }\nWHERE { ?x a ?y }", 2, "without end"),
    ("CONSTRUCT { ?x a ?n }\nWHERE { ?x a ?y BIND(IRI(CONCAT(STR(?x), '1')) AS ?n) }", 2, "need not come to an end"),
    ("CONSTRUCT { ?x a ?y }\nWHERE { ?x a ?y FILTER NOT EXISTS { ?y a ?x } }", 2, "need not come to an end"),
    ("CONSTRUCT { ?x a ?y }\nWHERE { ?x <urn:p>+ ?y }", 2, "path"),
    ("CONSTRUCT { ?x a ?y }\nWHERE { ?x a ?z .\n?y a ?w }", 2, "hang together"),
    ("CONSTRUCT { ?x a ?y }\nWHERE { }", 2, "CONSTRUCT"),
    ("", 1, "no SPARQL"),
]


@pytest.mark.parametrize(("text", "line", "reason"), REFUSED)
def test_a_rule_that_cannot_be_read_or_would_never_end_is_refused(tmp_path, counts, text, line, reason):
    with pytest.raises(RuleError) as refused:
        load_rules(_rules(tmp_path, text))
    assert str(refused.value).startswith(f"bad.rq:{line}: ")
    assert reason in str(refused.value)
    counts("bad rules refused")


def test_a_rule_without_words_is_refused(tmp_path):
    folder = _rules(tmp_path, TRIPLES)
    (folder / "words.yaml").write_text("rules: {}", encoding="utf-8")
    with pytest.raises(RuleError, match=r"bad\.rq:1: .* words"):
        load_rules(folder)


def _rules(folder: Path, text: str) -> Path:
    (folder / "bad.rq").write_text(text, encoding="utf-8")
    (folder / "words.yaml").write_text("rules: {bad: {nn: x, nb: x, en: x}}", encoding="utf-8")
    return folder


@pytest.mark.parametrize("rule", load_rules(), ids=lambda rule: rule.name)
def test_every_rule_has_words_for_its_variables_in_three_languages(rule):
    variables = {str(term) for pattern in rule.body for term in pattern}
    assert set(rule.words) == {"nn", "nb", "en"}
    for words in rule.words.values():
        assert words.format_map(dict.fromkeys(variables, "")).endswith(".")
