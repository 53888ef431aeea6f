"""One mail handed over to the server, once: SMTP (RFC 5321) step by step, so that it is known how far it came.

Until DATA is answered with 354 nothing has left, whatever goes wrong. From there to the server's answer nobody knows,
and a mail of which nobody knows is never repeated. The talk names the sender's domain and never this machine.
"""

import contextlib
import re
import smtplib
import ssl
from base64 import b64encode
from collections.abc import Callable
from email.generator import BytesGenerator
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from io import BytesIO
from typing import Any

from collector.mail.addresses import domain_of, without_addresses
from collector.mail.line import Cut, Limits, Line
from collector.mail.mail_settings import MailSettings
from collector.mail.outcome import Outcome, Word

MAX_ANSWER = 200
MAX_HEARD = 1_000_000
"""Octets of all answers together; a server that never comes to an end is let go."""

Told = Callable[[str, str], None]
"""Is told of each step and what the server answered to it."""


class _No(Exception):
    """The server, or what we know of it, says no at this step."""

    def __init__(self, answer: str, *, code: int | None = None, word: Word = "refused", sick: bool = True) -> None:
        super().__init__(answer)
        self.code = code
        self.word: Word = word
        self.sick = sick


class _Endless(OSError):
    """The server says more than anybody reads."""


class _Answers:
    """The lines of a server, no more than anybody reads."""

    def __init__(self, talking: Any) -> None:
        self._file = talking.makefile("rb")
        self._left = MAX_HEARD

    def readline(self, limit: int) -> bytes:
        """The next one. Raises `OSError`."""
        line: bytes = self._file.readline(limit)
        self._left -= len(line)
        if self._left < 0:
            raise _Endless("the server does not come to an end")
        return line

    def close(self) -> None:
        """Listen no more."""
        self._file.close()


def deliver(
    message: EmailMessage,
    to: str,
    mail: MailSettings,
    before_data: Callable[[], bool] = lambda: True,
    *,
    limits: Limits | None = None,
    line: Line | None = None,
    told: Told = lambda _step, _answer: None,
) -> Outcome:
    """Hand `message` over for the one recipient `to`; returns when it is known what became of it, or cannot be.

    `before_data` is asked when all but the mail itself has been said: without its yes nothing is sent. What it raises
    is raised here, with nothing sent. Answers of the server end up in the outcome; whatever it does, and does not do,
    nothing of it is raised.
    """
    limits = limits or Limits.of(mail.timeout_seconds)
    line = line or Line()
    talk = _Talk(message, to, mail, limits=limits, line=line, told=told)
    with line.at_most(limits.whole_s):
        try:
            return talk.run(before_data)
        finally:
            talk.close()


