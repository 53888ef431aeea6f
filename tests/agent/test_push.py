import asyncio
import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from agent.clock import NS_PER_S, Clock
from agent.http import Collector
from agent.push import FIRST_BACKOFF_S, LONGEST_BACKOFF_S, Push
from agent.spool import Spool
from tests.agent.fakes import (
    AGENT,
    TOKEN,
    FakeCollector,
    MovedClock,
    Reply,
    Script,
    Seen,
    acknowledge,
    as_json,
    collector,
    hang,
    tcp_server,
    trickle,
)
from tests.agent.reports import READING, latency

HTML = b"<!doctype html><title>Guest Wi-Fi</title><p>Please log in."


def html(status: int, **headers: str) -> Script:
    return lambda seen: (status, {"Content-Type": "text/html", **headers}, HTML)


def said(status: int, body: object, **headers: str) -> Script:
    return lambda seen: as_json(status, body, **headers)


def problem(status: int, word: str, **headers: str) -> Script:
    return said(status, {"error": word, "detail": "A sentence."}, **headers)


def changed(**changes: object) -> Script:
    """Our acknowledgement, but for `changes`."""

    def script(seen: Seen) -> Reply:
        batch = seen.batch
        answer = {
            "version": 1,
            "batch": batch["batch"],
            "stored": len(batch["reports"]),
            "duplicate": 0,
            "rejected": [],
        }
        return as_json(200, answer | changes)

    return script


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    opened = Spool(tmp_path / "spool.sqlite")
    opened.open(marker="boot-1", reading=READING)
    yield opened
    opened.close()


async def no_pause(_seconds: float) -> None:
    """A pause between batches takes no time in a test."""


def push_to(url: str, spool: Spool, clock: Clock | None = None) -> Push:
    return Push(
        spool,
        Collector(url),
        agent=AGENT,
        token=TOKEN,
        clock=clock or MovedClock().clock(),
        sleep=no_pause,
    )


def deliver(script: Script, spool: Spool) -> tuple[FakeCollector, str | None]:
    """One round against a collector that answers so: what it saw, and the word that was left."""
    with collector(script) as fake:
        kept = asyncio.run(push_to(fake.url, spool).deliver_all())
    return fake, kept.word if kept else None


def quarantine(spool_path: Path) -> dict[int, str]:
    with closing(sqlite3.connect(spool_path)) as db:
        return dict(db.execute("SELECT seq, word FROM quarantine").fetchall())


def test_what_the_collector_acknowledges_leaves_the_spool(spool: Spool) -> None:
    spool.add([latency(), latency()], READING)

    fake, word = deliver(acknowledge, spool)

    assert word is None
    assert spool.counts().waiting == 0
    assert spool.counts().delivered == 2
    assert [report["seq"] for report in fake.reports] == [1, 2]
    (seen,) = fake.seen
    assert seen.headers["authorization"] == f"Bearer {TOKEN}"
    assert seen.headers["content-encoding"] == "gzip"
    assert seen.batch["clock"]["live"] is True
    assert len(seen.batch["boot"]) == 16


NOT_OURS: dict[str, tuple[Script, str]] = {
    "200 html": (html(200), "foreign_answer"),
    "200 html that claims json": (
        lambda seen: (200, {"Content-Type": "application/json"}, HTML),
        "foreign_answer",
    ),
    "200 foreign json": (said(200, {"status": "ok"}), "foreign_answer"),
    "200 json of another kind": (said(200, ["ok"]), "foreign_answer"),
    "200 empty": (lambda seen: (200, {}, b""), "foreign_answer"),
    "200 with our problem": (problem(200, "bad_json"), "foreign_answer"),
    "201 acknowledged": (lambda seen: (201, *acknowledge(seen)[1:]), "http_201"),
    "204": (lambda seen: (204, {}, b""), "http_204"),
    "another batch": (changed(batch="0" * 16), "foreign_acknowledgement"),
    "too few": (changed(stored=1), "foreign_acknowledgement"),
    "too many": (changed(stored=9), "foreign_acknowledgement"),
    "negative": (changed(stored=-1, duplicate=4), "foreign_answer"),
    "rejected twice": (
        changed(stored=1, rejected=[{"index": 0, "seq": 1, "error": "out_of_range", "detail": "no"} for _ in range(2)]),
        "foreign_acknowledgement",
    ),
    "302": (html(302, Location="http://login.invalid/"), "http_302"),
    "307 to ourselves": (html(307, Location="/v1/reports"), "http_307"),
    "400 html": (html(400), "http_400"),
    "400 foreign json": (said(400, {"error": {"code": 7}, "detail": "x"}), "http_400"),
    "400 a word of the circumstances": (problem(400, "unsupported_version"), "unsupported_version"),
    "400 broken on the way": (problem(400, "bad_gzip"), "bad_gzip"),
    "400 emptied on the way": (problem(400, "empty_body"), "empty_body"),
    "401": (problem(401, "revoked_token"), "revoked_token"),
    "403 html": (html(403), "http_403"),
    "403 with a word of ours": (problem(403, "out_of_range"), "out_of_range"),
    "404": (html(404), "http_404"),
    "415": (problem(415, "wrong_media_type"), "wrong_media_type"),
    "422 html": (html(422), "http_422"),
    "422 as text": (
        lambda seen: (422, {"Content-Type": "text/plain"}, b'{"error": "out_of_range", "detail": ""}'),
        "http_422",
    ),
    "429": (problem(429, "too_many_requests"), "too_many_requests"),
    "500": (html(500), "http_500"),
    "502": (html(502), "http_502"),
    "503": (problem(503, "store_away"), "store_away"),
    "511 html": (html(511), "http_511"),
}


