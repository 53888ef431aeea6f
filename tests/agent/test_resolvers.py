import ctypes
import sys

import pytest

from agent.resolvers import (
    FixedInfo,
    IpAddrString,
    find_resolvers,
    from_fixed_info,
    from_resolv_conf,
    from_scutil,
    without_stub,
)

RESOLV_CONF = """\
# made by hand; nameserver 192.0.2.99
search school.example
  nameserver 192.0.2.1
nameserver\t2001:db8::1%eth0 # the second
; nameserver 192.0.2.98
nameserver 192.0.2.1
nameserver
nameserver dns.example.org
nameservers 192.0.2.97
options edns0 trust-ad
nameserver fe80::1%eth0
nameserver 192.0.2.4
"""

SCUTIL = """\
DNS configuration

resolver #1
  search domain[0] : school.example
  nameserver[0] : 192.0.2.1
  nameserver[1] : fe80::1%en0
  if_index : 6 (en0)
  flags    : Request A records, Request AAAA records
  reach    : 0x00020002 (Reachable,Directly Reachable Address)

resolver #2
  domain   : local
  options  : mdns
  timeout  : 5
  flags    : Request A records
  reach    : 0x00000000 (Not Reachable)
  order    : 300000

DNS configuration (for scoped queries)

resolver #1
  nameserver[0] : 192.0.2.44
  if_index : 9 (en7)
  flags    : Scoped, Request A records
  reach    : 0x00000002 (Reachable)
"""


def test_a_resolv_conf_names_them_in_its_order_each_once_and_three_at_most() -> None:
    assert from_resolv_conf(RESOLV_CONF) == ("192.0.2.1", "2001:db8::1%eth0", "fe80::1%eth0")


@pytest.mark.parametrize("text", ["", "\0\0\0", "nameserver 300.0.0.1", "nameserver 192.0.2.1:53\n", "search x"])
def test_a_resolv_conf_without_one_names_none(text: str) -> None:
    assert from_resolv_conf(text) == ()


def test_behind_systemds_stub_stand_the_resolvers_that_it_asks() -> None:
    behind = ("192.0.2.1", "192.0.2.2")

    assert without_stub(("127.0.0.53",), behind) == behind
    assert without_stub(("127.0.0.53",), ()) == ("127.0.0.53",)
    assert without_stub(("192.0.2.9", "127.0.0.53"), behind) == ("192.0.2.9", "127.0.0.53")
    assert without_stub(("127.0.0.1",), behind) == ("127.0.0.1",)
    assert without_stub((), behind) == ()


def test_on_macos_the_resolvers_are_those_that_are_for_every_name() -> None:
    of_a_domain = "resolver #1\n  domain   : vpn.example\n  nameserver[0] : 192.0.2.9\n\n"
    vpn_first = SCUTIL.replace("resolver #1\n", of_a_domain + "resolver #2\n", 1)

    assert from_scutil(SCUTIL) == ("192.0.2.1", "fe80::1%en0")
    assert from_scutil(vpn_first) == ("192.0.2.1", "fe80::1%en0")
    assert from_scutil(of_a_domain + SCUTIL[SCUTIL.index("DNS configuration (for") :]) == ()


@pytest.mark.parametrize("text", ["", "No DNS configuration available\n", "resolver #1\n", SCUTIL[:60]])
def test_scutil_that_says_nothing_names_none(text: str) -> None:
    assert from_scutil(text) == ()


def test_windows_list_is_followed_from_one_to_the_next() -> None:
    third = IpAddrString(address=b"192.0.2.3")
    second = IpAddrString(next=ctypes.pointer(third), address=b"192.0.2.2")
    info = FixedInfo(host_name=b"pc-17", domain_name=b"school.example", dns_servers=IpAddrString(None, b"192.0.2.1"))
    assert from_fixed_info(info) == ("192.0.2.1",)

    info.dns_servers.next = ctypes.pointer(second)
    assert from_fixed_info(info) == ("192.0.2.1", "192.0.2.2", "192.0.2.3")


def test_a_windows_list_that_leads_in_a_circle_or_is_empty_ends() -> None:
    info = FixedInfo(dns_servers=IpAddrString(address=b"192.0.2.1"))
    info.dns_servers.next = ctypes.pointer(info.dns_servers)

    assert from_fixed_info(info) == ("192.0.2.1",)
    assert from_fixed_info(FixedInfo()) == ()


@pytest.mark.skipif(sys.platform == "win32", reason="sizes of Windows' structures with pointers of 8 bytes")
def test_windows_structures_have_the_size_that_windows_documents() -> None:
    # iptypes.h on a 64-bit system: 8 + 16 + 16 + 4 and padding; 132 + 132 + 8 + 48 + 4 + 260 + 3 * 4
    assert ctypes.sizeof(IpAddrString) == 48
    assert ctypes.sizeof(FixedInfo) == 600
    assert FixedInfo.dns_servers.offset == 272


def test_this_machine_is_asked_without_harm() -> None:
    assert len(find_resolvers()) <= 3
