"""How much work and memory the closure takes, by size, beside owlrl: ``python tests/bench/closure.py [SIZE …]``.

Each size runs in a process of its own, so that the peak of memory is its own. Memory is what the closure adds to
what the data set holds already, at its highest. owlrl is asked up to OWLRL_UP_TO triples; it would need hours beyond.
"""

import json
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.generated import corpus_of
from oracle import expand
from rdflib import Dataset, Graph

from kg.dataset import to_dataset
from kg.reasoning import closure
from kg.terms import Terms

SIZES = (10_000, 100_000, 1_000_000)
OWLRL_UP_TO = 100_000


def measured(work: Callable[[], object]) -> tuple[object, float, float]:
    """Run *work*; return its result, CPU seconds, and by how many MB the peak of memory grew."""
    before, start = _peak(), time.process_time()
    result = work()
    return result, time.process_time() - start, _peak() - before


def one(size: int, reasoner: str) -> dict[str, object]:
    """Measure one reasoner on one size."""
    dataset = to_dataset(corpus_of(size), Terms())
    asserted = len({quad[:3] for quad in dataset.quads()})
    work = (lambda: closure(dataset)) if reasoner == "rules" else (lambda: expand(_flat(dataset)))
    result, seconds, megabytes = measured(work)
    follow = len(result) - (asserted if reasoner == "owlrl" else 0)  # type: ignore[arg-type]
    return {"asserted": asserted, "follow": follow, "seconds": seconds, "megabytes": megabytes, "base": _peak()}


def _flat(dataset: Dataset) -> Graph:
    graph = Graph()
    for subject, predicate, value, _ in dataset.quads():
        graph.add((subject, predicate, value))
    return graph


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def report(sizes: tuple[int, ...]) -> None:
    """Print a table in Markdown."""
    print(f"Python {platform.python_version()}\n")
    print("| size | asserted | inferred | CPU seconds | µs a triple | MB added | owlrl CPU seconds | times faster |")
    print("|---|---|---|---|---|---|---|---|")
    for size in sizes:
        ours = _apart(size, "rules")
        theirs = _apart(size, "owlrl") if size <= OWLRL_UP_TO else None
        each = 1e6 * ours["seconds"] / (ours["asserted"] + ours["follow"])
        beside = f"{theirs['seconds']:.1f} | {theirs['seconds'] / ours['seconds']:.0f}" if theirs else "not tried | –"
        print(
            f"| {size:,} | {ours['asserted']:,} | {ours['follow']:,} | {ours['seconds']:.1f} | {each:.1f} "
            f"| {ours['megabytes']:.0f} | {beside} |",
            flush=True,
        )


def _apart(size: int, reasoner: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, __file__, "--one", str(size), reasoner], capture_output=True, text=True, check=True
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(one(int(sys.argv[2]), sys.argv[3])))
    else:
        report(tuple(map(int, sys.argv[1:])) or SIZES)
