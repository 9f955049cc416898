"""The forty competency questions give what was written down before the queries, and silence changes with the data."""

import csv
import io
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from report_corpus import FIELD_ANSWERS, report_answers

from kg.engine import Engine, open_files
from kg.model import LANGUAGES
from kg.questions import (
    Answer,
    Catalogue,
    Cell,
    Query,
    Row,
    UnknownQuestion,
    UnknownSlot,
    UnknownSlotValue,
    answer,
    to_csv,
    to_json,
    to_jsonld,
    to_text,
)
from kg.questions.evidence import BASES_WEAKEST_FIRST
from kg.snapshot import Snapshot
from kg.terms import Terms
from web.publication import Publication

EXPECTED = report_answers()
TERMS = Terms()
CATALOGUE = Catalogue.load(TERMS)

Ask = Callable[..., Answer]


@pytest.fixture(scope="session")
def ask_report(report_publication: Publication) -> Ask:
    held = report_publication
    return lambda question, **slots: answer(held.engine, CATALOGUE, held.terms, question, slots)


def plain(cell: Cell | None) -> object:
    """Write a cell as the expected answers do."""
    if cell is None:
        return None
    if cell.iri:
        return TERMS.compress(cell.iri)
    return tuple(sorted(cell.translations.items())) or cell.value


def expected_cell(value: Any) -> object:
    if value == "null":
        return None
    return tuple(sorted(value.items())) if isinstance(value, dict) else value


def expected_holders(row: Mapping[str, Any]) -> tuple[str, ...]:
    holder = row.get("holder", "null")
    return () if holder == "null" else tuple(sorted([holder] if isinstance(holder, str) else holder))


def read(path: Path) -> dict[str, Any]:
    return dict(yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader))


def expected_row(wanted: Mapping[str, Any], row: Mapping[str, Any]) -> tuple[object, ...]:
    cells = tuple(expected_cell(row.get(column, "null")) for column in wanted["columns"])
    modality = row.get("modality", "actual") if row["basis"] != "null" else None
    return (cells, expected_cell(row["basis"]), modality, expected_holders(row))


def row_as_expected(row: Row) -> tuple[object, ...]:
    return (tuple(map(plain, row.cells)), row.basis, row.modality, tuple(sorted(map(TERMS.compress, row.holders))))


def check(found: Answer, wanted: Mapping[str, Any]) -> None:
    """Hold an answer against the file that was written before its query; each row shows a passage."""
    assert found.question is not None
    assert found.outcome == wanted["outcome"]
    assert [column.name for column in found.question.columns] == wanted["columns"]
    assert set(map(row_as_expected, found.rows)) == {expected_row(wanted, row) for row in wanted["rows"]}
    assert len(found.rows) == len(wanted["rows"]), "a row is given twice"
    for kind in ("gaps", "known"):
        notes = {(note.code, tuple(sorted(map(str, map(plain, note.about))))) for note in getattr(found, kind)}
        assert notes == {(note["code"], tuple(sorted(note["about"]))) for note in wanted.get(kind, [])}
    for row in found.rows:
        assert bool(row.evidence) == (row.basis is not None)
        assert not row.evidence or any(each.passage for each in row.evidence)
    if "sources" in wanted:
        assert list(map(TERMS.compress, found.sources)) == wanted["sources"]


def test_there_are_at_least_fifty():
    numbers = [path.stem for path in FIELD_ANSWERS if path.stem.isdecimal()]
    assert numbers[:50] == [f"{number:02}" for number in range(1, 51)]
    others = [path.stem for path in FIELD_ANSWERS if not path.stem.isdecimal()]
    assert all(name.partition("-")[0] in numbers for name in others)


@pytest.mark.parametrize("path", EXPECTED, ids=lambda path: path.stem)
def test_a_competency_question_gives_exactly_the_expected_answer(path: Path, ask_report: Ask):
    check(ask_from(path, ask_report), read(path))


