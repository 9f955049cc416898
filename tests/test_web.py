"""The pages as a browser gets them: whole without JavaScript, in three languages, safe, honest about errors."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlencode, urljoin, urlsplit

import lxml.html
import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from flask.testing import FlaskClient
from jinja2.ext import babel_extract
from lxml.html import HtmlElement

from kg.engine import Cell, Engine, open_files
from kg.export import FORMATS
from kg.model import AnswerTooLarge, DeadlineExceeded, EngineUnavailable, MemoryExceeded
from kg.questions import Catalogue
from kg.snapshot import Snapshot
from kg.terms import Terms
from web import app as application
from web import explorer
from web.app import create_app
from web.language import Speech, sort_key
from web.publication import Publication
from web.traffic import Allowance
from web.views import SEGMENTS, frame
from web.views.entity import ASKED
from web.views.facets import EXTENTS, SPEAKERS, STATES, WORDINGS

ROOT = Path(__file__).parent.parent
WEB = ROOT / "web"
SOURCE = "/source/ervik-linden-2016"
PAGES = (
    *("", "?q=Kven+hjelper+flyktningar", "?q=zzz+qqq", "q/who-helps?group=group:refugees", "q/money-chain", "matrix"),
    *("actor/", "actor/public-actors", "actor/bergen-kommune", "initiative/bergen-bidrar", "issue/tendering"),
    *("place/bergen", "instrument/competence-grant", "target-group/refugees", "source/ervik-linden-2016", "concepts"),
    *(
        "sparql",
        "sparql?prefixes=1&query=SELECT+*+{?s+a+bso:Initiative}",
        "search?q=bergen",
        "data",
        "quality",
        "about",
        "unknown",
        "source/?coded=whole",
        "actor/?kind=ActorGroup&voice=said",
        "statement/?kind=Stance",
    ),
)
LANGUAGES = ("nn", "nb", "en")


def page(client: FlaskClient, path: str, status: int = 200) -> HtmlElement:
    response = client.get(path)
    assert response.status_code == status, path
    return lxml.html.document_fromstring(response.text)


def text(element: HtmlElement) -> str:
    return " ".join(element.text_content().split())


def first_statement(client: FlaskClient) -> str:
    links = page(client, "/nn/initiative/bokontakt").xpath("//a[contains(@href, '/nn/statement/')]/@href")
    return links[0].removeprefix("/nn/")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_well_made(client, language, path):
    shown = page(client, f"/{language}/{path}")
    levels = [int(heading.tag[1]) for heading in shown.xpath("//h1 | //h2 | //h3 | //h4 | //h5 | //h6")]
    identifiers = shown.xpath("//@id")

    assert shown.get("lang") == language
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(deeper - level <= 1 for level, deeper in pairwise(levels))
    assert len(identifiers) == len(set(identifiers))
    assert shown.xpath("//link[@rel='alternate']/@hreflang") == list(LANGUAGES)
    fields = shown.xpath("//input[not(@type='checkbox' or @type='hidden')] | //select | //textarea")
    assert all(shown.xpath(f"//label[@for='{field.get('id')}']") for field in fields)


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_fetched_from_outside_and_nothing_runs(client, path):
    response = client.get(f"/nn/{path}")
    shown = lxml.html.document_fromstring(response.text)
    fetched = shown.xpath("//link[@rel='stylesheet' or @rel='icon']/@href | //img/@src | //script/@src | //iframe/@src")

    assert all(address.startswith("/static/") for address in fetched)
    running = "//script[not(@type = 'application/ld+json')]"  # that is data, which no browser runs
    assert shown.xpath(f"{running} | //style | //@style | //@onclick | //@onload") == []
    assert "default-src 'self'" in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize("path", [*PAGES, "statement/", "passage/"])
def test_no_bare_address_stands_where_a_name_could(client, path):
    shown = page(client, f"/nn/{path}")
    for code in shown.xpath("//code | //pre | //textarea"):
        code.drop_tree()
    words = text(shown.xpath("//main")[0])

    assert Terms().base not in words
    assert not re.search(r"\b(bso|actor|initiative|issue|group|role|task|help|value|effect|code):[a-z]", words)


def test_every_link_leads_somewhere(client):
    """Walk from the front page; of pages of one kind, the first five found stand for all."""
    seen, waiting, broken, kinds = set(), ["/nn/"], [], Counter()
    while waiting:
        path = waiting.pop().partition("#")[0]
        kind = path.partition("?")[0] if "?" in path else path.rpartition("/")[0]
        if path in seen or kinds[kind] == 5:
            continue
        seen.add(path)
        kinds[kind] += 1
        response = client.get(path, follow_redirects=True)
        if response.status_code != 200:
            broken.append((path, response.status_code))
        elif response.mimetype == "text/html":
            links = lxml.html.document_fromstring(response.text).xpath("//a/@href")
            waiting += [urljoin(path, link) for link in links if _worth_following(urljoin(path, link))]

    assert broken == []
    assert len(kinds) > 30


def _worth_following(link: str) -> bool:
    return not urlsplit(link).netloc and not link.startswith(("/nb/", "/en/", "/data/", "/dump/"))


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("nn", "nn"),
        ("no,en;q=0.8", "nb"),
        ("nb-NO", "nb"),
        ("da", "nb"),
        ("sv-SE,sv;q=0.9,en;q=0.5", "nb"),
        ("en-GB", "en"),
        ("de,fr", "nn"),
        ("en;q=0.2,nn;q=0.9", "nn"),
        (None, "nn"),
    ],
)
def test_the_front_door_leads_to_the_language_of_the_reader(client, accepted, language):
    response = client.get("/", headers={"Accept-Language": accepted} if accepted else {})

    assert response.status_code == 303
    assert response.headers["Location"] == f"/{language}/"
    assert "Accept-Language" in response.headers["Vary"]


def test_no_redirect_leaves_the_host(client):
    response = client.get("/nn", headers={"Host": "evil.example"})

    assert response.status_code in (301, 302, 303, 307, 308)
    assert response.headers["Location"] == "/nn/"


def test_the_language_switch_leads_to_the_same_page(client):
    shown = page(client, "/nn/q/who-helps?group=group:refugees")

    assert shown.xpath("//nav[@class='languages']/a/@href") == [
        f"/{language}/q/who-helps?group=group:refugees" for language in LANGUAGES
    ]


@pytest.mark.parametrize(
    ("language", "question"),
    [
        ("nn", "Kven hjelper flyktningar inn på bustadmarknaden?"),
        ("nb", "Hvem hjelper flyktninger?"),
        ("en", "Who helps refugees?"),
    ],
)
def test_a_question_gives_rows_that_lead_to_their_passages(client, language, question):
    shown = page(client, f"/{language}/?{urlencode({'q': question})}")
    rows = shown.xpath("//table/tbody/tr")

    assert "Frivillige bustadformidlarar" in text(shown.xpath("//table")[0])
    assert rows
    for row in rows:
        targets = [link.removeprefix("#") for link in row.xpath(".//span[@class='evidence-refs']/a/@href")]
        assert targets
        assert all(shown.xpath(f"//div[@id='{target}']//blockquote") for target in targets)


def test_a_passage_leads_to_its_place_in_the_source_and_back(client):
    answer = page(client, "/nn/q/who-helps?group=group:refugees")
    address = answer.xpath("//div[@class='passage']//a[contains(@href, '?passage=')]/@href")[0]
    path, _, anchor = address.partition("#")
    source = page(client, path)
    lit = source.xpath(f"//*[@id='{anchor}']")[0]

    assert lit.tag in ("mark", "span")
    assert source.xpath("//mark[@class='chosen']")
    statements = source.xpath("//mark[@class='chosen']/a/@href")
    assert all(source.xpath(f"//li[@id='{link.removeprefix('#')}']") for link in statements)


def test_a_digest_is_never_quoted(client):
    for path in ("/nn/q/who-helps?group=group:refugees", "/nn/initiative/bokontakt", "/nn/" + first_statement(client)):
        shown = page(client, path)
        assert "Attgjeving (våre ord)" in [text(heading) for heading in shown.xpath("//h2")]
        assert "Sitat" not in [text(heading) for heading in shown.xpath("//h2")]
        assert not any(text(quote).rstrip().endswith("»") for quote in shown.xpath("//blockquote"))
    assert "med våre ord" in text(page(client, f"/nn{SOURCE}").xpath("//main")[0])


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_rests_on_the_chosen_passage_stands_first_and_is_marked_for_eyes_and_ears(client, language):
    spoken = Speech.of(language).say("Rests on the chosen passage:")
    plain = page(client, f"/{language}{SOURCE}")
    beside = [block.xpath(".//div[@class='beside']//li") for block in plain.xpath("//div[@class='reader']/div")]
    chosen = max(beside, key=len)[-1].xpath(".//a/@href")[-2].removeprefix("#p-")
    source = page(client, f"/{language}{SOURCE}?passage={chosen}")
    block = source.xpath("//mark[contains(@class, 'chosen')]/ancestor::div[starts-with(@class, 'block')]")[0]
    marked = [spoken in text(item) for item in block.xpath(".//div[@class='beside']//li")]
    links = [f"#p-{chosen}" in item.xpath(".//a/@href") for item in block.xpath(".//div[@class='beside']//li")]

    assert any(marked)
    assert marked == links == sorted(marked, reverse=True)
    assert len(source.xpath("//li[@class='resting']")) == sum(marked)
    assert block.xpath(".//details//li[@class='resting']") == []
    assert spoken not in text(plain)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_data_page_names_the_exports_there_are_and_a_command_that_works(client, language):
    shown = page(client, f"/{language}/data")
    (command,) = [code for code in shown.xpath("//code") if text(code).startswith("bustadgraf export")]
    said = text(command.getparent())
    words = text(command).split()

    assert words[words.index("--format") + 1] in FORMATS
    assert words[words.index("--file") + 1].endswith(FORMATS[words[words.index("--format") + 1]].suffix)
    assert set(re.findall(r"\((\w+)[):]", said)) == set(FORMATS)


class Nameless:
    """An engine in which no coder has a name."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def select(self, query: str, **options: float | None) -> list[dict[str, Cell]]:
        rows = self.engine.select(query, **options)
        return [row for row in rows if not ("label" in row and "/coder/" in row["thing"].value) and not _names(row)]

    def __getattr__(self, name: str) -> object:
        return getattr(self.engine, name)


