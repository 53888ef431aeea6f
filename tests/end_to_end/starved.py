"""An agent on a machine whose processors others hold: it gets a fifth of each second."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.end_to_end.agent_process import AgentFolder

HELD_S, FREE_S = 0.8, 0.2
"""So little that less than half of ten probes a second are sent, and so often that it is not taken for sleep."""


@contextmanager
def starved(agent: AgentFolder) -> Iterator[None]:
    """The running agent is, within the block."""
    over = threading.Event()

    def hold() -> None:
        assert agent.running is not None
        while not over.wait(FREE_S):
            agent.running.signal(signal.SIGSTOP)
            over.wait(HELD_S)
            agent.running.signal(signal.SIGCONT)

    thread = threading.Thread(target=hold, name="whoever holds the processors")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
