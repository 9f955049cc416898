"""A corpus folder: what is read from it, and what a person is told about everything that is wrong."""

import doctest
import json
import os
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

import kg.corpus.structure
from kg.corpus import anchors_json, find_corpus, load
from kg.model import Corpus, CorpusError, Iri, LangText, LiteralTerm, Problem, Source, Statement

ROOT = Path(__file__).parent.parent
SEED = ROOT.parent / "shared" / "seed"

CORPUS = """\
title: {nn: Lyktevik, nb: Lyktevik, en: Lyktevik}
base: https://example.org/
licence: https://creativecommons.org/licenses/by/4.0/
languages: [nn, nb, en]
fiction: true
"""
ENTITIES = """\
- iri: actor:kari-nordmann
  type: [Person]
  label: {nn: Kari Nordmann, nb: Kari Nordmann, en: Kari Nordmann}
- iri: actor:ola-nordmann
  type: [Person]
  label: {nn: Ola Nordmann, nb: Ola Nordmann, en: Ola Nordmann}
- iri: actor:husbanken
  type: [Organisation]
  label: {nn: Husbanken, nb: Husbanken, en: The State Housing Bank}
  names: [{text: Den norske stats husbank, lang: nb, from: 1946, to: 1996-12-31}]
  identifiers: [{scheme: organisationNumber, value: '942114184'}]
  match: [https://example.com/husbanken]
- iri: actor:idealist-actors
  type: [ActorGroup]
  label: {nn: ideelle aktørar, nb: ideelle aktører, en: idealist actors}
  alt: [{text: ideelle organisasjonar, lang: nn}]
  note: To ordlydar.
- iri: actor:informant-1
  type: [Informant]
  label: {nn: Informant 1, nb: Informant 1, en: Informant 1}
- iri: actor:interviewer
  type: [Person]
  label: {nn: intervjuar, nb: intervjuer, en: interviewer}
- iri: initiative:nattlykta
  type: [Initiative]
  label: {nn: Nattlykta, nb: Nattlykta, en: Nattlykta}
- iri: place:lyktevik
  type: [Place]
  label: {nn: Lyktevik, nb: Lyktevik, en: Lyktevik}
  within: place:landet
- iri: place:landet
  type: [Place]
  label: {nn: landet, nb: landet, en: the country}
- iri: issue:tendering
  type: [Issue]
  label: {nn: anbod, nb: anbud, en: tendering}
  concerns: initiative:nattlykta
- iri: source:eldre
  type: [Document]
  label: {nn: Eldre, nb: Eldre, en: Older}
  loaded: false
"""
SOURCE = """\
kind: document
title: {text: Bustad for alle, lang: nn}
short: Nordmann & Nordmann 2025
lang: nn
authors: [actor:kari-nordmann, actor:ola-nordmann]
issued: 2025-03-14
commissioner: actor:husbanken
url: https://example.com/rapport
retrieved: 2026-01-02
access: open
digest: false
coded: complete
"""
TEXT = """\
# Bustad for alle

- Forfattarar: Kari Nordmann og Ola Nordmann
- Oppdragsgivar: Husbanken
- År: 2025

## Funn

Nattlykta ligg i Lyktevik. Nattlykta er for bustadlause, og ho kan kome til heile landet.

Ideelle aktørar og Husbanken er samde om anbod. Kari Nordmann skreiv i 2025.

## Meir

Ideelle aktørar er delte i synet på anbod, om ikkje prisen er alt.
"""
CODING = """\
coder: {id: first-reading, name: Fyrste lesing}
date: 2026-11-24
ontology: 0.1.0
codings:
- quote: Nattlykta ligg i Lyktevik
  locator: side 3
  says:
  - {id: place, s: initiative:nattlykta, p: offeredIn, o: place:lyktevik, basis: stated}
- quote: Nattlykta … bustadlause
  says:
  - id: group
    s: initiative:nattlykta
    p: targets
    o: group:homeless-people
    basis: interpreted
    because: Ordet «for» er lese som målgruppe.
    asOf: 2024
    sure: probable
    status: candidate
    per: source:eldre
    quantifier: several
    note: Sjå side 4.
  - {id: named, s: initiative:nattlykta, p: alsoKnownAs, o: {text: Lykta, lang: nn}, basis: stated}
  - {id: number, s: source:rapport, p: year, o: {value: 2025, datatype: 'xsd:integer'}, basis: stated}
  - {id: kind, s: initiative:nattlykta, p: type, o: SocialEnterprise, negated: true, basis: stated}
- quote: ho kan kome til heile landet
  says:
  - {id: maybe, s: initiative:nattlykta, p: offeredIn, o: place:landet, modality: potential, basis: stated}
- quote: Ideelle aktørar
  near: Meir
  says:
  - id: split
    type: Stance
    about: issue:tendering
    holder: actor:idealist-actors
    verb: er delte i synet på
    polarity: mixed
    leaning: mostly-negative
    reason: [value:identity, effect:strain]
    condition: {text: om ikkje prisen er alt, lang: nn}
    basis: stated
- quote: Ideelle aktørar og Husbanken er samde om anbod
  says:
  - id: agree
    type: Agreement
    about: issue:tendering
    party: [actor:idealist-actors, actor:husbanken]
    on: task:supplement
    verb: {text: er samde om, lang: nn}
    degree: full
    basis: stated
""".replace("effect:strain", "effect:coordination-strain")
TALK_SOURCE = """\
kind: interview
title: {text: Samtale, lang: nn}
access: restricted
authors: [actor:interviewer]
speakers:
- {label: Intervjuar, agent: actor:interviewer, interviewer: true}
- {label: Informant, agent: actor:informant-1}
"""
TALK = """\
Samtale 1

Intervjuar: Kva meiner du om anbod?

Informant: Eg er skeptisk til anbod, sa han løyndomsfullt.

Intervjuar: Takk for det.
"""
TALK_CODING = """\
coder: {id: first-reading, name: Fyrste lesing}
date: 2026-11-24
ontology: 0.1.0
codings:
- quote: Eg er skeptisk til anbod
  says:
  - id: sceptic
    type: Stance
    about: issue:tendering
    holder: actor:informant-1
    verb: er skeptisk til
    polarity: negative
    basis: stated
- quote: Kva meiner du om anbod
  says:
  - id: asked
    type: Remark
    about: issue:tendering
    verb: spør om
    says: {nn: Spør., nb: Spør., en: Asks.}
    basis: stated
- quote: Samtale 1
  says:
  - {id: head, s: source:samtale, p: mentions, o: issue:tendering, basis: stated}
"""
FILES = {
    "corpus.yaml": CORPUS,
    "entities.yaml": ENTITIES,
    "sources/rapport/source.yaml": SOURCE,
    "sources/rapport/rapport.md": TEXT,
    "sources/rapport/first-reading.coding.yaml": CODING,
    "sources/samtale/source.yaml": TALK_SOURCE,
    "sources/samtale/samtale.txt": TALK,
    "sources/samtale/first-reading.coding.yaml": TALK_CODING,
}
RAPPORT = "sources/rapport/first-reading.coding.yaml"
SAMTALE = "sources/samtale/first-reading.coding.yaml"


