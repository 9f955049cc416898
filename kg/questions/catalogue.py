"""The catalogue of question templates in ``ontology/cq``: one list for gallery, forms, API, CLI, docs and tests."""

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from string import Formatter
from typing import Any, Literal

import yaml

from kg.engine import Token, tokens
from kg.model import InputError, Language
from kg.resources import resource, text
from kg.terms import Terms, nearest

Words = Mapping[Language, str]

YEAR = re.compile(r"[12][0-9]{3}")

_FORBIDDEN_IN_IRI = re.compile(r"[\x00-\x20<>\"{}|^`\\]")
_PLACEHOLDER = "VALUES ?{name} {{ UNDEF }}"
_WORD = re.compile(r"\w*")
_NAMING = {"SELECT", "CONSTRUCT", "VALUES", "GROUP", "HAVING", "ORDER"}  # what follows, up to a brace, names variables
_VARIABLES = re.compile(r"VALUES\s+(\?\w+|\([^)]*\))\s+\{\s*UNDEF\s*\}")


class UnknownQuestion(InputError):
    """No template has this id; *nearest* holds the three most like it."""

    def __init__(self, value: str, known: Iterable[str]) -> None:
        self.value = value
        self.nearest = nearest(value, known)
        super().__init__(f"There is no question {value!r}.")


class UnknownSlot(InputError):
    """The template has no slot of this name; *nearest* holds up to three that it has."""

    def __init__(self, question: str, value: str, known: Iterable[str]) -> None:
        names = tuple(known)
        self.question = question
        self.value = value
        self.nearest = nearest(value, names) or names[:3]
        super().__init__(f"The question {question!r} has no slot {value!r}.")


class UnknownSlotValue(InputError):
    """The data hold no such value for the slot; *nearest* holds the three most like it as CURIEs."""

    def __init__(self, slot: str, value: str, near: tuple[str, ...]) -> None:
        self.slot = slot
        self.value = value
        self.nearest = near
        super().__init__(f"{value!r} is not a known value of {slot!r}.")


