"""What changed from one version of the data to the next: statements, things and sources, told in words."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any, Literal, get_args

from rdflib import Dataset, URIRef
from rdflib import Literal as Text
from rdflib.namespace import RDFS, SKOS
from rdflib.term import Node

from kg.model import FACT, VIEWS, InputError, Language
from kg.questions import Catalogue, verb
from kg.releases import Release, find, locate
from kg.snapshot import Snapshot
from kg.terms import Terms, best_label
from kg.validation import read_quads

What = Literal[
    "added",
    "withdrawn",
    "reinterpreted",
    "requoted",
    "thing-new",
    "thing-gone",
    "thing-renamed",
    "source-new",
    "source-gone",
    "source-changed",
]
KINDS: tuple[What, ...] = get_args(What)
Record = Mapping[str, tuple[Node, ...]]

# A fact and its denial say the same of the same under other names of the properties.
SAME = {"rdf:subject": "subject", "rdf:predicate": "predicate", "rdf:object": "object"}
SAME |= {"ofSubject": "subject", "ofPredicate": "predicate", "ofObject": "object", "rdf:type": "kind"}
SAID = (FACT, "Denial", "Projection", *VIEWS)
# Where a statement stands, as a reader sees it; its position moves with every word put before it.
PLACE = ("text", "verbatim", "locator", "anchor")
# What says nothing of how the source is read: who coded when, and what the build writes as a short cut.
RECORDED = ("coder", "coded", "codedIn", "involves", "passage", "source", "prov:wasDerivedFrom")
# Two statements on one passage are one that is read anew where they share one of these.
TOPICS = ("subject", "predicate", "object", "about", "holder", "party", "higherParty", "lowerParty", "verb", "says")
OF_A_SOURCE = ("dcterms:title", "year", "issued", "url", "access", "codedExtent", "textHash", "dcterms:license")
LABELS = (SKOS.prefLabel, RDFS.label)
DATA_SET = re.compile(r"<([^>]*)graph/dataset> <[^>]*#type> <[^>]*void#Dataset> ")
ABOUT_THINGS = re.compile(r"(?:id/(?!statement/|passage/|coding/|coder/|source/)|kos/)")


@dataclass(frozen=True)
class Version:
    """One version of the data: what it is called, its base, and its N-Quads in the order of a snapshot."""

    name: str
    base: str
    lines: Callable[[], Iterator[str]]
    release: Release | None = None

    @property
    def title(self) -> str:
        """The label, or the name where there is none."""
        return self.release.label if self.release else self.name

    @classmethod
    def of(cls, snapshot: Snapshot, release: Release | None = None) -> "Version":
        """Return the data of *snapshot* as a version."""
        return cls(snapshot.name, snapshot.manifest.base, lambda: _read(snapshot.data_path), release)


@dataclass(frozen=True)
class Detail:
    """One property that differs: its local name, and its values before and now."""

    key: str
    before: tuple[Node, ...]
    after: tuple[Node, ...]


@dataclass(frozen=True)
class Change:
    """One change. *iri* names what changed, as it is now; *was* its name before, where that was another."""

    what: What
    iri: str
    was: str | None = None
    before: Record = field(default_factory=dict)
    after: Record = field(default_factory=dict)
    details: tuple[Detail, ...] = ()

    @property
    def record(self) -> Record:
        """What is said of it now, of what is gone what was said."""
        return self.after or self.before

    @property
    def is_gone(self) -> bool:
        """Whether only the version before has it."""
        return not self.after


@dataclass(frozen=True)
class Told:
    """A change in words. *details* are the property in words with its values before and now."""

    what: What
    iri: str
    was: str | None
    sentence: str
    details: tuple[tuple[str, str, str], ...]
    basis: str | None
    text: str | None
    verbatim: bool
    locator: str | None
    source: str | None
    source_label: str | None
    passage: str | None

    @property
    def is_gone(self) -> bool:
        """Whether only the version before has it."""
        return self.what in ("withdrawn", "thing-gone", "source-gone")


@dataclass(frozen=True)
class Changes:
    """Two versions and every change between them, in the order of :data:`What`."""

    before: Version
    after: Version
    all: tuple[Change, ...]
    labels: tuple[Mapping[str, Mapping[str, str]], Mapping[str, Mapping[str, str]]]

    @cached_property
    def totals(self) -> Mapping[What, int]:
        """How many changes there are of each sort."""
        return {what: sum(change.what == what for change in self.all) for what in KINDS}

    def told(
        self, language: Language, catalogue: Catalogue, start: int = 0, end: int | None = None
    ) -> tuple[Told, ...]:
        """Tell the changes from the one numbered *start* to before *end*."""
        teller = _Teller(self, language, catalogue)
        return tuple(teller.told(change) for change in self.all[start:end])

    def summary(self, language: Language, catalogue: Catalogue) -> str:
        """Say in one sentence how much changed."""
        words = catalogue.words["changes"]
        counted = [_count(words, what, number, language) for what, number in self.totals.items() if number]
        return "; ".join(counted) if counted else str(words["nothing"][language])

    def to_json(
        self, language: Language, catalogue: Catalogue, start: int = 0, end: int | None = None
    ) -> dict[str, Any]:
        """Return the versions, the totals and the changes from the one numbered *start* to before *end*."""
        return {
            "from": _version_json(self.before),
            "to": _version_json(self.after),
            "totals": dict(self.totals),
            "changes": [_told_json(each) for each in self.told(language, catalogue, start, end)],
        }

    def to_text(self, language: Language, catalogue: Catalogue) -> str:
        """Return the report for people: totals first, then each change with its passage."""
        words = catalogue.words["changes"]
        head = words["title"][language].format(before=self.before.title, after=self.after.title)
        lines = [head, self.summary(language, catalogue)]
        told = self.told(language, catalogue)
        for what, group in groupby(told, key=lambda each: each.what):
            kept = list(group)
            lines += ["", f"{words['headings'][what][language]} ({len(kept)})"]
            lines += [line for each in kept for line in told_lines(each, language, catalogue)]
        return "\n".join(lines)


def told_lines(told: Told, language: Language, catalogue: Catalogue) -> Iterator[str]:
    """Write a change as lines of plain text."""
    words = catalogue.words
    basis = f" ({words['basis'][told.basis][language]})" if told.basis in words["basis"] else ""
    yield f"- {told.sentence}{basis}"
    for label, before, after in told.details:
        yield f"    {label}: {before} → {after}"
    if told.text:
        heading = words["text"]["original" if told.verbatim else "retold"][language]
        quoted = f"«{told.text}»" if told.verbatim else told.text
        place = ", ".join(part for part in (told.source_label, told.locator) if part)
        yield f"    {heading}: {quoted} ({place})"


def open_version(where: str, out: Path) -> Version:
    """Open a version of the data: what :func:`kg.releases.locate` knows, or a file of N-Quads or TriG.

    Raises :class:`InputError` where it is neither, or cannot be read as data of ours.
    """
    path = Path(where)
    if path.is_file() and find(out, where) is None:
        return _of_file(path)
    snapshot = locate(where, out)
    held = find(out, where)
    return Version.of(snapshot, held or find(out, snapshot.name))


def _of_file(path: Path) -> Version:
    """Read any RDF file with the quads of a data set; its lines are put in the order of a snapshot's."""
    quads = read_quads(path)
    lines = sorted(f"{line}\n" for line in quads.serialize(format="nquads").split("\n") if line)
    base = next((found[1] for line in lines if (found := DATA_SET.match(line))), None)
    if base is None:
        raise InputError(
            f"{path}: does not say of which data set it is (a void:Dataset whose name ends in graph/dataset)."
        )
    return Version(path.name, base, lambda: iter(lines))


