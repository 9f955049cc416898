"""SHACL shapes over data, and what they find in words of three languages; the one door to pySHACL."""

import json
import logging
import re
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import cache
from io import BytesIO
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from xml.sax import SAXParseException

from pyshacl import validate
from rdflib import RDF, RDFS, BNode, Dataset, Graph, Literal, URIRef
from rdflib.graph import _TripleType as Triple
from rdflib.namespace import DCTERMS, OWL, SH, SKOS
from rdflib.plugins.parsers.notation3 import BadSyntax
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.sparql import Query
from rdflib.query import Result
from rdflib.term import Node

from kg.engine import Lookup
from kg.model import LANGUAGES, Contradiction, Finding, InputError, Language, Reason, Saying, Severity
from kg.reach import OF_THE_VALUE, TARGETS, Reach, path_text, reach_of
from kg.resources import resource, text
from kg.terms import OWN_NAME, Terms, in_our_languages, nearest, turtle_graph, what_is_bad, words_by_tag

SEVERITIES: Mapping[Node, Severity] = {SH.Violation: "violation", SH.Warning: "warning", SH.Info: "info"}
RANK: Mapping[Severity, int] = {"violation": 0, "warning": 1, "info": 2}
FORMATS = {
    ".ttl": "turtle",
    ".nt": "nt",
    ".nq": "nquads",
    ".trig": "trig",
    ".rdf": "xml",
    ".owl": "xml",
    ".xml": "xml",
    ".jsonld": "json-ld",
}
PATHS_OF_ONE = (SH.inversePath, SH.zeroOrMorePath, SH.oneOrMorePath, SH.zeroOrOnePath)
SHAPE_KINDS = (SH.NodeShape, SH.PropertyShape)
ADVANCED = (SH.target, SH.rule, SH.expression)
PRIVACY = "privacy.ttl"
ON_CLOSURE = "-closure"
UNCHECKED = ("inferred", "helper")
SNIPPET = 60
ANONYMOUS = "[]"
BOUND = {"this": SH.focusNode, "value": SH.value, "path": SH.resultPath, "PATH": SH.resultPath}
SPEAKERS = (SH.sourceConstraint, SH.sourceShape)
PLACEHOLDER = re.compile(r"\{[?$](\w+)\}")
IN_BRACKETS = re.compile(r"<([^<>]+)>")

HEADINGS: Mapping[Language, Mapping[Severity, tuple[str, str]]] = {
    "nn": {"violation": ("brot", "brot"), "warning": ("åtvaring", "åtvaringar"), "info": ("råd", "råd")},
    "nb": {"violation": ("brudd", "brudd"), "warning": ("advarsel", "advarsler"), "info": ("råd", "råd")},
    "en": {
        "violation": ("violation", "violations"),
        "warning": ("warning", "warnings"),
        "info": ("suggestion", "suggestions"),
    },
}
NOTHING: Mapping[Language, str] = {
    "nn": "Ingen funn: dataa held alle krava.",
    "nb": "Ingen funn: dataene oppfyller alle kravene.",
    "en": "No findings: the data meets every requirement.",
}
CONTRADICTION: Mapping[Language, str] = {"nn": "Motseiing", "nb": "Motsigelse", "en": "Contradiction"}
VALUE: Mapping[Language, str] = {"nn": "verdi", "nb": "verdi", "en": "value"}

Names = Mapping[str, Mapping[Language, str]]
G = TypeVar("G", bound=Graph)


class Report(NamedTuple):
    """The outcome of a validation.

    *conforms* is SHACL's: nothing was found, whatever the severity. *graph* is the
    ``sh:ValidationReport`` in RDF.
    """

    conforms: bool
    findings: tuple[Finding, ...]
    graph: Graph


class _Data(Graph):
    """A graph that parses each query once, where pySHACL has it parsed anew for every focus node."""

    def query(self, query_object: str | Query, *arguments: Any, **options: Any) -> Result:
        prepared = _prepared(query_object) if isinstance(query_object, str) else query_object
        return super().query(prepared, *arguments, **options)


def check(dataset: Dataset, terms: Terms, inferred: Graph | None = None) -> tuple[Finding, ...]:
    """Run our shapes over *dataset* and return what they find, gravest first; see :func:`report`."""
    return report(dataset, terms, inferred).findings


