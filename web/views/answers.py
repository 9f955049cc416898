"""Questions and answers as pages show them: gallery, slots that can be changed, answers with their passages."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from kg.questions import (
    Answer,
    Catalogue,
    Cell,
    Evidence,
    Labels,
    Note,
    Option,
    Question,
    Row,
    permalink,
    said,
    slot_values,
)
from web.language import sort_key
from web.views.lookup import Lookup, Name, Naming, page_of, why_href
from web.views.statements import Proof, SourceInfo, foreign, in_context, original, source_infos


@dataclass(frozen=True)
class Choice:
    """A value of a slot in a select."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class SlotField:
    """A slot of the understood question that the reader may change."""

    name: str
    label: str
    required: bool
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class Suggestion:
    """A sentence that leads to an answer."""

    sentence: str
    href: str


@dataclass(frozen=True)
class AnswerRow:
    """One row: cells, the weakest basis, and the numbers of the passages beneath; no numbers: an absence.

    It *repeats* where its first cell is that of the row above. *holders* are those whose view it is, or the source it
    is per, unless cells and question name them all. *why* tells of what a rule says why it holds.
    """

    cells: tuple[Name | None, ...]
    basis: str | None
    modality: str | None
    proofs: tuple[int, ...]
    holders: tuple[Name, ...] = ()
    repeats: bool = False
    why: tuple[Suggestion, ...] = ()


@dataclass(frozen=True)
class NoteLine:
    """Something missing or known: words in which names are links, and the things the words do not name."""

    text: tuple[Name, ...]
    about: tuple[Name, ...]


@dataclass(frozen=True)
class AnswerPage:
    """Everything an answer shows; *timeless* is the question as it can be asked in words, where no year narrows it.

    Rows that are *mixed* are of several kinds: an empty cell need not be silence.
    """

    question: str | None
    title: str | None
    outcome: str
    asked: str
    sentence: tuple[Name, ...]
    slots: tuple[SlotField, ...]
    columns: tuple[str, ...]
    rows: tuple[AnswerRow, ...]
    proofs: tuple[Proof, ...]
    gaps: tuple[NoteLine, ...]
    known: tuple[NoteLine, ...]
    sources: tuple[Name, ...]
    options: tuple[Suggestion, ...]
    sparql: str | None
    permalink: str | None
    pinned: str | None
    readings: tuple[str, ...]
    timeless: str
    mixed: bool

    @property
    def bases(self) -> tuple[tuple[str, int], ...]:
        """How many rows rest on each basis; rows that are absences are not counted."""
        found = [row.basis for row in self.rows if row.basis]
        return tuple((basis, found.count(basis)) for basis in dict.fromkeys(found))


@dataclass(frozen=True)
class GalleryGroup:
    """One of the five groups of questions."""

    name: str
    questions: tuple[Suggestion, ...]


def gallery(lookup: Lookup, catalogue: Catalogue) -> tuple[GalleryGroup, ...]:
    """List every question of the catalogue in its group, asked of an example where that says more."""
    examples = {question.id: _example(lookup, question) for question in catalogue}
    naming = lookup.names(iri for slots in examples.values() for iri in slots.values())
    return tuple(
        GalleryGroup(
            words[lookup.language],
            tuple(
                _suggested(lookup, naming, question, examples[question.id])
                for question in catalogue
                if question.group == group
            ),
        )
        for group, words in catalogue.groups.items()
    )


def _example(lookup: Lookup, question: Question) -> dict[str, str]:
    """Fill the slots that a question cannot do without; where there is none, the first one that narrows it."""
    needed = [slot for slot in question.slots if slot.required]
    narrowing = [slot for slot in question.slots if slot.types != ("Source",) and slot.open == slot.label]
    shown = needed or narrowing[:1]
    return {slot.name: lookup.terms.expand(slot.example) for slot in shown if slot.example}


def _suggested(lookup: Lookup, naming: Naming, question: Question, slots: Mapping[str, str]) -> Suggestion:
    title = question.title[lookup.language]
    if not all(iri in naming for iri in slots.values()):  # another corpus does not know our examples
        slots = {}
    sentence = question.asked(slots, {name: naming[iri].text for name, iri in slots.items()}, lookup.language)
    if not slots or sentence.startswith(title):
        return Suggestion(title, permalink(question.id, {}, lookup.language, lookup.terms))
    return Suggestion(sentence, permalink(question.id, slots, lookup.language, lookup.terms))


