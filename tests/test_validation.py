"""What the shapes find and let pass, in words of three languages, and validation of any RDF with any shapes."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlparse

import pyshacl
import pytest
from rdflib import RDF, RDFS, BNode, Dataset, Graph, Literal, Namespace, URIRef
from rdflib.namespace import SH, SKOS
from rdflib.term import Node

from kg.model import LANGUAGES, Finding, InputError
from kg.ontology import kos_graph, ontology_graph
from kg.snapshot import Snapshot
from kg.terms import Terms
from kg.validation import (
    check,
    check_files,
    is_privacy,
    own_shapes,
    privacy_shapes,
    render,
    report,
    shape_names,
    to_json,
)

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "shapes" / "examples"
WORLD = EXAMPLES / "world.ttl"
W3C = ROOT.parent / "shared" / "w3c" / "shacl"
TERMS = Terms()
TARGETS = (SH.targetClass, SH.targetNode, SH.targetSubjectsOf, SH.targetObjectsOf)

BOKMAL = (
    "ikke hva hvem hvor hvordan hvilken hvilket fra en et én ett noe noen bare mye hver være også uten gjør sted "
    "kilde kilden påstander koder kodingen tekststed virkemiddel oppgave begrep dataene"
)
NYNORSK = (
    "ikkje kva kven kvar korleis frå ein eit ei éin éi eitt noko nokon berre mykje vere òg utan gjer stad ho dei "
    "kjelde kjelda påstandar kodar kodinga tekststad verkemiddel oppgåve omgrep dataa"
)


def local(shape: Node | str) -> str:
    return re.split("[/:]", str(shape))[-1]


SHAPES = own_shapes(TERMS)
TARGETED = sorted({local(shape) for target in TARGETS for shape in SHAPES.subjects(target)})
REPORTED = sorted({local(shape) for shape in SHAPES.subjects(SH.message)})
FAILING = {path.name.partition(".")[0]: path for path in EXAMPLES.glob("*.fail.*")}
PASSING = {path.name.partition(".")[0]: path for path in EXAMPLES.glob("*.pass.*")}
KNOWN = ontology_graph(TERMS) + kos_graph(TERMS)


def ground(names: set[Node]) -> Graph:
    """What ontology and concept schemes say of *names*, of their classes and of what is above them."""
    reached = names | {kind for name in names for kind in KNOWN.objects(name, RDF.type)}
    for key in (RDFS.subClassOf, RDFS.subPropertyOf):
        reached |= {wider for name in reached.copy() for wider in KNOWN.transitive_objects(name, key)}
    graph = Graph()
    for name in reached:
        for triple in KNOWN.triples((name, None, None)):
            graph.add(triple)
    return graph


def dataset(*files: Path) -> tuple[Dataset, Graph]:
    """The example on the ground it stands on, and its inferred graph."""
    data = Dataset(default_union=True)
    for file in (WORLD, *files):
        data.parse(file)
    inferred = data.graph(TERMS.graph("inferred"))
    names = {node for triple in data.triples((None, None, None)) for node in triple if isinstance(node, URIRef)}
    for triple in ground(names):
        data.graph(TERMS.graph("ontology")).add(triple)
    return data, inferred


def found(*files: Path) -> tuple[Finding, ...]:
    data, inferred = dataset(*files)
    return check(data, TERMS, inferred if len(inferred) else None)


@pytest.fixture
def files(tmp_path: Path) -> Callable[..., Path]:
    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


# --- the shapes themselves ---------------------------------------------------------------------


def test_every_shape_has_a_name_a_severity_and_words_in_three_languages() -> None:
    for shape in set(SHAPES.subjects(SH.message)):
        assert isinstance(shape, URIRef), "only named shapes are reported"
        assert len(list(SHAPES.objects(shape, SH.severity))) == 1, shape
        for key in (SH.name, SH.message):
            texts = [text for text in SHAPES.objects(shape, key) if isinstance(text, Literal)]
            assert sorted(str(text.language) for text in texts) == sorted(LANGUAGES), (shape, key)
            assert all(text.strip() == str(text) and text for text in texts)


def test_every_constraint_that_can_be_reported_has_a_message() -> None:
    reportable = {shape for shape in SHAPES.objects(None, SH.property) if isinstance(shape, URIRef)}
    silent_groups = set(SHAPES.subjects(SH.property))
    targeted = {shape for target in TARGETS for shape in SHAPES.subjects(target)}
    assert all((shape, SH.message, None) in SHAPES for shape in reportable | (targeted - silent_groups))


def test_messages_are_real_nynorsk_and_real_bokmal() -> None:
    for key in (SH.name, SH.message):
        for shape, text in SHAPES.subject_objects(key):
            assert isinstance(text, Literal)
            foreign = {"nn": BOKMAL, "nb": NYNORSK}.get(str(text.language), "")
            words = set(re.findall(r"\w+", re.sub(r"«.*?»|\(.*?\)", "", text).lower()))
            assert not words & set(foreign.split()), (local(shape), str(text))


def test_messages_of_different_languages_differ_and_tell_what_to_do() -> None:
    for shape in set(SHAPES.subjects(SH.message)):
        texts = {text.language: str(text) for text in SHAPES.objects(shape, SH.message) if isinstance(text, Literal)}
        assert texts["en"] not in (texts["nn"], texts["nb"]), shape
        assert all(text.endswith((".", ":")) for text in texts.values()), texts


def test_the_shapes_are_well_formed_shacl() -> None:
    conforms, _, said = pyshacl.validate(Graph(), shacl_graph=Graph() + SHAPES, meta_shacl=True)
    assert conforms, said


def test_lists_of_code_values_are_those_of_the_concept_scheme() -> None:
    collections = {local(name).removeprefix("collection-"): name for name in KNOWN.subjects(RDF.type, SKOS.Collection)}
    checked = 0
    for path, name in (
        ("basis", "basis"),
        ("modality", "modality"),
        ("polarity", "polarity"),
        ("dimension", "dimension"),
    ):
        members = set(KNOWN.objects(collections[name], SKOS.member))
        allowed = [
            set(SHAPES.items(head))
            for shape in SHAPES.subjects(SH.path, TERMS.uri(path))
            for head in SHAPES.objects(shape, SH["in"])
        ]
        assert members in allowed, name
        checked += 1
    assert checked == 4


def test_shapes_move_to_another_base() -> None:
    other = Terms("https://example.org/town/")
    moved = own_shapes(other)
    assert len(moved) == len(SHAPES)
    assert not any(TERMS.base in str(node) for node in moved.all_nodes())
    data = Dataset(default_union=True)
    for file in (WORLD, FAILING["statement-locator"]):
        data.parse(data=other.rebase(file.read_text(encoding="utf-8")), format="turtle")
    for triple in ontology_graph(other) + kos_graph(other):
        data.add(triple)
    assert [finding.shape for finding in check(data, other)] == ["bsh:statement-locator"]


# --- examples ----------------------------------------------------------------------------------


def test_every_shape_has_its_examples_and_every_example_its_shape() -> None:
    assert sorted(FAILING) == REPORTED
    assert sorted(PASSING) == TARGETED


def test_nothing_is_found_in_the_world_of_the_examples() -> None:
    assert found() == ()


@pytest.mark.parametrize("shape", REPORTED)
def test_the_failing_example_fails_its_own_shape_and_no_other(shape: str, counts: Callable[..., None]) -> None:
    findings = found(FAILING[shape])
    assert {finding.shape for finding in findings} == {f"bsh:{shape}"}
    for finding in findings:
        assert sorted(finding.message) == sorted(finding.label) == sorted(LANGUAGES)
        assert all(finding.message.values())
        assert finding.focus.startswith(TERMS.base)
    counts("constraints with fixtures")


def test_nothing_is_found_in_all_passing_examples_together() -> None:
    assert found(*PASSING.values()) == ()


@pytest.mark.parametrize("shape", TARGETED)
def test_the_passing_example_holds_what_the_shape_looks_at(shape: str) -> None:
    example, everything = Dataset(default_union=True).parse(PASSING[shape]), dataset(PASSING[shape])[0]
    nodes = {node for triple in example.triples((None, None, None)) for node in (triple[0], triple[2])}
    assert nodes & focus_nodes(TERMS.uri(f"bsh:{shape}"), everything)


def focus_nodes(shape: Node, everything: Dataset) -> set[Node]:
    nodes: set[Node] = set()
    for kind in SHAPES.objects(shape, SH.targetClass):
        for narrower in everything.transitive_subjects(RDFS.subClassOf, kind):
            nodes |= set(everything.subjects(RDF.type, narrower))
    for key in SHAPES.objects(shape, SH.targetSubjectsOf):
        nodes |= set(everything.subjects(key))
    for key in SHAPES.objects(shape, SH.targetObjectsOf):
        nodes |= set(everything.objects(None, key))
    return nodes


# --- our own data ------------------------------------------------------------------------------


def test_a_finding_leads_to_the_passage_and_the_source() -> None:
    (finding,) = found(FAILING["statement-locator"])
    assert finding.severity == "violation"
    assert finding.label["nn"] == "Husnøkkelen hjelper folk med å finne bolig"
    assert finding.path == TERMS.expand("bso:locator")
    assert finding.source == TERMS.expand("source:fjordby-note")
    assert finding.passage == TERMS.expand("passage:fjordby-note-0-42")


def test_findings_come_in_the_same_order_every_time_gravest_first() -> None:
    files = [
        FAILING[name] for name in ("source-licence", "initiative-provider", "stance-reason", "label-nn", "tension-pole")
    ]
    first, second = found(*files), found(*files)
    assert first == second
    ranks = [["violation", "warning", "info"].index(finding.severity) for finding in first]
    assert ranks == sorted(ranks)
    assert set(ranks) == {0, 1, 2}


def test_types_from_domain_and_range_do_not_blind_the_shapes() -> None:
    data, inferred = dataset(FAILING["view-holder"])
    inferred.add((TERMS.uri("source:fjordby-note"), RDF.type, TERMS.uri("Actor")))
    assert [finding.shape for finding in check(data, TERMS, inferred)] == ["bsh:view-holder"]


def test_what_is_inferred_may_break_privacy_but_no_other_shape() -> None:
    data, inferred = dataset(FAILING["derived-only"])
    derived = Graph()
    derived.add((TERMS.uri("initiative:husnokkelen"), TERMS.uri("serves"), TERMS.uri("group:refugees")))
    derived.add((TERMS.uri("source:fjordby-note"), TERMS.uri("access"), TERMS.uri("code:restricted")))
    shapes = {finding.shape: finding.focus for finding in check(data, TERMS, derived)}
    assert shapes == {
        "bsh:source-open": TERMS.expand("source:fjordby-note"),
        "bsh:derived-only": TERMS.expand("actor:fjordby-kommune"),
    }
    assert not inferred


@pytest.mark.parametrize("graph", ["inferred", "helper", "candidates/fjordby-note"])
def test_inferred_helper_and_candidate_graphs_are_not_checked(graph: str) -> None:
    data, _ = dataset()
    aside = data.graph(TERMS.graph(graph))
    aside.add((TERMS.uri("st:loose"), RDF.type, TERMS.uri("Statement")))
    aside.add((TERMS.uri("actor:nameless"), RDF.type, TERMS.uri("Person")))
    assert check(data, TERMS) == ()


def test_the_gate_is_told_from_the_rest() -> None:
    gate = {local(shape) for shape in privacy_shapes(TERMS)}
    assert {"source-open", "informant", "informant-identity", "personal-data"} <= gate
    assert all(map(is_privacy, found(FAILING["personal-data"])))
    assert all(map(is_privacy, found(FAILING["informant-identity"])))
    assert not any(map(is_privacy, found(FAILING["statement-locator"])))


def test_privacy_is_never_less_than_a_violation() -> None:
    gate = Graph().parse(ROOT / "shapes" / "privacy.ttl")
    assert set(gate.objects(None, SH.severity)) == {SH.Violation}


PERSONAL = [
    "01019012345",
    "010190 12345",
    "fnr. 01019012345.",
    "41019012345",  # D-number
    "010190-12345",
    "01.01.90 123 45",
    "010190\u00a012345",
    "kari.nes@fjordby.example",
    "post@husbanken.no er adressa",
    "+47 912 34 567",
    "004791234567",
    "+4722334455",
    "91234567",
    "912 34 567",
    "912\u00a034\u00a0567",
    "22 33 44 55",
    "(tlf. 22 33 44 55)",
    "ring 45 12 34 56, eller kom innom",
    "a" * 200_000 + "@fjordby.example",
]
HARMLESS = [
    "2016",
    "2016-11-24",
    "24.11.2016",
    "24112016",
    "20161124",
    "45000000 kroner",
    "45 000 000 kroner",
    "974760673",
    "974 760 673",
    "978-82-8095-123-4",
    "2016/010190",
    "1234567890123",
    "a91234567b" * 6 + "0000",
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "0123456789012345678901234567890123456789012345678901234567890123",
    "https://example.org/91234567",
    "10 20 30 40 50 60",
    "21 34 55 89 13",
    "s. 12-34",
    "12,5 prosent",
    "@fjordby",
    "punkt 1, 2, 3 og 4",
    "0.91234567",
    "@" + "a" * 200_000,
]


@pytest.fixture
def literal_findings(tmp_path: Path) -> Callable[..., tuple[Finding, ...]]:
    def run(*texts: str) -> tuple[Finding, ...]:
        graph = Graph()
        for number, text in enumerate(texts):
            node = TERMS.uri(f"issue:{number}")
            graph.add((node, RDF.type, TERMS.uri("Issue")))
            graph.add((node, SKOS.note, Literal(text, lang="nn" if number % 2 else None)))
        graph.serialize(tmp_path / "data.nt", format="nt", encoding="utf-8")
        return check_files([tmp_path / "data.nt"], [ROOT / "shapes" / "privacy.ttl"]).findings

    return run


def test_personal_data_is_found_in_words(literal_findings: Callable[..., tuple[Finding, ...]]) -> None:
    hits = {finding.value for finding in literal_findings(*PERSONAL)}
    assert hits == set(PERSONAL)


def test_telephone_and_mail_addresses_are_found_as_links_too(files: Callable[..., Path]) -> None:
    links = "<tel:+4791234567> , <mailto:kari@fjordby.example> , <https://fjordby.example/@husnokkelen>"
    data = files("data.ttl", f"<{TERMS.expand('issue:queue')}> a <{TERMS.expand('bso:Issue')}> ; <x:see> {links} .")
    found_values = {finding.value for finding in check_files([data], [ROOT / "shapes" / "privacy.ttl"]).findings}
    assert found_values == {"tel:+4791234567", "mailto:kari@fjordby.example"}


def test_years_dates_sums_checksums_and_addresses_are_no_personal_data(
    literal_findings: Callable[..., tuple[Finding, ...]],
) -> None:
    assert [finding.value for finding in literal_findings(*HARMLESS)] == []


@pytest.mark.parametrize(("number", "right"), [("974760673", True), ("942114184", True), ("974760674", False)])
def test_the_check_digit_of_organisation_numbers(number: str, right: bool, tmp_path: Path) -> None:
    data = tmp_path / "data.ttl"
    data.write_text(f'<{TERMS.expand("actor:x")}> <{TERMS.expand("bso:organisationNumber")}> "{number}" .')
    shapes = [finding.shape for finding in check_files([data], [ROOT / "shapes" / "core.ttl"]).findings]
    assert shapes == ([] if right else ["bsh:organisation-number-check"])


# --- the field corpus --------------------------------------------------------------------------


def test_the_field_corpus_breaks_no_shape(field_snapshot: Snapshot) -> None:
    assert render(
        [finding for finding in field_snapshot.findings() if finding.severity == "violation"], "en"
    ) == render((), "en")


def test_the_shapes_see_what_a_build_writes(field_snapshot: Snapshot) -> None:
    data = Dataset(default_union=True)
    for file in field_snapshot.quad_files():
        data.parse(file, format="nquads")
    name = TERMS.uri

    def first(kind: str) -> Node:
        return min(data.subjects(RDF.type, name(kind)), key=str)

    fact = first("Fact")
    said = [data.value(fact, key) for key in (RDF.subject, RDF.predicate, RDF.object)]
    broken = {
        "statement-passage": (first("Remark"), name("passage"), None),
        "statement-locator": (first("Denial"), name("locator"), None),
        "fact-in-data": (said[0], said[1], said[2]),
        "passage-quote": (None, RDF.type, name("oa:TextQuoteSelector")),
        "stance-polarity": (first("Stance"), None, None),
        "comparison-dimension": (first("Comparison"), name("dimension"), None),
        "label-nb": (name("initiative:bokontakt"), SKOS.prefLabel, Literal("Bokontakt", "nb")),
        "source-extent": (None, name("codedExtent"), None),
        "coding-coder": (None, name("prov:wasAssociatedWith"), None),
    }
    for key in ("polarity", "deniedPolarity"):
        data.remove((broken["stance-polarity"][0], name(key), None))
    for shape, pattern in broken.items():
        if shape != "stance-polarity":
            data.remove(pattern)
    source = next(data.objects(None, name("source")))
    data.add((source, name("access"), name("code:restricted")))
    data.add((name("issue:tendering"), SKOS.note, Literal("Ring 912 34 567")))
    data.add((name("initiative:bokontakt"), name("offerdIn"), name("place:oslo")))
    shapes = {local(finding.shape) for finding in check(data, TERMS)}
    assert {*broken, "source-open", "personal-data", "known-term"} <= shapes


# --- words -------------------------------------------------------------------------------------


def test_findings_are_told_in_words_with_label_name_value_and_the_page_of_the_passage() -> None:
    told = render(found(FAILING["stance-reason"]), "nn")
    assert told.startswith("1 brot:")
    assert "Grunnen er ein verdi eller ein verknad (bsh:stance-reason)" in told
    assert "Oppgi som grunn ein verdi" in told
    assert "(st:fjordby-note-first-reading-x)" in told
    assert "bso:reason · verdi: task:voice" in told
    assert told.endswith("/nn/source/fjordby-note?passage=0-42#p-0-42")


def test_each_language_has_its_own_words_and_counts() -> None:
    findings = found(FAILING["source-licence"], FAILING["derived-only"])
    assert render(findings, "nn").startswith("2 åtvaringar:")
    assert render(findings, "nb").startswith("2 advarsler:")
    assert render(findings, "en").startswith("2 warnings:")
    assert len({render((), language) for language in LANGUAGES}) == 3


def test_every_shape_has_a_name_to_show() -> None:
    assert {local(shape) for shape in shape_names(TERMS)} == set(REPORTED)


def test_findings_in_json_can_be_read_back() -> None:
    findings = found(FAILING["label-nb"])
    assert tuple(Finding(**entry) for entry in json.loads(to_json(findings))) == findings


def test_the_report_is_a_shacl_report_with_the_results_of_all_runs() -> None:
    data, inferred = dataset(FAILING["label-en"], FAILING["personal-data"])
    outcome = report(data, TERMS, inferred)
    whole = outcome.graph.value(None, RDF.type, SH.ValidationReport, any=False)
    shapes = {
        local(outcome.graph.value(result, SH.sourceShape) or "") for result in outcome.graph.objects(whole, SH.result)
    }
    assert shapes == {"label-en", "personal-data"}
    assert not outcome.conforms
    assert outcome.graph.value(whole, SH.conforms) == Literal(False)
    for result in outcome.graph.objects(whole, SH.result):
        messages = [text for text in outcome.graph.objects(result, SH.resultMessage) if isinstance(text, Literal)]
        assert sorted(str(text.language) for text in messages) == sorted(LANGUAGES)


# --- any RDF with any shapes -------------------------------------------------------------------

SHAPE = """@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix ex: <http://example.org/> .
ex:PersonShape a sh:NodeShape ; sh:targetClass ex:Person ; sh:property [ sh:path ex:name ; sh:minCount 1 ;
  sh:message "A person needs a name." ] .