@dataclass(frozen=True)
class Folder:
    """A corpus folder that a test may change."""

    path: Path

    def write(self, name: str, content: str | bytes) -> None:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))

    def change(self, name: str, old: str, new: str) -> None:
        text = (self.path / name).read_text(encoding="utf-8")
        assert old in text
        self.write(name, text.replace(old, new, 1))

    def load(self) -> Corpus:
        return load(self.path)

    def problems(self) -> list[Problem]:
        return list(self.load().problems)

    def told(self) -> list[str]:
        return [str(problem) for problem in self.load().problems]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path / "corpus")
    for name, content in FILES.items():
        made.write(name, content)
    return made


def source(corpus: Corpus, id: str) -> Source:
    return next(each for each in corpus.sources if each.id == id)


def statements(corpus: Corpus, id: str = "rapport") -> dict[str, Statement]:
    return {statement.id: statement for statement in source(corpus, id).statements}


# What is read


def test_a_good_corpus_has_no_problems(folder):
    corpus = folder.load()
    assert corpus.problems == ()
    assert (corpus.title["nn"], corpus.base, corpus.fiction) == ("Lyktevik", "https://example.org/", True)
    assert corpus.licence == "https://creativecommons.org/licenses/by/4.0/"
    assert [each.id for each in corpus.sources] == ["rapport", "samtale"]
    assert len(corpus.entities) == 11


def test_entities_keep_names_dates_and_numbers(folder):
    entities = {entity.iri: entity for entity in folder.load().entities}
    bank = entities["actor:husbanken"]
    assert (bank.types, bank.label["en"]) == (("Organisation",), "The State Housing Bank")
    assert (bank.names[0].value, bank.names[0].valid_from, bank.names[0].valid_to) == (
        "Den norske stats husbank",
        1946,
        date(1996, 12, 31),
    )
    assert (bank.identifiers[0].scheme, bank.identifiers[0].value) == ("organisationNumber", "942114184")
    assert bank.match == ("https://example.com/husbanken",)
    assert entities["actor:idealist-actors"].alt == (LangText("ideelle organisasjonar", "nn"),)
    assert entities["place:lyktevik"].within == "place:landet"
    assert entities["issue:tendering"].concerns == ("initiative:nattlykta",)
    assert not entities["source:eldre"].loaded
    assert entities["place:landet"].line == 31


def test_a_source_keeps_what_is_known_of_it(folder):
    rapport = source(folder.load(), "rapport")
    assert (rapport.kind, rapport.title, rapport.short) == (
        "document",
        LangText("Bustad for alle", "nn"),
        "Nordmann & Nordmann 2025",
    )
    assert (rapport.authors, rapport.commissioner) == (
        ("actor:kari-nordmann", "actor:ola-nordmann"),
        ("actor:husbanken",),
    )
    assert (rapport.issued, rapport.retrieved, rapport.access) == (date(2025, 3, 14), date(2026, 1, 2), "open")
    assert rapport.document is not None
    assert rapport.coders[0].coded == date(2026, 11, 24)


