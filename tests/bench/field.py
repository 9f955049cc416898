"""A field of any size with all that the shipped questions look at, written as a snapshot, batch by batch."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from itertools import accumulate
from pathlib import Path
from random import Random

from bench.generated import GROUPS, HELPS, TASKS, WORDS, Maker
from rdflib import OWL, RDF, RDFS, BNode, Dataset

from kg import __version__
from kg.dataset import to_dataset
from kg.engine import deduce
from kg.model import Corpus, Entity, Iri, LiteralTerm, Passage, Source, Statement, Term
from kg.rules import Pattern, load_rules
from kg.snapshot import DATA, FINDINGS, HELPER, MANIFEST, Manifest, Snapshot
from kg.terms import Terms

TRIPLES_A_STATEMENT = 37  # with what follows from it
SOURCES_A_BATCH = 400
SYLLABLES = [
    "ba",
    "de",
    "fi",
    "go",
    "ha",
    "ju",
    "kom",
    "lei",
    "mun",
    "nett",
    "om",
    "pris",
    "rei",
    "sam",
    "tru",
    "ung",
    "vel",
    "bu",
    "hus",
    "stad",
    "leige",
    "hjelp",
]
ENDINGS = ("", "a", "ane", "ing", "skap", "heit", "en")
REASONS = ("value:autonomy", "value:identity", "effect:cooperation", "effect:inclusion", "effect:social-capital")
VERBS = {"negative": "er kritiske til", "positive": "er positive til", "mixed": "er delte i synet på"}
SEARCHED = "samskap"  # a word that few passages hold, beside WORDS that nearly all do


@dataclass
class FieldMaker(Maker):
    """Adds to a field what the questions ask for: money, denials, plans, interviews, all kinds of views, many words."""

    def corpus(self) -> Corpus:
        words = ["".join(self.random.choices(SYLLABLES, k=2)) + self.random.choice(ENDINGS) for _ in range(3000)]
        self.words = [*WORDS.split(), *sorted(set(words))]
        self.words.insert(400, SEARCHED)
        self.weights = list(accumulate(1 / rank for rank in range(1, len(self.words) + 1)))
        self.awards = [f"award:w{number}" for number in range(max(4, self.statements // 40))]
        corpus = super().corpus()
        told = [Entity(award, ("FundingAward",), _named(award)) for award in self.awards]
        entities = tuple(replace(each, label=_named(each.iri)) for each in corpus.entities)
        return replace(corpus, entities=(*entities, *told))

    def _places(self, number: int) -> list[str]:
        places = super()._places(number)
        return places[: len(places) * 17 // 20]  # in the others there is no initiative

    def _source(self, number: int) -> Source:
        source = super()._source(number)
        if number % 3 == 0:
            return replace(source, kind="interview", publisher=(), commissioner=())
        return replace(source, coded="complete" if number % 4 else "partial", issued=2000 + number % 25)

    def _entries(self, count: int) -> Iterator[tuple[str, dict[str, object]]]:
        source = self.random.random
        given = [
            *self._award(),
            *self._odd(),
            *self._other_views(),
            *(each for each in super()._entries(count) if source() < 0.9),
        ]
        yield from given[:count]

    def _award(self) -> Iterator[tuple[str, dict[str, object]]]:
        award, year = self.random.choice(self.awards), self.random.randint(2005, 2024)
        receiver = self._some(self.actors) if self.random.random() < 0.7 else self.random.choice(self.initiatives)
        yield self._fact(award, "awardedTo", receiver)
        yield self._fact(award, "awardedBy", self._some(self.actors))
        yield self._fact(award, "awardedUnder", self.random.choice(self.instruments))
        amount = LiteralTerm(f"{self.random.randint(10, 900) * 1000}", datatype="xsd:decimal")
        yield "Fact", {"subject": award, "predicate": "amount", "object": amount, "as_of": year}

    def _odd(self) -> Iterator[tuple[str, dict[str, object]]]:
        """Give what is denied, what is planned, and what one seldom says."""
        pick = self.random.choice
        _, denied = self._fact(pick(self.initiatives), "targets", f"group:{pick(GROUPS)}")
        yield "Fact", {**denied, "negated": True}
        _, planned = self._fact(pick(self.initiatives), "offeredIn", self._some(self.places))
        yield "Fact", {**planned, "modality": "potential"}
        yield self._fact(pick(self.initiatives), "mediatesFor", f"group:{pick(GROUPS)}")
        yield self._fact(pick(self.initiatives), "performsTask", f"task:{pick(TASKS)}")
        yield self._fact(pick(self.initiatives), "offersHelp", f"help:{pick(HELPS)}")

    def _other_views(self) -> Iterator[tuple[str, dict[str, object]]]:
        pick = self.random.choice
        about = {"about": (Iri(pick(self.issues)),)}
        one, other = self.random.sample(self.groups, 2)
        reason = {"reason": (Iri(pick(REASONS)),), "verb": (LiteralTerm("vektlegg", "nn"),)}
        yield "Agreement", {"values": {**about, "party": (Iri(one), Iri(other)), "on": (Iri(f"task:{pick(TASKS)}"),)}}
        yield "Expectation", {"values": {**about, "holder": (Iri(one),), "of": (Iri(other),)}, "modality": "normative"}
        yield "Remark", {"values": {**about, "mayLeadTo": (Iri("effect:inclusion"),)}, "modality": "potential"}
        yield self._stance(about, pick(self.actors), "negative", reason)

    def _view(self) -> tuple[str, dict[str, object]]:
        kind, given = super()._view()
        if kind != "Stance":
            return kind, given
        holder = self._some([*self.groups, *self.subgroups])
        about = {"about": (Iri(self._some(self.issues)),)}
        return self._stance(about, holder, self.random.choice(list(VERBS)), {})

    @property
    def subgroups(self) -> list[str]:
        return [f"actor:subgroup-{number}" for number in range(1, 6)]

    @staticmethod
    def _stance(
        about: dict[str, tuple[Iri, ...]], holder: str, polarity: str, more: dict[str, tuple[Term, ...]]
    ) -> tuple[str, dict[str, object]]:
        verb = {"verb": (LiteralTerm(VERBS[polarity], "nn"),)}
        return "Stance", {
            "values": {**about, **verb, "holder": (Iri(holder),), "polarity": (Iri(f"code:{polarity}"),), **more}
        }

    def _statement(self, source: str, place: int, entry: tuple[str, dict[str, object]]) -> Statement:
        kind, given = entry
        made = super()._statement(source, place, (kind, {}))
        number = place // 2
        if place % 2 == 0:
            self.quote = " ".join(self.random.choices(self.words, cum_weights=self.weights, k=20))
        start = number * 200
        passage = Passage(source, start, start + len(self.quote), self.quote, "framfor ", " etter", f"avsnitt {number}")
        return replace(made, passage=passage, **given)


def _named(iri: str) -> dict[str, str]:
    kind, _, name = iri.partition(":")
    words = {"actor": ("Aktør", "Aktør", "Actor"), "initiative": ("Tiltak", "Tiltak", "Initiative")}
    return {
        lang: f"{word} {name}"
        for lang, word in zip(("nn", "nb", "en"), words.get(kind, ("Ting", "Ting", "Thing")), strict=True)
    }


def field_of(triples: int, seed: int = 1) -> Corpus:
    """Return a field that is written, with what follows, as about so many *triples* beside those of the ontology."""
    return FieldMaker(Random(seed), triples // TRIPLES_A_STATEMENT).corpus()


def snapshot_of(triples: int, folder: Path, seed: int = 1) -> Snapshot:
    """Return the snapshot of :func:`field_of`, from the cache *folder* where it was written there before."""
    home = folder / f"field-{triples}-{seed}"
    if not (home / MANIFEST).is_file():
        home.mkdir(parents=True, exist_ok=True)
        _write(field_of(triples, seed), home)
    return Snapshot.open(home)


def _write(corpus: Corpus, home: Path) -> None:
    """Write *corpus* as the build does, but without holding all of it: batches of sources, then all lines sorted."""
    raw, data = home / "raw.nq", home / DATA
    terms = Terms(corpus.base)
    inferred = f"<{terms.graph('inferred')}>"
    with raw.open("w", encoding="utf-8") as lines:
        for triple in deduce(_telling(corpus, terms, lines), load_rules()):
            if not any(isinstance(term, BNode) for term in triple):
                lines.write(f"{' '.join(term.n3() for term in triple)} {inferred} .\n")
    with data.open("wb") as ordered:
        subprocess.run(["sort", "-u", str(raw)], stdout=ordered, check=True, env={"LC_ALL": "C"})
    raw.unlink()
    (home / HELPER).write_bytes(b"")
    (home / FINDINGS).write_text("[]\n", encoding="utf-8")
    (home / MANIFEST).write_text(json.dumps(asdict(_manifest(corpus, home, terms))), encoding="utf-8")


def _telling(corpus: Corpus, terms: Terms, lines: object) -> Iterator[Pattern]:
    """Write a batch after the other to *lines*, and give what rules look at."""
    silent: set[object] = set()
    authors = tuple(each for each in corpus.entities if each.iri.startswith("actor:"))
    for first in range(0, len(corpus.sources), SOURCES_A_BATCH):
        batch = corpus.sources[first : first + SOURCES_A_BATCH]
        dataset = to_dataset(replace(corpus, sources=batch, entities=authors if first else corpus.entities), terms)
        if not first:
            silent = {RDFS.label, RDFS.comment, RDFS.isDefinedBy, *dataset.subjects(RDF.type, OWL.AnnotationProperty)}
        for graph in list(dataset.graphs()) if first else ():
            if "/graph/source/" not in str(graph.identifier) and "/graph/interpreted/" not in str(graph.identifier):
                dataset.remove_graph(graph)
        lines.write(dataset.serialize(format="nquads"))
        yield from _looked_at(dataset, silent)


def _looked_at(dataset: Dataset, silent: set[object]) -> Iterator[Pattern]:
    for subject, predicate, value, _ in dataset.quads():
        if predicate not in silent:
            yield subject, predicate, value


def _manifest(corpus: Corpus, home: Path, terms: Terms) -> Manifest:
    sums = {name: sha256((home / name).read_bytes()).hexdigest() for name in (DATA, HELPER, FINDINGS)}
    with (home / DATA).open("rb") as lines:
        triples = sum(1 for _ in lines)
    return Manifest(
        name=sums[DATA][:12],
        title=corpus.title,
        base=corpus.base,
        licence=corpus.licence,
        fiction=True,
        languages=corpus.languages,
        counts={"sources": len(corpus.sources), "triples": triples},
        ontology="0.1.0",
        program=__version__,
        files=sums,
    )
