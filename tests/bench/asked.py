"""What is measured: twelve shipped queries with slots filled, and twelve of the same types as people write them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.field import SEARCHED

from kg.questions import Query
from kg.terms import Terms

HERE, ROOT = Path(__file__).parent, Path(__file__).parents[2]
TERMS = Terms()
# Number → type, the file of the query, its slots and what stands in them.
SHIPPED: Mapping[str, tuple[str, str, Mapping[str, str]]] = {
    "q01": (
        "who does what for whom, and who pays",
        "ontology/cq/who-helps-and-who-pays",
        {"group": "group:refugees", "place": "PLACE"},
    ),
    "q02": ("matrix of stances", "ontology/cq/stance-by-actor-type", {"issue": "issue:t0"}),
    "q03": ("recipients of money", "ontology/cq/paid-initiatives", {}),
    "q04": ("a tree, by a path", "ontology/cq/initiatives-in-place", {"place": "PLACE"}),
    "q05": ("words in passages", "ontology/queries/passages-with", {"word": SEARCHED}),
    "q06": ("all about one actor", "web/queries/statements-about", {"this": "actor:a1"}),
    "q07": ("facets", "web/queries/facets", {"kind": "bso:Initiative"}),
    "q08": ("distinct, in order", "web/queries/listed-records", {"kind": "bso:Passage"}),
    "q09": ("neighbourhood (CONSTRUCT)", "web/queries/linked-entity", {"x-thing": "initiative:i1"}),
    "q10": ("gaps", "ontology/cq/gaps", {}),
    "q11": ("counts over sources and years", "ontology/cq/described-by-several", {}),
    "q12": ("money from several, joined", "ontology/cq/money-chain", {"initiative": "PAID"}),
}
MARK = re.compile(r"\{([a-z]+(?::[A-Za-z0-9-]+)?)\}")
NAMES = {"this": "actor", "x-thing": "initiative"}  # slot → its mark in SQL


@dataclass(frozen=True)
class Asked:
    """One query: *sparql* for everyone, and *sql* with the marks of terms still in it where it is shipped."""

    id: str
    type: str
    sparql: str
    sql: str | None = None

    @property
    def graph(self) -> bool:
        """Whether it gives triples."""
        return "CONSTRUCT" in self.sparql


def shipped(paid: str, place: str = "place:county-3") -> Iterator[Asked]:
    """Give the shipped queries; *paid* is an initiative for which several pay, *place* one that holds others."""
    for name, (kind, path, slots) in SHIPPED.items():
        given = {slot: {"PAID": paid, "PLACE": place}.get(value, value) for slot, value in slots.items()}
        sql = (HERE / "sql" / f"{name}.sql").read_text(encoding="utf-8")
        marks = {NAMES.get(slot, slot): value for slot, value in given.items()}
        yield Asked(name, kind, _filled(path, given), _marked(sql, marks))


def ad_hoc() -> Iterator[Asked]:
    """Give the queries that people may write."""
    for path in sorted((HERE / "adhoc").glob("*.rq")):
        text = path.read_text(encoding="utf-8")
        yield Asked(path.stem, text.partition("\n")[0].lstrip("# ").rstrip("."), text)


def _filled(path: str, given: Mapping[str, str]) -> str:
    query = Query(TERMS.rebase((ROOT / f"{path}.rq").read_text(encoding="utf-8")))
    if "word" in given:
        return query.look_for(given["word"])
    if "x-thing" in given:
        return query.text.replace("urn:x-thing", TERMS.expand(given["x-thing"]))
    return query.bind(**{slot: [TERMS.expand(value)] for slot, value in given.items()})


def _marked(sql: str, marks: Mapping[str, str]) -> str:
    """Put the names of terms in the marks of slots, so that all marks are of terms; a word stays a word."""

    def named(mark: re.Match[str]) -> str:
        value = marks.get(mark[1], mark[1])
        return f"{{{value}}}" if ":" in value else value

    return MARK.sub(named, sql)
