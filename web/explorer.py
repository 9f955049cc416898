"""The pages people read, under ``/{nn|nb|en}/``: each route asks ``web.views`` for one object and renders it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, make_response, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from kg.engine import media_types
from kg.export import FORMATS, Format
from kg.model import (
    AnswerTooLarge,
    DeadlineExceeded,
    EngineUnavailable,
    Language,
    MemoryExceeded,
    QueryError,
    QueryForbidden,
)
from kg.questions import Answer, UnknownTriple, answer
from kg.questions.catalogue import YEAR
from kg.serialising import FORMS as ONTOLOGY_FORMS
from kg.understanding import ask
from web import views
from web.addresses import SAFE
from web.api import LONGEST_QUESTION, PARTS, asked_triple, given_slots, lexicon
from web.description import embedded_catalogue
from web.downloads import FORMAT_NAMES, PURPOSES, SUMS, Download, downloads
from web.handbook import Handbook
from web.language import Speech, as_language, wanted_language
from web.linked_data import about_data, own_description, page_about
from web.negotiation import kept, see_other, varies
from web.publication import publication
from web.sparql import told
from web.versions import refuse_gone, versions
from web.views.lookup import Lookup, Name, iri_of
from web.views.statements import Statement, source_infos
from web.views.why import Consequence, consequences, why_page

blueprint = Blueprint("explorer", __name__)

PAGE = "/<any(nn, nb, en):lang>"
KINDS = ", ".join(f"'{segment}'" for segment in views.SEGMENTS)  # any other is not there, with or without a slash
ROWS_SHOWN = 200
SHELF = "bustadgraf-handbook"
UNKNOWN = "bustadgraf-unknown"


@blueprint.url_value_preprocessor
def _language_of_the_path(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    (values or {}).pop("lang", None)


@blueprint.after_request
def _named_by_content(response: Response) -> Response:
    """Let caches keep a page and ask whether it is still the same."""
    return kept(response) if response.status_code == 200 else response


def _lookup() -> Lookup:
    return Lookup(publication().engine, publication().terms, language())


def language() -> Language:
    """Return the language of the page that is being made: that of its path, else the one the reader wants."""
    return as_language(request.path.split("/")[1]) or wanted_language(request.accept_languages)


def _year() -> int | None:
    """Return the year that the page is wanted for; what is no year is passed over."""
    asked = request.args.get("year", "")
    return int(asked) if YEAR.fullmatch(asked) else None


def _found(page: object, iri: str | None = None) -> Any:
    """Return *page*; where there is none, say that it does not exist, or that only releases hold *iri*."""
    if page is None:
        refuse_gone(iri)
        abort(404)
    return page


@blueprint.get("/")
def root() -> Response:
    """Send the reader to the front page in the language wanted."""
    response = about_data(see_other(f"/{language()}/"))
    ways = (
        '</dcat>; rel="describedby"',
        '</openapi.json>; rel="service-desc"',
        f'</{language()}/data>; rel="service-doc"',
    )
    response.headers["Link"] = ", ".join((response.headers["Link"], *ways))
    return varies(response, "Accept-Language")


@blueprint.get(f"{PAGE}/")
def home() -> AnyResponse:
    """Show the ask box and the gallery, with ``?q=`` the answer too."""
    asked = " ".join(request.args.get("q", "").split())[:LONGEST_QUESTION]
    catalogue = publication().catalogue
    if not asked or catalogue is None:
        return _ask_page(None, asked)
    reply = ask(asked, language(), publication().engine, catalogue, publication().terms, lexicon())
    left_over = tuple(each.text for each in reply.heard if each.use in ("unused", "unknown"))
    return _ask_page(reply.answer, asked, left_over)


@blueprint.get(f"{PAGE}/q/<question>")
def question(question: str) -> AnyResponse:
    """Answer a template of the catalogue with its slots from the address."""
    catalogue = publication().catalogue or abort(404)
    slots = {name: value for name, value in given_slots().items() if value}
    return _ask_page(answer(publication().engine, catalogue, publication().terms, question, slots), "")


def _ask_page(found: Answer | None, asked: str, left_over: tuple[str, ...] = ()) -> AnyResponse:
    held = publication()
    lookup = _lookup()
    version = held.snapshot.name if held.snapshot else None
    shown = views.answer_page(lookup, held.catalogue, found, version) if found and held.catalogue else None
    work = views.cited_answer(lookup, held.edition, found) if found and held.edition else None
    groups = views.gallery(lookup, held.catalogue) if held.catalogue else ()
    return _page(
        "ask.html",
        answer=shown,
        asked=asked or (shown.timeless if shown and shown.question else ""),
        left_over=left_over,
        gallery=groups,
        example=next((each.sentence for group in groups for each in group.questions), ""),
        formats=_formats(found) if found else {},
        cite=views.citation(lookup, work, work.url) if work else None,
    )


def _formats(found: Answer) -> Mapping[str, str]:
    if found.question is None:
        return {}
    terms = publication().terms
    slots = {name: terms.compress(iri) for name, iri in sorted(found.slots.items())}
    return {
        name: f"/api/q/{found.question.id}?{urlencode({**slots, 'lang': language(), 'format': name}, safe=':')}"
        for name in ("csv", "jsonld", "json")
    }


@blueprint.get(f"{PAGE}/matrix")
def matrix() -> AnyResponse:
    """Show who thinks what on every issue, or what the groups named by ``?group=`` think."""
    chosen = request.args.getlist("group")
    page = views.matrix_page(_lookup(), chosen, request.args.get("source"), _number())
    return _page("matrix.html", page=page, matrix=page.matrix, statements=page.matrix.statements)


def _number() -> int:
    """Return which page of a list is asked for; anything odd is the first."""
    number = request.args.get("page", "1")
    return max(1, int(number)) if number.isdecimal() and len(number) < 7 else 1


@blueprint.get(f"{PAGE}/<any({KINDS}):kind>/")
def listing(kind: str) -> AnyResponse:
    """List the things of one kind."""
    lookup = _lookup()
    wanted = {name: value[:LONGEST_QUESTION] for name, value in request.args.items()}
    page = _found(views.list_page(lookup, kind, _number(), wanted))
    return _page("list.html", page=page, others=views.lists_of(lookup))


@blueprint.get(f"{PAGE}/<kind>/<slug>")
def thing(kind: str, slug: str) -> AnyResponse:
    """Show one thing: an entity, a concept, a source, a passage, a statement; with ``?year=`` an entity as of then."""
    if not (SAFE.fullmatch(kind) and SAFE.fullmatch(slug)):
        abort(404)
    lookup, data = _lookup(), f"{kind}/{slug}"
    iri = iri_of(kind, slug, lookup.terms)
    if kind == "source":
        snapshot = publication().snapshot
        document = snapshot.document(slug) if snapshot else None
        page: Any = views.source_page(lookup, slug, document, request.args.get("passage"))
        if page is not None:
            return _page("source.html", data=data, page=page, cite=_cite(lookup, page.iri))
    if kind == "passage":
        place = _found(views.passage_page(lookup, slug), iri)
        return _page("passage.html", data=data, page=place, cite=_cite(lookup, place.iri))
    if kind == "statement":
        told = _found(views.statement_page(lookup, slug), iri)
        return _page(
            "statement.html",
            data=data,
            page=told,
            follows=_follows(lookup, told.statement),
            cite=_cite(lookup, told.statement.iri),
        )
    page = _found(views.entity_page(replace(lookup, year=_year()), kind, slug), iri)
    if kind == "issue":
        stances = views.issue_matrix(lookup, page.statements, page.iri)
        return _page("issue.html", data=data, page=page, matrix=stances, statements=page.statements)
    concept = views.concept_part(lookup, handbook(), page.iri)
    return _page("concept.html" if concept else "entity.html", data=data, page=page, concept=concept)


def _cite(lookup: Lookup, iri: str) -> views.Citation | None:
    """Tell how to cite what *iri* names, in the version that is served."""
    edition = publication().edition
    work = views.cited_thing(lookup, edition, iri) if edition else None
    return views.citation(lookup, work, iri) if work else None


def _follows(lookup: Lookup, statement: Statement) -> tuple[Consequence, ...]:
    catalogue = publication().catalogue
    parts = [part.iri for part in (statement.subject, statement.predicate, statement.object) if part and part.iri]
    if catalogue is None or statement.kind != "Fact" or len(parts) < 3:
        return ()
    return consequences(lookup, catalogue, (parts[0], parts[1], parts[2]))


@blueprint.get(f"{PAGE}/why")
def why() -> AnyResponse:
    """Tell why something holds: by which rule, from what, and on which passages that rests."""
    catalogue = publication().catalogue or abort(404)
    if not any(request.args.get(name) for name in PARTS):
        return _page("why-what.html")
    try:
        return _page("why.html", page=why_page(_lookup(), catalogue, asked_triple()))
    except UnknownTriple:
        abort(404)


@blueprint.get(f"{PAGE}/search")
def search() -> AnyResponse:
    """Find things by their names."""
    asked = request.args.get("q", "")[:LONGEST_QUESTION].strip()
    return _page("search.html", asked=asked, hits=views.search(_lookup(), asked))


def handbook() -> Handbook:
    """Return the handbook of what is served, made once: a snapshot never changes."""
    public = publication()
    if SHELF not in public.kept:
        public.kept[SHELF] = Handbook.of(public.engine, public.terms, public.catalogue)
    held: Handbook = public.kept[SHELF]
    return held


@blueprint.get(f"{PAGE}/concepts")
def concepts() -> AnyResponse:
    """Show all terms and concepts, with ``?q=`` those that a search finds."""
    asked = " ".join(request.args.get("q", "").split())[:LONGEST_QUESTION]
    return _page(
        "concepts.html", page=views.index_page(_lookup(), handbook(), asked), asked=asked, forms=ONTOLOGY_FORMS.values()
    )


@blueprint.get(f"{PAGE}/concepts/<term>")
def term(term: str) -> AnyResponse:
    """Show one term of the ontology."""
    page = _found(views.term_page(_lookup(), handbook(), term), publication().terms.prefixes["bso"] + term)
    return _page("term.html", data=f"ont/{term}" if page.own else None, page=page)


@blueprint.get(f"{PAGE}/concepts/scheme/<scheme>")
def scheme(scheme: str) -> AnyResponse:
    """Show one concept scheme as a tree."""
    page = _found(views.scheme_page(_lookup(), handbook(), scheme))
    return _page("scheme.html", data=f"kos/{scheme}", page=page)


@blueprint.get(f"{PAGE}/shapes")
def shapes() -> AnyResponse:
    """Show every rule that the data is checked by, in words."""
    return _page("shapes.html", groups=views.shapes_page(_lookup(), handbook()))


@blueprint.get(f"{PAGE}/about")
def about() -> AnyResponse:
    """Tell what this is and how to read it."""
    return _page("about.html")


@blueprint.get(f"{PAGE}/data")
def data() -> AnyResponse:
    """Tell where the data can be fetched."""
    held = downloads()
    if held:
        held.prepare()
    whole = {each.name: each for each in held.ready()} if held else {}
    lines = [_file_line(name, form, whole.get(name)) for name, form in (held.names if held else {}).items()]
    order = list(PURPOSES)
    lines.sort(key=lambda line: order.index(line.format) if line.format in order else len(order))
    exports = Speech.of(language()).listed(f"{FORMAT_NAMES[name]} ({name})" for name in FORMATS if name != "csv")
    edition, lookup = publication().edition, _lookup()
    cited = views.cited_data(lookup, edition) if edition else None
    cite = views.citation(lookup, cited, cited.url) if cited else None
    told = [(each.title, each.day, f"/{language()}/version/{each.title}") for each in versions().listed]
    return _page(
        "data.html",
        versions=told,
        files=lines,
        sums=SUMS,
        described=embedded_catalogue() if held else None,
        exports=exports,
        cite=cite,
    )


@dataclass(frozen=True)
class FileLine:
    """A file to fetch, as the page tells of it; without *size* and *sha256* as long as it is not made."""

    format: str
    href: str
    name: str
    purpose: str
    size: str | None
    sha256: str | None


def _file_line(name: str, form: Format, made: Download | None) -> FileLine:
    return FileLine(
        format=form.name,
        href=f"/dump/{name}",
        name=FORMAT_NAMES.get(form.name, form.name),
        purpose=PURPOSES.get(form.name, ""),
        size=Speech.of(language()).size(made.size) if made else None,
        sha256=made.sha256 if made else None,
    )


@blueprint.get(f"{PAGE}/quality")
def quality() -> AnyResponse:
    """Show what the rules found, in words."""
    snapshot = publication().snapshot
    lookup = _lookup()
    findings = views.findings(lookup, snapshot.findings()) if snapshot else ()
    return _page("quality.html", findings=findings, sources=tuple(source_infos(lookup).values()))


@blueprint.get(f"{PAGE}/unknown")
def unknown() -> AnyResponse:
    """Show what the sources cover and what they leave unsaid."""
    public, shelf = publication(), f"{UNKNOWN}-{language()}"
    if shelf not in public.kept:
        public.kept[shelf] = views.unknown_page(_lookup(), public.survey)
    return _page("unknown.html", page=public.kept[shelf])


@dataclass(frozen=True)
class SparqlResult:
    """What the editor page shows of an answer: one of *truth*, *graph*, or *columns* and *rows*."""

    sent: str
    formats: tuple[tuple[str, str], ...]
    truth: bool | None = None
    graph: str | None = None
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Name | None, ...], ...] = ()
    total: int = 0


@dataclass(frozen=True)
class SparqlError:
    """Why the editor page has no answer."""

    heading: str
    text: str


@blueprint.get(f"{PAGE}/sparql")
def sparql() -> AnyResponse:
    """Run a query from a plain form and show its answer with names."""
    lookup = _lookup()
    query = request.args.get("query", "")
    prefixes = request.args.get("prefixes") == "1" or not query
    result, error, status = None, None, 200
    if query.strip():
        try:
            result = _answered(lookup, with_prefixes(lookup, query) if prefixes else query)
        except QueryError as caught:
            error, status = _told(lookup.speech, caught)
    return _page(
        "sparql.html",
        status,
        query=query or files("web").joinpath("queries", "editor-first.rq").read_text(encoding="utf-8"),
        prefixes=prefixes,
        result=result,
        error=error,
        examples=_examples(),
        prologue=lookup.terms.sparql_prefixes(),
    )


def _examples() -> tuple[tuple[str, str], ...]:
    stem = f"/{language()}/sparql"
    return tuple(
        (each.title[language()], f"{stem}?{urlencode({'query': each.query.text})}")
        for each in publication().catalogue or ()
    )


def with_prefixes(lookup: Lookup, query: str) -> str:
    """Declare our prefixes in front of *query*, but those that it declares itself."""
    declared = query.casefold()
    return (
        "".join(
            f"PREFIX {prefix}: <{namespace}>\n"
            for prefix, namespace in sorted(lookup.terms.prefixes.items())
            if f"{prefix}:" in query and f"prefix {prefix}:" not in declared
        )
        + query
    )


def _answered(lookup: Lookup, query: str) -> SparqlResult:
    result = lookup.engine.query(query, purpose="endpoint")
    body = b"".join(result.chunks)
    formats = tuple((name, FORMAT_NAMES[name]) for name in media_types(result.kind))
    if result.kind == "graph":
        return SparqlResult(query, formats, graph=body.decode("utf-8"))
    if result.kind == "boolean":
        return SparqlResult(query, formats[:2], truth=bool(json.loads(body)["boolean"]))
    return _table(lookup, query, formats, json.loads(body))


def _table(lookup: Lookup, query: str, formats: tuple[tuple[str, str], ...], found: Mapping[str, Any]) -> SparqlResult:
    columns = tuple(found["head"]["vars"])
    bindings = found["results"]["bindings"]
    shown = bindings[:ROWS_SHOWN]
    naming = lookup.names({value["value"] for row in shown for value in row.values() if value["type"] == "uri"})
    rows = tuple(
        tuple(_shown(naming, row[column], lookup) if column in row else None for column in columns) for row in shown
    )
    return SparqlResult(query, formats, columns=columns, rows=rows, total=len(bindings))


def _shown(naming: Mapping[str, Name], value: Mapping[str, str], lookup: Lookup) -> Name:
    if value["type"] == "uri":
        return naming[value["value"]]
    lang = value.get("xml:lang")
    return Name(value["value"], lang if lang != lookup.language else None)


def _told(speech: Speech, error: QueryError) -> tuple[SparqlError, int]:
    if isinstance(error, DeadlineExceeded | MemoryExceeded | AnswerTooLarge | EngineUnavailable):
        late = isinstance(error, DeadlineExceeded)
        heading = speech.say("The query took too long") if late else speech.say("The query could not be run")
        return SparqlError(heading, told(speech, error)), 503
    if isinstance(error, QueryForbidden):
        return SparqlError(speech.say("The query is not allowed"), told(speech, error)), 400
    return SparqlError(speech.say("The query has an error"), told(speech, error)), 400


def _page(template: str, status: int = 200, data: str | None = None, **values: object) -> Response:
    """Render a page; of one thing, whose data are at *data*, with what is said of it as JSON-LD too."""
    described = {"described": own_description(data)} if data else {}
    response = make_response(render_template(template, **described, **values), status)
    response.headers["Content-Language"] = language()
    return page_about(response, data) if data else about_data(response)
