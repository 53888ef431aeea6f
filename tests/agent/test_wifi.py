"""What is read from a Wi-Fi adapter, from the real forms of its tools' outputs, whole, cut off and hostile."""

import os
import struct
import sys
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.association import Association, band_mhz_of, retries_permille, rounded_signal_dbm
from agent.command import output_of
from agent.wifi import read_association
from agent.wifi_iw import from_iw
from agent.wifi_netsh import from_netsh
from agent.wifi_quality import from_connection_quality
from tests.agent.wifi_outputs import BSSID, IW, NAME, NETSH, NETSH_REFUSED, Iw, Netsh, info, station

HOSTILE = (
    "signal: -30 dBm\n freq: 2412",
    "x\n\tsignal:  \t-30 dBm\n\trx bitrate:\t1.0 MBit/s\n\tchannel 1 (2412 MHz), width: 20 MHz, center1: 2412 MHz",
    "x\n\ttype managed\n\tchannel 1 (2412 MHz), width: 20 MHz, center1: 2412 MHz",
    "100%",
    "Signal                 : 100%",
    "x\r\n    Signal                 : 100%\r\n    Rssi                   : -30",
    f"x\r\n    BSSID                  : {BSSID}\r\n    a (b) : 1\r\n    c (d) : 2\r\n    Signal : 3%\r\n    Rssi : -30",
    f"x\r\n\r\n    Name : Wi-Fi\r\n    a : {BSSID}\r\n    b : {BSSID}\r\n    a (b) : 1\r\n    c (d) : 2\r\n    e : 3%",
    "5 GHz",
    "802.11be",
    BSSID,
    "",
)


def may_follow(found: Association | None, truth: Association) -> bool:
    """Whether `found` says nothing that `truth` does not."""
    return found is None or all(getattr(found, one.name) in (None, getattr(truth, one.name)) for one in fields(found))


def netsh(case: Netsh, output: bytes | None = None) -> Association | None:
    return from_netsh(case.output if output is None else output, case.name, ("utf-8", case.encoding))


@pytest.mark.parametrize("case", IW.values(), ids=IW)
def test_iw_is_understood(case: Iw) -> None:
    assert from_iw(case.info, case.station_dump) == case.says


@pytest.mark.parametrize("case", NETSH.values(), ids=NETSH)
def test_netsh_is_understood_in_each_language(case: Netsh) -> None:
    assert netsh(case) == case.says


def test_no_example_has_the_same_rate_in_both_directions() -> None:
    for says in [case.says for case in IW.values()] + [case.says for case in NETSH.values()]:
        assert says.down_mbps != says.up_mbps


@pytest.mark.parametrize("case", IW.values(), ids=IW)
def test_iw_cut_off_anywhere_says_less_and_never_something_else(case: Iw) -> None:
    for length in range(len(case.info)):
        assert may_follow(from_iw(case.info[:length], case.station_dump), case.says), length
    for length in range(len(case.station_dump)):
        assert may_follow(from_iw(case.info, case.station_dump[:length]), case.says), length


@pytest.mark.parametrize("case", NETSH.values(), ids=NETSH)
def test_netsh_cut_off_anywhere_says_less_and_never_something_else(case: Netsh) -> None:
    for length in range(len(case.output)):
        assert may_follow(netsh(case, case.output[:length]), case.says), length


@pytest.mark.parametrize("ssid", HOSTILE)
def test_a_networks_name_is_never_read(ssid: str) -> None:
    for said in IW.values():
        found = from_iw(said.info.replace(f"ssid {NAME}", f"ssid {ssid}"), said.station_dump)
        assert may_follow(found, said.says)
        assert ssid.strip() == "" or ssid not in repr(found)
    for case in NETSH.values():
        found = netsh(case, case.output.replace(NAME.encode(), ssid.encode()))
        assert may_follow(found, case.says)
        assert ssid in ("", "5 GHz") or ssid not in repr(found)


@pytest.mark.parametrize("ssid", ["signal: -30 dBm", "100%", "Signal                 : 100%", "5 GHz", "802.11be", ""])
def test_a_name_of_one_line_makes_nothing_missing(ssid: str) -> None:
    for said in IW.values():
        assert from_iw(said.info.replace(f"ssid {NAME}", f"ssid {ssid}"), said.station_dump) == said.says
    for case in NETSH.values():
        assert netsh(case, case.output.replace(NAME.encode(), ssid.encode())) == case.says


def test_what_is_not_associated_is_missing() -> None:
    assert from_iw("", "") is None
    assert from_iw("command failed: No such device (-19)\n", "") is None
    assert from_iw(info(""), "") is None
    assert from_iw(info("", kind="AP"), station(signal="-50", down="6.0 MBit/s", up="9.0 MBit/s")) is None
    assert from_netsh(NETSH_REFUSED, "Wi-Fi", ("utf-8",)) is None
    assert from_netsh(b"There is no wireless interface on the system.\r\n", "Wi-Fi", ("utf-8",)) is None
    assert netsh(replace(NETSH["English, Windows 10"], name="Wi-Fi")) is None, "that one is disconnected"
    assert netsh(replace(NETSH["English, Windows 10"], name="Ethernet")) is None


def test_a_channel_number_in_use_in_two_bands_tells_neither() -> None:
    english = NETSH["English, Windows 10"]

    def band_mhz(radio: str, channel: int) -> int | None:
        text = english.text.replace("802.11ac\n", f"{radio}\n").replace(": 149\n", f": {channel}\n")
        found = netsh(replace(english, text=text))
        assert found is not None
        return found.band_mhz

    assert [band_mhz("802.11ac", channel) for channel in (1, 13, 36, 149, 165)] == [2400, 2400, 5000, 5000, 5000]
    assert [band_mhz("802.11ac", channel) for channel in (0, 200)] == [None, None]
    assert [band_mhz("802.11ax", channel) for channel in (1, 2, 37, 149)] == [None] * 4
    assert [band_mhz("802.11ax", channel) for channel in (6, 36)] == [2400, 5000]


