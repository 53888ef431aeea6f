"""What the panels of Capacity show of the known uplinks."""

from typing import Any

import pytest

from tests.dashboards.known_rooms import OAK_HILL
from tests.dashboards.known_uplinks import EGRESS, MONDAY, OAK, TOLD
from tests.dashboards.known_uplinks import RIVER as RIVER_LINE
from tests.dashboards.known_week import ms, week_time
from tests.dashboards.rows import counted, drawn, only

CAPACITY: dict[tuple[str, str, str], Any] = {
    ("capacity", "Which uplinks will be too small, and when?", "A"): lambda rows: (
        only(rows, "level", "uplink", "name", "busy_share", "busy_hour", "headroom_bps", "capacity_bps", "told")
        == [
            (-1, RIVER_LINE, "River School", -1, 10, -1, -1, TOLD[RIVER_LINE].sentence),
            (2, OAK, OAK_HILL, 0.74, 10, pytest.approx(30_000_000), 500_000_000, TOLD[OAK].sentence),
            (3, EGRESS, "The district's way out", 0.85, 10, pytest.approx(-50_000_000), 10**9, TOLD[EGRESS].sentence),
        ]
        and only(rows, "direction") == [("down",)] * 3
    ),
    ("capacity", "How full was its busy hour, week by week?", "A"): lambda rows: (
        # Of the week in which too little was counted there is a gap.
        drawn(rows, "down") == [pytest.approx(one) for one in (0.64, 0.66, 0.70, 0.72, 0.74)]
        and drawn(rows, "up") == [pytest.approx(one) for one in (0.064, 0.066, 0.070, 0.072, 0.074)]
        and drawn(rows, "peak")[-1] == pytest.approx(0.814)
        and [row["time"] for row in rows if row["down"] == 0.74] == [ms(week_time(MONDAY)) * 10**6]
        and [row["down"] for row in sorted(rows, key=lambda row: row["time"])][-6:].count(None) == 2
    ),
    ("capacity", "How much was left in its busy hour?", "A"): lambda rows: (
        drawn(rows, "busy hour") == [pytest.approx(share * 500e6) for share in (0.64, 0.66, 0.70, 0.72, 0.74)]
    ),
    ("capacity", "How much was left in its busy hour?", "B"): lambda rows: (
        (counted(rows, "80 %"), counted(rows, "capacity")) == ({400_000_000: 6}, {500_000_000: 6})
    ),
    ("capacity", "Where will its busy hour be?", "A"): lambda rows: (
        only(rows, "at_week", "low", "expected", "high", "refusal") == [("2027-02-15", 0.76, 0.81, 0.87, "")]
    ),
    ("capacity", "Assumed, no forecast: when would 80 % be reached?", "A"): lambda rows: (
        only(rows, "reaches_0", "reaches_20", "reaches_50") == [("", "2027-03-29", "2027-01-18")]
    ),
    ("capacity", "How full was it in the last 24 hours?", "A"): lambda rows: (
        (counted(rows, "down"), counted(rows, "up")) == ({0.4: 288}, {0.08: 288})
    ),
    ("capacity", "How does the capacity stand against planning guidance? (no verdict)", "A"): lambda rows: (
        only(rows, "uplink", "guidance", "users", "capacity_bps", "mbps_per_user", "target_mbps_per_user", "meets")
        == [
            (OAK, "fcc", 640, 500_000_000, 0.78125, 1, False),
            (OAK, "setda", 640, 500_000_000, 0.78125, 2.8, False),
        ]
    ),
}