"""
DATA = "@prefix ex: <http://example.org/> .\nex:kari a ex:Person .\n"


def test_any_rdf_is_validated_with_any_shapes(files: Callable[..., Path]) -> None:
    outcome = check_files([files("data.ttl", DATA)], [files("shapes.ttl", SHAPE)])
    assert not outcome.conforms
    (finding,) = outcome.findings
    assert finding.shape == "http://example.org/PersonShape"  # the nearest shape that has a name
    assert finding.path == "http://example.org/name"
    assert finding.message == dict.fromkeys(LANGUAGES, "A person needs a name.")
    assert "http://example.org/kari" in render(outcome.findings, "en")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("d.nt", "<http://example.org/kari> <http://example.org/name> <http://example.org/k> .\n" + "#\n"),
        (
            "d.nq",
            "<http://example.org/kari> <http://example.org/name> <http://example.org/k> <http://example.org/g> .\n",
        ),
        ("d.trig", "@prefix ex: <http://example.org/> .\nex:g { ex:kari ex:name ex:k }"),
        (
            "d.rdf",
            '<?xml version="1.0" encoding="ISO-8859-1"?>'
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:ex="http://example.org/">'
            '<ex:Person rdf:about="http://example.org/kari" ex:name="Kåre"/></rdf:RDF>',
        ),
        ("d.jsonld", '{"@id": "http://example.org/kari", "http://example.org/name": "Kari"}'),
        ("d.TTL", "\ufeff<http://example.org/kari> <http://example.org/name> 'Kari' ."),
    ],
)
def test_formats_and_named_graphs_are_read_as_one_graph(name: str, content: str, files: Callable[..., Path]) -> None:
    data = files(name, content.encode("latin-1") if name.endswith(".rdf") else content)
    assert check_files([files("data.ttl", DATA), data], [files("shapes.ttl", SHAPE)]).conforms


def test_an_empty_file_conforms(files: Callable[..., Path]) -> None:
    outcome = check_files([files("empty.ttl", "")], [files("shapes.ttl", SHAPE)])
    assert outcome.conforms
    assert outcome.findings == ()


def test_a_warning_keeps_its_severity_and_does_not_conform(files: Callable[..., Path]) -> None:
    shapes = files("shapes.ttl", SHAPE.replace("sh:minCount 1", "sh:minCount 1 ; sh:severity sh:Warning"))
    outcome = check_files([files("data.ttl", DATA)], [shapes])
    assert [finding.severity for finding in outcome.findings] == ["warning"]
    assert not outcome.conforms


def test_messages_of_queries_keep_their_language_and_get_their_values(files: Callable[..., Path]) -> None:
    shapes = files(
        "shapes.ttl",
        """@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix ex: <http://example.org/> .
        ex:S a sh:NodeShape ; sh:targetClass ex:Person ; sh:sparql [
          sh:message "{?this} er {?value}"@nb , "{?this} is {?value}"@en ;
          sh:select "SELECT $this ?value WHERE { $this a ?value }" ] .""",
    )
    (finding,) = check_files([files("data.ttl", DATA)], [shapes]).findings
    assert finding.message["en"] == "http://example.org/kari is http://example.org/Person"
    assert finding.message["nb"] == finding.message["nn"] == "http://example.org/kari er http://example.org/Person"


def test_a_path_is_written_as_in_sparql(files: Callable[..., Path]) -> None:
    path = "( ex:a [ sh:inversePath ex:b ] [ sh:alternativePath ( ex:c [ sh:zeroOrMorePath ex:d ] ) ] )"
    shapes = files("shapes.ttl", SHAPE.replace("sh:path ex:name", f"sh:path {path}"))
    (finding,) = check_files([files("data.ttl", DATA)], [shapes]).findings
    ex = "http://example.org/"
    assert finding.path == f"<{ex}a>/^<{ex}b>/(<{ex}c>|(<{ex}d>)*)"


BAD = [
    ("d.ttl", "@prefix ex: <http://example.org/> .\n\nex:a foo:b 1 .", r"d\.ttl:3: .*foo"),
    ("d.trig", "@prefix ex: <http://example.org/> .\nex:g { ex:a ex:b }", r"d\.trig:2: "),
    ("d.nt", "<http://a.example/a> <http://a.example/b> 'c' .", r"d\.nt:1: "),
    ("d.nq", "# fine\n<http://a.example/a> <b .", r"d\.nq:2: "),
    ("d.rdf", "<?xml version='1.0'?>\n<a>", r"d\.rdf:2: "),
    ("d.jsonld", '{\n"a": }', r"d\.jsonld:2: "),
    ("d.jsonld", '{"@graph": [{"@context": "https://schema.org/", "name": "x"}]}', "nothing is fetched"),
    ("d.jsonld", '{"@context": ["file:///etc/passwd"], "name": "x"}', "nothing is fetched"),
    ("d.ttl", b'<http://a.example/a> <http://a.example/b>\n "\xff" .', r"d\.ttl:2: .*UTF-8"),
    ("d.txt", "", r"Use one of \.ttl"),
]


@pytest.mark.parametrize(("name", "content", "said"), BAD)
def test_a_file_that_cannot_be_read_is_named_with_its_line(
    name: str, content: str | bytes, said: str, files: Callable[..., Path]
) -> None:
    with pytest.raises(InputError, match=said) as caught:
        check_files([files(name, content)], [files("shapes.ttl", SHAPE)])
    assert "Traceback" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_wrong_input(tmp_path: Path, files: Callable[..., Path]) -> None:
    (tmp_path / "folder.ttl").mkdir()
    for name in ("missing.ttl", "folder.ttl"):
        with pytest.raises(InputError, match="cannot be read"):
            check_files([tmp_path / name], [files("shapes.ttl", SHAPE)])


def test_xml_does_not_reach_out_of_its_file(files: Callable[..., Path]) -> None:
    secret = files("secret.txt", "CANARY")
    data = files(
        "d.rdf",
        f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:ex="http://example.org/">'
        '<ex:Person rdf:about="http://example.org/kari" ex:knows="x"><ex:note>&x;</ex:note></ex:Person></rdf:RDF>',
    )
    shapes = files("shapes.ttl", SHAPE.replace("ex:name ;", "ex:note ; sh:maxLength 0 ;"))
    outcome = check_files([data], [shapes])
    assert "CANARY" not in outcome.graph.serialize() + to_json(outcome.findings)


MALFORMED = [
    (SHAPE.replace("sh:path ex:name ;", "a sh:PropertyShape ;"), "cannot be used"),
    (SHAPE.replace("sh:minCount 1", 'sh:minCount "one"'), "cannot be used"),
    (SHAPE.replace("sh:minCount 1", 'sh:sparql [ sh:select "SELECT WHERE {" ]'), "cannot be used"),
    (
        SHAPE.replace("sh:minCount 1", 'sh:sparql [ sh:select "SELECT $this WHERE { $this foo:b ?c }" ]'),
        "cannot be used.*foo",
    ),
    (
        SHAPE.replace(
            "sh:minCount 1",
            'sh:sparql [ sh:select "SELECT $this WHERE { SERVICE <http://a.example/> { $this ?p ?o } }" ]',
        ),
        "SERVICE",
    ),
    (DATA, "data and shapes swapped"),
    ("", "no SHACL shapes"),
]


@pytest.mark.parametrize(("shapes", "said"), MALFORMED)
def test_shapes_that_shacl_does_not_allow_are_wrong_input(
    shapes: str, said: str, files: Callable[..., Path], capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InputError, match=said):
        check_files([files("data.ttl", DATA)], [files("shapes.ttl", shapes)])
    assert capfd.readouterr() == ("", "")


def test_nothing_but_the_report_reaches_the_terminal(
    files: Callable[..., Path], capfd: pytest.CaptureFixture[str]
) -> None:
    data = files("data.ttl", DATA + 'ex:kari ex:age "old"^^<http://www.w3.org/2001/XMLSchema#integer> .')
    check_files([data], [files("shapes.ttl", SHAPE)])
    assert capfd.readouterr() == ("", "")


# --- the tests of the W3C ----------------------------------------------------------------------

MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
SHT = Namespace("http://www.w3.org/ns/shacl-test#")
BEYOND_PYSHACL = {"core/property/uniqueLang-002.ttl", "sparql/pre-binding/shapesGraph-001.ttl"}
COMPARED = (SH.focusNode, SH.resultPath, SH.resultSeverity, SH.sourceConstraintComponent, SH.sourceShape, SH.value)


def results(graph: Graph, of: Node | None) -> list[list[str]]:
    def told(node: Node | None) -> str:
        return "" if node is None else "[]" if isinstance(node, BNode) else node.n3()

    return sorted([told(graph.value(result, key)) for key in COMPARED] for result in graph.objects(of, SH.result))


def file_of(iri: Node | None) -> Path:
    return Path(unquote(urlparse(str(iri)).path))


def w3c_outcome(manifest: Graph, test: Node) -> bool:
    action, wanted = manifest.value(test, MF.action), manifest.value(test, MF.result)
    data, shapes = (file_of(manifest.value(action, key)) for key in (SHT.dataGraph, SHT.shapesGraph))
    try:
        outcome = check_files([data], [shapes])
    except InputError:
        return wanted == SHT.Failure
    whole = outcome.graph.value(None, RDF.type, SH.ValidationReport)
    same = results(manifest, wanted) == results(outcome.graph, whole)
    return same and manifest.value(wanted, SH.conforms) == Literal(outcome.conforms)


@pytest.mark.filterwarnings("ignore")
def test_the_w3c_suite_passes_but_for_two_known_limits(counts: Callable[..., None]) -> None:
    if not W3C.is_dir():
        pytest.skip(f"the W3C tests are not at {W3C.relative_to(ROOT.parent)} beside the project")
    outcomes: dict[str, bool] = {}
    for file in sorted(W3C.rglob("*.ttl")):
        manifest = Graph().parse(file, publicID=file.resolve().as_uri())
        for test in manifest.subjects(RDF.type, SHT.Validate):
            outcomes[str(file.relative_to(W3C))] = w3c_outcome(manifest, test)
    assert len(outcomes) == 121
    assert {name for name, passed in outcomes.items() if not passed} == BEYOND_PYSHACL
    counts("W3C SHACL tests passed", sum(outcomes.values()))
