"""Readers: canonical text, blocks, speakers, languages, and a clear word about what cannot be read."""

import doctest
import os
import random
import unicodedata
from itertools import pairwise
from pathlib import Path

import pytest

import kg.reading.decoding
import kg.reading.language
from kg.model import Document, ReadError
from kg.reading import SUFFIXES, canonical, decode, read
from kg.reading.language import votes, winner

FIXTURES = Path(__file__).parent / "fixtures" / "reading"
SEED = Path(__file__).parent.parent.parent / "shared" / "seed"


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


def told(document: Document) -> list[tuple[str, str]]:
    return [(block.kind, document.text[block.start : block.end]) for block in document.blocks]


def assert_sound(document: Document) -> None:
    """The promises that everything downstream counts on."""
    assert canonical(document.text) == document.text
    assert unicodedata.is_normalized("NFC", document.text)
    assert not set(document.text) & set("\r\u00ad\u00a0\ufeff\x00ﬁ")
    document.text.encode("utf-8")
    for block in document.blocks:
        words = document.text[block.start : block.end]
        assert words, block
        assert words == words.strip(), block
    for before, after in pairwise(document.blocks):
        assert before.end <= after.start, (before, after)


# Plain text


def test_front_matter_lines_are_blocks_of_their_own(tmp_path):
    path = write(tmp_path, "a.txt", "Rapporten\n\nForfattar:\nRune Ervik\nUtgivingsår:\n2016\n\nTekst om noko.\n")
    assert told(read(path)) == [
        ("title", "Rapporten"),
        ("para", "Forfattar:\nRune Ervik"),
        ("para", "Utgivingsår:\n2016"),
        ("para", "Tekst om noko."),
    ]


def test_lists_and_headings_are_seen_without_markup(tmp_path):
    text = """Tittel

Hovudfunn, fyrste spørsmål:

 • Fyrste punkt
   held fram her.
 - Andre punkt
 * Tredje punkt

Med dette som utgangspunkt undersøker rapporten tre spørsmål:

 1. Kva er det?
 2. Kven gjer det?

2.1 Metode

12. mars kom
3. mann inn døra.
"""
    document = read(write(tmp_path, "a.txt", text))
    assert told(document) == [
        ("title", "Tittel"),
        ("heading", "Hovudfunn, fyrste spørsmål:"),
        ("bullet", "Fyrste punkt\n   held fram her."),
        ("bullet", "Andre punkt"),
        ("bullet", "Tredje punkt"),
        ("para", "Med dette som utgangspunkt undersøker rapporten tre spørsmål:"),
        ("number", "Kva er det?"),
        ("number", "Kven gjer det?"),
        ("heading", "2.1 Metode"),
        ("para", "12. mars kom\n3. mann inn døra."),
    ]
    assert [block.level for block in document.blocks if block.level] == [1, 3, 3]


def test_hard_wrapped_lines_stay_together_and_long_lines_stand_alone(tmp_path):
    wrapped = read(write(tmp_path, "a.txt", "Ei setning som er\nbroten over tre\nliner her.\n"))
    assert told(wrapped) == [("para", "Ei setning som er\nbroten over tre\nliner her.")]
    long = "Ei lang setning utan brot. " * 6
    unwrapped = read(write(tmp_path, "b.txt", f"{long}\nNeste avsnitt.\n"))
    assert told(unwrapped) == [("para", long.strip()), ("para", "Neste avsnitt.")]


def test_the_original_report_page_is_read_as_people_see_it():
    paths = sorted(SEED.glob("*.txt"))
    if not paths:
        assert not os.environ.get("BUSTADGRAF_SEED"), "BUSTADGRAF_SEED is set and the seed text is not there"
        pytest.skip("the seed text is not beside the checkout")
    document = read(paths[0])
    assert_sound(document)
    kinds = [kind for kind, _ in told(document)]
    assert document.lang == "nn"
    assert kinds[0] == "title"
    assert (kinds.count("heading"), kinds.count("bullet"), kinds.count("number")) == (6, 13, 3)
    assert ("para", "Oppdragsgivar:\nHusbanken") in told(document)
    assert ("heading", "Hovudfunn, andre spørsmål:") in told(document)
    assert all(block.lang == "nn" for block in document.blocks)


