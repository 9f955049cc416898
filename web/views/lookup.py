"""What pages ask the graph: one query a section from ``web/queries``, and all names in one go."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from urllib.parse import quote, urlencode

from kg.engine import Cell, Engine
from kg.model import Language
from kg.questions import Query
from kg.questions.dated import holdings, labels_in
from kg.resources import text
from kg.terms import Terms, best_label
from web.addresses import page_path
from web.language import Speech

Solutions = list[dict[str, Cell]]


@dataclass(frozen=True)
class Name:
    """How a thing is called on a page: *lang* is set where it is not the language of the page."""

    text: str
    lang: str | None = None
    href: str | None = None
    iri: str | None = None


class Naming(dict[str, Name]):
    """IRI → name; a thing without a label is called by its CURIE, a coder whose name is withheld “a coder”."""

    def __init__(self, names: Mapping[str, Name], terms: Terms, language: Language) -> None:
        super().__init__(names)
        self._terms = terms
        self._language = language

    def __missing__(self, iri: str) -> Name:
        withheld = iri.startswith(self._terms.prefixes["coder"])
        called = Speech.of(self._language).say("a coder") if withheld else self._terms.compress(iri)
        return Name(called, None, page_of(iri, self._terms, self._language), iri)


@dataclass(frozen=True)
class Lookup:
    """The graph as pages in one language see it, as of the end of *year* where one is given."""

    engine: Engine
    terms: Terms
    language: Language
    year: int | None = None

    @property
    def speech(self) -> Speech:
        """The words of the interface in this language."""
        return Speech.of(self.language)

    def rows(self, query: str, **bound: Iterable[str]) -> Solutions:
        """Run ``web/queries/QUERY.rq`` with its placeholders bound to IRIs."""
        return self.engine.select(_query(query, self.terms.base).bind(**bound))

    def own(self, local: str) -> str:
        """Expand a local name of ``terms.csv``."""
        return self.terms.prefixes["bso"] + local

    def local(self, iri: str) -> str:
        """Return the local name of one of our own terms or codes; any other IRI as a CURIE."""
        for prefix in ("bso", "code"):
            if iri.startswith(self.terms.prefixes[prefix]):
                return iri.removeprefix(self.terms.prefixes[prefix])
        return self.terms.compress(iri)

    def term(self, local: str) -> Name:
        """Name one of our own classes or properties."""
        own = self.terms.own[local]
        return Name(own.label[self.language], None, f"/{self.language}/concepts/{local}", self.own(local))

    def names(self, iris: Iterable[str]) -> Naming:
        """Name all *iris* with one query, in this language or the nearest one they have."""
        ontology = self.terms.prefixes["bso"]
        wanted = {iri for iri in iris if _can_be_bound(iri)}
        ours = {iri for iri in wanted if iri.startswith(ontology) and iri.removeprefix(ontology) in self.terms.own}
        labels: dict[str, dict[str, str]] = {}
        if others := sorted(wanted - ours):
            for row in self.engine.select(_shared("labels", self.terms.base).bind(thing=others)):
                labels.setdefault(row["thing"].value, {}).setdefault(row["label"].lang or "", row["label"].value)
        then = self._then(others, labels)
        found = {iri: self.term(iri.removeprefix(ontology)) for iri in ours}
        found |= {iri: name for iri, words in then.items() if (name := self.named(words, iri))}
        return Naming(found, self.terms, self.language)

    def _then(self, iris: Iterable[str], labels: Mapping[str, Mapping[str, str]]) -> Mapping[str, Mapping[str, str]]:
        if self.year is None:
            return labels
        return labels_in(holdings(self.engine, _shared("dated", self.terms.base), iris), self.year, labels)

    def named(self, labels: Mapping[str, str], iri: str | None = None) -> Name | None:
        """Choose among *labels* (language tag → text); ``None`` where there are none."""
        best = best_label(labels, self.language)
        if best is None:
            return None
        text, tag = best
        return Name(text, tag if tag != self.language else None, iri and page_of(iri, self.terms, self.language), iri)


def page_of(iri: str, terms: Terms, language: Language) -> str | None:
    """Return where a thing has its page: ours on this host, a web address as it is, else nowhere."""
    for stem in ("id/", "kos/"):
        path = iri.removeprefix(terms.base + stem)
        if path != iri:
            return f"/{language}/{quote(page_path(path), safe='/-._~')}"
    if iri.startswith(terms.prefixes["bso"]):
        return f"/{language}/concepts/{iri.removeprefix(terms.prefixes['bso'])}"
    return iri if iri.startswith(("http://", "https://")) and not iri.startswith(terms.base) else None


def why_href(lookup: Lookup, triple: Iterable[str]) -> str:
    """Return the address of the page that tells why *triple* (IRIs) holds."""
    names = map(lookup.terms.compress, triple)
    asked = dict(zip(("subject", "predicate", "object"), names, strict=True))
    return f"/{lookup.language}/why?{urlencode(asked, safe=':')}"


def iri_of(kind: str, slug: str, terms: Terms) -> str | None:
    """Return the IRI of the page ``/{lang}/KIND/SLUG``; ``None`` where that cannot be one."""
    space = "id" if f"{terms.base}id/{kind}/" in terms.prefixes.values() else "kos"
    iri = f"{terms.base}{space}/{kind}/{slug}"
    return iri if _can_be_bound(iri) else None


@cache
def _query(name: str, base: str) -> Query:
    return Query(Terms(base).rebase(files("web").joinpath("queries", f"{name}.rq").read_text(encoding="utf-8")))


@cache
def _shared(name: str, base: str) -> Query:
    return Query(Terms(base).rebase(text("ontology", "queries", f"{name}.rq")))


def _can_be_bound(iri: str) -> bool:
    return ":" in iri and not set(iri) & set('<>"{}|^`\\ \n\r\t')
