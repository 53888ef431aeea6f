"""The rooms of a slice as witnesses: how troubled each was, and what those that are have in common."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from collector.verdict.bins import RoomBin
from collector.verdict.locate.chain import (
    ELEVATED_MS,
    HEAVY_LOSS,
    HEAVY_MS,
    LOSSY,
    Measure,
    Reading,
    Step,
    agreed,
    family,
    read,
)
from collector.verdict.locate.chance import at_least
from collector.verdict.profiles import Profile
from collector.verdict.topology import Place, RoomKey

WIDESPREAD = 0.6
"""The share of a site's rooms, or of a district's sites, that makes trouble theirs in common (science.md 4.3)."""
BASE_SHARE = 0.05
BY_CHANCE = 0.001
UNKNOWN_FINE_MS, UNKNOWN_HEAVY_MS = 100.0, 150.0
"""Where nothing is known of what is usual: what a video lesson does not notice, and what makes it degraded."""

Trouble = Literal["bad", "heavy", "light", "fine"]
"""``bad`` for a profile; ``heavy`` not quite; ``fine`` bears witness that what it has in common with others is well;
``light`` bears none."""
Kind = Literal["ap", "switch", "uplink"]
KINDS: Sequence[Kind] = ("ap", "switch", "uplink")


def chance(troubled: int, of: int) -> float:
    """The probability that so many of `of` rooms or more are bad at the same time, each by itself in 5 % of the time:
    the k* of science.md 4.3 is where it falls below `BY_CHANCE`."""
    return at_least(troubled, of, BASE_SHARE)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomView:
    """A room that was measured, by a machine that could. `agent` speaks for it; `way` is what it measured near to far.

    `measures` are those that made its own bin bad, empty where none did.
    """

    key: RoomKey
    agent: str
    family: str
    trouble: Trouble
    measures: tuple[Measure, ...]
    way: tuple[Step, ...]

    @property
    def troubled(self) -> bool:
        """Whether it counts among those that suffer."""
        return self.trouble in ("bad", "heavy")

    def reading(self) -> Reading | None:
        """Where its trouble lies by its own way."""
        measures: tuple[Measure, ...] = self.measures or ("latency", "loss")
        return agreed({measure: read(self.way, measure) for measure in measures})


def room_view(
    one: RoomBin,
    agent: str,
    *,
    profiles: Sequence[Profile],
    usual: Callable[[], float | None],
    way: Callable[[], tuple[Step, ...]],
) -> RoomView:
    """The view of a valid bin. `usual` is asked for what is usual of its judged target, and `way` for its way, where
    that matters."""
    measures = bad_measures(one, profiles)
    trouble: Trouble = "bad" if measures else _trouble(one, usual)
    return RoomView(
        key=(one.site, one.room),
        agent=agent,
        family=family(one.method),
        trouble=trouble,
        measures=measures,
        way=() if trouble in ("fine", "light") else way(),
    )


def bad_measures(one: RoomBin, profiles: Sequence[Profile]) -> tuple[Measure, ...]:
    """By what the room's own target was bad for any of `profiles`."""
    found: list[Measure] = []
    if any(score.quality == "bad" and score.worst == "latency" for score in one.scores):
        found.append("latency")
    loss = one.loss or 0.0
    if any(loss >= profile.loss.unacceptable for profile in profiles):
        found.append("loss")
    return tuple(found)


def _trouble(one: RoomBin, usual: Callable[[], float | None]) -> Trouble:
    loss, p95_ms = one.loss or 0.0, one.p95_ms
    if p95_ms is None or loss >= HEAVY_LOSS:
        return "heavy"
    if p95_ms < ELEVATED_MS and loss < LOSSY:
        return "fine"
    usual_ms = usual()
    over_ms = p95_ms if usual_ms is None else p95_ms - usual_ms
    if over_ms >= (UNKNOWN_HEAVY_MS if usual_ms is None else HEAVY_MS):
        return "heavy"
    return "fine" if over_ms < (UNKNOWN_FINE_MS if usual_ms is None else ELEVATED_MS) and loss < LOSSY else "light"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """What the other rooms of a site say of a bad one. `troubled` of `measured` rooms suffer, this one included; `fine`
    are those that bear witness against what all have in common.

    `shared` is the widest thing that it hangs on with other troubled rooms and with none that is fine, ``None``
    without; `sharing` how many access points hang on it, a room without a known one for itself. `beside` and `outside`
    are the troubled and the measured rooms that do not. `labelled`: its switch is known. `near_witness`: a room on that
    is fine, or it is not known and no other room suffers.
    """

    measured: int
    troubled: int
    fine: int
    shared: tuple[Kind, str] | None
    sharing: int
    beside: int
    outside: int
    labelled: bool
    near_witness: bool

    @property
    def widespread(self) -> bool:
        """Whether so many of the site's rooms suffer that chance does not bring them together."""
        return self.troubled >= WIDESPREAD * self.measured and chance(self.troubled, self.measured) < BY_CHANCE

    @property
    def all_alike(self) -> bool:
        """Whether several suffer and none is fine."""
        return self.troubled >= 2 and not self.fine and self.troubled >= WIDESPREAD * self.measured

    @property
    def others_by_chance(self) -> bool:
        """Whether those that suffer elsewhere in the site are no more than there always are."""
        return chance(self.beside, self.outside) >= 0.05


def vote(one: RoomView, site: Iterable[RoomView], places: Mapping[RoomKey, Place]) -> Vote:
    """Ask the rooms of the site of `one`, it included, that measured by the same family of methods."""
    rooms = [room for room in site if room.family == one.family]
    place = places.get(one.key, Place())
    shared: tuple[Kind, str] | None = None
    sharing = [one]
    for kind in KINDS:
        label = getattr(place, kind)
        if label is None:
            continue
        group = [room for room in rooms if getattr(places.get(room.key, Place()), kind) == label]
        if any(room.trouble == "fine" for room in group):
            break
        suffering = [room for room in group if room.troubled]
        if len(suffering) > len(sharing):
            shared, sharing = (kind, label), suffering
    within = {room.key for room in sharing}
    outside = [room for room in rooms if room.key not in within]
    beside = sum(room.troubled for room in outside)
    on_switch = [room for room in outside if place.switch and places.get(room.key, Place()).switch == place.switch]
    return Vote(
        measured=len(rooms),
        troubled=sum(room.troubled for room in rooms),
        fine=sum(room.trouble == "fine" for room in rooms),
        shared=shared,
        sharing=len({places.get(room.key, Place()).ap or room.key for room in sharing}),
        beside=beside,
        outside=len(outside),
        labelled=place.switch is not None,
        near_witness=any(room.trouble == "fine" for room in on_switch) if place.switch else not beside,
    )
