"""Text taken apart into words that can be compared: nynorsk, bokmål and English."""

import re
import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache

# A stem is only a key to compare by, so what is left need not be a word.
ENDINGS = ("arne", "erne", "ane", "ene", "ar", "er", "en", "et", "a", "e")
SHORTEST_STEM = 4

_WORD = re.compile(r"\w+(?:['’]\w+)?")
_NOT = re.compile(r"^(?:ca|do|does|did|is|are|was|were|has|have|wo|would|should|could)n['’]t$")


@dataclass(frozen=True)
class Word:
    """A word of a question: *key* to compare by, and where it stands in the text as it was normalised."""

    key: str
    start: int
    end: int


def normalised(text: str) -> str:
    """Return *text* in NFC with single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def words(text: str) -> list[Word]:
    """Take *text* (normalised) apart: case folded, English genitive dropped, "don't" read as "not".

    >>> [word.key for word in words("Kva er Husbanken's EU-direktiv?")]
    ['kva', 'er', 'husbanken', 'eu', 'direktiv']
    """
    return [Word(_key(found[0].casefold()), found.start(), found.end()) for found in _WORD.finditer(text)]


def closed(sequence: list[Word]) -> list[Word]:
    """Tell the verb in "What does it do?" from the auxiliary in "What do they say?": it closes the sentence."""
    if sequence and sequence[-1].key == "do":
        return [*sequence[:-1], replace(sequence[-1], key="doing")]
    return sequence


@lru_cache(maxsize=2**16)
def stem(word: str) -> str:
    """Return what inflected forms of one word have in common, near enough for comparing.

    >>> {stem(word) for word in ("flyktning", "flyktningar", "flyktningane", "flyktninger", "flyktningenes")}
    {'flyktning'}
    """
    if word.endswith("s") and not word.endswith("ss") and len(word) > SHORTEST_STEM:
        word = word[:-1]
    while ending := next((each for each in ENDINGS if word.endswith(each) and _long(word, each)), None):
        word = word[: -len(ending)]
    return _softened(word)


def _long(word: str, ending: str) -> bool:
    return len(word) - len(ending) >= SHORTEST_STEM


def _softened(word: str) -> str:
    """Let "family" meet "families"; a doubled last letter does not tell two stems apart."""
    word = word[:-1] + "i" if word.endswith("y") and len(word) > SHORTEST_STEM else word
    return word[:-1] if len(word) > SHORTEST_STEM and word[-1] == word[-2] else word


def _key(word: str) -> str:
    if _NOT.match(word):
        return "not"
    return re.sub(r"['’]\w*$", "", word)


def folded(text: str) -> str:
    """Fold a word for searching: case, and the two ways to write æ, ø and å.

    >>> folded("Ålesund") == folded("aalesund")
    True
    """
    plain = text.casefold()
    for letter, written in (("å", "aa"), ("ø", "o"), ("æ", "ae")):
        plain = plain.replace(letter, written)
    return plain.replace("oe", "o")
