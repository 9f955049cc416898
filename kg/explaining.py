"""Why data and ontology contradict each other: in three languages, with the statements and passages it rests on."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import yaml
from rdflib import OWL, RDF, Dataset, Literal, URIRef
from rdflib.namespace import DCTERMS
from rdflib.term import Node

from kg.axioms import Axiom, Inconsistency, Part
from kg.dataset import statement_name
from kg.model import LANGUAGES, Contradiction, Corpus, Language, Reason, Saying
from kg.resources import text
from kg.terms import Terms, in_our_languages, words_by_tag
from kg.wording import Wording, labels_of, plain

if TYPE_CHECKING:  # the reasoners behind it are not needed to tell of what the rules found
    from kg.consistency import Outcome

SHAPE = "owl:Nothing"
OF_EXISTENCE = (
    "some",
    "min",
)  # what they say of their first class is of what it must have, which is where the clash is
RELATIONS = {"instance": RDF.type, "same": OWL.sameAs, "different": OWL.differentFrom}

Triple = tuple[Node, Node, Node]


def contradictions(
    found: Iterable[Inconsistency],
    dataset: Dataset,
    terms: Terms,
    places: Mapping[str, str] | None = None,
    *,
    asked_why: bool = True,
) -> tuple[Contradiction, ...]:
    """Tell what was *found* in *dataset*; *places* says in which line a name is written.

    *asked_why*: explanations were asked for, so where there is none, nobody could give one.
    """
    teller = _Teller(dataset, terms, places or {}, asked_why)
    return tuple(map(teller.contradiction, found))


def summary(outcome: "Outcome", language: Language) -> str:
    """Say that all goes together, and how much was looked at; or that there may be more than what was found."""
    if outcome.found and not outcome.perhaps_more:
        return ""
    said = _phrases()["summary"]["perhaps-more" if outcome.found else "consistent"]
    return str(said[language]).format(**outcome._asdict())


def places(corpus: Corpus, terms: Terms) -> dict[str, str]:
    """Return from the IRI of a statement, entity or source in *corpus* to the file and line where it is written."""
    found = {terms.expand(entity.iri): f"entities.yaml:{entity.line}" for entity in corpus.entities}
    for source in corpus.sources:
        found[terms.expand(f"source:{source.id}")] = f"sources/{source.id}/source.yaml"
        for statement in source.statements:
            found[terms.expand(statement_name(statement))] = f"{statement.file}:{statement.line}"
    return found


@cache
def _phrases() -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = yaml.safe_load(text("ontology", "explanations.yaml"))
    return loaded


@dataclass(frozen=True)
class _Teller:
    dataset: Dataset
    terms: Terms
    places: Mapping[str, str]
    asked_why: bool

    @cached_property
    def _wordings(self) -> Mapping[Language, Wording]:
        labels = labels_of(self.dataset)
        return {language: Wording(language, labels, self.terms) for language in LANGUAGES}

    def contradiction(self, found: Inconsistency) -> Contradiction:
        focus = found.subject or self._focus(found.because)
        how = "" if found.because else "inexplicable-" if self.asked_why else "unexplained-"
        return Contradiction(
            severity="violation",
            shape=SHAPE,
            focus=str(focus),
            path=None,
            value=None,
            message=_phrases()["findings"][how + found.kind],
            label=self._label(focus),
            because=tuple(self._reason(axiom, found.because) for axiom in found.because),
        )

    def _focus(self, because: Sequence[Axiom]) -> URIRef:
        """Choose the thing that most of the data is about; the whole data set where there is none."""
        things = (f"{self.terms.base}id/", f"{self.terms.base}kos/")
        data = (axiom for axiom in because if axiom.is_data)
        parts = [part for axiom in data for part in axiom.parts if isinstance(part, URIRef)]
        about = Counter(part for part in parts if str(part).startswith(things))
        return min(about, key=lambda thing: (-about[thing], thing), default=self.terms.graph("dataset"))

    def _label(self, node: URIRef) -> Mapping[Language, str]:
        title = in_our_languages(words_by_tag(self.dataset, node, DCTERMS.title))
        return title or {language: wording.label(node) for language, wording in self._wordings.items()}

    def _reason(self, axiom: Axiom, others: Sequence[Axiom]) -> Reason:
        told = _of_those_meant(axiom, others)
        return Reason(
            kind="data" if axiom.is_data else "axiom",
            turtle=self._turtle(axiom),
            message={language: plain(wording.sentence(told)) for language, wording in self._wordings.items()},
            said=self._said(_triple(axiom)) if axiom.is_data else (),
        )

    def _turtle(self, axiom: Axiom) -> str:
        parts = [self._written(part) for part in axiom.parts]
        return str(_phrases()["turtle"][axiom.kind]).format(*parts, all=" ".join(parts))

    def _written(self, part: Part) -> str:
        if isinstance(part, URIRef):
            name = self.terms.compress(part)
            return part.n3() if name == str(part) else name
        return str(part) if not isinstance(part, Literal) or (part.isdecimal() and not part.language) else part.n3()

    # --- what it rests on ------------------------------------------------------------------

    def _said(self, triple: Triple) -> tuple[Saying, ...]:
        """Give the statements that say *triple*; where nobody said it, the file that declares it."""
        subject, predicate, value = triple
        statements = (
            set(self.dataset.subjects(RDF.subject, subject))
            & set(self.dataset.subjects(RDF.predicate, predicate))
            & set(self.dataset.subjects(RDF.object, value))
        )
        key = self._own("passage")
        found = [self._saying(statement, self.dataset.value(statement, key)) for statement in statements]
        by_name = sorted(found, key=lambda saying: saying.statement or "")
        return tuple(by_name) or tuple(self._declared(subject, predicate))

    def _declared(self, subject: Node, predicate: Node) -> Iterator[Saying]:
        """Give the front matter that says it of a source, or the file that declares an entity."""
        attesting = set(self.dataset.subjects(self._own("attests"), predicate))
        passages = attesting & set(self.dataset.subjects(self._own("source"), subject))
        for passage in sorted(passages, key=str):
            yield self._saying(subject, passage)
        if not passages and (place := self.places.get(str(subject))):
            yield Saying(place=place)

    def _saying(self, statement: Node, passage: Node | None) -> Saying:
        """Give *statement* with its *passage*; a source speaks for itself in its front matter."""
        source = self.dataset.value(passage, self._own("source"))
        return Saying(
            statement=str(statement),
            text=_optional(self.dataset.value(passage, self._own("text"))),
            locator=_optional(self.dataset.value(passage, self._own("locator"))),
            passage=_optional(passage),
            source=_optional(source),
            place=self.places.get(str(statement)),
        )

    def _own(self, name: str) -> URIRef:
        return self.terms.uri(name)


def _triple(axiom: Axiom) -> Triple:
    """Return the triple that *axiom* of data stands for."""
    first, last = axiom.parts[0], axiom.parts[-1]
    predicate = RELATIONS.get(axiom.kind) or axiom.parts[1]
    if not isinstance(first, Node) or not isinstance(predicate, Node) or not isinstance(last, Node):
        raise TypeError(f"data has names and values only: {axiom}")
    return first, predicate, last


def _of_those_meant(axiom: Axiom, others: Sequence[Axiom]) -> Axiom:
    """Leave, of several classes that have nothing in common, those that the rest of an explanation speaks of."""
    if axiom.kind != "disjoint":
        return axiom
    rest = [other for other in others if other != axiom]
    found = {part for other in rest for part in other.parts[1 if other.kind in OF_EXISTENCE else 0 :]}
    named = found if len(found.intersection(axiom.parts)) > 1 else {part for other in rest for part in other.parts}
    return Axiom(axiom.kind, tuple(part for part in axiom.parts if part in named) or axiom.parts)


def _optional(node: Node | None) -> str | None:
    return None if node is None else str(node)
