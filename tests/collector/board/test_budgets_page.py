"""The page of what tests cost says it in plain words, and says it when there is nothing left."""

from dataclasses import replace

import pytest

from collector.board.budgets_page import budgets_page, sentence
from collector.board.phrases import amount
from collector.throughput.spending import DistrictSpending
from tests.collector.board.costs import AN_ASSESSMENT, a_spending, a_spent
from tests.collector.board.districts import NOW, a_district, a_room, a_site
from tests.collector.board.reader import Element, read

A_TEST = 1_191_875
"""What is set aside for a sufficiency test."""

DISTRICT = a_district(
    a_site(a_room("101", "ok", site="north"), site="north", name="North High"),
    a_site(a_room("7", "ok", site="south"), site="south", name="South Primary"),
)


def shown(spending: DistrictSpending | None = None, **given: object) -> Element:
    return read(budgets_page(DISTRICT, spending or a_spending(DISTRICT), AN_ASSESSMENT, now=NOW, **given))  # type: ignore[arg-type]


def notices(page: Element) -> list[str]:
    return [one.text for one in page.all("p", class_="notice")]


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 MB"),
        (30_000, "0 MB"),
        (60_000, "0.1 MB"),
        (1_191_875, "1.2 MB"),
        (9_960_000, "10 MB"),
        (12_000_000, "12 MB"),
        (999_400_000, "999 MB"),
        (999_600_000, "1 GB"),
        (2_000_000_000, "2 GB"),
        (2_345_000_000, "2.3 GB"),
        (10**12, "1 TB"),
    ],
)
def test_an_amount_has_two_or_three_digits(count: int, words: str) -> None:
    assert amount(count) == words


def test_what_a_site_has_used_is_a_sentence() -> None:
    site = a_spending(DISTRICT).sites[0]

    assert sentence("North High", site) == (
        "Today the tests of North High have used 12 MB of 2 GB, this month 240 MB of 40 GB."
    )


def test_district_sites_and_agents_stand_with_their_limits() -> None:
    page = shown()

    assert "have used 12 MB of 2 GB, this month 240 MB of 40 GB" in page.one("p", class_="lede").text.replace(
        "\xa0", " "
    )
    sites, agents = page.all("table")
    cells = [" ".join(cell.text.split()) for cell in next(sites.one("tbody").all("tr")).all("td")]
    assert cells == ["12 MB of 2 GB, 1.2 MB set aside", "240 MB of 40 GB"]
    assert [row.one("th").text for row in sites.one("tbody").all("tr")] == ["North High", "South Primary"]
    assert [row.one("th").text for row in agents.one("tbody").all("tr")] == ["101", "7"]
    assert notices(page) == []


def test_a_budget_that_is_spent_is_said_first_and_when_tests_go_on() -> None:
    full = a_spent(2_000_000_000 - A_TEST + 1, 2_000_000_000)
    spending = a_spending(DISTRICT)
    north, south = spending.sites

    page = shown(replace(spending, sites=(replace(north, day=full), replace(south, month=full))))

    assert notices(page) == [
        "The tests of North High have too few bytes left today for another one: they go on tomorrow.",
        "The tests of South Primary have too few bytes left this month for another one: they go on next month.",
    ]


def test_a_budget_that_has_room_for_one_more_test_is_not_spent_whatever_is_set_aside() -> None:
    nearly = a_spent(2_000_000_000 - A_TEST, 2_000_000_000, reserved=A_TEST)
    spending = a_spending(DISTRICT)

    assert notices(shown(replace(spending, district=replace(spending.district, day=nearly)))) == []


def test_assessments_to_come_are_listed_in_local_time_and_those_that_are_over_are_not() -> None:
    over = replace(AN_ASSESSMENT[0], name="Science", started_at=NOW.replace(day=1), ended_at=NOW.replace(day=2))
    page = read(budgets_page(DISTRICT, a_spending(DISTRICT), (over, *AN_ASSESSMENT), now=NOW))

    (line,) = page.one("ul", class_="plain").all("li")
    assert line.text.replace("\xa0", " ") == "Reading: Tue 14 Apr 08:30 to 12:00, at oak-hill"


def test_where_no_throughput_is_tested_the_page_says_why() -> None:
    assert notices(shown(throughput_off="throughput tests are off: a reason")) == [
        "Throughput tests are off: a reason."
    ]
