"""What stands in the slots of a question: names turned into IRIs that the data know, or an error with the nearest."""

from collections.abc import Mapping, Sequence

from kg.engine import Engine
from kg.questions.catalogue import YEAR, Question, Slot, UnknownSlotValue
from kg.terms import Terms, nearest


def bind(engine: Engine, terms: Terms, question: Question, given: Mapping[str, str]) -> dict[str, str]:
    """Return slot name → IRI for the *given* values; an empty value leaves its slot open.

    A value is a CURIE, an IRI or a local name, and in the slot ``year`` four digits.
    Raise :class:`UnknownSlot` or :class:`UnknownSlotValue`.
    """
    wanted = {name: (question.slot(name), value) for name, value in given.items()}
    return {name: _known(engine, terms, slot, value) for name, (slot, value) in wanted.items() if value}


def slot_values(engine: Engine, slot: Slot) -> tuple[str, ...]:
    """Return the IRIs that may stand in *slot*, sorted."""
    return tuple(row["value"].value for row in engine.select(slot.values.text))


def _known(engine: Engine, terms: Terms, slot: Slot, value: str) -> str:
    if slot.types == ("Year",):
        return _year(engine, slot, value)
    if (iri := _as_iri(terms, value)) and engine.select(slot.values.bind(value=[iri])):
        return iri
    values = slot_values(engine, slot)
    curies = {terms.compress(iri): iri for iri in values}
    named_so = [iri for curie, iri in curies.items() if curie.rpartition(":")[2] == value]
    if len(named_so) == 1:
        return named_so[0]
    raise UnknownSlotValue(slot.name, value, _nearest(value, tuple(curies)))


def _year(engine: Engine, slot: Slot, value: str) -> str:
    """Return *value* if it is a year, whether or not anything is dated to it."""
    if YEAR.fullmatch(value):
        return value
    years = slot_values(engine, slot)
    raise UnknownSlotValue(slot.name, value, tuple(dict.fromkeys([*nearest(value, years), *reversed(years)]))[:3])


def _as_iri(terms: Terms, value: str) -> str | None:
    """Expand *value* if it can be written in a query at all."""
    try:
        iri = terms.expand(value)
    except KeyError:
        return None
    return iri if ":" in iri and not set(iri) & set('<>"{}|^`\\ \t\r\n') and iri.isprintable() else None


def _nearest(value: str, curies: Sequence[str]) -> tuple[str, ...]:
    by_local = {curie.rpartition(":")[2]: curie for curie in curies}
    near = [by_local[name] for name in nearest(value.rpartition(":")[2].rpartition("/")[2], by_local)]
    return tuple(dict.fromkeys([*near, *curies]))[:3]
