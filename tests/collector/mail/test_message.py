"""The page as a mail: what it holds, and that nothing in it can be read as a header of somebody else's."""

from dataclasses import replace
from datetime import date, datetime
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

from collector.mail.message import Page, message_id_of, message_of
from tests.collector.mail.posted import WEEK, written

AUTHOR = Address(display_name="校内ネット", username="net", domain="example.org")
AT = datetime(2026, 11, 16, 6, 30, tzinfo=ZoneInfo("America/Chicago"))
MESSAGE_ID = message_id_of("Cedar Valley", WEEK, "0" * 64, None, domain="example.org")


def a_page(**given: Any) -> Page:
    return Page(
        brief=replace(written(), **given),
        text="Räume: 教室 二〇四\n" + "x" * 2000 + "\n.\n",
        html="<p>教室 二〇四</p>",
        pdf=b"%PDF-1.7\n\x00\xff",
        tables={"rooms.csv": "\ufeffroom\r\n教室\r\n".encode()},
    )


def sent(page: Page) -> EmailMessage:
    written = message_of(page, author=AUTHOR, to="cio@example.org", message_id=MESSAGE_ID, at=AT).as_bytes()
    assert written.isascii(), "any server takes it"
    assert max(map(len, written.splitlines())) <= 998
    return message_from_bytes(written, policy=policy.default)


def test_text_and_html_say_the_same_and_pdf_and_tables_are_beside_them() -> None:
    page = a_page()

    mail = sent(page)

    parts = [one.get_content_type() for one in mail.walk()]
    assert parts == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "application/pdf",
        "text/csv",
    ]
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().splitlines() == page.text.splitlines()
    assert html.get_content().strip() == page.html
    pdf, table = mail.iter_attachments()
    assert (pdf.get_filename(), pdf.get_content()) == ("bandroom-brief-2026-W46.pdf", page.pdf)
    assert table.get_filename() == "bandroom-brief-2026-W46-rooms.csv"
    assert table.get_payload(decode=True) == page.tables["rooms.csv"]


def test_its_headers_say_whose_it_is_and_that_a_machine_wrote_it() -> None:
    mail = sent(a_page())

    assert mail["From"].addresses[0].display_name == "校内ネット"
    assert mail["To"].addresses[0].addr_spec == "cio@example.org"
    assert str(mail["Subject"]).strip() == (
        "Maple Valley: The network did not restrict lessons in any of 2 rooms, 9 to 15 November 2026"
    )
    assert mail["Date"].datetime == AT
    assert (mail["Message-ID"], mail["Auto-Submitted"]) == (MESSAGE_ID, "auto-generated")
    assert MESSAGE_ID.startswith("<2026-w46.")
    assert not {"received", "x-mailer", "user-agent", "disposition-notification-to"} & {one.lower() for one in mail}


def test_a_district_cannot_write_headers() -> None:
    mail = sent(a_page(district_name="Cedar\r\nBcc: all@example.org", headline="H" * 500, simulated=True))

    assert mail["Bcc"] is None
    assert str(mail["Subject"]).strip().startswith("Simulated: Cedar Bcc: all@example.org: HHH")
    assert len(str(mail["Subject"]).strip()) == 200


def test_a_message_id_is_of_one_page_for_one_recipient() -> None:
    base = ("Cedar Valley", WEEK, "0" * 64, None)
    others = [
        ("Cedar", *base[1:]),
        (base[0], date(2026, 11, 16), *base[2:]),
        (*base[:2], "1" * 64, None),
        (*base[:3], "oak-hill"),
    ]

    assert message_id_of(*base, domain="example.org") == MESSAGE_ID
    assert len({MESSAGE_ID, *(message_id_of(*one, domain="example.org") for one in others)}) == 5
