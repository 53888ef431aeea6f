"""A whole collector mails its pages to a real server, and tells of it over HTTP, on the board and to a command."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from email.message import EmailMessage
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from collector.main import app
from tests.collector.live import Answered, Live, MovableClock, live_collector
from tests.collector.mail.mail_server import Manners, mail_server
from tests.collector.school import MONDAY, a_school
from tests.collector.week_builders import a_week

CIO, BOARD = "cio@example.org", "board@example.org"
UTC = ZoneInfo("UTC")
WEEK = MONDAY - timedelta(weeks=1)
SUNDAY = datetime.combine(MONDAY - timedelta(days=1), time(12), UTC)
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Mailing:
    live: Live
    manners: Manners
    settings: Path

    def mail(self, week: str = "newest") -> Answered:
        return self.live.ask("POST", f"/v1/briefs/{week}/mail", b"{}", JSON)

    def mailings(self) -> dict[str, Any]:
        body: dict[str, Any] = self.live.ask("GET", "/v1/mailings").body
        return body

    def states(self) -> dict[str, str]:
        return {one["to"]: one["state"] for one in self.mailings()["mailings"]}

    def until(self, states: dict[str, str]) -> None:
        give_up = monotonic() + 30
        while self.states() != states:
            assert monotonic() < give_up, self.states()
            sleep(0.05)


@contextmanager
def mailing(folder: Path, *to: str, now: datetime = SUNDAY, **more: Any) -> Iterator[Mailing]:
    manners = Manners()
    with mail_server(manners) as port:
        mail = {"host": "127.0.0.1", "port": port, "security": "none", "sender": "Bandroom <net@example.org>"}
        given: dict[str, Any] = {"mail": mail, "brief": {"to": [{"address": one} for one in to]}} | more
        with live_collector(folder, clock=MovableClock(now), district=a_school(), **given) as live:
            weeks = [a_week("204", "restricted", "oak-hill", week=WEEK), a_week("205", "ok", "oak-hill", week=WEEK)]
            live.store.write_weeks(weeks)
            settings = folder / "bandroom.toml"
            settings.write_text(
                f'port = {live.port}\n[mail]\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\n'
                'sender = "net@example.org"\n'
            )
            give_up = monotonic() + 30
            while live.ask("GET", "/readyz").status != 200:
                assert monotonic() < give_up
                sleep(0.05)
            yield Mailing(live, manners, settings)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailing]:
    """A collector that has mailed the week to one of two by hand; the other bounces."""
    with mailing(tmp_path_factory.mktemp("asked"), CIO, BOARD) as one:
        one.manners.rcpt = {BOARD: f"550 5.1.1 <{BOARD}> who?"}
        yield one


def test_mailed_by_hand_each_gets_an_answer_of_his_own_and_nobody_a_second_mail(asked: Mailing) -> None:
    waiting = asked.states()
    first = asked.mail()
    again = asked.mail("2026-W44")

    assert waiting == {"c…@example.org": "waiting", "b…@example.org": "waiting"}
    assert first.status == 200, first.body
    assert (first.body["week"], {one["to"]: one["state"] for one in first.body["mailings"]}) == (
        "2026-W44",
        {"c…@example.org": "sent", "b…@example.org": "failed"},
    )
    assert [one["attempts"] for one in again.body["mailings"]] == [2, 1]
    assert asked.manners.recipients == [CIO]


def test_while_the_registry_does_not_answer_that_is_said(asked: Mailing) -> None:
    (file,) = asked.settings.parent.rglob("registry.sqlite")
    with closing(sqlite3.connect(file, isolation_level=None)) as registry:
        registry.execute("ALTER TABLE mailings RENAME TO elsewhere")
        try:
            answers = [asked.live.ask("GET", "/v1/mailings"), asked.live.ask("GET", "/mailings")]
        finally:
            registry.execute("ALTER TABLE elsewhere RENAME TO mailings")

    assert [one.status for one in answers] == [503, 503]
    assert answers[0].body["error"] == "registry_unavailable"


def test_what_is_mailed_is_the_page_of_the_board(asked: Mailing) -> None:
    asked.mail()
    (mail,) = asked.manners.mails
    brief = asked.live.ask("GET", "/v1/briefs/2026-W44").body
    text = part(mail, "plain")

    assert mail["From"] == "Bandroom <net@example.org>"
    assert brief["headline"] in str(mail["Subject"])
    assert brief["headline"].upper() in text
    assert text.splitlines() == asked.live.ask("GET", "/brief/2026-W44.txt").body.splitlines()
    assert part(mail, "html").splitlines() == asked.live.ask("GET", "/brief/2026-W44.html").body.splitlines()
    assert "cid:" not in part(mail, "html")
    attached: dict[Any, Any] = {one.get_filename(): one.get_payload(decode=True) for one in mail.iter_attachments()}
    assert attached["bandroom-brief-2026-W44.pdf"].startswith(b"%PDF")
    assert b"oak-hill" in attached["bandroom-brief-2026-W44-rooms.csv"]


def test_no_face_shows_an_address(asked: Mailing) -> None:
    asked.mail()
    page = asked.live.ask("GET", "/mailings").body
    metrics = asked.live.ask("GET", "/metrics").body

    for text in (str(asked.mailings()), page, metrics):
        assert CIO not in text
        assert BOARD not in text
    assert "c…@example.org" in page
    assert "RCPT TO: 5.1.1 &lt;b…@example.org&gt; who? (550)" in page
    assert asked.live.metrics()['bandroom_mailings{state="sent"}'] == 1
    assert asked.live.metrics()['bandroom_mailings{state="failed"}'] == 1


@pytest.mark.parametrize(
    ("week", "body", "headers", "status", "word"),
    [
        ("2026-W99", b"{}", JSON, 422, "bad_week"),
        ("2026-W50", b"{}", JSON, 404, "week_to_come"),
        ("2026-W40", b"{}", JSON, 404, "no_such_week"),
        ("newest", b"{}", {}, 415, "not_json"),
        ("newest", b'{"to": "x@example.org"}', JSON, 422, "bad_request"),
        ("newest", b"{" + b" " * 2000 + b"}", JSON, 413, "too_large"),
    ],
)
def test_what_is_no_such_wish_is_refused(  # noqa: PLR0917  # one table
    asked: Mailing, week: str, body: bytes, headers: dict[str, str], status: int, word: str
) -> None:
    answer = asked.live.ask("POST", f"/v1/briefs/{week}/mail", body, headers)

    assert (answer.status, answer.body["error"]) == (status, word)


def test_a_command_tells_what_was_mailed_and_sends_a_test_step_by_step(asked: Mailing) -> None:
    asked.mail()
    run = CliRunner()
    given = ["--settings", str(asked.settings)]

    status = run.invoke(app, ["mail", "status", *given], env={"COLUMNS": "200"})
    narrow = run.invoke(app, ["mail", "status", *given], env={"COLUMNS": "80"})
    tested = run.invoke(app, ["mail", "test", "admin@example.org", *given])
    refused = run.invoke(app, ["mail", "test", BOARD, *given])
    no_address = run.invoke(app, ["mail", "test", "admin", *given])

    assert "c…@example.org" in status.output
    assert "failed" in status.output
    assert "example.…" not in narrow.output, "cut off"
    assert tested.exit_code == 0, tested.output
    assert [line.split(":")[0].strip() for line in tested.output.splitlines()[1:]] == [
        "greeting",
        "EHLO",
        "MAIL FROM",
        "RCPT TO",
        "DATA",
        "the mail itself",
        "sent",
    ]
    assert asked.manners.accepted.pop()[0] == "admin@example.org"
    assert (refused.exit_code, "550" in refused.output) == (1, True)
    assert no_address.output == '"admin" is no mail address; wanted is one such as cio@example.org\n'


def test_the_command_that_writes_the_page_mails_it_too_and_says_who_has_not_got_it(
    asked: Mailing, tmp_path: Path
) -> None:
    asked.mail()
    given = ["brief", "--week", "2026-W44", "--out", str(tmp_path), "--send", "--settings", str(asked.settings)]

    done = CliRunner().invoke(app, given)

    assert done.exit_code == 1
    failed, mailed = done.output.splitlines()[-2:]
    assert failed == (
        "b…@example.org, the district's page (RCPT TO: 5.1.1 <b…@example.org> who?): not mailed, and not tried again"
    )
    assert mailed.startswith("c…@example.org, the district's page: mailed 1 Nov, "), "and when: it is not mailed again"
    assert asked.manners.recipients == [CIO]


def test_on_monday_morning_it_mails_by_itself_once_and_after_a_restart_no_more(tmp_path: Path) -> None:
    monday = SUNDAY + timedelta(hours=18, minutes=30)
    with mailing(tmp_path, CIO) as before:
        before.until({"c…@example.org": "waiting"})
    with mailing(tmp_path, CIO, now=monday) as on_time:
        on_time.until({"c…@example.org": "sent"})
    with mailing(tmp_path, CIO, now=monday + timedelta(hours=1)) as after:
        (one,) = after.mail().body["mailings"]
        late = a_week("205", "at_risk", "oak-hill", week=WEEK)
        after.live.store.write_weeks([late, a_week("204", "ok", "oak-hill", week=MONDAY)])
        corrections = after.live.ask("GET", "/v1/briefs/2026-W45").body["corrections"]

    assert [(it["week"], it["room_name"], it["mailed"], it["now"]) for it in corrections] == [
        ("2026-W44", "205", "ok", "at_risk")
    ]
    assert (before.manners.recipients, on_time.manners.recipients, after.manners.recipients) == ([], [CIO], [])
    assert (one["state"], one["attempts"]) == ("sent", 1)


def test_until_somebody_is_named_nothing_is_mailed_and_it_says_what_would_be(tmp_path: Path) -> None:
    with mailing(tmp_path) as one:
        refused = one.mail()
        found = one.mailings()
        page = one.live.ask("GET", "/mailings").body

    assert (refused.status, refused.body["error"]) == (409, "dry_run")
    assert (found["dry_run"], found["mailings"]) == (True, [])
    assert found["next"] == [{"site": None, "week": "2026-W44", "due_at": "2026-11-02T06:30:00Z"}]
    assert re.search("would be mailed on Mon 2 Nov at 06:30", page)
    assert one.manners.accepted == []


def part(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body((kind,))
    assert found is not None
    text: str = found.get_content()
    return text
