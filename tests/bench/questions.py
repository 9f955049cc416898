"""The shipped questions beside other engines: ``python -m tests.bench.questions --report docs/benchmark``.

Everyone gets the same triples and, but for DuckDB, the same texts, in turns: all of them answer one query, then the
next. A figure is the median of ROUNDS such turns after one that is not counted; what took over SLOW_S is asked once.
All rows are compared. ``--growth`` measures our engine alone by size. Data is made once and kept in ``--cache``.
"""

import argparse
import json
import platform
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.asked import TERMS, Asked, ad_hoc, shipped
from bench.contestants import Bare, Contestant, DuckDb, Http, OxigraphServer, Pool, RdfLib, Row, Virtuoso, json_rows
from bench.field import snapshot_of
from bench.report import growth_report, report

from kg.snapshot import Snapshot

ROUNDS = 5
SLOW_S = 4.0
RDFLIB_UP_TO = 150_000
SIZES = (100_000, 1_000_000, 5_000_000)
NUMBERS = iter(range(1, 1_000_000))
PAID = """PREFIX bso: <https://w3id.org/bustadgraf/ont#>
SELECT ?initiative WHERE { ?initiative a bso:Initiative ; bso:fundedBy|bso:fundedUnder|^bso:awardedTo ?payer }
GROUP BY ?initiative ORDER BY DESC(COUNT(DISTINCT ?payer)) ?initiative LIMIT 1"""


def opened(kind: type[Contestant], snapshot: Snapshot, folder: Path) -> tuple[Contestant, float]:
    """Load a contestant; return it with the seconds until its first answer."""
    start = time.perf_counter()
    one = kind(snapshot, folder)
    one.ask(Asked("first", "", "SELECT * WHERE { ?s ?p ?o } LIMIT 1", "SELECT * FROM triple LIMIT 1"), next(NUMBERS))
    return one, time.perf_counter() - start


def paid_by_most(one: Contestant) -> str:
    """Return the initiative with most payers, instruments and awards."""
    _, answer = one.ask(Asked("paid", "", PAID), next(NUMBERS))
    return TERMS.compress(str(json_rows(answer)[0][0]).strip("<>"))


def measured(
    contestants: Sequence[Contestant], asked: Sequence[Asked], rounds: int
) -> tuple[dict[str, dict[str, float | str]], dict[str, list[str]]]:
    """Return name → query → seconds (or what went wrong), and query → who gave other rows than the first."""
    times: dict[str, dict[str, list[float]]] = {one.name: {} for one in contestants}
    failed: dict[str, dict[str, str]] = {one.name: {} for one in contestants}
    wrong: dict[str, list[str]] = {}
    for each in asked:
        right: list[Row] | None = None
        for one in contestants:
            try:
                seconds, answer = one.ask(each, next(NUMBERS))
                rows = one.rows(each, answer)
            except Exception as error:
                failed[one.name][each.id] = type(error).__name__
                continue
            times[one.name][each.id] = [seconds]
            right = rows if right is None else right
            if rows != right:
                wrong.setdefault(each.id, []).append(f"{one.name} ({_difference(right, rows)})")
        print(each.id, {name: round(1000 * took[each.id][0], 1) for name, took in times.items() if each.id in took})
    for _ in range(rounds):
        for each in asked:
            for one in contestants:
                took = times[one.name].get(each.id)
                if took and took[0] < SLOW_S:
                    took.append(one.ask(each, next(NUMBERS))[0])
    medians = {
        name: {query: statistics.median(took[1:] or took) for query, took in mine.items()}
        for name, mine in times.items()
    }
    return {name: {**medians[name], **failed[name]} for name in medians}, wrong


def _difference(right: Sequence[Row], rows: Sequence[Row]) -> str:
    """Say how *rows* differ: in number, only in how booleans are written, or in what they say."""
    if len(right) != len(rows):
        return f"{len(rows):,} rows for {len(right):,}"
    pairs = [(one, other) for row, mine in zip(right, rows, strict=True) for one, other in zip(row, mine, strict=True)]
    odd = [(one, other) for one, other in pairs if one != other]
    return f"{len(odd):,} of {len(pairs):,} values, such as {odd[0][1]} for {odd[0][0]}"