def test_facts_are_anchored_and_carry_their_keys(folder):
    said = statements(folder.load())
    assert (said["place"].subject, said["place"].predicate, said["place"].object) == (
        "initiative:nattlykta",
        "offeredIn",
        Iri("place:lyktevik"),
    )
    assert (said["place"].passage.exact, said["place"].passage.locator) == ("Nattlykta ligg i Lyktevik", "side 3")
    group = said["group"]
    assert group.passage.exact == "Nattlykta er for bustadlause"
    assert group.passage.locator == "Funn, avsnitt 1"
    assert (group.basis, group.sure, group.status, group.as_of) == ("interpreted", "probable", "candidate", 2024)
    assert (group.per, group.quantifier, group.note) == ("source:eldre", "several", "Sjå side 4.")
    assert group.because == (LangText("Ordet «for» er lese som målgruppe.", ""),)
    assert (group.file, group.line) == (RAPPORT, 11)
    assert said["named"].object == LiteralTerm("Lykta", lang="nn")
    assert said["number"].object == LiteralTerm("2025", datatype="xsd:integer")
    assert (said["kind"].object, said["kind"].negated) == (Iri("bso:SocialEnterprise"), True)
    assert said["maybe"].modality == "potential"
    assert said["place"].as_of == 2025


def test_views_keep_their_form_and_their_verb(folder):
    said = statements(folder.load())
    split = said["split"]
    assert split.kind == "Stance"
    assert dict(split.values) == {
        "about": (Iri("issue:tendering"),),
        "holder": (Iri("actor:idealist-actors"),),
        "verb": (LiteralTerm("er delte i synet på", "nn"),),
        "polarity": (Iri("code:mixed"),),
        "leaning": (Iri("code:mostly-negative"),),
        "reason": (Iri("value:identity"), Iri("effect:coordination-strain")),
    }
    assert split.condition == LangText("om ikkje prisen er alt", "nn")
    assert split.passage.locator == "Meir, avsnitt 1"
    assert said["agree"].values["party"] == (Iri("actor:idealist-actors"), Iri("actor:husbanken"))
    assert said["agree"].values["degree"] == (Iri("code:full"),)


def test_authors_assert_and_in_a_turn_the_speaker(folder):
    corpus = folder.load()
    assert statements(corpus)["place"].asserted_by == ("actor:kari-nordmann", "actor:ola-nordmann")
    talk = statements(corpus, "samtale")
    assert talk["sceptic"].asserted_by == ("actor:informant-1",)
    assert talk["asked"].asserted_by == ("actor:interviewer",)
    assert talk["head"].asserted_by == ("actor:interviewer",)
    assert talk["sceptic"].as_of is None
    assert talk["sceptic"].passage.locator == "Informant, tur 2"


def test_the_text_itself_shows_its_metadata(folder):
    rapport = source(folder.load(), "rapport")
    assert {key: kept.exact for key, kept in rapport.metadata_passages.items()} == {
        "title": "Bustad for alle",
        "author": "Kari Nordmann og Ola Nordmann",
        "year": "2025",
        "commissionedBy": "Husbanken",
    }
    assert rapport.document
    front = rapport.document.text.index("Funn")
    assert all(kept.end < front for kept in rapport.metadata_passages.values())


def test_a_year_further_in_is_not_the_year_of_the_source(folder):
    folder.change("sources/rapport/rapport.md", "- År: 2025\n", "")
    assert "year" not in source(folder.load(), "rapport").metadata_passages


def test_anchors_are_the_same_bytes_each_time(folder):
    rapport = source(folder.load(), "rapport")
    written = anchors_json(rapport, "first-reading")
    assert written == anchors_json(source(folder.load(), "rapport"), "first-reading")
    kept = json.loads(written)
    assert (kept["source"], kept["coder"], len(kept["text_sha256"])) == ("rapport", "first-reading", 64)
    assert rapport.document
    for anchor in kept["anchors"].values():
        assert rapport.document.text[anchor["start"] : anchor["end"]] == anchor["exact"]
    assert list(kept["anchors"]) == sorted(statement.id for statement in rapport.statements)
    assert json.loads(anchors_json(rapport, "nobody"))["anchors"] == {}


def test_several_sources_are_read_at_once_with_the_same_result(folder):
    assert load(folder.path, jobs=2) == folder.load()


def test_each_step_is_told(folder):
    steps: list[str] = []
    load(folder.path, progress=steps.append)
    assert steps == ["reading corpus.yaml and entities.yaml", "read rapport", "read samtale"]


# The shipped corpora


@pytest.mark.parametrize("name", ["field", "example"])
def test_shipped_corpora_have_no_problems(name):
    corpus = load(find_corpus(name))
    assert [str(problem) for problem in corpus.problems] == []
    assert sum(len(each.statements) for each in corpus.sources) > 40


def test_the_test_corpora_have_no_problems(tmp_path):
    three = load(ROOT / "tests" / "corpora" / "three")
    assert three.problems == ()
    assert len(three.sources[0].statements) == 3


def test_every_quote_of_the_original_report_is_verbatim(tmp_path):
    texts = sorted(SEED.glob("*.txt"))
    if not texts:
        assert not os.environ.get("BUSTADGRAF_SEED"), "BUSTADGRAF_SEED is set and the seed text is not there"
        pytest.skip("the seed text is not beside the checkout")
    path = shutil.copytree(ROOT / "tests" / "corpora" / "seed", tmp_path / "seed")
    shutil.copy(texts[0], path / "sources" / "seed" / "seed.txt")
    corpus = load(path)
    assert [str(problem) for problem in corpus.problems] == []
    assert len(corpus.sources[0].statements) >= 25


