"""The digest of the report and the example say what they should: counts, traps, quotes, own words, canaries."""

import gzip
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from report_corpus import FIELD_ANSWERS, SOURCE, report_answers, report_corpus
from seed_corpus import ROOT, seed_corpus, seed_text

from kg.corpus import load
from kg.model import VIEWS, Corpus, Iri, LiteralTerm, Source, Statement, Term
from kg.snapshot import build
from kg.terms import Terms, shipped_concepts

CORPORA = ROOT / "kg" / "corpora"
LONGEST_SHARED_RUN = 7
FRONT_MATTER_LINES = 6
CANARIES = ("kanarifugl", "Torbjørg", "torbjorg", "00 55 01 99", "00 77 01 88", "informant-b", "informant-c")
FIVE = ("bokontakt", "bergen-bidrar", "frivillige-bustadformidlarar", "alternativ-utleie", "mestringsguiden")
SIX = {f"initiative:{name}" for name in (*FIVE, "tillitsperson")}

Triple = tuple[str | None, str | None, str | LiteralTerm]


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """The digest of the report and nothing else."""
    return load(report_corpus(tmp_path_factory.mktemp("corpus")))


@pytest.fixture(scope="module")
def example() -> Corpus:
    return load(CORPORA / "example")


def report(corpus: Corpus) -> Source:
    return corpus.sources[0]


def name(term: Term | None) -> str | LiteralTerm:
    return term.name if isinstance(term, Iri) else term if term else ""


def facts(corpus: Corpus, *, basis: str | None = None) -> set[Triple]:
    """Return the plain triples: neither denied nor merely possible, of one basis or of any."""
    return {
        (each.subject, each.predicate, name(each.object))
        for source in corpus.sources
        for each in source.statements
        if each.kind == "Fact" and not each.negated and each.modality == "actual" and basis in (None, each.basis)
    }


def objects(corpus: Corpus, subject: str, predicate: str, *, basis: str | None = None) -> set[str | LiteralTerm]:
    return {o for s, p, o in facts(corpus, basis=basis) if (s, p) == (subject, predicate)}


def subjects(corpus: Corpus, predicate: str, value: str, *, basis: str | None = None) -> set[str | None]:
    return {s for s, p, o in facts(corpus, basis=basis) if (p, o) == (predicate, value)}


def views(corpus: Corpus, kind: str, issue: str) -> list[Statement]:
    statements = [each for source in corpus.sources for each in source.statements]
    return [each for each in statements if each.kind == kind and values(each, "about") == {issue}]


def values(statement: Statement, key: str) -> set[str | LiteralTerm]:
    return {name(term) for term in statement.values.get(key, ())}


def words(text: str) -> list[str]:
    return re.findall(r"\w+(?:-\w+)*", unicodedata.normalize("NFC", text).casefold())


def runs(text: list[str], length: int) -> Iterator[tuple[str, ...]]:
    return (tuple(text[start : start + length]) for start in range(len(text) - length + 1))


@pytest.mark.parametrize("corpus", ["field", "example"])
def test_a_shipped_corpus_reads_without_a_single_problem(corpus: str) -> None:
    assert not [str(problem) for problem in load(CORPORA / corpus).problems]


def test_three_statements_make_the_smallest_corpus() -> None:
    corpus = load(ROOT / "tests" / "corpora" / "three")
    assert not corpus.problems
    assert corpus.fiction
    assert [each.kind for each in report(corpus).statements] == ["Fact", "Fact", "Stance"]


def test_the_corpus_is_one_digest_coded_completely(alone: Corpus) -> None:
    source = report(alone)
    assert [each.id for each in alone.sources] == [SOURCE]
    assert (source.digest, source.access, source.coded) == (True, "open", "complete")
    assert not alone.fiction
    assert (source.title.lang, source.document and source.document.lang) == ("nb", "nn")
    assert Counter(each.kind for each in source.statements) == {
        "Fact": 117,
        "Remark": 12,
        "Stance": 5,
        "Comparison": 3,
        "Agreement": 2,
        "LessAgreement": 2,
        "Tension": 2,
        "Expectation": 1,
    }
    assert Counter(each.basis for each in source.statements) == {"stated": 138, "interpreted": 6}