def answer_page(lookup: Lookup, catalogue: Catalogue, answer: Answer, version: str | None) -> AnswerPage:
    """Arrange *answer* for one language; its names came with it, only sources and slot values are looked up."""
    naming = naming_of(lookup, answer.labels)
    evidence = [each for row in answer.rows for each in row.evidence]
    infos = source_infos(lookup, {each.source for each in evidence if each.source}) if evidence else {}
    proofs = numbered(lookup, naming, evidence, infos)
    numbers = {key: proof.number for key, proof in proofs.items()}
    question = answer.question
    rows = _rows(lookup, catalogue, naming, answer, numbers)
    link = _Links(lookup, answer, version)
    return AnswerPage(
        question=question.id if question else None,
        title=question.title[lookup.language] if question else None,
        outcome=answer.outcome,
        asked=answer.asked[lookup.language],
        sentence=woven(answer.sentence[lookup.language], (cell for row in rows for cell in row.cells[:1] if cell)),
        slots=_slots(lookup, question, answer.slots) if question else (),
        columns=tuple(column.label[lookup.language] for column in question.columns) if question else (),
        rows=rows,
        proofs=tuple(proofs.values()),
        gaps=tuple(_note(lookup, naming, note) for note in answer.gaps),
        known=tuple(_note(lookup, naming, note) for note in answer.known),
        sources=tuple(naming[iri] for iri in answer.sources),
        options=tuple(_option(lookup, option) for option in answer.options),
        sparql=answer.sparql,
        permalink=link.plain,
        pinned=link.pinned,
        readings=tuple(info.name.text for info in infos.values() if info.digest),
        mixed=bool(question and question.mixed),
        timeless=answer.asked[lookup.language].removesuffix(f" ({answer.slots.get('year')})"),
    )


@dataclass(frozen=True)
class _Links:
    lookup: Lookup
    answer: Answer
    version: str | None

    @property
    def plain(self) -> str | None:
        return self._link(None)

    @property
    def pinned(self) -> str | None:
        return self._link(self.version)

    def _link(self, version: str | None) -> str | None:
        if self.answer.question is None:
            return None
        return permalink(self.answer.question.id, self.answer.slots, self.lookup.language, self.lookup.terms, version)


def naming_of(lookup: Lookup, labels: Labels) -> Naming:
    """Name everything that *labels* has labels for."""
    names = {iri: lookup.named(words, iri) for iri, words in labels.items()}
    return Naming({iri: name for iri, name in names.items() if name}, lookup.terms, lookup.language)


def _slots(lookup: Lookup, question: Question, filled: Mapping[str, str]) -> tuple[SlotField, ...]:
    values = {slot.name: slot_values(lookup.engine, slot) for slot in question.every_slot}
    year = question.year.name
    values[year] = tuple({*values[year], *filter(None, [filled.get(year)])})
    naming = lookup.names({iri for iris in values.values() for iri in iris})
    return tuple(
        SlotField(
            name=slot.name,
            label=slot.label[lookup.language],
            required=slot.required,
            choices=tuple(
                Choice(lookup.terms.compress(iri), naming[iri].text, filled.get(slot.name) == iri)
                for iri in sorted(values[slot.name], key=lambda iri: sort_key(naming[iri].text))
            ),
        )
        for slot in question.every_slot
    )


def _rows(
    lookup: Lookup,
    catalogue: Catalogue,
    naming: Naming,
    answer: Answer,
    numbers: Mapping[tuple[str | None, ...], int],
) -> tuple[AnswerRow, ...]:
    def why(row: Row) -> Iterator[Suggestion]:
        for step in row.why:
            sentence = said(step, answer.labels, catalogue, lookup.terms)[lookup.language]
            yield Suggestion(sentence, why_href(lookup, step.triple))

    named = frozenset(answer.slots.values())
    rows = [replace(_row(lookup, naming, row, numbers, named), why=tuple(why(row))) for row in answer.rows]
    above: list[AnswerRow | None] = [None, *rows]
    return tuple(
        replace(row, repeats=last is not None and bool(row.cells) and row.cells[0] == last.cells[0])
        for row, last in zip(rows, above, strict=False)
    )


