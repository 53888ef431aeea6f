"""Mails the weekly pages: what is due, what an admin asked for, and again what the server did not take for now.

One `Post` of a collector works at a time, on a thread; several collectors may share the registry, whose ledger decides
who sends what (`collector.registry.mailings`).
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from collector.brief.brief import Brief
from collector.district.calendar import Calendar
from collector.district.district import District
from collector.mail.delivery import deliver
from collector.mail.line import Limits, Line
from collector.mail.mail_settings import MailSettings, Recipient
from collector.mail.message import Page, message_id_of, message_of
from collector.mail.outcome import Outcome
from collector.mail.schedule import Slot, due
from collector.refusal import Refusal
from collector.registry.mailings import Claim, Mailing, Mailings, To, recipient_of
from collector.settings import Settings
from collector.store.protocol import StoreUnavailable
from collector.verdict.topology import RoomKey
from collector.verdict.weeks import Verdict

log = logging.getLogger(__name__)

RETRY_MINUTES = (1, 5, 15, 60, 120, 240, 480, 720, 1440)
"""How long after each refusal the next try is: greylisting is over after minutes, a server that is down within two
days. What is refused once more is given up."""

GRACE = timedelta(minutes=1)
"""How much longer than a talk can last a claim is believed to be somebody's."""

STOPPED = "the collector stopped before it was sent"


class Pages(Protocol):
    """Where pages come from."""

    def page(self, week: date, site: str | None) -> Page:
        """The page of a week about the district or a site. Raises `Refusal` where there is none, `StoreUnavailable`."""
        ...


@dataclass(frozen=True, slots=True)
class _Job:
    week: date
    recipient: Recipient
    by_hand: bool

    @property
    def to(self) -> To:
        return To.of(self.week, self.recipient.site, self.recipient.address)


