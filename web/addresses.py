"""What an address of ours means, however it was copied: from the browser, from the data, or as a short name."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from kg.export import FORMATS, Format
from kg.model import InputError, Language
from kg.terms import Terms
from web.language import as_language

LONGEST = 2000  # characters
SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]*(?:/[A-Za-z0-9][A-Za-z0-9._~-]*)*")

PAGE = re.compile(r"(?P<lang>nn|nb|en)(?:/(?P<rest>.*))?")
QUESTION = re.compile(r"(?:api/)?q/([A-Za-z0-9-]+)")
TERM = re.compile(r"concepts/([A-Za-z][A-Za-z0-9]*)")
SELECTOR = re.compile("(?<=^passage/)(.*)-[pq]$")
ONTOLOGY = re.compile(r"ont(?:/[0-9A-Za-z.-]+)?|concepts")
PACKED = ("nq", "trig", "nt", "ttl", "jsonld", "rdfxml")  # formats whose files are compressed with gzip
WHOLE = ("", "data", "dataset", "graph/dataset", "graph/asserted")


class NoAddress(InputError):
    """What was given is no address and no name of ours."""

    def __init__(self) -> None:
        super().__init__("This is no address and no name of this data set.")


@dataclass(frozen=True)
class Address:
    """What an address is about: a *question* with *query* as its slots, the thing *iri*, or else the whole data set.

    *language* is that of the page, *version* what ``?v=`` or the path pins.
    """

    language: Language | None = None
    question: str | None = None
    query: str = ""
    iri: str | None = None
    version: str | None = None

    @classmethod
    def read(cls, given: str, terms: Terms, host: str = "") -> "Address":
        """Read *given*: below our base, on our own *host*, without a host, or a CURIE. Raise :class:`NoAddress`."""
        if not given.isprintable() or len(given) > LONGEST:
            raise NoAddress
        try:
            parts = urlsplit(_expanded(given.strip(), terms))
        except ValueError as error:
            raise NoAddress from error
        path = _path(parts, terms, host)
        page = PAGE.fullmatch(path)
        language, path = (as_language(page["lang"]), page["rest"] or "") if page else (None, path)
        pinned = re.search(r"(?:^|&)v=([^&]+)", parts.query)
        version = pinned[1] if pinned else None
        if asked := QUESTION.fullmatch(path):
            return cls(language, asked[1], parts.query, version=version)
        if path in WHOLE and not parts.fragment:
            return cls(language, version=version)
        if path.startswith("version/"):
            return cls(language, version=path.removeprefix("version/"))
        return cls(language, iri=_iri(path, parts.fragment, terms), version=version)


def _expanded(given: str, terms: Terms) -> str:
    prefix, colon, local = given.partition(":")
    return terms.prefixes[prefix] + local if colon and prefix in terms.prefixes else given


def _path(parts: SplitResult, terms: Terms, host: str) -> str:
    """Return what stands after our base or our host."""
    base = urlsplit(terms.base)
    if (parts.scheme, parts.netloc) == (base.scheme, base.netloc) and parts.path.startswith(base.path):
        return parts.path.removeprefix(base.path)
    here = parts.scheme in ("http", "https") and parts.netloc == host != ""
    if here or (not parts.scheme and not parts.netloc and parts.path.startswith("/")):
        return parts.path.removeprefix("/")
    raise NoAddress


def _iri(path: str, fragment: str, terms: Terms) -> str:
    if path == "ont" and re.fullmatch(r"[A-Za-z][A-Za-z0-9]*", fragment):
        return terms.prefixes["bso"] + fragment
    if term := TERM.fullmatch(path):
        return terms.prefixes["bso"] + term[1]
    if ONTOLOGY.fullmatch(path):
        return f"{terms.base}ont"
    if not SAFE.fullmatch(path):
        raise NoAddress
    kind, _, rest = path.partition("/")
    if kind in ("id", "kos"):
        return terms.base + path
    if not rest or "/" in rest:
        raise NoAddress
    spaces = (f"{terms.base}{space}/{kind}/" for space in ("id", "kos"))
    for space in spaces:
        if space in terms.prefixes.values():
            return space + rest
    raise NoAddress


def names_of(snapshot: str) -> Mapping[str, Format]:
    """Return the name of every file of the snapshot of this name, with its format."""
    return {_file_name(snapshot, form): form for form in FORMATS.values()}


def _file_name(snapshot: str, form: Format) -> str:
    ending = f"{form.suffix}.gz" if form.name in PACKED else form.suffix
    middle = "" if form.name in (*PACKED, form.suffix) else f"{form.name}."
    return f"bustadgraf-{snapshot}.{middle}{ending}"


def page_path(thing: str) -> str:
    """Return where a thing (``KIND/SLUG``) has its page, below the language; a selector is on that of its passage.

    >>> page_path("passage/report-10-20-q"), page_path("group/lgbt-q")
    ('passage/report-10-20', 'group/lgbt-q')
    """
    return SELECTOR.sub(r"\1", thing)
