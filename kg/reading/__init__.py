"""Documents and interview transcripts as text, blocks, speakers and languages: one reader a format."""

import hashlib
from collections.abc import Callable, Collection
from pathlib import Path

from kg.model import Document, ReadError
from kg.reading import html, markdown, plain, transcript
from kg.reading.decoding import MAX_BYTES, canonical, decode, load
from kg.reading.language import tagged
from kg.reading.layout import Layout

__all__ = ["MAX_BYTES", "SUFFIXES", "canonical", "decode", "load", "read"]

_READERS: dict[str, tuple[str, Callable[[bytes], Layout]]] = {
    ".txt": ("text/plain", plain.lay_out),
    ".md": ("text/markdown", markdown.lay_out),
    ".markdown": ("text/markdown", markdown.lay_out),
    ".html": ("text/html", html.lay_out),
    ".htm": ("text/html", html.lay_out),
    ".xhtml": ("text/html", html.lay_out),
}
SUFFIXES = tuple(_READERS)


def read(path: Path, id: str | None = None, *, labels: Collection[str] = ()) -> Document:
    """Read the file at *path*; its suffix tells the format.

    *id* names the document (the file's stem if not given). *labels* are speakers' labels known
    beforehand; without them a transcript is known by labels that recur. Raise :class:`ReadError`
    with the file, the offset where there is one, and what to do.
    """
    if (suffix := path.suffix.lower()) not in _READERS:
        raise ReadError(
            f"{path}: cannot read “{suffix or path.name}” files. Save the text as one of {' '.join(SUFFIXES)}."
        )
    data = load(path)
    media_type, lay_out = _READERS[suffix]
    try:
        layout = lay_out(data)
    except ReadError as error:
        raise ReadError(f"{path}: {error}") from error
    if not layout.blocks:
        raise ReadError(f"{path}: there is no text in the file. Put the text in it, or remove it.")
    layout = transcript.find(layout, labels) or layout
    lang, blocks = tagged(layout.text, layout.blocks, layout.lang)
    return Document(
        id=id or path.stem,
        media_type=media_type,
        sha256=hashlib.sha256(data).hexdigest(),
        lang=lang,
        text=layout.text,
        blocks=blocks,
        speakers=tuple(dict.fromkeys(block.speaker for block in blocks if block.speaker)),
        warnings=layout.warnings,
    )
