"""What a request wants: which format, which language; and how to say no (RFC 9110, RFC 9457)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Response, jsonify, make_response, request
from werkzeug.exceptions import HTTPException
from werkzeug.http import parse_accept_header

from kg.model import Language
from web.language import Speech, as_language, wanted_language

EXACT = 2  # how exactly a range of an Accept header names a media type: itself, its family (1), anything (0)


@dataclass(frozen=True)
class Offer:
    """A format to choose: its short name (``?format=``, suffix), its media type, others it answers to.

    *names* are the other short names that clients have for it.
    """

    name: str
    media_type: str
    aliases: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def media_types(self) -> tuple[str, ...]:
        """Every media type under which a client may ask for it."""
        return (self.media_type, *self.aliases)


class Refusal(HTTPException):
    """A no with a problem document (RFC 9457) as its response."""

    def __init__(self, response: Response) -> None:
        super().__init__(response=response)
        self.code = response.status_code


def wanted_format(offers: Sequence[Offer], asked: str | None = None) -> Offer:
    """Choose for the current request: *asked* or ``?format=`` before the Accept header.

    Raises :class:`Refusal` 406 with the list of formats. The answer varies with Accept: see :func:`varies`.
    """
    asked = asked if asked is not None else request.args.get("format")
    chosen = named(offers, asked) if asked else best(offers, request.headers.get("Accept", ""))
    if chosen is None:
        raise Refusal(
            problem(
                406,
                "None of the formats you ask for can be given",
                "Ask for one of: %(formats)s.",
                {"formats": ", ".join(offer.name for offer in offers)},
                reason="format",
                available={offer.name: offer.media_type for offer in offers},
            )
        )
    return chosen


def named(offers: Sequence[Offer], name: str) -> Offer | None:
    """Find an offer by its short name or one of its media types."""
    wanted = name.strip().lower()
    return next((offer for offer in offers if wanted in (offer.name, *offer.names, *offer.media_types)), None)


def best(offers: Sequence[Offer], accept: str) -> Offer | None:
    """Choose by an Accept header: highest quality, then the most exact range, then our own order.

    >>> html, turtle = Offer("html", "text/html"), Offer("ttl", "text/turtle")
    >>> best([html, turtle], "text/turtle;q=0.5, text/*;q=0.2").name
    'ttl'
    """
    ranges = [(value.split(";")[0].strip().lower(), quality) for value, quality in parse_accept_header(accept)]
    if not ranges:
        return offers[0]
    ranked = [(_best_fit(offer, ranges), -place) for place, offer in enumerate(offers)]
    (quality, _), place = max(ranked)
    return offers[-place] if quality > 0 else None


def _best_fit(offer: Offer, ranges: Sequence[tuple[str, float]]) -> tuple[float, int]:
    """Return the best fit of *offer*; another name of it counts only where the client names just that."""
    aliases = [fit for each in offer.aliases if (fit := _fit(each, ranges))[1] == EXACT]
    return max([_fit(offer.media_type, ranges), *aliases])


def _fit(media_type: str, ranges: Sequence[tuple[str, float]]) -> tuple[float, int]:
    """Return the quality that the most exact matching range gives, and how exact it is."""
    family = media_type.split("/")[0] + "/*"
    exactness = {media_type: EXACT, family: 1, "*/*": 0}
    fits = [(exactness[each], quality) for each, quality in ranges if each in exactness]
    exact, quality = max(fits, default=(0, 0.0))
    return quality, exact


def reader_language() -> Language:
    """Return the language of the reader: the best of Accept-Language (no → nb), else nynorsk."""
    return wanted_language(request.accept_languages)


def reader_speech() -> Speech:
    """Return the words for what programs are told: in the language of the path, of ``?lang=``, else of the reader."""
    asked = as_language(request.path.split("/")[1]) or as_language(request.args.get("lang", ""))
    return Speech.of(asked or reader_language())


def kept(response: Response) -> Response:
    """Let caches keep *response* and ask whether it is still the same; its tag is made of its bytes."""
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response


def open_to_all(response: Response) -> Response:
    """Let pages of any site read *response* (CORS)."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def varies(response: Response, *on: str) -> Response:
    """Tell caches which request headers decided about *response*."""
    response.vary.update(on or ("Accept",))
    return response


def problem(
    status: int, title: str, detail: str, values: Mapping[str, object] | None = None, **members: object
) -> Response:
    """Make a problem document; *title* and *detail* are told by :func:`reader_speech`."""
    speech = reader_speech()
    told = {"title": speech.say(title), "status": status, "detail": speech.say(detail, **(values or {}))}
    response = make_response(jsonify({"type": "about:blank", **told, **members}), status)
    response.mimetype = "application/problem+json"
    response.headers["Content-Language"] = speech.language
    return varies(response, "Accept", "Accept-Language")


def see_other(path: str) -> Response:
    """Send the client on, by 303, to a *path* on this host."""
    return Response(status=303, headers={"Location": path})
