"""The form of the files as the JSON schemas describe it: which keys there are, and what no other check names."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from kg.corpus.fields import Notes, shown
from kg.corpus.yaml_nodes import Node, line_at, plain
from kg.resources import text

Schema = Literal["coding", "entities", "source"]

_NAMED_ELSEWHERE = frozenset(("additionalProperties", "required", "enum", "const", "oneOf", "dependentSchemas"))
"""What :class:`kg.corpus.fields.Fields` and the views say better, with the nearest known names."""


@dataclass(frozen=True)
class Form:
    """The keys of one kind of mapping; *pairs* are those that need at least two values."""

    keys: tuple[str, ...]
    required: tuple[str, ...]
    pairs: tuple[str, ...]


@cache
def form(schema: Schema, definition: str | None = None) -> Form:
    """Return the form of a whole file, or of one *definition* in its schema.

    >>> form("coding", "Agreement").pairs
    ('party',)
    """
    whole = _described(schema)
    described = whole["$defs"][definition] if definition else whole
    properties: Mapping[str, Mapping[str, Any]] = described["properties"]
    pairs = [key for key, value in properties.items() if value.get("$ref") == "#/$defs/twoOrMore"]
    return Form(tuple(properties), tuple(described.get("required", ())), tuple(pairs))


def check_structure(schema: Schema, node: Node, notes: Notes) -> None:
    """Note where *node* breaks the schema, on lines that have no problem of their own yet."""
    taken = {problem.line for problem in notes.problems}
    for error in sorted(_errors(schema, node), key=lambda error: [str(step) for step in error.absolute_path]):
        line = line_at(node, iter(error.absolute_path))
        if line not in taken:
            taken.add(line)
            notes.error(line, _in_words(error), hint=f"The form is described in ontology/{schema}.schema.json.")


def _errors(schema: Schema, node: Node) -> Iterator[ValidationError]:
    for error in _validator(schema).iter_errors(plain(node)):
        if not _NAMED_ELSEWHERE & {error.validator, *error.schema_path}:
            yield error


def _in_words(error: ValidationError) -> str:
    """Say what is wrong without repeating the value, which may be someone's words."""
    keys = [step for step in error.absolute_path if isinstance(step, str)]
    key = shown(keys[-1]) if keys else "the file"
    limit = error.validator_value
    words = {
        "maxLength": f"{key} is longer than {limit} characters.",
        "minItems": f"{key} needs at least {limit} values.",
        "maxItems": f"{key} takes at most {limit} values.",
        "uniqueItems": f"{key} names the same thing twice.",
        "pattern": f"{key} does not have the form {limit}",
    }
    description = error.schema.get("description") if isinstance(error.schema, Mapping) else None
    meant = f" It is meant to be: {description}." if description else ""
    return words.get(str(error.validator), f"{key} does not have its form.") + meant


@cache
def _described(schema: Schema) -> dict[str, Any]:
    described: dict[str, Any] = json.loads(text("ontology", f"{schema}.schema.json"))
    return described


@cache
def _validator(schema: Schema) -> Draft202012Validator:
    return Draft202012Validator(_described(schema))
