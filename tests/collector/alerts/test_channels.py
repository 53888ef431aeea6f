"""Channels are told for real, over real sockets, and say what the other side answered. Slack and Teams themselves are
not asked: their plugins talk to a server of ours."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr

from collector.alerts.alert_settings import Channel
from collector.alerts.apprise_channel import plugin_of, tell, without_secrets
from collector.alerts.channels import STOPPED, Channels, Way
from collector.alerts.incident import Incident
from collector.alerts.message import Message, message, trial
from collector.alerts.words import Names
from collector.mail.mail_settings import MailSettings
from tests.collector.alerts.other_side import OtherSide, other_side
from tests.collector.mail.mail_server import Manners, mail_server
from tests.end_to_end.certificate import make_certificate

AT = datetime(2026, 11, 16, 9, 40, tzinfo=UTC)
NAMES = Names(
    zone=ZoneInfo("Europe/Madrid"),
    district="Maple Valley",
    sites={"oak-hill": "Oak Hill"},
    rooms={("oak-hill", "204"): "Room 204", ("oak-hill", "205"): "教室 205"},
)


def incident(**given: Any) -> Incident:
    """An uplink that is down for two rooms."""
    values: dict[str, Any] = {
        "incident": "0123456789abcdef",
        "about": "site:oak-hill",
        "rule": "outage",
        "severity": "critical",
        "sites": ("oak-hill",),
        "rooms": (("oak-hill", "204"), ("oak-hill", "205")),
        "asked": 2,
        "cause": "site_uplink",
        "confidence": "high",
        "where": "the line from the school to the district",
        "began_at": AT,
        "opened_at": AT,
        "seen_at": AT,
    }
    return Incident(**(values | given))


TROUBLE = message(incident(), NAMES, "opened", board="https://board.example.org/sites/oak-hill")
OVER = message(
    incident(ended_at=AT + timedelta(minutes=95), closed_at=AT + timedelta(hours=2), lost_s={"2026-11-16": 7200}),
    NAMES,
    "closed",
    board=None,
)


@pytest.fixture
def there() -> Iterator[OtherSide]:
    with other_side() as running:
        yield running


def told(kind: str, url: str, what: Message = TROUBLE, *, deadline_s: int = 5) -> Any:
    channel = Channel.model_validate({"name": "hook", "kind": kind, "url": url})
    channels = Channels([channel], mail=None, deadline_s=deadline_s, clock=lambda: AT)
    return channels.tell(Way(name="hook", channel=channel), what)


def test_a_webhook_gets_the_documented_fields_and_no_others(there: OtherSide) -> None:
    answer = told("webhook", f"{there.url}/in?key=s3cret-key&x=")

    (path, headers, body) = there.got[0]
    assert (answer.state, answer.text) == ("told", "Sent JSON POST notification")
    assert path == "/in?key=s3cret-key&x="
    assert headers["content-type"] == "application/json"
    assert body == {
        "format": 1,
        "kind": "opened",
        "incident": "0123456789abcdef",
        "about": "site:oak-hill",
        "severity": "critical",
        "rule": "outage",
        "title": "Oak Hill: online lessons freeze in 2 of 2 rooms",
        "text": "Oak Hill: online lessons freeze in 2 of 2 rooms, since Mon 16 Nov 10:40. Likely cause: the line "
        "from the school to the district (high confidence). First: look at the school's router and its line; if these "
        "are well, call whoever runs the line.",
        "district": "Maple Valley",
        "sites": [{"site": "oak-hill", "name": "Oak Hill"}],
        "rooms": [
            {"site": "oak-hill", "room": "204", "name": "Room 204"},
            {"site": "oak-hill", "room": "205", "name": "教室 205"},
        ],
        "cause": "site_uplink",
        "confidence": "high",
        "first_step": "look at the school's router and its line; if these are well, call whoever runs the line",
        "began_at": "2026-11-16T09:40:00Z",
        "opened_at": "2026-11-16T09:40:00Z",
        "ended_at": None,
        "lost_lesson_minutes": 0,
        "board": "https://board.example.org/sites/oak-hill",
    }


def test_the_json_example_of_the_docs_is_what_a_webhook_gets(there: OtherSide) -> None:
    docs = Path(__file__).parents[3] / "docs" / "alerts.md"
    example = docs.read_text(encoding="utf-8").partition("```json\n")[2].partition("```")[0]

    told("webhook", f"{there.url}/in")
    told("webhook", f"{there.url}/in", trial("Maple Valley", "hook", AT))

    assert json.loads(example).keys() == there.got[0][2].keys() == there.got[1][2].keys()


def test_that_it_is_over_says_how_long_it_lasted_and_what_it_cost(there: OtherSide) -> None:
    told("webhook", there.url, OVER)

    body = there.got[0][2]
    assert body["title"] == "Over: Oak Hill: online lessons freeze in 2 of 2 rooms"
    assert body["text"].endswith(
        "It lasted 1 h 35 min, from Mon 16 Nov 10:40 to Mon 16 Nov 12:15. "
        "120 lesson minutes were hit in 2 rooms together."
    )
    assert body["lost_lesson_minutes"] == 120


def test_what_nobody_measures_any_more_is_not_said_to_be_over() -> None:
    gone = incident(ended_at=AT, closed_at=AT + timedelta(hours=3), ending="not_measured")

    told = message(gone, NAMES, "closed", board=None)

    assert told.title == "Not measured any more: Oak Hill: online lessons freeze in 2 of 2 rooms"
    assert "may go on" in told.body


@pytest.mark.parametrize(
    ("status", "state", "text"),
    [
        (204, "told", "Sent JSON POST notification"),
        (401, "refused", "it answered 401 Unauthorized: ok"),
        (500, "refused", "it answered 500 Internal Server Error: ok"),
        (302, "refused", "it answered 302 Found: ok"),
    ],
)
def test_what_the_other_side_answers_is_said(there: OtherSide, status: int, state: str, text: str) -> None:
    there.status = status

    answer = told("webhook", f"{there.url}/services/s3cret-token")

    assert (answer.state, answer.text) == (state, text)


def test_an_answer_that_repeats_the_secret_is_told_without_it(there: OtherSide) -> None:
    there.status, there.body = 403, b"no such hook: /services/s3cret-token"

    answer = told("webhook", f"{there.url}/services/s3cret-token")

    assert "s3cret" not in answer.text
    assert "*****" in answer.text


def test_nobody_there_is_a_refusal_that_may_be_tried_again() -> None:
    answer = told("webhook", "http://127.0.0.1:9/s3cret-token")

    assert answer.state == "refused"
    assert "Connection refused" in answer.text
    assert "s3cret" not in answer.text


def test_one_that_hangs_may_have_been_told(there: OtherSide) -> None:
    there.hangs = threading.Event()

    assert told("webhook", there.url, deadline_s=1).state == "uncertain"


def test_slack_is_handed_a_title_and_a_text(there: OtherSide) -> None:
    url = "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
    plugin: Any = plugin_of("slack", url, TROUBLE, deadline_s=5)
    plugin.webhook_url = f"{there.url}/services"

    answer = tell(plugin, "slack", TROUBLE, secret=url)

    path, _, body = there.got[0]
    assert answer.state == "told", answer.text
    assert path == "/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
    assert TROUBLE.title in json.dumps(body)
    assert "Likely cause: the line from the school" in json.dumps(body)
    assert "image" not in json.dumps(body)


def test_slack_that_refuses_is_not_told(there: OtherSide) -> None:
    url = "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
    there.status, there.body = 404, b"no_service"
    plugin: Any = plugin_of("slack", url, TROUBLE, deadline_s=5)
    plugin.webhook_url = f"{there.url}/services"

    answer = tell(plugin, "slack", TROUBLE, secret=url)

    assert answer.state == "refused"
    assert "no_service" in answer.text


def test_teams_is_handed_an_adaptive_card(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path / "server.pem")
    with other_side(certificate) as there:
        there.status, there.body = 202, b""
        url = (
            "https://prod-01.westeurope.logic.azure.com:443/workflows/0123456789abcdef0123456789abcdef/triggers/manual/paths/invoke"
            "?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=KODuebWbDGYFr0z0eu-6Rj8aUKz7108W3wrNJZxFE5A"
        )
        plugin: Any = plugin_of("teams", url, TROUBLE, deadline_s=5)
        plugin.host, plugin.port, plugin.verify_certificate = "127.0.0.1", there.port, str(certificate)

        answer = tell(plugin, "teams", TROUBLE, secret=url)

    path, _, body = there.got[0]
    assert answer.state == "told", answer.text
    assert path.startswith("/workflows/0123456789abcdef0123456789abcdef/triggers/manual/paths/invoke?")
    card = body["attachments"][0]["content"]
    assert card["type"] == "AdaptiveCard"
    assert [one["text"] for one in card["body"]] == [
        TROUBLE.title,
        (
            "Since Mon 16 Nov 10:40. Likely cause: the line from the school to the district (high confidence).\n\n"
            "First: look at the school's router and its line; if these are well, call whoever runs the line.\n\n"
            "[Open the board](https://board.example.org/sites/oak-hill)"
        ),
    ]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what plugins import that nobody uses here
def test_an_apprise_url_of_any_kind_is_told(there: OtherSide) -> None:
    answer = told("apprise", f"form://127.0.0.1:{there.port}/in")

    assert answer.state == "told", answer.text
    assert "Oak+Hill" in there.got[0][2]


def test_mail_goes_to_each_address_by_itself() -> None:
    channel = Channel.model_validate({"name": "staff", "kind": "mail", "to": ["a@example.org", "b@example.org"]})
    manners = Manners()
    with mail_server(manners) as port:
        mail = MailSettings.model_validate(
            {"host": "127.0.0.1", "port": port, "security": "none", "sender": "Bandroom <bandroom@example.org>"}
        )
        channels = Channels([channel], mail=mail, deadline_s=5, clock=lambda: AT)
        answers = [channels.tell(way, TROUBLE) for way in channels.ways(channel)]

    assert [one.state for one in answers] == ["told", "told"]
    assert manners.recipients == ["a@example.org", "b@example.org"]
    mail_got = manners.mails[0]
    assert mail_got["Subject"] == TROUBLE.title
    assert mail_got["Auto-Submitted"] == "auto-generated"
    assert mail_got.get_content().splitlines()[0].startswith("Since Mon 16 Nov 10:40. Likely cause: the line")
    assert not any("example.org" in way.name for way in channels.ways(channel))


def staff_by_mail(port: int) -> tuple[Channels, Way]:
    channel = Channel.model_validate({"name": "staff", "kind": "mail", "to": ["a@example.org"]})
    mail = {"host": "127.0.0.1", "port": port, "security": "none", "sender": "Bandroom <bandroom@example.org>"}
    channels = Channels([channel], mail=MailSettings.model_validate(mail), deadline_s=5, clock=lambda: AT)
    return channels, channels.ways(channel)[0]


def test_a_name_of_two_lines_is_one_line_of_a_mails_subject() -> None:
    manners = Manners()
    names = replace(NAMES, sites={"oak-hill": "Oak\nBcc: spy@example.org\n\nHill"})
    with mail_server(manners) as port:
        channels, way = staff_by_mail(port)
        answer = channels.tell(way, message(incident(), names, "opened", board=None))

    assert (answer.state, manners.recipients) == ("told", ["a@example.org"])
    (mail,) = manners.mails
    assert mail["Subject"].startswith("Oak Bcc: spy@example.org Hill: online lessons freeze")
    assert mail["Bcc"] is None


@pytest.mark.parametrize(("hangs", "state"), [("RCPT", "refused"), ("answer", "uncertain")])
def test_a_collector_that_stops_waits_for_no_mail_server(hangs: str, state: str) -> None:
    manners = Manners(hangs=hangs)
    with mail_server(manners) as port:
        channels, way = staff_by_mail(port)

        def stop_when_it_hangs() -> None:
            manners.hung.wait()
            channels.stop()

        stops = threading.Thread(target=stop_when_it_hangs)
        stops.start()
        answer = channels.tell(way, TROUBLE)
        stops.join()

        assert (answer.state, STOPPED in answer.text) == (state, True)
        assert channels.tell(way, TROUBLE).state == "refused", "nothing begins any more"
        assert channels.longest_s > 600, "as long as RFC 5321 lets a server think"


def test_a_channel_without_its_file_says_so(tmp_path: Path) -> None:
    channel = Channel(name="chat", kind="slack", url_file=tmp_path / "slack.url")
    channels = Channels([channel], mail=None, deadline_s=5, clock=lambda: AT)

    answer = channels.tell(Way(name="chat", channel=channel), TROUBLE)

    assert (answer.state, answer.text) == ("refused", "url_file cannot be read: No such file or directory")


def test_a_channels_secret_is_not_shown() -> None:
    channel = Channel(name="hook", kind="webhook", url=SecretStr("https://tickets.example.org/s3cret"))

    assert "s3cret" not in repr(channel)
    assert without_secrets("Max retries: /s3cret-one?k=abcdefgh", "https://h/s3cret-one?k=abcdefgh") == (
        "Max retries: /*****?*****"
    )


@pytest.mark.parametrize("said", ["a%2Fb%2Bcdefgh", "a/b+cdefgh", "a%2Fb%2Bcdefgh&x=1"])
def test_a_secret_is_hidden_however_it_is_quoted(said: str) -> None:
    url = "https://x.example.org/workflows/run?api=1&sig=a%2Fb%2Bcdefgh"
    assert "cdefgh" not in without_secrets(f"no such sig={said}", url)