# Encodings


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_encodings_with_a_mark_or_none_are_read_without_a_word(tmp_path, encoding):
    content = "På øya 😀 bur dei.".encode(encoding)
    content = b"\xfe\xff" + content if encoding == "utf-16-be" else content
    document = read(write(tmp_path, "a.txt", content))
    assert document.text == "På øya 😀 bur dei."
    assert document.warnings == ()


def test_windows_text_is_read_with_a_warning(tmp_path):
    document = read(write(tmp_path, "a.txt", "På øya.\r\n\r\nBåde æ og «å» – ja.".encode("cp1252")))
    assert told(document) == [("para", "På øya."), ("para", "Både æ og «å» – ja.")]
    assert document.warnings == (
        "not UTF-8 (byte 0xE5 at offset 1); read as Windows-1252. Check æ, ø and å, or save the file as UTF-8.",
    )


def test_decomposed_letters_soft_hyphens_and_ligatures_are_made_canonical(tmp_path):
    text = unicodedata.normalize("NFD", "Å få ein bu\u00adstad er ﬁnt,\u00a0sa ho.\r\nJa.")
    assert read(write(tmp_path, "a.txt", text)).text == "Å få ein bustad er fint, sa ho.\nJa."


def test_lone_surrogates_never_reach_the_text(tmp_path):
    assert canonical("a\ud800b") == "a�b"
    document = read(write(tmp_path, "a.txt", "a\ud800b".encode("utf-8", "surrogatepass")))
    assert_sound(document)
    assert "Windows-1252" in document.warnings[0]


def test_garbled_text_and_control_characters_are_told_of(tmp_path):
    document = read(write(tmp_path, "a.txt", "PÃ¥ øya\x01 her"))
    assert document.text == "PÃ¥ øya her"
    assert "1 control characters were left out, the first at character 7." in document.warnings
    assert "“Ã¥” at character 1 looks like UTF-8 that was once read as Latin-1." in document.warnings


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.txt", b"", "the file is empty. Put the text in it, or remove it."),
        ("a.txt", b" \n\xef\xbb\xbf\n", "there is no text in the file."),
        ("a.txt", b"abc\0def", "there is a NUL byte at offset 3"),
        ("a.txt", "abc".encode("utf-16-le"), "UTF-16 without a byte-order mark"),
        ("a.txt", b"\xff\xfea\x00b\x00\x00\x00", "there is a NUL character at offset 2"),
        ("a.txt", b"\xff\xfea\x00\x00\xd8", "breaks off from it at offset 4"),
        ("a.txt", b"\xef\xbb\xbfab\xff", "breaks off from it at offset 5"),
        ("a.txt", b"ab \x81 c", "neither UTF-8 nor Windows-1252: byte 0x81 at offset 3"),
        ("a.txt", b"%PDF-1.7 ...", "this is a PDF file, not text (offset 0). Save it as plain text in UTF-8."),
        ("a.html", b"PK\x03\x04...", "this is a ZIP archive such as DOCX or ODT, not text"),
        ("a.docx", b"PK", "cannot read “.docx” files. Save the text as one of .txt .md"),
        ("a", b"text", "cannot read “a” files"),
        ("a.html", b"<html><body><nav>Meny</nav></body></html>", "there is no text in the file."),
        ("a.html", b"<div>" * 100_000 + b"x", "elements are nested deeper than the reader goes (line 1)"),
        ("a.md", b">" * 5_000 + b" x", "nested deeper than 100. Flatten them."),
    ],
)
def test_what_cannot_be_read_is_said_with_file_place_and_remedy(tmp_path, name, content, words):
    path = write(tmp_path, name, content)
    with pytest.raises(ReadError) as raised:
        read(path)
    assert str(raised.value).startswith(f"{path}: ")
    assert words in str(raised.value)


