"""What crawlers are told: where they may go, and every public page in its three languages."""

from collections.abc import Iterator, Sequence
from urllib.parse import quote

from flask import Blueprint, Response, request
from markupsafe import escape

from kg.model import LANGUAGES
from web import views
from web.explorer import handbook
from web.linked_data import unknown
from web.publication import publication
from web.views.lookup import Lookup, page_of

blueprint = Blueprint("crawling", __name__)

SHELF = "bustadgraf-sitemap"
PAGES_PER_FILE = 5000  # in three languages that is less than a third of what the protocol allows (sitemaps.org)
FIXED = ("", "matrix", "concepts", "shapes", "unknown", "quality", "data", "about")
COSTLY = ("sparql", "search", "why")  # pages that compute what one asks for
NAMESPACES = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml"'


@blueprint.get("/robots.txt")
def robots() -> Response:
    """Let crawlers (RFC 9309) to the pages, and keep them off what costs much to answer."""
    refused = [
        "/sparql",
        "/api/",
        "/dump/",
        "/data/graph/",
        *(f"/{tag}/{each}" for tag in LANGUAGES for each in COSTLY),
    ]
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in refused), "Disallow: /*?", "Allow: /*?page="]
    return Response("\n".join([*lines, "Allow: /", f"Sitemap: {_here()}/sitemap.xml", ""]), mimetype="text/plain")


@blueprint.get("/sitemap.xml")
def sitemap() -> Response:
    """Name the files that list the pages."""
    count = -(-len(_pages()) // PAGES_PER_FILE)
    places = (f"<sitemap><loc>{_here()}/sitemap-{number}.xml</loc></sitemap>" for number in range(1, count + 1))
    return _xml(f"<sitemapindex {NAMESPACES}>\n" + "\n".join(places) + "\n</sitemapindex>\n")


@blueprint.get("/sitemap-<int:number>.xml")
def sitemap_file(number: int) -> Response:
    """List the pages of one part, each with its address in the other languages."""
    first = (number - 1) * PAGES_PER_FILE
    pages = _pages()[first : first + PAGES_PER_FILE] if number else []
    if not pages:
        raise unknown()
    return _xml(f"<urlset {NAMESPACES}>\n" + "".join(map(_entries, pages)) + "</urlset>\n")


def _entries(page: str) -> str:
    places = {tag: f"{_here()}/{tag}/{escape(page)}" for tag in LANGUAGES}
    others = "".join(f'<xhtml:link rel="alternate" hreflang="{tag}" href="{at}"/>' for tag, at in places.items())
    return "".join(f"<url><loc>{at}</loc>{others}</url>\n" for at in places.values())


def _here() -> str:
    return str(escape(quote(request.host_url.rstrip("/"), safe=":/[]@%~")))


def _xml(body: str) -> Response:
    return Response(f'<?xml version="1.0" encoding="UTF-8"?>\n{body}', mimetype="application/xml")


def _pages() -> Sequence[str]:
    """Return every page without its language, gathered once: what is served never changes."""
    shelf = publication().kept
    if SHELF not in shelf:
        shelf[SHELF] = tuple(dict.fromkeys(_gathered()))
    found: tuple[str, ...] = shelf[SHELF]
    return found


def _gathered() -> Iterator[str]:
    public = publication()
    if public.snapshot is None:
        return
    lookup = Lookup(public.engine, public.terms, LANGUAGES[0])
    yield from FIXED
    yield from (f"q/{question.id}" for question in public.catalogue or ())
    yield from (f"{segment}/" for segment in views.SEGMENTS)
    stem = f"/{LANGUAGES[0]}/"
    for page in (*_of_terms(lookup), *_of_things(lookup)):
        yield page.removeprefix(stem)


def _of_terms(lookup: Lookup) -> Iterator[str]:
    index = views.index_page(lookup, handbook(), "")
    named = (*(name for name, _, _ in index.schemes), *(each.name for each in index.outside))
    yield from filter(None, (name.href for name in named))
    yield from (each.name.href for _, listed in index.letters for each in listed if each.name.href)


def _of_things(lookup: Lookup) -> Iterator[str]:
    for row in lookup.rows("pages"):
        page = page_of(row["thing"].value, lookup.terms, lookup.language) or ""
        if page.split("/")[2:3] and page.split("/")[2] in views.SEGMENTS:
            yield page
