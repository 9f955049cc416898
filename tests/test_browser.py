"""A real browser on a real server: what a reader sees, with JavaScript off; what axe-core finds."""

from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

AXE = Path(__file__).parent.parent / "web" / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
FLAGS += ["--disable-sync", "--no-first-run"]
LANGUAGES = ("nn", "nb", "en")
PATHS = (
    *("", "q/who-helps?group=group:refugees", "q/money-chain?initiative=initiative:bokontakt", "?q=zzz", "matrix"),
    *("actor/", "actor/public-actors", "initiative/bergen-bidrar", "issue/tendering", "source/ervik-linden-2016"),
    *("concepts", "sparql?prefixes=1&query=SELECT+*+{?s+a+bso:Initiative;?p+?o}", "search?q=bergen", "data", "quality"),
    *("unknown", "about", "actor/nobody", "why?subject=actor:bergen-kommune&predicate=serves&object=group:refugees"),
    *(
        "concepts/Initiative",
        "concepts/targets",
        "concepts/scheme/code",
        "target-group/refugees",
        "shapes",
        "concepts?q=kommune",
    ),
    *("q/actors-serving?group=group:refugees", "statement/ervik-linden-2016-first-reading-bergen-bidrar-organiser"),
)
# Pages whose trouble is their size: they are looked at on the field corpus.
LARGE = (
    *(
        "unknown",
        "matrix",
        "matrix?source=source:ervik-linden-2016",
        "matrix?group=actor:ks&group=actor:husbanken",
        "issue/tendering",
        "actor/husbanken",
    ),
    *("source/husbanken-bolig-for-velferd", "source/", "statement/?kind=Stance", "actor/?kind=ActorGroup&voice=said"),
)
AXE_RULES = "{runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}"


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=chromium, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def reader(browser: Browser) -> Iterator[Page]:
    """A reader without JavaScript on a desktop."""
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


def overflow(page: Page) -> int:
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.mark.parametrize(("width", "language"), [(320, "nn"), *product((390, 1280), LANGUAGES)])
def test_pages_fit_fetch_nothing_outside_and_complain_of_nothing(browser, server, language, width):
    context = browser.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    hosts, complaints = set(), []
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.on("console", lambda message: complaints.append((page.url, message.text)))
    page.on("pageerror", lambda error: complaints.append((page.url, str(error))))
    too_wide = []
    for path in PATHS:
        page.goto(f"{server}/{language}/{path}")
        if overflow(page) > 0:
            too_wide.append((path, overflow(page)))
    context.close()

    assert hosts == {urlsplit(server).netloc}
    assert [said for said in complaints if "404 (NOT FOUND)" not in said[1]] == []
    assert too_wide == []


def test_the_fonts_and_the_style_are_ours(reader, server):
    fetched = {}
    reader.on("response", lambda response: fetched.update({urlsplit(response.url).path: response.status}))
    with reader.expect_response(lambda response: urlsplit(response.url).path.endswith(".woff2")):
        reader.goto(f"{server}/nn/")

    assert fetched["/static/dist/site.css"] == 200
    assert set(fetched.values()) == {200}


def test_a_reader_without_javascript_asks_and_ends_at_the_lit_passage(reader, server):
    reader.goto(f"{server}/nn/")
    reader.fill("#q", "Kven hjelper flyktningar inn på bustadmarknaden?")
    with reader.expect_navigation():  # a click before the page is whole may be lost
        reader.press("#q", "Enter")
    assert "Frivillige bustadformidlarar" in reader.inner_text("table")

    reader.locator("table tr", has_text="integrering").get_by_role("link", name="Tekststad").first.click()
    reader.locator(".passage:target").get_by_role("link", name="vis i samanhengen").click()
    lit = reader.locator("mark.chosen").first
    assert "Frivillige bustadformidlarar" in lit.inner_text()
    assert lit.is_visible()

    lit.locator("a").click()
    beside = reader.locator("li:target")
    assert beside.is_visible()
    beside.get_by_role("link", name="påstand", exact=True).click()
    assert reader.locator("h1").inner_text()
    assert "/nn/statement/" in reader.url


