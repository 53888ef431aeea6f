"""A stream in either direction ends: when it is cut, and when its time is over."""

import socket
import time
from collections.abc import Sequence
from threading import Event, Thread
from typing import Literal

from tests.agent.fakes import hang
from tests.agent.streams import OK, Ended, Serve, faster, head_of, sends, stream


def test_a_stream_that_is_cut_from_outside_ends_then() -> None:
    for direction, serve in (("receive", sends(before=OK, every_s=4)), ("send", hang)):
        ended = stream(serve, direction, cut_after_s=0.2)  # type: ignore[arg-type]  # a loop forgets the literals
        assert ended.by in ("peer", "broken_answer", "timeout")
        assert ended.seconds < 3


def test_no_stream_takes_longer_than_its_time() -> None:
    """A collector that sends nothing, one that takes nothing, one that takes too little: all three side by side."""
    gone = Event()

    def takes_nothing(link: socket.socket) -> None:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        head_of(link)
        gone.wait(8)

    def takes_little(link: socket.socket) -> None:
        head_of(link)
        while link.recv(500):
            time.sleep(0.05)

    def sends_nothing(link: socket.socket) -> None:
        link.sendall(OK)
        gone.wait(8)

    found: dict[str, Ended] = {}
    cases: Sequence[tuple[str, Serve, Literal["receive", "send"]]] = [
        ("nothing came", sends_nothing, "receive"),
        ("nothing went", takes_nothing, "send"),
        ("little went", takes_little, "send"),
    ]
    threads = [
        Thread(target=lambda case=case: found.update({case[0]: stream(case[1], case[2], lease=faster())}))
        for case in cases
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(15)
    gone.set()

    assert {name: ended.by for name, ended in found.items()} == dict.fromkeys((case[0] for case in cases), "time")
    assert all(ended.stream.stalled_ns < 0.2e9 for ended in found.values()), "a path that takes nothing is no stall"
