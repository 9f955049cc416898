"""Questions people ask: the catalogue of templates, how one is answered, and how an answer is written out."""

from kg.questions.answering import Answer, Note, Option, Outcome, Row, answer, asked
from kg.questions.catalogue import (
    Catalogue,
    Column,
    Phrasing,
    Query,
    Question,
    Slot,
    UnknownQuestion,
    UnknownSlot,
    UnknownSlotValue,
)
from kg.questions.evidence import Evidence
from kg.questions.rendering import catalogue_json, harmless, permalink, to_csv, to_json, to_jsonld, why_json
from kg.questions.rows import Cell
from kg.questions.slots import slot_values
from kg.questions.telling import reasons, to_text, why_text
from kg.questions.why import (
    Step,
    Triple,
    UnknownTriple,
    clause,
    explained,
    following,
    names_in_words,
    rule_in_words,
    said,
    triple_of,
    verb,
)
from kg.questions.wording import Labels, fetch_labels, in_all_languages, listed, name_of, shown

__all__ = [
    "Answer",
    "Catalogue",
    "Cell",
    "Column",
    "Evidence",
    "Labels",
    "Note",
    "Option",
    "Outcome",
    "Phrasing",
    "Query",
    "Question",
    "Row",
    "Slot",
    "Step",
    "Triple",
    "UnknownQuestion",
    "UnknownSlot",
    "UnknownSlotValue",
    "UnknownTriple",
    "answer",
    "asked",
    "catalogue_json",
    "clause",
    "explained",
    "fetch_labels",
    "following",
    "harmless",
    "in_all_languages",
    "listed",
    "name_of",
    "names_in_words",
    "permalink",
    "reasons",
    "rule_in_words",
    "said",
    "shown",
    "slot_values",
    "to_csv",
    "to_json",
    "to_jsonld",
    "to_text",
    "triple_of",
    "verb",
    "why_json",
    "why_text",
]
