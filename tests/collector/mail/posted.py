"""A post over a registry of the test's own, with a clock that the test moves and pages that it writes."""

import sys
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from collector.brief.brief import Brief, Correction
from collector.brief.write import write_brief
from collector.district.calendar import Calendar, LessonTime
from collector.district.district import District, Site
from collector.district.rooms_csv import Room
from collector.judged_weeks import NamedWeek
from collector.mail.line import Limits
from collector.mail.message import Page
from collector.mail.post import Post
from collector.refusal import Refusal
from collector.registry.mailings import Mailing
from collector.registry.registry import Registry
from collector.settings import Settings
from collector.verdict.weeks import Verdict
from tests.collector.week_builders import a_week

CHICAGO = ZoneInfo("America/Chicago")
MONDAY = date(2026, 11, 16)
"""Its page is of the week before."""
WEEK = MONDAY - timedelta(weeks=1)
HALF_PAST_SIX = datetime.combine(MONDAY, time(6, 30), CHICAGO).astimezone(UTC)
CIO, BOARD, PRINCIPAL = "cio@example.org", "board@example.org", "principal@example.org"
LIMITS = Limits(step_s=2, answer_s=0.5, whole_s=5)


def a_district(*closed: date) -> District:
    lessons = (LessonTime(start=time(8), end=time(15)),)
    return District(
        name="Maple Valley",
        calendar=Calendar(
            time_zone=CHICAGO,
            lessons_by_weekday=dict.fromkeys(range(5), lessons),
            lessons_by_date=dict.fromkeys(closed, ()),
        ),
        sites=(Site(site="oak-hill", name="Oak Hill"), Site(site="lakeside", name="Lakeside")),
        rooms=(Room(site="oak-hill", room="204", name="Library"), Room(site="lakeside", room="7")),
    )


@dataclass
class Pages:
    """Pages of weeks that were judged up to `newest`; `verdict` is that of every room."""

    newest: date = WEEK
    verdict: Verdict = "ok"
    corrections: tuple[Correction, ...] = ()
    wrong: Exception | None = None
    made: list[tuple[date, str | None]] = field(default_factory=list)

    def page(self, week: date, site: str | None) -> Page:
        if self.wrong is not None:
            raise self.wrong
        if week > self.newest:
            raise Refusal(404, "week_to_come", "not judged yet")
        self.made.append((week, site))
        brief = written(week, site, verdict=self.verdict, corrections=self.corrections)
        return Page(
            brief=brief, text="The page.\n", html="<p>The page.</p>", pdf=b"%PDF", tables={"rooms.csv": b"a\r\n"}
        )


def written(
    week: date = WEEK, site: str | None = None, *, verdict: Verdict = "ok", corrections: tuple[Correction, ...] = ()
) -> Brief:
    """The page of two rooms, or of one."""
    names = {"oak-hill": ("Oak Hill", "204", "Library"), "lakeside": ("Lakeside", "7", "7")}
    rooms = [
        NamedWeek(
            week=a_week(room, verdict, of, week=week), site_name=site_name, room_name=name, simulated=False, known=True
        )
        for of, (site_name, room, name) in names.items()
    ]
    made_at = HALF_PAST_SIX
    return write_brief(rooms, week=week, district=a_district(), made_at=made_at, site=site, corrections=corrections)


class Clock:
    """Stands still until it is moved. That of `tests.collector.live` would bring a whole collector along."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def __call__(self) -> datetime:
        """The time."""
        return self._now

    def move(self, by: timedelta) -> None:
        """Move on, or back."""
        self._now += by


class Office:
    """A registry, a clock, and posts that come and go."""

    def __init__(self, folder: Path, port: int, *to: str | tuple[str, str], now: datetime | None = None) -> None:
        self.registry = Registry.open_registry(f"sqlite:///{folder / 'registry.sqlite'}")
        self.clock = Clock(now or HALF_PAST_SIX - timedelta(days=1))
        self.port = port
        self.to = [{"address": one} if isinstance(one, str) else {"address": one[0], "site": one[1]} for one in to]
        self.pages = Pages()
        self.post = self.another()

    def another(self, **given: Any) -> Post:
        """One more collector on this registry, or the same one started again."""
        sends = {"host": "127.0.0.1", "port": self.port, "security": "none", "sender": "Bandroom <net@example.org>"}
        values: dict[str, Any] = {
            "settings": Settings.model_validate({"mail": sends, "brief": {"to": self.to}}),
            "district": a_district(),
            "mailings": self.registry.mailings,
            "pages": self.pages,
            "clock": self.clock,
            "limits": LIMITS,
        }
        return Post(**(values | given))

    def turn(self, moment: datetime | timedelta | None = None) -> None:
        """Let the post work, at that time or so much later."""
        if isinstance(moment, datetime):
            moment -= self.clock()
        self.clock.move(moment or timedelta(0))
        self.post.turn()

    def states(self, week: date = WEEK) -> dict[str, str]:
        """What is known of each recipient, by the address as it is shown."""
        return {one.shown: one.state for one in self.mailings(week)}

    def mailings(self, week: date = WEEK) -> list[Mailing]:
        return self.registry.mailings.of_week(week)


if __name__ == "__main__":  # a collector that the test can kill
    office = Office(Path(sys.argv[1]), int(sys.argv[2]), CIO, now=HALF_PAST_SIX - timedelta(days=1))
    office.turn()
    office.turn(HALF_PAST_SIX)
