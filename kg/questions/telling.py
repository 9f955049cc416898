"""An answer as a person reads it on a terminal."""

from collections.abc import Iterator, Sequence

from kg.model import Language
from kg.questions.answering import Answer, Note, Row
from kg.questions.catalogue import Catalogue
from kg.questions.evidence import Evidence
from kg.questions.wording import name_of, shown
from kg.terms import Terms


def to_text(answer: Answer, language: Language, catalogue: Catalogue, terms: Terms) -> str:
    """Tell *answer*: the question as understood, the sentence, rows with basis and passage numbers, what is missing."""
    return "\n".join(_Teller(answer, language, catalogue, terms).lines())


class _Teller:
    def __init__(self, answer: Answer, language: Language, catalogue: Catalogue, terms: Terms) -> None:
        self.answer = answer
        self.language = language
        self.words = catalogue.words
        self.terms = terms
        proofs = dict.fromkeys(self._proof(each) for row in answer.rows for each in row.evidence)
        self.numbers = {proof: number for number, proof in enumerate(proofs, 1)}

    def lines(self) -> Iterator[str]:
        if self.answer.question:
            yield f"{self._word('asked')}: {self.answer.asked[self.language]}"
        yield self.answer.sentence[self.language]
        yield from self._part("", [self._row(row) for row in self.answer.rows])
        yield from self._part("", [f"[{number}] {proof}" for proof, number in self.numbers.items()])
        yield from self._part(self._word("gaps"), self._notes(self.answer.gaps))
        yield from self._part(self._word("known"), self._notes(self.answer.known))
        yield from self._part("", [f"- {option.sentence[self.language]}" for option in self.answer.options])

    def _part(self, title: str, lines: Sequence[str]) -> Iterator[str]:
        if lines:
            yield ""
            yield from [f"{title}:"] if title else []
            yield from lines

    def _row(self, row: Row) -> str:
        cells = [
            shown(cell, self.answer.labels, self.terms, self.language)[0] if cell else self._word("absent")
            for cell in row.cells
        ]
        numbers = "".join(
            f"[{number}]" for number in dict.fromkeys(self.numbers[self._proof(each)] for each in row.evidence)
        )
        basis = f" ({self.words['basis'][row.basis][self.language]})" if row.basis else ""
        return f"- {' · '.join(cells)}{basis} {numbers}".rstrip()

    def _proof(self, evidence: Evidence) -> str:
        source = name_of(evidence.source, self.answer.labels, self.terms, self.language)[0] if evidence.source else ""
        place = ", ".join(part for part in (source, evidence.locator) if part)
        if not evidence.text:
            return place
        if evidence.verbatim:
            return f"{self._word('original')}: «{evidence.text}» ({place})"
        return f"{self._word('retold')}: {evidence.text} ({place})"

    def _notes(self, notes: Sequence[Note]) -> list[str]:
        return [f"- {note.text[self.language]}" for note in notes]

    def _word(self, name: str) -> str:
        return str(self.words["text"][name][self.language])
