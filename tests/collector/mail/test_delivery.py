"""One mail is handed over to a real server, and what became of it is known, or known to be unknown."""

import socket
import threading
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from collector.mail.delivery import deliver
from collector.mail.line import Limits, Line
from collector.mail.mail_settings import MailSettings
from tests.collector.mail.mail_server import (
    PASSWORD,
    Manners,
    authority_and_certificate,
    mail_server,
    scripted,
)

CIO = "cio@example.org"
SHORT = Limits(step_s=0.4, answer_s=0.4, whole_s=5)


def a_mail(text: str = "Three rooms could not teach.\n") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "bandroom@example.org", CIO, "Three rooms"
    message.set_content(text)
    return message


def settings(port: int, **given: Any) -> MailSettings:
    usual = {"host": "127.0.0.1", "port": port, "security": "none", "sender": "Bandroom <bandroom@example.org>"}
    return MailSettings.model_validate(usual | given)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return authority_and_certificate(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def manners() -> Manners:
    return Manners()


def test_a_mail_arrives_as_it_was_written_once_and_names_no_machine(manners: Manners) -> None:
    text = "Room 204:\n.hidden\n..\nFrom here\n\nend"
    with mail_server(manners) as port:
        outcome = deliver(a_mail(text), CIO, settings(port))

    (mail,) = manners.mails
    assert (outcome.word, outcome.code, outcome.answer) == ("sent", 250, "2.0.0 queued as 4711")
    assert mail.get_content().splitlines() == text.splitlines()
    assert (manners.recipients, manners.ehlo) == ([CIO], ["example.org"])
    assert socket.gethostname().encode() not in manners.accepted[0][1]


def test_nothing_is_sent_without_the_yes_before_data(manners: Manners) -> None:
    seen: list[int] = []

    def no() -> bool:
        seen.append(len(manners.accepted))
        return False

    def broken() -> bool:
        raise KeyError

    with mail_server(manners) as port:
        outcome = deliver(a_mail(), CIO, settings(port), no)
        with pytest.raises(KeyError):
            deliver(a_mail(), CIO, settings(port), broken)

    assert (outcome.word, seen, manners.accepted) == ("taken", [0], [])


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_under_tls_with_a_password_in_any_script(
    manners: Manners, authority: tuple[Path, Path], security: str, tmp_path: Path
) -> None:
    ca, certificate = authority
    secret = tmp_path / "mail.password"
    secret.write_text(f"{PASSWORD}\n", encoding="utf-8")
    given = {"security": security, "ca_file": ca, "user": "bandroom"}
    steps: list[str] = []
    with mail_server(manners, security=security, certificate=certificate, auth=True) as port:
        by_file = deliver(
            a_mail(), CIO, settings(port, **given, password_file=secret), told=lambda step, _: steps.append(step)
        )
        wrong = deliver(a_mail(), CIO, settings(port, **given, password="no"))

    assert (by_file.word, len(manners.accepted)) == ("sent", 1)
    assert ("STARTTLS" in steps, "TLS" in steps, "AUTH" in steps) == (security == "starttls", True, True)
    assert (wrong.word, wrong.step, wrong.code, wrong.sick) == ("refused", "AUTH", 535, True)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for_gets_nothing(
    manners: Manners, authority: tuple[Path, Path], security: str
) -> None:
    with mail_server(manners, security=security, certificate=authority[1]) as port:
        unknown = deliver(a_mail(), CIO, settings(port, security=security))
        other_name = deliver(a_mail(), CIO, settings(port, security=security, ca_file=authority[0], host="127.0.0.2"))

    assert (unknown.word, unknown.step) == ("refused", "TLS")
    assert unknown.answer == (
        "its certificate is not trusted: unable to get local issuer certificate; see ca_file and host in [mail]"
    )
    assert other_name.word == "refused"
    assert manners.accepted == []


def test_an_authority_that_cannot_be_read_is_named(
    manners: Manners, authority: tuple[Path, Path], tmp_path: Path
) -> None:
    empty = tmp_path / "empty.pem"
    empty.touch()
    with mail_server(manners, security="tls", certificate=authority[1]) as port:
        says = [
            deliver(a_mail(), CIO, settings(port, security="tls", ca_file=path)).answer
            for path in (tmp_path / "no.pem", empty)
        ]

    assert says == [
        "ca_file cannot be read: No such file or directory",
        "ca_file cannot be read: it holds no certificate",
    ]


def test_nothing_goes_in_the_open_where_tls_was_wanted(manners: Manners) -> None:
    with mail_server(manners) as port:
        bare = deliver(a_mail(), CIO, settings(port, security="starttls"))
        wrong_port = deliver(a_mail(), CIO, settings(port, security="tls"))

    assert (bare.word, bare.step) == ("refused", "STARTTLS")
    assert "offers no STARTTLS" in bare.answer
    assert (wrong_port.word, wrong_port.step) == ("refused", "TLS")
    assert 'is it the port for security = "tls"?' in wrong_port.answer
    assert manners.accepted == []


@pytest.mark.parametrize(
    ("rcpt", "data", "word", "code"),
    [
        ("550 5.1.1 <cio@example.org>: no such user", None, "failed", 550),
        ("451 4.7.1 greylisted, cio@example.org, try later", None, "refused", 451),
        (None, "554 5.7.1 we do not like it", "failed", 554),
        (None, "452 4.3.1 disk full", "refused", 452),
    ],
)
def test_a_no_is_final_or_not_as_the_server_says_and_repeats_no_address(
    manners: Manners, rcpt: str | None, data: str | None, word: str, code: int
) -> None:
    manners.rcpt = {CIO: rcpt} if rcpt else {}
    manners.data = [data] if data else []
    with mail_server(manners) as port:
        outcome = deliver(a_mail(), CIO, settings(port))

    step = "RCPT TO" if rcpt else "the mail itself"
    assert (outcome.word, outcome.step, outcome.code, outcome.sick) == (word, step, code, False)
    assert CIO not in outcome.answer
    assert ("c…@example.org" in outcome.answer) is (rcpt is not None)


@pytest.mark.parametrize("hangs", ["EHLO", "RCPT"])
def test_a_server_that_hangs_before_the_mail_has_nothing_of_it(manners: Manners, hangs: str) -> None:
    manners.hangs = hangs
    with mail_server(manners) as port:
        outcome = deliver(a_mail(), CIO, settings(port), limits=SHORT)

    assert (outcome.word, outcome.answer, outcome.sick) == ("refused", "the server did not answer in time", True)
    assert outcome.step == {"EHLO": "EHLO", "RCPT": "RCPT TO"}[hangs]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"hangs": "answer"}, "the server did not answer in time"),
        ({"cuts": "after"}, "the server ended the connection"),
        ({"cuts": "before"}, "the server ended the connection"),
    ],
)
def test_nobody_knows_of_a_mail_whose_answer_never_came(manners: Manners, change: dict[str, str], says: str) -> None:
    for name, value in change.items():
        setattr(manners, name, value)
    with mail_server(manners) as port:
        outcome = deliver(a_mail(), CIO, settings(port), limits=SHORT)

    assert (outcome.word, outcome.step, outcome.answer, outcome.sick) == (
        "possibly_sent",
        "the mail itself",
        says,
        True,
    )


