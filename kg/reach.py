"""What a shape looks at from the node it judges: after a change only nodes that see the change are judged again."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from rdflib import RDF, BNode, Graph, URIRef, Variable
from rdflib.namespace import SH
from rdflib.paths import AlternativePath, InvPath, MulPath, Path, SequencePath
from rdflib.plugins.sparql.algebra import translateGroupGraphPattern
from rdflib.plugins.sparql.parserutils import CompValue
from rdflib.plugins.sparql.sparql import Query
from rdflib.term import Node

from kg.engine import CHANGED
from kg.model import InputError

THIS = Variable("this")
TARGETS = (SH.targetClass, SH.targetNode, SH.targetSubjectsOf, SH.targetObjectsOf)
NESTED = (SH.property, SH.node, SH["not"], SH.qualifiedValueShape)
LISTS = (SH["and"], SH["or"], SH.xone)
COMPARED = (SH.equals, SH.disjoint, SH.lessThan, SH.lessThanOrEquals)
OF_THE_VALUE = {
    *(SH.path, SH.datatype, SH.nodeKind, SH.minCount, SH.maxCount, SH.minLength, SH.maxLength, SH.minInclusive),
    *(SH.maxInclusive, SH.minExclusive, SH.maxExclusive, SH.pattern, SH.flags, SH.languageIn, SH.uniqueLang),
    *(SH["in"], SH.hasValue, SH.qualifiedMinCount, SH.qualifiedMaxCount, SH.ignoredProperties),
    *(SH.name, SH.message, SH.severity, SH.description, SH.order, SH.group, SH.defaultValue, RDF.type, *TARGETS),
}
PLAIN = ("Project", "Distinct", "Reduced", "OrderBy")

Pattern = tuple[Any, Any, Any]
Branch = tuple[Pattern, ...]
INNER = "_inner"


class _Everywhere(Exception):
    """The shape may look anywhere."""


@dataclass(frozen=True)
class Reach:
    """What one shape with targets looks at.

    *queries* find, as ``?this``, each node that may be judged otherwise, where the graph ``CHANGED`` has the
    triples that came or went and the default graph all from before and after. There are none where the
    shape is *everywhere*: it may look anywhere and judges all its nodes again after any change.
    *screen* is its only constraint, a query whose ``?this`` are the nodes that break it, where asking once
    for all nodes finds the same as asking for each.
    """

    queries: tuple[str, ...] = ()
    everywhere: bool = False
    screen: str | None = None


def reach_of(shapes: Graph, root: Node, prepared: Any) -> Reach:
    """Work out how far the shape *root* of *shapes* looks; *prepared* parses a query."""
    try:
        queries = [prepared(text) for text in _Walk(shapes).shape(root)]
        selects = [prepared(text) for text in constraint_queries(shapes, root)]
        branches = [branch for query in (*queries, *selects) for branch in _looks(query)]
    except _Everywhere:
        return Reach(everywhere=True)
    found = tuple(_widest(look for branch in branches for look in _after_change(branch)))
    only = not any(predicate not in (OF_THE_VALUE | {SH.sparql}) for predicate in shapes.predicates(root))
    alone = len(selects) == 1 and only and (root, SH.path, None) not in shapes
    screened = alone and _binds(_body(selects[0].algebra))
    return Reach(found, screen=constraint_queries(shapes, root)[0] if screened else None)


def constraint_queries(shapes: Graph, shape: Node) -> list[str]:
    """Return the ``SELECT`` queries of *shape* with their prefixes."""
    constraints = sorted(shapes.objects(shape, SH.sparql), key=str)
    if any((constraint, SH.ask, None) in shapes for constraint in constraints):
        raise _Everywhere
    return [_prologue(shapes, each) + str(shapes.value(each, SH.select)) for each in constraints]


def _prologue(shapes: Graph, constraint: Node) -> str:
    declared = {
        (str(shapes.value(declaration, SH.prefix)), str(shapes.value(declaration, SH.namespace)))
        for prefixes in shapes.objects(constraint, SH.prefixes)
        for declaration in shapes.objects(prefixes, SH.declare)
    }
    return "".join(f"PREFIX {prefix}: <{namespace}>\n" for prefix, namespace in sorted(declared))


# --- shapes of SHACL core as queries -----------------------------------------------------------


class _Walk:
    """Walks through a shape and gives a query for every way on which it looks at a triple."""

    def __init__(self, shapes: Graph) -> None:
        self.shapes, self.number = shapes, count()

    def shape(self, root: Node) -> Iterator[str]:
        if (None, RDF.type, SH.ConstraintComponent) in self.shapes:
            raise _Everywhere
        for kind in self.shapes.objects(root, SH.targetClass):
            yield f"SELECT ?this {{ ?this {RDF.type.n3()} {_written(kind)} }}"
        for key in self.shapes.objects(root, SH.targetSubjectsOf):
            yield f"SELECT ?this {{ ?this {_written(key)} ?o }}"
        for key in self.shapes.objects(root, SH.targetObjectsOf):
            yield f"SELECT ?this {{ ?s {_written(key)} ?this }}"
        yield from (f"SELECT ?this {{ {way} }}" for way in self._ways(root, "", "?this", ()))

    def _ways(self, shape: Node, way: str, node: str, above: Sequence[Node]) -> Iterator[str]:
        deep = (above or (shape, SH.path, None) in self.shapes) and (shape, SH.property, None) in self.shapes
        if shape in above or deep:
            raise _Everywhere  # it comes back to itself, or reports nodes that are not those of the root
        values, to_values = node, way
        if (path := self.shapes.value(shape, SH.path)) is not None:
            values = self._fresh()
            to_values = f"{way} {node} {path_text(self.shapes, path)} {values} ."
            yield to_values
        for key, value in self.shapes.predicate_objects(shape):
            if key == SH["class"]:
                yield f"{to_values} {values} {RDF.type.n3()} {self._fresh()} ."
            elif key == SH.closed:
                yield f"{to_values} {values} {self._fresh()} {self._fresh()} ."
            elif key in COMPARED:
                yield f"{way} {node} {_written(value)} {self._fresh()} ."
            elif key in NESTED or key in LISTS:
                for nested in self.shapes.items(value) if key in LISTS else (value,):
                    yield from self._ways(nested, to_values, values, (*above, shape))
            elif not (_looks_no_further(key) or (key == SH.sparql and not (above or path))):
                raise _Everywhere

    def _fresh(self) -> str:
        return f"?v{next(self.number)}"


def _looks_no_further(key: Node) -> bool:
    return key in OF_THE_VALUE or not str(key).startswith(str(SH))


def path_text(graph: Graph, path: Node) -> str:
    """Write a SHACL path as a SPARQL path. Raise :class:`InputError` for what is none."""
    if isinstance(path, URIRef):
        return path.n3()
    if (path, RDF.first, None) in graph:
        return "/".join(path_text(graph, step) for step in graph.items(path))
    if (choices := graph.value(path, SH.alternativePath)) is not None:
        return f"({'|'.join(path_text(graph, choice) for choice in graph.items(choices))})"
    if (forward := graph.value(path, SH.inversePath)) is not None:
        return f"^{path_text(graph, forward)}"
    for key, sign in ((SH.zeroOrMorePath, "*"), (SH.oneOrMorePath, "+"), (SH.zeroOrOnePath, "?")):
        if (repeated := graph.value(path, key)) is not None:
            return f"({path_text(graph, repeated)}){sign}"
    raise InputError("A shape has a path that is none.")


# --- queries -----------------------------------------------------------------------------------


def _body(select: CompValue) -> CompValue:
    """Return the pattern of a whole or an inner ``SELECT``."""
    return _shown_and_body(select)[1]


def _shown_and_body(select: CompValue) -> tuple[Sequence[Variable], CompValue]:
    part, shown = select.p, ()
    while part.name in PLAIN:
        part, shown = part.p, part.get("PV") or shown
    return shown, part


def _looks(query: Query) -> list[Branch]:
    """Give the triple patterns of *query* that must hold together, branch by branch, (NOT) EXISTS among them."""
    branches = _branches(_body(query.algebra))
    if not all(any(THIS in pattern for pattern in branch) for branch in branches):
        raise _Everywhere
    return branches


def _branches(part: CompValue) -> list[Branch]:
    """Give the branches of *part*; an option or a filter gives branches more and takes none away."""
    if part.name == "BGP":
        return [tuple(part.triples)]
    if part.name == "Union":
        return _branches(part.p1) + _branches(part.p2)
    if part.name in ("Join", "LeftJoin"):
        first, second = _branches(part.p1), _branches(part.p2)
        if _inner_names(first) & _inner_names(second):
            raise _Everywhere  # two inner SELECTs hide things under one name
        both = [one + other for one in first for other in second]
        return both if part.name == "Join" else first + both + _judging(both, part.expr)
    if part.name in ("Filter", "Extend"):
        inner = _branches(part.p)
        return inner + _judging(inner, part.expr)
    if part.name == "ToMultiSet":
        shown, body = _shown_and_body(part)
        return [tuple(_hidden(pattern, shown) for pattern in branch) for branch in _branches(body)]
    raise _Everywhere


def _judging(branches: Sequence[Branch], expression: Any) -> list[Branch]:
    """Give what *expression* looks at beside each of *branches*."""
    seen = [branch for pattern in _exists(expression) for branch in _branches(pattern)]
    return [one + other for one in branches for other in seen]


def _inner_names(branches: Iterable[Branch]) -> set[Variable]:
    terms = (term for branch in branches for pattern in branch for term in pattern)
    return {term for term in terms if isinstance(term, Variable) and term.endswith(INNER)}


def _hidden(pattern: Pattern, shown: Collection[Variable]) -> Pattern:
    """Rename what an inner ``SELECT`` does not show, which is nothing that bears the same name outside."""
    subject, path, value = (
        Variable(f"{term}{INNER}") if isinstance(term, Variable) and term not in shown else term for term in pattern
    )
    return subject, path, value


def _exists(expression: Any) -> Iterator[CompValue]:
    """Give the patterns of all (NOT) EXISTS in *expression*."""
    if isinstance(expression, CompValue) and expression.name in ("Builtin_EXISTS", "Builtin_NOTEXISTS"):
        pattern = expression.graph
        yield translateGroupGraphPattern(pattern) if pattern.name == "GroupGraphPatternSub" else pattern
    elif isinstance(expression, CompValue):
        for value in expression.values():
            yield from _exists(value)
    elif isinstance(expression, list):
        for value in expression:
            yield from _exists(value)


def _binds(part: CompValue) -> bool:
    """Say whether ``?this`` is bound wherever *part* uses it, so that it need not be given beforehand."""
    if part.name == "BGP":
        return any(THIS in pattern for pattern in part.triples)
    if part.name == "Union":
        return _binds(part.p1) and _binds(part.p2)
    if part.name == "Join":
        sides = (part.p1, part.p2)
        return any(map(_binds, sides)) and all(_binds(side) or not _names_this(side) for side in sides)
    if part.name == "ToMultiSet":
        shown, body = _shown_and_body(part)
        return THIS in shown and _binds(body)
    return part.name in ("Filter", "Extend") and part.get("var") != THIS and _binds(part.p)


def _names_this(part: Any) -> bool:
    if isinstance(part, CompValue):
        return any(map(_names_this, part.values()))
    if isinstance(part, list | tuple | set):
        return any(map(_names_this, part))
    return bool(part == THIS)


def _after_change(branch: Branch) -> Iterator[tuple[str, frozenset[str]]]:
    """Give what finds a branch of which one triple changed: that one, and the others."""
    for at, pattern in enumerate(branch):
        others = frozenset(_triple(other) for number, other in enumerate(branch) if number != at)
        for changed in _changed(*pattern, str(at)):
            yield changed, others


def _widest(looks: Iterable[tuple[str, frozenset[str]]]) -> Iterator[str]:
    """Write as queries what finds more than any other that begins with the same change."""
    kept: dict[str, list[frozenset[str]]] = {}
    for changed, others in sorted(looks, key=lambda look: len(look[1])):
        if not any(fewer <= others for fewer in kept.setdefault(changed, [])):
            kept[changed].append(others)
            yield f"SELECT DISTINCT ?this WHERE {{ {changed} {' '.join(f'{each} .' for each in sorted(others))} }}"


def _changed(subject: Any, path: Any, value: Any, tag: str) -> Iterator[str]:
    """Write the ways in which one triple on the *path* from *subject* to *value* has changed."""
    middle, end = Variable(f"m{tag}"), Variable(f"n{tag}")
    if not isinstance(path, Path):
        yield f"GRAPH <{CHANGED}> {{ {_triple((subject, path, value))} }}"
    elif isinstance(path, InvPath):
        yield from _changed(value, path.arg, subject, tag)
    elif isinstance(path, AlternativePath):
        for number, choice in enumerate(path.args):
            yield from _changed(subject, choice, value, f"{tag}_{number}")
    elif isinstance(path, SequencePath):
        for number, step in enumerate(path.args):
            before = "/".join(_step(each) for each in path.args[:number])
            for way in _changed(middle if before else subject, step, end, f"{tag}_{number}"):
                yield f"{_term(subject)} {before} {_term(middle)} . {way}" if before else way
    elif isinstance(path, MulPath):
        for way in _changed(middle, path.path, end, f"{tag}_"):
            yield f"{_term(subject)} {_step(path.path)}* {_term(middle)} . {way}"
    else:
        raise _Everywhere


def _triple(pattern: Pattern) -> str:
    subject, path, value = pattern
    return f"{_term(subject)} {_step(path)} {_term(value)}"


def _step(path: Any) -> str:
    return f"({path.n3()})" if isinstance(path, Path) else _term(path)


def _term(term: Any) -> str:
    return f"?b{term}" if isinstance(term, BNode) else str(term.n3())


def _written(node: Node) -> str:
    if not isinstance(node, URIRef):
        raise _Everywhere
    return node.n3()
