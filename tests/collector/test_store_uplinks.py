"""What every store promises of uplinks."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from collector.store.influx_store import InfluxStore
from collector.store.influx_uplink_rows import OutlookTold, UplinkNamed
from collector.store.protocol import Store
from collector.verdict.uplinks.load import Load, UplinkBin, UplinkWeek
from collector.verdict.uplinks.outlook import Forecast, NoForecast, Outlook, Scenario
from tests.collector.builders import MONDAY_10, arrival, latency, uplink
from tests.influx import Influx

OpenStore = Callable[[], Store]
EPOCH = datetime.fromtimestamp(0, UTC)
MONDAY = date(2026, 11, 16)
WEEK = timedelta(weeks=1)
FIVE = timedelta(minutes=5)
OAK = "site:oak-hill"


def a_bin(after: int = 0, **other: Any) -> UplinkBin:
    """Five minutes of a site's uplink at 400 Mbit/s down."""
    values: dict[str, Any] = {
        "uplink": OAK,
        "started_at": MONDAY_10 + after * FIVE,
        "method": "snmp",
        "counted_seconds": 299.75,
        "down_bytes": 15_000_000_000,
        "up_bytes": 2**52 + 1,
        "capacity_mbps": 500,
    }
    return UplinkBin(**values | other)


def a_week(**other: Any) -> UplinkWeek:
    """A week with everything told."""
    values: dict[str, Any] = {
        "uplink": OAK,
        "week": MONDAY,
        "method": "interface",
        "capacity_mbps": 500,
        "lesson_days": 5,
        "counted_days": 4,
        "counted_share": 0.8125,
        "loads": {
            "down": Load(busy_bps=372_000_000.5, busy_hour=10, peak_bps=420e6, peak_at=MONDAY_10),
            "up": Load(busy_bps=1 / 3, busy_hour=0, peak_bps=0.5, peak_at=MONDAY_10 + FIVE),
        },
    }
    return UplinkWeek(**values | other)


MISSING = UplinkWeek(
    uplink="district", week=MONDAY, method=None, capacity_mbps=None, lesson_days=5, counted_days=0, counted_share=0.0
)


def test_what_was_counted_is_known_by_its_uplink(open_store: OpenStore) -> None:
    store = open_store()
    of_site, of_all = uplink(1), uplink(2, uplink="district", method="snmp", speed_mbps=None)
    failed = uplink(3, down_bytes=None, up_bytes=None, failure="restarted")
    store.write_reports([arrival(one, site="lakeside", room="mdf") for one in (of_site, of_all, failed)])
    store.write_reports([arrival(latency(4))])

    found = store.uplinks.octets_between(MONDAY_10, MONDAY_10 + timedelta(hours=1))

    assert [(one.uplink, one.agent, one.started_at) for one in found] == [
        (known_as, "a" * 16, MONDAY_10 + timedelta(minutes=seq))
        for seq, known_as in ((1, "site:lakeside"), (2, "district"), (3, "site:lakeside"))
    ]
    assert [one.report for one in found] == [replace(one, boot_ms=0) for one in (of_site, of_all, failed)]
    assert store.uplinks.octets_between(found[0].started_at, found[1].started_at) == found[:1]
    for known_as in ("site:lakeside", "district", "site:oak-hill"):
        of_one = store.uplinks.octets_between(MONDAY_10, MONDAY_10 + timedelta(hours=1), uplink=known_as)
        assert of_one == [one for one in found if one.uplink == known_as]


def test_what_came_since_is_told_in_the_order_in_which_it_came(open_store: OpenStore) -> None:
    store = open_store()
    assert store.uplinks.octets_stored_since(EPOCH) == []
    store.write_reports([arrival(uplink(30))])
    (first,) = store.uplinks.octets_stored_since(EPOCH)
    store.write_reports([arrival(uplink(2)), arrival(latency(31))])

    (late,) = store.uplinks.octets_stored_since(first.stored_at)

    assert late.report.seq == 2
    assert late.stored_at > first.stored_at
    assert store.uplinks.octets_stored_since(late.stored_at) == []
    assert [one.report.seq for one in open_store().uplinks.octets_stored_since(EPOCH)] == [30, 2]


