"""Awards as 360Giving grants and initiatives as Open Referral services, each record with the statements it rests on.

A record that lacks what its standard requires is left out and counted: what no source says is never filled in.
``ontology/alignments/360giving.ttl`` and ``hsds.ttl`` tell which of our terms stand for which of their fields.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from kg.engine import Cell, Engine
from kg.model import InputError, Language
from kg.questions import Query
from kg.resources import text
from kg.terms import Terms, best_label

GRANT_REQUIRES = (
    "title",
    "description",
    "currency",
    "amountAwarded",
    "awardDate",
    "recipientOrganization",
    "fundingOrganization",
)
SERVICE_REQUIRES = ("name", "status")
LANGUAGE: Language = "nb"
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
WIDEST = ("Actor", "Organisation")
RUNNING = ("trial", "established")
REGISTER = "NO-BRC"  # the Norwegian register of legal entities in the list of org-id.guide

Record = dict[str, Any]


@dataclass(frozen=True)
class Said:
    """A value that a source gives a thing, with the statement, its passage and the address of the source.

    *as_of* is the year or day for which it is said, *until* the one with which it ceased to be so.
    """

    value: Cell
    statement: str
    text: str
    url: str | None
    as_of: str = ""
    until: str = ""


@dataclass(frozen=True)
class Left:
    """How many records there were, how many were written, and what the others lacked (field → how many)."""

    records: int
    written: int
    lacking: Mapping[str, int]

    def __str__(self) -> str:
        lacked = ", ".join(f"{name} ({count})" for name, count in sorted(self.lacking.items()))
        return f"{self.written} of {self.records} records were written; the others lack {lacked}."


@dataclass(frozen=True)
class Standard:
    """A way out to other people's programs: what it takes, what it requires, and how the records are wrapped."""

    kind: str
    requires: Sequence[str]
    record: Callable[["Book", str], Record]
    before: Callable[["Book"], str]
    after: str
    least: int = 0


@dataclass(frozen=True)
class Book:
    """What is known of the individuals of one class: what sources say, and how everything is called.

    *newest* is the newest year for which anything is said of them.
    """

    engine: Engine
    terms: Terms
    licence: str
    title: str
    facts: Mapping[str, Mapping[str, Sequence[Said]]]
    words: Mapping[str, Mapping[str, Sequence[Cell]]] = field(default_factory=dict)
    newest: str = ""

    def first(self, thing: str, key: str) -> Said | None:
        """Return what is said first of *thing* by the property *key* (a local name)."""
        return next(iter(self.all(thing, key)), None)

    def all(self, thing: str, key: str) -> Sequence[Said]:
        """Return all that is said of *thing* by *key*, each value once."""
        said = self.facts.get(thing, {}).get(self.terms.expand(f"bso:{key}"), ())
        return list({each.value.value: each for each in reversed(said)}.values())[::-1]

    def lasting(self, thing: str, key: str) -> frozenset[str]:
        """Return what is said of *thing* by *key* most recently, without what had ended by then."""
        said = self.facts.get(thing, {}).get(self.terms.expand(f"bso:{key}"), ())
        latest = max((each.as_of[:4] for each in said), default="")
        lasting = (each for each in said if each.as_of[:4] == latest and each.until[:4] >= (each.until and self.newest))
        return frozenset(each.value.value for each in lasting)

    def name(self, thing: str) -> str:
        """Return the name of *thing*."""
        return self.worded(thing, "skos:prefLabel") or self.terms.compress(thing)

    def worded(self, thing: str, key: str) -> str | None:
        """Return one of the texts of *thing* in the language of the exports, or the nearest."""
        labels = {cell.lang or "": cell.value for cell in self.words.get(thing, {}).get(self.terms.expand(key), ())}
        best = best_label(labels, LANGUAGE)
        return best[0] if best else None

    def plain(self, thing: str, key: str) -> str | None:
        """Return one value of *thing* as text."""
        cells = self.words.get(thing, {}).get(self.terms.expand(key), ())
        return cells[0].value if cells else None

    def kinds(self, thing: str) -> tuple[str, ...]:
        """Return the labels of the classes of *thing* that tell more than that it acts."""
        cells = self.words.get(thing, {}).get(self.terms.expand("rdf:type"), ())
        local = [self.terms.compress(cell.value).removeprefix("bso:") for cell in cells]
        return tuple(
            self.terms.own[name].label[LANGUAGE] for name in local if name in self.terms.own and name not in WIDEST
        )

    def statements(self, thing: str) -> list[str]:
        """Return the statements that the record of *thing* rests on."""
        return sorted({each.statement for said in self.facts.get(thing, {}).values() for each in said})


