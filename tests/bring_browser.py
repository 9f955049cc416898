"""Bring a Chromium for the browser tests and write its path to .build/chromium.

In this order: a system Chromium; Debian's package when we may install it; the one that the npm
package @sparticuz/chromium carries. Ends with code 1 and says what was tried when none runs.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
BUILD = ROOT / ".build"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
CARRIER = "@sparticuz/chromium@153.0.0"


def main() -> int:
    """Find or fetch a browser that starts; return the exit code."""
    tried = []
    for name, find in (("the system's", system), ("Debian's", debian), ("npm's", carried)):
        for path in find():
            if runs(path):
                BUILD.mkdir(exist_ok=True)
                (BUILD / "chromium").write_text(f"{path}\n", encoding="utf-8")
                return 0
            tried.append(f"{path} did not start")
        tried.append(f"{name} Chromium: none")
    sys.stderr.write(
        "No Chromium for the browser tests: " + "; ".join(tried) + ".\nInstall one and run make test again.\n"
    )
    return 1


def system() -> Iterator[str]:
    """Yield what CHROMIUM names and what is on the path."""
    named = [os.environ["CHROMIUM"]] if os.environ.get("CHROMIUM") else []
    yield from named
    yield from filter(None, map(shutil.which, NAMES))


def debian() -> Iterator[str]:
    """Install Debian's package when we are root."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    quietly(lambda: subprocess.run(["apt-get", "update", "-qq"], env=environment, check=True))
    quietly(lambda: subprocess.run(["apt-get", "install", "-y", "-qq", "chromium"], env=environment, check=True))
    yield from filter(None, [shutil.which("chromium")])


def carried() -> Iterator[str]:
    """Unpack the browser that an npm package carries, with the shared libraries it needs."""
    npm = shutil.which("npm")
    if not npm:
        return
    home = BUILD / "carried"
    home.mkdir(parents=True, exist_ok=True)
    quietly(
        lambda: subprocess.run(
            [npm, "install", "--prefix", home, "--no-save", "--no-audit", "--no-fund", CARRIER], check=True
        )
    )
    script = "import('@sparticuz/chromium').then(async m => console.log(await m.default.executablePath()))"
    # These two variables make the package unpack its shared libraries as well.
    environment = os.environ | {"AWS_LAMBDA_FUNCTION_VERSION": "1", "AWS_EXECUTION_ENV": "AWS_Lambda_nodejs22.x"}
    shown = subprocess.run(
        ["node", "--input-type=module", "-e", script],
        cwd=home,
        env=environment | {"TMPDIR": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    for binary in shown.stdout.split():
        libraries = ":".join(sorted({str(path.parent) for path in home.glob("al*/**/*.so*")}))
        wrapper = home / "run-chromium"
        wrapper.write_text(f'#!/bin/sh\nLD_LIBRARY_PATH="{libraries}" exec "{binary}" "$@"\n', encoding="utf-8")
        wrapper.chmod(0o755)
        yield str(wrapper)


def runs(path: str) -> bool:
    """Tell whether the browser at *path* starts."""
    try:
        return (
            subprocess.run([path, "--version", "--no-sandbox"], capture_output=True, timeout=60, check=False).returncode
            == 0
        )
    except (OSError, subprocess.TimeoutExpired):
        return False


def quietly(step: Callable[[], object]) -> None:
    """Run *step*; what fails here is told at the end by the browser that is missing."""
    try:
        step()
    except (OSError, subprocess.CalledProcessError) as error:
        sys.stderr.write(f"{error}\n")


if __name__ == "__main__":
    raise SystemExit(main())
