"""Each channel is told once, whatever dies, refuses or is told to wait."""

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from collector.alerts.alert_settings import Channel
from collector.alerts.answer import Answer
from collector.alerts.channels import Channels, Way
from collector.alerts.incident import Incident
from collector.alerts.message import Message
from collector.alerts.teller import Teller
from collector.alerts.words import Names
from collector.registry.registry import Registry
from tests.collector.alerts.town import Town, a_district, at
from wire.enrolment import EnrolmentRequest

UPLINK = "Oak Hill: online lessons freeze in 6 of 6 rooms"


class Told(Channels):
    """Channels that keep what they are told, and answer as they are bidden."""

    def __init__(self, *channels: Channel) -> None:
        super().__init__(channels, mail=None, deadline_s=5, clock=lambda: at(8))
        self.got: list[str] = []
        self.answers: list[str] = []
        self.meanwhile: Callable[[], None] = lambda: None

    def tell(self, way: Way, message: Message) -> Answer:
        """Keep it."""
        self.meanwhile()
        state: Any = self.answers.pop(0) if self.answers else "told"
        if state == "told":
            self.got.append(f"{way.channel.name}: {message.title}")
        return Answer(state=state, text=f"said {state}")


def channel(name: str = "chat", **given: Any) -> Channel:
    return Channel.model_validate({"name": name, "kind": "webhook", "url": "https://t.example.org/x"} | given)


class Staff:
    """A town and who is told of it."""

    def __init__(self, town: Town, *channels: Channel) -> None:
        self.town = town
        self.channels = Told(*(channels or (channel(),)))
        self.metrics = CollectorRegistry()
        self.names = Names.of(town.now)
        self.teller = self.a_teller(self.metrics)

    def a_teller(self, metrics: CollectorRegistry) -> Teller:
        """Another process's, perhaps."""
        return Teller(
            registry=self.town.registry,
            settings=self.town.settings,
            channels=self.channels,
            names=lambda: self.names,
            board=lambda _one: None,
            clock=self.town.clock,
            metrics=metrics,
        )

    def round(self, teller: Teller | None = None) -> list[str]:
        """Tell all that is due; what has been told since the start."""
        for one in self.channels.all:
            for way in self.channels.ways(one):
                (teller or self.teller).tell(way)
        return self.channels.got

    def bins(self, letter: str, count: int, **given: Any) -> None:
        """So many bins, with a round after each."""
        for _ in range(count):
            self.town.bin(letter, **given)
            self.round()


@pytest.fixture
def town(registry: Registry) -> Town:
    """A small school."""
    return Town(registry, a_district(rooms=6))


def down(staff: Staff) -> None:
    """An uplink goes down."""
    staff.bins("g", 6)
    staff.bins("B", 6, cause="site_uplink")


def test_a_40_room_outage_is_told_once_and_its_end_once(registry: Registry) -> None:
    town = Town(registry, a_district(rooms=40))
    staff = Staff(town, channel("chat"), channel("tickets"))
    down(staff)
    staff.bins("g", 12)

    outage = "Oak Hill: online lessons freeze in 40 of 40 rooms"
    assert staff.channels.got == [
        f"chat: {outage}",
        f"tickets: {outage}",
        f"chat: Over: {outage}",
        f"tickets: Over: {outage}",
    ]
    (closed,) = town.registry.incidents.newest(20)
    assert closed.lost_s == {"2026-11-16": 40 * 6 * 300}


def test_channels_that_hang_hold_up_nothing_else_of_the_collector(town: Town) -> None:
    """Reports are stored and rooms are judged on the threads that all share, fewer than these."""
    many = 40
    staff = Staff(town, *(channel(f"chat-{number}") for number in range(many)))
    town.bins_of("g", 6)
    town.bins_of("B", 6, cause="site_uplink")
    let_go = threading.Event()

    async def hang() -> bool:
        loop, hung = asyncio.get_running_loop(), asyncio.Semaphore(0)

        def hangs() -> None:
            loop.call_soon_threadsafe(hung.release)
            let_go.wait()

        staff.channels.meanwhile = hangs
        telling = asyncio.create_task(staff.teller.run_for_ever())
        try:
            async with asyncio.timeout(20):
                for _ in range(many):
                    await hung.acquire()
                return await asyncio.to_thread(lambda: True)
        finally:
            let_go.set()
            telling.cancel()

    assert asyncio.run(hang())


def test_a_clock_that_is_set_back_ends_nothing_and_tells_nobody_twice(town: Town) -> None:
    staff = Staff(town)
    staff.bins("g", 18)
    down(staff)
    for back in (timedelta(minutes=45), timedelta(hours=4)):
        town.clock.move(-back)
        town.look()
        staff.round()
        town.clock.move(back)
        staff.bins("B", 2, cause="site_uplink")
    assert staff.channels.got == [f"chat: {UPLINK}"]

    staff.bins("g", 12)
    assert staff.channels.got == [f"chat: {UPLINK}", f"chat: Over: {UPLINK}"]


