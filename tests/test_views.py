"""What pages are made of: from graph to view object, without HTTP."""

import doctest
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from kg.engine import Engine, open_files
from kg.questions import answer
from kg.terms import Terms
from web import language, views
from web.views import answers
from web.views.lookup import Lookup, Name
from web.views.stances import MatrixCell
from web.views.statements import original, web_address

SOURCE = "ervik-linden-2016"

PREFIXES = Terms().sparql_prefixes()

SMALL = """
source:report a bso:Source, bso:Document ; dcterms:title "Ein rapport"@nn ; skos:prefLabel "Rapport 2020"@nn ;
  bso:access code:open ; bso:codedExtent code:EXTENT ; bso:digest false ; dcterms:language "nn" ;
  bso:url "https://example.org/rapport" ; bso:year 2020 .
actor:public a bso:ActorGroup ; skos:prefLabel "offentlege"@nn .
actor:ideal a bso:ActorGroup ; skos:prefLabel "ideelle"@nn .
actor:field a bso:ActorGroup ; skos:prefLabel "feltet"@nn .
issue:fees a bso:Issue ; skos:prefLabel "gebyr"@nn, "<script>alert(1)</script>"@en .
issue:room a bso:Issue ; skos:prefLabel "rom"@nn .
initiative:hall a bso:Initiative ; skos:prefLabel "Hallen"@nn, "Hallen"@nb, "Hallen"@en ; skos:altLabel "The Hall"@en .
STATEMENTS
"""

STATEMENT = """
st:report-me-{id} a bso:Statement, bso:{kind}{view} ; bso:basis code:stated ; bso:modality code:actual ;
  bso:source source:report ;
  bso:passage passage:report-{at} ; bso:text "Dette er sagt."@nn ; bso:verbatim true ; bso:locator "s. 1" ; {rest} .
"""


def small_graph(folder: Path, extent: str = "complete", *statements: str) -> Engine:
    text = SMALL.replace("EXTENT", extent).replace("STATEMENTS", "".join(statements))
    file = folder / "small.trig"
    graph = f"<{Terms().base}graph/dataset> {{ {text} }}"
    file.write_text(re.sub("PREFIX (.*)\n", r"@prefix \1 .\n", PREFIXES) + text + graph, encoding="utf-8")
    return open_files([file])


def said(id: str, kind: str, rest: str, at: str = "0-14") -> str:
    return STATEMENT.format(id=id, kind=kind, view="" if kind == "Fact" else ", bso:View", rest=rest, at=at)


@pytest.fixture
def stances(tmp_path: Path) -> Iterator[Lookup]:
    """Public actors are critical of fees, idealist ones deny a problem with room; who is in the field is left open."""
    engine = small_graph(
        tmp_path,
        "complete",
        said("1", "Stance", "bso:about issue:fees ; bso:holder actor:public ; bso:polarity code:negative"),
        said("2", "Stance", "bso:about issue:room ; bso:holder actor:ideal ; bso:deniedPolarity code:negative"),
        said("3", "Remark", 'bso:about issue:room ; bso:holder actor:field ; bso:says "Det er opptatt."@nn'),
        said(
            "4",
            "Fact",
            "rdf:subject actor:field ; rdf:predicate bso:boundaryUnclearWith ; rdf:object actor:public",
        ),
    )
    yield Lookup(engine, Terms(), "nn")
    engine.close()


@pytest.fixture
def field(report_engine: Engine) -> Lookup:
    return Lookup(report_engine, Terms(), "nn")