GREETING, OK = b"220 mail\r\n", b"250 ok\r\n"


@pytest.mark.parametrize(
    ("lines", "word", "step"),
    [
        ((None,), "refused", "greeting"),
        ((b"554 go away\r\n",), "refused", "greeting"),
        ((b"HTTP/1.1 400 Bad Request\r\n",), "refused", "greeting"),
        ((GREETING, b"250" + b"x" * 9000 + b"\r\n"), "refused", "EHLO"),
        ((GREETING, OK, OK, OK, None), "refused", "DATA"),
        ((GREETING, OK, OK, OK, b"250 why not\r\n"), "refused", "DATA"),
        ((GREETING, OK, OK, OK, b"354 go\r\n", b"what?\r\n"), "possibly_sent", "the mail itself"),
        ((GREETING, OK, OK, OK, b"354 go\r\n", b"250" + b"x" * 9000 + b"\r\n"), "possibly_sent", "the mail itself"),
        ((GREETING, b"500 what\r\n", OK, OK, OK, b"354 go\r\n", b"250 ok\r\n"), "sent", "the mail itself"),
        ((GREETING, OK, b"530 sign in first\r\n"), "refused", "MAIL FROM"),
    ],
)
def test_whatever_a_server_says_is_an_outcome(lines: tuple[bytes | None, ...], word: str, step: str) -> None:
    with scripted(*lines) as port:
        outcome = deliver(a_mail("x\n"), CIO, settings(port), limits=SHORT)

    assert (outcome.word, outcome.step) == (word, step)