def test_a_corpus_is_found_by_name_or_path(folder):
    assert (find_corpus("field") / "corpus.yaml").is_file()
    assert find_corpus(folder.path) == folder.path
    with pytest.raises(CorpusError, match=r"feild: there is no such corpus\. Nearest: field\."):
        find_corpus("feild")
    with pytest.raises(CorpusError, match=r"Nearest: corpus\. Give a folder with corpus\.yaml in it"):
        find_corpus(folder.path.with_name("corpsu"))


def test_only_a_missing_folder_or_head_stops_everything(tmp_path, folder):
    with pytest.raises(CorpusError, match="there is no such folder"):
        load(tmp_path / "nowhere")
    (folder.path / "corpus.yaml").unlink()
    with pytest.raises(CorpusError, match=r"there is no corpus\.yaml in the folder"):
        folder.load()


# What a person is told

CODING_ERRORS = [
    (
        "p: offeredIn, o: place:lyktevik",
        "p: offerdIn, o: place:lyktevik",
        f"{RAPPORT}:8: “offerdIn” is not a property. Nearest: offeredIn, ",
    ),
    (
        "o: place:lyktevik",
        "o: place:lyktevikk",
        f"{RAPPORT}:8: “place:lyktevikk” is not known. Nearest: place:lyktevik, place:landet. Declare it in",
    ),
    (
        "o: group:homeless-people",
        "o: group:homeless-peple",
        f"{RAPPORT}:14: “group:homeless-peple” is not known. Nearest: group:homeless-people",
    ),
    (
        "s: initiative:nattlykta",
        "s: nattlykta",
        f"{RAPPORT}:8: “nattlykta” is not known. Nearest: initiative:nattlykta.",
    ),
    (
        "o: place:lyktevik",
        "o: plase:lyktevik",
        f"{RAPPORT}:8: “plase:” in “plase:lyktevik” is not a declared prefix. Nearest: place",
    ),
    (
        "p: offeredIn, o: place:lyktevik",
        "p: offeredIn, o: {text: Lyktevik, lang: nn}",
        f"{RAPPORT}:8: “offeredIn” takes a name, not a literal. Write prefix:name.",
    ),
    (
        "o: {text: Lykta, lang: nn}",
        "o: place:lyktevik",
        f"{RAPPORT}:23: “alsoKnownAs” takes a literal, not “place:lyktevik”. Write {{text: …, lang: nn}}",
    ),
    ("{value: 2025,", "{value: tjue,", f"{RAPPORT}:24: “tjue” is not xsd:integer."),
    ("'xsd:integer'", "'xsd:gYear'", f"{RAPPORT}:24: “xsd:gYear” is not a value of “datatype”."),
    ("p: year", "p: Initiative", f"{RAPPORT}:24: “Initiative” is a class, not a property. To say what kind"),
    ("p: targets", "p: serves", f"{RAPPORT}:13: “serves” is derived by rules and cannot be coded."),
    (
        "o: SocialEnterprise",
        "o: SocialEnterprize",
        f"{RAPPORT}:25: “SocialEnterprize” is not a class. Nearest: SocialEnterprise",
    ),
    (
        "    because: Ordet «for» er lese som målgruppe.\n",
        "",
        f"{RAPPORT}:15: “because” is missing: a basis of “interpreted” needs a reason. Say in because why",
    ),
    (
        "basis: interpreted",
        "basis: inferred",
        f"{RAPPORT}:15: “inferred” is not a value of “basis”. Nearest: interpreted",
    ),
    (
        "basis: interpreted",
        "basis: statd",
        f"{RAPPORT}:15: “statd” is not a value of “basis”. Nearest: stated. Choose one",
    ),
    (
        "    basis: interpreted\n",
        "",
        f"{RAPPORT}:11: the key “basis” is missing. A fact has s, p and o; a view has type.",
    ),
    (
        "sure: probable",
        "sure: kanskje",
        f"{RAPPORT}:18: “kanskje” is not a value of “sure”. Choose one of certain, probable",
    ),
    ("asOf: 2024", "asOf: i fjor", f"{RAPPORT}:17: “i fjor” is neither a year nor a day. Write a year (2016)"),
    ("per: source:eldre", "per: source:elder", f"{RAPPORT}:20: “source:elder” is not known. Nearest: source:eldre,"),
    (
        "per: source:eldre",
        "per: place:landet",
        f"{RAPPORT}:20: “place:landet” cannot stand here; what is expected begins",
    ),
    ("negated: true", "negated: ja", f"{RAPPORT}:25: “ja” is not a value of “negated”. Choose one of true, false."),
    ("id: named", "id: place", f"{RAPPORT}:23: the id “place” is already used on line 8. Give each statement an id"),
    ("id: named", "id: Namn_1", f"{RAPPORT}:23: “Namn_1” is not a name for “id”. Use a-z, 0-9 and hyphens"),
    ("note: Sjå", "notat: Sjå", f"{RAPPORT}:22: “notat” is not a key that belongs here. Nearest: note"),
    ("note: Sjå side 4.", "note:", f"{RAPPORT}:22: “note” has no value. Give one, or remove the key."),
    ("note: Sjå", "sure: Sjå", f"{RAPPORT}:22: the key “sure” is already given on line 18. Keep one of them."),
    ("type: Stance", "type: Stanse", f"{RAPPORT}:33: “Stanse” is not a value of “type”. Nearest: Stance"),
    ("    verb: er delte i synet på\n", "", f"{RAPPORT}:32: the key “verb” is missing. Every Stance has it."),
    ("    holder: actor:idealist-actors\n", "", f"{RAPPORT}:32: the key “holder” is missing. Every Stance has it."),
    (
        "    polarity: mixed\n    leaning: mostly-negative\n",
        "",
        f"{RAPPORT}:32: a Stance has “polarity” or “deniedPolarity”",
    ),
    ("polarity: mixed", "polarity: blanda", f"{RAPPORT}:37: “blanda” is not a value of “polarity”."),
    ("polarity: mixed", "polarity: negative", f"{RAPPORT}:38: “leaning” belongs to a Stance whose polarity is mixed."),
    (
        "about: issue:tendering",
        "about: place:landet",
        f"{RAPPORT}:34: “place:landet” cannot stand here; what is expected",
    ),
    (
        "holder: actor:idealist-actors",
        "holder: [actor:idealist-actors, actor:husbanken]",
        f"{RAPPORT}:35: a Stance has one",
    ),
    (
        "reason: [value:identity",
        "reason: [place:landet",
        f"{RAPPORT}:39: “place:landet” cannot stand here; what is exp",
    ),
    (
        "party: [actor:idealist-actors, actor:husbanken]",
        "party: actor:husbanken",
        f"{RAPPORT}:47: An Agreement needs at l",
    ),
    (
        "    on: task",
        "    s: task",
        f"{RAPPORT}:48: “s” belongs to a fact, “type” to a view. Make two statements of it.",
    ),
    (
        "date: 2026-11-24",
        "date: 2026-11-31",
        f"{RAPPORT}:2: “2026-11-31” is not a day. Write year-month-day: 2026-11-24.",
    ),
    ("id: first-reading", "id: fyrste", f"{RAPPORT}:1: the coder “fyrste” does not go with the name of the file. Call"),
    ("ontology: 0.1.0", "ontology: ny", f"{RAPPORT}:3: “ontology” does not have the form"),
    ("codings:", "koding:", f"{RAPPORT}:4: “koding” is not a key that belongs here. Nearest: codings"),
    (
        "  locator: side 3",
        "  anchor: a b c d e f g h i j k l m",
        f"{RAPPORT}:6: the anchor “a b c d e f g h i j k l m” has 13",
    ),
    ("- quote: Nattlykta ligg", "- kvote: Nattlykta ligg", f"{RAPPORT}:5: the key “quote” is missing."),
]


