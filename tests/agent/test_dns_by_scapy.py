"""The codec beside an independent one: scapy reads our questions, and crafts answers that are right, odd or hostile."""

import asyncio
from typing import Any

import pytest
from scapy.layers.dns import DNS, DNSQR, DNSRR, DNSRROPT, DNSRRSOA

from agent.dns import answer_to, question
from tests.agent.fakes import reflector
from tests.agent.test_name_lookup import lookup

NAME = "lms.example.org"
NUMBER = 0x1234
ASKED = question(NAME, NUMBER)
CNAME = DNSRR(rrname=NAME, type="CNAME", rdata="edge.cdn.example.net", ttl=60)


def packet(**fields: Any) -> bytes:
    """An answer to `ASKED`, as a resolver gives it where nothing else is said."""
    usual: dict[str, Any] = {"id": NUMBER, "qr": 1, "rd": 1, "ra": 1, "qd": DNSQR(qname=NAME, qtype="A")}
    return bytes(DNS(**(usual | fields)))


def test_a_question_is_read_as_what_it_is() -> None:
    read = DNS(ASKED)

    assert (read.id, read.qr, read.opcode, read.rd, read.qdcount) == (NUMBER, 0, 0, 1, 1)
    assert (read.ancount, read.nscount, read.arcount) == (0, 0, 0)
    assert (read.qd[0].qname, read.qd[0].qtype, read.qd[0].qclass) == (b"lms.example.org.", 1, 1)
    assert bytes(DNS(id=NUMBER, rd=1, qd=DNSQR(qname=NAME, qtype="A"))) == ASKED


RIGHT = {
    "an address": packet(an=[DNSRR(rrname=NAME, type="A", rdata="192.0.2.7", ttl=60)]),
    "a name behind it": packet(an=[CNAME, DNSRR(rrname="edge.cdn.example.net", type="A", rdata="192.0.2.8")]),
    "thirty addresses": packet(an=[DNSRR(rrname=NAME, type="A", rdata=f"192.0.2.{one}") for one in range(30)]),
    "no such name": packet(rcode=3, ns=[DNSRRSOA(rrname="example.org", mname="a.example", rname="b.example")]),
    "no address": packet(ns=[DNSRRSOA(rrname="example.org", mname="a.example", rname="b.example")]),
    "truncated": packet(tc=1),
    "authoritative": packet(aa=1),
    "with an option": packet(ar=[DNSRROPT(rclass=1232)]),
    "in capitals": packet(qd=DNSQR(qname="LMS.Example.ORG", qtype="A")),
}
FAILED = {f"code {code}": packet(rcode=code) for code in (1, 2, 4, 5, 9, 15)}
FAILED["failed before it read"] = packet(rcode=1, qd=[])
FOREIGN = {
    "another id": packet(id=NUMBER + 1),
    "a question": packet(qr=0),
    "another type": packet(qd=DNSQR(qname=NAME, qtype="AAAA")),
    "another class": packet(qd=DNSQR(qname=NAME, qtype="A", qclass=3)),
    "a longer name": packet(qd=DNSQR(qname="www." + NAME, qtype="A")),
    "a shorter name": packet(qd=DNSQR(qname="example.org", qtype="A")),
    "a name that begins alike": packet(qd=DNSQR(qname=NAME + ".evil.example", qtype="A")),
    "two questions": packet(qd=[DNSQR(qname=NAME, qtype="A"), DNSQR(qname="evil.example", qtype="A")]),
    "ours second": packet(qd=[DNSQR(qname="evil.example", qtype="A"), DNSQR(qname=NAME, qtype="A")]),
    "no question": packet(qd=[], an=[DNSRR(rrname=NAME, type="A", rdata="192.0.2.7")]),
    "an update": packet(opcode=5),
    "ours in the answers alone": packet(qd=[], an=[CNAME]),
}
LOOP = b"\xc0\x0c"
"""A name that is a pointer to offset 12, which is itself."""
HOSTILE = {
    "a pointer at itself for a name": ASKED[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + LOOP + b"\0\1\0\1",
    "pointers at each other": ASKED[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + b"\xc0\x0e\xc0\x0c" + b"\0\1\0\1",
    "a pointer behind the end": ASKED[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + b"\xff\xff\0\1\0\1",
    "a label longer than the packet": ASKED[:2] + b"\x81\x80\0\1\0\0\0\0\0\0" + b"\x3fabc",
    "a reserved kind of label": ASKED[:2] + b"\x81\x80\0\1\0\0\0\0\0\0" + b"\x80abc\0\0\1\0\1",
    "counts without records": packet()[:4] + b"\xff\xff" * 4,
}
BEHIND_OUR_QUESTION = {
    "a loop": packet(ancount=1) + LOOP + b"\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\7",
    "a length that lies": packet(ancount=1) + LOOP + b"\0\1\0\1\0\0\0\x3c\xff\xff",
    "more records than there are": packet(ancount=65_535, nscount=65_535, arcount=65_535),
    "sixty thousand bytes": packet() + bytes(60_000),
}


@pytest.mark.parametrize("said", RIGHT.values(), ids=RIGHT)
def test_what_resolvers_say_is_an_answer(said: bytes) -> None:
    assert answer_to(ASKED, said) == "answered"


@pytest.mark.parametrize("said", FAILED.values(), ids=FAILED)
def test_a_failure_is_the_resolvers(said: bytes) -> None:
    assert answer_to(ASKED, said) == "server_failed"


@pytest.mark.parametrize("said", (FOREIGN | HOSTILE).values(), ids=FOREIGN | HOSTILE)
def test_what_is_foreign_or_hostile_is_no_answer(said: bytes) -> None:
    assert answer_to(ASKED, said) is None


@pytest.mark.parametrize("said", BEHIND_OUR_QUESTION.values(), ids=BEHIND_OUR_QUESTION)
def test_what_stands_behind_our_question_is_not_followed(said: bytes) -> None:
    assert answer_to(ASKED, said) == "answered"


def test_all_of_it_over_a_real_socket_ends_in_one_answer() -> None:
    def everything(heard: bytes, _count: int) -> list[bytes]:
        false = [heard[:2] + one[2:] for one in HOSTILE.values()] + list(FOREIGN.values())
        right = DNS(id=DNS(heard).id, qr=1, qd=DNS(heard).qd, an=[DNSRR(rrname=NAME, type="A", rdata="192.0.2.7")])
        return [*false, bytes(right)]

    with reflector(everything) as port:
        (sample,) = asyncio.run(lookup(port).probe())

    assert sample.answered
