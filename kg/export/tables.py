"""The data as tables of typed cells, as ``ontology/tables.yaml`` describes them; the rows come from queries.

Things and statements are asked for in batches, so that memory grows with the names of things and with the sources,
not with what is said.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from itertools import groupby
from typing import Any

import yaml

from kg.dataset import INVOLVED
from kg.engine import Cell
from kg.export.formats import DEADLINE_S, Origin
from kg.model import LANGUAGES, Language
from kg.questions import Query
from kg.resources import text
from kg.terms import OwnTerm, Terms, best_label

Value = str | int | float | bool | date | None
Row = tuple[Value, ...]
Said = Mapping[str, Sequence[Cell]]  # property (a local name of ours, or a CURIE) → values
BETWEEN = " | "
THINGS, SOURCES = 200, 10  # that one query asks for
WIDEST = frozenset(
    {"Actor", "Organisation", "FrameworkCondition", "Source", "Statement", "View"}
)  # told only where nothing narrower is
WEAKEST_FIRST = ("of-type", "inferred", "interpreted", "stated")
EVIDENCE = ("text", "locator", "source")
XSD = "http://www.w3.org/2001/XMLSchema#"
NONE = (Cell("literal", "0", datatype=f"{XSD}integer"),)
KEYS: Mapping[str, tuple[str, ...]] = {
    "subject": ("rdf:subject", "ofSubject"),
    "property": ("rdf:predicate", "ofPredicate"),
    "object": ("rdf:object", "ofObject"),
    "other_names": ("skos:altLabel", "alsoKnownAs"),
    "title": ("dcterms:title",),
    "language": ("dcterms:language",),
    **dict.fromkeys(("kind", "kinds"), ("rdf:type",)),
    **dict.fromkeys(("actor", "initiative", "instrument", "award"), ("self",)),
    **{f"label_{language}": (f"label_{language}",) for language in LANGUAGES},
}


@dataclass(frozen=True)
class Column:
    """A column: its name, what its cells are, what it tells, and the properties its values stand under.

    *kind* is entity (a name, and a column of its own for the IRI), iri, code (the local name of a concept), text,
    integer, number, date, boolean, url, or when (a year or a day). Several values of one cell are joined by `` | ``.
    """

    name: str
    kind: str
    about: Mapping[Language, str]
    keys: tuple[str, ...]

    def cells(self, said: Said, book: "Book") -> Row:
        """Return what stands in this column where *said* is said."""
        found = [cell for key in self.keys for cell in said.get(key, ())]
        if self.kind == "entity":
            names = [book.label(cell.value) if cell.kind == "iri" else cell.value for cell in found]
            return _joined(names), _joined(cell.value for cell in found if cell.kind == "iri")
        if self.kind == "code":
            return (_joined(local_name(cell.value) for cell in found),)
        if self.kind == "text":
            return (_joined(_in_one_language(found, book)),)
        return (_typed(found[0]) if len(found) == 1 else _joined(cell.value for cell in found),)


@dataclass(frozen=True)
class Field:
    """A column as it stands in a file."""

    name: str
    kind: str
    about: Mapping[Language, str]


@dataclass(frozen=True)
class Table:
    """A table: its name, title, what a row is, its columns, and the class of the things its rows are about."""

    name: str
    title: Mapping[Language, str]
    about: Mapping[Language, str]
    columns: tuple[Column, ...]
    of: str | None

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The columns of a file: an entity has one for its name and one for its IRI."""
        return tuple(field for column in self.columns for field in _fields(column))

    def rows(self, book: "Book") -> Iterator[Row]:
        """Give the rows, each as long as *fields*; progress is told in things or in sources."""
        for said in _things(self.of, book) if self.of else _statements(book, by_actor=self.name == "views"):
            yield tuple(value for column in self.columns for value in column.cells(said, book))


