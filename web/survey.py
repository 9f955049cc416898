"""Every question of the catalogue put to one data set: which it answers, and which not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from time import monotonic

from kg.engine import Engine
from kg.model import QueryError
from kg.questions import Answer, Catalogue, Question, answer, slot_values
from kg.terms import Terms

LONGEST_SURVEY = 20.0  # seconds; questions that are left then stay unasked


@dataclass(frozen=True)
class Asking:
    """A question that was asked of this data set, of an example where it needs one.

    *answer* is ``None`` where it could not be asked: there is nothing to ask of, or it took too *long*. Rows and
    their evidence are left out.
    """

    question: Question
    answer: Answer | None
    long: bool = False


def survey(engine: Engine, catalogue: Catalogue, terms: Terms) -> Iterator[Asking]:
    """Ask every question of *catalogue*; what takes too long is told as such and raises nothing."""
    end = monotonic() + LONGEST_SURVEY
    for question in catalogue:
        try:
            slots = _example(engine, terms, question) if monotonic() < end else None
            found = answer(engine, catalogue, terms, question.id, slots) if slots is not None else None
        except QueryError:
            yield Asking(question, None, long=True)
        else:
            yield Asking(question, found and replace(found, rows=()), long=monotonic() >= end and found is None)


def _example(engine: Engine, terms: Terms, question: Question) -> Mapping[str, str] | None:
    """Fill the slots that must be filled, with the example where the data know it; ``None`` where nothing fits."""
    slots: dict[str, str] = {}
    while slot := question.open_slot(slots):
        values = slot_values(engine, slot)
        example = terms.expand(slot.example) if slot.example else ""
        if not values:
            return None
        slots[slot.name] = example if example in values else values[0]
    return slots