def report(dataset: Dataset, terms: Terms, inferred: Graph | None = None) -> Report:
    """Run our shapes over *dataset*.

    They see its graphs as one, without the inferred, helper and candidate graphs, but with every
    class and property that follows from ``rdfs:subClassOf`` and ``rdfs:subPropertyOf``. No domain
    or range gives a type: it would make an actor of any document. The privacy shapes and those
    named ``…-closure`` look at *inferred* too.
    """
    results, data = [], Graph()
    for step in steps(dataset, terms, inferred):
        results.append(step.run(dict.fromkeys(step.shapes)))
        data = step.data
    return report_of(results, data, own_shapes(terms), terms)


@dataclass(frozen=True)
class Step:
    """One of the two runs of our shapes: on what is asserted, then on that and what is inferred.

    *shapes* are those with targets whose turn it is, *lookup* has the triples of *data*.
    """

    data: Graph
    lookup: Lookup
    shapes: frozenset[Node]
    terms: Terms

    def run(self, foci: Mapping[Node, Collection[Node] | None]) -> Graph:
        """Return what the shapes in *foci* find, each in all its nodes (``None``) or in those given.

        A shape that is one query is first asked of all nodes at once, and pySHACL then judges those that seem
        to break it: the same findings, many times quicker.
        """
        asked = {shape: nodes for shape, nodes in foci.items() if nodes is None or nodes}
        chosen = {shape: self._suspects(shape, nodes) for shape, nodes in asked.items()}
        if all(nodes is not None and not nodes for nodes in chosen.values()):
            return Graph()
        return _run(self.data, _aimed(self.terms, chosen))

    def is_focus(self, shape: Node, node: Node) -> bool:
        """Say whether *node* is among the targets of *shape*."""
        shapes, data = own_shapes(self.terms), self.data
        return (
            (shape, SH.targetNode, node) in shapes
            or any((node, RDF.type, kind) in data for kind in shapes.objects(shape, SH.targetClass))
            or any((node, key, None) in data for key in shapes.objects(shape, SH.targetSubjectsOf))
            or any((None, key, node) in data for key in shapes.objects(shape, SH.targetObjectsOf))
        )

    def _suspects(self, shape: Node, nodes: Collection[Node] | None) -> Collection[Node] | None:
        screen = reaches(self.terms)[shape].screen
        found = nodes if screen is None else self.lookup.nodes(screen, nodes)
        return None if found is None else {node for node in found if self.is_focus(shape, node)}


def steps(dataset: Dataset, terms: Terms, inferred: Graph | None = None) -> Iterator[Step]:
    """Give the runs of our shapes over *dataset*, one after the other: the next adds to the data of the last."""
    data = _asserted(dataset, terms)
    lookup = Lookup(data)
    targeted = frozenset(reaches(terms))
    on_closure = {shape for shape in targeted if str(shape).endswith(ON_CLOSURE)}
    late = targeted & (on_closure | privacy_shapes(terms))
    yield Step(data, lookup, targeted - (on_closure if inferred is None else late), terms)
    if inferred is not None:
        for triple in inferred:
            data.add(triple)
        lookup.add(inferred)
        yield Step(data, lookup, late, terms)


@cache
def reaches(terms: Terms) -> Mapping[Node, Reach]:
    """Return how far each of our shapes with targets looks."""
    shapes = own_shapes(terms)
    return {shape: reach_of(shapes, shape, _prepared) for shape in sorted(_targeted(shapes), key=str)}


def check_files(data: Sequence[Path], shapes: Sequence[Path]) -> Report:
    """Validate any RDF with any SHACL shapes; several files of a kind count as one graph, as do named graphs.

    Nothing is fetched: of ``owl:imports`` only our own prefixes are followed. Raise
    :class:`InputError` for a file that cannot be read, with file and line, and for shapes that
    SHACL does not allow.
    """
    with _quiet():
        return _check_files(data, shapes)


