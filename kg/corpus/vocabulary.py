"""The names a corpus may use: terms of the ontology, concepts and codes, and its own entities."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import cache, cached_property

from rdflib import Graph
from rdflib.namespace import SKOS

from kg.corpus.fields import Notes, shown
from kg.corpus.yaml_nodes import Text
from kg.resources import text
from kg.terms import Terms, nearest, shipped_concepts

ENTITY_PREFIXES = ("actor", "initiative", "place", "source", "issue", "instrument", "change", "award", "project")
_NOT_FACTS = frozenset(("serves", "offeredWithin", "supersededBy", "involves"))
_COLLECTION = "code:collection-"


@dataclass(frozen=True)
class Vocabulary:
    """What is known; *entities* are the CURIEs that this corpus declares, its sources included.

    *checked* is false where the declarations could not be read: then every name of an entity passes,
    since nothing can be said of it.
    """

    entities: frozenset[str]
    checked: bool = True
    terms: Terms = field(default_factory=Terms)

    @cached_property
    def names(self) -> frozenset[str]:
        """Every CURIE that may stand as a subject, object or party."""
        return self.entities | {name for name in shipped_concepts() if not name.startswith(_COLLECTION)}

    def codes(self, key: str) -> tuple[str, ...]:
        """Return the bare values of the closed list for *key* (``basis``, ``polarity`` …), in order of name."""
        return _collections().get({"deniedPolarity": "polarity"}.get(key, key), ())

    def kinds(self, kind: str) -> frozenset[str]:
        """Return the local names of our terms of that kind (``class``, ``object``, ``datatype``)."""
        return frozenset(name for name, term in self.terms.own.items() if term.kind == kind)

    def name(self, found: Text, notes: Notes, prefixes: Collection[str] = ()) -> str | None:
        """Return the CURIE in *found* if it is known (and, where given, has one of *prefixes*)."""
        prefix, colon, _ = found.value.partition(":")
        candidates = sorted(name for name in self.names if not prefixes or name.partition(":")[0] in prefixes)
        if self._is_known(found.value) and (not prefixes or prefix in prefixes):
            return found.value
        if colon and prefix not in self.terms.prefixes:
            message = f"{shown(prefix + ':')} in {shown(found.value)} is not a declared prefix."
            notes.error(found.line, message, value=prefix, known=self.terms.prefixes)
        elif self._is_known(found.value):
            message = f"{shown(found.value)} cannot stand here; what is expected begins with {_either(prefixes)}."
            notes.error(found.line, message, value=found.value, known=candidates)
        else:
            self._unknown(found, notes, candidates)
        return None

    def _is_known(self, name: str) -> bool:
        return name in self.names or (not self.checked and name.partition(":")[0] in ENTITY_PREFIXES)

    def _unknown(self, found: Text, notes: Notes, candidates: Collection[str]) -> None:
        near = nearest(found.value, candidates)
        if not near:
            local = {name.partition(":")[2]: name for name in sorted(candidates)}
            near = tuple(local[hit] for hit in nearest(found.value.rpartition(":")[2], local))
        hint = "Write prefix:name." if ":" not in found.value else "Declare it in entities.yaml, or mend the name."
        notes.error(found.line, f"{shown(found.value)} is not known.", value=found.value, near=near, hint=hint)

    def predicate(self, found: Text, notes: Notes) -> str | None:
        """Return the property in *found*, a local name of ``terms.csv`` or ``type``."""
        properties = {*self.kinds("object"), *self.kinds("datatype"), "type"} - _NOT_FACTS
        if found.value in properties:
            return found.value
        if found.value in _NOT_FACTS:
            notes.error(found.line, f"{shown(found.value)} is derived by rules and cannot be coded.", value=found.value)
        elif found.value in self.terms.own:
            message = f"{shown(found.value)} is a class, not a property."
            notes.error(
                found.line, message, value=found.value, hint="To say what kind something is: p: type, o: a class."
            )
        else:
            message = f"{shown(found.value)} is not a property."
            notes.error(found.line, message, value=found.value, known=sorted(properties))
        return None


def _either(prefixes: Iterable[str]) -> str:
    return " or ".join(f"{prefix}:" for prefix in prefixes)


@cache
def _collections() -> dict[str, tuple[str, ...]]:
    """Return the members of every ``code:collection-…`` in the scheme of codes."""
    terms = Terms()
    graph = Graph().parse(data=text("ontology", "kos", "code.ttl"), format="turtle")
    found: dict[str, list[str]] = {}
    for collection, member in graph.subject_objects(SKOS.member):
        key = terms.compress(str(collection)).removeprefix(_COLLECTION)
        found.setdefault(key, []).append(terms.compress(str(member)).partition(":")[2])
    return {key: tuple(sorted(members)) for key, members in found.items()}
