"""A pack of a room: a stranger recomputes from its tables what is stored, and nobody is named in it."""

import csv
import hashlib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from io import BytesIO, StringIO
from itertools import pairwise
from math import sqrt

import pytest

from collector.evidence.evidence import Evidence
from collector.evidence.span import BadSpan, Span, span_of
from collector.registry.registry import Registry
from collector.settings import Settings
from collector.store.duckdb_store import DuckDbStore
from tests.collector.builders import MONDAY_10, arrival, latency, throughput
from tests.collector.test_engine import ROOM, World

MONDAY = date(2026, 11, 16)
WEEK = Span(first=MONDAY, last=MONDAY + timedelta(days=6))
DAY = 24 * 60
"""Minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """What is in an archive: texts by name."""

    files: dict[str, str]

    def rows(self, name: str) -> list[dict[str, str]]:
        return list(csv.DictReader(StringIO(self.files[name], newline="")))


def unpacked(data: bytes) -> Pack:
    with zipfile.ZipFile(BytesIO(data)) as archive:
        assert archive.testzip() is None
        return Pack(files={one.rpartition("/")[2]: archive.read(one).decode("utf-8-sig") for one in archive.namelist()})


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A week in which room 204 measured 90 minutes on each of five days, 15 of them bad and two thirds of these in one
    burst, and room 205 another."""
    folder = tmp_path_factory.mktemp("evidence")
    registry = Registry.open_registry(f"sqlite:///{folder / 'registry.sqlite'}")
    store = DuckDbStore.open_store(folder / "store.duckdb")
    world = World(store, registry)
    for day in range(5):
        start = day * DAY
        world.minutes(start, 40)
        world.minutes(start + 40, 10, lost=9)
        world.minutes(start + 50, 20, rtt_us=30_000)
        world.minutes(start + 70, 5, rtt_us=900_000)
        world.minutes(start + 75, 15, lost=1)
    other = [arrival(latency(seq), started_at=MONDAY_10 + timedelta(minutes=seq)) for seq in range(1, 11)]
    store.write_reports([replace(one, agent="c" * 16, room="205") for one in other])
    store.write_reports([arrival(throughput(seq=5000), started_at=MONDAY_10 + timedelta(hours=1))])
    world.at_minute(8 * DAY)
    yield world
    store.close()
    registry.close()


@pytest.fixture(scope="module")
def pack(world: World) -> Pack:
    return made(world)


def made(world: World, span: Span = WEEK, settings: Settings | None = None) -> Pack:
    out = BytesIO()
    evidence = Evidence(store=world.store, district=world.district, settings=settings or Settings(), clock=world.clock)
    evidence.write_room(out, ROOM, span, name="204 <b>")
    return unpacked(out.getvalue())


def test_every_bin_of_lesson_time_is_there_measured_or_not(pack: Pack) -> None:
    rows = pack.rows("bins.csv")

    assert len(rows) == 7 * 288
    assert [one["started_at_utc"] for one in rows] == sorted({one["started_at_utc"] for one in rows})
    assert sum(one["mark"] == "." for one in rows) == 7 * 288 - 5 * 18
    assert {one["counted"] for one in rows if one["mark"] == "."} == {"no"}
    assert {one["sent"] for one in rows if one["mark"] == "."} == {""}


def test_a_bins_loss_is_recomputed_from_its_counts(world: World, pack: Pack) -> None:
    stored = {one.started_at: one for one in world.bins()}
    rows = [one for one in pack.rows("bins.csv") if one["sent"]]

    for row in rows:
        judged = stored.get(datetime.fromisoformat(row["started_at_utc"]))
        share = 1 - int(row["received"]) / int(row["sent"])
        low, high = wilson(share, int(row["sent"]), 1.959964)
        assert float(row["loss"]) == pytest.approx(share)
        assert (float(row["loss_low"]), float(row["loss_high"])) == pytest.approx((low, high), abs=1e-6)
        if judged is not None:
            assert judged.loss == pytest.approx(share)
            assert judged.p95_ms == pytest.approx(float(row["p95_ms"]))
    assert sum(float(one["loss"]) > 0.1 for one in rows) == 10


def test_a_weeks_share_and_bounds_are_recomputed_from_its_bins(world: World, pack: Pack) -> None:
    (week,) = pack.rows("weeks.csv")
    (stored,) = world.store.room_weeks_between(MONDAY, MONDAY, room=ROOM)[ROOM]
    bins = pack.rows("bins.csv")
    counted = [one["bad"] == "yes" for one in bins if one["counted"] == "yes"]
    mean = sum(counted) / len(counted)
    pairs = [
        (one["bad"] == "yes", after["bad"] == "yes")
        for one, after in pairwise(bins)
        if one["counted"] == after["counted"] == "yes"
        and one["started_at_local"][:10] == after["started_at_local"][:10]
    ]
    r1 = sum((one - mean) * (after - mean) for one, after in pairs) / len(pairs) / (mean * (1 - mean))
    n = len(counted) * (1 - r1) / (1 + r1)
    lower, upper = wilson(mean, n, 2.326348)

    assert week["whole"] == "yes"
    assert (len(counted), sum(counted)) == (90, 15) == (int(week["counted_bins"]), int(week["bad_bins"]))
    assert mean == pytest.approx(float(week["bad_share"])) == pytest.approx(stored.bad_share)
    assert 0 < r1 == pytest.approx(stored.autocorrelation) == pytest.approx(float(week["autocorrelation"]))
    assert (lower, upper) == pytest.approx((stored.lower, stored.upper), abs=1e-6)
    assert (lower, upper) == pytest.approx((float(week["lower"]), float(week["upper"])), abs=1e-6)
    assert week["verdict"] == stored.verdict == "restricted"


