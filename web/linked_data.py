"""Linked data: every name of ours leads to a page or to data, and the whole can be had as VoID and dumps."""

import gzip
import hashlib
import json
import re
from dataclasses import dataclass, field
from importlib.resources import files
from threading import Lock

from flask import Blueprint, Response, jsonify, render_template, request
from rdflib import OWL, Graph
from werkzeug.exceptions import HTTPException

from kg import __version__
from kg.export import FORMATS, Origin
from kg.model import LANGUAGES, EngineUnavailable, QueryError
from kg.ontology import module_text, release, releases, version_of
from kg.releases import NAME
from kg.serialising import FORMS, context
from web.addresses import SAFE
from web.language import Speech
from web.negotiation import (
    Offer,
    Refusal,
    best,
    problem,
    reader_language,
    see_other,
    varies,
    wanted_format,
)
from web.publication import Publication, publication
from web.sparql import HTML, given, offers
from web.versions import versions

blueprint = Blueprint("linked_data", __name__)

CSV = Offer("csv", "text/csv")
RDF = tuple(
    Offer({"rdfxml": "rdf"}.get(each.name, each.name), each.media_type, each.aliases) for each in offers("graph")
)
DATA = (*RDF, CSV)
ALIASES = {offer.name: offer.aliases for offer in RDF}
ONTOLOGY = tuple(Offer(form.suffix, form.media_type, ALIASES.get(form.suffix, ())) for form in FORMS.values())
DUMPS = ("nq", "trig", "ttl", "jsonld")
SUMS = "SHA256SUMS"
SHELF, ONTOLOGY_SHELF, FILE_SHELF = "bustadgraf-dumps", "bustadgraf-ontology", "bustadgraf-ontology-files"


@dataclass(frozen=True)
class Name:
    """A name of ours: its IRI, the page about it (below ``/{lang}/``) and its data (below ``/data/``, no suffix)."""

    iri: str
    page: str
    data: str
    is_graph: bool = False

    def is_known(self) -> bool:
        """Tell whether the data holds anything about it."""
        if self.is_graph:
            return self.iri in publication().engine.graphs() or self.iri.endswith("graph/asserted")
        return publication().engine.ask(_query("known", self.iri))


@blueprint.after_request
def _open_to_all(response: Response) -> Response:
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


@blueprint.get("/<any(id, kos):space>/<path:rest>")
def thing(space: str, rest: str) -> Response:
    """Lead from the name of a thing, a concept or a concept scheme to its page or its data."""
    kind, slash, slug = rest.partition("/")
    return _leads_on(_thing(kind, slug, space) if slash or space == "id" else _scheme(kind))


@blueprint.get("/graph/<path:graph>")
def graph(graph: str) -> Response:
    """Lead from a graph's name to the page about the data or to what it holds."""
    return _leads_on(_graph(graph))


@blueprint.get("/version/<path:version>")
def version(version: str) -> Response:
    """Lead from a snapshot's name to the page about the data or to its description."""
    return _leads_on(_snapshot(version))


@blueprint.get("/data/<path:file>")
def data(file: str) -> Response:
    """Give the data about one name in the format of the suffix; without a suffix, lead to one."""
    stem, _, suffix = file.rpartition(".")
    offer = next((offer for offer in DATA if offer.name == suffix), None)
    if offer is None:
        return _leads_on(_named(file), pages=False)
    return _data(_named(stem), offer)


@blueprint.get("/ont")
@blueprint.get("/ont/<version>")
def ontology(version: str | None = None) -> Response:
    """Give the ontology or one version of it, or lead a person to the words about it."""
    if _held_ontology(version) is None:
        raise _unknown()
    offer = wanted_format((*ONTOLOGY, HTML))
    if offer is HTML:
        return _linked(varies(see_other(f"/{reader_language()}/concepts"), "Accept", "Accept-Language"), version)
    return varies(_ontology_file(offer.name, version))


@blueprint.get(f"/ont.<any({', '.join(FORMS)}):suffix>")
@blueprint.get(f"/ont/<version>.<any({', '.join(FORMS)}):suffix>")
def ontology_file(suffix: str, version: str | None = None) -> Response:
    """Give the ontology or one version of it in the format of the suffix."""
    if _held_ontology(version) is None:
        raise _unknown()
    return _ontology_file(suffix, version)


@blueprint.get("/ont/context.jsonld")
def jsonld_context() -> Response:
    """Give the JSON-LD context alone."""
    held = _held_ontology(None)
    if held is None:
        raise _unknown()
    told = {"@context": context(held, publication().terms)}
    return _fresh(Response(json.dumps(told, ensure_ascii=False, indent=1), mimetype="application/ld+json"))


@blueprint.get("/ont/module/<name>")
def module(name: str) -> Response:
    """Give one module of the ontology as it stands, the one for reasoners too."""
    found = module_text(name, publication().terms) if SAFE.fullmatch(name) and _held_ontology(None) else None
    if found is None:
        raise _unknown()
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
    return _linked(_fresh(response), version)


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


