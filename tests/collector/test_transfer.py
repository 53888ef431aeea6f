"""How pages and answers travel over real HTTP: compressed, and files not at all when the reader has them."""

import gzip
import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from collector.board.assets import Asset, script, stylesheet
from collector.verdict.profiles import default_profiles
from collector.verdict.room_state import RoomState
from collector.verdict.throughput import shortfall
from tests.collector.board.districts import NOW, a_district, a_room, a_site, a_test
from tests.collector.board.shown import Shown, shown
from tests.collector.board.test_charts import a_room_with

COMPRESSED = ["/", "/sites/north", "/rooms/north/101", "/v1/rooms", "/v1/rooms/north/101"]

ASSETS = pytest.mark.parametrize(
    ("asset", "media_type"), [(stylesheet(), "text/css"), (script(), "text/javascript")], ids=["style", "script"]
)


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer as it came."""

    status: int
    headers: dict[str, str]
    body: bytes


@pytest.fixture(scope="module")
def board() -> Iterator[Shown]:
    with shown(a_district(a_site(*(a_room(str(number)) for number in range(101, 141))))) as one:
        yield one


def ask(board: Shown, path: str, **headers: str) -> Raw:
    connection = http.client.HTTPConnection("127.0.0.1", board.port, timeout=30)
    try:
        connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return Raw(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()


@pytest.mark.parametrize("path", COMPRESSED)
def test_a_reader_who_takes_gzip_gets_it_and_another_gets_the_same_plain(board: Shown, path: str) -> None:
    plain, small = ask(board, path), ask(board, path, Accept_Encoding="br, gzip;q=0.8")

    assert "content-encoding" not in plain.headers
    assert small.headers["content-encoding"] == "gzip"
    assert gzip.decompress(small.body) == plain.body
    assert len(small.body) < len(plain.body) / 3
    assert small.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"


def test_gzip_that_is_refused_is_not_sent(board: Shown) -> None:
    assert "content-encoding" not in ask(board, "/", Accept_Encoding="gzip;q=0, identity").headers


@pytest.mark.parametrize("path", COMPRESSED)
def test_what_says_ages_has_no_tag(board: Shown, path: str) -> None:
    assert "etag" not in ask(board, path).headers


@ASSETS
def test_a_reader_who_has_a_file_gets_no_second_one(board: Shown, asset: Asset, media_type: str) -> None:
    tag = ask(board, asset.address).headers["etag"]
    again = ask(board, asset.address, If_None_Match=f'"other", {tag}')

    assert (again.status, again.body) == (304, b"")
    assert again.headers["etag"] == tag
    assert ask(board, asset.address, If_None_Match='W/"other"').status == 200


@ASSETS
def test_a_file_that_is_asked_for_by_another_hash_or_by_none_is_not_kept(
    board: Shown, asset: Asset, media_type: str
) -> None:
    path = asset.address.partition("?")[0]

    for address in (path, f"{path}?v=", f"{path}?v=000000000000"):
        answer = ask(board, address)
        assert (answer.body, answer.headers["cache-control"]) == (asset.content, "no-cache")


@ASSETS
def test_style_and_script_may_be_kept_for_ever(board: Shown, asset: Asset, media_type: str) -> None:
    answer = ask(board, asset.address)

    assert answer.headers["content-type"].partition(";")[0] == media_type
    assert "immutable" in answer.headers["cache-control"]
    assert asset.address in ask(board, "/").body.decode()


@pytest.mark.parametrize("address", ["/style.css", "/style.css?v=0123456789ab", "/renew.js?v=0123456789ab"])
def test_what_has_the_address_of_another_version_is_not_kept(board: Shown, address: str) -> None:
    assert ask(board, address).headers["cache-control"] == "no-cache"


def test_sites_have_their_counts_by_state() -> None:
    district = a_district(a_site(a_room("1", "bad"), a_room("2"), a_room("3")), a_site(site="empty", name="Empty"))
    with shown(district) as board:
        sites = json.loads(ask(board, "/v1/sites").body)["sites"]

    lessons = {
        "in_session": True,
        "last_lesson": {"started_at": "2026-03-10T15:15:00Z", "ended_at": "2026-03-10T16:00:00Z"},
        "next_lesson": {"started_at": "2026-03-10T16:05:00Z", "ended_at": "2026-03-10T16:50:00Z"},
    }
    north = {"site": "north", "name": "North School", "simulated": False, "rooms": 3, "states": {"bad": 1, "ok": 2}}
    empty = {"site": "empty", "name": "Empty", "simulated": False, "rooms": 0, "states": {}}
    assert sites == [north | lessons, empty | lessons]


def test_a_room_has_its_throughput_tests_and_what_they_found_too_little() -> None:
    district = a_district(a_site(a_room_with(a_test(), a_test(direction="up", sustained=None, received_bps=None))))
    with shown(district, NOW) as board:
        room = json.loads(ask(board, "/v1/rooms/north/101").body)

    down, up = room["throughput"]
    assert (down["direction"], down["required_bps"], down["sustained"], down["speaks"]) == (
        "down",
        1_000_000,
        True,
        True,
    )
    assert (up["received_bps"], up["sustained"], up["speaks"], up["used_bytes"]) == (None, None, False, 740_000)
    assert room["short"] is None
    assert room["lessons"][0]["short"] is None


def test_a_room_that_is_bad_by_throughput_names_the_test() -> None:
    test = a_test(sustained=False, received_bps=460_000)
    short = shortfall([test], default_profiles().in_force(), NOW)
    room = replace(a_room("101", "bad"), state=RoomState(state="bad", short=short))
    with shown(a_district(a_site(room)), NOW) as board:
        answer = json.loads(ask(board, "/v1/rooms/north/101").body)

    assert (answer["state"], answer["worst"], answer["profile"]) == ("bad", "throughput", "video_lesson")
    assert answer["short"] == {
        "profile": "video_lesson",
        "direction": "down",
        "needed_bps": 1_000_000,
        "received_bps": 460_000,
        "ended_at": "2026-03-10T15:12:30Z",
    }
