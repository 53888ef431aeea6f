"""Asking for leases, whatever happens to the answers, in virtual time."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import pytest

from agent.clock import NS_PER_S, system_clock
from agent.http import Answer, Collector, Unanswered
from agent.lease import ANSWERS_LOST, Granted, LeaseOffice, NotNow, left_s
from tests.agent.fakes import TOKEN, as_json, collector
from tests.virtual_time import VirtualLoop, run
from wire.codec import decode, encode
from wire.lease import Arrived, Lease, LeaseAccount, LeaseEnd, LeaseRequest
from wire.version import WIRE_VERSION

LEASE = Lease(
    version=WIRE_VERSION,
    lease="9b05688c2b3e6c1f",
    valid_ms=20_000,
    down_bps=1_000_000,
    up_bps=500_000,
    down_bytes=781_250,
    up_bytes=390_625,
)
ACCOUNT = LeaseAccount(
    version=WIRE_VERSION,
    down_stalled_ms=0,
    up_stalled_ms=0,
    down_bytes=659_400,
    up=(Arrived(at_ms=3, total_bytes=1_400),),
)


def said(status: int, body: bytes, kind: str = "application/json") -> Answer:
    return Answer(status=status, headers={"content-type": kind}, body=body)


GIVEN = said(200, encode(LEASE))
PORTAL = said(200, b"<html>Please accept our terms</html>", "text/html")


def refused(status: int, word: str) -> Answer:
    return said(status, b'{"error": "%s", "detail": "a sentence"}' % word.encode())


@dataclass(frozen=True)
class Seen:
    at_s: float
    path: str
    body: bytes


@dataclass
class Said(Collector):
    """Answers with `answers` in turn, the last for ever, each after `takes_s`; ``None`` is an answer that is lost."""

    answers: list[Answer | None]
    takes_s: float = 0.1
    word: str = "timeout"
    seen: list[Seen] = field(default_factory=list)

    async def ask(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Callable[[], bytes] | None = None,
        deadline_s: float = 30.0,
    ) -> Answer:
        assert (method, (headers or {})["Authorization"]) == ("POST", f"Bearer {TOKEN}")
        self.seen.append(Seen(asyncio.get_running_loop().time(), path, body() if body else b""))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        await asyncio.sleep(deadline_s if answer is None else self.takes_s)
        if answer is None:
            raise Unanswered(self.word)
        return answer

    @property
    def requests(self) -> list[str]:
        return [decode(LeaseRequest, one.body).request for one in self.seen]


def ask(*answers: Answer | None, takes_s: float = 0.1, times: int = 1) -> tuple[list[Granted | NotNow], Said]:
    fake = Said(list(answers), takes_s)

    async def work(loop: VirtualLoop) -> list[Granted | NotNow]:
        office = LeaseOffice(fake, token=TOKEN, clock=loop.clock(), sleep=asyncio.sleep)
        return [await office.ask() for _ in range(times)]

    return run(work), fake


def test_a_lease_ends_for_us_counted_from_when_we_first_asked() -> None:
    (granted,), _ = ask(GIVEN, takes_s=4.0)

    assert isinstance(granted, Granted)
    assert granted.lease == LEASE
    assert granted.ends_ns == 20 * NS_PER_S


def test_a_capacity_test_is_asked_for_as_one_with_the_speed_of_the_link_and_gets_no_other_kind() -> None:
    capacity = replace(LEASE, kind="capacity", port=8630, token=LEASE.lease, longest_ms=10_000)
    fake = Said([said(200, encode(capacity)), GIVEN])

    async def work(loop: VirtualLoop) -> list[Granted | NotNow]:
        office = LeaseOffice(fake, token=TOKEN, clock=loop.clock(), sleep=asyncio.sleep)
        return [await office.ask("capacity", link_mbps=1000) for _ in range(2)]

    assert run(work) == [Granted(lease=capacity, ends_ns=20 * NS_PER_S), NotNow(word="lease_other_kind")]
    asked = [decode(LeaseRequest, one.body) for one in fake.seen]
    assert {(one.kind, one.link_mbps) for one in asked} == {("capacity", 1000)}


def test_a_lost_answer_is_asked_for_again_with_the_same_words() -> None:
    (granted,), fake = ask(None, None, GIVEN)

    assert isinstance(granted, Granted)
    assert len(set(fake.requests)) == 1
    assert granted.ends_ns == 20 * NS_PER_S, "counted from the first time"


def test_a_wish_whose_answers_are_all_lost_is_given_up() -> None:
    (answer,), fake = ask(None)

    assert answer == NotNow(word="timeout")
    assert len(fake.seen) == ANSWERS_LOST


@pytest.mark.parametrize(
    "word", ["throughput_off", "no_lesson", "budget_spent", "lease_taken", "lease_over", "unsupported_version"]
)
def test_a_refusal_ends_a_wish_and_the_next_one_has_a_name_of_its_own(word: str) -> None:
    answers, fake = ask(refused(403, word), times=3)

    assert answers == [NotNow(word=word)] * 3
    assert len(set(fake.requests)) == 3


def test_a_wish_that_was_given_up_has_its_name_to_itself() -> None:
    _, fake = ask(None, times=2)

    assert len(set(fake.requests)) == 2


def test_a_lease_whose_answer_came_too_late_is_none() -> None:
    short = said(200, encode(LEASE).replace(b"20000", b"3000"))

    assert ask(short, takes_s=3.0)[0] == [NotNow(word="lease_late")]
    assert ask(None, short)[0] == [NotNow(word="lease_late")]
    assert isinstance(ask(short, takes_s=2.9)[0][0], Granted)


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (PORTAL, "lease_bad_json"),
        (said(200, b""), "lease_bad_json"),
        (said(200, b"{}"), "lease_missing_field"),
        (said(200, encode(LEASE).replace(b"20000", b"60001")), "lease_out_of_range"),
        (said(200, encode(LEASE).replace(b"9b05688c2b3e6c1f", b"../../reports")), "lease_bad_id"),
        (said(302, b"", "text/html"), "http_302"),
        (said(403, b"<html>blocked</html>", "text/html"), "http_403"),
        (said(404, b'{"detail": "Not Found"}'), "http_404"),
        (refused(404, "not_found"), "not_found"),
        (refused(415, "unsupported_version"), "unsupported_version"),
        (refused(500, "Not A Word"), "http_500"),
    ],
)
def test_whatever_else_answers_gives_no_lease(answer: Answer, word: str) -> None:
    assert ask(answer)[0] == [NotNow(word=word)]


def test_what_is_left_of_a_lease_falls_below_nothing() -> None:
    (granted,), _ = ask(GIVEN)
    assert isinstance(granted, Granted)

    async def work(loop: VirtualLoop) -> list[float]:
        left = []
        for _ in range(3):
            left.append(left_s(granted, loop.clock()))
            await asyncio.sleep(15)
        return left

    assert run(work) == pytest.approx([20, 5, -10])


def end(answer: Answer | None) -> tuple[LeaseAccount | None, Said]:
    fake = Said([answer])

    async def work(loop: VirtualLoop) -> LeaseAccount | None:
        office = LeaseOffice(fake, token=TOKEN, clock=loop.clock(), sleep=asyncio.sleep)
        return await office.end(LEASE, used_bytes=999_312)

    return run(work), fake


def test_a_lease_that_is_given_back_gets_an_account() -> None:
    account, fake = end(said(200, encode(ACCOUNT)))

    assert account == ACCOUNT
    (seen,) = fake.seen
    assert seen.path == "/v1/leases/9b05688c2b3e6c1f/end"
    assert decode(LeaseEnd, seen.body).used_bytes == 999_312


@pytest.mark.parametrize("answer", [None, PORTAL, refused(403, "lease_over"), said(200, encode(LEASE))])
def test_without_a_true_account_there_is_none(answer: Answer | None) -> None:
    assert end(answer)[0] is None


def test_over_a_real_connection_it_is_the_same() -> None:
    async def work(url: str) -> tuple[Granted | NotNow, LeaseAccount | None]:
        office = LeaseOffice(Collector(url), token=TOKEN, clock=system_clock(), sleep=asyncio.sleep)
        return await office.ask(), await office.end(LEASE, used_bytes=1)

    replies = {"/v1/leases": encode(LEASE), f"/v1/leases/{LEASE.lease}/end": encode(ACCOUNT)}
    with collector(lambda seen: as_json(200, json.loads(replies[seen.path]))) as fake:
        granted, account = asyncio.run(work(fake.url))

    assert isinstance(granted, Granted)
    assert (granted.lease, account) == (LEASE, ACCOUNT)
