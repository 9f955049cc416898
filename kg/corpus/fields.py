"""Takes values out of YAML and notes everything that is wrong with them, all in one pass."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

from kg.corpus import yaml_nodes
from kg.corpus.yaml_nodes import Items, Keys, Node, Text, YamlError
from kg.model import LANGUAGES, LangText, Language, Problem, ReadError
from kg.reading import canonical, decode, load
from kg.terms import nearest

SLUG = re.compile(r"[a-z0-9][a-z0-9-]*")
_LANGUAGE_TAG = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_YEAR = re.compile(r"[12]\d{3}")
WEB_ADDRESS = re.compile(r"https?://[^\s<>\"{}|\\^`]+")
_LONGEST_SHOWN = 80


@dataclass
class Notes:
    """Collects the problems of one file; *file* is relative to the corpus folder."""

    file: str
    problems: list[Problem] = field(default_factory=list)

    def error(
        self,
        line: int | None,
        message: str,
        *,
        value: str | None = None,
        known: Iterable[str] = (),
        near: tuple[str, ...] = (),
        hint: str | None = None,
        kind: Literal["error", "orphan", "warning"] = "error",
    ) -> None:
        """Note what is wrong; *known* names are those that *value* may have meant, *near* the nearest if known."""
        if not near and value is not None:
            near = nearest(value, known)
        self.problems.append(Problem(self.file, line, message, value, near, hint, kind))

    @property
    def errors(self) -> int:
        """How many errors there are so far."""
        return sum(problem.kind == "error" for problem in self.problems)


def shown(value: str) -> str:
    """Return *value* on one line, in quotation marks, cut where it is long."""
    line = " ".join(value.split())
    return f"“{line if len(line) <= _LONGEST_SHOWN else line[:_LONGEST_SHOWN] + '…'}”"


def read_yaml(path: Path, notes: Notes) -> Node | None:
    """Return the YAML in *path*; note why where it cannot be read."""
    try:
        data = load(path)
        if len(data) > yaml_nodes.MAX_BYTES:
            raise ReadError(f"the file is larger than {yaml_nodes.MAX_BYTES // 1_000_000} MB. Split it.")
        text, warnings = decode(data)
    except ReadError as error:
        notes.error(None, str(error).removeprefix(f"{path}: "))
        return None
    for warning in warnings:
        notes.error(None, warning, kind="warning")

    def duplicate(key: str, line: int, first: int) -> None:
        notes.error(
            line, f"the key {shown(key)} is already given on line {first}.", value=key, hint="Keep one of them."
        )

    try:
        return yaml_nodes.parse(canonical(text), duplicate)
    except YamlError as error:
        notes.error(error.line, error.message, hint=error.hint)
        return None


class Fields:
    """The keys of one mapping: each method takes one value, in its right form, or notes why not."""

    def __init__(self, node: Keys, notes: Notes, known: Collection[str]) -> None:
        self.node = node
        self.notes = notes
        for key in node.entries.keys() - set(known):
            self.error(node.lines[key], f"{shown(key)} is not a key that belongs here.", value=key, known=known)

    def __contains__(self, key: str) -> bool:
        return key in self.node.entries

    @property
    def line(self) -> int:
        """The line of the mapping."""
        return self.node.line

    def line_of(self, key: str) -> int:
        """Return the line of *key*, or of the mapping where it is missing."""
        return self.node.lines.get(key, self.node.line)

    def error(
        self,
        line: int | None,
        message: str,
        *,
        value: str | None = None,
        known: Iterable[str] = (),
        hint: str | None = None,
    ) -> None:
        """Note an error in this file."""
        self.notes.error(line, message, value=value, known=known, hint=hint)

    def require(self, *keys: str, hint: str | None = None) -> None:
        """Note each of *keys* that is missing."""
        for key in keys:
            if key not in self:
                self.error(self.line, f"the key {shown(key)} is missing.", value=key, hint=hint)

    def scalar(self, key: str) -> Text | None:
        """Return the single value of *key* with its line."""
        node = self.node.entries.get(key)
        return None if node is None else self._scalar(node, key)

    def scalars(self, key: str) -> tuple[Text, ...]:
        """Return the values of *key*: one, or a list of them."""
        node = self.node.entries.get(key)
        if node is None:
            return ()
        nodes = node.items if isinstance(node, Items) else (node,)
        if not nodes:
            self.error(node.line, f"{shown(key)} is an empty list.", value=key, hint="Give a value, or remove the key.")
        return tuple(text for item in nodes if (text := self._scalar(item, key)))

    def text(self, key: str) -> str | None:
        """Return the words of *key*."""
        found = self.scalar(key)
        return found.value if found else None

    def choice(self, key: str, options: Sequence[str], default: str | None = None) -> str | None:
        """Return the value of *key* if it is one of *options*, else *default*."""
        found = self.scalar(key)
        if found is None or found.value in options:
            return found.value if found else default
        self.error(
            found.line,
            f"{shown(found.value)} is not a value of {shown(key)}.",
            value=found.value,
            known=options,
            hint=f"Choose one of {', '.join(options)}.",
        )
        return default

    def flag(self, key: str, default: bool = False) -> bool:
        """Return the truth of *key*."""
        return self.choice(key, ("true", "false"), str(default).lower()) == "true"

    def slug(self, key: str) -> str | None:
        """Return the value of *key* if it can stand in an address."""
        found = self.scalar(key)
        if found is not None and not SLUG.fullmatch(found.value):
            self.error(
                found.line,
                f"{shown(found.value)} is not a name for {shown(key)}.",
                value=found.value,
                hint="Use a-z, 0-9 and hyphens, and begin with a letter or digit.",
            )
            return None
        return found.value if found else None

    def day(self, key: str) -> date | None:
        """Return the day of *key*, written 2026-11-24."""
        found = self.scalar(key)
        if found is None:
            return None
        when = _day(found.value)
        if when is None:
            self.error(
                found.line,
                f"{shown(found.value)} is not a day.",
                value=found.value,
                hint="Write year-month-day: 2026-11-24.",
            )
        return when

    def year_or_day(self, key: str) -> int | date | None:
        """Return the year (2016) or the day (2016-12-01) of *key*."""
        found = self.scalar(key)
        if found is None:
            return None
        when = int(found.value) if _YEAR.fullmatch(found.value) else _day(found.value)
        if when is None:
            hint = "Write a year (2016) or a day (2016-12-01)."
            self.error(found.line, f"{shown(found.value)} is neither a year nor a day.", value=found.value, hint=hint)
        return when

    def web_address(self, key: str) -> str | None:
        """Return the value of *key* if it is an http or https address."""
        found = self.scalar(key)
        if found is not None and not WEB_ADDRESS.fullmatch(found.value):
            self.error(
                found.line,
                f"{shown(found.value)} is not a web address.",
                value=found.value,
                hint="Begin with https:// and leave out spaces.",
            )
            return None
        return found.value if found else None

    def language(self, key: str) -> str | None:
        """Return the language tag of *key*."""
        found = self.scalar(key)
        if found is not None and not _LANGUAGE_TAG.fullmatch(found.value):
            self.error(
                found.line,
                f"{shown(found.value)} is not a language tag.",
                value=found.value,
                hint="Write nn, nb, en, or another BCP 47 tag.",
            )
            return None
        return found.value if found else None

    def lang_text(self, key: str, language: str | None = None) -> LangText | None:
        """Return {text, lang}, or a plain string where *language* tells which one it is in."""
        node = self.node.entries.get(key)
        if isinstance(node, Text) and language is not None:
            found = self.scalar(key)
            return LangText(found.value, language) if found else None
        if node is None:
            return None
        if not isinstance(node, Keys):
            self.error(node.line, f"{shown(key)} must say its language.", value=key, hint="Write {text: …, lang: nn}.")
            return None
        return lang_text(node, self.notes)

    def lang_texts(self, key: str) -> tuple[LangText, ...]:
        """Return a list of {text, lang}."""
        return tuple(found for node in self.mappings(key) if (found := lang_text(node, self.notes)))

    def reasons(self, key: str) -> tuple[LangText, ...]:
        """Return a plain string, or the same said in nn, nb and en."""
        if isinstance(self.node.entries.get(key), Keys):
            return tuple(LangText(text, tag) for tag, text in self.labels(key).items())
        text = self.text(key)
        return (LangText(text, ""),) if text else ()

    def labels(self, key: str) -> dict[Language, str]:
        """Return {nn, nb, en}; all three must be there."""
        node = self.node.entries.get(key)
        if node is None:
            return {}
        if not isinstance(node, Keys):
            self.error(
                node.line, f"{shown(key)} needs all three languages.", value=key, hint="Write {nn: …, nb: …, en: …}."
            )
            return {}
        inner = Fields(node, self.notes, LANGUAGES)
        inner.require(*LANGUAGES, hint=f"{shown(key)} needs nn, nb and en.")
        return {language: found for language in LANGUAGES if (found := inner.text(language))}

    def mapping(self, key: str) -> Keys | None:
        """Return the mapping under *key*."""
        node = self.node.entries.get(key)
        if node is None or isinstance(node, Keys):
            return node
        self.error(node.line, f"{shown(key)} must have keys of its own under it.", value=key)
        return None

    def mappings(self, key: str) -> tuple[Keys, ...]:
        """Return the list of mappings under *key*."""
        node = self.node.entries.get(key)
        if node is None:
            return ()
        if not isinstance(node, Items):
            self.error(node.line, f"{shown(key)} must be a list.", value=key, hint="Begin each entry with a hyphen.")
            return ()
        for item in node.items:
            if not isinstance(item, Keys):
                self.error(item.line, f"an entry of {shown(key)} must have keys.", value=key, hint="Write key: value.")
        return tuple(item for item in node.items if isinstance(item, Keys))

    def _scalar(self, node: Node, key: str) -> Text | None:
        if not isinstance(node, Text):
            what = "a list" if isinstance(node, Items) else "a mapping"
            self.error(node.line, f"{shown(key)} is {what} where one value is expected.", value=key)
            return None
        if not node.value.strip():
            self.error(node.line, f"{shown(key)} has no value.", value=key, hint="Give one, or remove the key.")
            return None
        return Text(node.value.strip(), node.line)


def lang_text(node: Keys, notes: Notes) -> LangText | None:
    """Return the {text, lang} in *node*."""
    inner = Fields(node, notes, ("text", "lang"))
    inner.require("text", "lang")
    text, language = inner.text("text"), inner.language("lang")
    return LangText(text, language) if text and language else None


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value) if re.fullmatch(r"\d{4}-\d\d-\d\d", value) else None
    except ValueError:
        return None