def test_restarts_in_the_middle_tell_nobody_twice(town: Town) -> None:
    staff = Staff(town)
    for number in range(30):
        town.restart()
        staff.teller = staff.a_teller(CollectorRegistry())
        staff.bins("B" if 6 <= number < 14 else "g", 1, cause="site_uplink")

    assert staff.channels.got == [f"chat: {UPLINK}", f"chat: Over: {UPLINK}"]


def test_two_collectors_on_one_registry_tell_nobody_twice(registry: Registry) -> None:
    one = Town(registry, a_district(rooms=6))
    other = Town(registry, a_district(rooms=6))
    staff = Staff(one)
    beside = staff.a_teller(CollectorRegistry())
    for number in range(30):
        for town in (one, other):
            town.bin("B" if 6 <= number < 14 else "g", cause="site_uplink")
            staff.round()
            staff.round(beside)

    assert staff.channels.got == [f"chat: {UPLINK}", f"chat: Over: {UPLINK}"]
    assert one.events + other.events == ["opened site:oak-hill outage", "closed site:oak-hill over"]


def test_one_that_is_killed_while_it_tells_leaves_an_uncertain_notice_and_no_second_one(town: Town) -> None:
    staff = Staff(town)
    killed = KeyboardInterrupt()

    def dies() -> None:
        raise killed

    staff.channels.meanwhile = dies
    with pytest.raises(KeyboardInterrupt):
        down(staff)
    staff.channels.meanwhile = lambda: None
    town.restart()
    staff.teller = staff.a_teller(CollectorRegistry())
    staff.bins("B", 4, cause="site_uplink")

    assert staff.channels.got == []
    (notice,) = town.registry.notices.of([one.incident for one in town.registry.incidents.open()])
    assert (notice.state, notice.answer) == ("uncertain", "no answer was kept")

    staff.bins("g", 12)
    assert staff.channels.got == [f"chat: Over: {UPLINK}"], "who may have been told is told that it is over"


def test_one_that_refuses_is_tried_again_later_and_later_and_then_given_up(town: Town) -> None:
    staff = Staff(town)
    staff.channels.answers = ["refused"] * 1000
    down(staff)
    tried = []
    for _ in range(260):
        before = len(staff.channels.answers)
        town.clock.move(timedelta(minutes=1))
        staff.round()
        if len(staff.channels.answers) < before:
            tried.append(town.clock())

    gaps = [round((b - a).total_seconds() / 60) for a, b in pairwise(tried)]
    assert gaps[-8:] == [15] * 8
    assert tried[-1] - tried[0] < timedelta(hours=4)
    (notice,) = town.registry.notices.of([one.incident for one in town.registry.incidents.open()])
    assert (notice.state, notice.answer) == ("given_up", "said refused")
    assert staff.metrics.get_sample_value("bandroom_notices_total", {"channel": "chat", "state": "given_up"}) == 1
    assert staff.metrics.get_sample_value("bandroom_alert_channel_failing", {"channel": "chat"}) == 1


def test_a_channel_that_comes_back_is_told_late_and_once(town: Town) -> None:
    staff = Staff(town)
    staff.channels.answers = ["refused"] * 3
    down(staff)
    staff.bins("B", 6, cause="site_uplink")

    assert staff.channels.got == [f"chat: {UPLINK}"]
    assert staff.metrics.get_sample_value("bandroom_alert_channel_failing", {"channel": "chat"}) == 0


def test_an_answer_that_is_too_late_is_not_followed_by_another_try(town: Town) -> None:
    staff = Staff(town)
    staff.channels.answers = ["uncertain"]
    down(staff)
    staff.bins("B", 12, cause="site_uplink")

    assert staff.channels.got == []


def test_what_is_over_before_anybody_was_told_is_told_to_nobody(town: Town) -> None:
    staff = Staff(town)
    staff.channels.answers = ["refused"] * 12
    down(staff)
    staff.bins("g", 9)
    staff.channels.answers = []
    staff.bins("g", 12)

    assert staff.channels.got == []


def test_quiet_hours_hold_back_what_is_told_after_them(registry: Registry) -> None:
    staff = Staff(Town(registry, a_district(rooms=6), quiet=[{"from": "08:00", "to": "10:00"}]))
    down(staff)
    assert staff.channels.got == []

    staff.bins("B", 14, cause="site_uplink")
    assert staff.channels.got == [f"chat: {UPLINK}"]


def test_what_opens_and_ends_in_quiet_hours_is_told_to_nobody(registry: Registry) -> None:
    staff = Staff(Town(registry, a_district(rooms=6), quiet=[{"from": "08:00", "to": "11:00"}]))
    down(staff)
    staff.bins("g", 40)

    assert staff.town.events == ["opened site:oak-hill outage", "closed site:oak-hill over"]
    assert staff.channels.got == []


WORK = {"from": at(8).replace(tzinfo=None), "to": at(9.5).replace(tzinfo=None), "sites": ["oak-hill"]}


