"""Solutions of a query become rows: what is shown, and what it rests on.

A query selects the columns of its question and beside them the statements that a row joins (``?st``,
``?st2`` …), the ``?document`` whose metadata it shows (the property ``?attested``, else those of the columns),
``?rowBasis`` where a row is weaker than its statements, and ``?derivedSubject ?derivedProperty ?derivedObject`` where
it shows what a rule says.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from kg.engine import Cell as Binding
from kg.model import LANGUAGES
from kg.questions.catalogue import Question

_STATEMENT = re.compile(r"st\d*")
_DERIVED = ("derivedSubject", "derivedProperty", "derivedObject")


@dataclass(frozen=True)
class Cell:
    """One term in a table: an entity (*iri*) or a literal (*value*).

    *translations* holds a statement's own words in several languages, by tag.
    """

    iri: str | None = None
    value: str | None = None
    lang: str | None = None
    datatype: str | None = None
    translations: Mapping[str, str] = field(default_factory=dict)

    @property
    def identity(self) -> tuple[str | None, ...]:
        """What makes two cells show the same."""
        return (self.iri, self.value, self.lang, self.datatype)


@dataclass(frozen=True)
class Derivation:
    """One way to a row: what it joins, and how weak that makes it beyond its statements.

    *metadata* are pairs of document and property, *derived* is the triple (IRIs) that a rule says.
    """

    statements: tuple[str, ...]
    metadata: tuple[tuple[str, str], ...]
    basis: tuple[str, ...]
    derived: tuple[str, str, str] | None = None


@dataclass(frozen=True)
class Found:
    """A row before its evidence is fetched, with all the ways that lead to it: one or more."""

    cells: tuple[Cell | None, ...]
    derivations: tuple[Derivation, ...]

    @property
    def statements(self) -> tuple[str, ...]:
        """The statements of all derivations."""
        return tuple(dict.fromkeys(each for way in self.derivations for each in way.statements))

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """The pairs of document and property of all derivations."""
        return tuple(dict.fromkeys(each for way in self.derivations for each in way.metadata))

    @property
    def derived(self) -> tuple[tuple[str, str, str], ...]:
        """The derived triples of all derivations."""
        return tuple(dict.fromkeys(way.derived for way in self.derivations if way.derived))


def found_rows(question: Question, solutions: Iterable[Mapping[str, Binding]]) -> list[Found]:
    """Read *solutions* and join those that show the same: each stays one derivation of the row."""
    return _joined(_languages_joined([_read(question, solution) for solution in solutions]))


def cell(term: Binding | None) -> Cell | None:
    """Turn one value of a solution into a cell; nothing bound stays nothing."""
    if term is None:
        return None
    if term.kind == "iri":
        return Cell(iri=term.value)
    return Cell(value=term.value, lang=term.lang or None, datatype=term.datatype)


def _read(question: Question, solution: Mapping[str, Binding]) -> Found:
    statements = [term.value for name, term in sorted(solution.items()) if _STATEMENT.fullmatch(name)]
    document = solution.get("document")
    columns = [property for column, property in question.metadata.items() if column in solution]
    shown = [solution["attested"].value] if "attested" in solution else columns
    way = Derivation(
        statements=tuple(dict.fromkeys(statements)),
        metadata=tuple((document.value, each) for each in shown) if document else (),
        basis=(solution["rowBasis"].value.rpartition("/")[2],) if "rowBasis" in solution else (),
        derived=_derived(solution),
    )
    return Found(tuple(cell(solution.get(column.variable)) for column in question.columns), (way,))


def _derived(solution: Mapping[str, Binding]) -> tuple[str, str, str] | None:
    if not all(name in solution for name in _DERIVED):
        return None
    subject, predicate, value = (solution[name].value for name in _DERIVED)
    return subject, predicate, value


def _languages_joined(rows: Sequence[Found]) -> list[Found]:
    """Make one row of rows that differ only in the language of their texts."""
    groups: dict[object, list[Found]] = {}
    for row in rows:
        fixed = tuple("text" if each and each.lang else each and each.identity for each in row.cells)
        groups.setdefault((fixed, row.derivations), []).append(row)
    return [row for group in groups.values() for row in _one_per_wording(group)]


def _one_per_wording(group: Sequence[Found]) -> Sequence[Found]:
    """Fold *group* to one row, unless two texts are in one language: then they are no translations."""
    columns: list[Cell | None] = []
    for cells in zip(*(row.cells for row in group), strict=True):
        texts = {(each.lang, each.value) for each in cells if each and each.lang}
        translations = {lang: text for lang, text in sorted(texts) if lang and text}
        if len(translations) < len(texts):
            return group
        columns.append(_in_all(translations) if translations else cells[0])
    return [Found(tuple(columns), group[0].derivations)]


def _in_all(translations: Mapping[str, str]) -> Cell:
    lang = next((tag for tag in LANGUAGES if tag in translations), min(translations))
    return Cell(value=translations[lang], lang=lang, translations=translations)


def _joined(rows: Sequence[Found]) -> list[Found]:
    groups: dict[object, list[Found]] = {}
    for row in rows:
        groups.setdefault(tuple(each and each.identity for each in row.cells), []).append(row)
    return [
        Found(group[0].cells, tuple(dict.fromkeys(way for row in group for way in row.derivations)))
        for group in groups.values()
    ]