def test_a_server_that_dribbles_is_left_when_the_whole_takes_too_long() -> None:
    stop = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def dribble() -> None:
        taken, _ = listener.accept()
        with taken:
            while not stop.wait(0.05):
                try:
                    taken.sendall(b"2")
                except OSError:
                    return

    thread = threading.Thread(target=dribble, daemon=True)
    thread.start()
    limits = Limits(step_s=0.3, answer_s=0.3, whole_s=0.6)

    outcome = deliver(a_mail(), CIO, settings(listener.getsockname()[1]), limits=limits)

    stop.set()
    thread.join(5)
    listener.close()
    assert (outcome.word, outcome.step) == ("refused", "greeting")
    assert outcome.answer == "the whole took longer than 0.6 s"


def test_nobody_listening_is_an_outcome() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    listener.close()

    outcome = deliver(a_mail(), CIO, settings(port))
    nowhere = deliver(a_mail(), CIO, settings(port, host="mail.invalid", security="starttls"))

    assert (outcome.word, outcome.step, outcome.answer) == ("refused", "connect", "Connection refused")
    assert (nowhere.word, nowhere.step) == ("refused", "connect")


@pytest.mark.parametrize(("hangs", "word"), [("EHLO", "refused"), ("answer", "possibly_sent")])
def test_stopping_ends_the_talk_at_once_and_lets_no_other_begin(manners: Manners, hangs: str, word: str) -> None:
    manners.hangs = hangs
    line = Line()
    with mail_server(manners) as port:
        timer = threading.Timer(0.3, line.cut, args=("the collector stops",))
        timer.start()
        outcome = deliver(a_mail(), CIO, settings(port), line=line)
        after = deliver(a_mail(), CIO, settings(port), line=line)
        timer.join()

    assert (outcome.word, outcome.answer) == (word, "the collector stops")
    assert (after.word, after.step) == ("refused", "connect")


def test_an_address_in_any_script_needs_a_server_that_takes_one(manners: Manners) -> None:
    to = "用户@example.org"
    with mail_server(manners, enable_SMTPUTF8=False) as port:
        refused = deliver(a_mail(), to, settings(port))
    with mail_server(manners) as port:
        taken = deliver(a_mail(), to, settings(port))

    assert (refused.word, "SMTPUTF8" in refused.answer) == ("failed", True)
    assert (taken.word, manners.recipients) == ("sent", [to])
    assert "SMTPUTF8" in manners.mail_options[-1]


def test_a_mail_larger_than_the_server_takes_fails_before_it_is_sent(manners: Manners) -> None:
    asked: list[bool] = []

    def ask() -> bool:
        asked.append(True)
        return True

    before: Callable[[], bool] = ask
    with mail_server(manners, data_size_limit=1000) as port:
        outcome = deliver(a_mail("x" * 70 + "\n" * 3000), CIO, settings(port), before)

    assert (outcome.word, outcome.step, outcome.code, asked) == ("failed", "MAIL FROM", 552, [])


@pytest.mark.parametrize("step", ["greeting", "EHLO"])
def test_a_server_that_never_comes_to_an_end_is_let_go(step: str) -> None:
    endless = b"250-" + 100 * b"x" + b"\r\n"
    lines = {"greeting": [20_000 * endless], "EHLO": [b"220 here\r\n", 20_000 * endless]}[step]
    with scripted(*lines) as port:
        outcome = deliver(a_mail(), CIO, settings(port), limits=Limits(step_s=30, answer_s=30, whole_s=30))

    assert (outcome.word, outcome.step, outcome.answer) == ("refused", step, "the server does not come to an end")
