"""What holds for every page of the board."""

import dataclasses
import re
from datetime import timedelta
from functools import partial
from itertools import cycle
from typing import Literal
from urllib.parse import unquote, urlsplit

import pytest

from collector.board.addresses import room_path, site_path, week_path
from collector.board.assets import check_script, script, stylesheet
from collector.board.budgets_page import budgets_page
from collector.board.check_page import check_page
from collector.board.incidents_page import incidents_page
from collector.board.mailings_page import mailings_page
from collector.board.pages import district_page, not_found_page, room_page, site_page
from collector.board.uplinks_page import uplinks_page
from collector.board.week_page import no_week_page, week_page
from collector.brief.faces import FACES
from collector.now import DistrictNow
from collector.verdict.profiles import default_profiles
from collector.verdict.room_state import State
from collector.verdict.uplinks.load import site_uplink
from collector.verdict.uplinks.look_ahead import outlook
from collector.verdict.uplinks.outlook import Outlook
from collector.verdict.week_sentence import VERDICT_WORDS
from collector.verdict.weeks import RoomWeek
from tests.collector.board.costs import AN_ASSESSMENT, a_spending
from tests.collector.board.districts import (
    NOW,
    STATES,
    a_district,
    a_mixed_district,
    a_reading,
    a_room,
    a_site,
)
from tests.collector.board.mailed import A_STATUS
from tests.collector.board.reader import read, rows
from tests.collector.board.troubles import a_notice, incidents_of
from tests.collector.uplink_weeks import a_week as a_load
from tests.collector.week_builders import MONDAY, a_week

HOSTILE = "<script>alert(1)</script>\"'&{{7*7}} /../#?x=%2f"


def every_page(district: DistrictNow) -> dict[str, str]:
    """The text of each page of the board by its path."""
    weeks = {
        (room.site, room.room): a_week(room.room, verdict, room.site, previous="ok")
        for room, verdict in zip(district.rooms(), cycle(VERDICT_WORDS))
    }
    rooms = {
        room_path(room.site, room.room): room_page(district, room, now=NOW, weeks=[weeks[room.site, room.room]] * 2)
        for room in district.rooms()
    }
    sites = {site_path(site.site): site_page(district, site, now=NOW) for site in district.sites}
    costs = {"/budgets": budgets_page(district, a_spending(district), AN_ASSESSMENT, now=NOW)}
    uplinks = {"/uplinks": uplinks_page(district, an_uplink_of_each(district), through=MONDAY, now=NOW)}
    mails = {"/mailings": mailings_page(district, A_STATUS, now=NOW)}
    troubles = incidents_of(district) if district.sites else []
    trouble = {"/incidents": incidents_page(district, troubles, [a_notice()], now=NOW, channels=["chat"])}
    front = {"/": district_page(district, now=NOW, incidents=troubles)}
    return front | sites | rooms | costs | uplinks | mails | trouble | week_pages(district, weeks)


def an_uplink_of_each(district: DistrictNow) -> list[Outlook]:
    """An uplink of each site, and one of a site that has left."""
    return [
        outlook(
            site_uplink(site),
            [a_load(0.4 + 0.005 * at, MONDAY + timedelta(weeks=at - 20), uplink=site_uplink(site)) for at in range(20)],
            school_weeks=[],
            through=MONDAY,
        )
        for site in (*(one.site for one in district.sites), "gone")
    ]


def week_pages(district: DistrictNow, weeks: dict[tuple[str, str], RoomWeek]) -> dict[str, str]:
    """The pages of a week, of all sites and of each; those of other weeks are like them."""
    if not weeks:
        return {}
    made = partial(week_page, district, MONDAY, weeks, newest=MONDAY, now=NOW, profiles=default_profiles())
    pages = {week_path(MONDAY, site.site): made(site=site.site) for site in district.sites}
    pages |= dict.fromkeys((week_path(MONDAY), "/week"), made())
    return pages


def a_missing_week(district: DistrictNow) -> dict[str, str]:
    """The page of the week before, which was not judged."""
    says = "nothing was judged in 2026-W09; the newest week that was judged is 2026-W10"
    page = no_week_page(district, says, newest=MONDAY, now=NOW)
    return {
        week_path(MONDAY - timedelta(weeks=1), site): page for site in (None, *(one.site for one in district.sites))
    }


def a_check_page() -> str:
    """The page for teachers."""
    return check_page(asked_language="", accepted_languages="", profiles=default_profiles(), off=None, with_board=True)