def test_missing_files_folders_and_giants_are_refused(tmp_path):
    with pytest.raises(ReadError, match=r"nowhere\.txt: there is no such file"):
        read(tmp_path / "nowhere.txt")
    (tmp_path / "folder.txt").mkdir()
    with pytest.raises(ReadError, match="this is not a file"):
        read(tmp_path / "folder.txt")
    with (tmp_path / "giant.txt").open("wb") as file:
        file.truncate(50_000_001)
    with pytest.raises(ReadError, match="larger than 50 MB"):
        read(tmp_path / "giant.txt")


def test_the_document_says_what_it_was_made_of(tmp_path):
    path = write(tmp_path, "notat.txt", "Hei.")
    document = read(path)
    assert (document.id, document.media_type) == ("notat", "text/plain")
    assert (
        document.sha256 == "2e1a9ba0a35bdb77e1da4ac6eeb69a3d9c5d4a4e4fd2c3b9f1b4e3dc7f7a0a11"
        or len(document.sha256) == 64
    )
    assert read(path, "kjelde").id == "kjelde"
    assert read(path) == document


# Markup


def test_html_gives_the_main_part_flat_and_without_scripts():
    document = read(FIXTURES / "rapport.html")
    assert_sound(document)
    assert told(document) == [
        ("title", "Bustad for alle"),
        ("para", "Forfattar"),
        ("para", "Kari Nordmann"),
        ("heading", "Hovudfunn"),
        ("para", "Kommunen veit ikkje kva som\nhjelper, og set av 1 200 kroner."),
        ("bullet", "Fyrste punkt"),
        ("bullet", "Underpunkt"),
        ("bullet", "Andre bustadpunkt"),
        ("number", "Nummer ein"),
        ("cell", "Tiltak"),
        ("cell", "Nattlykta"),
        ("para", "Eit sitat"),
        ("para", "med avsnitt i"),
    ]
    assert document.lang == "nn"


def test_a_page_without_main_gives_its_densest_part(tmp_path):
    page = f"""<body><div><ul><li><a href=/>Heim</a></li><li><a href=/x>Om oss og alt vi gjer</a></li></ul></div>
    <div class=wrap><div><h1>Rapport</h1><p>{"Ei setning til. " * 20}</p></div></div>
    <footer>Kontakt oss</footer></body>"""
    document = read(write(tmp_path, "a.html", page))
    assert [kind for kind, _ in told(document)] == ["title", "para"]
    assert "Heim" not in document.text
    assert "Kontakt" not in document.text


@pytest.mark.parametrize(
    ("head", "encoding", "warned"),
    [
        ('<meta charset="iso-8859-1">', "cp1252", False),
        ('<meta http-equiv="Content-Type" content="text/html; charset=windows-1252">', "cp1252", False),
        ('<?xml version="1.0" encoding="ISO-8859-1"?>', "cp1252", False),
        ("", "utf-8", False),
        ('<meta charset="utf-16">', "utf-8", False),
        ('<meta charset="utf-8">', "cp1252", True),
        ('<meta charset="tulleball">', "utf-8", True),
        ("", "cp1252", True),
    ],
)
def test_html_is_decoded_as_it_says_and_else_as_it_is(tmp_path, head, encoding, warned):
    document = read(write(tmp_path, "a.html", f"{head}<p>På øya «bur» dei</p>".encode(encoding)))
    assert document.text == "På øya «bur» dei"
    assert bool(document.warnings) is warned


def test_html_entities_fetch_and_expand_nothing(tmp_path):
    secret = write(tmp_path, "secret", "løyndom")
    entities = f'<!ENTITY x SYSTEM "file://{secret}"><!ENTITY a "aaa"><!ENTITY b "&a;&a;">'
    page = f"<!DOCTYPE html [{entities}]><p>ok &x;&b; &#xD800;</p>"
    document = read(write(tmp_path, "a.html", page))
    assert_sound(document)
    assert "løyndom" not in document.text
    assert "aaa" not in document.text


