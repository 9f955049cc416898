"""The versions that one server gives with ``?v=``: what it was started with, and the releases, opened when asked for.

A release that is open takes the memory of its data. So few are open at once; the one used longest ago is closed first,
and none that a request is using.
"""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app, g, request

from kg.changes import Changes, Version, compare
from kg.engine import Limits, open_engine
from kg.model import EngineUnavailable, InputError
from kg.questions import Catalogue
from kg.releases import Release, find, releases
from kg.snapshot import Snapshot
from kg.terms import Terms
from web.publication import EXTENSION, PINNED, Publication

VERSIONS = "bustadgraf-versions"
MOST_OPEN = 2
MOST_COMPARED = 32
MOST_WAITING = 4  # threads that may wait until a release is open, so that the current version keeps the others
PATIENCE_S = 15.0
LIMITS = Limits(workers={"page": 1, "endpoint": 1}, waiting={"page": 8, "endpoint": 2})
UNPINNED = ("static", "traffic.metrics", "history.feed")

log = logging.getLogger(__name__)


class UnknownVersion(InputError):
    """A version that this server does not hold; *served* are those that it does."""

    def __init__(self, asked: str, served: tuple[str, ...]) -> None:
        super().__init__(f"There is no version {asked!r} here.")
        self.served = served


class DamagedVersion(InputError):
    """A release whose files are not as they were released."""


class Gone(InputError):
    """Something that the current version does not hold and *releases* do, newest first."""

    def __init__(self, iri: str, releases: tuple[Release, ...]) -> None:
        super().__init__(f"{iri} is in none but older versions.")
        self.releases = releases


@dataclass(frozen=True)
class Listed:
    """A version as it is listed: its snapshot's *name*, and of a release the *label* and the *day*."""

    name: str
    label: str | None
    day: str | None

    @property
    def title(self) -> str:
        """What it is called, and what ``?v=`` takes for it."""
        return self.label or self.name


@dataclass
class _Open:
    publication: Publication
    users: int = 1


