"""The whole data set as files: each export is made once for a snapshot, by a process of its own, and kept on disk."""

import fcntl
import gzip
import hashlib
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from queue import LifoQueue
from threading import BoundedSemaphore, Event, Lock, Thread
from typing import Any

from flask import Blueprint, Flask, Response, current_app, send_file

import kg
from kg import __version__
from kg.export import Format
from kg.resources import resource
from kg.snapshot import Snapshot
from web.addresses import PACKED, names_of
from web.linked_data import about_data, unknown
from web.negotiation import kept, open_to_all, problem, see_other
from web.publication import publication
from web.versions import versions

blueprint = Blueprint("downloads", __name__)
blueprint.after_request(open_to_all)
log = logging.getLogger(__name__)

SUMS = "SHA256SUMS"
SHELF = "bustadgraf-downloads"
GZIP = "application/gzip"
# How people call a format, and what it is good for.
FORMAT_NAMES: Mapping[str, str] = {
    **{"json": "JSON", "xml": "XML", "csv": "CSV", "tsv": "TSV", "ttl": "Turtle", "nt": "N-Triples", "nq": "N-Quads"},
    **{"trig": "TriG", "jsonld": "JSON-LD", "rdfxml": "RDF/XML", "xlsx": "Excel", "graphml": "GraphML", "gexf": "GEXF"},
    **{
        "skosapno": "SKOS-AP-NO",
        "360giving": "360Giving",
        "hsds": "Open Referral HSDS",
    },
    "nanopub": "Nanopublications",
}
PURPOSES: Mapping[str, str] = {
    "xlsx": "A workbook for Excel and LibreOffice",
    "csv": "Tables for R, Python, Stata and SPSS",
    "graphml": "A network for Gephi, igraph and NetworkX",
    "gexf": "A network for Gephi, with names and kinds",
    "nanopub": "Every statement for itself, with where it comes from and who coded it",
    "360giving": "Awards, as funders publish them",
    "hsds": "Initiatives, as directories of services take them",
    "skosapno": "The concepts, for catalogues of concepts",
    "nq": "Everything with its named graphs, for an RDF database",
    "trig": "Everything with its named graphs, legible for people",
    "ttl": "All triples, for RDF tools and Protégé",
    "nt": "All triples, one in each line",
    "jsonld": "Everything, for programs that read JSON",
    "rdfxml": "All triples, for older RDF tools",
}
HOMES = ("snapshots", "releases")  # the folders of an out folder in which snapshots stand
PATIENCE_S = 8.0  # that a request waits for a file that is being made
MOST_WAITING = 4  # requests that wait; the others are told at once to come back
RETRY_S = "5"
KEPT = 5  # snapshots whose files are kept
NICENESS = 10
NOTHING_TO_WRITE = 2  # how `bustadgraf export` ends where a format has no record
CHUNK = 1024 * 1024


@dataclass(frozen=True)
class Download:
    """A file that is whole: its *name*, its format, where it lies, its size in bytes and its checksums.

    Checksums are SHA-256, and SHA-1 because DCAT-AP-NO knows no other.
    """

    name: str
    form: Format
    path: Path
    size: int
    sha256: str
    sha1: str

    @property
    def media_type(self) -> str:
        """The media type of the file as it is sent."""
        return GZIP if self.form.name in PACKED else self.form.media_type


class StillMaking(Exception):
    """A file is not whole yet; it is made meanwhile."""


