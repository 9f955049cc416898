"""Nothing confidential leaves: neither in the public part of a corpus nor in anything that is written."""

import json
from dataclasses import fields, replace

import pytest
from small_corpus import CLOSED, CLOSED_TALK, CORPUS, ENTITIES, OPEN, REPORT, TALK, entity

from kg.dataset import to_dataset
from kg.disclosure import leaks, public
from kg.model import Coder, Corpus, LangText, Problem
from kg.terms import Terms


def names(corpus: Corpus) -> set[str]:
    return {entity.iri for entity in corpus.entities}


def found(text: str | bytes, corpus: Corpus = CORPUS, known: tuple[str, ...] = ()) -> set[str]:
    return {leak.kind for leak in leaks(corpus, [("data.nq", text)], known)}


# --- the public part -----------------------------------------------------------------------------


def test_only_open_sources_are_public():
    assert [source.id for source in public(CORPUS).sources] == ["report", "open-talk"]
    project = replace(CORPUS, sources=(replace(OPEN, access="project"),))
    assert public(project).sources == ()


def test_only_what_open_sources_lead_to_is_public():
    shown = names(public(CORPUS))
    assert {"initiative:fyrlykta", "actor:ada-vik", "actor:informant-1", "issue:tendering"} <= shown
    assert {"place:vestfylket", "place:landet"} <= shown, "by way of the place that is coded"
    assert not {"actor:informant-7", "actor:nottelitunet", "issue:barn", "place:never-used"} & shown
    assert "actor:small-idealist-actors" not in shown, "nobody spoke of them"


def test_what_only_a_candidate_names_is_not_public():
    guess = replace(OPEN.statements[0], status="candidate", subject="actor:nottelitunet")
    corpus = replace(CORPUS, sources=(replace(OPEN, statements=(guess,)),))
    assert "actor:nottelitunet" not in names(public(corpus))
    assert [statement.status for statement in public(corpus).sources[0].statements] == ["candidate"]


def test_withdrawn_and_rejected_statements_are_not_public():
    withdrawn = tuple(replace(OPEN.statements[0], id=status, status=status) for status in ("withdrawn", "rejected"))
    assert public(replace(CORPUS, sources=(replace(OPEN, statements=withdrawn),))).sources[0].statements == ()


def test_approvals_coder_names_and_reading_notes_stay_behind():
    _, talk = public(CORPUS).sources
    assert talk.approval is None
    assert [coder.name for coder in talk.coders] == ["first-reading"]
    assert talk.document.warnings == ()
    assert public(replace(CORPUS, name_coders=True)).sources[0].coders[0].name == "Fyrste lesing"


def test_problems_of_other_sources_stay_behind():
    problems = tuple(
        Problem(file, 1, "The quote is not in the text.")
        for file in ("sources/report/first-reading.coding.yaml", "sources/closed-talk/x.coding.yaml", "entities.yaml")
    )
    assert public(replace(CORPUS, problems=problems)).problems == problems[:1]


def test_all_that_a_public_source_holds_was_looked_at():
    """A new field of the model is not public until someone decides so; this test then wants to know."""
    assert {field.name for field in fields(OPEN)} - {"approval"} == {
        *("id", "kind", "title", "access", "authors", "lang", "short", "issued", "commissioner", "contractor"),
        *("publisher", "url", "retrieved", "sha256", "licence", "digest", "coded", "speakers", "document"),
        *("coders", "statements", "metadata_passages", "extent"),
    }


# --- the gate ------------------------------------------------------------------------------------


def test_the_public_data_passes_the_gate():
    data = to_dataset(public(CORPUS), Terms()).serialize(format="nquads")
    assert leaks(CORPUS, [("data.nq", data)]) == ()


