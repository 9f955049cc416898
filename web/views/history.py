"""What changed from one version to the next, as the pages and the feed show it."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

from kg.changes import Changes, Told, What
from kg.model import Language
from kg.questions import Catalogue
from kg.terms import Terms
from web.views.lookup import page_of

PER_PAGE = 50


@dataclass(frozen=True)
class Shown:
    """A change in words, with the page of what changed and of its source, in the version that has it."""

    told: Told
    href: str | None
    source_href: str | None


@dataclass(frozen=True)
class Step:
    """A version in the list of versions: how it is called, its day, and in a sentence what changed since the last.

    *summary* is ``None`` for the first version, where one of the two is damaged, and where none was made (*unsummed*).
    """

    title: str
    name: str
    day: str | None
    href: str
    before: str | None
    summary: str | None
    unsummed: bool = False


@dataclass(frozen=True)
class ChangesPage:
    """One page of the changes from *before* to *after*, grouped under headings with how many there are in all."""

    before: str
    after: str
    summary: str
    groups: tuple[tuple[str, int, tuple[Shown, ...]], ...]
    number: int
    last: int


def changes_page(changes: Changes, language: Language, catalogue: Catalogue, number: int, current: str) -> ChangesPage:
    """Tell the changes on page *number* (the last where there are fewer); *current* is the name of what is served."""
    last = max(1, -(-len(changes.all) // PER_PAGE))
    number = min(number, last)
    told = changes.told(language, catalogue, (number - 1) * PER_PAGE, number * PER_PAGE)
    headings: Mapping[What, Mapping[Language, str]] = catalogue.words["changes"]["headings"]
    groups = tuple(
        (
            headings[what][language],
            changes.totals[what],
            tuple(shown(each, changes, language, current) for each in kept),
        )
        for what, kept in groupby(told, key=lambda each: each.what)
    )
    summary = changes.summary(language, catalogue)
    return ChangesPage(changes.before.title, changes.after.title, summary, groups, number, last)


def shown(told: Told, changes: Changes, language: Language, current: str) -> Shown:
    """Lead from a change to its pages."""
    version = changes.before if told.is_gone else changes.after
    terms = Terms(version.base)

    def href(iri: str | None) -> str | None:
        page = page_of(iri, terms, language) if iri else None
        return f"{page}?v={version.title}" if page and version.name != current else page

    return Shown(told, href(told.iri), href(told.source))
