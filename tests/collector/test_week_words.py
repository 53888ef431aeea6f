"""What is said of a room's week: a sentence that an admin can defend, and each thing that it stands on."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from collector.verdict.days import TestCount as Counted
from collector.verdict.flips import Flip
from collector.verdict.profiles import default_profiles
from collector.verdict.week_facts import cause_text, facts, what_to_do
from collector.verdict.week_sentence import called, week_sentence, why_unknown
from collector.verdict.weeks import RoomWeek, Verdict
from tests.collector.week_builders import BINS, a_week, day_marks, located

FAILED = {"down": Counted(passed=11, told=35)}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("204", "Room 204"),
        ("B12", "Room B12"),
        ("A-7", "Room A-7"),
        ("12a", "Room 12a"),
        ("Computer lab 2", "Computer lab 2"),
        ("Library", "Library"),
        ("体育館", "体育館"),
        ("Zi. 4", "Zi. 4"),
        ("", ""),
    ],
)
def test_a_room_is_called_as_people_call_it(name: str, words: str) -> None:
    assert called(name) == words


@pytest.mark.parametrize(
    ("verdict", "given", "words"),
    [
        (
            "restricted",
            {},
            "Room 204 is restricted, because of its Wi-Fi, on 38 % of lesson time, at least 31 % with 99 % confidence.",
        ),
        (
            "restricted",
            {"example": located(medium="wired")},
            (
                "Room 204 is restricted, because of its own access (Wi-Fi, access point or cable), on 38 % of lesson "
                "time, at least 31 % with 99 % confidence."
            ),
        ),
        (
            "restricted",
            {"cause": "undetermined", "confidence": "low"},
            "Room 204 is restricted on 38 % of lesson time, at least 31 % with 99 % confidence.",
        ),
        (
            "restricted",
            {"entered_by": None, "lower": 0.0, "bad_days": 0, "weeks_clear": 1, "marks": day_marks(0), "cause": None},
            (
                "Room 204 is still restricted, from weeks before: 0 % of its measured lesson time was bad; "
                "1 of the 2 clear weeks in a row that end it."
            ),
        ),
        (
            "restricted",
            {"entered_by": "tests", "lower": 0.0, "tests": FAILED, "by_tests": True},
            "Room 204 is restricted by its throughput: down 11 of 35 hours passed; 80 % are wanted.",
        ),
        (
            "at_risk",
            {},
            (
                "Room 204 is at risk: 7.9 % of its measured lesson time was bad, because of its Wi-Fi; that it is more "
                "than 5 % is not sure enough."
            ),
        ),
        (
            "at_risk",
            {"lower": 0.06, "bad_days": 1},
            "Room 204 is at risk: 7.9 % of its measured lesson time was bad, because of its Wi-Fi, but on 1 day only.",
        ),
        (
            "at_risk",
            {"lower": 0.3, "cause": "device"},
            (
                "Room 204 is at risk: 7.9 % of its measured lesson time was bad, because of the machine that measures, "
                "which is not its network's doing."
            ),
        ),
        (
            "at_risk",
            {"marks": "|".join([day_marks(7)] * 2 + [day_marks(0)] * 3), "bad_days": 2, "cause": None},
            "Room 204 is at risk: 4.4 % of its measured lesson time was bad, a tenth or more of it on 2 days.",
        ),
        (
            "ok",
            {},
            "Room 204 is ok: bad on 0 % of its measured lesson time, at most 2.1 % with 99 % confidence.",
        ),
        (
            "unknown",
            {},
            "Whether room 204 is restricted is not known: no agent of the room was awake in any lesson.",
        ),
        (
            "unknown",
            {"standing": True},
            (
                "Whether room 204 is restricted is not known: no agent of the room was awake in any lesson. "
                "It stays restricted until it is known to have left."
            ),
        ),
    ],
)
def test_a_week_is_a_sentence(verdict: Verdict, given: dict[str, Any], words: str) -> None:
    assert week_sentence("204", a_week(verdict=verdict, **given)) == words


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"marks": ""}, "it had no lessons in this week"),
        ({}, "no agent of the room was awake in any lesson"),
        (
            {"marks": "x" * 200 + "g" * 100},
            "its machine could not measure in 200 of the 300 bins in which it was awake",
        ),
        (
            {"marks": "?" * 200 + "g" * 100},
            "only 33 % of the time in which an agent was awake was measured enough; 60 % are needed",
        ),
        ({"marks": "g" * 100, "measured_days": 1}, "it was measured on 1 day; 3 are needed"),
        ({"marks": "g" * 60, "measured_days": 3}, "5 h were measured enough; 7 h are needed"),
    ],
)
def test_unknown_says_why_and_what_to_do(given: dict[str, Any], why: str) -> None:
    week = a_week(verdict="unknown", **given)

    assert why_unknown(week) == why
    assert what_to_do(week) or not week.marks


def said(week: RoomWeek) -> dict[str, str]:
    return {one.name: one.text for one in facts(week, default_profiles(), time_zone=ZoneInfo("America/Chicago"))}


def test_a_restricted_week_shows_all_that_it_stands_on() -> None:
    assert said(a_week()) == {
        "Held against": "below profile video_lesson v1; worst was its latency",
        "Cause": "its Wi-Fi (high confidence; 120 of 120 located bins)",
        "Who pays": "C2 (E-rate category 2, inside the building)",
        "Compared": "on Tue at 10:25 its own gateway took 210 ms (usually 3 ms), the school's wired reference 12 ms "
        "at the same time, 1 of 7 other rooms was bad",
        "Bad days": "5 of 5 days had 10 % or more of their time bad",
        "Lessons hit": "3 of 35: Mon 10:15\N{EN DASH}11:00, Tue 10:15\N{EN DASH}11:00, Wed 10:15\N{EN DASH}11:00",
        "Instruction affected": "10 h of the 26 h 15 min that were measured",
        "Measured": "100 % of the time in which an agent was awake, 100 % of lesson time, on 5 days",
        "Confidence": "120 of 315 bins were bad; as neighbours are alike they count as 74 independent ones, so 31 % to "
        "46 %, each bound with 99 % confidence",
        "What would change it": "2 weeks in a row with at most 5 % of the measured time bad and at most one bad "
        "day each",
        "What to do": "Look at the access point that serves the room: its channel, its power, how many devices it "
        "carries.",
    }


def test_a_district_that_changed_a_profile_says_so() -> None:
    profiles = default_profiles()
    mine = {name: type(one)(**(_fields(one) | {"changed": ("loss",)})) for name, one in profiles.by_name.items()}
    found = facts(a_week(), type(profiles)(by_name=mine, digest="x"), time_zone=ZoneInfo("UTC"))

    assert found[0].text == "below profile video_lesson v1, changed by the district; worst was its latency"


def _fields(one: object) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__dataclass_fields__}  # type: ignore[attr-defined]


def test_a_profile_that_is_gone_keeps_its_name() -> None:
    assert said(a_week(profile="old_one"))["Held against"] == "below profile old_one; worst was its latency"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            {"cause": "mixed", "confidence": "low", "causes": {"room_access": 50, "site_uplink": 70}},
            (
                "more than one cause: the line from the school to the district in 70, its Wi-Fi in 50 bins; "
                "none holds for 60 % of them"
            ),
        ),
        (
            {"cause": "undetermined", "confidence": "low", "causes": {"undetermined": 112, "room_access": 8}},
            "not determined yet: 8 of 120 bad bins told a cause, 12 are needed",
        ),
        (
            {"causes": {"undetermined": 20, "room_access": 90, "site_lan": 10}, "confidence": "medium"},
            "its Wi-Fi (medium confidence; 90 of 100 located bins)",
        ),
    ],
)
def test_a_cause_says_of_how_many_bins_it_was_told(given: dict[str, Any], words: str) -> None:
    assert cause_text(a_week(**given)) == words


def test_a_verdict_that_other_limits_would_change_says_so() -> None:
    near = said(a_week(verdict="at_risk", if_stricter="restricted", if_laxer="ok"))

    assert near["Near threshold"] == "it were restricted with limits 10 % stricter and ok with limits 10 % laxer"
    assert "Near threshold" not in said(a_week())


def test_many_lessons_are_not_named_one_by_one() -> None:
    week = a_week(hit_lessons=tuple(f"Mon {hour:02}:00" for hour in range(9)))

    assert (
        said(week)["Lessons hit"]
        == "9 of 35: Mon 00:00, Mon 01:00, Mon 02:00, Mon 03:00, Mon 04:00, Mon 05:00 and 3 more"
    )


def test_an_unknown_week_claims_no_share_no_cause_and_no_minutes() -> None:
    found = said(a_week(verdict="unknown"))

    assert found.keys() == {"Measured", "What would change it", "What to do"}
    assert found["What would change it"] == "7 h measured, on 3 days, and 60 % of the time in which an agent is awake"


def test_few_tests_are_said_and_judge_nothing() -> None:
    week = a_week(verdict="ok", tests={"down": Counted(passed=2, told=4), "up": Counted(passed=0, told=0)})

    assert said(week)["Throughput"] == "down 2 of 4 hours passed; too few to judge by, 10 are needed"


@pytest.mark.parametrize("verdict", ["restricted", "at_risk", "ok", "unknown"])
def test_every_verdict_says_what_would_change_it_and_never_the_standard(verdict: Verdict) -> None:
    found = said(a_week(verdict=verdict))

    assert found["What would change it"]
    assert "standard" not in " ".join(found.values())


def test_a_cause_that_no_bin_told_is_said_to_be_of_the_tests() -> None:
    text = said(a_week(cause="rate_limit_or_client", confidence="low", causes={}, example=None))["Cause"]

    assert text.endswith("(low confidence; by throughput tests alone)")


def test_a_room_restricted_by_its_tests_leaves_only_when_these_do_not_fail() -> None:
    text = said(a_week(by_tests=True, tests=FAILED))["What would change it"]

    assert text.endswith("at most one bad day each, and throughput tests that do not fail")


def test_a_cause_that_is_not_the_networks_says_that_it_restricts_no_room() -> None:
    text = said(a_week(verdict="at_risk", cause="remote_service"))["What would change it"]

    assert "its machine or a service elsewhere makes no room restricted" in text


def test_the_builders_week_is_as_long_as_it_says() -> None:
    assert a_week().in_session_bins == 5 * BINS


@pytest.mark.parametrize(
    ("flip", "words"),
    [
        (Flip(kind="fewer_bad_bins", amount=70, verdict="at_risk"), "at risk, had 70 of its bad bins been good"),
        (Flip(kind="more_bad_bins", amount=1, verdict="restricted"), "restricted, had 1 more bin been bad"),
        (Flip(kind="more_valid_bins", amount=21, verdict="ok"), "ok, had 21 more bins been measured and been good"),
        (Flip(kind="more_measured_days", amount=2, verdict="ok"), "it has to be measured on 2 more days"),
        (
            Flip(kind="more_lesson_days", amount=1, verdict="ok"),
            "its lessons are too few for a verdict: 1 more day is needed",
        ),
        (
            Flip(kind="more_passed_hours", amount=3, verdict="at_risk", direction="down"),
            "at risk, had the down tests of 3 hours more passed",
        ),
        (
            Flip(kind="fewer_passed_hours", amount=1, verdict="restricted", direction="up"),
            "restricted, had the up tests of 1 hour that passed failed",
        ),
        (Flip(kind="clear_weeks", amount=1, verdict="ok"), "ok after one week without trouble"),
        (Flip(kind="clear_weeks", amount=2, verdict="ok"), "ok after 2 weeks in a row without trouble"),
    ],
)
def test_what_would_change_a_verdict_is_said_in_amounts(flip: Flip, words: str) -> None:
    found = facts(a_week(), default_profiles(), time_zone=ZoneInfo("UTC"), flips=(flip,))

    assert {one.name: one.text for one in found}["What would change it"] == words