def _names(row: dict[str, Cell]) -> bool:
    return "key" in row and row["key"].value.endswith("#prefLabel") and row["value"].value == "Fyrste lesing"


@pytest.mark.parametrize(("language", "word"), [("nn", "ein kodar"), ("nb", "en koder"), ("en", "a coder")])
def test_a_coder_is_named_where_the_corpus_says_so_and_else_a_coder(client, report_publication, language, word):
    path = f"/{language}/{first_statement(client)}"
    box = "//section[@aria-labelledby='how']"
    nameless = create_app(replace(report_publication, engine=Nameless(report_publication.engine))).test_client()

    assert "Fyrste lesing" in text(page(client, path).xpath(box)[0])
    assert word in text(page(nameless, path).xpath(box)[0])
    for unnamed in (path, f"/{language}/coder/", f"/{language}/coder/first-reading"):
        shown = page(nameless, unnamed)
        assert word in text(shown.xpath("//main")[0]).casefold()
        assert "coder:" not in text(shown.xpath("//body")[0])


@pytest.mark.parametrize(
    ("language", "listed"),
    [
        ("nn", "Eg kjenner ikkje «kostar», «tur» og «månen» og svarar"),
        ("nb", "Jeg kjenner ikke «kostar», «tur» og «månen» og svarer"),
        ("en", "I do not know “kostar”, “tur” and “månen” and so"),
    ],
)
def test_words_that_are_not_known_are_quoted_one_by_one_and_lead_to_one_list(client, language, listed):
    shown = page(client, f"/{language}/?{urlencode({'q': 'Kva kostar ein tur til månen?'})}")
    (notice,) = shown.xpath("//div[@class='notice']")

    assert listed in text(notice)
    assert text(notice).count(":") == 1
    assert [part.tag for part in notice] == ["p", "ul", "p"]
    assert notice.xpath("./p[last()]/a[contains(@href, '/search?q=')]")


