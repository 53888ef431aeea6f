"""What holds of every slice, and what a machine, its signs and its baselines do to a bin."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.verdict.baselines import Baselines
from collector.verdict.causes import Sign
from collector.verdict.slices import judge_slice
from collector.verdict.topology import Place, RoomKey, Topology
from tests.collector.slice_builders import (
    DAY,
    GOOD,
    INTERNET,
    LINE,
    WIFI,
    WIRED,
    WIRED_LAN,
    WIRED_LINE,
    Seen,
    Told,
    on_switches,
    site,
)
from wire.histogram import Histogram
from wire.path_report import Hop, HopRole, PathReport

SURENESS = {"low": 0, "medium": 1, "high": 2}
MS = st.sampled_from([0.5, 3.0, 14.0, 45.0, 120.0, 210.0, 900.0])
SEEN = st.one_of(MS, st.tuples(MS, st.sampled_from([0.0, 0.01, 0.06, 0.4, 1.0])))
ROOM = st.dictionaries(st.sampled_from(["gateway", "site", "district", "resolver:1"]), SEEN, max_size=4)
REFERENCE = st.dictionaries(st.sampled_from(["gateway", "district", "anchor:a", "anchor:b"]), SEEN, max_size=4)
LABEL = st.sampled_from([None, "1", "2"])
PLACE = st.builds(Place, ap=LABEL, switch=LABEL, uplink=LABEL)
KEY = st.tuples(st.sampled_from(["oak", "elm", "ash"]), st.sampled_from(["1", "2", "3", "4"]))
MACHINE: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "cpu_permille": st.sampled_from([None, 10, 950]),
        "clock_step_ms": st.sampled_from([0, -5000]),
        "link_flaps": st.sampled_from([None, 0, 2]),
        "medium": st.sampled_from([None, "wired", "wifi"]),
        "wifi_signal_dbm": st.sampled_from([None, -80]),
    }
)
SLICES = st.builds(
    Told,
    rooms=st.dictionaries(KEY, ROOM, min_size=1, max_size=8),
    references=st.dictionaries(st.sampled_from(["oak", "oak/2", "elm"]), REFERENCE, max_size=3),
    places=st.dictionaries(KEY, PLACE, max_size=8),
    machines=st.dictionaries(KEY, MACHINE, max_size=4),
    known=st.booleans(),
    at_ease=st.booleans(),
)
GOOD_SEEN: st.SearchStrategy[Seen] = st.sampled_from([1.0, 9.0, 60.0, 99.0, (12.0, 0.01)])
GOOD_ROOM = st.fixed_dictionaries({"gateway": GOOD_SEEN, "site": GOOD_SEEN, "district": GOOD_SEEN})


@given(told=SLICES, random=st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_no_slice_fails_and_the_order_of_rooms_changes_nothing(told: Told, random: Any) -> None:
    whole = told.slice()
    keys = list(whole.latency)
    random.shuffle(keys)
    mixed = replace(whole, latency={key: list(reversed(whole.latency[key])) for key in keys})
    topology = Topology(places=told.places, uplink_mbps={})

    one = {(x.site, x.room): x for x in judge_slice(whole, topology=topology, baselines=told.baselines())}
    other = {(x.site, x.room): x for x in judge_slice(mixed, topology=topology, baselines=told.baselines())}

    assert one.keys() == other.keys() == {key for key in keys if whole.latency[key]}
    for key, found in one.items():
        assert replace(other[key], targets=found.targets) == found


@given(told=SLICES)
@settings(max_examples=100, deadline=None)
def test_what_is_located_is_bad_or_says_nothing_of_the_network(told: Told) -> None:
    for one in told.bins().values():
        bad = one.headline is not None and one.headline.quality == "bad"
        if one.located is None:
            assert not bad
        elif one.located.cause == "device":
            assert not one.valid
        else:
            assert bad


@given(rooms=st.dictionaries(KEY, GOOD_ROOM, min_size=1, max_size=8), known=st.booleans())
@settings(max_examples=60, deadline=None)
def test_where_nothing_is_bad_no_cause_is_named(rooms: dict[RoomKey, dict[str, Seen]], known: bool) -> None:
    references = {"oak": {**WIRED, **INTERNET}, "elm": WIRED}

    assert all(one.located is None for one in Told(rooms=rooms, references=references, known=known).bins().values())


@given(
    how=st.sampled_from([WIFI, LINE]),
    rooms=st.tuples(st.integers(1, 7), st.integers(0, 7)),
    reference=st.sampled_from([None, WIRED, WIRED_LAN, WIRED_LINE]),
    labels=st.tuples(st.sampled_from([None, (2, 20), (4, 20), (3, 3, 20)]), st.sampled_from(["SW-0", "SW-1", None])),
    elsewhere=st.sampled_from([None, GOOD, LINE]),
)
@settings(max_examples=200, deadline=None)
def test_a_good_peer_never_makes_a_shared_cause_surer(
    how: dict[str, Seen],
    rooms: tuple[int, int],
    reference: dict[str, Seen] | None,
    labels: tuple[tuple[int, ...] | None, str | None],
    elsewhere: dict[str, Seen] | None,
) -> None:
    switches, on = labels
    seen = site("oak", *rooms, how) | (site("elm", 3, 0, elsewhere) if elsewhere else {})
    places = on_switches("oak", *switches) if switches else {}
    told = Told(rooms=seen, references={"oak": reference} if reference else {}, places=places)
    with_peer = replace(
        told, rooms={**seen, ("oak", "peer"): GOOD}, places={**places, ("oak", "peer"): Place(ap="AP-x", switch=on)}
    )

    before, after = told.located(), with_peer.located()

    if before.cause == after.cause and before.cause in ("site_lan", "site_uplink", "isp_egress"):
        assert SURENESS[after.confidence] <= SURENESS[before.confidence]


@pytest.mark.parametrize(
    ("machine", "sign"),
    [
        ({"cpu_permille": 930}, "busy_machine"),
        ({"memory_stalled_permille": 800}, "busy_machine"),
        ({"clock_step_ms": -90_000}, "stepped_clock"),
        ({"link_flaps": 1, "medium": "wired"}, "link_down"),
        ({"skipped_probes": 2000}, "few_probes"),
    ],
)
def test_a_bad_bin_of_a_machine_that_could_not_measure_says_nothing(machine: dict[str, Any], sign: Sign) -> None:
    one = Told(rooms=site("oak", 1, 5, WIFI), references={"oak": WIRED}, machines={("oak", "1"): machine}).bins()

    bad = one["oak", "1"]
    assert (bad.valid, bad.scores) == (False, ())
    assert bad.located is not None
    assert (bad.located.cause, bad.located.rule, bad.located.signs) == ("device", "L0", (sign,))


def test_a_busy_machine_that_measured_well_is_believed() -> None:
    told = Told(rooms=site("oak", 0, 2, WIFI), machines={("oak", "1"): {"cpu_permille": 990}})

    assert told.bins()["oak", "1"].valid


def test_beside_a_machine_at_ease_a_busy_one_does_not_speak() -> None:
    """Of two agents the better one speaks; of three with two busy ones the third does."""
    told = Told(rooms=site("oak", 0, 2, WIFI), machines={("oak", "1"): {"cpu_permille": 100}})
    whole = told.slice()
    busy = [replace(whole.machines["oak", "1"][0], agent=agent, cpu_permille=990) for agent in ("b", "c")]
    slow = [told.summary(agent, "district", 900.0) for agent in ("b", "c")]
    mixed = replace(
        whole,
        latency={**whole.latency, ("oak", "1"): [*whole.latency["oak", "1"], *slow]},
        machines={**whole.machines, ("oak", "1"): [*whole.machines["oak", "1"], *busy]},
    )

    judged = judge_slice(mixed, topology=Topology(places={}, uplink_mbps={}), baselines=Baselines())

    one = next(one for one in judged if one.room == "1")
    assert one.headline is not None
    assert one.headline.quality == "good"


def test_links_that_are_lost_together_are_not_each_machines_own() -> None:
    flapped = {"link_flaps": 1, "medium": "wired"}
    rooms = site("oak", 2, 5, WIFI)

    told = Told(rooms=rooms, references={"oak": WIRED}, machines={("oak", "1"): flapped, ("oak", "2"): flapped})

    assert told.located().cause == "room_access"


@pytest.mark.parametrize(
    ("machine", "signs"),
    [
        ({"wifi_signal_dbm": -80, "wifi_retries_permille": 300}, ("weak_signal", "many_retries")),
        ({"link_errors": 12}, ("link_errors",)),
        ({"link_flaps": 3, "medium": "wifi"}, ("link_down",)),
        ({"wifi_signal_dbm": -50}, ()),
    ],
)
def test_a_rooms_link_bears_its_cause_out(machine: dict[str, Any], signs: tuple[Sign, ...]) -> None:
    told = Told(rooms=site("oak", 1, 5, WIFI), references={"oak": WIRED}, machines={("oak", "1"): machine})

    assert told.located().signs == signs


def test_a_full_uplink_bears_its_cause_out() -> None:
    rooms = site("oak", 5, 0, LINE) | site("elm", 0, 3, GOOD)
    traffic = {("oak", "closet"): {"uplink_in_bps": 85e6, "uplink_out_bps": 1e6}}
    told = Told(rooms=rooms, references={"oak": WIRED_LINE}, machines=traffic, uplink_mbps={"oak": 100})

    assert told.located().signs == ("busy_uplink",)
    assert replace(told, uplink_mbps={"oak": 200}).located().signs == ()


def path(*hops: tuple[HopRole | None, float]) -> PathReport:
    return PathReport(
        seq=1,
        boot_ms=0,
        duration_ms=1000,
        target="district",
        method="icmp",
        method_version=1,
        reached=True,
        hops=tuple(
            Hop(ttl=n + 1, role=role, sent=3, received=3, min_us=round(ms * 1000)) for n, (role, ms) in enumerate(hops)
        ),
    )


@pytest.mark.parametrize(
    ("hops", "signs"),
    [
        ((("gateway", 80.0), ("district", 95.0)), ("long_hop",)),
        ((("gateway", 2.0), ("district", 95.0)), ()),
        ((("gateway", 80.0), ("district", 9.0)), ()),
    ],
)
def test_a_path_bears_a_cause_out_where_it_grows_and_stays_grown(
    hops: tuple[tuple[HopRole, float], ...], signs: tuple[Sign, ...]
) -> None:
    told = Told(rooms=site("oak", 1, 5, WIFI), references={"oak": WIRED}, paths={("oak", "1"): [path(*hops)]})

    assert told.located().signs == signs


KEY_1: RoomKey = ("oak", "1")
DISTRICT = ("district", "stamp")


def test_what_is_usual_is_known_from_three_bins_on() -> None:
    baselines = Baselines()
    for ms, usual_ms in ((10, None), (11, None), (12, 10)):
        baselines.add_bin(KEY_1, DAY, DISTRICT, ms * 1000)
        assert baselines.usual_ms(KEY_1, DISTRICT) == (usual_ms and pytest.approx(usual_ms, rel=0.02))
    assert baselines.usual_ms(KEY_1, ("district", "tcp_connect")) is None


def test_what_is_usual_forgets_days_of_more_than_fourteen() -> None:
    baselines = Baselines()
    for back in (20, 3, 2, 1, 0):
        baselines.add_bin(KEY_1, DAY - timedelta(days=back), DISTRICT, 5_000 if back == 20 else 12_000)
    assert baselines.usual_ms(KEY_1, DISTRICT) == pytest.approx(5, rel=0.02)
    for later in range(1, 11):
        baselines.add_bin(KEY_1, DAY + timedelta(days=later), DISTRICT, 12_000)
    assert baselines.usual_ms(KEY_1, DISTRICT) == pytest.approx(12, rel=0.02)


@given(
    added=st.lists(st.tuples(st.integers(0, 20), st.floats(100, 1e6)), min_size=3, max_size=60),
    asked=st.booleans(),
)
def test_days_that_are_loaded_are_the_same_as_days_that_were_lived(added: list[tuple[int, float]], asked: bool) -> None:
    lived, loaded = Baselines(), Baselines()
    by_day: dict[date, Histogram] = {}
    for days, us in added:
        day = DAY + timedelta(days=days)
        by_day.setdefault(day, Histogram()).add(us)
        lived.add_bin(KEY_1, day, DISTRICT, us)
        if asked:
            lived.usual_ms(KEY_1, DISTRICT)
    for day, minima in by_day.items():
        loaded.set_day(KEY_1, day, {DISTRICT: minima})
    kept = sorted(by_day)[-14:]
    merged = Histogram()
    for day in kept:
        merged.merge(by_day[day])

    if len(by_day) <= 14:
        assert lived.usual_ms(KEY_1, DISTRICT) == loaded.usual_ms(KEY_1, DISTRICT)
        assert lived.of_day(KEY_1, kept[-1]) == {DISTRICT: by_day[kept[-1]]}
    if merged.total >= 3:
        fifth_us = merged.quantile(0.05)
        assert fifth_us is not None
        assert loaded.usual_ms(KEY_1, DISTRICT) == fifth_us / 1000


def test_a_bin_is_held_against_what_was_known_before_it() -> None:
    told = Told(rooms=site("oak", 0, 1, WIFI), known=False)
    baselines = Baselines()
    for known in (None, None, None, 12):
        assert baselines.usual_ms(KEY_1, DISTRICT) == (known and pytest.approx(known, rel=0.02))
        judge_slice(told.slice(), topology=Topology(places={}, uplink_mbps={}), baselines=baselines)


def test_a_starved_machine_that_measured_too_little_is_why_nothing_is_known() -> None:
    told = Told(rooms=site("oak", 0, 2, WIFI), machines={("oak", "1"): {"skipped_probes": 700}})
    whole = told.slice()
    few = [told.summary("oak/1", target, 3.0, sent=90) for target in ("gateway", "site", "district")]
    few = [replace(one, probed_ms=90_000) for one in few]
    thin = replace(whole, latency={**whole.latency, KEY_1: few})

    starved, _ = judge_slice(thin, topology=Topology(places={}, uplink_mbps={}), baselines=Baselines())

    assert not starved.valid
    assert starved.located is not None
    assert (starved.located.cause, starved.located.signs) == ("device", ("few_probes",))


def test_a_machine_that_slept_is_not_ill() -> None:
    told = Told(rooms=site("oak", 0, 1, WIFI), machines={KEY_1: {"skipped_probes": 2000, "slept_ms": 250_000}})
    whole = told.slice()
    few = [replace(told.summary("oak/1", "district", 3.0, sent=50), probed_ms=50_000)]

    (asleep,) = judge_slice(
        replace(whole, latency={KEY_1: few}), topology=Topology(places={}, uplink_mbps={}), baselines=Baselines()
    )

    assert (asleep.valid, asleep.located) == (False, None)
