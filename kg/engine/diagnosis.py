"""Say in words, with a line and a column, why a text is not SPARQL.

pyoxigraph's parser reports the farthest place it reached, which is often behind the fault. Four faults
that people make most are found here first: an unknown word, an undeclared prefix, a bracket without
its partner, a string without an end.
"""

import re
from collections.abc import Sequence

from kg.engine.guard import Token, tokens
from kg.model import QuerySyntaxError
from kg.terms import nearest

SHOWN = 30  # characters of a query that an error repeats
_PLACE = re.compile(r"error at (\d+):(\d+): expected (?:one of )?(.*)", re.DOTALL)
_SENTENCE = re.compile(r"(?:^|, )([A-Z][\w*]*(?: [\w*]+){2,})(?=,|$)")
_PARTNER = {")": "(", "]": "[", "}": "{"}
_KEYWORDS = """
A ABS ADJUST AS ASC ASK AVG BASE BIND BNODE BOUND BY CEIL COALESCE CONCAT CONSTRUCT CONTAINS COUNT DATATYPE DAY DESC
DESCRIBE DISTINCT ENCODE_FOR_URI EXISTS FALSE FILTER FLOOR FROM GRAPH GROUP GROUP_CONCAT HASLANG HASLANGDIR HAVING
HOURS IF IN IRI ISBLANK ISIRI ISLITERAL ISNUMERIC ISTRIPLE ISURI LANG LANGDIR LANGMATCHES LATERAL LCASE LIMIT MAX
MD5 MIN MINUS MINUTES MONTH NAMED NOT NOW OBJECT OFFSET OPTIONAL ORDER PREDICATE PREFIX RAND REDUCED REGEX REPLACE
ROUND SAMETERM SAMPLE SECONDS SELECT SEPARATOR SERVICE SHA1 SHA256 SHA384 SHA512 SILENT STR STRAFTER STRBEFORE STRDT
STRENDS STRLANG STRLANGDIR STRLEN STRSTARTS STRUUID SUBJECT SUBSTR SUM TIMEZONE TRIPLE TRUE TZ UCASE UNDEF UNION URI
UUID VALUES VERSION WHERE YEAR
"""
_WORDS = frozenset(_KEYWORDS.split())


def syntax_error(parser_message: str, text: str) -> QuerySyntaxError:
    """Turn what pyoxigraph's parser says about *text* into words with a line and a column."""
    if fault := _fault(text):
        offset, wording, values = fault
        before = text[:offset].splitlines(keepends=True) or [""]
        here = before if before[-1] == before[-1].rstrip("\r\n") else [*before, ""]
        return QuerySyntaxError(wording, len(here), len(here[-1]) + 1, **values)
    found = _PLACE.match(parser_message)
    if not found:
        return QuerySyntaxError(parser_message)
    line, column = int(found[1]), int(found[2])
    if sentence := _SENTENCE.search(found[3]):
        words = "This IRI is not valid, or is relative and has no BASE" if "IRI" in sentence[1] else sentence[1]
        return QuerySyntaxError(f"{words}.", line, column)
    rest = "".join(text.splitlines()[line - 1 : line])[column - 1 :].strip()
    if not rest:
        return QuerySyntaxError("This is not SPARQL 1.1, at the end of the line.", line, column)
    return QuerySyntaxError("This is not SPARQL 1.1, near %(text)s.", line, column, text=repr(rest[:SHOWN]))


def _fault(text: str) -> tuple[int, str, dict[str, str]] | None:
    """Return the place of the first of the four faults, and what it is: a wording and its values."""
    prefixes: set[str] = set()
    opened: list[Token] = []
    before = ""
    for token in tokens(text):
        if before == "PREFIX":
            prefixes.add(token.text.removesuffix(":"))
        elif before != "_" and (wrong := _wrong(token, prefixes, opened)):
            return token.start, *wrong
        before = token.word
    return (opened[-1].start, "This %(bracket)s is never closed.", {"bracket": opened[-1].text}) if opened else None


def _wrong(token: Token, prefixes: set[str], opened: list[Token]) -> tuple[str, dict[str, str]] | None:
    if token.kind == "word" and token.word not in _WORDS | {"_"}:
        return _no_word(repr(token.text), nearest(token.text, _WORDS, 1))
    if token.kind == "pname" and (prefix := token.text.partition(":")[0]) not in prefixes:
        return "The prefix %(prefix)s: is not declared. Add PREFIX %(prefix)s: <…> at the top.", {"prefix": prefix}
    if token.text in ("'", '"'):
        return "This string is never closed.", {}
    if token.text in _PARTNER.values():
        opened.append(token)
    elif token.text in _PARTNER and not (opened and opened.pop().text == _PARTNER[token.text]):
        return "This %(bracket)s closes nothing.", {"bracket": token.text}
    return None


def _no_word(word: str, near: Sequence[str]) -> tuple[str, dict[str, str]]:
    if near:
        return "%(word)s is no word of SPARQL. Did you mean %(near)s?", {"word": word, "near": near[0]}
    return "%(word)s is no word of SPARQL.", {"word": word}
