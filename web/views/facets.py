"""By what a list can be narrowed. “What we do not know” counts with the same, so that every figure is its list."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from web.language import OWN_NAMES, sort_key
from web.views.entity import ASKED, INVERSES, SEGMENTS, asked_of
from web.views.lookup import Lookup, page_of
from web.views.statements import SourceInfo, source_infos

NOTHING = "none"  # the value of what has none

# How a question stands for one thing, and how a source is coded: value in the address → words.
STATES: Mapping[str, str] = {
    "said": "said",
    "reserved": "only denied, possible or expected",
    "silent": "not said, though coded whole",
    "not-coded": "not said; none coded whole",
}
EXTENTS: Mapping[str, str] = {"whole": "coded whole", "part": "not coded whole", "known": "known, not loaded"}
WORDINGS: Mapping[str, str] = {"digest": "digest in our own words", "original": "original text"}
SPEAKERS: Mapping[str, str] = {"none": "nobody", "one": "one kind of actor only", "several": "several kinds of actors"}

# The broad kinds of actors; the first that fits is the kind of an actor.
BROAD = ("Person", "ActorGroup", "PublicBody", "Organisation", "Actor")


@dataclass(frozen=True)
class Facet:
    """One way to narrow a list: *values* maps what stands in the address to the things that have it.

    *offered* says whether the list has a field for it; others are reached by links.
    """

    name: str
    label: str
    values: Mapping[str, frozenset[str]]
    words: Mapping[str, str]
    offered: bool = True

    def having(self, value: str) -> frozenset[str]:
        """Return the things with *value*: none for a value that nothing has."""
        return self.values.get(value, frozenset())


@dataclass
class _Gathering:
    """Values of facets while they are gathered: facet → value → things."""

    found: dict[str, dict[str, set[str]]] = field(default_factory=dict)

    def add(self, facet: str, value: str, thing: str) -> None:
        self.found.setdefault(facet, {}).setdefault(value, set()).add(thing)

    def facet(
        self, name: str, label: str, words: Mapping[str, str], *, fixed: bool = False, offered: bool = True
    ) -> Facet:
        """Make the facet: its values as *words* has them where that is a *fixed* list, else by name, nothing last."""

        def in_order(value: str) -> tuple[bool, tuple[str, ...]]:
            return value == NOTHING, sort_key(words.get(value, value))

        found = self.found.get(name, {})
        order = [value for value in words if value in found] if fixed else sorted(found, key=in_order)
        values = {value: frozenset(found[value]) for value in order}
        return Facet(name, label, values, {value: words.get(value, value) for value in order}, offered)


def facets(lookup: Lookup, segment: str) -> tuple[Facet, ...]:
    """Return by what the list of *segment* can be narrowed; nothing for records and for what is no kind."""
    if segment == "source":
        return _of_sources(lookup)
    if segment not in SEGMENTS:
        return ()
    gathered = _Gathering()
    kinds, sources = _classes_and_sources(lookup, segment)
    above = superclasses(lookup)
    local = SEGMENTS[segment][0]
    for thing, found in kinds.items():
        for kind in most_specific(lookup, found, above) or {local}:
            gathered.add("kind", kind, thing)
        for source in sources.get(thing, {NOTHING}):
            gathered.add("source", value_of(lookup, source), thing)
    made = [gathered.facet("kind", lookup.speech.say("Kind"), _labels(lookup, gathered.found.get("kind", {})))]
    named = _named(lookup, gathered.found.get("source", {}), lookup.speech.say("no source"))
    made.append(gathered.facet("source", lookup.speech.say("Source"), named))
    if segment in ASKED:
        made += _asked(lookup, segment, kinds, sources)
    if segment == "issue":
        made.append(_speakers(lookup, kinds))
    return tuple(made)


def value_of(lookup: Lookup, iri: str) -> str:
    """Return how a thing stands in the address: its CURIE."""
    return iri if iri == NOTHING else lookup.terms.compress(iri)


def _classes_and_sources(lookup: Lookup, segment: str) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    stem = f"/{lookup.language}/{segment}/"
    found: dict[str, dict[str, set[str]]] = {"kind": {}, "source": {}}
    for row in lookup.rows("facets", kind=[lookup.own(SEGMENTS[segment][0])]):
        thing = row["thing"].value
        if (page_of(thing, lookup.terms, lookup.language) or "").startswith(stem):
            found[row["facet"].value].setdefault(thing, set()).add(row["value"].value)
    return found["kind"], found["source"]


def superclasses(lookup: Lookup) -> dict[str, set[str]]:
    """Return every class with all the classes above it."""
    direct: dict[str, set[str]] = {}
    for row in lookup.rows("subclasses"):
        if row["key"].value.endswith("#subClassOf") and row["one"].value != row["other"].value:
            direct.setdefault(row["one"].value, set()).add(row["other"].value)
    found: dict[str, set[str]] = {}
    for kind in direct:
        reached: set[str] = set()
        frontier = {*direct[kind]}
        while frontier:
            reached |= frontier
            frontier = {wider for each in frontier for wider in direct.get(each, ())} - reached
        found[kind] = reached - {kind}
    return found


def most_specific(lookup: Lookup, kinds: Iterable[str], above: Mapping[str, set[str]]) -> set[str]:
    """Return the local names of those of our own classes among *kinds* that lie above none of the others."""
    ours = {kind for kind in kinds if lookup.local(kind) in lookup.terms.own}
    return {lookup.local(kind) for kind in ours - {wider for kind in ours for wider in above.get(kind, ())}}


def broad_kind(lookup: Lookup, kinds: Iterable[str]) -> str:
    """Return which of the few broad kinds of actors something of the classes *kinds* is."""
    found = {lookup.local(kind) for kind in kinds}
    return next((kind for kind in BROAD if kind in found), "Actor")


def _labels(lookup: Lookup, values: Iterable[str]) -> dict[str, str]:
    return {value: lookup.term(value).text for value in values if value in lookup.terms.own}


def _named(lookup: Lookup, values: Iterable[str], nothing: str) -> dict[str, str]:
    iris = {value: lookup.terms.expand(value) for value in values if value != NOTHING}
    naming = lookup.names(iris.values())
    return {NOTHING: nothing, **{value: naming[iri].text for value, iri in iris.items()}}


def _said(lookup: Lookup, words: Mapping[str, str]) -> dict[str, str]:
    return {value: lookup.speech.say(text) for value, text in words.items()}


def _asked(
    lookup: Lookup, segment: str, kinds: Mapping[str, set[str]], sources: Mapping[str, set[str]]
) -> Iterable[Facet]:
    """Make a facet of each question one asks of things of this kind: is it answered, and if not, why."""
    told = _told(lookup, segment)
    whole = {iri for iri, info in source_infos(lookup).items() if info.complete}
    gathered = _Gathering()
    for thing, classes in kinds.items():
        unanswered = "silent" if sources.get(thing, set()) & whole else "not-coded"
        for asked in asked_of(lookup, segment, classes):
            answers = {told.get((thing, key), "") for key in asked.keys} - {""}
            state = "said" if "said" in answers else "reserved" if answers else unanswered
            gathered.add(asked.name, state, thing)
    for asked in ASKED[segment]:
        yield gathered.facet(
            asked.name, lookup.speech.say(asked.words), _said(lookup, STATES), fixed=True, offered=False
        )


def _told(lookup: Lookup, segment: str) -> dict[tuple[str, str], str]:
    """Return (thing, property) → ``said``, or ``reserved`` where it is only denied or held possible."""
    keys = {key for asked in ASKED[segment] for key in asked.keys} - {"holder"}
    backwards = {INVERSES[key]: key for key in keys if key in INVERSES}
    found: dict[tuple[str, str], str] = {}
    for row in lookup.rows("asked", property=sorted(lookup.own(key) for key in keys | backwards.keys())):
        local, thing = lookup.local(row["property"].value), row["thing"].value
        key = local if row["end"].value == "subject" else backwards.get(local)
        if key and found.get((thing, key)) != "said":
            found[thing, key] = row["how"].value
    return found


def _speakers(lookup: Lookup, issues: Iterable[str]) -> Facet:
    gathered = _Gathering()
    speaking = speakers(lookup)
    for issue in issues:
        number = len(speaking.get(issue, ()))
        gathered.add("speakers", ("none", "one")[number] if number < 2 else "several", issue)
    return gathered.facet("speakers", lookup.speech.say("Who speaks on it"), _said(lookup, SPEAKERS), fixed=True)


def speakers(lookup: Lookup) -> dict[str, dict[str, set[str]]]:
    """Return issue → kind of actor → who of that kind holds or shares a view on it.

    Organisations are told apart by their broad kind; each group is a kind of its own, for what makes it a group
    is what its members have in common.
    """
    classes: dict[tuple[str, str], set[str]] = {}
    for row in lookup.rows("speakers"):
        if "speaker" in row:
            key = row["issue"].value, row["speaker"].value
            classes.setdefault(key, set()).add(row["class"].value if "class" in row else "")
    found: dict[str, dict[str, set[str]]] = {}
    for (issue, speaker), kinds in classes.items():
        kind = broad_kind(lookup, kinds)
        found.setdefault(issue, {}).setdefault(speaker if kind == "ActorGroup" else kind, set()).add(speaker)
    return found


def _of_sources(lookup: Lookup) -> tuple[Facet, ...]:
    """Only loaded sources have a year, a language or a place here: of the others nothing is known but the name."""
    infos = source_infos(lookup)
    gathered = _Gathering()
    for iri, info in infos.items():
        gathered.add("coded", "known" if not info.loaded else "whole" if info.complete else "part", iri)
        if info.loaded:
            _metadata(gathered, iri, info)
    brought = _brought(lookup)
    for iri in (iri for iri, info in infos.items() if info.loaded):
        for facet in ("kind", "author", "place"):
            for value in brought.get(facet, {}).get(iri, {NOTHING}):
                gathered.add(facet, value, iri)
    say, found = lookup.speech.say, gathered.found
    places = _named(lookup, found.get("place", {}), say("no place"))
    authors = _labels(lookup, found.get("author", {})) | {NOTHING: say("no author stated")}
    return (
        gathered.facet("kind", say("Kind"), _labels(lookup, found.get("kind", {}))),
        gathered.facet("author", say("Kind of author"), authors),
        gathered.facet("year", say("Year"), {NOTHING: say("no year stated")}),
        gathered.facet(
            "language",
            say("Language"),
            {**{str(tag): say(name) for tag, name in OWN_NAMES.items()}, NOTHING: say("no language stated")},
        ),
        gathered.facet("place", say("Place it speaks of"), places),
        gathered.facet("coded", say("Coding"), _said(lookup, EXTENTS), fixed=True),
        gathered.facet("wording", say("Text"), _said(lookup, WORDINGS), fixed=True),
    )


def _metadata(gathered: _Gathering, iri: str, info: SourceInfo) -> None:
    gathered.add("year", info.year or NOTHING, iri)
    gathered.add("language", info.lang or NOTHING, iri)
    gathered.add("wording", "digest" if info.digest else "original", iri)


def _brought(lookup: Lookup) -> dict[str, dict[str, set[str]]]:
    """Return facet → source → values: its kinds, the kinds of its authors, the places it speaks of."""
    raw: dict[tuple[str, str, str], set[str]] = {}
    for row in lookup.rows("facets-of-sources"):
        key = row["facet"].value, row["thing"].value, row["who"].value
        raw.setdefault(key, set()).add(row["value"].value)
    above = superclasses(lookup)
    found: dict[str, dict[str, set[str]]] = {}
    for (facet, source, _), values in raw.items():
        if facet == "place":
            shown = {value_of(lookup, value) for value in values}
        else:
            shown = most_specific(lookup, values, above)
        found.setdefault(facet, {}).setdefault(source, set()).update(shown)
    return found
