"""Linked data: every name of ours leads to a page or to data, in each format the same."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from urllib.parse import quote

from flask import Blueprint, Response, jsonify, render_template, request
from markupsafe import Markup
from rdflib import OWL, XSD, Graph, Literal, URIRef
from rdflib import RDF as RDF_TERMS
from rdflib.namespace import DCTERMS, VOID
from rdflib.term import Node
from werkzeug.exceptions import HTTPException

from kg import __version__
from kg.model import LANGUAGES, QueryError
from kg.ontology import module_text, release, releases, version_of
from kg.serialising import FORMS, context
from web.addresses import PACKED, SAFE, names_of, page_path
from web.jsonld import MEDIA_TYPE as JSON_LD
from web.jsonld import Context, embedded
from web.language import Speech
from web.negotiation import (
    Offer,
    Refusal,
    best,
    open_to_all,
    problem,
    reader_language,
    see_other,
    varies,
    wanted_format,
)
from web.publication import publication
from web.sparql import HTML, given, offers
from web.versions import Listed, refuse_gone, versions

blueprint = Blueprint("linked_data", __name__)
blueprint.after_request(open_to_all)

CSV = Offer("csv", "text/csv")
RDF = tuple(
    Offer({"rdfxml": "rdf"}.get(each.name, each.name), each.media_type, each.aliases) for each in offers("graph")
)
DATA = (*RDF, CSV)
ALIASES = {offer.name: offer.aliases for offer in RDF}
ONTOLOGY = tuple(Offer(form.suffix, form.media_type, ALIASES.get(form.suffix, ())) for form in FORMS.values())
URL = ":/?#[]@!$&'()*+,;=%~"  # what may stand in an address as it is (RFC 3986)
ONTOLOGY_SHELF, FILE_SHELF = "bustadgraf-ontology", "bustadgraf-ontology-files"
CONTEXT_SHELF = "bustadgraf-context"
DESCRIPTION = "/.well-known/void"


@dataclass(frozen=True)
class Name:
    """A name of ours: its IRI, the page about it (below ``/{lang}/``) and its data (below ``/data/``, no suffix)."""

    iri: str
    page: str
    data: str
    is_graph: bool = False
    version: Listed | None = None

    def is_known(self) -> bool:
        """Tell whether the data holds anything about it; a version is known by the list of versions."""
        if self.version:
            return True
        if self.is_graph:
            return self.iri in publication().engine.graphs() or self.iri.endswith("graph/asserted")
        return publication().engine.ask(_query("known", self.iri))


@blueprint.get("/<any(id, kos):space>/<path:rest>")
def thing(space: str, rest: str) -> Response:
    """Lead from the name of a thing, a concept or a concept scheme to its page or its data."""
    kind, slash, slug = rest.partition("/")
    return _leads_on(_checked(_thing(kind, slug, space) if slash or space == "id" else _scheme(kind)))


@blueprint.get("/graph/<path:graph>")
def graph(graph: str) -> Response:
    """Lead from a graph's name to the page about the data or to what it holds."""
    return _leads_on(_checked(_graph(graph)))


@blueprint.get("/version/<path:version>")
def version(version: str) -> Response:
    """Lead from a snapshot's name to the page about the data or to its description."""
    return _leads_on(_checked(_snapshot(version)))


@blueprint.get("/data/<path:file>")
def data(file: str) -> Response:
    """Give the data about one name in the format of the suffix; without a suffix, lead to one."""
    stem, _, suffix = file.rpartition(".")
    offer = next((offer for offer in DATA if offer.name == suffix), None)
    if offer is None:
        return _leads_on(_checked(_named(file)), pages=False)
    return _data(_checked(_named(stem)), offer)


@blueprint.get("/ont")
@blueprint.get("/ont/<version>")
def ontology(version: str | None = None) -> Response:
    """Give the ontology or one version of it, or lead a person to the words about it."""
    if _held_ontology(version) is None:
        raise unknown()
    offer = wanted_format((*ONTOLOGY, HTML))
    if offer is HTML:
        return _linked(varies(see_other(f"/{reader_language()}/concepts"), "Accept", "Accept-Language"), version)
    return varies(_ontology_file(offer.name, version))


