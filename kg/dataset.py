"""Statements become RDF: entities, sources and passages in named graphs, every statement tied to its passage."""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from rdflib import RDF, BNode, Dataset, Graph, Literal, Namespace, URIRef
from rdflib.compare import to_canonical_graph
from rdflib.namespace import DCTERMS, PROV, SDO, SKOS, VOID, XSD
from rdflib.term import Node

from kg.model import (
    FACT,
    LANGUAGES,
    NOT_STATED,
    Coder,
    Corpus,
    DatedName,
    Entity,
    Iri,
    Language,
    LiteralTerm,
    Passage,
    Source,
    Statement,
    Term,
)
from kg.ontology import kos_graph, ontology_graph
from kg.terms import Terms

OA = Namespace("http://www.w3.org/ns/oa#")
INVOLVED = ("holder", "party", "higherParty", "lowerParty", "pole")
CODE_KINDS = ("organisationNumber", "municipalityNumber")
EXTENT = {"complete": "code:complete", "partial": "code:partial-coding", "none": "code:none"}
RECORDS = ("Statement", "Passage", "Coding")
SELECTORS = (OA.TextPositionSelector, OA.TextQuoteSelector)


def to_dataset(corpus: Corpus, terms: Terms) -> Dataset:
    """Write *corpus* as the named graphs ``ontology``, ``kos``, ``dataset``, ``source/ID`` and ``interpreted/ID``.

    Everything in *corpus* is written: what may be public is decided before, by
    :func:`kg.disclosure.public`. Only accepted statements are written. Instance data has no blank
    nodes; those of the ontology have names that depend on its content alone.
    """
    dataset = Dataset(default_union=True)
    _copy(ontology_graph(terms), dataset.graph(terms.graph("ontology")))
    _copy(kos_graph(terms), dataset.graph(terms.graph("kos")))
    entities = {entity.iri: entity for entity in corpus.entities}
    about = _Pen(terms, dataset.graph(terms.graph("dataset")))
    about.data_set(corpus)
    for entity in corpus.entities:
        about.entity(entity)
    for source in corpus.sources:
        stated = _Pen(terms, dataset.graph(terms.graph(f"source/{source.id}")))
        stated.source(source, entities)
        stated.codings(source, named=corpus.name_coders)
        read = _Pen(terms, dataset.graph(terms.graph(f"interpreted/{source.id}")))
        for statement in accepted(source.statements):
            stated.passage(statement.passage)
            (read if statement.basis == "interpreted" else stated).statement(statement, source)
    return dataset


def accepted(statements: Iterable[Statement]) -> Iterator[Statement]:
    """Pass on the statements that may stand in the data; candidates and withdrawn ones stay behind."""
    return (statement for statement in statements if statement.status == "accepted")


def is_plain(statement: Statement) -> bool:
    """Say whether *statement* is a fact whose plain triple stands in the data."""
    return statement.kind == FACT and not statement.negated and statement.modality == "actual"


def statement_name(statement: Statement) -> str:
    """Return the CURIE of *statement*: ``st:{source}-{coder}-{id}``."""
    return f"st:{statement.source}-{statement.coder}-{statement.id}"


def passage_name(passage: Passage) -> str:
    """Return the CURIE of *passage*: ``passage:{source}-{start}-{end}``, in code points."""
    return f"passage:{passage.source}-{passage.start}-{passage.end}"


def plain(dataset: Dataset, terms: Terms) -> Graph:
    """Return ontology, concepts, entities, sources and plain triples: everything but the records.

    Records are statements, passages, selectors and codings: what is said *about* saying. Rules of
    logic apply to the rest.
    """
    record_kinds = {*map(terms.uri, RECORDS), *SELECTORS}
    hidden = {record for kind in record_kinds for record in dataset.subjects(RDF.type, kind)}
    graph = Graph()
    for subject, predicate, value, _ in dataset.quads():
        if subject not in hidden and value not in hidden:
            graph.add((subject, predicate, value))
    return graph


def _copy(graph: Graph, into: Graph) -> None:
    named = to_canonical_graph(graph) if any(isinstance(node, BNode) for node in graph.all_nodes()) else graph
    for triple in named:
        into.add(triple)


