"""Markdown (CommonMark and tables): the plain text of its blocks, joined by blank lines."""

import re
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from kg.model import BlockKind, ReadError
from kg.reading import html
from kg.reading.decoding import canonical, decode
from kg.reading.layout import Layout, Piece, compose

MAX_NESTING = 100
_FRONT_MATTER = re.compile(r"---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|$)", re.S)


def lay_out(data: bytes) -> Layout:
    """Read *data* as Markdown; the lines of a YAML front matter are paragraphs of their own."""
    decoded, warnings = decode(data)
    text = canonical(decoded)
    front = _FRONT_MATTER.match(text)
    tokens = (
        MarkdownIt("commonmark", {"maxNesting": MAX_NESTING})
        .enable("table")
        .parse(text[front.end() :] if front else text)
    )
    if any(token.level >= MAX_NESTING - 1 for token in tokens):
        raise ReadError(f"lists or quotations are nested deeper than {MAX_NESTING}. Flatten them.")
    lines = front.group(1).split("\n") if front else []
    return compose([*(Piece("para", line) for line in lines), *_pieces(tokens)], warnings=warnings)


def _pieces(tokens: Sequence[Token]) -> Iterator[Piece]:
    open_tags: list[str] = []
    for token in tokens:
        if token.nesting == 1:
            open_tags.append(token.tag)
        elif token.nesting == -1:
            open_tags.pop()
        elif token.type == "inline":
            kind, level = _kind(open_tags)
            yield Piece(kind, _plain(token.children or []), level)
        elif token.type in ("fence", "code_block"):
            yield Piece("para", token.content)
        elif token.type == "html_block":
            yield from html.pieces(token.content)


def _kind(open_tags: Sequence[str]) -> tuple[BlockKind, int | None]:
    innermost = open_tags[-1] if open_tags else "p"
    if re.fullmatch("h[1-6]", innermost):
        return "heading", int(innermost[1])
    if innermost in ("td", "th"):
        return "cell", None
    lists = [tag for tag in open_tags if tag in ("ul", "ol", "blockquote")]
    kinds: dict[str, BlockKind] = {"ul": "bullet", "ol": "number"}
    return kinds.get(lists[-1], "para") if lists else "para", None


def _plain(children: Sequence[Token]) -> str:
    """Return inline content without its markup: a link's words, an image's description."""
    parts: list[str] = []
    for token in children:
        if token.type in ("text", "code_inline"):
            parts.append(token.content)
        elif token.type in ("softbreak", "hardbreak") or (
            token.type == "html_inline" and re.match(r"<br\b", token.content, re.I)
        ):
            parts.append("\n")
        elif token.type == "image":
            parts.append(_plain(token.children or []))
    return "".join(parts)
