"""What is known before a question comes: the names of things and the phrasings of the catalogue, ready to compare."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from kg.engine import Engine
from kg.model import LANGUAGES, Language
from kg.questions import Catalogue, Labels, Phrasing, Query, fetch_labels
from kg.understanding.speech import Speech
from kg.understanding.words import Word, closed, normalised, stem, words

SHORTEST_TYPO = 5  # letters
TYPO_SCORE = 88.0  # of 100
LONGEST_NAME = 10  # words
LONGEST_WORD = 40  # letters; longer ones are nobody's slip
SHORTEST_PART = 4  # letters of each part of a compound
NAMELESS = frozenset({"Statement", "Property"})  # what nobody names in a question: "til" is a property and a word
YEARS = frozenset(map(str, range(1700, 2200)))


@dataclass(frozen=True)
class Mention:
    """Words, from *first* to before *last*, that name one of *iris*."""

    first: int
    last: int
    iris: frozenset[str]


@dataclass(frozen=True, eq=False)
class Pattern:
    """A phrasing of a question as cues and marks; *turns* counts its turning words."""

    question: str
    language: Language
    phrasing: Phrasing
    marks: tuple[str, ...]
    cues: frozenset[str]
    turns: int


@dataclass(frozen=True)
class Lexicon:
    """The names and words of one snapshot and catalogue; make it once with :meth:`load`.

    *names* maps the keys of a name's words to what they may mean, *called* a thing to its names as they are written,
    *spelt* are all words of names, *fits* maps a slot (question, name) to what may stand in it.
    """

    speech: Speech
    labels: Labels
    names: Mapping[tuple[str, ...], frozenset[str]]
    called: Mapping[str, frozenset[str]]
    spelt: frozenset[str]
    fits: Mapping[tuple[str, str], frozenset[str]]
    patterns: tuple[Pattern, ...]

    @classmethod
    def load(cls, engine: Engine, catalogue: Catalogue) -> "Lexicon":
        """Read the names from the data: preferred and other labels in all languages, other names the sources use."""
        speech = Speech.load()
        fits = _fits(engine, catalogue)
        iris = frozenset().union(*fits.values()) - YEARS
        names: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
        called: defaultdict[str, set[str]] = defaultdict(set)
        spelt: set[str] = set()
        for iri, label in _all_labels(engine, catalogue, iris):
            called[iri].add(label)
            spelt |= {word.key for word in words(normalised(label))}
            for keys in _said(name_keys(label)):
                names[keys].add(iri)
        return cls(
            speech=speech,
            labels=fetch_labels(engine, catalogue, iris),
            names={keys: frozenset(found) for keys, found in names.items()},
            called={iri: frozenset(found) for iri, found in called.items()},
            spelt=frozenset(spelt),
            fits=fits,
            patterns=tuple(_patterns(catalogue, speech)),
        )

    @cached_property
    def covered(self) -> Mapping[str, frozenset[str]]:
        """Question → every cue that one of its phrasings has."""
        cues: defaultdict[str, set[str]] = defaultdict(set)
        for pattern in self.patterns:
            cues[pattern.question] |= pattern.cues
        return {question: frozenset(found) for question, found in cues.items()}

    @cached_property
    def cues(self) -> frozenset[str]:
        """Every cue of every phrasing, and of what is never told."""
        return frozenset().union(*self.covered.values(), *self.refused)

    @cached_property
    def name_words(self) -> Mapping[str, frozenset[str]]:
        """IRI → the stems of the words of its labels."""
        return {
            iri: frozenset(stem(word.key) for label in labels.values() for word in words(normalised(label)))
            for iri, labels in self.labels.items()
        }

    @cached_property
    def refused(self) -> frozenset[frozenset[str]]:
        """The cues of what is never told."""
        return frozenset(
            frozenset(cue.name for cue in self.speech.cues(words(each)) if cue.name) for each in self.speech.refusals
        )

    def is_english(self, sequence: Sequence[Word], language: Language) -> bool:
        """Guess whether the words are English rather than Norwegian; *language* decides where they are neither."""
        english = sum(word.key in self._spoken["en"] and word.key not in self._spoken["nn"] for word in sequence)
        norwegian = sum(word.key in self._spoken["nn"] and word.key not in self._spoken["en"] for word in sequence)
        return language == "en" if english == norwegian else english > norwegian

    def weight(self, cues: Iterable[str]) -> float:
        """Return how much *cues* tell: one that few questions have tells more."""
        return sum(self._weights.get(cue, self._heaviest) for cue in cues)

    def mentions(self, sequence: Sequence[Word]) -> list[Mention]:
        """Find names in *sequence*; where two overlap, the longer one counts."""
        found = [mention for first in range(len(sequence)) if (mention := self._longest(sequence, first))]
        kept: list[Mention] = []
        for mention in sorted(found, key=lambda each: (each.first - each.last, each.first)):
            if all(mention.last <= other.first or other.last <= mention.first for other in kept):
                kept.append(mention)
        return sorted(kept, key=lambda each: each.first)

    def mended(self, sequence: Sequence[Word]) -> list[Word]:
        """Take compounds of known words apart and mend slips of the pen; other unknown words stay."""
        return [mended for word in sequence for mended in self._mended(word)]

    def is_known(self, word: Word) -> bool:
        """Say whether *word* occurs, inflected or not, in any name, phrasing or word list."""
        return word.key in self._vocabulary or stem(word.key) in self._stems

    @cached_property
    def _spoken(self) -> Mapping[str, frozenset[str]]:
        """The words of the phrasings: English, and Norwegian of both kinds under ``nn``."""
        spoken: defaultdict[str, set[str]] = defaultdict(set)
        for each in self.patterns:
            family = "en" if each.language == "en" else "nn"
            spoken[family] |= {word.key for piece in each.phrasing.pieces for word in words(piece)}
        return {family: frozenset(found) for family, found in spoken.items()}

    @cached_property
    def heaviness(self) -> Mapping[Pattern, float]:
        """How much the cues of each pattern tell."""
        return {each: self.weight(each.cues) for each in self.patterns}

    @cached_property
    def _weights(self) -> Mapping[str, float]:
        having = {cue: sum(cue in cues for cues in self.covered.values()) for cue in self.cues}
        return {cue: log(1 + len(self.covered) / count) for cue, count in having.items() if count}

    @cached_property
    def _heaviest(self) -> float:
        return max(self._weights.values())

    @cached_property
    def _beginnings(self) -> frozenset[tuple[str, ...]]:
        return frozenset(keys[:length] for keys in self.names for length in range(1, len(keys) + 1))

    @cached_property
    def _vocabulary(self) -> frozenset[str]:
        phrased = {word.key for pattern in self.patterns for word in words(pattern.phrasing.text)}
        return frozenset(phrased | self.spelt | self.speech.known_words())

    @cached_property
    def _stems(self) -> frozenset[str]:
        return frozenset(map(stem, self._vocabulary))

    def _longest(self, sequence: Sequence[Word], first: int) -> Mention | None:
        found = None
        reached: set[tuple[str, ...]] = {()}
        for last in range(first + 1, min(len(sequence), first + LONGEST_NAME) + 1):
            reached = {(*keys, key) for keys in reached for key in word_keys(sequence[last - 1])} & self._beginnings
            iris = frozenset().union(*(self.names.get(keys, frozenset()) for keys in reached))
            if iris:
                found = Mention(first, last, iris)
            if not reached:
                break
        if found is None and sequence[first].key in YEARS:
            return Mention(first, first + 1, frozenset((sequence[first].key,)))
        return found

    def _mended(self, word: Word) -> list[Word]:
        if self.is_known(word) or word.key.isdigit() or len(word.key) > LONGEST_WORD:
            return [word]
        return self._parts(word) or [Word(self._respelt(word.key), word.start, word.end)]

    def _parts(self, word: Word) -> list[Word] | None:
        """Read "flyktningtiltak" as a name and a word of the phrasings."""
        for cut in range(SHORTEST_PART, len(word.key) - SHORTEST_PART + 1):
            head, tail = word.key[:cut], word.key[cut:]
            for name in (head, head.removesuffix("s")):
                if any((key,) in self.names for key in word_keys(Word(name, 0, 0))) and self._is_cue(tail):
                    return [Word(name, word.start, word.start + cut), Word(tail, word.start + cut, word.end)]
        return None

    def _is_cue(self, word: str) -> bool:
        return self.speech.cues([Word(word, 0, 0)])[0].name in self.cues

    def _respelt(self, word: str) -> str:
        """Return the known word, or the stem of one, that *word* was probably meant to be; else *word*."""
        return _nearly(word, self._vocabulary) or _nearly(stem(word), self._stems) or word


def _nearly(word: str, known: Iterable[str]) -> str | None:
    """Return the best of the *known* words that differs from *word* by one slip, or by little for its length."""
    near = [
        each for each in known if each[0] == word[0] and len(each) >= SHORTEST_TYPO and abs(len(each) - len(word)) < 3
    ]
    best = process.extractOne(word, near, scorer=fuzz.ratio) if len(word) >= SHORTEST_TYPO else None
    if best and (best[1] >= TYPO_SCORE or OSA.distance(word, best[0]) == 1):
        return str(best[0])
    return None


def word_keys(word: Word) -> tuple[str, ...]:
    """Return the keys by which *word* may stand in a name: as it is, without genitive, by its stem."""
    return (f"={word.key}", f"={word.key.removesuffix('s')}", f"~{stem(word.key)}")


def name_keys(label: str) -> tuple[str, ...]:
    """Return the keys of a name: a word with a capital stands for itself, another for all its inflections.

    >>> name_keys("Bergen kommune")
    ('=bergen', '~kommun')
    """
    text = normalised(label)
    return tuple(
        f"={word.key}" if text[word.start].isupper() or word.key.isdigit() else f"~{stem(word.key)}"
        for word in words(text)
    )


def _said(keys: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the ways to say a name: an English one also without its article."""
    if keys:
        yield keys
    if keys[:1] == ("~the",) and keys[1:]:
        yield keys[1:]


