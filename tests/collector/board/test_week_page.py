"""What the page of a week says, and what other pages say of weeks."""

from dataclasses import replace
from datetime import timedelta

import pytest

from collector.board.pages import district_page, room_page
from collector.board.week_list import MOST_ROOMS, SHAPES
from collector.board.week_page import no_week_page, week_page
from collector.now import DistrictNow
from collector.verdict.days import TestCount as Counted
from collector.verdict.profiles import default_profiles
from collector.verdict.room_state import RoomState
from collector.verdict.week_sentence import VERDICT_WORDS
from collector.verdict.weeks import RoomWeek, Verdict
from tests.collector.board.districts import NOW, TIMETABLE, a_bin, a_district, a_room, a_site
from tests.collector.board.reader import Element, read
from tests.collector.week_builders import MONDAY, a_week, day_marks, located

VERDICTS: tuple[Verdict, ...] = ("restricted", "at_risk", "unknown", "ok")


def shown(*weeks: RoomWeek, district: DistrictNow | None = None, site: str | None = None) -> Element:
    district = district or a_district(
        a_site(*(a_room(one.room, site=one.site) for one in weeks if one.site == "north"))
    )
    found = {(one.site, one.room): one for one in weeks}
    page = week_page(district, MONDAY, found, newest=MONDAY, now=NOW, profiles=default_profiles(), site=site)
    return read(page)


def rows(page: Element) -> list[list[str]]:
    (table,) = page.all("table", class_="week-rooms")
    return [[cell.text for cell in row.all() if cell.tag in {"td", "th"}] for row in table.one("tbody").all("tr")]


def test_the_headline_counts_what_is_restricted_and_rooms_stand_worst_first() -> None:
    page = shown(*(a_week(f"10{at}", verdict) for at, verdict in enumerate(reversed(VERDICTS))))

    assert page.one("h1").text == "2 to 8 March 2026 1 of 4 rooms was restricted"
    counts = [one.text for one in page.one("ul", class_="counts").all("li")]
    assert [one.split()[0] for one in counts] == ["1", "1", "1", "1"]
    assert [row[0] for row in rows(page)] == ["restricted", "at risk", "unknown", "ok"]


def test_a_row_has_share_bound_cause_confidence_line_and_lessons_hit() -> None:
    (row,) = rows(shown(a_week("204")))

    assert row[1:6] == ["204", "38 % at least 31 %", "its Wi-Fi", "high", "C2"]
    assert row[6] == "3 of 35 lessons hit, 5 of 5 days bad."


def test_a_row_that_throughput_tests_restricted_says_so() -> None:
    tests = {"down": Counted(passed=0, told=40), "up": Counted(passed=40, told=40)}
    (row,) = rows(shown(a_week("204", marks=day_marks(0), entered_by="tests", by_tests=True, tests=tests)))

    assert row[6] == "Throughput: down 0 of 40 hours passed, up 40 of 40 hours passed; 80 % are wanted."


@pytest.mark.parametrize(
    ("verdicts", "says"),
    [
        (("ok", "ok"), "None of 2 rooms was restricted"),
        (("ok",), "The room was not restricted"),
        (("ok", "unknown"), "No room is known to have been restricted; 1 of 2 rooms unknown"),
        (("unknown", "unknown"), "Nothing is known about 2 rooms"),
        (("restricted", "restricted", "unknown"), "2 of 3 rooms were restricted"),
    ],
)
def test_the_headline_never_says_more_than_is_known(verdicts: tuple[Verdict, ...], says: str) -> None:
    page = shown(*(a_week(str(at), verdict) for at, verdict in enumerate(verdicts)))

    assert page.one("h1").text.endswith(says)


def test_unknown_has_neither_a_share_nor_the_shape_of_ok() -> None:
    measured_once = a_week("204", "unknown", marks=day_marks(0), lower=0.0, upper=0.08, measured_days=1)
    page = shown(measured_once)

    assert SHAPES["unknown"] != SHAPES["ok"]
    (row,) = page.one("table").one("tbody").all("tr")
    assert row.has(class_="is-unknown")
    assert rows(page)[0][2] == "\N{EN DASH}"
    assert not list(row.all("svg", class_="bound"))


def test_what_changed_is_told_with_both_verdicts_the_worst_first() -> None:
    page = shown(
        a_week("1", "ok", previous="unknown"),
        a_week("2", "restricted", previous="ok"),
        a_week("3", "ok", previous="restricted"),
        a_week("4", "ok", previous="ok"),
    )

    lines = [one.text for one in page.one("ul", class_="changes").all("li")]
    assert lines == [
        "ok \u2192 became restricted : 2",
        "restricted \u2192 became ok : 3",
        "unknown \u2192 became ok : 1",
    ]


def test_the_first_week_says_that_there_was_none_before() -> None:
    assert "There was no week before." in shown(a_week("1")).text
    assert "No room\u2019s verdict changed." in shown(a_week("1", previous="restricted")).text


def test_a_site_can_be_chosen_and_the_choice_is_kept_over_weeks() -> None:
    district = a_district(
        a_site(a_room("1"), name="North School"), a_site(a_room("2", site="a b"), site="a b", name="South School")
    )
    weeks = (a_week("1"), a_week("2", "ok", site="a b"))
    page = shown(*weeks, district=district, site="a b")

    assert page.one("h1").text == "South School, 2 to 8 March 2026 The room was not restricted"
    choices = {one.text: one.attributes for one in page.one("nav", class_="sites-nav").all("a")}
    assert choices["South School"]["aria-current"] == "page"
    assert choices["North School"]["href"] == "/week/2026-W10?site=north"
    (earlier,) = page.one("nav", class_="weeks-nav").all("a")
    assert earlier.attributes["href"] == "/week/2026-W09?site=a%20b"
    assert len(rows(page)) == 1


