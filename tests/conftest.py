"""What many tests need: two built corpora, their engines, clients, running servers, a browser."""

import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from report_corpus import report_corpus

from kg.engine import Engine, open_engine
from kg.questions import Catalogue
from kg.snapshot import Snapshot, build
from kg.terms import Terms
from web.app import create_app
from web.publication import Publication

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"
SEED = SHARED / "seed"
COUNT = "count of "


@pytest.fixture
def counts(record_property: Callable[[str, object], None]) -> Callable[..., None]:
    """Add to a figure that the run prints at its end: ``counts("entailments, positive")``, or ``counts(name, 12)``."""

    def add(name: str, number: int = 1) -> None:
        record_property(COUNT + name, number)

    return add


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what passing tests counted, summed over all of them, and over all processes."""
    totals: Counter[str] = Counter()
    for report in terminalreporter.getreports("passed"):
        for name, number in report.user_properties:
            if name.startswith(COUNT):
                totals[name.removeprefix(COUNT)] += int(str(number))
    for name in sorted(totals):
        terminalreporter.write_line(f"{name}: {totals[name]}")


def built_once(factory: pytest.TempPathFactory, corpus: str | Path) -> Path:
    """An out folder in which *corpus* was built, once for all processes of one test run; nobody may change it."""
    base = factory.getbasetemp()
    folder = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    out = folder / f"built-{Path(corpus).name}"
    with out.with_suffix(".lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (out / "current").exists():
            report = build(corpus, out)
            assert report.published, "\n".join(map(str, (*report.problems, *report.findings, *report.leaks)))
    return out


@pytest.fixture(scope="session")
def report_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An out folder in which the corpus of one report was built: small, with every row of its answers written down."""
    return built_once(tmp_path_factory, report_corpus(tmp_path_factory.mktemp("corpus")))


@pytest.fixture(scope="session")
def field_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An out folder in which the shipped field corpus was built: many sources, slower."""
    return built_once(tmp_path_factory, "field")


@pytest.fixture(scope="session")
def report_snapshot(report_out: Path) -> Snapshot:
    return Snapshot.open(report_out)


@pytest.fixture(scope="session")
def field_snapshot(field_out: Path) -> Snapshot:
    return Snapshot.open(field_out)


@pytest.fixture(scope="session")
def report_engine(report_snapshot: Snapshot) -> Iterator[Engine]:
    engine = open_engine(report_snapshot)
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def field_engine(field_snapshot: Snapshot) -> Iterator[Engine]:
    engine = open_engine(field_snapshot)
    yield engine
    engine.close()


def publication(snapshot: Snapshot, engine: Engine) -> Publication:
    terms = Terms(snapshot.manifest.base)
    return Publication(engine, terms, snapshot, Catalogue.load(terms))


@pytest.fixture(scope="session")
def report_publication(report_snapshot: Snapshot, report_engine: Engine) -> Publication:
    return publication(report_snapshot, report_engine)


@pytest.fixture(scope="session")
def field_publication(field_snapshot: Snapshot, field_engine: Engine) -> Publication:
    return publication(field_snapshot, field_engine)


@pytest.fixture
def client(report_publication: Publication) -> FlaskClient:
    """A client of the pages on the corpus of one report."""
    return create_app(report_publication).test_client()


@pytest.fixture
def field_client(field_publication: Publication) -> FlaskClient:
    """A client of the pages on the field corpus."""
    return create_app(field_publication).test_client()


def heeding_interruption() -> None:
    """Let a child process heed Ctrl-C, also where the tests themselves run in the background and ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def serving(*arguments: str) -> Iterator[str]:
    """Run `bustadgraf serve` on a free port and give its URL."""
    command = [sys.executable, "-m", "kg.cli", "serve", "--port", "0", *arguments]
    with tempfile.TemporaryFile("w+") as log:  # a pipe that nobody reads would be full one day
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, cwd=ROOT)
        try:
            assert process.stdout
            found = re.search(r"Listening on (http://\S+)", process.stdout.readline())
            if not found:
                process.wait(10)
                log.seek(0)
                raise AssertionError("the server never listened:\n" + log.read())
            yield found[1].rstrip("/")
        finally:
            process.terminate()
            process.wait(10)


@pytest.fixture(scope="session")
def server(report_out: Path) -> Iterator[str]:
    """The URL of a real server on the corpus of one report."""
    with serving("--snapshot", str(report_out)) as url:
        yield url


@pytest.fixture(scope="session")
def field_server(field_out: Path) -> Iterator[str]:
    """The URL of a real server on the field corpus."""
    with serving("--snapshot", str(field_out)) as url:
        yield url


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser that `make test` brought; a missing one fails."""
    noted = ROOT / ".build" / "chromium"
    path = noted.read_text(encoding="utf-8").strip() if noted.is_file() else shutil.which("chromium")
    assert path, "no Chromium: run `python tests/bring_browser.py`"
    assert os.access(path, os.X_OK), f"{path} cannot be run"
    return path
