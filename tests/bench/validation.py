"""What validating costs, by size, whole and after a change: ``python tests/bench/validation.py [SIZE …]``.

Each measurement runs in a process of its own, so that the peak of memory is its own. *Whole* validates everything,
*change* everything but what one source more or one statement less leaves as it was, from the memory that *whole*
wrote. *alone* is pySHACL on the same graph with our shapes as they are written, asked up to ALONE_UP_TO triples.
Work is the time of the processor: the wall clock says the same on an idle machine, and nothing on a busy one.
"""

import gc
import json
import platform
import resource
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1]))

import pyshacl
from bench.generated import corpus_of
from rdflib import Graph

from kg.dataset import to_dataset
from kg.model import Corpus
from kg.reasoning import closure
from kg.revalidation import revalidate
from kg.terms import Terms
from kg.validation import own_shapes, steps

SIZES = (10_000, 100_000, 1_000_000)
ALONE_UP_TO = 100_000
TERMS = Terms()


def changed(corpus: Corpus) -> Corpus:
    """Return *corpus* with a statement less in its last source."""
    *others, last = corpus.sources
    return replace(corpus, sources=(*others, replace(last, statements=last.statements[1:])))


def one(size: int, kind: str, memory: Path) -> dict[str, float]:
    """Measure one way of validating one size."""
    corpus = corpus_of(size)
    dataset = to_dataset(changed(corpus) if kind == "change" else corpus, TERMS)
    inferred = closure(dataset)
    triples = len({quad[:3] for quad in dataset.quads()}) + len(inferred)
    gc.collect()
    base, begun = _peak(), time.process_time()
    if kind == "alone":
        (*_, step) = steps(dataset, TERMS, inferred)
        pyshacl.validate(step.data, shacl_graph=Graph() + own_shapes(TERMS))
        found, anew = 0, len(corpus.sources)
    else:
        outcome = revalidate(dataset, TERMS, inferred, memory)
        found, anew = len(outcome.findings), len(outcome.anew)
    seconds = time.process_time() - begun
    if kind == "whole":
        memory.write_bytes(outcome.memory)
    return {
        "triples": triples,
        "seconds": seconds,
        "added": _peak() - base,
        "peak": _peak(),
        "found": found,
        "anew": anew,
        "sources": len(corpus.sources),
    }


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def report(sizes: tuple[int, ...]) -> None:
    """Print a table in Markdown."""
    print(f"Python {platform.python_version()}\n")
    print("| asked for | triples | way | sources validated | seconds | µs a triple | MB added | MB peak | findings |")
    print("|---|---|---|---|---|---|---|---|---|")
    for size in sizes:
        with TemporaryDirectory() as folder:
            for kind in ("whole", "change", *(["alone"] if size <= ALONE_UP_TO else [])):
                told = _apart(size, kind, Path(folder) / "memory")
                each = 1e6 * told["seconds"] / told["triples"]
                print(
                    f"| {size:,} | {told['triples']:,} | {kind} | {told['anew']} of {told['sources']} "
                    f"| {told['seconds']:.1f} | {each:.0f} | {told['added']:.0f} | {told['peak']:.0f} "
                    f"| {told['found']} |",
                    flush=True,
                )


def _apart(size: int, kind: str, memory: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--one", str(size), kind, str(memory)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(one(int(sys.argv[2]), sys.argv[3], Path(sys.argv[4]))))
    else:
        report(tuple(map(int, sys.argv[1:])) or SIZES)
