"""The weekly pages, made when somebody asks and kept until what they say changes: a PDF takes seconds."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from threading import RLock
from time import monotonic

from collector.brief.brief import Brief, Correction
from collector.brief.faces import FACES
from collector.brief.method import Kept
from collector.brief.restricted_since import PastWeeks, restricted_since
from collector.brief.write import write_brief
from collector.district.district import District
from collector.iso_week import NEWEST, week_of_text, week_text
from collector.judged_weeks import FRESH_SECONDS, JudgedWeeks, NamedWeek, worst_first
from collector.now import DistrictNow
from collector.refusal import Refusal
from collector.settings import Settings
from collector.verdict.uplinks.outlook import Outlook
from collector.verdict.weeks import RoomWeek

MOST_ROOMS_KEPT = 15_000
"""Rooms of all pages together that are kept with their faces, about five kilobytes each; one page is kept anyhow."""
BEFORE_WEEKS = 26
"""No vacation is longer."""
ASKED_BEFORE = 3
"""Rooms that are looked at to see whether limits or rule changed since the week before."""


@dataclass(slots=True, kw_only=True)
class _Page:
    brief: Brief
    looked_s: float
    faces: dict[str, bytes] = field(default_factory=dict)


class Briefs:
    """The pages of one district. May be asked by any thread; every question may raise `StoreUnavailable`.

    `outlooks` are those of the district's uplinks once a week's lessons are over, `corrections` what changed of earlier
    pages by then, for the district or one site.
    """

    def __init__(
        self,
        *,
        store: PastWeeks,
        weeks: JudgedWeeks,
        district: District,
        settings: Settings,
        now: Callable[[], DistrictNow | None],
        clock: Callable[[], datetime],
        outlooks: Callable[[date], Sequence[Outlook]] = lambda _week: (),
        corrections: Callable[[date, str | None], Sequence[Correction]] = lambda _week, _site: (),
        elapsed_s: Callable[[], float] = monotonic,
        most_rooms: int = MOST_ROOMS_KEPT,
    ) -> None:
        self._store = store
        self._weeks = weeks
        self._district = district
        self._kept = Kept(
            reports_days=settings.keep_reports_days,
            bins_days=settings.keep_bins_days,
            days_days=settings.keep_days_days,
        )
        self._now = now
        self._clock = clock
        self._outlooks = outlooks
        self._corrections = corrections
        self._elapsed_s = elapsed_s
        self._most_rooms = most_rooms
        self._pages: OrderedDict[tuple[date, str | None], _Page] = OrderedDict()
        self._lock = RLock()
        self._making = RLock()

    def named(self, text: str, site: str | None = None) -> Brief:
        """The page of the week that `text` names, as ``2026-W47`` or ``newest``.

        Raises `Refusal`: 422 ``bad_week``; 404 ``unknown_site``, ``week_to_come``, ``no_lessons`` or ``no_such_week``;
        503 ``not_ready``.
        """
        try:
            asked = None if text == NEWEST else week_of_text(text)
        except ValueError as error:
            raise Refusal(422, "bad_week", str(error)) from None
        newest = self._weeks.newest()
        if newest is None:
            raise Refusal(404, "no_such_week", "no week has been judged yet; the first is once its lessons are over")
        return self.of(asked or newest, site)

    def of(self, week: date, site: str | None = None) -> Brief:
        """The page of the week that begins on the Monday `week`, of the district or of one site: the same one, as long
        as it says the same. Raises `Refusal` as `named` does."""
        with self._lock:
            key = (week, site)
            page, now_s = self._pages.get(key), self._elapsed_s()
            if page is None or now_s - page.looked_s >= FRESH_SECONDS:
                made = self._write(week, site)
                if page is None or replace(made, made_at=page.brief.made_at) != page.brief:
                    page = _Page(brief=made, looked_s=now_s)
                page.looked_s = now_s
                self._pages[key] = page
            self._pages.move_to_end(key)
            while (
                len(self._pages) > 1 and sum(len(one.brief.judged) for one in self._pages.values()) > self._most_rooms
            ):
                self._pages.popitem(last=False)
            return page.brief

    def face(self, brief: Brief, ending: str) -> bytes:
        """`brief` in the form of a file with that ending, one of `FACES`; made once."""
        with self._making:
            page = self._pages.get((brief.week, brief.site))
            faces = page.faces if page is not None and page.brief is brief else {}
            if ending not in faces:
                faces[ending] = FACES[ending].make(brief)
            return faces[ending]

    def _write(self, week: date, site: str | None) -> Brief:
        rooms = self._rooms(week, site)
        judged = [one.week for one in rooms if site in {None, one.week.site}]
        return write_brief(
            rooms,
            week=week,
            district=self._district,
            made_at=self._clock(),
            site=site,
            since=restricted_since(self._store, judged),
            before=self._before(judged, week),
            outlooks=self._outlooks(week),
            corrections=self._corrections(week, site),
            kept=self._kept,
        )

    def _rooms(self, week: date, site: str | None) -> list[NamedWeek]:
        """Every room of that week, worst first; of `site` at least one."""
        district = self._now()
        if district is None:
            raise Refusal(503, "not_ready", "the collector is starting; ask again in a few seconds")
        newest = self._weeks.newest()
        found = self._weeks.of_week(week) if newest is not None and week <= newest else {}
        if site is not None and district.site(site) is None and all(one[0] != site for one in found):
            raise Refusal(404, "unknown_site", "no such site; /v1/sites lists them")
        if all(site not in {None, one[0]} for one in found):
            raise self._no_page(week, site, newest)
        return worst_first(found.values(), district)

    def _no_page(self, week: date, site: str | None, newest: date | None) -> Refusal:
        text = week_text(week)
        named = "" if newest is None else f"; the newest week that was judged is {week_text(newest)}"
        if not self._has_lessons(week, site):
            where = "" if site is None else f" at {site}"
            return Refusal(404, "no_lessons", f"there were no lessons in {text}{where}, so it has no page{named}")
        if newest is None or week > newest:
            return Refusal(404, "week_to_come", f"{text} has not been judged yet{named}")
        return Refusal(404, "no_such_week", f"nothing was judged in {text}{named}")

    def _has_lessons(self, week: date, site: str | None) -> bool:
        sites = [one.site for one in self._district.sites if site in {None, one.site}]
        try:
            days = [week + timedelta(days=number) for number in range(7)]
            return any(self._district.calendar_of(one).lessons_on(day) for one in sites for day in days)
        except OverflowError:  # at either end of all dates
            return False

    def _before(self, judged: Sequence[RoomWeek], week: date) -> list[RoomWeek]:
        """The week before of a few of these rooms."""
        first, last = week - timedelta(weeks=BEFORE_WEEKS), week - timedelta(weeks=1)
        asked = [(one.site, one.room) for one in judged if one.previous is not None][:ASKED_BEFORE]
        found = [self._store.room_weeks_between(first, last, room=room).get(room, []) for room in asked]
        return [weeks[-1] for weeks in found if weeks]
