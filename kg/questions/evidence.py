"""What rows rest on: statements with their passages, and the front matter of sources; two queries a page."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kg.engine import Cell as Binding
from kg.engine import Engine
from kg.model import LangText
from kg.questions.catalogue import Query

BASES_WEAKEST_FIRST = ("of-type", "inferred", "interpreted", "stated")
MODALITIES_WEAKEST_FIRST = ("potential", "expected", "normative", "actual")


@dataclass(frozen=True)
class Evidence:
    """One statement, or one line of a source's front matter, and where it stands.

    *basis* and *modality* are local names of ``code:``; *because* is the coder's reason for a
    reading, by language. Front matter that was not found in the text has no passage and its *locator* is the
    address of the source. *verbatim* is false where the text is retold in our words.
    """

    statement: str | None
    passage: str | None
    source: str | None
    locator: str | None
    text: str | None
    verbatim: bool
    basis: str = "stated"
    modality: str = "actual"
    holders: tuple[str, ...] = ()
    asserted_by: tuple[str, ...] = ()
    per: str | None = None
    as_of: str | None = None
    valid_from: str | None = None
    valid_to: str | None = None
    because: tuple[LangText, ...] = ()
    anchor: str | None = None

    def holds_in(self, year: int) -> bool:
        """Say whether the source leaves it possible that this is so in some part of *year*."""
        return (self.valid_from or "0")[:4] <= str(year) <= (self.valid_to or "9")[:4]

    @property
    def reasons(self) -> dict[str, str]:
        """The reason for the reading, by language."""
        return {reason.lang: reason.text for reason in self.because}

    @property
    def iris(self) -> tuple[str, ...]:
        """The things in it that have labels."""
        return tuple(each for each in (self.source, self.per, *self.holders, *self.asserted_by) if each)


def statement_evidence(engine: Engine, query: Query, statements: Iterable[str]) -> dict[str, Evidence]:
    """Fetch what *statements* rest on, by the IRI of the statement."""
    wanted = sorted(set(statements))
    if not wanted:
        return {}
    values: dict[str, dict[str, list[Binding]]] = {statement: {} for statement in wanted}
    for row in engine.select(query.bind(statement=wanted)):
        key = row["key"].value.rpartition("#")[2]
        values[row["statement"].value].setdefault(key, []).append(row["value"])
    return {statement: _of_statement(statement, keys) for statement, keys in values.items()}


def metadata_evidence(
    engine: Engine, query: Query, metadata: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], Evidence]:
    """Fetch where each (source, property) pair stands: a passage of the front matter, else the source's address."""
    wanted = sorted(set(metadata))
    if not wanted:
        return {}
    rows = engine.select(query.bind_rows(("source", "property"), wanted))
    return {(row["source"].value, row["property"].value): _of_metadata(row) for row in reversed(rows)}


def basis_of(evidence: Iterable[Evidence], extra: Iterable[str] = ()) -> str | None:
    """Return the weakest basis of all that one derivation joins; nothing joined, no basis."""
    found = [*(each.basis for each in evidence), *extra]
    return min(found, key=BASES_WEAKEST_FIRST.index, default=None)


def strongest(bases: Iterable[str | None]) -> str | None:
    """Return the strongest of *bases*: a second source that shows the same row never weakens it."""
    return max((each for each in bases if each), key=BASES_WEAKEST_FIRST.index, default=None)


def modality_of(evidence: Sequence[Evidence]) -> str | None:
    """Return the modality furthest from the actual."""
    return min((each.modality for each in evidence), key=MODALITIES_WEAKEST_FIRST.index, default=None)


def holders_of(evidence: Sequence[Evidence]) -> tuple[str, ...]:
    """Return who holds or shares the views of a row, and the source a finding is per."""
    held = [each for one in evidence for each in (*one.holders, *((one.per,) if one.per else ()))]
    return tuple(dict.fromkeys(held))


def _of_statement(statement: str, keys: Mapping[str, list[Binding]]) -> Evidence:
    def one(key: str) -> str | None:
        return keys[key][0].value if key in keys else None

    def every(*names: str) -> tuple[str, ...]:
        return tuple(each.value for name in names for each in keys.get(name, ()))

    return Evidence(
        statement=statement,
        passage=one("passage"),
        source=one("source"),
        locator=one("locator"),
        text=one("text"),
        verbatim=one("verbatim") == "true",
        basis=_code(one("basis"), "stated"),
        modality=_code(one("modality"), "actual"),
        holders=every("holder", "party"),
        asserted_by=every("assertedBy"),
        per=one("per"),
        as_of=one("asOf"),
        valid_from=one("validFrom"),
        valid_to=one("validTo"),
        because=tuple(LangText(each.value, each.lang or "") for each in keys.get("because", ())),
        anchor=one("anchor"),
    )


def _of_metadata(row: Mapping[str, Binding]) -> Evidence:
    def one(name: str) -> str | None:
        return row[name].value if name in row else None

    return Evidence(
        statement=None,
        passage=one("passage"),
        source=one("source"),
        locator=one("locator") or one("url"),
        text=one("text"),
        verbatim=one("digest") != "true",
        as_of=one("year"),
    )


def _code(iri: str | None, default: str) -> str:
    return iri.rpartition("/")[2] if iri else default
