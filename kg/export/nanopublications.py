"""Each statement as a nanopublication: what is said, where it comes from, and who publishes it, under a trusty URI.

The form is that of the nanopublication guidelines (https://nanopub.net/guidelines/working_draft/), the names that of
trusty URIs, version 1, module RA (https://trustyuri.net/): the end of a name is a hash of all that it names.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from rdflib import RDF, RDFS, XSD, Literal, Namespace, URIRef
from rdflib.namespace import DCTERMS, PROV

from kg.engine import Cell
from kg.export.formats import DEADLINE_S, Format, Origin, Outgoing
from kg.questions import Query
from kg.resources import text

NP = Namespace("http://www.nanopub.org/nschema#")
HOLE = "RA-to-be-computed"  # stands for the hash as long as it is not known
SOURCES = 10  # that one query asks for
PLAIN_LOCAL = re.compile(r"[A-Za-z0-9_]+(?:-[A-Za-z0-9_]+)*")

# What a record keeps of where it comes from and how it was read: that is provenance, and not what is said.
PROVENANCE = (
    *("passage", "source", "text", "verbatim", "locator", "anchor", "assertedBy", "per", "basis", "because"),
    *("coder", "codedIn", "coded", "sure", "status", "note"),
)
TRIPLE = (RDF.subject, RDF.predicate, RDF.object)

Triple = tuple[URIRef, URIRef, URIRef | Literal]
Said = dict[URIRef, list[URIRef | Literal]]


@dataclass
class Nanopublication:
    """Four graphs under one name, which is not known before they are whole: until then it has a hole."""

    stem: str
    graphs: dict[str, list[Triple]] = field(default_factory=dict)

    def name(self, graph: str = "") -> URIRef:
        """Return the name of this, or of one of its graphs, with the hole in it."""
        return URIRef(f"{self.stem}{HOLE}{f'#{graph}' if graph else ''}")

    def add(self, graph: str, subject: URIRef, predicate: URIRef, value: URIRef | Literal) -> None:
        """Write a triple into a graph."""
        self.graphs.setdefault(graph, []).append((subject, predicate, value))

    def code(self) -> str:
        """Return the artifact code: ``RA`` and the SHA-256 of all quads in a form that has no choices."""
        held = ((name, dict.fromkeys(triples)) for name, triples in self.graphs.items())
        quads = [(self.name(name), *triple) for name, triples in held for triple in triples]
        hole = self.stem + HOLE
        blank = [[_blanked(term, hole, f"{self.stem} ") for term in quad] for quad in quads]  # RA wants a space there
        lines = "".join(_line(term) for quad in sorted(blank, key=_order) for term in quad)
        digest = hashlib.sha256(lines.encode()).digest()
        return f"RA{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def _blanked(term: URIRef | Literal, hole: str, blank: str) -> str | Literal:
    return term if isinstance(term, Literal) else str(term).replace(hole, blank)


def _order(quad: Sequence[str | Literal]) -> tuple[object, ...]:
    *names, value = quad
    if isinstance(value, Literal):
        kind = "" if value.language else str(value.datatype or XSD.string)
        return (*(name.encode() for name in names), 1, value.encode(), kind, value.language or "")
    return (*(name.encode() for name in names), 0, value.encode())


def _line(term: str | Literal) -> str:
    if not isinstance(term, Literal):
        return f"{term}\n"
    mark = f"@{term.language.lower()}" if term.language else f"^{term.datatype or XSD.string}"
    written = str(term).replace("\\", "\\\\").replace("\n", "\\n")
    return f"{mark} {written}\n"


def _made(origin: Origin) -> Outgoing:
    return Outgoing(_pieces(origin))


def _pieces(origin: Origin) -> Iterator[bytes]:
    prefixes = {**origin.terms.prefixes, "np": str(NP)}
    yield f"# {origin.imprint}\n".encode()
    yield "".join(f"@prefix {name}: <{start}> .\n" for name, start in sorted(prefixes.items())).encode()
    query = Query(origin.terms.rebase(text("ontology", "queries", "export-things.rq")))
    found = origin.engine.select(query.bind(type=[origin.terms.expand("bso:Source")]), deadline_s=DEADLINE_S)
    sources = sorted(row["thing"].value for row in found)
    asked = Query(origin.terms.rebase(text("ontology", "queries", "nanopublications.rq")))
    for first in range(0, len(sources), SOURCES):
        rows = origin.engine.select(asked.bind(source=sources[first : first + SOURCES]), deadline_s=DEADLINE_S)
        for statement, group in groupby(rows, lambda row: row["st"].value):
            said: Said = {}
            for row in group:
                said.setdefault(URIRef(row["key"].value), []).append(_term(row["value"]))
            yield written(nanopublication(origin, URIRef(statement), said), prefixes).encode()
        origin.progress(min(first + SOURCES, len(sources)), len(sources))


def _term(cell: Cell) -> URIRef | Literal:
    if cell.kind == "iri":
        return URIRef(cell.value)
    return Literal(cell.value, lang=cell.lang, datatype=cell.datatype and URIRef(cell.datatype), normalize=False)


def nanopublication(origin: Origin, statement: URIRef, said: Said) -> Nanopublication:
    """Make the nanopublication of a statement: of a fact its plain triple, of all others the record."""
    own = origin.terms.uri
    made = Nanopublication(f"{origin.terms.base}np/")
    assertion, provenance, info = (made.name(part) for part in ("assertion", "provenance", "pubinfo"))
    made.add("Head", made.name(), RDF.type, NP.Nanopublication)
    made.add("Head", made.name(), NP.hasAssertion, assertion)
    made.add("Head", made.name(), NP.hasProvenance, provenance)
    made.add("Head", made.name(), NP.hasPublicationInfo, info)
    plain = all(key in said for key in TRIPLE)
    if plain:
        subject, predicate, value = (said[key][0] for key in TRIPLE)
        made.add("assertion", URIRef(subject), URIRef(predicate), value)
    aside = {own(key) for key in PROVENANCE}
    for key, values in said.items():
        where = "provenance" if plain or key in aside else "assertion"
        for each in values:
            made.add(where, statement, key, each)
    _where_from(made, assertion, said, origin)
    made.add("provenance", assertion, DCTERMS.source, statement)
    _who_publishes(made, statement, said, origin)
    return made


def _where_from(made: Nanopublication, assertion: URIRef, said: Said, origin: Origin) -> None:
    for key, relation in (
        ("passage", PROV.wasDerivedFrom),
        ("source", PROV.hadPrimarySource),
        ("assertedBy", PROV.wasAttributedTo),
        ("per", PROV.wasInfluencedBy),
        ("codedIn", PROV.wasGeneratedBy),
        ("basis", origin.terms.uri("basis")),
    ):
        for each in said.get(origin.terms.uri(key), ()):
            made.add("provenance", assertion, relation, each)


def _who_publishes(made: Nanopublication, statement: URIRef, said: Said, origin: Origin) -> None:
    imprint, this = origin.imprint, made.name()
    made.add("pubinfo", this, DCTERMS.license, _address(imprint.licence))
    made.add("pubinfo", this, DCTERMS.isPartOf, URIRef(imprint.address))
    made.add("pubinfo", this, PROV.wasDerivedFrom, statement)
    made.add("pubinfo", this, RDFS.label, Literal(imprint.title, lang=origin.language))
    for key, relation in (("coder", DCTERMS.creator), ("coded", DCTERMS.created)):
        for each in said.get(origin.terms.uri(key), ()):
            made.add("pubinfo", this, relation, each)


def _address(licence: str) -> URIRef | Literal:
    return URIRef(licence) if licence.startswith(("http://", "https://")) else Literal(licence)


def written(made: Nanopublication, prefixes: dict[str, str]) -> str:
    """Write a nanopublication as TriG, with its name in all its places."""
    stem = f"{made.stem}{made.code()}"
    shorter = sorted(prefixes.items(), key=lambda pair: -len(pair[1]))

    def term(node: URIRef | Literal) -> str:
        if isinstance(node, Literal):
            kind = f"^^{term(node.datatype)}" if node.datatype else ""
            return f"{Literal(str(node), lang=node.language).n3()}{kind}" if kind else node.n3()
        whole = str(node).replace(made.stem + HOLE, stem)
        for prefix, namespace in shorter:
            if whole.startswith(namespace) and PLAIN_LOCAL.fullmatch(whole[len(namespace) :]):
                return f"{prefix}:{whole[len(namespace) :]}"
        return URIRef(whole).n3()

    graphs = (f"\n{term(made.name(name))} {{\n{_lines(made.graphs[name], term)}}}\n" for name in made.graphs)
    return "".join(graphs)


def _lines(triples: Iterable[Triple], term: Callable[[URIRef | Literal], str]) -> str:
    return "".join(f"  {term(s)} {term(p)} {term(o)} .\n" for s, p, o in dict.fromkeys(triples))


FORMATS = (Format("nanopub", "application/trig", "trig", _made),)
