"""What changed from one version of the ontology to the next, in words, and the smallest version number that says so."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args

from rdflib import Graph, URIRef
from rdflib import Literal as Text
from rdflib.namespace import OWL, RDFS, SKOS

from kg.axioms import DECLARATIONS, RESTRICTIONS, Axiom, axioms, pairwise
from kg.model import InputError, Language
from kg.ontology import number_of, release, releases, version_of, whole
from kg.terms import Terms, nearest
from kg.validation import read_rdf
from kg.wording import Wording, labels_of, phrase, plain

Increment = Literal["none", "patch", "minor", "major"]
What = Literal["term-removed", "term-added", "axiom-removed", "axiom-added", "axiom-restated", "words-changed"]
CURRENT = "current"

# Adding one of these among terms that were there forbids something that was allowed, or makes a term mean less.
NARROWS = RESTRICTIONS | {
    *("subclass", "subproperty", "domain", "range", "disjoint", "equivalent", "key", "instance"),
    *("disjoint-properties", "equivalent-properties", "functional", "inverse-functional", "asymmetric", "irreflexive"),
}
# Taking one of these away only allows more; taking any other away, something that followed follows no longer.
FREES = (RESTRICTIONS - {"value"}) | {
    *("disjoint", "disjoint-properties", "asymmetric", "irreflexive"),
    *("related", "exact-match", "close-match", "broad-match", "narrow-match", "related-match", "deprecated"),
}
WORDS = (RDFS.label, SKOS.definition, SKOS.prefLabel, SKOS.altLabel, SKOS.scopeNote, SKOS.note, SKOS.example)
DECLARED = frozenset(DECLARATIONS.values())


@dataclass(frozen=True)
class Version:
    """One version of the ontology: its number and all it says."""

    number: str
    graph: Graph
    base: str

    @cached_property
    def axioms(self) -> frozenset[Axiom]:
        """All axioms, what is told apart in pairs."""
        return frozenset(pair for axiom in axioms(self.graph) for pair in pairwise(axiom))

    @cached_property
    def terms(self) -> frozenset[URIRef]:
        """The terms and concepts of ours that it declares."""
        declared = (_about(each) for each in self.axioms if each.kind in DECLARED)
        return frozenset(name for name in declared if name.startswith(self.base))

    def follows(self, axiom: Axiom) -> bool:
        """Tell whether *axiom* is said, or follows from what is said higher up among classes and properties."""
        return axiom in self.axioms or _follows(axiom, self.axioms, self._above)

    @cached_property
    def _above(self) -> Mapping[object, frozenset[object]]:
        """From each class and property to itself and all that stands above it."""
        direct: dict[object, set[object]] = {}
        for axiom in self.axioms:
            if axiom.kind in ("subclass", "subproperty"):
                direct.setdefault(axiom.parts[0], set()).add(axiom.parts[1])
        return {name: _reached(name, direct) for name in direct}


@dataclass(frozen=True)
class Change:
    """One change: *about* a term, by an *axiom*, or in its words (*words*: property, language; *before*, *after*)."""

    what: What
    demands: Increment
    about: URIRef
    axiom: Axiom | None = None
    words: tuple[URIRef, str] | None = None
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evolution:
    """Two versions and every change between them, the gravest first."""

    before: Version
    after: Version
    changes: tuple[Change, ...] = field(default=())

    @property
    def needed(self) -> Increment:
        """The gravest thing that any change asks of the version number."""
        return max((change.demands for change in self.changes), key=_gravity, default="none")

    @property
    def smallest(self) -> str:
        """The lowest version number that says enough. Before 1.0.0 a major change raises the second number."""
        major, minor, patch = (*number_of(self.before.number), 0, 0)[:3]
        if self.needed == "none":
            return self.before.number
        if self.needed == "patch":
            return f"{major}.{minor}.{patch + 1}"
        return f"{major + 1}.0.0" if self.needed == "major" and major else f"{major}.{minor + 1}.0"

    @property
    def enough(self) -> bool:
        """Tell whether the version number was raised by as much as the changes ask for."""
        return number_of(self.after.number) >= number_of(self.smallest)

    def to_json(self, language: Language, terms: Terms) -> dict[str, Any]:
        """Return the report for programs, with sentences in *language*."""
        wording = self._wording(language, terms)
        return {
            "before": self.before.number,
            "after": self.after.number,
            "needed": self.needed,
            "smallest": self.smallest,
            "enough": self.enough,
            "changes": [_change_json(change, wording) for change in self.changes],
        }

    def to_text(self, language: Language, terms: Terms) -> str:
        """Return the report for people."""
        wording = self._wording(language, terms)
        said = {name: phrase("increments", name, language) for name in get_args(Increment)}
        title = phrase("report", "title", language)
        lines = [title.format(before=self.before.number, after=self.after.number, needed=said[self.needed])]
        lines.append(
            phrase("report", "enough" if self.enough else "too-little", language).format(smallest=self.smallest)
        )
        for what in get_args(What):
            chosen = [change for change in self.changes if change.what == what]
            if chosen:
                lines += ["", f"{phrase('changes', what, language)} ({len(chosen)})"]
                lines += [f"  [{said[change.demands]}] {_line(change, wording)}" for change in chosen]
        return "\n".join(lines)

    def _wording(self, language: Language, terms: Terms) -> Wording:
        return Wording(language, labels_of(self.before.graph, self.after.graph), terms)


def load(where: str, terms: Terms) -> Version:
    """Open one version: a kept version number, ``current``, a folder laid out as ``ontology/``, or an RDF file.

    Raises :class:`InputError` where it is none of these, cannot be read, or bears no version number.
    """
    graph = _found(where, terms)
    number = version_of(graph)
    try:
        number_of(number or "")
    except ValueError as error:
        raise InputError(f"{where}: its owl:versionInfo is {number!r}, and not a number such as 0.2.0.") from error
    return Version(str(number), graph, terms.base)


def _found(where: str, terms: Terms) -> Graph:
    if where in releases():
        return release(where, terms)
    path = Path(where)
    try:
        if where == CURRENT or (not path.exists() and where == version_of(whole(terms))):
            return whole(terms)
        if path.is_dir():
            return whole(terms, path if (path / "bso.ttl").is_file() else path / "ontology")
        if path.is_file():
            return read_rdf([path], Graph())
    except OSError as error:
        raise InputError(f"{where} cannot be read as an ontology: {error.strerror}.") from error
    known = (*releases(), CURRENT)
    raise InputError(
        f"{where} is no file, no folder and no version. Versions: {', '.join(nearest(where, known) or known)}."
    )


def compare(before: Version, after: Version) -> Evolution:
    """Find every change from *before* to *after*."""
    changes = (*_terms_changed(before, after), *_axioms_changed(before, after), *_words_changed(before, after))
    ordered = sorted(
        changes, key=lambda each: (-_gravity(each.demands), str(each.about), str(each.axiom), str(each.words))
    )
    return Evolution(before, after, tuple(ordered))


def _terms_changed(before: Version, after: Version) -> Iterator[Change]:
    for term in before.terms - after.terms:
        yield Change("term-removed", "major", term)
    for term in after.terms - before.terms:
        yield Change("term-added", "minor", term)


def _axioms_changed(before: Version, after: Version) -> Iterator[Change]:
    fresh, gone = after.terms - before.terms, before.terms - after.terms
    for axiom in after.axioms - before.axioms:
        if not _declares(axiom, fresh):
            demands: Increment = "patch" if before.follows(axiom) else _asked_by_more(axiom, fresh)
            yield Change("axiom-added", demands, _about(axiom), axiom)
    for axiom in before.axioms - after.axioms:
        if axiom.names() & gone:
            continue  # it went with its term, which asks for the most already
        if after.follows(axiom):
            yield Change("axiom-restated", "patch", _about(axiom), axiom)
        else:
            yield Change("axiom-removed", "minor" if axiom.kind in FREES else "major", _about(axiom), axiom)


def _declares(axiom: Axiom, fresh: frozenset[URIRef]) -> bool:
    return axiom.kind in DECLARED and axiom.parts[0] in fresh


def _asked_by_more(axiom: Axiom, fresh: frozenset[URIRef]) -> Increment:
    """Say what an axiom that is new asks for: what only says what a new term means takes nothing from anybody."""
    about_new = {axiom.parts[0]} if axiom.kind not in ("disjoint", "disjoint-properties", "subclass") else axiom.names()
    return "major" if axiom.kind in NARROWS and not about_new & fresh else "minor"


def _words_changed(before: Version, after: Version) -> Iterator[Change]:
    for term in before.terms & after.terms:
        for predicate in WORDS:
            old, new = _by_language(before.graph, term, predicate), _by_language(after.graph, term, predicate)
            for language in sorted({*old, *new}):
                if old.get(language) != new.get(language):
                    texts = (tuple(sorted(each.get(language, ()))) for each in (old, new))
                    yield Change("words-changed", "patch", term, None, (predicate, language), *texts)


def _by_language(graph: Graph, term: URIRef, predicate: URIRef) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for value in graph.objects(term, predicate):
        if isinstance(value, Text):
            found.setdefault(value.language or "", set()).add(str(value))
    return found


def _follows(axiom: Axiom, said: frozenset[Axiom], above: Mapping[object, frozenset[object]]) -> bool:
    """Tell whether *axiom* follows from those *said* by going up from its parts, or up from theirs."""

    def up(part: object) -> frozenset[object]:
        return above.get(part, frozenset({part}))

    kind, parts = axiom.kind, axiom.parts
    if kind in ("subclass", "subproperty"):
        return parts[1] in up(parts[0])
    alike = [other.parts for other in said if other.kind == kind]
    if kind in ("domain", "range"):
        return any(other[0] in up(parts[0]) and parts[1] in up(other[1]) for other in alike)
    if kind in ("disjoint", "disjoint-properties"):
        one, other = up(parts[0]), up(parts[1])
        return any((a in one and b in other) or (a in other and b in one) for a, b in alike)
    if kind == "some":
        return any(
            c in up(parts[0]) and parts[1] in up(p) and (parts[2] in up(f) or parts[2] == OWL.Thing)
            for c, p, f in alike
        )
    return False


def _reached(start: object, direct: Mapping[object, Iterable[object]]) -> frozenset[object]:
    reached, frontier = {start}, {start}
    while frontier:
        frontier = {wider for each in frontier for wider in direct.get(each, ())} - reached
        reached |= frontier
    return frozenset(reached)


def _about(axiom: Axiom) -> URIRef:
    named = axiom.parts[0]
    return named if isinstance(named, URIRef) else next(iter(sorted(axiom.names())))


def _gravity(increment: Increment) -> int:
    return get_args(Increment).index(increment)


def _line(change: Change, wording: Wording) -> str:
    if change.axiom is not None:
        return plain(wording.sentence(change.axiom))
    label = f"{wording.label(change.about)} ({wording.terms.compress(change.about)})"
    if change.words is None:
        return label
    predicate, tag = change.words
    old, new = (" | ".join(texts) or "–" for texts in (change.before, change.after))
    before, now = (phrase("report", name, wording.language) for name in ("before", "now"))
    return f"{label}, {wording.terms.compress(predicate)} @{tag}\n    {before}: {old}\n    {now}: {new}"


def _change_json(change: Change, wording: Wording) -> dict[str, Any]:
    told: dict[str, Any] = {
        "what": change.what,
        "demands": change.demands,
        "term": str(change.about),
        "label": wording.label(change.about),
    }
    if change.axiom is not None:
        told |= {"axiom": change.axiom.kind, "sentence": plain(wording.sentence(change.axiom))}
    if change.words is not None:
        told |= {"property": str(change.words[0]), "lang": change.words[1]}
        told |= {"before": list(change.before), "after": list(change.after)}
    return told
