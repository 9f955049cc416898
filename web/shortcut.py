"""The way of a plain query to ``/sparql`` past Flask, in a fraction of the work: the same answers, byte for byte.

What is not plain goes on to Flask: other parameters, an odd host, whatever must be refused. Where the engine has
said something by then, that goes along, so that no query runs twice. Answers that bear a tag are kept, since the
same request gives the same bytes as long as this process lives.
"""

import io
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from werkzeug.http import parse_etags, quote_etag
from werkzeug.utils import get_content_type

from kg.engine import Kind, kind_of
from web import sparql
from web.compression import CODINGS, MARKED, SMALLEST, coding_of
from web.negotiation import best, named
from web.publication import Publication
from web.traffic import VISIT, Traffic, Visit, answered, client_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ADDRESS = "/sparql"
PARAMETERS = {"query", "default-graph-uri", "named-graph-uri", "format"}
HOST = re.compile(r"[A-Za-z0-9.\-]*(?::\d+)?|\[[0-9A-Fa-f:]*\](?::\d+)?")
FORMS = {sparql.FORM: True, sparql.QUERY: False}
LARGEST = 64 * 1024  # bytes of an answer that is made here; a larger one streams
USUAL_LENGTH = 400  # letters of a header whose reading is kept
KEPT = 32 * 1024 * 1024  # bytes of answers kept, with what asked for them
AROUND = 1024  # bytes that an answer takes beside its body
REMEMBERED = "bustadgraf.remembered"  # in the environment of a request: the answer that was found for it
SAFETY = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
ALWAYS = (*SAFETY.items(), *sparql.OPEN.items())


@dataclass(frozen=True)
class Asking:
    """All of a request that decides about its answer, unless its way is longer."""

    method: str
    parameters: str
    accept: str
    accept_encoding: str
    held: str


