"""Judge all rooms of a district in one bin's time together: only beside each other can they be told apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from collector.verdict.baselines import Baselines, minima
from collector.verdict.bins import LatencySummary, RoomBin, judge_bin
from collector.verdict.causes import Located
from collector.verdict.locate_machine import machine_signs
from collector.verdict.machines import MachineSummary
from collector.verdict.profiles import Profile
from collector.verdict.topology import RoomKey, Topology
from wire.enrolment import Role
from wire.path_report import PathReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """What was measured in the bin of `seconds` from `started_at`, by room. `day` is its local school day.

    `roles` are those of agents that are not in a room with pupils: a reference or an edge speaks for no room, its
    measurements stand beside those of its site's. `profiles` are, by site, those in force.
    """

    started_at: datetime
    seconds: int
    day: date
    latency: Mapping[RoomKey, Sequence[LatencySummary]]
    machines: Mapping[RoomKey, Sequence[MachineSummary]] = field(default_factory=dict)
    paths: Mapping[RoomKey, Sequence[PathReport]] = field(default_factory=dict)
    roles: Mapping[str, Role] = field(default_factory=dict)
    profiles: Mapping[str, Sequence[Profile]] = field(default_factory=dict)
    profiles_digest: str = ""


def judge_slice(whole: Slice, *, topology: Topology, baselines: Baselines) -> list[RoomBin]:
    """Judge every room of it that was measured, its bad ones with their cause. `baselines` learn from it, after all of
    it is judged: a bin is held against what was known before."""
    del topology  # what rooms share is looked at by a later step
    judged = [_judge_room(whole, key) for key in whole.latency]
    for (site, room), summaries in whole.latency.items():
        for measured, min_us in minima(summaries):
            baselines.add_bin((site, room), whole.day, measured, min_us)
    return [one for one in judged if one is not None]


def _judge_room(whole: Slice, key: RoomKey) -> RoomBin | None:
    """The bin of one room by itself. A bad one of a machine that could not measure is not valid, and the cause says so;
    beside machines that could, such a one does not speak."""
    summaries = whole.latency[key]
    machines = {one.agent: one for one in whole.machines.get(key, ())}
    sent: dict[str, int] = {}
    for one in summaries:
        sent[one.agent] = sent.get(one.agent, 0) + one.sent
    others = {agent for agent in sent if agent in whole.roles}
    spoiled = {agent: signs for agent in sent if (signs := machine_signs(machines.get(agent), sent=sent[agent]))}
    sound = sent.keys() - others - spoiled.keys()
    judged = judge_bin(
        site=key[0],
        room=key[1],
        started_at=whole.started_at,
        seconds=whole.seconds,
        summaries=summaries,
        profiles=whole.profiles[key[0]],
        profiles_digest=whole.profiles_digest,
        silent=others | (spoiled.keys() if sound else set()),
    )
    if judged is None or sound or judged.headline is None:
        return judged
    if judged.headline.quality != "bad":
        return judged
    signs = tuple(sorted({sign for agent in spoiled.keys() - others for sign in spoiled[agent]}))
    located = Located(cause="device", confidence="high", rule="L0", signs=signs)
    return replace(judged, valid=False, scores=(), located=located)