@pytest.mark.parametrize("language", LANGUAGES)
def test_concepts_stand_in_the_order_of_the_language_of_the_page(client, language):
    shown = page(client, f"/{language}/concepts")
    for names in ([text(name) for name in part.xpath("./dl/dt/a")] for part in shown.xpath("//main//section")):
        assert names == sorted(names, key=sort_key)
    assert len(shown.xpath("//section[@aria-labelledby='module-core']/dl/dt/a")) > 5


def test_a_known_licence_has_its_name_as_link(client):
    (link,) = page(client, "/nn/data").xpath("//main//a[contains(@href, 'creativecommons.org')]")

    assert (text(link), link.get("href")) == ("CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/")


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://creativecommons.org/licenses/by-sa/3.0/no/", "CC BY-SA 3.0 NO"),
        ("https://creativecommons.org/licenses/by-nc-nd/4.0/deed.nn", "CC BY-NC-ND 4.0"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "CC0 1.0"),
        ("https://creativecommons.org/licenses/by/4.0/<b>", "https://creativecommons.org/licenses/by/4.0/<b>"),
        ("https://example.org/creativecommons.org/licenses/by/4.0/", None),
        ("https://data.norge.no/nlod/no/2.0", None),
    ],
)
def test_only_addresses_of_creative_commons_get_its_names(address, name):
    assert frame.licence_name(address) == (name or address)


@pytest.mark.parametrize("path", ["/nn/unheard", "/nb/unheard/", "/en/actors", "/nn/q", "/nn/%2F%2Fevil.example"])
def test_a_kind_that_does_not_exist_is_refused_at_once(client, path):
    assert client.get(path).status_code == 404


def test_an_error_in_the_editor_stands_above_the_query(client):
    main = page(client, "/nn/sparql?query=SELEC", 400).xpath("//main")[0]
    before = main.xpath("//form//textarea/preceding::*[@role='alert']")

    assert before
    assert [alert.get("id") for alert in before] == main.xpath("//textarea/@aria-describedby")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("nn", "Nemnt i påstandar om andre"),
        ("nb", "Nevnt i påstander om andre"),
        ("en", "Mentioned in statements about others"),
    ],
)
def test_what_is_said_of_others_has_a_heading_that_says_so(client, language, words):
    headings = page(client, f"/{language}/instrument/competitive-tendering").xpath("//h2")

    assert words in [text(heading) for heading in headings]


def test_the_question_can_be_changed_with_a_form(client):
    form = page(client, "/nb/q/who-helps?group=group:refugees").xpath("//div[@class='understood']/form")[0]
    chosen = form.xpath(".//option[@selected]")

    assert form.get("action") == "/nb/q/who-helps"
    assert [(option.get("value"), text(option)) for option in chosen] == [("group:refugees", "flyktninger")]
    assert len(form.xpath(".//option")) > 3


