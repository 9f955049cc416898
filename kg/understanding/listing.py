"""Which thing a name in somebody's list means: candidates with scores, and whether one is certain.

A sentence is understood word by word (:mod:`kg.understanding.matching`); an entry of a list is compared whole, with
the same names.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import yaml
from rapidfuzz import fuzz, process

from kg.engine import Engine
from kg.questions import Catalogue
from kg.resources import text
from kg.terms import Terms
from kg.understanding.lexicon import Lexicon
from kg.understanding.words import folded, normalised, stem, words

# Scores. A name that is only like another gets no more than the third.
EXACT, INFLECTED, NEARLY, INITIALS = 100.0, 96.0, 94.0, 90.0
LOWEST = 60.0
TRIED = 60  # names that are looked at more closely
NUMBERS = ("organisationNumber", "municipalityNumber")


@dataclass(frozen=True)
class Found:
    """A thing that may be meant: by which of its *names*, and how like it is (0 to 100)."""

    iri: str
    name: str
    score: float

    @property
    def exact(self) -> bool:
        """Whether the words are the same, but for case, signs and the ways to write æ, ø and å."""
        return self.score == EXACT


@dataclass(frozen=True)
class Register:
    """Every thing with a name: what it is *called*, its *kinds* (IRIs of classes) and its *numbers*."""

    called: Mapping[str, frozenset[str]]
    kinds: Mapping[str, frozenset[str]]
    numbers: Mapping[tuple[str, str], frozenset[str]]
    """(property, number) → things; a municipality number is one of several that a place had in its time."""

    @classmethod
    def load(cls, lexicon: Lexicon, engine: Engine, catalogue: Catalogue, terms: Terms) -> "Register":
        """Ask once of what kinds the things with names are, and what numbers they have."""
        kinds: defaultdict[str, set[str]] = defaultdict(set)
        numbers: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        own = terms.prefixes["bso"]
        for row in engine.select(catalogue.shared["registered"].bind(thing=sorted(lexicon.called))):
            thing, key, value = row["thing"].value, row["key"].value, row["value"].value
            if key.startswith(own):
                numbers[key.removeprefix(own), value].add(thing)
            elif value.startswith(own):
                kinds[thing].add(value)
        return cls(
            lexicon.called,
            {thing: frozenset(found) for thing, found in kinds.items()},
            {number: frozenset(found) for number, found in numbers.items()},
        )

    def find(self, wanted: str, limit: int, fits: Callable[[str], bool] = lambda _iri: True) -> list[Found]:
        """Return up to *limit* things that *wanted* may mean and that *fits* lets pass, the best first."""
        best: dict[str, Found] = {}
        for found in self._compared(wanted):
            known = best.get(found.iri)
            if fits(found.iri) and (known is None or found.score > known.score):
                best[found.iri] = found
        return sorted(best.values(), key=lambda each: (-each.score, each.name, each.iri))[:limit]

    def starting(self, beginning: str, fits: Callable[[str], bool] = lambda _iri: True) -> list[Found]:
        """Return the things with a name, or a word in a name, that begins with *beginning*: those of names first."""
        key = _key(beginning)
        ranked: dict[str, tuple[int, str, str]] = {}
        for name, iris in self._names.items() if key else ():
            rank = 0 if name.startswith(key) else 1 if f" {key}" in name else None
            for iri, written in iris if rank is not None else ():
                if fits(iri):
                    ranked[iri] = min(ranked.get(iri, (9, "", "")), (rank or 0, name, written))
        ordered = sorted(ranked.items(), key=lambda pair: (pair[1], pair[0]))
        return [Found(iri, written, EXACT if name == key else NEARLY) for iri, (_, name, written) in ordered]

    def numbered(self, number: str) -> frozenset[str]:
        """Return what has the organisation or municipality number *number*, however it is spaced."""
        digits = "".join(number.split())
        return frozenset().union(*(self.numbers.get((kind, digits), frozenset()) for kind in NUMBERS))

    def _compared(self, wanted: str) -> Iterator[Found]:
        key = _key(wanted)
        if not key:
            return
        stemmed = _stemmed(key)
        yield from self._named(key, EXACT)
        for near in self._stems.get(stemmed, ()):
            if near != key:
                yield from self._named(near, INFLECTED)
        for near in self._initials.get(key, ()):
            yield from self._named(near, INITIALS)
        known = self._names.keys()
        for near, _, _ in process.extract(key, known, scorer=fuzz.WRatio, limit=TRIED, score_cutoff=LOWEST):
            score = likeness(stemmed, _stemmed(near))
            if near != key and score >= LOWEST:
                yield from self._named(near, min(score, NEARLY))

    def _named(self, key: str, score: float) -> Iterator[Found]:
        for iri, name in self._names.get(key, ()):
            yield Found(iri, name, score)

    @cached_property
    def _names(self) -> Mapping[str, list[tuple[str, str]]]:
        names: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for iri, written in sorted(self.called.items()):
            for name in sorted(written):
                if key := _key(name):
                    names[key].append((iri, name))
        return names

    @cached_property
    def _stems(self) -> Mapping[str, list[str]]:
        stems: defaultdict[str, list[str]] = defaultdict(list)
        for key in self._names:
            stems[_stemmed(key)].append(key)
        return stems

    @cached_property
    def _initials(self) -> Mapping[str, list[str]]:
        initials: defaultdict[str, list[str]] = defaultdict(list)
        for key in self._names:
            letters = "".join(_initials(key))
            if len(letters) > 1:
                initials[letters].append(key)
        return initials


def likeness(one: str, other: str) -> float:
    """Return how like two names are, 0 to 100: by letters in order, else by words in any order, or some of them."""
    in_any_order, some = fuzz.token_sort_ratio(one, other), fuzz.token_set_ratio(one, other)
    return max(fuzz.ratio(one, other), 0.97 * in_any_order, 0.85 * some)


def alike(one: str, other: str) -> bool:
    """Tell whether two names have the same words but for case, inflection and the ways to write æ, ø and å."""
    return bool(one) and _stemmed(_key(one)) == _stemmed(_key(other))


def _key(name: str) -> str:
    """Return the words of *name* to compare by.

    >>> _key("Bærum komm.") == _key("BÆRUM KOMMUNE"), _key("Håp & Tak AS")
    (True, 'haap og tak')
    """
    short = _shortened()
    found = [short["words"].get(word, word) for word in _words(name)]
    return " ".join(found[:-1] if len(found) > 1 and found[-1] in short["forms"] else found)


def _initials(key: str) -> Iterator[str]:
    """Give the letters of a name of initials: KMD of Kommunal- og moderniseringsdepartementet."""
    for word in key.split():
        if word not in _shortened()["small"]:
            yield word[0]
            head = next((head for head in _shortened()["heads"] if word.endswith(head) and word != head), "")
            yield head[:1]


def _words(name: str) -> Iterator[str]:
    for word in words(normalised(name).replace("&", " og ")):
        letters = unicodedata.normalize("NFKD", folded(word.key))
        yield "".join(letter for letter in letters if not unicodedata.combining(letter))


def _stemmed(key: str) -> str:
    return " ".join(map(stem, key.split()))


@cache
def _shortened() -> Mapping[str, Any]:
    """Return what is known of how names are shortened."""
    return dict(yaml.safe_load(text("ontology", "queries", "short-words.yaml")))