def test_front_matter_shows_who_wrote_commissioned_and_carried_out(alone: Corpus) -> None:
    shown = {key: passage.exact for key, passage in report(alone).metadata_passages.items()}
    assert {"author", "year", "commissionedBy", "carriedOutBy"} <= shown.keys()
    assert "2016" in shown["year"]
    assert "Husbanken" in shown["commissionedBy"]


def test_every_statement_of_the_digest_points_into_the_original(alone: Corpus) -> None:
    assert all(each.passage.locator for each in report(alone).statements)


def test_only_readings_need_and_have_a_reason(alone: Corpus, example: Corpus) -> None:
    for each in [*report(alone).statements, *report(example).statements]:
        assert (each.basis == "stated") == (not each.because), each.id
        assert {reason.lang for reason in each.because} <= {"nn", "nb", "en"}, each.id


def test_three_roles_not_four_and_they_are_the_first_reports(alone: Corpus) -> None:
    earlier = "source:loga-eimhjellen-lied-2015"
    roles = {
        "role:idealist-service-production",
        "role:small-scale-volunteering",
        "role:social-innovation-and-entrepreneurship",
    }
    assert objects(alone, earlier, "identifiesRole") == roles
    told = [each for each in report(alone).statements if each.predicate in ("identifiesRole", "playsRole")]
    assert {each.per for each in told} == {earlier}
    possible = [each for each in told if each.predicate == "playsRole"]
    assert {name(each.object) for each in possible} == roles
    assert {each.modality for each in possible} == {"potential"}


def test_six_initiatives_are_presented(alone: Corpus) -> None:
    assert objects(alone, f"source:{SOURCE}", "presents") == SIX


def test_other_names_are_those_the_page_uses(alone: Corpus) -> None:
    names = {(s, o.value) for s, p, o in facts(alone) if p == "alsoKnownAs" and isinstance(o, LiteralTerm)}
    assert names == {("initiative:bokontakt", "bustadkontakt"), ("initiative:alternativ-utleie", "AU")}


def test_too_early_to_judge_holds_for_four_and_is_denied_of_bokontakt(alone: Corpus) -> None:
    four = {f"initiative:{each}" for each in FIVE if each != "bokontakt"}
    assert subjects(alone, "evaluationStatus", "evaluation:too-early") == four
    denied = [each for each in report(alone).statements if each.negated and each.kind == "Fact"]
    assert [(each.subject, each.predicate) for each in denied] == [("initiative:bokontakt", "evaluationStatus")]


def test_tillitsperson_is_in_none_of_the_statements_about_several(alone: Corpus) -> None:
    together = [each for each in report(alone).statements if each.passage.locator == "hovudfunn 1, punkt 6"]
    assert together
    assert all(each.subject != "initiative:tillitsperson" for each in together)
    for help_type in ("help:housing-purchase", "help:housing-mastery"):
        assert subjects(alone, "offersHelp", help_type) == {f"initiative:{each}" for each in FIVE}


def test_alternativ_utleie_shares_traits_with_social_entrepreneurs_but_is_none(alone: Corpus) -> None:
    assert subjects(alone, "type", "bso:SocialEnterprise") == {"initiative:mestringsguiden", "initiative:tillitsperson"}
    assert "initiative:alternativ-utleie" in subjects(alone, "sharesTraitsWith", "actor:social-entrepreneurs")
    assert not objects(alone, "initiative:alternativ-utleie", "exemplifiesRole")


def test_target_groups_keep_what_is_stated_apart_from_what_is_read(alone: Corpus) -> None:
    assert subjects(alone, "targets", "group:refugees", basis="stated") == {"initiative:frivillige-bustadformidlarar"}
    read = {"initiative:mestringsguiden", "initiative:bergen-bidrar"}
    assert subjects(alone, "targets", "group:refugees", basis="interpreted") == read
    assert objects(alone, f"source:{SOURCE}", "mentions") >= {
        "group:refugees",
        "group:disadvantaged-families",
        "group:people-with-substance-use-problems",
        "group:weak-groups",
        "group:disadvantaged-in-housing-market",
    }


def test_only_bokontakt_is_placed_in_bergen_outright_and_nothing_in_oslo(alone: Corpus) -> None:
    assert subjects(alone, "offeredIn", "place:bergen", basis="stated") == {"initiative:bokontakt"}
    assert subjects(alone, "offeredIn", "place:bergen", basis="interpreted") == {"initiative:bergen-bidrar"}
    assert not subjects(alone, "offeredIn", "place:oslo")
    assert subjects(alone, "studiesCase", "place:oslo") == {f"source:{SOURCE}"}


