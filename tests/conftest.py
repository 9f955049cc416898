"""What many tests need: the built field corpus, its engine, a client, a running server, a browser."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from kg.engine import Engine, open_engine
from kg.questions import Catalogue
from kg.snapshot import Snapshot, build
from kg.terms import Terms
from web.app import create_app
from web.publication import Publication

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"
SEED = SHARED / "seed"


@pytest.fixture(scope="session")
def field_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An out folder in which the shipped field corpus was built."""
    out = tmp_path_factory.mktemp("field-out")
    report = build("field", out)
    assert report.published, "\n".join(map(str, report.problems))
    return out


@pytest.fixture(scope="session")
def field_snapshot(field_out: Path) -> Snapshot:
    return Snapshot.open(field_out)


@pytest.fixture(scope="session")
def field_engine(field_snapshot: Snapshot) -> Iterator[Engine]:
    engine = open_engine(field_snapshot)
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def field_publication(field_snapshot: Snapshot, field_engine: Engine) -> Publication:
    terms = Terms(field_snapshot.manifest.base)
    return Publication(field_engine, terms, field_snapshot, Catalogue.load(terms))


@pytest.fixture
def client(field_publication: Publication) -> FlaskClient:
    return create_app(field_publication).test_client()


@contextmanager
def serving(*arguments: str) -> Iterator[str]:
    """Run `bustadgraf serve` on a free port and give its URL."""
    command = [sys.executable, "-m", "kg.cli", "serve", "--port", "0", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT)
    try:
        assert process.stdout
        said = []
        for line in process.stdout:
            said.append(line)
            if found := re.search(r"Listening on (http://\S+)", line):
                yield found[1].rstrip("/")
                break
        else:
            raise AssertionError("the server never listened:\n" + "".join(said))
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="session")
def server(field_out: Path) -> Iterator[str]:
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
