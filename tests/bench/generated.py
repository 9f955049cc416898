"""An invented field of any size, written as the build writes one: the same shapes, the same records, other names."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from random import Random

from kg.model import Coder, Corpus, Entity, Iri, LangText, LiteralTerm, Passage, Source, Statement, Term
from kg.terms import DEFAULT_BASE

DAY = date(2026, 11, 24)
TRIPLES_A_STATEMENT = 37
STATEMENTS_A_SOURCE = 35
GROUPS = ("refugees", "weak-groups", "disadvantaged-families", "homeless-people")
HELPS = ("market-access", "integration", "follow-up", "tenancy-mediation", "mentoring")
TASKS = ("supplement", "innovate", "coordinate-volunteering")
WORDS = "kommunen har saman med frivillige sett i gang eit tiltak for dei som ikkje kjem inn på bustadmarknaden"


def corpus_of(triples: int, seed: int = 1) -> Corpus:
    """Return a corpus that the build writes as about so many *triples*, beside those of the ontology.

    Per hundred statements: seventy facts and thirty views; an initiative has a place, an organiser, one to
    three groups and helps. Half of all initiatives are in a tenth of the places, and a few organisers have
    many: the hubs are where a closure would cease to be linear. Places lie in places, three deep.
    """
    return Maker(Random(seed), triples // TRIPLES_A_STATEMENT).corpus()


@dataclass
class Maker:
    """Makes up entities, then sources with what they say of them; what comes is decided by *random* alone."""

    random: Random
    statements: int
    entities: list[Entity] = field(default_factory=list)

    def corpus(self) -> Corpus:
        self.places = self._places(max(20, self.statements // 60))
        self.groups = [self._entity(f"actor:group-{number}", "ActorGroup") for number in range(12)]
        for number in range(1, 6):
            self._entity(f"actor:subgroup-{number}", "ActorGroup", subgroup_of=self.groups[number])
        kinds = ("Municipality", "NonProfitOrganisation", "VoluntaryOrganisation", "SocialEnterprise", "StateAgency")
        self.actors = [
            self._entity(f"actor:a{number}", kinds[number % len(kinds)])
            for number in range(max(10, self.statements // 25))
        ]
        self.initiatives = [
            self._entity(f"initiative:i{number}", "Initiative") for number in range(max(5, self.statements // 9))
        ]
        self.instruments = [
            self._entity(f"instrument:m{number}", "GrantScheme") for number in range(max(6, self.statements // 150))
        ]
        self.issues = [self._entity(f"issue:t{number}", "Issue") for number in range(max(5, self.statements // 200))]
        sources = tuple(map(self._source, range(max(1, self.statements // STATEMENTS_A_SOURCE))))
        title = {"nn": "Prøve", "nb": "Prøve", "en": "Trial"}
        licence = "https://creativecommons.org/licenses/by/4.0/"
        return Corpus(
            Path("nowhere"), title, DEFAULT_BASE, licence, ("nn", "nb", "en"), True, tuple(self.entities), sources
        )

    def _places(self, number: int) -> list[str]:
        land = self._entity("place:land", "Place")
        counties = [self._entity(f"place:county-{each}", "Place", within=land) for each in range(15)]
        towns = [self._entity(f"place:town-{each}", "Place", within=counties[each % 15]) for each in range(number)]
        boroughs = [
            self._entity(f"place:borough-{each}", "Place", within=towns[each % 4]) for each in range(number // 5)
        ]
        return towns + boroughs

    def _entity(self, iri: str, kind: str, **more: str) -> str:
        name = iri.partition(":")[2]
        self.entities.append(Entity(iri, (kind,), {"nn": name, "nb": name, "en": name}, **more))  # type: ignore[arg-type]
        return iri

    def _some(self, names: list[str]) -> str:
        """Choose one, the first tenth as often as all the others together."""
        tenth = names[: len(names) // 10 + 1]
        return self.random.choice(tenth if self.random.random() < 0.5 else names)

    def _source(self, number: int) -> Source:
        name = f"source-{number}"
        said = [self._statement(name, place, entry) for place, entry in enumerate(self._entries(STATEMENTS_A_SOURCE))]
        return Source(
            id=name,
            kind="document",
            title=LangText(f"Kjelde {number}", "nn"),
            access="open",
            authors=(self._some(self.actors),),
            commissioner=(self._some(self.actors),),
            publisher=(self._some(self.actors),),
            lang="nn",
            issued=2000 + number % 25,
            coded="complete",
            coders=(Coder("first-reading", "Fyrste lesing", "0.1.0", DAY),),
            statements=tuple(said),
        )

    def _entries(self, count: int) -> Iterator[tuple[str, dict[str, object]]]:
        """Give facts and views, seven to three, in bundles about one initiative as a page about it has them."""
        given = 0
        while given < count:
            initiative = self.random.choice(self.initiatives)
            bundle = [*self._facts(initiative), *(self._view() for _ in range(3))]
            yield from bundle[: count - given]
            given += len(bundle)

    def _facts(self, initiative: str) -> Iterator[tuple[str, dict[str, object]]]:
        pick = self.random.choice
        yield self._fact(initiative, "providedBy", self._some(self.actors))
        yield self._fact(initiative, "offeredIn", self._some(self.places))
        for group in self.random.sample(GROUPS, self.random.randint(1, 2)):
            yield self._fact(initiative, "targets", f"group:{group}")
        yield self._fact(initiative, "offersHelp", f"help:{pick(HELPS)}")
        last = {
            "performsTask": f"task:{pick(TASKS)}",
            "fundedUnder": pick(self.instruments),
            "similarTo": pick(self.initiatives),
            "fundedBy": self._some(self.actors),
        }
        predicate = pick(list(last))
        yield self._fact(initiative, predicate, last[predicate])
        yield self._fact(pick(self.instruments), "administeredBy", self._some(self.actors))

    @staticmethod
    def _fact(subject: str, predicate: str, value: str) -> tuple[str, dict[str, object]]:
        return "Fact", {"subject": subject, "predicate": predicate, "object": Iri(value)}

    def _view(self) -> tuple[str, dict[str, object]]:
        holder, other = self.random.sample(self.groups, 2)
        about: dict[str, tuple[Term, ...]] = {
            "about": (Iri(self.random.choice(self.issues)),),
            "verb": (LiteralTerm("er kritiske til", "nn"),),
        }
        if self.random.random() < 0.7:
            return "Stance", {"values": {**about, "holder": (Iri(holder),), "polarity": (Iri("code:negative"),)}}
        return "Comparison", {"values": {**about, "higherParty": (Iri(holder),), "lowerParty": (Iri(other),)}}

    def _statement(self, source: str, place: int, entry: tuple[str, dict[str, object]]) -> Statement:
        kind, given = entry
        start = place // 2 * 200
        quote = " ".join(self.random.choices(WORDS.split(), k=14))
        return Statement(
            id=f"s{place}",
            source=source,
            coder="first-reading",
            kind=kind,
            passage=Passage(source, start, start + len(quote), quote, "framfor ", " etter", f"avsnitt {place}"),
            basis="stated" if self.random.random() < 0.7 else "interpreted",
            modality="actual",
            coded=DAY,
            line=place,
            file=f"sources/{source}/first-reading.coding.yaml",
            asserted_by=(self.actors[place % len(self.actors)],),
            as_of=2016,
            **given,  # type: ignore[arg-type]
        )
