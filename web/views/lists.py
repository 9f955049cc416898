"""Pages that list: things of a kind, records, concepts and terms, search hits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from kg.engine import Cell
from kg.model import Contradiction, Finding
from kg.understanding.words import folded
from web.language import sort_key
from web.views.entity import SEGMENTS
from web.views.facets import Facet, facets, superclasses, value_of
from web.views.lookup import Lookup, Name, Solutions, page_of
from web.views.statements import KINDS, RDF, SKOS, Statement, records, source_infos, statements

PAGE_LENGTH = 100
RECORDS: Mapping[str, str] = {"statement": "Statement", "passage": "Passage"}


@dataclass(frozen=True)
class Entry:
    """One thing in a list: its name, what kind it is, a sentence about it; of a statement, all that it says."""

    name: Name
    kinds: tuple[Name, ...] = ()
    about: Name | None = None
    extra: str | None = None
    statement: Statement | None = None


@dataclass(frozen=True)
class Choice:
    """A value that a list can be narrowed to, with how many things have it where that was counted."""

    value: str
    words: str
    count: int | None
    chosen: bool


@dataclass(frozen=True)
class Field:
    """A way to narrow a list, as a select; one that is not *offered* is shown where it was chosen by a link."""

    name: str
    label: str
    choices: tuple[Choice, ...]
    offered: bool

    @property
    def chosen(self) -> Choice | None:
        """What it is narrowed to."""
        return next((choice for choice in self.choices if choice.chosen), None)


@dataclass(frozen=True)
class ListPage:
    """A page of a list: *number* counts from 1; *more* says whether another follows.

    *chosen* maps the fields that narrow the list to what they are narrowed to, for the addresses of other pages.
    """

    segment: str
    title: str
    definition: str
    entries: tuple[Entry, ...]
    total: int
    number: int
    more: bool
    fields: tuple[Field, ...]
    chosen: Mapping[str, str]


def list_page(lookup: Lookup, segment: str, number: int, wanted: Mapping[str, str] | None = None) -> ListPage | None:
    """Build ``/{lang}/SEGMENT/``, narrowed to what is *wanted* (facet → value); ``None`` for a kind there is not."""
    if segment not in SEGMENTS:
        return None
    local, kinds = SEGMENTS[segment]
    records = segment in RECORDS
    ways = _ways_of_records(lookup, segment) if records else facets(lookup, segment)
    chosen = {way.name: value for way in ways if (value := (wanted or {}).get(way.name))}
    if any(chosen[way.name] not in way.values for way in ways if way.name in chosen):
        found = []
    else:
        found = _records(lookup, local, chosen) if records else _things(lookup, segment, local, ways, chosen)
    first = (number - 1) * PAGE_LENGTH
    return ListPage(
        segment=segment,
        title=lookup.speech.say(kinds),
        definition=lookup.terms.own[local].definition[lookup.language],
        entries=_spelt_out(lookup, found[first : first + PAGE_LENGTH]),
        total=len(found),
        number=number,
        more=len(found) > first + PAGE_LENGTH,
        fields=tuple(_field(way, chosen.get(way.name), counted=not records) for way in ways),
        chosen=chosen,
    )


def _spelt_out(lookup: Lookup, entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Give entries of statements what they say: many rest on the same words."""
    shown = tuple(entries)
    stem = lookup.terms.prefixes["st"]
    iris = [entry.name.iri for entry in shown if entry.name.iri and entry.name.iri.startswith(stem)]
    if not iris:
        return shown
    made, _ = statements(lookup, records(lookup, lookup.rows("statements", st=iris)))
    said = {each.iri: each for each in made.all}
    return tuple(replace(entry, statement=said.get(entry.name.iri or "")) for entry in shown)


def _field(way: Facet, chosen: str | None, counted: bool) -> Field:
    choices = [
        Choice(value, way.words[value], len(things) if counted else None, value == chosen)
        for value, things in way.values.items()
    ]
    if chosen and chosen not in way.values:
        choices.append(Choice(chosen, chosen, 0, True))
    return Field(way.name, way.label, tuple(choices), way.offered and len(choices) > 1)


def _things(lookup: Lookup, segment: str, local: str, ways: Iterable[Facet], chosen: Mapping[str, str]) -> list[Entry]:
    rows = lookup.rows("listed", kind=[lookup.own(local)])
    stem = f"/{lookup.language}/{segment}/"
    entries = _entries(lookup, rows, without=lookup.own(local))
    narrowed = [way.having(chosen[way.name]) for way in ways if way.name in chosen]
    return [
        entry
        for entry in entries
        if (entry.name.href or "").startswith(stem) and all(entry.name.iri in things for things in narrowed)
    ]


def _ways_of_records(lookup: Lookup, segment: str) -> tuple[Facet, ...]:
    """Statements and passages can be narrowed to a source, statements to a kind; nobody counts them for that."""
    say = lookup.speech.say
    sources = {value_of(lookup, iri): info.name.text for iri, info in source_infos(lookup).items() if info.loaded}
    order = sorted(sources, key=lambda value: sort_key(sources[value]))
    ways = [Facet("source", say("Source"), {value: frozenset() for value in order}, sources)]
    if segment == "statement":
        kinds = {kind: lookup.term(kind).text for kind in KINDS}
        ways.insert(0, Facet("kind", say("Kind"), {kind: frozenset() for kind in kinds}, kinds))
    return tuple(ways)


