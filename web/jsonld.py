"""JSON-LD with its context: what an engine writes out in full, made short, and made safe to stand inside a page."""

import codecs
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import IO, Any, cast

from markupsafe import Markup
from rdflib import RDF, Graph

from kg.engine import Result
from kg.serialising import context
from kg.terms import Terms

RDF_TYPE = str(RDF.type)
MEDIA_TYPE = "application/ld+json"
CHUNK = 64 * 1024
IN_MEMORY = 1024 * 1024  # bytes of an answer; what is larger waits on disk
DELIMITERS = ":/?#[]@"  # a prefix must end with one of these (JSON-LD 1.1, 4.1.5)
UNSAFE = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}

Node = dict[str, Any]


@dataclass(frozen=True)
class Context:
    """Prefixes and terms by which JSON-LD is made short; *namespaces* holds the longest first."""

    entries: Mapping[str, Any]
    namespaces: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, ontology: Graph, terms: Terms) -> "Context":
        """Make the context that goes with *ontology*; of an empty one only prefixes and texts by language."""
        entries = context(ontology, terms)
        prefixes = {name: iri for name, iri in terms.prefixes.items() if iri.endswith(tuple(DELIMITERS))}
        return cls(entries, tuple(sorted(prefixes.items(), key=lambda pair: -len(pair[1]))))

    def compacted(self, result: Result) -> Result:
        """Return *result*, which is expanded JSON-LD, with a context of what it uses.

        A remote service may write its own context: then it stays as it is.
        """
        if result.body.read(1) != b"[":
            result.body.seek(0)
            return result
        shortened, short = _spool(), _Shortened(self)
        with result.body as body:
            for place, node in enumerate(_nodes(iter(lambda: body.read(CHUNK), b""))):
                shortened.write((",\n" if place else "\n").encode() + _json(short.node(node)).encode())
        whole = _spool()
        whole.write(f'{{"@context": {_json(short.used())},\n"@graph": ['.encode())
        shortened.seek(0)
        with shortened:
            whole.writelines(iter(lambda: shortened.read(CHUNK), b""))
        whole.write(b"\n]}\n")
        length = whole.tell()
        whole.seek(0)
        return replace(result, body=whole, length=length)


def embedded(result: Result) -> Markup:
    """Return the JSON-LD of *result* as it may stand in a ``script`` element."""
    return script(b"".join(result.chunks).decode())


def script(told: str) -> Markup:
    """Return JSON as it may stand in a ``script`` element: no text in it can end the element."""
    return Markup(told.translate(UNSAFE))  # noqa: S704 - no sign of HTML is left in it


def _spool() -> IO[bytes]:
    return cast(IO[bytes], tempfile.SpooledTemporaryFile(IN_MEMORY))  # the server closes it


def _json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False)


def _nodes(pieces: Iterable[bytes]) -> Iterator[Node]:
    """Read the node objects of an array, whose bracket is read already, one by one."""
    decode, decoder, waiting = codecs.getincrementaldecoder("utf-8")().decode, json.JSONDecoder(), ""
    for piece in pieces:
        waiting = (waiting + decode(piece)).lstrip(", \n\r\t")
        while waiting.startswith("{"):
            try:
                node, end = decoder.raw_decode(waiting)
            except json.JSONDecodeError:  # the rest of it is still to come
                break
            yield node
            waiting = waiting[end:].lstrip(", \n\r\t")


@dataclass
class _Shortened:
    """Makes nodes short and remembers what of the context that took."""

    context: Context
    names: set[str] = field(default_factory=set)

    def used(self) -> Mapping[str, Any]:
        """Return the part of the context that was needed."""
        entries = {name: self._entry(name) for name in self.names}
        kinds = {entry.get("@type", "").partition(":")[0] for entry in entries.values() if isinstance(entry, dict)}
        return {name: entry for name, entry in self.context.entries.items() if name in self.names | kinds}

    def node(self, node: Node) -> Node:
        """Write a node with short names."""
        short = {self._key(key): self._values(key, value) for key, value in node.items() if key != RDF_TYPE}
        if RDF_TYPE in node:
            short["@type"] = [self._name(each["@id"]) for each in node[RDF_TYPE]]
        return short

    def _key(self, key: str) -> str:
        return key if key.startswith("@") else self._name(key)

    def _entry(self, name: str) -> Any:
        return self.context.entries.get(name)

    def _name(self, iri: str) -> str:
        for prefix, namespace in self.context.namespaces:
            local = iri[len(namespace) :]
            if iri.startswith(namespace) and local and not local.startswith("//"):
                name = f"{prefix}:{local}"
                self.names |= {prefix, name}
                return name
        return iri

    def _values(self, key: str, value: Any) -> Any:
        if key == "@id":
            return self._name(value)
        if key == "@type":
            return [self._name(each) for each in value]
        entry = self._entry(self._name(key)) or {}
        if entry.get("@container") == "@language":
            return _by_language(value) or [self._object(each) for each in value]
        if short := self._coerced(value, entry.get("@type")):
            return short if len(short) > 1 else short[0]
        return [self._object(each) for each in value]

    def _coerced(self, values: list[Node], kind: str | None) -> list[str] | None:
        """Return plain strings where the context says what they are."""
        if kind == "@id":
            return (
                [self._name(each["@id"]) for each in values] if all(set(each) == {"@id"} for each in values) else None
            )
        if kind and all(self._is_of(each, kind) for each in values):
            return [each["@value"] for each in values]
        return None

    def _is_of(self, value: Node, kind: str) -> bool:
        return isinstance(value.get("@value"), str) and self._name(value.get("@type", "")) == kind

    def _object(self, value: Node) -> Node:
        return {key: self._name(each) if key in ("@id", "@type") else each for key, each in value.items()}


def _by_language(values: list[Node]) -> dict[str, Any] | None:
    """Return language → text; ``None`` where some text has no language, or a base direction."""
    if any(set(each) != {"@value", "@language"} for each in values):
        return None
    found: dict[str, list[str]] = {}
    for each in values:
        found.setdefault(each["@language"], []).append(each["@value"])
    return {language: texts if len(texts) > 1 else texts[0] for language, texts in found.items()}
