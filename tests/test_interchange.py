"""Grants and services leave as 360Giving and Open Referral have them: valid by schema, with statements and licence."""

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from conftest import SHARED, built_once
from jsonschema import Draft202012Validator, FormatChecker
from rdflib import RDF, SKOS, Graph, Literal, Namespace, URIRef
from rdflib.namespace import DCAT, DCTERMS, ORG, XSD
from referencing import Registry, Resource
from test_alignments import OTHERS, alignment, mappings
from test_report_corpus import CANARIES

from kg import export
from kg.engine import Cell, Engine, open_engine
from kg.interchange import GRANTS, SERVICES, Book, Left, Said
from kg.model import InputError
from kg.snapshot import Snapshot
from kg.terms import Terms

VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
EUVOC = Namespace("http://publications.europa.eu/ontology/euvoc#")
SKOSNO = Namespace("https://data.norge.no/vocabulary/skosno#")
STANDARDS = SHARED / "standards"
TERMS = Terms()
FORMATS = FormatChecker()
GIVING = "https://raw.githubusercontent.com/ThreeSixtyGiving/standard/{}/schema/360-giving-schema.json"


@FORMATS.checks("date-time", ValueError)
def is_moment(value: object) -> bool:
    return isinstance(value, str) and "T" in value and bool(datetime.fromisoformat(value))


def schema(folder: str, name: str) -> dict[str, Any]:
    return dict(json.loads((STANDARDS / folder / name).read_text(encoding="utf-8")))


def validator(folder: str, name: str) -> Draft202012Validator:
    """A validator that finds the schemas beside *name*; the package of 360Giving asks for an earlier patch of it."""
    found = {path.name: Resource.opaque(schema(folder, path.name)) for path in (STANDARDS / folder).glob("*.json")}
    grants = Resource.opaque(schema("360giving", "360-giving-schema.json"))
    found |= {GIVING.format(version): grants for version in ("1.4.2", "1.4.3")}
    return Draft202012Validator(
        schema(folder, name), registry=Registry().with_resources(found.items()), format_checker=FORMATS
    )


def wrong(validator: Draft202012Validator, value: object) -> list[str]:
    return [f"{'/'.join(map(str, error.path))}: {error.message}" for error in validator.iter_errors(value)]


@pytest.fixture(scope="session")
def example_snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return Snapshot.open(built_once(tmp_path_factory, "example"))


@pytest.fixture(scope="session")
def example_engine(example_snapshot: Snapshot) -> Iterator[Engine]:
    engine = open_engine(example_snapshot)
    yield engine
    engine.close()


def written(name: str, target: Path, snapshot: Snapshot, engine: Engine) -> tuple[dict[str, Any], Left]:
    left = export.write(name, target, export.Origin(snapshot, TERMS, engine))
    assert left is not None
    return dict(json.loads(target.read_text(encoding="utf-8"))), left


def test_an_award_with_all_that_is_asked_for_is_a_valid_grant(example_snapshot, example_engine, tmp_path):
    package, left = written("360giving", tmp_path / "grants.json", example_snapshot, example_engine)
    assert wrong(validator("360giving", "360-giving-package-schema.json"), package) == []
    (grant,) = package["grants"]
    assert (grant["amountAwarded"], grant["currency"], grant["awardDate"]) == (250000, "NOK", "2025-03-03")
    assert [each["name"] for each in grant["recipientOrganization"]] == ["Lyktetennarane i Eksempelvik"]
    assert [each["name"] for each in grant["fundingOrganization"]] == ["Eksempelvik kommune"]
    assert (left.records, left.written, dict(left.lacking)) == (1, 1, {})


def test_every_record_names_its_statements_and_the_licence(
    example_snapshot, example_engine, field_snapshot, field_engine
):
    grants = export.FORMATS["360giving"].make(export.Origin(example_snapshot, TERMS, example_engine))
    services = export.FORMATS["hsds"].make(export.Origin(field_snapshot, TERMS, field_engine))
    for grant in json.loads(b"".join(grants.pieces))["grants"]:
        assert all(each.startswith(f"{TERMS.base}id/statement/") for each in grant["statements"])
        assert grant["statements"]
        assert grant["licence"] == example_snapshot.manifest.licence
        assert grant["dataSource"] == "https://eksempelvik.example/boligplan"
    for service in json.loads(b"".join(services.pieces))["contents"]:
        named = {each["link_type"]: each["value"] for each in service["attributes"] if "value" in each}
        assert named["statement"].startswith(f"{TERMS.base}id/statement/")
        assert named["licence"] == field_snapshot.manifest.licence