@pytest.mark.parametrize(("old", "new", "words"), CODING_ERRORS)
def test_what_is_wrong_in_a_coding_is_told_with_line_value_and_nearest(folder, old, new, words):
    folder.change(RAPPORT, old, new)
    corpus = folder.load()
    assert any(str(problem).startswith(words) for problem in corpus.problems), "\n".join(map(str, corpus.problems))
    assert all(problem.file == RAPPORT for problem in corpus.problems)
    assert len(source(corpus, "samtale").statements) == 3


def test_a_statement_with_an_error_is_left_out_and_the_others_stay(folder):
    folder.change(RAPPORT, "o: place:lyktevik", "o: place:lyktevikk")
    corpus = folder.load()
    assert set(statements(corpus)) == {"group", "named", "number", "kind", "maybe", "split", "agree"}
    assert [problem.value for problem in corpus.problems] == ["place:lyktevikk"]
    assert corpus.problems[0].nearest[0] == "place:lyktevik"
    assert corpus.problems[0].line == 8


def test_everything_wrong_is_told_at_once(folder):
    for old, new in (("offeredIn, o: place:l", "offerdIn, o: place:l"), ("er samde om anbod\n", "er usamde\n")):
        folder.change(RAPPORT, old, new)
    folder.change("entities.yaml", "type: [Person]", "type: [Persona]")
    folder.change("sources/samtale/source.yaml", "kind: interview", "kind: samtale")
    told = folder.problems()
    assert [(problem.file, problem.line, problem.kind) for problem in told] == [
        ("entities.yaml", 2, "error"),
        (RAPPORT, 8, "error"),
        (RAPPORT, 42, "orphan"),
        ("sources/samtale/source.yaml", 1, "error"),
    ]


def test_a_lost_quote_is_an_orphan_with_the_nearest_words(folder):
    folder.change(RAPPORT, "quote: Nattlykta ligg i Lyktevik", "quote: Nattlykta ligg ved Lyktevik")
    (problem,) = folder.problems()
    assert problem.kind == "orphan"
    assert problem.value == "Nattlykta ligg ved Lyktevik"
    assert str(problem).startswith(
        f"{RAPPORT}:5: “Nattlykta ligg ved Lyktevik”: the quote is not in the text. "
        "The nearest is “Nattlykta ligg i Lyktevik"
    )
    assert "place" not in statements(folder.load())


def test_a_doubtful_quote_asks_for_near(folder):
    folder.change(RAPPORT, "  near: Meir\n", "")
    (problem,) = folder.problems()
    assert "the quote stands in 2 places (Funn, avsnitt 2; Meir, avsnitt 1)" in str(problem)
    assert "add near:" in str(problem)


