"""The three ends of a fact: who or what, which property, and a name or a literal."""

import re

from kg.corpus.fields import Fields, shown
from kg.corpus.vocabulary import Vocabulary
from kg.corpus.yaml_nodes import Items, Keys, Text
from kg.model import Iri, LiteralTerm, Term

_LEXICAL = {
    "xsd:string": re.compile(r".*", re.S),
    "xsd:integer": re.compile(r"[+-]?\d+"),
    "xsd:decimal": re.compile(r"[+-]?\d+(?:\.\d+)?"),
    "xsd:boolean": re.compile(r"true|false"),
    "xsd:date": re.compile(r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"),
    "xsd:anyURI": re.compile(r"https?://\S+"),
}


def read_fact(fields: Fields, vocabulary: Vocabulary) -> tuple[str | None, str | None, Term | None]:
    """Return subject, predicate and object of a fact; note what is missing, unknown or of the wrong kind."""
    subject, predicate = fields.scalar("s"), fields.scalar("p")
    return (
        vocabulary.name(subject, fields.notes) if subject else None,
        known := vocabulary.predicate(predicate, fields.notes) if predicate else None,
        _object(fields, known, vocabulary) if known else None,
    )


def _object(fields: Fields, predicate: str, vocabulary: Vocabulary) -> Term | None:
    node = fields.node.entries.get("o")
    if isinstance(node, Items):
        fields.error(
            node.line, f"{shown('o')} is a list where one value is expected.", value="o", hint="Make one fact an end."
        )
        return None
    if node is None:
        return None
    if predicate == "type":
        return _class(fields, vocabulary)
    if predicate in vocabulary.kinds("datatype"):
        return _literal(fields, predicate, node)
    if isinstance(node, Keys):
        message = f"{shown(predicate)} takes a name, not a literal."
        fields.error(node.line, message, value=predicate, hint="Write prefix:name.")
        return None
    found = fields.scalar("o")
    name = vocabulary.name(found, fields.notes) if found else None
    return Iri(name) if name else None


def _class(fields: Fields, vocabulary: Vocabulary) -> Term | None:
    found = fields.scalar("o")
    if found is None:
        return None
    classes = vocabulary.kinds("class")
    if found.value in classes:
        return Iri(f"bso:{found.value}")
    hint = "Write the local name of a class."
    fields.error(found.line, f"{shown(found.value)} is not a class.", value=found.value, known=classes, hint=hint)
    return None


def _literal(fields: Fields, predicate: str, node: Keys | Text) -> LiteralTerm | None:
    if not isinstance(node, Keys):
        hint = "Write {text: …, lang: nn} or {value: …, datatype: xsd:integer}."
        fields.error(
            node.line, f"{shown(predicate)} takes a literal, not {shown(node.value)}.", value=node.value, hint=hint
        )
        return None
    if "value" not in node.entries:
        words = fields.lang_text("o")
        return LiteralTerm(words.text, lang=words.lang) if words else None
    inner = Fields(node, fields.notes, ("value", "datatype"))
    inner.require("datatype")
    value, datatype = inner.text("value"), inner.choice("datatype", tuple(_LEXICAL))
    if value is None or datatype is None:
        return None
    if not _LEXICAL[datatype].fullmatch(value):
        inner.error(inner.line_of("value"), f"{shown(value)} is not {datatype}.", value=value)
    return LiteralTerm(value, datatype=datatype)
