"""The product that is shipped: what the wheel carries, and that it works away from the checkout."""

import json
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel as pip builds it from a copy of what git holds."""
    folder = tmp_path_factory.mktemp("wheel")
    clone = folder / "clone"
    subprocess.run(["git", "clone", "-q", "--no-hardlinks", ROOT, clone], check=True)
    subprocess.run([sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, clone], check=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_carries_everything_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for part in (
        "kg/ontology/terms.csv",
        "kg/ontology/prefixes.ttl",
        "kg/ontology/modules/core.ttl",
        "kg/ontology/modules/dl.ttl",
        "kg/ontology/lint/missing-words.rq",
        "kg/ontology/alignments/cpsv-ap-no.ttl",
        "kg/ontology/catalog-v001.xml",
        "kg/ontology/kos/target-group.ttl",
        "kg/ontology/coding.schema.json",
        "kg/ontology/cq/who-helps.rq",
        "kg/ontology/cq/who-helps.yaml",
        "kg/shapes/evidence.ttl",
        "kg/corpora/field/corpus.yaml",
        "kg/corpora/example/corpus.yaml",
        "web/translations/nn.po",
    ):
        assert part in names
    assert [name for name in names if name.startswith("web/templates/")]
    assert [name for name in names if name.startswith("web/static/dist/") and name.endswith(".css")]
    assert not [
        name for name in names if name.startswith(("tests/", "web/frontend/", "docs/")) or "node_modules" in name
    ]


def test_a_clean_installation_builds_and_answers_outside_the_checkout(wheel, tmp_path):
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run(
        [python, "-m", "pip", "install", "-q", "-c", ROOT / "constraints.txt", wheel], check=True, cwd=tmp_path
    )
    command = tmp_path / "venv" / "bin" / "bustadgraf"
    built = subprocess.run([command, "build", "--json"], cwd=tmp_path, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    assert json.loads(built.stdout)["statements"] > 50
    question = "Kven hjelper flyktningar inn på bustadmarknaden?"
    asked = subprocess.run([command, "ask", question, "--format", "json"], cwd=tmp_path, capture_output=True, text=True)
    assert asked.returncode == 0, asked.stderr
    answer = json.loads(asked.stdout)
    assert "initiative/frivillige-bustadformidlarar" in json.dumps(answer["rows"])
    assert all(row["evidence"] for row in answer["rows"])
