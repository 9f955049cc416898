"""The corpus of one report: the digest of the 2016 report out of the field corpus, with the names that it needs."""

import shutil
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCE = "ervik-linden-2016"
FRAME = ROOT / "tests" / "corpora" / "report"
FIELD_ANSWERS = sorted((ROOT / "ontology" / "cq" / "expected").glob("*.yaml"))


def report_corpus(folder: Path) -> Path:
    """Lay the corpus into *folder* and return its path."""
    corpus = Path(shutil.copytree(FRAME, folder / "report"))
    shutil.copytree(ROOT / "kg" / "corpora" / "field" / "sources" / SOURCE, corpus / "sources" / SOURCE)
    return corpus


def report_answers() -> list[Path]:
    """The forty answers over this corpus: the field corpus' own but where more sources know more."""
    forty = [path for path in FIELD_ANSWERS if path.stem.isdecimal() and path.stem <= "40"]
    return [own if (own := FRAME / "expected" / path.name).exists() else path for path in forty]
