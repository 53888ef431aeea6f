"""The ledger: of any number of collectors one sends, once; whoever dies, and whenever."""

import threading
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from collector.registry.mailed_verdicts import Said
from collector.registry.mailings import Claim, Mailing, Mailings, To
from collector.registry.registry import Registry

WEEK = date(2026, 11, 16)
CIO = "cio@example.org"
TO = To.of(WEEK, None, CIO)
ROOM = ("oak-hill", "204")
MINUTE = 60_000


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    opened = Registry.open_registry(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    yield opened
    opened.close()


@pytest.fixture
def ledger(registry: Registry) -> Mailings:
    return registry.mailings


def claim(ledger: Mailings, to: To = TO, *, now_ms: int = 0, by_hand: bool = False) -> Claim | None:
    return ledger.claim(
        to, address=CIO, message_id="<1@example.org>", now_ms=now_ms, until_ms=now_ms + MINUTE, by_hand=by_hand
    )


def claimed(ledger: Mailings, to: To = TO, *, now_ms: int = 0, by_hand: bool = False) -> Claim:
    found = claim(ledger, to, now_ms=now_ms, by_hand=by_hand)
    assert found is not None
    return found


def begin(ledger: Mailings, one: Claim, *, now_ms: int = 0, **said: object) -> bool:
    values = {"said": {ROOM: "ok"}} | said
    return ledger.begin(one, now_ms=now_ms, until_ms=now_ms + MINUTE, **values)  # type: ignore[arg-type]


def only(ledger: Mailings) -> Mailing:
    (found,) = ledger.of_week(WEEK)
    return found


def test_a_page_that_was_sent_is_never_claimed_again(ledger: Mailings) -> None:
    first = claimed(ledger)
    assert begin(ledger, first)
    assert ledger.finish(first, "sent", now_ms=5, code=250, answer="queued")

    assert [claim(ledger, now_ms=now, by_hand=hand) for now in (6, 10**12) for hand in (False, True)] == [None] * 4
    assert (only(ledger).state, only(ledger).attempts, only(ledger).code) == ("sent", 1, 250)


def test_the_registry_keeps_no_address(ledger: Mailings, registry: Registry, tmp_path: Path) -> None:
    claimed(ledger)
    ledger.known_since(None, CIO, now_ms=1)
    registry.close()

    assert only(ledger).shown == "c…@example.org"
    registry.close()
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert CIO.encode() not in kept
    assert To.of(WEEK, None, "CIO@example.ORG") == TO, "one mailbox, however it is written"


def test_who_has_claimed_and_died_is_taken_over_and_cannot_come_back(ledger: Mailings) -> None:
    dead = claimed(ledger)

    assert claim(ledger, now_ms=MINUTE) is None, "it may be alive"
    other = claimed(ledger, now_ms=MINUTE + 1)

    assert not begin(ledger, dead)
    assert not ledger.finish(dead, "sent", now_ms=MINUTE + 2)
    assert begin(ledger, other, now_ms=MINUTE + 3)
    assert (other.attempts, other.message_id) == (2, "<1@example.org>")


def test_who_has_begun_and_died_leaves_what_nobody_knows_and_nobody_repeats(ledger: Mailings) -> None:
    dead = claimed(ledger)
    assert begin(ledger, dead)

    assert claim(ledger, now_ms=10**9, by_hand=True) is None
    assert ledger.settle(MINUTE) == 0
    assert ledger.settle(MINUTE + 1) == 1
    assert claim(ledger, now_ms=10**9, by_hand=True) is None
    assert (only(ledger).state, only(ledger).answer) == (
        "possibly_sent",
        "the collector ended before the server answered",
    )
    assert not ledger.finish(dead, "refused", now_ms=MINUTE + 2), "nobody knows that any more"
    assert ledger.finish(dead, "sent", now_ms=MINUTE + 3), "it was alive, and knows better"


def test_what_was_refused_is_due_again_and_what_failed_only_by_hand(ledger: Mailings) -> None:
    first = claimed(ledger)
    assert ledger.finish(first, "refused", now_ms=1, next_ms=MINUTE, code=451, answer="later")

    assert claim(ledger, now_ms=MINUTE - 1) is None
    second = claimed(ledger, now_ms=MINUTE)
    assert ledger.finish(second, "failed", now_ms=MINUTE + 1, code=550, answer="no such user")
    assert claim(ledger, now_ms=10**12) is None
    assert claimed(ledger, now_ms=10**12, by_hand=True).attempts == 3


def test_of_many_that_claim_at_once_one_does(ledger: Mailings) -> None:
    found: list[Claim | None] = []
    together = threading.Barrier(8)

    def try_it() -> None:
        together.wait()
        found.append(claim(ledger))

    threads = [threading.Thread(target=try_it) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert sum(one is not None for one in found) == 1
    assert len(found) == 8


def test_a_recipient_is_known_since_he_was_first_named(ledger: Mailings) -> None:
    assert ledger.known_since(None, CIO, now_ms=5) == 5
    assert ledger.known_since(None, CIO, now_ms=9) == 5
    assert ledger.known_since("oak-hill", CIO, now_ms=9) == 9


def said_of(registry: Registry, week: date = WEEK) -> list[Said]:
    return registry.mailed_verdicts.between(week, date(2026, 12, 31), None)


def test_what_a_page_said_is_kept_when_it_may_be_read_and_not_before(registry: Registry) -> None:
    ledger = registry.mailings
    first = claimed(ledger)
    assert said_of(registry) == []

    assert begin(ledger, first)
    assert [(one.room, one.verdict) for one in said_of(registry)] == [(ROOM, "ok")]
    assert ledger.finish(first, "refused", now_ms=1, next_ms=2)
    assert said_of(registry) == [], "nobody has read it"

    assert begin(ledger, claimed(ledger, now_ms=2), said={ROOM: "at_risk"})
    other = claimed(ledger, To.of(WEEK, None, "board@example.org"))
    assert begin(ledger, other, said={ROOM: "restricted"})
    assert ledger.finish(other, "failed", now_ms=3)
    assert [one.verdict for one in said_of(registry)] == ["at_risk"], "what the first one read"


def test_a_correction_is_told_once_and_taken_back_when_nobody_read_it(registry: Registry) -> None:
    ledger, kept = registry.mailings, registry.mailed_verdicts
    assert begin(ledger, claimed(ledger))
    after = To.of(date(2026, 11, 23), None, CIO)
    corrected = [(WEEK, ROOM, "restricted")]

    first = claimed(ledger, after)
    assert begin(ledger, first, corrected=corrected)
    assert [(one.verdict, one.before) for one in kept.corrected_in(after.week, None)] == [("restricted", "ok")]
    assert ledger.finish(first, "refused", now_ms=1, next_ms=1)
    assert kept.corrected_in(after.week, None) == []
    assert [(one.verdict, one.before) for one in said_of(registry)] == [("ok", None)]

    assert begin(ledger, claimed(ledger, after, now_ms=1), corrected=corrected)
    assert [(one.verdict, one.before) for one in kept.between(WEEK, after.week, None)] == [("restricted", "ok")]
    assert (kept.newest_week(None), kept.newest_week("oak-hill")) == (after.week, None)


def test_old_pages_are_forgotten(registry: Registry) -> None:
    ledger = registry.mailings
    assert begin(ledger, claimed(ledger))
    assert begin(ledger, claimed(ledger, To.of(WEEK + timedelta(weeks=53), None, CIO)))
    registry.forget(codes_before_ms=0, boots_before_ms=0, days_before="2027-11-23")
    assert len(ledger.of_week(WEEK)) == 1

    assert begin(ledger, claimed(ledger, To.of(WEEK + timedelta(weeks=54), None, CIO)))
    registry.forget(codes_before_ms=0, boots_before_ms=0, days_before="2026-11-17")

    assert ledger.of_week(WEEK) == []
    assert said_of(registry) == []