class Versions:
    """The current publication and the releases of its out folder. All calls are thread-safe."""

    def __init__(self, current: Publication, most_open: int = MOST_OPEN) -> None:
        self.current = current
        self._most = most_open
        self._changed = threading.Condition()
        self._open: OrderedDict[str, _Open] = OrderedDict()
        self._opening: set[str] = set()
        self._waiting = 0
        self._compared: OrderedDict[tuple[str, str], Changes] = OrderedDict()

    @property
    def releases(self) -> tuple[Release, ...]:
        """The releases, newest first, also those made since the server started."""
        return tuple(reversed(releases(self.current.home))) if self.current.home else ()

    @property
    def served(self) -> tuple[str, ...]:
        """What ``?v=`` may be: the name of the current snapshot, and the labels, newest first."""
        snapshot = self.current.snapshot
        return (*([snapshot.name] if snapshot else []), *(each.label for each in self.releases))

    @property
    def listed(self) -> tuple[Listed, ...]:
        """All versions, newest first; the current one before them where it is not released."""
        found = [Listed(each.name, each.label, str(each.released)) for each in self.releases]
        snapshot = self.current.snapshot
        if snapshot and all(each.name != snapshot.name for each in found):
            found.insert(0, Listed(snapshot.name, None, None))
        return tuple(found)

    def before(self, title: str) -> Listed | None:
        """Return the version before the one that is called *title*."""
        names = [each.title for each in self.listed]
        later = names.index(title) + 1 if title in names else len(names)
        return self.listed[later] if later < len(names) else None

    def holding(self, iri: str) -> tuple[Release, ...]:
        """Return the releases that say something of *iri*, newest first."""
        found = []
        for each in self.releases:
            with suppress(OSError):  # a damaged one is told when it is asked for
                found += [each] if each.holds(iri) else []
        return tuple(found)

    def changes(self, before: str, after: str) -> Changes:
        """Find what changed between two versions, without opening an engine; the last ones found are kept.

        Raises :class:`UnknownVersion` and :class:`DamagedVersion`, and :class:`InputError` where they have two bases.
        """
        versions = self._version(before), self._version(after)
        key = versions[0].title, versions[1].title
        found = self._compared.get(key) or compare(*versions)
        with self._changed:
            self._compared[key] = found
            while len(self._compared) > MOST_COMPARED:
                self._compared.popitem(last=False)
        return found

    def _version(self, asked: str) -> Version:
        release = self.find(asked)
        snapshot = self.current.snapshot if release is None else _snapshot(release)
        if snapshot is None:
            raise UnknownVersion(asked, self.served)
        return Version.of(snapshot, release)

    def find(self, asked: str) -> Release | None:
        """Return the release with this label or snapshot name; ``None`` for the current snapshot if it has none.

        Raises :class:`UnknownVersion` and :class:`DamagedVersion`.
        """
        found = self._release(asked)
        if found is None and not (self.current.snapshot and self.current.snapshot.name == asked):
            raise UnknownVersion(asked, self.served)
        return found

    def enter(self, asked: str) -> Publication:
        """Return the version *asked* for, opened if need be, until :meth:`leave` gives it back.

        Raises :class:`UnknownVersion`, :class:`DamagedVersion`, and :class:`EngineUnavailable` for too many at once.
        """
        if self.current.snapshot and self.current.snapshot.name == asked:
            return self.current
        release = self.find(asked)
        if release is None or (self.current.snapshot and release.name == self.current.snapshot.name):
            return self.current
        return self._borrowed(release.name) or self._opened(release)

    def leave(self, publication: Publication) -> None:
        """Give back what :meth:`enter` returned."""
        with self._changed:
            held = self._open.get(publication.snapshot.name) if publication.snapshot else None
            if held and held.publication is publication:
                held.users -= 1
                self._changed.notify_all()

    def close(self) -> None:
        """End every process of a release."""
        with self._changed:
            closing = list(self._open.values())
            self._open.clear()
        for held in closing:
            held.publication.engine.close()

    def _release(self, asked: str) -> Release | None:
        try:
            return find(self.current.home, asked) if self.current.home else None
        except InputError as error:
            log.error("%s", error)
            raise DamagedVersion(asked) from error

    def _borrowed(self, name: str) -> Publication | None:
        """Return the open release, or ``None`` where the caller is to open it, for which there is room then."""
        end = time.monotonic() + PATIENCE_S
        with self._changed:
            while True:
                if held := self._open.get(name):
                    held.users += 1
                    self._open.move_to_end(name)
                    return held.publication
                if name not in self._opening and self._makes_room():
                    self._opening.add(name)
                    return None
                with self._queued():
                    if not self._changed.wait(end - time.monotonic()):
                        raise EngineUnavailable("The versions in use leave no room for another. Try again in a moment.")

    @contextmanager
    def _queued(self) -> Iterator[None]:
        if self._waiting >= MOST_WAITING:
            raise EngineUnavailable("Too many wait for a version that is not open. Try again in a moment.")
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1

    def _makes_room(self) -> bool:
        """Close what nobody uses, longest ago first, until there is room for one more; say whether there is."""
        for name in [name for name, held in self._open.items() if not held.users]:
            if len(self._open) + len(self._opening) < self._most:
                break
            self._open.pop(name).publication.engine.close()
        return len(self._open) + len(self._opening) < self._most

    def _opened(self, release: Release) -> Publication:
        publication = None
        try:
            publication = _publication(release)
        finally:
            with self._changed:
                self._opening.discard(release.name)
                if publication:
                    self._open[release.name] = _Open(publication)
                self._changed.notify_all()
        return publication


def _snapshot(release: Release) -> Snapshot:
    try:
        return release.open()
    except InputError as error:
        log.error("%s", error)
        raise DamagedVersion(release.label) from error


def _publication(release: Release) -> Publication:
    snapshot = _snapshot(release)
    terms = Terms(snapshot.manifest.base)
    catalogue, day = Catalogue.load(terms), str(release.released)
    return Publication(open_engine(snapshot, LIMITS), terms, snapshot, catalogue, label=release.label, released=day)


def versions() -> Versions:
    """Return the versions that the current application serves."""
    return cast(Versions, current_app.extensions[VERSIONS])


def serve_versions(app: Flask) -> None:
    """Let every request to *app* be answered from the version that its ``?v=`` names."""
    app.extensions[VERSIONS] = Versions(app.extensions[EXTENSION])
    app.before_request(_pin)
    app.teardown_request(_unpin)


def refuse_gone(iri: str | None) -> None:
    """Raise :class:`Gone` where a release says something of *iri*; the current version, which was asked, does not."""
    if iri and pinned() is None and (held := versions().holding(iri)):
        raise Gone(iri, held)


def pinned() -> str | None:
    """Return what version this request asked for and is answered from; ``None`` where it asked for none."""
    held: tuple[str, Publication] | None = g.get(PINNED)
    return held[0] if held else None


def pin(asked: str) -> None:
    """Answer the rest of this request from the version *asked* for. Raises what :meth:`Versions.enter` raises."""
    _unpin(None)
    setattr(g, PINNED, (asked, versions().enter(asked)))


def _pin() -> None:
    if (asked := request.args.get("v")) and request.endpoint not in UNPINNED:
        pin(asked)


def _unpin(_error: BaseException | None) -> None:
    held: tuple[str, Publication] | None = g.pop(PINNED, None)
    if held:
        versions().leave(held[1])