class Book:
    """What rows are written with: what everything is called, and what sources say of themselves."""

    def __init__(self, origin: Origin) -> None:
        self.origin, self.terms = origin, origin.terms
        self._labels: defaultdict[str, dict[str, str]] = defaultdict(dict)
        for row in self.ask("table-names"):
            self._labels[row["thing"].value].setdefault(row["label"].lang or "", row["label"].value)

    def ask(self, name: str, **slots: Iterable[str]) -> list[dict[str, Cell]]:
        """Return the rows of a query of ours."""
        query = Query(self.terms.rebase(text("ontology", "queries", f"{name}.rq"))).bind(**slots)
        return self.origin.engine.select(query, deadline_s=DEADLINE_S)

    def labels(self, iri: str) -> Mapping[str, str]:
        """Return the names of *iri* by language."""
        if iri in self._labels:
            return self._labels[iri]
        term = self.terms.own.get(self.terms.compress(iri).removeprefix("bso:"))
        return {language: term.label[language] for language in LANGUAGES} if term else {}

    def label(self, iri: str) -> str:
        """Return what *iri* is called in the language of the export, or the nearest."""
        found = best_label(self.labels(iri), self.origin.language)
        return found[0] if found else self.terms.compress(iri)

    def members(self, kind: str) -> list[str]:
        """Return the IRIs of the individuals of one of our classes."""
        return [row["thing"].value for row in self.ask("export-things", type=[self.terms.expand(f"bso:{kind}")])]

    @cached_property
    def licences(self) -> Mapping[str, Sequence[Cell]]:
        """Source → its licence."""
        return {
            iri: said["dcterms:license"]
            for batch in batches(self.members("Source"), THINGS)
            for iri, said in self.records("table-records", thing=batch)
            if "dcterms:license" in said
        }

    def records(self, name: str, **slots: Iterable[str]) -> Iterator[tuple[str, dict[str, Sequence[Cell]]]]:
        """Give what a query of ours tells in rows of thing, key and value, thing by thing."""
        for iri, group in groupby(self.ask(name, **slots), lambda row: row["thing"].value):
            said: defaultdict[str, list[Cell]] = defaultdict(list)
            for row in group:
                said[self.terms.compress(row["key"].value).removeprefix("bso:")].append(row["value"])
            yield iri, dict(said)