def test_what_lacks_a_required_field_is_left_out_and_counted(field_snapshot, field_engine, tmp_path):
    with pytest.raises(
        InputError, match=r"0 of 1 records were written; the others lack amountAwarded \(1\), awardDate"
    ):
        export.write("360giving", tmp_path / "grants.json", export.Origin(field_snapshot, TERMS, field_engine))
    assert not list(tmp_path.iterdir()), "a package without a grant is no package"


def test_an_initiative_whose_stage_is_told_is_a_valid_service(field_snapshot, field_engine, tmp_path):
    file, left = written("hsds", tmp_path / "services.json", field_snapshot, field_engine)
    checked = validator("hsds", "service.json")
    assert [wrong(checked, service) for service in file["contents"]] == [[] for _ in file["contents"]]
    names = {service["name"] for service in file["contents"]}
    assert {"Bokontakt", "Bergen bidrar"} <= names
    assert "Mestringsguiden" not in names, "no source tells its stage, so nobody knows whether it is active"
    assert left.written == len(names)
    assert dict(left.lacking) == {"status": left.records - left.written}
    (bergen,) = [each for each in file["contents"] if each["name"] == "Bergen bidrar"]
    assert bergen["organization"]["name"] == "Bergen kommune"
    assert [area["name"] for area in bergen["service_areas"]] == ["Bergen"]
    assert "flyktninger" in bergen["eligibility_description"]
    assert "funding" not in bergen, "no source says who pays"
    assert UUID(bergen["id"]).version == 5


def test_the_same_data_gives_the_same_bytes_a_record_a_piece(field_snapshot, field_engine):
    first, again = (
        list(export.FORMATS["hsds"].make(export.Origin(field_snapshot, TERMS, field_engine)).pieces) for _ in range(2)
    )
    assert first == again
    assert len(first) == 2 + len(json.loads(b"".join(first))["contents"])


def said(value: str, kind: str = "literal", as_of: str = "", until: str = "") -> Said:
    return Said(Cell(kind, value), "https://example.org/statement", "The words.", None, as_of, until)  # type: ignore[arg-type]


def book(**facts: Said | list[Said]) -> Book:
    several = {key: each if isinstance(each, list) else [each] for key, each in facts.items()}
    told = {"award": {TERMS.expand(f"bso:{key}"): each for key, each in several.items()}}
    kinds = {TERMS.expand("rdf:type"): [Cell("iri", TERMS.expand("bso:Organisation"))]}
    number = {TERMS.expand("bso:organisationNumber"): [Cell("literal", "972417858")]}
    return Book(None, TERMS, "licence", "title", told, {"bank": kinds, "club": {**kinds, **number}}, "2024")  # type: ignore[arg-type]


WHOLE = {
    "amount": said("500"),
    "validFrom": said("2020-01-02"),
    "awardedTo": said("club", "iri"),
    "awardedBy": said("bank", "iri"),
}


def test_an_organisation_number_is_written_with_its_register():
    grant = GRANTS.record(book(**WHOLE), "award")
    assert [each["id"] for each in grant["recipientOrganization"]] == ["NO-BRC-972417858"]
    assert grant["currency"] == "NOK", "as the definition of an amount says"


@pytest.mark.parametrize(
    ("changed", "lacks"),
    [
        ({"amount": None}, {"amountAwarded", "currency"}),
        ({"validFrom": said("2020")}, {"awardDate"}),
        ({"awardedTo": said("initiative", "iri")}, {"recipientOrganization"}),
        ({"awardedBy": None}, {"fundingOrganization"}),
    ],
)
def test_nothing_that_a_source_leaves_open_is_filled_in(changed: dict[str, Said | None], lacks: set[str]):
    facts = {key: each for key, each in {**WHOLE, **changed}.items() if each}
    grant = GRANTS.record(book(**facts), "award")
    assert {name for name in GRANTS.requires if not grant.get(name)} == lacks
    assert {name for name in GRANTS.requires if not GRANTS.record(book(**WHOLE), "award").get(name)} == set()


def test_a_trial_and_an_established_scheme_are_active_and_anything_else_is_not_told():
    for stage, status in (("trial", "active"), ("established", "active"), ("planned", None)):
        facts = book(stage=said(f"{TERMS.base}kos/code/{stage}", "iri"))
        assert SERVICES.record(facts, "award")["status"] == status


