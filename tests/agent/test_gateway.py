from agent.gateway import (
    from_proc_ipv6_route,
    from_proc_route,
    from_route_get,
    from_route_print,
    from_route_print_6,
)

PROC_ROUTE = """\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0
eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
"""

PROC_IPV6_ROUTE = (
    "fe800000000000000000000000000000 40 00000000000000000000000000000000 00 "
    "00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0\n"
    "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
    "fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth0\n"
    "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
    "00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo\n"
)

ROUTE_PRINT = """\
===========================================================================
Schnittstellenliste
 12...00 00 5e 00 53 01 ......Intel(R) Ethernet
===========================================================================

IPv4-Routentabelle
===========================================================================
Aktive Routen:
     Netzwerkziel    Netzwerkmaske          Gateway    Schnittstelle Metrik
          0.0.0.0          0.0.0.0      192.0.2.254       192.0.2.17     35
          0.0.0.0          0.0.0.0        192.0.2.1       192.0.2.18     25
          0.0.0.0          0.0.0.0   Auf Verbindung       192.0.2.19      5
===========================================================================
Ständige Routen:
  Keine
"""

ROUTE_PRINT_6 = """\
IPv6 Route Table
===========================================================================
Active Routes:
 If Metric Network Destination      Gateway
 12    281 ::/0                     fe80::5:73ff:fea0:6
  1    331 ::1/128                  On-link
===========================================================================
"""


def test_linux_gives_the_gateway_of_the_lowest_metric() -> None:
    assert from_proc_route(PROC_ROUTE) == "192.0.2.1"
    assert from_proc_ipv6_route(PROC_IPV6_ROUTE) == "fe80::1%eth0"


def test_windows_gives_the_gateway_of_the_lowest_metric_in_any_language() -> None:
    assert from_route_print(ROUTE_PRINT) == "192.0.2.1"
    assert from_route_print_6(ROUTE_PRINT_6) == "fe80::5:73ff:fea0:6%12"


def test_macos_gives_the_gateway_it_names() -> None:
    text = "   route to: default\ndestination: default\n    gateway: 192.0.2.1\n  interface: en0\n"

    assert from_route_get(text) == "192.0.2.1"


def test_a_machine_without_a_default_route_has_no_gateway() -> None:
    for reader in (from_proc_route, from_proc_ipv6_route, from_route_get, from_route_print, from_route_print_6):
        assert reader("") is None
    assert from_proc_route("\n".join(PROC_ROUTE.splitlines()[:1])) is None
