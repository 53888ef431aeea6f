"""The page of what was mailed says it in plain words, and says it when somebody has to do something."""

from dataclasses import replace

from collector.board.mailings_page import mailings_page
from collector.mail.mail_status import MailStatus
from tests.collector.board.districts import NOW, a_district, a_room, a_site
from tests.collector.board.mailed import A_STATUS
from tests.collector.board.reader import Element, read

DISTRICT = a_district(a_site(a_room("101", "ok", site="north"), site="north", name="North High"))


def shown(status: MailStatus = A_STATUS) -> Element:
    return read(mailings_page(DISTRICT, status, now=NOW))


def notices(page: Element) -> list[str]:
    return [one.text for one in page.all("p", class_="notice")]


def test_every_state_is_told_in_words() -> None:
    states = [one.text for one in shown().all("td") if one.attributes.get("data-label") == "State"]

    assert [one.partition(" on ")[0] for one in states] == [
        "waits for Mon 16 Mar at 10:31",
        "sent",
        "not taken",
        "being sent",
        "failed",
        "possibly sent",
    ]
    assert states[-1].endswith("; it is not sent again")
    assert "next try on" in states[2]


def test_what_failed_and_what_nobody_knows_is_told_above_all() -> None:
    failed, unclear = notices(shown())

    assert failed == (
        "The mail server does not take the page: one recipient has not got it. "
        "When that is mended: bandroom brief --week 2026-W10 --out pages --send"
    )
    assert unclear == "One recipient may have the page or not: ask, because it is not sent twice."
    fine = replace(A_STATUS, mailings=A_STATUS.mailings[:2])
    assert notices(shown(fine)) == []


def test_until_somebody_is_named_it_says_what_would_be_mailed() -> None:
    idle = "no page is mailed: the settings name no recipient, which is a table [[brief.to]]"
    page = shown(MailStatus(idle_because=idle, next=A_STATUS.next[:1], mailings=()))

    assert notices(page) == [f"N{idle[1:]}."]
    assert [one.text for one in page.all("p", class_="lede")] == [
        "The page of Lakeside Schools for 9 to 15 March 2026 would be mailed on Mon 16 Mar at 10:31."
    ]
    assert page.one("p", class_="nothing").text == "Nothing was mailed, and nobody waits for a page."


def test_no_page_is_to_come_where_the_calendar_ends() -> None:
    assert "no lessons ahead" in shown(replace(A_STATUS, next=())).one("p", class_="lede").text
