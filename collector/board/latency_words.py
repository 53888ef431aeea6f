"""Latency over lesson time in words, for those who do not see the chart and for those in a hurry."""

from collections.abc import Sequence

from collector.board import phrases
from collector.now import DistrictNow, RoomNow
from collector.verdict.bins import RoomBin
from collector.verdict.profiles import Profiles


def strictest_ms(profiles: Profiles) -> float:
    """The 95th percentile from which the first activity fails."""
    return min(need.unacceptable_ms for profile in profiles.in_force() for need in profile.rtt if need.percentile == 95)


def summary(known: Sequence[RoomBin], room: RoomNow, district: DistrictNow, profiles: Profiles) -> str:
    """How many of the `known` bins were beyond a limit, and the worst of them."""
    fails_ms = strictest_ms(profiles)
    limit = min(profile.loss.unacceptable for profile in profiles.in_force())
    slow = sum(one.p95_ms is None or one.p95_ms >= fails_ms for one in known)
    lossy = sum((one.loss or 0) >= limit for one in known)
    worst = max((one for one in known if one.p95_ms is not None), key=lambda one: one.p95_ms or 0, default=None)
    lessons = phrases.counted(len(room.strip), "lesson")
    judged = f"{slow or 'none'} of {phrases.bins(len(known))} that could be judged"
    said = [f"In the last {lessons}, 1 in 20 packets took {fails_ms:g} ms or longer in {judged}."]
    if worst is not None:
        day = phrases.day_name(worst.started_at, district.time_zone)
        at = phrases.clock(worst.started_at, district.time_zone)
        said.append(f"The slowest was {phrases.latency(worst.p95_ms)}, {day} at {at}.")
    said.append(
        f"{phrases.share(limit)} or more were lost in {lossy} of them."
        if lossy
        else f"None lost {phrases.share(limit)} or more."
    )
    return " ".join(said)