def test_three_refusals_are_told_apart(client):
    lost = text(page(client, f"/nn/?{urlencode({'q': 'Kva kostar ein tur til månen?'})}").xpath("//main")[0])
    silent = text(page(client, "/nn/q/money-chain?initiative=initiative:bokontakt").xpath("//main")[0])

    assert "Eg forstod ikkje spørsmålet" in lost
    assert "Eg forstod spørsmålet, men kjeldene seier ikkje noko om det." in silent
    assert "Eg forstod ikkje" not in silent


def test_what_may_not_be_shown_has_words_of_its_own(client, monkeypatch):
    real = explorer.ask

    def refuse(*given):
        reply = real(*given)
        return replace(reply, answer=replace(reply.answer, question=None, rows=(), outcome="not-allowed"))

    monkeypatch.setattr(explorer, "ask", refuse)
    shown = text(page(client, f"/nn/?{urlencode({'q': 'Kven hjelper flyktningar?'})}").xpath("//main")[0])

    assert "Det kan eg ikkje svare på" in shown
    assert "fortruleg" in shown


def test_a_pinned_answer_is_the_same_every_time(client, report_snapshot):
    link = page(client, "/nn/q/who-helps?group=group:refugees").xpath("//p[@class='iri']/a/@href")[0]

    assert f"v={report_snapshot.name}" in link
    assert client.get(link).data == client.get(link).data


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_unknown_version_gives_the_list_of_those_served(client, report_snapshot, language):
    shown = page(client, f"/{language}/matrix?v=000000000000", 404)

    assert report_snapshot.name in text(shown.xpath("//main")[0])
    assert f"/{language}/matrix" in shown.xpath("//main//a/@href")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "path", ["actor/nobody", "nothing/", "nothing/at-all", "q/no-such", "statement/x", "passage/x-1-2", "a/b/c/d"]
)
def test_what_is_not_there_gets_a_page_with_a_way_on(client, language, path):
    shown = page(client, f"/{language}/{path}", 404)

    assert shown.get("lang") == language
    assert f"/{language}/" in shown.xpath("//main//a/@href")
    assert shown.xpath("//main//form")


def test_a_question_spelt_wrong_names_the_nearest(client):
    assert "/nn/q/who-helps" in page(client, "/nn/q/who-help", 404).xpath("//main//a/@href")


def test_a_slot_value_spelt_wrong_names_the_nearest(client):
    shown = page(client, "/nn/q/who-helps?group=group:refugee", 400)

    assert "/nn/q/who-helps?group=group:refugees" in shown.xpath("//main//a/@href")
    assert page(client, "/nn/q/who-helps?colour=red", 400).xpath("//main//a[@href='/nn/q/who-helps']")


@pytest.mark.parametrize("path", ["/nn/about", "/nb/actor/x", "/en/matrix"])
def test_a_fault_of_ours_tells_nothing_of_the_inside(report_publication, monkeypatch, path):
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("/secret/place: Traceback")

    monkeypatch.setattr(explorer, "_page", broken)
    monkeypatch.setattr(explorer.views, "entity_page", broken)
    client = create_app(report_publication).test_client()
    response = client.get(path)

    assert response.status_code == 500
    assert "secret" not in response.text
    assert "Traceback" not in response.text
    assert "<h1>" in response.text


@pytest.mark.parametrize("error", [DeadlineExceeded(10), EngineUnavailable("no worker")])
def test_a_busy_service_says_so_and_when_to_come_back(report_publication, error):
    class Tired:
        def select(self, *_: object, **__: object) -> None:
            raise error

    client = create_app(replace(report_publication, engine=Tired())).test_client()
    response = client.get("/nb/matrix")

    assert response.status_code == 503
    assert response.headers["Retry-After"]
    assert "Prøv igjen" in response.text


def test_programs_get_problems_and_people_get_pages(client):
    assert client.get("/api/no/such/thing").mimetype == "application/problem+json"
    assert client.get("/nn/no/such/thing").mimetype == "text/html"
    assert client.post("/nn/").status_code == 405


@pytest.mark.parametrize(
    "address",
    [
        "/nn/?q=" + "a" * 9000,
        "/nn/?q=%00%ff%fe",
        "/nn/?q=" + "%F0%9F%8F%A0" * 300,
        "/nn/search?q=%27%22%3E%3Cscript%3E",
        "/nn/actor/%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        "/nn/actor/..%2F..%2Fetc%2Fpasswd",
        "/nn/source/..",
        "/nn/source/..%2Fsecret?passage=%3Cb%3E",
        "/nn/actor/?page=999999999999999999",
        "/nn/actor/?page=-1",
        "/nn/q/who-helps?group=%3Cscript%3E",
        "/nn/sparql?query=%3Cscript%3Ealert(1)%3C/script%3E",
        "/nn/%E2%80%AE/x",
    ],
)
def test_hostile_addresses_are_shown_or_refused_but_never_run(client, address):
    response = client.get(address)

    assert response.status_code in (200, 303, 308, 400, 404)
    assert "<script" not in response.text.lower()
    assert "Traceback" not in response.text


