"""One question answered: query run, rows tied to their evidence, what is missing and what is known told."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal

from kg.engine import Engine
from kg.model import LANGUAGES, Language
from kg.questions.catalogue import YEAR, Catalogue, NoteRule, Question, Slot, Words
from kg.questions.dated import holdings, labels_in
from kg.questions.evidence import (
    Evidence,
    basis_of,
    holders_of,
    metadata_evidence,
    modality_of,
    statement_evidence,
    strongest,
)
from kg.questions.rows import Cell, Derivation, Found, cell, found_rows
from kg.questions.slots import bind, slot_values
from kg.questions.why import Step, Triple, explain
from kg.questions.wording import Labels, fetch_labels, in_all_languages, listed, name_of, number, shown
from kg.terms import Terms

MOST_OPTIONS = 12
Outcome = Literal["answer", "partial", "silent", "clarify", "not-understood", "not-allowed"]


@dataclass(frozen=True)
class Row:
    """One row: cells in the order of the columns, its basis, all its evidence.

    The basis is the weakest of all that one derivation joins, and the strongest over the derivations that
    show the same row.
    A row that is an absence has neither basis nor modality nor evidence. *why* tells of each derived triple that
    the row shows why it holds.
    """

    cells: tuple[Cell | None, ...]
    basis: str | None
    modality: str | None
    holders: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    why: tuple[Step, ...] = ()


@dataclass(frozen=True)
class Note:
    """Something that is missing or known: a code, the words for it, and the things it is about."""

    code: str
    kind: Literal["gap", "known"]
    text: Words
    about: tuple[Cell, ...]


@dataclass(frozen=True)
class Option:
    """A question that could be meant: template, slots (name → IRI) and the sentence to show."""

    question: str
    slots: Mapping[str, str]
    sentence: Words


@dataclass(frozen=True)
class Answer:
    """An answer in all languages; :func:`kg.questions.to_json` renders one.

    *asked* is the question as it was understood, *sparql* the query that was really run, *sources*
    the wholly coded ones that were looked through where something is absent, *labels* the names of
    every thing in the answer.
    """

    question: Question | None
    slots: Mapping[str, str]
    outcome: Outcome
    asked: Words
    sentence: Words
    labels: Labels
    rows: tuple[Row, ...] = ()
    notes: tuple[Note, ...] = ()
    sources: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    sparql: str | None = None

    @property
    def gaps(self) -> tuple[Note, ...]:
        """What is missing."""
        return tuple(note for note in self.notes if note.kind == "gap")

    @property
    def known(self) -> tuple[Note, ...]:
        """What is known instead, or beside."""
        return tuple(note for note in self.notes if note.kind == "known")


def answer(
    engine: Engine, catalogue: Catalogue, terms: Terms, question_id: str, slots: Mapping[str, str] | None = None
) -> Answer:
    """Answer one question of the catalogue.

    *slots* maps names to CURIEs, IRIs or local names. Raise :class:`UnknownQuestion`,
    :class:`UnknownSlot` or :class:`UnknownSlotValue`, each with the nearest known names. A required
    slot that is left open gives the outcome ``clarify`` with one option for each value.
    """
    question = catalogue[question_id]
    bound = bind(engine, terms, question, slots or {})
    desk = _Desk(engine, catalogue, terms, question, bound)
    open_slot = question.open_slot(bound)
    return desk.ask_back(open_slot) if open_slot else desk.answer()


def asked(question: Question, slots: Mapping[str, str], labels: Labels, terms: Terms) -> Words:
    """Write a question out with the labels of its slots, in all languages."""
    names = {lang: {slot: name_of(iri, labels, terms, lang)[0] for slot, iri in slots.items()} for lang in LANGUAGES}
    return {lang: question.asked(slots, names[lang], lang) for lang in LANGUAGES}


@dataclass(frozen=True)
class _Noted:
    """A note before its words are filled."""

    code: str
    kind: Literal["gap", "known"]
    about: tuple[Cell, ...]
    pattern: Words
    partial: bool = False
    count: int = 0


@dataclass(frozen=True)
class _Desk:
    """All that is needed to answer one question with its slots bound."""

    engine: Engine
    catalogue: Catalogue
    terms: Terms
    question: Question
    bound: Mapping[str, str]

    def answer(self) -> Answer:
        sparql = self.question.query.fill(self.bound)
        rows = self._rows(found_rows(self.question, self.engine.select(sparql)))
        noted = self._noted(rows)
        absent = not rows or any(not row.evidence for row in rows)
        sources = self._coded() if absent else ()
        labels = self._labels(self._iris(rows, noted, sources))
        return Answer(
            question=self.question,
            slots=self.bound,
            outcome=self._outcome(rows, noted),
            asked=asked(self.question, self.bound, labels, self.terms),
            sentence=self._sentence(rows, sources, labels),
            labels=labels,
            rows=tuple(rows),
            notes=tuple(self._note(each, labels) for each in noted),
            sources=sources,
            sparql=sparql,
        )

    def ask_back(self, slot: Slot) -> Answer:
        """Ask for the value of *slot*, with the first options that give rows, or the first ones where none does."""
        every = slot_values(self.engine, slot)
        with_rows = (value for value in every if self._has_rows({**self.bound, slot.name: value}))
        values = tuple(islice(with_rows, MOST_OPTIONS)) or every[:MOST_OPTIONS]
        labels = self._labels([*values, *self._things()])
        offered = [{**self.bound, slot.name: value} for value in values]
        return Answer(
            question=self.question,
            slots=self.bound,
            outcome="clarify",
            asked=self.question.title,
            sentence=in_all_languages(
                self.catalogue.words["open_slot"], {lang: {"slot": slot.label[lang]} for lang in LANGUAGES}
            ),
            labels=labels,
            options=tuple(
                Option(self.question.id, slots, asked(self.question, slots, labels, self.terms)) for slots in offered
            ),
        )

    @property
    def year(self) -> int | None:
        """The year that was asked about."""
        given = self.bound.get(self.question.year.name)
        return int(given) if given else None

    def _things(self) -> list[str]:
        """Return the IRIs in the slots: all but the year."""
        return [value for value in self.bound.values() if not YEAR.fullmatch(value)]

    def _labels(self, iris: Iterable[str]) -> Labels:
        """Name *iris*; where the year narrows nothing else, as they were called in it."""
        things = [iri for iri in iris if not YEAR.fullmatch(iri)]
        labels = fetch_labels(self.engine, self.catalogue, things)
        if self.year is None or self.question.year not in self.question.every_slot:
            return labels
        return labels_in(holdings(self.engine, self.catalogue.shared["dated"], things), self.year, labels)

    def _has_rows(self, slots: Mapping[str, str]) -> bool:
        return bool(self.engine.select(self.question.query.fill(slots)))

    def _rows(self, found: Sequence[Found]) -> list[Row]:
        shared = self.catalogue.shared
        stated = statement_evidence(self.engine, shared["evidence"], (each for row in found for each in row.statements))
        matter = metadata_evidence(self.engine, shared["metadata"], (each for row in found for each in row.metadata))
        derived = [triple for row in found for triple in row.derived]
        why = explain(self.engine, self.catalogue, self.terms, derived) if derived else {}
        if self.year is not None:
            found = [then for row in found if (then := _held_in(self.year, row, stated))]
        return [_row(row, stated, matter, why) for row in found]

    def _noted(self, rows: Sequence[Row]) -> list[_Noted]:
        """Try every rule of the question; where nothing was found and none tells why, say what else is known."""
        found = [(rule, self._about(rule, rows)) for rule in self.question.notes]
        noted = [
            _Noted(rule.code, rule.kind, about, rule.text, rule.partial, len(about))
            for rule, about in found
            if rule.applies(len(about))
        ]
        if self.year is not None and self.question.year in self.question.every_slot:
            noted.append(_Noted("as-of", "known", (), self.catalogue.words["year"]["known"]))
        if rows or noted or self.question.empty == "answer":
            return noted
        return [self._mentioned(iri) for iri in self._things()]

    def _about(self, rule: NoteRule, rows: Sequence[Row]) -> tuple[Cell, ...]:
        known = {name: [iri] for name, iri in self.bound.items() if name in rule.query.placeholders}
        if rule.shown:
            known["shown"] = self._shown(rule.shown, rows)
        cells = [cell(row.get("item")) for row in self.engine.select(rule.query.bind(**known))]
        return tuple({each.identity: each for each in cells if each}.values())

    def _shown(self, columns: Sequence[str], rows: Sequence[Row]) -> list[str]:
        places = [index for index, column in enumerate(self.question.columns) if column.name in columns]
        cells = (row.cells[place] for row in rows for place in places)
        return sorted({each.iri for each in cells if each and each.iri})

    def _mentioned(self, iri: str) -> _Noted:
        count = len(self.engine.select(self.catalogue.shared["statements-about"].bind(thing=[iri])))
        which = ("never_mentioned", "mentioned_once")[count] if count < 2 else "mentioned"
        return _Noted("mentioned", "known", (Cell(iri=iri),), self.catalogue.words[which], count=count)

    def _coded(self) -> tuple[str, ...]:
        return tuple(row["source"].value for row in self.engine.select(self.catalogue.shared["coded"].text))

    def _iris(self, rows: Sequence[Row], noted: Sequence[_Noted], sources: Iterable[str]) -> Iterator[str]:
        yield from self._things()
        yield from sources
        for row in rows:
            yield from (each.iri for each in row.cells if each and each.iri)
            yield from row.holders
            yield from (iri for evidence in row.evidence for iri in evidence.iris)
            yield from (iri for step in row.why for iri in step.iris)
        for note in noted:
            yield from (each.iri for each in note.about if each.iri)

    def _outcome(self, rows: Sequence[Row], noted: Sequence[_Noted]) -> Outcome:
        if not rows and self.question.empty == "silent":
            return "silent"
        return "partial" if any(note.partial for note in noted) else "answer"

    def _sentence(self, rows: Sequence[Row], sources: Sequence[str], labels: Labels) -> Words:
        """Fill the sentence for none, one or many *things*: the different values of the first column."""
        things = len({row.cells[0].identity for row in rows if row.cells[0]})
        pattern = self.question.sentences["none" if not rows else "one" if things == 1 else "many"]
        said = in_all_languages(pattern, {lang: self._marks(rows, sources, labels, things, lang) for lang in LANGUAGES})
        listed_first = f"{{{self.question.columns[0].name}}}" in pattern["nn"]
        bases = self.catalogue.words["hedge"] if listed_first else ()
        hedges = [self._hedge(basis, rows, labels) for basis in bases]
        return {lang: " ".join([said[lang], *(hedge[lang] for hedge in hedges if hedge)]) for lang in LANGUAGES}

    def _hedge(self, basis: str, rows: Sequence[Row], labels: Labels) -> Words | None:
        """Say for which things the strongest row is no stronger than *basis*; the sentence alone would not tell."""
        strongest_of: dict[object, str] = {}
        for row in rows:
            if row.cells[0] and row.basis:
                known = strongest_of.get(row.cells[0].identity, row.basis)
                strongest_of[row.cells[0].identity] = strongest((known, row.basis)) or row.basis
        cells = [row.cells[0] for row in rows if row.cells[0] and strongest_of.get(row.cells[0].identity) == basis]
        marks = {lang: {"things": self._listed(cells, labels, lang)} for lang in LANGUAGES}
        return in_all_languages(self.catalogue.words["hedge"][basis], marks) if cells else None

    def _marks(
        self, rows: Sequence[Row], sources: Sequence[str], labels: Labels, things: int, lang: Language
    ) -> Mapping[str, str]:
        columns = {
            column.name: self._listed((row.cells[index] for row in rows), labels, lang)
            for index, column in enumerate(self.question.columns)
        }
        absent = self.catalogue.words["text"]["absent"][lang]
        return {
            **{name: words or absent for name, words in columns.items()},
            **{slot.name: slot.open[lang] for slot in self.question.slots if not columns.get(slot.name)},
            **self._slot_names(labels, lang),
            "count": number(things, self.catalogue, lang),
            "rows": number(len(rows), self.catalogue, lang),
            "holders": self._listed((Cell(iri=iri) for row in rows for iri in row.holders), labels, lang),
            "sources": self._listed((Cell(iri=iri) for iri in sources), labels, lang),
        }

    def _note(self, noted: _Noted, labels: Labels) -> Note:
        marks = {
            lang: {
                **{slot.name: slot.open[lang] for slot in self.question.slots},
                **self._slot_names(labels, lang),
                "things": self._listed(noted.about, labels, lang),
                "count": number(noted.count, self.catalogue, lang),
            }
            for lang in LANGUAGES
        }
        return Note(noted.code, noted.kind, in_all_languages(noted.pattern, marks), noted.about)

    def _slot_names(self, labels: Labels, lang: Language) -> Mapping[str, str]:
        return {name: name_of(iri, labels, self.terms, lang)[0] for name, iri in self.bound.items()}

    def _listed(self, cells: Iterable[Cell | None], labels: Labels, lang: Language) -> str:
        return listed((shown(each, labels, self.terms, lang)[0] for each in cells if each), self.catalogue, lang)


def _held_in(year: int, found: Found, stated: Mapping[str, Evidence]) -> Found | None:
    """Leave out the ways to a row that rest on something that a source says of another time."""
    ways = tuple(way for way in found.derivations if all(stated[each].holds_in(year) for each in way.statements))
    return replace(found, derivations=ways) if ways else None


def _row(
    found: Found,
    stated: Mapping[str, Evidence],
    matter: Mapping[tuple[str, str], Evidence],
    why: Mapping[Triple, Step],
) -> Row:
    def joined(way: Derivation | Found) -> tuple[Evidence, ...]:
        found = [stated[each] for each in way.statements] + [matter[each] for each in way.metadata if each in matter]
        return tuple(dict.fromkeys(found))

    def basis(way: Derivation) -> str | None:
        derived = ("inferred",) if way.derived in why else ()
        return basis_of(joined(way), (*way.basis, *derived))

    steps = tuple(why[triple] for triple in found.derived if triple in why)
    evidence = tuple(dict.fromkeys([*joined(found), *(each for step in steps for each in step.proof)]))
    weakest = strongest(basis(way) for way in found.derivations)
    return Row(found.cells, weakest, modality_of(evidence), holders_of(evidence), evidence, steps)
