"""How long each export takes, and how much memory, as the data grows: ``python tests/bench/exports.py [TRIPLES...]``.

The data is invented (`generated.py`) and not reasoned over. Each format runs in a process of its own. Memory is that of
the exporting process before and at its highest, and that of the largest process of the engine, which holds the data.
"""

import json
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.generated import corpus_of

from kg.dataset import to_dataset
from kg.engine import open_engine
from kg.export import FORMATS, Origin, write
from kg.revalidation import Outcome
from kg.snapshot import Edition, Snapshot
from kg.terms import Terms

SIZES = (100_000, 1_000_000)
LEFT_OUT = ("360giving", "hsds")  # the invented awards and stages are none


def lay(size: int, folder: Path) -> None:
    """Write a snapshot of about *size* triples to *folder*."""
    corpus = corpus_of(size)
    edition = Edition(corpus, to_dataset(corpus, Terms(corpus.base)), 0, Outcome((), frozenset(), b""))
    for name, content in edition.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def one(form: str, folder: Path) -> dict[str, float]:
    """Export once; give seconds, memory before, at its peak and of the engine, and the size of the file, in MB."""
    snapshot = Snapshot.open(folder)
    engine = open_engine(snapshot)
    target = folder / f"out.{form}"
    try:
        before, start = _peak(), time.perf_counter()
        write(form, target, Origin(snapshot, Terms(snapshot.manifest.base), engine))
        took = time.perf_counter() - start
        found = {"s": took, "before": before, "after": _peak(), "size": target.stat().st_size / 1e6}
    finally:
        engine.close()
        target.unlink(missing_ok=True)
    return {**found, "engine": _peak(resource.RUSAGE_CHILDREN)}


def _peak(whose: int = resource.RUSAGE_SELF) -> float:
    return resource.getrusage(whose).ru_maxrss / 1024


def report(sizes: tuple[int, ...]) -> None:
    """Print a table in Markdown."""
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}")
    print(
        "| triples | format | seconds | before, MB | peak, MB | engine, MB | file, MB |\n|---|---|---|---|---|---|---|"
    )
    for size in sizes:
        with TemporaryDirectory() as folder:
            _run("lay", str(size), folder)
            triples = Snapshot.open(Path(folder)).manifest.counts["triples"]
            for form in FORMATS:
                if form not in LEFT_OUT:
                    found = json.loads(_run("one", form, folder))
                    cells = tuple(found[name] for name in ("s", "before", "after", "engine", "size"))
                    print(f"| {triples:,} | {form} | " + " | ".join(f"{cell:.1f}" for cell in cells) + " |", flush=True)


def _run(*arguments: str) -> str:
    return subprocess.run([sys.executable, __file__, *arguments], capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["lay", size, folder]:
            lay(int(size), Path(folder))
        case ["one", form, folder]:
            print(json.dumps(one(form, Path(folder))))
        case sizes:
            report(tuple(map(int, sizes)) or SIZES)
