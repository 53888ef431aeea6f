"""A whole test against a small collector that can go wrong in many ways."""

import asyncio
import json
import socket
import struct
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from threading import Event

from agent.clock import NS_PER_MS, NS_PER_S, system_clock
from agent.connection import TcpConnection
from agent.device import Device
from agent.effort import Exertion
from agent.http import Collector, Way
from agent.lease import Granted, LeaseOffice
from agent.machine import Machine
from agent.sample import Sample, SingleProbe
from agent.sufficiency import run_sufficiency_test
from tests.agent.fakes import TOKEN, tcp_server
from wire.codec import encode
from wire.lease import Arrived, Lease, LeaseAccount
from wire.reports import ThroughputReport
from wire.sufficiency import Arrivals, most_bytes
from wire.version import WIRE_VERSION

DOWN_BPS, UP_BPS = 1_000_000, 400_000
IDLE_MS = 4
AT_EASE = Machine(busy_s=1, idle_s=3)
OWN = Device(ceiling_bps=940_000_000, link_mbps=1000, full_duplex=True, on_battery=False)
LEASE = Lease(
    version=WIRE_VERSION,
    lease="9b05688c2b3e6c1f",
    valid_ms=20_000,
    down_bps=DOWN_BPS,
    up_bps=UP_BPS,
    down_bytes=most_bytes(DOWN_BPS),
    up_bytes=most_bytes(UP_BPS),
)
NO_ACCOUNT = b"HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


def reset(link: socket.socket) -> None:
    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    link.close()


@dataclass
class SmallCollector:
    """Serves the two streams and the end of a lease. `down_bps` is what it sends; it answers a stream up after 20 000
    bytes if `up_says` what it will say of it, and when it is decided otherwise."""

    down_bps: float = 8 * DOWN_BPS
    down_stalled_ms: int = 0
    up_stalled_ms: int = 0
    account: bool = True
    up_says: tuple[Arrived, ...] | None = None
    head_after_s: float = 0.0
    vanishes_in: str = ""
    hangs: bool = False
    seen: list[str] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)
    arrivals: Arrivals = field(default_factory=Arrivals)
    gone: Event = field(default_factory=Event)
    hung: Event = field(default_factory=Event)

    def __call__(self, link: socket.socket) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += link.recv(1)
        method, path, *_ = head.decode().split()
        self.seen.append(f"{method} {path.removeprefix(f'/v1/leases/{LEASE.lease}')}")
        if self.gone.is_set():
            reset(link)
        elif self.hung.is_set():
            self.gone.wait(12)
        elif path.endswith("/end"):
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            self.ended.append(json.loads(link.recv(length))["used_bytes"])
            link.sendall(self._account())
        else:
            time.sleep(self.head_after_s)
            (self._down if path.endswith("/down") else self._up)(link)

    def _account(self) -> bytes:
        if not self.account:
            return NO_ACCOUNT
        body = encode(
            LeaseAccount(
                version=WIRE_VERSION,
                down_stalled_ms=self.down_stalled_ms,
                up_stalled_ms=self.up_stalled_ms,
                down_bytes=650_000,
                up=self.arrivals.steps() if self.up_says is None else self.up_says,
            )
        )
        return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body

    def _down(self, link: socket.socket) -> None:
        link.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % LEASE.down_bytes)
        began = time.monotonic()
        while (elapsed := time.monotonic() - began) < 7:
            if self.vanishes_in == "down" and elapsed > 0.5:
                self.gone.set()
                return reset(link)
            if self.hangs and elapsed > 0.5:
                self.hung.set()
                self.gone.wait(12)
                return None
            rate_bps = min(self.down_bps, 1.25 * DOWN_BPS) if elapsed < 1.05 else self.down_bps
            link.sendall(bytes(int(rate_bps / 8 * 0.02)))
            time.sleep(0.02)
        return None

    def _up(self, link: socket.socket) -> None:
        began = time.monotonic()
        while data := link.recv(65_536):
            at_ms = int((time.monotonic() - began) * 1000)
            self.arrivals.add(at_ms, len(data))
            known = self.up_says is not None or not self.account or self.vanishes_in == "up"
            if self.arrivals.total_bytes >= 20_000 if known else self.arrivals.decided(UP_BPS, at_ms) is not None:
                break
        if self.vanishes_in == "up":
            self.gone.set()
            return reset(link)
        return link.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")


class NoName(Collector):
    """The look-up of its name never ends."""

    def __init__(self, url: str, let_go: Event) -> None:
        super().__init__(url)
        self._let_go = let_go

    @contextmanager
    def connected(self, tcp: TcpConnection) -> Iterator[Way]:
        self._let_go.wait(30)
        with super().connected(tcp) as way:
            yield way


@dataclass
class Outcome:
    """The reports by direction, what the collector saw, and how long it all took."""

    reports: Mapping[str, ThroughputReport]
    collector: SmallCollector
    seconds: float
    error: BaseException | None = None

    @property
    def down(self) -> ThroughputReport:
        return self.reports["down"]

    @property
    def up(self) -> ThroughputReport:
        return self.reports["up"]


def answered(rtts_ms: Callable[[int], float | None]) -> SingleProbe:
    """A probe whose n-th round trip takes so long; ``None`` is silence."""
    count = 0

    async def probe() -> Sample:
        nonlocal count
        count += 1
        sent_ns, took_ms = system_clock().boot_ns(), rtts_ms(count)
        if took_ms is None:
            return Sample(sent_ns=sent_ns, method="stamp", failure="no_answer")
        await asyncio.sleep(took_ms / 1000)
        return Sample(sent_ns=sent_ns, method="stamp", rtt_ns=int(took_ms * NS_PER_MS))

    return probe


def breaks_at_15(count: int) -> float:
    if count >= 15:
        raise ZeroDivisionError
    return IDLE_MS


async def outcome(
    small: SmallCollector,
    servers: ExitStack,
    *,
    rtts_ms: Callable[[int], float | None] = lambda _count: IDLE_MS,
    own: Device = OWN,
    lease_s: float = 20.0,
    no_name: bool = False,
) -> Outcome:
    url = f"http://127.0.0.1:{servers.enter_context(tcp_server(small))}"
    clock, let_go = system_clock(), Event()
    client = NoName(url, let_go) if no_name else Collector(url)

    @contextmanager
    def watches() -> Iterator[Sequence[SingleProbe]]:
        yield (answered(rtts_ms),)

    def at_ease() -> Exertion:
        return Exertion(boot_ns=clock.boot_ns(), machine=AT_EASE, own_ns=0, held_back_us=0)

    async def device() -> Device:
        return own

    async def at_once(_seconds: float) -> None:
        return

    began, error, drafts = time.monotonic(), None, []
    try:
        drafts = await run_sufficiency_test(
            Granted(lease=LEASE, ends_ns=clock.boot_ns() + int(lease_s * NS_PER_S)),
            LeaseOffice(Collector(url), token=TOKEN, clock=clock, sleep=at_once),
            collector=client,
            token=TOKEN,
            watches=watches,
            device=device,
            exerted=at_ease,
            clock=clock,
            sleep=at_once,
        )
    except Exception as raised:  # noqa: BLE001 - some tests are about it
        error = raised
    seconds = time.monotonic() - began
    let_go.set()
    small.gone.set()
    reports = [draft(seq=number) for number, draft in enumerate(drafts, start=1)]
    assert all(isinstance(one, ThroughputReport) for one in reports)
    by_direction: dict[str, ThroughputReport] = {
        one.direction: one for one in reports if isinstance(one, ThroughputReport)
    }
    return Outcome(by_direction, small, seconds, error)
