"""Paths of a made-up network, in time that passes only while the walk waits."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address

from agent.flow import Answer, Said
from agent.hop_role import HopRoles
from agent.walk import MOST_S, SPACING_S, TRIES, Walk
from wire.path_report import MAX_HOPS, Hop

TARGET = "198.51.100.9"
STEP_NS = 1_000_000


@dataclass
class Network:
    """Answers packet `number` that lives `ttl` steps as `answers` says, a millisecond later for each step."""

    answers: Callable[[int, int], Said | None]
    now_ns: int = 0
    sent: list[tuple[int, int, int]] = field(default_factory=list)
    coming: list[tuple[int, Answer]] = field(default_factory=list)
    foreign: list[Answer] = field(default_factory=list)

    def send(self, ttl: int, number: int) -> int:
        self.sent.append((self.now_ns, ttl, number))
        said = self.answers(ttl, number)
        if said is not None:
            address = TARGET if said == "here" else f"10.0.0.{ttl}"
            self.coming.append((self.now_ns + ttl * STEP_NS, Answer(number, address, said)))
        return self.now_ns

    def wait(self, seconds: float) -> Sequence[tuple[Answer, int]]:
        until_ns = self.now_ns + round(seconds * 1e9)
        self.coming.sort(key=lambda one: one[0])
        if self.coming and self.coming[0][0] <= until_ns:
            at_ns, answer = self.coming.pop(0)
            self.now_ns = max(self.now_ns, at_ns)
            return [(answer, self.now_ns), *((one, self.now_ns) for one in self.foreign)]
        self.now_ns = until_ns
        return []

    def walk(self) -> Walk:
        walk = Walk(self.send, self.wait, lambda: self.now_ns)
        walk.run()
        return walk


def routers(
    count: int, *, silent: Sequence[int] = (), target: Said | None = "here"
) -> Callable[[int, int], Said | None]:
    def answers(ttl: int, number: int) -> Said | None:
        if ttl > count:
            return target
        return None if ttl in silent else "passed_on"

    return answers


def hops(walk: Walk) -> tuple[Hop, ...]:
    return walk.hops(HopRoles(alias="district", target=ip_address(TARGET)))


def test_every_step_is_asked_three_times_and_the_target_is_the_last() -> None:
    network = Network(routers(4))
    walk = network.walk()

    assert walk.reached
    assert [(hop.ttl, hop.sent, hop.received, hop.min_us) for hop in hops(walk)] == [
        (ttl, 3, 3, ttl * 1000) for ttl in range(1, 6)
    ]
    assert [hop.role for hop in hops(walk)] == ["gateway", None, None, None, "district"]


def test_no_more_than_fifty_packets_a_second() -> None:
    network = Network(routers(20, silent=[3, 4]))
    network.walk()
    times = [at_ns for at_ns, _, _ in network.sent]
    assert all(later - one >= SPACING_S * 1e9 for one, later in itertools.pairwise(times))


def test_a_silent_router_is_a_step_without_a_role() -> None:
    walk = Network(routers(4, silent=[2])).walk()
    assert hops(walk)[1] == Hop(ttl=2, role=None, sent=3, received=0, min_us=None)
    assert walk.reached


def test_seven_silent_routers_in_a_row_do_not_hide_the_target() -> None:
    assert Network(routers(8, silent=range(2, 9))).walk().reached


def test_a_silent_target_is_one_silent_step_behind_the_last_router() -> None:
    network = Network(routers(3, target=None))
    walk = network.walk()
    assert not walk.reached
    assert [(hop.ttl, hop.received) for hop in hops(walk)] == [(1, 3), (2, 3), (3, 3), (4, 0)]
    assert max(ttl for _, ttl, _ in network.sent) < MAX_HOPS


def test_a_router_that_bars_the_way_is_the_last_step_and_the_target_was_not_reached() -> None:
    walk = Network(lambda ttl, _: "passed_on" if ttl < 3 else "no_way").walk()
    assert not walk.reached
    assert [hop.ttl for hop in hops(walk)] == [1, 2, 3]


def test_where_nothing_answers_there_are_no_steps() -> None:
    network = Network(lambda _ttl, _number: None)
    walk = network.walk()
    assert (hops(walk), walk.reached) == ((), False)


def test_a_way_without_an_end_is_followed_for_32_steps_and_within_the_time() -> None:
    network = Network(lambda _ttl, _number: "passed_on")
    walk = network.walk()
    assert not walk.reached
    assert [hop.ttl for hop in hops(walk)] == list(range(1, MAX_HOPS + 1))
    assert len(network.sent) == MAX_HOPS * TRIES
    assert network.now_ns <= MOST_S * 1e9


def test_the_worst_network_takes_no_longer_than_ten_seconds() -> None:
    network = Network(lambda ttl, _number: "passed_on" if ttl % 8 == 1 else None)
    network.walk()
    assert network.now_ns <= MOST_S * 1e9


def test_a_second_answer_and_one_to_nothing_sent_are_not_counted() -> None:
    network = Network(
        routers(1), foreign=[Answer(0, "10.9.9.9", "here"), Answer(5000, TARGET, "here"), Answer(-1, TARGET, "here")]
    )
    walk = network.walk()
    assert [(hop.sent, hop.received) for hop in hops(walk)] == [(3, 3), (3, 3)]
    assert hops(walk)[0].role == "gateway"
