"""What a citation holds, and how BibTeX, RIS and CSL-JSON write it.

BibTeX as in "BibTeXing" (Patashnik 1988) with the fields of biblatex that have no older name, RIS as in the
specification of 2011, CSL-JSON as in the schema of CSL 1.0.2. This is the only door to bibtexparser and rispy.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import rispy
from bibtexparser.entrypoint import write_string
from bibtexparser.library import Library
from bibtexparser.model import Entry, Field
from rispy.writer import RisWriter

from kg.model import Language

Kind = Literal["data", "entry", "report", "page", "document", "interview"]

RIS_KINDS: Mapping[Kind, str] = {
    "data": "DATA",
    "entry": "ELEC",
    "report": "RPRT",
    "page": "ELEC",
    "document": "GEN",
    "interview": "PCOMM",
}
CSL_KINDS: Mapping[Kind, str] = {
    "data": "dataset",
    "entry": "entry",
    "report": "report",
    "page": "webpage",
    "document": "document",
    "interview": "interview",
}
LANGUAGES_OF_BIBLATEX: Mapping[str, str] = {"nn": "nynorsk", "nb": "norsk", "en": "english"}

# What TeX reads as commands. Braces become words: BibTeX counts them even behind a backslash.
TEX = str.maketrans(
    {
        "\\": r"{\textbackslash}",
        "{": r"{\textbraceleft}",
        "}": r"{\textbraceright}",
        "~": r"{\textasciitilde}",
        "^": r"{\textasciicircum}",
        **{sign: f"\\{sign}" for sign in "#$%&_"},
    }
)
# What would end a field in braces, or a line; the rest of an address goes in as it is, for \url reads it so.
ADDRESS = str.maketrans({"{": "%7B", "}": "%7D", "\\": "%5C", " ": "%20"})


@dataclass(frozen=True)
class Author:
    """Who made a work. Of a *person* the last word of the name is the family name; any other name stays whole."""

    name: str
    person: bool

    @property
    def family_first(self) -> str:
        """The name as lists are ordered by: ``Lindén, Tord Skogedal``."""
        family, given = self.parts
        return f"{family}, {given}" if given else family

    @property
    def parts(self) -> tuple[str, str]:
        """Family and given name; the whole name and nothing where there are no two parts."""
        given, space, family = self.name.rpartition(" ")
        return (family, given) if self.person and space else (self.name, "")


@dataclass(frozen=True)
class Work:
    """A work to be cited; what is not known is ``None`` and never filled in.

    *issued* is a year, a month or a day (``2016``, ``2016-09``, ``2016-09-03``), *accessed* a day. *container* is
    what an entry stands in. *also* is a second address: of the record where *url* leads to the original, of the
    original where *url* leads to the record. *notes* are whole sentences without a full stop,
    *details* such as only a file has room for.
    """

    kind: Kind
    key: str
    title: str
    url: str
    also: str | None = None
    language: Language | str | None = None
    authors: tuple[Author, ...] = ()
    container: str | None = None
    publisher: str | None = None
    version: str | None = None
    issued: str | None = None
    accessed: str | None = None
    notes: tuple[str, ...] = ()
    details: tuple[str, ...] = ()

    @property
    def note(self) -> str:
        """All notes and details in one line, and the second address."""
        return " ".join([*self.sentences, *([_line(self.also)] if self.also else [])])

    @property
    def sentences(self) -> list[str]:
        """All notes and details, each in one line with its full stop."""
        return [f"{_line(note)}." for note in (*self.notes, *self.details)]


def bibtex(work: Work) -> str:
    """Write *work* as one entry of BibTeX in UTF-8."""
    report = work.kind == "report" and work.publisher is not None
    publisher = "institution" if report else "publisher"
    told = {
        "author": " and ".join(map(_bibtex_name, work.authors)),
        "title": f"{{{_tex(work.title)}}}",  # in braces, or styles would take the capitals from names
        "howpublished": _tex(work.container),
        publisher: _tex(work.publisher),
        "version": _tex(work.version),
        "year": (work.issued or "")[:4],
        "date": work.issued if work.issued and len(work.issued) > 4 else None,
        "url": _line(work.url).translate(ADDRESS),
        "urldate": work.accessed,
        "langid": LANGUAGES_OF_BIBLATEX.get(work.language or ""),
        "note": _tex(work.note),
    }
    fields = [Field(name, value) for name, value in told.items() if value]
    return write_string(Library([Entry("techreport" if report else "misc", _key(work.key), fields)]))


def ris(work: Work) -> str:
    """Write *work* as one record of RIS, with CRLF as the specification wants."""
    told = {
        "type_of_reference": RIS_KINDS[work.kind],
        "id": _key(work.key),
        "authors": [_line(author.family_first) for author in work.authors],
        "title": _line(work.title),
        "secondary_title": _line(work.container or ""),
        "publisher": _line(work.publisher or ""),
        "edition": _line(work.version or ""),
        "year": (work.issued or "")[:4],
        "date": _ris_day(work.issued),
        "access_date": _ris_day(work.accessed),
        "urls": [_line(each).translate(ADDRESS) for each in (work.url, work.also) if each],
        "language": work.language or "",
        "notes": work.sentences,
    }
    text = str(rispy.dumps([{name: value for name, value in told.items() if value}], implementation=_Ris))
    return text.replace("\n", "\r\n")


def csl_json(work: Work) -> str:
    """Write *work* as CSL-JSON: a list of one item."""
    told: dict[str, Any] = {
        "id": _key(work.key),
        "type": CSL_KINDS[work.kind],
        "title": _line(work.title),
        "author": [_csl_name(author) for author in work.authors],
        "container-title": _line(work.container or ""),
        "publisher": _line(work.publisher or ""),
        "version": _line(work.version or ""),
        "issued": _csl_day(work.issued),
        "accessed": _csl_day(work.accessed),
        "URL": _line(work.url).translate(ADDRESS),
        "language": work.language or "",
        "note": work.note,
    }
    return json.dumps([{name: value for name, value in told.items() if value}], ensure_ascii=False, indent=1) + "\n"


@dataclass(frozen=True)
class Form:
    """A format: its name in addresses and for people, its media types (the first is sent) and its writer."""

    name: str
    title: str
    media_types: tuple[str, ...]
    suffix: str
    write: Callable[[Work], str]


FORMS = (
    Form("bibtex", "BibTeX", ("application/x-bibtex", "text/x-bibtex"), "bib", bibtex),
    Form("ris", "RIS", ("application/x-research-info-systems",), "ris", ris),
    Form("csl-json", "CSL-JSON", ("application/vnd.citationstyles.csl+json", "application/json"), "csl.json", csl_json),
)


class _Ris(RisWriter):  # type: ignore[misc]  # rispy ships no types
    def set_header(self, count: int) -> str:  # rispy numbers the records, the specification does not
        return ""


def _line(text: str) -> str:
    """Keep a value in one line, whatever it holds: a line of its own would be another field."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _tex(text: str | None) -> str:
    return _line(text or "").translate(TEX)


def _key(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")


def _bibtex_name(author: Author) -> str:
    return _tex(author.family_first) if author.parts[1] else f"{{{_tex(author.name)}}}"


def _csl_name(author: Author) -> dict[str, str]:
    family, given = map(_line, author.parts)
    return {"family": family, "given": given} if given else {"literal": family}


def _ris_day(value: str | None) -> str:
    return "/".join([*(value or "").split("-"), "", ""][:3]) if value and len(value) > 4 else ""


def _csl_day(value: str | None) -> dict[str, list[list[int]]]:
    return {"date-parts": [[int(part) for part in value.split("-")]]} if value else {}
