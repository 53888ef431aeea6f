"""A notice as a mail, one for each address, through the server of ``[mail]``."""

from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from collector.alerts.answer import Answer
from collector.alerts.message import Message
from collector.mail.addresses import domain_of
from collector.mail.delivery import deliver
from collector.mail.mail_settings import MailSettings


def mail_of(message: Message, to: str, mail: MailSettings, *, at: datetime) -> EmailMessage:
    """The mail: plain text, and marked so that no answering machine answers it (RFC 3834)."""
    made = EmailMessage()
    made["From"] = str(mail.author)
    made["To"] = to
    made["Subject"] = message.title
    made["Date"] = format_datetime(at)
    made["Message-ID"] = make_msgid(domain=domain_of(mail.author.addr_spec))
    made["Auto-Submitted"] = "auto-generated"
    if message.severity == "critical" and not message.over:
        made["Importance"] = "high"
    made.set_content(message.body + "\n")
    return made


def tell_by_mail(message: Message, to: str, mail: MailSettings, *, clock: Callable[[], datetime]) -> Answer:
    """Hand it over, and what the server made of it."""
    outcome = deliver(mail_of(message, to, mail, at=clock()), to, mail)
    said = f"{outcome.code} {outcome.answer}" if outcome.code is not None else outcome.answer
    if outcome.word == "sent":
        return Answer(state="told", text=said)
    if outcome.word == "possibly_sent":
        return Answer(state="uncertain", text=said)
    return Answer(state="refused", text=f"{outcome.step}: {said}")
