"""Files for other people's programs, read back by libraries that did not write them."""

import csv
import io
import zipfile
from collections import Counter
from dataclasses import replace
from datetime import date

import networkx as nx
import openpyxl
import pytest
from python_calamine import CalamineWorkbook
from rdflib import BNode, Dataset, Graph, URIRef
from rdflib.compare import IsomorphicGraph, isomorphic, to_isomorphic
from rdflib.namespace import DCTERMS
from small_corpus import CORPUS, ENTITIES, PROVIDES

from kg import export
from kg.engine import open_engine, transcribe
from kg.export import networks
from kg.export.tables import tables
from kg.model import LANGUAGES
from kg.snapshot import Snapshot, prepare
from kg.terms import Terms

TERMS = Terms()
NAMES = ["actors", "initiatives", "instruments", "awards", "statements", "views", "sources"]
READ = {"ttl": "turtle", "nt": "nt", "nq": "nquads", "trig": "trig", "jsonld": "json-ld", "rdfxml": "xml"}
FORMULA = '=cmd|"/c calc"!A1'


@pytest.fixture(scope="module")
def origin(report_snapshot, report_engine):
    return export.Origin(report_snapshot, TERMS, report_engine)


@pytest.fixture(scope="module")
def written(origin, tmp_path_factory):
    """Every format that this corpus can be written in, by its name."""
    folder = tmp_path_factory.mktemp("exports")
    made = {}
    for name, form in export.FORMATS.items():
        if name not in ("360giving", "hsds"):
            made[name] = folder / f"{name}.{form.suffix}"
            export.write(name, made[name], origin)
    return made


@pytest.fixture(scope="module")
def hostile_origin(tmp_path_factory):
    """A small data set in which names are what a spreadsheet would run, and a fact holds for a time."""
    folder = tmp_path_factory.mktemp("hostile")
    called = {
        "initiative:fyrlykta": FORMULA,
        "place:fjordvik": "@SUM(1+1)*cmd|' /C calc'!A0",
        "actor:ada-vik": "-2+3",
        "actor:bo-li": "+47 55 55 55 55",
    }
    entities = tuple(
        replace(each, label=dict.fromkeys(LANGUAGES, called.get(each.iri, each.label["nn"]))) for each in ENTITIES
    )
    dated = replace(PROVIDES, valid_from=2013, valid_to=date(2015, 6, 30))
    report, *others = CORPUS.sources
    told = replace(report, statements=tuple(dated if each == PROVIDES else each for each in report.statements))
    for name, content in prepare(replace(CORPUS, entities=entities, sources=(told, *others))).files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    snapshot = Snapshot.open(folder)
    engine = open_engine(snapshot)
    yield export.Origin(snapshot, TERMS, engine)
    engine.close()


@pytest.fixture(scope="module")
def csvs(written):
    with zipfile.ZipFile(written["csv"]) as packed:
        return {name.removesuffix(".csv"): packed.read(name) for name in packed.namelist()}


