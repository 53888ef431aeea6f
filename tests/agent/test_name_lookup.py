import asyncio
from collections.abc import Callable

import pytest

from agent.name_lookup import MOST_FOREIGN, NameLookup
from agent.sample import Sample
from tests.agent.dns_answers import REFUSED, SERVER_FAILURE, TRUNCATED, answer, with_number
from tests.agent.fakes import Answers, MovedClock, reflector

HERE = ("127.0.0.1",)


def lookup(
    port: int, *, number: int = 1, timeout_ms: int = 2000, find: Callable[[], tuple[str, ...]] = lambda: HERE
) -> NameLookup:
    return NameLookup(
        number, "lms.example.org", port=port, timeout_ms=timeout_ms, clock=MovedClock().clock(), find=find
    )


def asked(answers: Answers, *, timeout_ms: int = 2000) -> Sample:
    with reflector(answers) as port:
        (sample,) = asyncio.run(lookup(port, timeout_ms=timeout_ms).probe())
    return sample


def test_an_answer_is_timed() -> None:
    sample = asked(lambda packet, count: [answer(packet)])

    assert sample.method == "dns"
    assert sample.rtt_ns is not None
    assert sample.rtt_ns > 0


def test_a_resolver_on_ipv6_is_asked() -> None:
    with reflector(lambda packet, count: [answer(packet)], "::1") as port:
        (sample,) = asyncio.run(lookup(port, find=lambda: ("::1",)).probe())

    assert sample.answered


@pytest.mark.parametrize("code", [SERVER_FAILURE, REFUSED])
def test_a_resolver_that_says_no_has_failed(code: int) -> None:
    assert asked(lambda packet, count: [answer(packet, code=code)]).failure == "server_failed"


def test_a_truncated_answer_is_an_answer() -> None:
    assert asked(lambda packet, count: [answer(packet, flags=TRUNCATED, records=b"", count=0)]).answered


FALSE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda packet: b"",
    "garbage": lambda packet: b"\0" * 40,
    "the question itself": lambda packet: packet,
    "another id": lambda packet: with_number(answer(packet), (int.from_bytes(packet[:2]) + 1) % 2**16),
    "another question": lambda packet: answer(packet.replace(b"lms", b"sml")),
    "cut short": lambda packet: answer(packet)[:14],
    "huge": lambda packet: bytes(60_000),
}


@pytest.mark.parametrize("false", FALSE.values(), ids=FALSE)
def test_what_answers_nothing_is_passed_over_for_what_does(false: Callable[[bytes], bytes]) -> None:
    assert asked(lambda packet, count: [false(packet)], timeout_ms=200).failure == "no_answer"
    assert asked(lambda packet, count: [false(packet), answer(packet)]).answered


def test_a_flood_of_false_answers_ends_the_question() -> None:
    assert asked(lambda packet, count: [b"no"] * MOST_FOREIGN, timeout_ms=60_000).failure == "no_answer"


def test_silence_is_a_loss_after_the_timeout() -> None:
    assert asked(lambda packet, count: [], timeout_ms=100).failure == "no_answer"


def test_a_machine_on_which_no_resolver_runs_says_so() -> None:
    with reflector() as port:
        pass
    (sample,) = asyncio.run(lookup(port).probe())

    assert sample.failure == "unreachable"


def test_no_way_there_is_a_result() -> None:
    # RFC 6666's discard prefix: routed nowhere
    (sample,) = asyncio.run(lookup(53, find=lambda: ("100::1",), timeout_ms=200).probe())

    assert sample.failure in ("unreachable", "no_answer", "refused_to_send")


def test_where_there_is_no_such_resolver_there_is_no_sample() -> None:
    with reflector(lambda packet, count: [answer(packet)]) as port:
        assert asyncio.run(lookup(port, number=2).probe()) == ()
        assert asyncio.run(lookup(port, find=tuple).probe()) == ()


def test_each_question_has_its_own_number_and_its_own_port() -> None:
    numbers: list[bytes] = []

    async def work(port: int) -> None:
        one = lookup(port)
        for _ in range(20):
            await one.probe()

    def note(packet: bytes, _count: int) -> list[bytes]:
        numbers.append(packet[:2])
        return [answer(packet)]

    with reflector(note) as port:
        asyncio.run(work(port))

    assert len(set(numbers)) > 15
    assert [int.from_bytes(one) for one in numbers] != sorted(int.from_bytes(one) for one in numbers)


def test_a_resolver_that_was_replaced_meanwhile_has_not_failed() -> None:
    known = [HERE]
    with reflector(lambda packet, count: []) as port:
        one = lookup(port, timeout_ms=100, find=lambda: known[0])
        (silent,) = asyncio.run(one.probe())
        known[0] = ("127.0.0.2",)  # another network, on which the old one cannot be reached
        moved = asyncio.run(one.probe())

    assert silent.failure == "no_answer"
    assert moved == ()


def test_the_list_of_resolvers_is_read_again_after_a_minute() -> None:
    moved = MovedClock(frozen=True)
    read: list[int] = []

    def find() -> tuple[str, ...]:
        read.append(moved.boot_ns)
        return HERE

    async def work(port: int) -> None:
        one = NameLookup(1, "lms.example.org", port=port, timeout_ms=2000, clock=moved.clock(), find=find)
        for _ in range(5):
            assert (await one.probe())[0].answered
            moved.boot_ns += 25_000_000_000

    with reflector(lambda packet, count: [answer(packet)]) as port:
        asyncio.run(work(port))

    assert len(read) == 2