def test_bins_come_back_as_they_were_written(open_store: OpenStore) -> None:
    bins = [a_bin(after) for after in range(3)]
    unknown = a_bin(uplink="district", capacity_mbps=None, method="interface", counted_seconds=0.0, down_bytes=0)
    open_store().uplinks.write_bins([*bins, unknown])

    uplinks = open_store().uplinks

    end = MONDAY_10 + 2 * FIVE
    assert uplinks.bins_between(MONDAY_10, end) == {OAK: bins[:2], "district": [unknown]}
    assert uplinks.bins_between(MONDAY_10 + FIVE, end + FIVE, uplink=OAK) == {OAK: bins[1:]}
    assert uplinks.bins_between(end + FIVE, end + WEEK) == {}


def test_a_bin_that_is_written_again_replaces_the_old_one(open_store: OpenStore) -> None:
    uplinks = open_store().uplinks
    again = a_bin(capacity_mbps=None, down_bytes=7)
    for written in (a_bin(), again):
        uplinks.write_bins([written, a_bin(1)])

    assert uplinks.bins_between(MONDAY_10, MONDAY_10 + 2 * FIVE) == {OAK: [again, a_bin(1)]}


def test_the_mark_is_kept_and_left_alone_by_bins_without_one(open_store: OpenStore) -> None:
    uplinks = open_store().uplinks
    assert uplinks.counted_through() == EPOCH
    mark = MONDAY_10 + timedelta(microseconds=123_457)
    uplinks.write_bins([a_bin()], counted_through=mark)
    uplinks.write_bins([a_bin(1)])

    assert open_store().uplinks.counted_through() == mark

    open_store().uplinks.write_bins([], counted_through=mark + FIVE)
    assert open_store().uplinks.counted_through() == mark + FIVE


def test_weeks_come_back_as_they_were_written(open_store: OpenStore) -> None:
    open_store().uplinks.write_weeks([a_week(), MISSING])

    assert open_store().uplinks.weeks_between(MONDAY, MONDAY) == {OAK: [a_week()], "district": [MISSING]}


def test_a_week_that_is_written_again_replaces_the_old_one(open_store: OpenStore) -> None:
    uplinks = open_store().uplinks
    again = replace(MISSING, uplink=OAK)
    for written in (a_week(), again):
        uplinks.write_weeks([written])

    assert uplinks.weeks_between(MONDAY, MONDAY) == {OAK: [again]}


def test_weeks_of_a_span_ascend_and_no_others_are_among_them(open_store: OpenStore) -> None:
    uplinks = open_store().uplinks
    weeks = [a_week(week=MONDAY + after * WEEK) for after in range(5)]
    uplinks.write_weeks([*reversed(weeks), MISSING])

    assert uplinks.weeks_between(MONDAY + WEEK, MONDAY + 3 * WEEK) == {OAK: weeks[1:4]}
    assert uplinks.weeks_between(MONDAY, MONDAY + 9 * WEEK, uplink="district") == {"district": [MISSING]}


def test_retention_forgets_what_was_counted_with_reports_bins_and_days(open_store: OpenStore) -> None:
    store = open_store()
    store.write_reports([arrival(uplink(1)), arrival(uplink(90))])
    store.uplinks.write_bins([a_bin(), a_bin(12)])
    store.uplinks.write_weeks([a_week(), a_week(week=MONDAY + WEEK)])

    hour_after, day_after = MONDAY_10 + timedelta(hours=1), datetime(2026, 11, 17, tzinfo=UTC)
    store.enforce_retention(reports_before=hour_after, bins_before=hour_after, days_before=day_after)

    end = MONDAY_10 + WEEK
    assert [one.report.seq for one in store.uplinks.octets_between(MONDAY_10, end)] == [90]
    assert store.uplinks.bins_between(MONDAY_10, end) == {OAK: [a_bin(12)]}
    assert store.uplinks.weeks_between(MONDAY, MONDAY + WEEK) == {OAK: [a_week(week=MONDAY + WEEK)]}


FORETOLD = Outlook(
    uplink=OAK,
    direction="down",
    level="plan",
    weeks=(a_week(week=MONDAY - WEEK, loads={}), a_week()),
    newest=a_week(),
    headroom_bps=28e6 - 0.5,
    forecast=Forecast(
        horizon_weeks=12,
        at_week=MONDAY + 14 * WEEK,
        expected=0.81,
        low=0.74,
        high=0.88,
        slope=0.0055,
        slope_low=-0.001,
        slope_high=0.0078,
        crosses_from=MONDAY + 7 * WEEK,
        crosses_until=None,
    ),
    scenarios=(Scenario(growth_a_year=0.2, reaches_at=date(2027, 3, 8)), Scenario(growth_a_year=0.0, reaches_at=None)),
)
REFUSED = Outlook(
    uplink="district",
    direction="down",
    level="unknown",
    weeks=(),
    newest=None,
    headroom_bps=None,
    forecast=NoForecast(reason="too_few_weeks", known_weeks=2, needed_weeks=13),
)


