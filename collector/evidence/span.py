"""From which day to which day evidence is asked for."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MOST_DAYS = 400
"""As long as bins are kept by default."""

USUAL_DAYS = 28
EARLIEST = date(1970, 2, 1)
"""Nothing was measured before, and days before it may have no instant in UTC."""

CHUNK_DAYS = 7
"""So many days are held in memory at a time."""


class BadSpan(ValueError):
    """The days are none that evidence can be made of; the message says what is wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The local days from `first` to `last`, both included."""

    first: date
    last: date

    def chunks(self) -> Iterator["Span"]:
        """The same days in spans of at most `CHUNK_DAYS`."""
        first = self.first
        while first <= self.last:
            yield Span(first=first, last=min(self.last, first + timedelta(days=CHUNK_DAYS - 1)))
            first += timedelta(days=CHUNK_DAYS)

    def days(self) -> Iterator[date]:
        """Each of them."""
        return (self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1))

    def instants(self, time_zone: ZoneInfo) -> tuple[datetime, datetime]:
        """When they begin, and when the day after them does (UTC)."""
        return _midnight(self.first, time_zone), _midnight(self.last + timedelta(days=1), time_zone)

    def holds_week(self, monday: date) -> bool:
        """Whether all seven days of the week lie within."""
        return self.first <= monday and monday + timedelta(days=6) <= self.last


def span_of(first: date | None, last: date | None, *, today: date) -> Span:
    """The days that were asked for; by default the four weeks up to `last`, and up to today. Raises `BadSpan`."""
    until = last or today
    if min(first or until, until) < EARLIEST:
        raise BadSpan(f"{min(first or until, until)} is long before anything was measured")
    since = first or until - timedelta(days=USUAL_DAYS - 1)
    if since > until:
        raise BadSpan(f"from {since} to {until} is no range: the first day comes first")
    if since > today:
        raise BadSpan(f"{since} is still to come: today is {today}")
    if (days := (until - since).days + 1) > MOST_DAYS:
        raise BadSpan(f"from {since} to {until} are {days} days; at most {MOST_DAYS} go into one pack")
    return Span(first=since, last=min(until, today))


def _midnight(day: date, time_zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(0), tzinfo=time_zone).astimezone(UTC)
