"""The causes of all bad bins of a slice, and what its references found on the Internet: from values to witnesses."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from collector.verdict.baselines import Baselines
from collector.verdict.bins import ProfileScore, RoomBin
from collector.verdict.causes import Located
from collector.verdict.locate.chain import Step, way
from collector.verdict.locate.machine import machine_signs
from collector.verdict.locate.reference import AnchorView, ReferenceView, anchor_view, reference_view
from collector.verdict.locate.rooms import RoomView, room_view
from collector.verdict.locate.rules import DistrictView, SiteView, district_view, locate
from collector.verdict.locate.signs import signs_of
from collector.verdict.machines import MachineSummary
from collector.verdict.profiles import Profile
from collector.verdict.topology import RoomKey, Topology
from wire.path_report import PathReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One place in a slice: its bin, what was measured, by whom. `speaker` is the agent that speaks for the room,
    ``None`` where none does; `others` are its references and edges."""

    bin: RoomBin
    speaker: str | None
    others: tuple[str, ...]
    machines: Mapping[str, MachineSummary]
    paths: Sequence[PathReport]

    @property
    def key(self) -> RoomKey:
        """(site, room)"""
        return (self.bin.site, self.bin.room)

    @property
    def speaks(self) -> bool:
        """Whether its bin says something of the network."""
        return self.bin.valid and self.bin.headline is not None and self.speaker is not None


def locate_all(
    places: Iterable[Measured],
    *,
    profiles: Mapping[str, Sequence[Profile]],
    topology: Topology,
    baselines: Baselines,
) -> dict[RoomKey, RoomBin]:
    """The bins of `places` as the Internet decides and with the cause of the bad ones."""
    by_site: dict[str, list[Measured]] = defaultdict(list)
    for one in sorted(places, key=lambda one: one.key):
        by_site[one.bin.site].append(one)
    sites = {
        name: _site(name, of_site, profiles[name], baselines)
        for name, of_site in by_site.items()
        if any(one.speaks for one in of_site)
    }
    bins = {one.key: one.bin for of_site in by_site.values() for one in of_site}
    for name, site in sites.items():
        if site.anchors and site.anchors.decides:
            for one in by_site[name]:
                if one.speaks:
                    bins[one.key] = decided(one.bin, site.anchors)
    bad = [one for name in sites for one in by_site[name] if one.speaks and bins[one.key].is_bad]
    if not bad:
        return bins
    answered = any(_answered(one.bin) for of_site in by_site.values() for one in of_site)
    district = district_view(sites, answered=answered)
    bad_rooms: dict[str, int] = defaultdict(int)
    for one in bad:
        bad_rooms[one.bin.site] += 1
    for one in bad:
        peers = len(sites[one.bin.site].rooms) - 1
        located = _located(
            one, bad_peers=bad_rooms[one.bin.site] - 1, peers=peers, of_site=by_site[one.bin.site],
            district=district, topology=topology, baselines=baselines,
        )  # fmt: skip
        bins[one.key] = replace(bins[one.key], located=located)
    return bins


def decided(one: RoomBin, anchors: AnchorView) -> RoomBin:
    """A measured room's bin, as what pupils feel ends on the Internet: a profile that fails there fails in the room."""
    failed = {score.profile: score for score in anchors.decides}
    scores: tuple[ProfileScore, ...] = tuple(
        failed[score.profile] if score.profile in failed and score.quality != "bad" else score for score in one.scores
    )
    if scores == one.scores:
        return one
    return replace(one, scores=scores, anchor=anchors.target, anchor_p95_ms=anchors.p95_ms, anchor_loss=anchors.loss)


def _answered(one: RoomBin) -> bool:
    """Whether anybody of a place had an answer of the district's reflector."""
    return (one.target == "district" and one.received > 0) or any(
        summary.target == "district" and summary.received for summary in one.targets
    )


def _site(name: str, of_site: Sequence[Measured], profiles: Sequence[Profile], baselines: Baselines) -> SiteView:
    rooms = tuple(_room(one, profiles, baselines) for one in of_site if one.speaks)
    fine = sum(one.trouble == "fine" for one in rooms)
    troubled = sum(one.troubled for one in rooms)
    best: tuple[tuple[object, ...], ReferenceView, AnchorView | None] | None = None
    for place in of_site:
        for agent in place.others:
            summaries = place.bin.targets
            sent = sum(one.sent for one in summaries if one.agent == agent)
            view = reference_view(summaries, agent, key=place.key, baselines=baselines)
            if view is None or machine_signs(place.machines.get(agent), sent=sent):
                continue
            if not view.fine and fine > troubled:
                continue
            seen = anchor_view(summaries, agent, key=place.key, profiles=profiles, baselines=baselines)
            anchors = None if view.stretch == "near" else seen
            last = view.way[-1]
            rank = (not view.fine, anchors is None, anchors.bad if anchors else 0, last.loss, last.p95_ms or 0.0, agent)
            if best is None or rank < best[0]:
                best = (rank, view, anchors)
    return SiteView(site=name, rooms=rooms, reference=best[1] if best else None, anchors=best[2] if best else None)


def _room(one: Measured, profiles: Sequence[Profile], baselines: Baselines) -> RoomView:
    assert one.speaker is not None
    return room_view(
        one.bin,
        one.speaker,
        profiles=profiles,
        usual=lambda: baselines.usual_ms(one.key, (one.bin.target, one.bin.method)),
        way=lambda: _way(one, baselines),
    )


def _way(one: Measured, baselines: Baselines) -> tuple[Step, ...]:
    assert one.speaker is not None
    seen = way(one.bin.targets, one.speaker, key=one.key, method=one.bin.method, baselines=baselines)
    targets = [step.target for step in seen]
    return seen[: targets.index(one.bin.target) + 1] if one.bin.target in targets else seen


def _located(
    one: Measured,
    *,
    bad_peers: int,
    peers: int,
    of_site: Sequence[Measured],
    district: DistrictView,
    topology: Topology,
    baselines: Baselines,
) -> Located:
    site = district.sites[one.bin.site]
    room = next(room for room in site.rooms if room.key == one.key)
    machine = one.machines.get(one.speaker or "")
    named, _ = locate(room, site, district, topology.places, at_ease=machine is not None)
    reference = site.reference
    anchors = site.anchors.steps if site.anchors else ()
    return Located(
        cause=named.cause,
        confidence=named.confidence,
        rule=named.rule,
        room=tuple(step.compared for step in room.way or _way(one, baselines)),
        reference=tuple(step.compared for step in (*(reference.way if reference else ()), *anchors)),
        bad_peers=bad_peers,
        peers=peers,
        shared=named.shared,
        signs=signs_of(
            named.cause,
            machine=machine,
            site_machines=[
                place.machines[agent] for place in of_site for agent in place.others if agent in place.machines
            ],
            uplink_mbps=topology.uplink_mbps.get(site.site),
            paths=[path for place in of_site if place is one or place.others for path in place.paths],
        ),
        medium=machine.medium if machine else None,
    )