def _fits(engine: Engine, catalogue: Catalogue) -> Mapping[tuple[str, str], frozenset[str]]:
    """Ask once for each list of values what may stand in the slots and beside them; any year may."""
    gaps = {
        (question.id, gap.name): gap.values
        for question in catalogue
        for gap in question.openings
        if NAMELESS.isdisjoint(gap.types)
    }
    lists = {query: frozenset(row["value"].value for row in engine.select(query.text)) for query in set(gaps.values())}
    return {gap: YEARS if YEARS & lists[query] else lists[query] for gap, query in gaps.items()}


def _all_labels(engine: Engine, catalogue: Catalogue, iris: Iterable[str]) -> Iterator[tuple[str, str]]:
    query: Query = catalogue.shared["names"]
    for row in engine.select(query.bind(thing=sorted(iris))):
        yield row["thing"].value, row["name"].value


def _patterns(catalogue: Catalogue, speech: Speech) -> Iterator[Pattern]:
    for question in catalogue:
        for language in LANGUAGES:
            for phrasing in question.phrasings[language]:
                yield pattern(question.id, language, phrasing, speech)


def pattern(question: str, language: Language, phrasing: Phrasing, speech: Speech) -> Pattern:
    """Read a phrasing as cues; its marks part the words from each other."""
    *_, tail = phrasing.text.rpartition("}")
    pieces = [closed(words(piece)) if piece == tail else words(piece) for piece in phrasing.pieces]
    cues = frozenset(cue.name for piece in pieces for cue in speech.cues(piece) if cue.name)
    turns = sum(speech.turns(piece, english=language == "en") for piece in pieces)
    return Pattern(question, language, phrasing, phrasing.marks, cues, turns)
