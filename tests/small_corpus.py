"""A small invented corpus, made by hand: one open report, one open and one restricted interview."""

from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path

from kg.model import (
    Block,
    Coder,
    Corpus,
    Document,
    Entity,
    Iri,
    LangText,
    LiteralTerm,
    Passage,
    Source,
    Speaker,
    Statement,
    Term,
)
from kg.terms import DEFAULT_BASE

CODED = date(2026, 11, 24)
REPORT = """Fyrlykta er eit tiltak i Fjordvik.

Fjordvik kommune driv Fyrlykta, som er for flyktningar. Fyrlykta liknar Naustet.

Tilskotet vart i 2013 gjort om til rammetilskot. Naustet kan finnast i Storevik, men er ikkje for barnefamiliar.

Ideelle aktørar er meir kritiske til anbod enn offentlege aktørar. Ideelle aktørar er negative til anbod."""
OPEN_TALK = "Informant 1: Eg er for det meste positiv til anbod, om dei blir ryddige."
CLOSED_TALK = """Informant 7: Me fekk nykelen til den gule låven attmed ferjekaia i romjula.

Informant 7: Ring 912 34 567 eller skriv til torbjorg.hemmeleg@example.org, seier ho frå Nøttelitunet."""


def entity(iri: str, label: str, *types: str, **more: object) -> Entity:
    return Entity(iri, types, {"nn": label, "nb": label, "en": label}, **more)  # type: ignore[arg-type]


ENTITIES = (
    entity("initiative:fyrlykta", "Fyrlykta", "Initiative", alt=(LangText("Fyret", "nn"),)),
    entity("initiative:naustet", "Naustet", "Initiative"),
    entity("actor:fjordvik-kommune", "Fjordvik kommune", "Municipality"),
    entity("actor:ada-vik", "Ada Vik", "Person"),
    entity("actor:bo-li", "Bo Li", "Person"),
    entity("actor:idealist-actors", "ideelle aktørar", "ActorGroup"),
    entity("actor:small-idealist-actors", "små ideelle aktørar", "ActorGroup", subgroup_of="actor:idealist-actors"),
    entity("actor:public-actors", "offentlege aktørar", "ActorGroup"),
    entity("actor:informant-1", "Informant 1", "Informant"),
    entity("actor:informant-7", "Informant 7", "Informant"),
    entity(
        "actor:nottelitunet",
        "Nøttelitunet",
        "NonProfitOrganisation",
        note="Drive av systrene på den blå garden i dalen.",
    ),
    entity("place:fjordvik", "Fjordvik", "Place", within="place:vestfylket"),
    entity("place:vestfylket", "Vestfylket", "Place", within="place:landet"),
    entity("place:landet", "Landet", "Place"),
    entity("place:storevik", "Storevik", "Place"),
    entity("instrument:tilskot", "tilskotet", "GrantScheme"),
    entity("instrument:rammetilskot", "rammetilskotet", "GeneralTransfer"),
    entity("change:tilskot", "omgjeringa av tilskotet", "FrameworkChange"),
    entity("issue:tendering", "anbod", "Issue"),
    entity("issue:barn", "den gule låven", "Issue"),
    entity("place:never-used", "Ubrukt stad", "Place"),
)


def passage(source: str, text: str, quote: str, locator: str = "avsnitt 1") -> Passage:
    start = text.index(quote)
    end = start + len(quote)
    return Passage(source, start, end, quote, text[max(0, start - 20) : start], text[end : end + 20], locator)


def statement(source: str, text: str, id: str, quote: str, kind: str = "Fact", **more: object) -> Statement:
    author = {"report": ("actor:ada-vik", "actor:bo-li"), "open-talk": ("actor:informant-1",)}
    given: dict[str, object] = {
        "basis": "stated",
        "modality": "actual",
        "asserted_by": author.get(source, ("actor:informant-7",)),
        "as_of": 2016,
        **more,
    }
    return Statement(
        id=id,
        source=source,
        coder="first-reading" if source != "closed-talk" else "night-reading",
        kind=kind,
        passage=passage(source, text, quote),
        coded=CODED,
        line=1,
        file=f"sources/{source}/first-reading.coding.yaml",
        **given,  # type: ignore[arg-type]
    )


def fact(id: str, quote: str, s: str, p: str, o: str | Term, **more: object) -> Statement:
    term = Iri(o) if isinstance(o, str) else o
    return statement("report", REPORT, id, quote, subject=s, predicate=p, object=term, **more)


def view(id: str, quote: str, kind: str, values: dict[str, tuple[Term, ...]], **more: object) -> Statement:
    about: dict[str, tuple[Term, ...]] = {"about": (Iri("issue:tendering"),)}
    return statement("report", REPORT, id, quote, kind, values=about | values, **more)