@pytest.mark.parametrize("path", EXPECTED, ids=lambda path: path.stem)
def test_an_answer_reads_well_in_three_languages(path: Path, ask_report: Ask):
    wanted = read(path)
    found = ask_report(wanted["question"], **wanted["slots"])
    for language in LANGUAGES:
        told = to_json(found, language, TERMS, "abc")
        sentences = [told["asked"], told["sentence"], *(note["text"] for note in told["gaps"] + told["known"])]
        assert all(sentence and not set(sentence) & set("{}") for sentence in sentences)
        assert not [sentence for sentence in sentences if re.search(r"\b(None|null|bso:|https?:)", sentence)]
        labels = [cell["label"] for row in told["rows"] for cell in row["cells"] if cell["iri"]]
        assert not [label for label in labels if re.match(r"[a-z]+:[a-z]", label)], "a CURIE is shown for a name"
        assert to_text(found, language, CATALOGUE, TERMS)
        assert told["permalink"].startswith(f"/{language}/q/{wanted['question']}?")


def test_the_basis_of_a_row_is_the_weakest_it_joins(ask_report: Ask):
    rows = [row for path in EXPECTED for row in ask_from(path, ask_report).rows if row.evidence]
    assert len({row.basis for row in rows}) > 1
    for row in rows:
        assert row.basis == min((each.basis for each in row.evidence), key=BASES_WEAKEST_FIRST.index)


def ask_from(path: Path, ask: Ask) -> Answer:
    wanted = read(path)
    return ask(wanted["question"], **wanted["slots"])


def test_the_sparql_told_is_the_one_that_was_run(ask_report: Ask, report_publication: Publication):
    found = ask_report("who-helps", group="group:refugees")
    assert found.sparql is not None
    assert "UNDEF" not in found.sparql
    seen = {row["initiative"].value for row in report_publication.engine.select(found.sparql)}
    assert seen == {row.cells[0].iri for row in found.rows if row.cells[0]}


@pytest.mark.parametrize(
    "value", ["group:refugees", "refugees", "https://w3id.org/bustadgraf/kos/target-group/refugees"]
)
def test_a_slot_takes_a_curie_a_local_name_or_an_iri(value: str, ask_report: Ask):
    found = ask_report("who-helps", group=value)
    assert {name: TERMS.compress(iri) for name, iri in found.slots.items()} == {"group": "group:refugees"}


@pytest.mark.parametrize(
    "value", ["refuges", "group:refuges", "<x> } INSERT DATA {", "nix:refugees", "http://example.org/x", "a b"]
)
def test_an_unknown_value_is_refused_with_the_nearest_three(value: str, ask_report: Ask):
    with pytest.raises(UnknownSlotValue) as refused:
        ask_report("who-helps", group=value)
    assert len(refused.value.nearest) == 3
    if "refuges" in value:
        assert refused.value.nearest[0] == "group:refugees"


def test_a_value_of_another_kind_is_refused(ask_report: Ask):
    with pytest.raises(UnknownSlotValue):
        ask_report("who-helps", group="place:bergen")


def test_an_unknown_question_or_slot_names_the_nearest(ask_report: Ask):
    with pytest.raises(UnknownQuestion) as refused:
        ask_report("who-helpz")
    assert refused.value.nearest[0] == "who-helps"
    with pytest.raises(UnknownSlot) as slot:
        ask_report("who-helps", grop="group:refugees")
    assert slot.value.nearest == ("group",)


def test_an_open_slot_is_asked_back_with_every_value_that_has_an_answer(ask_report: Ask):
    found = ask_report("who-helps")
    assert found.outcome == "clarify"
    offered = {TERMS.compress(option.slots["group"]) for option in found.options}
    assert offered == {
        "group:refugees",
        "group:disadvantaged-families",
        "group:people-with-substance-use-problems",
        "group:disadvantaged-in-housing-market",
    }
    assert ask_report("views-of").outcome == "clarify", "a view needs a holder or an issue"


