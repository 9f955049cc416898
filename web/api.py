"""The API under ``/api/``: the catalogue, answers, plain words, suggestions, search, sources, and how to cite them."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

from flask import Blueprint, Response, abort, make_response, request
from werkzeug.datastructures import MultiDict

from kg.citation import FORMS as CITATIONS
from kg.citation import Work
from kg.model import LANGUAGES, InputError, Language
from kg.questions import (
    Answer,
    Catalogue,
    Triple,
    UnknownQuestion,
    UnknownSlot,
    UnknownSlotValue,
    UnknownTriple,
    answer,
    catalogue_json,
    explained,
    fetch_labels,
    name_of,
    permalink,
    said,
    slot_values,
    to_csv,
    to_json,
    to_jsonld,
    triple_of,
    why_json,
)
from kg.understanding import Lexicon, ask, suggest
from web.addresses import Address, NoAddress
from web.language import as_language, sort_key
from web.negotiation import Offer, Refusal, problem, reader_language, varies, wanted_format
from web.pinning import stay
from web.publication import publication
from web.versions import pin
from web.views import cited_answer, cited_data, cited_thing
from web.views import search as search_names
from web.views.lookup import Lookup, page_of

blueprint = Blueprint("api", __name__, url_prefix="/api")

JSON, CSV, JSONLD = Offer("json", "application/json"), Offer("csv", "text/csv"), Offer("jsonld", "application/ld+json")
FORMATS = (JSON, CSV, JSONLD)
CITED = tuple(Offer(form.name, form.media_types[0], form.media_types[1:]) for form in CITATIONS)
CITABLE = (  # what ``?of=`` takes, for those whom an error tells
    *("/nn/data", "/nn/q/who-helps?group=group:refugees", "https://w3id.org/bustadgraf/id/statement/…"),
    *("/nn/source/…", "/nn/passage/…", "actor:husbanken", "bso:Actor", "/ont"),
)
PARTS = ("subject", "predicate", "object")
NOT_SLOTS = frozenset({"v", "q", "lang", "format"})
LONGEST_QUESTION = 500  # characters
MOST_HITS = 50
LEXICON = "bustadgraf-lexicon"


class RepeatedSlot(InputError):
    """The address gives a slot more than one value; *value* is the name of the slot."""

    def __init__(self, value: str) -> None:
        self.value = value
        super().__init__(f"The slot {value!r} is given more than once.")


@blueprint.get("/q")
def questions() -> Response:
    """List the templates of the catalogue."""
    return _json(catalogue_json(_catalogue()))


@blueprint.get("/q/<question>")
def question(question: str) -> Response:
    """Answer one template; its slots are the query parameters."""
    return _answered(answer(publication().engine, _catalogue(), publication().terms, question, given_slots()))


@blueprint.get("/q/<question>/slots/<slot>")
def values(question: str, slot: str) -> Response:
    """List what may stand in a slot."""
    engine, terms, language = publication().engine, publication().terms, asked_language()
    iris = slot_values(engine, _catalogue()[question].slot(slot))
    labels = fetch_labels(engine, _catalogue(), iris)
    named = [(iri, *name_of(iri, labels, terms, language)) for iri in iris]
    listed = [{"value": terms.compress(iri), "iri": iri, "label": label, "lang": tag} for iri, label, tag in named]
    return _json(sorted(listed, key=lambda each: sort_key(str(each["label"]))))


@blueprint.get("/ask")
def asked() -> Response:
    """Answer a question in plain words, or say why there is no answer."""
    published = publication()
    reply = ask(_words(), asked_language(), published.engine, _catalogue(), published.terms, lexicon(), _version())
    return _answered(reply.answer, reply.to_json(asked_language()))


@blueprint.get("/suggest")
def suggested() -> Response:
    """Complete the beginning of a question to whole ones that have an answer."""
    published, language = publication(), asked_language()
    found = suggest(_words(), language, published.engine, _catalogue(), published.terms, lexicon())
    return _json(
        [
            {
                "sentence": each.sentence,
                "question": each.question,
                "slots": {name: published.terms.compress(iri) for name, iri in each.slots.items()},
                "url": stay(permalink(each.question, each.slots, language, published.terms)),
            }
            for each in found
        ]
    )


@blueprint.get("/search")
def search() -> Response:
    """Find things by their names and passages by their words."""
    held, language, wanted = publication(), asked_language(), _words()
    hits = [each.name for each in search_names(Lookup(held.engine, held.terms, language), wanted)[:MOST_HITS]]
    labels = fetch_labels(held.engine, _catalogue(), (hit.iri for hit in hits if hit.iri))
    named = [(hit, *name_of(hit.iri or "", labels, held.terms, language)) for hit in hits]
    names = [
        {"kind": "name", "iri": hit.iri, "label": label, "lang": tag, "url": hit.href and stay(hit.href)}
        for hit, label, tag in named
    ]
    return _json([*names, *_passages(wanted, language)][:MOST_HITS])


@blueprint.get("/why")
def why() -> Response:
    """Tell why a triple holds: by which rule, from what, and on which passages that rests."""
    published, language = publication(), asked_language()
    catalogue, terms = _catalogue(), published.terms
    step, labels = explained(published.engine, catalogue, terms, asked_triple())
    sentence = said(step, labels, catalogue, terms)[language]
    return _json({"sentence": sentence, **why_json(step, labels, language, terms), "version": _version()})


@blueprint.get("/source")
def sources() -> Response:
    """List the sources with their access and how much of each is coded."""
    published, language = publication(), asked_language()
    rows = published.engine.select(_catalogue().shared["sources"].text)
    labels = fetch_labels(published.engine, _catalogue(), (row["source"].value for row in rows))
    listed = {
        row["source"].value: {
            "iri": row["source"].value,
            "label": label,
            "title": row["title"].value if "title" in row else label,
            "lang": row["title"].lang if "title" in row else None,
            "access": _code(row["access"].value) if "access" in row else None,
            "coded": _code(row["coded"].value) if "coded" in row else None,
        }
        for row in rows
        for label in [name_of(row["source"].value, labels, published.terms, language)[0]]
    }
    return _json(list(listed.values()))


@blueprint.get("/cite")
def cite() -> Response:
    """Cite what ``?of=`` names: the address of a page, a permalink, an IRI or a short name of ours."""
    work = _cited(Address.read(request.args.get("of", ""), publication().terms, request.host))
    if work is None:
        raise _no_such_work()
    offer = wanted_format(CITED)
    form = next(each for each in CITATIONS if each.name == offer.name)
    response = make_response(form.write(work))
    response.headers["Content-Type"] = f"{form.media_types[0]}; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="{work.key}.{form.suffix}"'
    return _fresh(response)


def _cited(meant: Address) -> Work | None:
    """Make a citation of what an address means; ``None`` where there is nothing to cite."""
    if meant.version:
        pin(meant.version)
    held, edition = publication(), publication().edition or abort(404)
    language = asked_language() if "lang" in request.args else meant.language or asked_language()
    lookup = Lookup(held.engine, held.terms, language)
    if meant.question:
        slots = given_slots(MultiDict(parse_qsl(meant.query)))
        return cited_answer(lookup, edition, answer(held.engine, _catalogue(), held.terms, meant.question, slots))
    return cited_thing(lookup, edition, meant.iri) if meant.iri else cited_data(lookup, edition)


@blueprint.errorhandler(NoAddress)
def _no_address(_error: NoAddress) -> Response:
    text = "Give in %(name)s the address of a page, a permalink or a name of this data set."
    return problem(400, "The request is not understood", text, {"name": "of"}, reason="of", allowed=list(CITABLE))


def _no_such_work() -> Refusal:
    text = "There is nothing to cite under this address."
    return Refusal(problem(404, "The page does not exist", text, reason="unknown", allowed=list(CITABLE)))


@blueprint.errorhandler(UnknownQuestion)
def _no_such_question(error: UnknownQuestion) -> Response:
    return problem(
        404,
        "The page does not exist",
        "There is no question with this name.",
        reason="question",
        value=error.value,
        nearest=list(error.nearest),
    )


@blueprint.errorhandler(UnknownSlot)
def _no_such_slot(error: UnknownSlot) -> Response:
    text, filled = "The question has no part called %(value)s.", {"value": error.value}
    return problem(
        400,
        "The request is not understood",
        text,
        filled,
        reason="slot",
        value=error.value,
        nearest=list(error.nearest),
    )


@blueprint.errorhandler(RepeatedSlot)
def _given_twice(error: RepeatedSlot) -> Response:
    text, filled = "The question takes %(value)s only once.", {"value": error.value}
    return problem(400, "The request is not understood", text, filled, reason="repeated", value=error.value)


@blueprint.errorhandler(UnknownTriple)
def _not_held(error: UnknownTriple) -> Response:
    text = "The data set does not hold this, neither stated nor derived."
    return problem(404, "The page does not exist", text, reason="triple", value=" ".join(error.triple))


@blueprint.errorhandler(UnknownSlotValue)
def _no_such_value(error: UnknownSlotValue) -> Response:
    text, filled = (
        "The data set does not know %(value)s here. Did you mean one of these?",
        {"value": error.value},
    )
    return problem(
        400,
        "The request is not understood",
        text,
        filled,
        reason="value",
        slot=error.slot,
        value=error.value,
        nearest=list(error.nearest),
    )


def lexicon() -> Lexicon:
    """Return the names and words of the data, read once for each version."""
    kept = publication().kept
    if LEXICON not in kept:
        kept[LEXICON] = Lexicon.load(publication().engine, _catalogue())
    known: Lexicon = kept[LEXICON]
    return known


def asked_triple() -> Triple:
    """Return the triple that the address asks about.

    Raise :class:`UnknownTriple` for what can be none, :class:`RepeatedSlot` for a part that is given twice.
    """
    if repeated := next((name for name in PARTS if len(request.args.getlist(name)) > 1), None):
        raise RepeatedSlot(repeated)
    subject, predicate, value = (request.args.get(name, "") for name in PARTS)
    return triple_of((subject, predicate, value), publication().terms)


def given_slots(query: MultiDict[str, str] | None = None) -> dict[str, str]:
    """Return what *query*, else that of the request, puts in the slots of a question; raise :class:`RepeatedSlot`."""
    asked = request.args if query is None else query
    given = {name: values for name, values in asked.lists() if name not in NOT_SLOTS}
    for name, values in given.items():
        if len(list(filter(None, values))) > 1:
            raise RepeatedSlot(name)
    return {name: next(filter(None, values), "") for name, values in given.items()}


def _catalogue() -> Catalogue:
    return publication().catalogue or abort(404)


def _version() -> str | None:
    snapshot = publication().snapshot
    return snapshot.name if snapshot else None


def asked_language() -> Language:
    """Return the language of ``?lang=``, else the one the reader's browser asks for."""
    asked = request.args.get("lang")
    if not asked:
        return reader_language()
    language = as_language(asked)
    if language is None:
        raise _wrong(
            "There is no language %(value)s here; choose one of %(known)s.", value=asked, known=", ".join(LANGUAGES)
        )
    return language