@pytest.mark.parametrize("state", STATES)
def test_a_state_is_a_word_and_a_shape_besides_its_colour(state: State) -> None:
    district = a_district(a_site(a_room("101", state)))

    for html in (district_page(district, now=NOW), room_page(district, next(district.rooms()), now=NOW)):
        page = read(html)
        shown = next(page.all("span", class_="state"))
        assert shown.one(class_="word").text == state.replace("_", " ")
        shape = shown.one("use").attributes["href"]
        assert shape == f"#state-{state}"
        assert page.one("symbol", id=shape[1:]).children


def test_each_state_has_a_shape_of_its_own() -> None:
    page = read(district_page(a_district(), now=NOW))

    drawn = {" ".join(str(sorted(part.attributes.items())) for part in symbol.all()) for symbol in page.all("symbol")}
    assert len(drawn) == len(STATES)


def test_hostile_names_are_text_everywhere() -> None:
    room = a_room(
        HOSTILE, "bad", site=HOSTILE, evidence=HOSTILE, readings=(a_reading(target=HOSTILE, failure=HOSTILE),)
    )
    district = a_district(a_site(room, site=HOSTILE, name=HOSTILE), name=HOSTILE)

    for path, html in every_page(district).items():
        page = read(html)
        assert [one.attributes["src"] for one in page.all("script")] == [script().address], path
        assert not page.one("script").text, path
        assert " ".join(HOSTILE.split()) in page.one("head").one("title").text
        assert "49" not in page.one("h1").text
    assert HOSTILE in rows(read(district_page(district, now=NOW)))


def brief_form(path: str) -> str | None:
    """The form in which a link leads to the week on one page."""
    found = re.fullmatch(r"/brief/2026-W10\.([a-z]+)", path)
    return found[1] if found else None


def test_every_link_leads_to_a_page_of_the_board() -> None:
    district = a_mixed_district()
    pages = every_page(
        dataclasses.replace(district, sites=(*district.sites, a_site(a_room("a/b c", site="x"), site="x")))
    )
    pages["missing"] = not_found_page(district, "site", now=NOW)
    pages |= a_missing_week(district)
    pages["/check"] = a_check_page()

    for html in pages.values():
        page = read(html)
        for link in page.all("a"):
            if "download" in link.attributes:
                assert link.attributes["href"].startswith("/v1/")
                continue
            address = urlsplit(link.attributes["href"])
            assert not address.scheme
            assert not address.netloc
            if (file := brief_form(address.path)) is not None:
                assert file in FACES
                continue
            assert not address.path or address.path in pages, address.path
            assert not address.fragment or address.path or list(page.all(id=unquote(address.fragment)))


def test_a_page_holds_no_inline_script_no_inline_style_and_nothing_from_elsewhere() -> None:
    district = a_mixed_district()
    ours = {script().address, check_script().address}
    missing = not_found_page(district, "room", now=NOW)
    for html in (*every_page(district).values(), missing, *a_missing_week(district).values(), a_check_page()):
        page = read(html)
        for element in page.all():
            assert element.tag != "script" or (element.attributes["src"] in ours and not element.text)
            assert element.tag not in {"style", "iframe", "img", "object", "embed", "base"}
            assert not [name for name in element.attributes if name == "style" or name.startswith("on")]
        assert "//" not in html.removeprefix("<!doctype html>")
        assert page.one("link", rel="stylesheet").attributes["href"] == stylesheet().address


def test_a_page_has_its_landmarks_a_language_a_title_and_a_way_past_the_header() -> None:
    district = a_mixed_district()
    for html in (*every_page(district).values(), *a_missing_week(district).values(), a_check_page()):
        page = read(html)
        assert page.one("html").attributes["lang"] == "en"
        assert page.one("head").one("title").text
        assert len(list(page.all("h1"))) == 1
        assert next(page.all("a")).attributes["href"] == "#" + page.one("main").attributes["id"]
        assert page.one("header", class_="top")
        assert page.one("footer")
        identifiers = [one.attributes["id"] for one in page.all() if "id" in one.attributes]
        assert len(identifiers) == len(set(identifiers))
        for table in page.all("table"):
            assert all(heading.attributes["scope"] in {"row", "col"} for heading in table.all("th"))


@pytest.mark.parametrize("what", ["site", "room", "page"])
def test_what_is_missing_gets_a_page_with_a_way_back_that_does_not_renew_itself(
    what: Literal["site", "room", "page"],
) -> None:
    page = read(not_found_page(a_mixed_district(), what, now=NOW))

    assert page.one("h1").text == f"There is no such {what}"
    assert page.one("main").one("a").attributes["href"] == "/"
    assert len(list(page.all("p", class_="lede"))) == (what != "page")
    assert not [one for one in page.all("meta") if "http-equiv" in one.attributes]