PROVIDES = fact(
    "provides", "Fjordvik kommune driv Fyrlykta", "initiative:fyrlykta", "providedBy", "actor:fjordvik-kommune"
)
TARGETS = fact("targets", "som er for flyktningar", "initiative:fyrlykta", "targets", "group:refugees")
PLACE = fact(
    "place",
    "Fyrlykta er eit tiltak i Fjordvik.",
    "initiative:fyrlykta",
    "offeredIn",
    "place:fjordvik",
    basis="interpreted",
    because=(LangText("«Tiltak i» blir lese som at det finst der.", "nn"),),
)
STATEMENTS = (
    PROVIDES,
    TARGETS,
    PLACE,
    fact("similar", "Fyrlykta liknar Naustet.", "initiative:fyrlykta", "similarTo", "initiative:naustet"),
    fact("from", "Tilskotet vart i 2013 gjort om", "change:tilskot", "changesFrom", "instrument:tilskot"),
    fact("to", "gjort om til rammetilskot", "change:tilskot", "changesTo", "instrument:rammetilskot"),
    fact(
        "when",
        "i 2013",
        "change:tilskot",
        "periodStart",
        LiteralTerm("2013"),
    ),
    fact(
        "maybe",
        "Naustet kan finnast i Storevik",
        "initiative:naustet",
        "offeredIn",
        "place:storevik",
        modality="potential",
    ),
    fact(
        "not-for",
        "men er ikkje for barnefamiliar",
        "initiative:naustet",
        "targets",
        "group:disadvantaged-families",
        negated=True,
    ),
    fact(
        "kind",
        "Fyrlykta er eit tiltak",
        "initiative:fyrlykta",
        "type",
        "SocialEnterprise",
        basis="of-type",
        because=(LangText("x", ""),),
    ),
    view(
        "more-critical",
        "Ideelle aktørar er meir kritiske til anbod enn offentlege aktørar.",
        "Comparison",
        {
            "higherParty": (Iri("actor:idealist-actors"),),
            "lowerParty": (Iri("actor:public-actors"),),
            "dimension": (Iri("code:criticism"),),
            "verb": (LiteralTerm("er meir kritiske til", "nn"),),
        },
    ),
    view(
        "negative",
        "Ideelle aktørar er negative til anbod.",
        "Stance",
        {
            "holder": (Iri("actor:idealist-actors"),),
            "polarity": (Iri("code:negative"),),
            "verb": (LiteralTerm("er negative til", "nn"),),
        },
    ),
)
CANDIDATE = replace(TARGETS, id="guess", status="candidate", object=Iri("group:homeless-people"))
WITHDRAWN = replace(TARGETS, id="gone", status="withdrawn", object=Iri("group:weak-groups"))


def document(id: str, text: str) -> Document:
    blocks, start = [], 0
    for paragraph in text.split("\n\n"):
        blocks.append(Block("para", start, start + len(paragraph)))
        start += len(paragraph) + 2
    return Document(
        id, "text/plain", sha256(text.encode()).hexdigest(), "nn", text, tuple(blocks), warnings=("Gjetta.",)
    )


OPEN = Source(
    id="report",
    kind="document",
    title=LangText("Om å bu i Fjordvik", "nn"),
    access="open",
    authors=("actor:ada-vik", "actor:bo-li"),
    lang="nn",
    issued=2016,
    url="https://example.org/report",
    licence="https://creativecommons.org/licenses/by/4.0/",
    coded="complete",
    document=document("report", REPORT),
    coders=(Coder("first-reading", "Fyrste lesing", "0.1.0", CODED),),
    statements=(*STATEMENTS, CANDIDATE, WITHDRAWN),
    metadata_passages={
        "author": passage("report", REPORT, "Fyrlykta er eit tiltak i Fjordvik."),
        "title": passage("report", REPORT, "Fjordvik"),
    },
)
TALK = Source(
    id="open-talk",
    kind="interview",
    title=LangText("Intervju 1", "nn"),
    access="open",
    approval="sikt-123",
    lang="nn",
    issued=date(2016, 5, 1),
    coded="complete",
    speakers=(Speaker("Informant 1", "actor:informant-1"),),
    document=document("open-talk", OPEN_TALK),
    coders=(Coder("first-reading", "Fyrste lesing", "0.1.0", CODED),),
    statements=(
        statement(
            "open-talk",
            OPEN_TALK,
            "positive",
            "Eg er for det meste positiv til anbod",
            "Stance",
            values={
                "about": (Iri("issue:tendering"),),
                "holder": (Iri("actor:informant-1"),),
                "polarity": (Iri("code:positive"),),
                "verb": (LiteralTerm("er positiv til", "nn"),),
            },
            condition=LangText("om dei blir ryddige", "nn"),
        ),
        statement(
            "open-talk",
            OPEN_TALK,
            "no-problem",
            "om dei blir ryddige",
            "Stance",
            negated=True,
            values={
                "about": (Iri("issue:tendering"),),
                "holder": (Iri("actor:informant-1"),),
                "polarity": (Iri("code:negative"),),
                "verb": (LiteralTerm("ser ikkje som eit problem", "nn"),),
            },
        ),
    ),
)
CLOSED = Source(
    id="closed-talk",
    kind="interview",
    title=LangText("Samtale på Nøttelitunet", "nn"),
    access="restricted",
    approval="sikt-456",
    lang="nn",
    speakers=(Speaker("Informant 7", "actor:informant-7"),),
    document=document("closed-talk", CLOSED_TALK),
    coders=(Coder("night-reading", "Nattleg lesing", "0.1.0", CODED),),
    statements=(
        statement(
            "closed-talk",
            CLOSED_TALK,
            "barn",
            "den gule låven",
            "Remark",
            values={
                "about": (Iri("issue:barn"),),
                "holder": (Iri("actor:nottelitunet"),),
                "says": (LiteralTerm("Låven er gul.", "nn"),),
            },
            note="Ho gret då ho fortalde dette, så eg slo av opptaket.",
        ),
    ),
)
CORPUS = Corpus(
    path=Path("nowhere"),
    title={"nn": "Fjordvik", "nb": "Fjordvik", "en": "Fjordvik"},
    base=DEFAULT_BASE,
    licence="https://creativecommons.org/licenses/by/4.0/",
    languages=("nn", "nb", "en"),
    fiction=True,
    entities=ENTITIES,
    sources=(OPEN, TALK, CLOSED),
)
