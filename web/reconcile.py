"""``/reconcile``: the Reconciliation Service API 0.2, so that OpenRefine can match a list against the graph.

Entities are called by their IRI without our base (``id/actor/husbanken``), types and properties by their local name.
The data are asked once for a batch, for the properties that its queries give, and once for the names of their values.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, partial
from typing import Any

from flask import Blueprint, Response, abort, make_response, render_template, request

from kg import __version__
from kg.engine import Cell
from kg.model import InputError
from kg.terms import best_label
from kg.understanding import Found, Register
from kg.understanding.listing import EXACT, NUMBERS, alike, likeness
from web.addresses import SAFE
from web.api import asked_language, lexicon
from web.language import as_language, sort_key
from web.negotiation import problem, varies
from web.publication import publication
from web.views import Lookup, Name, entity_page
from web.views.facets import superclasses

blueprint = Blueprint("reconcile", __name__)

BATCH = 50  # queries
LONGEST = 500  # characters of a name or value
MOST_CANDIDATES, USUAL_CANDIDATES = 25, 5
MOST_PROPERTIES = 10
MOST_ENTITIES = 200
MOST_LISTED = 20  # suggestions at a time
MOST_SIFTED = 500  # things that are looked at where a query has properties and no name
CLOSE = 85.0  # likeness from which a value is taken for a slip of the pen
SHARE = 0.3  # of the score, for the properties
SHELF = "bustadgraf-register"
FRAMED = "default-src 'none'; style-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *"
ADDRESSES = ("/reconcile", "/<any(nn, nb, en):lang>/reconcile")


class BadBatch(InputError):
    """A batch that cannot be read: *wording* with *values* says what is wrong, *status* is of HTTP."""

    def __init__(self, wording: str, status: int = 400, **values: object) -> None:
        self.wording, self.status, self.values = wording, status, values
        super().__init__(wording)


@dataclass(frozen=True)
class Wanted:
    """One query of a batch: a *name*, the *kinds* one of which is wanted, and *properties* with their values."""

    name: str
    kinds: frozenset[str]
    limit: int
    properties: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Candidate:
    """A thing that a query may mean, with what speaks for it: *fits* maps a property to 0 … 1."""

    found: Found
    fits: Mapping[str, float]

    @property
    def score(self) -> float:
        """The likeness of the name, with the share that the properties have; a number that fits says it all."""
        if any(self.fits.get(number) == 1 for number in NUMBERS):
            return EXACT
        if not self.fits:
            return self.found.score
        share = 100 * sum(self.fits.values()) / len(self.fits)
        return (1 - SHARE) * self.found.score + SHARE * share if self.found.name else share

    @property
    def certain(self) -> bool:
        """Whether nothing speaks against it: its number fits, or its name is the same and no property differs."""
        agrees = all(fit == 1 for fit in self.fits.values())
        return agrees and (self.found.exact or any(number in self.fits for number in NUMBERS))


@blueprint.url_value_preprocessor
def _language_of_the_path(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    (values or {}).pop("lang", None)


@blueprint.after_request
def _open_to_all(response: Response) -> Response:
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Allow-Methods"] = "GET, HEAD, POST, OPTIONS"
    response.headers["Access-Control-Allow-Headers"] = "Accept, Accept-Language, Content-Type"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@blueprint.route(ADDRESSES[0], methods=["GET", "POST"])
@blueprint.route(ADDRESSES[1], methods=["GET", "POST"])
def service() -> Response:
    """Match a batch of queries, fetch values for a list, or tell what the service can do."""
    if queries := request.values.get("queries"):
        return _json(_matched(_batch(queries)))
    if extension := request.values.get("extend"):
        return _json(_extended(extension))
    if request.method == "POST":
        raise BadBatch(
            "Send a batch of queries as %(queries)s, or what to fetch as %(extend)s.",
            queries="queries",
            extend="extend",
        )
    return _json(_manifest())


@blueprint.get(f"{ADDRESSES[0]}/suggest/<any(entity, type, property):what>")
@blueprint.get(f"{ADDRESSES[1]}/suggest/<any(entity, type, property):what>")
def suggest(what: str) -> Response:
    """Complete the beginning of a name or an identifier; ``cursor`` says how many to pass over."""
    beginning, cursor = request.args.get("prefix", "")[:LONGEST], request.args.get("cursor", "0")
    passed = int(cursor) if cursor.isdecimal() and len(cursor) < 7 else 0
    lookup = _lookup()
    listed: Callable[[Lookup, str, int], list[dict[str, Any]]] = (
        _entities if what == "entity" else partial(_terms, kinds=what == "type")
    )
    return _json({"result": listed(lookup, beginning, passed)})


@blueprint.get(f"{ADDRESSES[0]}/properties")
@blueprint.get(f"{ADDRESSES[1]}/properties")
def properties() -> Response:
    """Propose what can be fetched for the things of a type."""
    lookup, kind, limit = _lookup(), request.args.get("type", ""), request.args.get("limit", "")
    if kind and kind not in lookup.terms.own:
        raise BadBatch("There is no type %(value)s here.", value=kind[:LONGEST])
    found = _properties_of(lookup, kind or "Actor")
    most = int(limit) if limit.isdecimal() and len(limit) < 7 else len(found)
    told = {"type": kind, "properties": found[:most]}
    return _json({**told, "limit": most} if limit.isdecimal() else told)


@blueprint.get(f"{ADDRESSES[0]}/preview")
@blueprint.get(f"{ADDRESSES[1]}/preview")
def preview() -> Response:
    """Show in a few lines what a thing is, inside the page of a client."""
    lookup, given = _lookup(), request.args.get("id", "")
    iri = _iri(given)
    kind, _, slug = given.partition("/")[2].partition("/")
    page = entity_page(lookup, kind, slug) if iri in _shelf().register.called else None
    if page is None:
        abort(404)
    response = make_response(render_template("preview.html", page=page))
    response.headers["Content-Security-Policy"] = FRAMED
    response.headers["Content-Language"] = lookup.language
    return response


@blueprint.errorhandler(BadBatch)
def _bad(error: BadBatch) -> Response:
    limits = {"queries": BATCH, "characters": LONGEST, "properties": MOST_PROPERTIES, "ids": MOST_ENTITIES}
    return problem(
        error.status, "The request is not understood", error.wording, error.values, reason="batch", limits=limits
    )


def _manifest() -> dict[str, Any]:
    lookup, here = _lookup(), f"{request.host_url.rstrip('/')}{request.path.rstrip('/')}"
    edition = publication().edition
    title = edition.manifest.title[lookup.language] if edition else ""
    return {
        "versions": ["0.2"],
        "name": f"Bustadgraf: {title}".rstrip(": "),
        "identifierSpace": lookup.terms.base,
        "schemaSpace": lookup.terms.prefixes["bso"],
        "documentation": f"{request.host_url}{lookup.language}/data",
        "serviceVersion": __version__,
        "defaultTypes": [_kind(lookup, kind) for kind in ("Organisation", "Actor", "Initiative", "Place")],
        "view": {"url": f"{request.host_url}{{{{id}}}}"},
        "preview": {"url": f"{here}/preview?id={{{{id}}}}", "width": 420, "height": 220},
        "suggest": {
            what: {"service_url": here, "service_path": f"/suggest/{what}"} for what in ("entity", "type", "property")
        },
        "extend": {"propose_properties": {"service_url": here, "service_path": "/properties"}, "property_settings": []},
        "batchSize": BATCH,
    }


# --- matching -------------------------------------------------------------------------------------------------------


def _batch(text: str) -> dict[str, Wanted]:
    queries = _parsed(text)
    if len(queries) > BATCH:
        raise BadBatch("A batch has at most %(limit)s queries.", 413, limit=BATCH)
    return {key: _wanted(key, query) for key, query in queries.items()}


def _parsed(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadBatch("This is not JSON.") from error
    if not isinstance(found, dict):
        raise BadBatch("A batch is an object of JSON, with a name for each query.")
    return found


def _wanted(key: str, query: object) -> Wanted:
    if not isinstance(query, dict) or not isinstance(query.get("query", ""), str):
        raise BadBatch("The query %(key)s is not as it should be.", key=key[:LONGEST])
    name, limit = query.get("query", "").strip(), query.get("limit", USUAL_CANDIDATES)
    kinds = query.get("type") or []
    kinds = [kinds] if isinstance(kinds, str | dict) else kinds
    given = query.get("properties") or []
    wrong = not isinstance(kinds, list) or not isinstance(given, list) or not isinstance(limit, int) or limit < 1
    if wrong or len(name) > LONGEST or len(given) > MOST_PROPERTIES or not (name or given):
        raise BadBatch("The query %(key)s is not as it should be.", key=key[:LONGEST])
    return Wanted(
        name=name,
        kinds=frozenset(filter(None, (_local(each) for each in kinds))),
        limit=min(limit, MOST_CANDIDATES),
        properties=tuple(_property(key, each) for each in given),
    )


def _property(key: str, given: object) -> tuple[str, tuple[str, ...]]:
    if not isinstance(given, dict) or not isinstance(given.get("pid"), str):
        raise BadBatch("The query %(key)s is not as it should be.", key=key[:LONGEST])
    values = given.get("v", "")
    values = values if isinstance(values, list) else [values]
    return _local(given["pid"]), tuple(_plain(value)[:LONGEST] for value in values[:MOST_PROPERTIES])


def _plain(value: object) -> str:
    """Return a property value as text; of an entity its IRI, else its name."""
    if isinstance(value, dict):
        return _iri(str(value["id"])) if "id" in value else str(value.get("name", ""))
    return str(value).strip()


def _local(given: object) -> str:
    """Return the local name of a type or property, given as that, as a short name, as an IRI or as an object."""
    name = str(given.get("id", "") if isinstance(given, dict) else given)
    return name.removeprefix(publication().terms.prefixes["bso"]).removeprefix("bso:")


def _matched(batch: Mapping[str, Wanted]) -> dict[str, Any]:
    lookup, shelf = _lookup(), _shelf()
    found = {key: _found(shelf, wanted) for key, wanted in batch.items()}
    asked = {name for wanted in batch.values() for name, _ in wanted.properties if name in lookup.terms.own}
    values = _values(lookup, {each.iri for key in found for each in found[key] if batch[key].properties}, asked)
    ranked = {key: _ranked(shelf, wanted, found[key], values) for key, wanted in batch.items()}
    naming = lookup.names({each.found.iri for candidates in ranked.values() for each in candidates})
    return {key: {"result": _results(lookup, shelf, naming, candidates)} for key, candidates in ranked.items()}


def _found(shelf: "Shelf", wanted: Wanted) -> list[Found]:
    """Find what a query may mean: by name, identifier and number; where it has none of these, all of its kinds."""
    register = shelf.register

    def fits(iri: str) -> bool:
        return not wanted.kinds or bool(wanted.kinds & shelf.kinds_of(iri))

    found = {each.iri: each for each in register.find(wanted.name, 2 * MOST_CANDIDATES, fits)}
    given = [value for name, values in wanted.properties if name in NUMBERS for value in values]
    for iri in {iri for number in given for iri in register.numbered(number)}:
        found.setdefault(iri, Found(iri, "", 0))
    for iri in {_iri(wanted.name), *register.numbered(wanted.name)} & register.called.keys():
        found[iri] = Found(iri, wanted.name, EXACT)
    if not wanted.name and not found:
        return [Found(iri, "", 0) for iri in sorted(register.called) if fits(iri)][:MOST_SIFTED]
    return [each for each in found.values() if fits(each.iri)]


def _ranked(shelf: "Shelf", wanted: Wanted, found: Iterable[Found], values: "Values") -> list[Candidate]:
    """Order what was found by its score; what has no name that fits must have a property that does."""
    candidates = [Candidate(each, _fits(shelf, wanted, values.get(each.iri, {}))) for each in found]
    likely = [each for each in candidates if each.found.name or any(each.fits.values())]
    return sorted(likely, key=lambda each: (-each.score, each.found.iri))[: wanted.limit]


def _fits(shelf: "Shelf", wanted: Wanted, values: Mapping[str, Sequence[Cell]]) -> dict[str, float]:
    """Compare what a query says of a thing; where the data say nothing of it, nothing speaks for or against."""
    return {
        name: max(_fit(shelf, text, cell) for text in given for cell in values[name])
        for name, given in wanted.properties
        if given and values.get(name)
    }


def _fit(shelf: "Shelf", given: str, cell: Cell) -> float:
    names = shelf.register.called.get(cell.value, (cell.value,)) if cell.kind == "iri" else (cell.value,)
    if given == cell.value or "".join(given.split()) == cell.value or any(alike(given, name) for name in names):
        return 1
    best = max(likeness(given.casefold(), name.casefold()) for name in names)
    return best / 100 if best >= CLOSE and not given[:1].isdigit() else 0


def _results(
    lookup: Lookup, shelf: "Shelf", naming: Mapping[str, Name], candidates: Sequence[Candidate]
) -> list[dict[str, Any]]:
    certain = [each for each in candidates if each.certain]
    return [
        {
            **_entity(lookup, shelf, naming, each.found),
            "type": [_kind(lookup, kind) for kind in shelf.narrowest(each.found.iri)],
            "score": round(each.score, 1),
            "match": certain == [each],
            "features": [
                {"id": "name", "value": round(each.found.score, 1)},
                *({"id": name, "value": round(100 * fit, 1)} for name, fit in each.fits.items()),
            ],
        }
        for each in candidates
    ]


# --- fetching values --------------------------------------------------------------------------------------------------


def _extended(text: str) -> dict[str, Any]:
    """Answer a data extension query: for each thing the values of each property."""
    asked, lookup = _parsed(text), _lookup()
    ids, wanted = asked.get("ids", []), asked.get("properties", [])
    if not _is_list(ids, str) or not _is_list(wanted, dict):
        raise BadBatch(
            "Say which things as %(ids)s and which properties as %(properties)s.", ids="ids", properties="properties"
        )
    if len(ids) > MOST_ENTITIES or len(wanted) > MOST_PROPERTIES:
        text = "At most %(things)s things and %(properties)s properties can be fetched at a time."
        raise BadBatch(text, 413, things=MOST_ENTITIES, properties=MOST_PROPERTIES)
    names = [_local(each) for each in wanted]
    if unknown := next((name for name in names if name not in lookup.terms.own), None):
        raise BadBatch("There is no property %(value)s here.", value=unknown[:LONGEST])
    iris = {given: _iri(given) for given in ids}
    values = _values(lookup, set(iris.values()) & _shelf().register.called.keys(), names)
    cells = [cell for of in values.values() for each in of.values() for cell in each]
    naming = lookup.names({cell.value for cell in cells if cell.kind == "iri"})
    rows = {
        given: {name: _shown(lookup, naming, values.get(iri, {}).get(name, ())) for name in names}
        for given, iri in iris.items()
    }
    return {"meta": [{"id": name, "name": lookup.term(name).text} for name in names], "rows": rows}


def _is_list(given: object, of: type) -> bool:
    return isinstance(given, list) and all(isinstance(each, of) for each in given)


Values = Mapping[str, Mapping[str, Sequence[Cell]]]


def _values(lookup: Lookup, iris: Iterable[str], names: Iterable[str]) -> Values:
    """Fetch the values of the properties *names* of all *iris* with one query: IRI → name → values."""
    found: dict[str, dict[str, list[Cell]]] = {}
    things, keys = sorted(iris), sorted(map(lookup.own, names))
    for row in lookup.rows("values-of", this=things, key=keys) if things and keys else ():
        found.setdefault(row["this"].value, {}).setdefault(lookup.local(row["key"].value), []).append(row["value"])
    return found


def _shown(lookup: Lookup, naming: Mapping[str, Name], cells: Sequence[Cell]) -> list[dict[str, Any]]:
    """Write values as the API wants them; of words in several languages those of the reader."""
    words: dict[str, list[str]] = {}
    for cell in cells:
        if cell.lang:
            words.setdefault(cell.lang, []).append(cell.value)
    best = best_label({tag: tag for tag in words}, lookup.language)
    told: list[dict[str, Any]] = [{"str": each} for each in words.get(best[1] if best else "", ())]
    return told + [_value(lookup, naming, cell) for cell in cells if not cell.lang]


def _value(lookup: Lookup, naming: Mapping[str, Name], cell: Cell) -> dict[str, Any]:
    if cell.kind == "iri" and cell.value.startswith(lookup.terms.base):
        return {"id": cell.value.removeprefix(lookup.terms.base), "name": naming[cell.value].text}
    kind = (cell.datatype or "").rpartition("#")[2]
    if kind == "integer" and cell.value.lstrip("-").isdecimal():
        return {"int": int(cell.value)}
    if kind == "date":
        try:
            return {"date": f"{date.fromisoformat(cell.value)}T00:00:00Z"}
        except ValueError:
            return {"str": cell.value}
    return {"str": cell.value}


# --- suggestions ------------------------------------------------------------------------------------------------------


def _entities(lookup: Lookup, beginning: str, passed: int) -> list[dict[str, Any]]:
    shelf = _shelf()
    found = shelf.register.starting(beginning)
    if (iri := _iri(beginning)) in shelf.register.called:
        found.insert(0, Found(iri, beginning, EXACT))
    shown = found[passed : passed + MOST_LISTED]
    naming = lookup.names(each.iri for each in shown)
    return [
        {
            **_entity(lookup, shelf, naming, each),
            "notable": [_kind(lookup, kind) for kind in shelf.narrowest(each.iri)],
        }
        for each in shown
    ]


def _terms(lookup: Lookup, beginning: str, passed: int, *, kinds: bool) -> list[dict[str, Any]]:
    """Complete the name of a type that things are of, or of a property that they have."""
    known = sorted(_shelf().kinds) if kinds else [each["id"] for each in _properties_of(lookup, "")]
    own = lookup.terms.own
    begun = _local(beginning.strip()).casefold()

    def begins(name: str) -> bool:
        return any(word.casefold().startswith(begun) for word in (name, *own[name].label.values()))

    ordered = sorted(filter(begins, known), key=lambda name: sort_key(own[name].label[lookup.language]))
    return [
        {**_kind(lookup, name), "description": own[name].definition[lookup.language]}
        for name in ordered[passed : passed + MOST_LISTED]
    ]


def _properties_of(lookup: Lookup, kind: str) -> list[dict[str, str]]:
    """List the properties that the things of a kind have, of all things with a name where none is given."""
    shelf = _shelf()
    if kind not in shelf.properties:
        classes = [lookup.own(each) for each in ([kind] if kind else sorted(shelf.broadest))]
        rows = lookup.rows("properties-of-kind", kind=classes) if classes else []
        names = (lookup.local(row["key"].value) for row in rows)
        shelf.properties[kind] = tuple(name for name in names if name in lookup.terms.own)
    named = [{"id": name, "name": lookup.term(name).text} for name in shelf.properties[kind]]
    return sorted(named, key=lambda each: sort_key(each["name"]))


# --- what is known ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shelf:
    """What is read once for each version: the register, the classes *above* each class, who has which property."""

    register: Register
    stem: str
    above: Mapping[str, frozenset[str]]
    properties: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def kinds_of(self, iri: str) -> frozenset[str]:
        """Return the local names of the classes of a thing."""
        return frozenset(kind.removeprefix(self.stem) for kind in self.register.kinds.get(iri, ()))

    def narrowest(self, iri: str) -> list[str]:
        """Return its classes without those above them."""
        kinds = self.kinds_of(iri)
        return sorted(kinds - frozenset().union(*(self.above.get(kind, frozenset()) for kind in kinds)))

    @cached_property
    def kinds(self) -> frozenset[str]:
        """Every class that a thing with a name is of."""
        return frozenset().union(*map(self.kinds_of, self.register.kinds))

    @property
    def broadest(self) -> frozenset[str]:
        """Those classes that lie under none of the others."""
        return frozenset(kind for kind in self.kinds if not self.above.get(kind, frozenset()) & self.kinds)


def _shelf() -> Shelf:
    held = publication()
    if SHELF not in held.kept:
        lookup, stem = _lookup(), held.terms.prefixes["bso"]
        register = Register.load(lexicon(), held.engine, held.catalogue or abort(404), held.terms)
        above = {
            kind.removeprefix(stem): frozenset(wider.removeprefix(stem) for wider in wide)
            for kind, wide in superclasses(lookup).items()
        }
        held.kept[SHELF] = Shelf(register, stem, above)
    known: Shelf = held.kept[SHELF]
    return known


def _lookup() -> Lookup:
    held = publication()
    if held.catalogue is None:
        abort(404)
    return Lookup(held.engine, held.terms, as_language(request.path.split("/")[1]) or asked_language())


def _iri(given: str) -> str:
    """Return the IRI of an identifier of ours, of a short name, or the IRI itself; nothing for what is none."""
    terms = publication().terms
    prefix, colon, local = given.partition(":")
    if colon and prefix in terms.prefixes and SAFE.fullmatch(local):
        return terms.prefixes[prefix] + local
    path = given.removeprefix(terms.base)
    return terms.base + path if SAFE.fullmatch(path) else ""


def _entity(lookup: Lookup, shelf: Shelf, naming: Mapping[str, Name], found: Found) -> dict[str, Any]:
    """Write a thing with its name, and in the description what it is and by which other name it was found."""
    name = naming[found.iri].text
    kinds = [lookup.term(kind).text for kind in shelf.narrowest(found.iri) if kind in lookup.terms.own]
    told = [lookup.speech.listed(kinds)]
    told += [f"«{found.name}»"] if found.name in shelf.register.called[found.iri] and found.name != name else []
    return {
        "id": found.iri.removeprefix(lookup.terms.base),
        "name": name,
        "description": " · ".join(filter(None, told)),
    }


def _kind(lookup: Lookup, name: str) -> dict[str, str]:
    return {"id": name, "name": lookup.term(name).text}


def _json(content: object) -> Response:
    response = make_response(json.dumps(content, ensure_ascii=False, indent=1) + "\n")
    response.mimetype = "application/json"
    response.headers["Cache-Control"] = "no-cache"
    return varies(response, "Accept-Language")
