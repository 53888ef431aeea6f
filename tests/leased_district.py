"""Two hundred agents that want to test, one collector that lets them, and a bad network between, in virtual time.

The agents' loop, their lease office, the desk and its leases are the real ones; the network, the registry's disk and
the streams are ours. Whoever believes to hold a lease says so here, and what must never be is checked then.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry

from agent.clock import NS_PER_S
from agent.fold import Draft
from agent.http import Answer, Collector, Unanswered
from agent.lease import Granted, LeaseOffice, left_s
from agent.throughput import run_throughput_tests
from agent.working import WorkingTimes
from collector.refusal import Refusal
from collector.registry.agent import Agent
from collector.registry.registry import Registry
from collector.settings import Settings
from collector.throughput.budgets import Budgets
from collector.throughput.lease_desk import LeaseDesk
from collector.throughput.streams import begin
from collector.verdict.profiles import default_profiles
from tests.collector.builders import HERE
from tests.collector.live import a_district
from tests.virtual_time import WALL_NS, VirtualLoop
from wire.answers import Problem
from wire.codec import decode, encode
from wire.lease import LeaseEnd, LeaseRequest

STREAM_S = 5.0
HOUR_NS = 3_600 * NS_PER_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """How bad the way between agents and collector is. Each message is lost, late and doubled on its own."""

    lost: float = 0.1
    late: float = 0.15
    latest_s: float = 40.0
    doubled: float = 0.15

    def copies_s(self, dice: random.Random) -> list[float]:
        """When the copies of one message arrive; none when it is lost."""
        count = 0 if dice.random() < self.lost else 2 if dice.random() < self.doubled else 1
        return [
            dice.uniform(0, self.latest_s) if dice.random() < self.late else dice.expovariate(1 / 0.03)
            for _ in range(count)
        ]


@dataclass
class District:
    """The collector's side and all that is to be known of who tests when.

    `given` and `believers` say by which start of the collector a lease was given, and those that agents hold now.
    """

    loop: VirtualLoop
    network: Network
    seed: int
    bytes_a_day: int = 10**9
    given: dict[str, int] = field(default_factory=dict)
    believers: dict[str, int] = field(default_factory=dict)
    streaming: set[str] = field(default_factory=set)
    turns: Counter[str] = field(default_factory=Counter)
    cut_off: int = 0
    wrong: list[str] = field(default_factory=list)
    words: Counter[str] = field(default_factory=Counter)
    starts: int = 0

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.district = a_district()
        self.registry = Registry.open_registry("sqlite://")
        self.dying = asyncio.Event()
        self.start()

    def start(self) -> None:
        """A collector begins, and knows no lease of the one before; the connections to that one are gone."""
        self.dying.set()
        self.dying = asyncio.Event()
        self.starts += 1
        self.desk = LeaseDesk(
            district=self.district,
            profiles=default_profiles(),
            budgets=Budgets(
                self.registry.byte_ledger,
                dict.fromkeys(Settings().budgets, 10**12) | {"throughput_bytes_a_day": self.bytes_a_day},
                time_zone=self.district.timetable.time_zone,
                clock=self.now,
            ),
            every_s=0,
            capacity=None,
            off=None,
            clock=self.now,
            elapsed_ns=self.loop.ns,
            metrics=CollectorRegistry(),
        )

    def now(self) -> datetime:
        return datetime.fromtimestamp((WALL_NS + self.loop.ns()) / NS_PER_S, UTC)

    async def answer(self, agent: Agent, path: str, body: bytes) -> Answer:
        """What the collector says."""
        try:
            if path == "/v1/leases":
                starts = self.starts
                lease = await self.desk.ask(agent, decode(LeaseRequest, body))
                self.given.setdefault(lease.lease, starts)
                said = encode(lease)
            else:
                used = decode(LeaseEnd, body).used_bytes
                said = encode(await self.desk.end(agent, path.split("/")[3], used_bytes=used))
        except Refusal as refusal:
            self.words[refusal.word] += 1
            problem = encode(Problem(error=refusal.word, detail=refusal.detail))
            return Answer(status=refusal.status, headers={"content-type": "application/json"}, body=problem)
        return Answer(status=200, headers={"content-type": "application/json"}, body=said)

    def check(self, is_so: bool, otherwise: str) -> None:
        """Note what must never be: the agents' loop outlives whatever a test raises."""
        if not is_so:
            self.wrong.append(f"{self.loop.time():.3f} s: {otherwise}")

    def holds(self, agent: Agent, granted: Granted) -> bool:
        """Whether the collector knows of the lease that `agent` believes to hold."""
        try:
            self.desk.held(agent, granted.lease.lease)
        except Refusal:
            return False
        return True


