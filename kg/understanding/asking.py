"""From a sentence to a reply, and from the beginning of a sentence to whole ones that have an answer."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from kg.engine import Engine
from kg.model import LANGUAGES, Language
from kg.questions import (
    Answer,
    Catalogue,
    Cell,
    Labels,
    Note,
    Option,
    Question,
    answer,
    asked,
    in_all_languages,
    listed,
    name_of,
    to_csv,
    to_json,
    to_text,
)
from kg.terms import Terms
from kg.understanding.lexicon import Lexicon
from kg.understanding.matching import SUGGESTIONS, Heard, Understanding, understand
from kg.understanding.words import normalised

MOST_SENTENCES = 8
MOST_TRIED = 24
MOST_VALUES = 40


@dataclass(frozen=True)
class Reply:
    """An answer, or why there is none, with what was heard in the sentence."""

    answer: Answer
    heard: tuple[Heard, ...]
    catalogue: Catalogue
    terms: Terms
    version: str | None = None

    def to_json(self, language: Language) -> dict[str, Any]:
        """Return the JSON object of the contract, and under ``heard`` what became of the recognised words."""
        heard = [{**vars(each), "label": self._label(each.iri, language)} for each in self.heard]
        return {**to_json(self.answer, language, self.terms, self.version), "heard": heard}

    def to_json_text(self, language: Language) -> str:
        """Return that JSON object as text."""
        return json.dumps(self.to_json(language), ensure_ascii=False, indent=2)

    def to_csv(self, language: Language) -> str:
        """Return the rows as CSV."""
        return to_csv(self.answer, language, self.terms)

    def to_text(self, language: Language) -> str:
        """Return the answer as people read it on a terminal."""
        return to_text(self.answer, language, self.catalogue, self.terms)

    def _label(self, iri: str | None, language: Language) -> str | None:
        return name_of(iri, self.answer.labels, self.terms, language)[0] if iri else None


@dataclass(frozen=True)
class Suggestion:
    """A whole sentence that has an answer: its words, its template and its slots (name → IRI)."""

    sentence: str
    question: str
    slots: Mapping[str, str]


def ask(
    text: str,
    language: Language,
    engine: Engine,
    catalogue: Catalogue,
    terms: Terms,
    lexicon: Lexicon | None = None,
    version: str | None = None,
) -> Reply:
    """Answer *text*, or say that it was not understood, or ask back; never guess.

    A server hands in a *lexicon* that it keeps; *version* is the snapshot's name, for permalinks.
    """
    known = lexicon or Lexicon.load(engine, catalogue)
    understood = understand(text, language, catalogue, known)
    if understood.decision == "answer":
        meant = understood.readings[0]
        found = answer(engine, catalogue, terms, meant.question, meant.slots)
    else:
        found = _no_answer(understood, catalogue, known, terms)
    found = _with_besides(found, understood.heard, catalogue, known, terms)
    return Reply(found, understood.heard, catalogue, terms, version)


def suggest(
    prefix: str, language: Language, engine: Engine, catalogue: Catalogue, terms: Terms, lexicon: Lexicon
) -> list[Suggestion]:
    """Complete *prefix* to sentences with filled slots, best first; only such as have at least one row."""
    wanted = normalised(prefix).casefold()
    ranked = sorted(
        (rank, each) for each in _sentences(language, catalogue, lexicon, terms) if (rank := _rank(wanted, each))
    )
    found: list[Suggestion] = []
    for _, each in ranked[:MOST_TRIED]:
        if len(found) < MOST_SENTENCES and _has_rows(each, engine, catalogue):
            found.append(each)
    return found


def _no_answer(understood: Understanding, catalogue: Catalogue, lexicon: Lexicon, terms: Terms) -> Answer:
    unknown = [each.text for each in understood.heard if each.use == "unknown"]
    kind = "unknown" if unknown and understood.decision == "not-understood" else understood.decision
    quoted = lexicon.speech.sentences["unknown-word"]
    marks = {
        lang: {"words": listed([quoted[lang].format(word=word) for word in unknown], catalogue, lang)}
        for lang in LANGUAGES
    }
    return Answer(
        question=None,
        slots={},
        outcome=understood.decision,
        asked=dict.fromkeys(LANGUAGES, understood.text),
        sentence=in_all_languages(lexicon.speech.sentences[kind], marks),
        labels=lexicon.labels,
        options=tuple(_options(understood, catalogue, lexicon.labels, terms)),
    )


def _options(understood: Understanding, catalogue: Catalogue, labels: Labels, terms: Terms) -> Iterator[Option]:
    """Offer what might have been meant, and make up the number with the first questions of the catalogue."""
    if understood.decision == "not-allowed":
        return
    for each in understood.readings:
        yield Option(each.question, each.slots, asked(catalogue[each.question], each.slots, labels, terms))
    offered = {each.question for each in understood.readings}
    others = [question for question in catalogue if question.id not in offered]
    for question in others[: max(0, SUGGESTIONS - len(understood.readings))]:
        yield Option(question.id, {}, question.title)


def _with_besides(
    found: Answer, heard: Iterable[Heard], catalogue: Catalogue, lexicon: Lexicon, terms: Terms
) -> Answer:
    """Say what was understood without narrowing the answer."""
    labels = {each.iri: lexicon.labels.get(each.iri, {}) for each in heard if each.iri}
    found = replace(found, labels={**labels, **found.labels})
    besides = tuple(Cell(iri=each.iri) for each in heard if each.use == "beside")
    if not besides:
        return found
    things = {lang: [name_of(str(each.iri), labels, terms, lang)[0] for each in besides] for lang in LANGUAGES}
    marks = {lang: {"things": listed(things[lang], catalogue, lang)} for lang in LANGUAGES}
    note = Note("not-narrowed", "known", in_all_languages(lexicon.speech.sentences["not-narrowed"], marks), besides)
    return replace(found, notes=(*found.notes, note))


def _sentences(language: Language, catalogue: Catalogue, lexicon: Lexicon, terms: Terms) -> Iterator[Suggestion]:
    for question in catalogue:
        for phrasing in question.phrasings[language]:
            lists = [sorted(lexicon.fits.get((question.id, mark), ())) for mark in phrasing.marks]
            if any(len(values) > MOST_VALUES for values in lists) or not set(phrasing.marks) <= _slot_names(question):
                continue
            for values in product(*lists):
                slots = dict(zip(phrasing.marks, values, strict=True))
                if len(set(values)) == len(values):
                    yield _suggestion(question, phrasing.text, {**phrasing.filled, **slots}, lexicon, terms, language)


def _suggestion(
    question: Question, text: str, slots: Mapping[str, str], lexicon: Lexicon, terms: Terms, language: Language
) -> Suggestion:
    names = {name: name_of(iri, lexicon.labels, terms, language)[0] for name, iri in slots.items()}
    return Suggestion(text.format_map(names), question.id, slots)


def _slot_names(question: Question) -> set[str]:
    return {slot.name for slot in question.slots}


def _rank(wanted: str, suggestion: Suggestion) -> tuple[int, int, str] | None:
    """Rank a sentence that begins with what is *wanted*, or has words that begin with each of its words."""
    sentence = suggestion.sentence.casefold()
    if sentence.startswith(wanted):
        return (0, len(sentence), sentence)
    beginnings = sentence.split()
    if all(any(word.startswith(part) for word in beginnings) for part in wanted.split()):
        return (1, len(sentence), sentence)
    return None


def _has_rows(suggestion: Suggestion, engine: Engine, catalogue: Catalogue) -> bool:
    question = catalogue[suggestion.question]
    return bool(engine.select(question.query.fill(suggestion.slots)))
