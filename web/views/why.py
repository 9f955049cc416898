"""Why something holds, as a page shows it: the sentence, the rules it follows by, and what they rest on."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from kg.questions import Catalogue, Labels, Step, Triple, explained, following, names_in_words, rule_in_words, said
from kg.questions import clause as clause_of
from kg.questions.catalogue import capital
from web.views.answers import naming_of, numbered, proof_key, woven
from web.views.lookup import Lookup, Name, Naming, why_href
from web.views.statements import RDF, Proof, source_infos


@dataclass(frozen=True)
class Reason:
    """One step: a clause in which names are links, where it stands, and what it took; *proofs* are passage numbers."""

    clause: tuple[Name, ...]
    origin: str
    basis: str | None
    rule: str | None
    premises: tuple["Reason", ...]
    proofs: tuple[int, ...]


@dataclass(frozen=True)
class WhyPage:
    """Everything the page shows; *ways* are the ways to the same, the first of them told in the *sentence*."""

    subject: Name
    sentence: tuple[Name, ...]
    ways: tuple[Reason, ...]
    proofs: tuple[Proof, ...]
    data: str


@dataclass(frozen=True)
class Consequence:
    """What follows from a statement, and the address that tells why."""

    clause: str
    href: str


def why_page(lookup: Lookup, catalogue: Catalogue, triple: Triple) -> WhyPage:
    """Tell why *triple* (full IRIs) holds; raise :class:`kg.questions.UnknownTriple`."""
    step, labels = explained(lookup.engine, catalogue, lookup.terms, triple)
    naming = naming_of(lookup, labels)
    infos = source_infos(lookup, {each.source for each in step.proof if each.source})
    proofs = numbered(lookup, naming, step.proof, infos)
    teller = _Teller(lookup, catalogue, labels, naming, {key: proof.number for key, proof in proofs.items()})
    return WhyPage(
        subject=naming[triple[0]],
        sentence=teller.sentence(step),
        ways=tuple(map(teller.reason, (step, *step.others))),
        proofs=tuple(proofs.values()),
        data=why_href(lookup, triple).replace(f"/{lookup.language}/", "/api/", 1) + f"&lang={lookup.language}",
    )


def consequences(lookup: Lookup, catalogue: Catalogue, triple: Triple) -> tuple[Consequence, ...]:
    """Return what the rules say only because, or also because, *triple* holds; kinds of other vocabularies left out."""
    drawn = following(lookup.engine, catalogue, lookup.terms, triple)
    found = [each for each in drawn if each[1] != f"{RDF}type" or each[2].startswith(lookup.terms.base)]
    labels = names_in_words(lookup.engine, catalogue, lookup.terms, {iri for each in found for iri in each})
    return tuple(
        Consequence(clause_of(each, labels, catalogue, lookup.terms, lookup.language), why_href(lookup, each))
        for each in found
    )


@dataclass(frozen=True)
class _Teller:
    lookup: Lookup
    catalogue: Catalogue
    labels: Labels
    naming: Naming
    numbers: Mapping[tuple[str | None, ...], int]

    def sentence(self, step: Step) -> tuple[Name, ...]:
        """Weave the names of all things in the sentence, which begins with one of them."""
        ours = self.lookup.terms.prefixes["bso"]
        facts = [each for each in step.premises if not each.triple[0].startswith(ours)]
        names = [self.naming[iri] for each in (step, *facts) for iri in (each.triple[0], each.triple[2])]
        text = said(step, self.labels, self.catalogue, self.lookup.terms)[self.lookup.language]
        return woven(text, (replace(names[0], text=capital(names[0].text)), *names))

    def reason(self, step: Step) -> Reason:
        """Arrange a step and all that it took."""
        words = self.catalogue.words["why"]["origins"]
        rule = rule_in_words(step, self.labels, self.lookup.terms)
        clause = clause_of(step.triple, self.labels, self.catalogue, self.lookup.terms, self.lookup.language)
        return Reason(
            clause=woven(clause, (self.naming[iri] for iri in (step.triple[0], step.triple[2]))),
            origin=words[step.origin][self.lookup.language],
            basis=step.basis,
            rule=rule[self.lookup.language] if rule else None,
            premises=tuple(map(self.reason, step.premises)),
            proofs=tuple(dict.fromkeys(self.numbers[proof_key(each)] for each in step.evidence)),
        )
