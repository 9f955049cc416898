"""Why does a triple hold? The rule it follows by and what that took, down to what was said, declared or defined."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from rdflib import OWL, RDF, RDFS, URIRef, Variable

from kg.engine import Cell as Binding
from kg.engine import Engine
from kg.model import LANGUAGES, InputError, Language
from kg.questions.catalogue import Catalogue, Words, capital
from kg.questions.evidence import Evidence, basis_of, metadata_evidence, statement_evidence, strongest
from kg.questions.wording import Labels, fetch_labels, name_of
from kg.rules import Bindings, Pattern, Rule, bound, filled, load_rules
from kg.terms import Terms, best_label

Triple = tuple[str, str, str]
Origin = Literal["said", "front-matter", "declared", "concept", "ontology", "record", "derived"]

MOST_WAYS = 6  # that are told of one triple, and that are tried of one rule
MOST_FOLLOWING = 30
RULES_AT_ONCE = 30  # that one query asks about
NUMBER = "rule_number"
NOT_IN_IRIS = {*map(chr, range(33)), *'<>"{}|^`\\'}
NOT_STATED = ("graph/inferred", "graph/helper")
BETWEEN_RELATIONS = frozenset(map(str, (RDFS.subPropertyOf, OWL.inverseOf, OWL.propertyDisjointWith)))
OF_RELATIONS = BETWEEN_RELATIONS | {str(RDFS.domain), str(RDFS.range)}
GRAPHS: Mapping[str, Origin] = {"graph/ontology": "ontology", "graph/kos": "concept", "graph/dataset": "declared"}


class UnknownTriple(InputError):
    """The data set does not hold the triple that is asked about; *triple* has its three IRIs."""

    def __init__(self, triple: Triple) -> None:
        self.triple = triple
        super().__init__(f"The data set does not hold this, neither stated nor derived: {' '.join(triple)}")


@dataclass(frozen=True)
class Step:
    """One triple and why it holds.

    *origin* says where it stands: ``said`` by the statements in *evidence*, ``front-matter`` of a source,
    ``declared`` as identity, a ``concept``, the ``ontology``, a ``record`` of the coding, or ``derived``: then
    there is a *rule*, the things its variables stand for in *marks*, and *premises*, each a step of its own.
    *others* are further ways to the same that are no longer.
    """

    triple: Triple
    origin: Origin
    statements: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    rule: Rule | None = None
    marks: Mapping[str, str] = field(default_factory=dict)
    premises: tuple["Step", ...] = ()
    others: tuple["Step", ...] = ()

    @property
    def basis(self) -> str | None:
        """How sure a reader may be: inferred where a rule says it, else as said; of a definition there is none."""
        if self.rule:
            return "inferred"
        return strongest(basis_of((each,)) for each in self.evidence)

    @property
    def leaves(self) -> Iterator["Step"]:
        """The steps that no rule made, of every way."""
        if not self.rule:
            yield self
        for premise in self.premises:
            yield from premise.leaves
        for other in self.others:
            yield from other.leaves

    @property
    def proof(self) -> tuple[Evidence, ...]:
        """All that the step rests on in the sources, each once."""
        return tuple(dict.fromkeys(each for leaf in self.leaves for each in leaf.evidence))

    @property
    def iris(self) -> Iterator[str]:
        """Everything in it that has a name."""
        yield from self.triple
        yield from self.marks.values()
        for evidence in self.evidence:
            yield from evidence.iris
        for step in (*self.premises, *self.others):
            yield from step.iris


def triple_of(names: Triple, terms: Terms) -> Triple:
    """Write out *names* (CURIEs, IRIs, local names of our terms, ``a``); raise :class:`UnknownTriple` for no names."""
    if any(not name or set(name) & NOT_IN_IRIS for name in names):
        raise UnknownTriple(names)
    try:
        subject, predicate, value = (str(RDF.type if name == "a" else terms.uri(name)) for name in names)
    except KeyError as error:
        raise UnknownTriple(names) from error
    return subject, predicate, value


def explain(engine: Engine, catalogue: Catalogue, terms: Terms, triples: Iterable[Triple]) -> dict[Triple, Step]:
    """Tell why each of *triples* (full IRIs) holds; one that the data set does not hold is missing from the answer.

    Nothing of this is stored: a rule is read backwards, from what it says to what that would take, and the
    engine says which of it stands in the data.
    """
    prover = _Prover(engine, catalogue, terms, load_rules())
    steps = {triple: step for triple in dict.fromkeys(triples) if (step := prover.step(triple))}
    leaves = [leaf for step in steps.values() for leaf in step.leaves]
    shared = catalogue.shared
    stated = statement_evidence(engine, shared["evidence"], (each for leaf in leaves for each in leaf.statements))
    matter = metadata_evidence(
        engine, shared["metadata"], (leaf.triple[:2] for leaf in leaves if leaf.origin == "front-matter")
    )
    return {triple: _with_evidence(step, stated, matter) for triple, step in steps.items()}


def explained(engine: Engine, catalogue: Catalogue, terms: Terms, triple: Triple) -> tuple[Step, Labels]:
    """Tell why *triple* holds, with the names of everything in the answer. Raise :class:`UnknownTriple`."""
    found = explain(engine, catalogue, terms, [triple])
    if triple not in found:
        raise UnknownTriple(triple)
    return found[triple], names_in_words(engine, catalogue, terms, found[triple].iris)


def names_in_words(engine: Engine, catalogue: Catalogue, terms: Terms, iris: Iterable[str]) -> Labels:
    """Return words for each of *iris* in every language: its label, or what it is and of which source.

    Kinds of other vocabularies are told with whose they are. A statement, a passage or a coding is told by its source.
    """
    wanted, words = set(iris), catalogue.words["why"]
    found = dict(fetch_labels(engine, catalogue, wanted))
    kinds = {terms.expand(curie): told for curie, told in words["kinds"].items()}
    sources: dict[str, dict[str, str]] = {}
    records = sorted(iri for iri in wanted - set(found) if _prefix(iri, terms) in words["records"])
    if records:
        for row in engine.select(catalogue.shared["record-sources"].bind(thing=records)):
            sources.setdefault(row["thing"].value, {})[row["label"].lang or ""] = row["label"].value
    for iri in wanted:
        pattern = words["records"].get(_prefix(iri, terms))
        name = found.get(iri) or sources.get(iri)
        if pattern and name:
            found[iri] = {lang: pattern[lang].format(name=(best_label(name, lang) or ("",))[0]) for lang in LANGUAGES}
        elif not name:
            found[iri] = kinds.get(iri, words["nameless"])
    return found


def _prefix(iri: str, terms: Terms) -> str:
    return terms.compress(iri).partition(":")[0]


def following(engine: Engine, catalogue: Catalogue, terms: Terms, triple: Triple) -> tuple[Triple, ...]:
    """Return what only the rules say and would not say, or not by this way, without *triple*; nearest first."""
    prover = _Prover(engine, catalogue, terms, load_rules())
    found: dict[Triple, None] = {}
    fresh = [triple]
    while fresh and len(found) < MOST_FOLLOWING:
        drawn = dict.fromkeys(prover.next(fresh))
        fresh = [each for each in prover.derived(drawn) if each not in found]
        found.update(dict.fromkeys(fresh))
    return tuple(found)[:MOST_FOLLOWING]


def said(step: Step, labels: Labels, catalogue: Catalogue, terms: Terms) -> Words:
    """Write a step as a sentence in all languages: what holds and, where a rule says so, because of what."""
    words = catalogue.words["why"]
    pattern = words["because"] if step.premises else words["stated"]
    return {lang: capital(pattern[lang].format_map(_parts(step, labels, catalogue, terms, lang))) for lang in LANGUAGES}


def rule_in_words(step: Step, labels: Labels, terms: Terms) -> Words | None:
    """Write the rule of a step with the names of the kinds and relations that it ties."""
    if step.rule is None:
        return None
    names = {
        lang: {mark: name_of(iri, labels, terms, lang)[0] for mark, iri in step.marks.items()} for lang in LANGUAGES
    }
    return {lang: step.rule.words[lang].format_map(names[lang]) for lang in LANGUAGES}


def clause(triple: Triple, labels: Labels, catalogue: Catalogue, terms: Terms, language: Language) -> str:
    """Write a triple as a clause: «Bergen kommune organiserer Bergen bidrar»."""
    subject, relation, value = (name_of(iri, labels, terms, language)[0] for iri in triple)
    as_word = catalogue.words["why"]["as-word"][language]
    if triple[1] in OF_RELATIONS:
        subject = as_word.format(name=subject)
    if triple[1] in BETWEEN_RELATIONS:
        value = as_word.format(name=value)
    return f"{subject} {verb(triple[1], relation, catalogue, terms, language)} {value}"


def verb(relation: str, label: str, catalogue: Catalogue, terms: Terms, language: Language) -> str:
    """Return the verb of a clause for the IRI *relation*, which is its *label* where that is one."""
    words: Mapping[Language, str] = catalogue.words["why"]["verbs"].get(terms.compress(relation), {})
    return words.get(language, label)


def _parts(step: Step, labels: Labels, catalogue: Catalogue, terms: Terms, lang: Language) -> Mapping[str, str]:
    ours = terms.prefixes["bso"]
    facts = [each for each in step.premises if not each.triple[0].startswith(ours)] or step.premises
    clauses = [clause(each.triple, labels, catalogue, terms, lang) for each in facts]
    conjunction = f" {catalogue.words['conjunction'][lang]} "
    return {
        "conclusion": clause(step.triple, labels, catalogue, terms, lang),
        "premises": conjunction.join(clauses),
    }


def _with_evidence(step: Step, stated: Mapping[str, Evidence], matter: Mapping[tuple[str, str], Evidence]) -> Step:
    front = matter.get((step.triple[0], step.triple[1])) if step.origin == "front-matter" else None
    return replace(
        step,
        evidence=tuple(stated[each] for each in step.statements) + ((front,) if front else ()),
        premises=tuple(_with_evidence(each, stated, matter) for each in step.premises),
        others=tuple(_with_evidence(each, stated, matter) for each in step.others),
    )


@dataclass(frozen=True)
class _Way:
    """One rule that leads to a triple, with its variables bound."""

    rule: Rule
    bindings: Bindings

    @property
    def premises(self) -> tuple[Triple, ...]:
        """What must hold; how a list is spelled out is no premise, the rule in words tells it."""
        patterns = (filled(pattern, self.bindings) for pattern in self.rule.body)
        return tuple(_plain(each) for each in patterns if all(isinstance(term, URIRef) for term in each))

    @property
    def marks(self) -> Mapping[str, str]:
        """The names of the variables and what they stand for."""
        return {str(name): str(node) for name, node in self.bindings.items() if isinstance(node, URIRef)}


@dataclass
class _Prover:
    """Reads rules backwards; remembers what it asked."""

    engine: Engine
    catalogue: Catalogue
    terms: Terms
    rules: tuple[Rule, ...]
    leaves: dict[Triple, Step | None] = field(default_factory=dict)
    held: set[Triple] = field(default_factory=set)

    def step(self, triple: Triple, above: frozenset[Triple] = frozenset()) -> Step | None:
        """Find why *triple* holds without what stands *above* it: nothing is its own reason."""
        self._look_up([triple])
        if leaf := self.leaves[triple]:
            return leaf
        best: tuple[int, int, str] | None = None
        ways = [way for way in self._ways(triple) if not {triple, *above} & set(way.premises)]
        self._look_up(premise for way in ways for premise in way.premises)
        proven: list[Step] = []
        for way in sorted(ways, key=self._rank):
            if proven and (above or self._is_ours(triple) or self._rank(way) != best):
                break
            premises = [self.step(premise, above | {triple}) for premise in way.premises]
            if all(premises):
                best = self._rank(way)
                proven.append(
                    Step(triple, "derived", rule=way.rule, marks=way.marks, premises=tuple(filter(None, premises)))
                )
        return replace(proven[0], others=tuple(proven[1:])) if proven else None

    def next(self, triples: Iterable[Triple]) -> Iterator[Triple]:
        """Give what the rules say where one of *triples* is one of their conditions."""
        conditions = [
            (rule, bindings)
            for triple in triples
            for rule in self.rules
            for pattern in rule.body
            if (bindings := bound(pattern, _nodes(triple)))
        ]
        for way in self._found(conditions, MOST_FOLLOWING):
            head = filled(way.rule.head, way.bindings)
            if all(isinstance(term, URIRef) for term in head):
                yield _plain(head)

    def derived(self, triples: Iterable[Triple]) -> list[Triple]:
        """Keep those of *triples* that only the rules say."""
        wanted = list(triples)
        self._look_up(wanted)
        return [each for each in wanted if self.leaves[each] is None and each in self.held]

    def _rank(self, way: _Way) -> tuple[int, int, str]:
        """Put ways first that need little more, and that rest on what is said rather than on how it was coded."""
        facts = [
            self.leaves[premise] for premise in way.premises if not premise[0].startswith(self.terms.prefixes["bso"])
        ]
        coded = sum(fact is not None and fact.origin == "record" for fact in facts)
        return facts.count(None), coded, way.rule.name

    def _is_ours(self, triple: Triple) -> bool:
        """Say whether *triple* is about a term of the ontology rather than about the field."""
        return triple[0].startswith(self.terms.prefixes["bso"])

    def _look_up(self, triples: Iterable[Triple]) -> None:
        """Ask in one query which of *triples* stand in the data, and where."""
        wanted = sorted(set(triples) - set(self.leaves))
        if not wanted:
            return
        names = ("subject", "predicate", "object")
        graphs: dict[Triple, set[str]] = {}
        statements: dict[Triple, dict[str, None]] = {}
        for row in self.engine.select(self.catalogue.shared["stated"].bind_rows(names, wanted)):
            triple = (row["subject"].value, row["predicate"].value, row["object"].value)
            graphs.setdefault(triple, set()).add(row["graph"].value.removeprefix(self.terms.base))
            if "statement" in row:
                statements.setdefault(triple, {})[row["statement"].value] = None
        self.held.update(graphs)
        for triple in wanted:
            stated = graphs.get(triple, set()) - set(NOT_STATED)
            self.leaves[triple] = self._leaf(triple, stated, tuple(statements.get(triple, ()))) if stated else None

    def _leaf(self, triple: Triple, graphs: set[str], statements: tuple[str, ...]) -> Step:
        if statements:
            return Step(triple, "said", statements)
        of_a_source = triple[0].startswith(self.terms.prefixes["source"])
        elsewhere: Origin = "front-matter" if of_a_source else "record"
        return Step(triple, next((GRAPHS[graph] for graph in GRAPHS if graph in graphs), elsewhere))

    def _ways(self, triple: Triple) -> list[_Way]:
        heads = [(rule, bindings) for rule in self.rules if (bindings := bound(rule.head, _nodes(triple))) is not None]
        return list(self._found(heads, MOST_WAYS))

    def _found(self, asked: Sequence[tuple[Rule, Bindings]], most: int) -> Iterator[_Way]:
        """Ask in few queries how each rule holds with its bindings, *most* ways a rule, in an order that stays."""
        for first in range(0, len(asked), RULES_AT_ONCE):
            part = asked[first : first + RULES_AT_ONCE]
            rows = self.engine.select(_backwards(part, most))
            for row in sorted(rows, key=lambda row: (int(row[NUMBER].value), sorted(_bound(row).items()))):
                rule, bindings = part[int(row[NUMBER].value)]
                yield _Way(rule, {**bindings, **_bound(row)})


def _backwards(asked: Iterable[tuple[Rule, Bindings]], most: int) -> str:
    """Write as one query what each rule takes where its bindings hold; a number says to which a row belongs."""
    parts = (_condition(number, rule, bindings, most) for number, (rule, bindings) in enumerate(asked))
    return f"SELECT * WHERE {{ {' UNION '.join(parts)} }}"


def _condition(number: int, rule: Rule, bindings: Bindings, most: int) -> str:
    patterns = [filled(pattern, bindings) for pattern in rule.body]
    body = " . ".join(" ".join(term.n3() for term in pattern) for pattern in patterns)
    free = " ".join(sorted({term.n3() for pattern in patterns for term in pattern if isinstance(term, Variable)}))
    order = f"ORDER BY {free} " if free else ""
    return f"{{ SELECT ({number} AS ?{NUMBER}) {free} WHERE {{ {body} }} {order}LIMIT {most} }}"


def _bound(row: Mapping[str, Binding]) -> dict[Variable, URIRef]:
    return {Variable(name): URIRef(cell.value) for name, cell in row.items() if cell.kind == "iri"}


def _nodes(triple: Triple) -> Pattern:
    return URIRef(triple[0]), URIRef(triple[1]), URIRef(triple[2])


def _plain(pattern: Pattern) -> Triple:
    return str(pattern[0]), str(pattern[1]), str(pattern[2])