def batches(names: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """Give *names* in parts of *size*."""
    return (names[start : start + size] for start in range(0, len(names), size))


def _things(kind: str, book: Book) -> Iterator[Said]:
    """Give what is said of each individual of a class, with the statements it rests on."""
    members, done = book.members(kind), 0
    for batch in batches(members, THINGS):
        known = dict(book.records("table-records", thing=batch))
        mentions = {row["thing"].value: [row["count"]] for row in book.ask("table-mentions", thing=batch)}
        rests = groupby(book.ask("table-evidence", thing=batch), lambda row: row["thing"].value)
        evidence = {iri: _evidence(list(rows), book) for iri, rows in rests}
        for iri in batch:
            said = known.get(iri, {})
            kinds = narrowest(said.get("rdf:type", ()), book.terms)
            licence = {"licence": said["dcterms:license"]} if "dcterms:license" in said else {}
            own = {"self": [Cell("iri", iri)], "rdf:type": kinds, "mentions": mentions.get(iri, NONE)}
            yield {**said, **_named(iri, book), **evidence.get(iri, {}), **licence, **own}
        done += len(batch)
        book.origin.progress(done, len(members))


def _named(iri: str, book: Book) -> Said:
    return {f"label_{lang}": [Cell("literal", label, lang)] for lang, label in book.labels(iri).items()}


def _evidence(facts: Sequence[Mapping[str, Cell]], book: Book) -> dict[str, Sequence[Cell]]:
    """Join what a row about a thing rests on; its basis is the weakest of all."""
    weakest = min((row["basis"] for row in facts), key=lambda cell: WEAKEST_FIRST.index(local_name(cell.value)))
    joined = {name: _distinct(row[name] for row in facts) for name in EVIDENCE}
    licences = _distinct(cell for source in joined["source"] for cell in book.licences.get(source.value, ()))
    return {**joined, "basis": [weakest], "licence": licences, "statement": _distinct(row["st"] for row in facts)}


def _statements(book: Book, *, by_actor: bool) -> Iterator[Said]:
    """Give each statement, or each view once for every actor it involves."""
    sources, done = sorted(book.members("Source")), 0
    for batch in batches(sources, SOURCES):
        for iri, said in book.records("table-statements", source=batch):
            is_view = any(cell.value == book.terms.expand("bso:View") for cell in said["rdf:type"])
            whole = {
                **said,
                "rdf:type": narrowest(said["rdf:type"], book.terms),
                "statement": [Cell("iri", iri)],
                "licence": [cell for source in said["source"] for cell in book.licences.get(source.value, ())],
            }
            if not by_actor:
                yield whole
            elif is_view:
                yield from _parts(whole, book.terms)
        done += len(batch)
        book.origin.progress(done, len(sources))


def _parts(said: Said, terms: Terms) -> Iterator[Said]:
    found = [(part, cell) for part in INVOLVED for cell in said.get(part, ())]
    for part, cell in found:
        yield {**said, "involved": [cell], "involvedAs": [Cell("iri", terms.expand(f"bso:{part}"))]}
    if not found:
        yield said


def narrowest(types: Sequence[Cell], terms: Terms) -> Sequence[Cell]:
    """Return those of *types* that are classes of ours, without those that tell little beside others."""
    local = {cell: terms.compress(cell.value).removeprefix("bso:") for cell in types}
    ours = [cell for cell in types if local[cell] in terms.own]
    return [cell for cell in ours if local[cell] not in WIDEST] or ours


def _distinct(cells: Iterable[Cell]) -> list[Cell]:
    return list(dict.fromkeys(cells))


def _in_one_language(cells: Sequence[Cell], book: Book) -> list[str]:
    """Return the texts in the language of the export, or in the nearest; texts without a language always."""
    best = best_label({cell.lang: "" for cell in cells if cell.lang}, book.origin.language)
    chosen = [cell for cell in cells if not cell.lang or (best and cell.lang == best[1])]
    return [book.label(cell.value) if cell.kind == "iri" else cell.value for cell in chosen]


def _typed(cell: Cell) -> Value:
    """Return the value that the lexical form of *cell* stands for; the form itself where it stands for none."""
    kind = (cell.datatype or "").removeprefix(XSD)
    try:
        if kind in ("decimal", "double", "float"):
            return float(cell.value)
        if kind in ("integer", "int", "long", "nonNegativeInteger"):
            return int(cell.value)
        if kind == "date":
            return date.fromisoformat(cell.value)
    except ValueError:
        return cell.value
    return cell.value == "true" if kind == "boolean" else cell.value


def _joined(values: Iterable[str]) -> str | None:
    return BETWEEN.join(values) or None


def local_name(iri: str) -> str:
    """Return the last part of *iri*."""
    return re.split("[/#]", iri)[-1]


def _fields(column: Column) -> tuple[Field, ...]:
    if column.kind != "entity":
        return (Field(column.name, column.kind, column.about),)
    address: dict[Language, str] = {"nn": "Adressa (IRI) til", "nb": "Adressen (IRI) til", "en": "The address (IRI) of"}
    told = {language: f"{words} {column.name}." for language, words in address.items()}
    return Field(column.name, "text", column.about), Field(f"{column.name}_iri", "iri", told)


@cache
def tables() -> tuple[Table, ...]:
    """Return the tables there are."""
    kept = yaml.safe_load(text("ontology", "tables.yaml"))
    kinds = {name: kind for kind, names in kept["types"].items() for name in names}
    own = Terms().own
    return tuple(
        Table(
            name,
            told["title"],
            told["about"],
            tuple(_column(column, kinds, kept["columns"], own) for column in told["columns"]),
            told.get("of"),
        )
        for name, told in kept["tables"].items()
    )


def _column(name: str, kinds: Mapping[str, str], words: Mapping[str, Any], own: Mapping[str, OwnTerm]) -> Column:
    first, *others = name.split("_")
    key = first + "".join(map(str.title, others))
    term = own.get(key)
    kind = kinds.get(name) or ("entity" if term and term.kind == "object" else "text")
    about = words[name] if name in words else own[key].definition
    return Column(name, kind, about, KEYS.get(name, (key,)))
