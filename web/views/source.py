"""A source with its text: passages lit, and the statements each one carries beside it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from kg.model import NOT_STATED, Block, Document
from kg.terms import best_label
from web.views.lookup import Lookup, Name, Naming, Solutions, iri_of
from web.views.statements import (
    Record,
    SourceInfo,
    Statement,
    Statements,
    foreign,
    place,
    records,
    source_infos,
    statements,
)

SHOWN_AT_ONCE = 5
LONGEST_THAT_STAYS = 1000  # characters: some thirteen lines, so that the end is never below the window
METADATA = ("author", "commissionedBy", "carriedOutBy", "publishedBy", "reportsOn", "continues")


@dataclass(frozen=True)
class Piece:
    """A stretch of text with the same passages over it.

    *anchors* are the passages that begin here, *target* the statement the stretch leads to, *chosen*
    whether it belongs to the passage the reader came for.
    """

    text: str
    lit: bool
    anchors: tuple[str, ...] = ()
    target: str | None = None
    chosen: bool = False


@dataclass(frozen=True)
class TextBlock:
    """A paragraph, heading, bullet or turn with the statements whose passages begin in it.

    The first *resting* of the statements rest on the passage that the reader came for.
    """

    start: int
    kind: str
    speaker: str | None
    lang: str | None
    pieces: tuple[Piece, ...]
    statements: tuple[Statement, ...]
    resting: int = 0

    @property
    def at_once(self) -> int:
        """How many statements are shown without being asked for."""
        return max(SHOWN_AT_ONCE, self.resting)

    @property
    def stays(self) -> bool:
        """Whether the text is short enough to stay in view beside its statements."""
        return sum(len(piece.text) for piece in self.pieces) <= LONGEST_THAT_STAYS


@dataclass(frozen=True)
class SourcePage:
    """Everything the page of one source shows."""

    iri: str
    slug: str
    name: Name
    info: SourceInfo
    lang: str | None
    metadata: tuple[tuple[Name, tuple[Name, ...]], ...]
    facts: tuple[Statement, ...]
    blocks: tuple[TextBlock, ...]
    unplaced: tuple[Statement, ...]
    statements: Statements
    retrieved: str | None
    licence: str | None
    """Address or words; ``not-stated`` where it was looked for and not found."""
    checksum: str | None
    read_part: str | None


@dataclass(frozen=True)
class PassagePage:
    """Everything the page of one passage shows."""

    iri: str
    slug: str
    source: Name
    info: SourceInfo
    lang: str | None
    text: str
    before: str
    after: str
    locator: str
    context: str
    original: str | None
    statements: Statements


@dataclass(frozen=True)
class StatementPage:
    """One statement with everything that is recorded of it."""

    slug: str
    statement: Statement
    statements: Statements
    source: Name | None


@dataclass(frozen=True)
class _Stretch:
    """A passage in the text: code points and name."""

    start: int
    end: int
    iri: str


def source_page(lookup: Lookup, slug: str, document: Document | None, chosen: str | None) -> SourcePage | None:
    """Build the page of the source *slug*; *chosen* is ``start-end`` of the passage to show lit more strongly."""
    iri = iri_of("source", slug, lookup.terms)
    infos = source_infos(lookup, [iri]) if iri else {}
    if iri is None or iri not in infos:
        return None
    own = lookup.rows("entity", this=[iri])
    about = records(lookup, lookup.rows("statements-about", this=[iri]))
    found = records(lookup, lookup.rows("statements-of-source", this=[iri]))
    stretches = [_stretch(row["passage"].value) for row in lookup.rows("passages", this=[iri])]
    also = {row["value"].value for row in own if row["value"].kind == "iri"} | {iri}
    made, naming = statements(lookup, found, also)
    said_of, _ = statements(lookup, about)
    texts = {lookup.local(row["key"].value): row["value"].value for row in own}
    blocks = _blocks(lookup, document, [each for each in stretches if each], made.all, chosen)
    shown = {each.iri for block in blocks for each in block.statements}
    return SourcePage(
        iri=iri,
        slug=slug,
        name=naming[iri],
        info=infos[iri],
        lang=foreign(infos[iri].lang, lookup),
        metadata=_metadata(lookup, own, naming),
        facts=said_of.facts,
        blocks=blocks,
        unplaced=tuple(each for each in made.all if each.iri not in shown),
        statements=made,
        retrieved=texts.get("retrieved"),
        licence=_licence(lookup, texts.get("dcterms:license")),
        checksum=texts.get("sha256"),
        read_part=_read_part(lookup, own),
    )


def _licence(lookup: Lookup, value: str | None) -> str | None:
    return NOT_STATED if value and lookup.local(value) == NOT_STATED else value


def _read_part(lookup: Lookup, own: Solutions) -> str | None:
    said = {row["value"].lang or "": row["value"].value for row in own if lookup.local(row["key"].value) == "readPart"}
    best = best_label(said, lookup.language)
    return best[0] if best else None


def _metadata(lookup: Lookup, own: Solutions, naming: Naming) -> tuple[tuple[Name, tuple[Name, ...]], ...]:
    values: dict[str, dict[str, Name]] = {}
    for row in own:
        key, value = lookup.local(row["key"].value), row["value"].value
        if key in METADATA:
            values.setdefault(key, {})[value] = naming[value]
    return tuple((lookup.term(key), tuple(values[key].values())) for key in METADATA if key in values)


def _stretch(iri: str) -> _Stretch | None:
    start, _, end = place(iri).partition("-")
    return _Stretch(int(start), int(end), iri) if start.isdigit() and end.isdigit() else None


def _blocks(
    lookup: Lookup,
    document: Document | None,
    stretches: Sequence[_Stretch],
    said: Iterable[Statement],
    chosen: str | None,
) -> tuple[TextBlock, ...]:
    if document is None:
        return ()
    by_passage: dict[str, list[Statement]] = {}
    for each in said:
        by_passage.setdefault(each.passage or "", []).append(each)
    return tuple(_block(lookup, document, block, stretches, by_passage, chosen) for block in document.blocks)


def _block(
    lookup: Lookup,
    document: Document,
    block: Block,
    stretches: Sequence[_Stretch],
    by_passage: Mapping[str, list[Statement]],
    chosen: str | None,
) -> TextBlock:
    inside = [each for each in stretches if each.start < block.end and each.end > block.start]
    cuts = {block.start, block.end}
    cuts |= {cut for each in inside for cut in (each.start, each.end) if block.start < cut < block.end}
    edges = sorted(cuts)
    pieces = tuple(
        _piece(document.text[start:end], start, inside, by_passage, chosen) for start, end in pairwise(edges)
    )
    beginning = sorted(
        (each for each in inside if each.start >= block.start),
        key=lambda each: (place(each.iri) != chosen, each.start, each.end),
    )
    carried = tuple(statement for each in beginning for statement in by_passage.get(each.iri, ()))
    return TextBlock(
        start=block.start,
        kind=block.kind,
        speaker=block.speaker,
        lang=foreign(block.lang or document.lang, lookup),
        pieces=pieces,
        statements=carried,
        resting=sum(place(each.passage or "") == chosen for each in carried),
    )


def _piece(
    text: str, start: int, inside: Sequence[_Stretch], by_passage: Mapping[str, list[Statement]], chosen: str | None
) -> Piece:
    over = [each for each in inside if each.start <= start < each.end]
    narrowest = sorted(over, key=lambda each: (place(each.iri) != chosen, each.end - each.start))
    carried = [statement for each in narrowest for statement in by_passage.get(each.iri, ())]
    return Piece(
        text=text,
        lit=bool(over),
        anchors=tuple(place(each.iri) for each in over if each.start == start),
        target=carried[0].anchor if carried else None,
        chosen=any(place(each.iri) == chosen for each in over),
    )


def passage_page(lookup: Lookup, slug: str) -> PassagePage | None:
    """Build the page of the passage *slug*, ``None`` where there is none."""
    iri = iri_of("passage", slug, lookup.terms)
    row = next(iter(lookup.rows("passage", this=[iri])), None) if iri else None
    if iri is None or row is None:
        return None
    source = row["source"].value
    made, _ = statements(lookup, records(lookup, lookup.rows("statements-on-passage", this=[iri])))
    info = source_infos(lookup, [source])[source]
    return PassagePage(
        iri=iri,
        slug=slug,
        source=info.name,
        info=info,
        lang=foreign(info.lang, lookup),
        text=row["text"].value,
        before=row["before"].value if "before" in row else "",
        after=row["after"].value if "after" in row else "",
        locator=row["locator"].value,
        context=f"{info.name.href}?passage={place(iri)}#p-{place(iri)}",
        original=next((proof.original for proof in made.proofs), info.url),
        statements=made,
    )


def statement_page(lookup: Lookup, slug: str) -> StatementPage | None:
    """Build the page of the statement *slug*, ``None`` where there is none."""
    iri = iri_of("statement", slug, lookup.terms)
    found: tuple[Record, ...] = records(lookup, lookup.rows("statements", st=[iri])) if iri else ()
    if not found:
        return None
    made, _ = statements(lookup, found)
    return StatementPage(slug, made.all[0], made, made.proofs[0].source if made.proofs else None)