def test_silence_says_what_is_known_and_where_it_was_looked(ask_report: Ask):
    found = ask_report("who-helps", group="group:homeless-people")
    assert found.outcome == "silent"
    assert found.sources
    assert [(note.code, list(map(plain, note.about))) for note in found.known] == [
        ("mentioned", ["group:homeless-people"])
    ]
    assert "bustadlause" in found.sentence["nn"]


def test_the_organiser_of_an_initiative_is_told_where_a_source_says_it(ask_report: Ask):
    found = ask_report("organiser-of", initiative="initiative:bergen-bidrar")
    assert (found.outcome, found.sentence["nn"]) == ("answer", "Bergen kommune driv Bergen bidrar.")
    (row,) = found.rows
    assert list(map(plain, row.cells)) == ["actor:bergen-kommune", "initiative:bergen-bidrar"]
    assert (row.basis, row.modality) == ("stated", "actual")
    (evidence,) = row.evidence
    assert "Bergen kommune" in (evidence.text or "")
    assert evidence.passage


def test_an_organiser_that_no_source_states_is_silence_with_what_is_known(ask_report: Ask):
    found = ask_report("organiser-of", initiative="initiative:bokontakt")
    assert (found.outcome, found.rows) == ("silent", ())
    assert found.sentence["nn"] == "Kjeldene seier ikkje kven som driv Bokontakt."
    assert found.sentence["en"] == "The sources do not say who runs Bokontakt."
    assert found.sources
    assert [(note.code, list(map(plain, note.about))) for note in found.known] == [
        ("mentioned", ["initiative:bokontakt"])
    ]
    told = to_json(ask_report("organiser-of"), "nb", TERMS)
    assert (told["outcome"], [each["sentence"] for each in told["options"]]) == (
        "clarify",
        ["Hvem driver Bergen bidrar?"],
    )


def test_three_questions_about_organisers_agree(ask_report: Ask):
    pairs = {tuple(map(plain, row.cells)) for row in ask_report("initiatives-of-actor").rows}
    without = {plain(row.cells[0]) for row in ask_report("no-stated-organiser").rows}
    initiatives = without | {initiative for _, initiative in pairs}
    assert len(initiatives) == 6
    found = [ask_report("organiser-of", initiative=str(each)) for each in initiatives]
    assert {tuple(map(plain, row.cells)) for each in found for row in each.rows} == pairs
    assert {TERMS.compress(each.slots["initiative"]) for each in found if each.outcome == "silent"} == without


def test_an_absence_has_no_evidence_and_names_the_sources(ask_report: Ask):
    told = to_json(ask_report("no-stated-organiser"), "nn", TERMS)
    assert {(row["basis"], row["modality"], len(row["evidence"])) for row in told["rows"]} == {(None, None, 0)}
    assert [source["label"] for source in told["sources"]] == ["Ervik & Lindén 2016"]
    assert "Ervik & Lindén 2016" in told["sentence"]


def test_a_retold_passage_is_never_called_a_quotation(ask_report: Ask):
    found = ask_report("who-helps", group="group:refugees")
    assert not any(each.verbatim for row in found.rows for each in row.evidence)
    assert "Attgjeving (våre ord)" in to_text(found, "nn", CATALOGUE, TERMS)
    assert "«" not in to_text(found, "nn", CATALOGUE, TERMS)


def test_a_reading_tells_its_reason(ask_report: Ask):
    rows = ask_report("initiatives-in-place", place="place:bergen").rows
    reasons = {plain(row.cells[0]): [each.because for each in row.evidence] for row in rows}
    assert not any(reasons["initiative:bokontakt"])
    assert all({text.lang for text in reason} >= set(LANGUAGES) for reason in reasons["initiative:bergen-bidrar"])


def test_csv_opens_in_a_spreadsheet(ask_report: Ask):
    text = to_csv(ask_report("who-helps", group="group:refugees"), "nn", TERMS)
    assert text.startswith("\ufeff")
    assert text.count("\r\n") == text.count("\n")
    lines = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    tail = ["basis", "modality", "holder", "text", "locator", "source", "statement"]
    assert list(lines[0]) == ["initiative", "initiative_iri", "does", "does_iri", "what", "what_iri", *tail]
    assert len(lines) == 7
    assert all(line["statement"].startswith("https://") and line["text"] for line in lines)
    assert {line["initiative"] for line in lines} >= {"Bergen bidrar", "Mestringsguiden"}


