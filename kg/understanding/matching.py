"""A question of a person is held against every phrasing of the catalogue: what fits, what is left over."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, product
from typing import Literal

from kg.model import Language
from kg.questions import Catalogue, Question
from kg.understanding.lexicon import Lexicon, Mention, Pattern
from kg.understanding.words import Word, closed, normalised, stem, words

ENOUGH = 0.58  # of 1: from here on a reading is an answer
MARGIN = 0.05  # if no other comes this near
LIKELY = 0.45  # from here on it is worth asking back
SLOT_WEIGHT = 1.5  # a filled slot tells as much as a fairly rare word
BESIDE_WEIGHT = 0.4
SAME_LANGUAGE = 0.01
TURNED = 0.3
SUGGESTIONS = 3
READINGS_OF_A_PHRASING = 4

Use = Literal["slot", "beside", "words", "unused", "unknown"]
Decision = Literal["answer", "clarify", "not-understood", "not-allowed"]


@dataclass(frozen=True)
class Heard:
    """A stretch of the question (characters *start* to before *end* of its normalised text) and what became of it.

    ``slot``: it fills one · ``beside``: understood, but the answer is not narrowed by it · ``words``:
    part of the phrasing · ``unused``: a known thing that the question cannot take · ``unknown``: a
    word that nothing here knows.
    """

    start: int
    end: int
    text: str
    iri: str | None
    use: Use


@dataclass(frozen=True)
class Reading:
    """One way to read a question: template, slots (name → IRI), how well it fits (0 to 1), what was heard.

    *whole* says that no recognised thing, meaningful word or turning word was left out of it.
    """

    question: str
    slots: Mapping[str, str]
    score: float
    whole: bool
    heard: tuple[Heard, ...]


@dataclass(frozen=True)
class Understanding:
    """What a question was understood as.

    With the decision ``answer`` the first of *readings* is meant; else they are what might be.
    """

    text: str
    decision: Decision
    readings: tuple[Reading, ...]
    heard: tuple[Heard, ...]


def understand(text: str, language: Language, catalogue: Catalogue, lexicon: Lexicon) -> Understanding:
    """Decide what *text* asks; the same text always gives the same.

    Nothing recognised is dropped in silence: an unknown word, a thing that no slot takes, or a
    negation without a phrasing that has it makes of a reading a suggestion and no answer.
    """
    said = normalised(text)
    ear = _Ear(said, language, catalogue, lexicon, tuple(lexicon.mended(closed(words(said)))))
    if ear.is_refused():
        return Understanding(said, "not-allowed", (), ear.names_heard())
    readings = ear.readings()
    whole = [reading for reading in readings if reading.whole and reading.score >= LIKELY]
    if not whole:
        return Understanding(said, "not-understood", tuple(readings[:SUGGESTIONS]), ear.names_heard())
    best = whole[0]
    rivals = [each for each in whole[1:] if each.score > best.score - MARGIN]
    decision: Decision = "answer" if best.score >= ENOUGH and not rivals else "clarify"
    return Understanding(said, decision, tuple(whole[:SUGGESTIONS]), best.heard)


@dataclass(frozen=True)
class _Ear:
    """One question being listened to."""

    text: str
    language: Language
    catalogue: Catalogue
    lexicon: Lexicon
    words: tuple[Word, ...]

    @cached_property
    def mentions(self) -> tuple[Mention, ...]:
        """The names in the question."""
        return tuple(self.lexicon.mentions(self.words))

    @cached_property
    def _all_cues(self) -> frozenset[str]:
        return self._cues(range(len(self.words)))[0] | self._cues(self._outside(self.mentions))[0]

    @cached_property
    def turns(self) -> int:
        """How often the question is turned round, names left aside."""
        outside = [self.words[index] for index in self._outside(self.mentions)]
        return self.lexicon.speech.turns(outside, self.lexicon.is_english(self.words, self.language))

    def is_refused(self) -> bool:
        """Say whether the question asks for what is never told."""
        asked, _ = self._cues(range(len(self.words)))
        return asked in self.lexicon.refused

    def readings(self) -> list[Reading]:
        """Return the best reading for each template and slots, best first."""
        best: dict[object, Reading] = {}
        for each in self.lexicon.patterns:
            for reading in self._read(each):
                key = (reading.question, tuple(sorted(reading.slots.items())))
                if key not in best or (reading.whole, reading.score) > (best[key].whole, best[key].score):
                    best[key] = reading
        order = {question.id: number for number, question in enumerate(self.catalogue)}
        return sorted(best.values(), key=lambda each: (-each.score, order[each.question], sorted(each.slots.items())))

    def names_heard(self) -> tuple[Heard, ...]:
        """Tell what was recognised where no reading holds, and the words that turn the question round."""
        outside = self._outside(self.mentions)
        _, unknown = self._cues(outside)
        speech = self.lexicon.speech
        turning = [word for word in (self.words[index] for index in outside) if speech.turns([word], english=False)]
        heard = self._heard(dict.fromkeys(self.mentions, "unused"), {}, unknown)
        turned = (self._stretch(word.start, word.end, None, "unused") for word in turning)
        return tuple(sorted((*heard, *turned), key=lambda each: each.start))

    def _read(self, held: Pattern) -> Iterator[Reading]:
        """Read the question by one phrasing; once for each thing that an ambiguous name may mean."""
        question = self.catalogue[held.question]
        filled = self._filled(held, question)
        if filled is None or not (filled or held.cues & self._all_cues):
            return
        uses = self._uses(held, question, filled)
        rest = self._outside([mention for mention, use in uses.items() if use in ("slot", "beside")])
        cues, unknown = self._cues(rest)
        score = self._score(held, filled, uses, cues)
        complete = cues <= self.lexicon.covered[question.id] and not unknown and "unused" not in uses.values()
        complete = complete and not any(use == "slot" and self._is_asked_for(mention) for mention, use in uses.items())
        complete = complete and self._asks_the_same(held, cues)
        for iris in self._choices(question, filled):
            slots = {
                **held.phrasing.filled,
                **{name: iri for name, iri in iris.items() if self._is_slot(question, name)},
            }
            heard = self._heard(uses, {filled[name]: iri for name, iri in iris.items()}, unknown)
            yield Reading(question.id, slots, score, complete and held.turns == self.turns, heard)

    def _filled(self, held: Pattern, question: Question) -> dict[str, Mention] | None:
        """Give each mark of the phrasing a mention that fits; only a slot the answer can ask back for may stay open."""
        filled: dict[str, Mention] = {}
        for mark in held.marks:
            fitting = [
                each for each in self.mentions if each not in filled.values() and self._fits(question, mark, each)
            ]
            if fitting:
                filled[mark] = fitting[0]
            elif not self._can_stay_open(question, mark):
                return None
        return filled

    def _uses(self, held: Pattern, question: Question, filled: dict[str, Mention]) -> dict[Mention, Use]:
        """Say what becomes of every mention; one that fits a free slot is added to *filled*."""
        uses: dict[Mention, Use] = {}
        besides = {each.name for each in question.beside}
        for name, mention in filled.items():
            uses[mention] = "beside" if name in besides else "slot"
        for mention in self.mentions:
            if mention not in uses:
                uses[mention] = self._use(held, question, filled, mention)
        return uses

    def _use(self, held: Pattern, question: Question, filled: dict[str, Mention], mention: Mention) -> Use:
        preset = held.phrasing.filled
        closed_gaps = {*filled, *preset, *held.phrasing.asks}
        cues, unknown = self._cues(range(mention.first, mention.last))
        if not unknown and ((cues and cues <= held.cues) or mention.iris & set(preset.values())):
            return "words"
        for gap in question.openings:
            if gap.name not in closed_gaps and self._fits(question, gap.name, mention):
                filled[gap.name] = mention
                return "slot" if self._is_slot(question, gap.name) else "beside"
        if cues and not unknown and cues <= self.lexicon.covered[question.id]:
            return "words"
        return "slot" if self._is_part_of_name(mention, filled.values()) else "unused"

    def _is_part_of_name(self, mention: Mention, others: Iterable[Mention]) -> bool:
        """Say whether *mention* only repeats a part of another name, as in "kompetansetilskotet til Husbanken"."""
        spoken = {stem(word.key) for word in self.words[mention.first : mention.last]}
        names = self.lexicon.name_words
        return any(spoken <= names[iri] for other in others for iri in other.iris if iri in names)

    def _score(
        self, held: Pattern, filled: Mapping[str, Mention], uses: Mapping[Mention, Use], cues: frozenset[str]
    ) -> float:
        """Measure how much of question and phrasing is the same: twice what both have, of all that either has."""
        marks = held.marks
        shared = self.lexicon.weight(cues & held.cues) + SLOT_WEIGHT * sum(mark in filled for mark in marks)
        asked = self.lexicon.weight(cues) + SLOT_WEIGHT * sum(mark in filled for mark in marks)
        asked += sum(
            BESIDE_WEIGHT if uses[mention] == "beside" else SLOT_WEIGHT / 2
            for name, mention in filled.items()
            if name not in marks
        )
        asked += SLOT_WEIGHT * sum(use == "unused" for use in uses.values())
        phrased = self.lexicon.heaviness[held] + SLOT_WEIGHT * len(marks)
        score = 2 * shared / (asked + phrased) if shared else 0.0
        if not cues & held.cues or not (filled or cues & held.cues - self.lexicon.speech.interrogative):
            score = min(score, LIKELY)  # a bare name or a bare question word is no question yet
        score += SAME_LANGUAGE if held.language == self.language else 0.0
        return score - (TURNED if held.turns != self.turns else 0.0)

    def _asks_the_same(self, held: Pattern, cues: frozenset[str]) -> bool:
        """Say whether no question word is lost: "what does it run" is not "who runs it"."""
        interrogative = self.lexicon.speech.interrogative
        return not held.cues & interrogative or cues & interrogative <= held.cues

    def _is_asked_for(self, mention: Mention) -> bool:
        """Say whether "which" or "how many" stands right before: then the thing is what is asked for, not given."""
        before = mention.first - 1
        return before >= 0 and bool(self._cues([before])[0] & self.lexicon.speech.asking)

    def _choices(self, question: Question, filled: Mapping[str, Mention]) -> Iterator[Mapping[str, str]]:
        fitting = [sorted(mention.iris & self.lexicon.fits[question.id, name]) for name, mention in filled.items()]
        for chosen in islice(product(*fitting), READINGS_OF_A_PHRASING):
            yield dict(zip(filled, chosen, strict=True))

    def _fits(self, question: Question, name: str, mention: Mention) -> bool:
        return bool(mention.iris & self.lexicon.fits.get((question.id, name), frozenset()))

    def _is_slot(self, question: Question, name: str) -> bool:
        return any(slot.name == name for slot in question.slots)

    def _can_stay_open(self, question: Question, name: str) -> bool:
        return any(slot.name == name and slot.required for slot in question.slots)

    def _outside(self, mentions: Iterable[Mention]) -> list[int]:
        inside = {index for mention in mentions for index in range(mention.first, mention.last)}
        return [index for index in range(len(self.words)) if index not in inside]

    def _cues(self, indexes: Sequence[int]) -> tuple[frozenset[str], tuple[Word, ...]]:
        """Return the cues of some words, and the words among them that nothing here knows."""
        known = self._remembered.get(tuple(indexes))
        if known is None:
            known = self._remembered[tuple(indexes)] = self._read_cues(indexes)
        return known

    @cached_property
    def _remembered(self) -> dict[tuple[int, ...], tuple[frozenset[str], tuple[Word, ...]]]:
        return {}  # every phrasing asks for the same few stretches

    def _read_cues(self, indexes: Sequence[int]) -> tuple[frozenset[str], tuple[Word, ...]]:
        cues: set[str] = set()
        unknown: list[Word] = []
        for run in _runs(indexes):
            spoken = [self.words[index] for index in run]
            for cue in self.lexicon.speech.cues(spoken):
                if cue.name in self.lexicon.cues or not cue.name:
                    cues |= {cue.name} - {""}
                else:
                    unknown += spoken[cue.first : cue.last]
        return frozenset(cues), tuple(unknown)

    def _heard(
        self, uses: Mapping[Mention, Use], chosen: Mapping[Mention, str], unknown: Iterable[Word]
    ) -> tuple[Heard, ...]:
        heard = [
            self._stretch(
                self.words[each.first].start, self.words[each.last - 1].end, chosen.get(each) or min(each.iris), use
            )
            for each, use in uses.items()
        ]
        heard += [self._stretch(word.start, word.end, None, "unknown") for word in unknown]
        return tuple(sorted(heard, key=lambda each: each.start))

    def _stretch(self, start: int, end: int, iri: str | None, use: Use) -> Heard:
        return Heard(start, end, self.text[start:end], iri, use)


def _runs(indexes: Sequence[int]) -> Iterator[list[int]]:
    """Part *indexes* where they are not neighbours, so that no expression is read across a name."""
    run: list[int] = []
    for index in indexes:
        if run and index != run[-1] + 1:
            yield run
            run = []
        run.append(index)
    if run:
        yield run