@dataclass(frozen=True)
class _Pen:
    """Writes nouns of :mod:`kg.model` into one named graph."""

    terms: Terms
    graph: Graph

    def data_set(self, corpus: Corpus) -> None:
        node = self.terms.graph("dataset")
        self._add(node, RDF.type, VOID.Dataset)
        self._labels(node, DCTERMS.title, corpus.title)
        self._add(node, DCTERMS.license, _licence(corpus.licence))
        if newest := _newest_day(corpus):
            self._add(node, DCTERMS.modified, _when(newest))
        if corpus.fiction:
            self._add(node, SDO.genre, Literal("fiction"))

    def entity(self, entity: Entity) -> None:
        node = self.terms.uri(entity.iri)
        for kind in entity.types:
            self._add(node, RDF.type, self.terms.uri(kind))
        self._labels(node, SKOS.prefLabel, entity.label)
        self._labels(node, SKOS.definition, entity.definition)
        for other in entity.alt:
            self._add(node, SKOS.altLabel, _text(other.text, other.lang))
        self._relate(node, "within", [entity.within])
        self._relate(node, "subgroupOf", [entity.subgroup_of])
        self._relate(node, "concerns", entity.concerns)
        for same in entity.match:
            self._add(node, SKOS.exactMatch, self.terms.uri(same))
        if entity.note:
            self._add(node, SKOS.note, _text(entity.note))
        if not entity.loaded:
            self._add(node, self.terms.uri("codedExtent"), self.terms.uri(EXTENT["none"]))
        self._dated(entity)

    def _dated(self, entity: Entity) -> None:
        node = self.terms.uri(entity.iri)
        for number, name in enumerate(entity.names, 1):
            self._add(node, SKOS.altLabel, _text(name.value, name.lang))
            self._version(node, f"name-{number}", name, "name")
        for number, identifier in enumerate(entity.identifiers, 1):
            version = self._version(node, f"identifier-{number}", identifier, "dcterms:identifier")
            if identifier.scheme:
                self._add(version, SDO.propertyID, _text(identifier.scheme))
            if identifier.scheme in CODE_KINDS:
                self._add(node, self.terms.uri(identifier.scheme), _text(identifier.value))

    def _version(self, entity: URIRef, suffix: str, dated: DatedName, key: str) -> URIRef:
        """Write what *entity* was called in a time: the entity under that name is a specialisation of it (PROV)."""
        node = URIRef(f"{entity}-{suffix}")
        self._add(node, RDF.type, PROV.Entity)
        self._add(node, PROV.specializationOf, entity)
        self._add(node, self.terms.uri(key), _text(dated.value, dated.lang))
        for bound, when in (("periodStart", dated.valid_from), ("periodEnd", dated.valid_to)):
            if when is not None:
                self._add(node, self.terms.uri(bound), _when(when))
        return node

    def source(self, source: Source, entities: Mapping[str, Entity]) -> None:
        node = self.terms.uri(f"source:{source.id}")
        kind = "Interview" if source.kind == "interview" else "Document"
        for name in ("Source", kind):
            self._add(node, RDF.type, self.terms.uri(name))
        self._add(node, DCTERMS.title, _text(source.title.text, source.title.lang))
        if f"source:{source.id}" not in entities:
            self._labels(node, SKOS.prefLabel, _short_label(source, entities))
        self._people(node, source)
        self._dates_and_files(node, source)
        self._add(node, self.terms.uri("access"), self.terms.uri(f"code:{source.access}"))
        self._add(node, self.terms.uri("codedExtent"), self.terms.uri(EXTENT[source.coded]))
        for lang, text in source.extent.items():
            self._add(node, self.terms.uri("readPart"), Literal(text, lang=lang))
        for key, passage in source.metadata_passages.items():
            shown = DCTERMS.title if key == "title" else self.terms.uri(key)
            self._add(self.passage(passage), self.terms.uri("attests"), shown)

    def _people(self, node: URIRef, source: Source) -> None:
        self._relate(node, "author", source.authors)
        self._relate(node, "commissionedBy", source.commissioner)
        self._relate(node, "carriedOutBy", source.contractor)
        self._relate(node, "publishedBy", source.publisher)

    def _dates_and_files(self, node: URIRef, source: Source) -> None:
        document = source.document
        own_file = document.sha256 if document and not source.digest else None
        values = {
            "year": _optional(year_of(source.issued)),
            "issued": _optional(source.issued if isinstance(source.issued, date) else None),
            "retrieved": _optional(source.retrieved),
            "url": Literal(source.url, datatype=XSD.anyURI) if source.url else None,
            "sha256": Literal(source.sha256 or own_file) if source.sha256 or own_file else None,
            "textHash": Literal(sha256(document.text.encode()).hexdigest()) if document else None,
            "digest": Literal(source.digest),
            "dcterms:license": self._terms_of_use(source),
            "dcterms:language": Literal(source.lang) if source.lang else None,
        }
        for key, value in values.items():
            if value is not None:
                self._add(node, self.terms.uri(key), value)

    def _terms_of_use(self, source: Source) -> URIRef | Literal | None:
        if source.licence == NOT_STATED:
            return self.terms.uri(f"code:{NOT_STATED}")
        return _licence(source.licence) if source.licence else None

    def codings(self, source: Source, *, named: bool) -> None:
        for coder in source.coders:
            self._coder(coder, named=named)
            activity = self.terms.uri(f"coding:{source.id}-{coder.id}")
            for kind in (self.terms.uri("Coding"), PROV.Activity):
                self._add(activity, RDF.type, kind)
            self._add(activity, PROV.used, self.terms.uri(f"source:{source.id}"))
            self._add(activity, PROV.wasAssociatedWith, self.terms.uri(f"coder:{coder.id}"))
            self._add(activity, DCTERMS.conformsTo, URIRef(f"{self.terms.base}ont/{coder.ontology}"))

    def _coder(self, coder: Coder, *, named: bool) -> None:
        node = self.terms.uri(f"coder:{coder.id}")
        for kind in (self.terms.uri("Coder"), PROV.Agent):
            self._add(node, RDF.type, kind)
        if named:
            self._labels(node, SKOS.prefLabel, dict.fromkeys(LANGUAGES, coder.name))

    def passage(self, passage: Passage) -> URIRef:
        """Write *passage* as a Web Annotation target with both selectors."""
        node = self.terms.uri(passage_name(passage))
        source = self.terms.uri(f"source:{passage.source}")
        for kind in (self.terms.uri("Passage"), OA.SpecificResource):
            self._add(node, RDF.type, kind)
        self._add(node, OA.hasSource, source)
        self._add(node, self.terms.uri("source"), source)
        self._add(node, self.terms.uri("text"), _text(passage.exact))
        if self.graph.value(node, self.terms.uri("locator")) is None:
            self._add(node, self.terms.uri("locator"), _text(passage.locator))
        self._selectors(node, passage)
        return node

    def _selectors(self, node: URIRef, passage: Passage) -> None:
        position, quote = URIRef(f"{node}-p"), URIRef(f"{node}-q")
        for selector, kind in ((position, OA.TextPositionSelector), (quote, OA.TextQuoteSelector)):
            self._add(node, OA.hasSelector, selector)
            self._add(selector, RDF.type, kind)
        self._add(position, OA.start, Literal(passage.start))
        self._add(position, OA.end, Literal(passage.end))
        self._add(quote, OA.exact, _text(passage.exact))
        for key, context in ((OA.prefix, passage.prefix), (OA.suffix, passage.suffix)):
            if context:
                self._add(quote, key, _text(context))

    def statement(self, statement: Statement, source: Source) -> None:
        node = self.terms.uri(statement_name(statement))
        self._add(node, RDF.type, self.terms.uri("Statement"))
        self._evidence(node, statement, source)
        self._review(node, statement)
        if statement.kind == FACT:
            self._fact(node, statement)
        else:
            self._view(node, statement)

    def _evidence(self, node: URIRef, statement: Statement, source: Source) -> None:
        passage = statement.passage
        self._relate(node, "passage", [passage_name(passage)])
        self._relate(node, "source", [f"source:{source.id}"])
        self._relate(node, "assertedBy", statement.asserted_by)
        self._relate(node, "per", [statement.per])
        self._add(node, self.terms.uri("text"), _text(passage.exact))
        self._add(node, self.terms.uri("verbatim"), Literal(not source.digest))
        self._add(node, self.terms.uri("locator"), _text(passage.locator))
        if passage.anchor:
            self._add(node, self.terms.uri("anchor"), _text(passage.anchor))

    def _review(self, node: URIRef, statement: Statement) -> None:
        for key in ("basis", "modality", "status", "sure", "quantifier"):
            if value := getattr(statement, key):
                self._add(node, self.terms.uri(key), self.terms.uri(_code(value)))
        self._relate(node, "coder", [f"coder:{statement.coder}"])
        self._relate(node, "codedIn", [f"coding:{statement.source}-{statement.coder}"])
        self._add(node, self.terms.uri("coded"), _when(statement.coded))
        for key, when in (
            ("asOf", statement.as_of),
            ("validFrom", statement.valid_from),
            ("validTo", statement.valid_to),
        ):
            if when is not None:
                self._add(node, self.terms.uri(key), _when(when))
        for reason in statement.because:
            self._add(node, self.terms.uri("because"), _text(reason.text, reason.lang or None))
        if statement.note:
            self._add(node, self.terms.uri("note"), _text(statement.note))
        if statement.condition:
            self._add(node, self.terms.uri("condition"), _text(statement.condition.text, statement.condition.lang))

    def _fact(self, node: URIRef, statement: Statement) -> None:
        """Write a fact with its plain triple, or a denial or projection that no query counts by mistake."""
        if statement.subject is None or statement.predicate is None or statement.object is None:
            raise ValueError(f"{statement.file}:{statement.line}: a fact needs s, p and o")
        triple = (self.terms.uri(statement.subject), self._predicate(statement.predicate), self._term(statement.object))
        if is_plain(statement):
            keys = (RDF.subject, RDF.predicate, RDF.object)
            self._add(node, RDF.type, self.terms.uri(FACT))
            self._add(node, RDF.type, RDF.Statement)
            self.graph.add(triple)
        else:
            keys = (self.terms.uri("ofSubject"), self.terms.uri("ofPredicate"), self.terms.uri("ofObject"))
            self._add(node, RDF.type, self.terms.uri("Denial" if statement.negated else "Projection"))
        for key, value in zip(keys, triple, strict=True):
            self._add(node, key, value)

    def _view(self, node: URIRef, statement: Statement) -> None:
        """Write a view: a record about an issue that never becomes a plain triple."""
        for kind in (statement.kind, "View"):
            self._add(node, RDF.type, self.terms.uri(kind))
        for key, values in statement.values.items():
            denied = statement.negated and key == "polarity"
            for value in values:
                self._add(node, self.terms.uri("deniedPolarity" if denied else key), self._term(value))
                if key in INVOLVED:
                    self._add(node, self.terms.uri("involves"), self._term(value))

    def _predicate(self, name: str) -> URIRef:
        return RDF.type if name == "type" else self.terms.uri(name)

    def _term(self, term: Term) -> URIRef | Literal:
        if isinstance(term, Iri):
            return self.terms.uri(term.name)
        return _literal(term, self.terms)

    def _relate(self, node: URIRef, key: str, names: Iterable[str | None]) -> None:
        for name in names:
            if name:
                self._add(node, self.terms.uri(key), self.terms.uri(name))

    def _labels(self, node: URIRef, key: URIRef, labels: Mapping[Language, str]) -> None:
        for language, label in labels.items():
            self._add(node, key, _text(label, language))

    def _add(self, subject: Node, predicate: Node, value: Node) -> None:
        self.graph.add((subject, predicate, value))