def test_the_whole_data_does_not():
    data = to_dataset(CORPUS, Terms()).serialize(format="nquads")
    assert found(data) == {"words", "name", "source", "coder"}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("fekk nykelen til den gule låven", id="six words of the text"),
        pytest.param("FEKK, nykelen – til «den» gule\nLÅVEN!", id="with other case and punctuation"),
        pytest.param("fekk nykelen til den gule la\u030aven", id="decomposed"),
        pytest.param("fekk nykel\u00aden til den gule\u200b låven", id="with invisible characters"),
        pytest.param('"fekk nykelen til\\nden gule l\\u00E5ven"', id="escaped as in N-Quads"),
        pytest.param(json.dumps("fekk nykelen til den gule låven"), id="escaped as in JSON"),
        pytest.param("fekk nykelen til den gule låven".encode(), id="as bytes"),
        pytest.param("fekk-nykelen-til-den-gule-laven", id="as a slug"),
        pytest.param("ho gret då ho fortalde dette", id="a coder's note"),
        pytest.param("av systrene på den blå garden", id="a note on an entity used only there"),
    ],
)
def test_words_in_a_row_leak(text):
    assert "words" in found(text)


def test_entities_may_be_described_alike():
    words = {"en": "A house with more than two floors."}
    shown, hidden = (
        entity("initiative:naustet", "N", "X", definition=words),
        entity("actor:nottelitunet", "T", definition=words),
    )
    others = (known for known in ENTITIES if known.iri not in (shown.iri, hidden.iri))
    assert found(words["en"], replace(CORPUS, entities=(*others, shown, hidden))) == set()
    assert found(words["en"], replace(CORPUS, entities=(*others, hidden))) == {"words"}


def test_fewer_words_do_not():
    assert found("nykelen til den gule bua") == set()


def test_rows_of_figures_are_no_text():
    closed = replace(CLOSED, document=replace(CLOSED.document, text="Tal: 1 2 3 4 5 6 7 8"))
    assert found("10 1 2 3 4 5 6 7", replace(CORPUS, sources=(OPEN, closed))) == set()


def test_what_an_open_text_says_too_is_no_secret():
    quoting = replace(CLOSED, document=replace(CLOSED.document, text=REPORT[:70]))
    assert found(REPORT, replace(CORPUS, sources=(OPEN, quoting))) == set()
    assert found(REPORT, replace(CORPUS, sources=(quoting,))) == {"words"}


def test_what_the_program_itself_says_is_no_secret():
    assert found("fekk nykelen til den gule låven", known=("Me fekk nykelen til den gule låven",)) == set()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("<https://w3id.org/bustadgraf/id/actor/nottelitunet>", id="IRI"),
        pytest.param("actor:nottelitunet", id="CURIE"),
        pytest.param("Nøttelitunet", id="label"),
        pytest.param("på Nøttelitunets tun", id="genitive"),
        pytest.param("informant 7 sa", id="pseudonym"),
    ],
)
def test_names_used_only_there_leak(text):
    assert "name" in found(text)


def test_a_plain_word_that_is_also_a_label_is_no_name():
    topic = entity("issue:barn", "økonomi", "Issue")
    corpus = replace(CORPUS, entities=(*(known for known in ENTITIES if known.iri != "issue:barn"), topic))
    assert found("det handlar om økonomi", corpus) == set()


def test_names_that_open_sources_use_too_do_not_leak():
    used = replace(OPEN.statements[0], subject="actor:nottelitunet")
    corpus = replace(CORPUS, sources=(replace(OPEN, statements=(used,)), CLOSED))
    assert "name" not in found("actor:nottelitunet Nøttelitunet", corpus)


def test_a_declared_name_that_nobody_uses_is_no_secret():
    assert found("Ubrukt stad place:never-used") == set()


# --- names that nobody declared -------------------------------------------------------------------


def whispered(text: str, report: str = REPORT, **more: object) -> Corpus:
    """The corpus with *text* as its closed interview, which nobody has coded."""
    closed = replace(CLOSED, document=replace(CLOSED.document, text=text), statements=())
    shown = replace(OPEN, document=replace(OPEN.document, text=report))
    return replace(CORPUS, sources=(shown, TALK, closed), **more)