@pytest.mark.parametrize("case", NOT_OURS)
def test_no_other_answer_makes_the_agent_give_a_report_up(
    case: str, spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    script, expected = NOT_OURS[case]
    spool.add([latency(), latency(), latency()], READING)

    with caplog.at_level(logging.INFO):
        _, word = deliver(script, spool)

    assert word == expected
    assert (spool.counts().waiting, spool.counts().quarantined) == (3, 0)
    assert f"word={expected}" in caplog.text
    _, word = deliver(acknowledge, spool)
    assert word is None
    assert spool.counts().delivered == 3


def test_a_closed_port_and_a_hung_and_a_trickling_server_keep_everything(spool: Spool) -> None:
    spool.add([latency()], READING)
    for serve in (hang, trickle):
        with tcp_server(serve) as port:
            push = push_to(f"http://127.0.0.1:{port}", spool)
            with pytest.raises(TimeoutError):
                asyncio.run(within(0.2, push))

    assert spool.counts().waiting == 1


async def within(seconds: float, push: Push) -> None:
    async with asyncio.timeout(seconds):
        await push.deliver_all()


def test_rejected_reports_go_to_quarantine_with_their_word_and_the_rest_is_delivered(
    spool: Spool, tmp_path: Path
) -> None:
    spool.add([latency() for _ in range(4)], READING)
    rejected = [
        {"index": 1, "seq": 2, "error": "time_unknown", "detail": "no clock"},
        {"index": 3, "seq": None, "error": "WHAT EVER", "detail": "?"},
    ]

    deliver(changed(stored=1, duplicate=1, rejected=rejected), spool)

    assert (spool.counts().waiting, spool.counts().delivered) == (0, 2)
    assert quarantine(tmp_path / "spool.sqlite") == {2: "time_unknown", 4: "unknown_word"}


@pytest.mark.parametrize("status", [400, 422])
def test_a_refused_batch_is_parted_until_only_the_offender_is_given_up(
    status: int, spool: Spool, tmp_path: Path
) -> None:
    spool.add([latency() for _ in range(100)], READING)

    def script(seen: Seen) -> Reply:
        if any(report["seq"] in (37, 90) for report in seen.batch["reports"]):
            return as_json(status, {"error": "out_of_range", "detail": "A sentence."})
        return acknowledge(seen)

    fake, word = deliver(script, spool)

    assert word is None
    assert (spool.counts().delivered, spool.counts().waiting) == (98, 0)
    assert quarantine(tmp_path / "spool.sqlite") == {37: "out_of_range", 90: "out_of_range"}
    assert len(fake.seen) < 40
    assert len({seen.batch["batch"] for seen in fake.seen}) == len(fake.seen)


def test_a_batch_too_large_for_something_on_the_way_is_halved(spool: Spool) -> None:
    spool.add([latency() for _ in range(100)], READING)

    def script(seen: Seen) -> Reply:
        return acknowledge(seen) if len(seen.batch["reports"]) <= 20 else (413, {}, HTML)

    fake, word = deliver(script, spool)

    assert word is None
    assert spool.counts().delivered == 100
    assert len(fake.seen) < 20


def test_a_single_report_that_is_too_large_is_kept(spool: Spool) -> None:
    spool.add([latency(), latency()], READING)

    _, word = deliver(html(413), spool)

    assert word == "too_large"
    assert spool.counts().waiting == 2


def test_a_past_boot_is_sent_with_its_kept_clock(spool: Spool, tmp_path: Path) -> None:
    spool.add([latency()], READING)
    spool.close()
    spool.open(marker="boot-2", reading=READING)
    spool.add([latency()], READING)

    fake, _ = deliver(acknowledge, spool)

    first, second = (seen.batch for seen in fake.seen)
    assert first["boot"] != second["boot"]
    assert first["clock"] == {
        "boot_ms": READING.boot_ms,
        "wall_ms": READING.wall_ms,
        "synchronised": True,
        "live": False,
    }
    assert second["clock"]["live"] is True


@pytest.mark.parametrize("status", [422, 500])
def test_a_past_boot_that_is_not_taken_does_not_hold_up_the_present(status: int, spool: Spool) -> None:
    spool.add([latency()], READING)
    old = spool.boots()[0].boot
    spool.close()
    spool.open(marker="boot-2", reading=READING)
    spool.add([latency()], READING)

    def script(seen: Seen) -> Reply:
        if seen.batch["boot"] == old:
            return as_json(status, {"error": "undecided", "detail": "A sentence."})
        return acknowledge(seen)

    async def rounds(url: str) -> None:
        push = push_to(url, spool)
        await push.deliver_all()
        await push.deliver_all()

    with collector(script) as fake:
        asyncio.run(rounds(fake.url))

    assert (spool.counts().delivered, spool.counts().waiting) == (1, 1)


def test_a_backlog_goes_in_consecutive_batches(spool: Spool) -> None:
    for _ in range(13):
        spool.add([latency() for _ in range(100)], READING)

    fake, word = deliver(acknowledge, spool)

    assert word is None
    assert [len(seen.batch["reports"]) for seen in fake.seen] == [500, 500, 300]
    assert [report["seq"] for report in fake.reports] == list(range(1, 1301))


class Rounds:
    """`Push.run` on a clock that its own sleep moves; `waits` are the seconds it slept."""

    def __init__(self, spool: Spool, *, hours: float) -> None:
        self.moved = MovedClock(frozen=True)
        self.spool = spool
        self.until_ns = self.moved.boot_ns + int(hours * 3600 * NS_PER_S)
        self.waits: list[float] = []

    def run(self, url: str, each: Callable[[], None]) -> None:
        async def sleep(seconds: float) -> None:
            self.waits.append(seconds)
            self.moved.boot_ns += int(seconds * NS_PER_S)
            each()
            if self.moved.boot_ns >= self.until_ns:
                raise asyncio.CancelledError

        async def work() -> None:
            push = Push(self.spool, Collector(url), agent=AGENT, token=TOKEN, clock=self.moved.clock(), sleep=sleep)
            with pytest.raises(asyncio.CancelledError):
                await push.run(lambda: 60 * NS_PER_S)

        asyncio.run(work())


def test_an_hour_without_the_collector_is_delivered_when_it_is_back(spool: Spool) -> None:
    rounds = Rounds(spool, hours=1.3)
    began_ns = rounds.moved.boot_ns
    reported = [began_ns]

    def each() -> None:
        while reported[-1] + 60 * NS_PER_S <= rounds.moved.boot_ns:
            reported.append(reported[-1] + 60 * NS_PER_S)
            spool.add([latency(boot_ms=reported[-1] // 1_000_000)], rounds.moved.clock().read())

    def script(seen: Seen) -> Reply:
        away = rounds.moved.boot_ns - began_ns < 3600 * NS_PER_S
        return (502, {}, HTML) if away else acknowledge(seen)

    with collector(script) as fake:
        rounds.run(fake.url, each)

    accepted = [
        seen for seen in fake.seen if seen.batch["clock"]["boot_ms"] >= (began_ns + 3600 * NS_PER_S) // 1_000_000
    ]
    delivered = [report["boot_ms"] for seen in accepted for report in seen.batch["reports"]]
    assert delivered == [moment // 1_000_000 for moment in reported[1 : len(delivered) + 1]]
    assert len(delivered) >= 65
    assert spool.counts().dropped == 0


def test_failures_wait_longer_each_time_and_never_longer_than_the_cap(spool: Spool) -> None:
    spool.add([latency()], READING)
    rounds = Rounds(spool, hours=3)

    with collector(html(503)) as fake:
        rounds.run(fake.url, lambda: None)

    backoffs = rounds.waits[1:]
    assert backoffs[0] <= FIRST_BACKOFF_S
    assert all(wait <= LONGEST_BACKOFF_S for wait in backoffs)
    assert min(backoffs[8:]) >= LONGEST_BACKOFF_S / 2
    assert len(set(backoffs)) == len(backoffs)


@pytest.mark.parametrize(("asked", "shortest_s"), [("120", 120), ("999999", 900), ("soon", 0), ("-5", 0)])
def test_a_retry_after_is_honoured_up_to_a_cap(asked: str, shortest_s: float, spool: Spool) -> None:
    spool.add([latency()], READING)
    rounds = Rounds(spool, hours=0.5)

    with collector(problem(429, "too_many_requests", **{"Retry-After": asked})) as fake:
        rounds.run(fake.url, lambda: None)

    assert shortest_s <= rounds.waits[1] <= max(shortest_s, FIRST_BACKOFF_S)


def test_a_lasting_trouble_is_logged_once_and_so_is_its_end(spool: Spool, caplog: pytest.LogCaptureFixture) -> None:
    spool.add([latency()], READING)
    answers: list[Script] = [html(403), html(403), html(403), acknowledge]

    async def rounds(url: str) -> None:
        push = push_to(url, spool)
        while await push.deliver_all():
            pass

    def script(seen: Seen) -> Reply:
        return answers.pop(0)(seen)

    with caplog.at_level(logging.INFO), collector(script) as fake:
        asyncio.run(rounds(fake.url))

    assert [record.getMessage() for record in caplog.records] == [
        "reports wait, the collector did not take them word=http_403",
        "collector takes reports",
    ]