def test_outlooks_are_taken_by_each_engine(open_store: OpenStore) -> None:
    open_store().uplinks.write_outlooks(MONDAY, [FORETOLD, REFUSED])


@pytest.mark.requires("influx")
def test_influxdb_shows_what_a_panel_needs_of_an_uplink(open_influx: Callable[[], InfluxStore], influx: Influx) -> None:
    uplinks = open_influx().uplinks
    uplinks.named_of = lambda known_as: UplinkNamed(site=known_as.partition(":")[2], name=f"the line of {known_as}")
    uplinks.told_of = lambda one: OutlookTold(sentence=f"{one.uplink} is {one.level}", scenarios="a line\nanother")
    uplinks.write_bins([a_bin(up_bytes=15_000_000), a_bin(uplink="district", capacity_mbps=None)])
    uplinks.write_weeks([a_week(), MISSING])
    uplinks.write_outlooks(MONDAY, [FORETOLD, REFUSED])

    def shown(kept: Any, measurement: str, fields: str) -> list[dict[str, Any]]:
        rows = influx.rows(kept, f"SELECT {fields} FROM {measurement} WHERE uplink = '{OAK}'")
        rows += influx.rows(kept, f"SELECT {fields} FROM {measurement} WHERE uplink = 'district'")
        return [{name: value for name, value in row.items() if name != "time"} for row in rows]

    rate = 8 * 15e9 / 299.75
    assert shown("bins", "uplink_bin", "site, label, capacity_bps, down_bps, down_share, up_share") == [
        {
            "site": "oak-hill",
            "label": f"the line of {OAK} ⟨{OAK}⟩",
            "capacity_bps": 500_000_000,
            "down_bps": pytest.approx(rate),
            "down_share": pytest.approx(rate / 500e6),
            "up_share": pytest.approx(rate / 500e9),
        },
        {
            "site": "",
            "label": "the line of district ⟨district⟩",
            "capacity_bps": -1,
            "down_bps": pytest.approx(rate),
            "down_share": -1.0,
            "up_share": -1.0,
        },
    ]
    of_week = "missing, limit_bps, direction, busy_bps, busy_share, peak_share, headroom_bps"
    of_week += ", up_headroom_bps, up_busy_hour"
    assert shown("days", "uplink_week", of_week) == [
        {
            "missing": False,
            "limit_bps": 400e6,
            "direction": "down",
            "busy_bps": 372_000_000.5,
            "busy_share": pytest.approx(0.744),
            "peak_share": pytest.approx(0.84),
            "headroom_bps": 27_999_999.5,
            "up_headroom_bps": pytest.approx(400e6),
            "up_busy_hour": 0,
        },
        dict.fromkeys(of_week.split(", "), -1) | {"missing": True, "direction": ""},
    ]
    of_outlook = "level, level_word, known_weeks, foretold, refusal, needed_weeks, expected, slope_low, crosses_from"
    of_outlook += ", crosses_until, told, scenarios, reaches_0, reaches_20, headroom_bps"
    assert shown("days", "uplink_outlook", of_outlook) == [
        {
            "level": 2,
            "level_word": "plan",
            "known_weeks": 1,
            "foretold": True,
            "refusal": "",
            "needed_weeks": -1,
            "expected": 0.81,
            "slope_low": -0.001,
            "crosses_from": "2027-01-04",
            "crosses_until": "",
            "told": f"{OAK} is plan",
            "scenarios": "a line\nanother",
            "reaches_0": "",
            "reaches_20": "2027-03-08",
            "headroom_bps": 27_999_999.5,
        },
        {
            "level": -1,
            "level_word": "unknown",
            "known_weeks": 2,
            "foretold": False,
            "refusal": "too_few_weeks",
            "needed_weeks": 13,
            "expected": -1.0,
            "slope_low": -1.0,
            "crosses_from": "",
            "crosses_until": "",
            "told": "district is unknown",
            "scenarios": "a line\nanother",
            "reaches_0": "",
            "reaches_20": "",
            "headroom_bps": -1.0,
        },
    ]
