"""Documentation made from the graph: terms, concepts, schemes and rules, in three languages, in words and drawn."""

import re

import pytest
from flask.testing import FlaskClient
from lxml import html
from rdflib import RDF, URIRef
from rdflib.namespace import OWL, SKOS

from kg.axioms import axioms
from kg.engine import Engine
from kg.model import LANGUAGES
from kg.ontology import kos_graph, ontology_graph, whole
from kg.terms import Terms
from kg.wording import Wording, labels_of, plain
from web.app import create_app
from web.handbook import Handbook
from web.language import sort_key
from web.publication import Publication

TERMS = Terms()
CLASSES = [term for term in TERMS.own.values() if term.kind == "class"]


def page(client: FlaskClient, path: str) -> html.HtmlElement:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return html.fromstring(answer.text)


def text(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def section(shown: html.HtmlElement, name: str) -> html.HtmlElement:
    (found,) = shown.xpath(f"//section[@aria-labelledby='{name}']")
    return found


def sentences(shown: html.HtmlElement, name: str = "axioms") -> list[str]:
    return [text(item) for item in section(shown, name).xpath(".//li")]


@pytest.fixture(scope="module")
def client(report_publication: Publication) -> FlaskClient:
    """One application for all of this file, so that what it knows of the terms is gathered once."""
    return create_app(report_publication).test_client()


@pytest.fixture(scope="module")
def wordings() -> dict[str, Wording]:
    labels = labels_of(ontology_graph(TERMS), kos_graph(TERMS))
    return {language: Wording(language, labels, TERMS) for language in LANGUAGES}


# Words


@pytest.mark.parametrize("language", ["nn", "nb"])
def test_the_gender_of_every_class_is_known(language, wordings):
    """A label whose noun is not in ontology/phrases.yaml is told with “of the kind”, which is clumsy."""
    wording = wordings[language]
    clumsy = [term.name for term in CLASSES if wording.gender(term.label[language]) is None]
    assert clumsy == ["LessAgreement"], "add the noun to ontology/phrases.yaml"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_axiom_can_be_told(language, wordings, counts):
    told = [plain(wordings[language].sentence(axiom)) for axiom in axioms(whole(TERMS))]
    assert [each for each in told if "{" in each or not each.endswith((".", "?")) or "  " in each] == []
    assert [each for each in told if "bso:" in each] == [], "every term has a label"
    counts("axioms told in words", len(told))


SAID = {
    "Municipality": (
        (
            "Kvar kommune er eit offentleg organ.",
            "Hver kommune er et offentlig organ.",
            "Every municipality is a public body.",
        ),
        (
            "Ein kommune er aldri eit departement, ei kommunal eining eller ein statleg etat.",
            "En kommune er aldri et departement, en kommunal enhet eller en statlig etat.",
            "A municipality is never a ministry, a municipal unit or a state agency.",
        ),
    ),
    "targets": (
        (
            "Det som har ein verdi for «rettar seg mot», er eit tiltak.",
            "Det som har en verdi for «retter seg mot», er et tiltak.",
            "Whatever has a value for “targets” is an initiative.",
        ),
        (
            "Ein verdi for «rettar seg mot» er alltid ei målgruppe.",
            "En verdi for «retter seg mot» er alltid en målgruppe.",
            "A value for “targets” is always a target group.",
        ),
    ),
    "serves": (
        (
            "Gjeld «organiserer» frå A til B og «rettar seg mot» frå B til C, så gjeld «hjelper» frå A til C.",
            "Gjelder «organiserer» fra A til B og «retter seg mot» fra B til C, så gjelder «hjelper» fra A til C.",
            "If “provides” holds from A to B and “targets” holds from B to C, then “serves” holds from A to C.",
        ),
    ),
    "within": (
        (
            "«ligg i» gjeld berre éin veg: gjeld det frå A til B, gjeld det aldri frå B til A.",
            "«ligger i» gjelder bare én vei: gjelder det fra A til B, gjelder det aldri fra B til A.",
            "“lies within” holds one way only: if it holds from A to B, it never holds from B to A.",
        ),
    ),
    "providedBy": (
        (
            "«organisert av» og «organiserer» seier det same frå kvar si side.",
            "«organisert av» og «organiserer» sier det samme fra hver sin side.",
            "“provided by” and “provides” say the same from opposite ends.",
        ),
    ),
    "higherParty": (
        (
            "Ingenting har den same verdien både for «parten med mest» og for «parten med minst».",
            "Ingenting har den samme verdien både for «parten med mest» og for «parten med minst».",
            "Nothing has the same value both for “higher party” and for “lower party”.",
        ),
        (
            "Kvar verdi for «parten med mest» er òg ein verdi for «vedkjem».",
            "Hver verdi for «parten med mest» er også en verdi for «berører».",
            "Every value for “higher party” is also a value for “involves”.",
        ),
    ),
    "Agreement": (
        (
            "Kvar semje har minst to verdiar for «part» som kvar er ein aktør.",
            "Hver enighet har minst to verdier for «part» som hver er en aktør.",
            "Every agreement has at least two values for “party” that are each an actor.",
        ),
    ),
    "Denial": (
        (
            "Kvar avkrefting har minst éin verdi for «gjeld subjektet».",
            "Hver avkreftelse har minst én verdi for «gjelder subjektet».",
            "Every denial has at least one value for “of subject”.",
        ),
    ),
    "boundaryUnclearWith": (
        (
            "Ingenting har seg sjølv som verdi for «uklar grense mot».",
            "Ingenting har seg selv som verdi for «uklar grense mot».",
            "Nothing has itself as a value for “boundary unclear with”.",
        ),
    ),
}


@pytest.mark.parametrize("term", SAID)
def test_a_term_says_what_holds_of_it(term, client):
    for place, language in enumerate(LANGUAGES):
        told = sentences(page(client, f"/{language}/concepts/{term}"))
        assert [each[place] for each in SAID[term] if each[place] not in told] == [], told


# Term pages


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_term_has_a_page_with_its_words(language, client):
    for term in TERMS.own.values():
        shown = page(client, f"/{language}/concepts/{term.name}")
        (heading,) = shown.xpath("//h1")
        assert text(heading).casefold() == term.label[language].casefold()
        assert text(shown.xpath("//p[@class='lead']")[0]) == " ".join(term.definition[language].split())
        folded = shown.xpath("//details//dd/@lang")
        assert folded == [tag for tag in LANGUAGES if tag != language]


def test_use_is_counted_and_leads_to_all_of_it(client: FlaskClient, report_engine: Engine):
    for local, pattern in (("Municipality", "?x a bso:Municipality"), ("targets", "?x bso:targets ?y")):
        query = f"PREFIX bso: <{TERMS.prefixes['bso']}> SELECT (COUNT(*) AS ?n) {{ SELECT DISTINCT * {{ {pattern} }} }}"
        number = int(report_engine.select(query)[0]["n"].value)
        (link,) = section(page(client, f"/en/concepts/{local}"), "use").xpath(".//dd/a")
        assert text(link) == str(number)
        listed = page(client, link.get("href"))
        assert len(listed.xpath("//ul[@class='entries']/li | //table//tbody/tr")) == number


def test_an_example_comes_with_the_passage_it_rests_on(client: FlaskClient):
    for local in ("targets", "Initiative", "Stance", "holder", "Municipality"):
        found = section(page(client, f"/nn/concepts/{local}"), "examples")
        assert found.xpath(".//table//tbody/tr"), local
        assert found.xpath(".//blockquote"), local


def test_questions_and_rules_that_use_a_term_are_linked_and_lead_somewhere(client: FlaskClient):
    shown = page(client, "/nb/concepts/targets")
    for name, stem in (("questions", "/nb/q/"), ("shapes", "/nb/shapes#")):
        links = section(shown, name).xpath(".//a/@href")
        assert links
        assert all(link.startswith(stem) for link in links)
    assert "/nb/q/who-helps" in section(shown, "questions").xpath(".//a/@href")
    assert "/nb/shapes#targets-kind" in section(shown, "shapes").xpath(".//a/@href")
    anchors = set(page(client, "/nb/shapes").xpath("//@id"))
    assert {link.partition("#")[2] for link in section(shown, "shapes").xpath(".//a/@href")} <= anchors


def test_a_mapping_is_told_with_its_reason(client: FlaskClient):
    told = sentences(page(client, "/nn/concepts/Municipality"), "matches")
    assert "«kommune» er snevrare enn «org:FormalOrganization». Ein kommune er alltid rettsleg anerkjend." in told


def test_the_drawing_shows_the_neighbours_and_every_box_has_words(client: FlaskClient):
    shown = page(client, "/nn/concepts/PublicBody")
    (drawing,) = shown.xpath("//figure/svg")
    assert drawing.get("aria-labelledby") == drawing.xpath("./title/@id")[0]
    assert text(drawing.xpath("./title")[0]) == "Offentleg organ mellom grannane sine"
    links = set(drawing.xpath(".//a/@href"))
    assert {f"/nn/concepts/{name}" for name in ("Organisation", "Municipality", "Ministry")} <= links
    assert len(drawing.xpath(".//rect")) == len(
        [each for each in drawing.xpath(".//text") if each.get("class") != "heading"]
    )
    width, height = map(int, drawing.get("viewbox").split()[2:])
    for box in drawing.xpath(".//rect"):
        x, y, wide, high = (int(box.get(name)) for name in ("x", "y", "width", "height"))
        assert (min(x, y) >= 0, x + wide <= width, y + high <= height) == (True, True, True)
    for line in drawing.xpath(".//tspan"):
        assert int(line.get("x")) + 6 * len(line.text) < width, line.text


def test_a_property_is_drawn_between_what_it_ties(client: FlaskClient):
    (drawing,) = page(client, "/en/concepts/providedBy").xpath("//figure/svg")
    assert {"/en/concepts/Initiative", "/en/concepts/Actor", "/en/concepts/provides"} <= set(
        drawing.xpath(".//a/@href")
    )


def test_a_term_of_others_says_where_it_is_from_and_in_which_edition(client: FlaskClient):
    shown = page(client, "/nn/concepts/prov:Agent")
    assert "W3C PROV-O, 30 April 2013" in text(shown)
    assert "/nn/concepts/Actor" in shown.xpath("//figure//a/@href")
    served = ontology_graph(TERMS)
    for kind in (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty):
        for term in served.subjects(RDF.type, kind):
            short = TERMS.compress(str(term))
            if not short.startswith(("http", "bso:")):
                assert "mailto:" not in text(page(client, f"/en/concepts/{short}"))


def test_a_term_tells_since_which_version_it_is(client: FlaskClient):
    assert page(client, "/nn/concepts/Initiative").xpath("//aside//a[@href='/ont/0.1.0.ttl']")
    assert page(client, "/nn/concepts/OrganisationChange").xpath("//aside//a[@href='/ont/0.2.0.ttl']")


@pytest.mark.parametrize(
    "path", ["nothing", "bso:Actor", "foaf:nothing", "x:y", "scheme/nothing", "%3Cscript%3E", "a%00b"]
)
def test_what_is_no_term_is_not_found(path, client):
    answer = client.get(f"/nn/concepts/{path}")
    assert answer.status_code == 404
    assert "<script>" not in answer.text


# Concepts and schemes


def test_a_concept_tells_its_scheme_its_use_and_its_age(client: FlaskClient):
    shown = page(client, "/nn/target-group/refugees")
    assert section(shown, "concept").xpath(".//a[@href='/nn/concepts/scheme/target-group']")
    assert "0.1.0" in text(section(shown, "concept"))
    uses = dict(
        zip(map(text, section(shown, "use").xpath(".//dt")), section(shown, "use").xpath(".//dd/a"), strict=True)
    )
    listed = page(client, uses["Rettar seg mot"].get("href"))
    assert len(listed.xpath("//table//tbody/tr")) == int(text(uses["Rettar seg mot"])) > 2


def test_every_scheme_is_shown_as_a_tree_of_all_its_concepts(client: FlaskClient):
    kos = kos_graph(TERMS)
    for scheme in kos.subjects(RDF.type, SKOS.ConceptScheme):
        slug = str(scheme).rpartition("/")[2]
        shown = page(client, f"/nb/concepts/scheme/{slug}")
        inside = set(kos.subjects(SKOS.inScheme, scheme)) & set(kos.subjects(RDF.type, SKOS.Concept))
        linked = {link.rpartition("/")[2] for link in shown.xpath("//ul[@class='tree']//a/@href")}
        assert linked == {str(concept).rpartition("/")[2] for concept in inside}, slug


def test_the_related_concepts_of_a_role_are_told(client: FlaskClient):
    told = sentences(page(client, "/en/role/small-scale-volunteering"), "matches")
    assert any("is related to" in each for each in told)


# Lists


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_index_has_every_term_where_its_iri_leads_and_in_norwegian_order(language, client):
    shown = page(client, f"/{language}/concepts")
    assert set(TERMS.own) <= set(shown.xpath("//dt/@id")), "/ont#Term is sent on to this page"
    for group in shown.xpath("//section[starts-with(@aria-labelledby, 'module-')]"):
        names = [text(name) for name in group.xpath("./dl/dt/a")]
        assert names == sorted(names, key=sort_key)
    letters = [text(each) for each in section(shown, "alphabet").xpath("./h3")]
    assert letters == sorted(letters, key=sort_key)
    assert len(letters) == len(set(letters))
    listed = section(shown, "alphabet").xpath(".//li")
    assert len(listed) == len(TERMS.own) + len(set(kos_graph(TERMS).subjects(RDF.type, SKOS.Concept)))


def test_a_search_among_the_concepts_finds_by_every_language_name_and_definition(client: FlaskClient):
    def hits(words: str) -> set[str]:
        return set(page(client, f"/nn/concepts?q={words}").xpath("//section[@aria-labelledby='hits']//li//a/@href"))

    assert hits("tilskotsordning") == hits("grant scheme") | hits("tilskotsordning")
    assert "/nn/concepts/GrantScheme" in hits("grantscheme") & hits("Tilskuddsordning")
    assert "/nn/target-group/refugees" in hits("flyktning")
    assert hits("zzzz") == set()
    assert "<script>" not in client.get("/nn/concepts?q=<script>").text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_is_told_in_words(language, client, report_engine):
    shown = page(client, f"/{language}/shapes")
    shapes = Handbook.of(report_engine, TERMS, None).shapes
    assert len(shapes) > 100
    assert {shape.local for shape in shapes} == set(shown.xpath("//dt/@id"))
    assert all(text(each) for each in shown.xpath("//dl/dt"))
    assert not re.search(r"\bbsh:", text(shown.xpath("//main")[0]))


def test_the_files_of_the_ontology_are_offered(client: FlaskClient):
    shown = page(client, "/nn/concepts")
    for suffix in ("ttl", "rdf", "jsonld", "nt", "ofn"):
        (link,) = shown.xpath(f"//aside//a[@href='/ont.{suffix}']")
        assert client.get(link.get("href")).status_code == 200
    assert URIRef(f"{TERMS.base}ont") in set(ontology_graph(TERMS).subjects(RDF.type, OWL.Ontology))
