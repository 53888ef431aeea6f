"""What both sides of ndt7 agree on. The kernel's numbers and M-Lab's texts differ in every field."""

import json
import socket
import struct
import sys

import pytest

from wire.ndt7.protocol import (
    FIRST_MESSAGE_BYTES,
    Load,
    Measurement,
    goodput_bps,
    next_message_bytes,
    read_text,
    server_text,
)
from wire.report_words import Direction
from wire.tcp_info import SIZE, TcpInfo, read_tcp_info
from wire.websocket import BINARY, FrameReader, header

KERNEL = struct.pack(
    "=8B24I2Q2Q6I4Q2I2Q",
    *(1, 0, 0, 0, 0, 7, 0x77, 0),
    *(
        200_000,
        40_000,
        1_448,
        536,
        0,
        0,
        0,
        0,
        0,
        1,
        2,
        3,
        4,
        1_500,
        29_200,
        2_345,
        345,
        10,
        20,
        1_460,
        3,
        1_100,
        14_600,
        5,
    ),
    *(10**9, 10**10),
    *(4_567_890, 12_345),
    *(90, 91, 0, 1_234, 92, 93),
    *(10**8, 3_000_000, 400_000, 50_000),
    *(94, 95),
    *(6_789_012, 7_890),
)


def text(direction: Direction, **fields: object) -> dict[str, object]:
    said = server_text(Measurement(**fields), direction=direction, test="ab12", started_at="2026-11-25T09:00:00Z")  # type: ignore[arg-type]
    found: dict[str, object] = json.loads(said)
    return found


def test_messages_grow_as_the_specifications_appendix_says() -> None:
    load = Load(from_client=False)
    sizes = [len(load.next()) for _ in range(400)]
    steps = [size for at, size in enumerate(sizes) if at == 0 or size != sizes[at - 1]]

    assert steps == [len(header(BINARY, 1 << power)) + (1 << power) for power in range(13, 21)]
    assert sizes.count(steps[0]) == 16, "doubled once it is a sixteenth of what has gone"
    assert next_message_bytes(FIRST_MESSAGE_BYTES, 16 * FIRST_MESSAGE_BYTES - 1) == FIRST_MESSAGE_BYTES


def test_a_load_is_random_and_each_of_a_clients_messages_has_a_mask_of_its_own() -> None:
    up, down = Load(from_client=True), Load(from_client=False)
    masks = {bytes(up.next()[4:8]) for _ in range(10)}
    reader = FrameReader(from_client=True, keep_text=False)
    reader.take(up.next())

    assert len(masks) == 10
    assert reader.binary_bytes == FIRST_MESSAGE_BYTES
    assert len(set(bytes(down.next()[4:]))) == 256


def test_what_went_is_counted_when_its_message_has_gone() -> None:
    load = Load(from_client=False)
    load.next()
    assert load.payload_bytes == 0
    load.finish()
    load.finish()
    assert load.payload_bytes == FIRST_MESSAGE_BYTES


def test_every_field_of_the_kernels_struct_is_read_from_its_own_place() -> None:
    assert read_tcp_info(KERNEL) == TcpInfo(
        rtt_us=2_345,
        rtt_variance_us=345,
        min_rtt_us=1_234,
        bytes_acked=4_567_890,
        bytes_received=12_345,
        bytes_sent=6_789_012,
        bytes_retransmitted=7_890,
        busy_us=3_000_000,
        receiver_limited_us=400_000,
        sender_limited_us=50_000,
    )


def test_an_older_kernel_says_less() -> None:
    found = read_tcp_info(KERNEL[:148])

    assert (found.rtt_us, found.bytes_acked) == (2_345, 4_567_890)
    assert (found.min_rtt_us, found.busy_us, found.bytes_sent) == (None, None, None)
    assert read_tcp_info(b"") == TcpInfo()


@pytest.mark.skipif(sys.platform != "linux", reason="struct tcp_info is Linux'")
def test_this_kernel_counts_what_a_connection_of_ours_carried() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as ours,
        listener.accept()[0] as theirs,
    ):
        ours.sendall(bytes(3_000))
        theirs.recv(3_000, socket.MSG_WAITALL)
        theirs.sendall(bytes(200))
        ours.recv(200, socket.MSG_WAITALL)
        found = read_tcp_info(ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, SIZE))

    assert (found.bytes_sent, found.bytes_received) == (3_000, 200)
    assert found.min_rtt_us is not None
    assert found.min_rtt_us < 1_000_000


def test_a_servers_text_has_the_specifications_names_and_nobodys_address() -> None:
    said = text(
        "up", elapsed_us=250_000, payload_bytes=1_000, tcp=TcpInfo(rtt_us=7, min_rtt_us=5), tcp_elapsed_us=260_000
    )

    assert said == {
        "AppInfo": {"ElapsedTime": 250_000, "NumBytes": 1_000},
        "ConnectionInfo": {"Client": "", "Server": "", "UUID": "ab12", "StartTime": "2026-11-25T09:00:00Z"},
        "Origin": "server",
        "Test": "upload",
        "TCPInfo": {"RTT": 7, "MinRTT": 5, "ElapsedTime": 260_000},
    }
    assert text("down", elapsed_us=1, payload_bytes=2)["Test"] == "download"


def test_what_we_write_we_read() -> None:
    measured = Measurement(elapsed_us=4, payload_bytes=5, tcp=read_tcp_info(KERNEL), tcp_elapsed_us=6)

    assert read_text(server_text(measured, direction="down", test="a", started_at="b")) == measured


def test_a_text_of_m_labs_server_gives_the_rate_by_its_kernels_count() -> None:
    said = {
        "BBRInfo": {"BW": 1, "MinRTT": 2, "ElapsedTime": 3},
        "ConnectionInfo": {"Client": "192.0.2.1:2", "Server": "192.0.2.3:4", "UUID": "x"},
        "TCPInfo": {
            "State": 1,
            "BytesReceived": 12_500_000,
            "BytesAcked": 70,
            "MinRTT": 812,
            "ElapsedTime": 10_000_000,
        },
    }
    found = read_text(json.dumps(said).encode())

    assert found is not None
    assert found.received_bps == 10_000_000
    assert "192.0.2" not in repr(found)


def test_the_count_of_payload_goes_before_the_kernels() -> None:
    found = Measurement(
        elapsed_us=2_000_000, payload_bytes=500_000, tcp=TcpInfo(bytes_received=600_000), tcp_elapsed_us=1_000_000
    )

    assert found.received_bps == goodput_bps(500_000, 2_000_000) == 2_000_000


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"null", b"{", b"\xff", b"[" * 100_000, b'{"AppInfo":[]}', b'{"AppInfo":{"ElapsedTime":0}}']
)
def test_a_text_that_measures_nothing_is_ignored(data: bytes) -> None:
    found = read_text(data)

    assert found is None or found.received_bps is None


@pytest.mark.parametrize("value", ["true", "-1", "1.5", '"9"', "1e3", "NaN", "9" * 400])
def test_a_number_that_cannot_be_is_absent(value: str) -> None:
    found = read_text(f'{{"AppInfo":{{"ElapsedTime":1000,"NumBytes":{value}}}}}'.encode())

    assert found is not None
    assert found.payload_bytes is None
    assert found.received_bps is None