@blueprint.get(f"/ont.<any({', '.join(FORMS)}):suffix>")
@blueprint.get(f"/ont/<version>.<any({', '.join(FORMS)}):suffix>")
def ontology_file(suffix: str, version: str | None = None) -> Response:
    """Give the ontology or one version of it in the format of the suffix."""
    if _held_ontology(version) is None:
        raise unknown()
    return _ontology_file(suffix, version)


@blueprint.get("/ont/context.jsonld")
def jsonld_context() -> Response:
    """Give the JSON-LD context alone."""
    held = _held_ontology(None)
    if held is None:
        raise unknown()
    told = {"@context": context(held, publication().terms)}
    return fresh(Response(json.dumps(told, ensure_ascii=False, indent=1), mimetype="application/ld+json"))


@blueprint.get("/ont/module/<name>")
def module(name: str) -> Response:
    """Give one module of the ontology as it stands, the one for reasoners too."""
    found = module_text(name, publication().terms) if SAFE.fullmatch(name) and _held_ontology(None) else None
    if found is None:
        raise unknown()
    return Response(found, mimetype="text/turtle")


def _held_ontology(version: str | None) -> Graph | None:
    """Return the ontology that is served, or an earlier one that is kept; ``None`` where there is no such version."""
    kept = publication().kept
    held: Graph = kept.get(ONTOLOGY_SHELF) or _served_ontology()
    kept[ONTOLOGY_SHELF] = held
    if not len(held):
        return None
    if version in (None, version_of(held)):
        return held
    return release(version, publication().terms) if version in releases() else None


def _served_ontology() -> Graph:
    name = str(publication().terms.graph("ontology"))
    if name not in publication().engine.graphs():
        return Graph()
    triples = publication().engine.query(_text("graph"), accept="application/n-triples", default_graphs=[name])
    return Graph().parse(data=b"".join(triples.chunks), format="nt")


def _ontology_file(suffix: str, version: str | None) -> Response:
    """Make the file of one version once, and give it with links to its other forms and to its neighbours."""
    made: dict[tuple[str, str], bytes] = publication().kept.setdefault(FILE_SHELF, {})
    key = suffix, version or ""
    if key not in made:
        graph = _held_ontology(version)
        made[key] = FORMS[suffix].make(graph, publication().terms) if graph is not None else b""
    response = Response(made[key], mimetype=FORMS[suffix].media_type)
    return _linked(fresh(response), version)


def _linked(response: Response, version: str | None) -> Response:
    """Name the other forms of the same thing (RFC 8288) and the versions around it (RFC 5829)."""
    stem = f"/ont/{version}" if version else "/ont"
    links = [f'<{stem}.{form.suffix}>; rel="alternate"; type="{form.media_type}"' for form in FORMS.values()]
    links += [f'</{tag}/concepts>; rel="alternate"; type="text/html"; hreflang="{tag}"' for tag in LANGUAGES]
    links.append('</ont>; rel="latest-version"')
    graph = _held_ontology(version)
    prior = next(graph.objects(None, OWL.priorVersion), None) if graph is not None else None
    if prior is not None:
        links.append(f'</{str(prior).removeprefix(publication().terms.base)}>; rel="predecessor-version"')
    response.headers["Link"] = ", ".join(links)
    return response


@blueprint.get("/health")
def health() -> Response:
    """Tell whether the server can answer, and from what."""
    snapshot = publication().snapshot
    told = {"version": __version__, "snapshot": snapshot.name if snapshot else None}
    try:
        return jsonify(status="ok", **told, triples=publication().engine.triples())
    except QueryError:
        response = jsonify(status="unavailable", **told, triples=None)
        response.status_code = 503
        return response


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """Describe the addresses that programs call (OpenAPI 3.1)."""
    told = json.loads(files("web").joinpath("openapi.json").read_text(encoding="utf-8"))
    told["info"]["version"] = __version__
    return jsonify(told)


def _named(path: str) -> Name:
    """Read what stands after ``/data/``, without a suffix. Raises :class:`Refusal` for what cannot be a name."""
    first, _, rest = path.partition("/")
    if first == "graph":
        return _graph(rest)
    if first == "version":
        return _snapshot(rest)
    if first == "kos":
        return _scheme(rest)
    if first == "ont":
        return _term(rest)
    return _thing(first, rest)