class Counting:
    """An engine that counts what it is asked."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.asked = engine, 0

    def select(self, text: str, **options: float | None):
        self.asked += 1
        return self.engine.select(text, **options)


def cells(matrix: views.Matrix, issue: str) -> dict[str, MatrixCell]:
    row = next(row for row in matrix.rows if row.issue.text == issue)
    return {cell.group.text: cell for cell in row.cells}


def test_an_evaluation_has_its_colour_and_a_remark_has_none(stances):
    matrix = views.matrix(stances)

    assert [entry.tone for entry in cells(matrix, "gebyr")["offentlege"].entries] == ["negative"]
    assert [entry.tone for entry in cells(matrix, "rom")["feltet"].entries] == ["plain"]


def test_a_denied_criticism_is_neither_praise_nor_silence(stances):
    entry = cells(views.matrix(stances), "rom")["ideelle"].entries[0]

    assert entry.tone == "denied"
    assert entry.statement.evaluation is None


def test_an_empty_cell_says_that_coded_sources_are_silent(stances):
    assert cells(views.matrix(stances), "gebyr")["ideelle"].gap.kind == "silent"


def test_an_empty_cell_says_that_membership_is_left_open_and_where(stances):
    gap = cells(views.matrix(stances), "gebyr")["feltet"].gap

    assert gap.kind == "open"
    assert gap.within.text == "offentlege"
    assert gap.statement == "/nn/statement/report-me-4"


def test_an_empty_cell_says_that_a_source_is_not_coded_yet(tmp_path):
    engine = small_graph(
        tmp_path,
        "partial-coding",
        said("1", "Stance", "bso:about issue:fees ; bso:holder actor:public ; bso:polarity code:negative"),
        said("2", "Remark", "bso:about issue:room ; bso:holder actor:ideal"),
    )
    matrix = views.matrix(Lookup(engine, Terms(), "nn"))
    engine.close()

    assert cells(matrix, "gebyr")["ideelle"].gap.kind == "not-coded"
    assert [name.text for name in matrix.unread] == ["Rapport 2020"]


def test_nothing_is_called_unknown_before_a_source_is_coded_whole(tmp_path):
    fact = "rdf:subject initiative:hall ; rdf:predicate bso:providedBy ; rdf:object actor:public"
    engine = small_graph(tmp_path, "partial-coding", said("1", "Fact", fact))
    page = views.entity_page(Lookup(engine, Terms(), "nn"), "initiative", "hall")
    engine.close()

    assert not page.unknown.coded
    assert page.unknown.questions == ()


def test_what_coded_sources_leave_out_is_listed_and_what_they_say_is_not(tmp_path):
    fact = "rdf:subject initiative:hall ; rdf:predicate bso:providedBy ; rdf:object actor:public"
    denial = "bso:ofSubject initiative:hall ; bso:ofPredicate bso:fundedBy ; bso:ofObject actor:public"
    engine = small_graph(tmp_path, "complete", said("1", "Fact", fact), said("2", "Denial", denial))
    page = views.entity_page(Lookup(engine, Terms(), "nn"), "initiative", "hall")
    engine.close()

    assert "Kven det er for" in page.unknown.questions
    assert "Kven som står bak" not in page.unknown.questions
    assert "Kven som betaler" not in page.unknown.questions
    assert [each.kind for each in page.reserved] == ["Denial"]


def test_a_word_in_another_language_carries_its_tag(tmp_path):
    engine = small_graph(tmp_path)
    nynorsk = views.entity_page(Lookup(engine, Terms(), "nn"), "initiative", "hall")
    english = views.entity_page(Lookup(engine, Terms(), "en"), "issue", "room")
    engine.close()

    assert nynorsk.name.lang is None
    assert [(name.text, name.lang) for name in nynorsk.others.values] == [("The Hall", "en")]
    assert (english.name.text, english.name.lang) == ("rom", "nn")


def test_nothing_under_a_name_is_nothing(field):
    assert views.entity_page(field, "actor", "nobody") is None
    assert views.entity_page(field, "actor", "a> <b") is None
    assert views.source_page(field, "nothing", None, None) is None
    assert views.passage_page(field, "ervik-linden-2016-1-2") is None
    assert views.statement_page(field, "no-such") is None
    assert views.list_page(field, "nonsense", 1) is None


def test_an_initiative_shows_how_each_fact_is_known(field):
    page = views.entity_page(field, "initiative", "bergen-bidrar")
    known = {
        (prop.name.text, claim.value.text): {statement.basis for statement in claim.statements}
        for prop in page.said
        for claim in prop.claims
    }
    place = next(basis for (_, value), basis in known.items() if value == "Bergen")
    organiser = next(basis for (_, value), basis in known.items() if value == "Bergen kommune")

    assert place == {"interpreted"}
    assert organiser == {"stated"}
    assert "Kven som betaler" in page.unknown.questions
    assert [source.text for source in page.unknown.sources] == ["Ervik & Lindén 2016"]


def test_a_municipality_does_not_inherit_the_views_of_public_actors(field):
    page = views.entity_page(field, "actor", "bergen-kommune")

    assert page.own_views == ()
    assert "Kva dei sjølve meiner" in page.unknown.questions
    assert views.entity_page(field, "actor", "public-actors").own_views


def test_every_actor_of_the_field_shows_a_passage(field_engine, counts):
    lookup = Lookup(field_engine, Terms(), "nn")
    actors = [row["thing"].value.rpartition("/")[2] for row in lookup.rows("facets", kind=[lookup.own("Actor")])]
    pages = {slug: views.entity_page(lookup, "actor", slug) for slug in dict.fromkeys(actors)}
    counts("actors", len(pages))

    assert len(pages) > 60
    assert [slug for slug, page in pages.items() if page and not any(each.href for each in page.proofs)] == []


def test_an_author_of_whom_nothing_is_said_shows_where_the_name_stands(field_engine):
    page = views.entity_page(Lookup(field_engine, Terms(), "nn"), "actor", "melina-roe")
    (behind,) = page.behind
    proof = next(proof for proof in page.proofs if proof.number == behind.number)

    assert behind.role.text == "forfattar"
    assert "Røe" in proof.text
    assert proof.href.startswith("/nn/passage/roe-")


@pytest.mark.parametrize(("tongue", "money"), [("nn", "6 300 000 norske kroner"), ("en", "6,300,000 Norwegian kroner")])
def test_an_amount_is_written_in_the_language_of_the_page_with_its_passage(field_engine, tongue, money):
    lookup = Lookup(field_engine, Terms(), tongue)
    page = views.entity_page(lookup, "instrument", "eea-threshold-health-and-social-services")
    claims = {claim.value.text.replace("\xa0", " "): claim for each in page.said for claim in each.claims}

    assert money in claims
    assert all(statement.passage for statement in claims[money].statements)


def test_a_month_is_written_in_words(field_engine):
    lookup = Lookup(field_engine, Terms(), "nn")
    page = views.entity_page(lookup, "project", "frivillig-sektor-og-bustadsosialt-arbeid-part-two")
    said = {claim.value.text for each in page.said for claim in each.claims}

    assert {"september 2016", "desember 2016"} <= said
    assert not [line for line in page.identity if "2016" in " ".join(name.text for name in line.values)]


def test_an_award_shows_who_gave_it_to_whom_and_what_is_not_known_of_it(field_engine):
    page = views.entity_page(Lookup(field_engine, Terms(), "nn"), "award", "competence-grant-ntnu-2015")
    said = {each.name.text for each in page.said}

    assert page.kind_name == "tildeling"
    assert {"tildelt av", "tildelt til", "tildelt gjennom"} <= said


DATED = """
actor:office prov:specializationOf actor:none .
actor:public-name-1 a prov:Entity ; prov:specializationOf actor:public ; bso:name "Forvaltninga"@nn ;
  bso:periodStart "2008-01" ; bso:periodEnd "2019-12" .
