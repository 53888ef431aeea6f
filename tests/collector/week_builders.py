"""Weeks of rooms and located causes, made by hand: every value can be given, none has to be."""

from datetime import UTC, date, datetime
from typing import Any

from collector.verdict.causes import Compared, Located
from collector.verdict.profiles import default_profiles
from collector.verdict.weeks import RoomWeek, Verdict

MONDAY = date(2026, 3, 2)
"""The week before that of `tests.collector.board.districts.NOW`."""
DAYS = 5
BINS = 63
"""Bins of a day: seven lessons of 45 minutes."""


def compared(target: str = "gateway", p95_ms: float | None = 210.0, **given: Any) -> Compared:
    return Compared(target=target, p95_ms=p95_ms, **({"usual_ms": 3.0, "loss": 0.0} | given))


def located(**given: Any) -> Located:
    """The room's gateway is slow, the wired reference's is not, and one of seven other rooms is bad as well."""
    values: dict[str, Any] = {
        "cause": "room_access",
        "confidence": "high",
        "rule": "L2",
        "room": (compared(), compared("district", 231.0, usual_ms=12.0)),
        "reference": (compared(p95_ms=12.0), compared("district", 24.0, usual_ms=11.0)),
        "bad_peers": 1,
        "peers": 7,
        "medium": "wifi",
    }
    return Located(**(values | given))


def day_marks(bad: int, *, valid: int = BINS, missing: str = ".") -> str:
    """A day with `bad` bins in one burst in its middle; what is not `valid` is at its end."""
    good = valid - bad
    return "g" * (good // 2) + "B" * bad + "g" * (good - good // 2) + missing * (BINS - valid)


def a_week(room: str = "204", verdict: Verdict = "restricted", site: str = "north", **given: Any) -> RoomWeek:
    """A week as bad as its verdict says; a restricted room has 120 of 315 bins bad."""
    bad = {"restricted": 24, "at_risk": 5, "ok": 0, "unknown": 0}[verdict]
    day = "." * BINS if verdict == "unknown" else day_marks(bad)
    trouble = verdict in {"restricted", "at_risk"}
    bounds = {"restricted": (0.31, 0.46), "at_risk": (0.03, 0.17), "ok": (0.0, 0.021), "unknown": (None, None)}
    lower, upper = bounds[verdict]
    values: dict[str, Any] = {
        "week": MONDAY,
        "previous": None,
        "standing": verdict == "restricted",
        "weeks_clear": 0,
        "entered_by": "bins" if verdict == "restricted" else None,
        "bin_seconds": 300,
        "marks": "|".join([day] * DAYS),
        "bad_days": DAYS if verdict == "restricted" else 0,
        "measured_days": 0 if verdict == "unknown" else DAYS,
        "effective_bins": 0.0 if verdict == "unknown" else 74.2,
        "autocorrelation": 0.0 if verdict == "unknown" else 0.62,
        "lower": lower,
        "upper": upper,
        "if_stricter": verdict,
        "if_laxer": verdict,
        "lessons": 35,
        "profiles_digest": default_profiles().digest,
    }
    if trouble:
        values |= {
            "cause": "room_access",
            "confidence": "high",
            "causes": {"room_access": bad * DAYS},
            "example": located(),
            "example_at": datetime(2026, 3, 3, 16, 25, tzinfo=UTC),
            "worst": "latency",
            "profile": "video_lesson",
            "hit_lessons": tuple(f"{day} 10:15\N{EN DASH}11:00" for day in ("Mon", "Tue", "Wed")),
        }
    return RoomWeek(site=site, room=room, verdict=verdict, **(values | given))


class KeptWeeks:
    """Weeks in memory, as a store gives them."""

    def __init__(self, *weeks: RoomWeek) -> None:
        self.weeks = list(weeks)
        self.asked = 0

    def newest_week(self) -> date | None:
        return max((one.week for one in self.weeks), default=None)

    def room_weeks_between(
        self, first: date, last: date, *, room: tuple[str, str] | None = None
    ) -> dict[tuple[str, str], list[RoomWeek]]:
        self.asked += 1
        found: dict[tuple[str, str], list[RoomWeek]] = {}
        for one in sorted(self.weeks, key=lambda week: week.week):
            if first <= one.week <= last and room in {None, (one.site, one.room)}:
                found.setdefault((one.site, one.room), []).append(one)
        return found