def _thing(kind: str, slug: str, space: str | None = None) -> Name:
    namespaces = set(publication().terms.prefixes.values())
    for each in (space,) if space else ("id", "kos"):
        namespace = f"{publication().terms.base}{each}/{kind}/"
        if namespace in namespaces and "/" not in slug:
            return Name(namespace + slug, page_path(f"{kind}/{slug}"), f"{kind}/{slug}")
    raise unknown()


def _scheme(name: str) -> Name:
    return Name(f"{publication().terms.base}kos/{name}", f"{name}/", f"kos/{name}")


def _term(name: str) -> Name:
    return Name(publication().terms.prefixes["bso"] + name, f"concepts/{name}", f"ont/{name}")


def _graph(name: str) -> Name:
    return Name(str(publication().terms.graph(name)), "data", f"graph/{name}", is_graph=True)


def _snapshot(asked: str) -> Name:
    """Name a version by its label or its name, also one that is not open."""
    listed = next((each for each in versions().listed if asked in (each.label, each.name)), None)
    stem = f"{publication().terms.base}version/"
    if listed is None:
        return Name(stem + asked, "data", f"version/{asked}")
    page = f"version/{asked}" if versions().releases else "data"  # without releases there is nothing to compare with
    return Name(stem + listed.name, page, f"version/{asked}", version=listed)


def _checked(name: Name) -> Name:
    if not SAFE.fullmatch(name.data):
        raise unknown()
    if not name.is_known():
        refuse_gone(name.iri)
        raise unknown()
    return name


def _leads_on(name: Name, *, pages: bool = True) -> Response:
    offer = wanted_format((HTML, *DATA) if pages else DATA)
    path = f"/{reader_language()}/{name.page}" if offer is HTML else f"/data/{name.data}.{offer.name}"
    return varies(about_data(see_other(path), forms_of(name.data, name.page)), "Accept", "Accept-Language")


def forms_of(data: str, page: str) -> tuple[str, ...]:
    """Return links (RFC 8288) to every form of one thing: its *data* in each format, its *page* in each language."""
    formats = [f'</data/{data}.{offer.name}>; rel="alternate"; type="{offer.media_type}"' for offer in DATA]
    pages = [f'</{tag}/{page}>; rel="alternate"; type="text/html"; hreflang="{tag}"' for tag in LANGUAGES]
    return (*formats, *pages)


def about_data(response: Response, forms: Iterable[str] = ()) -> Response:
    """Name the other *forms* of the answer, and what holds for all of the data: its description and its licence."""
    snapshot = publication().snapshot
    licence = [f'<{quote(snapshot.manifest.licence, safe=URL)}>; rel="license"'] if snapshot else []
    response.headers["Link"] = ", ".join([*forms, f'<{DESCRIPTION}>; rel="describedby"', *licence])
    return response


def data_context() -> Context:
    """Return the JSON-LD context of the data that is served, made once."""
    shelf = publication().kept
    if CONTEXT_SHELF not in shelf:
        shelf[CONTEXT_SHELF] = Context.of(_held_ontology(None) or Graph(), publication().terms)
    made: Context = shelf[CONTEXT_SHELF]
    return made


def own_description(data: str) -> Markup:
    """Return what is said of the thing with its data at *data* itself, as JSON-LD that may stand in a page."""
    name = _named(data)
    if not SAFE.fullmatch(name.data):
        raise unknown()
    return embedded(data_context().compacted(publication().engine.query(_query("described", name.iri), accept=JSON_LD)))


def page_about(response: Response, data: str) -> Response:
    """Name the other forms of the page of the thing with its data at *data*."""
    name = _named(data)
    return about_data(response, forms_of(name.data, name.page))


