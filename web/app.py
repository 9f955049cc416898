"""The application: blueprints, the frame of every page, security headers, and errors told in three languages."""

import logging
from collections.abc import Iterable, Mapping
from importlib.resources import files
from urllib.parse import urlencode, urlsplit

from flask import Flask, Response, current_app, make_response, render_template, request
from jinja2 import StrictUndefined
from markupsafe import Markup
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from kg.model import DeadlineExceeded, EngineUnavailable, MemoryExceeded
from kg.questions import UnknownQuestion, UnknownSlot, UnknownSlotValue
from kg.questions.catalogue import capital
from kg.releases import Release
from web import (
    api,
    compression,
    crawling,
    description,
    downloads,
    explorer,
    history,
    linked_data,
    reconcile,
    sparql,
    views,
)
from web.api import RepeatedSlot
from web.explorer import language
from web.language import Speech
from web.linked_data import is_for_people
from web.negotiation import problem, varies
from web.pinning import keep_version
from web.publication import EXTENSION, Publication, publication
from web.shortcut import SAFETY, Shortcut
from web.traffic import USUAL, Allowance, traffic_of, watch
from web.versions import DamagedVersion, Gone, UnknownVersion, pinned, serve_versions, versions
from web.views.frame import Pin, licence_name
from web.views.statements import place

log = logging.getLogger(__name__)

LONGEST_REPEATED = 4000  # letters of a query that the links to the other languages repeat
MOST_WAYS = 3  # that an error offers of what was asked

# Addresses that programs call: they get problem+json (RFC 9457), people get a page.
MACHINE_PATHS = (
    *("/api/", "/sparql", "/data/", "/id/", "/kos/", "/ont", "/graph/", "/version/", "/dump/"),
    *("/reconcile", "/nn/reconcile", "/nb/reconcile", "/en/reconcile"),
    *("/health", "/metrics", "/openapi.json", "/feed.atom", "/.well-known/", "/dcat", "/sitemap", "/robots.txt"),
)

RETRY_AFTER = {429: "1", 503: "5"}  # seconds

TITLES: Mapping[int, str] = {
    400: "The request is not understood",
    404: "The page does not exist",
    405: "The request is not understood",
    410: "This is in older versions only",
    429: "Too much at once",
    503: "The answer took too long",
    500: "Something failed here",
}
TEXTS: Mapping[int, str] = {
    400: "Something in the address is not as it should be.",
    404: "There is nothing in the data set under this address.",
    405: "This address only answers GET requests.",
    410: "The newest version does not hold it any more. These versions do:",
    429: "You have as many requests under way as one client may have. Wait for an answer, then ask again.",
    503: "The service is busy or the question too heavy. Try again in a moment.",
    500: "The fault is ours. What you asked for could not be shown.",
}


UNKNOWN_VERSION = "This version is not served here"
DAMAGED = (
    "This version is damaged",
    "Its files are not as they were released. The other versions are not touched by it.",
)


def create_app(publication: Publication, allowance: Allowance = USUAL) -> Flask:
    """Make the application that serves *publication*, to each client as much at once as *allowance* says."""
    app = Flask("web", static_folder="static", template_folder="templates")
    app.extensions[EXTENSION] = publication
    app.config["STYLE_MARK"] = style_mark()
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    _templates(app)
    for each in (sparql, linked_data, description, downloads, crawling, api, history, reconcile, explorer):
        app.register_blueprint(each.blueprint)
    watch(app, allowance)
    serve_versions(app)
    app.before_request(compression.expect)
    app.after_request(compression.compress)
    app.after_request(keep_version)
    app.after_request(_headers)
    app.register_error_handler(Exception, _failure)
    app.wsgi_app = Shortcut(app.wsgi_app, publication, traffic_of(app))  # type: ignore[method-assign]
    return app


def style_mark() -> str:
    """Return a mark of the browser files, so that a browser fetches them anew when they changed."""
    stamp = files("web").joinpath("static", "dist", "inputs.sha256")
    return stamp.read_text(encoding="utf-8")[:12] if stamp.is_file() else ""


