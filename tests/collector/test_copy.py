"""History that is copied from one engine to another: all of it, once, however often it is cut short."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from collector.registry.registry import Registry
from collector.store.copy import CopyIncomplete, copy_history
from collector.store.duckdb_history import DuckDbHistory
from collector.store.history import Extent, StoredReport
from collector.store.influx_history import InfluxHistory
from collector.store.protocol import Arrival
from collector.verdict.bins import RoomBin, judge_bin
from collector.verdict.days import LessonBins, RoomDay, room_day, site_day
from collector.verdict.profiles import default_profiles
from collector.verdict.weeks import RoomWeek, room_week
from tests.collector.builders import LOCATED, MONDAY_10, arrival, health, latency, of_each_kind, throughput
from tests.collector.influx import influx_access
from tests.collector.test_store_uplinks import a_bin, a_week

AnyHistory = DuckDbHistory | InfluxHistory
OpenHistory = Callable[[str, str], AnyHistory]
NAME = "a target"
PARTS = ("weeks", "days", "bins", "reports")
FOUR_HOURS = range(1, 241)


@pytest.fixture
def open_history(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenHistory]:
    """Opens an engine's store of a name; they are closed in the end."""
    with ExitStack() as opened:

        def open_one(engine: str, name: str) -> AnyHistory:
            if engine == "duckdb":
                file = DuckDbHistory.open_store(tmp_path / f"{name}.duckdb")
                opened.callback(file.close)
                return file
            influx = request.getfixturevalue("influx")
            registry = Registry.open_registry(f"sqlite:///{tmp_path / 'registry.sqlite'}")
            opened.callback(registry.close)
            server = InfluxHistory.open_store(influx_access(influx), registry)
            opened.callback(server.close)
            return server

        yield open_one


@pytest.fixture(
    params=[
        ("duckdb", "duckdb"),
        pytest.param(("duckdb", "influx"), marks=pytest.mark.requires("influx")),
        pytest.param(("influx", "duckdb"), marks=pytest.mark.requires("influx")),
    ],
    ids=" to ".join,
)
def engines(request: pytest.FixtureRequest) -> tuple[str, str]:
    """The source's and the target's."""
    from_to: tuple[str, str] = request.param
    return from_to


@pytest.fixture
def target(engines: tuple[str, str], open_history: OpenHistory) -> AnyHistory:
    return open_history(engines[1], "target")


@pytest.fixture
def source(engines: tuple[str, str], open_history: OpenHistory) -> AnyHistory:
    """Four hours of a room and its bins, of which the last three reports are not judged yet."""
    store = open_history(engines[0], "source")
    near = [arrival(latency(seq, rtt_us=10_000 + 100 * seq, lost=seq % 3)) for seq in FOUR_HOURS]
    gateway = [arrival(latency(seq, target="gateway"), boot="c" * 16) for seq in FOUR_HOURS]
    store.take_reports([StoredReport(arrival=one, stored_at=stored_at(one)) for one in (*near, *gateway)])
    mark = stored_at(near[-1])
    store.write_bins(judged(store), judged_through=mark)
    tested = throughput(902, idle_rtt_us=9_000, working_sent=2, working_received=1, working_histogram="200:1")
    late = [health(901), tested, latency(903, sent=0, failure=None, working_sent=3), *of_each_kind(910)[1:]]
    after = mark + timedelta(minutes=1)
    store.take_reports([StoredReport(arrival=arrival(one), stored_at=after) for one in late])
    days = forty_days(store)
    store.write_days(days, [site_day([one]) for one in days])
    store.write_weeks([week(days[0], after) for after in range(30)])
    store.uplinks.write_weeks([a_week(week=MONDAY_10.date() - timedelta(weeks=after)) for after in range(1, 41)])
    store.uplinks.write_bins([a_bin(after) for after in range(-30, 30)], counted_through=after)
    return store