def lines(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.fixture(scope="module")
def sheets(written):
    book = CalamineWorkbook.from_path(str(written["xlsx"]))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def rows_of(sheet: list[list[object]]) -> list[dict[str, object]]:
    return [dict(zip(map(str, sheet[0]), row, strict=True)) for row in sheet[1:]]


@pytest.fixture(scope="module")
def data(written):
    """The RDF files as rdflib reads them."""
    return {form: Dataset(default_union=True).parse(written[form], format=name) for form, name in READ.items()}


@pytest.mark.parametrize("form", ["trig", "jsonld"])
def test_the_forms_with_graphs_hold_the_same_graphs(data, form, counts):
    whole, read = data["nq"], data[form]
    names = {str(graph.identifier) for graph in whole.graphs() if len(graph)}
    assert {str(graph.identifier) for graph in read.graphs() if len(graph)} == names
    for name in names:
        assert isomorphic(whole.graph(URIRef(name)), read.graph(URIRef(name))), name
    counts("exports, graphs found the same in another form", len(names))


def flat(data: Dataset) -> IsomorphicGraph:
    graph = Graph()
    for triple in data.triples((None, None, None)):
        graph.add(triple)
    return to_isomorphic(graph)


def test_the_forms_without_graphs_hold_the_same_triples_each_once(written, data, counts):
    union, *others = (flat(data[form]) for form in ("nq", "ttl", "nt", "rdfxml"))
    assert [each == union for each in others] == [True, True, True]
    told = written["nt"].read_text(encoding="utf-8").splitlines()
    assert len(told) == len(set(told)) == len(union)
    counts("exports, triples found the same in three forms", len(union))


def test_every_graph_names_snapshot_licence_and_day_of_the_data(written, data, origin):
    about = TERMS.graph("dataset")
    for read in data.values():
        assert str(read.value(about, DCTERMS.license)) == origin.snapshot.manifest.licence
        version = read.value(about, DCTERMS.hasVersion)
        assert str(read.value(version, DCTERMS.identifier)) == origin.snapshot.name
        assert str(read.value(about, DCTERMS.modified)) == origin.imprint.day
    for form in ("ttl", "trig"):
        head = written[form].read_text(encoding="utf-8").partition("\n")[0]
        assert head.startswith("# ")
        assert all(said in head for said in (origin.snapshot.name, origin.imprint.day, origin.imprint.licence))


def test_the_day_of_the_data_is_the_newest_on_which_something_was_coded_or_fetched(origin):
    query = TERMS.sparql_prefixes() + "SELECT ?day WHERE { { ?s bso:coded ?day } UNION { ?s bso:retrieved ?day } }"
    assert origin.imprint.day == max(row["day"].value for row in origin.engine.select(query))


def test_a_file_without_quads_is_a_file_of_its_form(tmp_path):
    empty = tmp_path / "empty.nq"
    empty.touch()
    for form in ("ttl", "nt", "trig", "jsonld", "rdfxml"):
        assert len(Dataset().parse(data=b"".join(transcribe(empty, form, TERMS.prefixes)), format=READ[form])) == 0


def ground(quad: tuple[object, ...]) -> tuple[str, ...]:
    """A quad as text, blank nodes without their names."""
    return tuple("_" if isinstance(part, BNode) else str(part) for part in quad)


def test_more_quads_than_a_batch_holds_come_in_several_pieces_that_fit(monkeypatch, written, data, origin):
    monkeypatch.setattr("kg.engine.transcription.BATCH", 700)
    told: list[int] = []
    for form in ("ttl", "nt", "trig", "jsonld", "rdfxml"):
        pieces = list(transcribe(written["nq"], form, TERMS.prefixes, told.append))
        assert len(pieces) > 10
        read = Dataset().parse(data=b"".join(pieces), format=READ[form])
        assert Counter(map(ground, read.quads())) == Counter(map(ground, data[form].quads())), form
    assert max(told) == origin.snapshot.manifest.counts["triples"]


def test_the_tables_are_those_that_are_described(csvs, sheets):
    assert list(csvs) == ["about", *NAMES]
    assert list(sheets) == ["Om", *NAMES]
    for table in tables():
        head = [field.name for field in table.fields]
        assert csvs[table.name].decode("utf-8-sig").split("\r\n")[0].split(",") == head
        assert sheets[table.name][0] == head
        assert all(len(row) == len(head) for row in sheets[table.name])


def test_csv_has_a_bom_and_crlf_and_no_comment(csvs):
    for content in csvs.values():
        assert content.startswith("\ufeff".encode())
        assert content.endswith(b"\r\n")
        assert content.replace(b"\r\n", b"").count(b"\n") == sum(
            cell.count("\n") for row in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")) for cell in row
        )


def test_csv_and_workbook_hold_the_same_cells(csvs, sheets, counts):
    for name in NAMES:
        for told, typed in zip(lines(csvs[name]), rows_of(sheets[name]), strict=True):
            assert told == {column: as_text(value) for column, value in typed.items()}
            counts("exports, cells found the same in CSV and Excel", len(told))


def as_text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def test_every_statement_of_the_data_is_a_row_with_its_evidence(csvs, origin):
    query = (
        TERMS.sparql_prefixes() + "SELECT ?st ?text ?locator ?source WHERE { ?st a bso:Statement ; bso:text ?text ; "
    )
    query += "bso:locator ?locator ; bso:source ?source }"
    asked = {
        tuple(row[name].value for name in ("st", "text", "locator", "source")) for row in origin.engine.select(query)
    }
    told = {(row["statement"], row["text"], row["locator"], row["source_iri"]) for row in lines(csvs["statements"])}
    assert told == asked
    assert len(lines(csvs["statements"])) == len(asked) == 144
    for row in lines(csvs["statements"]):
        assert row["basis"] in ("stated", "interpreted")
        assert row["licence"]


def test_a_view_is_a_row_for_each_actor_it_involves_and_says_in_which_part(csvs, origin):
    query = TERMS.sparql_prefixes() + "SELECT ?st ?actor WHERE { ?st a bso:View OPTIONAL { ?st bso:involves ?actor } }"
    asked = Counter(
        (row["st"].value, row["actor"].value if "actor" in row else "") for row in origin.engine.select(query)
    )
    assert Counter((row["statement"], row["involved_iri"]) for row in lines(csvs["views"])) == asked
    parts = {row["kind"]: row["involved_as_iri"].rpartition("#")[2] for row in lines(csvs["views"]) if row["involved"]}
    assert parts["standpunkt"] == "holder"
    assert parts["samanlikning"] in ("higherParty", "lowerParty")


def test_an_initiative_tells_what_is_said_of_it_and_on_which_words(csvs):
    (row,) = [row for row in lines(csvs["initiatives"]) if row["initiative"] == "Bokontakt"]
    assert row["initiative_iri"] == TERMS.expand("initiative:bokontakt")
    assert (row["offered_in"], row["offered_in_iri"]) == ("Bergen", TERMS.expand("place:bergen"))
    assert (row["label_nn"], row["label_nb"], row["label_en"]) == ("Bokontakt",) * 3
    statements = {each["statement"]: each for each in lines(csvs["statements"])}
    rests = [statements[each] for each in row["statement"].split(" | ")]
    assert {each["subject_iri"] for each in rests} == {row["initiative_iri"]}
    assert set(row["text"].split(" | ")) == {each["text"] for each in rests}
    assert row["basis"] == ("interpreted" if "interpreted" in {each["basis"] for each in rests} else "stated")


def test_names_come_in_the_language_that_was_asked_for(origin):
    def kinds(language):
        made = export.Origin(origin.snapshot, TERMS, origin.engine, language)
        with zipfile.ZipFile(io.BytesIO(b"".join(export.FORMATS["csv"].make(made).pieces))) as packed:
            return {row["kind"] for row in lines(packed.read("statements.csv"))}

    assert {"fact", "stance"} <= kinds("en")
    assert {"faktapåstand", "sammenligning"} <= kinds("nb")


def test_the_first_sheet_tells_what_this_is_and_what_each_column_holds(sheets, csvs, origin):
    told = rows_of(sheets["Om"])
    facts = {row["column"]: row["en"] for row in told if not row["table"]}
    assert facts["snapshot"] == origin.snapshot.name
    assert facts["licence"] == origin.snapshot.manifest.licence
    assert str(facts["date of the data"]) == origin.imprint.day
    assert facts["statements: rows"] == 144
    explained = {(row["table"], row["column"]) for row in told if row["table"] and row["column"]}
    assert explained == {(table.name, field.name) for table in tables() for field in table.fields}
    assert all(row[language] != "" for row in told for language in LANGUAGES)
    assert {row["column"]: row["en"] for row in lines(csvs["about"])}["snapshot"] == origin.snapshot.name


def test_the_workbook_has_typed_cells_a_head_that_stays_filters_and_links(written):
    book = openpyxl.load_workbook(written["xlsx"])
    sheet = book["statements"]
    head = [cell.value for cell in sheet[1]]
    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref == sheet.dimensions
    assert sheet.column_dimensions["A"].width > 10
    coded = sheet.cell(2, head.index("coded") + 1)
    assert coded.is_date
    assert isinstance(sheet.cell(2, head.index("verbatim") + 1).value, bool)
    sources = book["sources"]
    columns = [cell.value for cell in sources[1]]
    links = [row[columns.index("url")] for row in sources.iter_rows(min_row=2) if row[columns.index("url")].value]
    assert links
    assert all(cell.hyperlink.target.rstrip("/") == cell.value.rstrip("/") for cell in links)
    years = [row[columns.index("year")].value for row in sources.iter_rows(min_row=2)]
    assert {type(year) for year in years} <= {int, type(None)}
    assert any(years)
    assert book.properties.created.date() == date(1980, 1, 1)
    assert written["xlsx"].stem == "xlsx"


def test_no_cell_is_a_formula(hostile_origin, tmp_path):
    export.write("csv", tmp_path / "tables.zip", hostile_origin)
    export.write("xlsx", tmp_path / "tables.xlsx", hostile_origin)
    book = openpyxl.load_workbook(tmp_path / "tables.xlsx")
    values = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert "f" not in {cell.data_type for cell in values}
    assert FORMULA in {cell.value for cell in values}
    with zipfile.ZipFile(tmp_path / "tables.zip") as packed:
        cells = [
            cell
            for name in packed.namelist()
            for row in csv.reader(io.StringIO(packed.read(name).decode("utf-8-sig"), newline=""))
            for cell in row
        ]
    assert f"'{FORMULA}" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


@pytest.mark.parametrize("name", ["csv", "xlsx", "ttl", "jsonld", "graphml", "gexf"])
def test_the_same_data_gives_the_same_bytes(written, origin, name, tmp_path):
    export.write(name, tmp_path / "again", origin)
    assert (tmp_path / "again").read_bytes() == written[name].read_bytes()


def test_progress_is_told_to_the_end(origin, tmp_path):
    for name in ("nq", "ttl", "csv", "xlsx", "graphml", "gexf"):
        told: list[tuple[int, int]] = []
        made = export.Origin(origin.snapshot, TERMS, origin.engine, progress=lambda *step, told=told: told.append(step))
        export.write(name, tmp_path / name, made)
        assert told, name
        assert told[-1][0] == told[-1][1], name
        assert all(0 <= done <= whole for done, whole in told), name


def test_what_excel_has_no_room_for_is_told(origin, tmp_path, monkeypatch):
    monkeypatch.setattr("kg.export.sheets.ROWS", 101)
    monkeypatch.setattr("kg.export.sheets.CELL", 40)
    export.write("xlsx", tmp_path / "small.xlsx", origin)
    book = CalamineWorkbook.from_path(str(tmp_path / "small.xlsx"))
    assert [name for name in book.sheet_names if name.startswith("statements")] == ["statements", "statements 2"]
    parts = [book.get_sheet_by_name(name).to_python() for name in ("statements", "statements 2")]
    assert [len(part) - 1 for part in parts] == [100, 44]
    assert parts[0][0] == parts[1][0]
    about = {row["column"]: row["en"] for row in rows_of(book.get_sheet_by_name("Om").to_python())}
    assert about["statements: rows"] == 144
    cut = [cell for part in parts for row in part for cell in row if isinstance(cell, str) and cell.endswith("…")]
    assert cut
    assert about["texts that were cut, marked with …"] >= len(cut)


@pytest.fixture(scope="module", params=["graphml", "gexf"])
def network(request, written):
    """The network as networkx reads it from either file."""
    return {"graphml": nx.read_graphml, "gexf": nx.read_gexf}[request.param](written[request.param])


def test_a_network_has_a_name_a_type_and_an_address_for_each_node(network, origin, counts):
    assert network.is_directed()
    for name, told in network.nodes(data=True):
        assert TERMS.expand(name) == told["iri"]
        assert told["label"] == told["label_nn"]
        assert told["type"] == ("actor-group" if told["kind"] == "ActorGroup" else name.partition(":")[0])
    assert network.nodes["initiative:bokontakt"]["label"] == "Bokontakt"
    assert {"actor", "actor-group", "initiative", "issue", "place", "group"} <= {
        told["type"] for _, told in network.nodes(data=True)
    }
    counts("exports, nodes read back from networks", len(network))


def test_the_edges_of_a_network_are_the_facts_and_the_views(network, csvs, counts):
    facts, views = lines(csvs["statements"]), lines(csvs["views"])
    drawn = {
        (told["statement_kind"], start, told["predicate"], end, statement)
        for start, end, told in network.edges(data=True)
        for statement in told["statement"].split(" | ")
    }
    expected = {
        ("Fact", row["subject_iri"], row["property_iri"], row["object_iri"], row["statement"])
        for row in facts
        if row["kind_iri"].endswith("#Fact") and row["object_iri"] and not row["property_iri"].endswith("#type")
    } | {
        (
            row["kind_iri"].rpartition("#")[2],
            row["involved_iri"],
            row["involved_as_iri"],
            row["about_iri"],
            row["statement"],
        )
        for row in views
        if row["involved"]
    }
    assert drawn == {
        (kind, *(TERMS.compress(iri) for iri in (start, key, end)), statement)
        for kind, start, key, end, statement in expected
    }
    assert {told["statement_kind"] for _, _, told in network.edges(data=True)} & {"Denial", "Projection"} == set()
    counts("exports, edges read back from networks", network.number_of_edges())


def test_an_edge_counts_its_statements_and_tells_basis_year_and_source(network, csvs):
    told_of = {row["statement"]: row for row in lines(csvs["statements"])}
    for _, _, told in network.edges(data=True):
        rests = [told_of[each] for each in told["statement"].split(" | ")]
        assert told["weight"] == told["statements"] == len(rests)
        assert told["basis"] == ("interpreted" if "interpreted" in {each["basis"] for each in rests} else "stated")
        assert set(told["source"].split(" | ")) == {each["source"] for each in rests}
        years = {int(each["as_of"][:4]) for each in rests if each["as_of"]}
        assert (told.get("first_year"), told.get("last_year")) == ((min(years), max(years)) if years else (None, None))
    held = network.get_edge_data("actor:idealist-actors", "issue:tendering")
    assert "standpunkt: delt" in {each["label"] for each in held.values()}


def test_networks_name_snapshot_licence_and_day(written, origin):
    for name in ("graphml", "gexf"):
        head = written[name].read_text(encoding="utf-8")[:1500]
        assert all(said in head for said in (origin.snapshot.name, origin.imprint.licence, origin.imprint.day))


def test_colours_tell_types_apart(written):
    gexf, graphml = nx.read_gexf(written["gexf"]), nx.read_graphml(written["graphml"])
    colours = {}
    for name, told in gexf.nodes(data=True):
        colour = tuple(told["viz"]["color"][part] for part in "rgb")
        assert colour == tuple(graphml.nodes[name][part] for part in "rgb")
        colours.setdefault(told["type"], set()).add(colour)
    assert all(len(each) == 1 for each in colours.values())
    assert colours["actor"] != colours["initiative"] != colours["issue"] != colours["actor"]


def test_what_holds_for_a_time_has_its_first_and_last_day(hostile_origin, tmp_path):
    export.write("gexf", tmp_path / "dated.gexf", hostile_origin)
    read = nx.read_gexf(tmp_path / "dated.gexf")
    (organised,) = [
        told for _, _, told in read.edges("initiative:fyrlykta", data=True) if told["predicate"] == "bso:providedBy"
    ]
    assert (organised["start"], organised["end"]) == ("2013-01-01", "2015-06-30")
    assert (organised["valid_from"], organised["valid_to"]) == ("2013", "2015-06-30")
    others = [told for _, _, told in read.edges(data=True) if told["predicate"] != "bso:providedBy"]
    assert others
    assert not [told for told in others if "start" in told or "spells" in told]


def test_odd_names_reach_a_network_whole(hostile_origin, tmp_path):
    for form, read in (("graphml", nx.read_graphml), ("gexf", nx.read_gexf)):
        export.write(form, tmp_path / form, hostile_origin)
        assert read(tmp_path / form).nodes["initiative:fyrlykta"]["label"] == FORMULA
    assert networks._text("a\x00\x1b<b>&\ud800") == "a\ufffd\ufffd&lt;b&gt;&amp;\ufffd"