@blueprint.get("/.well-known/void")
def void() -> Response:
    """Describe the data set (VoID), counted on the data that is served."""
    offer = wanted_format((*RDF, HTML))
    if offer is HTML:
        return varies(see_other(f"/{reader_language()}/data"), "Accept", "Accept-Language")
    snapshot, base = publication().snapshot, publication().terms.base
    dumps = [f"<{base}dump/{_dump_name(snapshot.name, form)}>" for form in DUMPS] if snapshot else ["UNDEF"]
    text = publication().terms.rebase(_text("void")).replace("UNDEF", " ".join(dumps))
    result = publication().engine.query(text, accept=offer.media_type)
    return varies(_fresh(given(result)))


@blueprint.get("/dump/<path:file>")
def dump(file: str) -> Response:
    """Give the whole data set as one compressed file, or the checksums of these files."""
    shelf: Dumps = publication().kept.setdefault(SHELF, Dumps(publication()))
    if file == SUMS:
        return _fresh(Response(shelf.sums(), mimetype="text/plain"))
    content = shelf.get(file)
    if content is None:
        return see_other(f"/dump/{file}?v={_released(file)}")
    response = Response(content, mimetype="application/gzip")
    response.headers["Content-Disposition"] = f"attachment; filename={file}"
    return _fresh(response)


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


@dataclass(frozen=True)
class Dumps:
    """The compressed files of one publication, each made when first wanted."""

    publication: Publication
    _made: dict[str, bytes] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def get(self, file: str) -> bytes | None:
        """Return the file called *file*; ``None`` where there is none."""
        for form in DUMPS:
            if file in self.names() and file.endswith(f".{form}.gz"):
                with self._lock:
                    if file not in self._made:
                        self._made[file] = self._make(form)
                    return self._made[file]
        return None

    def names(self) -> tuple[str, ...]:
        """Return the names of all files."""
        snapshot = self.publication.snapshot
        return tuple(_dump_name(snapshot.name, form) for form in DUMPS) if snapshot else ()

    def sums(self) -> str:
        """Return the SHA-256 of every file, as ``sha256sum --check`` reads them."""
        return "".join(f"{hashlib.sha256(self.get(name) or b'').hexdigest()}  {name}\n" for name in self.names())

    def _make(self, form: str) -> bytes:
        public = self.publication
        if public.snapshot is None:
            raise EngineUnavailable("There is no snapshot to dump.")
        made = FORMATS[form].make(Origin(public.snapshot, public.terms, public.engine))
        return gzip.compress(b"".join(made.pieces), mtime=0)


def _released(file: str) -> str:
    """Return the name of the other snapshot that *file* is a dump of. Raises :class:`Refusal` where it is of none."""
    name = re.fullmatch(rf"bustadgraf-({NAME.pattern})\.(?:{'|'.join(DUMPS)})\.gz", file)
    if name is None or all(each.name != name[1] for each in versions().releases):
        raise _unknown()
    return name[1]


def _dump_name(snapshot: str, form: str) -> str:
    return f"bustadgraf-{snapshot}.{form}.gz"


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
            return _checked(Name(namespace + slug, f"{kind}/{slug}", f"{kind}/{slug}"))
    raise _unknown()


def _scheme(name: str) -> Name:
    return _checked(Name(f"{publication().terms.base}kos/{name}", f"{name}/", f"kos/{name}"))


def _term(name: str) -> Name:
    return _checked(Name(publication().terms.prefixes["bso"] + name, f"concepts/{name}", f"ont/{name}"))


def _graph(name: str) -> Name:
    return _checked(Name(str(publication().terms.graph(name)), "data", f"graph/{name}", is_graph=True))


def _snapshot(name: str) -> Name:
    return _checked(Name(f"{publication().terms.base}version/{name}", "data", f"version/{name}"))


def _checked(name: Name) -> Name:
    if not SAFE.fullmatch(name.data) or not name.is_known():
        raise _unknown()
    return name


def _leads_on(name: Name, *, pages: bool = True) -> Response:
    offer = wanted_format((HTML, *DATA) if pages else DATA)
    path = f"/{reader_language()}/{name.page}" if offer is HTML else f"/data/{name.data}.{offer.name}"
    return varies(see_other(path), "Accept", "Accept-Language")


def _data(name: Name, offer: Offer) -> Response:
    if name.is_graph:
        text, graphs = _text("graph-table" if offer is CSV else "graph"), [name.iri]
    else:
        text, graphs = _query("linked-entity-table" if offer is CSV else "linked-entity", name.iri), []
        if name.data.startswith("ont/"):
            graphs = [str(publication().terms.graph("ontology"))]  # what says what it means, not all that uses it
    result = publication().engine.query(text, accept=offer.media_type, default_graphs=graphs)
    return _fresh(given(result))


def _fresh(response: Response) -> Response:
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


def _unknown() -> HTTPException:
    """Say in the reader's language that there is nothing here, and where to look: a page for people, else a problem."""
    title, text = "The page does not exist", "There is nothing in the data set under this address."
    language = reader_language()
    speech = Speech.of(language)
    ways = [(speech.say("Search"), f"/{language}/search"), (speech.say("Data"), f"/{language}/data")]
    if best((*DATA, HTML), request.headers.get("Accept", "")) is not HTML:
        return Refusal(problem(404, title, text, reason="unknown", help=dict(ways)))
    page = render_template("error.html", status=404, heading=speech.say(title), text=speech.say(text), ways=ways)
    response = Response(page, 404, content_type="text/html; charset=utf-8")
    response.headers["Content-Language"] = language
    return Refusal(varies(response, "Accept", "Accept-Language"))
