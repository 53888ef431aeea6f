"""Two weeks of verdicts on the rooms of the known week, as the collector writes them."""

from collections.abc import Iterator
from datetime import date, timedelta

from collector.store.influx_day_rows import WeekTold, room_week_line, weeks_written_lines
from collector.verdict.causes import Cause
from collector.verdict.weeks import RoomWeek, Verdict
from tests.dashboards.known_rooms import ROOMS

MONDAY = date(2026, 11, 9)
"""Of the newest week that was judged; the one before it was, too."""

BEFORE: dict[str, Verdict] = {"101": "at_risk", "lab": "at_risk", "library": "ok", "art": "restricted"}
VERDICTS: dict[str, Verdict] = {"101": "restricted", "lab": "at_risk", "library": "unknown", "art": "restricted"}
"""By room, where it was not ok."""

EVIDENCE = "Room 101 is restricted, because of its Wi-Fi, on 40 % of lesson time, at least 31 % with 99 % confidence."
STANDS_ON = "Held against: below profile video_lesson v1\nLessons hit: 2 of 6: Mon 10:15-11:00, Tue 10:15-11:00"
CAUSES: dict[str, Cause] = {"101": "room_access", "art": "site_uplink"}
TROUBLED_BINS = {"restricted": 4, "at_risk": 1, "ok": 0, "unknown": 0}


def known_weeks() -> Iterator[str]:
    """Their lines."""
    for monday, verdicts in ((MONDAY - timedelta(days=7), BEFORE), (MONDAY, VERDICTS)):
        for one in ROOMS:
            verdict = verdicts.get(one.room, "ok")
            bad = TROUBLED_BINS[verdict]
            week = RoomWeek(
                site=one.site,
                room=one.room,
                week=monday,
                verdict=verdict,
                previous=BEFORE.get(one.room, "ok") if monday == MONDAY else None,
                standing=verdict == "restricted",
                weeks_clear=0,
                entered_by=None,
                bin_seconds=300,
                marks="?" * 10 if verdict == "unknown" else "B" * bad + "g" * (10 - bad),
                bad_days=0,
                measured_days=1,
                effective_bins=10.0,
                autocorrelation=0.0,
                lower=0.31 if bad else 0.0,
                upper=0.5,
                if_stricter=verdict,
                if_laxer="ok" if verdict == "at_risk" else verdict,
                cause=CAUSES.get(one.room, "undetermined") if bad else None,
                confidence="high" if verdict == "restricted" else None,
            )
            told = WeekTold(
                site_name=one.site_name,
                room_name=one.name,
                evidence=EVIDENCE if bad else "",
                stands_on=STANDS_ON if bad else "",
            )
            yield room_week_line(week, told)
        yield from weeks_written_lines([monday])