def test_no_payer_is_stated_and_one_organiser(alone: Corpus) -> None:
    predicates = {p for _, p, _ in facts(alone)}
    assert not predicates & {"fundedBy", "fundedUnder"}
    organised = {(s, o) for s, p, o in facts(alone) if p == "providedBy"}
    assert organised == {("initiative:bergen-bidrar", "actor:bergen-kommune")}


def test_mediation_has_one_fact_for_each_end(alone: Corpus) -> None:
    ends = {(s, o) for s, p, o in facts(alone) if p == "mediatesFor"}
    assert ends == {
        ("initiative:frivillige-bustadformidlarar", "actor:landlords"),
        ("initiative:frivillige-bustadformidlarar", "actor:tenants"),
        ("initiative:alternativ-utleie", "actor:home-owners"),
        ("initiative:alternativ-utleie", "group:disadvantaged-families"),
    }


def test_several_informants_are_sceptical_and_belong_to_no_group(alone: Corpus) -> None:
    (sceptical,) = views(alone, "Stance", "issue:competence-grant-conversion")
    assert (values(sceptical, "holder"), values(sceptical, "polarity")) == ({"actor:informants"}, {"code:negative"})
    assert sceptical.quantifier is not None
    assert sceptical.quantifier.removeprefix("code:") == "several"
    assert next(each for each in alone.entities if each.iri == "actor:informants").subgroup_of is None


def test_membership_of_idealist_actors_in_the_field_is_left_open(alone: Corpus) -> None:
    open_ends = objects(alone, "actor:idealist-actors", "boundaryUnclearWith", basis="interpreted")
    assert open_ends == {"actor:field-actors"}
    assert not any(each.subgroup_of for each in alone.entities)


@pytest.mark.parametrize("issue", ["issue:tendering", "issue:eu-directives"])
def test_less_agreement_is_not_disagreement_and_two_issues_are_two_statements(alone: Corpus, issue: str) -> None:
    (less,) = views(alone, "LessAgreement", issue)
    assert values(less, "party") == {"actor:public-actors", "actor:field-actors"}
    assert not views(alone, "Disagreement", issue)
    assert not views(alone, "Agreement", issue)


def test_the_reasons_for_criticism_are_the_five_the_holder_gives(alone: Corpus) -> None:
    (idealist,) = [
        e for e in views(alone, "Stance", "issue:tendering") if "actor:idealist-actors" in values(e, "holder")
    ]
    assert values(idealist, "polarity") == {"code:mixed"}
    assert values(idealist, "reason") == {
        "value:value-base",
        "value:identity",
        "value:autonomy",
        "effect:weakened-cooperation",
        "effect:competition-among-idealist",
    }
    assert {frozenset(values(each, "higherParty")) for each in views(alone, "Comparison", "issue:tendering")} == {
        frozenset({"actor:idealist-actors"}),
        frozenset({"actor:public-actors"}),
    }


def test_being_occupied_with_something_is_a_comparison_of_concern_not_a_stance(alone: Corpus) -> None:
    (concern,) = views(alone, "Comparison", "issue:genuine-volunteering")
    assert values(concern, "dimension") == {"code:concern"}
    assert not views(alone, "Stance", "issue:genuine-volunteering")


def test_agreed_tasks_are_three_and_shared_remarks_are_no_agreement(alone: Corpus) -> None:
    (agreed,) = views(alone, "Agreement", "issue:main-tasks")
    assert values(agreed, "on") == {"task:supplement", "task:innovate", "task:voice"}
    for issue in ("issue:vague-documents", "issue:small-scale-potential", "issue:extent-of-volunteering"):
        shared = [each for each in views(alone, "Remark", issue) if len(values(each, "holder")) == 2]
        assert len(shared) == 1, issue
        assert not views(alone, "Agreement", issue)


def test_potential_is_not_actual(alone: Corpus) -> None:
    (potential,) = views(alone, "Remark", "issue:small-scale-potential")
    assert potential.modality == "potential"
    (displacement,) = views(alone, "Tension", "issue:displacement-of-public-measures")
    assert displacement.modality == "potential"
    assert displacement.condition is not None
    (professionalism,) = views(alone, "Tension", "issue:professionalism")
    assert professionalism.modality == "actual"


