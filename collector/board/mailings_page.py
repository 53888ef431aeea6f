"""The page of what was mailed: values in, HTML out. Addresses come to it masked."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from collector.board.answer import freshness
from collector.board.environment import render
from collector.board.phrases import clock, day_name
from collector.iso_week import week_span, week_text
from collector.mail.mail_status import MailingNow, MailStatus, NextPage
from collector.now import DistrictNow


def mailings_page(district: DistrictNow, status: MailStatus, *, now: datetime) -> str:
    """To whom the weekly pages were mailed, to whom they will be, and which of them somebody should look at. `now` is
    aware."""
    names = {site.site: site.name for site in district.sites}
    return render(
        "mailings.html",
        district=district,
        now=now,
        fresh=freshness(tuple(district.rooms()), district, now),
        status=status,
        coming=[_coming(one, names, district, idle=status.idle_because is not None) for one in status.next],
        troubles=list(_troubles(status)),
        names=names,
        week_text=week_text,
        week_span=week_span,
        state_sentence=lambda one: state_sentence(one, district.time_zone),
    )


def state_sentence(one: MailingNow, zone: ZoneInfo) -> str:
    """What became of a page for one recipient: ``sent on Mon 16 Nov at 06:30``."""
    changed = "" if one.changed_at is None else f" on {_moment(one.changed_at, zone)}"
    if one.state == "waiting":
        return "waiting" if one.due_at is None else f"waits for {_moment(one.due_at, zone)}"
    if one.state == "possibly_sent":
        return f"possibly sent{changed}; it is not sent again"
    if one.state == "refused" and one.next_try_at is not None:
        return f"not taken{changed}; next try on {_moment(one.next_try_at, zone)}"
    return {"sending": "being sent", "sent": f"sent{changed}", "failed": f"failed{changed}", "refused": "not taken"}[
        one.state
    ]


def _coming(one: NextPage, names: dict[str, str], district: DistrictNow, *, idle: bool) -> str:
    whose = district.name if one.site is None else names.get(one.site, one.site)
    will = "would be" if idle else "is"
    return f"The page of {whose} for {week_span(one.week)} {will} mailed on {_moment(one.at, district.time_zone)}."


def _troubles(status: MailStatus) -> Iterator[str]:
    """Of the newest week that was mailed: what somebody has to do something about."""
    mailed = [one for one in status.mailings if one.state != "waiting"]
    newest = [one for one in mailed if one.week == mailed[0].week]
    if failed := sum(one.state == "failed" for one in newest):
        whom = "one recipient has" if failed == 1 else f"{failed} recipients have"
        yield (
            f"The mail server does not take the page: {whom} not got it. "
            f"When that is mended: bandroom brief --week {week_text(newest[0].week)} --out pages --send"
        )
    if unclear := sum(one.state == "possibly_sent" for one in newest):
        whom = "One recipient" if unclear == 1 else f"{unclear} recipients"
        yield f"{whom} may have the page or not: ask, because it is not sent twice."


def _moment(at: datetime, zone: ZoneInfo) -> str:
    return f"{day_name(at, zone)} at {clock(at, zone)}"
