"""An answer written out for one language: JSON of the contract, CSV for spreadsheets, linked data."""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from kg.engine import Engine
from kg.model import Language
from kg.questions.answering import Answer, Note, Option, Row
from kg.questions.catalogue import Catalogue, Question
from kg.questions.evidence import Evidence
from kg.questions.rows import Cell
from kg.questions.why import Step, rule_in_words
from kg.questions.wording import Labels, name_of, shown
from kg.terms import Terms, best_label

CSV_TAIL = ("basis", "modality", "holder", "text", "locator", "source", "statement")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def to_json(answer: Answer, lang: Language, terms: Terms, version: str | None = None) -> dict[str, Any]:
    """Return *answer* as the JSON object of the contract; *version* is the snapshot's name, for the permalink."""
    question = answer.question
    columns = [{"name": column.name, "label": column.label[lang]} for column in question.columns] if question else []
    return {
        "question": question.id if question else None,
        "slots": {name: terms.compress(iri) for name, iri in answer.slots.items()},
        "outcome": answer.outcome,
        "asked": answer.asked[lang],
        "sentence": answer.sentence[lang],
        "columns": columns,
        "rows": [_row(row, answer, lang, terms) for row in answer.rows],
        "gaps": [_note(note, answer, lang, terms) for note in answer.gaps],
        "known": [_note(note, answer, lang, terms) for note in answer.known],
        "sources": [_named(iri, answer.labels, lang, terms) for iri in answer.sources],
        "options": [_option(option, lang, terms, version) for option in answer.options],
        "sparql": answer.sparql,
        "permalink": permalink(question.id, answer.slots, lang, terms, version) if question else None,
        "version": version,
    }


def permalink(question: str, slots: Mapping[str, str], lang: Language, terms: Terms, version: str | None = None) -> str:
    """Return the host-relative address of the page of a question, pinned to *version* where one is given."""
    marks = {name: terms.compress(iri) for name, iri in sorted(slots.items())} | ({"v": version} if version else {})
    return f"/{lang}/q/{question}" + (f"?{urlencode(marks, safe=':')}" if marks else "")


def catalogue_json(catalogue: Catalogue) -> list[dict[str, Any]]:
    """Return the list of questions for ``GET /api/q``."""
    return [_question(question) for question in catalogue]


def to_csv(answer: Answer, lang: Language, terms: Terms) -> str:
    """Return the rows as CSV: BOM, comma, CRLF; one line a row, several pieces of evidence joined by `` | ``.

    A cell that a spreadsheet would run as a formula gets an apostrophe in front (OWASP, "CSV
    injection"): texts come from documents that others wrote.
    """
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    columns = answer.question.columns if answer.question else ()
    writer.writerow([*(name for column in columns for name in _csv_names(column.name, column.entity)), *CSV_TAIL])
    for row in answer.rows:
        cells = [
            text
            for column, cell in zip(columns, row.cells, strict=True)
            for text in _csv_cells(cell, column.entity, answer, lang, terms)
        ]
        writer.writerow([harmless(text) for text in (*cells, *_csv_tail(row, answer, lang, terms))])
    return "\ufeff" + written.getvalue()


def to_jsonld(answer: Answer, engine: Engine, catalogue: Catalogue) -> bytes:
    """Return the statements of *answer* with their passages and selectors, in expanded form."""
    evidence = [each for row in answer.rows for each in row.evidence]
    things = sorted({thing for each in evidence if (thing := each.statement or each.passage)})
    if not things:
        return json.dumps([]).encode()
    query = catalogue.shared["linked-data"].bind(statement=things)
    return b"".join(engine.query(query, accept="application/ld+json").chunks)


def _question(question: Question) -> dict[str, Any]:
    return {
        "id": question.id,
        "group": question.group,
        "title": dict(question.title),
        "slots": [
            {
                "name": slot.name,
                "type": slot.types[0] if len(slot.types) == 1 else list(slot.types),
                "required": slot.required,
                "example": slot.example,
                "label": dict(slot.label),
                "values_url": f"/api/q/{question.id}/slots/{slot.name}",
            }
            for slot in question.every_slot
        ],
        "cq": list(question.cq),
    }


def _named(iri: str, labels: Labels, lang: Language, terms: Terms) -> dict[str, Any]:
    label, tag = name_of(iri, labels, terms, lang)
    return {"iri": iri, "label": label, "lang": tag}


