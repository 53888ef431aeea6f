"""A notice as a mail, one for each address, through the server of ``[mail]``."""

import secrets
from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage

from collector.alerts.answer import Answer
from collector.alerts.message import Message
from collector.mail.delivery import deliver
from collector.mail.line import Line
from collector.mail.mail_settings import MailSettings
from collector.mail.message import plain_message


def mail_of(message: Message, to: str, mail: MailSettings, *, at: datetime) -> EmailMessage:
    """The mail: plain text, and marked so that no answering machine answers it."""
    author = mail.author
    made = plain_message(
        message.body + "\n",
        author=author,
        to=to,
        subject=message.title,
        message_id=f"<{secrets.token_hex(16)}@{author.domain}>",
        at=at,
    )
    if message.severity == "critical" and not message.over:
        made["Importance"] = "high"
    return made


def tell_by_mail(message: Message, to: str, mail: MailSettings, *, clock: Callable[[], datetime], line: Line) -> Answer:
    """Hand it over, and what the server made of it. Cutting `line` ends it."""
    outcome = deliver(mail_of(message, to, mail, at=clock()), to, mail, line=line)
    said = f"{outcome.code} {outcome.answer}" if outcome.code is not None else outcome.answer
    if outcome.word == "sent":
        return Answer(state="told", text=said)
    if outcome.word == "possibly_sent":
        return Answer(state="uncertain", text=said)
    return Answer(state="refused", text=f"{outcome.step}: {said}")
