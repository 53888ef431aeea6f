"""Every page once, to everybody who is to have it, whatever server, network and collectors do."""

import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from collector.mail.post import RETRY_MINUTES
from collector.registry.registry import Registry
from collector.store.protocol import StoreUnavailable
from tests.collector.mail.mail_server import Manners, mail_server, scripted
from tests.collector.mail.posted import (
    BOARD,
    CIO,
    HALF_PAST_SIX,
    MONDAY,
    PRINCIPAL,
    WEEK,
    Office,
    a_district,
)

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
LATER = timedelta(minutes=20)
"""When a claim of somebody who died is nobody's any more."""


@contextmanager
def an_office(folder: Path, manners: Manners, *to: str | tuple[str, str]) -> Iterator[Office]:
    """With a mail server, on the Sunday before; the recipients are known."""
    with mail_server(manners) as port:
        office = Office(folder, port, *(to or (CIO,)))
        office.turn()
        yield office
        office.registry.close()


@pytest.fixture
def manners() -> Manners:
    return Manners()


def test_the_page_is_mailed_when_it_is_due_and_never_again(tmp_path: Path, manners: Manners) -> None:
    with an_office(tmp_path, manners, CIO, BOARD, (PRINCIPAL, "oak-hill")) as office:
        office.turn(HALF_PAST_SIX - MINUTE)
        assert manners.recipients == []
        office.turn(HALF_PAST_SIX)
        for number in range(8):
            office.post = office.another()
            office.turn(HALF_PAST_SIX + number * DAY - timedelta(seconds=number))

    assert sorted(manners.recipients) == sorted([CIO, BOARD, PRINCIPAL])
    assert {one["To"]: str(one["Subject"]).split(":")[0].strip() for one in manners.mails} == {
        CIO: "Maple Valley",
        BOARD: "Maple Valley",
        PRINCIPAL: "Oak Hill",
    }
    assert len({one["Message-ID"] for one in manners.mails}) == 3


def test_a_week_that_is_judged_late_is_mailed_then_and_a_collector_that_was_down_makes_up_for_it(
    tmp_path: Path, manners: Manners
) -> None:
    with an_office(tmp_path, manners) as office:
        office.pages.newest = WEEK - 7 * DAY
        office.turn(HALF_PAST_SIX)
        assert manners.recipients == []
        office.pages.newest = WEEK
        office.turn(HALF_PAST_SIX + 6 * DAY)
        assert manners.recipients == [CIO]
        office.turn(HALF_PAST_SIX + 21 * DAY)

    assert manners.recipients == [CIO], "of the weeks that were missed none is judged, and none is made up for"


def test_a_new_collector_and_a_new_recipient_get_no_old_page(tmp_path: Path, manners: Manners) -> None:
    with mail_server(manners) as port:
        office = Office(tmp_path, port, CIO, now=HALF_PAST_SIX + MINUTE)
        office.turn()
        office.turn(6 * DAY)
        assert manners.recipients == []
        office.pages.newest = MONDAY
        office.turn(HALF_PAST_SIX + 7 * DAY)
        office.to.append({"address": BOARD})
        office.post = office.another()
        office.turn(DAY)
        assert manners.recipients == [CIO]
        office.pages.newest = MONDAY + 7 * DAY
        office.turn(HALF_PAST_SIX + 14 * DAY)
        office.registry.close()

    assert manners.recipients == [CIO, CIO, BOARD]


def test_in_a_vacation_nothing_is_mailed_and_after_it_what_was_before(tmp_path: Path, manners: Manners) -> None:
    closed = a_district(*(MONDAY + number * DAY for number in range(14)))
    with an_office(tmp_path, manners) as office:
        office.post = office.another(district=closed)
        for number in range(13):
            office.turn(HALF_PAST_SIX + number * DAY)
        assert manners.recipients == []
        office.turn(HALF_PAST_SIX + 14 * DAY)

    assert office.to == [{"address": CIO}]
    assert manners.recipients == [CIO]
    assert manners.mails[0]["Message-ID"].startswith("<2026-w46.")


def test_one_of_two_bounces_and_the_other_gets_his_page(
    tmp_path: Path, manners: Manners, caplog: pytest.LogCaptureFixture
) -> None:
    manners.rcpt = {CIO: f"550 5.1.1 <{CIO}>: no such user"}
    with caplog.at_level(logging.INFO), an_office(tmp_path, manners, CIO, BOARD) as office:
        office.turn(HALF_PAST_SIX)
        office.turn(DAY)
        states = office.states()
        failed = next(one for one in office.mailings() if one.state == "failed")

    assert states == {"c…@example.org": "failed", "b…@example.org": "sent"}
    assert (manners.recipients, failed.attempts, failed.code) == ([BOARD], 1, 550)
    assert failed.answer == "RCPT TO: 5.1.1 <c…@example.org>: no such user"
    ours = [one for one in caplog.records if one.name.startswith("collector")]
    assert "weekly page failed week=2026-11-09 site=- attempt=1 step=RCPT_TO code=550" in [
        one.getMessage() for one in ours
    ]
    assert not any("@" in one.getMessage() for one in ours), "no address in the log"


