"""Throughput tests on real lines: what a video lesson needs is 1 Mbit/s down and 0.5 up.

Two lines of each kind, each tested a few times; ``make bench`` does it a hundred times.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from tests.end_to_end.bystander import Bystander, Ping, percentile_ms
from tests.end_to_end.lines_under_test import Json, lines_under_test
from tests.end_to_end.school import Link, Shape
from tests.end_to_end.waiting import eventually

pytestmark = [pytest.mark.requires("netns"), pytest.mark.slow]

DIRECTIONS = ("down", "up")
NEED_BPS = {"down": 1_000_000, "up": 500_000}
TESTS = 3
PATIENCE_S = 240.0
LONGEST_TEST_S = 6.0
RISE_MS = 100.0


def of_the_need(share: float) -> Link:
    """A line with that share of what a video lesson needs."""
    return Link(down=Shape(bps=int(share * NEED_BPS["down"])), up=Shape(bps=int(share * NEED_BPS["up"])))


BELOW = {f"below-{number}": of_the_need(0.8) for number in (1, 2)}
ABOVE = {f"above-{number}": of_the_need(1.3) for number in (1, 2)}
NARROW = Link(down=Shape(bps=500_000), up=Shape(bps=500_000))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """The tests of each line, and what a bystander on the narrow one felt."""

    tests: Mapping[str, Sequence[Json]]
    pings: Sequence[Ping]

    def of(self, line: str, direction: str) -> list[Json]:
        found = [one for one in self.tests[line] if one["direction"] == direction]
        assert len(found) >= TESTS
        return found


@pytest.fixture(scope="module")
def hour(tmp_path_factory: pytest.TempPathFactory) -> Hour:
    folder: Path = tmp_path_factory.mktemp("lines")
    with lines_under_test(BELOW | ABOVE | {"narrow": NARROW}, folder) as lines:
        narrow = lines["narrow"]
        with Bystander(narrow.room, narrow.school.address) as bystander:
            eventually(
                f"each line was tested {TESTS} times",
                lambda: all(len(line.tests("up")) >= TESTS for line in lines.values()),
                within_s=PATIENCE_S,
            )
            tests = {name: line.tests("down") + line.tests("up") for name, line in lines.items()}
        return Hour(tests=tests, pings=bystander.pings())


def ended_at(test: Json) -> float:
    return datetime.fromisoformat(test["ended_at"]).timestamp()


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("line", BELOW)
def test_a_line_at_four_fifths_of_the_need_fails_every_test(hour: Hour, line: str, direction: str) -> None:
    for one in hour.of(line, direction):
        assert one["sustained"] is False, one
        # Measured over the few packets between the queue's rise and the end, so roughly.
        assert 0.6 * NEED_BPS[direction] < one["received_bps"] < NEED_BPS[direction], one


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("line", ABOVE)
def test_a_line_with_thirteen_tenths_of_the_need_passes_every_test(hour: Hour, line: str, direction: str) -> None:
    for one in hour.of(line, direction):
        assert one["sustained"] is True, one
        assert NEED_BPS[direction] <= one["received_bps"] <= 1.3 * NEED_BPS[direction], one


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_a_narrow_line_is_not_tried_for_long(hour: Hour, direction: str) -> None:
    """At half a megabit the rate down is out of reach, and that up just so: headers take their share."""
    for one in hour.of("narrow", direction):
        assert one["sustained"] is False, one
        assert one["ended_by"] in ("rtt", "decided")
        assert one["duration_ms"] < LONGEST_TEST_S * 1000, one


def test_who_shares_a_narrow_line_feels_no_more_than_a_second_of_a_test(hour: Hour) -> None:
    """The second in which a stream ends, and with it the queue, is its test second."""
    ends = [ended_at(one) for one in hour.tests["narrow"]]
    beside = [ping for ping in hour.pings if any(end - 5 <= ping.sent_at < end + 5 for end in ends)]
    outside = [ping for ping in beside if not any(end - 0.5 <= ping.sent_at < end + 0.5 for end in ends)]
    idle_ms = percentile_ms(hour.pings, 50)  # most of the time nobody tests
    assert len(outside) > 50
    assert percentile_ms(outside, 95) <= idle_ms + RISE_MS
    assert percentile_ms(beside, 100) > idle_ms + RISE_MS, "the tests were not felt at all"


def test_no_test_costs_more_than_the_offer_for_its_longest_time(hour: Hour) -> None:
    watching_bytes = 20_000
    for tests in hour.tests.values():
        for one in tests:
            assert 0 < one["used_bytes"] <= 1.25 * NEED_BPS[one["direction"]] * 5 / 8 + watching_bytes, one