def test_a_long_query_is_not_repeated_in_every_link(client):
    long = "ASK { #" + "x" * 50_000  # never closed: there is no answer to lead to
    text = client.get("/nn/sparql", query_string={"query": long}).text
    assert text.count("x" * 50_000) == 1, "in the editor"
    assert 'href="/en/sparql"' in text
    assert 'href="/en/sparql?query=ASK' in client.get("/nn/sparql?query=ASK%20%7B%7D").text.replace("+", "%20")


def test_what_is_not_known_is_counted_once_a_language(client, report_publication, monkeypatch):
    pages = {lang: client.get(f"/{lang}/unknown").text for lang in ("nn", "en")}
    monkeypatch.setattr(report_publication.engine, "query", None)
    assert {lang: client.get(f"/{lang}/unknown").text for lang in ("nn", "en")} == pages
    assert pages["nn"] != pages["en"]


def test_a_label_with_markup_is_text(client):
    shown = client.get(f"/nn/?{urlencode({'q': '<b>Kven</b> & <i>kva</i>?'})}").text

    assert "<b>Kven</b>" not in shown
    assert "&lt;b&gt;Kven" in shown


@pytest.mark.parametrize(
    ("lang", "told"),
    [
        ("nn", "Tabellen har inga gruppe og inga kjelde"),
        ("nb", "Tabellen har ingen gruppe og ingen kilde"),
        ("en", "The table has no group and no source"),
    ],
)
def test_the_matrix_says_which_names_it_does_not_know(field_client, lang, told):
    shown = page(field_client, f"/{lang}/matrix?group=actor:ks&group=actor:nobody&source=nothing")
    (notice,) = shown.xpath("//p[contains(@class, 'notice')]")
    assert told in notice.text_content()
    assert [code.text for code in notice.xpath(".//code")] == ["actor:nobody", "nothing"]
    assert not page(field_client, f"/{lang}/matrix?group=actor:ks").xpath("//p[contains(@class, 'notice')]")


@pytest.mark.parametrize(
    ("lang", "told"), [("nn", "Skriv kva det gjeld"), ("nb", "Skriv hva det"), ("en", "Tell it what")]
)
def test_why_without_a_question_says_what_it_needs(client, lang, told):
    shown = page(client, f"/{lang}/why")
    assert told in shown.xpath("//main")[0].text_content()
    assert [field.get("name") for field in shown.xpath("//main//input")] == ["subject", "predicate", "object"]
    assert client.get(f"/{lang}/why?subject=actor:bergen-kommune").status_code == 404


def test_an_empty_cell_among_rows_of_several_kinds_is_no_silence(field_client):
    shown = page(field_client, "/nn/q/rules-and-reactions?issue=issue:tendering")
    assert shown.xpath("//td/abbr[text()='–'][@title='gjeld ikkje denne rada, eller er ikkje sagt']")
    assert "ikkje sagt" not in " ".join(shown.xpath("//td/span/text()"))


def test_the_languages_of_sources_are_named_in_the_language_of_the_page(field_client):
    for lang, name in (("nn", "Engelsk"), ("nb", "Engelsk"), ("en", "English")):
        options = page(field_client, f"/{lang}/source/").xpath("//select[@name='language']/option/text()")
        assert any(option.startswith(name) for option in options), options


def test_the_amount_of_one_statement_is_shown_with_its_currency(field_client):
    guide = "husbanken-veileder-boligtiltak-10"
    for name in ("dam-2019-nytt-namn-first-reading-grants", f"{guide}-first-reading-tenants-grant"):
        (heading,) = page(field_client, f"/nn/statement/{name}-amount").xpath("//h1")
        assert "norske kroner" in text(heading)


def test_an_issue_shows_who_is_heard_and_folds_away_the_others(field_client):
    shown = page(field_client, "/nn/issue/tendering")
    rows = shown.xpath("//section[@aria-labelledby='stances']//tbody/tr")
    assert 0 < len(rows) < 10
    folded = text(shown.xpath("//section[@aria-labelledby='stances']/div/details")[0])
    assert "Ingenting er koda enno om kva" in folded
    assert "Husbanken" in folded
    chosen = page(field_client, "/nn/matrix?group=actor:ks&group=actor:husbanken").xpath("//table")[0]
    assert [text(head) for head in chosen.xpath(".//thead//th")][1:3] == ["Husbanken", "KS"]


def test_invented_corpora_say_so_on_every_page(report_publication, report_snapshot):
    invented = Snapshot(report_snapshot.path, replace(report_snapshot.manifest, fiction=True))
    client = create_app(replace(report_publication, snapshot=invented)).test_client()

    for path in (*PAGES, "actor/nobody"):
        assert "Oppdikta." in client.get(f"/nn/{path}").text
    assert "Oppdikta." not in create_app(report_publication).test_client().get("/nn/").text