def test_hypothetical_consequences_are_one_statement_each(alone: Corpus) -> None:
    feared = [each for each in report(alone).statements if values(each, "mayLeadTo")]
    assert all(each.modality == "potential" and len(values(each, "mayLeadTo")) == 1 for each in feared)
    assert {effect for each in feared for effect in values(each, "mayLeadTo")} == {
        "effect:less-public-provision",
        "effect:depoliticisation",
        "effect:covering-for-missing-public-measures",
        "effect:coordination-strain",
        "effect:pressure-on-infrastructure",
    }
    assert not any(values(each, "holder") for each in feared), "the authors fear it, no group does"


def test_room_and_displacement_are_two_issues_and_a_denied_problem_is_no_praise(alone: Corpus) -> None:
    (room,) = views(alone, "Stance", "issue:room-for-idealist-organisations")
    assert room.negated
    assert values(room, "polarity") == {"code:negative"}
    assert not views(alone, "Stance", "issue:displacement-of-public-measures")


def test_the_competence_grant_became_a_general_transfer(alone: Corpus) -> None:
    change = "change:competence-grant-to-block-grant"
    assert objects(alone, change, "changesFrom") == {"instrument:competence-grant"}
    assert objects(alone, change, "changesTo") == {"instrument:municipal-block-grant"}
    assert ("instrument:municipal-block-grant", "type", "bso:GeneralTransfer") in facts(alone, basis="stated")
    assert ("instrument:competence-grant", "administeredBy", "actor:husbanken") in facts(alone, basis="interpreted")


def test_every_view_keeps_the_verb_of_its_source(alone: Corpus) -> None:
    told = [each for each in report(alone).statements if each.kind in VIEWS]
    assert all(values(each, "verb") for each in told)


def test_entities_have_labels_in_three_languages_and_groups_and_issues_a_definition(
    alone: Corpus, example: Corpus
) -> None:
    for each in (*alone.entities, *example.entities):
        assert set(each.label) == {"nn", "nb", "en"}, each.iri
        if {"ActorGroup", "Issue", "ResearchQuestion"} & set(each.types):
            assert set(each.definition) == {"nn", "nb", "en"}, each.iri


def test_the_digest_is_in_our_own_words(alone: Corpus) -> None:
    original = seed_text()
    if original is None:
        pytest.skip("the original text is not in ../shared/seed")
    seed = words(original.read_text(encoding="utf-8"))
    theirs = set(runs(seed, LONGEST_SHARED_RUN + 1))
    digest = (CORPORA / "field" / "sources" / SOURCE / "digest.md").read_text(encoding="utf-8")
    prose = "\n".join(digest.splitlines()[FRONT_MATTER_LINES:])
    assert [" ".join(run) for run in runs(words(prose), LONGEST_SHARED_RUN + 1) if run in theirs] == []


def test_anchors_are_short_and_the_originals_own_words(alone: Corpus) -> None:
    anchors = {each.passage.anchor for each in report(alone).statements if each.passage.anchor}
    assert len(anchors) > 40
    assert [anchor for anchor in anchors if len(anchor.split()) > 12] == []
    original = seed_text()
    if original is None:
        pytest.skip("the original text is not in ../shared/seed")
    text = " ".join(unicodedata.normalize("NFC", original.read_text(encoding="utf-8")).split())
    assert [anchor for anchor in anchors if anchor not in text] == []


def test_the_original_text_is_coded_with_its_own_words(tmp_path: Path) -> None:
    corpus = load(seed_corpus(tmp_path))
    assert not [str(problem) for problem in corpus.problems]
    source = report(corpus)
    assert not source.digest
    assert len(source.statements) >= 25
    assert source.document is not None
    for each in source.statements:
        assert source.document.text[each.passage.start : each.passage.end] == each.passage.exact


def test_the_two_readings_of_the_report_agree_where_both_code(alone: Corpus, tmp_path: Path) -> None:
    original = facts(load(seed_corpus(tmp_path)))
    assert {(s, p, o) for s, p, o in original if s != "source:seed"} <= facts(alone)


def test_the_example_is_fiction_at_three_levels_of_access(example: Corpus) -> None:
    assert example.fiction
    levels = {source.id: (source.kind, source.access) for source in example.sources}
    assert levels == {
        "bustadplan": ("document", "open"),
        "samtale-a": ("interview", "open"),
        "kanarifugl-prosjektsamtale": ("interview", "project"),
        "kanarifugl-samtale": ("interview", "restricted"),
    }
    assert all(source.approval for source in example.sources if source.kind == "interview")
    fictional = ("oppdikt", "fiction")
    for each in example.entities:
        assert any(word in " ".join(each.definition.values()).casefold() for word in fictional), each.iri


