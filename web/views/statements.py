"""Statements as pages show them: what is said, what it rests on, and the passages, each once and numbered."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from kg.engine import Cell
from kg.model import VIEWS
from web.views.lookup import Lookup, Name, Naming, Solutions, page_of

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
FACTUAL = ("Fact", "Denial", "Projection")
KINDS = (*FACTUAL, *VIEWS)
COUNTS = ("reached", "ownerCount")
TIMES = ("periodStart", "periodEnd", "validFrom", "validTo", "issued", "year")
PEOPLE = ("holder", "party", "higherParty", "lowerParty", "pole", "of")
LINKS = (*PEOPLE, "about", "on", "reason", "mayLeadTo", "threatens", "assertedBy", "per", "coder")


@dataclass(frozen=True)
class Record:
    """A statement as the graph has it: local name of the property → values."""

    iri: str
    values: Mapping[str, tuple[Cell, ...]]

    def all(self, key: str) -> tuple[str, ...]:
        """Return the values of *key* as text."""
        return tuple(cell.value for cell in self.values.get(key, ()))

    def one(self, key: str) -> str | None:
        """Return one value of *key*; ``None`` where there is none."""
        return next(iter(self.all(key)), None)


@dataclass(frozen=True)
class SourceInfo:
    """What must be said of a source wherever its words are shown.

    A source that is known but not *loaded* has a name here and no text: nothing was looked for in it.
    """

    name: Name
    title: str
    lang: str | None
    digest: bool
    loaded: bool
    complete: bool
    url: str | None
    year: str | None


@dataclass(frozen=True)
class Statement:
    """One statement, ready to be shown. Codes (*basis*, *polarity* …) are local names of ``code:``.

    *period* is from when to when the source says that it holds.
    """

    iri: str
    href: str
    kind: str
    kind_name: Name
    basis: str
    modality: str
    subject: Name | None = None
    predicate: Name | None = None
    object: Name | None = None
    links: Mapping[str, tuple[Name, ...]] = field(default_factory=dict)
    codes: Mapping[str, Name] = field(default_factory=dict)
    polarity: str | None = None
    denied_polarity: str | None = None
    leaning: str | None = None
    verb: Name | None = None
    says: Name | None = None
    condition: Name | None = None
    because: Name | None = None
    note: str | None = None
    as_of: str | None = None
    period: tuple[str | None, str | None] | None = None
    coded: str | None = None
    passage: str | None = None
    number: int = 0

    @property
    def anchor(self) -> str:
        """The identifier of this statement inside a page."""
        return "s-" + self.iri.rpartition("/")[2]

    @property
    def evaluation(self) -> str | None:
        """``positive``, ``mixed`` or ``negative`` where the source has a true evaluation, else ``None``."""
        return self.polarity if self.kind == "Stance" and self.polarity != "neutral" else None


@dataclass(frozen=True)
class Proof:
    """A passage under a table: *number* is what rows refer to; *because* the readings that rest on it."""

    number: int
    text: str | None
    lang: str | None
    verbatim: bool
    locator: str | None
    source: Name | None
    href: str | None
    context: str | None
    original: str | None
    as_of: str | None
    because: tuple[Name, ...] = ()


@dataclass(frozen=True)
class Statements:
    """Statements with the passages they rest on."""

    all: tuple[Statement, ...]
    proofs: tuple[Proof, ...]
    sources: Mapping[str, SourceInfo]

    @property
    def facts(self) -> tuple[Statement, ...]:
        """Facts, denials and projections."""
        return tuple(each for each in self.all if each.kind in FACTUAL)

    @property
    def by_number(self) -> Mapping[int, Proof]:
        """The passages by their number."""
        return {proof.number: proof for proof in self.proofs}

    @property
    def views(self) -> tuple[Statement, ...]:
        """Everything about an issue."""
        return tuple(each for each in self.all if each.kind not in FACTUAL)


def records(lookup: Lookup, rows: Solutions) -> tuple[Record, ...]:
    """Gather rows of ``?st ?key ?value`` to one record a statement, in their order."""
    found: dict[str, dict[str, list[Cell]]] = {}
    for row in rows:
        keys = found.setdefault(row["st"].value, {})
        keys.setdefault(lookup.local(row["key"].value), []).append(row["value"])
    return tuple(Record(iri, {key: tuple(cells) for key, cells in keys.items()}) for iri, keys in found.items())


def source_infos(lookup: Lookup, iris: Iterable[str] = ()) -> dict[str, SourceInfo]:
    """Fetch what must be said of the sources *iris*, of all where none are given."""
    wanted = sorted(set(iris))
    rows = lookup.rows("sources", source=wanted) if wanted else lookup.rows("sources")
    found: dict[str, dict[str, Cell]] = {}
    for row in rows:
        found.setdefault(row["source"].value, {}).setdefault(lookup.local(row["key"].value), row["value"])
    naming = lookup.names(found)
    return {iri: _source_info(lookup, naming[iri], values) for iri, values in found.items()}


def _source_info(lookup: Lookup, name: Name, values: Mapping[str, Cell]) -> SourceInfo:
    def text(key: str) -> str | None:
        return values[key].value if key in values else None

    return SourceInfo(
        name=name,
        title=text("dcterms:title") or name.text,
        lang=text("dcterms:language"),
        digest=text("digest") == "true",
        loaded="access" in values,
        complete=lookup.local(text("codedExtent") or "") == "complete",
        url=web_address(text("url")),
        year=text("year"),
    )


def statements(lookup: Lookup, found: Iterable[Record], also: Iterable[str] = ()) -> tuple[Statements, Naming]:
    """Make statements of records, with names for everything in them and for the IRIs in *also*."""
    kept = tuple(found)
    sources = source_infos(lookup, (iri for record in kept for iri in record.all("source"))) if kept else {}
    naming = lookup.names({*also, *(iri for record in kept for iri in _mentioned(record))})
    money = _currencies(lookup, kept)
    made = [_statement(lookup, naming, record, money) for record in kept]
    numbers: dict[str, int] = {}
    numbered = tuple(
        replace(each, number=numbers.setdefault(each.passage or each.iri, len(numbers) + 1)) for each in made
    )
    return Statements(numbered, _proofs(lookup, kept, numbered, sources), sources), naming


def _mentioned(record: Record) -> Iterable[str]:
    for cells in record.values.values():
        yield from (cell.value for cell in cells if cell.kind == "iri")


def _currencies(lookup: Lookup, found: Iterable[Record]) -> dict[str, str]:
    """Return the currency in which the amounts of a thing are, where all that is said agrees on one."""
    amount, said = lookup.own("amount"), dict[str, set[str]]()
    things = {
        record.one(subject) or ""
        for record in found
        for subject, predicate in (("rdf:subject", "rdf:predicate"), ("ofSubject", "ofPredicate"))
        if record.one(predicate) == amount
    }
    for row in lookup.rows("currencies", thing=things) if things else ():
        said.setdefault(row["thing"].value, set()).add(row["currency"].value)
    return {thing: next(iter(currencies)) for thing, currencies in said.items() if len(currencies) == 1}


def _statement(lookup: Lookup, naming: Naming, record: Record, currencies: Mapping[str, str]) -> Statement:
    types = {lookup.local(iri) for iri in record.all("rdf:type")}
    kind = next((each for each in KINDS if each in types), "Statement")
    code = {key: lookup.local(record.one(key) or "") or None for key in ("polarity", "deniedPolarity", "leaning")}
    return Statement(
        iri=record.iri,
        href=page_of(record.iri, lookup.terms, lookup.language) or "",
        kind=kind,
        kind_name=lookup.term(kind),
        basis=lookup.local(record.one("basis") or "stated"),
        modality=lookup.local(record.one("modality") or "actual"),
        subject=_part(lookup, naming, record, "rdf:subject", "ofSubject"),
        predicate=_part(lookup, naming, record, "rdf:predicate", "ofPredicate"),
        object=_value(lookup, record, currencies) or _part(lookup, naming, record, "rdf:object", "ofObject"),
        links={key: tuple(naming[iri] for iri in record.all(key)) for key in LINKS if key in record.values},
        codes={key: naming[iri] for key in ("degree", "dimension", "quantifier", "sure") if (iri := record.one(key))},
        polarity=code["polarity"],
        denied_polarity=code["deniedPolarity"],
        leaning=code["leaning"],
        verb=_words(lookup, record, "verb"),
        says=_words(lookup, record, "says"),
        condition=_words(lookup, record, "condition"),
        because=_words(lookup, record, "because"),
        note=record.one("note"),
        as_of=record.one("asOf"),
        period=_period(lookup, record),
        coded=record.one("coded"),
        passage=record.one("passage"),
    )


def _period(lookup: Lookup, record: Record) -> tuple[str | None, str | None] | None:
    """Return from when to when the source says that this holds; ``None`` where it says neither."""
    start, end = (record.one(key) for key in ("validFrom", "validTo"))
    return (start and lookup.speech.day(start), end and lookup.speech.day(end)) if start or end else None


def _part(lookup: Lookup, naming: Naming, record: Record, *keys: str) -> Name | None:
    cell = next((record.values[key][0] for key in keys if key in record.values), None)
    if cell is None:
        return None
    if cell.kind == "iri":
        if cell.value == f"{RDF}type":
            return Name(lookup.speech.say("is a"), None, None, cell.value)
        return naming[cell.value]
    return Name(cell.value, cell.lang if cell.lang != lookup.language else None)


def _value(lookup: Lookup, record: Record, currencies: Mapping[str, str]) -> Name | None:
    """Write an amount, a number, a day or a month as one does in the language of the page; ``None`` for all else."""
    cell = next((record.values[key][0] for key in ("rdf:object", "ofObject") if key in record.values), None)
    if cell is None or cell.kind != "literal" or cell.lang:
        return None
    predicate = lookup.local(record.one("rdf:predicate") or record.one("ofPredicate") or "")
    if predicate == "amount":
        subject = record.one("rdf:subject") or record.one("ofSubject") or ""
        return Name(lookup.speech.amount(cell.value, currencies.get(subject)))
    if predicate in COUNTS:
        return Name(lookup.speech.amount(cell.value))
    return Name(lookup.speech.day(cell.value)) if predicate in TIMES else None


def _words(lookup: Lookup, record: Record, key: str) -> Name | None:
    return lookup.named({cell.lang or "": cell.value for cell in record.values.get(key, ())})


def _proofs(
    lookup: Lookup, found: Iterable[Record], made: Iterable[Statement], sources: Mapping[str, SourceInfo]
) -> tuple[Proof, ...]:
    proofs: dict[int, Proof] = {}
    for record, statement in zip(found, made, strict=True):
        known = proofs.get(statement.number) or _proof(lookup, record, statement, sources)
        because = (*known.because, statement.because) if statement.because else known.because
        proofs[statement.number] = replace(known, because=tuple(dict.fromkeys(because)))
    return tuple(proofs.values())


def _proof(lookup: Lookup, record: Record, statement: Statement, sources: Mapping[str, SourceInfo]) -> Proof:
    source = sources.get(record.one("source") or "")
    verbatim = record.one("verbatim") == "true"
    text = record.one("text")
    return Proof(
        number=statement.number,
        text=text,
        lang=foreign(source.lang if source else None, lookup),
        verbatim=verbatim,
        locator=record.one("locator"),
        source=source.name if source else None,
        href=statement.passage and page_of(statement.passage, lookup.terms, lookup.language),
        context=in_context(source.name.href if source else None, statement.passage),
        original=original(source.url if source else None, record.one("anchor") or (text if verbatim else None)),
        as_of=statement.as_of,
    )


def foreign(lang: str | None, lookup: Lookup) -> str | None:
    """Return *lang* where it is not the language of the page."""
    return lang if lang and lang != lookup.language else None


def place(passage: str) -> str:
    """Return the part of a passage's IRI that says where it stands: ``120-180``."""
    return "-".join(passage.rsplit("-", 2)[-2:])


def in_context(source: str | None, passage: str | None) -> str | None:
    """Return the address of a passage lit in the text of its source."""
    return f"{source}?passage={place(passage)}#p-{place(passage)}" if source and passage else None


def web_address(address: str | None) -> str | None:
    """Return *address* if a browser may follow it: nothing but http and https."""
    return address if address and address.startswith(("http://", "https://")) else None


def original(url: str | None, words: str | None) -> str | None:
    """Return the address of the original with a text fragment that finds *words* there."""
    if not url or not words:
        return url
    fragment = quote(" ".join(words.split()[:12]), safe="").replace("-", "%2D")
    return f"{url.partition('#')[0]}#:~:text={fragment}"