def test_messages_about_a_closed_source_repeat_none_of_its_words(folder):
    folder.change(SAMTALE, "quote: Eg er skeptisk til anbod", "quote: Eg var skeptisk, løyndomsfullt")
    folder.change("sources/samtale/samtale.txt", "Informant:", "Torbjørg:")
    folder.write(
        "sources/samtale/samtale.txt", TALK.replace("Informant", "Torbjørg") + "\nTorbjørg: Ja.\n\nOle: Nei.\n"
    )
    told = "\n".join(folder.told())
    assert f"{SAMTALE}:5: the quote is not in the text." in told
    assert "samtale.txt: the speaker of turn 2 is not declared." in told
    assert "samtale.txt: the reader had to guess 1 times." in told
    for secret in ("løyndomsfullt", "Torbjørg", "Ole"):
        assert secret not in told


def test_a_digest_needs_locators(folder):
    folder.change("sources/rapport/source.yaml", "digest: false", "digest: true")
    told = folder.told()
    assert told[0] == (
        f"{RAPPORT}:9: the key “locator” is missing. The text is a digest: say where in the original this stands."
    )
    assert len(told) == 4


def test_two_statements_never_get_the_same_name(folder):
    folder.write("sources/a/source.yaml", SOURCE)
    folder.write("sources/a/a.md", TEXT)
    said = "{id: x, s: initiative:nattlykta, p: offeredIn, o: place:landet, basis: stated}"
    entry = f"- quote: Nattlykta ligg i Lyktevik\n  says:\n  - {said}\n"
    head = "coder: {id: CODER, name: Nokon}\ndate: 2026-11-24\nontology: 0.1.0\ncodings:\n"
    folder.write("sources/a/b-c.coding.yaml", head.replace("CODER", "b-c") + entry)
    folder.write("sources/a-b/source.yaml", SOURCE)
    folder.write("sources/a-b/a.md", TEXT)
    folder.write("sources/a-b/c.coding.yaml", head.replace("CODER", "c") + entry)
    (told,) = folder.told()
    assert "the statement gets the name “st:a-b-c-x”, which the one at sources/a/b-c.coding.yaml:7 has already" in told


SOURCE_ERRORS = [
    ("kind: document", "kind: dokument", ":1: “dokument” is not a value of “kind”. Nearest: document. Choose one"),
    ("kind: document\n", "", ":1: the key “kind” is missing."),
    ("title: {text: Bustad for alle, lang: nn}", "title: Bustad", ":2: “title” must say its language. Write {text: …"),
    ("lang: nn}", "lang: nynorsk}", ":2: “nynorsk” is not a language tag."),
    (
        "[actor:kari-nordmann,",
        "[actor:kari-normann,",
        ":5: “actor:kari-normann” is not known. Nearest: actor:kari-nord",
    ),
    (
        "[actor:kari-nordmann,",
        "[place:landet,",
        ":5: “place:landet” cannot stand here; what is expected begins with actor:",
    ),
    ("issued: 2025-03-14", "issued: 14.3.2025", ":6: “14.3.2025” is neither a year nor a day."),
    ("retrieved: 2026-01-02", "retrieved: 2026-02-30", ":9: “2026-02-30” is not a day."),
    ("url: https:", "url: javascript:", ":8: “javascript://example.com/rapport” is not a web address."),
    ("access: open", "access: opne", ":10: “opne” is not a value of “access”. Nearest: open. Choose one of open, pr"),
    ("digest: false", "digest: nei", ":11: “nei” is not a value of “digest”. Choose one of true, false."),
    ("coded: complete", "coded: heilt", ":12: “heilt” is not a value of “coded”."),
    ("coded: complete", "codet: complete", ":12: “codet” is not a key that belongs here. Nearest: coded"),
    ("short:", "id: rapporten\nshort:", ":3: the id “rapporten” is not the name of the folder. Nearest: rapport."),
    ("short:", "sha256: abc\nshort:", ":3: “abc” is not a SHA-256 checksum. Write the 64 hex digits"),
    ("short:", f"sha256: {'0' * 64}\nshort:", ":3: the checksum “000000000000…” is not that of rapport.md, which is"),
]


@pytest.mark.parametrize(("old", "new", "words"), SOURCE_ERRORS)
def test_what_is_wrong_in_a_source_is_told(folder, old, new, words):
    folder.change("sources/rapport/source.yaml", old, new)
    told = folder.told()
    assert any(each.startswith(f"sources/rapport/source.yaml{words}") for each in told), "\n".join(told)


def test_a_source_without_access_is_restricted(folder):
    folder.change("sources/rapport/source.yaml", "access: open\n", "")
    corpus = folder.load()
    assert source(corpus, "rapport").access == "restricted"
    (problem,) = corpus.problems
    assert problem.kind == "warning"
    assert "no access is declared, so the source is restricted" in str(problem)
    folder.change("sources/rapport/source.yaml", "coded: complete", "access: alle")
    assert source(folder.load(), "rapport").access == "restricted"


