"""A page of a pinned version leads on within that version: ``?v=`` goes into each of its links, forms and redirects.

This is done to the finished page, so that no template and no view has to think of it, and none can forget it.
"""

import re
from urllib.parse import quote

from flask import Response
from markupsafe import escape

from web.versions import pinned

# A link to this host. What leads to the newest version says so (RFC 5829), and browser files have no version.
LINK = re.compile(
    r'(?P<before><(?:a|link)\b(?![^>]*\brel="(?:latest-version|stylesheet|icon)")[^>]*?\bhref=")(?P<path>/(?!/)[^"]*)"'
)
FORM = re.compile(r"<form\b[^>]*>")
HEADER = re.compile(r'<(/(?!/)[^>]*)>(?!; rel="latest-version")')
WITHOUT = ("/static/", "/version/", "/feed.atom")
NAMED = re.compile(r"[?&](?:amp;)?v=")


def stay(path: str, amp: str = "&") -> str:
    """Return the *path* on this host in the version that this request pins, if any; *amp* joins parameters."""
    version = pinned()
    if version is None or NAMED.search(path) or path.startswith(WITHOUT):
        return path
    stem, mark, fragment = path.partition("#")
    return f"{stem}{amp if '?' in stem else '?'}v={quote(version)}{mark}{fragment}"


def keep_version(response: Response) -> Response:
    """Put the version that this request pins into all that *response* leads to."""
    if pinned() is None:
        return response
    if location := response.headers.get("Location"):
        response.headers["Location"] = stay(location) if location.startswith("/") else location
    if link := response.headers.get("Link"):
        response.headers["Link"] = HEADER.sub(lambda found: f"<{stay(found[1])}>", link)
    if response.mimetype == "text/html" and not response.direct_passthrough:
        response.set_data(_kept(response.get_data(as_text=True)))
    return response


def _kept(page: str) -> str:
    named = f'<input type="hidden" name="v" value="{escape(pinned() or "")}">'
    page = LINK.sub(lambda found: f'{found["before"]}{stay(found["path"], "&amp;")}"', page)
    return FORM.sub(lambda found: found[0] + named, page)
