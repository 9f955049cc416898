"""Quotes find their place or say why not; places are told in words."""

import random
import unicodedata
from pathlib import Path

import pytest

from kg.anchoring import Found, Orphan, anchor, block_at, locator_of, passage
from kg.model import Document
from kg.reading import read

TEXT = """Rapporten 😀

Forfattar:
Kari Nordmann

Hovudfunn

Fyrste spørsmål:

 • Offentlege aktørar er samde om anbod. Det er «ekte» frivilligheit,  seier dei.
 • Ideelle aktørar vart spurde … og svara om oppgåver for svake grupper.

Andre spørsmål:

 • Offentlege aktørar er samde om tilskot, og offentlege dokument er vage.
 • Bergen bidrar er eit forsøk i Bergen. Bergensk tiltak.
"""
TALK = """Intervjuar: Kva meiner du om anbod?

Informant: Anbod er vanskeleg. Det tek tid.

Intervjuar: Det tek tid?

Informant: Ja, det tek lang tid.
"""


def read_text(folder: Path, text: str, name: str = "a.txt") -> Document:
    (folder / name).write_text(text, encoding="utf-8")
    return read(folder / name, "kjelde")


@pytest.fixture
def report(tmp_path: Path) -> Document:
    return read_text(tmp_path, TEXT)


@pytest.fixture
def talk(tmp_path: Path) -> Document:
    return read_text(tmp_path, TALK, "b.txt")


def words(document: Document, quote: str, near: str | None = None) -> str:
    """Return the words that a quote finds, or the reason why it has no place."""
    found = anchor(document, quote, near)
    return found.reason if isinstance(found, Orphan) else document.text[found.start : found.end]


def orphan(document: Document, quote: str, near: str | None = None) -> Orphan:
    found = anchor(document, quote, near)
    assert isinstance(found, Orphan)
    return found


def test_an_exact_quote_is_found_in_code_points(report):
    found = anchor(report, "Ideelle aktørar")
    assert isinstance(found, Found)
    assert found.start == report.text.index("Ideelle")
    assert report.text[found.start : found.end] == "Ideelle aktørar"


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ('Det er "ekte" frivilligheit, seier', "Det er «ekte» frivilligheit,  seier"),
        ("er  samde\n  om anbod", "er samde om anbod"),
        ("svake\u00a0grupper", "svake grupper"),
        ("ide\u00adelle aktørar", "missing"),
        ("Ide\u00adelle aktørar", "Ideelle aktørar"),
        (unicodedata.normalize("NFD", "Ideelle aktørar vart spurde"), "Ideelle aktørar vart spurde"),
    ],
)
def test_white_space_quotation_marks_and_soft_hyphens_do_not_matter(report, quote, found):
    assert words(report, quote) == found


@pytest.mark.parametrize("gap", ["…", "...", " … ", "....", " ... "])
def test_an_ellipsis_skips_words_within_the_block(report, gap):
    assert words(report, f"Bergen bidrar{gap}i Bergen") == "Bergen bidrar er eit forsøk i Bergen"


def test_an_ellipsis_takes_the_shortest_stretch(tmp_path):
    document = read_text(tmp_path, "Ei ku åt gras. Ei ku og ein okse åt høy. Ein okse sov.\n")
    assert words(document, "Ei ku … okse åt") == "Ei ku og ein okse åt"
    assert words(document, "Ei ku … sov") == "Ei ku og ein okse åt høy. Ein okse sov"


def test_an_ellipsis_does_not_leave_the_block(report):
    lost = orphan(report, "Ideelle aktørar … er vage")
    assert lost.reason == "missing"
    assert lost.message == (
        "the quote runs over more than one paragraph. Quote inside one; make two entries if two are needed."
    )


def test_a_backslash_makes_the_ellipsis_itself(report):
    assert words(report, r"spurde \… og svara") == "spurde … og svara"
    assert words(report, r"samde \… anbod") == "missing"


def test_whole_words_go_before_parts_of_words(report):
    assert words(report, "i Bergen") == "i Bergen"
    assert words(report, "Bergensk") == "Bergensk"
    assert words(report, "forsø") == "forsø"
    assert len(orphan(report, "Bergen").candidates) == 2


def test_two_places_make_an_orphan_that_names_both(report):
    lost = orphan(report, "Offentlege aktørar er samde om")
    assert lost.reason == "ambiguous"
    assert len(lost.candidates) == 2
    assert lost.message == (
        "the quote stands in 2 places (Hovudfunn › Fyrste spørsmål, avsnitt 1; Hovudfunn › Andre spørsmål, avsnitt 1). "
        "Quote more words, or add near: with the heading, the speaker or words beside it."
    )


