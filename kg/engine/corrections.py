"""Where pyoxigraph reads a query differently from the recommendation, and it can be put right before it runs.

It knows ``true`` and ``false`` in small letters only and keeps a language on what GROUP_CONCAT joined
(SPARQL 1.1 §18.5.1.7: a simple literal). It takes an aggregate inside an aggregate, and a literal as the
subject of a triple term.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from kg.engine.guard import Token, tokens
from kg.model import QuerySyntaxError

_AGGREGATES = ("count", "sum", "min", "max", "avg", "sample", "group_concat")
_BOOLEANS = ("TRUE", "FALSE")
_TRIPLE_TERM = "<<("


def corrected(text: str) -> str:
    """Return *text* as pyoxigraph must get it to do what the recommendation says.

    Raises :class:`QuerySyntaxError` for what pyoxigraph takes although it is no SPARQL.
    """
    folded = text.casefold()
    aggregates = sum(folded.count(name) for name in _AGGREGATES)
    if aggregates < 2 and not any(word in folded for word in ("true", "false", "group_concat", _TRIPLE_TERM)):
        return text
    read = list(tokens(text))
    if _TRIPLE_TERM in text:
        _refuse_literals(text, read)
    changes = {token.start: token.text.lower() for token in read if token.word in _BOOLEANS}
    for name, end in _aggregates(text, read):
        if name.word == "GROUP_CONCAT":
            changes |= {name.start: f"STR({name.text}", end.start: "))"}
    return _changed(text, read, changes)


def _refuse_literals(text: str, read: Sequence[Token]) -> None:
    for place, token in enumerate(read):
        if not text.startswith(_TRIPLE_TERM, token.start) or token.kind != "other":
            continue
        subject = next(iter(read[place + 3 : place + 4]), None)
        if subject and (subject.kind in ("string", "number") or subject.word in _BOOLEANS):
            raise _fault(text, subject, "A literal cannot be the subject of a triple.")


def _aggregates(text: str, read: Sequence[Token]) -> Iterator[tuple[Token, Token]]:
    """Give each aggregate and the bracket that closes it. Raises where one stands inside another's brackets."""
    opened: list[Token] = []  # the brackets around, those of an aggregate by its name
    for before, token in pairwise(read):
        if token.text == "(" and before.word.casefold() in _AGGREGATES:
            if any(each.kind == "word" for each in _inside(opened)):
                raise _fault(text, before, "An aggregate cannot stand inside another.")
            opened.append(before)
        elif token.text in ("(", "{"):
            opened.append(token)
        elif token.text in (")", "}") and opened and (name := opened.pop()).kind == "word":
            yield name, token


def _inside(opened: Sequence[Token]) -> Iterator[Token]:
    for each in reversed(opened):
        if each.text == "{":
            return
        yield each


def _changed(text: str, read: Sequence[Token], changes: dict[int, str]) -> str:
    parts, done = [], 0
    for token in read:
        if token.start in changes:
            parts += [text[done : token.start], changes[token.start]]
            done = token.end
    return "".join([*parts, text[done:]])


def _fault(text: str, token: Token, wording: str) -> QuerySyntaxError:
    before = text[: token.start]
    line_start = before.rfind("\n") + 1
    return QuerySyntaxError(wording, before.count("\n") + 1, token.start - line_start + 1)