def test_the_example_uses_every_kind_of_statement_and_basis(example: Corpus) -> None:
    statements = [each for source in example.sources for each in source.statements]
    assert {each.kind for each in statements} == {"Fact", *VIEWS}
    assert {each.basis for each in statements} == {"stated", "interpreted", "of-type"}
    assert {each.modality for each in statements} == {"actual", "potential", "expected", "normative"}
    assert {each.coder for each in report(example).statements} == {"first-reading", "second-reading"}
    assert {each.status for each in statements} == {"accepted", "candidate", "withdrawn"}
    assert any(each.quantifier for each in statements)
    assert any(each.condition for each in statements)


def test_speakers_assert_what_they_say_and_tell_what_others_mean(example: Corpus) -> None:
    talk = next(source for source in example.sources if source.id == "samtale-a")
    assert {each.asserted_by for each in talk.statements} == {("actor:informant-a",)}
    landlords = next(each for each in talk.statements if each.id == "landlords-on-nokkelhjelpa")
    assert values(landlords, "holder") == {"actor:landlords"}


def test_canaries_sing_in_closed_sources_only(example: Corpus) -> None:
    for source in example.sources:
        folder = example.path / "sources" / source.id
        told = source.id + "".join(path.read_text(encoding="utf-8") for path in sorted(folder.iterdir()))
        heard = [canary for canary in CANARIES if canary.casefold() in told.casefold()]
        assert bool(heard) == (source.access != "open"), (source.id, heard)


def test_no_canary_sings_in_what_is_built_of_the_example(tmp_path: Path) -> None:
    built = build(CORPORA / "example", tmp_path)
    assert built.published
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    legible = {
        path: (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8")
        for path, content in ((path, path.read_bytes()) for path in written)
    }
    assert any("Nattlykta" in text for text in legible.values()), "the open part is not there"
    for path, text in legible.items():
        told = (str(path.relative_to(tmp_path)) + text).casefold()
        assert [canary for canary in CANARIES if canary.casefold() in told] == [], path.name


def read(path: Path) -> dict[str, object]:
    return dict(yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader))


def curies(part: object) -> Iterator[str]:
    """Find every CURIE of a declared prefix in nested lists and mappings."""
    if isinstance(part, dict | list):
        for each in part.values() if isinstance(part, dict) else part:
            yield from curies(each)
    elif isinstance(part, str) and re.fullmatch(r"[a-z]+:\S+", part) and part.partition(":")[0] in Terms().prefixes:
        yield part


def test_forty_answers_are_expected_of_what_the_report_says(alone: Corpus) -> None:
    answers = [read(path) for path in report_answers()]
    assert sorted(int(str(answer["cq"])) for answer in answers) == list(range(1, 41))
    statements = {f"st:{each.source}-{each.coder}-{each.id}" for each in report(alone).statements}
    terms = {f"bso:{term}" for term in Terms().own}
    entities = {each.iri for each in alone.entities} | {f"source:{SOURCE}"}
    known = statements | terms | entities | shipped_concepts()
    for answer in answers:
        assert set(curies(answer)) <= known, answer["cq"]


def test_expected_rows_fill_their_columns_and_outcomes_follow_from_rows() -> None:
    beside = {"basis", "modality", "holder", "evidence"}
    for answer in map(read, {*report_answers(), *FIELD_ANSWERS}):
        columns, rows = answer["columns"], answer["rows"]
        assert isinstance(columns, list)
        assert isinstance(rows, list)
        assert all(set(row) - beside == set(columns) for row in rows), answer["cq"]
        assert (answer["outcome"] == "silent") == (not rows), answer["cq"]
        assert answer["outcome"] == "answer" or "gaps" in answer, answer["cq"]


def test_every_statement_says_how_sure_its_coder_is(alone: Corpus, example: Corpus) -> None:
    said = [each for corpus in (alone, example) for source in corpus.sources for each in source.statements]
    assert {each.sure for each in said if each.basis == "stated"} <= {"certain", "probable", "uncertain"}
    assert {each.sure for each in report(alone).statements if each.basis == "interpreted"} == {"probable"}
