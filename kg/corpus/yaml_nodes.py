"""YAML as strings with line numbers: ``no`` stays "no", and every value knows where it stands.

Nothing is constructed, so no tag can run anything; aliases, tags, second documents and deep
nesting are refused.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import yaml

MAX_BYTES = 5_000_000
MAX_DEPTH = 30


@dataclass(frozen=True)
class Text:
    """A scalar, always a string."""

    value: str
    line: int


@dataclass(frozen=True)
class Items:
    """A list."""

    items: tuple["Node", ...]
    line: int


@dataclass(frozen=True)
class Keys:
    """A mapping; *lines* tells where each key stands."""

    entries: Mapping[str, "Node"]
    lines: Mapping[str, int]
    line: int


Node = Text | Items | Keys


class YamlError(Exception):
    """A file that is no YAML of ours: where, what, and what to do."""

    def __init__(self, line: int, message: str, hint: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message
        self.hint = hint


def parse(text: str, duplicate: Callable[[str, int, int], None]) -> Node:
    """Return the one document in *text*; call *duplicate* (key, line, first line) for a key given twice.

    *text* is canonical: it holds no character that YAML forbids. Raise :class:`YamlError` where
    nothing can be read.
    """
    try:
        root = _Loader(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        raise _explained(error) from error
    if root is None:
        raise YamlError(1, "the file holds nothing.", "See CONTRIBUTING for what belongs in it.")
    return _node(root, duplicate)


def plain(node: Node) -> str | list[object] | dict[str, object]:
    """Return *node* as plain Python, for a JSON schema."""
    if isinstance(node, Text):
        return node.value
    if isinstance(node, Items):
        return [plain(item) for item in node.items]
    return {key: plain(value) for key, value in node.entries.items()}


def line_at(node: Node, path: Iterator[str | int]) -> int:
    """Return the line of what *path* (keys and positions) leads to, or of the last node on the way."""
    line = node.line
    for step in path:
        if isinstance(node, Keys) and step in node.entries:
            line, node = node.lines[str(step)], node.entries[str(step)]
        elif isinstance(node, Items) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
            line = node.line
        else:
            break
    return line


class _Loader(yaml.SafeLoader):
    """Composes nodes and refuses what a hand-written file has no use for."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if why := self._refused(event):
            raise yaml.MarkedYAMLError(problem=why, problem_mark=event.start_mark)
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1

    def _refused(self, event: yaml.Event) -> str | None:
        if isinstance(event, yaml.AliasEvent):
            return "aliases (*name) are not used here"
        if getattr(event, "tag", None) is not None:
            return "tags (!name) are not used here"
        return "values are nested too deeply" if self.depth >= MAX_DEPTH else None


_ADVICE = (
    ("\\t", "Indent with spaces, not tabs."),
    ("mapping values are not allowed", "Put a text with a colon in it in quotes: 'like: this'."),
    ("could not find expected ':'", "Write key: value, and put a text over several lines in quotes."),
    ("expected <block end>", "Check the indentation, and put a text that begins with a quotation mark in quotes."),
    ("aliases", "Write the value out; put a text that begins with * or & in quotes."),
    ("undefined alias", "Put a text that begins with * in quotes."),
    ("tags", "Put a text that begins with ! in quotes."),
    ("cannot start any token", "Put a text that begins with a special character in quotes."),
    ("nested", "Flatten the file."),
    ("single document", "Remove the line ---."),
    ("found unexpected end of stream", "Close the quotation mark or bracket."),
)


def _explained(error: yaml.MarkedYAMLError) -> YamlError:
    problem = error.problem or "this is no YAML"
    mark = error.problem_mark or error.context_mark
    # A quotation that is never closed is found at the end of the file; where it opens helps more.
    if "unexpected end of stream" in problem and error.context_mark:
        mark = error.context_mark
    text = problem + (f" ({error.context})" if error.context else "")
    hint = next(
        (advice for sign, advice in _ADVICE if sign in problem), "Check the indentation and the quotation marks."
    )
    return YamlError(mark.line + 1 if mark else 1, f"not readable as YAML: {text}.", hint)


def _node(node: yaml.Node, duplicate: Callable[[str, int, int], None]) -> Node:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        return _keys(node, line, duplicate)
    if isinstance(node, yaml.SequenceNode):
        return Items(tuple(_node(item, duplicate) for item in node.value), line)
    return Text(str(node.value), line)


def _keys(node: yaml.MappingNode, line: int, duplicate: Callable[[str, int, int], None]) -> Keys:
    entries: dict[str, Node] = {}
    lines: dict[str, int] = {}
    for key_node, value_node in node.value:
        at = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise YamlError(at, "a key is a list or a mapping.", "Write a word before the colon.")
        key = str(key_node.value)
        if key in entries:
            duplicate(key, at, lines[key])
            continue
        entries[key] = _node(value_node, duplicate)
        lines[key] = at
    return Keys(entries, lines, line)
