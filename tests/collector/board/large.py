"""A hundred schools of fifty rooms, no two alike: what a page must bear."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import cycle, islice
from random import Random

from collector.now import DistrictNow, LessonCell, LessonQuality
from collector.verdict.bins import RoomBin
from collector.verdict.room_state import State
from collector.verdict.throughput import speaking_tests
from tests.collector.board.districts import EVIDENCE, NOW, a_bin, a_district, a_room, a_site, a_strip, a_test

SITES = 100
ROOMS_EACH = 50
STATES: tuple[State, ...] = ("bad", "ok", "degraded", "ok", "unknown", "bad", "ok", "ok")
LESSONS: tuple[LessonQuality, ...] = ("good", "good", "good", "good", "bad", "degraded", "unknown")


def a_large_district() -> DistrictNow:
    """Five thousand rooms, a quarter of which cannot teach, each with eight lessons, their bins and their tests."""
    chance = Random(1)
    strips = [a_strip(tuple(chance.choice(LESSONS) for _ in range(8))) for _ in range(200)]
    tests = tuple(a_test(ended_at=NOW - timedelta(hours=hours, minutes=9)) for hours in range(6, -1, -1))
    speaking = tuple(speaking_tests(tests, NOW))
    measured = [tuple(_bins(strip, chance)) for strip in strips[:20]]
    return a_district(
        *(
            a_site(
                *(
                    a_room(
                        str(number),
                        state,
                        f"s{site}",
                        strip=chance.choice(strips),
                        bins=chance.choice(measured),
                        tests=tests,
                        speaking=speaking,
                        coverage=chance.random(),
                        evidence=EVIDENCE[state].replace("412 ms", f"{chance.randrange(200, 900)} ms"),
                        newest_report_at=NOW - timedelta(seconds=chance.randrange(60)),
                    )
                    for number, state in enumerate(islice(cycle(STATES), site, site + ROOMS_EACH))
                ),
                site=f"s{site}",
                name=f"School number {site}",
            )
            for site in range(SITES)
        )
    )


def _bins(strip: tuple[LessonCell, ...], chance: Random) -> Iterator[RoomBin]:
    for cell in strip:
        for number in range(9):
            p95_ms = chance.lognormvariate(4, 1)
            at = cell.lesson.started_at + timedelta(minutes=5 * number)
            yield a_bin("good", started_at=at, p50_ms=p95_ms / 2, p95_ms=p95_ms, received=chance.randrange(270, 301))