def test_jsonld_holds_the_statements_and_their_passages(ask_report: Ask, report_engine: Engine):
    found = ask_report("about-source", source="source:ervik-linden-2016")
    front = json.loads(to_jsonld(found, report_engine, CATALOGUE))
    assert any(node["@id"].startswith(f"{TERMS.base}id/passage/") for node in front)
    found = ask_report("who-helps", group="group:refugees")
    nodes = {node["@id"]: node for node in json.loads(to_jsonld(found, report_engine, CATALOGUE))}
    evidence = [each for row in found.rows for each in row.evidence]
    assert {each.statement for each in evidence} | {each.passage for each in evidence} <= set(nodes)
    assert any("http://www.w3.org/ns/oa#exact" in node for node in nodes.values())


def test_the_same_question_gives_the_same_bytes(ask_report: Ask):
    asked = [ask_report("views-of", issue="issue:tendering") for _ in range(2)]
    first, second = (json.dumps(to_json(each, "nb", TERMS)) for each in asked)
    assert first == second


# A richer data set: what was silent or partial answers, without a change to the questions.

RICHER = """
<{st}x-pays> <{rdf}type> <{bso}Statement> .
<{st}x-pays> <{rdf}type> <{bso}Fact> .
<{st}x-pays> <{rdf}subject> <{id}initiative/bergen-bidrar> .
<{st}x-pays> <{rdf}predicate> <{bso}fundedBy> .
<{st}x-pays> <{rdf}object> <{id}actor/husbanken> .
<{st}x-pays> <{bso}basis> <{kos}code/of-type> .
<{st}x-pays> <{bso}modality> <{kos}code/actual> .
<{st}x-pays> <{bso}source> <{id}source/other> .
<{st}x-pays> <{bso}passage> <{id}passage/other-1-9> .
<{st}x-pays> <{bso}text> "=Husbanken betaler" .
<{st}x-pays> <{bso}locator> "side 1" .
<{st}x-pays> <{bso}verbatim> "true"^^<http://www.w3.org/2001/XMLSchema#boolean> .
<{st}x-trial> <{rdf}type> <{bso}Fact> .
<{st}x-trial> <{rdf}type> <{bso}Statement> .
<{st}x-trial> <{rdf}subject> <{id}initiative/bergen-bidrar> .
<{st}x-trial> <{rdf}predicate> <{bso}stage> .
<{st}x-trial> <{rdf}object> <{kos}code/established> .
<{st}x-trial> <{bso}source> <{id}source/other> .
<{st}x-trial> <{bso}basis> <{kos}code/stated> .
<{id}initiative/bergen-bidrar> <{bso}fundedBy> <{id}actor/husbanken> .
<{st}x-sum> <{rdf}type> <{bso}Statement> .
<{st}x-sum> <{rdf}type> <{bso}Fact> .
<{st}x-sum> <{rdf}subject> <{id}award/x> .
<{st}x-sum> <{rdf}predicate> <{bso}amount> .
<{st}x-sum> <{rdf}object> "250000"^^<http://www.w3.org/2001/XMLSchema#decimal> .
<{st}x-sum> <{bso}basis> <{kos}code/stated> .
<{st}x-coin> <{rdf}type> <{bso}Statement> .
<{st}x-coin> <{rdf}type> <{bso}Fact> .
<{st}x-coin> <{rdf}subject> <{id}award/x> .
<{st}x-coin> <{rdf}predicate> <{bso}currency> .
<{st}x-coin> <{rdf}object> "EUR" .
<{st}x-coin> <{bso}basis> <{kos}code/stated> .
<{id}actor/husbanken> <{rdf}type> <{bso}PublicBody> .
<{id}source/other> <{rdf}type> <{bso}Source> .
<{id}source/other> <{bso}year> "2018"^^<http://www.w3.org/2001/XMLSchema#integer> .
<{id}source/other> <{bso}access> <{kos}code/open> .
<{id}source/other> <{bso}author> <{id}actor/jill-loga> .
<{id}source/other> <{bso}url> "https://example.org/report"^^<http://www.w3.org/2001/XMLSchema#anyURI> .
"""