def _check_files(data: Sequence[Path], shapes: Sequence[Path]) -> Report:
    shapes_graph = read_rdf(shapes, Graph())
    data_graph = read_rdf(data, _Data())
    names = ", ".join(path.name for path in shapes)
    if not (_targeted(shapes_graph) or any((None, RDF.type, kind) in shapes_graph for kind in SHAPE_KINDS)):
        raise InputError(f"{names}: there are no SHACL shapes in it. Are data and shapes swapped?")
    terms = Terms()
    _declare(shapes_graph, terms)
    _refuse_wrong_paths(names, shapes_graph, terms)
    try:
        result = _run(data_graph, shapes_graph)
    except Exception as error:  # pySHACL and rdflib raise all kinds of errors for shapes that are not well-formed
        raise InputError(f"{names}: these shapes cannot be used. {_first_line(error)}") from error
    return report_of([result], data_graph, shapes_graph, terms)


def joined(outcome: Report, contradictions: Sequence[Contradiction]) -> Report:
    """Return *outcome* with the *contradictions* among its findings and in its graph, each reason a ``sh:detail``."""
    if not contradictions:
        return outcome
    (whole,) = outcome.graph.subjects(RDF.type, SH.ValidationReport)
    for contradiction in contradictions:
        outcome.graph.add((whole, SH.result, _result_of(contradiction, outcome.graph)))
    outcome.graph.set((whole, SH.conforms, Literal(False)))
    return Report(False, tuple(sorted((*outcome.findings, *contradictions), key=order_of)), outcome.graph)


def is_privacy(finding: Finding) -> bool:
    """Say whether *finding* comes from the gate of the public data."""
    return finding.shape in {Terms().compress(str(shape)) for shape in privacy_shapes(Terms())}


@cache
def own_shapes(terms: Terms) -> Graph:
    """Return all shapes of ``shapes/`` and the prefixes of their queries, for the base of *terms*; do not change it."""
    graph = Graph()
    for name in sorted(entry.name for entry in resource("shapes").iterdir() if entry.name.endswith(".ttl")):
        graph += (shapes := turtle_graph(resource("shapes").joinpath(name), terms, terms.own))
        _refuse_wrong_paths(f"shapes/{name}", shapes, terms)
    _declare(graph, terms)
    return graph


@cache
def privacy_shapes(terms: Terms) -> frozenset[Node]:
    """Return the shapes that guard the public data."""
    gate = Graph().parse(data=terms.rebase(text("shapes", PRIVACY)), format="turtle")
    return frozenset(shape for kind in SHAPE_KINDS for shape in gate.subjects(RDF.type, kind))


@cache
def shape_names(terms: Terms) -> Names:
    """Return the name of each of our shapes in three languages, by CURIE."""
    shapes = own_shapes(terms)
    named = set(shapes.subjects(SH.name))
    return {terms.compress(str(shape)): in_our_languages(words_by_tag(shapes, shape, SH.name)) for shape in named}


def render(
    findings: Sequence[Finding], language: Language, *, terms: Terms | None = None, labels: Names | None = None
) -> str:
    """Tell *findings* in words, grouped by severity and shape.

    *labels* names the shapes, by default ours. Each line has the label and CURIE of what was
    found, the offending value, and the path of the page that shows the passage.
    """
    if not findings:
        return NOTHING[language]
    names = shape_names(Terms()) if labels is None else labels
    lines = []
    for severity, of_severity in groupby(sorted(findings, key=order_of), lambda finding: finding.severity):
        listed = list(of_severity)
        lines.append(f"{_count(len(listed), severity, language)}:")
        for shape, group in groupby(listed, lambda finding: finding.shape):
            found = list(group)
            named = CONTRADICTION if isinstance(found[0], Contradiction) else names.get(shape, {})
            name = named.get(language)
            lines += ["", f"  {name} ({shape})" if name else f"  {shape}"]
            for message, alike in groupby(found, lambda finding: finding.message.get(language, "")):
                lines.append(f"  {message}")
                for finding in alike:
                    lines.append(f"  - {_line(finding, language, terms or Terms())}")
                    if isinstance(finding, Contradiction):
                        lines += _because(finding.because, language, terms or Terms())
        lines.append("")
    return "\n".join(lines).rstrip()


def to_json(findings: Iterable[Finding]) -> str:
    """Write *findings* as a JSON list; keys are the fields of :class:`kg.model.Finding`."""
    return json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=2)


def passage_path(passage: str, source: str, language: Language) -> str:
    """Return the host-relative address of the page where *passage* is lit in its *source* (both IRIs)."""
    place = "-".join(passage.rsplit("-", 2)[-2:])
    return f"/{language}/source/{source.rsplit('/', 1)[-1]}?passage={place}#p-{place}"


