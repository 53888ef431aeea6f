"""The board of a real collector in a real browser: it renews itself, says when it cannot, and leads on."""

import re
from pathlib import Path

import pytest

from tests.end_to_end.browser import browsing
from tests.end_to_end.collector_process import ROOMS, SITE, CollectorFolder
from tests.end_to_end.http_client import ask
from tests.end_to_end.waiting import eventually

LOST = "document.getElementById('lost').hidden ? '' : document.getElementById('lost').innerText"
LOOKED_AT = "document.dispatchEvent(new Event('visibilitychange'))"


@pytest.mark.requires("browser")
@pytest.mark.slow
def test_a_page_renews_itself_and_says_when_the_collector_is_gone(
    collector: CollectorFolder, chromium: Path, tmp_path: Path
) -> None:
    with browsing(chromium, tmp_path) as page:
        page.go(f"{collector.url}/")
        judged = page.evaluate("document.querySelector('footer').innerText")
        page.evaluate("window.here = document.querySelector('tr.room')")

        def renewed() -> bool:
            page.evaluate(LOOKED_AT)
            return bool(page.evaluate("document.querySelector('footer').innerText") != judged)

        eventually("rooms are judged again and the page shows it", renewed)
        assert page.evaluate("here === document.querySelector('tr.room')"), "in place"
        assert page.complaints == []

        collector.stop()
        page.evaluate(LOOKED_AT)
        said = eventually("the page says that nobody answers", lambda: str(page.evaluate(LOST)))
        assert re.match(r"No answer from the collector since \w{3} \d+ \w{3}, \d\d:\d\d\.", said)
        assert ROOMS[0] in page.text()

        collector.start()
        page.evaluate(LOOKED_AT)
        eventually("it is taken back", lambda: not page.evaluate(LOST))


@pytest.mark.requires("browser")
def test_pages_lead_from_district_to_site_to_room(collector: CollectorFolder, chromium: Path, tmp_path: Path) -> None:
    with browsing(chromium, tmp_path) as page:
        page.go(f"{collector.url}/")
        page.follow("North School")
        assert page.evaluate("location.pathname") == f"/sites/{SITE}"
        assert len(page.rows("room-")) == len(ROOMS)
        page.follow(ROOMS[2])
        assert page.evaluate("location.pathname") == f"/rooms/{SITE}/{ROOMS[2]}"
        assert "Throughput has not been measured" in page.text()
        assert page.complaints == []


def test_a_page_is_sent_compressed(collector: CollectorFolder) -> None:
    plain = ask(collector.url, f"/rooms/{SITE}/{ROOMS[0]}")
    small = ask(collector.url, f"/rooms/{SITE}/{ROOMS[0]}", headers={"Accept-Encoding": "gzip"})

    assert small.headers["content-encoding"] == "gzip"
    assert len(small.body) < len(plain.body) / 2


def test_a_site_that_is_not_there_has_a_page_that_says_so(collector: CollectorFolder) -> None:
    site = ask(collector.url, "/sites/nowhere")

    assert site.status == 404
    assert "There is no such site" in site.body.decode()


def test_sites_have_their_number_of_rooms(collector: CollectorFolder) -> None:
    sites = ask(collector.url, "/v1/sites").json["sites"]
    assert [(one["site"], one["rooms"]) for one in sites] == [(SITE, len(ROOMS))]