def test_the_editor_shows_names_and_keeps_the_query(client):
    query = "SELECT ?tiltak ?stad WHERE { ?tiltak bso:offeredIn ?stad }"
    shown = page(client, f"/nn/sparql?{urlencode({'query': query, 'prefixes': '1'})}")

    assert "Bokontakt" in text(shown.xpath("//table")[0])
    assert shown.xpath("//textarea")[0].text.strip() == query
    assert any("format=csv" in link for link in shown.xpath("//a/@href"))


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("SELEC * {}", 400, "Det er ein feil i spørjinga"),
        ("DELETE WHERE { ?s ?p ?o }", 400, "spørjinga"),
        ("SELECT * { SERVICE <http://localhost/> { ?s ?p ?o } }", 400, "Spørjinga er ikkje tillaten"),
        ("ASK { ?s a bso:Initiative }", 200, "Ja"),
        ("CONSTRUCT { ?s a ?o } WHERE { ?s a bso:Initiative, ?o }", 200, "Resultat"),
        ("SELECT * { ?s a <http://example.org/nothing> }", 200, "0 rader"),
    ],
)
def test_the_editor_answers_every_form_and_explains_a_refusal(client, query, status, words):
    shown = page(client, f"/nn/sparql?{urlencode({'query': query, 'prefixes': '1'})}", status)

    assert words in text(shown.xpath("//main")[0])


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (DeadlineExceeded(10), "etter 10 sekund"),
        (MemoryExceeded(1024), "meir enn 1024 MB minne"),
        (AnswerTooLarge(64), "større enn 64 MB"),
        (EngineUnavailable("worker 7 is gone"), "Tenesta er oppteken"),
    ],
)
def test_the_editor_says_in_the_language_of_the_page_which_limit_was_met(client, monkeypatch, error, words):
    def refuse(*_args: object, **_kwargs: object) -> None:
        raise error

    monkeypatch.setattr(explorer, "_answered", refuse)
    shown = text(page(client, "/nn/sparql?query=ASK+{}", 503).xpath("//*[@role='alert']")[0])

    assert words in shown
    assert "worker" not in shown


def test_a_redirect_says_nothing_of_the_host_that_the_request_claims(client):
    sent_on = client.get("/nn/actor", headers={"Host": "elsewhere.example"})

    assert (sent_on.status_code, sent_on.headers["Location"]) == (308, "/nn/actor/")
    assert "elsewhere" not in sent_on.text


@pytest.mark.parametrize("path", ["/nn/", "/api/q", "/health", "/id/actor/husbanken", "/.well-known/void"])
def test_a_refused_method_names_the_allowed_ones(client, path):
    refused = client.delete(path)

    assert refused.status_code == 405
    assert {"GET", "HEAD"} <= set(refused.allow)


@pytest.fixture
def bare(report_engine: Engine) -> FlaskClient:
    """A server of plain RDF files: no snapshot, no questions."""
    return create_app(Publication(report_engine, Terms())).test_client()


def test_plain_files_have_pages_too(bare):
    for path in (
        "/nn/",
        "/nn/sparql",
        "/nn/about",
        "/nn/unknown",
        "/nn/quality",
        "/nn/data",
        "/nn/actor/bergen-kommune",
        f"/nn{SOURCE}",
    ):
        assert bare.get(path).status_code == 200
    assert bare.get("/nn/q/who-helps").status_code == 404


@pytest.mark.parametrize("kind", SEGMENTS)
def test_every_kind_has_a_list(client, kind):
    assert page(client, f"/en/{kind}/").xpath("//h1")


@pytest.mark.parametrize(
    "path", ["actor/husbanken", "target-group/refugees", "issue/tendering", "source/ervik-linden-2016"]
)
def test_a_page_leads_to_its_data(client, path):
    for address in page(client, f"/nn/{path}").xpath("//link[@rel='alternate' and @type]/@href"):
        assert client.get(address).status_code == 200


# What we do not know


@pytest.fixture(scope="module")
def field_client(field_publication: Publication) -> FlaskClient:
    """A server of the field corpus."""
    return create_app(field_publication).test_client()


def figures(shown: HtmlElement) -> dict[str, int]:
    """Every figure of the page with the list that it leads to."""
    links = shown.xpath("//table[contains(@class, 'figures')]//a | //dl[contains(@class, 'counted')]//a")
    return {link.get("href"): int(link.text_content()) for link in links}


def listed(client: FlaskClient, address: str) -> int:
    """How many things a list says that it has."""
    return int(text(page(client, address).xpath("//*[@role='status']")[0]).split()[0])


def test_every_figure_is_the_length_of_the_list_it_leads_to(client):
    found = figures(page(client, "/nn/unknown"))

    assert len(found) > 30
    assert {address: listed(client, address) for address in found} == found


def test_what_nobody_pays_for_is_told_apart_from_what_is_not_coded(client, field_client):
    report = figures(page(client, "/nn/unknown"))
    field = figures(page(field_client, "/nn/unknown"))

    assert report["/nn/initiative/?payer=silent"] == 6
    assert "/nn/initiative/?payer=not-coded" not in report
    assert field["/nn/initiative/?payer=not-coded"] > 0
    answered = sum(number for address, number in field.items() if address.startswith("/nn/initiative/?payer="))
    assert answered == listed(field_client, "/nn/initiative/")


