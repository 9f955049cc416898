"""Read a query just enough to know its form and data set, and to refuse what reaches outside.

The tokens are those of SPARQL 1.1 §19.8, so the word SERVICE in a string, an IRI or a comment is
not taken for the keyword. pyoxigraph's grammar needs no space between tokens and can read ``<`` as an
operator where the longest token is an IRI; both readings are looked at. Behind this, workers cannot
open any file or connection (:mod:`kg.engine.worker`): the guard is there to say so in words.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from urllib.parse import urljoin

from kg.engine.answer import Kind
from kg.model import QueryForbidden, QuerySyntaxError

_IRI = r"""<(?:[^<>"{}|^`\\\x00-\x20]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*+>"""
_TOKEN = re.compile(
    rf"""
    (?P<space>[ \t\r\n]++|\#[^\r\n]*+)
  | (?P<iri>{_IRI})
  | (?P<string>
        \"\"\"(?:\"{{0,2}}(?:[^"\\]|\\.))*+\"\"\"
      | '''(?:'{{0,2}}(?:[^'\\]|\\.))*+'''
      | "(?:[^"\\\r\n]|\\.)*+"
      | '(?:[^'\\\r\n]|\\.)*+')
  | (?P<var>[?$]\w[\w\u00B7]*+)
  | (?P<pname>(?:[^\W\d_][\w.\-\u00B7]*+)?:(?:[\w:.\-\u00B7]|%[0-9A-Fa-f]{{2}}|\\[_~.\-!$&'()*+,;=/?\#@%])*+)
  | (?P<lang>@[A-Za-z][A-Za-z0-9\-]*+)
  | (?P<number>\d++(?:\.\d*+)?(?:[eE][+-]?\d++)?)
  | (?P<word>[^\W\d]\w*+)
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_PROLOGUE = re.compile(
    rf"""
    (?: [ \t\r\n]++ | \#[^\r\n]*+
      | PREFIX[ \t\r\n]++(?:[^\W\d_][\w.\-]*+)?:[ \t\r\n]*+{_IRI}
      | BASE[ \t\r\n]*+{_IRI} )*+
    """,
    re.VERBOSE | re.IGNORECASE,
)
_SERVICE = re.compile(r"(?:TRUE|FALSE)?SERVICE(?:SILENT)?(?P<glued>.*)", re.IGNORECASE | re.DOTALL)
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")

_KINDS: Mapping[str, Kind] = {"SELECT": "solutions", "ASK": "boolean", "CONSTRUCT": "graph", "DESCRIBE": "graph"}
_CHANCE = {"NOW", "RAND", "UUID", "STRUUID", "BNODE"}
_UPDATES = {"INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY", "WITH"}


@dataclass(frozen=True)
class Token:
    """A token of SPARQL with its place; *kind* is the name of its group in the pattern."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        """Return the keyword in capitals; the empty string for what is no bare word."""
        return self.text.upper() if self.kind == "word" else ""


@dataclass(frozen=True)
class GuardedQuery:
    """A query that reaches nothing outside: *text* has its FROM clauses blanked, in place, into the two lists.

    *kind* is ``None`` where no query form was found: then the engine's parser tells where it fails.
    """

    text: str
    kind: Kind | None
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()


def guard(text: str, base: str | None = None) -> GuardedQuery:
    """Read *text*; *base* resolves relative names of graphs.

    Raises :class:`QueryForbidden` for an update, SERVICE or a file in FROM.
    """
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise QuerySyntaxError("The query holds characters that are no Unicode text.")
    kind = kind_of(text)
    folded = text.casefold()
    if "service" in folded and _calls_service(text):
        raise QueryForbidden("SERVICE is not allowed here: this service answers from its own data only.")
    if "from" not in folded:
        return GuardedQuery(text, kind)
    return _without_dataset(text, kind, base)


def tokens(text: str, start: int = 0) -> Iterator[Token]:
    """Read *text* from *start* on, always taking the longest token; white space and comments are left out."""
    for match in _TOKEN.finditer(text, start):
        if match.lastgroup != "space":
            yield Token(str(match.lastgroup), match[0], match.start(), match.end())


def kind_of(text: str) -> Kind | None:
    """Tell what kind of answer a query gives: ``None`` for a text without a query form.

    Raises :class:`QueryForbidden` for an update.
    """
    declared = _PROLOGUE.match(text)
    for token in tokens(text, declared.end() if declared else 0):
        if token.word in _KINDS:
            return _KINDS[token.word]
        if token.word in _UPDATES:
            raise QueryForbidden("Updates are not allowed here: this service is read-only.")
        if token.text == "{":
            return None
    return None


def is_repeatable(text: str) -> bool:
    """Tell whether the same data gives the same answer each time: no clock, no chance, no new blank nodes."""
    folded = text.casefold()
    if not any(each in folded for each in ("now", "rand", "uuid", "bnode", "construct")):
        return True
    made = ("_:", "[") if kind_of(text) == "graph" else ()
    return not any(mark in text for mark in made) and not any(token.word in _CHANCE for token in tokens(text))


def _calls_service(text: str) -> bool:
    """Follow the longest-token reading, and from every IRI the one in which its ``<`` is an operator."""
    seen: set[int] = set()
    starts = [0]
    while starts:
        start = starts.pop()
        before = ""
        for token in tokens(text, start):
            if token.start in seen:
                break
            seen.add(token.start)
            if token.kind == "iri":
                starts.append(token.start + 1)
            elif _is_service(text, token, before, sure=start == 0):
                return True
            before = token.word
    return False


def _is_service(text: str, token: Token, before: str, sure: bool) -> bool:
    found = _SERVICE.fullmatch(token.text) if token.kind in ("word", "pname") else None
    if not found:
        return False
    following = [other for other in islice(tokens(text, token.end), 3) if other.word != "SILENT"]
    opens = [other.text for other in following].index("{") if "{" in [other.text for other in following] else None
    if found["glued"]:  # SERVICEx:y { … }, which is a prefixed name everywhere else
        return token.kind == "pname" and opens == 0 and before not in ("GRAPH", "FROM", "NAMED")
    return sure or (opens == 1 and following[0].kind in ("var", "iri", "pname"))


def _without_dataset(text: str, kind: Kind | None, base: str | None) -> GuardedQuery:
    names = _Names(base)
    read = list(tokens(text))
    graphs: dict[str, list[str]] = {"FROM": [], "NAMED": []}
    blanks: list[tuple[int, int]] = []
    for place, token in enumerate(read):
        names.notice(read, place)
        if token.word != "FROM":
            continue
        named = place + 1 < len(read) and read[place + 1].word == "NAMED"
        last = place + 1 + named
        if last < len(read) and (graph := names.resolve(read[last])):
            refuse_file(graph)
            graphs["NAMED" if named else "FROM"].append(graph)
            blanks.append((token.start, read[last].end))
    return GuardedQuery(_blanked(text, blanks), kind, tuple(graphs["FROM"]), tuple(graphs["NAMED"]))


class _Names:
    """The prologue as far as it was read: what a prefixed name or a relative IRI stands for."""

    def __init__(self, base: str | None) -> None:
        self._base = base or ""
        self._prefixes: dict[str, str] = {}

    def notice(self, read: list[Token], place: int) -> None:
        """Take in the declaration that begins at *place*, if one does."""
        word = read[place].word
        if word == "BASE" and place + 1 < len(read) and read[place + 1].kind == "iri":
            self._base = self._iri(read[place + 1])
        if word == "PREFIX" and place + 2 < len(read) and read[place + 2].kind == "iri":
            self._prefixes[read[place + 1].text.removesuffix(":")] = self._iri(read[place + 2])

    def resolve(self, token: Token) -> str | None:
        """Return the IRI that *token* names; ``None`` where it names none (the parser will complain)."""
        if token.kind == "iri":
            return self._iri(token)
        prefix, colon, local = token.text.partition(":")
        if token.kind != "pname" or not colon or prefix not in self._prefixes:
            return None
        return self._prefixes[prefix] + re.sub(r"\\(.)", r"\1", local)

    def _iri(self, token: Token) -> str:
        iri = _ESCAPE.sub(lambda match: _character(match[1] or match[2]), token.text[1:-1])
        return iri if _ABSOLUTE.match(iri) else urljoin(self._base, iri)


def _character(digits: str) -> str:
    code = int(digits, 16)
    return chr(code) if code <= sys.maxunicode else "\ufffd"


def refuse_file(graph: str) -> None:
    """Raise :class:`QueryForbidden` where a graph is named by the address of a file."""
    if graph.lower().startswith("file:"):
        raise QueryForbidden("Files are not allowed in FROM: name a graph of this data set.")


def _blanked(text: str, stretches: list[tuple[int, int]]) -> str:
    """Put spaces over *stretches* and keep line breaks, so that an error is still where it was."""
    kept, done = [], 0
    for start, end in stretches:
        kept += [text[done:start], re.sub(r"[^\r\n]", " ", text[start:end])]
        done = end
    return "".join([*kept, text[done:]])
