"""No page asks the engine more because there is more to show: a few queries, and one for all names."""

import pytest
from conftest import publication
from flask.testing import FlaskClient

from kg.engine import Engine
from kg.snapshot import Snapshot
from web.app import create_app

B = "https://w3id.org/bustadgraf/"
MOST = 20  # the page of a statement asks two for each step of what follows from it; all others up to 14
PAGES = ["", "matrix", "concepts", "shapes", "data", "quality", "about", "search?q=bustad", "concepts/targets"]
PAGES += ["concepts/Initiative", "concepts/scheme/target-group", "q/who-helps?group=refugees", "matrix?group=actor:ks"]
LEAST_FIRST = """
SELECT ?thing (COUNT(*) AS ?said) { ?st ?key ?thing ; a <https://w3id.org/bustadgraf/ont#Statement> }
GROUP BY ?thing ORDER BY ?said
"""


class Counting:
    """An engine that counts what it is asked, in whatever way."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.asked = engine, 0

    def __getattr__(self, name: str) -> object:
        self.asked += name in ("query", "select", "ask")
        return getattr(self.engine, name)


class Asked:
    """A client of the pages on a snapshot, with the number of queries that each page took."""

    def __init__(self, snapshot: Snapshot, engine: Engine) -> None:
        self.engine = Counting(engine)
        self.client: FlaskClient = create_app(publication(snapshot, self.engine)).test_client()  # type: ignore[arg-type]
        for once in ("concepts", "data"):  # the handbook and the edition are made once for what is served
            self.client.get(f"/nn/{once}")

    def by(self, page: str) -> int:
        self.engine.asked = 0
        assert self.client.get(f"/nn/{page}").status_code == 200, page
        return self.engine.asked


@pytest.fixture(scope="module")
def few(report_snapshot: Snapshot, report_engine: Engine) -> Asked:
    return Asked(report_snapshot, report_engine)


@pytest.fixture(scope="module")
def many(field_snapshot: Snapshot, field_engine: Engine) -> Asked:
    return Asked(field_snapshot, field_engine)


def test_no_page_asks_more_however_much_there_is(few: Asked, many: Asked, field_engine: Engine, counts) -> None:
    rows = field_engine.select(LEAST_FIRST)
    kinds: dict[str, list[str]] = {}
    for row in rows:
        space, _, path = row["thing"].value.removeprefix(B).partition("/")
        if space in ("id", "kos"):
            kinds.setdefault(path.partition("/")[0], []).append(path)
    facts = [row["st"].value for row in field_engine.select(f"SELECT ?st {{ ?st a <{B}ont#Fact> }} ORDER BY ?st")]
    kinds["statement"] = [iri.removeprefix(f"{B}id/") for iri in facts[:: len(facts) // 20]]
    assert len(kinds) > 15
    for kind, paths in kinds.items():
        for page in (*paths[:1], *paths[-2:], f"{kind}/") if kind != "statement" else (*paths, "statement/"):
            assert many.by(page) <= MOST, page
            counts("pages of which the queries were counted")
    for page in PAGES:
        assert many.by(page) <= few.by(page) + 1 <= MOST, page  # one more where there are examples to name


@pytest.mark.parametrize("format", ["ttl", "jsonld", "rdf", "csv"])
def test_data_come_by_one_construct(many: Asked, format: str) -> None:
    for path in ("actor/husbanken", "target-group/refugees", "kos/target-group", "graph/kos"):
        many.client.get(f"/data/{path}.{format}")  # the context of JSON-LD is made once
        many.engine.asked = 0
        assert many.client.get(f"/data/{path}.{format}").status_code == 200
        assert many.engine.asked <= 2, "is it known, and what is said of it"
