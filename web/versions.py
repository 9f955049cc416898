"""The versions that one server gives with ``?v=``: what it was started with, and the releases, opened when asked for.

A release that is open takes the memory of its data. So few are open at once; the one used longest ago is closed first,
and none that a request is using.
"""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app, g, request

from kg.engine import Limits, open_engine
from kg.model import EngineUnavailable, InputError
from kg.questions import Catalogue
from kg.releases import Release, find, releases
from kg.terms import Terms
from web.publication import EXTENSION, PINNED, Publication

VERSIONS = "bustadgraf-versions"
MOST_OPEN = 2
MOST_WAITING = 4  # threads that may wait until a release is open, so that the current version keeps the others
PATIENCE_S = 15.0
LIMITS = Limits(workers={"page": 1, "endpoint": 1}, waiting={"page": 8, "endpoint": 2})
UNPINNED = ("static", "traffic.metrics")

log = logging.getLogger(__name__)


class UnknownVersion(InputError):
    """A version that this server does not hold; *served* are those that it does."""

    def __init__(self, asked: str, served: tuple[str, ...]) -> None:
        super().__init__(f"There is no version {asked!r} here.")
        self.served = served


class DamagedVersion(InputError):
    """A release whose files are not as they were released."""


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

    @property
    def releases(self) -> tuple[Release, ...]:
        """The releases, newest first, also those made since the server started."""
        return tuple(reversed(releases(self.current.home))) if self.current.home else ()

    @property
    def served(self) -> tuple[str, ...]:
        """What ``?v=`` may be: the name of the current snapshot, and the labels, newest first."""
        snapshot = self.current.snapshot
        return (*([snapshot.name] if snapshot else []), *(each.label for each in self.releases))

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


def _publication(release: Release) -> Publication:
    try:
        snapshot = release.open()
    except InputError as error:
        log.error("%s", error)
        raise DamagedVersion(release.label) from error
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
