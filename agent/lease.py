"""Asking for leases and giving them back. No lease, no test."""

import secrets
from dataclasses import dataclass

from agent.clock import NS_PER_MS, NS_PER_S, Clock
from agent.http import Collector, Unanswered
from agent.outcome import problem_word
from agent.schedule import Sleep
from wire.codec import decode, encode
from wire.fields import WireError
from wire.lease import Lease, LeaseAccount, LeaseEnd, LeaseKind, LeaseRequest
from wire.version import WIRE_VERSION

ASK_DEADLINE_S = 5.0
ASK_AGAIN_S = 2.0
ANSWERS_LOST = 3
"""After so many lost answers in a row the wish is given up; a lease that was given meanwhile runs out by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """A lease and when it ends for us, on the boot clock: before it ends for the collector, however late its answer."""

    lease: Lease
    ends_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NotNow:
    """No lease; `word` says why."""

    word: str


class LeaseOffice:
    """The collector's leases, as this agent asks for them."""

    def __init__(self, collector: Collector, *, token: str, clock: Clock, sleep: Sleep) -> None:
        self._collector = collector
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._clock = clock
        self._sleep = sleep

    async def ask(self, kind: LeaseKind = "sufficiency", *, link_mbps: int | None = None) -> Granted | NotNow:
        """Ask once, and again with the same words while answers are lost: a lease that was given is not given twice.
        `link_mbps` is the speed of the link that the test would use.

        Every call is a new wish, because a late copy of an old one may still be on its way.
        """
        request = LeaseRequest(version=WIRE_VERSION, request=secrets.token_hex(8), kind=kind, link_mbps=link_mbps)
        first_ns = self._clock.boot_ns()
        word = "timeout"
        for attempt in range(ANSWERS_LOST):
            if attempt:
                await self._sleep(ASK_AGAIN_S)
            try:
                answer = await self._collector.ask(
                    "POST",
                    "/v1/leases",
                    headers=self._headers,
                    body=lambda: encode(request),
                    deadline_s=ASK_DEADLINE_S,
                )
            except Unanswered as error:
                word = error.word
                continue
            if answer.status != 200:
                return NotNow(word=problem_word(answer) or f"http_{answer.status}")
            try:
                lease = decode(Lease, answer.body)
            except WireError as error:
                return NotNow(word=f"lease_{error.word}")
            if lease.kind != kind:
                return NotNow(word="lease_other_kind")
            granted = Granted(lease=lease, ends_ns=first_ns + lease.valid_ms * NS_PER_MS)
            return granted if self._clock.boot_ns() < granted.ends_ns else NotNow(word="lease_late")
        return NotNow(word=word)

    async def end(self, lease: Lease, *, used_bytes: int) -> LeaseAccount | None:
        """Give `lease` back. The collector's account, or ``None`` when it gives none."""
        ended = LeaseEnd(version=WIRE_VERSION, used_bytes=used_bytes)
        try:
            answer = await self._collector.ask(
                "POST",
                f"/v1/leases/{lease.lease}/end",
                headers=self._headers,
                body=lambda: encode(ended),
                deadline_s=ASK_DEADLINE_S,
            )
            return decode(LeaseAccount, answer.body) if answer.status == 200 else None
        except (Unanswered, WireError):
            return None


def left_s(granted: Granted, clock: Clock) -> float:
    """How long the lease still holds for us, in seconds; negative when it does not."""
    return (granted.ends_ns - clock.boot_ns()) / NS_PER_S