def year_of(when: int | date | None) -> int | None:
    """Return the year of a year or a day."""
    return when.year if isinstance(when, date) else when


def _newest_day(corpus: Corpus) -> date | None:
    """Return the newest day on which a source was fetched or a statement coded: the date of the data."""
    days = (said.coded for source in corpus.sources for said in accepted(source.statements))
    fetched = (source.retrieved for source in corpus.sources)
    return max((day for day in (*days, *fetched) if isinstance(day, date)), default=None)


def _when(when: int | date) -> Literal:
    return Literal(when, datatype=XSD.date if isinstance(when, date) else XSD.integer)


def _optional(when: int | date | None) -> Literal | None:
    return None if when is None else _when(when)


def _text(text: str, language: str | None = None) -> Literal:
    return Literal(unicodedata.normalize("NFC", text), lang=language.lower() if language else None)


def _literal(term: LiteralTerm, terms: Terms) -> Literal:
    """Write a literal in canonical form: NFC, one lexical form a value, no ``xsd:string``."""
    datatype = terms.uri(term.datatype) if term.datatype else None
    if term.lang or datatype in (None, XSD.string):
        return _text(term.value, term.lang)
    return Literal(term.value, datatype=datatype)


def _licence(licence: str) -> URIRef | Literal:
    return URIRef(licence) if licence.startswith(("http://", "https://")) else Literal(licence)


def _code(value: str) -> str:
    return value if ":" in value else f"code:{value}"


def _short_label(source: Source, entities: Mapping[str, Entity]) -> dict[Language, str]:
    """Name *source* as scholars do: authors and year; an interview or an anonymous text by its title."""
    families = [_family_name(entities[iri]) for iri in source.authors if iri in entities]
    if source.short or source.kind == "interview" or not families:
        return dict.fromkeys(LANGUAGES, source.short or source.title.text)
    year = year_of(source.issued)
    others: dict[Language, str] = {"nn": "mfl.", "nb": "mfl.", "en": "et al."}
    return {
        language: " ".join(filter(None, (_names(families, word), str(year or "")))) for language, word in others.items()
    }


def _family_name(author: Entity) -> str:
    """Return the last word of a person's name; an organisation that wrote something is named whole."""
    name = author.label["nn"]
    return name.split()[-1] if "Person" in author.types else name


def _names(families: list[str], and_others: str) -> str:
    return f"{families[0]} {and_others}" if len(families) > 2 else " & ".join(families)