WHISPER = "Informant 7: Då ringde Torbjørg Måseskjer frå kommunen, og Per Olav Måkeli tok over. Ring meg då."


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("sagt av Torbjørg Måseskjer", id="as it stands"),
        pytest.param("Torbjørg Måseskjers ord", id="genitive"),
        pytest.param("TORBJØRG MÅSESKJER", id="shouted"),
        pytest.param("torbjorg-maseskjer-sa", id="as a slug"),
        pytest.param('"av Torbj\\u00F8rg\\nM\\u00E5seskjer"', id="escaped"),
        pytest.param("spør Måseskjer", id="the family name"),
        pytest.param("Per Måkeli", id="without the middle name"),
        pytest.param("Per Olav", id="without the family name"),
    ],
)
def test_a_name_that_nobody_declared_leaks(text):
    assert found(text, whispered(WHISPER)) == {"undeclared"}


@pytest.mark.parametrize(
    "text", ["sagt av Torbjørg", "Då ringde me", "Ring kommunen", "ho heiter Per", "eit måseskjer"]
)
def test_words_beside_such_a_name_do_not(text):
    assert found(text, whispered(WHISPER.replace("Torbjørg M", "Ada M"))) == set()


@pytest.mark.parametrize(
    ("closed", "written"),
    [
        pytest.param("Informant 7: A. Måseskjer sa det.", "hjå A. Måseskjer", id="initial"),
        pytest.param("Informant 7: Det var Ludvig van der Måse.", "Ludvig van der Måse", id="particles"),
        pytest.param("Informant 7: Det var Turid\nMåse.", "Turid Måse", id="over two lines"),
        pytest.param("Informant 7: Det var Turid Måse-Skjer.", "Turid Måse", id="half a double name"),
        pytest.param("Informant 7: Turid Måse sa det.", "Turid Måse", id="first in a sentence"),
        pytest.param("Informant 7: Sa Dag Måse det? Kvar dag.", "Dag Måse", id="a name that is a word too"),
        pytest.param("INTERVJU MED TURID MÅSE OM ALT", "Turid Måse", id="in a headline"),
        pytest.param("Ada Vik og Ada Måse var der.", "Ada Måse", id="the given name of somebody known"),
        pytest.param("Skriv til Turid Måse, turid.maase@example.org.", "Turid Måse", id="beside its address"),
    ],
)
def test_such_a_name_is_found_in_the_closed_text_however_it_stands(closed, written):
    assert "undeclared" in found(written, whispered(closed))


def test_a_name_in_a_coders_note_on_a_closed_source_leaks():
    noted = replace(CLOSED.statements[0], note="Etter det Turid Måse fortalde.")
    corpus = replace(CORPUS, sources=(OPEN, TALK, replace(CLOSED, statements=(noted,))))
    assert found("til Turid Måse", corpus) == {"undeclared"}


@pytest.mark.parametrize(
    ("closed", "written"),
    [
        pytest.param("Då Husbanken sa nei, gjekk det ikkje då.", "Då Husbanken sa nei", id="begins a sentence"),
        pytest.param("Nett då: «Og Husbanken?» Nei og nei.", "Og Husbanken", id="begins a quotation"),
        pytest.param("Hei, Ada. Vik unna.", "Ada Vik og Hei Ada", id="two sentences"),
        pytest.param("SÅ LANG ER LISTA\n\nså lang er lista", "Så Lang Er Lista", id="a headline of plain words"),
        pytest.param("Det var Ada Vik, sa Bo Li.", "Ada Vik og Bo Li", id="declared names"),
        pytest.param("Ved Fjordvik Kommune.", "Fjordvik Kommune", id="a declared name with other capitals"),
    ],
)
def test_what_only_looks_like_a_name_does_not_leak(closed, written):
    assert found(written, whispered(closed)) == set()


