"""The two ends of our latency probes as processes of their own.

``reflect PORT`` answers for ever, as the collector does; ``stamp HOST PORT COUNT INTERVAL_MS`` and ``icmp HOST 0 COUNT
INTERVAL_MS`` probe as the agent does and print the round trips in microseconds, ``null`` for a lost one.
"""

import asyncio
import json
import math
import socket
import sys
import threading
import time

from prometheus_client import CollectorRegistry

from agent.clock import system_clock
from agent.icmp import IcmpPackets
from agent.place import Place
from agent.session import Packets, Session
from agent.stamp import StampPackets
from collector.reflector import Reflector

TIMEOUT_MS = 2000
LEAST_MS = 20
"""Between two packets of one session; faster probing takes more of them, because a reflector bounds what it answers a
sender."""


def main() -> None:
    """Reflect until killed, or probe."""
    if sys.argv[1] == "reflect":
        Reflector("0.0.0.0", int(sys.argv[2]), CollectorRegistry()).start()
        print("listening", flush=True)
        threading.Event().wait()
    method, host, port, count, interval_ms = sys.argv[1:]
    print(json.dumps(asyncio.run(_probe(method, host, int(port), int(count), float(interval_ms) / 1000))))


async def _probe(method: str, host: str, port: int, count: int, interval_s: float) -> list[float | None]:
    clock = system_clock()

    def session() -> Session:
        packets: Packets = StampPackets(clock) if method == "stamp" else IcmpPackets()
        return Session(packets, Place(lambda: host, port, socket.SOCK_DGRAM), timeout_ms=TIMEOUT_MS, clock=clock)

    sessions = [session() for _ in range(math.ceil(LEAST_MS / 1000 / interval_s))]
    for one in sessions:
        await one.probe()  # opens the socket and finds the neighbour
    began_s = time.monotonic()
    under_way = []
    for number in range(count):
        await asyncio.sleep(max(0.0, began_s + number * interval_s - time.monotonic()))
        under_way.append(asyncio.create_task(sessions[number % len(sessions)].probe()))
    samples = [await one for one in under_way]
    for one in sessions:
        one.close()
    return [one.rtt_ns / 1000 if one.rtt_ns is not None else None for one in samples]


if __name__ == "__main__":
    main()
