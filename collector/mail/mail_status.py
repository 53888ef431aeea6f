"""What was mailed to whom, what will be and when: what board and API show. Addresses are masked."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

from collector.mail.addresses import masked
from collector.mail.mail_settings import BriefSettings, Recipient
from collector.mail.post import Post
from collector.mail.schedule import Slot, next_slot
from collector.registry.mailings import Mailing, Mailings, To

Shown = Literal["waiting", "sending", "sent", "possibly_sent", "refused", "failed"]

SHOWN_WEEKS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class MailingNow:
    """One page for one recipient `to`, masked: of the week that begins on the Monday `week`, about `site` or, where
    that is ``None``, the district. `due_at` is of one that is waiting, `next_try_at` of one that was refused; `answer`
    is what the server said last, with its `code`."""

    week: date
    site: str | None
    to: str
    state: Shown
    attempts: int = 0
    due_at: datetime | None = None
    changed_at: datetime | None = None
    next_try_at: datetime | None = None
    code: int | None = None
    answer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NextPage:
    """When the next page about `site`, or the district, is due, and of which week."""

    site: str | None
    week: date
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MailStatus:
    """`idle_because` says why nothing is mailed, ``None`` when pages are; `next` is what is due next all the same.
    `mailings` are those of the newest weeks and those that wait, newest week first."""

    idle_because: str | None
    next: tuple[NextPage, ...]
    mailings: tuple[MailingNow, ...]


def mail_status(post: Post, mailings: Mailings, settings: BriefSettings, now: datetime) -> MailStatus:
    """Raises `SQLAlchemyError` where the registry does not answer."""
    scopes = dict.fromkeys([None, *(one.site for one in post.recipients)])
    slots = {site: next_slot(now, settings, post.calendars(site)) for site in scopes}
    found = mailings.newest_weeks(SHOWN_WEEKS)
    have = {one.to for one in found}
    waiting = [one for to in post.recipients if (one := _waiting(post, to, slots[to.site], have)) is not None]
    kept = [_now(one) for one in found]
    return MailStatus(
        idle_because=post.idle_because,
        next=tuple(NextPage(site=site, week=slot.week, at=slot.at) for site, slot in slots.items() if slot is not None),
        mailings=tuple(sorted([*waiting, *kept], key=_order)),
    )


def mailings_of_week(post: Post, mailings: Mailings, week: date) -> list[MailingNow]:
    """What became of the page of `week` for everybody who is to have it, or had."""
    found = mailings.of_week(week)
    have = {one.to for one in found}
    missing = [one for one in post.recipients if To.of(week, one.site, one.address) not in have]
    waiting = [MailingNow(week=week, site=one.site, to=masked(one.address), state="waiting") for one in missing]
    return sorted([*(_now(one) for one in found), *waiting], key=_order)


def _waiting(post: Post, recipient: Recipient, following: Slot | None, have: set[To]) -> MailingNow | None:
    """The page that he gets next: the one that is due already, or the next one; ``None`` where he has it."""
    slot = post.due_for(recipient)
    if slot is None or To.of(slot.week, recipient.site, recipient.address) in have:
        slot = following
    if slot is None or To.of(slot.week, recipient.site, recipient.address) in have:
        return None
    return MailingNow(
        week=slot.week, site=recipient.site, to=masked(recipient.address), state="waiting", due_at=slot.at
    )


def _now(one: Mailing) -> MailingNow:
    return MailingNow(
        week=one.to.week,
        site=one.to.scope,
        to=one.shown,
        state="sending" if one.state == "claimed" else one.state,
        attempts=one.attempts,
        changed_at=_at(one.changed_ms),
        next_try_at=None if one.next_ms is None else _at(one.next_ms),
        code=one.code,
        answer=one.answer,
    )


def _order(one: MailingNow) -> tuple[int, str, str]:
    return -one.week.toordinal(), one.site or "", one.to


def _at(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
