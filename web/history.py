"""What changed from version to version: pages for people, ``/api/changes`` for programs, the feed ``/feed.atom``."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from flask import Blueprint, Response, abort, jsonify, make_response, render_template, request
from markupsafe import Markup, escape

from kg.changes import Changes, Told
from kg.model import InputError, Language
from kg.questions import Catalogue
from web.negotiation import reader_speech, varies
from web.publication import publication
from web.versions import Listed, versions
from web.views.history import PER_PAGE, Step, changes_page

blueprint = Blueprint("history", __name__)

PAGE = "/<any(nn, nb, en):lang>"
MOST_ENTRIES = 20  # versions that are compared for a list or the feed
MOST_TOLD = 20  # changes of one entry of the feed; the page tells all
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Entry:
    """A version in the feed."""

    iri: str
    step: Step
    updated: str
    told: tuple[Told, ...]
    more: int


@blueprint.get(f"{PAGE}/version/")
def history(lang: Language) -> Response:
    """List the versions, newest first, each with what changed since the one before."""
    listed = versions().listed or abort(404)
    steps = tuple(_step(each, lang, summed=place < MOST_ENTRIES) for place, each in enumerate(listed))
    return _page("history.html", lang, steps=steps)


@blueprint.get(f"{PAGE}/version/<version>")
def changes(lang: Language, version: str) -> Response:
    """Tell what changed in a version since the one before, or since the one that ``?from=`` names."""
    held = versions()
    listed = _listed(version)
    before = request.args.get("from") or _title(held.before(listed.title))
    current = held.current.snapshot.name if held.current.snapshot else ""
    page = None
    if before:
        page = changes_page(held.changes(before, listed.title), lang, _catalogue(), _number(), current)
    others = tuple(each.title for each in held.listed if each.title != listed.title)
    return _page("version.html", lang, version=listed, page=page, before=before, others=others, current=current)


@blueprint.get("/api/changes")
def changes_json() -> Response:
    """Tell what changed from one version to another, and which versions there are, in pages."""
    held, language = versions(), reader_speech().language
    after = request.args.get("to") or _title(next(iter(held.listed), None)) or abort(404)
    before = request.args.get("from") or _title(held.before(_listed(after).title)) or after
    found = held.changes(before, after)
    number = _number()
    told = found.to_json(language, _catalogue(), (number - 1) * PER_PAGE, number * PER_PAGE)
    pages = {"page": number, "pages": max(1, -(-len(found.all) // PER_PAGE))}
    known = [{"version": each.name, "label": each.label, "released": each.day} for each in held.listed]
    response = jsonify({**told, **pages, "versions": known})
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Content-Language"] = language
    return varies(_fresh(response, language, before, after, str(number)), "Accept-Language")


@blueprint.get("/feed.atom")
def feed() -> Response:
    """Give the versions and what changed in them as a feed (RFC 4287), newest first."""
    held, speech = versions(), reader_speech()
    snapshot = held.current.snapshot
    if snapshot is None:
        abort(404)
    entries = tuple(islice(_entries(speech.language), MOST_ENTRIES))
    text = render_template(
        "feed.xml",
        _=speech.say,
        n_=speech.count,
        base=snapshot.manifest.base,
        lang=speech.language,
        title=snapshot.manifest.title[speech.language],
        licence=snapshot.manifest.licence,
        entries=entries,
        updated=max((each.updated for each in entries), default=""),
        xml=_xml,
        kinds={what: words[speech.language][0] for what, words in _catalogue().words["changes"]["counted"].items()},
    )
    response = make_response(text)
    response.headers["Content-Type"] = "application/atom+xml; charset=utf-8"
    response.headers["Content-Language"] = speech.language
    marks = (f"{each.step.title} {each.step.name}" for each in entries)
    return varies(_fresh(response, speech.language, *marks), "Accept-Language")


def _entries(language: Language) -> Iterator[Entry]:
    """Make an entry of each snapshot, under the first label that it got, so that an entry stays what it is."""
    held = versions()
    first = {each.name: each for each in held.listed}  # the last of a name in the list is its oldest label
    released = max((each.day for each in held.listed if each.day), default="")
    for each in first.values():
        day = each.day or max(released, _day_of_data()) or "1970-01-01"
        step = _step(each, language)
        found = _changes(step)
        told = found.told(language, _catalogue(), 0, MOST_TOLD) if found else ()
        iri = f"{publication().terms.base}version/{each.name}"
        yield Entry(iri, step, f"{day}T00:00:00Z", told, len(found.all) - len(told) if found else 0)


def _day_of_data() -> str:
    edition = versions().current.edition
    return (edition.day or "")[:10] if edition else ""


def _step(listed: Listed, language: Language, *, summed: bool = True) -> Step:
    before = _title(versions().before(listed.title))
    step = Step(listed.title, listed.name, listed.day, f"/{language}/version/{listed.title}", before, None, not summed)
    found = _changes(step) if summed else None
    return replace(step, summary=found.summary(language, _catalogue())) if found else step


def _changes(step: Step) -> Changes | None:
    """Find what changed since the version before; ``None`` where one of the two is damaged, or has another base."""
    try:
        return versions().changes(step.before, step.title) if step.before else None
    except InputError:
        return None


def _listed(asked: str) -> Listed:
    """Return the version with this label or name. Raises :class:`UnknownVersion`."""
    held = versions()
    found = held.find(asked)
    title = found.label if found else asked
    return next(each for each in held.listed if each.title == title)


def _title(listed: Listed | None) -> str | None:
    return listed.title if listed else None


def _catalogue() -> Catalogue:
    return publication().catalogue or abort(404)


def _number() -> int:
    number = request.args.get("page", "1")
    return max(1, int(number)) if number.isdecimal() and len(number) < 7 else 1


def _page(template: str, language: Language, **values: object) -> Response:
    response = make_response(render_template(template, **values))
    response.headers["Content-Language"] = language
    return response


def _fresh(response: Response, *decides: str) -> Response:
    """Let caches keep the answer and ask whether the versions are still the same."""
    held = versions()
    name = held.current.snapshot.name if held.current.snapshot else ""
    mark = hashlib.sha256(repr((name, held.served, decides)).encode()).hexdigest()[:32]
    response.headers["Cache-Control"] = "no-cache"
    response.set_etag(mark)
    response.make_conditional(request)
    return response


def _xml(text: str | None) -> Markup:
    """Leave out what XML 1.0 cannot hold."""
    return escape(NOT_XML.sub("", text or ""))
