"""Names and codes with the time they hold: what a thing was called in a year, where sources may disagree."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kg.engine import Cell as Binding
from kg.engine import Engine
from kg.questions.catalogue import Query

NAME = "name"


@dataclass(frozen=True)
class Holding:
    """One name or code (*kind*: ``name``, or the property or scheme of a code) that a thing has or had.

    *source* and *statement* are ``None`` for what is declared as identity. *start* and *end* are a year or a day as
    text, inclusive; a bound that is missing is not told, which is not the same as open.
    """

    thing: str
    kind: str
    value: str
    lang: str | None = None
    source: str | None = None
    statement: str | None = None
    start: str | None = None
    end: str | None = None
    as_of: str | None = None

    def holds_in(self, year: int) -> bool | None:
        """Say whether this held at the end of *year*; ``None`` where its source does not tell."""
        if self.start is None and self.end is None:
            return True if self.as_of and self.as_of.startswith(str(year)) else None
        return (self.start or "0") <= f"{year}-12-31" <= f"{self.end or '9'}-12-31"


def holdings(engine: Engine, query: Query, things: Iterable[str]) -> list[Holding]:
    """Fetch the dated names and codes of *things* by the shared query ``dated``, oldest first."""
    wanted = sorted(set(things))
    return [_read(row) for row in engine.select(query.bind(thing=wanted))] if wanted else []


def holding_in(known: Iterable[Holding], year: int) -> tuple[Holding, ...]:
    """Return what holds at the end of *year* of the names or codes of one thing and kind, the latest first.

    A value holds if a source says so and no other source says that it does not: where they disagree on the year,
    neither is chosen.
    """
    by_value: defaultdict[tuple[str, str | None], list[Holding]] = defaultdict(list)
    for each in known:
        by_value[each.value, each.lang].append(each)
    agreed = (_agreed(group, year) for group in by_value.values())
    return tuple(
        sorted(filter(None, agreed), key=lambda each: (each.start or each.as_of or "", each.value), reverse=True)
    )


def labels_in(
    known: Iterable[Holding], year: int, labels: Mapping[str, Mapping[str, str]]
) -> dict[str, Mapping[str, str]]:
    """Return *labels* (IRI → language → label) with the names that held in *year* instead, where they were others."""
    names: defaultdict[str, list[Holding]] = defaultdict(list)
    for each in known:
        if each.kind == NAME:
            names[each.thing].append(each)
    then: dict[str, Mapping[str, str]] = dict(labels)
    for thing, group in names.items():
        called = {each.lang or "": each.value for each in reversed(holding_in(group, year))}
        if called and set(called.values()).isdisjoint(labels.get(thing, {}).values()):
            then[thing] = called
    return then


def _agreed(group: Iterable[Holding], year: int) -> Holding | None:
    by_source: defaultdict[str | None, list[Holding]] = defaultdict(list)
    for each in group:
        by_source[each.source].append(each)
    found = None
    for claims in by_source.values():
        told = [(each, each.holds_in(year)) for each in claims]
        held = [each for each, holds in told if holds]
        if not held and any(holds is False for _, holds in told):
            return None
        found = found or next(iter(held), None)
    return found


def _read(row: Mapping[str, Binding]) -> Holding:
    def text(name: str) -> str | None:
        return row[name].value if name in row else None

    return Holding(
        thing=row["thing"].value,
        kind=row["kind"].value,
        value=row["value"].value,
        lang=row["value"].lang or None,
        source=text("source"),
        statement=text("st"),
        start=text("from"),
        end=text("to"),
        as_of=text("asOf"),
    )
