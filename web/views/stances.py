"""Who thinks what: issues by groups, with the verb of the source, and four kinds of empty cell told apart."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from web.language import sort_key
from web.views.facets import broad_kind, value_of
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
    """One view in a cell, seen from the group of the column; *who* is set where a column holds several."""

    statement: Statement
    side: Side
    who: Name | None = None

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
    def unheard(self) -> tuple[MatrixCell, ...]:
        """The cells in which nothing is said and nothing is left open."""
        return tuple(cell for cell in self.cells if cell.gap and cell.gap.kind != "open")

    @property
    def silent(self) -> tuple[Name, ...]:
        """The groups that the sources do not mention on this issue."""
        return tuple(cell.group for cell in self.cells if cell.gap and cell.gap.kind == "silent")


@dataclass(frozen=True)
class Matrix:
    """The stance matrix; it is *gathered* where the columns are kinds of actors, because the groups are too many."""

    groups: tuple[Name, ...]
    rows: tuple[MatrixRow, ...]
    statements: Statements
    unread: tuple[Name, ...]
    gathered: bool = False


@dataclass(frozen=True)
class Option:
    """What the matrix can be narrowed to."""

    value: str
    name: Name
    chosen: bool


@dataclass(frozen=True)
class MatrixPage:
    """A page of the matrix, *number* counting from 1, and what it can be narrowed to; *total* counts issues."""

    matrix: Matrix
    sources: tuple[Option, ...]
    actors: tuple[Option, ...]
    total: int
    number: int
    more: bool

    @property
    def chosen(self) -> Mapping[str, str]:
        """What it is narrowed to, for addresses."""
        both = {"source": self.sources, "actor": self.actors}
        return {name: each.value for name, options in both.items() for each in options if each.chosen}


RELATIONS = ("Agreement", "LessAgreement", "Disagreement")
COLUMNS = ("ActorGroup", "PublicBody", "Organisation", "Person", "Actor")
MOST_COLUMNS = 7  # what a desktop shows at once
ISSUES_ON_A_PAGE = 20


def matrix_page(lookup: Lookup, source: str | None = None, actor: str | None = None, number: int = 1) -> MatrixPage:
    """Show the matrix, narrowed to what one *source* tells or to the issues on which one *actor* speaks (CURIEs)."""
    infos = source_infos(lookup)
    sources = _options(lookup, (info.name for info in infos.values() if info.loaded), source)
    only = next((option.name for option in sources if option.chosen), None)
    whole = matrix(lookup, only)
    actors = _options(lookup, (entry.who or cell.group for _, cell, entry in _all_entries(whole)), actor)
    speaking = next((option.name for option in actors if option.chosen), None)
    rows = [row for row in whole.rows if speaking is None or speaking in _speaking(row)]
    first = (number - 1) * ISSUES_ON_A_PAGE
    shown = replace(whole, rows=tuple(rows[first : first + ISSUES_ON_A_PAGE]))
    return MatrixPage(shown, sources, actors, len(rows), number, len(rows) > first + ISSUES_ON_A_PAGE)


def _options(lookup: Lookup, names: Iterable[Name], chosen: str | None) -> tuple[Option, ...]:
    values = {value_of(lookup, name.iri or ""): name for name in names}
    order = sorted(values, key=lambda value: sort_key(values[value].text))
    return tuple(Option(value, values[value], value == chosen) for value in order)


def _all_entries(made: Matrix) -> Iterable[tuple[MatrixRow, MatrixCell, Entry]]:
    return ((row, cell, entry) for row in made.rows for cell in row.cells for entry in cell.entries)


def _speaking(row: MatrixRow) -> set[Name]:
    return {entry.who or cell.group for cell in row.cells for entry in cell.entries}


def matrix(lookup: Lookup, source: Name | None = None) -> Matrix:
    """Arrange all views, or those of one *source*, by issue and group; nothing is sorted by count."""
    bound = {"source": [source.iri]} if source and source.iri else {}
    made, _ = statements(lookup, records(lookup, lookup.rows("views", **bound)))
    whole = _arranged(lookup, made)
    if source is not None:
        heard = {cell.group for _, cell, _ in _all_entries(whole)}
        whole = replace(
            whole,
            groups=tuple(group for group in whole.groups if group in heard),
            rows=tuple(replace(row, cells=tuple(c for c in row.cells if c.group in heard)) for row in whole.rows),
        )
    return _gathered(lookup, whole) if len(whole.groups) > MOST_COLUMNS else whole


def _gathered(lookup: Lookup, whole: Matrix) -> Matrix:
    """Put all groups of a kind into one column, each entry under the name of its group."""
    classes: dict[str, set[str]] = {}
    for row in lookup.rows("groups"):
        classes.setdefault(row["group"].value, set()).add(row["class"].value if "class" in row else "")
    kinds = {group: broad_kind(lookup, classes.get(group.iri or "", ())) for group in whole.groups}
    columns = sorted(set(kinds.values()), key=COLUMNS.index)
    rows = tuple(
        replace(row, cells=tuple(_column(lookup.term(kind), kind, row.cells, kinds) for kind in columns))
        for row in whole.rows
    )
    return replace(whole, groups=tuple(lookup.term(kind) for kind in columns), rows=rows, gathered=True)


def _column(name: Name, kind: str, cells: Iterable[MatrixCell], kinds: Mapping[Name, str]) -> MatrixCell:
    own = [cell for cell in cells if kinds[cell.group] == kind]
    entries = tuple(replace(entry, who=cell.group) for cell in own for entry in cell.entries)
    gaps = [cell.gap for cell in own if cell.gap and cell.gap.kind != "open"]
    return MatrixCell(name, entries, None if entries else next(iter(gaps), Gap("silent")))


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
    iris = {row["group"].value for row in lookup.rows("groups")}
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