ENTITY_ERRORS = [
    (
        "iri: place:landet",
        "iri: place:lyktevik",
        ":31: “place:lyktevik” is already declared on line 27. Keep one of them.",
    ),
    ("iri: place:landet", "iri: plass:landet", ":31: “plass:landet” is not a name for an entity. Nearest: place"),
    ("iri: place:landet", "iri: place:Landet", ":31: “place:Landet” is not a name for an entity. Write one of actor:"),
    ("type: [Initiative]", "type: [Tiltak]", ":25: “Tiltak” is not a class."),
    (
        "type: [Initiative]",
        "type: [SocialEnterprise]",
        ":25: “SocialEnterprise” is knowledge, not identity. Code it: p:",
    ),
    ("label: {nn: Nattlykta, nb: Nattlykta, en: Nattlykta}", "label: {nn: Nattlykta}", ":26: the key “nb” is missing."),
    (
        "label: {nn: Nattlykta, nb: Nattlykta, en: Nattlykta}",
        "label: Nattlykta",
        ":26: “label” needs all three languages",
    ),
    ("within: place:landet", "within: place:landett", ":30: “place:landett” is not known. Nearest: place:landet,"),
    ("within: place:landet", "witin: place:landet", ":30: “witin” is not a key that belongs here. Nearest: within"),
    ("from: 1946", "from: før", ":10: “før” is neither a year nor a day."),
    ("https://example.com/husbanken", "javascript:alert(1)", ":12: “javascript:alert(1)” is not a web address."),
    ("loaded: false", "loaded: nei", ":41: “nei” is not a value of “loaded”."),
]


@pytest.mark.parametrize(("old", "new", "words"), ENTITY_ERRORS)
def test_what_is_wrong_in_the_entities_is_told(folder, old, new, words):
    folder.change("entities.yaml", old, new)
    told = folder.told()
    assert any(each.startswith(f"entities.yaml{words}") for each in told), "\n".join(told)


def test_a_broken_entry_still_makes_its_name_known(folder):
    folder.change("entities.yaml", "label: {nn: Nattlykta, nb: Nattlykta, en: Nattlykta}", "label: Nattlykta")
    (told,) = folder.told()
    assert told.startswith("entities.yaml:26")
    assert "place" in statements(folder.load())


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "base: https://example.org/",
            "base: https://example.org",
            ":2: the base “https://example.org” must end in a slash.",
        ),
        ("base: https:", "base: ftp:", ":2: “ftp://example.org/” is not a web address."),
        ("licence:", "license:", ":3: “license” is not a key that belongs here. Nearest: licence."),
        ("[nn, nb, en]", "[nn, sv]", ":4: “sv” is not a language of this program."),
        ("fiction: true", "fiction: ja", ":5: “ja” is not a value of “fiction”."),
        (CORPUS, "berre tekst", ":1: corpus.yaml must have keys."),
    ],
)
def test_what_is_wrong_in_the_head_is_told(folder, old, new, words):
    folder.change("corpus.yaml", old, new)
    told = folder.told()
    assert any(each.startswith(f"corpus.yaml{words}") for each in told), "\n".join(told)


# Files that cannot be read


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("a:\n\t- b\n", ":2: not readable as YAML: found character '\\t' that cannot start any token"),
        ("coder: x\n  date: y\n", ":2: not readable as YAML: mapping values are not allowed here."),
        ("coder: a: b\n", "Put a text with a colon in it in quotes: 'like: this'."),
        ("x: 'aldri lukka\n\n\n\n", ":1: not readable as YAML: found unexpected end of stream"),
        ("x: &a [1]\ny: *a\n", ":2: not readable as YAML: aliases (*name) are not used here."),
        ("x: !!python/object/apply:os.system ['ls']\n", ":1: not readable as YAML: tags (!name) are not used here."),
        ("x: " + "[" * 2_000, ":1: not readable as YAML: values are nested too deeply. Flatten the file."),
        ("a: 1\n---\nb: 2\n", ":2: not readable as YAML: but found another document"),
        ("? [a, b]\n: c\n", ":1: a key is a list or a mapping. Write a word before the colon."),
        ("- berre\n- ei liste\n", ":1: a coding file must have keys."),
        ("# berre ein merknad\n", ":1: the file holds nothing."),
        ("", ": the file is empty. Put the text in it, or remove it."),
        (b"a: \x00", ": there is a NUL byte at offset 3"),
        (b"a: " + b"x" * 5_000_001, ": the file is larger than 5 MB. Split it."),
    ],
)
def test_a_file_that_is_no_yaml_is_told_of_and_the_rest_is_read(folder, content, words):
    folder.write(RAPPORT, content)
    corpus = folder.load()
    (problem,) = corpus.problems
    assert words in str(problem)
    assert str(problem).startswith(RAPPORT)
    assert len(source(corpus, "samtale").statements) == 3


def test_control_characters_are_left_out_with_a_warning(folder):
    folder.change(RAPPORT, "note: Sjå side", "note: Sjå\x07 side")
    corpus = folder.load()
    (problem,) = corpus.problems
    assert (problem.kind, problem.file) == ("warning", RAPPORT)
    assert "1 control characters were left out" in str(problem)
    assert statements(corpus)["group"].note == "Sjå side 4."


def test_billions_of_laughs_stay_unlaughed(folder):
    lines = ["a0: &a0 lol"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    folder.write("entities.yaml", "\n".join(lines))
    assert any("entities.yaml:2: not readable as YAML: aliases" in told for told in folder.told())


def test_yaml_words_stay_words(folder):
    folder.change("entities.yaml", "{nn: landet, nb: landet, en: the country}", "{nn: no, nb: 010, en: 1e3}")
    labels = {entity.iri: entity.label for entity in folder.load().entities}
    assert labels["place:landet"] == {"nn": "no", "nb": "010", "en": "1e3"}


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("rapport.md", b"", "sources/rapport/rapport.md: the file is empty."),
        ("rapport.md", b"ab\0c", "sources/rapport/rapport.md: there is a NUL byte at offset 2"),
        (
            "kopi.txt",
            b"Hei",
            "sources/rapport/source.yaml: there are several texts in the folder: kopi.txt, rapport.md.",
        ),
    ],
)
def test_a_text_that_cannot_be_read_is_told_of_and_the_rest_is_read(folder, name, content, words):
    folder.write(f"sources/rapport/{name}", content)
    corpus = folder.load()
    (problem,) = corpus.problems
    assert str(problem).startswith(words)
    assert source(corpus, "rapport").document is None
    assert source(corpus, "rapport").statements == ()
    assert len(source(corpus, "samtale").statements) == 3


