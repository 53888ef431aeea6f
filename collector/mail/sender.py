"""A mail of plain text through the server of ``[mail]``: what alerts and the test of an admin are sent with.

It is handed over once, or not; whether and when it is tried again is the caller's to decide. What came out as
`possibly_sent` may have arrived.
"""

import secrets
from datetime import datetime

from collector.mail.delivery import Told, deliver
from collector.mail.line import Line
from collector.mail.mail_settings import MailSettings
from collector.mail.message import plain_message
from collector.mail.outcome import Outcome


def send_text(
    mail: MailSettings,
    *,
    to: str,
    subject: str,
    text: str,
    at: datetime,
    urgent: bool = False,
    line: Line | None = None,
    told: Told = lambda _step, _answer: None,
) -> Outcome:
    """Send `text` to the address `to` now; blocks until it is known what became of it. `at` is aware and stands in the
    mail. Cutting `line` ends it. Raises nothing of the server's doing."""
    author = mail.author
    message = plain_message(
        text,
        author=author,
        to=to,
        subject=subject,
        message_id=f"<{secrets.token_hex(16)}@{author.domain}>",
        at=at,
        urgent=urgent,
    )
    return deliver(message, to, mail, line=line, told=told)
