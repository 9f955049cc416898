"""The data as tables for spreadsheets and statistics."""

import io
import zipfile
from collections.abc import Mapping

from kg.export.formats import Format, Origin, Outgoing
from kg.resources import resource
from kg.terms import Terms

ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same data give the same bytes, so no clock goes in


def _csv(origin: Origin) -> Outgoing:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, query in sorted(_queries(origin.terms).items()):
            rows = b"".join(origin.engine.query(query, accept="text/csv").chunks)
            archive.writestr(zipfile.ZipInfo(f"{name}.csv", ZIP_EPOCH), "\ufeff".encode() + rows)
    return Outgoing((packed.getvalue(),))


def _queries(terms: Terms) -> Mapping[str, str]:
    folder = resource("ontology").joinpath("queries")
    return {
        entry.name.removeprefix("table-").removesuffix(".rq"): terms.rebase(entry.read_text(encoding="utf-8"))
        for entry in folder.iterdir()
        if entry.name.startswith("table-")
    }


FORMATS = (Format("csv", "application/zip", "zip", _csv),)
