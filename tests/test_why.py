"""Why something holds can be asked of every derived triple, and the answer ends at passages, identities and axioms."""

import json
import os
import re
import subprocess
import sys
from itertools import groupby

import pytest
import yaml
from conftest import ROOT
from markupsafe import escape
from test_questions import CATALOGUE

from kg.questions import (
    UnknownTriple,
    answer,
    clause,
    explained,
    following,
    rule_in_words,
    said,
    to_json,
    to_text,
    triple_of,
    why_text,
)
from kg.rules import load_rules
from kg.terms import Terms

TERMS = Terms()
SERVES = ("actor:bergen-kommune", "serves", "group:refugees")
ASKED = "subject=actor:bergen-kommune&predicate=serves&object=group:refugees"
INFERRED = f"SELECT * {{ GRAPH <{TERMS.graph('inferred')}> {{ ?s ?p ?o }} }} ORDER BY ?p ?s ?o"


def why(engine, *names: str):
    return explained(engine, CATALOGUE, TERMS, triple_of(names, TERMS))


def steps(step):
    yield step
    for each in (*step.premises, *step.others):
        yield from steps(each)


@pytest.fixture(scope="module")
def inferred(report_engine) -> list[tuple[str, str, str]]:
    rows = report_engine.select(INFERRED)
    return [(row["s"].value, row["p"].value, row["o"].value) for row in rows]


def test_a_chain_is_told_down_to_the_passages(report_engine):
    step, labels = why(report_engine, *SERVES)
    sentences = said(step, labels, CATALOGUE, TERMS)
    assert sentences["nn"] == (
        "Bergen kommune hjelper flyktningar, fordi Bergen kommune organiserer Bergen bidrar og Bergen bidrar "
        "rettar seg mot flyktningar."
    )
    assert sentences["en"].startswith("Municipality of Bergen serves refugees, because Municipality of Bergen provides")
    assert [step.rule.name, step.basis, step.origin] == ["prp-spo2", "inferred", "derived"]
    provides, targets = step.premises
    assert [provides.rule.name, targets.rule, targets.origin] == ["prp-inv1", None, "said"]
    assert provides.premises[0].triple == triple_of(("initiative:bergen-bidrar", "providedBy", SERVES[0]), TERMS)
    assert all(evidence.passage and evidence.text for evidence in step.proof)
    told = why_text(step, labels, "nn", CATALOGUE, TERMS)
    assert "Regel prp-spo2: Når A «organiserer» B, og B «rettar seg mot» C, gjeld dette: A «hjelper» C." in told
    assert step.proof[0].text in told


@pytest.mark.parametrize(
    ("triple", "origin"),
    [
        (("initiative:bergen-bidrar", "providedBy", "actor:bergen-kommune"), "said"),
        (("actor:bergen-kommune", "a", "Municipality"), "declared"),
        (("source:ervik-linden-2016", "author", "actor:rune-ervik"), "front-matter"),
        (("group:refugees", "skos:inScheme", "https://w3id.org/bustadgraf/kos/target-group"), "concept"),
        (("serves", "a", "owl:ObjectProperty"), "ontology"),
    ],
)
def test_what_no_rule_made_says_where_it_stands(report_engine, triple, origin):
    step, _ = why(report_engine, *triple)
    assert (step.origin, step.rule, step.premises) == (origin, None, ())
    assert bool(step.evidence) == (origin in ("said", "front-matter"))
    assert (step.basis is None) == (not step.evidence)


