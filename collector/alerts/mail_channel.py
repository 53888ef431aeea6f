"""A notice as a mail, one for each address, through the server of ``[mail]``."""

from collections.abc import Callable
from datetime import datetime

from collector.alerts.answer import Answer
from collector.alerts.message import Message
from collector.mail.line import Line
from collector.mail.mail_settings import MailSettings
from collector.mail.sender import send_text


def tell_by_mail(message: Message, to: str, mail: MailSettings, *, clock: Callable[[], datetime], line: Line) -> Answer:
    """Hand it over, and what the server made of it. Cutting `line` ends it."""
    outcome = send_text(
        mail,
        to=to,
        subject=message.title,
        text=f"{message.body}\n",
        at=clock(),
        urgent=message.severity == "critical" and not message.over,
        line=line,
    )
    said = f"{outcome.code} {outcome.answer}" if outcome.code is not None else outcome.answer
    if outcome.word == "sent":
        return Answer(state="told", text=said)
    if outcome.word == "possibly_sent":
        return Answer(state="uncertain", text=said)
    return Answer(state="refused", text=f"{outcome.step}: {said}")