def test_who_is_put_off_is_asked_again_after_a_while(tmp_path: Path, manners: Manners) -> None:
    manners.rcpt = {CIO: ["451 4.7.1 greylisted", "451 4.7.1 greylisted"]}
    with an_office(tmp_path, manners) as office:
        office.turn(HALF_PAST_SIX)
        assert office.states() == {"c…@example.org": "refused"}
        office.turn(MINUTE - timedelta(seconds=1))
        office.turn(timedelta(seconds=1))
        office.post = office.another()
        office.turn(4 * MINUTE)
        assert manners.recipients == []
        office.turn(MINUTE)

    assert (manners.recipients, [one.attempts for one in office.registry.mailings.of_week(WEEK)]) == ([CIO], [3])


def test_who_is_always_put_off_is_given_up_and_an_admin_may_try_again(tmp_path: Path, manners: Manners) -> None:
    manners.rcpt = {CIO: "451 4.3.0 not now"}
    with an_office(tmp_path, manners) as office:
        office.turn(HALF_PAST_SIX)
        for minutes in RETRY_MINUTES:
            assert office.states() == {"c…@example.org": "refused"}
            office.turn(minutes * MINUTE)
        assert office.states() == {"c…@example.org": "failed"}
        manners.rcpt = {}
        office.turn(DAY)
        assert manners.recipients == []
        office.post.ask(WEEK)
        office.turn()
        office.post.ask(WEEK)
        office.turn()

    assert manners.recipients == [CIO]


def test_an_admin_gets_a_page_mailed_that_is_not_due_and_never_one_that_was_mailed(
    tmp_path: Path, manners: Manners
) -> None:
    with an_office(tmp_path, manners, CIO, BOARD) as office:
        office.post.ask(WEEK)
        office.post.ask(WEEK)
        assert office.post.asked(WEEK)
        office.turn()
        assert not office.post.asked(WEEK)
        office.turn(HALF_PAST_SIX)

    assert sorted(manners.recipients) == [BOARD, CIO]


@pytest.mark.parametrize("what", ["hangs", "cuts"])
def test_what_nobody_knows_is_shown_and_never_mailed_again(tmp_path: Path, manners: Manners, what: str) -> None:
    with an_office(tmp_path, manners) as office:
        setattr(manners, what, {"hangs": "answer", "cuts": "after"}[what])
        office.turn(HALF_PAST_SIX)
        setattr(manners, what, None)
        for number in range(3):
            office.post = office.another()
            office.post.ask(WEEK)
            office.turn(number * DAY)
        states = office.states()

    assert states == {"c…@example.org": "possibly_sent"}
    assert manners.recipients == [CIO], "the server had it"


def test_a_server_that_is_away_is_asked_once_in_a_turn_and_everybody_gets_his_page_in_the_end(
    tmp_path: Path, manners: Manners
) -> None:
    with scripted(b"421 4.3.2 going down\r\n") as away:
        office = Office(tmp_path, away, CIO, BOARD)
        office.turn()
        office.turn(HALF_PAST_SIX)
        assert list(office.states().values()) == ["refused"]
        office.turn(timedelta(seconds=30))
        assert list(office.states().values()) == ["refused", "refused"]
    with mail_server(manners) as office.port:
        office.post = office.another()
        office.turn(2 * MINUTE)
        office.registry.close()

    assert sorted(manners.recipients) == [BOARD, CIO]


def test_two_collectors_on_one_registry_mail_each_page_once(tmp_path: Path, manners: Manners) -> None:
    to = [f"reader{number}@example.org" for number in range(6)]
    with an_office(tmp_path, manners, *to) as office:
        office.clock.move(HALF_PAST_SIX - office.clock())
        other = Registry.open_registry(f"sqlite:///{tmp_path / 'registry.sqlite'}")
        posts = office.another(), office.another(mailings=other.mailings)
        both = [threading.Thread(target=one.turn) for one in posts]
        for one in both:
            one.start()
        for one in both:
            one.join()
        other.close()
        office.turn(LATER)

    assert sorted(manners.recipients) == to


class Killed(BaseException):
    """As a collector that is no more: nothing below catches it."""


