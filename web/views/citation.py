"""How one cites what is shown: the data set, a source, a statement or passage with its source, an answer, a name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from kg.citation import FORMS, Author, Kind, Work
from kg.engine import Cell
from kg.model import NOT_STATED
from kg.questions import Answer, permalink
from kg.snapshot import Manifest
from kg.terms import best_label
from web.views.frame import licence_name
from web.views.lookup import Lookup

Values = Mapping[str, tuple[Cell, ...]]

MOST_NAMED = 12  # sources that a note on an answer names; how many more there are is told


@dataclass(frozen=True)
class Edition:
    """The data set in the version that is served: what it says of itself.

    *day* is when it was released, else when the data last changed. *label* is that of the
    release, where the version is one.
    """

    manifest: Manifest
    day: str | None
    label: str | None = None

    @property
    def version(self) -> str:
        """How the version is called."""
        return f"{self.label} ({self.manifest.name})" if self.label else self.manifest.name

    def pinned(self, iri: str) -> str:
        """Return the lasting address of *iri* in this version."""
        return f"{iri}?v={self.manifest.name}"


@dataclass(frozen=True)
class Citation:
    """What a page shows: the citation in words, its address, and where it is to be had as (name of format, address)."""

    text: str
    url: str
    links: tuple[tuple[str, str], ...]


def citation(lookup: Lookup, work: Work, of: str) -> Citation:
    """Make the box of *work*, which ``/api/cite`` knows as *of*."""
    asked = {"of": of, "lang": lookup.language}
    links = [(form.title, f"/api/cite?{urlencode({**asked, 'format': form.name}, safe=':/')}") for form in FORMS]
    return Citation(_sentence(lookup, work), work.url, tuple(links))


def _sentence(lookup: Lookup, work: Work) -> str:
    """Write *work* in one line: who (when). What. Where. Which version."""
    who = lookup.speech.listed(author.name for author in work.authors)
    when = f"({work.issued[:4]})" if work.issued else ""
    version = f"{lookup.speech.say('Version')} {work.version}" if work.version else ""
    head = [" ".join(filter(None, (who, when))), work.title] if who else [" ".join(filter(None, (work.title, when)))]
    told = [*head, work.container, work.publisher, version, *work.notes]
    return " ".join(part if part[-1] in ".?!" else f"{part}." for part in told if part)


def cited_data(lookup: Lookup, edition: Edition) -> Work:
    """Return the data set as a work of its own."""
    manifest = edition.manifest
    return Work(
        kind="data",
        key=f"bustadgraf-{edition.label or manifest.name}",
        title=manifest.title[lookup.language],
        url=f"{manifest.base}version/{manifest.name}",
        language=lookup.language,
        version=edition.version,
        issued=edition.day,
        notes=tuple(_fiction(lookup, edition)),
        details=(_licence(lookup, manifest.licence),),
    )


def cited_answer(lookup: Lookup, edition: Edition, answer: Answer) -> Work | None:
    """Return an answer as an entry of the data set; ``None`` where nothing was answered."""
    if answer.question is None or answer.outcome not in ("answer", "partial", "silent"):
        return None
    slots, version = answer.slots, edition.manifest.name
    link = permalink(answer.question.id, slots, lookup.language, lookup.terms, version)
    rests = dict.fromkeys(each.source for row in answer.rows for each in row.evidence if each.source)
    names = {iri: best_label(answer.labels.get(iri, {}), lookup.language) for iri in rests}
    told = sorted(name[0] for name in names.values() if name)
    return _entry(
        lookup,
        edition,
        key="-".join(filter(None, (answer.question.id, *map(_last, slots.values()), version))),
        title=answer.asked[lookup.language],
        url=edition.manifest.base.rstrip("/") + link,
        details=(lookup.speech.say("Rests on %(sources)s", sources=_some(lookup, told)),) if told else (),
    )


def cited_thing(lookup: Lookup, edition: Edition, iri: str) -> Work | None:
    """Return what *iri* names as a work: a source as itself, what stands in one as its source with the place.

    Anything else is an entry of the data set, and the ontology and its terms have its makers and version. ``None``
    where the data hold nothing of this name.
    """
    ontology = f"{lookup.terms.base}ont"
    ours = iri.startswith(lookup.terms.prefixes["bso"])
    found = _values(lookup, [iri, ontology] if ours else [iri])
    about = found.get(iri)
    if not about:
        return None
    if iri == ontology or ours:
        return _cited_ontology(lookup, found.get(ontology, {}), iri, None if iri == ontology else about)
    if lookup.own("Source") in _iris(about, "rdf:type"):
        work = _cited_source(lookup, edition, iri, about)
        return work if _is_ours(lookup, work) else replace(work, also=edition.pinned(iri))
    source = next(iter(_iris(about, "source")), None)
    if source and source in found:
        return _cited_place(lookup, edition, iri, about, _cited_source(lookup, edition, source, found[source]))
    name = _words(lookup, about, "skos:prefLabel", "rdfs:label")
    return _entry(lookup, edition, _last(iri), name, edition.pinned(iri)) if name else None


def _entry(lookup: Lookup, edition: Edition, key: str, title: str, url: str, details: tuple[str, ...] = ()) -> Work:
    whole = cited_data(lookup, edition)
    return Work(
        kind="entry",
        key=key,
        title=title,
        url=url,
        language=lookup.language,
        authors=whole.authors,
        container=whole.title,
        publisher=whole.publisher,
        version=whole.version,
        issued=whole.issued,
        notes=whole.notes,
        details=(*details, *whole.details),
    )


def _cited_source(lookup: Lookup, edition: Edition, iri: str, about: Values) -> Work:
    agents = {*_iris(about, "author"), *_iris(about, "publishedBy"), *_iris(about, "carriedOutBy")}
    naming = lookup.names({*agents, iri})
    people = {row["this"].value for row in lookup.rows("persons", this=sorted(agents))} if agents else set()
    title, url = _texts(about, "dcterms:title"), _text(about, "url")
    licence = _text(about, "dcterms:license")
    authors = [Author(naming[each].text, each in people) for each in _iris(about, "author")]
    by = [naming[each].text for each in _iris(about, "publishedBy") or _iris(about, "carriedOutBy")]
    retold = lookup.speech.say("%(source)s is shown as a digest in our own words.", source=naming[iri].text)
    told = _fiction(lookup, edition)
    told += [retold.rstrip(".")] if _text(about, "digest") == "true" else []
    stated = licence if licence and lookup.local(licence) != NOT_STATED else None
    return Work(
        kind=_kind(lookup, about, url),
        key=_last(iri),
        title=next(iter(title.values()), naming[iri].text),
        url=url or edition.pinned(iri),
        language=next(iter(title), "") or _text(about, "dcterms:language"),
        authors=_in_order(naming[iri].text, authors),
        publisher=lookup.speech.listed(by) or None,
        issued=_text(about, "issued") or _text(about, "year"),
        accessed=_text(about, "retrieved") if url else None,
        notes=tuple(told),
        details=(_licence(lookup, stated),) if stated else (),
    )


def _in_order(short: str, authors: Iterable[Author]) -> tuple[Author, ...]:
    """Put authors in the order in which the *short* name of the source has them: the data keep none."""
    places = {author: short.find(author.parts[0]) for author in authors}
    return tuple(sorted(places, key=lambda each: (places[each] < 0, places[each], each.family_first)))


def _cited_place(lookup: Lookup, edition: Edition, iri: str, about: Values, source: Work) -> Work:
    """Cite the source of a statement or passage, with the place in it and where it is written down."""
    basis = lookup.names(_iris(about, "basis"))
    told = [_text(about, "locator"), *(f"{lookup.speech.say('Basis')}: {each.text}" for each in basis.values())]
    data = cited_data(lookup, edition)
    written = lookup.speech.say("Recorded in %(data)s, version %(version)s", data=data.title, version=data.version)
    return Work(
        kind=source.kind,
        key=_last(iri),
        title=source.title,
        url=edition.pinned(iri),
        also=None if _is_ours(lookup, source) else source.url,
        language=source.language,
        authors=source.authors,
        publisher=source.publisher,
        issued=source.issued,
        accessed=source.accessed,
        notes=(*filter(None, told), written, *source.notes),
        details=source.details,
    )


def _is_ours(lookup: Lookup, work: Work) -> bool:
    return work.url.startswith(lookup.terms.base)


def _cited_ontology(lookup: Lookup, ontology: Values, iri: str, term: Values | None) -> Work:
    title = _words(lookup, ontology, "dcterms:title") or lookup.terms.base
    version, licence = _text(ontology, "owl:versionInfo"), _text(ontology, "dcterms:license")
    return Work(
        kind="entry" if term else "data",
        key=f"bustadgraf-ont-{_last(iri).partition('#')[2] or version}",
        title=_words(lookup, term, "rdfs:label", "skos:prefLabel") or iri if term else title,
        url=iri if term or not version else f"{iri}/{version}",
        language=lookup.language,
        authors=tuple(Author(name, person=False) for name in _texts(ontology, "dcterms:creator").values()),
        container=title if term else None,
        publisher=_text(ontology, "dcterms:publisher"),
        version=version,
        issued=_text(ontology, "dcterms:issued"),
        details=(_licence(lookup, licence),) if licence else (),
    )


def _values(lookup: Lookup, iris: Iterable[str]) -> dict[str, dict[str, tuple[Cell, ...]]]:
    found: dict[str, dict[str, tuple[Cell, ...]]] = {}
    for row in lookup.rows("cited", this=iris):
        keys, key = found.setdefault(row["thing"].value, {}), lookup.local(row["key"].value)
        keys[key] = (*keys.get(key, ()), row["value"])
    return found


def _iris(about: Values, key: str) -> list[str]:
    return [cell.value for cell in about.get(key, ()) if cell.kind == "iri"]


def _texts(about: Values, key: str) -> dict[str, str]:
    return {cell.lang or "": cell.value for cell in about.get(key, ())}


def _text(about: Values, key: str) -> str | None:
    return next((cell.value for cell in about.get(key, ())), None)


def _words(lookup: Lookup, about: Values, *keys: str) -> str:
    best = (best_label(_texts(about, key), lookup.language) for key in keys)
    return next((found[0] for found in best if found), "")


def _kind(lookup: Lookup, about: Values, url: str | None) -> Kind:
    types = set(map(lookup.local, _iris(about, "rdf:type")))
    if "Interview" in types:
        return "interview"
    if "ResearchReport" in types:
        return "report"
    return "page" if url else "document"


def _licence(lookup: Lookup, address: str) -> str:
    name = licence_name(address)
    return f"{lookup.speech.say('Licence')}: {name}" + (f" ({address})" if name != address else "")


def _fiction(lookup: Lookup, edition: Edition) -> list[str]:
    """Nobody shall cite an invented report as one that there is."""
    return [lookup.speech.say("Fiction.").rstrip(".")] if edition.manifest.fiction else []


def _some(lookup: Lookup, names: list[str]) -> str:
    more = len(names) - MOST_NAMED
    if more < 2:
        return lookup.speech.listed(names)
    others = lookup.speech.count("%(n)s source more", "%(n)s sources more", more)
    return lookup.speech.listed([*names[:MOST_NAMED], others])


def _last(iri: str) -> str:
    return iri.rpartition("/")[2]
