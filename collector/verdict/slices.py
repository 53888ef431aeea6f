"""Judge all rooms of a district in one bin's time together: only beside each other can they be told apart."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from collector.verdict.baselines import Baselines, minima
from collector.verdict.bins import LatencySummary, RoomBin, judge_bin, speaker_of
from collector.verdict.causes import Located
from collector.verdict.locate.chain import ELEVATED_MS, LOSSY
from collector.verdict.locate.machine import machine_signs
from collector.verdict.locate.slice import Measured, locate_all
from collector.verdict.machines import MachineSummary
from collector.verdict.marks import speaks
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


def judge_slice(
    whole: Slice, *, topology: Topology, baselines: Baselines, standing: Iterable[RoomBin] = ()
) -> list[RoomBin]:
    """Judge every room of it that was measured, its bad ones with their cause. `baselines` learn from it, after all of
    it is judged: a bin is held against what was known before.

    `standing` are the bins of other rooms of the same start that are scored already and at ease (`at_ease`): they bear
    witness without the histograms of their targets, and change only where an anchor decides.
    """
    judged = [one for key in whole.latency if (one := _judge_room(whole, key)) is not None]
    judged += [Measured(bin=one, speaker="", others=(), machines={}, paths=()) for one in standing]
    bins = locate_all(judged, profiles=whole.profiles, topology=topology, baselines=baselines)
    for key, summaries in whole.latency.items():
        for measured, min_us in minima(summaries):
            baselines.add_bin(key, whole.day, measured, min_us)
    return [bins[one.key] for one in judged]


def at_ease(one: RoomBin) -> bool:
    """Whether a bin is far from any trouble by what it says of itself, so that nobody asks for its way."""
    return speaks(one) and one.p95_ms is not None and one.p95_ms < ELEVATED_MS and (one.loss or 0.0) < LOSSY


def _judge_room(whole: Slice, key: RoomKey) -> Measured | None:
    """One room by itself. A bad bin of a machine that could not measure is not valid, and its cause says so, as it does
    of one in which such a machine measured too little; beside machines that could, such a one does not speak."""
    summaries = whole.latency[key]
    machines = {one.agent: one for one in whole.machines.get(key, ())}
    sent: dict[str, int] = {}
    for one in summaries:
        sent[one.agent] = sent.get(one.agent, 0) + one.sent
    others = {agent for agent in sent if agent in whole.roles}
    flapped = _elsewhere_flapped(whole, key) if any(one.link_flaps for one in machines.values()) else False
    spoiled = {
        agent: signs
        for agent in sent.keys() & machines.keys()
        if (signs := machine_signs(machines[agent], sent=sent[agent], others_flapped=flapped))
    }
    sound = sent.keys() - others - spoiled.keys()
    silent = others | (spoiled.keys() if sound else set())
    profiles = whole.profiles[key[0]]
    judged = judge_bin(
        site=key[0],
        room=key[1],
        started_at=whole.started_at,
        seconds=whole.seconds,
        summaries=summaries,
        profiles=profiles,
        profiles_digest=whole.profiles_digest,
        silent=silent,
    )
    if judged is None:
        return None
    signs = tuple(sorted({sign for agent in spoiled.keys() - others for sign in spoiled[agent]}))
    if not sound and signs and (judged.headline is None or judged.is_bad):
        located = Located(cause="device", confidence="high", rule="L0", signs=signs)
        judged = replace(judged, valid=False, scores=(), located=located)
    speaker = speaker_of(summaries, seconds=whole.seconds, profiles=profiles, silent=silent) if judged.valid else None
    return Measured(
        bin=judged,
        speaker=speaker.agent if speaker else None,
        others=tuple(sorted(others)),
        machines=machines,
        paths=whole.paths.get(key, ()),
    )


def _elsewhere_flapped(whole: Slice, key: RoomKey) -> bool:
    """Whether a wired link of another room of the site was lost in the same bin."""
    return any(
        machine.link_flaps and machine.medium == "wired"
        for other, machines in whole.machines.items()
        if other[0] == key[0] and other != key
        for machine in machines
    )