@pytest.mark.parametrize(("width", "stays"), [(1280, True), (390, False)])
def test_a_short_text_stays_in_view_beside_its_statements_where_there_is_room(browser, server, width, stays):
    context = browser.new_context(java_script_enabled=False, viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(f"{server}/nn/source/ervik-linden-2016")
    block = max(page.locator(".block.stays").all(), key=lambda each: each.bounding_box()["height"])
    page.evaluate("distance => window.scrollTo(0, distance)", block.bounding_box()["y"] + 60)
    words, whole = block.locator(".words").bounding_box(), block.bounding_box()
    context.close()

    assert whole["y"] < 0
    assert (words["y"] >= 0) == stays
    assert words["y"] + words["height"] <= whole["y"] + whole["height"]


def test_the_reader_sees_which_statements_rest_on_the_chosen_passage(reader, server):
    reader.goto(f"{server}/nn/issue/tendering")
    reader.locator(".passage").get_by_role("link", name="vis i samanhengen").first.click()
    block = reader.locator(".block", has=reader.locator("mark.chosen")).first
    first, last = block.locator(".beside li").first, reader.locator(".beside li:not(.resting)").first
    colour = "element => getComputedStyle(element).backgroundColor"

    assert "Kviler på den valde tekststaden" in first.text_content()
    assert first.evaluate(colour) != last.evaluate(colour)


@pytest.mark.parametrize("width", [390, 1280])
def test_an_error_in_a_query_is_seen_without_scrolling(browser, server, width):
    context = browser.new_context(java_script_enabled=False, viewport={"width": width, "height": 800})
    page = context.new_page()
    page.goto(f"{server}/nn/sparql?query=SELEC+*")
    alert = page.get_by_role("alert").bounding_box()
    context.close()

    assert alert["y"] + alert["height"] < 800


def test_the_question_can_be_changed_without_javascript(reader, server):
    reader.goto(f"{server}/en/q/who-helps?group=group:refugees")
    reader.select_option("#slot-group", "group:people-with-substance-use-problems")
    reader.get_by_role("button", name="Change the question").click()

    assert "Tillitsperson" in reader.inner_text("table")
    assert "people-with-substance-use-problems" in reader.url


def test_a_matrix_cell_opens_to_its_words_without_javascript(reader, server):
    reader.goto(f"{server}/nn/matrix")
    cell = reader.locator("details.tone-denied").first
    assert not cell.locator(".detail").is_visible()
    cell.locator("summary").click()

    assert "hovudfunn 3" in cell.locator(".detail").inner_text()
    assert "Rune Ervik" in cell.locator(".detail").inner_text()


def test_a_reader_with_only_a_keyboard_reaches_the_content_and_the_ask_box(reader, server):
    reader.goto(f"{server}/nn/")
    reader.keyboard.press("Tab")
    assert reader.locator(":focus").inner_text() == "Hopp til innhaldet"
    reader.keyboard.press("Enter")
    reader.keyboard.press("Tab")

    assert reader.locator(":focus").get_attribute("id") == "q"


def test_the_menu_works_on_a_phone(browser, server):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.goto(f"{server}/nn/")
    page.locator(".small-menu summary").click()
    page.locator(".small-menu").get_by_role("link", name="Kven meiner kva").click()
    title = page.inner_text("h1")
    context.close()

    assert title == "Kven meiner kva?"


@pytest.mark.parametrize(
    ("width", "scheme", "language"), [(320, "light", "nn"), (390, "dark", "nb"), (1280, "light", "en")]
)
def test_large_pages_fit_and_axe_finds_nothing_in_them(browser, field_server, scheme, width, language):
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900})
    page = context.new_page()
    too_wide, too_long = [], []
    for path in LARGE:
        page.goto(f"{field_server}/{language}/{path}")
        too_wide += [path] if overflow(page) > 0 else []
        too_long += [path] if page.evaluate("document.documentElement.scrollHeight") > 25_000 else []
    found = violations(page, [f"{field_server}/{language}/{path}" for path in LARGE])
    context.close()

    assert (too_wide, too_long, found) == ([], [], [])


def test_the_heads_of_the_matrix_stay_in_sight(reader, field_server):
    reader.goto(f"{field_server}/nn/matrix?source=source:ervik-linden-2016")
    table = reader.locator("table.matrix").bounding_box()
    reader.evaluate("distance => window.scrollTo(0, distance)", table["y"] + table["height"] / 2)

    assert reader.locator("table.matrix thead th").first.bounding_box()["y"] >= 0


def violations(page: Page, addresses: Iterable[str]) -> list[tuple[str, ...]]:
    """What axe-core has against the pages at *addresses*."""
    found = []
    for address in addresses:
        page.goto(address)
        page.evaluate(AXE.read_text(encoding="utf-8"))
        for broken in page.evaluate(f"axe.run(document, {AXE_RULES}).then(result => result.violations)"):
            node = broken["nodes"][0]
            found.append((address, broken["id"], node["html"][:160], node.get("failureSummary")))
    return found


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "light"), (1280, "dark")])
def test_axe_finds_nothing(browser, server, scheme, width):
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900})
    found = violations(context.new_page(), [f"{server}/nn/{path}" for path in PATHS])
    context.close()

    assert found == []
