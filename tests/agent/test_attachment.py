import subprocess
import sys
from ipaddress import ip_interface

import pytest

from agent.attachment import AttachmentReader, attachment_of, from_arp_print, from_proc_arp, own_addresses

PROC_ARP = """\
IP address       HW type     Flags       HW address            Mask     Device
10.20.0.1        0x1         0x2         02:83:07:5E:c1:e7     *        eth0
10.20.0.9        0x1         0x0         00:00:00:00:00:00     *        eth0
10.20.0.10       0x1         0x2         02:83:07:5e:00:10     *        eth0
"""
ARP_WINDOWS_GERMAN = """\

Schnittstelle: 10.20.0.44 --- 0xb
  Internetadresse       Physische Adresse     Typ
  10.20.0.1             02-83-07-5e-c1-e7     dynamisch
"""
ARP_MACOS = "? (10.20.0.1) at 2:83:7:5e:c1:e7 on en0 ifscope [ethernet]\n"
ADDRESSES = [
    ("eth0", ip_interface("10.20.0.44/24")),
    ("eth0", ip_interface("fe80::44/64")),
    ("eth0", ip_interface("2001:db8::44/64")),
    ("wlan0", ip_interface("192.168.1.5/24")),
]


def test_the_gateways_hardware_address_is_read_where_the_kernel_knows_it() -> None:
    assert from_proc_arp(PROC_ARP, "10.20.0.1") == "02:83:07:5e:c1:e7"
    assert from_proc_arp(PROC_ARP, "10.20.0.9") is None  # asked for, and no answer
    assert from_proc_arp(PROC_ARP, "10.20.0.2") is None


@pytest.mark.parametrize("text", [ARP_WINDOWS_GERMAN, ARP_MACOS])
def test_it_is_read_from_what_arp_prints_in_any_language(text: str) -> None:
    assert from_arp_print(text, "10.20.0.1") == "02:83:07:5e:c1:e7"
    assert from_arp_print(text, "10.20.0.2") is None


@pytest.mark.parametrize("text", ["", "10.20.0.1 (10.20.0.1) -- no entry", "No ARP Entries Found.", "\0\xff" * 50])
def test_where_arp_says_nothing_there_is_nothing(text: str) -> None:
    assert from_arp_print(text, "10.20.0.1") is None


def test_an_attachment_is_the_interface_and_the_network_that_the_gateway_is_in() -> None:
    one = attachment_of("10.20.0.1", ADDRESSES, "02:83:07:5e:c1:e7")

    assert one is not None
    assert one.place == ("eth0", "10.20.0.0/24", "10.20.0.1")


def test_the_other_version_of_ip_may_come_and_go() -> None:
    without_6 = [one for one in ADDRESSES if one[1].version == 4]

    assert attachment_of("10.20.0.1", ADDRESSES, None) == attachment_of("10.20.0.1", without_6, None)


def test_another_address_of_the_same_network_is_the_same_attachment() -> None:
    renewed = [("eth0", ip_interface("10.20.0.99/24"))]

    assert attachment_of("10.20.0.1", ADDRESSES, None) == attachment_of("10.20.0.1", renewed, None)


def test_a_gateway_that_is_no_address_is_known_by_its_name() -> None:
    one = attachment_of("link#14", ADDRESSES, None)

    assert one is not None
    assert one.place == ("", "", "link#14")


def test_a_link_local_gateway_is_known_by_its_interface() -> None:
    one = attachment_of("fe80::1%eth0", ADDRESSES, None)

    assert one is not None
    assert one.place == ("eth0", "", "fe80::1%eth0")


def test_without_a_gateway_the_networks_are_the_attachment_and_without_those_there_is_none() -> None:
    one = attachment_of(None, ADDRESSES, None)

    assert one is not None
    assert one.network == "eth0 10.20.0.0/24, eth0 2001:db8::/64, wlan0 192.168.1.0/24"
    assert attachment_of(None, [("eth0", ip_interface("169.254.7.7/16"))], None) is None
    assert attachment_of(None, [], None) is None


def test_this_machine_can_be_read_and_loopback_is_no_attachment() -> None:
    assert not any(address.is_loopback for _, address in own_addresses())
    reader = AttachmentReader()
    assert reader.read(True) == reader.read(False)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_reading_starts_no_other_program_on_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "Popen", None)

    AttachmentReader().read(True)
