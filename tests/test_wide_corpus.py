"""Thirty-three real sources: the corpus is sound and wide, all shows a passage, and all forty questions answer."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from test_questions import CATALOGUE, EXPECTED, TERMS, expected_cell, expected_holders, plain

from kg.engine import Engine, open_engine
from kg.questions import Answer, Row, answer, to_text
from kg.snapshot import BuildReport, Snapshot, build

WIDE = Path(__file__).parent / "corpora" / "wide"
PREFIXES = """
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX oa: <http://www.w3.org/ns/oa#>
PREFIX bso: <https://w3id.org/bustadgraf/ont#>
"""


def read(path: Path) -> dict[str, Any]:
    return dict(yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader))


def cases() -> Iterator[Any]:
    """All forty: as over one source where no file here asks the same, and every file here."""
    ours = {path.stem: path for path in sorted((WIDE / "expected").glob("*.yaml"))}
    for path in EXPECTED:
        mine = ours.get(path.stem)
        if mine is None or read(mine)["slots"] != read(path)["slots"]:
            yield pytest.param(read(path), id=path.stem)
        if mine is not None:
            yield pytest.param(read(mine), id=f"{path.stem}-wide")


CASES = list(cases())


@pytest.fixture(scope="session")
def wide_out(tmp_path_factory: pytest.TempPathFactory) -> tuple[BuildReport, Path]:
    out = tmp_path_factory.mktemp("wide-out")
    return build(WIDE, out), out


@pytest.fixture(scope="session")
def report(wide_out: tuple[BuildReport, Path]) -> BuildReport:
    return wide_out[0]


@pytest.fixture(scope="session")
def snapshot(wide_out: tuple[BuildReport, Path]) -> Snapshot:
    return Snapshot.open(wide_out[1])


@pytest.fixture(scope="session")
def engine(snapshot: Snapshot) -> Iterator[Engine]:
    opened = open_engine(snapshot)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def answers(engine: Engine) -> dict[tuple[str, ...], Answer]:
    """Every case asked once, by template and slots."""
    return {key(case.values[0]): ask(engine, case.values[0]) for case in CASES}


def key(wanted: Mapping[str, Any]) -> tuple[str, ...]:
    return (wanted["question"], *(f"{name}={value}" for name, value in sorted(wanted["slots"].items())))


def ask(engine: Engine, wanted: Mapping[str, Any]) -> Answer:
    return answer(engine, CATALOGUE, TERMS, wanted["question"], wanted["slots"])


def test_it_is_published_whole(report: BuildReport):
    assert report.published, "\n".join(map(str, report.problems))
    assert (report.violations, report.orphans, report.errors) == (0, 0, 0)
    assert report.sources >= 30
    assert report.statements >= 250


def things(engine: Engine, kind: str) -> set[str]:
    found = engine.select(f"{PREFIXES} SELECT DISTINCT ?x WHERE {{ ?x a/rdfs:subClassOf* bso:{kind} }}")
    return {row["x"].value for row in found}


# Instruments are framework conditions: money, law, tendering, strategies.
@pytest.mark.parametrize(
    ("kind", "least"), [("Actor", 60), ("Initiative", 20), ("FrameworkCondition", 15), ("View", 50)]
)
def test_it_is_wide(kind: str, least: int, engine: Engine):
    assert len(things(engine, kind)) >= least


def test_the_views_are_on_many_issues(engine: Engine):
    found = engine.select(f"{PREFIXES} SELECT DISTINCT ?issue WHERE {{ ?view a bso:View ; bso:about ?issue }}")
    assert len(found) >= 15


def shown_passages(engine: Engine, snapshot: Snapshot) -> dict[str, list[str]]:
    """What passages of the documents show of each subject and object of a fact: the text that really stands there."""
    found = engine.select(
        f"""{PREFIXES} SELECT DISTINCT ?thing ?source ?start ?end ?exact WHERE {{
          VALUES ?end_of {{ rdf:subject rdf:object }}
          ?fact a bso:Fact ; ?end_of ?thing ; bso:passage ?passage ; bso:source ?source .
          ?passage oa:hasSelector ?position, ?quote .
          ?position oa:start ?start ; oa:end ?end .
          ?quote oa:exact ?exact .
        }}"""
    )
    shown: dict[str, list[str]] = {}
    for row in found:
        text = snapshot.document(row["source"].value.rpartition("/")[2]).text
        there = text[int(row["start"].value) : int(row["end"].value)]
        assert there == row["exact"].value
        shown.setdefault(row["thing"].value, []).append(there)
    return shown


def test_every_initiative_and_every_actor_of_a_fact_shows_a_passage(engine: Engine, snapshot: Snapshot):
    shown = shown_passages(engine, snapshot)
    told = engine.select(f"{PREFIXES} SELECT DISTINCT ?x WHERE {{ ?fact a bso:Fact ; rdf:subject|rdf:object ?x }}")
    wanted = things(engine, "Initiative") | (things(engine, "Actor") & {row["x"].value for row in told})
    assert len(wanted) >= 80
    assert not [thing for thing in sorted(wanted) if not any(text.strip() for text in shown.get(thing, ()))]


def shape(wanted: Mapping[str, Any], row: Mapping[str, Any]) -> tuple[Any, ...]:
    modality = row.get("modality", "actual") if row["basis"] != "null" else None
    cells = tuple(expected_cell(row.get(column, "null")) for column in wanted["columns"])
    return (cells, expected_cell(row["basis"]), modality)


def shape_of(row: Row) -> tuple[Any, ...]:
    return (tuple(map(plain, row.cells)), row.basis, row.modality)


@pytest.mark.parametrize("wanted", CASES)
def test_a_question_gives_exactly_the_expected_answer(
    wanted: Mapping[str, Any], answers: Mapping[tuple[str, ...], Answer]
):
    found = answers[key(wanted)]
    assert found.outcome == wanted["outcome"]
    assert {shape_of(row) for row in found.rows} == {shape(wanted, row) for row in wanted["rows"]}
    assert len(found.rows) == len(wanted["rows"]), "a row is given twice"
    holders = {shape_of(row): tuple(sorted(map(TERMS.compress, row.holders))) for row in found.rows}
    for row in wanted["rows"]:
        if "holder" in row:
            assert holders[shape(wanted, row)] == expected_holders(row)
    for kind in ("gaps", "known"):
        notes = {(note.code, tuple(sorted(map(str, map(plain, note.about))))) for note in getattr(found, kind)}
        assert notes == {(note["code"], tuple(sorted(note["about"]))) for note in wanted.get(kind, [])}
    if "sources" in wanted:
        assert list(map(TERMS.compress, found.sources)) == wanted["sources"]


@pytest.mark.parametrize("wanted", CASES)
def test_every_row_shows_a_passage_and_reads_as_text(
    wanted: Mapping[str, Any], answers: Mapping[tuple[str, ...], Answer]
):
    found = answers[key(wanted)]
    for row in found.rows:
        assert bool(row.evidence) == (row.basis is not None)
        assert not row.evidence or any(each.passage for each in row.evidence)
    for language in ("nn", "nb", "en"):
        told = to_text(found, language, CATALOGUE, TERMS)
        assert not set(told) & set("{}")


def test_a_contradiction_shows_the_passages_of_both_sources(engine: Engine):
    rows = answer(engine, CATALOGUE, TERMS, "contradictions").rows
    columns = [column.name for column in CATALOGUE["contradictions"].columns]
    for row in rows:
        cells = dict(zip(columns, row.cells, strict=True))
        sources = {each.source for each in row.evidence if each.passage}
        assert sources == {cell.iri for name in ("source", "other_source") if (cell := cells[name])}


def test_a_second_source_never_weakens_a_row(engine: Engine):
    found = answer(engine, CATALOGUE, TERMS, "initiatives-in-place", {"place": "place:bergen"})
    (row,) = [row for row in found.rows if plain(row.cells[0]) == "initiative:avtalt-selvbosetting-bergen"]
    assert row.basis == "stated"
    assert {each.basis for each in row.evidence} == {"stated", "interpreted"}, "all that was said stays in sight"