@pytest.mark.parametrize(
    ("language", "reason"),
    [
        ("nn", "Kjeldene seier ikkje kven som betaler for Bergen bidrar."),
        ("nb", "Kildene sier ikke hvem som betaler for Bergen bidrar."),
        ("en", "The sources do not say who pays for Bergen bidrar."),
    ],
)
def test_questions_that_no_source_answers_stand_with_their_reason(field_client, language, reason):
    shown = page(field_client, f"/{language}/unknown")
    (line,) = [each for each in shown.xpath("//li[.//*[@class='name']]") if reason in text(each)]

    assert f"/{language}/q/money-chain?initiative=initiative:bergen-bidrar" in line.xpath(".//a/@href")


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("rules-and-reactions?issue=issue:reserved-competitions", {"KS", "Virke"}),
        ("competition", {"ideelle aktørar", "Ervik & Lindén 2016"}),
        ("views-of?actor=actor:ks", set()),
    ],
)
def test_a_row_tells_whose_view_it_is_where_the_question_does_not(question, told, field_client):
    holders = page(field_client, f"/nn/q/{question}").xpath("//table//td[last()]//span[contains(., 'ifølgje')]/a")

    assert {text(each) for each in holders} >= told
    assert bool(holders) == bool(told)


def test_every_question_that_is_not_listed_has_an_answer(field_client, field_publication):
    shown = page(field_client, "/en/unknown")
    outcomes = {each.question.id: each.answer.outcome for each in field_publication.survey if each.answer}
    open_ = {
        address.partition("?")[0].rpartition("/")[2] for address in shown.xpath("//a[contains(@href, '/q/')]/@href")
    }

    assert set(outcomes) == {question.id for question in field_publication.catalogue}
    assert open_ == {name for name, outcome in outcomes.items() if outcome in ("silent", "partial")}


def test_issues_with_one_side_only_name_who_speaks(field_client):
    shown = page(field_client, "/en/unknown")
    lines = shown.xpath("//h2[@id='one-sided']/..//li")

    assert len(lines) == listed(field_client, "/en/issue/?speakers=one")
    assert all(line.xpath(".//a[contains(@href, '/actor/')]") for line in lines)


def test_sources_that_are_known_and_not_loaded_are_named(field_client):
    shown = page(field_client, "/en/unknown")
    assert "Kommuneproposisjonen 2017" in text(shown.xpath("//h3[contains(., 'not loaded')]/following-sibling::p")[0])


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_empty_data_set_knows_nothing_and_says_so(tmp_path, language):
    nothing = tmp_path / "nothing.ttl"
    nothing.write_text("", encoding="utf-8")
    engine = open_files([nothing])
    client = create_app(Publication(engine, Terms(), None, Catalogue.load(Terms()))).test_client()
    shown = page(client, f"/{language}/unknown")
    engine.close()

    assert figures(shown) == {}
    assert shown.xpath("//*[@class='notice']")
    assert shown.xpath("//h2[@id='principle']")


@pytest.mark.parametrize("path", ["", "q/money-chain?initiative=initiative:bergen-bidrar", "initiative/bergen-bidrar"])
def test_where_something_is_not_known_the_page_about_that_is_near(client, path):
    assert page(client, f"/nn/{path}").xpath("//main//a[@href='/nn/unknown']")


@pytest.mark.parametrize("query", ["source=source:nobody", "group=<script>", "page=999"])
def test_odd_narrowing_of_the_matrix_breaks_nothing(field_client, query):
    assert page(field_client, f"/en/matrix?{query}").xpath("//h1")


# Lists


def test_a_list_is_narrowed_by_source_and_kind_and_keeps_that_on_the_next_page(field_client):
    narrowed = page(field_client, "/nn/statement/?kind=Fact")
    (onwards,) = narrowed.xpath("//nav[@class='pager']//a/@href")
    both = "/nn/statement/?kind=Fact&source=source:ervik-linden-2016"

    assert "kind=Fact" in onwards
    assert "page=2" in onwards
    assert 0 < listed(field_client, both) < listed(field_client, "/nn/statement/?kind=Fact")
    assert narrowed.xpath("//select[@name='kind']/option[@selected]/@value") == ["Fact"]


@pytest.mark.parametrize("query", ["kind=Nonsense", "source=source:nobody", "kind=Municipality&source=<script>"])
def test_a_list_narrowed_to_nothing_says_so(client, query):
    shown = page(client, f"/nn/actor/?{query}")
    assert shown.xpath("//ul[@class='entries']") == []
    assert "ingenting" in text(shown.xpath("//*[@class='notice']")[0])


# Words of the interface