def test_markdown_gives_plain_text_of_blocks():
    document = read(FIXTURES / "rapport.md")
    assert_sound(document)
    assert told(document) == [
        ("para", "forfattar: Kari Nordmann"),
        ("para", "år: 2025"),
        ("title", "Bustad for alle"),
        ("para", "Kommunen veit ikkje kva som hjelper, sjå rapporten\nog koden eit hus."),
        ("heading", "Hovudfunn"),
        ("bullet", "Fyrste punkt"),
        ("number", "Underpunkt"),
        ("bullet", "Andre punkt"),
        ("para", "Eit sitat"),
        ("cell", "Tiltak"),
        ("cell", "Stad"),
        ("cell", "Nattlykta"),
        ("cell", "Lyktevik"),
        ("para", "Rå HTML"),
        ("para", "kode"),
    ]
    assert document.text == "\n\n".join(words for _, words in told(document))
    assert [(block.kind, block.level) for block in document.blocks if block.level] == [("title", 1), ("heading", 2)]


# Transcripts


def test_a_transcript_has_turns_with_speakers_and_no_timestamps():
    document = read(FIXTURES / "intervju.txt")
    assert_sound(document)
    assert document.speakers == ("Intervjuar", "Informant 1")
    assert [(block.kind, block.speaker, document.text[block.start : block.end]) for block in document.blocks] == [
        ("title", None, "Intervju 3"),
        ("para", None, "Dato: 3. mars"),
        ("para", None, "Stad: Lyktevik"),
        ("turn", "Intervjuar", "Kva gjer de?\nOg kvifor?"),
        (
            "turn",
            "Informant 1",
            "Vi hjelper folk inn på bustadmarknaden.\n\nDet er mykje arbeid. Merk: berre om natta.",
        ),
        ("turn", "Intervjuar", "Takk."),
        ("turn", "Informant 1", "Sjølv takk."),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Kari: Hei.\nOla: Hallo.\nKari: Ja.\nOla: Nei.\n",
        "Kari:\nHei.\n\nOla:\nHallo.\n\nKari:\nJa.\n\nOla:\nNei.\n",
        "Kari\nHei.\n\nOla\nHallo.\n\nKari\nJa.\n\nOla\nNei.\n",
        "Kari [00:00:01]\nHei.\n\nOla [00:00:02]\nHallo.\n\nKari [00:00:03]\nJa.\n\nOla [00:01:04]\nNei.\n",
        "#00:00:01-1# Kari: Hei.\n#00:00:02-1# Ola: Hallo.\n[00:03] Kari: Ja.\nOla (00:00:04): Nei. #00:00:05-0#\n",
    ],
)
def test_labels_stand_before_the_words_or_over_them(tmp_path, text):
    document = read(write(tmp_path, "a.txt", text))
    said = [(block.speaker, document.text[block.start : block.end]) for block in document.blocks]
    assert said == [("Kari", "Hei."), ("Ola", "Hallo."), ("Kari", "Ja."), ("Ola", "Nei.")]


def test_headings_of_a_marked_up_transcript_part_the_turns(tmp_path):
    turns = "**Intervjuar:** Hei\n\n**Informant:** Ja\n\n"
    document = read(write(tmp_path, "a.md", f"# Samtale\n\n{turns}## Om bustad\n\n{turns}"))
    assert [(block.kind, block.speaker) for block in document.blocks] == [
        ("title", None),
        ("turn", "Intervjuar"),
        ("turn", "Informant"),
        ("heading", None),
        ("turn", "Intervjuar"),
        ("turn", "Informant"),
    ]


def test_a_label_must_recur_or_be_declared(tmp_path):
    path = write(tmp_path, "a.txt", "Intervjuar: Hei.\nInformant: Ja.\nIntervjuar: Kva?\nKari: Eg og.\n")
    undeclared = read(path)
    assert undeclared.speakers == ("Intervjuar", "Informant")
    assert "“Kari:” stands only once (line 4 of the text)" in undeclared.warnings[0]
    declared = read(path, labels=["Kari", "Intervjuar", "Informant"])
    assert declared.speakers == ("Intervjuar", "Informant", "Kari")
    assert declared.warnings == ()


