"""Incidents on the front page and on their own."""

from datetime import timedelta

from collector.board.incidents_page import incidents_page
from collector.board.pages import district_page
from tests.collector.board.districts import NOW, a_district, a_room, a_site
from tests.collector.board.reader import read
from tests.collector.board.troubles import a_notice, an_incident

DISTRICT = a_district(a_site(a_room("101"), a_room("102"), site="oak-hill", name="Oak Hill"))


def test_the_front_page_says_what_where_since_when_why_and_what_first() -> None:
    page = read(district_page(DISTRICT, now=NOW, incidents=[an_incident()]))

    (notice,) = page.all("p", class_="is-incident")
    assert notice.text == (
        "Oak Hill: online lessons freeze in 2 of 40 rooms. Since Tue 10 Mar 09:31. Likely cause: the line from the "
        "school to the district (high confidence). First: look at the school's router and its line; if these are "
        "well, call whoever runs the line."
    )


def test_the_front_page_shows_the_gravest_three_and_counts_the_rest() -> None:
    minor = [an_incident(str(n), about=f"rooms:{n}", rule="half_day", severity="minor") for n in range(4)]

    page = read(district_page(DISTRICT, now=NOW, incidents=[*minor, an_incident("grave")]))

    notices = list(page.all("p", class_="is-incident"))
    assert len(notices) == 3
    assert notices[0].text.startswith("Oak Hill: online lessons freeze in 2 of 40")
    assert notices[2].text.endswith("And 2 more incidents.")


def test_the_front_page_says_who_could_not_be_told() -> None:
    page = read(district_page(DISTRICT, now=NOW, incidents=[an_incident()], not_told=["chat"]))

    assert "Technicians may not know of it: chat could not be told." in page.text


def test_the_page_says_what_is_open_what_is_over_and_who_was_told() -> None:
    over = an_incident(
        "past",
        closed_at=NOW,
        ended_at=NOW - timedelta(minutes=5),
        ending="over",
        lost_s={"2026-03-10": 6600},
    )
    notices = [
        a_notice(),
        a_notice("past", channel="tickets:0123456789ab", kind="closed", state="refused", answer="it answered 500"),
    ]

    page = read(incidents_page(DISTRICT, [an_incident(), over], notices, now=NOW, channels=["chat", "tickets"]))

    assert page.one("h1").text == "1 incident now"
    now, past = (table.one("tbody").one("tr") for table in page.all("table", class_="incidents"))
    assert "chat: told of the trouble, Tue 10 Mar 10:31" in now.text
    assert "It lasted 55 min, from Tue 10 Mar 09:31 to Tue 10 Mar 10:26. 110 lesson minutes were hit" in past.text
    assert "tickets: could not be told that it is over yet, Tue 10 Mar 10:31: it answered 500" in past.text


def test_the_page_says_that_nobody_is_told_where_no_channel_is_named() -> None:
    page = read(incidents_page(DISTRICT, [], [], now=NOW, quiet=True, maintenance=["new switches"]))

    assert page.one("h1").text == "No incident now"
    assert "Nobody is told: no channel is named under [alerts] in bandroom.toml." in page.text
    assert "quiet hours" in page.text
    assert "Maintenance is under way (new switches)" in page.text
