"""One batch of one agent, from bytes to the acknowledgement."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from collector.ingest.accounts import Accounts
from collector.ingest.decode import Received, decode_batch, inflate
from collector.ingest.group_commit import GroupCommit
from collector.registry.agent import Agent
from collector.registry.registry import Registry
from collector.store.protocol import Arrival
from collector.time_repair import TOLERANCE_MS, Offset, new_offset, offset_at
from wire.batch import Acknowledgement, RejectedReport
from wire.reports import HealthReport, Report
from wire.uplink_report import UplinkReport
from wire.version import WIRE_VERSION

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MAX_BOOTS_REMEMBERED = 20_000


class Ingest:
    """Takes batches. `now` is the collector's clock; `keep` is how long reports are kept."""

    def __init__(
        self,
        *,
        registry: Registry,
        commits: GroupCommit,
        accounts: Accounts,
        now: Callable[[], datetime],
        keep: timedelta,
    ) -> None:
        self._registry = registry
        self._commits = commits
        self._accounts = accounts
        self._now = now
        self._keep_ms = int(keep.total_seconds() * 1000)
        self._offsets: dict[tuple[str, str], list[Offset]] = {}
        self._fixing = asyncio.Lock()

    async def take(
        self, agent: Agent, body: bytes, encoding: str, *, arrived_at: datetime | None = None
    ) -> Acknowledgement:
        """Store a batch and say what became of each report.

        `arrived_at` is when the head of the request came: a body that took its time must not shift clocks.

        Raises `Refusal` for a batch that cannot be read, `Busy` or `StoreUnavailable` when the agent
        should come again.
        """
        received_ms = int((arrived_at or self._now()).timestamp() * 1000)
        received = decode_batch(inflate(body, encoding))
        offsets = await self._offsets_of(agent, received, received_ms)
        placed, rejected = self._placed(agent, received, offsets, received_ms)
        arrivals = list(placed.values())
        # From here to the write nothing is awaited: what is counted as received is accounted for.
        self._accounts.received.inc(len(arrivals) + len(rejected))
        for one in rejected:
            self._accounts.rejected.labels(reason=one.error).inc()
        outcome = await self._commits.write(arrivals)
        stored = sum(outcome.new)
        indices = list(placed)
        rejected += [_rejected(indices[place], arrivals[place].report, word) for place, word in outcome.refused.items()]
        return Acknowledgement(
            version=WIRE_VERSION,
            batch=received.batch,
            stored=stored,
            duplicate=len(arrivals) - stored - len(outcome.refused),
            rejected=tuple(sorted(rejected, key=lambda one: one.index)),
        )

    async def _offsets_of(self, agent: Agent, received: Received, received_ms: int) -> Sequence[Offset]:
        """The clock offsets of the batch's boot, fixed now if this contact adds one."""
        key = (agent.agent, received.boot)
        known = self._offsets.get(key)
        if known and new_offset(known, received.clock, received_ms=received_ms) is None:
            return known
        async with self._fixing:
            known = await asyncio.to_thread(self._registry.offsets, *key)
            added = new_offset(known, received.clock, received_ms=received_ms)
            if added is not None:
                known = await asyncio.to_thread(self._registry.add_offset, *key, added, now_ms=received_ms)
            if len(self._offsets) >= MAX_BOOTS_REMEMBERED:
                self._offsets.clear()
            self._offsets[key] = known
        return known

    def _placed(
        self, agent: Agent, received: Received, offsets: Sequence[Offset], received_ms: int
    ) -> tuple[dict[int, Arrival], list[RejectedReport]]:
        """The reports that have a place in time, by their index in the batch, and those that have none."""
        arrivals: dict[int, Arrival] = {}
        rejected = list(received.rejected)
        for index, report in zip(received.indices, received.reports, strict=True):
            offset, word = self._place(report, offsets, received_ms)
            if agent.role == "room" and _counts_octets(report):
                offset = None
                word = "octets_of_a_room"
            if offset is None:
                rejected.append(_rejected(index, report, word))
                continue
            started_ms = report.boot_ms + offset.offset_ms
            stay = agent.stay_at(started_ms)
            arrivals[index] = Arrival(
                agent=agent.agent,
                site=stay.site,
                room=stay.room,
                boot=received.boot,
                started_at=_EPOCH + timedelta(milliseconds=started_ms),
                repaired=offset.repaired,
                report=report,
            )
        return arrivals, rejected

    def _place(self, report: Report, offsets: Sequence[Offset], received_ms: int) -> tuple[Offset | None, str]:
        """The offset that places `report` in time, or ``None`` and the word why there is none.

        Where the offset of its time puts it into the future or far into the past, a clock of ours was wrong
        when that was fixed; then the newest offset is tried.
        """
        word = "time_unknown"
        for offset in (offset_at(offsets, report.boot_ms), offsets[-1]) if offsets else ():
            started_ms = report.boot_ms + offset.offset_ms
            if started_ms + report.duration_ms > received_ms + 2 * TOLERANCE_MS:
                word = "from_future"
            elif started_ms < received_ms - self._keep_ms:
                word = "too_old"
            else:
                return offset, ""
        return None, word


def _counts_octets(report: Report) -> bool:
    if isinstance(report, UplinkReport):
        return True
    return isinstance(report, HealthReport) and (report.uplink_in_bytes, report.uplink_out_bytes) != (None, None)


def _rejected(index: int, report: Report, word: str) -> RejectedReport:
    return RejectedReport(index=index, seq=report.seq, error=word, detail=_WHY_NOT[word])


_WHY_NOT = {
    "octets_of_a_room": "a machine where pupils sit counts no octets; only an edge or a reference does",
    "time_unknown": "its boot ended before it met the collector and its clock was never synchronised",
    "from_future": "it ends later than it arrived: the boot clock in the batch is wrong",
    "too_old": "it is older than the collector keeps reports",
    "not_storable": "the store takes others and not this one: the collector's log says why",
}
