"""Who may measure how much there is: once on a school day and out of lessons, or when an admin asks; and what it may
cost."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from collector.district.assessments import Assessment
from collector.district.calendar import LessonTime
from collector.district.district import Site
from collector.refusal import Refusal
from collector.registry.agent import Agent
from collector.throughput.capacity_turns import WANTED_NS
from collector.throughput.leases import CAPACITY_LEASE_NS, WATCH_BYTES, Server
from collector.throughput.ndt7_access import Ndt7Access
from collector.throughput.wishes import CapacityPlan, capacity_bytes
from tests.collector.desks import Desk, agent_in, at_a_desk
from tests.collector.live import a_district
from wire.lease import Lease
from wire.upgrade import BadUpgrade

REFERENCE = agent_in("oak-hill", "204", role="reference")
ROOM = agent_in("oak-hill", "204")
PLAN = CapacityPlan(server=Server(host="ndt7.example.org", port=8630, tls=True), most_bytes=250_000_000)
MONDAY = datetime(2026, 11, 16, tzinfo=UTC)


def in_a_school(work: Callable[[Desk], Coroutine[Any, Any, None]], **options: Any) -> None:
    """At a desk of a district with lessons from eight to nine on week days, at six in the morning of a Monday."""
    eight = (LessonTime(start=time(8), end=time(9)),)
    district = a_district()
    timetable = replace(district.calendar, lessons_by_weekday=dict.fromkeys(range(5), eight))

    async def at_six(desk: Desk) -> None:
        desk.now = MONDAY + timedelta(hours=6)
        await work(desk)

    options = {"capacity": PLAN} | options
    assessments = options.pop("assessments", ())
    at_a_desk(at_six, district=replace(district, calendar=timetable, assessments=assessments), **options)


def test_a_lease_says_where_how_long_and_how_much() -> None:
    async def work(desk: Desk) -> None:
        lease = await desk.ask(REFERENCE, kind="capacity", link_mbps=1000)
        assert isinstance(lease, Lease)
        assert (lease.host, lease.port, lease.tls, lease.token) == ("ndt7.example.org", 8630, True, lease.lease)
        assert (lease.kind, lease.asked_by, lease.bottlenecks) == ("capacity", "schedule", ("site", "district"))
        assert (lease.down_bytes, lease.up_bytes, lease.longest_ms) == (250_000_000, 250_000_000, 10_000)
        assert lease.valid_ms == CAPACITY_LEASE_NS // 1_000_000
        assert desk.cost(REFERENCE) == 500_000_000 + WATCH_BYTES
        assert desk.desk.held_by_token(lease.lease) is desk.desk.held(REFERENCE, lease.lease)

    in_a_school(work)


@pytest.mark.parametrize(
    ("link_mbps", "each"),
    [
        (None, 250_000_000),
        (0, 250_000_000),
        (1000, 250_000_000),
        (160, 250_000_000),
        (100, 156_250_000),
        (1, 1_562_500),
    ],
)
def test_what_it_may_cost_is_what_its_link_can_carry_in_the_time_at_most(link_mbps: int | None, each: int) -> None:
    assert capacity_bytes(250_000_000, link_mbps) == each


def test_a_reference_tests_once_on_a_school_day_and_again_on_the_next() -> None:
    async def work(desk: Desk) -> None:
        lease = await desk.ask(REFERENCE, kind="capacity")
        assert isinstance(lease, Lease)
        await desk.desk.end(REFERENCE, lease.lease, used_bytes=1)
        assert await desk.ask(REFERENCE, kind="capacity") == "too_soon"
        desk.now += timedelta(days=1)
        assert isinstance(await desk.ask(REFERENCE, kind="capacity"), Lease)

    in_a_school(work)


def test_one_that_found_its_bottleneck_taken_still_has_its_turn() -> None:
    async def work(desk: Desk) -> None:
        other = agent_in("oak-hill", "205", role="reference")
        lease = await desk.ask(other, kind="capacity")
        assert isinstance(lease, Lease)
        assert await desk.ask(REFERENCE, kind="capacity") == "lease_taken"
        await desk.desk.end(other, lease.lease, used_bytes=1)
        assert isinstance(await desk.ask(REFERENCE, kind="capacity"), Lease)

    in_a_school(work)


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (timedelta(hours=8, minutes=30), "lesson"),
        (timedelta(hours=7, minutes=59, seconds=30), "lesson"),
        (timedelta(hours=9), None),
        (timedelta(days=5, hours=12), "no_lesson"),
    ],
)
def test_by_schedule_it_is_over_before_a_lesson_begins_and_only_on_school_days(at: timedelta, said: str) -> None:
    async def work(desk: Desk) -> None:
        desk.now = MONDAY + at
        answer = await desk.ask(REFERENCE, kind="capacity")
        assert (answer if isinstance(answer, str) else None) == said

    in_a_school(work)


NINE = (LessonTime(start=time(9), end=time(10)),)
REFERENCE_INSIDE = Server(host="reference.oak-hill.example.org", port=8631)


@pytest.mark.parametrize(
    ("at", "agent", "said"),
    [
        (timedelta(hours=9, minutes=30), REFERENCE, "lesson"),  # the other school shares the way out
        (timedelta(hours=9, minutes=30), ROOM, None),  # to its own reference, in nobody's way
        (timedelta(hours=8, minutes=30), ROOM, "lesson"),
        (timedelta(hours=10), REFERENCE, None),
        (timedelta(days=1, hours=7), REFERENCE, "no_lesson"),  # closed here, whatever the other does
    ],
)
def test_by_schedule_it_waits_for_every_school_that_shares_the_way_and_for_no_other(
    at: timedelta, agent: Agent, said: str | None
) -> None:
    async def work(desk: Desk) -> None:
        desk.now = MONDAY + at
        answer = await desk.ask(agent, kind="capacity")
        assert (answer if isinstance(answer, str) else None) == said

    district = a_district()
    eight = replace(
        district.calendar,
        lessons_by_weekday=dict.fromkeys(range(5), (LessonTime(start=time(8), end=time(9)),)),
        lessons_by_date={MONDAY.date() + timedelta(days=1): ()},
    )
    both = replace(
        district,
        calendar=eight,
        sites=(*district.sites, Site(site="lakeside", name="Lakeside")),
        site_calendars={"lakeside": replace(eight, lessons_by_weekday=dict.fromkeys(range(5), NINE))},
    )
    plan = replace(PLAN, in_sites={"oak-hill": REFERENCE_INSIDE}, by_schedule=frozenset({"reference", "room"}))
    at_a_desk(work, district=both, capacity=plan)


def test_a_little_test_by_schedule_asks_for_a_lesson_of_its_own_school() -> None:
    async def work(desk: Desk) -> None:
        desk.now = MONDAY + timedelta(hours=9, minutes=30)
        assert await desk.ask(ROOM) == "no_lesson"
        assert isinstance(await desk.ask(agent_in("lakeside", "1")), Lease)

    district = a_district()
    calendar = replace(district.calendar, lessons_by_weekday={})
    late = replace(calendar, lessons_by_weekday=dict.fromkeys(range(5), NINE))
    at_a_desk(work, district=replace(district, calendar=calendar, site_calendars={"lakeside": late}))


def test_a_room_tests_only_when_an_admin_asks_then_also_in_a_lesson_and_once() -> None:
    async def work(desk: Desk) -> None:
        desk.now = MONDAY + timedelta(hours=8, minutes=30)
        assert await desk.ask(ROOM, kind="capacity") == "capacity_off"
        desk.desk.turns.want(ROOM.agent)
        lease = await desk.ask(ROOM, "1" * 16, kind="capacity")
        assert isinstance(lease, Lease)
        assert lease.asked_by == "admin"
        assert await desk.ask(ROOM, "1" * 16, kind="capacity") == lease, "a copy of the request"
        assert desk.desk.turns.wanted(ROOM.agent) is None
        await desk.desk.end(ROOM, lease.lease, used_bytes=1)
        assert await desk.ask(ROOM, kind="capacity") == "capacity_off"

    in_a_school(work)


def test_a_room_tests_to_its_sites_reference_where_that_serves_and_leaves_the_uplink_to_others() -> None:
    async def work(desk: Desk) -> None:
        desk.now = MONDAY + timedelta(hours=8, minutes=30)
        for agent in (ROOM, REFERENCE):
            desk.desk.turns.want(agent.agent)
        inside = await desk.ask(ROOM, kind="capacity")
        assert isinstance(inside, Lease)
        assert (inside.host, inside.port, inside.tls) == ("reference.oak-hill.example.org", 8631, False)
        assert inside.bottlenecks == ("room",)
        assert await desk.ask(agent_in("oak-hill", "204")) == "lease_taken"
        assert isinstance(await desk.ask(agent_in("oak-hill", "205")), Lease), "another access point"

        assert await desk.ask(REFERENCE, kind="capacity") == "lease_taken"
        await desk.desk.end(ROOM, inside.lease, used_bytes=0)
        await asyncio.sleep(20)
        outside = await desk.ask(REFERENCE, kind="capacity")
        assert isinstance(outside, Lease)
        assert (outside.host, outside.bottlenecks) == ("ndt7.example.org", ("site", "district"))

    reference = Server(host="reference.oak-hill.example.org", port=8631)
    in_a_school(work, capacity=replace(PLAN, in_sites={"oak-hill": reference}))


def test_a_reference_is_kept_busy_by_one_capacity_test_at_a_time_its_own_or_a_rooms() -> None:
    async def work(desk: Desk) -> None:
        other = agent_in("oak-hill", "205")
        for agent in (ROOM, other, REFERENCE):
            desk.desk.turns.want(agent.agent)
        inside = await desk.ask(ROOM, kind="capacity")
        assert isinstance(inside, Lease)
        assert await desk.ask(other, kind="capacity") == "lease_taken", "behind another access point, to the same host"
        assert await desk.ask(REFERENCE, kind="capacity") == "lease_taken"
        await desk.desk.end(ROOM, inside.lease, used_bytes=0)

        assert isinstance(await desk.ask(REFERENCE, kind="capacity"), Lease)
        assert await desk.ask(other, kind="capacity") == "lease_taken"

    reference = Server(host="reference.oak-hill.example.org", port=8631)
    in_a_school(work, capacity=replace(PLAN, in_sites={"oak-hill": reference}))


def test_an_admins_wish_ends_after_half_an_hour() -> None:
    async def work(desk: Desk) -> None:
        desk.desk.turns.want(ROOM.agent)
        await asyncio.sleep(WANTED_NS / 1e9)
        assert await desk.ask(ROOM, kind="capacity") == "capacity_off"

    in_a_school(work)


def test_without_a_server_to_test_to_there_are_none() -> None:
    async def work(desk: Desk) -> None:
        with pytest.raises(Refusal, match="capacity is not tested here"):
            desk.desk.turns.want(ROOM.agent)
        assert await desk.ask(REFERENCE, kind="capacity") == "capacity_off"

    in_a_school(work, capacity=None)


def test_an_agents_own_streams_are_not_for_a_capacity_test_nor_others_leases_for_who_shows_their_name() -> None:
    async def work(desk: Desk) -> None:
        desk.now = MONDAY + timedelta(hours=8, minutes=30)
        lease = await desk.ask(ROOM)
        assert isinstance(lease, Lease)
        assert (lease.token, lease.port, lease.longest_ms) == (None, None, None)
        with pytest.raises(Refusal, match="no such lease"):
            desk.desk.held_by_token(lease.lease)

    in_a_school(work)


WRITTEN = Assessment(
    name="Reading",
    started_at=MONDAY + timedelta(hours=8, minutes=15),
    ended_at=MONDAY + timedelta(hours=8, minutes=45),
    sites=frozenset({"lakeside"}),
)


def test_while_an_assessment_is_written_its_site_is_left_alone_and_no_capacity_is_tested_anywhere() -> None:
    async def work(desk: Desk) -> None:
        pupil, teacher = agent_in("lakeside", "1"), agent_in("lakeside", "2")
        desk.desk.turns.want(ROOM.agent)
        desk.now = WRITTEN.started_at - timedelta(seconds=19)
        for now in (desk.now, WRITTEN.started_at, WRITTEN.ended_at - timedelta(seconds=1)):
            desk.now = now
            assert await desk.ask(pupil) == "assessment"
            assert await desk.ask_for_page("lakeside", "1") == "assessment"
            assert await desk.ask(ROOM, kind="capacity") == "assessment"
        lease = await desk.ask(ROOM)
        assert isinstance(lease, Lease), "a little test at another school disturbs nobody there"
        await desk.desk.end(ROOM, lease.lease, used_bytes=0)
        desk.now = WRITTEN.ended_at
        assert isinstance(await desk.ask(teacher), Lease)

    in_a_school(work, assessments=(WRITTEN,))


def test_an_assessment_that_names_no_site_is_written_at_all() -> None:
    async def work(desk: Desk) -> None:
        desk.now = WRITTEN.started_at
        assert await desk.ask(ROOM) == "assessment"

    in_a_school(work, assessments=(replace(WRITTEN, sites=frozenset()),))


def test_a_server_that_was_answered_too_late_keeps_no_lease_from_ending() -> None:
    async def work(desk: Desk) -> None:
        lease = await desk.ask(REFERENCE, kind="capacity")
        assert isinstance(lease, Lease)
        access = Ndt7Access(desk.desk, asyncio.get_running_loop(), ask_s=0.01)
        with pytest.raises(BadUpgrade, match="busy"):
            access.allow(lease.lease, "down")  # asked from here, the loop cannot answer
        await asyncio.sleep(0)

        held = desk.desk.held(REFERENCE, lease.lease)
        assert (held.streaming, held.begun) == (set(), set())
        await desk.desk.end(REFERENCE, lease.lease, used_bytes=0)

    in_a_school(work)
