"""What the page of a room says."""

from datetime import timedelta

from collector.board.pages import room_page
from tests.collector.board.districts import (
    NOW,
    a_bin,
    a_district,
    a_reading,
    a_room,
    a_site,
)
from tests.collector.board.reader import read


def test_a_room_page_says_what_is_worst_why_and_against_what() -> None:
    bins = (a_bin(None, started_at=NOW - timedelta(minutes=15)), a_bin("bad"))
    room = a_room("101", "bad", bins=bins, readings=(a_reading(repaired=True),))
    page = read(room_page(a_district(a_site(room)), room, now=NOW))

    assert page.one("h1").text == "North School 101"
    facts = {one.one("dt").text: one.one("dd").text for one in page.one(class_="facts").all("div")}
    assert facts["Worst dimension"] == "latency"
    assert facts["Held against"] == "below profile video_lesson v1"
    assert facts["Cause"] == "not determined yet"
    assert "clock repaired" in page.text
    assert "no: 41 % probed" in page.text
    assert "Throughput has not been measured here yet" in page.text
    assert "1 of the newest 2 bins cannot be judged" in page.text
    assert [one.attributes["href"] for one in page.one("nav").all("a")] == ["/", "/sites/north"]


def test_a_room_page_says_why_no_throughput_is_tested() -> None:
    room = a_room("101", "ok", bins=(a_bin(),))
    why = "throughput tests are off: behind_proxy needs public_url, so that the proxy can be checked"
    page = read(room_page(a_district(a_site(room)), room, now=NOW, throughput_off=why))

    assert "Throughput tests are off: behind_proxy needs public_url, so that the proxy can be checked." in page.text


def test_a_room_page_names_the_source_of_every_limit_and_marks_what_is_beyond_it() -> None:
    room = a_room("101", "bad", bins=(a_bin("bad"),))
    page = read(room_page(a_district(a_site(room)), room, now=NOW))

    latency = next(row for row in page.all("tr") if row.text.startswith("latency, p95"))
    assert "100 ms" in latency.text
    assert "Teams client to edge below 100 ms" in latency.one(class_="source").text
    assert latency.one("span", class_="is-bad").text == "412 ms"
    assert all(cell.text for cell in page.all("td", class_="source"))


def test_the_99th_percentile_and_the_gateway_are_marked_as_evidence_only() -> None:
    room = a_room(bins=(a_bin(),))
    page = read(room_page(a_district(a_site(room)), room, now=NOW))

    bins = page.one("table", class_="bins")
    assert {"p99*", "Gateway p95, lost*"} <= {heading.text for heading in bins.all("th")}
    assert "* Evidence only, never judged" in page.text


def test_a_reading_that_failed_or_got_nothing_back_is_shown_with_its_reason() -> None:
    failed = a_reading(target="gateway", sent=0, received=0, p50_ms=None, p95_ms=None, failure="no_gateway")
    lost = a_reading(received=0, p50_ms=None, p95_ms=None)
    room = a_room(readings=(failed, lost))
    page = read(room_page(a_district(a_site(room)), room, now=NOW))

    assert "the machine has no default route" in page.text
    assert "100.0 % of 60" in page.text


def test_a_room_that_fell_silent_long_ago_does_not_speak_of_what_is_not_below() -> None:
    room = a_room(state="unknown", newest_report_at=NOW - timedelta(days=9), readings=(), bins=())
    page = read(room_page(a_district(a_site(room)), room, now=NOW))

    assert page.one("p", class_="is-old").text == "No new data since Sun 1 Mar, 09:31:07 , 9 days ago."
    nothing = [page.one("section", aria_labelledby=one).one("p", class_="nothing").text for one in ("readings", "bins")]
    assert nothing == ["No report is recent enough.", "No bin in the last 12 lessons."]


def test_a_room_whose_data_below_is_old_says_so() -> None:
    room = a_room(state="unknown", newest_report_at=NOW - timedelta(minutes=10))
    page = read(room_page(a_district(a_site(room)), room, now=NOW))

    assert page.one("p", class_="is-old").text.endswith("10 min ago: what is below is old.")


def test_a_room_without_agent_data_or_bins_has_a_page() -> None:
    room = a_room(
        state="unknown", agents=0, seats=None, strip=(), coverage=None, newest_report_at=None, readings=(), bins=()
    )
    page = read(room_page(a_district(a_site(room)), room, now=NOW))

    assert page.one("p", class_="is-old").text == "No data yet. No agent is enrolled in this room."