def _entries(lookup: Lookup, rows: Solutions, without: str = "") -> list[Entry]:
    """Make entries of rows of ``?thing ?key ?value``, in Norwegian order of their names."""
    things: dict[str, dict[str, list[Cell]]] = {}
    for row in rows:
        things.setdefault(row["thing"].value, {}).setdefault(row["key"].value, []).append(row["value"])
    above = superclasses(lookup) if things else {}
    found = [_entry(lookup, iri, values, above, without) for iri, values in things.items()]
    return list(_sorted(found))


def _entry(
    lookup: Lookup, iri: str, values: Mapping[str, list[Cell]], above: Mapping[str, set[str]], without: str
) -> Entry:
    name = lookup.named(_texts(values.get(f"{SKOS}prefLabel", ())), iri) or lookup.names(())[iri]
    ours = {cell.value for cell in values.get(f"{RDF}type", ()) if cell.value.startswith(lookup.terms.prefixes["bso"])}
    general = {wider for kind in ours for wider in above.get(kind, ())} | {without}
    locals_ = [lookup.local(kind) for kind in sorted(ours - general)]
    kinds = tuple(lookup.term(local) for local in locals_ if local in lookup.terms.own)
    return Entry(name, kinds, lookup.named(_texts(values.get(f"{SKOS}definition", ()))))


def _texts(cells: Iterable[Cell]) -> dict[str, str]:
    return {cell.lang or "": cell.value for cell in cells}


def _records(lookup: Lookup, local: str, chosen: Mapping[str, str]) -> list[Entry]:
    narrowed = {"source": [lookup.terms.expand(chosen["source"])]} if "source" in chosen else {}
    rows = lookup.rows("listed-records", kind=[lookup.own(chosen.get("kind", local))], **narrowed)
    naming = lookup.names({row["source"].value for row in rows})
    entries: dict[str, Entry] = {}
    for row in rows:
        iri = row["thing"].value
        words = Name(row["text"].value, None, page_of(iri, lookup.terms, lookup.language), iri)
        where = f"{naming[row['source'].value].text}, {row['locator'].value}"
        entries.setdefault(iri, Entry(words, extra=where))
    return list(entries.values())


def _sorted(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Put entries in the Norwegian order of their names."""
    return tuple(sorted(entries, key=lambda entry: sort_key(entry.name.text)))


def search(lookup: Lookup, wanted: str) -> tuple[Entry, ...]:
    """Find things by name in any language: whole names first, then beginnings, then the rest."""
    words = folded(wanted).split()
    if not words:
        return ()
    hits: dict[str, tuple[int, str | None]] = {}
    labels: dict[str, dict[str, str]] = {}
    for row in lookup.rows("things"):
        iri, label = row["thing"].value, row["label"]
        if row["key"].value == f"{SKOS}prefLabel":
            labels.setdefault(iri, {})[label.lang or ""] = label.value
        rank = _rank(folded(label.value), words)
        if rank is not None and rank < hits.get(iri, (9, None))[0]:
            hits[iri] = (rank, label.value)
    found = []
    for iri, (rank, hit) in hits.items():
        name = lookup.named(labels.get(iri, {}), iri)
        if name and name.href:
            also = hit if hit != name.text else None
            found.append((rank, sort_key(name.text), Entry(name, _kind(lookup, name), None, also)))
    return tuple(entry for _, _, entry in sorted(found, key=lambda hit: hit[:2]))


def _kind(lookup: Lookup, name: Name) -> tuple[Name, ...]:
    segment = (name.href or "").split("/")[2:3]
    return tuple(lookup.term(SEGMENTS[each][0]) for each in segment if each in SEGMENTS)


def _rank(label: str, words: list[str]) -> int | None:
    if not all(word in label for word in words):
        return None
    whole = " ".join(words)
    return 0 if label == whole else 1 if label.startswith(whole) else 2


@dataclass(frozen=True)
class FindingLine:
    """What a rule found about one thing, in words; *reasons* are the things that cannot all be true."""

    severity: str
    name: Name
    message: str
    passage: str | None
    reasons: tuple[str, ...] = ()


def findings(lookup: Lookup, found: Iterable[Finding]) -> tuple[FindingLine, ...]:
    """Put findings in the words of this language, with links to the thing and to the passage."""
    return tuple(_finding(lookup, each) for each in found)


def _finding(lookup: Lookup, found: Finding) -> FindingLine:
    name = lookup.named(dict[str, str](found.label.items()), found.focus) or lookup.names(())[found.focus]
    passage = page_of(found.passage, lookup.terms, lookup.language) if found.passage else None
    because = found.because if isinstance(found, Contradiction) else ()
    reasons = tuple(reason.message[lookup.language] for reason in because)
    return FindingLine(found.severity, name, found.message[lookup.language], passage, reasons)


def lists_of(lookup: Lookup) -> tuple[tuple[str, str], ...]:
    """Name every list with its address."""
    say = lookup.speech.say
    return tuple((say(kinds), f"/{lookup.language}/{segment}/") for segment, (_, kinds) in SEGMENTS.items())