class Way(Collector):
    """One agent's way to the collector."""

    def __init__(self, district: District, agent: Agent) -> None:
        self._district = district
        self._agent = agent
        self._under_way: set[asyncio.Task[None]] = set()

    async def ask(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Callable[[], bytes] | None = None,
        deadline_s: float = 30.0,
    ) -> Answer:
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        sent = body() if body is not None else b""
        for after_s in self._district.network.copies_s(self._district.dice):
            self._start(self._deliver(after_s, path, sent, answered))
        try:
            async with asyncio.timeout(deadline_s):
                return await answered
        except TimeoutError:
            raise Unanswered("timeout") from None

    async def _deliver(self, after_s: float, path: str, sent: bytes, answered: "asyncio.Future[Answer]") -> None:
        await asyncio.sleep(after_s)
        answer = await self._district.answer(self._agent, path, sent)
        for back_s in self._district.network.copies_s(self._district.dice):
            await asyncio.sleep(back_s)
            if not answered.done():
                answered.set_result(answer)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)


async def lives(district: District, number: int, *, interval_ns: int = HOUR_NS) -> None:
    """One agent, for ever."""
    agent = Agent(agent=f"{number:016x}", stays=(HERE,), role="room", enrolled_ms=0, revoked_ms=None)
    clock = district.loop.clock()
    office = LeaseOffice(Way(district, agent), token="t" * 43, clock=clock, sleep=asyncio.sleep)

    async def test(granted: Granted) -> Sequence[Draft]:
        starts = district.given[granted.lease.lease]
        others = [one for one, of_start in district.believers.items() if of_start == starts]
        district.check(not others, f"{others} hold a lease, and {agent.agent} too")
        known = district.holds(agent, granted) or starts != district.starts
        district.check(known, f"the lease of {agent.agent} had ended when it came")
        district.believers[agent.agent] = starts
        try:
            async with asyncio.timeout(left_s(granted, clock)):
                await asyncio.sleep(0.5)
                for direction in ("down", "up"):
                    if left_s(granted, clock) >= STREAM_S + 1:
                        district.turns[agent.agent] += await _streams(district, agent, granted, direction)
                if district.dice.random() < 0.2:  # busy: the lease is used up to its end
                    await asyncio.sleep(left_s(granted, clock))
        except TimeoutError:
            pass
        known = district.holds(agent, granted) or left_s(granted, clock) <= 0 or starts != district.starts
        district.check(known, f"the collector's lease ended before that of {agent.agent}")
        del district.believers[agent.agent]
        await office.end(granted.lease, used_bytes=1_000_000)
        return ()

    await run_throughput_tests(
        lambda: interval_ns,
        agent=agent.agent,
        ask=office.ask,
        test=test,
        working=WorkingTimes(),
        emit=lambda _draft: None,
        clock=clock,
        sleep=asyncio.sleep,
    )


async def _streams(district: District, agent: Agent, granted: Granted, direction: str) -> bool:
    """One stream, if the collector allows it; it dies with the connection. Whether it was whole."""
    try:
        held = district.desk.held(agent, granted.lease.lease)
    except Refusal:
        return False
    district.check(begin(held, "down" if direction == "down" else "up"), "a direction has a second stream")
    district.check(not district.streaming, f"{district.streaming} streams, and {agent.agent} too")
    district.streaming.add(agent.agent)
    dying = district.dying
    try:
        async with asyncio.timeout(STREAM_S):
            await dying.wait()
    except TimeoutError:
        return True
    finally:
        district.streaming.discard(agent.agent)
    district.cut_off += 1
    return False
