"""An answer, and why something holds, as a person reads it on a terminal."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rdflib import Graph, URIRef

from kg.engine import Engine
from kg.model import InputError, Language
from kg.questions.answering import Answer, Note, Row
from kg.questions.catalogue import Catalogue
from kg.questions.evidence import Evidence
from kg.questions.why import Step, clause, explained, rule_in_words, said
from kg.questions.wording import Labels, name_of, shown
from kg.terms import Terms


def to_text(answer: Answer, language: Language, catalogue: Catalogue, terms: Terms) -> str:
    """Tell *answer*: the question as understood, the sentence, rows with basis and passage numbers, what is missing."""
    return "\n".join(_Teller(answer, language, catalogue, terms).lines())


def why_text(step: Step, labels: Labels, language: Language, catalogue: Catalogue, terms: Terms) -> str:
    """Tell why something holds: the sentence, the rule, and beneath it what that took, down to the passages."""
    return "\n".join(_Told(labels, language, catalogue, terms).lines(step))


def reasons(engine: Engine, catalogue: Catalogue, terms: Terms, sparql: str, language: Language) -> Iterator[str]:
    """Tell why each triple holds that the CONSTRUCT query *sparql* gives, in the order of their names.

    Raise :class:`InputError` for a query of another form, :class:`UnknownTriple` for a triple that the data set
    does not hold. What leads to words rather than to a thing was said or declared, and is left out.
    """
    result = engine.query(sparql)
    if result.kind != "graph":
        raise InputError("Only what a CONSTRUCT or DESCRIBE gives can be explained: triples.")
    found = Graph().parse(data=b"".join(result.chunks), format="turtle")
    triples = sorted(tuple(map(str, triple)) for triple in found if all(isinstance(term, URIRef) for term in triple))
    for subject, predicate, value in triples:
        step, labels = explained(engine, catalogue, terms, (subject, predicate, value))
        yield why_text(step, labels, language, catalogue, terms)


@dataclass(frozen=True)
class _Told:
    labels: Labels
    language: Language
    catalogue: Catalogue
    terms: Terms

    @property
    def words(self) -> Mapping[str, Any]:
        """The words around reasons."""
        found: Mapping[str, Any] = self.catalogue.words["why"]
        return found

    def lines(self, step: Step) -> Iterator[str]:
        for number, way in enumerate((step, *step.others)):
            if number:
                yield f"{self.words['also'][self.language]}:"
            yield said(way, self.labels, self.catalogue, self.terms)[self.language]
            yield from self.beneath(way, "  ")

    def beneath(self, step: Step, indent: str) -> Iterator[str]:
        """Tell the rule and its premises, or the passages of what no rule made."""
        if step.rule and (rule := rule_in_words(step, self.labels, self.terms)):
            yield f"{indent}{self.words['rule'][self.language]} {step.rule.name}: {rule[self.language]}"
        for evidence in step.evidence:
            yield f"{indent}{_proof(evidence, self.labels, self.language, self.catalogue, self.terms)}"
        for premise in step.premises:
            origin = self.words["origins"][premise.origin][self.language]
            holds = clause(premise.triple, self.labels, self.catalogue, self.terms, self.language)
            yield f"{indent}- {holds} ({origin})"
            yield from self.beneath(premise, f"{indent}  ")


def _proof(evidence: Evidence, labels: Labels, language: Language, catalogue: Catalogue, terms: Terms) -> str:
    words = catalogue.words["text"]
    source = name_of(evidence.source, labels, terms, language)[0] if evidence.source else ""
    place = ", ".join(part for part in (source, evidence.locator) if part)
    if not evidence.text:
        return place
    if evidence.verbatim:
        return f"{words['original'][language]}: «{evidence.text}» ({place})"
    return f"{words['retold'][language]}: {evidence.text} ({place})"


class _Teller:
    def __init__(self, answer: Answer, language: Language, catalogue: Catalogue, terms: Terms) -> None:
        self.answer = answer
        self.language = language
        self.catalogue = catalogue
        self.words = catalogue.words
        self.terms = terms
        proofs = dict.fromkeys(self._proof(each) for row in answer.rows for each in row.evidence)
        self.numbers = {proof: number for number, proof in enumerate(proofs, 1)}

    def lines(self) -> Iterator[str]:
        if self.answer.question:
            yield f"{self._word('asked')}: {self.answer.asked[self.language]}"
        yield self.answer.sentence[self.language]
        yield from self._part("", [line for row in self.answer.rows for line in (self._row(row), *self._why(row))])
        yield from self._part("", [f"[{number}] {proof}" for proof, number in self.numbers.items()])
        yield from self._part(self._word("gaps"), self._notes(self.answer.gaps))
        yield from self._part(self._word("known"), self._notes(self.answer.known))
        yield from self._part("", [f"- {option.sentence[self.language]}" for option in self.answer.options])

    def _part(self, title: str, lines: Sequence[str]) -> Iterator[str]:
        if lines:
            yield ""
            yield from [f"{title}:"] if title else []
            yield from lines

    def _nothing(self) -> str:
        """Tell of an empty cell: not mentioned, or only a dash where it may not apply to its row."""
        return "–" if self.answer.question and self.answer.question.mixed else self._word("absent")

    def _row(self, row: Row) -> str:
        cells = [
            shown(cell, self.answer.labels, self.terms, self.language)[0] if cell else self._nothing()
            for cell in row.cells
        ]
        numbers = "".join(
            f"[{number}]" for number in dict.fromkeys(self.numbers[self._proof(each)] for each in row.evidence)
        )
        basis = f" ({self.words['basis'][row.basis][self.language]})" if row.basis else ""
        return f"- {' · '.join(cells)}{basis} {numbers}".rstrip()

    def _why(self, row: Row) -> Iterator[str]:
        for step in row.why:
            yield f"  {said(step, self.answer.labels, self.catalogue, self.terms)[self.language]}"

    def _proof(self, evidence: Evidence) -> str:
        return _proof(evidence, self.answer.labels, self.language, self.catalogue, self.terms)

    def _notes(self, notes: Sequence[Note]) -> list[str]:
        return [f"- {note.text[self.language]}" for note in notes]

    def _word(self, name: str) -> str:
        return str(self.words["text"][name][self.language])
