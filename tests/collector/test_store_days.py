"""What every store promises of days."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from collector.store.protocol import Store
from collector.verdict.bins import RoomBin, judge_bin
from collector.verdict.days import LessonBins, RoomDay, room_day, site_day
from collector.verdict.days import TestCount as Hours
from collector.verdict.profiles import default_profiles
from tests.collector.builders import LOCATED, MONDAY_10, arrival, latency
from wire.histogram import Histogram

OpenStore = Callable[[], Store]
MONDAY = date(2026, 11, 16)
MIDNIGHT = datetime(2026, 11, 16, 6, 0, tzinfo=UTC)
"""Monday begins with it in America/Chicago."""
FIVE_MINUTES = timedelta(minutes=5)
EVIDENCE: dict[str, Any] = {
    "bin_seconds": 60,
    "marks": "Bbndgx?.",
    "lessons": 6,
    "hit_lessons": ('3rd "period"', "10:15-11:00"),
    "tests": {"down": Hours(passed=3, told=5), "up": Hours(passed=0, told=0)},
    "causes": {"room_access": 12, "undetermined": 1},
    "sure": {"room_access": 9},
    "example": LOCATED,
    "example_at": MONDAY_10 + timedelta(minutes=5),
}


def test_a_day_comes_back_as_it_was_written(open_store: OpenStore) -> None:
    store = open_store()
    one = _day(store)
    store.write_days([one], [site_day([one])])

    store = open_store()

    assert store.room_days_between(MONDAY, MONDAY) == {("oak-hill", "204"): [one]}
    (kept,) = store.room_days_between(MONDAY, MONDAY)["oak-hill", "204"]
    assert kept.rtt_ms(95) == one.rtt_ms(95)
    assert store.site_days_between(MONDAY, MONDAY) == {"oak-hill": [site_day([one])]}
    assert store.newest_day() == MONDAY


def test_a_day_that_is_written_again_replaces_the_old_one(open_store: OpenStore) -> None:
    store = open_store()
    one = _day(store)
    again = replace(one, sent=7, received=0, worst=None, profile=None)
    for written in (one, again):
        store.write_days([written], [site_day([written])])

    assert store.room_days_between(MONDAY, MONDAY)["oak-hill", "204"] == [again]
    assert store.site_days_between(MONDAY, MONDAY)["oak-hill"] == [site_day([again])]


def test_all_that_a_week_needs_of_a_day_comes_back(open_store: OpenStore) -> None:
    store = open_store()
    minima = {("district", "stamp"): Histogram.of([9_000, 11_000]), ("anchor:cdn", "tcp"): Histogram.of([30_000])}
    one = replace(_day(store), **EVIDENCE, minima=minima)
    store.write_days([one], [site_day([one])])

    (kept,) = open_store().room_days_between(MONDAY, MONDAY)["oak-hill", "204"]

    assert kept == one
    assert kept.minima == minima
    assert kept.example == LOCATED


def test_the_minima_of_a_span_are_read_alone(open_store: OpenStore) -> None:
    store = open_store()
    minima = {("district", "stamp"): Histogram.of([9_000, 11_000])}
    one = replace(_day(store), minima=minima)
    later = replace(one, day=MONDAY + timedelta(days=1), started_at=MIDNIGHT + timedelta(days=1), minima={})
    last = replace(one, day=MONDAY + timedelta(days=2), started_at=MIDNIGHT + timedelta(days=2))
    store.write_days([one, later, last], [])

    found = store.minima_between(MONDAY, MONDAY + timedelta(days=1))

    assert found == {("oak-hill", "204"): {MONDAY: minima, MONDAY + timedelta(days=1): {}}}


def test_what_a_day_has_no_longer_is_gone(open_store: OpenStore) -> None:
    store = open_store()
    one = _day(store)
    for written in (replace(one, **EVIDENCE, minima={("district", "stamp"): Histogram.of([9_000])}), one):
        store.write_days([written], [site_day([written])])

    (kept,) = store.room_days_between(MONDAY, MONDAY)["oak-hill", "204"]

    assert kept == one
    assert kept.minima == {}


def test_days_of_a_span_ascend_and_no_others_are_among_them(open_store: OpenStore) -> None:
    store = open_store()
    one = _day(store)
    days = [
        replace(one, day=one.day + timedelta(days=after), started_at=one.started_at + timedelta(days=after))
        for after in range(5)
    ]
    other = replace(one, room="205")
    store.write_days([*reversed(days), other], [site_day([day]) for day in days])

    found = store.room_days_between(MONDAY + timedelta(days=1), MONDAY + timedelta(days=3), room=("oak-hill", "204"))

    assert found == {("oak-hill", "204"): days[1:4]}
    assert [day.day for day in store.site_days_between(MONDAY, MONDAY + timedelta(days=1))["oak-hill"]] == [
        MONDAY,
        MONDAY + timedelta(days=1),
    ]
    assert store.newest_day() == MONDAY + timedelta(days=4)


def test_without_days_there_is_no_newest(open_store: OpenStore) -> None:
    store = open_store()

    assert store.newest_day() is None
    assert store.room_days_between(MONDAY, MONDAY) == {}


def test_round_trips_of_a_span_are_merged_by_target_and_method(open_store: OpenStore) -> None:
    store = open_store()
    _judged(store)

    found = store.histograms_between(MONDAY_10, MONDAY_10 + 2 * FIVE_MINUTES)

    merged = found["oak-hill", "204"]["district", "stamp"]
    assert (merged.quantile(0.4) or 0) < 20_000
    assert (merged.quantile(0.99) or 0) > 400_000
    assert set(found["oak-hill", "204"]) == {("district", "stamp"), ("gateway", "stamp")}
    assert store.histograms_between(MONDAY_10, MONDAY_10 + FIVE_MINUTES, room=("oak-hill", "205")) == {}


def test_retention_forgets_old_days(open_store: OpenStore) -> None:
    store = open_store()
    one = _day(store)
    later = replace(one, day=one.day + timedelta(days=1), started_at=one.started_at + timedelta(days=1))
    store.write_days([one, later], [])

    long_ago = MONDAY_10 - timedelta(days=1)
    store.enforce_retention(reports_before=long_ago, bins_before=long_ago, days_before=later.started_at)

    assert store.room_days_between(MONDAY, MONDAY + timedelta(days=1))["oak-hill", "204"] == [later]


def _judged(store: Store) -> list[RoomBin]:
    """Two judged bins of room 204: a good one and a bad one."""
    profiles = default_profiles()
    for seq in range(10):
        slow = seq >= 5
        began = MONDAY_10 + timedelta(minutes=seq)
        store.write_reports(
            [
                arrival(latency(seq + 1, rtt_us=500_000 if slow else 12_000), started_at=began),
                arrival(latency(seq + 1, rtt_us=2_000, target="gateway"), boot="c" * 16, started_at=began),
            ]
        )
    found = store.latency_between(MONDAY_10, MONDAY_10 + 2 * FIVE_MINUTES, bin_seconds=300)
    bins = []
    for (site, room, started_at), summaries in found.items():
        judged = judge_bin(
            site=site,
            room=room,
            started_at=started_at,
            seconds=300,
            summaries=summaries,
            profiles=profiles.in_force(),
            profiles_digest=profiles.digest,
        )
        assert judged is not None
        bins.append(judged)
    store.write_bins(bins, judged_through=None)
    return bins


def _day(store: Store) -> RoomDay:
    bins = _judged(store)
    return room_day(
        site="oak-hill",
        room="204",
        day=MONDAY,
        started_at=MIDNIGHT,
        closed_seconds=5 * 3600,
        bin_seconds=300,
        lessons=[
            LessonBins(label="10:00\N{EN DASH}11:00", starts=tuple(MONDAY_10 + n * FIVE_MINUTES for n in range(12)))
        ],
        bins=bins,
        histograms=store.histograms_between(MONDAY_10, MONDAY_10 + 2 * FIVE_MINUTES)["oak-hill", "204"],
        profiles=default_profiles(),
    )