def wordings() -> Iterator[str | tuple[str, str]]:
    """Every text of the interface: those that templates and modules say, and those that stand in tables."""
    keywords = {"_": None, "say": None, "n_": (1, 2), "count": (1, 2)}
    for file in (*WEB.glob("templates/*.html"), *WEB.glob("*.py"), *WEB.glob("views/*.py")):
        method = babel_extract if file.suffix == ".html" else "python"
        with file.open("rb") as opened:
            yield from (message for _, message, _, _ in extract(method, opened, keywords))
    yield from (words for words, _ in frame.MENU)
    yield from ((one, many) for _, one, many in frame.COUNTED)
    yield from (kinds for _, kinds in SEGMENTS.values())
    yield from (each.words for asked in ASKED.values() for each in asked)
    yield from (words for table in (STATES, EXTENTS, WORDINGS, SPEAKERS) for words in table.values())
    yield from (*application.TITLES.values(), *application.TEXTS.values())
    for name in ("sparql", "negotiation", "linked_data", "api"):
        yield from _told_as_problems(ast.parse((WEB / f"{name}.py").read_text(encoding="utf-8")))


def _told_as_problems(module: ast.Module) -> Iterator[str]:
    """Find the literal titles and details that a module hands to ``problem``."""
    for node in ast.walk(module):
        given: list[ast.expr] = []
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("problem", "_bad", "_wrong"):
            given = node.args[:3]
        if isinstance(node, ast.Assign) and {getattr(target, "id", "") for target in node.targets} & {"title", "text"}:
            given = [node.value]
        yield from (
            each.value
            for each in given
            if isinstance(each, ast.Constant) and isinstance(each.value, str) and each.value[:1].isupper()
        )


@pytest.mark.parametrize("language", ["nn", "nb"])
def test_every_text_of_the_interface_is_translated(language):
    words = Speech.of(language).words
    keys = {each if isinstance(each, str) else each[0] for each in wordings()}

    assert sorted(keys - set(words)) == []


@pytest.mark.parametrize("language", ["nn", "nb"])
def test_translations_keep_the_marks_of_the_text(language):
    with (WEB / "translations" / f"{language}.po").open("rb") as opened:
        catalogue = read_po(opened, locale=language)
    marks = re.compile(r"%\(\w+\)s")
    for message in catalogue:
        if message.id:
            ids = message.id if isinstance(message.id, tuple) else (message.id,)
            strings = message.string if isinstance(message.string, tuple) else (message.string,)
            assert all(strings)
            assert {frozenset(marks.findall(each)) for each in ids} == {
                frozenset(marks.findall(each)) for each in strings
            }


BOKMAAL = """
ikke hvem hva hvor hvordan hvilke hvilken noe noen jeg kilde kilder kilden kildene bolig frivillighet tiltakene enighet
uenighet virkemidler påstander sier heter finnes kommer også samme tjeneste spørsmålene svarer
"""
NYNORSK = """
ikkje kven kva kvar korleis noko nokon ein ei eit eg dei kjelde kjelder kjelda kjeldene bustad frivilligheit semje
usemje verkemiddel påstandar seier heiter finst kjem òg same teneste spørsmåla svarar vere
"""


@pytest.mark.parametrize(("language", "strangers"), [("nn", BOKMAAL), ("nb", NYNORSK)])
def test_the_two_norwegians_are_not_mixed(language, strangers):
    said = " ".join(" ".join(forms) for forms in Speech.of(language).words.values())
    found = set(re.findall(r"[\wæøå]+", said.casefold())) & set(strangers.split())

    assert found == set()


@pytest.mark.parametrize(
    ("lang", "sentence"),
    [("nn", "Kven hjelper flyktningar?"), ("nb", "Hvem hjelper flyktninger?"), ("en", "Who helps refugees?")],
)
def test_the_gallery_asks_of_things_that_the_data_know(client, lang, sentence):
    home = client.get(f"/{lang}/").get_data(as_text=True)
    assert f'<a href="/{lang}/q/who-helps?group=group:refugees">{sentence}</a>' in home


def test_the_first_query_in_the_editor_runs_as_it_stands(client):
    (first,) = page(client, "/nn/sparql").xpath("//textarea")
    query = first.text_content().strip()
    shown = page(client, f"/nn/sparql?{urlencode({'query': query, 'prefixes': '1'})}")
    assert "Frivillige bustadformidlarar" in text(shown.xpath("//tbody")[0])


def test_only_doubt_gets_a_sign(client):
    shown = text(page(client, "/nn/source/ervik-linden-2016"))
    assert "sikker" not in shown.split()
    assert "truleg" not in shown.split()


@pytest.mark.parametrize("kind", ["actor", "source", "passage", "statement", "issue", "%ff"])
@pytest.mark.parametrize("slug", ["%ff", "%00", "%3Cscript%3E", "a%20b", "..%2f..%2fetc"])
def test_an_address_of_odd_bytes_leads_nowhere_and_breaks_nothing(client, kind, slug):
    assert client.get(f"/nn/{kind}/{slug}").status_code == 404


def test_a_probe_is_let_in_beside_a_client_that_takes_all_it_may(report_publication):
    full = create_app(report_publication, Allowance(requests=0)).test_client()
    assert full.get("/nn/").status_code == 429
    assert full.get("/health").status_code == 200
    assert full.get("/metrics").status_code == 200


def test_a_triple_is_asked_about_with_each_part_once(client):
    once = "subject=initiative:bergen-bidrar&predicate=serves&object=group:refugees"
    assert client.get(f"/api/why?{once}&subject=initiative:bokontakt").json["reason"] == "repeated"
