"""The rules by which one triple follows from others: read from ``ontology/rules``, and sure to come to an end."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.abc import Traversable

import yaml
from pyparsing import ParseException
from rdflib import OWL, BNode, Variable
from rdflib.plugins.sparql.algebra import translatePath, translatePName, translatePrologue, traverse
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.parserutils import CompValue
from rdflib.term import Node

from kg.model import InputError, Language
from kg.resources import resource

Pattern = tuple[Node, Node, Node]
Bindings = Mapping[Variable, Node]

SUFFIX = ".rq"


class RuleError(InputError):
    """A file of rules that cannot be used: the message has file, line and reason."""


@dataclass(frozen=True)
class Rule:
    """Where all of *body* holds, *head* holds. *words* tells it, with its variables as marks; *name* is OWL 2 RL's.

    A rule that makes something a member of ``owl:Nothing`` finds what cannot be; it has no words, its axioms tell it.
    """

    name: str
    head: Pattern
    body: tuple[Pattern, ...]
    words: Mapping[Language, str]


def bound(pattern: Pattern, triple: Pattern) -> Bindings | None:
    """Bind the variables of *pattern* so that it says *triple*; ``None`` where it cannot."""
    found: dict[Variable, Node] = {}
    for asked, given in zip(pattern, triple, strict=True):
        wanted = found.setdefault(asked, given) if isinstance(asked, Variable) else asked
        if wanted != given:
            return None
    return found


def filled(pattern: Pattern, bindings: Bindings) -> Pattern:
    """Put what is bound in the place of its variables."""
    subject, predicate, value = (bindings.get(each, each) if isinstance(each, Variable) else each for each in pattern)
    return subject, predicate, value


def load_rules(folder: Traversable | None = None) -> tuple[Rule, ...]:
    """Read every rule in *folder*, ``ontology/rules`` by default, in the order of their names.

    A rule is a CONSTRUCT query of one triple from plain triples. Such rules make no new things and take
    nothing back, so that there is an end to what follows from them; any other is refused. Raise
    :class:`RuleError`.
    """
    folder = folder or resource("ontology").joinpath("rules")
    told = folder.joinpath("words.yaml")
    words = yaml.safe_load(told.read_text(encoding="utf-8"))["rules"] if told.is_file() else {}
    files = sorted((each for each in folder.iterdir() if each.name.endswith(SUFFIX)), key=lambda each: each.name)
    return tuple(_rule(each.name, each.read_text(encoding="utf-8"), words) for each in files)


def _rule(file: str, text: str, words: Mapping[str, Mapping[Language, str]]) -> Rule:
    name = file.removesuffix(SUFFIX)
    head, body = _parsed(file, text)
    for reason, line in _faults(head, body, text):
        raise RuleError(f"{file}:{line}: {reason}")
    if name not in words and head[0][2] != OWL.Nothing:
        raise RuleError(f"{file}:1: words.yaml has no words for this rule. Say in nn, nb and en what it does.")
    return Rule(name, head[0], body, words.get(name, {}))


def _parsed(file: str, text: str) -> tuple[list[Pattern], tuple[Pattern, ...]]:
    """Return the patterns of both halves in the order in which they are written."""
    try:
        prologue, query = parseQuery(text)
        declared = translatePrologue(prologue, None)
        query = traverse(traverse(query, visitPost=partial(translatePName, prologue=declared)), visitPost=translatePath)
    except ParseException as error:
        raise RuleError(f"{file}:{error.lineno}: this is no SPARQL: {error.msg}, at “{error.line.strip()}”.") from error
    except Exception as error:  # rdflib raises a bare Exception for an undeclared prefix
        raise RuleError(f"{file}:{_line(text, str(error).rpartition(' : ')[2])}: {error}.") from error
    parts = query.where.part or ()
    rule = query.name == "ConstructQuery" and query.template and parts and not set(query) - {"template", "where"}
    if not rule or any(_name(part) != "TriplesBlock" for part in parts):
        raise RuleError(
            f"{file}:{_line(text, 'WHERE')}: a rule is CONSTRUCT {{ triple }} WHERE {{ triples }} and no more: what "
            "takes back, computes or chooses need not come to an end."
        )
    return _patterns([query.template], "new"), tuple(_patterns((part.triples for part in parts), "_"))


def _name(part: object) -> str | None:
    return part.name if isinstance(part, CompValue) else None


def _patterns(blocks: Iterable[Iterable[Iterable[Node]]], nameless: str) -> list[Pattern]:
    """Give flat lists of terms as triples; a nameless node is a variable whose name begins with *nameless*."""
    terms = [term for block in blocks for same_subject in block for term in same_subject]
    nodes = [term for term in dict.fromkeys(terms) if isinstance(term, BNode)]
    named: dict[Node, Node] = {node: Variable(f"{nameless}{number}") for number, node in enumerate(nodes, 1)}
    plain = [named.get(term, term) for term in terms]
    return list(zip(plain[::3], plain[1::3], plain[2::3], strict=True))


def _faults(head: list[Pattern], body: tuple[Pattern, ...], text: str) -> Iterator[tuple[str, int]]:
    if len(head) != 1:
        yield "a rule draws one triple; write a file for each.", _line(text, "CONSTRUCT")
    for pattern in (*head, *body):
        for term in pattern:
            if not isinstance(term, Node):
                yield "a path stands where a property should; write a rule for each step.", _line(text, "WHERE")
    known = {term for pattern in body for term in pattern}
    for new in (term for pattern in head for term in pattern if isinstance(term, Variable) and term not in known):
        told = f"?{new}" if f"?{new}" in text else "a nameless node"
        place = _line(text, f"?{new}" if f"?{new}" in text else "CONSTRUCT")
        yield f"{told} stands in the head only: each round would make new things, without end.", place
    if len(_islands(body)) > 1:
        yield "its conditions do not hang together, so everything would be tried with everything.", _line(text, "WHERE")


def _islands(body: tuple[Pattern, ...]) -> list[set[Variable]]:
    """Return the sets of variables that the patterns tie to one another."""
    islands: list[set[Variable]] = []
    for pattern in body:
        variables = {term for term in pattern if isinstance(term, Variable)}
        touched = [each for each in islands if each & variables]
        islands = [each for each in islands if not each & variables] + [variables.union(*touched)]
    return islands


def _line(text: str, word: str) -> int:
    """Return the line in which *word* stands first, comments left out, else the first."""
    lines = enumerate(text.split("\n"), 1)
    return next((number for number, line in lines if word and word in line.partition("#")[0]), 1)
