"""Plain text: paragraphs, lists, headings and front matter by the way the lines stand."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kg.model import Block, BlockKind
from kg.reading.decoding import canonical, decode
from kg.reading.layout import Layout

_BULLET = re.compile(r"[ \t]*[•‣◦▪●∙·*–-][ \t]+(?=\S)")
_MONTHS = "januar|februar|mars|april|mai|juni|juli|august|september|oktober|november|desember"
_NUMBER = re.compile(rf"[ \t]*(?:\d{{1,3}}[.)]|[a-zæøå]\))[ \t]+(?!(?:{_MONTHS})\b)(?=\S)")
_SECTION = re.compile(r"\d{1,2}(?:\.\d{1,2}){0,4}\.?[ \t]+(?=[^\W\d_])")
_FIELD = re.compile(r"[A-ZÆØÅ][^\n:.!?]{0,40}:(?=\s|$)")
_UNDERLINE = re.compile(r"[=~-]{3,}\s*")

UNWRAPPED = 120
"""A line longer than this was not broken by hand: each line of its paragraph stands alone."""


@dataclass(frozen=True)
class _Chunk:
    """Lines between two blank ones, as (start, end) in the text."""

    lines: tuple[tuple[int, int], ...]

    @property
    def start(self) -> int:
        return self.lines[0][0]

    @property
    def end(self) -> int:
        return self.lines[-1][1]


def lay_out(data: bytes) -> Layout:
    """Read *data* as plain text; the canonical text is the whole file."""
    decoded, warnings = decode(data)
    text = canonical(decoded)
    return Layout(text, tuple(_blocks(text)), marked_up=False, warnings=warnings)


def _blocks(text: str) -> Iterator[Block]:
    chunks = list(_chunks(text))
    for number, chunk in enumerate(chunks):
        following = chunks[number + 1] if number + 1 < len(chunks) else None
        heading = _heading(text, chunk, following, first=number == 0)
        yield from [heading] if heading else _parts(text, chunk)


def _chunks(text: str) -> Iterator[_Chunk]:
    """Cut *text* at blank lines, and at every line end where lines are too long to be broken by hand."""
    run: list[tuple[int, int]] = []
    for match in re.finditer(r"[^\n]*\n?", text):
        line = match.group().rstrip()
        if line:
            run.append((match.start(), match.start() + len(line)))
        elif run:
            yield from _unwrapped(run)
            run = []


def _unwrapped(run: list[tuple[int, int]]) -> Iterator[_Chunk]:
    if max(end - start for start, end in run) > UNWRAPPED:
        yield from (_Chunk((line,)) for line in run)
    else:
        yield _Chunk(tuple(run))


def _heading(text: str, chunk: _Chunk, following: _Chunk | None, first: bool) -> Block | None:
    """Return the title or heading that *chunk* is: one short line with something under it."""
    start, end = chunk.lines[0]
    underlined = len(chunk.lines) == 2 and _UNDERLINE.fullmatch(text, *chunk.lines[1])
    if following is None or not (len(chunk.lines) == 1 or underlined):
        return None
    start += len(text[start:end]) - len(text[start:end].lstrip())
    line = text[start:end]
    if underlined or _is_heading(line):
        kind: BlockKind = "title" if first else "heading"
        return Block(kind, start, end, level=1 if first else _level(line))
    # "1 Innleiing" is a heading, "1. Bergen" before "2. Oslo" a list.
    next_line = text[following.start : following.end].lstrip()
    if _SECTION.match(line) and not _NUMBER.match(next_line) and not _BULLET.match(next_line):
        return (
            Block("heading", start, end, level=_level(line)) if _is_heading(_SECTION.sub("", line, count=1)) else None
        )
    return None


def _is_heading(line: str) -> bool:
    most = 6 if line.endswith(":") else 12
    return bool(
        len(line.split()) <= most
        and line[0].isupper()
        and line[-1] not in ".!?;,…–-"
        and not re.search(r"[.!?]\s", line)
        and not (_FIELD.match(line) and not line.endswith(":"))
    )


def _level(line: str) -> int:
    """2 for a plain heading, one more under it for one that ends in a colon or has a number of two parts."""
    if numbered := _SECTION.match(line):
        return 2 + numbered.group().rstrip(" \t.").count(".")
    return 3 if line.endswith(":") else 2


def _parts(text: str, chunk: _Chunk) -> Iterator[Block]:
    """Cut *chunk* into list items, fields of a front matter, and paragraphs."""
    fields = [_FIELD.match(text, start) is not None for start, _ in chunk.lines]
    is_front = fields[0] and (sum(fields) > 1 or text[slice(*chunk.lines[0])].rstrip().endswith(":"))
    kind: BlockKind = "para"
    begin = last = chunk.start
    in_list = True
    for (start, end), is_field in zip(chunk.lines, fields, strict=True):
        # A line of running text may begin with "12." or a dash: lists begin a paragraph or follow a colon.
        item = _item(text, start) if in_list else None
        if item or (is_front and is_field):
            yield from _block(text, kind, begin, last)
            kind, begin = item or ("para", start)
        last = end
        in_list = kind != "para" or text[start:end].endswith(":")
    yield from _block(text, kind, begin, last)


def _item(text: str, start: int) -> tuple[BlockKind, int] | None:
    """Return what kind of list item begins at *start*, and where its words do."""
    if bullet := _BULLET.match(text, start):
        return "bullet", bullet.end()
    if number := _NUMBER.match(text, start):
        return "number", number.end()
    return None


def _block(text: str, kind: BlockKind, start: int, end: int) -> Iterator[Block]:
    words = text[start:end]
    start += len(words) - len(words.lstrip())
    if words.strip():
        yield Block(kind, start, start + len(words.strip()))