@dataclass(frozen=True)
class Query:
    """A SPARQL text with placeholders ``VALUES ?name { UNDEF }`` that are filled from parsed terms only."""

    text: str

    @property
    def placeholders(self) -> frozenset[str]:
        """Names of the variables that can be bound."""
        return frozenset(name for found in _VARIABLES.findall(self.text) for name in re.findall(r"\w+", found))

    def bind(self, **values: Iterable[str]) -> str:
        """Put IRIs, or years, in the placeholders; a name without values keeps ``UNDEF`` (anything).

        Raise :class:`KeyError` for a name without placeholder, :class:`ValueError` for what is neither.
        """
        written = {name: " ".join(map(_written, iris)) for name, iris in values.items()}
        bound = self._with_values({name: value for name, value in written.items() if value and " " not in value})
        for name, value in written.items():
            placeholder = _PLACEHOLDER.format(name=name)
            if placeholder not in bound:
                raise KeyError(name)
            bound = bound.replace(placeholder, f"VALUES ?{name} {{ {value} }}")
        return bound

    def look_for(self, word: str) -> str:
        """Put *word* in the placeholder of ``?word``; raise :class:`ValueError` for more than letters and digits."""
        if not _WORD.fullmatch(word):
            raise ValueError(f"not a word: {word!r}")
        return self._with_values({"word": f'"{word}"'}).replace(_PLACEHOLDER.format(name="word"), "")

    def _with_values(self, single: Mapping[str, str]) -> str:
        """Put the one value of a variable into the patterns: engines look up what is named, and not what is joined."""
        parts, done = [], 0
        for variable in self._replaceable if single else ():
            if variable.text[1:] in single:
                parts += [self.text[done : variable.start], single[variable.text[1:]]]
                done = variable.end
        return "".join([*parts, self.text[done:]])

    @cached_property
    def _replaceable(self) -> tuple[Token, ...]:
        """The variables for which their value can stand: in patterns and conditions.

        Not in MINUS, which takes away by the variables that both sides share, and not in BOUND.
        """
        found: list[Token] = []
        blocks: list[bool] = []  # whether each brace around opens what must stay as it is
        naming, before = False, ""
        for token in tokens(self.text):
            if token.text == "{":
                blocks.append(before == "MINUS" or any(blocks[-1:]))
            elif token.text == "}":
                blocks.pop()
            if token.word in _NAMING or token.text in ("{", "}"):
                naming = token.word in _NAMING
            elif token.kind == "var" and not naming and before not in ("AS", "BOUND") and blocks and not blocks[-1]:
                found.append(token)
            before = before if token.text == "(" else token.word
        return tuple(found)

    def bind_rows(self, names: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
        """Put rows of IRIs in the one placeholder ``VALUES (?a ?b …) { UNDEF }``."""
        written = " ".join(f"({' '.join(map(_written, row))})" for row in rows)
        head = f"VALUES ({' '.join(f'?{name}' for name in names)})"
        if f"{head} {{ UNDEF }}" not in self.text:
            raise KeyError(names)
        return self.text.replace(f"{head} {{ UNDEF }}", f"{head} {{ {written} }}")

    def fill(self, slots: Mapping[str, str]) -> str:
        """Put the values of *slots* in the placeholders that are there."""
        return self.bind(**{name: [value] for name, value in slots.items() if name in self.placeholders})


def _written(iri: str) -> str:
    if YEAR.fullmatch(iri):
        return iri
    if _FORBIDDEN_IN_IRI.search(iri) or ":" not in iri:
        raise ValueError(f"not an IRI: {iri!r}")
    return f"<{iri}>"


@dataclass(frozen=True)
class Slot:
    """A gap in a question that takes an individual of one of *types* (local names of classes).

    A *required* slot without value makes the answer ask back. *values* lists what may stand there,
    *example* is a CURIE to show it with, *open* the words for "any" in a sentence.
    """

    name: str
    types: tuple[str, ...]
    required: bool
    example: str | None
    label: Words
    open: Words
    values: Query


@dataclass(frozen=True)
class Beside:
    """A kind of thing that a question may name without narrowing the answer; it is told that it does not."""

    name: str
    types: tuple[str, ...]
    values: Query


@dataclass(frozen=True)
class Phrasing:
    """One way to ask: *text* with ``{slot}`` marks, and the slots that its words already fill (name → IRI).

    *asks* names the slots whose value is what it asks for: a thing that is named never fills them.
    """

    text: str
    filled: Mapping[str, str]
    asks: tuple[str, ...] = ()

    @property
    def marks(self) -> tuple[str, ...]:
        """The names of the marks in the text, in order."""
        return tuple(name for _, name, _, _ in Formatter().parse(self.text) if name)

    @property
    def pieces(self) -> tuple[str, ...]:
        """The words between the marks."""
        return tuple(piece for piece, _, _, _ in Formatter().parse(self.text) if piece.strip())


@dataclass(frozen=True)
class Column:
    """A column of the answer's table, filled by *variable* of the query; *entity* if its cells are IRIs."""

    name: str
    variable: str
    entity: bool
    label: Words


@dataclass(frozen=True)
class NoteRule:
    """When to say what is missing (``gap``) or what is known (``known``).

    The note is given when the number of things that *query* finds lies between *least* and *most*.
    Where it names columns in *shown*, the query is asked of what stands in those columns of the rows.
    A gap with *partial* is one that the question asked for: it makes the answer partial.
    """

    code: str
    kind: Literal["gap", "known"]
    query: Query
    least: int
    most: int | None
    partial: bool
    text: Words
    shown: tuple[str, ...] = ()

    def applies(self, found: int) -> bool:
        """Say whether the note is to be given when its query found so many things."""
        return self.least <= found and (self.most is None or found <= self.most)


@dataclass(frozen=True)
class Question:
    """One template: words, slots, query, columns and the rules for its outcome; *year* can be given with every one.

    At least one slot of *one_of*, where there are any, must be filled. *metadata* ties columns to
    the properties of ``source.yaml`` that fill them; *empty* says whether no rows is an answer
    ("none is …") or silence ("the sources do not say"); rows that are *mixed* are of several kinds,
    so that an empty cell need not be silence.
    """

    id: str
    group: str
    cq: tuple[int, ...]
    title: Words
    phrasings: Mapping[Language, tuple[Phrasing, ...]]
    slots: tuple[Slot, ...]
    beside: tuple[Beside, ...]
    one_of: tuple[str, ...]
    columns: tuple[Column, ...]
    sentences: Mapping[str, Words]
    notes: tuple[NoteRule, ...]
    query: Query
    metadata: Mapping[str, str]
    empty: Literal["answer", "silent"]
    year: Slot
    mixed: bool = False

    @property
    def every_slot(self) -> tuple[Slot, ...]:
        """The slots and, where none of them is the year, the *year* that names and codes are told for."""
        return self.slots if any(slot.name == self.year.name for slot in self.slots) else (*self.slots, self.year)

    @property
    def openings(self) -> tuple[Slot | Beside, ...]:
        """All that a thing named in a question can be taken for: no year that does not narrow the answer."""
        return (*self.slots, *self.beside)

    def slot(self, name: str) -> Slot:
        """Return the slot called *name*; raise :class:`UnknownSlot`."""
        for slot in self.every_slot:
            if slot.name == name:
                return slot
        raise UnknownSlot(self.id, name, [slot.name for slot in self.every_slot])

    def open_slot(self, filled: Container[str]) -> Slot | None:
        """Return the first slot that must be filled and is not among the *filled* ones."""
        if self.one_of and not any(name in filled for name in self.one_of):
            return self.slot(self.one_of[0])
        return next((slot for slot in self.slots if slot.required and slot.name not in filled), None)

    def asked(self, slots: Mapping[str, str], names: Mapping[str, str], language: Language) -> str:
        """Write the question out as a person would ask it.

        *slots* maps the filled slots to IRIs, *names* to labels. Where no phrasing takes all of
        them, the title stands with the labels after it.
        """
        for phrasing in sorted(self.phrasings[language], key=lambda each: -len(each.filled)):
            rest = {name: iri for name, iri in slots.items() if name not in phrasing.marks}
            if set(phrasing.marks) <= set(slots) and rest == phrasing.filled:
                return capital(phrasing.text.format_map(names)).replace("??", "?")
        if self.year.name in slots:
            timeless = {name: iri for name, iri in slots.items() if name != self.year.name}
            shown = {name: label for name, label in names.items() if name != self.year.name}
            return f"{self.asked(timeless, shown, language)} ({names[self.year.name]})"
        return capital(" · ".join([self.title[language], *names.values()]))


@dataclass(frozen=True)
class Catalogue:
    """All templates with the shared queries and words.

    >>> catalogue = Catalogue.load(Terms())
    >>> catalogue["who-helps"].group
    'for-whom-and-where'
    """

    questions: Mapping[str, Question]
    groups: Mapping[str, Words]
    words: Mapping[str, Any]
    shared: Mapping[str, Query]

    @classmethod
    def load(cls, terms: Terms) -> "Catalogue":
        """Read ``ontology/cq`` and ``ontology/queries``, with the base of *terms*."""
        folder = resource("ontology")
        words = yaml.safe_load(text("ontology", "queries", "words.yaml"))
        shared = {
            entry.name.removesuffix(".rq"): _query(terms, entry.read_text(encoding="utf-8"))
            for entry in folder.joinpath("queries").iterdir()
            if entry.name.endswith(".rq")
        }
        files = {
            entry.name: entry.read_text(encoding="utf-8")
            for entry in folder.joinpath("cq").iterdir()
            if entry.is_file()
        }
        year = Slot("year", ("Year",), False, None, words["year"]["label"], words["year"]["any"], shared["years"])
        found = [
            _question(name.removesuffix(".yaml"), files, terms, shared, year)
            for name in sorted(files)
            if name.endswith(".yaml")
        ]
        order = list(words["groups"])
        found.sort(key=lambda question: (order.index(question.group), min(question.cq, default=99), question.id))
        return cls({question.id: question for question in found}, words["groups"], words, shared)

    def __getitem__(self, question_id: str) -> Question:
        """Return a template; raise :class:`UnknownQuestion`."""
        try:
            return self.questions[question_id]
        except KeyError:
            raise UnknownQuestion(question_id, self.questions) from None

    def __iter__(self) -> Iterator[Question]:
        return iter(self.questions.values())

    def __len__(self) -> int:
        return len(self.questions)


def capital(sentence: str) -> str:
    """Return *sentence* with a capital first letter, the rest untouched."""
    return sentence[:1].upper() + sentence[1:]


def _query(terms: Terms, sparql: str) -> Query:
    return Query(terms.rebase(sparql))


def _question(name: str, files: Mapping[str, str], terms: Terms, shared: Mapping[str, Query], year: Slot) -> Question:
    entry = yaml.safe_load(files[f"{name}.yaml"])
    query = _query(terms, files[f"{name}.rq"])
    return Question(
        id=name,
        group=entry["group"],
        cq=tuple(entry.get("cq", ())),
        title=entry["title"],
        phrasings={
            lang: tuple(_phrasing(each, terms) for each in phrases) for lang, phrases in entry["phrasings"].items()
        },
        slots=tuple(_slot(slot, terms, shared) for slot in entry.get("slots", ())),
        beside=tuple(
            Beside(each["name"], _types(each), _values(each, terms, shared)) for each in entry.get("beside", ())
        ),
        one_of=tuple(entry.get("one_of", ())),
        columns=tuple(_column(each) for each in entry["columns"]),
        sentences=entry["sentence"],
        notes=tuple(_note(note, shared) for note in entry.get("notes", ())),
        query=query,
        metadata={column: terms.expand(f"bso:{local}") for column, local in entry.get("metadata", {}).items()},
        empty=entry.get("empty", "silent"),
        year=year,
        mixed=entry.get("mixed", False),
    )


def _phrasing(entry: str | Mapping[str, Any], terms: Terms) -> Phrasing:
    if isinstance(entry, str):
        return Phrasing(entry, {})
    filled = {name: terms.expand(curie) for name, curie in entry.get("with", {}).items()}
    return Phrasing(entry["say"], filled, tuple(entry.get("asks", ())))


def _slot(entry: Mapping[str, Any], terms: Terms, shared: Mapping[str, Query]) -> Slot:
    return Slot(
        name=entry["name"],
        types=_types(entry),
        required=entry.get("required", False),
        example=entry.get("example"),
        label=entry["label"],
        open=entry.get("any", entry["label"]),
        values=_values(entry, terms, shared),
    )


def _column(entry: Mapping[str, Any]) -> Column:
    name = entry["name"]
    return Column(name, entry.get("variable", name), entry.get("kind", "entity") == "entity", entry["label"])


def _types(entry: Mapping[str, Any]) -> tuple[str, ...]:
    return (entry["type"],) if isinstance(entry["type"], str) else tuple(entry["type"])


def _values(entry: Mapping[str, Any], terms: Terms, shared: Mapping[str, Query]) -> Query:
    query = shared[entry.get("values", "values")]
    if "type" not in query.placeholders:
        return query
    return Query(query.bind(type=[terms.expand(f"bso:{name}") for name in _types(entry)]))


def _note(entry: Mapping[str, Any], shared: Mapping[str, Query]) -> NoteRule:
    return NoteRule(
        code=entry["code"],
        kind=entry["kind"],
        query=shared[entry["query"]],
        least=entry.get("least", 0 if "most" in entry else 1),
        most=entry.get("most"),
        partial=entry.get("partial", False),
        text=entry["text"],
        shown=tuple(entry.get("shown", ())),
    )
