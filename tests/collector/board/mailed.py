"""What was mailed, made by hand: a mail in every state."""

from datetime import timedelta

from collector.mail.mail_status import MailingNow, MailStatus, NextPage
from tests.collector.board.districts import NOW
from tests.collector.week_builders import MONDAY

A_STATUS = MailStatus(
    idle_because=None,
    next=(
        NextPage(site=None, week=MONDAY + timedelta(weeks=1), at=NOW + timedelta(days=6)),
        NextPage(site="north", week=MONDAY + timedelta(weeks=1), at=NOW + timedelta(days=6)),
    ),
    mailings=(
        MailingNow(
            week=MONDAY + timedelta(weeks=1),
            site=None,
            to="c…@example.org",
            state="waiting",
            due_at=NOW + timedelta(days=6),
        ),
        MailingNow(
            week=MONDAY, site=None, to="a…@example.org", state="sent", changed_at=NOW, code=250, answer="queued as 4711"
        ),
        MailingNow(
            week=MONDAY,
            site=None,
            to="b…@example.org",
            state="refused",
            changed_at=NOW,
            next_try_at=NOW + timedelta(minutes=5),
            code=451,
            answer="RCPT TO: <b…@example.org>: try later",
        ),
        MailingNow(week=MONDAY, site=None, to="c…@example.org", state="sending", changed_at=NOW),
        MailingNow(
            week=MONDAY,
            site="north",
            to="p…@example.org",
            state="failed",
            changed_at=NOW,
            code=550,
            answer="RCPT TO: <script>alert(1)</script> no such user",
        ),
        MailingNow(week=MONDAY, site="north", to="用…@example.org", state="possibly_sent", changed_at=NOW),
    ),
)
