"""``/sparql``: the query operation of the SPARQL 1.1 Protocol, and the service's description of itself."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from urllib.parse import parse_qsl, quote

from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from kg.engine import Engine, Kind, Result, is_repeatable, kind_of, media_types
from kg.model import (
    AnswerTooLarge,
    DeadlineExceeded,
    EngineUnavailable,
    MemoryExceeded,
    QueryError,
    QueryForbidden,
    QuerySyntaxError,
    UnknownFunction,
    UnknownGraph,
)
from web.compression import as_body
from web.language import Speech
from web.negotiation import (
    Offer,
    Refusal,
    problem,
    reader_language,
    reader_speech,
    see_other,
    varies,
    wanted_format,
)
from web.publication import publication

blueprint = Blueprint("sparql", __name__)

METHODS = "GET, HEAD, POST, OPTIONS"
FORM, QUERY, UPDATE = "application/x-www-form-urlencoded", "application/sparql-query", "application/sparql-update"
OPEN = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Content-Language, ETag, Link, Location, Retry-After, Warning",
}
MET = "bustadgraf.met"  # in the environment of a request: what the engine said of its query before Flask had it
MAX_BODY = 1024 * 1024  # bytes
MAX_PARAMETERS = 500
RETRY_S = "5"

ALIASES = {
    "json": ("application/json",),
    "xml": ("application/xml", "text/xml"),
    "nt": ("text/plain",),
    "jsonld": ("application/json",),
    "rdfxml": ("application/xml", "text/xml"),
}
# What clients write after ``format=``, SPARQLWrapper and its kin in every request; Turtle is N3 too.
SHORT_NAMES: Mapping[str, tuple[str, ...]] = {
    "ttl": ("turtle", "n3"),
    "nt": ("ntriples", "n-triples"),
    "jsonld": ("json-ld", "json"),
    "rdfxml": ("rdf+xml", "rdf/xml", "rdf", "xml"),
}
HTML = Offer("html", "text/html", ("application/xhtml+xml",))


def offers(kind: Kind) -> tuple[Offer, ...]:
    """Return the formats in which an answer of *kind* can be had, the default first."""
    known = media_types(kind).items()
    return tuple(Offer(name, each, ALIASES.get(name, ()), SHORT_NAMES.get(name, ())) for name, each in known)


@dataclass(frozen=True)
class Operation:
    """A query operation as it was sent; *query* is ``None`` where there was none."""

    query: str | None
    default_graphs: tuple[str, ...]
    named_graphs: tuple[str, ...]
    format: str | None


@blueprint.after_request
def _open_to_all(response: Response) -> Response:
    response.headers.update(OPEN)
    return response


@blueprint.route("/sparql", methods=["OPTIONS"])
def preflight() -> Response:
    """Tell browsers that any page may ask."""
    allowed = {
        "Allow": METHODS,
        "Access-Control-Allow-Methods": METHODS,
        "Access-Control-Allow-Headers": "Accept, Accept-Language, Content-Type, If-None-Match",
        "Access-Control-Max-Age": "86400",
    }
    return Response(status=204, headers=allowed)


@blueprint.route("/sparql", methods=["PUT", "DELETE", "PATCH", "TRACE"])
def wrong_method() -> Response:
    """Refuse what the protocol's query operation does not know."""
    refusal = problem(405, "The request is not understood", "This service answers queries by GET and POST.")
    refusal.headers["Allow"] = METHODS
    return refusal


@blueprint.route("/sparql", methods=["GET", "POST"], provide_automatic_options=False)
def endpoint() -> Response:
    """Answer a query, or describe the service where there is none."""
    operation = _operation()
    if operation.query is None and request.method != "POST":
        return _description(operation)
    if operation.query is None:
        return _bad("There is no query: send it as the parameter query, or as the body.", reason="query")
    return _answer(operation.query, operation)


def _answer(query: str, operation: Operation) -> Response:
    try:
        kind = kind_of(query)
        media_type = wanted_format(offers(kind), operation.format).media_type if kind else None
        tag = _tag(query, operation, media_type)
        if tag and _holds(tag):
            return _kept(varies(Response(status=304)), tag)
        result = _result(query, operation, media_type)
    except QueryError as error:
        return _refused(error)
    return _kept(varies(given(result)), tag)


def _result(query: str, operation: Operation, media_type: str | None) -> Result:
    met: Result | Exception | None = request.environ.get(MET)
    if isinstance(met, Exception):
        raise met
    return met or asked(publication().engine, query, operation, media_type)


def asked(engine: Engine, query: str, operation: Operation, media_type: str | None) -> Result:
    """Put the query of *operation* to the engine."""
    return engine.query(
        query,
        accept=media_type,
        default_graphs=operation.default_graphs,
        named_graphs=operation.named_graphs,
        purpose="endpoint",
    )


def _tag(query: str, operation: Operation, media_type: str | None) -> str | None:
    mark = publication().engine.mark()
    return tag_of(mark, query, operation, media_type) if request.method != "POST" else None


def tag_of(mark: str | None, query: str, operation: Operation, media_type: str | None) -> str | None:
    """Name the bytes of an answer by all that decides about them; ``None`` where they may differ the next time."""
    if mark is None or not is_repeatable(query):
        return None
    parts = (mark, query, media_type, operation.default_graphs, operation.named_graphs)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def _holds(tag: str) -> bool:
    held = request.if_none_match
    return held.is_strong(tag) or held.is_weak(tag)


