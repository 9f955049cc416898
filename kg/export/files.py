"""A file that appears whole or not at all, whatever ends the writing; a zip that is made while it is read."""

import io
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from secrets import token_hex
from typing import Any

from kg.model import EnvironmentFailure, InputError

ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same data give the same bytes, so no clock goes in


def zipped(members: Iterable[tuple[str, Callable[[], Iterable[bytes]]]], comment: str = "") -> Iterator[bytes]:
    """Give a zip of *members* (a name, and what makes its pieces), each made when its turn comes.

    Only one piece is held at a time; every member has the same fixed time.
    """
    made = _Passing()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.comment = comment.encode()
        for name, pieces in members:
            entry = zipfile.ZipInfo(name, ZIP_EPOCH)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            with archive.open(entry, "w", force_zip64=True) as member:
                for piece in pieces():
                    member.write(piece)
                    yield made.taken()
    yield made.taken()


class _Passing(io.RawIOBase):
    """A file that is written on one side and taken away on the other."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._held += data
        return len(data)

    def taken(self) -> bytes:
        """Return what was written since the last time."""
        held, self._held = bytes(self._held), bytearray()
        return held


def write_whole(target: Path, pieces: Iterable[bytes]) -> None:
    """Write *pieces* to *target* in one step; until then, and after a failure, what stood there stands.

    Raises :class:`InputError` where its folder is none, and :class:`EnvironmentFailure` where the disk refuses.
    """
    if not target.parent.is_dir():
        raise InputError(f"{target.parent} is not a folder; make it first.")
    try:
        _swap_in(target, pieces)
    except OSError as error:
        raise EnvironmentFailure(f"Cannot write {target}: {error.strerror}. Nothing was left there.") from error


def _swap_in(target: Path, pieces: Iterable[bytes]) -> None:
    temporary = target.with_name(f".{target.name}-{token_hex(4)}")
    try:
        with temporary.open("xb") as file:
            file.writelines(pieces)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