def _templates(app: Flask) -> None:
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.filters.update(capital=capital, place=place, host=_host, licence=licence_name, curie=_curie)
    app.context_processor(_frame)


def _host(address: str) -> str:
    return urlsplit(address).hostname or address


def _curie(iri: str) -> str:
    return publication().terms.compress(iri)


def _frame() -> dict[str, object]:
    """Give every template the words of its language and what stands around the page."""
    spoken = language()
    speech = Speech.of(spoken)
    path, query = _same_page(f"/{spoken}/")
    site = views.site(spoken, path, query, publication().snapshot, current_app.config["STYLE_MARK"])
    words = {"_": speech.say, "n_": speech.count, "day": speech.day}
    return {**words, "site": site, "pin": _pin(f"/{spoken}/{path.partition('?')[0]}"), "alternates": _alternates}


def _pin(path: str) -> Pin | None:
    """Return which version the page is pinned to, and where it is in the newest one."""
    asked, snapshot = pinned(), publication().snapshot
    if asked is None or snapshot is None:
        return None
    release, newest = versions().find(asked), versions().current.snapshot
    others = [(name, value) for name, values in request.args.lists() for value in values if name != "v"]
    return Pin(
        version=release.label if release else snapshot.name,
        day=str(release.released) if release else None,
        is_newest=bool(newest and newest.name == snapshot.name),
        newest=f"{path}?{urlencode(others, safe=':')}" if others else path,
    )


def _same_page(stem: str) -> tuple[str, str]:
    """Return path and query of this page without its language; of a page outside the languages, nothing."""
    if not request.path.startswith(stem):
        return "", ""
    path = request.full_path.removesuffix("?") if request.query_string else request.path
    inside, _, query = path.removeprefix(stem).partition("?")
    return inside, query if len(query) <= LONGEST_REPEATED else ""


def _alternates(path: str) -> Markup:
    kinds = (("ttl", "text/turtle"), ("jsonld", "application/ld+json"), ("csv", "text/csv"))
    link = Markup('<link rel="alternate" type="{}" href="/data/{}.{}">')
    return Markup("\n").join(link.format(media_type, path, ending) for ending, media_type in kinds)


def _headers(response: Response) -> Response:
    for name, value in SAFETY.items():
        response.headers.setdefault(name, value)
    here = request.host_url.rstrip("/")
    location = response.headers.get("Location", "")
    if location.startswith(here):
        response.headers["Location"] = location.removeprefix(here) or "/"
        response.set_data(b"")  # its text would repeat the host that the request claims
    if request.path.startswith("/static/") and "v" in request.args:
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def _failure(error: Exception) -> Response:
    """Tell a person or a program what went wrong, never how the inside looks."""
    response = _refused(error, _status(error))
    if isinstance(error, MethodNotAllowed):
        response.allow.update(error.valid_methods or ())
    if response.status_code in RETRY_AFTER:
        response.headers.setdefault("Retry-After", RETRY_AFTER[response.status_code])
    return response


def _refused(error: Exception, status: int) -> Response:
    if status >= 500 and not isinstance(error, DeadlineExceeded | MemoryExceeded | EngineUnavailable):
        log.error("%s %s failed", request.method, request.path, exc_info=error)
    if isinstance(error, HTTPException) and error.response is not None:
        return make_response(error.response)
    if isinstance(error, Gone) and request.path.startswith(MACHINE_PATHS):
        return varies(_page(status, error) if is_for_people() else _gone(error), "Accept", "Accept-Language")
    if request.path.startswith(MACHINE_PATHS):
        if isinstance(error, UnknownVersion | DamagedVersion):
            return _no_version(error, status)
        known = _known(status)
        return problem(status, TITLES[known], TEXTS[known], reason=_reason(status))
    return _page(status, error)


