"""The house itself: where imports point, what git must not hold, what the documents promise."""

import json
import re
import subprocess
import sys
import tomllib
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TRACKED = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
SOURCES = sorted(path for name in ("kg", "web") for path in (ROOT / name).rglob("*.py"))
WORDS = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md"))
DOORS = {
    "pyoxigraph": "kg/engine",
    "owlready2": "kg/consistency.py",
    "pyshacl": "kg/validation.py",
    "lxml": "kg/reading/",
    "xlsxwriter": "kg/export/",
    "flask": "web/",
    "bibtexparser": "kg/citation.py",
    "rispy": "kg/citation.py",
    "waitress": "web/server.py",
}


def test_imports_point_one_way():
    done = subprocess.run([str(Path(sys.executable).parent / "lint-imports")], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("package", DOORS)
def test_each_engine_has_one_door(package):
    users = [
        str(p.relative_to(ROOT))
        for p in SOURCES
        if re.search(rf"^\s*(from|import) {package}\b", p.read_text(encoding="utf-8"), re.M)
    ]
    assert users, f"{package} is a dependency that nobody imports"
    assert [user for user in users if not user.startswith(DOORS[package])] == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_module_says_its_purpose_in_the_first_line(path):
    first = path.read_text(encoding="utf-8").split("\n", 1)[0]
    assert first.startswith('"""')
    assert len(first) > 20


def test_lock_files_hold_no_addresses_and_do_hold_hashes():
    locks = [ROOT / name for name in TRACKED if name.endswith("package-lock.json")]
    assert locks
    for lock in locks:
        packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
        assert not [name for name, entry in packages.items() if "resolved" in entry]
        assert all("integrity" in entry for name, entry in packages.items() if name)


def test_no_browser_file_is_kept_in_git():
    built = re.compile(r"^web/static/dist/|node_modules/|\.min\.(js|css)$")
    assert not [name for name in TRACKED if built.search(name)]


def test_constraints_pin_every_dependency():
    pins = dict(line.lower().split("==") for line in (ROOT / "constraints.txt").read_text().split())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    named = {re.match(r"[A-Za-z0-9-]+", each)[0] for each in wanted} - {"bustadgraf"}
    assert [name for name in named if name.lower() not in pins] == []


def test_the_contributing_guide_knows_every_module():
    rooms = [path for path in SOURCES if path.parent.name in ("kg", "web") and not path.name.startswith("__")]
    assert [path.stem for path in rooms if f"`{path.stem}`" not in WORDS] == []


def test_the_readme_names_every_command():
    from kg.cli import main

    assert [name for name in main.commands if f"bustadgraf {name}" not in WORDS] == []
