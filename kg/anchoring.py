"""Where a quote stands in a document, in code points; and where a stretch stands, in words."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rapidfuzz import fuzz, process, utils

from kg.model import Block, Document, Passage
from kg.reading import canonical

LONGEST = 600
"""A passage may hold this many code points: the shortest stretch that carries the statement."""
CONTEXT = 32
"""Code points of prefix and suffix in a passage, as the Web Annotation model recommends."""

_ELLIPSIS = re.compile(r"(?<!\\)(?:…|\.{3,})")
_ESCAPED = re.compile(r"\\(…|\.{3})")
_LOOKALIKES = ('"“”„«»‹›″', "'‘’‚‛´`′", "-‐‑‒–—−")
_SNIPPET = 90
_MANY = 500


@dataclass(frozen=True)
class Found:
    """The stretch ``text[start:end]`` of a document, inside one block."""

    start: int
    end: int


@dataclass(frozen=True)
class Orphan:
    """A quote that has no place: why, the places it might have had, and a message for the coder."""

    reason: Literal["missing", "ambiguous", "too-long"]
    message: str
    candidates: tuple[Found, ...] = ()


def anchor(document: Document, quote: str, near: str | None = None) -> Found | Orphan:
    r"""Find *quote* in one block of *document*: exactly, else with white space and typography bent.

    Whole words go before parts of words. "…" or "..." stands for any words within the block, and
    the shortest stretch counts; ``\…`` is the
    character itself. *near* chooses between several matches: the text of the heading above, a
    speaker's label, or words nearby.
    """
    parts = [_ESCAPED.sub(r"\1", part).strip() for part in _ELLIPSIS.split(canonical(quote))]
    parts = [part for part in parts if part]
    if not parts:
        return Orphan("missing", "the quote is empty.")
    for bounded, form in ((True, re.escape), (True, _flexible), (False, re.escape), (False, _flexible)):
        patterns = [re.compile(_bounded(part, form(part)) if bounded else form(part)) for part in parts]
        if places := list(_places(document, patterns)):
            return _chosen(document, places, near)
    return Orphan("missing", _missing(document, parts))


def passage(document: Document, start: int, end: int, locator: str, anchor: str | None = None) -> Passage:
    """Return the passage ``text[start:end]`` with what stands before and after it."""
    text = document.text
    return Passage(
        source=document.id,
        start=start,
        end=end,
        exact=text[start:end],
        prefix=text[max(0, start - CONTEXT) : start],
        suffix=text[end : end + CONTEXT],
        locator=locator,
        anchor=anchor,
    )


def block_at(document: Document, start: int) -> Block:
    """Return the block that holds the code point at *start*; raise :class:`LookupError` between blocks."""
    for block in document.blocks:
        if block.start <= start < block.end:
            return block
    raise LookupError(f"no block at {start} in {document.id}")


def locator_of(document: Document, block: Block) -> str:
    """Say where *block* stands: the headings above it and its number under them, or speaker and turn.

    ``Oversikt over hovudfunn › Hovudfunn, første spørsmål, avsnitt 4`` · ``Informant 1, tur 12``
    """
    if block.kind == "turn":
        turns = [each for each in document.blocks if each.kind == "turn"]
        return f"{block.speaker}, tur {turns.index(block) + 1}"
    if block.kind == "title":
        return "tittel"
    above, number = _place(document, block)
    path = " › ".join(_words(document, heading).rstrip(":") for heading in above)
    if block.kind == "heading":
        return path
    return f"{path}, avsnitt {number}" if path else f"avsnitt {number}"


def _place(document: Document, block: Block) -> tuple[list[Block], int]:
    """Return the headings over *block* (itself, if it is one) and its number after the last of them."""
    above: list[Block] = []
    number = 0
    for each in document.blocks:
        if each.kind == "heading":
            above = [heading for heading in above if (heading.level or 0) < (each.level or 0)] + [each]
            number = 0
        elif each.kind != "title":
            number += 1
        if each is block or each == block:
            break
    return above, number


def _words(document: Document, block: Block) -> str:
    return " ".join(document.text[block.start : block.end].split())


def _flexible(part: str) -> str:
    """Return a pattern for *part* that takes any white space, quotation mark, apostrophe and dash."""
    pattern = [_one_of(char) for char in " ".join(part.split())]
    return "".join(pattern).replace(r"\ ", r"\s+")


def _one_of(char: str) -> str:
    alike = next((group for group in _LOOKALIKES if char in group), None)
    return f"[{re.escape(alike)}]" if alike else re.escape(char)


def _bounded(part: str, pattern: str) -> str:
    """Return *pattern* so that it neither begins nor ends inside a word."""
    before = r"(?<![^\W_])" if part[0].isalnum() else ""
    after = r"(?![^\W_])" if part[-1].isalnum() else ""
    return before + pattern + after


def _places(document: Document, parts: Sequence[re.Pattern[str]]) -> Iterator[Found]:
    """Yield the shortest stretches, each inside one block, in which *parts* stand in order."""
    for block in document.blocks:
        shortest: dict[int, int] = {}
        second: int | None = -1
        end = -1
        for first in parts[0].finditer(document.text, block.start, block.end):
            if second is not None and first.end() > second:
                second, end = _rest(document.text, parts[1:], first.end(), block.end)
            if second is None:
                break
            shortest[end] = first.start()
        yield from (Found(start, end) for end, start in shortest.items())


def _rest(text: str, parts: Sequence[re.Pattern[str]], at: int, limit: int) -> tuple[int | None, int]:
    """Return where the first of *parts* begins and the last one ends; ``None`` where one is missing."""
    begin = at
    for number, part in enumerate(parts):
        following = part.search(text, at, limit)
        if following is None:
            return None, at
        begin = following.start() if number == 0 else begin
        at = following.end()
    return begin, at


def _chosen(document: Document, places: list[Found], near: str | None) -> Found | Orphan:
    if 1 < len(places) <= _MANY and near is not None and near.strip():
        places = _nearest(document, places, canonical(near))
    if len(places) > 1:
        where = "; ".join(dict.fromkeys(locator_of(document, block_at(document, place.start)) for place in places[:4]))
        advice = (
            "Quote more words"
            if near
            else "Quote more words, or add near: with the heading, the speaker or words beside it"
        )
        return Orphan("ambiguous", f"the quote stands in {len(places)} places ({where}). {advice}.", tuple(places))
    (place,) = places
    if (length := place.end - place.start) > LONGEST:
        message = (
            f"the quote covers {length} characters; the most is {LONGEST}. Quote the shortest stretch that says it."
        )
        return Orphan("too-long", message, (place,))
    return place


def _nearest(document: Document, places: list[Found], near: str) -> list[Found]:
    """Return the places that *near* points out; all of them where it does not help."""
    spoken = [place for place in places if _speaks(document, place, near)]
    under = [place for place in places if any(_is(document, heading, near) for heading in _over(document, place))]
    if spoken or len(under) == 1:
        return spoken or under
    among = under or places
    hints = [(hint.start(), hint.end()) for hint in re.finditer(_flexible(near), document.text, re.I)]
    if not hints:
        return among
    gaps = [min(max(start - place.end, place.start - end, 0) for start, end in hints) for place in among]
    return [place for place, gap in zip(among, gaps, strict=True) if gap == min(gaps)]


def _speaks(document: Document, place: Found, near: str) -> bool:
    block = block_at(document, place.start)
    return block.kind == "turn" and _same(near, block.speaker or "", locator_of(document, block))


def _over(document: Document, place: Found) -> list[Block]:
    return _place(document, block_at(document, place.start))[0]


def _is(document: Document, heading: Block, near: str) -> bool:
    return _same(near, _words(document, heading))


def _same(near: str, *names: str) -> bool:
    plain = [" ".join(name.casefold().split()).rstrip(":") for name in (near, *names)]
    return plain[0] in plain[1:]


def _missing(document: Document, parts: Sequence[str]) -> str:
    """Say what is nearest to a quote that stands nowhere."""
    whole = re.compile(r"[\s\S]{0,2000}?".join(_flexible(part) for part in parts))
    if len(parts) * len(document.text) < 1_000_000 and whole.search(document.text):
        return "the quote runs over more than one paragraph. Quote inside one; make two entries if two are needed."
    texts = [document.text[block.start : block.end] for block in document.blocks]
    best = process.extractOne(
        " ".join(parts), texts, scorer=fuzz.partial_ratio, processor=utils.default_process, score_cutoff=60
    )
    if best is None:
        return "the quote is not in the text, nor is anything like it."
    return f"the quote is not in the text. The nearest is “{_stretch(best[0], ' '.join(parts))}”."


def _stretch(text: str, quote: str) -> str:
    """Return the words of *text* that are most like *quote*."""
    hit = fuzz.partial_ratio_alignment(quote, text)
    start, end = (hit.dest_start, hit.dest_end) if hit else (0, len(text))
    while start > 0 and not text[start - 1].isspace():
        start -= 1
    while end < len(text) and not text[end].isspace():
        end += 1
    words = " ".join(text[start:end].split())
    return words if len(words) <= _SNIPPET else words[:_SNIPPET].rsplit(" ", 1)[0] + " …"