@given(st.text(), st.text())
def test_iw_of_any_text_is_survived(one: str, other: str) -> None:
    from_iw(one, other)
    from_iw(IW["Wi-Fi 6 on 5 GHz"].info + one, IW["Wi-Fi 6 on 5 GHz"].station_dump + other)


@given(st.binary(), st.binary())
def test_netsh_of_any_bytes_is_survived(one: bytes, other: bytes) -> None:
    case = NETSH["German"]
    from_netsh(one, "Wi-Fi", ("utf-8",))
    netsh(case, one + case.output[: len(case.output) // 2] + other + case.output[len(case.output) // 2 :])


def quality(*links: tuple[int, int, int], down_kbps: int = 780_000, up_kbps: int = 866_700) -> bytes:
    """The structure as the header defines it; with one link 296 bytes, as it was seen on Windows 11."""
    head = struct.pack("<IIIIII", 8, 87, down_kbps, up_kbps, len(links) > 1, len(links))
    return head + b"".join(struct.pack("<BxxxIIi", number, *link) + bytes(256) for number, link in enumerate(links))


def test_windows_structure_is_understood() -> None:
    data = quality((5745, 80, -47))

    assert len(data) == 296
    assert from_connection_quality(data) == Association(
        band_mhz=5000, channel_mhz=80, down_mbps=780, up_mbps=867, signal_dbm=-50
    )
    two = from_connection_quality(quality((2437, 20, -71), (6135, 160, -58)))
    assert two == Association(down_mbps=780, up_mbps=867, signal_dbm=-60)


def test_windows_structure_of_another_length_or_of_nonsense_is_missing() -> None:
    data = quality((5745, 80, -47))
    for length in range(len(data)):
        assert from_connection_quality(data[:length]) is None
    assert from_connection_quality(data + b"\0") is None
    assert from_connection_quality(quality()) is None
    assert from_connection_quality(quality((80, 5745, 47), down_kbps=0, up_kbps=2**32 - 1)) == Association()


@given(st.binary(max_size=700))
def test_any_structure_is_survived(data: bytes) -> None:
    from_connection_quality(data)
    from_connection_quality(struct.pack("<IIIIII", 0, 0, 0, 0, 0, len(data) // 272) + data[: len(data) // 272 * 272])


@pytest.mark.parametrize(
    ("mhz", "band_mhz"),
    [(2412, 2400), (2484, 2400), (5180, 5000), (5885, 5000), (5935, 6000), (7115, 6000), (60_480, None), (0, None)],
)
def test_a_frequency_tells_its_band(mhz: int, band_mhz: int | None) -> None:
    assert band_mhz_of(mhz) == band_mhz


def test_a_signal_is_rounded_down_to_ten_decibels() -> None:
    signals = {-1: -10, -10: -10, -11: -20, -62: -70, -70: -70, -120: -120, 0: None, 20: None, -121: None, -256: None}
    assert {dbm: rounded_signal_dbm(dbm) for dbm in signals} == signals


def test_retries_are_counted_between_two_readings_of_one_association() -> None:
    def at(sent: int | None, repeated: int | None) -> Association:
        return Association(sent_frames=sent, repeated_frames=repeated)

    assert retries_permille(at(100, 50), at(175, 75)) == 250
    assert retries_permille(at(100, 50), at(200, 50)) == 0
    assert retries_permille(at(100, 50), at(100, 50)) is None, "nothing was sent"
    assert retries_permille(at(100, 50), at(99, 60)) is None, "another access point"
    assert retries_permille(at(100, None), at(200, None)) is None
    assert retries_permille(None, at(200, 50)) is None


def test_an_interface_without_wifi_has_no_association() -> None:
    assert read_association("lo") is None


def install_iw(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """A program of that name, found before any other."""
    (folder / "info").write_text(IW["Wi-Fi 6 on 5 GHz"].info)
    (folder / "dump").write_text(IW["Wi-Fi 6 on 5 GHz"].station_dump)
    (folder / "iw").write_text(f"#!/bin/sh\ncd {folder}\n{script}\n")
    (folder / "iw").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)


needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="iw is Linux's")


@needs_linux
def test_iw_is_asked_for_the_interface_in_a_language_that_we_understand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    asks = '[ "$LC_ALL $1 $2" = "C dev wlan0" ] || exit 1\ncase "$3 $4" in'
    install_iw(tmp_path, monkeypatch, f'{asks} "info ") cat info ;; "station dump") cat dump ;; *) exit 1 ;; esac')

    assert read_association("wlan0") == IW["Wi-Fi 6 on 5 GHz"].says
    assert read_association("wlan1") is None


@needs_linux
@pytest.mark.parametrize("script", ["cat info dump; exit 1", "echo nonsense", "cat dump info; kill -9 $$", "exit 0"])
def test_an_iw_that_fails_or_talks_nonsense_leaves_the_association_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    install_iw(tmp_path, monkeypatch, script)

    assert read_association("wlan0") is None


def test_a_command_that_hangs_or_is_not_there_says_nothing() -> None:
    hangs = [sys.executable, "-c", "import time; print('half', flush=True); time.sleep(60)"]

    assert output_of(hangs, timeout_s=0.3) == b""
    assert output_of(["no-such-command-of-any-system"]) == b""
    assert output_of([sys.executable, "-c", "print('whole')"]).split() == [b"whole"]