@pytest.mark.parametrize(
    ("stages", "status"),
    [
        ((("trial", "2016", "2018"),), None),  # the newest year in the data is 2024
        ((("trial", "2016", "2018-06-30"),), None),
        ((("trial", "2016", "2024-12-31"),), "active"),
        ((("established", "2012", ""),), "active"),
        ((("trial", "2016", "2018"), ("established", "2020", "")), "active"),
        ((("established", "2016", ""), ("closed", "2020", "")), None),
        ((("closed", "2016", ""), ("established", "2020", "")), "active"),
        ((("established", "", ""),), "active"),
    ],
)
def test_a_service_is_active_by_what_is_said_most_recently_and_has_not_ended(stages, status):
    told = [said(f"{TERMS.base}kos/code/{stage}", "iri", as_of, until) for stage, as_of, until in stages]
    assert SERVICES.record(book(stage=told), "award")["status"] == status


@pytest.mark.parametrize(("name", "folder"), [("360giving", "360giving"), ("hsds", "hsds")])
def test_a_mapping_leads_to_a_field_that_the_schema_has(name: str, folder: str):
    for _, _, field in mappings(alignment(name)):
        file, _, pointer = str(field).rpartition("/schema/")[2].partition("#")
        found: Any = schema(folder, file)
        for step in filter(None, pointer.split("/")):
            found = found[step]
        assert found, field
    assert OTHERS[name]


@pytest.mark.parametrize("name", ["360giving", "hsds"])
def test_every_field_that_is_written_is_mapped_or_identity(
    name, example_snapshot, example_engine, field_snapshot, field_engine
):
    snapshot, engine = (example_snapshot, example_engine) if name == "360giving" else (field_snapshot, field_engine)
    (records,) = [
        value
        for value in json.loads(
            b"".join(export.FORMATS[name].make(export.Origin(snapshot, TERMS, engine)).pieces)
        ).values()
        if isinstance(value, list)
    ]
    mapped = {str(field).rpartition("/")[2] for _, _, field in mappings(alignment(name))}
    ours = {
        "id",
        "name",
        "title",
        "description",
        "alternate_name",
        "url",
        "statements",
        "licence",
        "attributes",
        "funding",
    }
    assert {field for record in records for field in record} - ours <= mapped


def test_the_concepts_leave_as_skos_ap_no_asks_for_them(example_snapshot, example_engine, tmp_path):
    target = tmp_path / "concepts.ttl"
    assert export.write("skosapno", target, export.Origin(example_snapshot, TERMS, example_engine)) is None
    graph = Graph().parse(target)
    concepts = set(graph.subjects(RDF.type, SKOS.Concept))
    assert len(concepts) > 100
    for concept in concepts:
        assert {"nn", "nb"} <= {label.language for label in graph.objects(concept, SKOS.prefLabel)}
        assert graph.value(concept, DCTERMS.identifier) == Literal(str(concept), datatype=XSD.anyURI)
        assert (graph.value(concept, DCTERMS.publisher), RDF.type, ORG.Organization) in graph
        assert (graph.value(concept, DCAT.contactPoint), RDF.type, VCARD.Organization) in graph
        notes = list(graph.objects(concept, EUVOC.xlDefinition))
        assert {graph.value(note, RDF.value).language for note in notes} == {"nn", "nb", "en"}
        for note in notes:
            relation = str(graph.value(note, SKOSNO.relationshipWithSource)).rpartition("#")[2]
            assert relation == ("derived-from-source" if graph.value(note, DCTERMS.source) else "self-composed")
    for collection in graph.subjects(RDF.type, SKOS.Collection):
        assert all(graph.value(collection, key) for key in (DCTERMS.title, DCTERMS.publisher, DCAT.contactPoint))
        assert set(graph.objects(collection, SKOS.member)) <= concepts
    role, code = (URIRef(TERMS.expand(name)) for name in ("role:small-scale-volunteering", "ethos:night-shelter"))
    assert graph.value(URIRef(f"{role}-definition-nn"), DCTERMS.source)
    assert graph.value(code, SKOS.notation) == Literal("2.1")


def test_no_canary_sings_in_tables_or_networks(example_snapshot, example_engine):
    origin = export.Origin(example_snapshot, TERMS, example_engine)
    for name in ("csv", "xlsx", "graphml", "gexf"):
        whole = b"".join(export.FORMATS[name].make(origin).pieces)
        if name in ("csv", "xlsx"):
            with zipfile.ZipFile(io.BytesIO(whole)) as packed:
                whole = b"".join(packed.read(member) for member in packed.namelist())
        told = whole.decode("utf-8").casefold()
        assert "nattlykta" in told, "the open part is not there"
        assert [canary for canary in CANARIES if canary.casefold() in told] == [], name
