"""One table of formats in which the public data set leaves the house, a module for each family; atomic files."""

import sys
from collections.abc import Mapping
from pathlib import Path

from kg.export import nanopublications, networks, rdf, sheets, standards
from kg.export.files import write_whole, zipped
from kg.export.formats import Format, Imprint, Origin, Outgoing, Progress
from kg.interchange import Left
from kg.model import InputError
from kg.terms import nearest

FAMILIES = (rdf, sheets, networks, standards, nanopublications)
FORMATS: Mapping[str, Format] = {form.name: form for family in FAMILIES for form in family.FORMATS}

__all__ = ["FORMATS", "Format", "Imprint", "Left", "Origin", "Outgoing", "Progress", "write", "write_whole", "zipped"]


def write(name: str, target: Path, origin: Origin) -> Left | None:
    """Write the public data set as format *name* to *target* (``-``: standard output); return what was left out.

    A file appears whole or not at all. Raises :class:`InputError` for an unknown format, or where the format asks
    for more than any record has, and :class:`kg.model.EnvironmentFailure` where the disk refuses.
    """
    if name not in FORMATS:
        near = ", ".join(nearest(name, FORMATS)) or ", ".join(FORMATS)
        raise InputError(f"There is no export format {name!r}. Nearest: {near}.")
    made = FORMATS[name].make(origin)
    if str(target) == "-":
        sys.stdout.buffer.writelines(made.pieces)
        sys.stdout.buffer.flush()
    else:
        write_whole(target, made.pieces)
    return made.left