def _kept(response: Response, tag: str | None) -> Response:
    """Let caches keep an answer as long as they ask whether it is still the same."""
    response.headers["Cache-Control"] = "no-cache" if tag else "no-store"
    if tag:
        response.set_etag(tag)
    return response


def given(result: Result) -> Response:
    """Give an answer of the engine to the client."""
    response = Response(as_body(result.body), mimetype=result.media_type, direct_passthrough=True)
    response.content_length = result.length
    if result.truncated:
        response.headers["Warning"] = '299 - "The service behind this one cut the answer"'
    return response


def _refused(error: QueryError) -> Response:
    """Say why there is no answer: 400 where the query must change, 503 where it met a limit."""
    text = told(reader_speech(), error)
    if isinstance(error, QuerySyntaxError):
        title = "This is not a SPARQL query"
        return problem(400, title, text, reason="syntax", line=error.line, column=error.column)
    for kind, reason, title in _WRONG:
        if isinstance(error, kind):
            return problem(400, title, text, reason=reason)
    response = _limited(error, text)
    response.headers["Retry-After"] = RETRY_S
    return response


_WRONG: tuple[tuple[type[QueryError], str, str], ...] = (
    (UnknownGraph, "graph", "There is no such graph here"),
    (UnknownFunction, "function", "There is no such function here"),
    (QueryForbidden, "forbidden", "This service only answers queries on its own data"),
)


def _limited(error: QueryError, text: str) -> Response:
    title = "The service met a limit"
    if isinstance(error, DeadlineExceeded):
        return problem(503, title, text, reason="deadline", limit_s=error.limit_s)
    if isinstance(error, MemoryExceeded | AnswerTooLarge):
        reason = "memory" if isinstance(error, MemoryExceeded) else "size"
        return problem(503, title, text, reason=reason, limit_mb=error.limit_mb)
    return problem(503, title, text, reason="busy")


def told(speech: Speech, error: QueryError) -> str:
    """Say in the words of *speech* why a query gave no answer, and where it goes wrong if that is known."""
    if isinstance(error, EngineUnavailable):
        return speech.say("The service is busy. Try again in a moment.")
    said = speech.say(error.wording, **error.values)
    if isinstance(error, QuerySyntaxError) and error.line:
        where = "Line %(line)s, column %(column)s: %(said)s"
        return speech.say(where, line=error.line, column=error.column, said=said)
    return said


def _bad(detail: str, reason: str, status: int = 400) -> Response:
    return problem(status, "The request is not understood", detail, reason=reason)


def _operation() -> Operation:
    """Read the request strictly; raise :class:`Refusal` for what the protocol does not allow."""
    try:
        sent = pairs(request.query_string)
        if request.method == "POST":
            sent += _posted()
    except UnicodeDecodeError as error:
        raise Refusal(_bad("The request is not UTF-8.", reason="encoding")) from error
    except (ValueError, RequestEntityTooLarge) as error:
        text = "The request is larger than %(limit)s KB, the limit of this service."
        limit = {"limit": MAX_BODY // 1024}
        raise Refusal(problem(413, "The request is too large", text, limit, reason="size")) from error
    values = _Values(sent)
    if values.all("update"):
        raise Refusal(_bad("Updates are not allowed here: this service is read-only.", reason="forbidden"))
    if len(values.all("query")) > 1:
        raise Refusal(_bad("There is more than one query.", reason="query"))
    return Operation(
        query=values.first("query"),
        default_graphs=values.all("default-graph-uri"),
        named_graphs=values.all("named-graph-uri"),
        format=values.first("format"),
    )


@dataclass(frozen=True)
class _Values:
    pairs: list[tuple[str, str]]

    def all(self, name: str) -> tuple[str, ...]:
        return tuple(value for key, value in self.pairs if key == name)

    def first(self, name: str) -> str | None:
        return next(iter(self.all(name)), None)


def pairs(encoded: bytes) -> list[tuple[str, str]]:
    """Read the parameters of a request. Raises :class:`ValueError` for too many, or for what is no UTF-8."""
    return parse_qsl(encoded.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS)


def _posted() -> list[tuple[str, str]]:
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if request.mimetype not in (FORM, QUERY) or charset not in ("utf-8", "utf8"):
        raise Refusal(_unsupported())
    request.max_content_length = MAX_BODY
    body = request.get_data(cache=False)
    return pairs(body) if request.mimetype == FORM else [("query", body.decode("utf-8"))]


def _unsupported() -> Response:
    if request.mimetype == UPDATE:
        return _bad("Updates are not allowed here: this service is read-only.", reason="forbidden", status=415)
    response = _bad("Send a query as a form or as application/sparql-query, in UTF-8.", "media type", 415)
    response.headers["Accept-Post"] = f"{FORM}, {QUERY}"
    return response


def _description(operation: Operation) -> Response:
    """Describe the service (SPARQL 1.1 Service Description), or send a person to the editor."""
    chosen = wanted_format((*offers("graph"), HTML), operation.format)
    if chosen is HTML:
        return varies(see_other(f"/{reader_language()}/sparql"), "Accept", "Accept-Language")
    here = quote(request.base_url, safe=":/[]@%~")
    tag = _tag(here, operation, chosen.media_type)
    if tag and _holds(tag):
        return _kept(varies(Response(status=304)), tag)
    text = files("web").joinpath("queries", "service.rq").read_text(encoding="utf-8")
    feature = "sd:UnionDefaultGraph" if publication().snapshot else "UNDEF"
    text = text.replace("urn:x-endpoint", here).replace("UNDEF", feature)
    result = publication().engine.query(text, accept=chosen.media_type)
    return _kept(varies(given(result)), tag)