@pytest.mark.parametrize(
    ("dies_in", "before", "mails", "state"),
    [
        ("claim", True, 1, "sent"),
        ("claim", False, 1, "sent"),
        ("begin", True, 1, "sent"),
        ("begin", False, 0, "possibly_sent"),
        ("finish", True, 1, "possibly_sent"),
        ("finish", False, 1, "sent"),
    ],
)
def test_a_collector_that_dies_at_any_step_never_makes_a_second_mail(  # noqa: PLR0917  # one table
    tmp_path: Path, manners: Manners, dies_in: str, before: bool, mails: int, state: str
) -> None:
    with an_office(tmp_path, manners) as office:
        ledger = office.registry.mailings

        class Dying:
            def __getattr__(self, name: str) -> object:
                kept = getattr(ledger, name)

                def die(*given: object, **more: object) -> None:
                    if not before:
                        kept(*given, **more)
                    raise Killed

                return die if name == dies_in else kept

        office.post = office.another(mailings=Dying())
        with pytest.raises(Killed):
            office.turn(HALF_PAST_SIX)
        office.post = office.another()
        for _ in range(3):
            office.turn(LATER)
        states = office.states()

    assert (len(manners.recipients), list(states.values())) == (mails, [state])


def test_a_process_that_is_killed_before_the_answer_never_makes_a_second_mail(tmp_path: Path, manners: Manners) -> None:
    manners.hangs = "answer"
    with an_office(tmp_path, manners) as office:
        process = subprocess.Popen([sys.executable, "-m", "tests.collector.mail.posted", tmp_path, str(office.port)])
        hung = manners.hung.wait(60)
        process.kill()
        process.wait(10)
        assert hung
        manners.hangs = None
        office.clock.move(HALF_PAST_SIX - office.clock())
        office.turn()
        assert list(office.states().values()) == ["sending"]
        office.turn(LATER)
        office.turn(DAY)
        states = office.states()

    assert (manners.recipients, list(states.values())) == ([CIO], ["possibly_sent"])


def test_a_collector_that_stops_in_the_midst_of_it_goes_on_when_it_is_back(tmp_path: Path, manners: Manners) -> None:
    manners.hangs = "RCPT"
    with an_office(tmp_path, manners) as office:
        office.clock.move(HALF_PAST_SIX - office.clock())

        def stop() -> None:
            manners.hung.wait(15)
            office.post.stop()

        stopping = threading.Thread(target=stop)
        stopping.start()
        office.turn()
        stopping.join()
        assert office.states() == {"c…@example.org": "refused"}
        office.turn(MINUTE)
        assert office.mailings()[0].attempts == 1, "one that was stopped begins nothing"
        manners.hangs = None
        office.post = office.another()
        office.turn()

    assert manners.recipients == [CIO]


def test_a_page_that_cannot_be_made_is_told_of_once_and_mailed_when_it_can(
    tmp_path: Path, manners: Manners, caplog: pytest.LogCaptureFixture
) -> None:
    with an_office(tmp_path, manners) as office:
        for wrong in (StoreUnavailable("away"), ValueError("ours")):
            office.pages.wrong = wrong
            office.turn(HALF_PAST_SIX)
            office.turn(MINUTE)
        told = [one.getMessage() for one in caplog.records if "cannot be made" in one.getMessage()]
        office.pages.wrong = None
        office.turn(MINUTE)

    assert told == ["a page cannot be made, so it is not mailed yet week=2026-11-09 site=- error=away"]
    assert manners.recipients == [CIO]


def test_nothing_is_mailed_until_somebody_is_named(tmp_path: Path, manners: Manners) -> None:
    with an_office(tmp_path, manners, (PRINCIPAL, "no-such-site")) as office:
        office.turn(HALF_PAST_SIX)

        assert office.post.strays == ["no-such-site"]
        assert office.post.idle_because is not None
        assert "[[brief.to]]" in office.post.idle_because
    assert (manners.recipients, office.pages.made) == ([], [])


@pytest.mark.parametrize("ahead", [DAY, 9 * 365 * DAY], ids=["a short retention", "a clock that was ahead"])
def test_no_retention_makes_a_page_go_out_twice(tmp_path: Path, manners: Manners, ahead: timedelta) -> None:
    with an_office(tmp_path, manners) as office:
        office.turn(HALF_PAST_SIX)
        before = f"{HALF_PAST_SIX + ahead - 7 * DAY:%Y-%m-%d}"
        office.registry.forget(codes_before_ms=0, boots_before_ms=0, days_before=before)
        office.turn(HALF_PAST_SIX + DAY)

    assert manners.recipients == [CIO]


@pytest.mark.parametrize("started_again", [False, True])
def test_who_was_named_while_the_clock_was_ahead_gets_pages_all_the_same(
    tmp_path: Path, manners: Manners, started_again: bool
) -> None:
    with mail_server(manners) as port:
        office = Office(tmp_path, port, CIO, now=HALF_PAST_SIX + 900 * DAY)
        office.turn()
        if started_again:
            office.post = office.another()
        office.turn(HALF_PAST_SIX - DAY)
        office.turn(HALF_PAST_SIX)
        office.registry.close()

    assert manners.recipients == [CIO]
