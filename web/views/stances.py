"""Who thinks what: issues by groups, with the verb of the source, and four kinds of empty cell told apart."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from web.language import sort_key
from web.views.facets import value_of
from web.views.lookup import Lookup, Name, page_of
from web.views.statements import SourceInfo, Statement, Statements, records, source_infos, statements

Emptiness = Literal["silent", "not-coded", "open"]
Side = Literal["holder", "party", "higher", "lower"]

SIDES: Mapping[str, Side] = {
    "holder": "holder",
    "party": "party",
    "higherParty": "higher",
    "lowerParty": "lower",
}


@dataclass(frozen=True)
class Entry:
    """One view in a cell, seen from the group of the column."""

    statement: Statement
    side: Side

    @property
    def tone(self) -> str:
        """Which colour: an evaluation of the source's own, ``denied``, or ``plain``."""
        if self.side == "holder" and self.statement.denied_polarity:
            return "denied"
        return (self.side == "holder" and self.statement.evaluation) or "plain"


@dataclass(frozen=True)
class Gap:
    """Why a cell is empty: the sources are silent, are not coded yet, or leave open who belongs to the group."""

    kind: Emptiness
    within: Name | None = None
    statement: str | None = None


@dataclass(frozen=True)
class MatrixCell:
    """One group on one issue: views, or the reason there are none."""

    group: Name
    entries: tuple[Entry, ...]
    gap: Gap | None


@dataclass(frozen=True)
class MatrixRow:
    """One issue: how its parties relate, a cell for each group, and what is said with no group behind it."""

    issue: Name
    relations: tuple[Statement, ...]
    loose: tuple[Statement, ...]
    cells: tuple[MatrixCell, ...]

    @property
    def told(self) -> tuple[MatrixCell, ...]:
        """The cells in which there is something to read: views, or a membership left open."""
        return tuple(cell for cell in self.cells if cell.entries or (cell.gap and cell.gap.kind == "open"))

    @property
    def silent(self) -> tuple[Name, ...]:
        """The groups that the sources do not mention on this issue."""
        return self._empty("silent")

    @property
    def unread(self) -> tuple[Name, ...]:
        """The groups that nothing is coded of on this issue."""
        return self._empty("not-coded")

    def _empty(self, kind: Emptiness) -> tuple[Name, ...]:
        return tuple(cell.group for cell in self.cells if cell.gap and cell.gap.kind == kind)


@dataclass(frozen=True)
class Matrix:
    """The stance matrix; *chosen* are the groups a reader wants as columns, none: all."""

    groups: tuple[Name, ...]
    rows: tuple[MatrixRow, ...]
    statements: Statements
    unread: tuple[Name, ...]
    chosen: tuple[Name, ...] = ()

    @property
    def many(self) -> bool:
        """Whether all groups are too many for columns."""
        return len(self.groups) > WIDEST

    @property
    def crowded(self) -> bool:
        """Whether what is said is listed issue by issue: the groups are many and none were chosen."""
        return self.many and not self.chosen


WIDEST = 10
"""As many groups fit beside each other as columns."""


@dataclass(frozen=True)
class Option:
    """A source that the matrix can be narrowed to: its CURIE and name."""

    value: str
    name: Name
    chosen: bool


@dataclass(frozen=True)
class MatrixPage:
    """A page of the matrix, *number* counting from 1, with what it can be narrowed to; *total* counts issues.

    *unknown* are the names that were asked for and that nothing here bears.
    """

    matrix: Matrix
    sources: tuple[Option, ...]
    total: int
    number: int
    more: bool
    unknown: tuple[str, ...] = ()

    @property
    def source(self) -> Option | None:
        """The source that it is narrowed to."""
        return next((option for option in self.sources if option.chosen), None)


RELATIONS = ("Agreement", "LessAgreement", "Disagreement")


ISSUES_ON_A_PAGE = 20


def matrix_page(lookup: Lookup, chosen: Collection[str] = (), source: str | None = None, number: int = 1) -> MatrixPage:
    """Show a page of the matrix, with the *chosen* groups as columns, of all or of what one *source* tells (CURIEs)."""
    loaded = {value_of(lookup, iri): info.name for iri, info in source_infos(lookup).items() if info.loaded}
    order = sorted(loaded, key=lambda value: sort_key(loaded[value].text))
    whole = matrix(lookup, chosen, loaded.get(source or ""))
    first = (number - 1) * ISSUES_ON_A_PAGE
    shown = replace(whole, rows=whole.rows[first : first + ISSUES_ON_A_PAGE])
    options = tuple(Option(value, loaded[value], value == source) for value in order)
    known = {lookup.terms.compress(group.iri or "") for group in whole.groups} | loaded.keys()
    unknown = tuple(name for name in dict.fromkeys((*chosen, source or "")) if name and name not in known)
    return MatrixPage(shown, options, len(whole.rows), number, len(whole.rows) > first + ISSUES_ON_A_PAGE, unknown)


