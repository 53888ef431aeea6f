"""Two machines on a cable: at one end what answers, at the other what measures. Needs root, and what it runs."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

from tests.end_to_end.namespace import Namespace, namespace

SERVER, CLIENT = "10.85.0.1", "10.85.0.2"
STAMP_PORT, IRTT_PORT = 8620, 2112
ICMP_DATA_BYTES = 44
"""As our own echo requests and STAMP's packets have."""

Times = list[float | None]
"""Round trips in microseconds, ``None`` lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Each end is a namespace."""

    server: Namespace
    client: Namespace

    def shape(self, bps: int, queue_ms: int) -> None:
        """From now on what goes to the client passes a queue."""
        rate = ("rate", f"{bps}bit", "burst", "4000", "latency", f"{queue_ms}ms")
        self.server.run("tc", "qdisc", "replace", "dev", "line", "root", "tbf", *rate)

    def lose(self, permille: int) -> None:
        """From now on so many of a thousand packets for the server are dropped at random, and counted."""
        self.pass_all()
        text = (
            "table inet bench {\n"
            "counter echo_seen { }\ncounter echo_dropped { }\ncounter stamp_seen { }\ncounter stamp_dropped { }\n"
            "counter irtt_seen { }\ncounter irtt_dropped { }\n"
            "chain input { type filter hook input priority 0\n"
            + "".join(
                f"{match} counter name {name}_seen\n"
                f"{match} numgen random mod 1000 < {permille} counter name {name}_dropped drop\n"
                for name, match in (
                    ("echo", "icmp type echo-request"),
                    ("stamp", f"udp dport {STAMP_PORT}"),
                    ("irtt", f"udp dport {IRTT_PORT}"),
                )
            )
            + "}\n}\n"
        )
        self.server.run("nft", "--file", "-", text=text)

    def pass_all(self) -> None:
        """Drop nothing any more."""
        self.server.run("nft", "flush", "ruleset")

    def dropped(self, name: str) -> tuple[int, int]:
        """Packets of ``echo``, ``stamp`` or ``irtt`` that came, and that were dropped, since `lose`."""
        listed = json.loads(self.server.run("nft", "--json", "list", "counters"))["nftables"]
        packets = {one["counter"]["name"]: int(one["counter"]["packets"]) for one in listed if "counter" in one}
        return packets[f"{name}_seen"], packets[f"{name}_dropped"]

    def start(self, place: Namespace, command: Sequence[str]) -> "subprocess.Popen[str]":
        """Run `command` there."""
        return subprocess.Popen([*place.command(), *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def ours(self, method: str, count: int, interval_ms: float) -> "subprocess.Popen[str]":
        """Our probe, begun."""
        ends = [sys.executable, "-m", "tests.bench.accuracy.ends"]
        return self.start(self.client, [*ends, method, SERVER, str(STAMP_PORT), str(count), str(interval_ms)])

    def fping(self, count: int, interval_ms: float) -> "subprocess.Popen[str]":
        """fping, begun."""
        size, every = str(ICMP_DATA_BYTES), f"{interval_ms:g}"
        return self.start(self.client, ["fping", "-q", "-C", str(count), "-p", every, "-t", "2000", "-b", size, SERVER])

    def download(self, seconds: float) -> "subprocess.Popen[str]":
        """Fill the queue towards the client, and return when it is full."""
        options = ["--client", SERVER, "--reverse", "--congestion", "cubic", "--forceflush", "--interval", "1"]
        load = self.start(self.client, ["iperf3", *options, "--time", f"{seconds:.0f}"])
        assert load.stdout is not None
        for _ in range(8):  # three lines of greeting, five seconds
            load.stdout.readline()
        return load

    def irtt(self, count: int, interval_ms: float) -> "subprocess.Popen[str]":
        """irtt, begun."""
        lasts, every = f"{count * interval_ms:g}ms", f"{interval_ms:g}ms"
        return self.start(self.client, ["irtt", "client", "-Q", "-d", lasts, "-i", every, "-o", "-", SERVER])


def read_ours(process: "subprocess.Popen[str]") -> Times:
    """What our probe printed."""
    said, wrong = process.communicate()
    assert process.returncode == 0, wrong
    times: Times = json.loads(said)
    return times


def read_fping(process: "subprocess.Popen[str]") -> Times:
    """fping prints milliseconds, a hyphen for a lost one, after the address and a colon."""
    _, said = process.communicate()
    words = said.strip().splitlines()[-1].partition(":")[2].split()
    return [None if word == "-" else float(word) * 1000 for word in words]


def read_irtt(process: "subprocess.Popen[str]") -> Times:
    """irtt prints nanoseconds."""
    said, wrong = process.communicate()
    assert process.returncode == 0, wrong
    trips = json.loads(said)["round_trips"]
    return [one["delay"]["rtt"] / 1000 if "rtt" in one["delay"] else None for one in trips]


@contextmanager
def line() -> Iterator[Line]:
    """An unshaped one, with the reflector and the servers of irtt and iperf3 at its end."""
    with ExitStack() as stack:
        made = Line(server=stack.enter_context(namespace("answers")), client=stack.enter_context(namespace("asks")))
        ends = ("name", "line", "type", "veth", "peer", "name", "line", "netns", made.client.name)
        made.server.run("ip", "link", "add", *ends)
        for place, address in ((made.server, SERVER), (made.client, CLIENT)):
            place.run("ip", "address", "add", f"{address}/24", "dev", "line")
            place.run("ip", "link", "set", "line", "up")
        for command, ready in (
            ([sys.executable, "-m", "tests.bench.accuracy.ends", "reflect", str(STAMP_PORT)], "listening"),
            (["irtt", "server", "-b", f"{SERVER}:{IRTT_PORT}", "-i", "0"], "starting"),
            (["iperf3", "--server", "--forceflush"], "Server listening"),
        ):
            server = made.start(made.server, command)
            stack.callback(end, server)
            assert server.stdout is not None
            while ready not in (said := server.stdout.readline()):
                assert said or server.poll() is None, f"{command[0]} did not start"
        yield made


def end(process: "subprocess.Popen[str]") -> None:
    """End what was started."""
    with suppress(ProcessLookupError):
        process.kill()
    process.communicate()
