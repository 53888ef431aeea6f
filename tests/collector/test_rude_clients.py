"""Whoever has a lease and no manners is cut off in time, counted, and costs no memory."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import monotonic

import pytest

from collector.throughput.leases import LEASE_NS
from tests.collector.live import Live, live_collector
from tests.collector.stream_client import StreamClient, a_lease, end_lease, faults, stream_ends
from wire.sufficiency import most_bytes

pytestmark = pytest.mark.slow

DOWN_BYTES, UP_BYTES = most_bytes(1_000_000), most_bytes(500_000)
LEASE_S = LEASE_NS / 1e9
"""Whoever is not cut off before is so when the lease ends."""


@pytest.fixture(autouse=True)
def _nothing_is_logged_as_a_fault(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    assert faults([*caplog.get_records("setup"), *caplog.get_records("call")]) == []


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a stranger's stay ended: how long it was, how its connection and its stream ended, and the bytes, refusals
    and cut connections that were counted."""

    lasted_s: float
    ended: str
    ends: dict[str, int]
    counted: int
    refused: int
    cut_off: int


def reads_nothing(live: Live) -> str:
    with StreamClient(live, receive_buffer=4096).begin(a_lease(live), "down") as client:
        client.ended_within(30)
        return client.rest()[1]


def reads_a_byte_a_second(live: Live) -> str:
    with StreamClient(live, receive_buffer=4096).begin(a_lease(live), "down") as client:
        while not client.ended_within(1):
            client.link.recv(1)
        return client.rest()[1]


def reads_all(live: Live) -> str:
    lease = a_lease(live)
    with StreamClient(live).begin(lease, "down", "Connection: close") as client:
        assert client.status() == 200
        size, ended = client.rest()
    assert end_lease(live, lease).body["down_bytes"] == size
    return f"{size} {ended}"


def stalls(live: Live) -> str:
    with StreamClient(live).begin(a_lease(live), "up", f"Content-Length: {UP_BYTES}") as client:
        client.link.sendall(bytes(1400))
        return client.rest()[1]


def sends_a_byte_at_a_time(live: Live) -> str:
    with StreamClient(live).begin(a_lease(live), "up", f"Content-Length: {UP_BYTES}") as client:
        client.send_until_answered(b"x", every_s=0.001)
        return str(client.status())


def sends_chunks_of_a_byte(live: Live) -> str:
    with StreamClient(live).begin(a_lease(live), "up", "Transfer-Encoding: chunked") as client:
        client.send_until_answered(b"1\r\nx\r\n" * 1000)
        return str(client.status())


def floods(live: Live) -> str:
    with StreamClient(live).begin(a_lease(live), "up", "Content-Length: 1000000000000") as client:
        client.send_until_answered(bytes(1_000_000))
        return str(client.status())


def was_refused_and_trickles_on(live: Live) -> str:
    with StreamClient(live).begin("0" * 16, "up", "Content-Length: 1000") as client:
        assert client.status() == 403
        client.link.recv(10_000)
        assert client.send_until_answered(b"x", every_s=0.5, most=100) < 100, "nobody ended it"
        return client.rest()[1]


def was_answered_and_sends_an_empty_line(live: Live) -> str:
    with StreamClient(live) as client:
        client.link.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.status() == 200
        client.link.recv(10_000)
        client.link.sendall(b"\r\n")
        return client.rest()[1]


STRANGERS = (
    reads_nothing,
    reads_a_byte_a_second,
    reads_all,
    stalls,
    sends_a_byte_at_a_time,
    sends_chunks_of_a_byte,
    floods,
    was_refused_and_trickles_on,
    was_answered_and_sends_an_empty_line,
)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """All of them at once, each at a collector of its own, because a collector lets one at a time test."""
    folder = tmp_path_factory.mktemp("strangers")

    def stay(stranger: Callable[[Live], str]) -> Outcome:
        with live_collector(folder / stranger.__name__) as live:
            began_at = monotonic()
            ended = stranger(live)
            lasted_s = monotonic() - began_at
            counted = int(live.metric("bandroom_throughput_bytes_total"))
            return Outcome(
                lasted_s=lasted_s,
                ended=ended,
                ends=stream_ends(live),
                counted=counted,
                refused=int(live.metric("bandroom_requests_refused_total")),
                cut_off=int(live.metric("bandroom_connections_cut_off_total")),
            )

    with ThreadPoolExecutor(len(STRANGERS)) as at_once:
        return dict(zip((one.__name__ for one in STRANGERS), at_once.map(stay, STRANGERS), strict=True))


@pytest.mark.parametrize("reader", ["reads_nothing", "reads_a_byte_a_second"])
def test_a_slow_reader_is_reset_in_time_and_nothing_waits_for_it_in_memory(
    outcomes: dict[str, Outcome], reader: str
) -> None:
    one = outcomes[reader]
    assert (one.ended, one.ends) == ("reset", {"down_cut_off": 1})
    assert one.lasted_s < LEASE_S
    assert one.counted < DOWN_BYTES / 10, "what is not read is not made"


def test_an_upload_that_stalls_is_reset_in_time(outcomes: dict[str, Outcome]) -> None:
    one = outcomes["stalls"]
    assert (one.ended, one.ends, one.counted) == ("reset", {"up_cut_off": 1}, 1400)
    assert one.lasted_s < LEASE_S


def test_an_upload_a_byte_at_a_time_is_answered_as_soon_as_it_is_hopeless(outcomes: dict[str, Outcome]) -> None:
    one = outcomes["sends_a_byte_at_a_time"]
    assert (one.ended, one.ends) == ("204", {"up_decided": 1})
    assert 0 < one.counted < 10_000


@pytest.mark.parametrize("flood", ["floods", "sends_chunks_of_a_byte"])
def test_an_upload_as_fast_as_the_machine_can_stops_at_the_limit(outcomes: dict[str, Outcome], flood: str) -> None:
    one = outcomes[flood]
    assert (one.ended, one.ends) == ("204", {"up_whole": 1})
    assert UP_BYTES <= one.counted < UP_BYTES + 400_000, "the limit, and what was read at once with its last byte"


@pytest.mark.parametrize("held", ["was_refused_and_trickles_on", "was_answered_and_sends_an_empty_line"])
def test_whoever_was_answered_cannot_hold_the_connection(outcomes: dict[str, Outcome], held: str) -> None:
    one = outcomes[held]
    assert one.ended in ("close", "reset"), "by the collector: the client was not done"
    assert one.ends == {}
    assert (one.refused, one.cut_off) == (int(held.startswith("was_refused")), 1)


def test_a_whole_download_is_as_long_as_it_said(outcomes: dict[str, Outcome]) -> None:
    one = outcomes["reads_all"]
    assert (one.ended, one.ends, one.counted) == (f"{DOWN_BYTES} close", {"down_whole": 1}, DOWN_BYTES)