def matrix(lookup: Lookup, chosen: Collection[str] = (), source: Name | None = None) -> Matrix:
    """Arrange all views, or those of one *source*, by issue and group; nothing is sorted by count.

    With *chosen* (names such as ``actor:ks``) only these groups are columns, and only issues on which one of them
    is heard are rows; names of no group are passed over here. Of one source, only those groups are columns
    that it tells of.
    """
    of_source = {"source": [source.iri]} if source and source.iri else {}
    made, _ = statements(lookup, records(lookup, lookup.rows("views", **of_source)))
    whole = _arranged(lookup, made)
    if source:
        whole = _only(whole, [group for group in whole.groups if _heard(whole, group)])
    wanted = tuple(group for group in whole.groups if lookup.terms.compress(group.iri or "") in chosen)
    if not wanted:
        return whole
    narrowed = _only(whole, wanted)
    return replace(narrowed, groups=whole.groups, rows=tuple(row for row in narrowed.rows if row.told), chosen=wanted)


def _heard(whole: Matrix, group: Name) -> bool:
    return any(cell.entries for row in whole.rows for cell in row.cells if cell.group == group)


def _only(whole: Matrix, groups: Collection[Name]) -> Matrix:
    rows = (replace(row, cells=tuple(cell for cell in row.cells if cell.group in groups)) for row in whole.rows)
    return replace(whole, groups=tuple(groups), rows=tuple(rows))


def issue_matrix(lookup: Lookup, made: Statements, issue: str) -> Matrix:
    """Arrange those of *made* that are about *issue*: one row, or none."""
    return _arranged(lookup, made, issue)


def _arranged(lookup: Lookup, made: Statements, only: str | None = None) -> Matrix:
    infos = [info for info in source_infos(lookup).values() if info.loaded]
    open_to = _open_to(lookup)
    topics = {name for view in made.views for name in view.links.get("about", ()) if only in (None, name.iri)}
    about = {topic: [view for view in made.views if topic in view.links.get("about", ())] for topic in topics}
    groups = _groups(lookup)
    order = sorted(topics, key=lambda name: sort_key(name.text))
    rows = tuple(_row(topic, about[topic], groups, open_to, infos) for topic in order)
    return Matrix(groups, rows, made, tuple(info.name for info in infos if not info.complete))


def _open_to(lookup: Lookup) -> dict[str, dict[str, str]]:
    """Return group → the groups it may or may not be part of → the page of the statement that leaves it open."""
    found: dict[str, dict[str, str]] = {}
    for row in lookup.rows("boundaries"):
        one, other = row["one"].value, row["other"].value
        page = page_of(row["st"].value, lookup.terms, lookup.language) or ""
        found.setdefault(one, {})[other] = page
        found.setdefault(other, {})[one] = page
    return found


def _groups(lookup: Lookup) -> tuple[Name, ...]:
    iris = [row["group"].value for row in lookup.rows("groups")]
    naming = lookup.names(iris)
    return tuple(sorted((naming[iri] for iri in iris), key=lambda name: sort_key(name.text)))


def _row(
    issue: Name,
    views: list[Statement],
    groups: Iterable[Name],
    open_to: Mapping[str, Mapping[str, str]],
    infos: Sequence[SourceInfo],
) -> MatrixRow:
    entries = {group: tuple(_entries(views, group)) for group in groups}
    present = {group.iri: group for group, found in entries.items() if found}
    cells = tuple(
        MatrixCell(group, found, None if found else _gap(group, present, open_to, infos))
        for group, found in entries.items()
    )
    relations = tuple(view for view in views if view.kind in RELATIONS)
    loose = tuple(view for view in views if not any(view.links.get(key) for key in SIDES))
    return MatrixRow(issue, relations, loose, cells)


def _entries(views: Iterable[Statement], group: Name) -> Iterable[Entry]:
    for view in views:
        for key, side in SIDES.items():
            if group in view.links.get(key, ()):
                yield Entry(view, side)
                break


def _gap(
    group: Name,
    present: Mapping[str | None, Name],
    open_to: Mapping[str, Mapping[str, str]],
    infos: Sequence[SourceInfo],
) -> Gap:
    for other, statement in open_to.get(group.iri or "", {}).items():
        if other in present:
            return Gap("open", present[other], statement)
    return Gap("silent" if infos and all(info.complete for info in infos) else "not-coded")
