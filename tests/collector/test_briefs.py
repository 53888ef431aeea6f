"""The weekly pages that are kept: the same one while it says the same, and none for a week without lessons."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from collector.brief.brief import Correction
from collector.brief.briefs import Briefs
from collector.brief.faces import FACES
from collector.brief.restricted_since import ONE_BY_ONE, restricted_since
from collector.judged_weeks import FRESH_SECONDS, JudgedWeeks
from collector.refusal import Refusal
from collector.settings import Settings
from collector.verdict.weeks import RoomWeek
from tests.collector.board.costs import a_written_district
from tests.collector.board.districts import TIMETABLE, a_district, a_room, a_site
from tests.collector.week_builders import MONDAY, KeptWeeks, a_week

WEEK = timedelta(weeks=1)


class Kept:
    """A store, its pages, and clocks that a test moves."""

    def __init__(self, *weeks: RoomWeek, **given: Any) -> None:
        district = a_district(a_site(a_room("204"), a_room("205"), name="North School"))
        self.store = KeptWeeks(*weeks)
        self.elapsed_s = 0.0
        self.now = datetime(2026, 3, 9, 12, 30, 0, 123_456, tzinfo=UTC)
        self.corrections: tuple[Correction, ...] = ()
        holidays = replace(TIMETABLE, lessons_by_date={MONDAY + 3 * WEEK + timedelta(days=n): () for n in range(7)})
        self.briefs = Briefs(
            store=self.store,
            weeks=JudgedWeeks(self.store, elapsed_s=lambda: self.elapsed_s),
            district=replace(a_written_district(district), calendar=holidays),
            settings=Settings(),
            clock=lambda: self.now,
            elapsed_s=lambda: self.elapsed_s,
            corrections=lambda _week, _site: self.corrections,
            **({"now": lambda: district} | given),
        )

    def later(self) -> None:
        """What was read is no longer believed."""
        self.elapsed_s += FRESH_SECONDS
        self.now += timedelta(seconds=FRESH_SECONDS)


def refused(kept: Kept, text: str, site: str | None = None) -> tuple[int, str, str]:
    with pytest.raises(Refusal) as refusal:
        kept.briefs.named(text, site)
    return refusal.value.status, refusal.value.word, refusal.value.detail


def test_a_page_is_made_once_while_it_says_the_same() -> None:
    kept = Kept(a_week(previous="ok"), a_week("205", "ok"))
    page = kept.briefs.of(MONDAY)
    text = kept.briefs.face(page, "txt")
    asked = kept.store.asked

    assert kept.briefs.named("newest") is kept.briefs.named("2026-W10") is page
    assert kept.store.asked == asked
    kept.later()
    assert kept.briefs.of(MONDAY) is page
    assert kept.store.asked > asked
    assert kept.briefs.face(page, "txt") is text


def test_a_page_is_made_anew_when_late_reports_change_a_verdict() -> None:
    kept = Kept(a_week(), a_week("205", "unknown"))
    page = kept.briefs.of(MONDAY)
    text = kept.briefs.face(page, "txt")
    kept.store.weeks[1] = a_week("205", "restricted")

    kept.later()
    anew = kept.briefs.of(MONDAY)

    assert anew is not page
    assert (anew.counts["restricted"], anew.made_at) == (2, kept.now.replace(microsecond=0))
    assert kept.briefs.face(anew, "txt") != text


def test_a_page_has_whole_seconds_and_every_form() -> None:
    kept = Kept(a_week())
    page = kept.briefs.of(MONDAY)

    assert page.made_at == datetime(2026, 3, 9, 12, 30, tzinfo=UTC)
    assert all(kept.briefs.face(page, ending) for ending in FACES)


def test_a_correction_makes_a_page_anew() -> None:
    kept = Kept(a_week())
    page = kept.briefs.of(MONDAY)
    kept.corrections = (
        Correction(
            week=MONDAY - WEEK,
            site="north",
            room="204",
            site_name="North School",
            room_name="204",
            mailed="ok",
            now="restricted",
        ),
    )

    kept.later()

    assert kept.briefs.of(MONDAY) != page
    assert kept.briefs.of(MONDAY).corrections == kept.corrections


def test_pages_of_the_district_and_of_its_sites_are_kept_apart() -> None:
    kept = Kept(a_week())

    assert kept.briefs.of(MONDAY).site is None
    assert kept.briefs.of(MONDAY, "north").site == "north"


def test_no_more_pages_are_kept_than_memory_bears() -> None:
    weeks = [a_week(room, week=MONDAY - n * WEEK) for room in ("204", "205") for n in range(2)]
    kept = Kept(*weeks, most_rooms=3)
    page = kept.briefs.of(MONDAY)

    assert kept.briefs.of(MONDAY) is page
    kept.briefs.of(MONDAY - WEEK)
    assert kept.briefs.of(MONDAY) is not page


def test_a_room_that_left_the_district_stays_on_its_page() -> None:
    kept = Kept(a_week("999"), a_week("1", site="gone"))

    page = kept.briefs.of(MONDAY)
    assert {(one.site_name, one.room_name) for one in page.rooms} == {("North School", "999"), ("gone", "1")}
    assert "2 rooms of this week are no longer in the district" in " ".join(page.unknowns)
    assert kept.briefs.of(MONDAY, "gone").headline == "The network restricted lessons in the one room"


def test_a_week_of_vacation_has_no_page() -> None:
    kept = Kept(a_week(), a_week(week=MONDAY + 4 * WEEK))

    named = "; the newest week that was judged is 2026-W14"
    assert refused(kept, "2026-W13") == (
        404,
        "no_lessons",
        f"there were no lessons in 2026-W13, so it has no page{named}",
    )
    assert (
        refused(kept, "2026-W13", "north")[2] == f"there were no lessons in 2026-W13 at north, so it has no page{named}"
    )


def test_a_week_that_is_not_judged_yet_has_no_page() -> None:
    kept = Kept(a_week())

    assert refused(kept, "2026-W11")[:2] == (404, "week_to_come")
    assert refused(kept, "2026-W09")[:2] == (404, "no_such_week")
    assert refused(kept, "2026-W10", "nowhere")[:2] == (404, "unknown_site")
    assert refused(kept, "W10")[:2] == (422, "bad_week")
    assert refused(Kept(), "newest")[:2] == (404, "no_such_week")
    assert refused(Kept(a_week(), now=lambda: None), "newest")[:2] == (503, "not_ready")


def test_since_is_the_week_in_which_a_room_became_restricted() -> None:
    weeks = [
        a_week(week=MONDAY - 8 * WEEK),  # and it left since
        a_week(verdict="ok", week=MONDAY - 7 * WEEK),
        a_week(week=MONDAY - 6 * WEEK),
        *(a_week(week=MONDAY - n * WEEK, entered_by=None) for n in (4, 3, 1)),
    ]
    now = [a_week(entered_by=None), a_week("205"), a_week("206", entered_by=None), a_week("207", "ok")]

    found = restricted_since(KeptWeeks(*weeks, *now), now)

    assert found == {("north", "204"): MONDAY - 6 * WEEK, ("north", "205"): MONDAY}


def test_of_many_rooms_each_stored_week_is_read_once() -> None:
    rooms = [str(number) for number in range(ONE_BY_ONE + 10)]
    store = KeptWeeks(*(a_week(room, week=MONDAY - 5 * WEEK) for room in rooms))

    found = restricted_since(store, [a_week(room, entered_by=None) for room in rooms])

    assert set(found.values()) == {date(2026, 1, 26)}
    assert store.asked == 2
