"""What a whole room needs, in words, beside what its line was seen to give."""

from collections.abc import Mapping

from collector.verdict.profiles import Profiles
from collector.verdict.room_need import MARGIN, Carried, Rates, RoomNeed
from wire.report_words import Direction

DIRECTIONS: tuple[Direction, ...] = ("down", "up")


def need_sentences(need: RoomNeed, profiles: Profiles) -> tuple[str, ...]:
    """What the room needs, how that comes about, and whether its line was seen to carry it: whole sentences."""
    return (
        (
            f"{need.seats} seats need {_rates(need.need)}: {_devices(need.devices, profiles)}, and "
            f"{100 * (MARGIN - 1):.0f} % on top."
        ),
        (
            f"With everything done by all at once it were {_rates(need.all_at_once)}, "
            f"with each at his own time {_rates(need.independent)}."
        ),
        _carried(need),
    )


def _carried(need: RoomNeed) -> str:
    seen = [_seen(direction, need.carried[direction]) for direction in DIRECTIONS if direction in need.carried]
    if not seen:
        return (
            "Whether its line carries that is not known: no capacity test has been made. One agent in a lesson shows "
            f"what one more device gets, {_rates(need.one_device)} at the most."
        )
    what = f"Its line gave {' and '.join(seen)} outside lessons"
    if need.fits is None:
        return f"{what}: whether that is enough is not known, because {_why_not_known(need)}."
    return f"{what}: {'enough' if need.fits else 'too little'}."


def _why_not_known(need: RoomNeed) -> str:
    limits = [
        f"{mbps(need.ceilings[direction])} {direction}"
        for direction in DIRECTIONS
        if need.can_be_shown(direction) is False
    ]
    if limits:
        return f"the machine that tests can itself do no more than {' and '.join(limits)}"
    at_limit = any(one.at_least for one in need.carried.values())
    return "the machine that tests can do no more" if at_limit else "one direction has not been tested"


def _seen(direction: Direction, carried: Carried) -> str:
    return f"{'at least ' if carried.at_least else ''}{mbps(carried.bps)} {direction}"


def _rates(rates: Rates) -> str:
    return f"{mbps(rates.down_bps)} down and {mbps(rates.up_bps)} up"


def _devices(devices: Mapping[str, int], profiles: Profiles) -> str:
    def one(name: str, count: int) -> str:
        profile = profiles.by_name.get(name)
        return f"{count} {'device' if count == 1 else 'devices'} with {profile.label if profile else name}"

    return ", ".join(one(name, count) for name, count in devices.items())


def mbps(bps: int) -> str:
    """A rate in Mbit/s with two or three digits."""
    value = bps / 1e6
    return f"{value:.0f} Mbit/s" if value >= 99.5 else f"{value:.1f} Mbit/s".replace(".0 ", " ")
