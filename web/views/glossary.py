"""Pages about words: one term of the ontology, one concept scheme, all of them, and the shapes that check data."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from rdflib import RDF, RDFS, URIRef
from rdflib.namespace import DCTERMS, OWL, SKOS
from rdflib.term import Node

from kg.axioms import DECLARATIONS, Axiom
from kg.model import LANGUAGES, QueryError
from kg.understanding.words import folded
from kg.wording import Piece
from web.handbook import Handbook, Shape
from web.language import OWN_NAMES, sort_key
from web.views.diagram import Diagram, Neighbour, Side, diagram
from web.views.entity import SEGMENTS
from web.views.lookup import Lookup, Name, page_of
from web.views.statements import Statements, records, statements

KIND_OF = {"class": "class", "object": "object-property", "datatype": "datatype-property"}
KIND_OF |= {"annotation": "annotation-property"}
ABOUT_ITSELF = {
    *("subclass", "subproperty", "some", "only", "value", "min", "max", "exactly", "key", "domain", "range", "chain"),
    *("functional", "inverse-functional", "symmetric", "asymmetric", "transitive", "reflexive", "irreflexive"),
}
APART = ("disjoint", "disjoint-properties")
MUTUAL = ("disjoint-properties", "equivalent", "equivalent-properties", "inverse", "disjoint")
MODULES: Mapping[str, str] = {
    "core": "Actors and places",
    "service": "Initiatives",
    "framework": "Money, rules and changes",
    "source": "Sources and research",
    "discourse": "Statements and views",
    "evidence": "Evidence",
}

Woven = tuple[Name, ...]


@dataclass(frozen=True)
class InLanguage:
    """Label and definition in one of the other languages."""

    lang: str
    language: str
    label: str
    definition: str | None


@dataclass(frozen=True)
class Match:
    """How a term stands to one of others: in words, with the reason."""

    sentence: Woven
    because: Name | None


@dataclass(frozen=True)
class Use:
    """How often something is used in the snapshot, and where to see it all."""

    words: str
    number: str
    href: str | None


@dataclass(frozen=True)
class TermPage:
    """The page of one class or property, ours or of others; *local* is its CURIE where it is not ours."""

    iri: str
    local: str
    own: bool
    name: Name
    kind: str
    definition: Name | None
    others: tuple[InLanguage, ...]
    module: Name | None
    status: str
    since: str
    origin: tuple[Name, str] | None
    axioms: tuple[Woven, ...]
    elsewhere: tuple[Woven, ...]
    diagram: Diagram | None
    uses: tuple[Use, ...]
    examples: Statements
    pairs: tuple[tuple[Name, Name], ...]
    questions: tuple[Name, ...]
    shapes: tuple[Name, ...]
    matches: tuple[Match, ...]


@dataclass(frozen=True)
class ConceptPart:
    """What the page of a concept tells of it as a concept."""

    scheme: Name | None
    others: tuple[InLanguage, ...]
    notations: tuple[str, ...]
    broader: tuple[Name, ...]
    narrower: tuple[Name, ...]
    related: tuple[Name, ...]
    collections: tuple[Name, ...]
    matches: tuple[Match, ...]
    uses: tuple[Use, ...]
    questions: tuple[Name, ...]
    shapes: tuple[Name, ...]
    since: str


@dataclass(frozen=True)
class Branch:
    """A concept in the tree of its scheme, with those under it."""

    name: Name
    definition: Name | None
    notations: tuple[str, ...]
    under: tuple["Branch", ...]


@dataclass(frozen=True)
class SchemePage:
    """The page of one concept scheme."""

    iri: str
    slug: str
    name: Name
    definition: Name | None
    notes: tuple[Name, ...]
    tree: tuple[Branch, ...]
    collections: tuple[tuple[Name, tuple[Name, ...]], ...]
    total: int
    list_href: str | None


@dataclass(frozen=True)
class Listed:
    """A term or concept in a list."""

    name: Name
    anchor: str | None
    kind: str
    definition: Name | None


@dataclass(frozen=True)
class Group:
    """Terms under one heading."""

    id: str
    heading: str
    entries: tuple[Listed, ...]


@dataclass(frozen=True)
class Index:
    """All terms and concepts: by module, by scheme, and by letter; or those that a search found."""

    version: str
    schemes: tuple[tuple[Name, Name | None, int], ...]
    modules: tuple[Group, ...]
    outside: tuple[Listed, ...]
    letters: tuple[tuple[str, tuple[Listed, ...]], ...]
    hits: tuple[Listed, ...] | None


@dataclass(frozen=True)
class ShapeLine:
    """A shape in words."""

    local: str
    name: str
    message: str
    severity: str
    terms: tuple[Name, ...]


def term_page(lookup: Lookup, book: Handbook, local: str) -> TermPage | None:
    """Build ``/{lang}/concepts/LOCAL``: a local name of ours, or the CURIE of a term of others that we declare."""
    own = lookup.terms.own.get(local)
    iri = lookup.own(local) if own else _outside(lookup, book, local)
    kind = _kind(book, iri) if iri else None
    if iri is None or kind is None:
        return None
    uses, examples, pairs = _used(lookup, book, iri, kind)
    mine, other = _sentences(lookup, book, iri)
    return TermPage(
        iri=iri,
        local=local,
        own=own is not None,
        name=_name(lookup, book, iri),
        kind=book.wording(lookup.language).kind(kind),
        definition=lookup.named(book.texts(iri, SKOS.definition)),
        others=_in_others(lookup, book, iri),
        module=_module(lookup, own.module) if own else None,
        status=_status(lookup, book, iri),
        since=book.since(iri),
        origin=_origin(book, iri),
        axioms=mine,
        elsewhere=other,
        diagram=_drawn(lookup, book, iri),
        uses=uses,
        examples=examples,
        pairs=pairs,
        questions=_questions(lookup, book, iri),
        shapes=_shape_names(lookup, book, iri),
        matches=_matches(lookup, book, iri),
    )


def concept_part(lookup: Lookup, book: Handbook, iri: str) -> ConceptPart | None:
    """Build what the page of a concept tells of it as a concept; ``None`` for what is none."""
    node = URIRef(iri)
    if (node, RDF.type, SKOS.Concept) not in book.graph:
        return None
    scheme = book.graph.value(node, SKOS.inScheme)
    return ConceptPart(
        scheme=_scheme_name(lookup, book, str(scheme)) if scheme else None,
        others=_in_others(lookup, book, iri),
        notations=_notations(book, iri),
        broader=_ordered(lookup, book, book.graph.objects(node, SKOS.broader)),
        narrower=_ordered(lookup, book, book.graph.subjects(SKOS.broader, node)),
        related=_ordered(lookup, book, book.graph.objects(node, SKOS.related)),
        collections=_ordered(lookup, book, book.graph.subjects(SKOS.member, node)),
        matches=_matches(lookup, book, iri),
        uses=_uses_of_concept(lookup, book, iri),
        questions=_questions(lookup, book, iri),
        shapes=_shape_names(lookup, book, iri),
        since=book.since(iri),
    )


def scheme_page(lookup: Lookup, book: Handbook, slug: str) -> SchemePage | None:
    """Build ``/{lang}/concepts/scheme/SLUG``."""
    node = URIRef(f"{lookup.terms.base}kos/{slug}")
    if (node, RDF.type, SKOS.ConceptScheme) not in book.graph:
        return None
    inside = set(book.graph.subjects(SKOS.inScheme, node)) & set(book.graph.subjects(RDF.type, SKOS.Concept))
    top = {concept for concept in inside if not set(book.graph.objects(concept, SKOS.broader)) & inside}
    collections = [each for each in book.graph.subjects(RDF.type, SKOS.Collection) if str(each).startswith(f"{node}/")]
    return SchemePage(
        iri=str(node),
        slug=slug,
        name=_name(lookup, book, str(node)),
        definition=lookup.named(book.texts(str(node), SKOS.definition)),
        notes=tuple(filter(None, [lookup.named(book.texts(str(node), SKOS.scopeNote))])),
        tree=_tree(lookup, book, top, inside),
        collections=tuple(
            (name, _ordered(lookup, book, book.graph.objects(URIRef(name.iri or ""), SKOS.member)))
            for name in _ordered(lookup, book, collections)
        ),
        total=len(inside),
        list_href=f"/{lookup.language}/{slug}/" if slug in SEGMENTS else None,
    )


def index_page(lookup: Lookup, book: Handbook, wanted: str) -> Index:
    """Build ``/{lang}/concepts``, with ``?q=`` what a search among them finds."""
    terms = [_listed_term(lookup, book, local) for local in lookup.terms.own if _kind(book, lookup.own(local))]
    concepts = [_listed_concept(lookup, book, str(each)) for each in book.graph.subjects(RDF.type, SKOS.Concept)]
    everything = _by_name((*terms, *concepts))
    return Index(
        version=book.version,
        schemes=_schemes(lookup, book),
        modules=_modules(lookup, terms),
        outside=_outsiders(lookup, book),
        letters=_letters(everything),
        hits=tuple(each for each in everything if _hits(book, each, wanted)) if wanted else None,
    )


def shapes_page(lookup: Lookup, book: Handbook) -> tuple[tuple[str, tuple[ShapeLine, ...]], ...]:
    """Build ``/{lang}/shapes``: every shape in words, by the module that it checks."""
    files = dict.fromkeys(shape.file for shape in book.shapes)
    return tuple(
        (
            lookup.speech.say(MODULES.get(file, "Privacy")) if file in (*MODULES, "privacy") else file,
            tuple(_shape_line(lookup, book, shape) for shape in book.shapes if shape.file == file),
        )
        for file in files
    )


# --- names ------------------------------------------------------------------------------------


def _outside(lookup: Lookup, book: Handbook, curie: str) -> str | None:
    prefix, colon, _ = curie.partition(":")
    if not colon or prefix not in lookup.terms.prefixes or prefix == "bso":
        return None
    return lookup.terms.expand(curie)


def _kind(book: Handbook, iri: str) -> str | None:
    kinds = {DECLARATIONS[kind] for kind in book.graph.objects(URIRef(iri), RDF.type) if kind in DECLARATIONS}  # type: ignore[index]
    return next((kind for kind in KIND_OF.values() if kind in kinds), None)


def _name(lookup: Lookup, book: Handbook, iri: str) -> Name:
    """Name a term, concept or scheme, with the address of its page here where it has one."""
    named = lookup.named(book.labels.get(iri, {}), iri)
    text, lang = (named.text, named.lang) if named else (lookup.terms.compress(iri), None)
    return Name(text, lang, _href(lookup, book, iri), iri)


def _href(lookup: Lookup, book: Handbook, iri: str) -> str | None:
    schemes = f"{lookup.terms.base}kos/"
    if iri.startswith(schemes) and "/" not in iri.removeprefix(schemes):
        return f"/{lookup.language}/concepts/scheme/{iri.removeprefix(schemes)}"
    short = lookup.terms.compress(iri)
    if not iri.startswith(lookup.terms.base) and short != iri and _kind(book, iri):
        return f"/{lookup.language}/concepts/{short}"
    return page_of(iri, lookup.terms, lookup.language)


def _scheme_name(lookup: Lookup, book: Handbook, iri: str) -> Name:
    return _name(lookup, book, iri)


def _ordered(lookup: Lookup, book: Handbook, nodes: Iterable[object]) -> Woven:
    names = (_name(lookup, book, str(node)) for node in set(nodes))
    return tuple(sorted(names, key=lambda name: sort_key(name.text)))


def _in_others(lookup: Lookup, book: Handbook, iri: str) -> tuple[InLanguage, ...]:
    labels, definitions = book.labels.get(iri, {}), book.texts(iri, SKOS.definition)
    return tuple(
        InLanguage(tag, OWN_NAMES[tag], labels[tag], definitions.get(tag))
        for tag in LANGUAGES
        if tag != lookup.language and tag in labels
    )


def _module(lookup: Lookup, module: str) -> Name:
    words = lookup.speech.say(MODULES[module]) if module in MODULES else module
    href = f"/{lookup.language}/concepts#module-{module}"
    return Name(words, None, href, href)


def _status(lookup: Lookup, book: Handbook, iri: str) -> str:
    if (URIRef(iri), OWL.deprecated, None) in book.graph:
        return lookup.speech.say("no longer in use")
    stated = next((str(value) for value in book.graph.objects(None, URIRef(BIBO_STATUS))), "draft")
    return lookup.speech.say("draft") if stated == "draft" else stated


BIBO_STATUS = "http://purl.org/ontology/bibo/status"


def _origin(book: Handbook, iri: str) -> tuple[Name, str] | None:
    """Return the vocabulary that an outside term is taken from, and in which edition it was read."""
    origin = book.graph.value(URIRef(iri), RDFS.isDefinedBy)
    if origin is None or str(origin).startswith(book.terms.base):
        return None
    edition = book.graph.value(origin, DCTERMS.bibliographicCitation)
    return Name(str(edition or origin), None, str(origin), str(origin)), str(origin)


def _notations(book: Handbook, iri: str) -> tuple[str, ...]:
    return tuple(sorted(str(value) for value in book.graph.objects(URIRef(iri), SKOS.notation)))


# --- axioms in words --------------------------------------------------------------------------


def _sentences(lookup: Lookup, book: Handbook, iri: str) -> tuple[tuple[Woven, ...], tuple[Woven, ...]]:
    """Say what the axioms tell of a term itself, and where others mention it."""
    wording, node = book.wording(lookup.language), URIRef(iri)
    spoken = book.axioms.get(iri, ())
    mine = [axiom for axiom in spoken if _is_about(axiom, node)]
    other = [axiom for axiom in spoken if axiom not in mine and axiom.kind in ABOUT_ITSELF]
    told = [*(axiom for axiom in mine if axiom.kind != "disjoint"), *_apart(lookup, book, node, mine)]
    woven = [tuple(_piece(lookup, book, each) for each in wording.sentence(axiom, node)) for axiom in told]
    rest = [tuple(_piece(lookup, book, each) for each in wording.sentence(axiom)) for axiom in other]
    rest.sort(key=lambda pieces: sort_key("".join(piece.text for piece in pieces)))
    here = _href(lookup, book, iri)
    return tuple(_without(here, each) for each in woven), tuple(_without(here, each) for each in rest)


def _is_about(axiom: Axiom, node: URIRef) -> bool:
    if axiom.kind in MUTUAL:
        return node in axiom.parts
    return axiom.kind in ABOUT_ITSELF and axiom.parts[0] == node


def _apart(lookup: Lookup, book: Handbook, node: URIRef, mine: Iterable[Axiom]) -> Iterable[Axiom]:
    """Put all that a class is told apart from into one axiom, in the order of the names."""
    others = {part for axiom in mine if axiom.kind == "disjoint" for part in axiom.parts} - {node}
    named = sorted(others, key=lambda part: sort_key(_name(lookup, book, str(part)).text))
    return [Axiom("disjoint", (node, *named))] if named else []


def _piece(lookup: Lookup, book: Handbook, piece: Piece) -> Name:
    return Name(piece.text, None, _href(lookup, book, piece.iri) if piece.iri else None, piece.iri)


def _without(href: str | None, sentence: Woven) -> Woven:
    """Take the links to *href*, the page that the sentence stands on, out of it."""
    return tuple(replace(piece, href=None) if piece.href == href else piece for piece in sentence)


# --- the drawing ------------------------------------------------------------------------------


def _drawn(lookup: Lookup, book: Handbook, iri: str) -> Diagram | None:
    say = lookup.speech.say
    headings: dict[Side, str] = {
        "above": say("above it"),
        "below": say("below it"),
        "out": say("leads from it"),
        "in": say("leads to it"),
    }
    return diagram(_name(lookup, book, iri), _neighbours(lookup, book, URIRef(iri)), headings)


def _neighbours(lookup: Lookup, book: Handbook, node: URIRef) -> list[Neighbour]:
    graph, say = book.graph, lookup.speech.say

    def sided(side: Side, nodes: Iterable[object], by: str | None = None) -> list[Neighbour]:
        names = _ordered(lookup, book, (each for each in nodes if isinstance(each, URIRef)))
        return [Neighbour(side, name, Name(say(by)) if by else None) for name in names]

    found = [
        *sided("above", [*graph.objects(node, RDFS.subClassOf), *graph.objects(node, RDFS.subPropertyOf)]),
        *sided("below", [*graph.subjects(RDFS.subClassOf, node), *graph.subjects(RDFS.subPropertyOf, node)]),
        *sided("in", graph.objects(node, RDFS.domain), "from"),
        *sided("out", graph.objects(node, RDFS.range), "to"),
        *sided("out", [*graph.objects(node, OWL.inverseOf), *graph.subjects(OWL.inverseOf, node)], "opposite"),
    ]
    for side, here, there in (("out", RDFS.domain, RDFS.range), ("in", RDFS.range, RDFS.domain)):
        for by in _ordered(lookup, book, graph.subjects(here, node)):
            ends = [end for end in graph.objects(URIRef(by.iri or ""), there) if isinstance(end, URIRef)]
            end = _name(lookup, book, str(ends[0])) if ends else Name(say("anything"))
            found.append(Neighbour("out" if side == "out" else "in", end, by))
    return found


# --- use --------------------------------------------------------------------------------------


def _used(
    lookup: Lookup, book: Handbook, iri: str, kind: str
) -> tuple[tuple[Use, ...], Statements, tuple[tuple[Name, Name], ...]]:
    """Count the use of a term and bring examples; where the store is too slow for that, neither."""
    form = "class" if kind == "class" else "property"
    try:
        number = int(lookup.rows(f"use-of-{form}", this=[iri])[0]["number"].value)
        found, _ = statements(lookup, records(lookup, lookup.rows(f"examples-of-{form}", this=[iri])))
        pairs = _pairs(lookup, iri) if form == "property" and not found.all else ()
    except QueryError:
        return (), Statements((), (), {}), ()
    say = lookup.speech.count
    words = say("thing of this kind", "things of this kind", number) if form == "class" else None
    told = words or say("pair tied by it", "pairs tied by it", number)
    return (
        (Use(told, lookup.speech.number(number), _all_of(lookup, book, iri, form) if number else None),),
        found,
        pairs,
    )


def _pairs(lookup: Lookup, iri: str) -> tuple[tuple[Name, Name], ...]:
    rows = lookup.rows("pairs-of-property", this=[iri])
    naming = lookup.names({cell.value for row in rows for cell in row.values() if cell.kind == "iri"})
    return tuple(
        (
            naming[row["thing"].value],
            naming[row["value"].value] if row["value"].kind == "iri" else Name(row["value"].value),
        )
        for row in rows
        if row["thing"].kind == "iri"
    )


def _all_of(lookup: Lookup, book: Handbook, iri: str, form: str) -> str:
    """Return where all of them are listed: a list of ours, whole or narrowed to the most exact kind, else a query."""
    above = set(book.graph.transitive_objects(URIRef(iri), RDFS.subClassOf))
    below = (None, RDFS.subClassOf, URIRef(iri)) in book.graph
    local = lookup.local(iri)
    for segment, (kind, _) in SEGMENTS.items():
        if kind == local:
            return f"/{lookup.language}/{segment}/"
        if form == "class" and URIRef(lookup.own(kind)) in above and not below:
            return f"/{lookup.language}/{segment}/?{urlencode({'kind': local})}"
    name = lookup.terms.compress(iri)
    pattern = f"?thing a {name}" if form == "class" else f"?thing {name} ?value"
    query = f"SELECT DISTINCT * WHERE {{ {pattern} }}\nORDER BY ?thing\nLIMIT 1000"
    return f"/{lookup.language}/sparql?{urlencode({'query': query, 'prefixes': 1})}"


def _uses_of_concept(lookup: Lookup, book: Handbook, iri: str) -> tuple[Use, ...]:
    try:
        rows = lookup.rows("use-of-concept", this=[iri])
    except QueryError:
        return ()
    ours = [row for row in rows if row["key"].value.startswith(lookup.terms.base)]
    return tuple(_use_of_concept(lookup, book, iri, row["key"].value, int(row["number"].value)) for row in ours)


def _use_of_concept(lookup: Lookup, book: Handbook, iri: str, key: str, number: int) -> Use:
    name, value = lookup.terms.compress(key), lookup.terms.compress(iri)
    query = f"SELECT DISTINCT ?thing WHERE {{ ?thing {name} {value} }}\nORDER BY ?thing\nLIMIT 1000"
    href = f"/{lookup.language}/sparql?{urlencode({'query': query, 'prefixes': 1})}"
    return Use(_name(lookup, book, key).text, lookup.speech.number(number), href)


def _questions(lookup: Lookup, book: Handbook, iri: str) -> Woven:
    asked = book.asked.get(book.terms.compress(iri), ())
    stem = f"/{lookup.language}/q/"
    names = (Name(question.title[lookup.language], None, stem + question.id, stem + question.id) for question in asked)
    return tuple(sorted(names, key=lambda name: sort_key(name.text)))


def _shape_names(lookup: Lookup, book: Handbook, iri: str) -> Woven:
    shapes = book.checked.get(book.terms.compress(iri), ())
    return tuple(
        Name(_shape_words(lookup, shape), None, f"/{lookup.language}/shapes#{shape.local}", shape.iri)
        for shape in shapes
    )


def _shape_words(lookup: Lookup, shape: Shape) -> str:
    return shape.name.get(lookup.language) or shape.message.get(lookup.language) or shape.local


def _shape_line(lookup: Lookup, book: Handbook, shape: Shape) -> ShapeLine:
    known = [each for each in sorted(shape.terms) if each.startswith("bso:") and each[4:] in lookup.terms.own]
    names = _ordered(lookup, book, (lookup.terms.expand(each) for each in known))
    message = shape.message.get(lookup.language, "")
    return ShapeLine(shape.local, _shape_words(lookup, shape), message, shape.severity, names)


def _matches(lookup: Lookup, book: Handbook, iri: str) -> tuple[Match, ...]:
    wording, made = book.wording(lookup.language), []
    for each in book.mappings(iri):
        kind = str(each.match).rpartition("#")[2].replace("Match", "-match")
        sentence = wording.sentence(Axiom(kind, (URIRef(iri), URIRef(each.target))))
        pieces = tuple(_piece(lookup, book, piece) for piece in sentence)
        made.append(Match(_without(_href(lookup, book, iri), pieces), lookup.named(each.because)))
    return tuple(made)


# --- lists ------------------------------------------------------------------------------------


def _tree(lookup: Lookup, book: Handbook, level: set[Node], inside: set[Node]) -> tuple[Branch, ...]:
    made = []
    for name in _ordered(lookup, book, level):
        under = set(book.graph.subjects(SKOS.broader, URIRef(name.iri or ""))) & inside
        definition = lookup.named(book.texts(name.iri or "", SKOS.definition))
        rest = _tree(lookup, book, under, inside - level)
        made.append(Branch(name, definition, _notations(book, name.iri or ""), rest))
    return tuple(made)


def _schemes(lookup: Lookup, book: Handbook) -> tuple[tuple[Name, Name | None, int], ...]:
    names = _ordered(lookup, book, book.graph.subjects(RDF.type, SKOS.ConceptScheme))
    concepts = set(book.graph.subjects(RDF.type, SKOS.Concept))
    return tuple(
        (
            name,
            lookup.named(book.texts(name.iri or "", SKOS.definition)),
            len(set(book.graph.subjects(SKOS.inScheme, URIRef(name.iri or ""))) & concepts),
        )
        for name in names
    )


def _listed_term(lookup: Lookup, book: Handbook, local: str) -> Listed:
    own = lookup.terms.own[local]
    kind = book.wording(lookup.language).kind(KIND_OF[own.kind])
    return Listed(lookup.term(local), local, kind, Name(own.definition[lookup.language]))


def _listed_concept(lookup: Lookup, book: Handbook, iri: str) -> Listed:
    scheme = book.graph.value(URIRef(iri), SKOS.inScheme)
    kind = _name(lookup, book, str(scheme)).text if scheme else ""
    return Listed(_name(lookup, book, iri), None, kind, lookup.named(book.texts(iri, SKOS.definition)))


def _modules(lookup: Lookup, terms: Iterable[Listed]) -> tuple[Group, ...]:
    found: dict[str, list[Listed]] = {}
    for each in _by_name(terms):
        found.setdefault(lookup.terms.own[each.anchor or ""].module, []).append(each)
    order = [*(module for module in MODULES if module in found), *sorted(set(found) - set(MODULES))]
    return tuple(Group(f"module-{key}", _module(lookup, key).text, tuple(found[key])) for key in order)


def _outsiders(lookup: Lookup, book: Handbook) -> tuple[Listed, ...]:
    found = []
    for kind in (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty):
        for node in set(book.graph.subjects(RDF.type, kind)):
            short = lookup.terms.compress(str(node))
            if not str(node).startswith(lookup.terms.base) and short != str(node):
                words = book.wording(lookup.language).kind(DECLARATIONS[kind])
                found.append(Listed(_name(lookup, book, str(node)), None, words, None))
    return tuple(sorted(found, key=lambda each: each.name.text))


def _by_name(entries: Iterable[Listed]) -> tuple[Listed, ...]:
    return tuple(sorted(entries, key=lambda each: sort_key(each.name.text)))


def _letters(entries: Iterable[Listed]) -> tuple[tuple[str, tuple[Listed, ...]], ...]:
    found: dict[str, list[Listed]] = {}
    for each in entries:
        found.setdefault(each.name.text[:1].upper(), []).append(each)
    return tuple((letter, tuple(listed)) for letter, listed in found.items())


def _hits(book: Handbook, entry: Listed, wanted: str) -> bool:
    iri = entry.name.iri or ""
    words = [
        *book.labels.get(iri, {}).values(),
        book.terms.compress(iri),
        *map(str, book.graph.objects(URIRef(iri), SKOS.altLabel)),
    ]
    heard = [folded(word) for word in (*words, entry.definition.text if entry.definition else "")]
    return all(any(part in word for word in heard) for part in folded(wanted).split())
