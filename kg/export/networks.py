"""The facts and views as networks for Gephi and its like: GraphML 1.0 and GEXF 1.3.

Nodes come before edges in both, so every edge is held in memory, once however many statements say it; what is written
is streamed. Denials and what is only possible or expected are no edges.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from xml.sax.saxutils import escape, quoteattr

from kg.dataset import INVOLVED
from kg.engine import Cell
from kg.export.formats import Format, Imprint, Origin, Outgoing
from kg.export.tables import SOURCES, THINGS, WEAKEST_FIRST, Book, Said, batches, local_name, narrowest
from kg.model import LANGUAGES

Value = str | int | float | None
UNWRITABLE = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # in XML 1.0
BATCH = 500  # nodes or edges in a piece
OTHER = "999999"
DENIED = "denied-"
# Eight colours that people with colour blindness tell apart (Okabe and Ito), and greys for what is in the background.
COLOURS: Mapping[str, str] = {
    "actor": "0072b2",
    "actor-group": "56b4e9",
    "initiative": "d55e00",
    "issue": "cc79a7",
    "instrument": "009e73",
    "place": "e69f00",
    "group": "f0e442",
    "award": "117733",
    "change": "332288",
    "help": "882255",
    "task": "aa4499",
    "source": "666666",
}
NODE = {
    "iri": "string",
    "type": "string",
    "kind": "string",
    **{f"label_{language}": "string" for language in LANGUAGES},
    "valid_from": "string",
    "valid_to": "string",
}
EDGE = {
    "statement_kind": "string",
    "predicate": "string",
    "value": "string",
    "verb": "string",
    "basis": "string",
    "statements": "integer",
    "first_year": "integer",
    "last_year": "integer",
    "source": "string",
    "statement": "string",
    "valid_from": "string",
    "valid_to": "string",
}


@dataclass(frozen=True)
class Span:
    """From when to when something holds, as sources write it: a year or a day; open where none is told."""

    start: str | None
    end: str | None

    @property
    def days(self) -> dict[str, str]:
        """The first and the last day, ISO 8601."""
        first = _day(self.start, "01-01") if self.start else None
        last = _day(self.end, "12-31") if self.end else None
        return {name: day for name, day in (("start", first), ("end", last)) if day}


def _day(when: str, of_year: str) -> str | None:
    day = f"{when}-{of_year}" if re.fullmatch(r"\d{4}", when) else when
    try:
        return date.fromisoformat(day).isoformat()
    except ValueError:
        return None


@dataclass(frozen=True)
class Tie:
    """What makes an edge one edge: its ends, what is said, and which kind of statement says it."""

    start: str
    end: str
    kind: str
    predicate: str
    value: str


@dataclass
class Edge:
    """An edge under way: the statements that say it."""

    statements: list[str] = field(default_factory=list)
    sources: set[str] = field(default_factory=set)
    verbs: set[str] = field(default_factory=set)
    bases: set[str] = field(default_factory=set)
    years: set[int] = field(default_factory=set)
    spans: set[Span | None] = field(default_factory=set)

    def add(self, said: Said) -> None:
        """Count one more statement."""
        self.statements += _values(said, "self")
        self.sources.update(_values(said, "source"))
        self.verbs.update(_values(said, "verb"))
        self.bases.update(map(local_name, _values(said, "basis")))
        self.years.update(int(when[:4]) for when in _values(said, "asOf") if re.match(r"\d{4}", when))
        self.spans.add(_span(said))

    @property
    def dated(self) -> list[Span]:
        """When it holds; nothing where some statement tells no time."""
        spans = [span for span in self.spans if span]
        return sorted(spans, key=str) if len(spans) == len(self.spans) else []


def _span(said: Said) -> Span | None:
    start, end = (next(iter(_values(said, key)), None) for key in ("validFrom", "validTo"))
    return Span(start, end) if start or end else None


def _values(said: Said, key: str) -> list[str]:
    return [cell.value for cell in said.get(key, ())]


@dataclass(frozen=True)
class Network:
    """Edges by what they say, with the book that names their ends."""

    book: Book
    edges: Mapping[Tie, Edge]

    @classmethod
    def of(cls, origin: Origin) -> "Network":
        """Gather the facts between things, and the views from who holds them to their issue."""
        book = Book(origin)
        edges: defaultdict[Tie, Edge] = defaultdict(Edge)
        sources, done = sorted(book.members("Source")), 0
        for batch in batches(sources, SOURCES):
            for iri, said in book.records("table-statements", source=batch):
                whole = {**said, "self": [Cell("iri", iri)]}
                for tie in _ties(whole, book):
                    edges[tie].add(whole)
            done += len(batch)
            origin.progress(done, 2 * len(sources))
        return cls(book, edges)

    def nodes(self) -> Iterator[tuple[str, str, Mapping[str, Value], Span | None]]:
        """Give identifier, label, attributes and time of every end of an edge."""
        ends = sorted({end for tie in self.edges for end in (tie.start, tie.end)})
        for batch in batches(ends, THINGS):
            known = dict(self.book.records("table-records", thing=batch))
            for iri in batch:
                said = known.get(iri, {})
                yield self.book.terms.compress(iri), self.book.label(iri), self._node(iri, said), _span(said)

    def _node(self, iri: str, said: Said) -> Mapping[str, Value]:
        kinds = [local_name(cell.value) for cell in narrowest(said.get("rdf:type", ()), self.book.terms)]
        prefix, colon, _ = self.book.terms.compress(iri).partition(":")
        labels = self.book.labels(iri)
        return {
            "iri": iri,
            "type": "actor-group" if "ActorGroup" in kinds else prefix if colon else "other",
            "kind": " | ".join(kinds),
            **{f"label_{language}": labels.get(language) for language in LANGUAGES},
            **_times([span] if (span := _span(said)) else []),
        }

    def ties(self) -> Iterator[tuple[Tie, Edge, Mapping[str, Value]]]:
        """Give the edges in a fixed order, with their attributes."""
        for tie in sorted(self.edges, key=lambda each: (each.start, each.end, each.kind, each.predicate, each.value)):
            edge = self.edges[tie]
            yield (
                tie,
                edge,
                {
                    "statement_kind": tie.kind,
                    "predicate": tie.predicate,
                    "value": tie.value or None,
                    "verb": " | ".join(sorted(edge.verbs)) or None,
                    "basis": min(edge.bases, key=WEAKEST_FIRST.index, default=None),
                    "statements": len(edge.statements),
                    "first_year": min(edge.years, default=None),
                    "last_year": max(edge.years, default=None),
                    "source": " | ".join(sorted(map(self.book.label, edge.sources))),
                    "statement": " | ".join(edge.statements),
                    **_times(edge.dated),
                },
            )

    def label(self, tie: Tie) -> str:
        """Return what an edge is called: its property, or for a view its kind and what it says."""
        terms = self.book.terms
        if tie.kind == "Fact":
            return self.book.label(terms.expand(tie.predicate))
        kind = self.book.label(terms.expand(f"bso:{tie.kind}"))
        denied = self.book.label(terms.expand("bso:deniedPolarity")) if tie.value.startswith(DENIED) else ""
        way = self.book.label(terms.expand(f"code:{tie.value.removeprefix(DENIED)}")) if tie.value else ""
        return f"{kind}: {denied} {way}".replace("  ", " ") if way else kind


def _ties(said: Said, book: Book) -> Iterator[Tie]:
    """Give the edges that a statement is: a fact between two things, or a view of each actor in it."""
    kinds = [local_name(cell.value) for cell in narrowest(said["rdf:type"], book.terms)]
    ends = [cell for key in ("rdf:subject", "rdf:object") for cell in said.get(key, ()) if cell.kind == "iri"]
    if "Fact" in kinds and len(ends) == 2 and not _is_type(said, book):
        yield Tie(ends[0].value, ends[1].value, "Fact", book.terms.compress(_values(said, "rdf:predicate")[0]), "")
    for issue in _values(said, "about"):
        for part in INVOLVED:
            for actor in _values(said, part):
                yield Tie(actor, issue, kinds[0], f"bso:{part}", _direction(said))


def _is_type(said: Said, book: Book) -> bool:
    return book.terms.expand("rdf:type") in _values(said, "rdf:predicate")


def _direction(said: Said) -> str:
    """Return which way a view goes; of a denied direction, that it is denied."""
    for key, before in (("polarity", ""), ("deniedPolarity", DENIED), ("dimension", "")):
        if found := _values(said, key):
            return before + local_name(found[0])
    return ""


def _times(spans: Sequence[Span]) -> dict[str, Value]:
    starts, ends = ([getattr(span, name) for span in spans] for name in ("start", "end"))
    return {
        "valid_from": min(starts) if starts and all(starts) else None,
        "valid_to": max(ends) if ends and all(ends) else None,
    }


def _graphml(origin: Origin) -> Outgoing:
    return Outgoing(_pieces(_graphml_lines(origin)))


def _gexf(origin: Origin) -> Outgoing:
    return Outgoing(_pieces(_gexf_lines(origin)))


def _pieces(lines: Iterable[str]) -> Iterator[bytes]:
    held: list[str] = []
    for line in lines:
        held.append(line)
        if len(held) == BATCH:
            yield "".join(held).encode()
            held.clear()
    yield "".join(held).encode()


def _graphml_lines(origin: Origin) -> Iterator[str]:
    """Write GraphML with the attribute names that Gephi knows: label, weight, and r, g, b for the colour."""
    network = Network.of(origin)
    node = {"label": "string", **NODE, "r": "int", "g": "int", "b": "int"}
    edge = {"label": "string", "weight": "double", **EDGE}
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
    yield f"<desc>{_text(_about(origin.imprint))}</desc>\n"
    for of, kinds in (("node", node), ("edge", edge)):
        for name, kind in kinds.items():
            typed = "int" if kind == "integer" else kind
            yield _tag("key", {"id": f"{of}-{name}", "for": of, "attr.name": name, "attr.type": typed})
    yield '<graph id="bustadgraf" edgedefault="directed">\n'
    for name, label, attributes, _ in network.nodes():
        red, green, blue = _colour(attributes["type"])
        yield _tag("node", {"id": name}, _data("node", {"label": label, **attributes, "r": red, "g": green, "b": blue}))
    for number, (tie, edge_, attributes) in enumerate(network.ties(), 1):
        ends = {"id": f"e{number}", **_ends(tie, network.book)}
        told = {"label": network.label(tie), "weight": float(len(edge_.statements)), **attributes}
        yield _tag("edge", ends, _data("edge", told))
    yield "</graph>\n</graphml>\n"
    origin.progress(1, 1)


def _data(of: str, attributes: Mapping[str, Value]) -> str:
    return "".join(
        f'<data key="{of}-{name}">{_text(str(value))}</data>' for name, value in attributes.items() if value is not None
    )


def _gexf_lines(origin: Origin) -> Iterator[str]:
    network, imprint = Network.of(origin), origin.imprint
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield '<gexf xmlns="http://gexf.net/1.3" xmlns:viz="http://gexf.net/1.3/viz" version="1.3">\n'
    about = f"<creator>Bustadgraf</creator><description>{_text(_about(imprint))}</description>"
    yield _tag("meta", {"lastmodifieddate": imprint.day}, about)
    yield '<graph mode="dynamic" timeformat="date" timerepresentation="interval" defaultedgetype="directed">\n'
    for of, kinds in (("node", NODE), ("edge", EDGE)):
        titles = (_tag("attribute", {"id": name, "title": name, "type": kind}) for name, kind in kinds.items())
        yield _tag("attributes", {"class": of}, "".join(titles))
    yield "<nodes>\n"
    for name, label, attributes, span in network.nodes():
        red, green, blue = _colour(attributes["type"])
        colour = f'<viz:color r="{red}" g="{green}" b="{blue}"/>'
        days = span.days if span else {}
        yield _tag("node", {"id": name, "label": label, **days}, _attvalues(attributes) + colour)
    yield "</nodes>\n<edges>\n"
    for number, (tie, edge, attributes) in enumerate(network.ties(), 1):
        named = {"id": f"e{number}", **_ends(tie, network.book), "label": network.label(tie)}
        weighed = {"kind": f"{tie.predicate} {tie.value}".strip(), "weight": str(float(len(edge.statements)))}
        times = [span.days for span in edge.dated if span.days]
        held = times[0] if len(times) == 1 else {}
        spells = f"<spells>{''.join(_tag('spell', each) for each in times)}</spells>" if len(times) > 1 else ""
        yield _tag(
            "edge", {**named, **weighed, **held}, _attvalues(attributes) + (spells and f"<spells>{spells}</spells>")
        )
    yield "</edges>\n</graph>\n</gexf>\n"
    origin.progress(1, 1)


def _attvalues(attributes: Mapping[str, Value]) -> str:
    values = (
        _tag("attvalue", {"for": name, "value": value}) for name, value in attributes.items() if value is not None
    )
    return f"<attvalues>{''.join(values)}</attvalues>"


def _ends(tie: Tie, book: Book) -> dict[str, str]:
    return {"source": book.terms.compress(tie.start), "target": book.terms.compress(tie.end)}


def _colour(kind: Value) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(COLOURS.get(str(kind), OTHER))
    return red, green, blue


def _about(imprint: Imprint) -> str:
    return f"{imprint} {imprint.address}"


def _tag(name: str, attributes: Mapping[str, Value], inner: str = "") -> str:
    written = "".join(
        f" {key}={quoteattr(_clean(str(value)))}" for key, value in attributes.items() if value is not None
    )
    return f"<{name}{written}>{inner}</{name}>\n" if inner else f"<{name}{written}/>\n"


def _text(text: str) -> str:
    return escape(_clean(text))


def _clean(text: str) -> str:
    """Return *text* without the characters that XML has no way to write."""
    return UNWRITABLE.sub("\ufffd", text)


FORMATS = (
    Format("graphml", "application/graphml+xml", "graphml", _graphml),
    Format("gexf", "application/gexf+xml", "gexf", _gexf),
)
