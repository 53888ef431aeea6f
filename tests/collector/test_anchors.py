"""However many reference agents and anchors there are, the district sends no more than it allows itself."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.district.anchors import (
    MAX_ANCHORS,
    PACKETS_A_MINUTE,
    PACKETS_OF_A_PROBE,
    SETTLING_MS,
    Anchor,
    AnchorMethod,
    anchor_targets,
)
from collector.district.district_file import load_district
from tests.collector.live import Live, a_district, live_collector
from tests.collector.test_files import GOOD_DISTRICT, write
from wire.enrolment import EnrolmentRequest, Role, Target

ANCHORS = (
    Anchor(anchor="isp", host="192.0.2.1", method="icmp", port=7),
    Anchor(anchor="state", host="anchor.example.net", method="tcp_connect", port=443),
)
SETTLED = timedelta(milliseconds=SETTLING_MS)
methods: st.SearchStrategy[AnchorMethod] = st.sampled_from(sorted(PACKETS_OF_A_PROBE))


def some(chosen: Sequence[AnchorMethod]) -> list[Anchor]:
    return [Anchor(anchor=f"a-{number}", host="192.0.2.1", method=one, port=443) for number, one in enumerate(chosen)]


def packets_a_minute(targets: Sequence[Target], references: int) -> float:
    """What so many agents send to them."""
    cost = {str(method): packets for method, packets in PACKETS_OF_A_PROBE.items()}
    return references * sum(cost[one.method] * 60_000 / one.interval_ms for one in targets)


@given(
    chosen=st.lists(methods, max_size=MAX_ANCHORS),
    budget=st.integers(1, 6_000),
    references=st.integers(1, 5_000),
    fastest_ms=st.integers(100, 10_000),
)
def test_the_sum_over_all_references_and_anchors_is_within_the_budget(
    chosen: list[AnchorMethod], budget: int, references: int, fastest_ms: int
) -> None:
    anchors = some(chosen)

    targets = anchor_targets(
        anchors, packets_a_minute=budget, references=references, fastest_ms=fastest_ms, timeout_ms=2_000
    )

    assert packets_a_minute(targets, references) <= budget + 1e-6
    assert [one.alias for one in targets] == [f"anchor:{one.anchor}" for one in anchors[: len(targets)]]
    assert all(one.interval_ms >= fastest_ms and one.tcp_port is None for one in targets)
    for target in targets:  # the budget is used, unless rooms themselves are not measured as often
        sooner = [replace(one, interval_ms=one.interval_ms - 1) for one in targets]
        assert target.interval_ms == fastest_ms or packets_a_minute(sooner, references) > budget


def test_the_default_is_a_ping_a_second_each_for_one_reference_and_two_anchors() -> None:
    for references, anchors, interval_ms in ((1, 2, 1_000), (10, 3, 15_000), (100, 3, 150_000)):
        targets = anchor_targets(
            some(["icmp"] * anchors),
            packets_a_minute=PACKETS_A_MINUTE,
            references=references,
            fastest_ms=1_000,
            timeout_ms=2_000,
        )
        assert {one.interval_ms for one in targets} == {interval_ms}
        assert len(targets) == anchors


def test_anchors_that_do_not_fit_are_left_out_the_last_ones_first() -> None:
    targets = anchor_targets(
        some(["icmp", "icmp", "tcp_connect"]), packets_a_minute=1, references=30, fastest_ms=1_000, timeout_ms=2_000
    )

    assert [(one.alias, one.interval_ms) for one in targets] == [("anchor:a-0", 3_600_000), ("anchor:a-1", 3_600_000)]


def test_anchors_stand_in_the_district_file_with_ports_that_need_not_be_named(tmp_path: Path) -> None:
    text = "anchor_packets_a_minute = 30\n" + GOOD_DISTRICT
    for name, more in (("isp", ""), ("state", 'method = "stamp"'), ("far", 'method = "tcp_connect"\nport = 8443')):
        text += f'\n[[anchors]]\nid = "{name}"\nhost = "{name}.example.net"\n{more}\n'

    district = load_district(write(tmp_path, text))

    assert [(one.anchor, one.host, one.method, one.port) for one in district.anchors] == [
        ("isp", "isp.example.net", "icmp", 7),
        ("state", "state.example.net", "stamp", 862),
        ("far", "far.example.net", "tcp_connect", 8443),
    ]
    assert district.anchor_packets_a_minute == 30


def test_a_district_without_anchors_has_none(tmp_path: Path) -> None:
    district = load_district(write(tmp_path))

    assert (district.anchors, district.anchor_packets_a_minute) == ((), PACKETS_A_MINUTE)


@pytest.mark.parametrize("host", ["192.0.2.7", "2001:db8::7", "a", "anchor-1.example.net", "xn--bcher-kva.example"])
def test_a_host_is_a_name_or_an_address(host: str, tmp_path: Path) -> None:
    text = f'{GOOD_DISTRICT}\n[[anchors]]\nid = "isp"\nhost = "{host}"\n'

    assert [one.host for one in load_district(write(tmp_path, text)).anchors] == [host]


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    district = replace(a_district(), anchors=ANCHORS, anchor_packets_a_minute=60)
    with live_collector(tmp_path, district=district) as running:
        yield running


def join(live: Live, role: Role, token: str) -> str:
    """An agent of this role that holds `token`; its id."""
    registry, now_ms = live.services.registry, int(live.clock().timestamp() * 1000)
    code = registry.make_code(site="oak-hill", room="204", role=role, uses=1, expires_ms=now_ms + 1000)
    digest = hashlib.sha256(token.encode()).hexdigest()
    return registry.enrol(EnrolmentRequest(version=3, code=code, token_sha256=digest), now_ms=now_ms).agent


def anchors_of(live: Live, token: str, version: int = 3) -> dict[str, int]:
    """The anchors that an agent is told to measure to, each with its interval."""
    answered = live.ask("GET", f"/v1/agent/config?version={version}", headers={"Authorization": f"Bearer {token}"})
    targets: list[dict[str, Any]] = answered.body["targets"]
    return {one["alias"]: one["interval_ms"] for one in targets if one["alias"].startswith("anchor:")}


def test_only_references_measure_to_anchors(live: Live) -> None:
    roles: tuple[Role, ...] = ("room", "edge", "reference")
    for role in roles:
        join(live, role, f"token of the {role}")
    live.clock.move(SETTLED)

    assert anchors_of(live, "token of the room") == anchors_of(live, "token of the edge") == {}
    assert anchors_of(live, "token of the reference") == {"anchor:isp": 5_000, "anchor:state": 5_000}


def test_a_reference_that_does_not_say_that_it_knows_the_words_is_told_none(live: Live) -> None:
    join(live, "reference", "an old one")
    live.clock.move(SETTLED)

    assert anchors_of(live, "an old one", version=2) == {}


def test_a_new_reference_waits_until_the_others_have_made_room_for_it(live: Live) -> None:
    join(live, "reference", "first")
    live.clock.move(SETTLED)
    assert set(anchors_of(live, "first").values()) == {5_000}

    second = join(live, "reference", "second")

    assert set(anchors_of(live, "first").values()) == {10_000}
    assert anchors_of(live, "second") == {}
    live.clock.move(SETTLED - timedelta(seconds=1))
    assert anchors_of(live, "second") == {}
    live.clock.move(timedelta(seconds=1))
    assert anchors_of(live, "second") == anchors_of(live, "first") == {"anchor:isp": 10_000, "anchor:state": 10_000}

    live.services.registry.revoke(second, now_ms=int(live.clock().timestamp() * 1000))
    assert set(anchors_of(live, "first").values()) == {5_000}
