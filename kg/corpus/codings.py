"""A ``<coder>.coding.yaml``: quotes and what they say become anchored statements, or problems."""

from dataclasses import dataclass, replace
from pathlib import Path

from kg.anchoring import Orphan, anchor, block_at, locator_of, passage
from kg.corpus.facts import read_fact
from kg.corpus.fields import Fields, Notes, read_yaml, shown
from kg.corpus.structure import check_structure, form
from kg.corpus.views import read_view
from kg.corpus.vocabulary import Vocabulary
from kg.corpus.yaml_nodes import Keys
from kg.model import FACT, VIEWS, Coder, Passage, Problem, Source, Statement

MOST_ANCHOR_WORDS = 12
_WITHHELD = {
    "missing": "the quote is not in the text.",
    "ambiguous": "the quote stands in more than one place.",
    "too-long": "the quote covers more than 600 characters.",
}
"""For a source that is not open the message does not repeat its words."""


@dataclass(frozen=True)
class Coding:
    """One coder's reading of one source, and what is wrong with the file."""

    coder: Coder | None
    statements: tuple[Statement, ...]
    problems: tuple[Problem, ...]


def read_codings(path: Path, source: Source, vocabulary: Vocabulary) -> Coding:
    """Read the coding file at *path* against *source*; a statement with an error in it is left out."""
    notes = Notes(f"sources/{source.id}/{path.name}")
    node = read_yaml(path, notes)
    if not isinstance(node, Keys):
        if node is not None:
            hint = "Begin with coder: {id: …, name: …}."
            notes.error(node.line, "a coding file must have keys.", hint=hint)
        return Coding(None, (), tuple(notes.problems))
    fields = Fields(node, notes, form("coding").keys)
    fields.require(*form("coding").required)
    coder = _coder(fields, path.name.partition(".")[0])
    reading = _Reading(source, vocabulary, notes, coder, {})
    statements = [statement for entry in fields.mappings("codings") for statement in reading.entry(entry)]
    check_structure("coding", node, notes)
    return Coding(coder, tuple(statements), tuple(notes.problems))


def _coder(fields: Fields, stem: str) -> Coder | None:
    node = fields.mapping("coder")
    day, version = fields.day("date"), fields.text("ontology")
    if node is None:
        return None
    inner = Fields(node, fields.notes, ("id", "name"))
    inner.require("id", "name")
    id, name = inner.slug("id"), inner.text("name")
    if id is not None and id != stem:
        message = f"the coder {shown(id)} does not go with the name of the file."
        inner.error(
            inner.line_of("id"), message, value=id, hint=f"Call the file {id}.coding.yaml, or the coder {stem}."
        )
    return Coder(id, name, version, day) if id and name and version and day else None