# One statement a line: name, and its keys. Views of three interviews, money, another project.
STATEMENTS = """
under Fact rdf:subject=initiative:bergen-bidrar rdf:predicate=bso:fundedUnder rdf:object=instrument:grant-schemes
runs Fact rdf:subject=initiative:bokontakt rdf:predicate=bso:providedBy rdf:object=actor:bergen-kommune
helps Fact rdf:subject=initiative:bokontakt rdf:predicate=bso:providedBy rdf:object=actor:husbanken
denies Denial bso:ofSubject=initiative:tillitsperson bso:ofPredicate=bso:providedBy bso:ofObject=actor:husbanken
elsewhere Fact rdf:subject=project:other rdf:predicate=bso:participant rdf:object=actor:jill-loga
critic Stance bso:holder=actor:bergen-kommune bso:about=issue:tendering bso:polarity=code:negative
first Stance bso:holder=actor:tenants bso:about=issue:tendering bso:polarity=code:negative bso:source=source:i1
second Stance bso:holder=actor:tenants bso:about=issue:tendering bso:polarity=code:negative bso:source=source:i2
third Stance bso:holder=actor:tenants bso:about=issue:tendering bso:polarity=code:negative bso:source=source:i3
lone Stance bso:holder=actor:landlords bso:about=issue:tendering bso:polarity=code:negative bso:source=source:i1
x-to Fact rdf:subject=award:x rdf:predicate=bso:awardedTo rdf:object=initiative:tillitsperson
x-by Fact rdf:subject=award:x rdf:predicate=bso:awardedBy rdf:object=actor:husbanken
x-under Fact rdf:subject=award:x rdf:predicate=bso:awardedUnder rdf:object=instrument:grant-schemes
x-owner Fact rdf:subject=instrument:grant-schemes rdf:predicate=bso:paidBy rdf:object=actor:public-actors
"""
TRIPLES = """
initiative:bergen-bidrar bso:fundedUnder instrument:grant-schemes
project:other bso:participant actor:jill-loga
project:other rdf:type bso:ResearchProject
source:i1 rdf:type bso:Interview
source:i2 rdf:type bso:Interview
source:i3 rdf:type bso:Interview
award:x bso:awardedTo initiative:tillitsperson
award:x bso:awardedBy actor:husbanken
award:x bso:awardedUnder instrument:grant-schemes
"""


def more_triples() -> Iterator[str]:
    for line in STATEMENTS.split("\n"):
        name, _, rest = line.partition(" ")
        kind, *keys = rest.split() or [""]
        for key in [f"rdf:type=bso:{kind}", "rdf:type=bso:Statement", "bso:basis=code:stated", *keys] if kind else []:
            yield f"st:{name} {key.replace('=', ' ')}"
    yield from TRIPLES.strip().split("\n")


