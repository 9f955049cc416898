"""A file that appears whole or not at all, whatever ends the writing."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from kg.model import EnvironmentFailure, InputError


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
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(pieces)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
