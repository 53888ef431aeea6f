"""A real mail server of the test's own, with the manners that the test gives it."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.end_to_end.certificate import make_authority, make_signed

PASSWORD = "grüße 校"
FOR_EVER = 600


@dataclass
class Manners:
    """What the server does. `rcpt` are its answers by recipient, a list used up in turn, then 250; `data` likewise, for
    whole mails. It hangs at the step `hangs`, and cuts the line `cuts`: before or after it has taken the mail."""

    rcpt: dict[str, str | list[str]] = field(default_factory=dict)
    data: list[str] = field(default_factory=list)
    hangs: str | None = None
    cuts: str | None = None
    ehlo: list[str] = field(default_factory=list)
    mail_options: list[list[str]] = field(default_factory=list)
    accepted: list[tuple[str, bytes]] = field(default_factory=list)
    on_data: Callable[[], None] = lambda: None
    transports: list[asyncio.Transport] = field(default_factory=list)
    hung: threading.Event = field(default_factory=threading.Event)

    @property
    def mails(self) -> list[EmailMessage]:
        """What it took, parsed."""
        return [message_from_bytes(content, policy=default) for _, content in self.accepted]

    @property
    def recipients(self) -> list[str]:
        """To whom, in order."""
        return [to for to, _ in self.accepted]

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        assert isinstance(server.transport, asyncio.Transport)
        self.transports.append(server.transport)
        self.ehlo.append(hostname)
        session.host_name = hostname
        await self._maybe_hang("EHLO")
        return responses

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        self.mail_options.append(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        await self._maybe_hang("RCPT")
        says = self.rcpt.get(address, [])
        if isinstance(says, str):
            return says
        if says:
            return says.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.on_data()
        if self.cuts == "before":
            self.transports[-1].abort()
        if self.data:
            return self.data.pop(0)
        if self.cuts == "before":
            return "250 nobody hears"
        assert isinstance(envelope.content, bytes)
        self.accepted.append((envelope.rcpt_tos[0], envelope.content))
        if self.cuts == "after":
            self.transports[-1].abort()
        await self._maybe_hang("answer")
        return "250 2.0.0 queued as 4711"

    async def _maybe_hang(self, step: str) -> None:
        if self.hangs == step:
            self.hung.set()
            await asyncio.sleep(FOR_EVER)


def _knows(_server: object, _session: object, _envelope: object, _mechanism: str, given: Any) -> AuthResult:
    right = LoginPassword(b"bandroom", PASSWORD.encode())
    return AuthResult(success=given == right, handled=False)


@contextmanager
def mail_server(
    manners: Manners, *, security: str = "none", certificate: Path | None = None, auth: bool = False, **more: Any
) -> Iterator[int]:
    """Its port on 127.0.0.1."""
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    signing: dict[str, Any] = {"auth_required": security == "starttls", "authenticator": _knows} if auth else {}
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    listener.close()
    controller = Controller(
        manners,
        hostname="127.0.0.1",
        port=port,
        server_hostname="mail.example.org",
        ssl_context=context if security == "tls" else None,
        tls_context=context if security == "starttls" else None,
        require_starttls=security == "starttls",
        auth_require_tls=security == "starttls",
        **signing,
        **more,
    )
    controller.start()
    manners.ehlo.clear()
    try:
        yield port
    finally:
        asyncio.run_coroutine_threadsafe(_hang_up(manners), controller.loop).result(5)
        controller.stop()


async def _hang_up(manners: Manners) -> None:
    """What is still open would be left open."""
    for one in manners.transports:
        one.abort()
    manners.transports.clear()
    await asyncio.sleep(0)


@contextmanager
def scripted(*lines: bytes | None) -> Iterator[int]:
    """A server that says these lines, one for each that it hears, the first at once; ``None`` and after the last it is
    silent. Its port on 127.0.0.1."""
    listener = socket.create_server(("127.0.0.1", 0))
    kept: list[socket.socket] = []

    def talk() -> None:
        try:
            while True:
                taken, _ = listener.accept()
                kept.append(taken)
                heard = taken.makefile("rb")
                for number, line in enumerate(lines):
                    if number:
                        heard.readline()
                    if line is not None:
                        taken.sendall(line)
        except OSError:
            return

    thread = threading.Thread(target=talk, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for one in kept:
            one.close()
        thread.join(5)


def authority_and_certificate(folder: Path) -> tuple[Path, Path]:
    """A CA's certificate, and one of ``localhost`` and 127.0.0.1 that it has signed, with its key."""
    authority = make_authority(folder / "ca.pem")
    return authority, make_signed(folder / "mail.pem", authority)
