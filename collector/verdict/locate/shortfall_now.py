"""Where the rate was lost that a room's newest throughput test did not find: by the tests beside it. Pure."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from collector.verdict.bins import RoomBin
from collector.verdict.causes import Located
from collector.verdict.locate.shortfall import locate_shortfall
from collector.verdict.profiles import Profiles
from collector.verdict.throughput import SPEAKS_FOR, Shortfall, ThroughputTest, speaking_tests
from collector.verdict.topology import RoomKey


def short_located(
    short: Shortfall,
    room: RoomKey,
    *,
    at: datetime,
    bins: Sequence[RoomBin],
    tests: Mapping[RoomKey, Sequence[ThroughputTest]],
    references: Collection[str],
    profiles: Profiles,
) -> Located | None:
    """The cause of `short`, which holds at the time `at`.

    `bins` are the room's, `tests` those of all rooms; `references` are the agents that stand beside the rooms of their
    site and speak for none.
    """
    peers, reference = [], None
    for key, of_room in tests.items():
        if key[0] != room[0]:
            continue
        wired = [one for one in of_room if one.agent in references]
        for one in speaking_tests(wired, at):
            if one.direction == short.test.direction:
                reference = one
        if key != room:
            others = [one for one in of_room if one.agent not in references]
            peers += [one for one in speaking_tests(others, at) if one.direction == short.test.direction]
    ended_at = short.test.ended_at
    return locate_shortfall(
        short.test,
        profile=profiles.by_name[short.profile],
        bins=[one for one in bins if ended_at - SPEAKS_FOR <= one.started_at <= ended_at],
        peers=peers,
        reference=reference,
    )
