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
        *("coders", "statements", "metadata_passages"),
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