class _Talk:
    def __init__(
        self, message: EmailMessage, to: str, mail: MailSettings, *, limits: Limits, line: Line, told: Told
    ) -> None:
        self._message = message
        self._to = to
        self._mail = mail
        self._limits = limits
        self._line = line
        self._told = told
        self._from = mail.author.addr_spec
        self._smtp = smtplib.SMTP(local_hostname=domain_of(self._from), timeout=limits.step_s)
        self._international = not (self._from.isascii() and to.isascii())
        self._step = "connect"

    def run(self, before_data: Callable[[], bool]) -> Outcome:
        """The whole talk."""
        try:
            self._greet()
            self._sign_in()
            body = self._envelope()
        except _No as no:
            return self._outcome(no.word, str(no), code=no.code, sick=no.sick)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            return self._outcome("refused", self._trouble(error), sick=True)
        if not before_data():
            return self._outcome("taken", "somebody else sends it")
        return self._data(body)

    def close(self) -> None:
        """Take leave, as far as somebody is there to hear it."""
        with contextlib.suppress(OSError, smtplib.SMTPException, ValueError):
            if self._smtp.sock is not None and self._line.was_cut is None:
                self._smtp.sock.settimeout(min(1.0, self._limits.step_s))
                self._smtp.docmd("QUIT")
        self._smtp.close()

    def _greet(self) -> None:
        self._step = "connect"
        self._smtp.sock = self._line.connect(self._mail.host, self._mail.port, self._limits.step_s)
        self._listen()
        if self._mail.security == "tls":
            self._wrap()
        self._step = "greeting"
        self._expect(*self._smtp.getreply(), wanted=220)
        self._ehlo()
        if self._mail.security == "starttls":
            self._step = "STARTTLS"
            if not self._smtp.has_extn("starttls"):
                raise _No("the server offers no STARTTLS, and nothing is sent in the open; its port for TLS may be 465")
            self._expect(*self._smtp.docmd("STARTTLS"), wanted=220)
            self._wrap()
            self._ehlo()

    def _listen(self) -> None:
        """To what the socket says from now on; what was heard and not read is forgotten."""
        self._smtp.file = _Answers(self._smtp.sock)

    def _ehlo(self) -> None:
        self._step = "EHLO"
        code, answer = self._smtp.ehlo()
        if code == 250 or self._mail.security == "starttls":
            self._expect(code, answer)
            return
        self._step = "HELO"
        self._expect(*self._smtp.helo())

    def _wrap(self) -> None:
        """Go on under TLS. What was sent before it, by whomever, is forgotten (RFC 3207 section 4.2)."""
        step, self._step = self._step, "TLS"
        context = ssl.create_default_context()
        if self._mail.ca_file is not None:
            try:
                context.load_verify_locations(self._mail.ca_file)
            except OSError as error:  # which no certificate in it is as well
                reason = "it holds no certificate" if isinstance(error, ssl.SSLError) else error.strerror
                raise _No(f"ca_file cannot be read: {reason}") from None
        assert self._smtp.sock is not None
        self._smtp.sock = context.wrap_socket(self._smtp.sock, server_hostname=self._mail.host)
        self._line.watch(self._smtp.sock)
        self._listen()
        self._smtp.ehlo_resp = self._smtp.helo_resp = None
        self._smtp.esmtp_features = {}
        self._smtp.does_esmtp = False
        self._told("TLS", f"{self._smtp.sock.version()}, certificate good for {self._mail.host}")
        self._step = step

    def _sign_in(self) -> None:
        if self._mail.user is None:
            return
        self._step = "AUTH"
        user, password = self._mail.user, self._secret()
        offered = str(self._smtp.esmtp_features.get("auth", "")).upper().split()
        if "PLAIN" in offered:
            both = _in_base64(f"\0{user}\0{password}")
            self._expect(*self._smtp.docmd("AUTH", f"PLAIN {both}"))
        elif "LOGIN" in offered:
            self._expect(*self._smtp.docmd("AUTH", "LOGIN"), wanted=334)
            self._expect(*self._smtp.docmd(_in_base64(user)), wanted=334)
            self._expect(*self._smtp.docmd(_in_base64(password)))
        else:
            known = " ".join(offered) or "none"
            raise _No(f"the server takes no user and password here: it offers {known}, we know PLAIN and LOGIN")

    def _secret(self) -> str:
        try:
            return self._mail.secret() or ""
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise _No(f"password_file cannot be read: {reason}") from None

    def _envelope(self) -> bytes:
        """Say from whom and to whom; the mail as it will be sent. A no here is about this mail."""
        self._step = "MAIL FROM"
        if self._international and not self._smtp.has_extn("smtputf8"):
            raise _No(
                "the server takes no address with letters beyond ASCII (SMTPUTF8, RFC 6531)", word="failed", sick=False
            )
        body = self._bytes()
        options = [f"SIZE={len(body)}"] if self._smtp.has_extn("size") else []
        if self._international:
            options += ["SMTPUTF8", "BODY=8BITMIME"]
            self._smtp.command_encoding = "utf-8"
        self._expect_taken(*self._smtp.docmd("MAIL", " ".join([f"FROM:<{self._from}>", *options])))
        self._step = "RCPT TO"
        self._expect_taken(*self._smtp.docmd("RCPT", f"TO:<{self._to}>"))
        return body

    def _data(self, body: bytes) -> Outcome:
        self._step = "DATA"
        try:
            self._expect_taken(*self._smtp.docmd("DATA"), wanted=354)
        except _No as no:
            return self._outcome(no.word, str(no), code=no.code, sick=no.sick)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            # The server may wait for the mail, but got none of it.
            return self._outcome("refused", self._trouble(error), sick=True)
        self._step = "the mail itself"
        try:
            self._smtp.send(body)
            assert self._smtp.sock is not None
            self._smtp.sock.settimeout(self._limits.answer_s)
            code, answer = self._smtp.getreply()
            said = self._heard(code, answer)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            return self._outcome("possibly_sent", self._trouble(error), sick=True)
        if 200 <= code < 300:
            return self._outcome("sent", said, code=code)
        if 400 <= code < 600:
            return self._outcome("failed" if code >= 500 else "refused", said, code=code)
        return self._outcome("possibly_sent", f"an answer that is none: {said}", code=None, sick=True)

    def _bytes(self) -> bytes:
        """The mail as SMTP sends it, up to the dot that ends it (RFC 5321 section 4.5.2)."""
        written = BytesIO()
        policy = SMTPUTF8 if self._international else SMTP
        BytesGenerator(written, policy=policy, mangle_from_=False).flatten(self._message)
        lines = re.sub(rb"\r\n|\r|\n", b"\r\n", written.getvalue())
        if not lines.endswith(b"\r\n"):
            lines += b"\r\n"
        return re.sub(rb"(?m)^\.", b"..", lines) + b".\r\n"

    def _expect(self, code: int, answer: bytes, *, wanted: int | None = None) -> None:
        """A no to all mail, which may be over tomorrow: a setting, a password, a server that is not itself."""
        said = self._heard(code, answer)
        if code != wanted if wanted is not None else not 200 <= code < 300:
            raise _No(said, code=code if code >= 0 else None)

    def _expect_taken(self, code: int, answer: bytes, *, wanted: int | None = None) -> None:
        """A no to this mail: for good where it begins with a 5."""
        said = self._heard(code, answer)
        if code != wanted if wanted is not None else not 200 <= code < 300:
            ours = code in {421, 530}  # going down; sign in first: no recipient's doing
            raise _No(
                said,
                code=code if code >= 0 else None,
                word="failed" if 500 <= code < 600 and not ours else "refused",
                sick=ours or not 400 <= code < 600,
            )

    def _heard(self, code: int, answer: bytes) -> str:
        if self._line.was_cut is not None:
            raise Cut(self._line.was_cut)  # what was heard is a piece of an answer
        said = without_addresses(answer.decode("utf-8", "replace"), and_of=self._to)[:MAX_ANSWER]
        self._told(self._step, f"{code} {said}" if code >= 0 else said)
        return said

    def _trouble(self, error: Exception) -> str:
        """What went wrong, for whoever can mend it."""
        if self._line.was_cut is not None:
            return self._line.was_cut
        if isinstance(error, TimeoutError):
            return "the server did not answer in time"
        if isinstance(error, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted: {error.verify_message.rstrip('.')}; see ca_file and host in [mail]"
        if isinstance(error, ssl.SSLError):
            return f'no TLS: {error.reason or error}; is it the port for security = "{self._mail.security}"?'
        if isinstance(error, Cut):
            return str(error)
        if isinstance(error.__context__, _Endless):
            return str(error.__context__)
        if isinstance(error, smtplib.SMTPServerDisconnected):
            timed_out = isinstance(error.__context__, TimeoutError)
            return "the server did not answer in time" if timed_out else "the server ended the connection"
        if isinstance(error, OSError):
            return without_addresses(error.strerror or str(error))[:MAX_ANSWER]
        return f"an answer that is none: {without_addresses(str(error))}"[:MAX_ANSWER]

    def _outcome(self, word: Word, answer: str, *, code: int | None = None, sick: bool = False) -> Outcome:
        return Outcome(word=word, step=self._step, code=code, answer=answer, sick=sick)


def _in_base64(text: str) -> str:
    return b64encode(text.encode()).decode()
