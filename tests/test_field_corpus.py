"""The field corpus: sound and wide, every actor shows a passage, and every written-down question has its answer."""

import json
from pathlib import Path
from typing import Any

import pytest
from report_corpus import FIELD_ANSWERS
from test_questions import CATALOGUE, TERMS, Ask, ask_from, check, plain, read

from kg.engine import Engine
from kg.model import LANGUAGES
from kg.questions import answer, to_text
from kg.snapshot import Snapshot

PREFIXES = """
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX oa: <http://www.w3.org/ns/oa#>
PREFIX bso: <https://w3id.org/bustadgraf/ont#>
"""


@pytest.fixture(scope="session")
def ask_field(field_engine: Engine) -> Ask:
    return lambda question, **slots: answer(field_engine, CATALOGUE, TERMS, question, slots)


@pytest.fixture(scope="session")
def report(field_out: Path) -> dict[str, Any]:
    return dict(json.loads((field_out / "report.json").read_text(encoding="utf-8")))


def test_it_is_published_whole(report: dict[str, Any]):
    assert report["published"]
    assert [report[each] for each in ("violations", "orphans", "problems")] == [0, 0, []]
    assert report["sources"] >= 30
    assert report["statements"] >= 250


def things(engine: Engine, kind: str) -> set[str]:
    found = engine.select(f"{PREFIXES} SELECT DISTINCT ?x WHERE {{ ?x a/rdfs:subClassOf* bso:{kind} }}")
    return {row["x"].value for row in found}


# Instruments are framework conditions: money, law, tendering, strategies.
@pytest.mark.parametrize(
    ("kind", "least"), [("Actor", 60), ("Initiative", 20), ("FrameworkCondition", 15), ("View", 50)]
)
def test_it_is_wide(kind: str, least: int, field_engine: Engine):
    assert len(things(field_engine, kind)) >= least


def test_the_views_are_on_many_issues(field_engine: Engine):
    found = field_engine.select(f"{PREFIXES} SELECT DISTINCT ?issue WHERE {{ ?view a bso:View ; bso:about ?issue }}")
    assert len(found) >= 15


def shown_passages(field_engine: Engine, field_snapshot: Snapshot) -> dict[str, list[str]]:
    """What passages of the documents show of each subject and object of a fact: the text that really stands there."""
    found = field_engine.select(
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
        text = field_snapshot.document(row["source"].value.rpartition("/")[2]).text
        there = text[int(row["start"].value) : int(row["end"].value)]
        assert there == row["exact"].value
        shown.setdefault(row["thing"].value, []).append(there)
    return shown


def test_every_initiative_and_every_actor_of_a_fact_shows_a_passage(field_engine: Engine, field_snapshot: Snapshot):
    shown = shown_passages(field_engine, field_snapshot)
    told = field_engine.select(
        f"{PREFIXES} SELECT DISTINCT ?x WHERE {{ ?fact a bso:Fact ; rdf:subject|rdf:object ?x }}"
    )
    wanted = things(field_engine, "Initiative") | (things(field_engine, "Actor") & {row["x"].value for row in told})
    assert len(wanted) >= 80
    assert not [thing for thing in sorted(wanted) if not any(text.strip() for text in shown.get(thing, ()))]


@pytest.mark.parametrize("path", FIELD_ANSWERS, ids=lambda path: path.stem)
def test_a_question_gives_exactly_the_expected_answer(path: Path, ask_field: Ask):
    found = ask_from(path, ask_field)
    check(found, read(path))
    for language in LANGUAGES:
        assert not set(to_text(found, language, CATALOGUE, TERMS)) & set("{}")


def test_every_slot_can_be_shown_with_its_example(ask_field: Ask):
    for question in CATALOGUE:
        filled = {slot.name: slot.example for slot in question.slots if slot.example and slot.required}
        found = ask_field(question.id, **filled)
        assert found.outcome != "clarify" or question.one_of


def test_a_contradiction_shows_the_passages_of_both_sources(field_engine: Engine):
    rows = answer(field_engine, CATALOGUE, TERMS, "contradictions").rows
    columns = [column.name for column in CATALOGUE["contradictions"].columns]
    for row in rows:
        cells = dict(zip(columns, row.cells, strict=True))
        sources = {each.source for each in row.evidence if each.passage}
        assert sources == {cell.iri for name in ("source", "other_source") if (cell := cells[name])}


def test_a_second_source_never_weakens_a_row(field_engine: Engine):
    found = answer(field_engine, CATALOGUE, TERMS, "initiatives-in-place", {"place": "place:bergen"})
    (row,) = [row for row in found.rows if plain(row.cells[0]) == "initiative:avtalt-selvbosetting-bergen"]
    assert row.basis == "stated"
    assert {each.basis for each in row.evidence} == {"stated", "interpreted"}, "all that was said stays in sight"


def test_a_duty_that_moves_to_a_new_act_does_not_replace_the_act_that_held_it(field_engine: Engine):
    found = field_engine.select(f"{PREFIXES} SELECT ?old WHERE {{ ?old bso:supersededBy ?new }}")
    replaced = {TERMS.compress(row["old"].value) for row in found}
    for act, section in (("sosialtjenesteloven", "15"), ("helse-og-omsorgstjenesteloven", "3-7")):
        assert f"instrument:{act}" not in replaced
        assert f"instrument:{act}-{section}" in replaced


def test_what_a_group_may_use_or_must_do_is_told_of_a_member_without_being_said_of_it(ask_field: Ask):
    found = ask_field("available-instruments", receiver="actor:bergen-kommune")
    assert (found.outcome, found.rows) == ("silent", ())
    (known,) = [note for note in found.known if note.code == "open-to-wider"]
    assert {"instrument:startlan", "instrument:grant-for-rental-housing"} <= set(map(plain, known.about))
    found = ask_field("duties", whose="actor:oslo-kommune")
    assert "instrument:boligsosialloven" in map(plain, next(n for n in found.known if n.code == "duty-of-all").about)
    assert "duty-of-all" not in {note.code for note in ask_field("duties").notes}


def test_a_grant_that_became_another_is_not_offered_as_if_it_were_open(ask_field: Ask):
    found = ask_field("available-instruments", receiver="actor:voluntary-organisations")
    assert found.outcome == "partial"
    told = {note.code: set(map(plain, note.about)) for note in found.notes}
    assert told["changed-since"] == {"instrument:competence-grant"}
    assert told["open-to-wider"] == {"instrument:grant-for-housing-social-measures"}