def test_maintenance_that_ends_well_is_told_to_nobody(registry: Registry) -> None:
    staff = Staff(Town(registry, a_district(rooms=6), maintenance=[WORK]))
    staff.bins("g", 6)
    staff.bins("B", 11, cause="site_uplink")
    staff.bins("g", 12)

    assert staff.town.events == ["opened site:oak-hill outage", "closed site:oak-hill over"]
    assert staff.channels.got == []


def test_trouble_that_outlasts_maintenance_is_told_at_its_end(registry: Registry) -> None:
    staff = Staff(Town(registry, a_district(rooms=6), maintenance=[WORK]))
    staff.bins("g", 6)
    staff.bins("B", 11, cause="site_uplink")
    assert staff.channels.got == []

    staff.bins("B", 2, cause="site_uplink")
    assert staff.channels.got == [f"chat: {UPLINK}"]


def test_maintenance_elsewhere_holds_nothing_back(registry: Registry) -> None:
    elsewhere = WORK | {"sites": ["lakeside"]}
    staff = Staff(Town(registry, a_district(rooms=8, sites=2), maintenance=[elsewhere]))
    staff.bins("g", 6)
    oak_hill = {key: "B" for key in staff.town.bins if key[0] == "oak-hill"}
    for _ in range(6):
        staff.town.bin(oak_hill, cause="site_uplink")
        staff.round()

    assert staff.channels.got == ["chat: Oak Hill: online lessons freeze in 8 of 8 rooms"]


def test_a_channel_is_told_of_its_sites_and_severities_alone(registry: Registry) -> None:
    town = Town(registry, a_district(rooms=8, sites=2))
    staff = Staff(
        town,
        channel("lakeside", sites=["lakeside"]),
        channel("oak-hill", sites=["oak-hill"]),
        channel("minor", severities=["minor"]),
    )
    staff.bins("g", 6)
    oak_hill = {key: "B" for key in town.bins if key[0] == "oak-hill"}
    for _ in range(6):
        town.bin(oak_hill, cause="site_uplink")
        staff.round()

    assert [one.partition(":")[0] for one in staff.channels.got] == ["oak-hill"]


def test_who_is_added_later_is_told_of_what_is_open(town: Town) -> None:
    down(Staff(town))
    later = Staff(town, channel("chat"), channel("new"))

    assert later.round() == [f"new: {UPLINK}"]


def test_an_incident_that_grows_a_lot_is_told_once_more_and_no_third_time(registry: Registry) -> None:
    town = Town(registry, a_district(rooms=40))
    staff = Staff(town)
    rooms = list(town.bins)
    staff.bins("g", 12)
    for number in range(44):
        town.bin(dict.fromkeys(rooms[: 2 + number // 4], "B"), cause="room_access")
        staff.round()

    assert [one.partition(" rooms")[0] for one in staff.channels.got] == [
        "chat: Oak Hill: 2",
        "chat: Grown: Oak Hill: 7",
    ]


def test_rooms_that_were_told_of_and_are_their_whole_site_now_are_told_once_more(registry: Registry) -> None:
    town = Town(registry, a_district(rooms=6))
    staff = Staff(town)
    first = next(iter(town.bins))
    staff.bins("g", 12)
    for _ in range(12):
        town.bin({first: "B"}, cause="room_access")
        staff.round()
    staff.bins("B", 8, cause="site_uplink")
    staff.bins("g", 12)

    assert staff.channels.got == [
        "chat: Oak Hill, Room 101: online lessons freeze",
        f"chat: Grown: {UPLINK}",
        f"chat: Over: {UPLINK}",
    ]


def test_a_room_that_is_silent_stays_so_when_its_site_goes_down(registry: Registry) -> None:
    town = Town(registry, a_district(rooms=6))
    staff = Staff(town)
    now_ms = int(town.clock().timestamp() * 1000)
    code = registry.make_code(site="oak-hill", room="101", role="room", uses=1, expires_ms=now_ms + 1000)
    registry.enrol(EnrolmentRequest(version=1, code=code, token_sha256="0" * 64), now_ms=now_ms)
    for letter in "g" * 28 + "B" * 6 + "g" * 12:
        town.bin(dict.fromkeys(town.bins, letter) | {("oak-hill", "101"): "?"}, cause="site_uplink")
        staff.round()

    outage = "Oak Hill: online lessons freeze in 5 of 5 rooms"
    silent = "Oak Hill: 1 room without any measurement"
    assert staff.channels.got == [f"chat: {silent}", f"chat: {outage}", f"chat: Over: {outage}"]


def test_incidents_survive_the_registry(registry: Registry) -> None:
    town = Town(registry, a_district(rooms=6))
    town.bins_of("g", 6)
    town.bins_of("B", 6, cause="site_uplink")

    (one,) = registry.incidents.open()

    assert isinstance(one, Incident)
    assert (one.about, one.where, one.severity) == (
        "site:oak-hill",
        "the line from the school to the district",
        "critical",
    )
    assert len(one.rooms) == 6