def test_every_kind_of_derived_triple_ends_at_what_is_not_derived(report_engine, inferred, counts):
    """Of each property the first, the middle and the last triple; nothing is its own reason."""
    for _, group in groupby(inferred, key=lambda triple: triple[1]):
        same = list(group)
        for triple in {same[0], same[len(same) // 2], same[-1]}:
            step, labels = explained(report_engine, CATALOGUE, TERMS, triple)
            assert step.rule, triple
            assert {leaf.origin for leaf in step.leaves}.isdisjoint({"derived"})
            assert all(each.premises for each in steps(step) if each.rule)
            assert not _leads_to_itself(step)
            assert all(said(step, labels, CATALOGUE, TERMS).values())
            counts("derived triples asked why")


@pytest.mark.parametrize("language", ["nn", "nb", "en"])
def test_every_sentence_has_words_for_every_name(field_engine, language, counts):
    """Of each derived property the first and the last triple, and all beneath them: no IRI, no name of ours."""
    rows = field_engine.select(INFERRED)
    inferred = [(row["s"].value, row["p"].value, row["o"].value) for row in rows]
    for predicate, group in groupby(inferred, key=lambda triple: triple[1]):
        same = list(group)
        for triple in {same[0], same[-1]}:
            step, labels = explained(field_engine, CATALOGUE, TERMS, triple)
            told = [said(step, labels, CATALOGUE, TERMS)[language]]
            told += [clause(each.triple, labels, CATALOGUE, TERMS, language) for each in steps(step)]
            told += [rule[language] for each in steps(step) if (rule := rule_in_words(each, labels, TERMS))]
            for sentence in told:
                assert not re.search(r"\w+:\w", sentence), (predicate, sentence)
            for each in steps(step):
                for iri in each.triple:
                    words, local = labels[iri][language], re.split("[/#]", iri)[-1]
                    assert words != local or words.islower(), (predicate, words)
            counts("derived properties told in words")


def _leads_to_itself(step, above=frozenset()) -> bool:
    if step.triple in above:
        return True
    inside = above | {step.triple}
    return any(_leads_to_itself(each, inside) for each in step.premises) or any(
        _leads_to_itself(each, above) for each in step.others
    )


def test_a_premise_is_really_what_the_rule_asks(report_engine, inferred):
    """The conclusion of each step is the head of its rule with the same things in the place of its variables."""
    rules = {rule.name: rule for rule in load_rules()}
    step, _ = explained(report_engine, CATALOGUE, TERMS, triple_of(SERVES, TERMS))
    for each in (each for each in steps(step) if each.rule):
        head = rules[each.rule.name].head
        assert tuple(each.marks.get(str(term), str(term)) for term in head) == each.triple


def test_several_ways_to_the_same_are_told(field_engine):
    step, _ = why(field_engine, *SERVES)
    assert len(step.others) > 1
    ways = {tuple(premise.triple for premise in way.premises) for way in (step, *step.others)}
    assert len(ways) == 1 + len(step.others)


def test_kinds_above_kinds_are_explained_too(report_engine):
    step, labels = why(report_engine, "Municipality", "rdfs:subClassOf", "prov:Agent")
    assert {each.rule.name for each in steps(step) if each.rule} == {"scm-sco"}
    assert said(step, labels, CATALOGUE, TERMS)["nb"] == (
        "Kommune hører under agent (PROV), fordi kommune hører under aktør og aktør hører under agent (PROV)."
    )


def test_what_follows_from_a_statement(report_engine):
    fact = triple_of(("initiative:bergen-bidrar", "providedBy", "actor:bergen-kommune"), TERMS)
    found = following(report_engine, CATALOGUE, TERMS, fact)
    assert {triple_of(("actor:bergen-kommune", "provides", "initiative:bergen-bidrar"), TERMS)} <= set(found)
    assert triple_of(SERVES, TERMS) in found
    assert fact not in found


@pytest.mark.parametrize(
    "names",
    [
        ("actor:bergen-kommune", "serves", "group:nobody"),
        ("actor:bergen-kommune", "fundedBy", "actor:husbanken"),
        ("unknown:x", "a", "Actor"),
        ("x>} UNION {?s ?p ?o", "a", "Actor"),
    ],
)
def test_what_does_not_hold_has_no_reason(report_engine, client, names):
    with pytest.raises(UnknownTriple):
        why(report_engine, *names)
    asked = dict(zip(("subject", "predicate", "object"), names, strict=True))
    for path in ("/nn/why", "/api/why"):
        response = client.get(path, query_string=asked)
        assert response.status_code == 404
        assert "Traceback" not in response.get_data(as_text=True)
    assert client.get("/api/why", query_string=asked).get_json(force=True)["reason"] == "triple"


def test_what_is_not_asked_is_explained_to_people_and_refused_to_programs(report_engine, client):
    with pytest.raises(UnknownTriple):
        why(report_engine, "", "", "")
    nothing = dict.fromkeys(("subject", "predicate", "object"), "")
    page = client.get("/nn/why", query_string=nothing)
    assert (page.status_code, page.text.count('placeholder="')) == (200, 3), "one field for each part"
    refused = client.get("/api/why", query_string=nothing)
    assert (refused.status_code, refused.get_json()["reason"]) == (404, "triple")


def test_json_tells_rule_premises_and_passages(client):
    found = client.get(f"/api/why?{ASKED}&lang=nb").get_json()
    assert found["sentence"].startswith("Bergen kommune hjelper flyktninger, fordi ")
    assert found["rule"] == {
        "id": "prp-spo2",
        "text": "Når A «organiserer» B, og B «retter seg mot» C, gjelder dette: A «hjelper» C.",
    }
    assert (found["basis"], found["origin"], found["evidence"]) == ("inferred", "derived", [])
    leaves = [found]
    while any(each["premises"] for each in leaves):
        leaves = [below for each in leaves for below in each["premises"] or [each]]
    assert {"said", "ontology"} == {leaf["origin"] for leaf in leaves}
    assert all(leaf["evidence"][0]["passage"] for leaf in leaves if leaf["origin"] == "said")


def test_a_row_that_a_rule_says_carries_its_rule_and_premises(field_engine):
    found = answer(field_engine, CATALOGUE, TERMS, "actors-serving", {"group": "group:refugees"})
    rows = to_json(found, "nn", TERMS)["rows"]
    assert rows
    for row in rows:
        assert row["basis"] == "inferred"
        assert row["rule"]["id"] == "prp-spo2"
        assert [premise["object"]["label"] for premise in row["premises"]][1] == "flyktningar"
        assert row["evidence"]
    assert "fordi Røde Kors organiserer Flyktningguiden" in to_text(found, "nn", CATALOGUE, TERMS)


def test_a_row_that_no_rule_says_carries_none(client):
    row = client.get("/api/q/who-helps?group=group:refugees").get_json()["rows"][0]
    assert not {"rule", "premises"} & set(row)


def test_pages_lead_to_the_reason_and_the_reason_to_passages(client):
    where = "/nn/why?subject=actor:bergen-kommune&amp;predicate=bso:serves&amp;object=group:refugees"
    for path in (
        "/nn/actor/bergen-kommune",
        "/nn/q/actors-serving?group=group:refugees",
        "/nn/statement/ervik-linden-2016-first-reading-bergen-bidrar-organiser",
    ):
        assert where in client.get(path).get_data(as_text=True), path
    page = client.get(f"/nn/why?{ASKED}").get_data(as_text=True)
    assert "Kvifor gjeld dette?" in page
    assert "Regelen: Når A «organiserer» B, og B «rettar seg mot» C, gjeld dette: A «hjelper» C." in page
    assert 'href="/nn/passage/ervik-linden-2016-' in page
    assert 'href="#t1"' in page
    assert 'id="t1"' in page


def test_the_sentence_of_a_page_links_whole_names_though_it_begins_with_a_capital(client):
    asked = "subject=passage:ervik-linden-2016-0-64&predicate=prov:wasDerivedFrom&object=source:ervik-linden-2016"
    rows = client.get(f"/api/why?{asked}&lang=en").get_json()
    page = client.get(f"/en/why?{asked}").get_data(as_text=True)
    lead = page.partition('class="lead">')[2].partition("</p>")[0]
    name = str(escape(rows["subject"]["label"]))
    assert f">{name[0].upper()}{name[1:]}</a>" in lead
    assert f">{name}</a>" in lead


@pytest.mark.parametrize(("lang", "heading"), [("nn", "Kvifor"), ("nb", "Hvorfor"), ("en", "Why")])
def test_the_reason_is_told_in_each_language(client, lang, heading):
    page = client.get(f"/{lang}/why?{ASKED}").get_data(as_text=True)
    assert f"<h1>{heading} " in page
    assert f"&amp;lang={lang}" in page


def command(*arguments: str, stdin: str, out) -> subprocess.CompletedProcess:
    shell = os.environ | {"PYTHONPATH": str(ROOT), "BUSTADGRAF_OUT": str(out)}
    run = [sys.executable, "-m", "kg.cli", "query", "-", "--why", *arguments]
    return subprocess.run(run, input=stdin, capture_output=True, text=True, env=shell, timeout=60)


def test_the_command_line_tells_why_each_triple_of_a_query_holds(report_out):
    serves = f"CONSTRUCT WHERE {{ <{TERMS.expand(SERVES[0])}> <{TERMS.expand('bso:serves')}> ?group }}"
    done = command("--lang", "en", stdin=serves, out=report_out)
    assert done.returncode == 0, done.stderr
    assert "because Municipality of Bergen provides Bergen bidrar" in done.stdout
    assert "Rule prp-inv1" in done.stdout
    for refused in ("ASK { ?s ?p ?o }", "CONSTRUCT { <urn:a> <urn:b> <urn:c> } {}"):
        done = command(stdin=refused, out=report_out)
        assert done.returncode == 2
        assert done.stderr.startswith("Error: ")


def test_the_api_description_knows_the_address(client):
    described = json.loads(client.get("/openapi.json").get_data(as_text=True))["paths"]["/api/why"]["get"]
    assert {each["name"] for each in described["parameters"]} >= {"subject", "predicate", "object", "lang"}


def test_words_for_relations_are_words_for_relations_that_there_are():
    words = yaml.safe_load((ROOT / "ontology" / "queries" / "words.yaml").read_text(encoding="utf-8"))["why"]
    for name, verb in words["verbs"].items():
        prefix, _, local = name.partition(":")
        assert prefix in TERMS.prefixes
        assert prefix != "bso" or local in TERMS.own
        assert set(verb) == {"nn", "nb", "en"}
