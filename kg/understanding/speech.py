"""What words mean for the choice of a question: cues in place of words, turning words counted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from kg.model import LANGUAGES, Language
from kg.resources import text
from kg.understanding.words import Word, normalised, stem, words

AMBIGUOUS = "no"  # "none" in English, "now" in nynorsk


@dataclass(frozen=True)
class Cue:
    """What the words from *first* to before *last* mean; *name* is empty for words that carry nothing."""

    name: str
    first: int
    last: int


@dataclass(frozen=True)
class Speech:
    """The words of ``ontology/queries/cues.yaml``."""

    same: Mapping[tuple[str, ...], str]
    stems: Mapping[str, str]
    empty: frozenset[str]
    turning: Mapping[Language, frozenset[str]]
    asking: frozenset[str]
    interrogative: frozenset[str]
    refusals: tuple[str, ...]
    sentences: Mapping[str, Mapping[Language, str]]

    @classmethod
    def load(cls) -> "Speech":
        """Read the file that travels with the program."""
        listed = text("ontology", "queries", "cues.yaml")
        entry: Mapping[str, Any] = yaml.load(listed, Loader=yaml.BaseLoader)  # noqa: S506 - makes strings only: "no" is a word
        same = {tuple(word.key for word in words(normalised(each))): line[0] for line in entry["same"] for each in line}
        return cls(
            same=same,
            stems={stem(keys[0]): cue for keys, cue in reversed(same.items()) if len(keys) == 1},
            empty=frozenset(word.key for line in entry["empty"] for word in words(line)),
            turning={lang: frozenset(entry["turning"][lang]) for lang in LANGUAGES},
            asking=frozenset(same[word.key,] for each in entry["asking"] for word in words(each)),
            interrogative=frozenset(entry["interrogative"]),
            refusals=tuple(entry["refused"]["phrasings"]),
            sentences={**entry["sentences"], "not-allowed": entry["refused"]["sentence"]},
        )

    def cues(self, sequence: Sequence[Word]) -> list[Cue]:
        """Read *sequence* as cues, the longest known expression first; an unlisted word is its own stem."""
        found = []
        first = 0
        while first < len(sequence):
            cue = self._cue(sequence, first)
            found.append(cue)
            first = cue.last
        return found

    def turns(self, sequence: Iterable[Word], english: bool) -> int:
        """Count the words that turn a question round."""
        known = frozenset().union(*self.turning.values())
        return sum(word.key in known and (english or word.key != AMBIGUOUS) for word in sequence)

    def known_words(self) -> frozenset[str]:
        """Return every single word listed."""
        listed = {key for keys in self.same for key in keys}
        return frozenset(listed | self.empty).union(*self.turning.values())

    def _cue(self, sequence: Sequence[Word], first: int) -> Cue:
        longest = min(len(sequence), first + 4)
        for last in range(longest, first, -1):
            if name := self.same.get(tuple(word.key for word in sequence[first:last])):
                return Cue(name, first, last)
        key = sequence[first].key
        if key in self.empty or any(key in turning for turning in self.turning.values()):
            return Cue("", first, first + 1)
        return Cue(self.stems.get(stem(key)) or stem(key), first, first + 1)