@pytest.mark.parametrize(
    "near", ["Andre spørsmål", "andre spørsmål:", "Andre  spørsmål", "offentlege dokument er vage"]
)
def test_near_chooses_by_heading_or_by_words_beside(report, near):
    found = anchor(report, "Offentlege aktørar er samde om", near)
    assert isinstance(found, Found)
    assert report.text[found.start :].startswith("Offentlege aktørar er samde om tilskot")


def test_near_that_does_not_help_leaves_an_orphan(report):
    assert "Quote more words." in orphan(report, "Offentlege aktørar er samde om", "noko heilt anna").message
    assert orphan(report, "Offentlege aktørar er samde om", "Hovudfunn og anna").reason == "ambiguous"


def test_near_chooses_a_speaker_or_a_turn(talk):
    asked = anchor(talk, "Det tek tid", "Intervjuar")
    assert isinstance(asked, Found)
    assert block_at(talk, asked.start).speaker == "Intervjuar"
    told = anchor(talk, "Det tek tid", "Informant, tur 2")
    assert isinstance(told, Found)
    assert block_at(talk, told.start).speaker == "Informant"
    assert len(orphan(talk, "tid", "Informant").candidates) == 2


def test_a_quote_that_stands_nowhere_gets_the_nearest_words(report):
    lost = orphan(report, "Bergen bidrar var eit forsøk i byen")
    assert lost.reason == "missing"
    assert lost.message.startswith("the quote is not in the text. The nearest is “Bergen bidrar er eit forsøk")
    assert orphan(report, "xyz qwerty zzz").message == "the quote is not in the text, nor is anything like it."
    assert orphan(report, " … ").message == "the quote is empty."


def test_more_than_600_code_points_are_too_many(tmp_path):
    document = read_text(tmp_path, f"Fyrst {'og så ' * 100}til slutt. Kort.\n")
    lost = orphan(document, "Fyrst … slutt")
    assert lost.reason == "too-long"
    assert lost.message == (
        "the quote covers 615 characters; the most is 600. Quote the shortest stretch that says it."
    )


def test_a_passage_keeps_32_code_points_on_both_sides(report):
    found = anchor(report, "Ideelle aktørar")
    assert isinstance(found, Found)
    kept = passage(report, found.start, found.end, "side 3", "ideelle")
    assert (kept.source, kept.exact, kept.locator, kept.anchor) == ("kjelde", "Ideelle aktørar", "side 3", "ideelle")
    assert len(kept.prefix) == len(kept.suffix) == 32
    whole = kept.prefix + kept.exact + kept.suffix
    assert report.text[found.start - 32 : found.end + 32] == whole
    assert passage(report, 0, 9, "tittel").prefix == ""


def test_locators_name_headings_paragraphs_speakers_and_turns(report, talk):
    told = {report.text[block.start : block.end][:14]: locator_of(report, block) for block in report.blocks}
    assert told == {
        "Rapporten 😀": "tittel",
        "Forfattar:\nKar": "avsnitt 1",
        "Hovudfunn": "Hovudfunn",
        "Fyrste spørsmå": "Hovudfunn › Fyrste spørsmål",
        "Offentlege akt": "Hovudfunn › Andre spørsmål, avsnitt 1",
        "Ideelle aktøra": "Hovudfunn › Fyrste spørsmål, avsnitt 2",
        "Andre spørsmål": "Hovudfunn › Andre spørsmål",
        "Bergen bidrar ": "Hovudfunn › Andre spørsmål, avsnitt 2",
    }
    assert [locator_of(talk, block) for block in talk.blocks] == [
        "Intervjuar, tur 1",
        "Informant, tur 2",
        "Intervjuar, tur 3",
        "Informant, tur 4",
    ]
    with pytest.raises(LookupError, match="kjelde"):
        block_at(report, report.text.index("\n\n"))


def test_every_stretch_of_a_text_is_found_again_or_told_to_be_doubtful(report):
    chance = random.Random(3)
    for _ in range(400):
        block = chance.choice(report.blocks)
        start, end = sorted(chance.sample(range(block.start, block.end + 1), 2))
        quote = report.text[start:end].strip()
        if not quote or "…" in quote:
            continue
        for form in (quote, unicodedata.normalize("NFD", quote), quote.replace(" ", "\r\n ")):
            found = anchor(report, form)
            if isinstance(found, Found):
                assert report.text[found.start : found.end].split() == quote.split()
            else:
                assert found.reason == "ambiguous"
                assert len(found.candidates) > 1


def test_many_matches_in_a_long_text_take_no_long_time(tmp_path):
    document = read_text(tmp_path, "a b " * 50_000 + "\n")
    assert orphan(document, "a … b").reason == "ambiguous"
    assert words(document, "a … c") == "missing"
