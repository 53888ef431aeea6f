"""Plain sentences that say why a room is in the state it is in.

Each names the time, what was measured and the limit it is held against. Wording: below a profile's
limit, never "below the standard", because no standard gives these limits.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from collector.verdict.bins import RoomBin
from collector.verdict.cause_words import SIGN_WORDS, milliseconds
from collector.verdict.causes import Located
from collector.verdict.profiles import Profile, Profiles
from collector.verdict.room_state import BINS_THAT_DECIDE, LAST_VALID_BINS, RoomState
from collector.verdict.throughput import Shortfall


def sentence(
    state: RoomState,
    *,
    agents: int,
    profiles: Profiles,
    time_zone: ZoneInfo,
    newest_report_at: datetime | None,
    stale: bool,
) -> str:
    """The evidence for `state` in a sentence, with local times.

    `stale` says that the room's newest report is older than measuring and delivery explain.
    """
    if state.state == "no_lesson":
        return "No lesson now, so nothing is judged."
    if state.state == "unknown":
        if state.located is not None and state.cause == "device":
            return _why_device(state.located)
        return _why_unknown(agents, newest_report_at, stale, time_zone)
    if state.short is not None:
        at = f"{state.short.test.ended_at.astimezone(time_zone):%H:%M}"
        return f"At {at} {_would_have('frozen', profiles.by_name[state.short.profile])}: {short_of(state.short)}."
    if state.deciding is None or state.profile is None:
        newest = state.looked_at[0]
        return f"{_local(newest, time_zone)}: {_latency(newest)}, {_loss(newest)}.{_alone(newest)}"
    deciding, profile = state.deciding, profiles.by_name[state.profile]
    what = _would_have("frozen" if state.state == "bad" else "stuttered", profile)
    return f"At {_local(deciding, time_zone)} {what}: {_against(deciding, profile, state)}."


def short_of(short: Shortfall) -> str:
    """``0.46 Mbit/s arrived down; needs 1 Mbit/s``: what a throughput test found too little."""
    test = short.test
    return f"{arrived(test.received_bps or 0)} arrived {test.direction}; needs {rate(short.need_bps)}"


def rate(bps: int) -> str:
    """A rate that was set, in Mbit/s throughout so that rates compare at a glance."""
    return f"{bps / 1e6:g} Mbit/s"


def arrived(bps: int) -> str:
    """A rate that was measured. Rounded down, so that 0.998 of 1 Mbit/s does not read as enough."""
    hundredths = bps // 10_000
    if bps > 0 and not hundredths:
        return "less than 0.01 Mbit/s"
    return (
        f"{hundredths / 100:.2f}".rstrip("0").rstrip(".") + " Mbit/s" if hundredths < 1000 else f"{bps // 10**6} Mbit/s"
    )


def _would_have(happened: str, profile: Profile) -> str:
    """``a video lesson would have frozen``; a label in the plural has no article."""
    label = profile.label
    article = "" if label.endswith("s") else "an " if label[0] in "aeiouA" else "a "
    return f"{article}{label} would have {happened}"


def _against(one: RoomBin, profile: Profile, state: RoomState) -> str:
    if one.anchor is not None:
        return _anchor_against(one, profile, state)
    if state.worst == "loss" and one.loss is not None:
        limit = profile.loss.unacceptable if state.state == "bad" else profile.loss.optimal
        if one.received == 0:
            return f"none of {one.sent} packets was answered; limit {100 * limit:.0f} % lost"
        return f"{100 * one.loss:.1f} % of {one.sent} packets were lost; limit {100 * limit:.0f} %"
    need = profile.rtt[0]
    limit_ms = need.unacceptable_ms if state.state == "bad" else need.optimal_ms
    return f"{_latency(one)}; limit {limit_ms:.0f} ms"


def _anchor_against(one: RoomBin, profile: Profile, state: RoomState) -> str:
    """What the site's reference measured to an anchor on the Internet, where that decided."""
    assert one.anchor is not None
    name = one.anchor.partition(":")[2] or one.anchor
    seen = f"the school's wired reference saw {name} on the Internet"
    failed = state.state == "bad"
    if state.worst == "loss" and one.anchor_loss is not None:
        limit = profile.loss.unacceptable if failed else profile.loss.optimal
        return f"{seen} lose {100 * one.anchor_loss:.1f} % of packets; limit {100 * limit:.0f} %"
    need = profile.rtt[0]
    limit_ms = need.unacceptable_ms if failed else need.optimal_ms
    if one.anchor_p95_ms is None:
        return f"{seen} answer nothing; limit {limit_ms:.0f} ms"
    return f"{seen} take {milliseconds(one.anchor_p95_ms)} for 1 in 20 packets; limit {limit_ms:.0f} ms"


def _latency(one: RoomBin) -> str:
    if one.p95_ms is None:
        return "nothing was answered"
    measured = f"1 in 20 packets took longer than {milliseconds(one.p95_ms)}"
    return measured if one.method == "stamp" else f"1 in 20 connections took longer than {milliseconds(one.p95_ms)}"


def _loss(one: RoomBin) -> str:
    if not one.loss:
        return "none was lost"
    return f"{100 * one.loss:.1f} % were lost"


def _alone(newest: RoomBin) -> str:
    """Why a room is ok all the same whose newest bin was not good."""
    if newest.headline is None or newest.headline.quality == "good":
        return ""
    return f" That bin alone was {newest.headline.quality}; {BINS_THAT_DECIDE} of {LAST_VALID_BINS} decide."


def _why_device(located: Located) -> str:
    """A machine that could not measure says nothing of the network."""
    why = "; ".join(SIGN_WORDS[sign] for sign in located.signs)
    return f"Its machine could not measure{f' ({why})' if why else ''}, so nothing is said of the network."


def _why_unknown(agents: int, newest_report_at: datetime | None, stale: bool, time_zone: ZoneInfo) -> str:
    if newest_report_at is None:
        return "Its agent has not reported yet." if agents else "No agent is enrolled in this room."
    last = f"{newest_report_at.astimezone(time_zone):%a %H:%M}"
    if not agents:
        return f"No agent is enrolled in this room any more; it was last measured {last}."
    if not stale:
        return f"It is being measured; its state needs {BINS_THAT_DECIDE} complete bins of lesson time."
    return f"No measurements since {last}."


def _local(one: RoomBin, time_zone: ZoneInfo) -> str:
    local = one.started_at.astimezone(time_zone)
    return f"{local:%H:%M:%S}" if one.seconds % 60 else f"{local:%H:%M}"