# --- the run -----------------------------------------------------------------------------------


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep rdflib and pySHACL from telling the terminal what the findings and errors tell."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


@cache
def _prepared(query: str) -> Query:
    return prepareQuery(query)


def _run(data: Graph, shapes: Graph) -> Graph:
    advanced = any((None, feature, None) in shapes for feature in ADVANCED)
    _, graph, said = validate(data, shacl_graph=shapes, inference="none", advanced=advanced)
    if not isinstance(graph, Graph):
        raise InputError(str(said))
    return graph


def _targeted(shapes: Graph) -> set[Node]:
    return {shape for target in TARGETS for shape in shapes.subjects(target)}


def _aimed(terms: Terms, foci: Mapping[Node, Collection[Node] | None]) -> Graph:
    """Return our shapes with those of *foci* aimed at the nodes given, or at their own targets, and all others at rest.

    A shape that only holds property shapes hands its aim to them: pySHACL then takes all nodes at a time.
    """
    graph, shapes = Graph(), own_shapes(terms)
    for triple in shapes:
        if triple[1] not in TARGETS:
            graph.add(triple)
    for shape, nodes in foci.items():
        own = [(key, value) for key in TARGETS for value in shapes.objects(shape, key)]
        aim = own if nodes is None else [(SH.targetNode, node) for node in nodes]
        for aimed in _parts(shapes, shape):
            for key, value in aim:
                graph.add((aimed, key, value))
    return graph


def _parts(shapes: Graph, shape: Node) -> list[Node]:
    """Return the property shapes of *shape* where it holds nothing else, else *shape* itself."""
    checks = {key for key in shapes.predicates(shape) if str(key).startswith(str(SH))} - OF_THE_VALUE
    return list(shapes.objects(shape, SH.property)) if checks == {SH.property} else [shape]


def _asserted(dataset: Dataset, terms: Terms) -> _Data:
    hidden = {terms.graph(name) for name in UNCHECKED}
    candidates = terms.graph("candidates/")
    shown = {
        (subject, predicate, value)
        for subject, predicate, value, graph in dataset.quads()
        if graph not in hidden and not str(graph).startswith(candidates)
    }
    data = _Data()
    for triple in shown.union(_wider(shown)):
        data.add(triple)
    return data


def _wider(shown: Collection[Triple]) -> Iterator[Triple]:
    """Say what is *shown* with the wider classes and properties."""
    classes, properties = _ancestors(shown, RDFS.subClassOf), _ancestors(shown, RDFS.subPropertyOf)
    for subject, predicate, value in shown:
        for wider in properties.get(predicate, ()):
            yield subject, wider, value
        for wider in classes.get(value, ()) if predicate == RDF.type else ():
            yield subject, RDF.type, wider


def _ancestors(shown: Collection[Triple], key: URIRef) -> Mapping[Node, set[Node]]:
    order = Graph()
    for triple in shown:
        if triple[1] == key:
            order.add(triple)
    names = set(order.subjects(key))
    return {name: {wider for wider in order.transitive_objects(name, key) if wider is not None} for name in names}


def _declare(shapes: Graph, terms: Terms) -> None:
    """Give each ``sh:prefixes`` what it imports, which pySHACL does not look up."""
    ours = URIRef(f"{terms.base}ont/prefixes")
    if (None, None, ours) in shapes and (ours, SH.declare, None) not in shapes:
        shapes.parse(data=terms.rebase(text("ontology", "prefixes.ttl")), format="turtle")
    for prefixes in set(shapes.objects(None, SH.prefixes)):
        for imported in list(shapes.transitive_objects(prefixes, OWL.imports)):
            for declaration in list(shapes.objects(imported, SH.declare)):
                shapes.add((prefixes, SH.declare, declaration))


def _refuse_wrong_paths(file: str, shapes: Graph, terms: Terms) -> None:
    for shape, path in sorted(shapes.subject_objects(SH.path), key=str):
        if wrong := _wrong_path(shapes, path, terms):
            name = terms.compress(Reader(Graph(), shapes, terms)._shape(shape))
            raise InputError(f"{file}: {name} has a path that leads nowhere: {wrong}")


