"""What each room of a district needs, beside what capacity tests found it to have."""

from collections.abc import Iterable

from collector.capacity_now import CapacitySeen
from collector.district.district import District
from collector.now import RoomNow
from collector.verdict.room_need import Carried, RoomNeed, room_need
from wire.report_words import Direction


def need_of(room: RoomNow, district: District, capacity: Iterable[CapacitySeen]) -> RoomNeed | None:
    """What `room` needs; ``None`` where its seats or what is done at them are not known. `capacity` are its newest
    tests."""
    reports = [one.report for one in capacity if one.report.direction and one.report.received_bps]
    carried: dict[Direction, Carried] = {
        one.direction: Carried(bps=one.received_bps, at_least=one.at_ceiling) for one in reports if one.received_bps
    }
    ceilings: dict[Direction, int] = {
        one.direction: one.received_bps for one in reports if one.at_ceiling and one.received_bps
    }
    return room_need(room.seats, district.activities, district.profiles, carried=carried, ceilings=ceilings)