def export(standard: Standard, engine: Engine, terms: Terms, licence: str, title: str) -> tuple[Iterator[bytes], Left]:
    """Return the file as pieces, one a record, and what was left out.

    Raises :class:`InputError` where nothing is left and the standard wants at least one record.
    """
    book, things = _open(engine, terms, standard.kind, licence, title)
    lacking = {thing: _lacking(standard, standard.record(book, thing)) for thing in things}
    whole = [thing for thing in things if not lacking[thing]]
    left = Left(len(things), len(whole), Counter(name for names in lacking.values() for name in names))
    if len(whole) < standard.least:
        raise InputError(f"There is nothing to write: {left}")
    return _pieces(standard, book, whole), left


def _pieces(standard: Standard, book: Book, things: Iterable[str]) -> Iterator[bytes]:
    yield standard.before(book).encode()
    for number, thing in enumerate(things):
        yield (",\n" if number else "\n").encode() + _json(standard.record(book, thing)).encode()
    yield standard.after.encode()


def _json(record: Record) -> str:
    return json.dumps({name: value for name, value in record.items() if value not in (None, [])}, ensure_ascii=False)


def _lacking(standard: Standard, record: Record) -> tuple[str, ...]:
    return tuple(name for name in standard.requires if record.get(name) in (None, []))


def _open(engine: Engine, terms: Terms, kind: str, licence: str, title: str) -> tuple[Book, list[str]]:
    of_kind = [terms.expand(f"bso:{kind}")]
    things = [row["thing"].value for row in engine.select(_query("export-things", terms).bind(type=of_kind))]
    facts: defaultdict[str, defaultdict[str, list[Said]]] = defaultdict(lambda: defaultdict(list))
    mentioned = set(things)
    for row in engine.select(_query("export-facts", terms).bind(type=of_kind)):
        when = (row[key].value if key in row else "" for key in ("asOf", "until"))
        said = Said(row["value"], row["st"].value, row["text"].value, row["url"].value if "url" in row else None, *when)
        facts[row["thing"].value][row["key"].value].append(said)
        mentioned |= {row["value"].value} if row["value"].kind == "iri" else set()
    words: defaultdict[str, defaultdict[str, list[Cell]]] = defaultdict(lambda: defaultdict(list))
    for row in engine.select(_query("export-words", terms).bind(thing=sorted(mentioned))) if mentioned else ():
        words[row["thing"].value][row["key"].value].append(row["value"])
    newest = max((each.as_of[:4] for of in facts.values() for said in of.values() for each in said), default="")
    return Book(engine, terms, licence, title, facts, words, newest), things


def _query(name: str, terms: Terms) -> Query:
    return Query(terms.rebase(text("ontology", "queries", f"{name}.rq")))


def _grant(book: Book, award: str) -> Record:
    """Write an award as a grant of the 360Giving Data Standard 1.4."""
    receivers = [each for each in book.all(award, "awardedTo") if _is_of(book, each.value.value, "Organisation")]
    amount, currency, scheme = (book.first(award, key) for key in ("amount", "currency", "awardedUnder"))
    to = book.first(award, "awardedTo")
    day = book.first(award, "validFrom")
    return {
        "id": award,
        "title": book.name(award)[:140],
        "description": book.worded(award, "skos:definition") or (to.text if to else None),
        "currency": (currency.value.value if currency else "NOK") if amount else None,
        "amountAwarded": float(amount.value.value) if amount else None,
        "awardDate": day.value.value if day and DAY.fullmatch(day.value.value) else None,
        "recipientOrganization": [_organisation(book, each.value.value) for each in receivers],
        "fundingOrganization": [_organisation(book, each.value.value) for each in book.all(award, "awardedBy")],
        "grantProgramme": [{"code": scheme.value.value, "title": book.name(scheme.value.value)}] if scheme else [],
        "dataSource": to.url if to else None,
        "statements": book.statements(award),
        "licence": book.licence,
    }