def _words() -> str:
    words = " ".join(request.args.get("q", "").split())
    if not words:
        raise _wrong("Say what you want to know in %(name)s.", name="q")
    if len(words) > LONGEST_QUESTION:
        raise _wrong("The question is longer than %(limit)s characters.", limit=LONGEST_QUESTION)
    return words


def _wrong(text: str, **values: object) -> Refusal:
    return Refusal(problem(400, "The request is not understood", text, values, reason="parameter"))


def _answered(found: Answer, as_json: Mapping[str, Any] | None = None) -> Response:
    """Give an answer in the format asked for; it stays the same as long as the snapshot does."""
    offer, published, language = wanted_format(FORMATS), publication(), asked_language()
    if offer is CSV:
        response = make_response(to_csv(found, language, published.terms))
        response.headers["Content-Type"] = "text/csv; charset=utf-8; header=present"
        name = found.question.id if found.question else "bustadgraf"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
        return _fresh(response)
    if offer is JSONLD:
        response = make_response(to_jsonld(found, published.engine, _catalogue()))
        response.mimetype = JSONLD.media_type
        return _fresh(response)
    return _json(as_json or to_json(found, language, published.terms, _version()))


def _json(content: object) -> Response:
    response = make_response(json.dumps(content, ensure_ascii=False, indent=2) + "\n")
    response.mimetype = JSON.media_type
    return _fresh(response)


def _fresh(response: Response) -> Response:
    """Let caches keep the answer and ask whether the snapshot is still the same."""
    response.headers["Cache-Control"] = "no-cache"
    if version := _version():
        response.set_etag(f"{version}-{response.mimetype}-{asked_language()}", weak=True)
        response.make_conditional(request)
    return varies(response, "Accept", "Accept-Language")


def _passages(wanted: str, language: Language) -> Iterator[dict[str, Any]]:
    """Let the engine look for the longest word, and see which of the passages it finds hold the others too."""
    words = wanted.casefold().split()
    longest = max(re.findall(r"\w+", wanted.lower()), key=len, default="")
    for row in publication().engine.select(_catalogue().shared["passages-with"].look_for(longest)):
        text = row["text"].value
        if all(word in text.casefold() for word in words):
            yield {
                "kind": "passage",
                "iri": row["passage"].value,
                "text": text,
                "locator": row["locator"].value,
                "source": row["source"].value,
                "url": stay(page_of(row["passage"].value, publication().terms, language) or ""),
            }


def _code(iri: str) -> str:
    return iri.rpartition("/")[2]