class Post:
    """Sends to the recipients of the settings. `turn` blocks and is called by one thread at a time, `ask` by that of
    the event loop; everything else may be called by any."""

    def __init__(
        self,
        *,
        settings: Settings,
        district: District,
        mailings: Mailings,
        pages: Pages,
        clock: Callable[[], datetime],
        limits: Limits | None = None,
    ) -> None:
        self._settings = settings
        self._district = district
        self._mailings = mailings
        self._pages = pages
        self._clock = clock
        self._limits = limits
        self._line = Line()
        self._lock = threading.Lock()
        self._asked: list[_Job] = []
        self._since: dict[tuple[str | None, str], int] = {}
        self._unmade: set[tuple[date, str | None]] = set()
        self.woken = asyncio.Event()

    @property
    def recipients(self) -> Sequence[Recipient]:
        """Who gets a page: of a site that the district does not know nobody does."""
        sites = {one.site for one in self._district.sites}
        return [one for one in self._settings.brief.to if one.site is None or one.site in sites]

    @property
    def strays(self) -> Sequence[str]:
        """Sites whose page somebody is to have and that the district does not know."""
        known = {None, *(one.site for one in self._district.sites)}
        return sorted({one.site for one in self._settings.brief.to if one.site is not None and one.site not in known})

    @property
    def idle_because(self) -> str | None:
        """Why nothing is ever mailed, in a sentence; ``None`` when pages are."""
        if self._settings.mail is None:
            return "no page is mailed: the settings name no server, which is the table [mail]"
        if not self.recipients:
            return "no page is mailed: the settings name no recipient, which is a table [[brief.to]]"
        return None

    def calendars(self, site: str | None) -> Sequence[Calendar]:
        """Whose lessons a page about `site`, or the district, tells of."""
        return self._district.calendars if site is None else (self._district.calendar_of(site),)

    def due_for(self, recipient: Recipient) -> Slot | None:
        """What is due for him now, mailed already or not; ``None`` for one who was named after it was."""
        slot = due(self._clock(), self._settings.brief, self.calendars(recipient.site))
        if slot is None or _ms(slot.at) < self._known_since(recipient):
            return None
        return slot

    def ask(self, week: date) -> None:
        """Somebody wants the page of `week` mailed now to everybody who has not got it."""
        with self._lock:
            known = set(self._asked)
            wanted = [_Job(week, one, True) for one in self.recipients]
            self._asked += [one for one in wanted if one not in known]
        self.woken.set()

    def asked(self, week: date) -> bool:
        """Whether some of that has not been tried yet."""
        with self._lock:
            return any(one.week == week for one in self._asked)

    def stop(self) -> None:
        """End what is being sent, at once, and begin nothing any more."""
        self._line.cut(STOPPED)

    def turn(self) -> None:
        """Send what there is to send now. Raises `SQLAlchemyError` where the registry does not answer."""
        mail = self._settings.mail
        if mail is None or self.idle_because is not None:
            return
        if lost := self._mailings.settle(self._now_ms()):
            log.warning("a page may have been mailed or not, and is not mailed again pages=%d", lost)
        for job in self._jobs():
            if self._line.was_cut is not None:
                return
            outcome = self._send(job, mail)
            with self._lock:
                self._asked = [one for one in self._asked if one != job]
            if outcome is not None and outcome.sick:
                return  # whoever comes next fares no better now, and may wait half a minute

    def _jobs(self) -> list[_Job]:
        """What an admin asked for, then what is due, then what is to be tried again; each once."""
        with self._lock:
            found = list(self._asked)
        recipients = {(one.site, recipient_of(one.address)): one for one in self.recipients}
        slots = [(one, slot) for one in recipients.values() if (slot := self.due_for(one)) is not None]
        kept = {one.to: one for one in self._mailings.open_or_of({slot.week for _, slot in slots})}
        found += [_Job(slot.week, one, False) for one, slot in slots]
        found += [
            _Job(to.week, recipients[to.scope, to.recipient], False)
            for to in kept
            if (to.scope, to.recipient) in recipients
        ]
        now_ms = self._now_ms()
        return [job for job in dict.fromkeys(found) if job.by_hand or _open(kept.get(job.to), now_ms)]

    def _known_since(self, recipient: Recipient) -> int:
        key = recipient.site, recipient.address
        if self._since.get(key, now_ms := self._now_ms()) >= now_ms:  # by a clock that has been set back since
            known = self._mailings.known_since(recipient.site, recipient.address, now_ms=now_ms)
            self._since[key] = known
        return self._since[key]

    def _send(self, job: _Job, mail: MailSettings) -> Outcome | None:
        """What became of it; ``None`` where it is not to be sent, by us or now."""
        page = self._page(job.week, job.recipient.site)
        if page is None:
            return None
        to = job.to
        limits = self._limits or Limits.of(mail.timeout_seconds)
        patience_ms = int((limits.whole_s + GRACE.total_seconds()) * 1000)
        author = mail.author
        now_ms = self._now_ms()
        claim = self._mailings.claim(
            to,
            address=job.recipient.address,
            message_id=message_id_of(self._district.name, to.week, to.recipient, to.scope, domain=author.domain),
            now_ms=now_ms,
            until_ms=now_ms + patience_ms,
            by_hand=job.by_hand,
        )
        if claim is None:
            return None
        message = message_of(
            page, author=author, to=job.recipient.address, message_id=claim.message_id, at=self._local(self._clock())
        )

        def begin() -> bool:
            return self._mailings.begin(
                claim,
                now_ms=self._now_ms(),
                until_ms=self._now_ms() + patience_ms,
                said=_said(page.brief),
                corrected=[(one.week, (one.site, one.room), one.now) for one in page.brief.corrections],
            )

        outcome = deliver(message, job.recipient.address, mail, begin, limits=limits, line=self._line)
        self._write_down(claim, outcome)
        return outcome

    def _page(self, week: date, site: str | None) -> Page | None:
        """The page, once it can be made."""
        try:
            page = self._pages.page(week, site)
        except Refusal:  # not judged yet, or the collector is starting
            return None
        except Exception as error:  # other pages are not kept up by one that cannot be made
            if (week, site) not in self._unmade:
                self._unmade.add((week, site))
                known = isinstance(error, StoreUnavailable)
                log.warning(
                    "a page cannot be made, so it is not mailed yet week=%s site=%s error=%s",
                    week,
                    site or "-",
                    error if known else type(error).__name__,
                    exc_info=not known,
                )
            return None
        self._unmade.discard((week, site))
        return page

    def _write_down(self, claim: Claim, outcome: Outcome) -> None:
        if outcome.word == "taken":
            return
        now_ms, next_ms, state = self._now_ms(), None, outcome.word
        if state == "refused":
            if outcome.answer == STOPPED:
                next_ms = now_ms
            elif claim.attempts <= len(RETRY_MINUTES):
                next_ms = now_ms + RETRY_MINUTES[claim.attempts - 1] * 60_000
            else:
                state = "failed"
        answer = outcome.answer if state == "sent" else f"{outcome.step}: {outcome.answer}"
        ours = self._mailings.finish(
            claim, state, now_ms=now_ms, next_ms=next_ms, code=outcome.code, answer=answer[:320]
        )
        told = logging.INFO if state == "sent" else logging.WARNING
        # No address, and nothing that a server said: it may repeat one.
        log.log(
            told,
            "weekly page %s week=%s site=%s attempt=%d step=%s code=%s%s",
            state.replace("_", " "),
            claim.to.week,
            claim.to.scope or "-",
            claim.attempts,
            outcome.step.replace(" ", "_"),
            outcome.code or "-",
            "" if ours else " unwritten=true",
        )

    def _local(self, at: datetime) -> datetime:
        return at.astimezone(self._district.time_zone).replace(microsecond=0)

    def _now_ms(self) -> int:
        return _ms(self._clock())


def _said(brief: Brief) -> dict[RoomKey, Verdict]:
    return {(one.week.site, one.week.room): one.week.verdict for one in brief.judged}


def _open(kept: Mailing | None, now_ms: int) -> bool:
    """Whether it is worth a claim."""
    if kept is None:
        return True
    return kept.state == "claimed" or (kept.state == "refused" and kept.next_ms is not None and kept.next_ms <= now_ms)


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