def _wrong_path(shapes: Graph, path: Node, terms: Terms, seen: frozenset[Node] = frozenset()) -> str | None:
    """Say what is wrong with a SHACL *path*, ``None`` where nothing is."""
    if path in seen:
        return "it holds itself."
    if isinstance(path, Literal):
        return f"“{path}” is a text. Write the IRI of a property."
    if isinstance(path, URIRef) and path != RDF.nil:
        return _unknown_property(terms.compress(path), terms)
    steps = _path_steps(shapes, path)
    if not steps:
        return "it is empty, or a list of fewer than two steps."
    return next(filter(None, (_wrong_path(shapes, step, terms, seen | {path}) for step in steps)), None)


def _path_steps(shapes: Graph, path: Node) -> Sequence[Node]:
    """Return what a path without a name is made of, nothing where SHACL has no such path."""
    head = shapes.value(path, SH.alternativePath) or path
    if (head, RDF.first, None) in shapes:
        steps = list(shapes.items(head))
        return steps if len(steps) > 1 else ()
    return [step for key in PATHS_OF_ONE for step in shapes.objects(path, key)]


def _unknown_property(name: str, terms: Terms) -> str | None:
    own = OWN_NAME.fullmatch(name)
    if not own or own[1] in terms.own:
        return None
    near = ", ".join(f"bso:{each}" for each in nearest(own[1], terms.own))
    return f"{name} is no term of ours. Nearest: {near or 'none'}."


# --- reading files -----------------------------------------------------------------------------


def read_rdf(paths: Sequence[Path], into: G) -> G:
    """Read RDF files of any of :data:`FORMATS` into one graph; nothing is fetched from elsewhere.

    Raises :class:`InputError` with file, line where the parser knows it, and reason.
    """
    for path in paths:
        for subject, predicate, value, _ in read_quads(path).quads():
            into.add((subject, predicate, value))
    return into


def read_quads(path: Path) -> Dataset:
    """Read one RDF file with its named graphs, as :func:`read_rdf` reads several without them."""
    dataset = Dataset()
    content, form = _content(path), _format(path)
    try:
        dataset.parse(_stream(content), format=form, publicID=path.resolve().as_uri())
    except Exception as error:  # each of rdflib's parsers has errors of its own
        raise InputError(_syntax(path, content, form, error)) from error
    return dataset


def _format(path: Path) -> str:
    if path.suffix.lower() not in FORMATS:
        raise InputError(f"{path}: its ending does not name an RDF format. Use one of {', '.join(FORMATS)}.")
    return FORMATS[path.suffix.lower()]


def _content(path: Path) -> str | bytes:
    """Return the text of *path*; the bytes of XML, which names its own encoding."""
    form = _format(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}.") from error
    if form == "xml":
        return content
    try:
        decoded = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}:{line}: this is not UTF-8 text. Save the file as UTF-8.") from error
    if form == "json-ld":
        _refuse_remote_contexts(path, decoded)
    return decoded


def _stream(content: str | bytes) -> BytesIO:
    return BytesIO(content if isinstance(content, bytes) else content.encode())


def _refuse_remote_contexts(path: Path, content: str) -> None:
    def look(members: dict[str, Any]) -> dict[str, Any]:
        for key in ("@context", "@import"):
            named = members.get(key)
            for context in named if isinstance(named, list) else [named]:
                if isinstance(context, str):
                    raise InputError(
                        f"{path}: the context {context} is not in the file, and nothing is fetched. Copy it in."
                    )
        return members

    try:
        json.loads(content, object_hook=look)
    except json.JSONDecodeError as error:
        raise InputError(f"{path}:{error.lineno}: this is not JSON: {error.msg}.") from error


def _syntax(path: Path, content: str | bytes, form: str, error: Exception) -> str:
    if isinstance(error, BadSyntax):
        place, why = what_is_bad(error)
        return f"{path}:{place}: {why}."
    if isinstance(error, SAXParseException):
        return f"{path}:{error.getLineNumber()}: {error.getMessage()}."
    if form in ("nt", "nquads") and isinstance(content, str):
        for number, line in enumerate(content.split("\n"), 1):
            try:
                Dataset().parse(_stream(line), format=form)
            except Exception:  # whatever it is: this is the line
                return f"{path}:{number}: this line is not one of {form}: {line[:SNIPPET]}"
    return f"{path}: {_first_line(error)}"


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).strip().split("\n")[0]


# --- results in words --------------------------------------------------------------------------


