import asyncio
import socket
import threading

import pytest

from agent.place import NoPlace, Place


def test_a_slow_resolver_is_waited_for_no_longer_than_the_deadline_and_asked_once() -> None:
    asked = []
    let_go = threading.Event()

    def find() -> str:
        asked.append(1)
        let_go.wait(5)
        return "127.0.0.1"

    async def work() -> int:
        place = Place(find, 9, socket.SOCK_DGRAM)
        for _ in range(3):
            with pytest.raises(NoPlace, match="name_not_resolved"):
                await place.addresses(0.02)
        let_go.set()
        return len(await place.addresses(5))

    assert asyncio.run(work()) == 1
    assert len(asked) == 1


def test_addresses_are_remembered_until_forgotten() -> None:
    asked = []

    def find() -> str:
        asked.append(1)
        return "127.0.0.1"

    async def work() -> None:
        place = Place(find, 9, socket.SOCK_DGRAM)
        first = await place.addresses(5)
        assert await place.addresses(5) == first
        assert len(asked) == 1
        place.forget()
        await place.addresses(5)

    asyncio.run(work())
    assert len(asked) == 2


def test_a_hung_resolver_does_not_outlive_the_loop() -> None:
    let_go = threading.Event()

    def find() -> str:
        let_go.wait(5)
        return "127.0.0.1"

    async def work() -> None:
        with pytest.raises(NoPlace):
            await Place(find, 9, socket.SOCK_DGRAM).addresses(0.01)

    asyncio.run(work())
    let_go.set()
