"""Two hundred agents that want to test, one collector that lets them, and a bad network between, in virtual time.

The agents' loop, their lease office, the desk and its leases are the real ones; the network, the registry's disk and
the streams are ours. Whoever believes to hold a lease says so here, and what must never be is checked then.
"""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from prometheus_client import CollectorRegistry

from agent.clock import NS_PER_S
from agent.fold import Draft
from agent.http import Answer, Collector, Unanswered
from agent.lease import Granted, LeaseOffice, left_s
from agent.throughput import run_throughput_tests
from agent.working import WorkingTimes
from collector.district.district import District as CollectorsDistrict
from collector.refusal import Refusal
from collector.registry.agent import Agent, Stay
from collector.registry.registry import Registry
from collector.settings import Settings
from collector.throughput.budgets import Budgets
from collector.throughput.lease_desk import LeaseDesk
from collector.throughput.leases import Server
from collector.throughput.streams import begin
from collector.throughput.wishes import CapacityPlan
from collector.verdict.profiles import default_profiles
from tests.collector.live import a_district
from tests.virtual_time import WALL_NS, VirtualLoop
from wire.answers import Problem
from wire.codec import decode, encode
from wire.enrolment import Role
from wire.lease import LeaseEnd, LeaseKind, LeaseRequest
from wire.report_words import Direction

STREAM_S = {"sufficiency": 5.0, "capacity": 10.0}
OFFERS_BPS = 1_250_000
"""What a sufficiency test offers."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an agent stands, and what its tests go through: how many bits per second that carries, ``None`` unknown."""

    stay: Stay
    role: Role = "room"
    shares: Mapping[str, int | None] = field(default_factory=lambda: {"egress": None})


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """A test under way, as an agent believes."""

    agent: str
    kind: LeaseKind
    shares: Mapping[str, int | None]

    __test__ = False


def crowded(tests: Iterable[Test]) -> list[str]:
    """The bottlenecks on which these tests must not run together."""
    by_name: dict[str, list[Test]] = defaultdict(list)
    for one in tests:
        for name in one.shares:
            by_name[name].append(one)
    found = []
    for name, there in by_name.items():
        carries = there[0].shares[name]
        little = carries is not None and len(there) * OFFERS_BPS <= 0.02 * carries
        if len(there) > 1 and (not little or any(one.kind == "capacity" for one in there)):
            found.append(f"{name}: {', '.join(f'{one.agent} {one.kind}' for one in there)}")
    return found


@dataclass
class District:
    """The collector's side and all that is to be known of who tests when.

    `given` says by which start of the collector a lease was given, `believers` which tests agents believe to be allowed
    now, by that start. `streaming` are the tests whose bytes flow.
    """

    loop: VirtualLoop
    network: Network
    seed: int
    bytes_a_day: int = 10**9
    made: CollectorsDistrict = field(default_factory=a_district)
    given: dict[str, int] = field(default_factory=dict)
    believers: dict[int, list[Test]] = field(default_factory=lambda: defaultdict(list))
    streaming: list[Test] = field(default_factory=list)
    most_at_once: int = 0
    tested: Counter[LeaseKind] = field(default_factory=Counter)
    turns: Counter[str] = field(default_factory=Counter)
    cut_off: int = 0
    wrong: list[str] = field(default_factory=list)
    words: Counter[str] = field(default_factory=Counter)
    starts: int = 0

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.registry = Registry.open_registry("sqlite://")
        self.dying = asyncio.Event()
        self.start()

    def start(self) -> None:
        """A collector begins, and knows no lease of the one before; the connections to that one are gone."""
        self.dying.set()
        self.dying = asyncio.Event()
        self.starts += 1
        self.desk = LeaseDesk(
            district=self.made,
            profiles=default_profiles(),
            budgets=Budgets(
                self.registry.byte_ledger,
                dict.fromkeys(Settings().budgets, 10**12) | {"throughput_bytes_a_day": self.bytes_a_day},
                time_zone=self.made.time_zone,
                clock=self.now,
            ),
            every_s=0,
            capacity=CapacityPlan(server=Server(host=None, port=8630), most_bytes=10**6),
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


async def lives(
    district: District, number: int, place: Place, *, kind: LeaseKind = "sufficiency", interval_ns: int | None = HOUR_NS
) -> None:
    """One agent, for ever, as far as it makes tests of this kind."""
    agent = Agent(agent=f"{number:016x}", stays=(place.stay,), role=place.role, enrolled_ms=0, revoked_ms=None)
    clock = district.loop.clock()
    office = LeaseOffice(Way(district, agent), token="t" * 43, clock=clock, sleep=asyncio.sleep)

    async def test(granted: Granted) -> Sequence[Draft]:
        starts = district.given[granted.lease.lease]
        district.check(granted.lease.kind == kind, f"{agent.agent} asked for {kind}")
        known = district.holds(agent, granted) or starts != district.starts
        district.check(known, f"the lease of {agent.agent} had ended when it came")
        one = Test(agent=agent.agent, kind=kind, shares=place.shares)
        together = district.believers[starts]
        together.append(one)
        district.check(not crowded(together), f"together on {crowded(together)}")
        try:
            async with asyncio.timeout(left_s(granted, clock)):
                await asyncio.sleep(0.5)
                for direction in ("down", "up"):
                    if left_s(granted, clock) >= STREAM_S[kind] + 1:
                        district.turns[agent.agent] += await _streams(district, agent, granted, one, direction)
                if district.dice.random() < 0.2:  # busy: the lease is used up to its end
                    await asyncio.sleep(left_s(granted, clock))
        except TimeoutError:
            pass
        known = district.holds(agent, granted) or left_s(granted, clock) <= 0 or starts != district.starts
        district.check(known, f"the collector's lease ended before that of {agent.agent}")
        together.remove(one)
        district.tested[kind] += 1
        await office.end(granted.lease, used_bytes=1_000_000)
        return ()

    await run_throughput_tests(
        lambda: interval_ns,
        agent=agent.agent,
        ask=partial(office.ask, kind),
        test=test,
        working=WorkingTimes(),
        emit=lambda _draft: None,
        clock=clock,
        sleep=asyncio.sleep,
        kind=kind,
        wanted_now=lambda: district.desk.turns.wanted(agent.agent) if kind == "capacity" else None,
        allowed=lambda: True,
    )


async def _streams(district: District, agent: Agent, granted: Granted, one: Test, direction: Direction) -> bool:
    """One stream, if the collector allows it; it dies with the connection. Whether it was whole."""
    try:
        held = district.desk.held(agent, granted.lease.lease)
    except Refusal:
        return False
    district.check(begin(held, direction), "a direction has a second stream")
    district.streaming.append(one)
    district.most_at_once = max(district.most_at_once, len(district.streaming))
    district.check(not crowded(district.streaming), f"streams together on {crowded(district.streaming)}")
    dying = district.dying
    try:
        async with asyncio.timeout(STREAM_S[one.kind]):
            await dying.wait()
    except TimeoutError:
        return True
    finally:
        district.streaming.remove(one)
    district.cut_off += 1
    return False
