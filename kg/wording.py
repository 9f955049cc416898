"""Axioms in words: sentences in nynorsk, bokmål and English, made from the labels, with every name kept as a link."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise as neighbours
from string import Formatter, ascii_uppercase
from typing import Any
from urllib.parse import urlsplit

import yaml
from rdflib import Graph, Literal, URIRef
from rdflib.namespace import OWL, RDFS, SKOS

from kg.axioms import Axiom, Expression, Part
from kg.model import Language
from kg.resources import text
from kg.terms import Terms, best_label

# Where a label goes on after its noun: “endring | av rammevilkår”, “form | for frivilligheit”.
AFTER_NOUN = re.compile(r" (?:av|for|i|til|med|om|eller) ")
SOUNDS_LIKE_A_CONSONANT = re.compile(r"(?:eu[a-z]|uni[^mn]|us[ae]|one\b)")
THING = URIRef(str(OWL.Thing))


@dataclass(frozen=True)
class Piece:
    """A stretch of a sentence; *iri* is set where it names something."""

    text: str
    iri: str | None = None


Sentence = tuple[Piece, ...]


@dataclass(frozen=True)
class Wording:
    """The words of one language for the axioms of one ontology; *labels*: IRI → language tag → label."""

    language: Language
    labels: Mapping[str, Mapping[str, str]]
    terms: Terms

    def sentence(self, axiom: Axiom, about: URIRef | None = None) -> Sentence:
        """Say *axiom*; where it tells things apart, as seen from *about*.

        >>> labels = {"urn:a": {"nn": "kommune"}, "urn:b": {"nn": "offentleg organ"}}
        >>> plain(Wording("nn", labels, Terms()).sentence(Axiom("subclass", (URIRef("urn:a"), URIRef("urn:b")))))
        'Kvar kommune er eit offentleg organ.'
        """
        form, parts = _form(axiom, about)
        return _capital(_joined(self._filled(_phrases()["axioms"][form][self.language], parts)))

    def kind(self, name: str) -> str:
        """Name what kind of thing a declaration makes: “klasse”."""
        return phrase("kinds", name, self.language)

    def label(self, iri: str) -> str:
        """Return the label in this language or the nearest one, else the short name, or that and the host."""
        found = best_label(self.labels.get(str(iri), {}), self.language)
        short = found[0] if found else self.terms.compress(str(iri))
        if short.startswith(("http://", "https://")):
            return f"{re.split('[/#]', short)[-1]} ({urlsplit(short).hostname})"
        return short

    def gender(self, label: str) -> str | None:
        """Return ``m``, ``f`` or ``n``; ``None`` where the noun is not known or takes no article."""
        if label in _phrases()["mass"][self.language]:
            return None
        if self.language == "en":
            return "m"
        head = AFTER_NOUN.split(label)[0]
        nouns = _nouns(self.language)
        for word in (head.split()[-1], head.split()[0]):
            ends = [noun for noun in nouns if word.lower().endswith(noun)]
            if ends:
                return nouns[max(ends, key=len)]
        return None

    def _filled(self, template: str, parts: tuple[Part, ...]) -> Iterator[Piece]:
        for literal, field, spec, _ in Formatter().parse(template):
            if literal:
                yield Piece(literal)
            if field is not None:
                yield from self._field(field, spec or "", parts)

    def _field(self, field: str, spec: str, parts: tuple[Part, ...]) -> Iterator[Piece]:
        if field == "steps":
            yield from self._steps(parts[1:])
        elif field == "end":
            yield Piece(ascii_uppercase[len(parts) - 1])
        elif field.isdecimal():
            yield from self._said(parts[int(field)], spec)
        else:
            chosen = parts[1:] if field == "rest" else parts
            form = {"or": "a", "and": "a", "names": "name"}.get(spec, spec)
            link = "or" if spec == "or" else "and"
            yield from self._list([tuple(self._said(each, form)) for each in chosen], link)

    def _said(self, part: Part, form: str) -> Iterator[Piece]:
        if form == "values":
            yield Piece(self._values(int(str(part))))
        elif isinstance(part, Expression):
            yield from self._filled(_phrases()["expressions"][part.kind][self.language], part.parts)
        elif isinstance(part, Literal):
            yield Piece(str(part))
        elif form == "name":
            opening, closing = _phrases()["quotes"][self.language]
            yield Piece(f"{opening}{self.label(part)}{closing}", str(part))
        else:
            yield from self._noun(part, form)

    def _noun(self, iri: URIRef, form: str) -> Iterator[Piece]:
        """Say a class with its article, with “every”, or bare."""
        words = _phrases()
        if str(iri) in words["datatypes"]:
            yield Piece(words["datatypes"][str(iri)][self.language])
            return
        label = self.label(iri)
        gender = self.gender(label) if str(iri) in self.labels else None
        if form == "bare":
            yield Piece(label, str(iri))
        elif gender is None:
            yield Piece(words["all_of_kind" if form == "every" else "some_of_kind"][self.language] + " ")
            yield from self._said(iri, "name" if str(iri) in self.labels else "bare")
        else:
            yield Piece(self._before(label, gender, form) + " ")
            yield Piece(label, str(iri))

    def _before(self, label: str, gender: str, form: str) -> str:
        if form == "every":
            return str(_phrases()["every"][self.language][gender])
        if self.language == "en":
            vowel = label[0].lower() in "aeiou" and not SOUNDS_LIKE_A_CONSONANT.match(label)
            return "an" if vowel else "a"
        return str(_phrases()["article"][self.language][gender])

    def _values(self, number: int) -> str:
        one, many = _phrases()["value"][self.language]
        counted = _phrases()["numbers"][self.language]
        return f"{counted[number] if number < len(counted) else number} {one if number == 1 else many}"

    def _steps(self, steps: tuple[Part, ...]) -> Iterator[Piece]:
        template = _phrases()["step"][self.language]
        said = []
        for step, (start, end) in zip(steps, neighbours(ascii_uppercase), strict=False):
            _, tail = template.split("{0}")
            said.append((*self._said(step, "name"), Piece(tail.format(None, start, end))))
        yield from self._list(said, "and")

    def _list(self, items: list[Sentence], link: str) -> Iterator[Piece]:
        for place, item in enumerate(items):
            if place:
                last = place == len(items) - 1
                yield Piece(f" {_phrases()[link][self.language]} " if last else ", ")
            yield from item


def labels_of(*graphs: Graph) -> dict[str, dict[str, str]]:
    """Return the labels that *graphs* give: IRI → language tag → label."""
    found: dict[str, dict[str, str]] = {}
    for graph in graphs:
        for predicate in (RDFS.label, SKOS.prefLabel):
            for thing, label in graph.subject_objects(predicate):
                if isinstance(label, Literal) and label.language:
                    found.setdefault(str(thing), {})[label.language] = str(label)
    return found


def plain(sentence: Iterable[Piece]) -> str:
    """Return the sentence without its links."""
    return "".join(piece.text for piece in sentence)


def phrase(group: str, name: str, language: Language) -> str:
    """Return one of the fixed phrases of ``ontology/phrases.yaml``."""
    return str(_phrases()[group][name][language])


def _form(axiom: Axiom, about: URIRef | None) -> tuple[str, tuple[Part, ...]]:
    """Choose the phrase: pairs and lists of what is apart, and fillers that say nothing, have their own."""
    kind, parts = axiom.kind, axiom.parts
    if kind == "disjoint" and about in parts:
        return "disjoint-about", (about, *(part for part in parts if part != about))
    if kind == "disjoint" and len(parts) == 2:
        return "disjoint-pair", parts
    if kind in ("some", "min", "max", "exactly") and parts[-1] == THING:
        return f"{kind}-thing", parts
    return kind, parts


def _joined(pieces: Iterable[Piece]) -> Sentence:
    """Put plain stretches that stand side by side into one."""
    joined: list[Piece] = []
    for piece in pieces:
        if joined and piece.iri is None and joined[-1].iri is None:
            joined[-1] = Piece(joined[-1].text + piece.text)
        else:
            joined.append(piece)
    return tuple(joined)


def _capital(sentence: Sentence) -> Sentence:
    first, *others = sentence
    return (Piece(first.text[:1].upper() + first.text[1:], first.iri), *others)


@cache
def _phrases() -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = yaml.safe_load(text("ontology", "phrases.yaml"))
    return loaded


@cache
def _nouns(language: str) -> Mapping[str, str]:
    return {noun: gender for gender, nouns in _phrases()["nouns"][language].items() for noun in nouns}