def test_a_large_district_lists_the_worst_and_counts_the_rest() -> None:
    weeks = [a_week(str(at), "restricted" if at % 10 == 0 else "ok") for at in range(1000)]
    page = shown(*weeks)

    assert len(rows(page)) == MOST_ROOMS
    assert [row[0] for row in rows(page)].count("restricted") == 100
    assert "And 800 rooms more: 800 ok. Choose a site" in page.text


def test_the_wording_names_the_profile_and_never_a_standard() -> None:
    text = shown(a_week("204")).text

    assert "below profile video_lesson v1" in text
    assert "below the standard" not in text
    assert "Thresholds " + default_profiles().digest in text


def test_rooms_that_were_not_judged_are_counted() -> None:
    district = a_district(a_site(a_room("204"), a_room("205")))

    assert "1 room of now is not among them" in shown(a_week("204"), district=district).text


def test_simulated_weeks_say_so() -> None:
    district = a_district(a_site(a_room("204", simulated=True), simulated=True))

    assert "Every room here is simulated" in shown(a_week("204"), district=district).one(class_="notice").text


def test_a_week_of_which_nothing_is_known_leads_to_the_newest() -> None:
    page = read(no_week_page(a_district(), "nothing was judged in 2026-W09", newest=MONDAY, now=NOW))
    first = read(no_week_page(a_district(), "no week has been judged yet", newest=None, now=NOW))

    assert page.one("h1").text == "There is no such week"
    assert page.one("main").one("section").one("a").attributes["href"] == "/week/2026-W10"
    assert first.one("h1").text == "No week yet"


def test_the_first_page_has_a_line_that_leads_to_the_week() -> None:
    on_holiday = a_room("1", weeks=(a_week("1", week=MONDAY - timedelta(weeks=2)),))
    district = a_district(a_site(a_room("204", weeks=(a_week(),)), on_holiday, a_room("2")))
    page = read(district_page(district, now=NOW))

    line = page.one("p", class_="week-line")
    assert line.text.startswith("2 to 8 March 2026: 1 of 1 room was restricted.")
    assert [one.attributes["href"] for one in line.all("a")] == ["/week/2026-W10", "/brief/2026-W10.html"]
    assert not list(read(district_page(a_district(a_site(a_room())), now=NOW)).all("p", class_="week-line"))


def a_room_page(*weeks: RoomWeek) -> Element:
    room = a_room("204")
    return read(room_page(a_district(a_site(room)), room, now=NOW, weeks=weeks, calendar=TIMETABLE))


def test_a_room_page_has_the_sentence_the_lessons_and_what_it_stands_on() -> None:
    page = a_room_page(a_week(verdict="ok"), a_week())
    section = page.one("section", aria_labelledby="weeks")

    assert section.one("p", class_="week-sentence").text.replace("\xa0", " ") == (
        "Room 204 is restricted, because of its Wi-Fi, on 38 % of lesson time, at least 31 % with 99 % confidence."
    )
    days = [one.text for one in section.one("ol", class_="week-days").all("span", class_="heard")]
    assert days[0] == "Mon 2 Mar: 120 min bad, 195 min good"
    assert len(days) == 5
    names = [one.text for one in section.one("dl", class_="week-facts").all("dt")]
    assert {"Cause", "Who pays", "Compared", "What would change it", "Instruction affected"} <= set(names)
    assert "What one agent measures is what one more device gets" in section.text
    assert [row[0] for row in rows(page)] == ["ok"]


def test_a_strip_of_another_calendar_numbers_its_days() -> None:
    week = a_week(marks="|".join([day_marks(3)] * 4))
    days = a_room_page(week).one("ol", class_="week-days").all("span", class_="name")

    assert [one.text for one in days] == ["day 1", "day 2", "day 3", "day 4"]


def test_a_room_without_weeks_says_why() -> None:
    assert "No week of this room has been judged yet" in a_room_page().text
    room = a_room("204")
    page = read(room_page(a_district(a_site(room)), room, now=NOW, weeks=None))
    assert "The store does not answer now" in page.text


def test_a_room_that_is_bad_now_says_its_cause_by_the_comparison_and_who_pays() -> None:
    one = located()
    state = RoomState(state="bad", deciding=a_bin("bad"), located=one)
    room = replace(a_room("204", "bad"), state=state)
    page = read(room_page(a_district(a_site(room)), room, now=NOW))

    facts = {fact.one("dt").text: fact.one("dd").text for fact in page.one(class_="facts").all("div")}
    assert facts["Cause"] == "its Wi-Fi high confidence"
    assert facts["Who pays"] == "C2 (E-rate category 2, inside the building)"
    assert page.one("p", class_="compared").text.replace("\xa0", " ") == (
        "Its own gateway took 210 ms (usually 3 ms), the school's wired reference 12 ms at the same time, "
        "1 of 7 other rooms was bad."
    )


@pytest.mark.parametrize("verdict", VERDICT_WORDS)
def test_every_verdict_is_a_word_and_a_shape_besides_its_colour(verdict: Verdict) -> None:
    page = shown(a_week("204", verdict))
    (row,) = page.one("table").one("tbody").all("tr")
    state = row.one("td", class_="verdict-cell").one("span", class_="state")

    assert state.one(class_="word").text == VERDICT_WORDS[verdict]
    assert state.one("use").attributes["href"] == f"#state-{SHAPES[verdict]}"