def week(day_of_it: RoomDay, after: int) -> RoomWeek:
    monday = MONDAY_10.date() - timedelta(weeks=after)
    day = replace(day_of_it, marks="gB" * after, causes={"room_access": after}, example=LOCATED, example_at=MONDAY_10)
    return room_week([day], site="oak-hill", room="204", week=monday, before=None)


def forty_days(store: AnyHistory) -> list[RoomDay]:
    bins = store.bins_between(MONDAY_10, MONDAY_10 + timedelta(hours=10))["oak-hill", "204"]
    merged = store.histograms_between(MONDAY_10, MONDAY_10 + timedelta(hours=1))["oak-hill", "204"]
    first = MONDAY_10 - timedelta(days=40)
    return [
        room_day(
            site="oak-hill",
            room="204",
            day=(first + timedelta(days=after)).date(),
            started_at=first + timedelta(days=after),
            closed_seconds=14_400,
            bin_seconds=300,
            lessons=[LessonBins(label="10:00", starts=tuple(one.started_at for one in bins))],
            bins=bins[after:],
            histograms=merged,
            profiles=default_profiles(),
        )
        for after in range(40)
    ]


def stored_at(one: Arrival) -> datetime:
    """Agents deliver every five minutes; what is stored together has one moment."""
    return one.started_at.replace(minute=one.started_at.minute // 5 * 5) + timedelta(minutes=6)


def judged(store: AnyHistory) -> list[RoomBin]:
    profiles = default_profiles()
    found = store.latency_between(MONDAY_10, MONDAY_10 + timedelta(hours=10), bin_seconds=300)
    bins = [
        judge_bin(
            site=site,
            room=room,
            started_at=started_at,
            seconds=300,
            summaries=summaries,
            profiles=profiles.in_force(),
            profiles_digest=profiles.digest,
        )
        for (site, room, started_at), summaries in found.items()
    ]
    return [one for one in bins if one is not None]


def everything(store: AnyHistory) -> tuple[object, ...]:
    """All that a store says, in an order of our own."""
    start, end = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
    reports = sorted(store.reports_stored(start, end), key=lambda one: one.arrival.key)
    known = {
        (one.agent, one.boot, seq) for one in store.stored_ranges() for seq in range(one.first_seq, one.last_seq + 1)
    }
    bins = sorted(store.whole_bins(start, end), key=lambda one: (one.site, one.room, one.started_at))
    whole = [replace(one, targets=tuple(sorted(one.targets, key=lambda t: (t.agent, t.target)))) for one in bins]
    texts = [[target.histogram.to_text() for target in one.targets] for one in whole]
    days = store.room_days_between(start.date(), end.date()), store.site_days_between(start.date(), end.date())
    weeks = store.room_weeks_between(start.date(), end.date())
    about = MONDAY_10 - timedelta(days=2), MONDAY_10 + timedelta(days=2)
    uplinks = store.uplinks.weeks_between(start.date(), end.date()), store.uplinks.bins_between(*about)
    marks = store.judged_through(), store.uplinks.counted_through()
    return reports, known, weeks, days, uplinks, [replace(one, targets=()) for one in whole], texts, marks


def copied(source: AnyHistory, target: AnyHistory, mark_file: Path) -> dict[str, int]:
    counts: dict[str, int] = dict.fromkeys(PARTS, 0)
    for step in copy_history(source, target, name=NAME, mark_file=mark_file):
        counts[step.part] += step.count
    return counts


def test_everything_arrives(source: AnyHistory, target: AnyHistory, tmp_path: Path) -> None:

    assert copied(source, target, tmp_path / "mark") == {"weeks": 70, "days": 80, "bins": 109, "reports": 489}

    assert everything(target) == everything(source)
    assert target.extent() == source.extent()
    assert not (tmp_path / "mark").exists()


def test_nothing_is_judged_twice_and_what_is_not_judged_yet_will_be(
    source: AnyHistory, target: AnyHistory, tmp_path: Path
) -> None:
    copied(source, target, tmp_path / "mark")

    touched = target.touched_since(target.judged_through(), bin_seconds=300)
    assert touched == source.touched_since(source.judged_through(), bin_seconds=300)
    assert len(touched) == 1


def test_a_report_that_is_sent_again_after_the_copy_is_a_duplicate(
    source: AnyHistory, target: AnyHistory, tmp_path: Path
) -> None:
    # Its rows are past their retention, the boot still reports.
    source.enforce_retention(
        reports_before=MONDAY_10 + timedelta(minutes=100), bins_before=MONDAY_10, days_before=MONDAY_10
    )
    copied(source, target, tmp_path / "mark")

    outcome = target.write_reports([arrival(latency(seq)) for seq in (1, 200, 904)])
    assert outcome.new == (False, False, True)


def test_what_is_stored_after_the_copy_is_newer_than_what_was_copied(
    source: AnyHistory, target: AnyHistory, tmp_path: Path
) -> None:
    copied(source, target, tmp_path / "mark")
    before = target.extent().last_stored_at

    target.write_reports([arrival(latency(2_000))])
    after = target.extent().last_stored_at
    assert before is not None
    assert after is not None
    assert after > before


@pytest.mark.parametrize("steps", [1, 5, 20])
def test_a_copy_that_is_cut_short_goes_on_where_it_was(
    source: AnyHistory, target: AnyHistory, tmp_path: Path, steps: int
) -> None:
    mark_file = tmp_path / "mark"
    cut = copy_history(source, target, name=NAME, mark_file=mark_file)
    had: dict[str, int] = dict.fromkeys(PARTS, 0)
    for _ in range(steps):
        step = next(cut)
        had[step.part] += step.count
    cut.close()  # type: ignore[attr-defined]  # a generator, so that what drives it may stop

    again = list(copy_history(source, target, name=NAME, mark_file=mark_file))

    assert {step.part: step.count for step in again[:4]} == had
    assert everything(target) == everything(source)


def test_a_step_that_was_made_before_its_mark_was_kept_is_made_again(
    source: AnyHistory, target: AnyHistory, tmp_path: Path
) -> None:
    start, end = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
    target.write_bins(source.whole_bins(start, end), judged_through=None)
    target.take_reports(source.reports_stored(start, end))

    copied(source, target, tmp_path / "mark")

    assert everything(target) == everything(source)


def test_the_mark_of_another_target_is_not_ours(
    source: AnyHistory, target: AnyHistory, open_history: OpenHistory, tmp_path: Path
) -> None:
    mark_file = tmp_path / "mark"
    other = copy_history(source, open_history("duckdb", "other"), name="another target", mark_file=mark_file)
    for _ in range(5):
        next(other)
    assert mark_file.exists()

    copied(source, target, mark_file)
    assert everything(target) == everything(source)


def test_an_empty_store_is_copied_at_once(
    engines: tuple[str, str], open_history: OpenHistory, target: AnyHistory, tmp_path: Path
) -> None:
    assert copied(open_history(engines[0], "source"), target, tmp_path / "mark") == {
        "weeks": 0,
        "days": 0,
        "bins": 0,
        "reports": 0,
    }
    assert target.extent() == Extent(
        reports=0,
        first_stored_at=None,
        last_stored_at=None,
        bins=0,
        first_bin_at=None,
        last_bin_at=None,
        days=0,
        first_day=None,
        last_day=None,
        weeks=0,
        first_week=None,
        last_week=None,
    )


def test_a_target_that_lost_something_is_said(source: AnyHistory, target: AnyHistory, tmp_path: Path) -> None:
    mark_file = tmp_path / "mark"
    steps = copy_history(source, target, name=NAME, mark_file=mark_file)
    for step in steps:
        if step.part == "reports" and step.count:
            break
    long_ago = MONDAY_10 - timedelta(days=400)
    target.enforce_retention(reports_before=long_ago, bins_before=MONDAY_10 + timedelta(hours=1), days_before=long_ago)

    with pytest.raises(CopyIncomplete, match=r"of 109 bins 109 were read and 55 have arrived: delete .*/mark and copy"):
        list(steps)
    assert mark_file.exists()