def wilson(share: float, n: float, z: float) -> tuple[float, float]:
    """As the method page says, by hand."""
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return middle - half, middle + half


def test_percentiles_have_intervals_and_none_beyond_the_samples(pack: Pack) -> None:
    row = next(one for one in pack.rows("bins.csv") if one["sent"])

    assert float(row["p95_low_ms"]) <= float(row["p95_ms"]) <= float(row["p95_high_ms"])
    assert row["p99_low_ms"]
    assert row["p99_high_ms"] == "", "three hundred samples do not bound a 99th percentile"


def test_a_day_adds_its_bins_up(pack: Pack) -> None:
    days = pack.rows("days.csv")
    bins = [one for one in pack.rows("bins.csv") if one["counted"] == "yes"]

    assert [one["measured_seconds"] for one in days] == ["5400"] * 5
    assert sum(int(one["bad_seconds"]) for one in days) == 300 * sum(one["bad"] == "yes" for one in bins)
    assert [one["marks"] for one in days] == [
        "".join(one["mark"] for one in pack.rows("bins.csv") if one["started_at_local"].startswith(day["day"]))
        for day in days
    ]


def test_a_test_tells_its_bytes_and_stands_for_no_machine(pack: Pack) -> None:
    (row,) = pack.rows("tests.csv")

    assert (row["kind"], row["machine"], row["used_bytes"], row["at_ceiling"]) == ("sufficiency", "1", "780000", "no")


def test_each_file_has_its_sum(world: World) -> None:
    out = BytesIO()
    Evidence(store=world.store, district=world.district, settings=Settings(), clock=world.clock).write_room(
        out, ROOM, WEEK, name="204"
    )
    with zipfile.ZipFile(out) as archive:
        files = {one.removeprefix("evidence-oak-hill-204/"): archive.read(one) for one in archive.namelist()}

    sums = dict(line.split("  ")[::-1] for line in files.pop("SHA256SUMS").decode().splitlines())

    assert sums == {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    assert set(files) == {"bins.csv", "days.csv", "weeks.csv", "tests.csv", "method.html"}


def test_no_agent_no_other_room_and_no_address_is_in_a_pack(world: World) -> None:
    before = world.district
    world.district = replace(before, sites=(replace(before.sites[0], reflector="10.9.8.7", networks=("10.9.0.0/16",)),))
    try:
        whole = "".join(made(world).files.values())
    finally:
        world.district = before

    assert "oak-hill" not in whole, "of its site the name is told"
    for told in ("a" * 16, "b" * 16, "c" * 16, "205", "10.9.", "lms.invalid"):
        assert told not in whole


def test_the_method_page_can_be_followed(world: World, pack: Pack) -> None:
    page = pack.files["method.html"]
    digest = world.district.profiles.digest

    assert "204 &lt;b&gt;, Oak Hill: what was measured from 2026-11-16 to 2026-11-22" in page
    for told in (
        "<code>district</code>",
        "STAMP over UDP: 90 bins",
        "Teams client to edge below 100 ms [V]",
        f"limits {digest}",
        "What it cannot tell",
        "is restricted",
        "Time zone UTC",
    ):
        assert told in page
    assert "Simulated" not in page
    for name, columns in ((name, pack.rows(name)[0]) for name in pack.files if name.endswith(".csv")):
        assert f"<code>{name}</code>" in page
        assert all(f"<code>{column}</code>" in page for column in columns)


def test_a_simulated_room_says_so_first(world: World) -> None:
    before = world.district
    world.district = replace(before, sites=(replace(before.sites[0], simulated=True),))
    try:
        page = made(world).files["method.html"]
    finally:
        world.district = before

    assert page.index("Simulated.") < page.index("In short")


def test_lesson_time_of_before_bins_are_kept_is_not_told_as_unmeasured(world: World) -> None:
    kept = made(world, Span(first=MONDAY - timedelta(days=60), last=WEEK.last), Settings(keep_bins_days=7))

    first = kept.rows("bins.csv")[0]
    assert first["started_at_local"].startswith("2026-11-16"), "what is still there is told"
    unmeasured = [one["started_at_local"][:10] for one in kept.rows("bins.csv") if one["mark"] == "."]
    assert min(unmeasured) == "2026-11-17"


@pytest.mark.parametrize(
    ("first", "last", "says"),
    [
        (
            date(2026, 11, 20),
            date(2026, 11, 19),
            "from 2026-11-20 to 2026-11-19 is no range: the first day comes first",
        ),
        (date(2026, 12, 1), date(2026, 12, 2), "2026-12-01 is still to come: today is 2026-11-30"),
        (None, date(1, 1, 5), "0001-01-05 is long before anything was measured"),
        (date(1, 1, 1), date(1, 2, 1), "0001-01-01 is long before anything was measured"),
        (date(2025, 10, 1), None, "from 2025-10-01 to 2026-11-30 are 426 days; at most 400 go into one pack"),
    ],
)
def test_a_range_that_is_none_says_what_is_wanted(first: date | None, last: date | None, says: str) -> None:
    with pytest.raises(BadSpan, match=says):
        span_of(first, last, today=date(2026, 11, 30))


def test_without_days_it_is_the_last_four_weeks() -> None:
    assert span_of(None, None, today=MONDAY) == Span(first=date(2026, 10, 20), last=MONDAY)
