"""The page of one thing: what it is, what sources say of it, who thinks what about it, and what is not known."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kg.engine import Cell
from web.language import sort_key
from web.views.lookup import Lookup, Name, Naming, Solutions, iri_of, page_of, why_href
from web.views.moments import Moment, as_of
from web.views.statements import (
    FACTUAL,
    RDF,
    SKOS,
    Proof,
    SourceInfo,
    Statement,
    Statements,
    foreign,
    in_context,
    original,
    records,
    source_infos,
    statements,
)

# Segment of the address → the class of what has its page there, and the word for several of them.
SEGMENTS: Mapping[str, tuple[str, str]] = {
    "actor": ("Actor", "Actors"),
    "initiative": ("Initiative", "Initiatives"),
    "place": ("Place", "Places"),
    "issue": ("Issue", "Issues"),
    "instrument": ("FrameworkCondition", "Instruments and conditions"),
    "award": ("FundingAward", "Awards"),
    "change": ("FrameworkChange", "Changes"),
    "project": ("ResearchProject", "Research projects"),
    "source": ("Source", "Sources"),
    "statement": ("Statement", "Statements"),
    "passage": ("Passage", "Passages"),
    "target-group": ("TargetGroup", "Target groups"),
    "task": ("Task", "Tasks"),
    "help": ("HelpType", "Types of help"),
    "role": ("Role", "Roles"),
    "voluntariness": ("VoluntarinessForm", "Forms of volunteering"),
    "value": ("Value", "Values"),
    "effect": ("Effect", "Effects"),
    "evaluation": ("EvaluationStatus", "Evaluations"),
    "ethos": ("ClassificationCode", "Classifications"),
    "icnpo": ("ClassificationCode", "Classifications"),
    "code": ("Code", "Codes"),
    "coder": ("Coder", "Coders"),
    "coding": ("Coding", "Codings"),
}

# What is recorded as identity and said by no source; what a source says stands among the statements.
LITERAL_FACTS = ("organisationNumber", "year", "periodStart", "periodEnd", "validFrom", "validTo")

# Properties that only rules write: shown as derived, with the definition that says how.
DERIVED = ("serves", "offeredWithin", "supersededBy")


@dataclass(frozen=True)
class Asked:
    """What a reader asks of a thing: the question, and the facts that would answer it.

    *name* stands in addresses; *of* is the class that the question makes sense for, ``None``: for all of the kind.
    """

    name: str
    words: str
    keys: tuple[str, ...]
    of: str | None = None


WORK = ("provides", "performsTask", "playsRole", "offersHelp", "administers")
ASKED: Mapping[str, tuple[Asked, ...]] = {
    "initiative": (
        Asked("organiser", "Who is behind it", ("providedBy",)),
        Asked("payer", "Who pays for it", ("fundedBy", "fundedUnder")),
        Asked("place", "Where it is offered", ("offeredIn",)),
        Asked("group", "Who it is for", ("targets",)),
        Asked("help", "What exactly it does", ("offersHelp", "performsTask", "mediatesFor")),
        Asked("start", "When it began", ("periodStart",)),
        Asked("evaluation", "How it has been evaluated", ("evaluationStatus",)),
    ),
    "actor": (
        Asked("initiatives", "Which initiatives it is behind", ("provides",)),
        Asked("work", "What it does in the field", WORK),
        Asked("voice", "What it thinks itself", ("holder",)),
    ),
    "instrument": (
        Asked("keeper", "Who administers or owns it", ("administeredBy", "ownedBy")),
        Asked("users", "Who can use it, and whom it binds", ("availableTo", "intendedFor", "obliges")),
        Asked("validity", "From when and how long it applies", ("validFrom", "validTo")),
        Asked("amount", "How much money there is", ("amount",), "FundingInstrument"),
        Asked("money", "Where the money comes from", ("paidBy",), "FundingInstrument"),
    ),
    "award": (
        Asked("giver", "Who gave it", ("awardedBy",)),
        Asked("receiver", "Who got it", ("awardedTo",)),
        Asked("amount", "How much money it is", ("amount",)),
    ),
}

# A question that is answered by the opposite property of another thing, too.
INVERSES: Mapping[str, str] = {"provides": "providedBy", "administers": "administeredBy"}
UPWARDS = ("within", "subgroupOf", "concerns")


@dataclass(frozen=True)
class Claim:
    """One value under a property with the statements that say so; *why* where only a rule does: the page that tells."""

    value: Name
    statements: tuple[Statement, ...]
    why: str | None = None


@dataclass(frozen=True)
class Property:
    """A property of the thing with its values."""

    name: Name
    claims: tuple[Claim, ...]


@dataclass(frozen=True)
class Identity:
    """A line of the fact box: recorded as identity, not said by a source."""

    name: Name
    values: tuple[Name, ...]


@dataclass(frozen=True)
class Unknown:
    """What the sources that were coded whole do not say."""

    questions: tuple[str, ...]
    sources: tuple[Name, ...]
    coded: bool


@dataclass(frozen=True)
class Behind:
    """A source that this stands behind: in which capacity, and the number of the passage or address that shows it."""

    role: Name
    source: Name
    number: int


@dataclass(frozen=True)
class EntityPage:
    """Everything the page of one thing shows."""

    iri: str
    segment: str
    slug: str
    name: Name
    kind_name: str | None
    kinds_name: str | None
    types: tuple[Name, ...]
    others: Identity | None
    definition: Name | None
    notes: tuple[tuple[str, Name], ...]
    identity: tuple[Identity, ...]
    said: tuple[Property, ...]
    said_elsewhere: tuple[Statement, ...]
    behind: tuple[Behind, ...]
    reserved: tuple[Statement, ...]
    own_views: tuple[Statement, ...]
    other_views: tuple[Statement, ...]
    statements: Statements
    proofs: tuple[Proof, ...]
    unknown: Unknown | None
    moment: Moment


@dataclass(frozen=True)
class _Known:
    """What three queries brought, before it is arranged."""

    iri: str
    own: Solutions
    neighbours: Solutions
    dated: Solutions
    statements: Statements
    naming: Naming
    moment: Moment


def entity_page(lookup: Lookup, segment: str, slug: str) -> EntityPage | None:
    """Build the page of ``/{lang}/SEGMENT/SLUG``; ``None`` where the graph has nothing under that name."""
    iri = iri_of(segment, slug, lookup.terms)
    if iri is None:
        return None
    own = lookup.rows("entity", this=[iri])
    neighbours = lookup.rows("entity-neighbours", this=[iri])
    found, moment = as_of(lookup, records(lookup, lookup.rows("statements-about", this=[iri])))
    if not own and not found and not moment.left_out:
        return None
    dated = lookup.rows("dated-names", this=[iri])
    also = {cell.value for row in (*own, *neighbours, *dated) for cell in row.values() if cell.kind == "iri"} | {iri}
    inverses = _inverses(lookup)
    made, naming = statements(lookup, found, also | {*inverses, *inverses.values()})
    return _arranged(lookup, segment, slug, _Known(iri, own, neighbours, dated, made, naming, moment), inverses)


def _arranged(lookup: Lookup, segment: str, slug: str, known: _Known, inverses: Mapping[str, str]) -> EntityPage:
    facts = [each for each in known.statements.facts if each.kind == "Fact"]
    views = known.statements.views
    held = tuple(view for view in views if _holds(view, known.iri))
    behind, shown_by = _behind(lookup, known)
    kind, kinds = SEGMENTS.get(segment, (None, None))
    return EntityPage(
        iri=known.iri,
        segment=segment,
        slug=slug,
        name=_name(lookup, known),
        kind_name=lookup.term(kind).text if kind else None,
        kinds_name=lookup.speech.say(kinds) if kinds else None,
        types=_types(lookup, known, kind),
        others=_others(lookup, known),
        definition=lookup.named(_texts(known.own, f"{SKOS}definition")),
        notes=_notes(lookup, known),
        identity=_identity(lookup, known),
        said=(*_said(lookup, facts, known, inverses), *_derived(lookup, known)),
        said_elsewhere=_said_elsewhere(facts, known, inverses),
        behind=behind,
        reserved=tuple(each for each in known.statements.facts if each.kind != "Fact"),
        own_views=held,
        other_views=tuple(view for view in views if view not in held),
        statements=known.statements,
        proofs=(*known.statements.proofs, *shown_by),
        unknown=_unknown(lookup, segment, known),
        moment=known.moment,
    )


def _name(lookup: Lookup, known: _Known) -> Name:
    """Return how the thing is called; a dated name is called what it is."""
    own = next((row["value"] for row in known.dated if "whole" in row), None)
    return Name(own.value, foreign(own.lang, lookup), None, known.iri) if own else known.naming[known.iri]


def _holds(view: Statement, iri: str) -> bool:
    return any(name.iri == iri for key in ("holder", "party") for name in view.links.get(key, ()))


def _values(rows: Iterable[Mapping[str, Cell]], key: str) -> list[Cell]:
    return [row["value"] for row in rows if row["key"].value == key]


def _texts(rows: Solutions, key: str) -> dict[str, str]:
    return {cell.lang or "": cell.value for cell in _values(rows, key)}


def _types(lookup: Lookup, known: _Known, kind: str | None) -> tuple[Name, ...]:
    """Name the kinds that were declared or coded; what follows from them, and the kind of page, is left out."""
    ours = lookup.terms.prefixes["bso"]
    inferred = f"{lookup.terms.base}graph/inferred"
    kinds = {
        row["value"].value
        for row in known.own
        if row["key"].value == f"{RDF}type" and row["value"].value.startswith(ours) and row["graph"].value != inferred
    }
    shown = kinds - {lookup.own(kind)} if kind else kinds
    return _in_order(known.naming[iri] for iri in shown)


def _others(lookup: Lookup, known: _Known) -> Identity | None:
    """Return other names, each once; what is called the same in every language shows its foreign names too."""
    proper = len({cell.value for cell in _values(known.own, f"{SKOS}prefLabel")}) < 2
    found: dict[str, Name] = {}
    for cell in _values(known.own, f"{SKOS}altLabel"):
        mine = cell.lang in ("", None, lookup.language)
        if cell.value != known.naming[known.iri].text and (mine or (proper and cell.value not in found)):
            found[cell.value] = Name(cell.value, None if mine else cell.lang)
    words = lookup.speech.say("Other names") if proper else lookup.speech.say("Other words for it")
    return Identity(Name(words), tuple(found.values())) if found else None


def _notes(lookup: Lookup, known: _Known) -> tuple[tuple[str, Name], ...]:
    say = lookup.speech.say
    labels = {"scopeNote": say("When to use it"), "example": say("Example"), "note": say("Coder's note")}
    found = ((label, lookup.named(_texts(known.own, f"{SKOS}{key}"))) for key, label in labels.items())
    return tuple((label, note) for label, note in found if note)


def _identity(lookup: Lookup, known: _Known) -> tuple[Identity, ...]:
    lines = [Identity(lookup.term(key), _named(known, key, lookup)) for key in UPWARDS]
    said = {each.predicate.iri for each in known.statements.facts if each.predicate}
    lines += [
        Identity(lookup.term(key), tuple(Name(lookup.speech.day(cell.value)) for cell in _values(known.own, iri)))
        for key in LITERAL_FACTS
        if (iri := lookup.own(key)) not in said
    ]
    lines += _versions(lookup, known)
    say = lookup.speech.say
    broader = tuple(known.naming[cell.value] for cell in _values(known.own, f"{SKOS}broader"))
    same = tuple(known.naming[cell.value] for cell in _values(known.own, f"{SKOS}exactMatch"))
    lines += [Identity(Name(say("Broader concept")), broader), Identity(Name(say("Same as")), same)]
    labels = {
        lookup.own("within"): say("Places within it"),
        lookup.own("subgroupOf"): say("Subgroups"),
        lookup.own("concerns"): say("Issues that concern it"),
        f"{SKOS}broader": say("Narrower concepts"),
    }
    for key, label in labels.items():
        near = _in_order(known.naming[row["other"].value] for row in known.neighbours if row["key"].value == key)
        lines.append(Identity(Name(label), near))
    return tuple(line for line in lines if line.values)


def _versions(lookup: Lookup, known: _Known) -> list[Identity]:
    """Return what a dated name or number belongs to; of a thing, its dated names and numbers."""
    say = lookup.speech.say
    wholes = tuple(known.naming[row["whole"].value] for row in known.dated if "whole" in row)
    dated = tuple(_dated(lookup, row) for row in known.dated if "whole" not in row)
    return [
        Identity(Name(say("A name or number of")), wholes),
        Identity(Name(say("Names and numbers in their time")), dated),
    ]


def _dated(lookup: Lookup, row: Mapping[str, Cell]) -> Name:
    first, last = (lookup.speech.day(row[key].value) if key in row else "" for key in ("from", "to"))
    when = f" ({first}\u2013{last})" if first or last else ""
    href = page_of(row["version"].value, lookup.terms, lookup.language)
    return Name(row["value"].value + when, foreign(row["value"].lang, lookup), href, row["version"].value)


def _named(known: _Known, key: str, lookup: Lookup) -> tuple[Name, ...]:
    values = {cell.value for cell in _values(known.own, lookup.own(key)) if cell.kind == "iri"}
    return _in_order(known.naming[iri] for iri in values)


def _in_order(names: Iterable[Name]) -> tuple[Name, ...]:
    return tuple(sorted(names, key=lambda name: sort_key(name.text)))


def _said(
    lookup: Lookup, facts: Iterable[Statement], known: _Known, inverses: Mapping[str, str]
) -> tuple[Property, ...]:
    """Return what is said of this thing, also where it is the object and the property has an inverse."""
    rows = []
    for each in facts:
        if each.subject and each.predicate and each.object:
            inverse = inverses.get(each.predicate.iri or "")
            if each.subject.iri == known.iri:
                rows.append((each.predicate, each.object, each))
            elif each.object.iri == known.iri and inverse:
                rows.append((known.naming[inverse], each.subject, each))
    order = [lookup.own(local) for local in lookup.terms.own]
    return _grouped(sorted(rows, key=lambda row: order.index(row[0].iri) if row[0].iri in order else -1))


def _said_elsewhere(facts: Iterable[Statement], known: _Known, inverses: Mapping[str, str]) -> tuple[Statement, ...]:
    """Return facts about other things that lead to this one and cannot be read backwards."""
    return tuple(
        each
        for each in facts
        if each.object and each.object.iri == known.iri and each.subject and each.subject.iri != known.iri
        if each.predicate and each.predicate.iri not in inverses
    )


def _behind(lookup: Lookup, known: _Known) -> tuple[tuple[Behind, ...], tuple[Proof, ...]]:
    """Return the sources that this stands behind and no statement says so, with what shows it, numbered onwards."""
    said = {
        (each.subject.iri, each.predicate.iri) for each in known.statements.facts if each.subject and each.predicate
    }
    rows: dict[tuple[str, str], dict[str, Cell]] = {}
    for row in lookup.rows("behind-sources", this=[known.iri]):
        if (key := (row["source"].value, row["property"].value)) not in said:
            rows.setdefault(key, row)
    infos = source_infos(lookup, {source for source, _ in rows}) if rows else {}
    behind, proofs = [], dict[str, Proof]()
    for (source, role), row in rows.items():
        proof = _front_matter(lookup, infos[source], row, len(known.statements.proofs) + len(proofs) + 1)
        proof = proofs.setdefault(proof.href or source, proof)
        behind.append(Behind(lookup.term(lookup.local(role)), infos[source].name, proof.number))
    return tuple(behind), tuple(proofs.values())


def _front_matter(lookup: Lookup, info: SourceInfo, row: Mapping[str, Cell], number: int) -> Proof:
    passage = row["passage"].value if "text" in row else None
    text = row["text"].value if "text" in row else None
    return Proof(
        number=number,
        text=text,
        lang=foreign(info.lang, lookup),
        verbatim=not info.digest,
        locator=row["locator"].value if "locator" in row else info.url,
        source=info.name,
        href=page_of(passage, lookup.terms, lookup.language) if passage else None,
        context=in_context(info.name.href, passage),
        original=info.url if info.digest else original(info.url, text),
        as_of=info.year,
    )


def _grouped(rows: Iterable[tuple[Name, Name, Statement]]) -> tuple[Property, ...]:
    grouped: dict[Name, dict[Name, list[Statement]]] = {}
    for predicate, value, statement in rows:
        grouped.setdefault(predicate, {}).setdefault(value, []).append(statement)
    return tuple(
        Property(name, tuple(Claim(value, tuple(said)) for value, said in values.items()))
        for name, values in grouped.items()
    )


def _derived(lookup: Lookup, known: _Known) -> tuple[Property, ...]:
    derived = []
    for key in DERIVED:
        values = _in_order(known.naming[iri] for iri in {cell.value for cell in _values(known.own, lookup.own(key))})
        told = (Claim(name, (), why_href(lookup, (known.iri, lookup.own(key), name.iri or ""))) for name in values)
        if values:
            derived.append(Property(lookup.term(key), tuple(told)))
    return tuple(derived)


def _inverses(lookup: Lookup) -> dict[str, str]:
    found: dict[str, str] = {}
    for row in lookup.rows("subclasses"):
        if row["key"].value.endswith("#inverseOf"):
            found[row["one"].value] = row["other"].value
            found.setdefault(row["other"].value, row["one"].value)
    return found


def _unknown(lookup: Lookup, segment: str, known: _Known) -> Unknown | None:
    """List what a reader would ask and the sources coded whole do not say; people are not asked about."""
    asked = asked_of(lookup, segment, (cell.value for cell in _values(known.own, f"{RDF}type")))
    if not asked:
        return None
    complete = [info for info in known.statements.sources.values() if info.complete]
    if not complete:
        return Unknown((), (), False)
    open_ = [lookup.speech.say(each.words) for each in asked if not _answered(lookup, known, each.keys)]
    return Unknown(tuple(open_), tuple(_source_names(complete)), True)


def asked_of(lookup: Lookup, segment: str, classes: Iterable[str]) -> tuple[Asked, ...]:
    """Return what one asks of a thing with these classes; people are not asked about."""
    found = {lookup.local(kind) for kind in classes}
    if "Person" in found:
        return ()
    return tuple(asked for asked in ASKED.get(segment, ()) if asked.of is None or asked.of in found)


def _source_names(infos: Iterable[SourceInfo]) -> list[Name]:
    return list(_in_order(info.name for info in infos))


def _answered(lookup: Lookup, known: _Known, keys: Iterable[str]) -> bool:
    """Say whether anything, even a denial or a possibility, was said by one of *keys*, either way round."""
    for key in keys:
        if key == "holder" and any(_holds(view, known.iri) for view in known.statements.views):
            return True
        for each in known.statements.all:
            if each.kind not in FACTUAL or not each.predicate:
                continue
            if each.subject and each.subject.iri == known.iri and each.predicate.iri == lookup.own(key):
                return True
            if each.object and each.object.iri == known.iri and each.predicate.iri == lookup.own(INVERSES.get(key, "")):
                return True
    return False