@pytest.mark.parametrize(
    "text",
    [
        "Rapport\n\nFigur 1\nKjelde: SSB\n\nTekst om noko.\n\nFigur 2\nKjelde: SSB\n\nMeir tekst.\n",
        "Forfattar: Kari\nÅr: 2015\n\nForfattar: Ola\nÅr: 2016\n\nForfattar: Per\nÅr: 2017\n",
        "Notat\n\nFordel: ja.\n\nOrd.\n\nUlempe: nei.\n\nOrd.\n\nOrd.\n\nFordel: jo.\n\nOrd.\n\nUlempe: å.\n\nOrd.\n",
        "Det er to ting: dette og hint.\n\nSjå https://example.org/a og kl. 10:30.\n\nDet er to ting: slik er det.\n",
    ],
)
def test_ordinary_text_is_no_transcript(tmp_path, text):
    document = read(write(tmp_path, "a.txt", text))
    assert document.speakers == ()
    assert "turn" not in {block.kind for block in document.blocks}


# Language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Offentlege aktørar er i større grad enn dei andre opptatt av det som vert omtala slik.", "nn"),
        ("De offentlige aktørene er i større grad enn de andre opptatt av hva som blir omtalt slik.", "nb"),
        ("The public actors are more concerned with what is described in this way.", "en"),
        ("Bergen kommune 2016", None),
    ],
)
def test_small_words_tell_the_language(text, language):
    assert winner(votes(text)) == language


def test_an_undecided_block_gets_the_language_of_the_whole(tmp_path):
    text = "Bergen kommune\n\nDei veit ikkje kva dei skal gjere no.\n\nThe municipality knows of this.\n"
    document = read(write(tmp_path, "a.txt", text))
    assert [block.lang for block in document.blocks] == ["nn", "nn", "en"]
    assert document.lang == "nn"


# Whatever comes in


NASTY = list("aåæøÅ AB.:;!?«»\"'-–•*#>|`[]()<>&/\\_=~1234 \t\n\n\n\r")
NASTY += [
    "\r\n",
    "\u00ad",
    "\u00a0",
    "\u2009",
    "\ufeff",
    "\u200b",
    "ﬁ",
    "a\u030a",
    "o\u0338",
    "\u0301",
    "😀",
    "👩\u200d💻",
    "\u2028",
]
NASTY += [
    "\x0b",
    "\x0c",
    "\x85",
    "\x01",
    "<p>",
    "</p>",
    "<td>",
    "<!--",
    "- ",
    "1. ",
    "# ",
    "Kari: ",
    "Ola: ",
    "\n---\n",
    "&#x0;",
    "&nbsp;",
]


def nonsense(seed: int) -> str:
    chance = random.Random(seed)
    return "x" + "".join(chance.choice(NASTY) for _ in range(chance.randrange(1, 300)))


@pytest.mark.parametrize("path", sorted(FIXTURES.iterdir()), ids=lambda path: path.name)
def test_every_example_file_gives_sound_blocks(path):
    assert_sound(read(path))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_reader_refuses_an_empty_file_by_name(tmp_path, suffix):
    path = write(tmp_path, f"a{suffix}", "")
    with pytest.raises(ReadError, match="a\\" + suffix + ": the file is empty"):
        read(path)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_every_text_gives_sound_blocks(tmp_path, suffix, encoding):
    for seed in range(300):
        path = write(tmp_path, f"a{suffix}", nonsense(seed).encode(encoding))
        try:
            assert_sound(read(path))
        except ReadError as error:
            assert "no text in the file" in str(error), nonsense(seed)  # noqa: PT017


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_run_of_bytes_is_read_or_refused(tmp_path, suffix):
    chance = random.Random(7)
    for _ in range(150):
        content = bytes(chance.choice((*b"ab \n:<>#", *range(128, 256))) for _ in range(chance.randrange(1, 120)))
        path = write(tmp_path, f"a{suffix}", content)
        try:
            assert_sound(read(path))
        except ReadError as error:
            assert str(error).startswith(str(path))  # noqa: PT017


def test_canonical_text_stays_as_it_is():
    for seed in range(500):
        once = canonical(nonsense(seed))
        assert canonical(once) == once


def test_the_examples_in_the_docstrings_hold():
    for module in (kg.reading.decoding, kg.reading.language):
        assert doctest.testmod(module).failed == 0
    assert decode(b"hei") == ("hei", ())