@pytest.fixture(scope="module")
def ask_richer(report_snapshot: Snapshot, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    own = (path.read_text(encoding="utf-8") for path in report_snapshot.quad_files())
    triples = "".join(re.sub(r" <[^>]*> \.$", " .", text, flags=re.MULTILINE) for text in own)
    names = {"id": f"{TERMS.base}id/", "kos": f"{TERMS.base}kos/", "st": TERMS.prefixes["st"]}
    more = RICHER.format(**names, bso=TERMS.prefixes["bso"], rdf=TERMS.prefixes["rdf"])
    path = tmp_path_factory.mktemp("richer") / "data.nt"
    more += "".join(f"{' '.join(f'<{TERMS.expand(each)}>' for each in line.split())} .\n" for line in more_triples())
    path.write_text(triples + more, encoding="utf-8")
    engine = open_files([path])
    yield lambda question, **slots: answer(engine, CATALOGUE, TERMS, question, slots)
    engine.close()


def codes(found: Answer) -> set[str]:
    return {note.code for note in found.notes}


def test_two_organisers_are_counted_and_a_denied_one_is_told(ask_richer: Ask):
    found = ask_richer("organiser-of", initiative="initiative:bokontakt")
    assert found.sentence["nn"] == "To aktørar driv Bokontakt: Bergen kommune og Husbanken."
    assert {row.basis for row in found.rows} == {"stated"}
    found = ask_richer("organiser-of", initiative="initiative:tillitsperson")
    assert found.outcome == "silent"
    assert [(note.code, list(map(plain, note.about))) for note in found.known] == [("denied", ["actor:husbanken"])]
    assert found.known[0].text["nb"] == "En kilde sier at Husbanken ikke driver Tillitsperson."


def test_a_known_payer_fills_the_gap(ask_richer: Ask):
    found = ask_richer("who-helps-and-who-pays", group="group:refugees", place="place:bergen")
    assert [plain(row.cells[3]) for row in found.rows] == ["actor:husbanken"]
    assert [row.basis for row in found.rows] == ["of-type"]
    assert "payer-not-stated" not in codes(found)


def test_a_chain_that_begins_with_money_is_no_longer_silent(ask_richer: Ask):
    found = ask_richer("money-chain", initiative="initiative:bergen-bidrar")
    assert found.outcome == "answer"
    assert not {"instrument-not-stated", "payer-not-stated"} & codes(found)
    assert {plain(row.cells[7]) for row in found.rows} == {"group:refugees", "group:disadvantaged-in-housing-market"}
    assert "Husbanken" in found.sentence["nb"]


def test_an_award_to_the_initiative_is_a_chain_with_its_amount_and_currency(ask_richer: Ask):
    (row,) = ask_richer("money-chain", initiative="initiative:tillitsperson").rows
    chain = dict(zip((column.name for column in CATALOGUE["money-chain"].columns), map(plain, row.cells), strict=True))
    assert (chain["payer"], chain["amount"]) == ("actor:husbanken", "250000 EUR")
    assert (chain["instrument"], chain["owner"], chain["administrator"]) == (
        "instrument:grant-schemes",
        "actor:public-actors",
        None,
    )


def test_a_second_source_can_be_compared_and_contradict(ask_richer: Ask):
    assert "one-source-only" not in codes(ask_richer("described-over-time", initiative="initiative:bergen-bidrar"))
    found = ask_richer("contradictions")
    assert found.outcome == "answer"
    row = [plain(cell) for cell in found.rows[0].cells]
    assert row[:2] == ["initiative:bergen-bidrar", "bso:stage"]
    assert {row[2], row[4]} == {"code:trial", "code:established"}


def test_groups_left_without_help_are_those_nobody_else_helps(ask_richer: Ask):
    found = ask_richer("counterfactual", instrument="instrument:grant-schemes")
    assert found.outcome == "answer"
    assert {(plain(row.cells[1]), plain(row.cells[2])) for row in found.rows} == {
        ("group:refugees", None),
        ("group:disadvantaged-in-housing-market", None),
    }


def test_views_are_counted_only_where_three_interviews_stand_behind_them(ask_richer: Ask):
    found = ask_richer("stance-by-actor-type", issue="issue:tendering")
    assert [tuple(map(plain, row.cells)) for row in found.rows] == [("actor:tenants", "code:negative", "3", "0")]


def test_a_paid_critic_and_a_person_in_two_projects_are_found(ask_richer: Ask):
    (row,) = ask_richer("autonomy").rows
    assert list(map(plain, row.cells)) == ["actor:bergen-kommune", "actor:husbanken", "issue:tendering"]
    project = "project:frivillig-sektor-og-bustadsosialt-arbeid"
    (row,) = ask_richer("people-across-projects", project=project).rows
    assert list(map(plain, row.cells)) == ["actor:jill-loga", f"{project}-part-one", "project:other"]


def test_metadata_without_a_passage_gives_the_address(ask_richer: Ask):
    (row,) = ask_richer("about-source", source="source:other").rows
    assert row.basis == "stated"
    assert {(each.passage, each.locator) for each in row.evidence} == {(None, "https://example.org/report")}


def test_a_cell_that_a_spreadsheet_would_run_is_made_harmless(ask_richer: Ask):
    text = to_csv(ask_richer("money-chain", initiative="initiative:bergen-bidrar"), "nn", TERMS)
    fields = next(csv.reader(io.StringIO(text.splitlines()[1])))
    assert not [field for field in fields if field.startswith("=")]
    assert any(field.startswith("'=Husbanken") for field in fields)


# The catalogue itself.


@pytest.mark.parametrize("question", list(CATALOGUE), ids=lambda question: question.id)
def test_a_template_is_whole(question):
    openings = {opening.name for opening in question.openings}
    assert {name for said in question.phrasings.values() for each in said for name in each.asks} <= openings
    for language in LANGUAGES:
        assert question.title[language]
        assert len(question.phrasings[language]) >= 2
        marks = {mark for phrasing in question.phrasings[language] for mark in (*phrasing.marks, *phrasing.filled)}
        assert marks <= openings
    assert {slot.name for slot in question.slots} <= question.query.placeholders
    assert set(question.sentences) == {"none", "one", "many"}
    assert question.group in CATALOGUE.groups
    assert {column.name for column in question.columns} >= set(question.metadata)
    assert "ORDER BY" in question.query.text
    for statement in re.findall(r"\?st\d*\b", question.query.text.partition("{")[0]):
        assert statement in question.query.text.rpartition("ORDER BY")[2], "the order of rows is left open"


def test_the_catalogue_carries_every_competency_question():
    carried = sorted(number for question in CATALOGUE for number in question.cq)
    assert carried == [int(path.stem) for path in FIELD_ANSWERS if path.stem.isdecimal()]


def test_no_phrasing_is_shared_by_two_templates():
    owners: defaultdict[str, set[str]] = defaultdict(set)
    for question in CATALOGUE:
        types = {opening.name: f"<{' or '.join(sorted(opening.types))}>" for opening in question.openings}
        for phrasing in (each for phrasings in question.phrasings.values() for each in phrasings):
            owners[phrasing.text.format_map(types).casefold().strip(" ?")].add(question.id)
    assert {text: ids for text, ids in owners.items() if len(ids) > 1} == {}


def test_a_query_refuses_what_is_no_iri():
    query = Query("SELECT * WHERE { VALUES ?x { UNDEF } ?x ?y ?z }")
    assert (
        query.bind(x=["https://example.org/a"])
        == "SELECT * WHERE { VALUES ?x { <https://example.org/a> } <https://example.org/a> ?y ?z }"
    )
    for hostile in ("https://example.org/> } #", "a b", "x", 'https://example.org/"', "https://example.org/\n"):
        with pytest.raises(ValueError, match="not an IRI"):
            query.bind(x=[hostile])
    with pytest.raises(KeyError):
        query.bind(other=["https://example.org/a"])


def test_the_sentence_says_what_is_only_read_out_of_the_source(ask_report: Ask):
    helped = ask_report("who-helps", group="group:refugees").sentence
    assert helped["nn"].endswith("For Bergen bidrar og Mestringsguiden er dette tolka, ikkje sagt direkte.")
    assert helped["en"].endswith("this is interpreted, not stated outright.")
    assert "tolka" not in ask_report("who-helps", group="group:disadvantaged-families").sentence["nn"]


def test_a_source_that_is_only_known_has_no_front_matter_to_show(ask_report: Ask):
    rows = ask_report("about-source").rows
    assert {TERMS.compress(row.cells[0].iri) for row in rows} > {"source:loga-eimhjellen-lied-2015"}
    assert all(each.text for row in rows for each in row.evidence)
