"""What we do not know: what the sources cover, what they leave unsaid, who has no voice; all counted from the data."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kg.questions import permalink
from web.language import sort_key
from web.survey import Asking
from web.views.entity import ASKED, SEGMENTS
from web.views.facets import STATES, Facet, facets, speakers
from web.views.lookup import Lookup, Name
from web.views.statements import source_infos

COVERED = ("coded", "wording", "year", "language", "kind", "author", "place")
UNSAID = ("silent", "not-coded")
ASKED_OF = ("initiative", "instrument", "award", "actor")


@dataclass(frozen=True)
class Figure:
    """A number with the list that it counts."""

    number: int
    href: str


@dataclass(frozen=True)
class Line:
    """A row of a table: what is counted, and its figures."""

    name: Name
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Table:
    """Figures under a heading; *total* is how many there are of what is counted."""

    slug: str
    heading: str
    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    total: Figure


@dataclass(frozen=True)
class OneSided:
    """An issue on which one kind of actor speaks, and who that is."""

    issue: Name
    who: tuple[Name, ...]


@dataclass(frozen=True)
class Unanswered:
    """A question that the sources answer in part or not at all, with the reasons.

    *outcome* is as in an answer, ``nothing`` where there is nothing to ask of, ``long`` where asking took too long.
    """

    asked: str
    href: str
    outcome: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class UnknownPage:
    """Everything the page shows; *interviews* is how many of the *sources* are conversations with people."""

    sources: int
    interviews: int
    digests: int
    coverage: tuple[Table, ...]
    lacking: tuple[Table, ...]
    voices: Table | None
    one_sided: tuple[OneSided, ...]
    unspoken: Figure
    unanswered: tuple[Unanswered, ...]
    questions: int
    unloaded: tuple[Name, ...]


def unknown_page(lookup: Lookup, survey: Sequence[Asking]) -> UnknownPage:
    """Build the page; *survey* is every question with how it is answered."""
    infos = source_infos(lookup).values()
    loaded = [info for info in infos if info.loaded]
    of_sources = {facet.name: facet for facet in facets(lookup, "source")}
    of_kinds = {segment: facets(lookup, segment) for segment in (*ASKED_OF, "issue")}
    issues = {facet.name: facet for facet in of_kinds["issue"]}
    return UnknownPage(
        sources=len(loaded),
        interviews=len(of_sources["kind"].having("Interview")),
        digests=sum(info.digest for info in loaded),
        coverage=tuple(_coverage(lookup, of_sources[name], len(loaded)) for name in COVERED if loaded),
        lacking=tuple(_lacking(lookup, segment, of_kinds[segment]) for segment in ASKED_OF if _any(of_kinds[segment])),
        voices=_voices(lookup, {facet.name: facet for facet in of_kinds["actor"]}),
        one_sided=_one_sided(lookup, issues["speakers"].having("one")),
        unspoken=_figure(lookup, "issue", issues["speakers"].having("none"), speakers="none"),
        unanswered=tuple(_unanswered(lookup, each) for each in survey if not _is_answered(each)),
        questions=len(survey),
        unloaded=tuple(sorted((info.name for info in infos if not info.loaded), key=lambda name: sort_key(name.text))),
    )


def _any(ways: Iterable[Facet]) -> bool:
    return any(way.values for way in ways)


def _address(lookup: Lookup, segment: str, narrowed: Mapping[str, str]) -> str:
    query = "&".join(f"{name}={value}" for name, value in narrowed.items())
    return f"/{lookup.language}/{segment}/{f'?{query}' if query else ''}"


def _figure(lookup: Lookup, segment: str, things: Iterable[str], **narrowed: str) -> Figure:
    return Figure(len(set(things)), _address(lookup, segment, narrowed))


def _coverage(lookup: Lookup, way: Facet, total: int) -> Table:
    lines = tuple(
        Line(Name(way.words[value]), (_figure(lookup, "source", things, **{way.name: value}),))
        for value, things in way.values.items()
    )
    return Table(
        way.name, way.label, (lookup.speech.say("Sources"),), lines, Figure(total, _address(lookup, "source", {}))
    )


def _lacking(lookup: Lookup, segment: str, ways: Iterable[Facet]) -> Table:
    """Count for each question how many things it is answered of, and why it is not of the others."""
    by_name = {way.name: way for way in ways}
    lines = []
    for asked in ASKED[segment]:
        way = by_name[asked.name]
        figures = (_figure(lookup, segment, way.having(state), **{way.name: state}) for state in STATES)
        lines.append(Line(Name(way.label), tuple(figures)))
    things = {thing for found in by_name["kind"].values.values() for thing in found}
    columns = tuple(lookup.speech.say(words) for words in STATES.values())
    heading = lookup.speech.say(SEGMENTS[segment][1])
    return Table(segment, heading, columns, tuple(lines), _figure(lookup, segment, things))


def _voices(lookup: Lookup, ways: Mapping[str, Facet]) -> Table | None:
    """Count for each kind of actor how many have a view of their own in the sources, and how many have none."""
    voice = ways["voice"]
    heard, asked = voice.having("said"), frozenset().union(*voice.values.values())
    lines = []
    for kind, things in ways["kind"].values.items():
        if of_kind := things & asked:
            address = {"kind": kind}
            figures = (
                _figure(lookup, "actor", things, **address),
                _figure(lookup, "actor", of_kind & heard, **address, voice="said"),
                *(_figure(lookup, "actor", of_kind & voice.having(state), **address, voice=state) for state in UNSAID),
            )
            lines.append(Line(Name(ways["kind"].words[kind]), figures))
    say = lookup.speech.say
    columns = (say("Actors"), say("with a view"), *(say(STATES[state]) for state in UNSAID))
    heading = say("Who has a voice")
    return Table("voices", heading, columns, tuple(lines), _figure(lookup, "actor", asked)) if lines else None


def _one_sided(lookup: Lookup, issues: Iterable[str]) -> tuple[OneSided, ...]:
    speaking = speakers(lookup)
    who = {issue: {each for kind in speaking[issue].values() for each in kind} for issue in issues}
    naming = lookup.names({*who, *(each for found in who.values() for each in found)})

    def in_order(iris: Iterable[str]) -> tuple[Name, ...]:
        return tuple(sorted((naming[iri] for iri in iris), key=lambda name: sort_key(name.text)))

    return tuple(OneSided(issue, in_order(who[issue.iri or ""])) for issue in in_order(who))


def _is_answered(asking: Asking) -> bool:
    return asking.answer is not None and asking.answer.outcome not in ("silent", "partial")


def _unanswered(lookup: Lookup, asking: Asking) -> Unanswered:
    question, found = asking.question, asking.answer
    if found is None:
        href = permalink(question.id, {}, lookup.language, lookup.terms)
        return Unanswered(question.title[lookup.language], href, "long" if asking.long else "nothing", ())
    reasons = [gap.text[lookup.language] for gap in found.gaps] or [found.sentence[lookup.language]]
    href = permalink(question.id, found.slots, lookup.language, lookup.terms)
    return Unanswered(found.asked[lookup.language], href, found.outcome, tuple(reasons))