def test_a_name_that_is_public_elsewhere_is_no_secret():
    closed = "Det var Turid Måse og New York."
    assert found("Turid Måse", whispered(closed)) == {"undeclared"}
    assert found("Turid Måse", whispered(closed, report=f"{REPORT}\n\nTurid Måse leier Fyrlykta.")) == set()
    assert found("New York", whispered(closed), known=("Frå New York",)) == set()
    named = replace(OPEN, coders=(Coder("first-reading", "Turid Måse", "0.1.0", OPEN.coders[0].coded),))
    corpus = whispered(closed, name_coders=True)
    assert found("Turid Måse", replace(corpus, sources=(named, *corpus.sources[1:]))) == set()


def test_such_a_leak_says_what_to_do_and_not_whose_name_it_is():
    (leak,) = leaks(whispered(WHISPER), [("data.nq", "\nav Torbjørg Måseskjer")])
    assert str(leak).startswith("data.nq, line 2: what looks like a name")
    assert "entities.yaml" in str(leak)
    assert "seskjer" not in str(leak)


@pytest.mark.parametrize(
    "text",
    [
        "https://w3id.org/bustadgraf/id/source/closed-talk",
        "https://w3id.org/bustadgraf/graph/source/closed-talk",
        "sources/closed-talk/text.txt",
        "st:closed-talk-night-reading-barn",
        "Samtale på Nøttelitunet",
    ],
)
def test_the_existence_of_a_closed_source_leaks(text):
    assert "source" in found(text)


def test_another_source_with_a_like_id_is_another_source():
    assert found("https://w3id.org/bustadgraf/id/source/closed-talk-2 source:closed-talk-2") == set()


def test_coders_of_closed_sources_only_leak():
    assert found("https://w3id.org/bustadgraf/id/coder/night-reading") == {"coder"}
    assert found("kodar: Nattleg lesing") == {"coder"}
    both = replace(
        CORPUS, sources=(replace(OPEN, coders=(Coder("night-reading", "N", "0", OPEN.coders[0].coded),)), CLOSED)
    )
    assert found("coder:night-reading", both) == set()


@pytest.mark.parametrize(
    "text", ["Torbjorg.Hemmeleg@example.org", "tlf. 91234567", "+47 912 34 567", "0047 91 23 45 67"]
)
def test_contact_details_leak_however_written(text):
    assert "contact" in found(text)


def test_two_years_in_a_row_are_no_telephone_number():
    closed = replace(CLOSED, document=replace(CLOSED.document, text="i 2015 2016"))
    assert found("2015 2016", replace(CORPUS, sources=(OPEN, closed))) == set()


def test_a_national_identity_number_leaks():
    closed = replace(CLOSED, document=replace(CLOSED.document, text="fødd 010190 12345"))
    assert found("01019012345", replace(CORPUS, sources=(OPEN, closed))) == {"contact"}


def test_a_leak_is_told_by_kind_and_place_and_never_by_words():
    said = f'<{Terms().expand("initiative:fyrlykta")}> <p> "ho gret då ho fortalde dette" .'
    first, second = leaks(CORPUS, [("data.nq", f"{said}\n<{Terms().expand('issue:barn')}> <p> <o> .\n")])
    assert (first.kind, first.line, first.about) == ("words", 1, "initiative:fyrlykta")
    assert (second.kind, second.line, second.about) == ("name", 2, None)
    told = f"{first}\n{second}"
    assert "data.nq, line 1" in told
    assert "initiative:fyrlykta" in told
    assert not [secret for secret in ("gret", "fortalde", "barn") if secret in told]


def test_the_name_of_a_file_can_leak():
    assert [leak.kind for leak in leaks(CORPUS, [("documents/closed-talk.json", "")])] == ["source"]


def test_a_corpus_without_secrets_has_none_to_leak():
    assert leaks(replace(CORPUS, sources=(OPEN, TALK)), [("data.nq", CLOSED_TALK)]) == ()


def test_titles_of_one_word_say_nothing():
    closed = replace(CLOSED, title=LangText("intervju", "nn"))
    assert found("eit intervju", replace(CORPUS, sources=(OPEN, closed))) == set()