def _data(name: Name, offer: Offer) -> Response:
    tag = None if name.version else _tag(name.data, offer)  # which releases there are is not of the snapshot
    if tag and (request.if_none_match.is_strong(tag) or request.if_none_match.is_weak(tag)):
        return _kept(about_data(Response(status=304), forms_of(name.data, name.page)), tag)
    if name.version:
        text = _text("version-table" if offer is CSV else "version").replace("UNDEF", " ".join(_said_of(name)))
        graphs = []
    elif name.is_graph:
        text, graphs = _text("graph-table" if offer is CSV else "graph"), [name.iri]
    else:
        text, graphs = _query("linked-entity-table" if offer is CSV else "linked-entity", name.iri), []
        if name.data.startswith("ont/"):
            graphs = [str(publication().terms.graph("ontology"))]  # what says what it means, not all that uses it
    result = publication().engine.query(text, accept=offer.media_type, default_graphs=graphs)
    if offer.media_type == JSON_LD:
        result = data_context().compacted(result)
    return _kept(about_data(given(result), forms_of(name.data, name.page)), tag)


def _tag(data: str, offer: Offer) -> str | None:
    """Name the bytes of the data about one thing by all that decides about them; ``None`` where that is not known."""
    mark = publication().engine.mark()
    return sha256(repr((mark, __version__, data, offer.name)).encode()).hexdigest()[:32] if mark else None


def _kept(response: Response, tag: str | None) -> Response:
    """Let caches keep the answer and ask whether it is still the same."""
    response.headers["Cache-Control"] = "no-cache"
    if tag:
        response.set_etag(tag)
    return response


def _said_of(name: Name) -> Iterator[str]:
    """Write as rows of a query what is known of a version without opening it."""
    if name.version is None:
        return
    terms, listed = publication().terms, name.version
    before = versions().before(listed.title)
    values: list[tuple[URIRef, Node]] = [
        (RDF_TERMS.type, VOID.Dataset),
        (DCTERMS.isVersionOf, terms.graph("dataset")),
        (DCTERMS.identifier, Literal(listed.name)),
        *(
            (VOID.dataDump, URIRef(f"{terms.base}dump/{name}"))
            for name, form in names_of(listed.name).items()
            if form.name in PACKED
        ),
        *([(OWL.versionInfo, Literal(listed.label))] if listed.label else []),
        *([(DCTERMS.issued, Literal(listed.day, datatype=XSD.date))] if listed.day else []),
        *([(DCTERMS.replaces, URIRef(f"{terms.base}version/{before.name}"))] if before else []),
    ]
    for key, value in values:
        yield f"(<{name.iri}> {key.n3()} {value.n3()})"


def fresh(response: Response) -> Response:
    """Let caches keep the answer and ask whether the snapshot is still the same."""
    snapshot = publication().snapshot
    response.headers["Cache-Control"] = "no-cache"
    if snapshot:
        response.set_etag(f"{snapshot.name}-{response.mimetype}", weak=True)
        response.make_conditional(request)
    return response


def _query(name: str, iri: str) -> str:
    """Return a query of ``web/queries`` about *iri*, whose characters were checked (:data:`SAFE`)."""
    return publication().terms.rebase(_text(name)).replace("urn:x-thing", iri)


def _text(name: str) -> str:
    return files("web").joinpath("queries", f"{name}.rq").read_text(encoding="utf-8")


def _known(iri: str) -> bool:
    return bool(SAFE.fullmatch(iri.rpartition("/")[2])) and publication().engine.ask(_query("known", iri))


def is_for_people() -> bool:
    """Tell whether the client likes a page better than data."""
    return best((*DATA, HTML), request.headers.get("Accept", "")) is HTML


def unknown() -> HTTPException:
    """Say in the reader's language that there is nothing here, and where to look: a page for people, else a problem."""
    title, text = "The page does not exist", "There is nothing in the data set under this address."
    language = reader_language()
    speech = Speech.of(language)
    ways = [(speech.say("Search"), f"/{language}/search"), (speech.say("Data"), f"/{language}/data")]
    if not is_for_people():
        return Refusal(problem(404, title, text, reason="unknown", help=dict(ways)))
    page = render_template("error.html", status=404, heading=speech.say(title), text=speech.say(text), ways=ways)
    response = Response(page, 404, content_type="text/html; charset=utf-8")
    response.headers["Content-Language"] = language
    return Refusal(varies(response, "Accept", "Accept-Language"))