class Downloads:
    """The files of one snapshot. Threads and processes may ask at once: each file is made by one of them, once."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._lock, self._waiting = Lock(), BoundedSemaphore(MOST_WAITING)
        self._wanted: LifoQueue[str] = LifoQueue()  # whoever waits for one file need not wait for all
        self._made: dict[str, Event] = {}
        self._failed: set[str] = set()
        self._maker: Thread | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._closed = False

    @cached_property
    def names(self) -> Mapping[str, Format]:
        """The name of every file, with its format."""
        return names_of(self._snapshot.name)

    @cached_property
    def _folder(self) -> Path:
        return _shelf(self._snapshot)

    def ready(self) -> tuple[Download, ...]:
        """Return the files that are whole by now."""
        return tuple(filter(None, map(self._whole, self.names)))

    def get(self, name: str) -> Download | None:
        """Return the file called *name*; ``None`` where there is none. Raise :class:`StillMaking`."""
        if name not in self.names:
            return None
        if not self._is_decided(name):
            self._wait_for([self._order(name)])
        if not self._is_decided(name) or name in self._failed:
            raise StillMaking(name)
        return self._whole(name)

    def all(self) -> tuple[Download, ...]:
        """Return all files. Raise :class:`StillMaking`."""
        self._wait_for(self.prepare())
        if not self.is_complete():
            raise StillMaking
        return self.ready()

    def is_complete(self) -> bool:
        """Tell whether all files are made."""
        return all(map(self._is_decided, self.names))

    def has_left_out(self, name: str) -> bool:
        """Tell whether there is no such file, because the data have nothing that it could hold."""
        return "left" in (self._noted(name) or {})

    def prepare(self) -> list[Event]:
        """See to it that all files are made, and return what tells that they are."""
        return [self._order(name) for name in reversed(tuple(self.names)) if not self._is_decided(name)][::-1]

    def close(self) -> None:
        """Stop making files."""
        with self._lock:
            self._closed = True
            if self._child is not None:
                self._child.send_signal(signal.SIGTERM)

    def _wait_for(self, events: Iterable[Event]) -> None:
        """Wait until all *events* came, but no longer than a request may, nor beside too many who wait."""
        until = time.monotonic() + PATIENCE_S
        if self._waiting.acquire(blocking=False):
            try:
                for event in events:
                    event.wait(max(0.0, until - time.monotonic()))
            finally:
                self._waiting.release()

    def _order(self, name: str) -> Event:
        with self._lock:
            if name not in self._made:
                self._made[name] = Event()
            self._wanted.put(name)
            if self._maker is None:
                self._maker = Thread(target=self._make_wanted, daemon=True)
                self._maker.start()
            return self._made[name]

    def _make_wanted(self) -> None:
        while not self._closed:
            name = self._wanted.get()
            try:
                with _locked(self._folder / f".{name}.lock"):
                    if not self._is_decided(name):
                        self._make(name)
            except (OSError, subprocess.SubprocessError):
                self._failed.add(name)
                log.exception("%s could not be made", name)
            finally:
                with self._lock:
                    self._made.pop(name, Event()).set()

    def _make(self, name: str) -> None:
        """Let a process of its own write the file, and put it in its place when it is whole."""
        workshop = self._folder / f".making-{name}"
        shutil.rmtree(workshop, ignore_errors=True)  # of a server that died; a living one holds the lock
        workshop.mkdir()
        form, raw = self.names[name], workshop / "export"
        try:
            status, said = self._exported(form, raw)
            if status == NOTHING_TO_WRITE:
                self._note(name, {"left": said})
            elif status == 0:
                whole = _packed(raw) if form.name in PACKED else raw
                sums = {algorithm: _checksum(whole, algorithm) for algorithm in ("sha256", "sha1")}
                noted = {**sums, "size": whole.stat().st_size}
                whole.replace(self._folder / name)
                self._note(name, noted)
            elif not self._closed:
                self._failed.add(name)
                log.error("%s could not be made: %s", name, said)
        finally:
            shutil.rmtree(workshop, ignore_errors=True)

    def _exported(self, form: Format, target: Path) -> tuple[int, str]:
        command = [sys.executable, "-P", "-m", "kg.cli", "export", "--format", form.name, "--file", str(target)]
        with self._lock:
            if self._closed:
                return -signal.SIGTERM, "the server is ending"
            self._child = child = subprocess.Popen(  # noqa: S603 - our own command
                [*command, "--snapshot", str(self._snapshot.path)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, child.pid, NICENESS)
        _, said = child.communicate()
        with self._lock:
            self._child = None
        return child.returncode, said.decode(errors="replace").strip()

    def _note(self, name: str, what: Mapping[str, object]) -> None:
        note = self._folder / f".{name}.note"
        fresh = note.with_suffix(".fresh")
        fresh.write_text(json.dumps(what), encoding="utf-8")
        fresh.replace(note)

    def _noted(self, name: str) -> Mapping[str, Any] | None:
        try:
            noted: Mapping[str, Any] = json.loads((self._folder / f".{name}.note").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return noted

    def _is_decided(self, name: str) -> bool:
        noted = self._noted(name)
        return name in self._failed or (noted is not None and ("left" in noted or self._whole(name) is not None))

    def _whole(self, name: str) -> Download | None:
        noted, path = self._noted(name) or {}, self._folder / name
        if "sha256" not in noted or not path.is_file() or path.stat().st_size != noted["size"]:
            return None
        return Download(name, self.names[name], path, noted["size"], noted["sha256"], noted["sha1"])


def downloads() -> Downloads | None:
    """Return the files of what is served; ``None`` where no snapshot is."""
    snapshot = publication().snapshot
    if snapshot is None:
        return None
    shelf: dict[str, Downloads] = current_app.extensions.setdefault(SHELF, {})
    return shelf.setdefault(snapshot.name, Downloads(snapshot))


def stop_making(app: Flask) -> None:
    """Make no more files for *app*, which ends."""
    for each in app.extensions.get(SHELF, {}).values():
        each.close()


@blueprint.get("/dump/<path:file>")
def dump(file: str) -> Response:
    """Give the whole data set as one file, whole or in part, or the checksums of all files."""
    held = downloads()
    try:
        if held and file == SUMS:
            sums = "".join(f"{each.sha256}  {each.name}\n" for each in held.all())
            return about_data(kept(Response(sums, mimetype="text/plain")))
        found = held.get(file) if held else None
    except StillMaking:
        return _come_back()
    if found is None:
        return see_other(f"/dump/{file}?v={_released(file)}")
    return about_data(_sent(found))


def _released(file: str) -> str:
    """Return the name of the other snapshot that *file* is of. Raises :class:`Refusal` where it is of none."""
    known, snapshot = {each.name for each in versions().releases}, publication().snapshot
    held_name = snapshot.name if snapshot else None
    name = next((each for each in known if each != held_name and file in names_of(each)), None)
    if name is None:
        raise unknown()
    return name


def _sent(found: Download) -> Response:
    response = send_file(
        found.path,
        mimetype=found.media_type,
        as_attachment=True,
        download_name=found.name,
        conditional=True,
        etag=found.sha256,
        last_modified=None,
    )
    response.headers.pop("Last-Modified", None)  # the day when the file was made here says nothing of the data
    response.cache_control.no_transform = True  # its checksum is that of the bytes sent
    return response


def _come_back() -> Response:
    text = "The file is being made. Ask again in a moment."
    response = problem(503, "The service met a limit", text, reason="busy")
    response.headers["Retry-After"] = RETRY_S
    return response


def _shelf(snapshot: Snapshot) -> Path:
    """Return the folder for the files of *snapshot*: beside the snapshots, or one of our own where none can be made."""
    shelf = snapshot.path.parent.parent / "downloads"
    folder = shelf / f"{snapshot.name}-{_program()}"
    try:
        if snapshot.path.parent.name not in HOMES:
            raise PermissionError
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
        _clear(shelf)
    except OSError:
        return Path(tempfile.mkdtemp(prefix="bustadgraf-"))
    return folder


def _clear(shelf: Path) -> None:
    """Keep the files of the snapshots that were asked for last; those of others can be made again."""
    newest = sorted((each for each in shelf.iterdir() if each.is_dir()), key=lambda each: each.stat().st_mtime)
    for old in newest[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)


def _program() -> str:
    """Name the program that makes the files by all of it that decides about their bytes."""
    code = sorted(Path(kg.__file__).parent.rglob("*.py"))
    queries = sorted(resource("ontology").joinpath("queries").iterdir(), key=lambda each: each.name)
    mark = hashlib.sha256(__version__.encode())
    for file in (*code, *queries):
        mark.update(file.read_bytes())
    return mark.hexdigest()[:8]


def _packed(raw: Path) -> Path:
    packed = raw.with_suffix(".gz")
    with raw.open("rb") as source, packed.open("wb") as target, gzip.GzipFile("", "wb", 6, target, mtime=0) as squeezed:
        shutil.copyfileobj(source, squeezed, CHUNK)
    return packed


def _checksum(path: Path, algorithm: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, partial(hashlib.new, algorithm, usedforsecurity=False)).hexdigest()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Let one thread of one process in; the system frees the lock of a process that dies."""
    with path.open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