"""


def test_a_dated_name_has_a_page_under_that_name_and_stands_with_its_time(tmp_path):
    engine = small_graph(tmp_path, "complete", DATED)
    lookup = Lookup(engine, Terms(), "nn")
    name, whole = (views.entity_page(lookup, "actor", slug) for slug in ("public-name-1", "public"))
    engine.close()

    assert name.name.text == "Forvaltninga"
    assert "offentlege" in [value.text for line in name.identity for value in line.values]
    assert "Forvaltninga (januar 2008–desember 2019)" in [
        value.text for line in whole.identity for value in line.values
    ]


def test_what_a_rule_derived_says_so(field):
    page = views.entity_page(field, "actor", "bergen-kommune")
    derived = [claim for prop in page.said for claim in prop.claims if claim.why]

    assert derived
    assert all(not claim.statements for claim in derived)


def test_less_agreement_is_not_called_disagreement(field):
    page = views.matrix(field)
    tags = {row.issue.text: {statement.kind for statement in row.relations} for row in page.rows}

    assert {"LessAgreement"} in tags.values()
    assert not any("Disagreement" in kinds for kinds in tags.values())


def test_the_matrix_names_no_author_as_a_group(field):
    groups = {group.text for group in views.matrix(field).groups}

    assert "offentlege aktørar" in groups
    assert not groups & {"Rune Ervik", "Tord Skogedal Lindén"}


def test_many_groups_are_listed_issue_by_issue_and_chosen_ones_beside_each_other(field_engine):
    lookup = Lookup(field_engine, Terms(), "nn")
    whole = views.matrix(lookup)
    assert whole.crowded
    assert all(cell.entries or cell.gap.kind == "open" for row in whole.rows for cell in row.told)
    two = views.matrix(lookup, ["actor:husbanken", "actor:ks", "actor:nobody"])
    assert [lookup.terms.compress(group.iri) for group in two.chosen] == ["actor:husbanken", "actor:ks"]
    assert not two.crowded
    assert all(len(row.cells) == 2 and row.told for row in two.rows)
    assert 0 < len(two.rows) < len(whole.rows)


def test_the_lit_text_is_the_text(field, report_snapshot):
    document = report_snapshot.document(SOURCE)
    page = views.source_page(field, SOURCE, document, None)

    assert len(page.blocks) == len(document.blocks)
    for shown, block in zip(page.blocks, document.blocks, strict=True):
        assert "".join(piece.text for piece in shown.pieces) == document.text[block.start : block.end]


def test_every_statement_of_a_source_stands_beside_its_text_once(field, report_snapshot):
    page = views.source_page(field, SOURCE, report_snapshot.document(SOURCE), None)
    beside = [statement.iri for block in page.blocks for statement in block.statements]

    assert sorted(beside) == sorted(statement.iri for statement in page.statements.all)
    assert page.unplaced == ()


def test_the_chosen_passage_is_lit_whole_and_nothing_else(field, report_snapshot):
    document = report_snapshot.document(SOURCE)
    page = views.source_page(field, SOURCE, document, None)
    wanted = page.blocks[-1].statements[0].passage.rpartition(f"{SOURCE}-")[2]
    start, end = map(int, wanted.split("-"))
    page = views.source_page(field, SOURCE, document, wanted)
    lit = "".join(piece.text for block in page.blocks for piece in block.pieces if piece.chosen)

    assert lit == document.text[start:end]


def test_a_passage_leads_to_its_statements_and_back(field):
    statement = views.entity_page(field, "initiative", "bokontakt").statements.all[0]
    page = views.passage_page(field, statement.passage.rpartition("/")[2])

    assert statement.iri in {each.iri for each in page.statements.all}
    assert page.context.startswith(f"/nn/source/{SOURCE}?passage=")


@pytest.mark.parametrize(
    ("kind", "slug"), [("actor", "public-actors"), ("target-group", "refugees"), ("place", "oslo")]
)
def test_a_page_asks_the_same_few_queries_however_much_is_said(report_engine, kind, slug):
    engine = Counting(report_engine)
    views.entity_page(Lookup(engine, Terms(), "nn"), kind, slug)

    assert engine.asked <= 10


def test_the_page_of_an_issue_shows_the_groups_that_say_nothing_too(field):
    page = views.entity_page(field, "issue", "room-for-idealist-organisations")
    matrix = views.issue_matrix(field, page.statements, page.iri)

    assert [group.text for group in matrix.groups] == [group.text for group in views.matrix(field).groups]
    assert len(matrix.rows) == 1
    assert {cell.gap.kind for cell in matrix.rows[0].cells if cell.gap} == {"silent", "open"}


@pytest.fixture
def wide(field_engine: Engine) -> Lookup:
    return Lookup(field_engine, Terms(), "nn")


def test_the_matrix_comes_in_pages_that_together_are_all_of_it(wide):
    pages = [views.matrix_page(wide, number=1)]
    while pages[-1].more:
        pages.append(views.matrix_page(wide, number=len(pages) + 1))
    issues = [row.issue.iri for page in pages for row in page.matrix.rows]

    assert len(pages) > 1
    assert len(issues) == len(set(issues)) == pages[0].total


def test_the_matrix_is_narrowed_to_what_one_source_tells(wide):
    told = views.matrix_page(wide, source="source:ervik-linden-2016").matrix

    assert not told.crowded
    assert "offentlege aktørar" in {group.text for group in told.groups}
    assert "KS" not in {group.text for group in told.groups}


def test_a_statement_in_a_list_says_what_it_states(wide):
    page = views.list_page(wide, "statement", 1, {"source": "source:ervik-linden-2016", "kind": "Fact"})

    assert all(entry.statement and entry.statement.subject for entry in page.entries)


def test_the_matrix_asks_a_fixed_number_of_queries(report_engine):
    engine = Counting(report_engine)
    views.matrix(Lookup(engine, Terms(), "nn"))

    assert engine.asked <= 9


@pytest.mark.parametrize("tongue", ["nn", "nb", "en"])
def test_everything_listed_has_a_name_of_its_own(report_engine, tongue):
    lookup = Lookup(report_engine, Terms(), tongue)
    kinds = [kind for kind in views.SEGMENTS if kind not in ("coder", "coding", "statement", "passage")]
    entries = [entry for kind in kinds for entry in views.list_page(lookup, kind, 1).entries]

    assert len(entries) > 80
    assert [entry.name for entry in entries if ":" in entry.name.text or entry.name.lang] == []


def test_lists_stand_in_norwegian_order(field):
    names = [entry.name.text for entry in views.list_page(field, "actor", 1).entries]

    assert names == sorted(names, key=language.sort_key)
    assert language.sort_key("Åsane") > language.sort_key("Ølen") > language.sort_key("Oslo")


@pytest.mark.parametrize(
    ("words", "found"), [("bergen bidrar", "Bergen bidrar"), ("AU", "Alternativ utleie"), ("REFUGEES", "flyktningar")]
)
def test_search_finds_names_in_any_language_and_form(field, words, found):
    assert found in [entry.name.text for entry in views.search(field, words)]


def test_search_folds_the_letters_people_lack(field):
    hits = [entry.name.text for entry in views.search(field, "aktoerar")]

    assert "offentlege aktørar" in hits
    assert views.search(field, "   ") == ()


def test_an_answer_numbers_each_passage_once_and_every_row_points_at_its_own(field, report_publication):
    found = answer(field.engine, report_publication.catalogue, field.terms, "who-helps", {"group": "refugees"})
    page = views.answer_page(field, report_publication.catalogue, found, "abc")
    numbers = [proof.number for proof in page.proofs]

    assert numbers == list(range(1, len(numbers) + 1))
    assert all(row.proofs for row in page.rows)
    assert {number for row in page.rows for number in row.proofs} == set(numbers)
    assert page.pinned.endswith("v=abc")


def test_a_link_never_cuts_a_word():
    pieces = answers.woven("Delte merknader og ein merknad.", [Name("merknad", href="/nn/x")])

    assert [(piece.text, piece.href) for piece in pieces] == [
        ("Delte merknader og ein ", None),
        ("merknad", "/nn/x"),
        (".", None),
    ]


def test_the_sentence_links_the_things_it_names(field, report_publication):
    found = answer(field.engine, report_publication.catalogue, field.terms, "who-helps", {"group": "refugees"})
    page = views.answer_page(field, report_publication.catalogue, found, None)

    assert "".join(piece.text for piece in page.sentence) == found.sentence["nn"]
    assert "/nn/initiative/mestringsguiden" in [piece.href for piece in page.sentence]


def test_addresses_that_are_no_web_addresses_are_not_followed():
    assert web_address("javascript:alert(1)") is None
    assert web_address("https://example.org/") == "https://example.org/"
    assert original("https://example.org/a#b", "to-stegs, ord & meir") == (
        "https://example.org/a#:~:text=to%2Dstegs%2C%20ord%20%26%20meir"
    )


@pytest.mark.parametrize("module", [language, answers])
def test_examples_in_docstrings_hold(module):
    assert doctest.testmod(module).failed == 0