def _organisation(book: Book, actor: str) -> Record:
    number = book.plain(actor, "bso:organisationNumber")
    return {"id": f"{REGISTER}-{number}" if number else actor, "name": book.name(actor)}


def _is_of(book: Book, thing: str, kind: str) -> bool:
    """Say whether *thing* is of the class *kind*; the classes above one are in the data too."""
    wanted = book.terms.expand(f"bso:{kind}")
    return any(cell.value == wanted for cell in book.words.get(thing, {}).get(book.terms.expand("rdf:type"), ()))


def _service(book: Book, initiative: str) -> Record:
    """Write an initiative as a service of the Human Services Data Specification 3."""
    stages = {stage.rpartition("/")[2] for stage in book.lasting(initiative, "stage")}
    organiser = book.first(initiative, "providedBy")
    groups = [each.value.value for each in book.all(initiative, "targets")]
    return {
        "id": _uuid(initiative),
        "name": book.name(initiative),
        "alternate_name": book.worded(initiative, "skos:altLabel"),
        "description": book.worded(initiative, "skos:definition"),
        "status": "active" if stages & set(RUNNING) else None,
        "url": initiative,
        "eligibility_description": "; ".join(map(book.name, groups)) or None,
        "organization": _provider(book, organiser.value.value) if organiser else None,
        "service_areas": [_area(book, initiative, each.value.value) for each in book.all(initiative, "offeredIn")],
        "funding": [_funding(book, initiative, each.value.value) for each in book.all(initiative, "fundedBy")],
        "attributes": [*_attributes(book, initiative), *_provenance(book, initiative)],
    }


def _provider(book: Book, actor: str) -> Record:
    described = book.worded(actor, "skos:definition") or ", ".join(book.kinds(actor)) or book.name(actor)
    number = book.plain(actor, "bso:organisationNumber")
    identifier = {"id": _uuid(f"{actor}#{number}"), "identifier_type": REGISTER, "identifier": number}
    named = {"id": _uuid(actor), "name": book.name(actor), "description": described, "uri": actor}
    return {**named, "organization_identifiers": [identifier]} if number else named


def _area(book: Book, initiative: str, place: str) -> Record:
    return {"id": _uuid(f"{initiative} {place}"), "name": book.name(place), "uri": place}


def _funding(book: Book, initiative: str, payer: str) -> Record:
    return {"id": _uuid(f"{initiative} paid by {payer}"), "source": book.name(payer)}


def _attributes(book: Book, initiative: str) -> Iterator[Record]:
    """Yield the concepts of our schemes that tell for whom an initiative is and with what it helps."""
    for key in ("targets", "offersHelp", "performsTask"):
        for said in book.all(initiative, key):
            concept = said.value.value
            term = {
                "id": _uuid(concept),
                "name": book.name(concept),
                "description": book.worded(concept, "skos:definition") or book.name(concept),
                "taxonomy": concept.rpartition("/")[0],
                "term_uri": concept,
            }
            yield {"id": _uuid(f"{initiative} {key} {concept}"), "link_type": key, "taxonomy_term": term}


def _provenance(book: Book, initiative: str) -> Iterator[Record]:
    for statement in book.statements(initiative):
        yield {"id": _uuid(f"{initiative} {statement}"), "link_type": "statement", "value": statement}
    yield {"id": _uuid(f"{initiative} licence"), "link_type": "licence", "value": book.licence}


def _uuid(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, name))


def _package(book: Book) -> str:
    head = {"version": "1.4", "title": book.title, "license": book.licence}
    return json.dumps(head, ensure_ascii=False)[:-1] + ', "grants": ['


def _list(_book: Book) -> str:
    return '{"version": "3.0", "contents": ['


GRANTS = Standard("FundingAward", GRANT_REQUIRES, _grant, _package, "\n]}\n", least=1)
SERVICES = Standard("Initiative", SERVICE_REQUIRES, _service, _list, "\n]}\n")
