"""Names, codes and roles hold for a time on one identity; a question or page about a year uses those of the year."""

import pytest
from flask.testing import FlaskClient
from lxml import html
from test_questions import CATALOGUE, TERMS, plain

from kg.engine import Engine
from kg.questions import Answer, UnknownSlotValue, answer, to_csv, to_json
from kg.questions.dated import Holding, holding_in, holdings, labels_in


def held(
    value: str, start: str | None = None, end: str | None = None, source: str | None = "a", **more: str
) -> Holding:
    return Holding("thing", "name", value, source=source, start=start, end=end, **more)


def values(known: list[Holding], year: int) -> list[str]:
    return [each.value for each in holding_in(known, year)]


@pytest.mark.parametrize(
    ("start", "end", "year", "holds"),
    [
        ("2014", "2021", 2013, False),
        ("2014", "2021", 2014, True),
        ("2014", "2021", 2021, True),
        ("2014", "2021", 2022, False),
        (None, "2019-09-24", 2018, True),
        (None, "2019-09-24", 2019, False),
        ("2019-09-25", None, 2018, False),
        ("2019-09-25", None, 2019, True),
        (None, "2019-12-31", 2019, True),
        (None, None, 2019, None),
    ],
)
def test_a_name_holds_where_it_holds_at_the_end_of_the_year(start, end, year: int, holds: bool | None):
    assert held("x", start, end).holds_in(year) is holds


def test_the_name_of_a_year_is_that_which_a_source_gives_and_no_other_denies():
    known = [held("1201", "1972"), held("1201", None, "2019", "b"), held("1201", source="c", as_of="2016")]
    assert [values(known, year) for year in (1971, 1972, 2016, 2019, 2020)] == [[], *[["1201"]] * 3, []]


def test_a_list_of_one_year_tells_of_that_year_alone():
    known = [held("4601", source="c", as_of="2024")]
    assert [values(known, year) for year in (2023, 2024, 2025)] == [[], ["4601"], []]


def test_where_sources_disagree_on_the_year_neither_name_is_chosen():
    known = [
        held("old", None, "2012"),
        held("new", "2013"),
        held("old", None, "2013", "b"),
        held("new", "2014", None, "b"),
    ]
    assert [values(known, year) for year in (2012, 2013, 2014)] == [["old"], [], ["new"]]


def test_a_name_that_came_back_holds_in_both_times():
    known = [held("board", "1948", "1989"), held("bank", "1990", "1992"), held("board", "1993", "1997")]
    assert [values(known, year) for year in (1970, 1991, 1995, 1998)] == [["board"], ["bank"], ["board"], []]


def test_the_label_of_today_stays_where_it_is_the_name_of_the_year_in_any_language():
    today = {"thing": {"nn": "Statsforvaltaren", "nb": "Statsforvalteren"}}
    known = [held("Fylkesmannen", None, "2020", lang="nb"), held("Statsforvalteren", "2021", lang="nb")]
    assert labels_in(known, 2019, today) == {"thing": {"nb": "Fylkesmannen"}}
    assert labels_in(known, 2024, today) == today
    assert labels_in(known, 2024, {}) == {"thing": {"nb": "Statsforvalteren"}}


def ask_field(engine: Engine, question: str, **slots: str) -> Answer:
    return answer(engine, CATALOGUE, TERMS, question, slots)


def names_of_owners(engine: Engine, **year: str) -> set[str]:
    found = to_json(ask_field(engine, "strategy-owners", strategy="instrument:bolig-for-velferd", **year), "nb", TERMS)
    return {row["cells"][0]["label"] for row in found["rows"]}


def test_an_answer_about_a_year_calls_things_by_the_names_of_the_year(field_engine: Engine):
    then, now = names_of_owners(field_engine, year="2016"), names_of_owners(field_engine)
    assert (then - now, now - then) == (
        {"Kommunal- og moderniseringsdepartementet"},
        {"Kommunal- og distriktsdepartementet"},
    )


def test_an_answer_about_a_year_says_that_only_names_and_validity_are_of_the_year(field_engine: Engine):
    found = ask_field(field_engine, "strategy-owners", strategy="instrument:bolig-for-velferd", year="2016")
    told = to_json(found, "en", TERMS)
    assert [note["code"] for note in told["known"]] == ["as-of"]
    assert "2016" in told["known"][0]["text"]
    assert told["asked"].endswith("(2016)")
    assert told["slots"] == {"strategy": "instrument:bolig-for-velferd", "year": "2016"}
    assert told["permalink"].endswith("year=2016")
    assert "moderniseringsdepartementet" in to_csv(found, "nn", TERMS)


def test_what_a_source_says_of_another_time_is_no_answer_about_the_year(field_engine: Engine):
    def codes(**year: str) -> set[object]:
        return {
            plain(row.cells[0]) for row in ask_field(field_engine, "called-in-year", thing="place:bergen", **year).rows
        }

    assert codes() == {"1301", "1201", "4601"}
    assert [codes(year=year) for year in ("1960", "1999", "2022")] == [{"1301"}, {"1201"}, {"4601"}]