def test_missing_texts_sources_and_entities_are_told_of(folder):
    (folder.path / "sources/rapport/rapport.md").rename(folder.path / "sources/rapport/rapport.pdf")
    (folder.path / "sources/samtale/samtale.txt").unlink()
    (folder.path / "sources/tom").mkdir()
    (folder.path / "entities.yaml").unlink()
    told = "\n".join(folder.told())
    assert "sources/rapport/source.yaml: “rapport.pdf” cannot be read. Save its text as one of .txt" in told
    assert "sources/samtale/source.yaml: there is no text in the folder. Put it beside source.yaml" in told
    assert "sources/tom/source.yaml: the file is missing. Say in it what the source is" in told
    assert "entities.yaml: the file is missing. Declare in it whom and what" in told
    shutil.rmtree(folder.path / "sources")
    assert "sources: there are no sources. Make a folder sources/<id>/" in "\n".join(folder.told())


@pytest.mark.parametrize("content", [None, "", "iri: actor:husbanken", "- iri: [", b"\x00\x01\x02"])
def test_without_readable_entities_nothing_is_said_of_each_name(folder, content):
    (folder.path / "entities.yaml").unlink()
    if content is not None:
        folder.write("entities.yaml", content)
    folder.change(RAPPORT, "p: targets", "p: tragets")
    *entities, other = folder.told()
    assert len(entities) == 2
    assert (
        "entities.yaml: names of entities in other files were not checked, because this one could not be read."
    ) in entities
    assert "tragets" in other, "other mistakes are told as ever"


def test_names_that_are_not_read_are_told_of(folder):
    folder.write("sources/rapport/andre.codings.yaml", "a: b")
    folder.write("sources/Stor Mappe/source.yaml", SOURCE)
    folder.write("sources/laus.txt", "Hei.")
    told = "\n".join(folder.told())
    assert "sources/rapport/andre.codings.yaml: “andre.codings.yaml” is not a name that is read. Call codings" in told
    assert "sources/Stor Mappe: “Stor Mappe” is no name for a source. Use a-z, 0-9 and hyphens" in told
    assert "sources/laus.txt: a file lies beside the folders of the sources." in told


def test_nothing_outside_the_folder_is_read(folder, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "source.yaml").write_text(SOURCE, encoding="utf-8")
    (outside / "hemmeleg.txt").write_text("Nattlykta ligg i Lyktevik", encoding="utf-8")
    (folder.path / "sources/ute").symlink_to(outside)
    (folder.path / "sources/rapport/rapport.md").unlink()
    (folder.path / "sources/rapport/rapport.txt").symlink_to(outside / "hemmeleg.txt")
    (folder.path / "entities.yaml").unlink()
    (folder.path / "entities.yaml").symlink_to("/etc/passwd")
    corpus = folder.load()
    told = "\n".join(map(str, corpus.problems))
    for name in ("sources/ute", "sources/rapport/rapport.txt", "entities.yaml"):
        assert f"{name}: this leads out of the corpus folder and was not read. Copy the file into the corpus." in told
    assert [each.id for each in corpus.sources] == ["rapport", "samtale"]
    assert source(corpus, "rapport").document is None
    assert corpus.entities == ()


def test_loops_of_links_pipes_and_strange_names_stop_nothing(folder):
    (folder.path / "sources/rundt").symlink_to("rundt")
    os.mkfifo(folder.path / "sources/samtale/kopi.md")
    (folder.path / "sources/samtale/samtale.txt").unlink()
    (folder.path / os.fsdecode(b"sources/\xe5pent")).mkdir()
    (folder.path / os.fsdecode(b"sources/rapport/\xe5.yaml")).write_text("a: b", encoding="utf-8")
    told = "\n".join(folder.told())
    told.encode("utf-8")
    assert "sources/rundt: this leads out of the corpus folder" in told
    assert "sources/samtale/kopi.md: this is not a file." in told
    assert "sources/?pent: “?pent” is no name for a source." in told
    assert "sources/rapport/?.yaml: “?.yaml” is not a name that is read." in told
    assert len(statements(folder.load())) == 8


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(kg.corpus.structure).failed == 0


def test_undeclared_speakers_and_silent_interviews_are_told_of(folder):
    folder.change("sources/samtale/source.yaml", "access: restricted", "access: open")
    folder.change("sources/samtale/source.yaml", "- {label: Informant, agent: actor:informant-1}\n", "")
    folder.change("sources/samtale/samtale.txt", "Takk for det.", "Takk for det.\n\nInformant: Ja.")
    assert any(
        told.startswith("sources/samtale/samtale.txt: the speaker “Informant” is not declared. Add {label: …, agent")
        for told in folder.told()
    )
    folder.write("sources/samtale/samtale.txt", "Eg er skeptisk til anbod. Kva meiner du om anbod? Samtale 1\n")
    assert any("no speakers were found in the interview" in told for told in folder.told())
