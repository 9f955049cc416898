"""A release gives a snapshot a label and a day for good: a folder of its own that no later build touches.

``OUT/releases/LABEL/`` holds every file of the snapshot (as a hard link where the disk can) and ``release.json``.
"""

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import IO

from kg.model import InputError
from kg.snapshot import DATA, MANIFEST, NAME_LENGTH, Snapshot, is_in, locked, surroundings, sync
from kg.terms import nearest

FOLDER, RECORD, CURRENT = "releases", "release.json", "current"
LONGEST_LABEL = 40  # characters
# ASCII alone, so that a label is one thing in a path, an address and a header, and looks like no other label.
LABEL = re.compile(rf"[0-9A-Za-z](?:[0-9A-Za-z._-]{{0,{LONGEST_LABEL - 2}}}[0-9A-Za-z])?", re.ASCII)
NAME = re.compile(rf"[0-9a-f]{{{NAME_LENGTH}}}")
KEPT = "What was built and released before is untouched."


@dataclass(frozen=True)
class Release:
    """A labelled snapshot: its *name*, the day it was *released*, and the SHA-256 of its *manifest* file."""

    label: str
    name: str
    released: date
    manifest: str
    path: Path

    def open(self) -> Snapshot:
        """Open the snapshot and check every byte. Raises :class:`InputError` where it is not as it was released."""
        try:
            snapshot = Snapshot.open(self.path)
        except InputError as error:
            raise _damaged(self.path, "one of its files is not as it was released") from error
        if snapshot.name != self.name or _checksum(self.path / MANIFEST) != self.manifest:
            raise _damaged(self.path, f"{MANIFEST} is not as it was released")
        return snapshot

    def holds(self, iri: str) -> bool:
        """Say whether the snapshot says anything of *iri*; its lines are sorted, so a few of them are read."""
        wanted, path = f"<{iri}> ".encode(), self.path / DATA
        with path.open("rb") as file:
            low, high = 0, path.stat().st_size
            while low < high:
                middle = (low + high) // 2
                line = _line_after(file, middle)
                low, high = (low, middle) if not line or line >= wanted else (middle + 1, high)
            return _line_after(file, low).startswith(wanted)

    @property
    def order(self) -> tuple[date, tuple[tuple[int, str], ...]]:
        """By what releases are ordered: the day, then the label with its numbers as numbers."""
        return self.released, tuple((int(part) if part.isdecimal() else -1, part) for part in _parts(self.label))


def release(label: str, snapshot: Snapshot, out: Path, day: date) -> Release:
    """Give *snapshot* the *label* in the folder *out*, as of *day*; the same once more changes nothing.

    Raises :class:`InputError` for what can be no label and for one that another snapshot has,
    :class:`kg.model.EnvironmentFailure` for a full disk or a folder that cannot be written.
    """
    _check(label)
    target = out / FOLDER / label
    with surroundings(out, sum(path.stat().st_size for path in _files(snapshot)), KEPT), locked(out):
        if target.exists():
            return _again(read(out, label), snapshot)
        made = Release(label, snapshot.name, day, _checksum(snapshot.path / MANIFEST), target)
        building = target.with_name(".releasing")
        shutil.rmtree(building, ignore_errors=True)  # of a release that died; a living one holds the lock
        try:
            _fill(building, snapshot, made)
            building.replace(target)
            sync(target.parent)
        except BaseException:
            shutil.rmtree(building, ignore_errors=True)
            raise
    return made


def read(out: Path, label: str) -> Release:
    """Read the record of the release *label* in *out*. Raises :class:`InputError` where it is damaged."""
    path = out / FOLDER / label
    try:
        kept = json.loads((path / RECORD).read_text(encoding="utf-8"))
        found = Release(
            str(kept["label"]), str(kept["name"]), date.fromisoformat(kept["released"]), str(kept["manifest"]), path
        )
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise _damaged(path, f"{RECORD} cannot be read") from error
    if found.label != label or not NAME.fullmatch(found.name):
        raise _damaged(path, f"{RECORD} is of another release")
    return found


def releases(out: Path) -> tuple[Release, ...]:
    """Return the releases in *out*, oldest first, without those whose record is damaged."""
    return tuple(sorted(_readable(out), key=lambda each: each.order))


