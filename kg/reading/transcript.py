"""Interview transcripts: turns and their speakers, found in the text of any format.

A turn begins with ``Label: text``, or with the label on a line of its own, with or without a colon
and a timestamp (``[00:01:02]``, ``#00:01:02-3#``). A label must recur; a report in which "Kjelde:"
stands under each table is no transcript.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from kg.model import Block
from kg.reading.layout import Layout, words

_STAMP = r"(?:[\[(]?\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d{1,3})?[\])]?|#\d{1,2}:\d{2}(?::\d{2})?(?:-\d{1,3})?#)"
_LABEL = r"(?P<label>[^\W\d_][^\n:,;.?!\[\]#|<>]{0,39}?|[A-ZÆØÅ]\.)"
_WITH_COLON = re.compile(
    rf"[ \t]*(?:{_STAMP}[ \t]+)?{_LABEL}[ \t]*(?:{_STAMP}[ \t]*)?:(?=\s|$)[ \t]*(?:{_STAMP}[ \t]*)?"
)
_ALONE = re.compile(rf"[ \t]*(?:{_STAMP}[ \t]+)?{_LABEL}[ \t]*{_STAMP}?[ \t]*$", re.M)
_LAST_STAMPS = re.compile(rf"(?:\s+{_STAMP})+$|^{_STAMP}$")
_ROLE = re.compile(
    r"(?:intervjuar|intervjuer|interviewer|informant|respondent|moderator|forskar|forsker|deltakar|deltaker|speaker)"
    r"(?:en|ar|er)?(?: ?[\dA-ZÆØÅ]{1,2})?",
    re.I,
)
_NO_SPEAKER = words("""
    forfattar forfatter author tittel title år year utgivingsår utgivelsesår utgivar utgiver publisher
    oppdragsgivar oppdragsgiver oppdragsutførar isbn issn dato date stad sted kjelde kjelder kilde kilder
    source merk merknad note obs døme eksempel figur tabell emne emneord stikkord lenke tema sjå se fotnote
    referanse referansar referanser
""")
_MOST_WORDS = 4


@dataclass(frozen=True)
class _Opening:
    """A line that may open a turn: where it starts, where the words after the label do."""

    label: str
    start: int
    words: int
    colon: bool


def find(layout: Layout, declared: Collection[str] = ()) -> Layout | None:
    """Return *layout* with a block a turn where it is a transcript, else ``None``.

    *declared* labels (from ``source.yaml``) need not recur. Blocks before the first turn are kept,
    and headings between turns where the markup makes them certain.
    """
    openings = list(_openings(layout.text))
    labels = _speakers(layout.text, openings, frozenset(declared))
    if not labels:
        return None
    opened = [opening for opening in openings if opening.label in labels]
    first = opened[0].start
    kept = [
        *_cut(layout, first),
        *(
            block
            for block in layout.blocks
            if block.start >= first and layout.marked_up and block.kind in ("title", "heading")
        ),
    ]
    blocks = sorted([*kept, *_turns(layout.text, opened, kept)], key=lambda block: block.start)
    return replace(
        layout, blocks=tuple(blocks), warnings=(*layout.warnings, *_lone(layout.text, openings, labels, first))
    )


def _openings(text: str) -> Iterator[_Opening]:
    for line in re.finditer(r"[^\n]+", text):
        start = line.start()
        if (match := _WITH_COLON.match(text, start, line.end())) and _is_short(match["label"]):
            yield _Opening(_tidy(match["label"]), start, match.end(), colon=True)
        elif (
            (match := _ALONE.match(text, start, line.end()))
            and _is_short(match["label"])
            and _stands_alone(text, match)
        ):
            yield _Opening(_tidy(match["label"]), start, match.end(), colon=False)


def _is_short(label: str) -> bool:
    return label[0].isupper() and len(label.split()) <= _MOST_WORDS and label.strip().casefold() not in _NO_SPEAKER


def _tidy(label: str) -> str:
    return " ".join(label.split())


def _stands_alone(text: str, match: re.Match[str]) -> bool:
    """Tell a label on its own line: after a blank line, and with words right under it."""
    before = text[max(0, match.start() - 2) : match.start()]
    after = text[match.end() : match.end() + 2]
    return before in ("", "\n", "\n\n") and len(after) == 2 and after[0] == "\n" and after[1] != "\n"


def _speakers(text: str, openings: Sequence[_Opening], declared: frozenset[str]) -> frozenset[str]:
    """Return the labels that are speakers: two or more that open a fair share of the paragraphs."""
    counted = Counter(opening.label for opening in openings)
    if known := declared & counted.keys():
        return known | {label for label, times in counted.items() if times > 1 and _with_colon(openings, label)}
    recurring = {label for label, times in counted.items() if times > 1}
    roles = {label for label in counted if _ROLE.fullmatch(label)}
    speakers = recurring | roles if recurring else frozenset[str]()
    if len(speakers) < 2 and not speakers & roles:
        return frozenset()
    turns = [opening for opening in openings if opening.label in speakers]
    needed = 0.2 if speakers & roles else 0.5
    return frozenset(speakers) if len(turns) >= 3 and len(turns) >= needed * _paragraphs(text, turns) else frozenset()


def _with_colon(openings: Sequence[_Opening], label: str) -> bool:
    return any(opening.colon for opening in openings if opening.label == label)


def _paragraphs(text: str, turns: Sequence[_Opening]) -> int:
    """Count the paragraphs from the first turn on: those that blank lines part, and each turn."""
    starts = {opening.start for opening in turns}
    first = min(starts)
    parted = {match.end() for match in re.finditer(r"\n\s*\n", text) if match.end() > first}
    return len(starts | {start for start in parted if start < len(text)})


def _cut(layout: Layout, first: int) -> Iterator[Block]:
    """Keep what stands before the first turn; a block that reaches into it ends there."""
    for block in layout.blocks:
        stretch = layout.text[block.start : min(block.end, first)].rstrip()
        if block.start < first and stretch:
            yield replace(block, end=block.start + len(stretch))


def _turns(text: str, opened: Sequence[_Opening], kept: Sequence[Block]) -> Iterator[Block]:
    for number, opening in enumerate(opened):
        end = opened[number + 1].start if number + 1 < len(opened) else len(text)
        for start, stop in _between(opening.words, end, kept):
            stretch = text[start:stop]
            start += len(stretch) - len(stretch.lstrip())
            spoken = _LAST_STAMPS.sub("", stretch.strip())
            if spoken:
                yield Block("turn", start, start + len(spoken), speaker=opening.label)


def _between(start: int, end: int, kept: Sequence[Block]) -> Iterator[tuple[int, int]]:
    """Yield the stretches from *start* to *end* that no kept block takes."""
    for block in kept:
        if start <= block.start < end:
            yield start, block.start
            start = block.end
    yield start, end


def _lone(text: str, openings: Sequence[_Opening], labels: frozenset[str], first: int) -> Iterator[str]:
    for opening in openings:
        if opening.colon and opening.start > first and opening.label not in labels:
            line = text.count("\n", 0, opening.start) + 1
            yield (
                f"“{opening.label}:” stands only once (line {line} of the text) "
                "and was read as part of the turn before. If it is a speaker, "
                "declare the label under speakers in source.yaml."
            )
