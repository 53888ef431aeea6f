"""The packets of a flow, crafted by scapy. Only the tracing child imports this: scapy takes some 40 MB."""

from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6
from scapy.packet import Packet, Raw

from agent.flow import Flow


def craft(flow: Flow, *, source: str, ttl: int, number: int) -> bytes:
    """Packet `number` of `flow`, from its IP header on, that lives for `ttl` steps."""
    below = transport(flow, number)
    if ":" in flow.target:
        return bytes(IPv6(src=source, dst=flow.target, hlim=ttl) / below)
    return bytes(IP(src=source, dst=flow.target, ttl=ttl, id=0) / below)


def transport(flow: Flow, number: int) -> Packet:
    """What stands behind the IP header."""
    if flow.method == "udp":
        return UDP(sport=flow.own, dport=flow.port) / Raw(flow.udp_payload(number))
    if flow.method == "tcp":
        return TCP(sport=flow.own, dport=flow.port, flags="S", seq=flow.tcp_sequence(number), window=1024)
    sequence, payload = flow.icmp_sequence(number), flow.icmp_payload(number)
    if ":" in flow.target:
        return ICMPv6EchoRequest(id=flow.own, seq=sequence, data=payload)
    return ICMP(type=8, id=flow.own, seq=sequence) / Raw(payload)
