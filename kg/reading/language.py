"""Which of nynorsk, bokmål and English a block is in: a vote of small words, nothing learnt."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from kg.model import LANGUAGES, Block, Language
from kg.reading.layout import words

_WORD = re.compile(r"[^\W\d_]+")

# Words that stand in one of the three only; those that two of them share have no vote.
_VOTERS: dict[Language, frozenset[str]] = {
    "nn": words("""
        ikkje eg dei ein eit frå kva kven kor korleis kvifor noko nokon nokre vere vera vart verte vert verta berre òg
        medan eigen eigne eiga deira sjølv sjølve saman fleire mykje kvar kvart kvarandre difor korkje anten utan meir
        hjå gjer gjere gjera såg seier kjem kome koma desse dykk dykkar ho einaste heile mogleg moglege viktigaste me
        hennar noregs
    """),
    "nb": words("""
        ikke jeg de dem en et fra hva hvem hvordan hvorfor noe noen være ble bare mens egen egne deres selv sammen
        flere mye hver hvert hverandre enten uten mer gjør gjøre sier kommer disse dere hun hennes hele hvis hvor hvilke
        hvilken hvilket eneste mulig mulige viktigste norges
    """),
    "en": words("""
        the of and is are was were that this these those with from not they which have has had been be we you or an
        their there what who how why would should could about into than then them when where while both its do does
        did she he his our
    """),
}


def votes(text: str) -> Counter[Language]:
    """Count the words of *text* that vote for each language.

    >>> votes("Dei veit ikkje kva som kjem.").most_common(1)
    [('nn', 4)]
    """
    counted: Counter[Language] = Counter()
    for word in _WORD.findall(text.lower()):
        for language in LANGUAGES:
            if word in _VOTERS[language]:
                counted[language] += 1
    return counted


def winner(counted: Counter[Language]) -> Language | None:
    """Return the language with most votes; ``None`` where nobody voted or the first two are equal."""
    ranked = counted.most_common(2)
    if not ranked or (len(ranked) == 2 and ranked[0][1] == ranked[1][1]):
        return None
    return ranked[0][0]


def tagged(text: str, blocks: Iterable[Block], declared: str | None) -> tuple[str | None, tuple[Block, ...]]:
    """Return the document's language and its blocks with theirs.

    A block that is undecided gets the language of the whole; the whole that is undecided gets the
    one that the file declares.
    """
    each = [(block, votes(text[block.start : block.end])) for block in blocks]
    whole = winner(sum((counted for _, counted in each), Counter())) or declared
    return whole, tuple(replace(block, lang=winner(counted) or whole) for block, counted in each)