@dataclass(frozen=True)
class _Reading:
    """What every entry of one coding file is read against; *first* remembers the line of each id."""

    source: Source
    vocabulary: Vocabulary
    notes: Notes
    coder: Coder | None
    first: dict[str, int]

    def entry(self, node: Keys) -> list[Statement]:
        """Return the statements of one quote."""
        fields = Fields(node, self.notes, form("coding", "coding").keys)
        fields.require(*form("coding", "coding").required)
        if self.source.digest:
            fields.require("locator", hint="The text is a digest: say where in the original this stands.")
        found = self._passage(fields)
        read = (self._statement(said, found) for said in fields.mappings("says"))
        return [statement for statement in read if statement]

    def _passage(self, fields: Fields) -> Passage | None:
        quote, near, locator = fields.scalar("quote"), fields.text("near"), fields.text("locator")
        words = self._anchor_words(fields)
        document = self.source.document
        if quote is None or document is None:
            return None
        place = anchor(document, quote.value, near)
        if isinstance(place, Orphan):
            is_open = self.source.access == "open"
            message = place.message if is_open else _WITHHELD[place.reason]
            shown_quote = f"{shown(quote.value)}: " if is_open else ""
            value = quote.value if is_open else None
            self.notes.error(fields.line_of("quote"), shown_quote + message, value=value, kind="orphan")
            return None
        where = locator or locator_of(document, block_at(document, place.start))
        return passage(document, place.start, place.end, where, words)

    def _anchor_words(self, fields: Fields) -> str | None:
        found = fields.scalar("anchor")
        if found and (count := len(found.value.split())) > MOST_ANCHOR_WORDS:
            message = f"the anchor {shown(found.value)} has {count} words; the most is {MOST_ANCHOR_WORDS}."
            fields.error(found.line, message, value=found.value, hint="Keep the first words.")
        return found.value if found else None

    def _statement(self, node: Keys, found: Passage | None) -> Statement | None:
        before = self.notes.errors
        kind = self._kind(node)
        shape = form("coding", "fact" if kind == FACT else kind) if kind else None
        fields = Fields(node, self.notes, shape.keys if shape else node.entries)
        fields.require(*(shape.required if shape else ("id",)), hint=_whose(kind))
        id = self._id(fields)
        common = self._common(fields, kind or FACT, id or "", found)
        if kind == FACT:
            subject, predicate, target = read_fact(fields, self.vocabulary)
            common = common and replace(common, subject=subject, predicate=predicate, object=target)
        elif kind is not None:
            language = self.source.lang or self.source.title.lang
            values = read_view(fields, kind, self.vocabulary, language)
            common = common and replace(common, values=values)
        return common if kind and self.notes.errors == before else None

    def _kind(self, node: Keys) -> str | None:
        """Return what kind of statement *node* is; ``None`` where that cannot be told."""
        if "type" not in node.entries:
            return FACT
        fields = Fields(node, self.notes, node.entries)
        if mixed := [key for key in ("s", "p", "o") if key in fields]:
            message = f"{shown(mixed[0])} belongs to a fact, {shown('type')} to a view."
            fields.error(fields.line_of(mixed[0]), message, value=mixed[0], hint="Make two statements of it.")
        return fields.choice("type", VIEWS)

    def _id(self, fields: Fields) -> str | None:
        id = fields.slug("id")
        if id is not None and id in self.first:
            message = f"the id {shown(id)} is already used on line {self.first[id]}."
            fields.error(fields.line_of("id"), message, value=id, hint="Give each statement an id of its own.")
        if id is not None:
            self.first.setdefault(id, fields.line_of("id"))
        return id

    def _common(self, fields: Fields, kind: str, id: str, found: Passage | None) -> Statement | None:
        """Read the keys that every statement has; without a passage or a coder there is no statement."""
        basis = self._code(fields, "basis", without=("inferred",))
        because = fields.reasons("because")
        if basis not in (None, "stated") and "because" not in fields:
            message = f"{shown('because')} is missing: a basis of {shown(basis or '')} needs a reason."
            fields.error(fields.line_of("basis"), message, value=basis, hint="Say in because why the text is read so.")
        per = fields.scalar("per")
        given = {
            "modality": self._code(fields, "modality") or "actual",
            "negated": fields.flag("negated"),
            "quantifier": self._code(fields, "quantifier"),
            "condition": fields.lang_text("condition"),
            "as_of": fields.year_or_day("asOf") or _year(self.source),
            "valid_from": fields.year_or_day("from"),
            "valid_to": fields.year_or_day("to"),
            "per": self.vocabulary.name(per, self.notes, ("source", "actor")) if per else None,
            "sure": self._code(fields, "sure") or ("certain" if basis == "stated" else "probable"),
            "status": self._code(fields, "status") or "accepted",
            "note": fields.text("note"),
        }
        if found is None or self.coder is None or basis is None:
            return None
        return Statement(
            id=id,
            source=self.source.id,
            coder=self.coder.id,
            kind=kind,
            passage=found,
            basis=basis,
            coded=self.coder.coded,
            line=fields.line,
            file=self.notes.file,
            because=because,
            asserted_by=self._asserted_by(found),
            **given,  # type: ignore[arg-type]
        )

    def _code(self, fields: Fields, key: str, without: tuple[str, ...] = ()) -> str | None:
        options = tuple(code for code in self.vocabulary.codes(key) if code not in without)
        return fields.choice(key, options)

    def _asserted_by(self, found: Passage) -> tuple[str, ...]:
        """Return who says it: in a turn the speaker's agent, elsewhere the authors."""
        agents = {speaker.label: speaker.agent for speaker in self.source.speakers}
        document = self.source.document
        speaker = block_at(document, found.start).speaker if document else None
        if speaker is None:
            return self.source.authors
        return (agents[speaker],) if speaker in agents else ()


def _whose(kind: str | None) -> str | None:
    return "A fact has s, p and o; a view has type." if kind == FACT else kind and f"Every {kind} has it."


def _year(source: Source) -> int | None:
    issued = source.issued
    return issued if issued is None or isinstance(issued, int) else issued.year
