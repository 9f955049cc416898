"""What a reader makes of a file: its canonical text and the blocks in it."""

from collections.abc import Iterable
from dataclasses import dataclass

from kg.model import Block, BlockKind
from kg.reading.decoding import canonical


@dataclass(frozen=True)
class Layout:
    """A text and its blocks, before anyone looked for speakers and languages.

    *marked_up* says that headings are certain (markup), not guessed. *lang* is the language the
    file itself declares.
    """

    text: str
    blocks: tuple[Block, ...]
    marked_up: bool = True
    lang: str | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Piece:
    """A stretch of text taken out of markup, on its way to become a block."""

    kind: BlockKind
    text: str
    level: int | None = None


def words(listed: str) -> frozenset[str]:
    """Return the set of words that *listed* writes out, for the word lists of the readers."""
    return frozenset(listed.split())


def compose(pieces: Iterable[Piece], lang: str | None = None, warnings: tuple[str, ...] = ()) -> Layout:
    """Join *pieces* by blank lines; the first one of level 1 is the title, empty ones are left out."""
    parts: list[str] = []
    blocks: list[Block] = []
    at = 0
    titled = False
    for piece in pieces:
        stretch = canonical(piece.text).strip()
        if not stretch:
            continue
        kind: BlockKind = "title" if piece.level == 1 and not titled else piece.kind
        titled = titled or kind == "title"
        blocks.append(Block(kind, at, at + len(stretch), level=piece.level))
        parts.append(stretch)
        at += len(stretch) + 2
    return Layout("\n\n".join(parts), tuple(blocks), lang=lang, warnings=warnings)