def labels(out: Path) -> tuple[str, ...]:
    """Return the labels of the releases in *out*, damaged ones too."""
    folder = out / FOLDER
    if not folder.is_dir():
        return ()
    return tuple(sorted(entry.name for entry in folder.iterdir() if LABEL.fullmatch(entry.name) and entry.is_dir()))


def find(out: Path, version: str) -> Release | None:
    """Return the release in *out* whose label or snapshot name is *version*, of several with this name the newest.

    Raises :class:`InputError` where it is there and damaged.
    """
    if version in labels(out):
        return read(out, version)
    return next((each for each in reversed(releases(out)) if each.name == version), None)


def locate(where: str, out: Path) -> Snapshot:
    """Open a version: a label or a snapshot name in *out*, ``current``, a snapshot folder or an out folder.

    Raises :class:`InputError` where it is none of these, with the nearest that there are.
    """
    if found := find(out, where):
        return found.open()
    named = out / "snapshots" / where
    if NAME.fullmatch(where) and named.is_dir():
        return Snapshot.open(named)
    if where == CURRENT:
        return Snapshot.open(out)
    if is_in(Path(where)):
        return Snapshot.open(Path(where))
    known = known_versions(out)
    near = nearest(where, known) or known
    there = f" Versions there: {', '.join(near)}." if near else ""
    raise InputError(f"{where!r} is no label, snapshot name or folder with a snapshot, seen from {out}.{there}")


def known_versions(out: Path) -> tuple[str, ...]:
    """Return the labels in *out* and the names of its snapshots."""
    built = out / "snapshots"
    names = sorted(entry.name for entry in built.iterdir() if NAME.fullmatch(entry.name)) if built.is_dir() else []
    return (*labels(out), *names)


def home_of(path: Path) -> Path | None:
    """Return the out folder that *path* is, or that the snapshot in *path* lies in; ``None`` where there is none."""
    if (path / CURRENT).exists() or (path / FOLDER).is_dir():
        return path
    above = path.resolve().parent
    return above.parent if above.name in ("snapshots", FOLDER) else None


def _readable(out: Path) -> Iterator[Release]:
    for label in labels(out):
        with suppress(InputError):
            yield read(out, label)


def _check(label: str) -> None:
    if not LABEL.fullmatch(label):
        raise InputError(
            f"{label!r} cannot be a label. Use at most {LONGEST_LABEL} of the letters A to Z, digits, full stops, "
            "hyphens and underscores, a letter or digit at both ends: 2026.12.1."
        )
    if NAME.fullmatch(label) or label == CURRENT:
        raise InputError(f"{label!r} cannot be a label: it reads as a snapshot's name. Use one such as 2026.12.1.")


def _again(held: Release, snapshot: Snapshot) -> Release:
    if held.name != snapshot.name:
        raise InputError(
            f"The label {held.label} is that of snapshot {held.name} since {held.released} and never moves. "
            f"Choose another for {snapshot.name}."
        )
    held.open()
    return held


def _files(snapshot: Snapshot) -> Iterator[Path]:
    yield snapshot.path / MANIFEST
    yield from (snapshot.path / name for name in snapshot.manifest.files)


def _fill(folder: Path, snapshot: Snapshot, made: Release) -> None:
    folder.mkdir(parents=True)
    for path in _files(snapshot):
        target = folder / path.relative_to(snapshot.path)
        target.parent.mkdir(exist_ok=True)
        _keep(path, target)
    record = {"label": made.label, "name": made.name, "released": str(made.released), "manifest": made.manifest}
    with (folder / RECORD).open("w", encoding="utf-8") as file:
        file.write(json.dumps(record, indent=1, sort_keys=True) + "\n")
        file.flush()
        os.fsync(file.fileno())
    sync(folder)


def _keep(path: Path, target: Path) -> None:
    """Link the file, which takes no room; copy it where the disk cannot link, or where it lies on another disk."""
    try:
        target.hardlink_to(path)
    except OSError:
        shutil.copyfile(path, target)
        with target.open("rb") as file:
            os.fsync(file.fileno())


def _line_after(file: IO[bytes], place: int) -> bytes:
    """Return the first line that begins at *place* or after it."""
    file.seek(max(0, place - 1))
    if place:
        file.readline()
    return file.readline()


def _parts(label: str) -> list[str]:
    return [part for part in re.split(r"(\d+)", label) if part]


def _checksum(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def _damaged(path: Path, what: str) -> InputError:
    return InputError(f"The release in {path} is damaged: {what}. Bring the folder back from a copy, or remove it.")