def test_every_source_that_dates_a_code_stands_beside_the_others(field_engine: Engine):
    rows = ask_field(field_engine, "called-in-year", thing="place:bergen", year="2016").rows
    assert len({plain(row.cells[4]) for row in rows}) == 3
    evidence = to_json(ask_field(field_engine, "called-in-year", thing="place:bergen", year="1999"), "en", TERMS)
    bounds = {(each["valid_from"], each["valid_to"]) for row in evidence["rows"] for each in row["evidence"]}
    assert bounds == {(1972, None), (None, 2019)}


@pytest.mark.parametrize("year", ["16", "2016-01", "now", "20160", "0301"])
def test_a_year_has_four_digits(year: str, field_engine: Engine):
    with pytest.raises(UnknownSlotValue) as refused:
        ask_field(field_engine, "strategy-owners", year=year)
    assert len(refused.value.nearest) == 3


def test_the_names_of_one_identity_come_with_their_sources(field_engine: Engine):
    query = CATALOGUE.shared["dated"]
    known = holdings(field_engine, query, [TERMS.expand("actor:kommunal-og-distriktsdepartementet")])
    dated = [each for each in known if each.kind == "name" and each.start]
    assert [each.value.partition("- og ")[2][:5] for each in dated if each.source.endswith("snl-kdd")] == [
        "arbei",
        "",
        "regio",
        "moder",
        "distr",
    ]
    assert {each.value for each in known if each.kind == "organisationNumber"} == {"972417858"}


def test_a_name_of_before_is_understood_and_the_year_fills_its_slot(field_client: FlaskClient):
    found = field_client.get("/api/ask?lang=nb&q=Hva het Fylkesmannen i 2019?").json
    assert (found["question"], found["slots"]) == (
        "called-in-year",
        {"thing": "actor:statsforvalteren", "year": "2019"},
    )
    assert [row["cells"][0]["label"] for row in found["rows"]] == ["Fylkesmannen"]
    assert field_client.get("/api/ask?lang=nb&q=Hvem eier Bolig for velferd i 2016?").json["question"] is None


def test_every_question_takes_a_year_through_its_address(field_client: FlaskClient):
    listed = field_client.get("/api/q").json
    assert all([slot["type"] for slot in entry["slots"]].count("Year") == 1 for entry in listed)
    years = [each["value"] for each in field_client.get("/api/q/who-helps/slots/year").json]
    assert {"2016", "2019"} <= set(years)
    refused = field_client.get("/api/q/who-helps?group=refugees&year=last")
    assert (refused.status_code, refused.json["reason"]) == (400, "value")


def shown(client: FlaskClient, address: str) -> html.HtmlElement:
    response = client.get(address)
    assert response.status_code == 200
    return html.fromstring(response.get_data(as_text=True))


def test_a_page_as_of_a_year_bears_the_name_of_the_year_and_leaves_out_other_times(field_client: FlaskClient):
    then, now = (shown(field_client, f"/nb/actor/statsforvalteren{year}") for year in ("?year=2019", ""))
    assert [page.xpath("string(//h1)") for page in (then, now)] == ["Fylkesmannen", "Statsforvalteren"]
    assert "til 31. desember 2020" in then.text_content()
    assert "fra 1. januar 2021" not in then.text_content()
    assert "1 påstand som gjelder en annen tid, er utelatt." in then.text_content()
    assert "fra 1. januar 2021" in now.text_content()


def test_the_years_to_choose_are_those_that_something_is_dated_to(field_client: FlaskClient):
    page = shown(field_client, "/nn/place/bergen?year=2016")
    years = page.xpath("//select[@name='year']/option/@value")
    assert {"1972", "2016", "2019", "2024"} <= set(years)
    assert page.xpath("//select[@name='year']/option[@selected]/@value") == ["2016"]
    codes = {code for code in ("1301", "1201", "4601") if code in page.xpath("string(//main)")}
    assert codes == {"1201"}


def test_others_on_the_page_are_called_as_they_were_called_then(field_client: FlaskClient):
    then = shown(field_client, "/nb/instrument/bolig-for-velferd?year=2016").text_content()
    assert "Kommunal- og moderniseringsdepartementet" in then
    assert "Kommunal- og distriktsdepartementet" not in then


@pytest.mark.parametrize("year", ["soon", "20199", "", "<b>"])
def test_what_is_no_year_is_passed_over(year: str, field_client: FlaskClient):
    page = shown(field_client, f"/nb/actor/statsforvalteren?year={year}")
    assert page.xpath("string(//h1)") == "Statsforvalteren"


def test_an_answer_can_be_asked_for_another_year(field_client: FlaskClient):
    page = shown(field_client, "/nn/q/strategy-owners?strategy=instrument:bolig-for-velferd&year=1955")
    assert page.xpath("//select[@name='year']/option[@selected]/@value") == ["1955"]
    assert "2016" in page.xpath("//select[@name='year']/option/@value")