def _no_version(error: UnknownVersion | DamagedVersion, status: int) -> Response:
    served = list(versions().served)
    if isinstance(error, DamagedVersion):
        return problem(status, *DAMAGED, reason="damaged", versions=served)
    text, values = "These versions are served: %(versions)s.", {"versions": ", ".join(served)}
    return problem(status, UNKNOWN_VERSION, text, values, reason="version", versions=served)


def _gone(error: Gone) -> Response:
    known = [{"version": each.label, "url": f"{request.path}?v={each.label}"} for each in error.releases]
    return problem(410, TITLES[410], TEXTS[410], reason="gone", versions=known)


def _reason(status: int) -> str:
    return "failure" if status >= 500 else "client" if status == 429 else "request"


def _status(error: Exception) -> int:
    if isinstance(error, HTTPException):
        return error.code or 500
    if isinstance(error, UnknownVersion | UnknownQuestion):
        return 404
    if isinstance(error, Gone):
        return 410
    if isinstance(error, RepeatedSlot | UnknownSlot | UnknownSlotValue):
        return 400
    return 503 if isinstance(error, DeadlineExceeded | MemoryExceeded | EngineUnavailable) else 500


def _known(status: int) -> int:
    """Return the status whose words fit *status*."""
    return status if status in TITLES else (400 if status < 500 else 500)


def _page(status: int, error: Exception) -> Response:
    speech = Speech.of(language())
    known = _known(status)
    heading, text, ways = _told(speech, known, error)
    response = make_response(
        render_template("error.html", status=status, heading=heading, text=text, ways=ways), status
    )
    response.headers["Content-Language"] = speech.language
    return response


def _told(speech: Speech, status: int, error: Exception) -> tuple[str, str, list[tuple[str, str]]]:
    """Return heading, text and the ways on: the versions there are, or the nearest names."""
    heading, text, stem = speech.say(TITLES[status]), speech.say(TEXTS[status]), f"/{speech.language}"
    if isinstance(error, UnknownVersion):
        text = speech.say("These versions are served:")
        return speech.say(UNKNOWN_VERSION), text, _version_links(speech)
    if isinstance(error, Gone):
        return heading, text, _ways_to(error.releases, speech)
    if isinstance(error, DamagedVersion):
        heading, text = map(speech.say, DAMAGED)
        return heading, text, _version_links(speech)
    if isinstance(error, UnknownQuestion):
        text = speech.say("There is no question with this name.")
        return heading, text, [(near, f"{stem}/q/{near}") for near in error.nearest]
    if isinstance(error, UnknownSlotValue):
        text = speech.say("The data set does not know %(value)s here. Did you mean one of these?", value=error.value)
        return heading, text, [(near, f"{request.path}?{error.slot}={near}") for near in error.nearest]
    if isinstance(error, UnknownSlot):
        text = speech.say("The question has no part called %(value)s.", value=error.value)
        return heading, text, [(speech.say("Ask the question without it"), request.path)]
    if isinstance(error, RepeatedSlot):
        text = speech.say("The question takes %(value)s only once.", value=error.value)
        given = list(filter(None, request.args.getlist(error.value)))[:MOST_WAYS]
        return heading, text, [(each, f"{request.path}?{urlencode({error.value: each}, safe=':')}") for each in given]
    return heading, text, []


def _version_links(speech: Speech) -> list[tuple[str, str]]:
    """Lead to this page in each of the versions that are served, the current one first and without a pin."""
    held = versions()
    if request.blueprint == "history":
        return [(each.title, f"/{speech.language}/version/{each.title}") for each in held.listed]
    current = [(held.current.snapshot.name, request.path)] if held.current.snapshot else []
    return [*current, *_ways_to(held.releases, speech)]


def _ways_to(releases: Iterable[Release], speech: Speech) -> list[tuple[str, str]]:
    """Lead to this page in each of *releases*."""
    days = ((f"{each.label} ({speech.day(str(each.released))})", each.label) for each in releases)
    return [(words, f"{request.path}?v={label}") for words, label in days]