def _row(
    lookup: Lookup,
    naming: Naming,
    row: Row,
    numbers: Mapping[tuple[str | None, ...], int],
    named: frozenset[str],
) -> AnswerRow:
    told = named | {cell.iri for cell in row.cells if cell}
    return AnswerRow(
        cells=tuple(_cell(lookup, naming, cell) if cell else None for cell in row.cells),
        basis=row.basis,
        modality=row.modality if row.modality != "actual" else None,
        proofs=tuple(dict.fromkeys(numbers[proof_key(each)] for each in row.evidence)),
        holders=tuple(naming[iri] for iri in row.holders) if set(row.holders) - told else (),
    )


def _cell(lookup: Lookup, naming: Naming, cell: Cell) -> Name:
    if cell.iri:
        return naming[cell.iri]
    if cell.translations and (name := lookup.named(cell.translations)):
        return name
    return Name(cell.value or "", foreign(cell.lang, lookup))


def proof_key(evidence: Evidence) -> tuple[str | None, ...]:
    """Return what makes two pieces of evidence the same passage."""
    return (evidence.passage,) if evidence.passage else (evidence.source, evidence.locator, evidence.text)


def numbered(
    lookup: Lookup, naming: Naming, evidence: Iterable[Evidence], infos: Mapping[str, SourceInfo]
) -> dict[tuple[str | None, ...], Proof]:
    """Give the passages numbers in the order of the rows, each once, with all the readings on it."""
    proofs: dict[tuple[str | None, ...], Proof] = {}
    for each in evidence:
        known = proofs.get(proof_key(each)) or _proof(lookup, naming, each, infos, len(proofs) + 1)
        reason = lookup.named(each.reasons)
        because = (*known.because, reason) if reason else known.because
        proofs[proof_key(each)] = replace(known, because=tuple(dict.fromkeys(because)))
    return proofs


def _proof(lookup: Lookup, naming: Naming, evidence: Evidence, infos: Mapping[str, SourceInfo], number: int) -> Proof:
    info = infos.get(evidence.source or "")
    source = naming[evidence.source] if evidence.source else None
    words = evidence.anchor or (evidence.text if evidence.verbatim else None)
    return Proof(
        number=number,
        text=evidence.text,
        lang=foreign(info.lang if info else None, lookup),
        verbatim=evidence.verbatim,
        locator=evidence.locator,
        source=source,
        href=page_of(evidence.passage, lookup.terms, lookup.language) if evidence.passage else None,
        context=in_context(source.href if source else None, evidence.passage),
        original=original(info.url if info else None, words),
        as_of=evidence.as_of,
    )


def _note(lookup: Lookup, naming: Naming, note: Note) -> NoteLine:
    about = tuple(_cell(lookup, naming, cell) for cell in note.about)
    text = woven(note.text[lookup.language], about)
    return NoteLine(text, tuple(name for name in about if name not in text))


def woven(text: str, names: Iterable[Name]) -> tuple[Name, ...]:
    """Split *text* so that the first mention of each of *names* is that name, with its link.

    >>> [each.href for each in woven("Bokontakt finst i Bergen.", [Name("Bergen", href="/nn/place/bergen")])]
    [None, '/nn/place/bergen', None]
    """
    pieces = [Name(text)]
    for name in sorted(set(names), key=lambda name: -len(name.text)):
        for place, piece in enumerate(pieces):
            found = re.search(rf"(?<!\w){re.escape(name.text)}(?!\w)", piece.text)
            if found and name.href and piece.href is None:
                around = Name(piece.text[: found.start()]), name, Name(piece.text[found.end() :])
                pieces[place : place + 1] = [each for each in around if each.text]
                break
    return tuple(pieces)


def _option(lookup: Lookup, option: Option) -> Suggestion:
    return Suggestion(
        option.sentence[lookup.language],
        permalink(option.question, option.slots, lookup.language, lookup.terms),
    )