def compare(before: Version, after: Version) -> Changes:
    """Find every change from *before* to *after*. Raises :class:`InputError` where their names have other bases."""
    if before.base != after.base:
        raise InputError(
            f"{before.title} and {after.title} cannot be compared: the names of one begin with {before.base}, "
            f"those of the other with {after.base}."
        )
    terms = Terms(before.base)
    old, new = (_records(lines, terms) for lines in _differing(before, after))
    found = [*_statements(old, new, terms), *_sources(old, new, terms), *_things(old, new, terms)]
    ordered = sorted(found, key=lambda each: (KINDS.index(each.what), _source_of(each), each.iri))
    wanted = {str(node) for change in found for node in _mentioned(change)}
    return Changes(before, after, tuple(ordered), (_labels(before, wanted), _labels(after, wanted)))


def _read(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", newline="\n") as file:
        yield from file


def _differing(before: Version, after: Version) -> tuple[list[str], list[str]]:
    """Return the lines of all subjects of which not the same is asserted, of each version.

    Both come in order, so each is read once and nothing is kept of what is the same.
    """
    old, new = _by_subject(before), _by_subject(after)
    gone: list[str] = []
    come: list[str] = []
    one, other = next(old, None), next(new, None)
    while one or other:
        if other is None or (one is not None and one[0] < other[0]):
            gone += one[1] if one else []
            one = next(old, None)
        elif one is None or other[0] < one[0]:
            come += other[1]
            other = next(new, None)
        else:
            if one[1] != other[1]:
                gone += one[1]
                come += other[1]
            one, other = next(old, None), next(new, None)
    return gone, come


def _by_subject(version: Version) -> Iterator[tuple[str, list[str]]]:
    inferred = f" <{version.base}graph/inferred> .\n"
    asserted = (line for line in version.lines() if not line.endswith(inferred))
    # The space that ends a subject sorts before all that can be in one, so the groups come in order.
    for subject, lines in groupby(asserted, key=lambda line: line[: line.index(" ") + 1]):
        yield subject, list(lines)


def _records(lines: Iterable[str], terms: Terms) -> dict[str, Record]:
    found: dict[str, dict[str, set[Node]]] = {}
    for subject, predicate, value in _parsed(lines):
        found.setdefault(str(subject), {}).setdefault(_local(str(predicate), terms), set()).add(value)
    return {
        iri: {key: tuple(sorted(values, key=lambda each: each.n3())) for key, values in sorted(keys.items())}
        for iri, keys in found.items()
    }


def _parsed(lines: Iterable[str]) -> Iterator[tuple[Node, Node, Node]]:
    dataset = Dataset()
    dataset.parse(data="".join(lines), format="nquads")
    for subject, predicate, value, _ in dataset.quads():
        yield subject, predicate, value


def _local(iri: str, terms: Terms) -> str:
    own = terms.prefixes["bso"]
    key = iri.removeprefix(own) if iri.startswith(own) else terms.compress(iri)
    return SAME.get(key, key)


def _statements(old: Mapping[str, Record], new: Mapping[str, Record], terms: Terms) -> Iterator[Change]:
    stem = terms.prefixes["st"]
    was, now = (
        {iri: _meant(record, terms) for iri, record in records.items() if iri.startswith(stem)}
        for records in (old, new)
    )
    pairs = {iri: iri for iri in now if iri in was}
    pairs |= _read_anew(
        {iri: was[iri] for iri in was if iri not in now}, {iri: now[iri] for iri in now if iri not in was}
    )
    for iri, before in pairs.items():
        yield from _restated(iri, before, was[before], now[iri])
    for iri in now:
        if iri not in pairs:
            yield Change("added", iri, after=now[iri])
    for iri in was.keys() - set(pairs.values()):
        yield Change("withdrawn", iri, before=was[iri])


def _meant(record: Record, terms: Terms) -> Record:
    """Leave of the kinds of a statement the one that says what it is."""
    kinds = {terms.uri(name) for name in SAID} & set(record.get("kind", ()))
    return {**record, "kind": tuple(sorted(kinds)) or record.get("kind", ())}


def _read_anew(gone: Mapping[str, Record], come: Mapping[str, Record]) -> dict[str, str]:
    """Pair statements that came with those that went where they read the same passage and have a topic in common."""
    places: dict[tuple[Node, ...], list[str]] = {}
    for iri in sorted(gone):
        places.setdefault(_words_of(gone[iri]), []).append(iri)
    pairs: dict[str, str] = {}
    for iri in sorted(come):
        candidates = places.get(_words_of(come[iri]), [])
        best = max(candidates, key=lambda each: _in_common(gone[each], come[iri]), default=None)
        if best and _in_common(gone[best], come[iri]):
            pairs[iri] = best
            candidates.remove(best)
    return pairs


def _words_of(record: Record) -> tuple[Node, ...]:
    return (*record.get("source", ()), *record.get("text", ()))


def _in_common(before: Record, after: Record) -> int:
    return sum(bool(set(before.get(key, ())) & set(after.get(key, ()))) for key in TOPICS)


def _restated(iri: str, was: str, before: Record, after: Record) -> Iterator[Change]:
    details = _details(before, after, sorted({*before, *after} - {*RECORDED, *PLACE}))
    moved = _details(before, after, PLACE)
    if details or moved:
        what: What = "reinterpreted" if details else "requoted"
        yield Change(what, iri, was if was != iri else None, before, after, (*details, *moved))


def _details(before: Record, after: Record, keys: Iterable[str]) -> tuple[Detail, ...]:
    return tuple(
        Detail(key, before.get(key, ()), after.get(key, ())) for key in keys if before.get(key) != after.get(key)
    )


def _sources(old: Mapping[str, Record], new: Mapping[str, Record], terms: Terms) -> Iterator[Change]:
    stem = terms.prefixes["source"]
    for iri in sorted(each for each in {*old, *new} if each.startswith(stem)):
        before, after = old.get(iri, {}), new.get(iri, {})
        if not before or not after:
            yield Change("source-gone" if before else "source-new", iri, before=before, after=after)
        elif details := _details(before, after, ("skos:prefLabel", *OF_A_SOURCE)):
            yield Change("source-changed", iri, before=before, after=after, details=details)


def _things(old: Mapping[str, Record], new: Mapping[str, Record], terms: Terms) -> Iterator[Change]:
    for iri in sorted({*old, *new}):
        if iri.startswith(terms.base) and ABOUT_THINGS.match(iri.removeprefix(terms.base)):
            before, after = old.get(iri, {}), new.get(iri, {})
            names = before.get("skos:prefLabel"), after.get("skos:prefLabel")
            if all(names) and names[0] != names[1]:
                details = _details(before, after, ("skos:prefLabel",))
                yield Change("thing-renamed", iri, before=before, after=after, details=details)
            elif any(names) and not all(names):
                yield Change("thing-new" if names[1] else "thing-gone", iri, before=before, after=after)


def _source_of(change: Change) -> str:
    return str(next(iter(change.record.get("source", ())), ""))


def _mentioned(change: Change) -> Iterator[Node]:
    yield URIRef(change.iri)
    for record in (change.before, change.after):
        yield from (value for values in record.values() for value in values if isinstance(value, URIRef))


def _labels(version: Version, wanted: set[str]) -> dict[str, dict[str, str]]:
    marks = tuple(f" <{predicate}> " for predicate in LABELS)
    lines = (
        line
        for line in version.lines()
        if any(mark in line for mark in marks) and line[1 : line.index(" ") - 1] in wanted
    )
    found: dict[str, dict[str, str]] = {}
    for subject, predicate, value in _parsed(lines):
        if predicate in LABELS and isinstance(value, Text):
            found.setdefault(str(subject), {})[value.language or ""] = str(value)
    return found


@dataclass(frozen=True)
class _Teller:
    changes: Changes
    language: Language
    catalogue: Catalogue

    @property
    def words(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.catalogue.words["changes"]
        return found

    @cached_property
    def terms(self) -> Terms:
        return Terms(self.changes.after.base)

    def told(self, change: Change) -> Told:
        record, old = change.record, change.is_gone
        source = self.one(record, "source")
        basis = self.one(record, "basis")
        return Told(
            what=change.what,
            iri=change.iri,
            was=change.was,
            sentence=self.sentence(change),
            details=tuple(self.detail(each) for each in change.details),
            basis=basis and basis.rpartition("/")[2],
            text=self.one(record, "text"),
            verbatim=self.one(record, "verbatim") == "true",
            locator=self.one(record, "locator"),
            source=source,
            source_label=source and self.name(source, old),
            passage=self.one(record, "passage"),
        )

    def sentence(self, change: Change) -> str:
        """Say what a statement says, and name anything else."""
        record, old = change.record, change.is_gone
        if not change.what.startswith(("thing", "source")):
            return self.fact(record, old) if "subject" in record else self.view(record, old)
        name = self.name(change.iri, old)
        title = self.listed(record.get("dcterms:title", ()), old)
        return f"{name}: {title}" if title and title != name else f"{name} ({self.terms.compress(change.iri)})"

    def fact(self, record: Record, old: bool) -> str:
        subject, value = (self.listed(record.get(key, ()), old) for key in ("subject", "object"))
        predicate = self.one(record, "predicate") or ""
        relation = verb(predicate, self.name(predicate, old), self.catalogue, self.terms, self.language)
        said = f"{subject} {relation} {value}"
        kind = self.one(record, "kind") or ""
        flags = [self.name(kind, old)] if kind.endswith("Denial") else []
        modality = self.one(record, "modality") or ""
        flags += [self.name(modality, old)] if modality and not modality.endswith("/actual") else []
        flags += [self.listed(record[key], old) for key in ("quantifier", "condition") if key in record]
        return f"{said} [{'; '.join(flags)}]" if flags else said

    def view(self, record: Record, old: bool) -> str:
        kind = self.name(self.one(record, "kind") or "", old)
        said = self.listed(record.get("says", ()) or record.get("verb", ()), old)
        about = self.listed(record.get("about", ()), old)
        shown = ("holder", "of", "party", "higherParty", "lowerParty", "pole", "polarity", "deniedPolarity", "on")
        parts = [f"{self.label(key)}: {self.listed(record[key], old)}" for key in shown if key in record]
        return "; ".join([f"{about}: «{said}» ({kind})" if said else f"{about} ({kind})", *parts])

    def detail(self, detail: Detail) -> tuple[str, str, str]:
        if detail.key == "textHash":
            before, after = (str(self.words[name][self.language]) for name in ("one text", "another text"))
            return self.label(detail.key), before, after
        told = [self.listed(values, old) for values, old in ((detail.before, True), (detail.after, False))]
        if told[0] == told[1]:  # in this language it is called as before
            other = set(detail.before) ^ set(detail.after)
            told = [
                ", ".join(_tagged(value) for value in values if value in other)
                for values in (detail.before, detail.after)
            ]
        return self.label(detail.key), told[0] or "–", told[1] or "–"

    def label(self, key: str) -> str:
        if key in self.words["properties"]:
            return str(self.words["properties"][key][self.language])
        return self.terms.own[key].label[self.language] if key in self.terms.own else key

    def listed(self, values: Iterable[Node], old: bool) -> str:
        """Write values as text: things by their names, words in this language or the nearest."""
        things = [self.name(str(each), old) for each in values if isinstance(each, URIRef)]
        plain = [str(each) for each in values if isinstance(each, Text) and not each.language]
        by_tag = {each.language: str(each) for each in values if isinstance(each, Text) and each.language}
        best = best_label(by_tag, self.language)
        return ", ".join([*things, *plain, *([best[0]] if best else [])])

    def name(self, iri: str, old: bool) -> str:
        """Name a thing as the version does that has it; a kind or relation of ours by its term."""
        own = iri.removeprefix(self.terms.prefixes["bso"])
        if own in self.terms.own:
            return self.terms.own[own].label[self.language]
        before, after = self.changes.labels
        chosen = (before, after) if old else (after, before)
        labels = next((held[iri] for held in chosen if iri in held), {})
        best = best_label(labels, self.language)
        return best[0] if best else self.terms.compress(iri)

    def one(self, record: Record, key: str) -> str | None:
        return next((str(value) for value in record.get(key, ())), None)


def _tagged(value: Node) -> str:
    return f"{value} ({value.language})" if isinstance(value, Text) and value.language else str(value)


def _count(words: Mapping[str, Any], what: What, number: int, language: Language) -> str:
    one, many = words["counted"][what][language]
    return str(one if number == 1 else many.format(count=number))


def _version_json(version: Version) -> dict[str, str | None]:
    released = version.release
    return {
        "version": version.name,
        "label": released.label if released else None,
        "released": str(released.released) if released else None,
    }


def _told_json(told: Told) -> dict[str, Any]:
    return {
        "what": told.what,
        "iri": told.iri,
        "was": told.was,
        "sentence": told.sentence,
        "basis": told.basis,
        "details": [{"property": label, "before": before, "after": after} for label, before, after in told.details],
        "text": told.text,
        "verbatim": told.verbatim,
        "locator": told.locator,
        "source": told.source,
        "source_label": told.source_label,
        "passage": told.passage,
    }
