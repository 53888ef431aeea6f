import asyncio
from collections.abc import Iterator

from agent.sample import Sample, SingleProbe
from agent.stand_in import BLOCKED_AFTER, SPARSE, StandIn
from wire.reports import LatencyMethod

Fates = Iterator[bool]


class Network:
    """Whether each kind of traffic passes now, and how often it was tried."""

    def __init__(self, *methods: LatencyMethod) -> None:
        self.methods: tuple[LatencyMethod, ...] = methods or ("stamp", "tcp_connect")
        self.passes = dict.fromkeys(self.methods, True)
        self.tried = dict.fromkeys(self.methods, 0)

    def probe(self, method: LatencyMethod) -> SingleProbe:
        async def probe() -> Sample:
            self.tried[method] += 1
            if self.passes[method]:
                return Sample(sent_ns=0, method=method, rtt_ns=1)
            return Sample(sent_ns=0, method=method, failure="no_answer")

        return probe

    def stand_in(self) -> StandIn:
        first, *others = (self.probe(method) for method in self.methods)
        return StandIn(first, others, alias="district")


def call(stand_in: StandIn, times: int) -> list[Sample]:
    async def work() -> list[Sample]:
        return [sample for _ in range(times) for sample in await stand_in()]

    return asyncio.run(work())


def test_tcp_is_never_tried_while_udp_answers() -> None:
    network = Network()

    samples = call(network.stand_in(), 100)

    assert network.tried == {"stamp": 100, "tcp_connect": 0}
    assert {sample.method for sample in samples} == {"stamp"}


def test_blocked_udp_is_noticed_and_then_only_felt_for_sparsely() -> None:
    network = Network()
    network.passes["stamp"] = False
    stand_in = network.stand_in()
    call(stand_in, BLOCKED_AFTER)
    assert stand_in.blocked
    network.tried = {"stamp": 0, "tcp_connect": 0}

    samples = call(stand_in, 10 * SPARSE)

    assert network.tried == {"stamp": 10, "tcp_connect": 10}
    assert [sample.method for sample in samples] == ["tcp_connect"] * 10


def test_a_single_answer_brings_udp_back() -> None:
    network = Network()
    network.passes["stamp"] = False
    stand_in = network.stand_in()
    call(stand_in, 3 * SPARSE)
    network.passes["stamp"] = True

    call(stand_in, SPARSE)
    samples = call(stand_in, 20)

    assert not stand_in.blocked
    assert [sample.method for sample in samples] == ["stamp"] * 20


def test_an_outage_of_both_is_not_a_block() -> None:
    network = Network()
    network.passes = {"stamp": False, "tcp_connect": False}
    stand_in = network.stand_in()

    samples = call(stand_in, 60)

    assert not stand_in.blocked
    assert network.tried["stamp"] == 60
    assert network.tried["tcp_connect"] == 60 // SPARSE
    assert not any(sample.answered for sample in samples)


def test_a_gateway_that_drops_two_kinds_is_measured_by_the_third() -> None:
    network = Network("icmp", "tcp_connect", "arp")
    network.passes["icmp"] = network.passes["tcp_connect"] = False
    stand_in = network.stand_in()
    call(stand_in, BLOCKED_AFTER)
    network.tried = dict.fromkeys(network.methods, 0)

    samples = call(stand_in, 10 * SPARSE)

    assert stand_in.blocked
    assert network.tried == {"icmp": 10, "tcp_connect": 10, "arp": 10}
    assert [(one.method, one.answered) for one in samples] == [("tcp_connect", False), ("arp", True)] * 10


def test_a_third_kind_is_never_tried_while_the_second_answers() -> None:
    network = Network("icmp", "tcp_connect", "arp")
    network.passes["icmp"] = False

    call(network.stand_in(), 10 * SPARSE)

    assert network.tried["tcp_connect"] >= 10
    assert network.tried["arp"] == 0


def test_what_nothing_stands_in_for_is_tried_at_every_call() -> None:
    network = Network("tcp_connect")
    network.passes["tcp_connect"] = False

    samples = call(network.stand_in(), 50)

    assert [sample.answered for sample in samples] == [False] * 50


def test_single_losses_do_not_make_a_block() -> None:
    network = Network()
    stand_in = network.stand_in()
    for _ in range(50):
        network.passes["stamp"] = False
        call(stand_in, BLOCKED_AFTER - 1)
        network.passes["stamp"] = True
        call(stand_in, 1)

    assert not stand_in.blocked
