"""Tables as a zip of CSV files, and as a workbook of Excel."""

import csv
import io
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from kg.export.files import zipped
from kg.export.formats import Format, Origin, Outgoing
from kg.export.tables import Book, Row, Table, Value, tables
from kg.model import LANGUAGES, EnvironmentFailure
from kg.questions import harmless

BATCH = 500  # rows in a piece
ABOUT = "about"
ABOUT_HEAD = ("table", "column", "kind", "nn", "nb", "en")
ABOUT_KINDS = ("code", "text", "code", "text", "text", "text")
ABOUT_SHEET = {"nn": "Om", "nb": "Om", "en": "About"}
CELL, ROWS, LINKS, LINK = 32_767, 1_048_576, 65_530, 2_079  # what Excel takes: Excel specifications and limits
CREATED = datetime(1980, 1, 1)  # the same data give the same bytes, so no clock goes in
WIDTHS = {
    "text": 28,
    "iri": 24,
    "url": 24,
    "code": 14,
    "integer": 10,
    "number": 14,
    "date": 12,
    "boolean": 10,
    "when": 12,
}
LONG = {"text": 60, "says": 40, "about": 28, "title": 50}
CHUNK = 1 << 16


def csv_pieces(table: Table, book: Book) -> Iterator[bytes]:
    """Give one table as CSV: BOM, comma, CRLF (the rules of every CSV of ours)."""
    return _csv(tuple(field.name for field in table.fields), table.rows(book))


def _csv(head: tuple[str, ...], rows: Iterator[Row]) -> Iterator[bytes]:
    yield "\ufeff".encode()
    for batch in _batches(chain([head], rows)):
        written = io.StringIO()
        csv.writer(written, lineterminator="\r\n").writerows([map(_text, row) for row in batch])
        yield written.getvalue().encode()


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    return iter(lambda: list(islice(rows, BATCH)), [])


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return harmless(value) if isinstance(value, str) else "" if value is None else str(value)


def _zip(origin: Origin) -> Outgoing:
    book = Book(origin)
    members = [(f"{table.name}.csv", partial(csv_pieces, table, book)) for table in tables()]
    about = (f"{ABOUT}.csv", partial(_csv, ABOUT_HEAD, iter(_about(origin))))
    return Outgoing(zipped([about, *members], comment=str(origin.imprint)))


def _about(origin: Origin) -> Iterator[Row]:
    """Tell what the data is, then what each table and column holds."""
    manifest, imprint = origin.snapshot.manifest, origin.imprint
    facts = {
        "title": tuple(manifest.title[language] for language in LANGUAGES),
        "snapshot": (imprint.snapshot,) * 3,
        "address": (imprint.address,) * 3,
        "licence": (imprint.licence,) * 3,
        "date of the data": (imprint.day,) * 3,
        "ontology": (manifest.ontology,) * 3,
        "fiction": (str(imprint.fiction).lower(),) * 3,
    }
    yield from ((None, name, None, *said) for name, said in facts.items())
    for table in tables():
        yield table.name, None, None, *(f"{table.title[language]}. {table.about[language]}" for language in LANGUAGES)
        for each in table.fields:
            yield table.name, each.name, each.kind, *(each.about[language] for language in LANGUAGES)


@dataclass
class _Workbook:
    """A workbook under way: each row is on the disk as soon as it is written."""

    book: Any
    language: str
    told: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.head = self.book.add_format({"bold": True, "bottom": 1})
        self.day = self.book.add_format({"num_format": "yyyy-mm-dd"})
        self.link = self.book.get_default_url_format()

    def sheet(self, name: str, head: Sequence[str], kinds: Sequence[str]) -> Any:
        """Add a sheet with a head that stays in sight, and columns as wide as their kind."""
        sheet = self.book.add_worksheet(name)
        for place, (title, kind) in enumerate(zip(head, kinds, strict=True)):
            sheet.set_column(place, place, LONG.get(title, WIDTHS[kind]))
        for place, title in enumerate(head):
            sheet.write_string(0, place, title, self.head)
        sheet.freeze_panes(1, 1)
        return sheet

    def table(self, table: Table, rows: Iterator[Row]) -> None:
        """Write a table, on further sheets where one has no room for all its rows."""
        head, kinds = [each.name for each in table.fields], [each.kind for each in table.fields]
        for number in range(1, 1 << 30):
            room = list(islice(rows, 1))
            if number > 1 and not room:
                return
            sheet = self.sheet(table.name if number == 1 else f"{table.name} {number}", head, kinds)
            last = links = 0
            for last, row in enumerate(islice(chain(room, rows), ROWS - 1), 1):
                for place, (value, kind) in enumerate(zip(row, kinds, strict=True)):
                    links += self.cell(sheet, (last, place), value, kind == "url" and links < LINKS)
            sheet.autofilter(0, 0, last, len(head) - 1)
            self.told[f"{table.name}: rows"] += last

    def cell(self, sheet: Any, where: tuple[int, int], value: Value, linked: bool = False) -> bool:
        """Write a cell by the type of its value, never as a formula; say whether it became a link."""
        if isinstance(value, bool):
            sheet.write_boolean(*where, value)
        elif isinstance(value, int | float):
            sheet.write_number(*where, value)
        elif isinstance(value, date):
            sheet.write_datetime(*where, datetime(value.year, value.month, value.day), self.day)
        elif value is not None:
            return self._text(sheet, where, value, linked)
        return False

    def _text(self, sheet: Any, where: tuple[int, int], value: str, linked: bool) -> bool:
        if linked and len(value) <= LINK and value.startswith(("https://", "http://")):
            sheet.write_url(*where, value, self.link, value)
            return True
        if len(value) > CELL:
            self.told["texts that were cut, marked with …"] += 1
            value = value[: CELL - 1] + "…"
        sheet.write_string(*where, value)
        return False


def _workbook(origin: Origin) -> Outgoing:
    return Outgoing(_bound(origin))


def _bound(origin: Origin) -> Iterator[bytes]:
    """Give the workbook when it is whole: its parts are on the disk, since Excel wants them in an order of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "book.xlsx"
        options = {"constant_memory": True, "tmpdir": folder, "strings_to_formulas": False, "strings_to_urls": False}
        book = xlsxwriter.Workbook(str(path), options)
        _fill(_Workbook(book, origin.language), origin)
        try:
            book.close()
        except FileCreateError as error:
            raise EnvironmentFailure(f"There is no room for the parts of the workbook in {folder}.") from error
        with path.open("rb") as file:
            yield from iter(lambda: file.read(CHUNK), b"")


def _fill(written: _Workbook, origin: Origin) -> None:
    written.book.set_properties(
        {
            "title": origin.imprint.title,
            "comments": f"{origin.imprint} {origin.imprint.address}",
            "author": "Bustadgraf",
            "created": CREATED,
        }
    )
    about = written.sheet(ABOUT_SHEET[origin.language], ABOUT_HEAD, ABOUT_KINDS)
    book = Book(origin)
    for table in tables():
        written.table(table, table.rows(book))
    told = ((None, name, None, count, count, count) for name, count in sorted(written.told.items()))
    for number, row in enumerate(chain(_about(origin), told), 1):
        for place, value in enumerate(row):
            written.cell(about, (number, place), value)


FORMATS = (
    Format("csv", "application/zip", "zip", _zip),
    Format("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx", _workbook),
)
