"""A pack of an uplink: its weeks are recomputed from its bins, and no other uplink is in it."""

import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from io import BytesIO
from math import ceil
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from collector.district.calendar import Calendar, LessonTime
from collector.district.district import District, Site
from collector.evidence.evidence import Evidence
from collector.evidence.span import Span
from collector.settings import Settings
from collector.store.duckdb_store import DuckDbStore
from collector.uplinks.lesson_slots import LessonSlots
from collector.verdict.uplinks.load import UplinkBin, UplinkWeek
from collector.verdict.uplinks.week import uplink_week
from tests.collector.live import a_district
from tests.collector.test_evidence_room import Pack, unpacked

ZONE = ZoneInfo("America/Chicago")
MONDAY = date(2026, 11, 16)
WEEK = Span(first=MONDAY, last=MONDAY + timedelta(days=6))
OAK = "site:oak-hill"


def district() -> District:
    lessons = (LessonTime(start=time(8), end=time(15)),)
    calendar = Calendar(time_zone=ZONE, lessons_by_weekday=dict.fromkeys(range(5), lessons))
    sites = (Site(site="oak-hill", name="Oak Hill", uplink_mbps=500), Site(site="lakeside", name="Lakeside"))
    return replace(a_district(), calendar=calendar, sites=sites)


def bins(uplink: str) -> list[UplinkBin]:
    """Of the whole week but for Friday's lessons after noon; fullest at ten, but for the nights, which do not count."""
    midnight = datetime.combine(MONDAY, time(0), tzinfo=ZONE).astimezone(UTC)
    found = []
    for number in range(7 * 288):
        start = midnight + timedelta(minutes=5 * number)
        local = start.astimezone(ZONE)
        if local.weekday() == 4 and local.hour >= 12:
            continue
        mbps = 450 if local.hour < 6 else 200 + (number * 37 % 97) if local.hour == 10 else 100 + number * 13 % 61
        found.append(
            UplinkBin(
                uplink=uplink,
                started_at=start,
                method="snmp",
                counted_seconds=290.5,
                down_bytes=int(mbps * 1e6 * 290.5 / 8),
                up_bytes=int(mbps * 1e5 * 290.5 / 8),
                capacity_mbps=500,
            )
        )
    return found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Pack, UplinkWeek]:
    store = DuckDbStore.open_store(tmp_path_factory.mktemp("uplink") / "store.duckdb")
    here, other = bins(OAK), bins("district")
    week = uplink_week(OAK, MONDAY, slots=LessonSlots(district(), MONDAY).of(OAK), bins=here)
    store.uplinks.write_bins([*here, *other])
    store.uplinks.write_weeks([week])
    out = BytesIO()
    now = datetime(2026, 11, 30, 15, tzinfo=UTC)
    Evidence(store=store, district=district(), settings=Settings(), clock=lambda: now).write_uplink(out, OAK, WEEK)
    store.close()
    return unpacked(out.getvalue()), week


def test_a_weeks_busy_hour_is_recomputed_from_its_bins(made: tuple[Pack, UplinkWeek]) -> None:
    pack, stored = made
    (week,) = pack.rows("weeks.csv")
    by_hour: dict[str, list[float]] = {}
    for row in pack.rows("bins.csv"):
        if row["counted"] == "yes":
            by_hour.setdefault(row["hour"], []).append(8 * int(row["down_bytes"]) / float(row["counted_seconds"]))
    p95 = {hour: sorted(rates)[ceil(0.95 * len(rates)) - 1] for hour, rates in by_hour.items() if len(rates) >= 20}
    hour = max(p95, key=lambda one: p95[one])

    assert week["whole"] == "yes"
    assert hour == week["down_busy_hour"] == "10"
    assert p95[hour] == pytest.approx(float(week["down_busy_bps"])) == pytest.approx(stored.loads["down"].busy_bps)
    assert float(week["down_busy_share"]) == pytest.approx(p95[hour] / 500e6)
    assert float(week["down_headroom_bps"]) == pytest.approx(400e6 - p95[hour])
    assert week["fuller"] == "down"


def test_nights_and_what_was_not_counted_are_told_for_what_they_are(made: tuple[Pack, UplinkWeek]) -> None:
    rows = made[0].rows("bins.csv")

    assert len(rows) == 7 * 288 - 144
    assert {one["counted"] for one in rows if one["in_session"] == "no"} == {"no"}
    assert sum(one["counted"] == "yes" for one in rows) == 5 * 84 - 36
    assert {one["counted_seconds"] for one in rows} == {"290.5"}
    night = next(one for one in rows if "T03:00:00-06:00" in one["started_at_local"])
    assert night["hour"] == ""
    assert float(night["down_bps"]) == pytest.approx(450e6)


def test_the_method_page_says_how_and_of_no_other(made: tuple[Pack, UplinkWeek]) -> None:
    pack = made[0]
    page = pack.files["method.html"]

    assert "Oak Hill: what it carried from 2026-11-16 to 2026-11-22" in page
    assert "IF-MIB ifHCInOctets" in page
    assert "with a capacity of 500 Mbit/s" in page
    assert "Simulated" not in page
    assert "Lakeside" not in "".join(pack.files.values())
    for columns in (pack.rows(name)[0] for name in pack.files if name.endswith(".csv")):
        assert all(f"<code>{column}</code>" in page for column in columns)


def test_an_uplink_that_was_never_counted_gives_empty_tables_and_says_so(tmp_path: Path) -> None:
    store = DuckDbStore.open_store(tmp_path / "store.duckdb")
    out = BytesIO()
    now = datetime(2026, 11, 30, 15, tzinfo=UTC)
    evidence = Evidence(store=store, district=district(), settings=Settings(), clock=lambda: now)

    evidence.write_uplink(out, "district", WEEK)
    store.close()

    pack = unpacked(out.getvalue())
    assert (pack.rows("bins.csv"), pack.rows("weeks.csv")) == ([], [])
    assert "nothing was counted in this range" in pack.files["method.html"]
    with zipfile.ZipFile(out) as archive:
        assert archive.namelist()[0] == "evidence-district/bins.csv"
    assert [evidence.knows(one) for one in ("district", OAK, "site:gone", "oak-hill")] == [True, True, False, False]
