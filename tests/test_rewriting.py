"""Queries written for speed find what they should: the rows of SQL by hand, and those without values put in."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench.asked import ROOT, Asked, shipped
from bench.contestants import Columns, DuckDb, json_rows, nt_rows
from bench.field import snapshot_of
from bench.questions import PAID

from kg.engine import Engine, open_engine
from kg.questions import Catalogue, slot_values
from kg.snapshot import Snapshot
from kg.terms import Terms

CATALOGUE = Catalogue.load(Terms())
TRIPLES = 30_000
QUERIES = sorted([*ROOT.glob("ontology/cq/*.rq"), *ROOT.glob("ontology/queries/*.rq"), *ROOT.glob("web/queries/*.rq")])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return snapshot_of(TRIPLES, tmp_path_factory.mktemp("made"))


@pytest.fixture(scope="module")
def engine(made: Snapshot) -> Iterator[Engine]:
    engine = open_engine(made)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def asked(engine: Engine) -> dict[str, Asked]:
    (paid,) = engine.select(PAID)
    return {each.id: each for each in shipped(Terms().compress(paid["initiative"].value), "place:land")}


@pytest.fixture(scope="module")
def columns(made: Snapshot) -> Columns:
    return Columns(made.data_path)


@pytest.mark.parametrize("name", [f"q{number:02}" for number in range(1, 13)])
def test_twelve_questions_find_what_sql_by_hand_finds(name, asked, engine, columns, counts):
    one = asked[name]
    answer = b"".join(engine.query(one.sparql, accept="application/n-triples" if one.graph else None).chunks)
    rows = nt_rows(answer) if one.graph else json_rows(answer)
    assert rows, "nothing found, so nothing compared"
    assert rows == DuckDb.rows(None, one, columns.rows(one))
    counts("rows of which SQL by hand and the shipped queries agree", len(rows))


@pytest.mark.parametrize("question", list(CATALOGUE), ids=lambda question: question.id)
def test_a_value_in_the_patterns_finds_what_it_finds_beside_them(question, report_engine):
    """Each slot by each of its first values, alone and with the first value of the others."""
    query = question.query
    first = {
        slot.name: slot_values(report_engine, slot)[:4] for slot in question.slots if slot.name in query.placeholders
    }
    tried = [{name: value} for name, values in first.items() for value in values]
    tried += [{name: values[0] for name, values in first.items() if values}] if len(first) > 1 else []
    for slots in tried:
        beside = query.text
        for name, value in slots.items():
            written = value if value.isdecimal() else f"<{value}>"
            beside = beside.replace(f"VALUES ?{name} {{ UNDEF }}", f"VALUES ?{name} {{ {written} }}")
        assert report_engine.select(query.fill(slots)) == report_engine.select(beside), slots


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_no_row_is_cut_off_by_chance(path: Path):
    """What a LIMIT cuts is in an order in which no two different rows are equal: each column stands in it."""
    text = re.sub(r"(?m)^\s*#.*$", "", path.read_text(encoding="utf-8"))
    cuts = list(re.finditer(r"ORDER BY ([^\n}]*)\s+LIMIT", text))
    assert len(cuts) == len(re.findall(r"\bLIMIT\b", text))
    for cut in cuts:
        chosen = text[text.rindex("SELECT", 0, cut.start()) : cut.start()].partition("WHERE")[0]
        columns = re.findall(r"\?\w+", re.sub(r"\([^?]*\?\w+\) AS (\?\w+)\)", r"\1", chosen))
        assert set(columns) <= set(re.findall(r"\?\w+", cut[1])), columns
