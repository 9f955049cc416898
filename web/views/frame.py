"""What stands around every page: the data set served, the menu, the same page in the other languages."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from kg.model import LANGUAGES, Language
from kg.snapshot import Snapshot
from web.language import OWN_NAMES, Speech

MENU: tuple[tuple[str, str], ...] = (
    ("Ask", ""),
    ("Actors", "actor/"),
    ("Initiatives", "initiative/"),
    ("Who thinks what", "matrix"),
    ("Sources", "source/"),
    ("Concepts", "concepts"),
    ("SPARQL", "sparql"),
    ("Data", "data"),
)

COUNTED: tuple[tuple[str, str, str], ...] = (
    ("sources", "%(n)s source", "%(n)s sources"),
    ("passages", "%(n)s passage", "%(n)s passages"),
    ("statements", "%(n)s statement coded", "%(n)s statements coded"),
)

# Addresses of Creative Commons: a licence in its version, sometimes for one country, and the two public domain marks.
CREATIVE_COMMONS = re.compile(
    r"https?://creativecommons\.org/"
    r"(?:licenses/(?P<terms>by(?:-nc)?(?:-nd|-sa)?)|publicdomain/(?P<mark>zero|mark))"
    r"/(?P<version>\d\.\d)(?:/(?P<country>[a-z]{2}))?(?:/(?:deed|legalcode)[.\w-]*)?/?"
)


def licence_name(address: str) -> str:
    """Return the short name of a Creative Commons licence; any other address as it is.

    >>> licence_name("https://creativecommons.org/licenses/by/4.0/")
    'CC BY 4.0'
    >>> licence_name("https://data.norge.no/nlod/no/2.0")
    'https://data.norge.no/nlod/no/2.0'
    """
    known = CREATIVE_COMMONS.fullmatch(address)
    if known is None:
        return address
    name = {"zero": "CC0", "mark": "Public Domain Mark"}.get(known["mark"] or "") or f"CC {known['terms'].upper()}"
    return " ".join(filter(None, (name, known["version"], (known["country"] or "").upper())))


@dataclass(frozen=True)
class MenuItem:
    """A link in the menu or the language switcher."""

    text: str
    href: str
    current: bool
    lang: str | None = None


@dataclass(frozen=True)
class Site:
    """The frame of a page."""

    lang: Language
    title: str
    corpus: str | None
    version: str | None
    fiction: bool
    licence: str | None
    counts: tuple[str, ...]
    menu: tuple[MenuItem, ...]
    languages: tuple[MenuItem, ...]
    style: str


@dataclass(frozen=True)
class Pin:
    """The version that a page is pinned to with ``?v=``: its label or name, its day; *newest* is the page unpinned."""

    version: str
    day: str | None
    is_newest: bool
    newest: str


def site(language: Language, path: str, query: str, snapshot: Snapshot | None, style: str) -> Site:
    """Build the frame of the page at ``/{language}/PATH?QUERY``; *style* is the digest of the style sheet."""
    speech = Speech.of(language)
    manifest = snapshot.manifest if snapshot else None
    return Site(
        lang=language,
        title="Bustadgraf",
        corpus=manifest.title[language] if manifest else None,
        version=snapshot.name if snapshot else None,
        fiction=bool(manifest and manifest.fiction),
        licence=manifest.licence if manifest else None,
        counts=_counts(speech, manifest.counts if manifest else {}),
        menu=tuple(_item(speech, language, path, words, target) for words, target in MENU),
        languages=tuple(
            MenuItem(OWN_NAMES[tag], f"/{tag}/{path}{f'?{query}' if query else ''}", tag == language, tag)
            for tag in LANGUAGES
        ),
        style=style,
    )


def _item(speech: Speech, language: Language, path: str, words: str, target: str) -> MenuItem:
    current = path.startswith(target) if target else path == "" or path.startswith("q/")
    return MenuItem(speech.say(words), f"/{language}/{target}", current)


def _counts(speech: Speech, counts: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(speech.count(one, many, counts[key]) for key, one, many in COUNTED if key in counts)
