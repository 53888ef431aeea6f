"""What is the InfluxDB engine's alone: points that are the same points again, refused lines, a ledger of its own."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from collector.registry.registry import Registry
from collector.store import influx_rows, influx_store
from collector.store.influx_connection import InfluxConnection
from collector.store.influx_init import SLACK, make_missing
from collector.store.influx_schema import Retention
from collector.store.influx_store import InfluxStore
from collector.store.protocol import StoreUnavailable
from collector.verdict.bins import LatencySummary, RoomBin, judge_bin
from collector.verdict.days import RoomDay, Seconds, site_day
from collector.verdict.profiles import default_profiles
from tests.collector.builders import MONDAY_10, arrival, health, latency
from tests.collector.influx import influx_access, influx_settings
from tests.collector.live import live_collector
from tests.influx import Influx
from wire.histogram import Histogram

pytestmark = pytest.mark.requires("influx")

EPOCH = datetime.fromtimestamp(0, UTC)


@pytest.fixture
def new_store(influx: Influx, tmp_path: Path) -> Iterator[Callable[..., InfluxStore]]:
    """Opens stores, by default of the same InfluxDB, each with a registry that knows nothing."""
    opened: list[tuple[InfluxStore, Registry]] = []

    def make(there: Influx = influx) -> InfluxStore:
        registry = Registry.open_registry(f"sqlite:///{tmp_path / f'registry-{len(opened)}.sqlite'}")
        opened.append((InfluxStore.open_store(influx_access(there), registry), registry))
        return opened[-1][0]

    yield make
    for store, registry in opened:
        store.close()
        registry.close()


@pytest.fixture
def spoiled(influx: Influx) -> Influx:
    """An InfluxDB in which somebody else wrote numbers where we write words."""
    at_ns = int(MONDAY_10.timestamp()) * 10**9
    influx.write("reports", f"latency,site=other failure=1i {at_ns}")
    return influx


def test_reports_that_were_stored_and_never_noted_are_stored_once(new_store: Callable[..., InfluxStore]) -> None:
    batch = [arrival(latency(seq)) for seq in range(1, 61)] + [arrival(health(61))]
    new_store().write_reports(batch)

    again = new_store()
    outcome = again.write_reports(batch)

    assert all(outcome.new)
    assert again.count_reports() == 61
    assert [one.newest_ended_at for one in again.touched_since(EPOCH, bin_seconds=3600)] == [
        MONDAY_10 + timedelta(hours=1),
        MONDAY_10 + timedelta(hours=1, minutes=1),
    ]


def test_a_point_that_is_seen_while_it_is_being_written_is_passed_over_for_the_one_before(
    influx: Influx, new_store: Callable[..., InfluxStore]
) -> None:
    store = new_store()
    store.write_reports([arrival(latency(1))])
    later_ns = (int(MONDAY_10.timestamp()) + 600) * 10**9
    of_a_reading = "agent=a1b2c3d4e5f60718,method=stamp,room=204,site=oak-hill,target=district"
    influx.write("reports", f"latency,{of_a_reading} sent=60i {later_ns}")

    (reading,) = store.newest_readings(MONDAY_10, MONDAY_10 + timedelta(hours=1))["oak-hill", "204"]

    assert reading.ended_at < MONDAY_10 + timedelta(minutes=5)


def test_what_is_stored_later_has_a_later_time_after_a_restart_too(new_store: Callable[..., InfluxStore]) -> None:
    new_store().write_reports([arrival(latency(1))])
    (first,) = new_store().touched_since(EPOCH, bin_seconds=300)
    ahead = new_store()
    ahead._last_stored_us += 3600 * 10**6  # as if the clock had been an hour ahead
    ahead.write_reports([arrival(latency(2))])

    later = new_store()
    mark = max(one.last_stored_at for one in later.touched_since(EPOCH, bin_seconds=300))
    later.write_reports([arrival(latency(8))])

    assert mark > first.last_stored_at + timedelta(minutes=59)
    assert [one.started_at for one in later.touched_since(mark, bin_seconds=300)] == [MONDAY_10 + timedelta(minutes=5)]


def test_a_line_that_cannot_be_taken_rejects_its_report_alone(
    new_store: Callable[..., InfluxStore], spoiled: Influx
) -> None:
    store = new_store()
    silent = {7, 8, 90}
    batch = [arrival(latency(seq, lost=60 if seq in silent else 0)) for seq in range(1, 101)]

    outcome = store.write_reports(batch)

    assert outcome.refused == {seq - 1: "not_storable" for seq in silent}
    assert outcome.new == tuple(seq not in silent for seq in range(1, 101))
    assert store.count_reports() == 97
    (touched,) = store.touched_since(EPOCH, bin_seconds=7200)
    assert touched.newest_ended_at == MONDAY_10 + timedelta(minutes=101)
    assert sum(store.write_reports(batch).new) == 0


def test_when_no_line_can_be_taken_the_database_is_at_fault_and_agents_keep_their_reports(
    new_store: Callable[..., InfluxStore], spoiled: Influx
) -> None:
    with pytest.raises(StoreUnavailable, match="takes no report at all"):
        new_store().write_reports([arrival(latency(1, lost=60)), arrival(latency(2, lost=60))])


def test_a_report_from_before_what_the_bucket_keeps_is_too_old(
    new_store: Callable[..., InfluxStore], influx: Influx
) -> None:
    short = replace(influx, prefix=f"{influx.prefix}-short")
    connection = InfluxConnection(influx_access(short))
    day = timedelta(days=1)
    list(make_missing(connection, {"reports": day, "bins": day, "days": day}))
    connection.close()
    try:
        store = new_store(short)
        now = datetime.now(UTC).replace(microsecond=0)
        old, new = now - day - SLACK - timedelta(hours=1), now - timedelta(hours=1)

        outcome = store.write_reports(
            [arrival(latency(seq), started_at=old if seq % 2 else new) for seq in range(1, 9)]
        )

        assert outcome.refused == dict.fromkeys((0, 2, 4, 6), "too_old")
        assert store.count_reports() == 4
        of_old_ones = store.write_reports([arrival(latency(seq), started_at=old) for seq in (11, 12)])
        assert of_old_ones.refused == {0: "too_old", 1: "too_old"}
    finally:
        short.drop_databases()


def test_an_agent_hears_which_report_was_refused_and_the_accounts_add_up(spoiled: Influx, tmp_path: Path) -> None:
    with live_collector(tmp_path, **influx_settings(spoiled)) as live:
        answer = live.report(latency(1), latency(2, lost=60), health(3))

        assert answer.status == 200
        assert (answer.body["stored"], answer.body["duplicate"]) == (2, 0)
        (rejected,) = answer.body["rejected"]
        assert (rejected["index"], rejected["seq"], rejected["error"]) == (1, 2, "not_storable")
        counts = {
            name: live.metric(f"bandroom_reports_{name}_total")
            for name in ("received", "stored", "duplicate", "rejected", "deferred")
        }
        assert counts == {"received": 3, "stored": 2, "duplicate": 0, "rejected": 1, "deferred": 0}
        assert live.ask("GET", "/readyz").status == 200


def test_a_day_is_read_piece_by_piece_gaps_and_all(new_store: Callable[..., InfluxStore]) -> None:
    store = new_store()
    minutes = [*range(25), *range(200, 203), *range(1000, 1045), 1439]
    store.write_reports([arrival(latency(1 + minute), started_at=_at(minute)) for minute in minutes])

    found = store.latency_between(MONDAY_10, MONDAY_10 + timedelta(days=1), bin_seconds=300)

    sent = {
        (start - MONDAY_10) // timedelta(minutes=5): summaries[0].sent for (_, _, start), summaries in found.items()
    }
    assert sent == {
        **dict.fromkeys(range(5), 300),
        40: 180,
        **dict.fromkeys(range(200, 209), 300),
        287: 60,
    }


def _at(minute: int) -> datetime:
    return MONDAY_10 + timedelta(minutes=minute)


def test_more_periods_than_one_text_may_hold_are_all_told(new_store: Callable[..., InfluxStore]) -> None:
    store = new_store()
    moments = [MONDAY_10 + timedelta(seconds=2 * number) for number in range(6000)]
    store.write_reports([arrival(latency(1 + number), started_at=at) for number, at in enumerate(moments)])

    touched = store.touched_since(EPOCH, bin_seconds=60)

    assert len(touched) == 200
    assert store.touched_since(max(one.last_stored_at for one in touched), bin_seconds=60) == []


def test_a_journal_entry_never_passes_what_a_text_may_hold() -> None:
    moments = [MONDAY_10 + timedelta(seconds=number, milliseconds=999) for number in range(10_000)]
    longest = [arrival(latency(1 + number, duration_ms=3_600_000), started_at=at) for number, at in enumerate(moments)]
    assert max(map(len, influx_rows.arrival_lines(longest, 1))) < 64_000


def test_a_bin_that_lost_its_scores_shows_none(new_store: Callable[..., InfluxStore], influx: Influx) -> None:
    store = new_store()
    store.write_bins([_judged(5)], judged_through=None)
    assert {row["quality"] for row in influx.rows("bins", "SELECT quality FROM profile_bin")} == {"good"}

    new_store().write_bins([_judged(1)], judged_through=None)

    rows = influx.rows("bins", "SELECT qoo, quality FROM profile_bin GROUP BY profile")
    assert {(row["qoo"], row["quality"]) for row in rows} == {(-1, "")}
    assert [row["valid_seconds"] for row in influx.rows("bins", "SELECT valid_seconds FROM room_bin")] == [0]


def _judged(minutes: int) -> RoomBin:
    """A bin in which that many minutes were measured."""
    profiles = default_profiles()
    summary = LatencySummary(
        agent="a" * 16,
        target="district",
        method="stamp",
        sent=60 * minutes,
        received=60 * minutes,
        probed_ms=60_000 * minutes,
        histogram=Histogram.of([12_000] * 60 * minutes),
        repaired=False,
    )
    judged = judge_bin(
        site="oak-hill",
        room="204",
        started_at=MONDAY_10,
        seconds=300,
        summaries=[summary],
        profiles=profiles.in_force(),
        profiles_digest=profiles.digest,
    )
    assert judged is not None
    return judged


def test_a_day_of_which_a_killed_collector_wrote_a_part_is_not_done(
    new_store: Callable[..., InfluxStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = new_store()
    histogram = Histogram.of([12_000])
    days = [a_day(f"r{number}", histogram) for number in range(3)]
    monkeypatch.setattr(influx_store, "LINES_A_WRITE", 2)
    write, writes = store._connection.write, []

    def killed(kept: Retention, lines: Sequence[str]) -> None:
        writes.append(len(lines))
        if len(writes) == 2:
            raise StoreUnavailable("killed")
        write(kept, lines)

    monkeypatch.setattr(store._connection, "write", killed)
    with pytest.raises(StoreUnavailable):
        store.write_days(days, [site_day(days)])

    again = new_store()
    assert again.newest_day() is None
    again.write_days(days, [site_day(days)])
    assert again.newest_day() == MONDAY_10.date()


def a_day(room: str, histogram: Histogram) -> RoomDay:
    return RoomDay(
        site="oak-hill",
        room=room,
        day=MONDAY_10.date(),
        started_at=MONDAY_10.replace(hour=0),
        closed_seconds=3600,
        seconds=Seconds(valid=300),
        by_profile={},
        sent=1,
        received=1,
        histogram=histogram,
        worst=None,
        profile=None,
        profiles_digest="",
    )