def beside(triples: int, cache: Path, only: Sequence[str] = ()) -> dict[str, object]:
    """Measure everyone on one size."""
    snapshot = snapshot_of(triples, cache)
    kinds: list[type[Contestant]] = [Pool, Http, DuckDb, Bare, OxigraphServer]
    kinds += [Virtuoso] if shutil.which("virtuoso-t") else []
    kinds += [RdfLib] if triples <= RDFLIB_UP_TO else []
    kinds = [kind for kind in kinds if not only or kind.__name__ in only]
    loaded = {}
    contestants: list[Contestant] = []
    try:
        for kind in kinds:
            one, seconds = opened(kind, snapshot, cache)
            contestants.append(one)
            loaded[one.name] = (seconds, one.megabytes())
            print(one.name, *loaded[one.name], flush=True)
        asked = list(shipped(paid_by_most(contestants[0])))
        times, wrong = measured(contestants, asked, ROUNDS)
        people = list(ad_hoc())
        others = [one for one in contestants if not isinstance(one, DuckDb | RdfLib)]
        free, free_wrong = measured(others, people, ROUNDS)
        after = {one.name: one.megabytes() for one in contestants}
    finally:
        for one in contestants:
            one.close()
    return {
        "asked for": triples,
        "triples": snapshot.manifest.counts["triples"],
        "loaded": loaded,
        "after": after,
        "shipped": times,
        "wrong": {**wrong, **free_wrong},
        "ad hoc": free,
        "types": {each.id: each.type for each in (*asked, *people)},
        "rounds": ROUNDS,
        "machine": machine(),
    }


def growth(sizes: Sequence[int], cache: Path) -> list[dict[str, object]]:
    """Measure our engine alone, by size."""
    found = []
    for size in sizes:
        start = time.perf_counter()
        snapshot = snapshot_of(size, cache)
        made = time.perf_counter() - start
        pool, seconds = opened(Pool, snapshot, cache)
        empty = pool.megabytes()
        asked = list(shipped(paid_by_most(pool)))
        times, _ = measured([pool], asked, ROUNDS)
        triples = snapshot.manifest.counts["triples"]
        row = {"size": size, "triples": triples, "load": seconds, "made": made, "before": empty}
        found.append({**row, "after": pool.megabytes(), "times": times[pool.name]})
        pool.close()
        print(size, found[-1], flush=True)
    return found


def machine() -> dict[str, str]:
    """Tell what it was measured on and with; no names, no paths."""
    names = ("pyoxigraph", "oxigraph", "duckdb", "rdflib", "flask", "waitress")
    found = {name: version(name) for name in names}
    if shutil.which("virtuoso-t"):
        said = subprocess.run(["virtuoso-t", "-?"], capture_output=True, text=True)
        line = next((line for line in (said.stderr + said.stdout).splitlines() if "Version" in line), "Version ?")
        found["Virtuoso"] = line.partition("Version ")[2].split()[0]
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = next((line.partition(": ")[2] for line in info.splitlines() if line.startswith("model name")), "?")
    return {**found, "Python": platform.python_version(), "processors": f"{info.count('processor')} × {model.strip()}"}


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--triples", type=int, default=1_000_000)
    parser.add_argument("--cache", type=Path, default=Path("bench-cache"), help="where data and databases are kept")
    parser.add_argument("--report", type=Path, help="the folder for report, figures and picture")
    parser.add_argument("--growth", action="store_true", help="measure our engine alone at 100k, 1M and 5M")
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--only", nargs="*", default=(), help="classes of contestants to ask")
    given = parser.parse_args()
    given.cache.mkdir(parents=True, exist_ok=True)
    cache = given.cache.resolve()
    name = "growth" if given.growth else f"questions-{given.triples // 1000}k"
    found = growth(given.sizes, cache) if given.growth else beside(given.triples, cache, given.only)
    if given.report:
        given.report.mkdir(parents=True, exist_ok=True)
        kept = given.report / f"{name}.json"
        kept.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        if given.growth:
            growth_report(given.report)
        else:
            report(given.report, name)


if __name__ == "__main__":
    main()