@dataclass(frozen=True)
class Reply:
    """An answer as WSGI wants it; *size* is what it takes to keep it, in bytes."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def size(self) -> int:
        """Return what it takes to keep this."""
        return len(self.body) + AROUND


@dataclass
class Memory:
    """The last answers that may be given again, up to so many bytes with what asked for them."""

    most: int = KEPT
    _replies: OrderedDict[Asking, Reply] = field(default_factory=OrderedDict)
    _size: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, asking: Asking) -> Reply | None:
        """Return the answer to the same request."""
        with self._lock:
            if reply := self._replies.get(asking):
                self._replies.move_to_end(asking)
            return reply

    def keep(self, asking: Asking, reply: Reply) -> None:
        """Keep an answer, and let those go that were not asked for longest."""
        with self._lock:
            if asking in self._replies:
                return
            self._replies[asking] = reply
            self._size += _weight(asking) + reply.size
            while self._size > self.most:
                gone, its = self._replies.popitem(last=False)
                self._size -= _weight(gone) + its.size


def _weight(asking: Asking) -> int:
    return sum(map(len, (asking.parameters, asking.accept, asking.accept_encoding, asking.held)))


class Shortcut:
    """The WSGI application before Flask's."""

    def __init__(self, inner: "WSGIApplication", publication: Publication, traffic: Traffic) -> None:
        self.inner = inner
        self._publication, self._traffic = publication, traffic
        self._memory = Memory()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer here, or further on."""
        asking = None if environ.get("SCRIPT_NAME") else _asking_of(environ)
        if asking is None:
            return self.inner(environ, start_response)
        visit = Visit(self._traffic, client_of(environ.get("REMOTE_ADDR", "")))
        if not (visit.may("request") and visit.may("query")):
            visit.leave()
            environ[VISIT] = visit
            return self.inner(environ, start_response)  # which says so, and does not ask anew: this thread may not wait
        reply = environ.get(REMEMBERED) or self._memory.find(asking) or self._made(asking, environ)
        if reply is None:
            environ[VISIT] = visit
            return self.inner(environ, start_response)
        visit.leave()
        answered(self._traffic, visit, environ, ADDRESS, int(reply.status[:3]))
        start_response(reply.status, reply.headers)
        return [] if asking.method == "HEAD" else [reply.body]

    def find(self, asking: Asking) -> Reply | None:
        """Return the kept answer to a request, if there is one; put into its environment, it is sure to be given."""
        return self._memory.find(asking)

    def _made(self, asking: Asking, environ: "WSGIEnvironment") -> Reply | None:
        """Answer what is plain and small; whatever is not is left to Flask, with what is known of it."""
        operation = _operation(asking, environ)
        if operation is None or operation.query is None:
            return None
        try:
            kind = kind_of(operation.query)
            media_type = _media_type(kind, operation.format, asking.accept) if kind else None
            if media_type is None:
                return None
            mark = self._publication.engine.mark() if asking.method != "POST" else None
            tag = sparql.tag_of(mark, operation.query, operation, media_type)
            if tag and asking.held and (reply := _unchanged(tag, asking.held)):
                return self._kept(asking, reply)
            result = sparql.asked(self._publication.engine, operation.query, operation, media_type)
        except Exception as error:  # whatever it is, Flask tells it
            environ[sparql.MET] = error
            return None
        if result.length > LARGEST or result.truncated:
            environ[sparql.MET] = result
            return None
        reply = _reply(b"".join(result.chunks), result.media_type, tag, asking.accept_encoding)
        return self._kept(asking, reply) if tag else reply

    def _kept(self, asking: Asking, reply: Reply) -> Reply:
        self._memory.keep(asking, reply)
        return reply


def asking_of(method: str, path: str, parameters: str, header: Callable[[str], str | None]) -> Asking | None:
    """Return what a request to the endpoint asks for, by its headers; ``None`` for any other, or an odd one."""
    if path != ADDRESS or method not in ("GET", "HEAD", "POST") or not HOST.fullmatch(header("HOST") or ""):
        return None
    deciding = (header(name) or "" for name in ("ACCEPT", "ACCEPT_ENCODING", "IF_NONE_MATCH"))
    return Asking(method, parameters, *deciding)


def _asking_of(environ: "WSGIEnvironment") -> Asking | None:
    method, path, parameters = (environ[name] for name in ("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING"))
    return asking_of(method, path, parameters, lambda name: environ.get(f"HTTP_{name}"))


def _operation(asking: Asking, environ: "WSGIEnvironment") -> sparql.Operation | None:
    """Read a plain operation; ``None`` for what must be refused, or is more than a query."""
    try:
        sent = sparql.pairs(asking.parameters.encode("latin-1"))
        if asking.method == "POST":
            if (posted := _posted(environ)) is None:
                return None
            sent += posted
    except ValueError:
        return None
    names = [name for name, _ in sent]
    if not PARAMETERS.issuperset(names) or names.count("query") != 1:
        return None
    given: Mapping[str, str] = dict(reversed(sent))
    return sparql.Operation(
        given["query"],
        tuple(value for name, value in sent if name == "default-graph-uri"),
        tuple(value for name, value in sent if name == "named-graph-uri"),
        given.get("format"),
    )


def _posted(environ: "WSGIEnvironment") -> list[tuple[str, str]] | None:
    media_type, length = environ.get("CONTENT_TYPE", ""), environ.get("CONTENT_LENGTH") or ""
    if media_type not in FORMS or not length.isascii() or not length.isdigit() or int(length) > LARGEST:
        return None
    body = environ["wsgi.input"].read(int(length))
    environ["wsgi.input"] = io.BytesIO(body)  # for Flask, if it comes to that
    return sparql.pairs(body) if FORMS[media_type] else [("query", body.decode("utf-8"))]


def _media_type(kind: Kind, form: str | None, accept: str) -> str | None:
    """Choose the format of an answer; ``None`` where none fits."""
    usual = len(form or "") + len(accept) < USUAL_LENGTH
    return _chosen(kind, form, accept) if usual else _chosen.__wrapped__(kind, form, accept)


@lru_cache(512)
def _chosen(kind: Kind, form: str | None, accept: str) -> str | None:
    offers = sparql.offers(kind)
    chosen = named(offers, form) if form else best(offers, accept)
    return chosen.media_type if chosen else None


@lru_cache(64)
def _usual_coding(accepted: str) -> str | None:
    return coding_of(accepted)


def _unchanged(tag: str, held: str) -> Reply | None:
    """Tell a client that what it holds under *tag* is still the answer; ``None`` where it holds something else."""
    tags = parse_etags(MARKED.sub('"', held))
    if not (tags.is_strong(tag) or tags.is_weak(tag)):
        return None
    marked = re.search(rf'"{re.escape(tag)}-(br|gzip)"', held)
    shown = f"{tag}-{marked[1]}" if marked else tag
    own = [("Vary", "Accept"), ("Cache-Control", "no-cache"), ("ETag", quote_etag(shown))]
    return Reply("304 NOT MODIFIED", [*own, *ALWAYS], b"")


def _reply(body: bytes, media_type: str, tag: str | None, accepted: str) -> Reply:
    coding = None
    if len(body) >= SMALLEST:
        coding = _usual_coding(accepted) if len(accepted) < USUAL_LENGTH else coding_of(accepted)
    own = [("Content-Type", get_content_type(media_type, "utf-8")), ("Vary", "Accept, Accept-Encoding")]
    own.append(("Cache-Control", "no-cache" if tag else "no-store"))
    if coding:
        squeezer = CODINGS[coding]()
        body = squeezer.compress(body) + squeezer.finish()
        own.append(("Content-Encoding", coding))
    if tag:
        own.append(("ETag", quote_etag(f"{tag}-{coding}" if coding else tag)))
    own.append(("Content-Length", str(len(body))))
    return Reply("200 OK", [*own, *ALWAYS], body)
