"""The weekly page as a mail: plain text and HTML that say the same, the PDF and the tables beside them.

Every part is 7-bit on its way, so that any server takes it. Nothing is fetched from anywhere when it is read, and
nothing tells us that it was.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime

from collector.brief.brief import Brief
from collector.brief.faces import file_name
from collector.iso_week import week_span, week_text

MAX_SUBJECT = 200
_POLICY = EmailPolicy(linesep="\r\n", cte_type="7bit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page and its faces. `tables` are CSV files in UTF-8 by their names."""

    brief: Brief
    text: str
    html: str
    pdf: bytes
    tables: Mapping[str, bytes]


def message_of(page: Page, *, author: Address, to: str, message_id: str, at: datetime) -> EmailMessage:
    """The mail of a page; `at` is aware. `message_id` is the same however often it is made for `to`."""
    message = _addressed(author=author, to=to, subject=subject_of(page.brief), message_id=message_id, at=at)
    message["List-Id"] = f"The weekly page of Bandroom <weekly-page.{author.domain}>"
    message.set_content(page.text, cte="quoted-printable")
    message.add_alternative(page.html, subtype="html", cte="quoted-printable")
    name = file_name(page.brief)
    message.add_attachment(page.pdf, maintype="application", subtype="pdf", filename=f"{name}.pdf")
    for table, content in page.tables.items():
        message.add_attachment(
            content, maintype="text", subtype="csv", filename=f"{name}-{table}", params={"charset": "utf-8"}
        )
    return message


def plain_message(
    text: str, *, author: Address, to: str, subject: str, message_id: str, at: datetime, urgent: bool = False
) -> EmailMessage:
    """A mail of plain text; `at` is aware. One that is `urgent` says so (RFC 2156)."""
    message = _addressed(author=author, to=to, subject=subject, message_id=message_id, at=at)
    if urgent:
        message["Importance"] = "high"
    message.set_content(text, cte="quoted-printable")
    return message


def subject_of(brief: Brief) -> str:
    """The headline, of whom it is told and of when: ``Oak Hill: ..., 16 to 22 November 2026``."""
    label = "Simulated: " if brief.simulated else ""
    return f"{label}{brief.site_name or brief.district_name}: {brief.headline}, {week_span(brief.week)}"


def message_id_of(district: str, week: date, recipient: str, scope: str | None, *, domain: str) -> str:
    """The Message-ID of a page for one recipient: always the same, and nothing can be read from it but the week."""
    about = json.dumps([district, week.isoformat(), recipient, scope])
    return f"<{week_text(week).lower()}.{hashlib.sha256(about.encode()).hexdigest()[:32]}@{domain}>"


def _addressed(*, author: Address, to: str, subject: str, message_id: str, at: datetime) -> EmailMessage:
    local, _, domain = to.rpartition("@")
    message = EmailMessage(_POLICY)
    message["From"] = author
    message["To"] = Address(username=local, domain=domain)
    message["Subject"] = _in_one_line(subject)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = message_id
    # RFC 3834, and what Exchange heeds instead: nobody's absence is told to us.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    return message


def _in_one_line(text: str) -> str:
    line = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    return line if len(line) <= MAX_SUBJECT else f"{line[: MAX_SUBJECT - 1]}…"
