"""The corpus over the original text: all of it but the text lies in git, and the text is copied in from beside it."""

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SEED = ROOT.parent / "shared" / "seed"
REQUIRED = "BUSTADGRAF_SEED"


def seed_text() -> Path | None:
    """Return the file that holds the original text; where it is absent, ``None``, or a failure if it was required."""
    found = sorted(SEED.glob("*.txt"))
    assert found or not os.environ.get(REQUIRED), f"{REQUIRED} is set, but ../shared/seed holds no text"
    return found[0] if found else None


def seed_corpus(folder: Path) -> Path:
    """Put the corpus with its text into *folder*, or skip the test and say so where there is no text."""
    text = seed_text()
    if text is None:
        pytest.skip(f"the original text is not in ../shared/seed (set {REQUIRED} to make this a failure)")
    corpus = shutil.copytree(ROOT / "tests" / "corpora" / "seed", folder / "seed")
    shutil.copyfile(text, corpus / "sources" / "seed" / "text.txt")
    return corpus
