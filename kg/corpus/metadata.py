"""Where a text itself shows who wrote, ordered, made and published it, and when."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from kg.anchoring import Found, block_at, locator_of, passage
from kg.model import Document, Entity, Passage, Source
from kg.reading import canonical

_FRONT_BLOCKS = 15


def metadata_passages(source: Source, entities: Iterable[Entity]) -> Mapping[str, Passage]:
    """Return property → the passage that shows it, for what is found word for word in the text.

    Properties are local names of ``bso:`` and ``title``. The front matter (what stands before the
    first heading of level 2, at most 15 blocks) goes before the rest; a year further in is not
    taken for the year of the source.
    """
    document = source.document
    if document is None:
        return {}
    names = {entity.iri: _names(entity) for entity in entities}
    issued = source.issued.year if isinstance(source.issued, date) else source.issued
    wanted: dict[str, list[list[str]]] = {
        "title": [[source.title.text]],
        "author": [names.get(iri, []) for iri in source.authors],
        "year": [[str(issued)]] if issued else [],
        "commissionedBy": [names.get(iri, []) for iri in source.commissioner],
        "carriedOutBy": [names.get(iri, []) for iri in source.contractor],
        "publishedBy": [names.get(iri, []) for iri in source.publisher],
    }
    found = {key: _together(document, forms, anywhere=key != "year") for key, forms in wanted.items() if forms}
    return {key: _passage(document, place) for key, place in found.items() if place}


def _names(entity: Entity) -> list[str]:
    """Return the labels and other names of *entity*, longest first."""
    every = {*entity.label.values(), *(alt.text for alt in entity.alt), *(name.value for name in entity.names)}
    return sorted(every, key=lambda name: (-len(name), name))


def _together(document: Document, each: Sequence[Sequence[str]], anywhere: bool) -> Found | None:
    """Return the stretch of one block that names all of *each*, else the one that names the first."""
    front = _front(document)
    rest = document.blocks[front:] if anywhere else ()
    for blocks in (document.blocks[:front], rest):
        for block in blocks:
            places = [_find(document.text, forms, block.start, block.end) for forms in each]
            if all(places):
                known = [place for place in places if place]
                return Found(min(place.start for place in known), max(place.end for place in known))
    return _together(document, each[:1], anywhere) if len(each) > 1 else None


def _front(document: Document) -> int:
    for number, block in enumerate(document.blocks[:_FRONT_BLOCKS]):
        if block.kind == "heading" and (block.level or 0) >= 2:
            return number
    return min(_FRONT_BLOCKS, len(document.blocks))


def _find(text: str, forms: Iterable[str], start: int, end: int) -> Found | None:
    matches: Iterator[re.Match[str] | None] = (
        re.compile(rf"(?<!\w){re.escape(canonical(form))}(?!\w)").search(text, start, end) for form in forms
    )
    hit = next((match for match in matches if match), None)
    return Found(hit.start(), hit.end()) if hit else None


def _passage(document: Document, place: Found) -> Passage:
    return passage(document, place.start, place.end, locator_of(document, block_at(document, place.start)))
