"""A page as of a year: which years can be chosen, and what a source says of another time."""

from collections.abc import Iterable
from dataclasses import dataclass

from web.views.lookup import Lookup
from web.views.statements import Record

DATINGS = ("asOf", "validFrom", "validTo")
CHANGING = ("name", "municipalityNumber", "organisationNumber")


@dataclass(frozen=True)
class Moment:
    """The *year* that a page is as of (``None``: today), the *years* to choose among, and how much it leaves out."""

    year: int | None
    years: tuple[int, ...]
    left_out: int = 0


def as_of(lookup: Lookup, found: Iterable[Record]) -> tuple[tuple[Record, ...], Moment]:
    """Keep of *found* what may hold in the year of *lookup*, and say which years those statements are dated to."""
    every = tuple(found)
    kept = tuple(record for record in every if _may_hold(lookup, record))
    years = {int(text[:4]) for record in every for key in DATINGS for text in record.all(key)}
    if lookup.year is not None:
        years.add(lookup.year)
    return kept, Moment(lookup.year, tuple(sorted(years, reverse=True)), len(every) - len(kept))


def _may_hold(lookup: Lookup, record: Record) -> bool:
    """Say whether *record* may be so in the year; a name or code without bounds is told of its one year only."""
    if lookup.year is None:
        return True
    start, end, day = (record.one(key) for key in ("validFrom", "validTo", "asOf"))
    if start is None and end is None and lookup.local(record.one("rdf:predicate") or "") in CHANGING:
        return day is None or day[:4] == str(lookup.year)
    return (start or "0")[:4] <= str(lookup.year) <= (end or "9")[:4]