def _cell(cell: Cell | None, answer: Answer, lang: Language, terms: Terms) -> dict[str, Any]:
    if cell is None:
        return {"iri": None, "label": None, "lang": None, "value": None, "datatype": None}
    label, tag = shown(cell, answer.labels, terms, lang)
    value = label if cell.translations else cell.value
    return {"iri": cell.iri, "label": label, "lang": tag, "value": value, "datatype": cell.datatype}


def _row(row: Row, answer: Answer, lang: Language, terms: Terms) -> dict[str, Any]:
    derived = why_json(row.why[0], answer.labels, lang, terms) if row.why else None
    return {
        "cells": [_cell(cell, answer, lang, terms) for cell in row.cells],
        "basis": row.basis,
        "modality": row.modality,
        "holder": [_named(iri, answer.labels, lang, terms) for iri in row.holders],
        **({"rule": derived["rule"], "premises": derived["premises"]} if derived else {}),
        "evidence": [_evidence(each, answer.labels, lang, terms) for each in row.evidence],
    }


def why_json(step: Step, labels: Labels, lang: Language, terms: Terms) -> dict[str, Any]:
    """Return a step with all that it follows from, down to what was said, declared or defined."""
    words = rule_in_words(step, labels, terms)
    subject, predicate, value = (_named(iri, labels, lang, terms) for iri in step.triple)
    return {
        "subject": subject,
        "predicate": predicate,
        "object": value,
        "basis": step.basis,
        "origin": step.origin,
        "rule": {"id": step.rule.name, "text": words[lang]} if step.rule and words else None,
        "premises": [why_json(each, labels, lang, terms) for each in step.premises],
        "evidence": [_evidence(each, labels, lang, terms) for each in step.evidence],
        **({"others": [why_json(each, labels, lang, terms) for each in step.others]} if step.others else {}),
    }


def _evidence(evidence: Evidence, labels: Labels, lang: Language, terms: Terms) -> dict[str, Any]:
    return {
        "passage": evidence.passage,
        "statement": evidence.statement,
        "source": evidence.source,
        "source_label": name_of(evidence.source, labels, terms, lang)[0] if evidence.source else None,
        "locator": evidence.locator,
        "text": evidence.text,
        "verbatim": evidence.verbatim,
        "basis": evidence.basis,
        "modality": evidence.modality,
        "asserted_by": [_named(iri, labels, lang, terms) for iri in evidence.asserted_by],
        "per": _named(evidence.per, labels, lang, terms) if evidence.per else None,
        "as_of": _year_or_day(evidence.as_of),
        "valid_from": _year_or_day(evidence.valid_from),
        "valid_to": _year_or_day(evidence.valid_to),
        "because": because[0] if (because := best_label(evidence.reasons, lang)) else None,
        "anchor": evidence.anchor,
    }


def _year_or_day(as_of: str | None) -> int | str | None:
    """Write a year as a number, a day as it is."""
    return int(as_of) if as_of and as_of.isdecimal() else as_of


def _note(note: Note, answer: Answer, lang: Language, terms: Terms) -> dict[str, Any]:
    about = [_cell(each, answer, lang, terms) for each in note.about]
    return {"code": note.code, "text": note.text[lang], "about": about}


def _option(option: Option, lang: Language, terms: Terms, version: str | None) -> dict[str, Any]:
    return {
        "question": option.question,
        "slots": {name: terms.compress(iri) for name, iri in option.slots.items()},
        "sentence": option.sentence[lang],
        "url": permalink(option.question, option.slots, lang, terms, version),
    }


def _csv_names(name: str, entity: bool) -> tuple[str, ...]:
    return (name, f"{name}_iri") if entity else (name,)


def _csv_cells(cell: Cell | None, entity: bool, answer: Answer, lang: Language, terms: Terms) -> tuple[str, ...]:
    text = shown(cell, answer.labels, terms, lang)[0] if cell else ""
    return (text, (cell.iri or "") if cell else "") if entity else (text,)


def _csv_tail(row: Row, answer: Answer, lang: Language, terms: Terms) -> tuple[str, ...]:
    def joined(values: Iterable[str | None]) -> str:
        return " | ".join(dict.fromkeys(value for value in values if value))

    return (
        row.basis or "",
        row.modality or "",
        joined(name_of(iri, answer.labels, terms, lang)[0] for iri in row.holders),
        joined(each.text for each in row.evidence),
        joined(each.locator for each in row.evidence),
        joined(each.source for each in row.evidence),
        joined(each.statement for each in row.evidence),
    )


def harmless(text: str) -> str:
    """Return *text* so that no spreadsheet runs it as a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
