"""Where the trouble of a bin sits: one slice for each rule, and one for each time that nobody can tell."""

from dataclasses import replace

import pytest

from collector.verdict.causes import Cause, Confidence
from collector.verdict.slices import judge_slice
from collector.verdict.topology import Topology
from tests.bench.accuracy_tree import score
from tests.collector.slice_builders import (
    GOOD,
    INTERNET,
    LINE,
    LOSSY,
    LOSSY_LINE,
    NO_INTERNET,
    WIFI,
    WIRED,
    WIRED_LAN,
    WIRED_LINE,
    Seen,
    Told,
    on_switches,
    site,
)

NO_GATEWAY: dict[str, Seen] = {"gateway": (3.0, 1.0), "district": 320.0}
FAR_FINE = site("elm", 0, 3, GOOD)

TABLE: list[tuple[str, Told, Cause, Confidence, str]] = [
    (
        "one room's Wi-Fi",
        Told(rooms=site("oak", 1, 5, WIFI), references={"oak": WIRED}),
        "room_access", "high", "L2",
    ),
    (
        "one room that loses packets",
        Told(rooms=site("oak", 1, 5, LOSSY), references={"oak": WIRED}),
        "room_access", "high", "L2",
    ),
    (
        "one room's Wi-Fi, without a reference",
        Told(rooms=site("oak", 1, 5, WIFI)),
        "room_access", "medium", "L2",
    ),
    (
        "one room, whose machine reported nothing of itself",
        Told(rooms=site("oak", 1, 5, WIFI), references={"oak": WIRED}, at_ease=False),
        "room_access", "medium", "L2",
    ),
    (
        "one room, before anything is usual",
        Told(rooms=site("oak", 1, 5, WIFI), references={"oak": WIRED}, known=False),
        "room_access", "medium", "L2",
    ),
    (
        "one room, that measures to the district alone",
        Told(rooms=site("oak", 1, 5, {"district": 320.0}), references={"oak": WIRED}),
        "room_access", "medium", "L2",
    ),
    (
        "one room, that measures to the district alone, without a reference",
        Told(rooms=site("oak", 1, 5, {"district": 320.0})),
        "room_access", "low", "L2",
    ),
    (
        "the only room of a site, beside its reference",
        Told(rooms=site("oak", 1, 0, WIFI), references={"oak": WIRED}),
        "room_access", "medium", "L2",
    ),
    (
        "the only room of a site",
        Told(rooms=site("oak", 1, 0, WIFI)),
        "room_access", "low", "L3",
    ),
    (
        "the only room of a site, to the district alone",
        Told(rooms=site("oak", 1, 0, {"district": 320.0})),
        "undetermined", "low", "L8",
    ),
    (
        "a room whose gateway is well and whose neighbours are, too",
        Told(rooms=site("oak", 1, 5, LINE), references={"oak": WIRED}),
        "undetermined", "low", "L8",
    ),
    (
        "a switch",
        Told(rooms=site("oak", 4, 6, WIFI), references={"oak": WIRED}, places=on_switches("oak", 4, 6)),
        "site_lan", "high", "L4",
    ),
    (
        "a switch of two rooms, which may be chance",
        Told(rooms=site("oak", 2, 6, WIFI), references={"oak": WIRED}, places=on_switches("oak", 2, 6)),
        "site_lan", "medium", "L4",
    ),
    (
        "an access point of two rooms",
        Told(rooms=site("oak", 2, 6, WIFI), references={"oak": WIRED}, places=on_switches("oak", 8, per_ap=2)),
        "room_access", "high", "L2",
    ),
    (
        "the whole building",
        Told(rooms=site("oak", 5, 0, WIFI), references={"oak": WIRED_LAN}),
        "site_lan", "high", "L4",
    ),
    (
        "all rooms while the reference is well",
        Told(rooms=site("oak", 5, 0, WIFI), references={"oak": WIRED}),
        "site_lan", "medium", "L4",
    ),
    (
        "two rooms of two, without a reference",
        Told(rooms=site("oak", 2, 0, WIFI)),
        "site_lan", "low", "L4",
    ),
    (
        "the line",
        Told(rooms=site("oak", 5, 0, LINE) | FAR_FINE, references={"oak": WIRED_LINE}),
        "site_uplink", "high", "L4",
    ),
    (
        "the line, by losses",
        Told(
            rooms=site("oak", 5, 0, LOSSY_LINE) | FAR_FINE,
            references={"oak": {"gateway": 2.0, "district": (10.0, 0.08)}},
        ),
        "site_uplink", "high", "L4",
    ),
    (
        "the line of the only site",
        Told(rooms=site("oak", 5, 0, LINE), references={"oak": WIRED_LINE}),
        "site_uplink", "low", "L4",
    ),
    (
        "the line, without a reference",
        Told(rooms=site("oak", 5, 0, LINE) | FAR_FINE),
        "site_uplink", "medium", "L4",
    ),
    (
        "the line, although the Internet is well",
        Told(rooms=site("oak", 5, 0, LINE) | FAR_FINE, references={"oak": {**WIRED_LINE, **INTERNET}}),
        "site_uplink", "medium", "L4",
    ),
    (
        "the line, for the only room of a site",
        Told(rooms=site("oak", 1, 0, LINE) | FAR_FINE),
        "site_uplink", "medium", "L3",
    ),
    (
        "all rooms, where gateways ignore pings and there is no reference",
        Told(rooms=site("oak", 5, 0, NO_GATEWAY) | FAR_FINE),
        "undetermined", "low", "L8",
    ),
    (
        "the provider, as the references of two sites see it",
        Told(
            rooms=site("oak", 0, 5, GOOD) | site("elm", 0, 5, GOOD),
            references={"oak": {**WIRED, **NO_INTERNET}, "elm": {**WIRED, **NO_INTERNET}},
        ),
        "isp_egress", "high", "L5",
    ),
    (
        "the only anchor, as two sites see it",
        Told(
            rooms=site("oak", 0, 5, GOOD) | site("elm", 0, 5, GOOD),
            references={"oak": {**WIRED, "anchor:a": 300.0}, "elm": {**WIRED, "anchor:a": 300.0}},
        ),
        "isp_egress", "medium", "L5",
    ),
    (
        "the provider of the only site",
        Told(rooms=site("oak", 0, 5, GOOD), references={"oak": {**WIRED, **NO_INTERNET}}),
        "isp_egress", "medium", "L3",
    ),
    (
        "the Internet as one site of two sees it",
        Told(
            rooms=site("oak", 0, 5, GOOD) | site("elm", 0, 5, GOOD),
            references={"oak": {**WIRED, **NO_INTERNET}, "elm": {**WIRED, **INTERNET}},
        ),
        "undetermined", "low", "L8",
    ),
    (
        "the way to the district of all of three sites",
        Told(rooms=site("oak", 4, 0, LINE) | site("elm", 4, 0, LINE) | site("ash", 4, 0, LINE)),
        "isp_egress", "medium", "L5",
    ),
    (
        "the way to the district of two sites",
        Told(rooms=site("oak", 4, 0, LINE) | site("elm", 4, 0, LINE)),
        "isp_egress", "low", "L5",
    ),
    (
        "the district's reflector, when the Internet is well",
        Told(
            rooms=site("oak", 4, 0, LINE) | site("elm", 4, 0, LINE),
            references={"oak": {**WIRED_LINE, **INTERNET}, "elm": {**WIRED_LINE, **INTERNET}},
        ),
        "remote_service", "medium", "L6",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("told", "cause", "confidence", "rule"), [one[1:] for one in TABLE], ids=[one[0] for one in TABLE]
)
def test_the_cause_of(told: Told, cause: Cause, confidence: Confidence, rule: str) -> None:
    located = told.located()

    assert (located.cause, located.confidence, located.rule) == (cause, confidence, rule)


def test_losses_of_few_requests_that_scatter_do_not_hide_a_room() -> None:
    """Of 50 requests each 1, 2 and 6 were lost, as a real room did that loses 8 %."""
    told = Told(rooms=site("oak", 0, 4, GOOD), references={"oak": WIRED})
    whole = told.slice()
    seen = [
        told.summary("oak/1", target, (3.0, lost / 50), sent=50)
        for target, lost in (("gateway", 1), ("site", 2), ("district", 6))
    ]
    bad = replace(whole, latency={**whole.latency, ("oak", "1"): seen})

    judged = judge_slice(bad, topology=Topology(places={}, uplink_mbps={}), baselines=told.baselines())

    located = next(one.located for one in judged if one.room == "1")
    assert located is not None
    assert (located.cause, located.confidence) == ("room_access", "low")


def test_the_evidence_holds_what_was_compared() -> None:
    told = Told(
        rooms=site("oak", 4, 6, WIFI), references={"oak": {**WIRED, **INTERNET}}, places=on_switches("oak", 4, 6)
    )

    located = told.located()

    assert [one.target for one in located.room] == ["gateway", "site", "district"]
    assert [one.target for one in located.reference] == ["gateway", "district", "anchor:a", "anchor:b", "anchor:c"]
    assert located.room[0].usual_ms == pytest.approx(2, rel=0.02)
    assert located.room[0].excess_ms == pytest.approx(258, rel=0.04)
    assert (located.bad_peers, located.peers, located.shared) == (3, 9, "switch SW-0")


def test_a_gateway_that_drops_pings_does_not_hide_the_line() -> None:
    policed: dict[str, Seen] = {"gateway": (3.0, 0.5), "site": 3.0, "district": (12.0, 0.08)}
    told = Told(
        rooms=site("oak", 5, 0, policed) | FAR_FINE,
        references={"oak": {"gateway": (2.0, 0.5), "district": (10.0, 0.08)}},
    )

    assert told.located().cause == "site_uplink"


def test_a_gateway_that_answers_late_does_not_hide_the_line() -> None:
    told = Told(
        rooms=site("oak", 5, 0, {"gateway": 900.0, "site": 3.0, "district": 320.0}) | FAR_FINE,
        references={"oak": WIRED_LINE},
    )

    assert told.located().cause == "site_uplink"


def test_methods_that_differ_are_not_held_against_each_other() -> None:
    """By TCP the room has no near target, its neighbours are no witnesses, and neither is the reference."""
    told = Told(rooms=site("oak", 1, 5, WIFI), references={"oak": WIRED})
    whole = told.slice()
    by_tcp = told.summary("oak/1", "district", 400.0)
    object.__setattr__(by_tcp, "method", "tcp_connect")
    latency = {**whole.latency, ("oak", "1"): [*whole.latency["oak", "1"][:2], by_tcp]}
    object.__setattr__(told, "slice", lambda: type(whole)(
        started_at=whole.started_at, seconds=300, day=whole.day, latency=latency, machines=whole.machines,
        roles=whole.roles, profiles=whole.profiles,
    ))  # fmt: skip

    assert told.located().cause == "undetermined"


def test_a_reference_that_suffers_alone_is_not_believed() -> None:
    told = Told(rooms=site("oak", 1, 5, WIFI) | FAR_FINE, references={"oak": {**WIRED_LINE, **NO_INTERNET}})

    assert told.located().cause == "room_access"
    assert told.bins()["oak", "2"].located is None


def test_a_reference_whose_machine_is_busy_says_nothing_of_the_internet() -> None:
    told = Told(
        rooms=site("oak", 0, 5, GOOD),
        references={"oak": {**WIRED, **NO_INTERNET}},
        machines={("oak", "closet"): {"cpu_permille": 990}},
    )

    assert all(one.located is None for one in told.bins().values())


def test_a_reference_behind_a_bad_cable_says_nothing_of_the_internet() -> None:
    told = Told(
        rooms=site("oak", 0, 5, GOOD),
        references={"oak": {"gateway": 300.0, "district": 310.0, "anchor:a": 330.0, "anchor:b": 330.0}},
    )

    assert all(one.anchor is None for one in told.bins().values())


def test_one_bad_reference_of_two_does_not_condemn_a_school() -> None:
    told = Told(
        rooms=site("oak", 0, 5, GOOD), references={"oak": {**WIRED, **NO_INTERNET}, "oak/2": {**WIRED, **INTERNET}}
    )

    assert all(one.anchor is None for one in told.bins().values())


def test_anchors_decide_for_every_measured_room_of_the_site_and_no_other() -> None:
    told = Told(
        rooms=site("oak", 0, 2, GOOD) | site("elm", 0, 2, GOOD),
        references={"oak": {**WIRED, **NO_INTERNET}, "elm": {**WIRED, **INTERNET}},
    )

    bins = told.bins()

    for room in ("1", "2"):
        one = bins["oak", room]
        assert one.headline is not None
        assert (one.headline.quality, one.headline.worst, one.anchor) == ("bad", "latency", "anchor:b")
        assert one.anchor_p95_ms == pytest.approx(320, rel=0.02)
        assert one.p95_ms == pytest.approx(12, rel=0.02)
        assert bins["elm", room].anchor is None
    assert not bins["oak", "closet"].valid


def test_half_of_the_anchors_is_not_more_than_half() -> None:
    told = Told(rooms=site("oak", 0, 2, GOOD), references={"oak": {**WIRED, "anchor:a": 300.0, "anchor:b": 20.0}})

    assert told.bins()["oak", "1"].anchor is None


def test_one_lost_packet_of_twenty_does_not_condemn_a_school() -> None:
    told = Told(rooms=site("oak", 0, 2, GOOD), references={"oak": WIRED})
    whole = told.slice()
    for lost, decides in ((0.05, False), (0.25, True)):
        seen = [
            *whole.latency["oak", "closet"],
            told.summary("oak/reference", "anchor:a", (20.0, lost), sent=20),
        ]
        told.slice = lambda seen=seen: type(whole)(  # type: ignore[method-assign,misc]
            started_at=whole.started_at, seconds=300, day=whole.day,
            latency={**whole.latency, ("oak", "closet"): seen}, machines=whole.machines, roles=whole.roles,
            profiles=whole.profiles,
        )  # fmt: skip
        assert (told.bins()["oak", "1"].anchor is not None) is decides


def test_a_room_that_is_bad_itself_is_not_excused_by_the_internet() -> None:
    told = Told(rooms=site("oak", 1, 4, WIFI), references={"oak": {**WIRED, **NO_INTERNET}})

    bins = told.bins()

    assert bins["oak", "1"].located is not None
    assert bins["oak", "1"].located.cause == "room_access"
    assert bins["oak", "2"].located is not None
    assert bins["oak", "2"].located.cause == "isp_egress"


def test_what_was_always_bad_is_located_by_what_there_is() -> None:
    told = Told(rooms=site("oak", 1, 5, WIFI), references={"oak": WIRED})
    baselines = told.baselines()
    for target, ms in (("gateway", 250.0), ("site", 250.0), ("district", 255.0)):
        for _ in range(60):
            method = "icmp" if target == "gateway" else "stamp"
            baselines.add_bin(("oak", "1"), told.slice().day, (target, method), ms * 1000)
    told.baselines = lambda: baselines  # type: ignore[method-assign]

    assert (told.located().cause, told.located().confidence) == ("room_access", "medium")


def test_one_faulty_branch_of_a_made_up_tree_is_told() -> None:
    """`python -m tests.bench.accuracy_tree` prints the matrix of many more."""
    tally = score(300, seed=20261116)

    assert tally.named.total() > 500
    assert tally.right(tally.high) >= 0.99
    assert tally.right(tally.told) >= 0.95
    assert tally.right(tally.named, but="undetermined") >= 0.93