def report_of(graphs: Sequence[Graph], data: Graph, shapes: Graph, terms: Terms) -> Report:
    """Tell what *graphs*, the results of several runs of *shapes* over *data*, say in words."""
    merged = _merged(graphs)
    _speak(merged, shapes)
    reader = Reader(data, shapes, terms)
    found = {order_of(finding): finding for finding in reader.findings(merged)}
    for prefix, namespace in terms.prefixes.items():
        merged.bind(prefix, namespace)
    return Report((None, SH.result, None) not in merged, tuple(found[key] for key in sorted(found)), merged)


def _merged(graphs: Sequence[Graph]) -> Graph:
    """Return one report with the results of all."""
    merged, whole = Graph(), BNode()
    for graph in graphs:
        for subject, predicate, value in graph:
            if (subject, RDF.type, SH.ValidationReport) not in graph:
                merged.add((subject, predicate, value))
            elif predicate == SH.result:
                merged.add((whole, predicate, value))
    merged.add((whole, RDF.type, SH.ValidationReport))
    merged.add((whole, SH.conforms, Literal((whole, SH.result, None) not in merged)))
    return merged


def _speak(graph: Graph, shapes: Graph) -> None:
    """Give each result its shape's own messages: pySHACL drops their languages where a query binds values to them."""
    for result in set(graph.subjects(RDF.type, SH.ValidationResult)):
        values = {name: graph.value(result, key) for name, key in BOUND.items()}
        owners = [owner for key in SPEAKERS if (owner := graph.value(result, key)) is not None]
        messages = next(filter(None, (set(shapes.objects(owner, SH.message)) for owner in owners)), set())
        told = [_filled(message, values) for message in messages if isinstance(message, Literal)]
        if told and not any(PLACEHOLDER.search(message) for message in told):
            graph.remove((result, SH.resultMessage, None))
            for message in told:
                graph.add((result, SH.resultMessage, message))


def _result_of(contradiction: Contradiction, graph: Graph) -> BNode:
    result = BNode()
    for key, value in (
        (RDF.type, SH.ValidationResult),
        (SH.resultSeverity, SH.Violation),
        (SH.focusNode, URIRef(contradiction.focus)),
        (SH.sourceConstraintComponent, OWL.Nothing),
        *_told(contradiction.message),
    ):
        graph.add((result, key, value))
    for reason in contradiction.because:
        _detail(result, reason, graph)
    return result


def _detail(result: BNode, reason: Reason, graph: Graph) -> None:
    detail = BNode()
    graph.add((result, SH.detail, detail))
    graph.add((detail, RDF.type, SH.AbstractResult))
    graph.add((detail, RDFS.comment, Literal(reason.turtle)))
    for key, words in _told(reason.message):
        graph.add((detail, key, words))
    for said in reason.said:
        for cited in filter(None, (said.statement, said.passage)):
            graph.add((detail, RDFS.seeAlso, URIRef(cited)))


def _told(message: Mapping[Language, str]) -> Iterator[tuple[URIRef, Literal]]:
    return ((SH.resultMessage, Literal(words, lang=language)) for language, words in message.items())


def order_of(finding: Finding) -> tuple[int, str, str, str, str, str]:
    """Return by what findings are sorted; two that agree in it are one."""
    told = json.dumps(dict(finding.message), sort_keys=True)
    return RANK[finding.severity], finding.shape, finding.focus, finding.path or "", finding.value or "", told


@dataclass(frozen=True)
class Reader:
    """Reads the results of a validation report, with the data and the shapes beside it."""

    data: Graph
    shapes: Graph
    terms: Terms

    def findings(self, graph: Graph) -> Iterator[Finding]:
        """Give what each result of the report *graph* says, in no order."""
        for result in graph.subjects(RDF.type, SH.ValidationResult):
            if (None, SH.result, result) in graph:
                yield self._finding(graph, result)

    def retold(self, finding: Finding) -> Finding:
        """Return *finding* with label, passage and source as the data has them."""
        if finding.focus == ANONYMOUS:
            return finding
        focus = URIRef(finding.focus)
        passage = self._passage(focus)
        return replace(
            finding,
            label=self._label(focus),
            passage=None if passage is None else _text(passage),
            source=self._source(passage or focus),
        )

    def _finding(self, graph: Graph, result: Node) -> Finding:
        focus, value, path = (graph.value(result, key) for key in (SH.focusNode, SH.value, SH.resultPath))
        severity = graph.value(result, SH.resultSeverity)
        passage = self._passage(focus)
        return Finding(
            severity=SEVERITIES.get(severity or SH.Violation, "violation"),
            shape=self.terms.compress(self._shape(graph.value(result, SH.sourceShape))),
            focus=_text(focus),
            path=None if path is None else _path(graph, path),
            value=None if value is None else _text(value),
            message=in_our_languages(words_by_tag(graph, result, SH.resultMessage)),
            label=self._label(focus),
            passage=None if passage is None else _text(passage),
            source=self._source(passage or focus),
        )

    def _shape(self, shape: Node | None) -> str:
        """Name *shape*, or the nearest named shape around one that has no name."""
        seen = set()
        while isinstance(shape, BNode) and shape not in seen:
            seen.add(shape)
            shape = next(iter(sorted(self.shapes.subjects(None, shape), key=str)), None)
        return _text(shape)

    def _label(self, node: Node | None) -> Mapping[Language, str]:
        for key in (SKOS.prefLabel, RDFS.label, DCTERMS.title, self.terms.uri("text"), self.terms.uri("oa:exact")):
            if isinstance(node, URIRef) and (labels := words_by_tag(self.data, node, key)):
                return in_our_languages({tag: _snippet(label) for tag, label in labels.items()})
        return dict.fromkeys(LANGUAGES, _snippet(self.terms.compress(_text(node))))

    def _passage(self, node: Node | None) -> Node | None:
        if (node, RDF.type, self.terms.uri("Passage")) in self.data:
            return node
        selected = self.data.value(None, self.terms.uri("oa:hasSelector"), node)
        return self.data.value(node, self.terms.uri("passage")) or selected

    def _source(self, node: Node | None) -> str | None:
        if (node, RDF.type, self.terms.uri("Source")) in self.data:
            return _text(node)
        source = self.data.value(node, self.terms.uri("source"))
        return None if source is None else _text(source)


def _text(node: Node | None) -> str:
    return ANONYMOUS if node is None or isinstance(node, BNode) else str(node)


def _snippet(words: str) -> str:
    flat = " ".join(words.split())
    return flat if len(flat) <= SNIPPET else flat[:SNIPPET].rstrip() + "…"


def _filled(message: Literal, values: Mapping[str, Node | None]) -> Literal:
    def told(hit: re.Match[str]) -> str:
        value = values.get(hit[1])
        return hit[0] if value is None else _text(value)

    return Literal(PLACEHOLDER.sub(told, message), lang=message.language)


def _path(graph: Graph, path: Node) -> str:
    """Write a SHACL path: an IRI as it is, any other as a SPARQL path."""
    return str(path) if isinstance(path, URIRef) else path_text(graph, path)


def _count(number: int, severity: Severity, language: Language) -> str:
    one, many = HEADINGS[language][severity]
    return f"{number} {one if number == 1 else many}"


def _line(finding: Finding, language: Language, terms: Terms) -> str:
    name = terms.compress(finding.focus)
    label = finding.label.get(language, name)
    parts = [label if label == name else f"{label} ({name})"]
    if finding.path:
        parts.append(IN_BRACKETS.sub(lambda hit: terms.compress(hit[1]), terms.compress(finding.path)))
    if finding.value not in (None, finding.focus):
        parts.append(f"{VALUE[language]}: {_snippet(terms.compress(finding.value))}")
    if finding.passage and finding.source:
        parts.append(passage_path(finding.passage, finding.source, language))
    return " · ".join(parts)


def _because(reasons: Sequence[Reason], language: Language, terms: Terms) -> Iterator[str]:
    for reason in reasons:
        yield f"      {reason.message[language]}" + (f"  [{reason.turtle}]" if reason.kind == "axiom" else "")
        yield from (f"        {_cited(saying, language, terms)}" for saying in reason.said)


def _cited(saying: Saying, language: Language, terms: Terms) -> str:
    parts = [
        f"«{_snippet(saying.text)}»" if saying.text else None,
        terms.compress(saying.statement) if saying.statement else None,
        saying.place,
        passage_path(saying.passage, saying.source, language) if saying.passage and saying.source else None,
    ]
    return " · ".join(filter(None, parts))
