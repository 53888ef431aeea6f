"""Batches at the door: what is kept, what is named as rejected, and that nothing vanishes."""

import gzip
import hashlib
import json
import socket
import threading
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from collector.store.duckdb_store import DuckDbStore
from collector.store.protocol import Arrival, StoreUnavailable, WriteOutcome
from tests.collector.builders import health, latency, throughput, uplink
from tests.collector.live import TOKEN, Live, a_batch, live_collector
from wire.batch import BootClock
from wire.codec import encode
from wire.enrolment import EnrolmentRequest, Role


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    with live_collector(tmp_path) as running:
        yield running


def as_data(live: Live, *reports: Any) -> dict[str, Any]:
    """The JSON data of a good batch, for spoiling."""
    data: dict[str, Any] = json.loads(encode(a_batch(*reports, clock=live.good_clock())))
    return data


def accounts(live: Live) -> dict[str, float]:
    """The counters that must add up."""
    return {
        name: live.metric(f"bandroom_reports_{name}_total")
        for name in ("received", "stored", "duplicate", "rejected", "deferred")
    }


def test_a_batch_is_acknowledged_with_the_fate_of_every_report(live: Live) -> None:
    answer = live.report(latency(1), health(2), throughput(3))

    assert answer.status == 200
    assert answer.body == {"version": 4, "batch": "c" * 16, "stored": 3, "duplicate": 0, "rejected": []}
    assert live.store.count_reports() == 3


def test_the_same_batch_ten_times_at_once_is_stored_once(live: Live) -> None:
    answers: list[Any] = []
    threads = [
        threading.Thread(target=lambda: answers.append(live.report(*(latency(seq) for seq in range(1, 51)))))
        for _ in range(10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(answer.body["stored"] for answer in answers) == 50
    assert sum(answer.body["duplicate"] for answer in answers) == 450
    assert live.store.count_reports() == 50


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        ({"ssid": "eduroam"}, "unknown_field"),
        ({"sent": "60"}, "wrong_type"),
        ({"sent": 60.0}, "wrong_type"),
        ({"sent": True}, "wrong_type"),
        ({"sent": float("nan")}, "wrong_type"),
        ({"sent": float("inf")}, "wrong_type"),
        ({"sent": -1}, "negative_value"),
        ({"sent": 10**30}, "out_of_range"),
        ({"duplicates": -5}, "negative_value"),
        ({"received": 59}, "histogram_mismatch"),
        ({"received": 61}, "more_received_than_sent"),
        ({"histogram": "1:60 1:60"}, "bad_histogram"),
        ({"histogram": "9999:60"}, "bad_histogram"),
        ({"target": "https://example.org"}, "unknown_target"),
        ({"kind": "keystrokes"}, "unknown_kind"),
        ({"method": "telepathy"}, "wrong_type"),
        ({"seq": None}, "wrong_type"),
        ({"boot_ms": 10**9}, "from_future"),
    ],
)
def test_a_bad_report_is_named_and_the_good_ones_are_stored(live: Live, spoil: dict[str, Any], word: str) -> None:
    data = as_data(live, latency(1), latency(2), latency(3))
    data["reports"][1] |= spoil

    answer = live.post(json.dumps(data).encode())

    assert answer.status == 200
    assert [(one["index"], one["error"]) for one in answer.body["rejected"]] == [(1, word)]
    assert answer.body["stored"] == 2
    assert live.store.count_reports() == 2


@pytest.mark.parametrize("octets", [{"uplink_in_bytes": 0}, {"uplink_out_bytes": 5}])
def test_a_room_that_counts_octets_is_refused(live: Live, octets: dict[str, int]) -> None:
    answer = live.report(latency(1), health(2, **octets), health(3))

    assert [(one["index"], one["error"]) for one in answer.body["rejected"]] == [(1, "octets_of_a_room")]
    assert live.store.count_reports() == 2


@pytest.mark.parametrize(("role", "rejected"), [("room", ["octets_of_a_room"]), ("reference", []), ("edge", [])])
def test_an_uplink_is_counted_by_an_edge_or_a_reference_alone(live: Live, role: Role, rejected: list[str]) -> None:
    token = "e" * 43
    now_ms = int(live.clock().timestamp() * 1000)
    registry = live.services.registry
    code = registry.make_code(site="oak-hill", room="closet", role=role, uses=1, expires_ms=now_ms + 1000)
    digest = hashlib.sha256(token.encode()).hexdigest()
    registry.enrol(EnrolmentRequest(version=1, code=code, token_sha256=digest), now_ms=now_ms)

    answer = live.post(encode(a_batch(uplink(1), latency(2), clock=live.good_clock())), token=token)

    assert [one["error"] for one in answer.body["rejected"]] == rejected
    assert answer.body["stored"] == 2 - len(rejected)
    assert live.metrics()["bandroom_uplinks_counted"] == 0.0  # no bin of it is over


def test_a_missing_field_is_named(live: Live) -> None:
    data = as_data(live, latency(1), latency(2))
    del data["reports"][0]["sent"]

    (rejected,) = live.post(json.dumps(data).encode()).body["rejected"]

    assert rejected == {"index": 0, "seq": 1, "error": "missing_field", "detail": "sent is missing"}


def test_an_answer_never_repeats_what_was_sent(live: Live) -> None:
    data = as_data(live, latency(1))
    data["reports"][0] |= {"target": "j.doe-laptop.lan", "histogram": "j.doe"}

    assert "doe" not in json.dumps(live.post(json.dumps(data).encode()).body)


@pytest.mark.parametrize(
    ("body", "zipped", "status", "word"),
    [
        (b"", False, 400, "empty_body"),
        (b"{", False, 400, "bad_json"),
        (b"\xff\xfe", False, 400, "bad_json"),
        (b"[" * 100_000, False, 400, "bad_json"),
        (b"[]", False, 422, "wrong_type"),
        (b"{}", False, 422, "missing_field"),
        (b"not gzip", True, 400, "bad_gzip"),
        (gzip.compress(b'{"version":1}', mtime=0)[:-4], True, 400, "bad_gzip"),
        (gzip.compress(b"0" * 5_000_000, mtime=0), True, 413, "too_large"),
        (b"0" * 1_000_001, False, 413, "too_large"),
        (b'{"version":5,"anything":1}', False, 415, "unsupported_version"),
        (b'{"version":"1"}', False, 422, "wrong_type"),
    ],
)
def test_a_batch_that_cannot_be_read_is_refused_with_a_word(
    live: Live, body: bytes, zipped: bool, status: int, word: str
) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"} | ({"Content-Encoding": "gzip"} if zipped else {})

    answer = live.ask("POST", "/v1/reports", body, headers)

    assert (answer.status, answer.body["error"]) == (status, word)
    assert live.store.count_reports() == 0
    assert accounts(live)["received"] == 0


def test_an_unknown_key_of_the_batch_is_refused(live: Live) -> None:
    answer = live.post(json.dumps(as_data(live, latency(1)) | {"hostname": "pc-7"}).encode())

    assert (answer.status, answer.body["error"]) == (422, "unknown_field")


@pytest.mark.parametrize(
    ("headers", "word"),
    [
        ({}, "no_token"),
        ({"Authorization": "Basic dDp0"}, "no_token"),
        ({"Authorization": "Bearer " + "x" * 43}, "unknown_agent"),
    ],
)
def test_without_a_known_token_nothing_is_taken(live: Live, headers: dict[str, str], word: str) -> None:
    answer = live.ask("POST", "/v1/reports", encode(a_batch(latency(1), clock=live.good_clock())), headers)

    assert (answer.status, answer.body["error"]) == (401, word)


def test_a_revoked_agent_is_refused_and_what_it_reported_stays(live: Live) -> None:
    live.report(latency(1))
    live.services.registry.revoke(live.agent, now_ms=1)

    answer = live.report(latency(2))
    for _ in range(100):
        if answer.status == 401:
            break
        threading.Event().wait(0.05)  # a token is believed for a second after it was looked up
        answer = live.report(latency(2))

    assert (answer.status, answer.body["error"]) == (401, "revoked_token")


def test_the_accounts_add_up_after_a_mixed_run(live: Live) -> None:
    live.report(latency(1), latency(2))
    live.report(latency(2), latency(3))
    data = as_data(live, latency(4), latency(5))
    data["reports"][0]["sent"] = -1
    live.post(json.dumps(data).encode())
    live.post(b"nonsense", zipped=False)

    found = accounts(live)

    assert found == {"received": 6, "stored": 4, "duplicate": 1, "rejected": 1, "deferred": 0}


class BrokenStore(DuckDbStore):
    """A store whose disk comes and goes."""

    broken = True

    def write_reports(self, arrivals: Sequence[Arrival]) -> WriteOutcome:
        """Fail while broken."""
        if self.broken:
            raise StoreUnavailable("the disk is away")
        return super().write_reports(arrivals)


def test_a_store_that_is_away_defers_and_the_resend_is_stored(tmp_path: Path) -> None:
    opened = BrokenStore.open_store(None)
    assert isinstance(opened, BrokenStore)
    with live_collector(tmp_path, opened=opened) as live:
        answer = live.report(latency(1), latency(2))

        assert (answer.status, answer.body["error"]) == (503, "store_unavailable")
        assert answer.headers["retry-after"] == "30"
        assert live.ask("GET", "/readyz").status == 503
        assert accounts(live)["deferred"] == 2

        opened.broken = False

        assert live.report(latency(1), latency(2)).body["stored"] == 2
        assert accounts(live) == {"received": 4, "stored": 2, "duplicate": 0, "rejected": 0, "deferred": 2}


class PickyStore(DuckDbStore):
    """A store with a fault: one report makes it fail in a way that nobody foresaw."""

    def write_reports(self, arrivals: Sequence[Arrival]) -> WriteOutcome:
        """Fail on seq 13."""
        if any(one.report.seq == 13 for one in arrivals):
            raise OverflowError("nobody thought of this")
        return super().write_reports(arrivals)


def test_a_batch_that_brings_out_a_fault_of_ours_does_not_hold_up_the_others(tmp_path: Path) -> None:
    opened = PickyStore.open_store(None)
    with live_collector(tmp_path, opened=opened) as live:
        answers: dict[int, Any] = {}

        def send(seq: int) -> None:
            answers[seq] = live.report(latency(seq))

        threads = [threading.Thread(target=send, args=(seq,)) for seq in range(8, 18)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert {seq for seq, answer in answers.items() if answer.status != 200} == {13}
        assert (answers[13].status, answers[13].body["error"]) == (500, "internal_error")
        assert live.ask("GET", "/readyz").status == 200
        found = accounts(live)
        assert (found["received"], found["stored"], found["deferred"]) == (10, 9, 1)


def test_a_clock_that_is_a_day_off_is_repaired_and_a_resend_lands_on_the_same_time(live: Live) -> None:
    for wrong, boot in ((timedelta(days=1), "d" * 16), (timedelta(days=-1), "e" * 16)):
        wall_ms = int((live.clock() + wrong).timestamp() * 1000)
        clock = BootClock(boot_ms=600_000, wall_ms=wall_ms, synchronised=False, live=True)
        live.report(latency(1, boot_ms=300_000), boot=boot, clock=clock)

    live.clock.move(timedelta(minutes=20))
    again = BootClock(boot_ms=1_800_000, wall_ms=1, synchronised=False, live=True)
    resent = live.report(latency(1, boot_ms=300_000), latency(2, boot_ms=1_500_000), boot="d" * 16, clock=again)

    started = live.clock() - timedelta(minutes=25)
    found = live.store.latency_between(started, started + timedelta(minutes=5), bin_seconds=300)
    (summary,) = found["oak-hill", "204", started]
    assert summary.repaired
    assert summary.sent == 120  # both boots, one report each
    assert resent.body["duplicate"] == 1
    assert live.metric("bandroom_reports_repaired_total") == 3


def test_a_good_clock_is_believed_and_not_called_repaired(live: Live) -> None:
    live.report(latency(1, boot_ms=3_300_000))

    started = live.clock() - timedelta(minutes=5)
    (summary,) = live.store.latency_between(started, live.clock(), bin_seconds=300)["oak-hill", "204", started]
    assert not summary.repaired


def test_a_boot_that_is_over_and_never_knew_the_time_is_rejected(live: Live) -> None:
    clock = BootClock(boot_ms=600_000, wall_ms=1, synchronised=False, live=False)

    answer = live.report(latency(1), latency(2), clock=clock)

    assert [one["error"] for one in answer.body["rejected"]] == ["time_unknown"] * 2


def test_a_boot_that_is_over_but_was_synchronised_lands_in_its_own_minutes(live: Live) -> None:
    yesterday = int((live.clock() - timedelta(days=1)).timestamp() * 1000)
    clock = BootClock(boot_ms=600_000, wall_ms=yesterday, synchronised=True, live=False)

    assert live.report(latency(1, boot_ms=300_000), clock=clock).body["stored"] == 1

    started = live.clock() - timedelta(days=1, minutes=5)
    assert live.store.latency_between(started, started + timedelta(minutes=5), bin_seconds=300)


def test_reports_older_than_they_are_kept_are_rejected(live: Live) -> None:
    clock = BootClock(boot_ms=10**10, wall_ms=int(live.clock().timestamp() * 1000), synchronised=True, live=True)

    (rejected,) = live.report(latency(1, boot_ms=60_000), clock=clock).body["rejected"]

    assert rejected["error"] == "too_old"


@pytest.mark.parametrize("wrong", [timedelta(hours=1), timedelta(days=-40)])
def test_reports_survive_a_step_of_the_collectors_own_clock(live: Live, wrong: timedelta) -> None:
    """Our clock was wrong at first contact and is set right later: a correct agent loses nothing."""
    right = live.clock()
    live.clock.move(wrong)
    clock = BootClock(boot_ms=600_000, wall_ms=int(right.timestamp() * 1000), synchronised=True, live=True)
    live.report(latency(1, boot_ms=500_000), clock=clock)
    live.clock.move(-wrong + timedelta(minutes=1))
    later = int((right + timedelta(minutes=1)).timestamp() * 1000)

    answer = live.report(
        latency(2, boot_ms=599_500),
        clock=BootClock(boot_ms=660_000, wall_ms=later, synchronised=True, live=True),
    )

    assert answer.body["rejected"] == []
    assert answer.body["stored"] == 1


def test_a_body_that_takes_its_time_does_not_shift_the_clock(live: Live) -> None:
    started = live.clock() - timedelta(minutes=5)
    body = encode(a_batch(latency(1, boot_ms=3_300_000), clock=live.good_clock()))
    # Once its token was looked up a request need not wait for the registry between its head and its clock.
    live.ask("GET", "/v1/agent/config", headers={"Authorization": f"Bearer {TOKEN}"})
    with socket.create_connection((live.host, live.port), timeout=30) as slow:
        head = (
            f"POST /v1/reports HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: {len(body)}\r\n"
        )
        slow.sendall(head.encode() + b"Connection: close\r\n\r\n" + body[:10])
        live.ask("GET", "/healthz")  # by now the head was read
        live.clock.move(timedelta(seconds=8))
        slow.sendall(body[10:])
        assert b'"stored":1' in slow.makefile("rb").read()

    (summary,) = live.store.latency_between(started, live.clock(), bin_seconds=300)["oak-hill", "204", started]
    assert not summary.repaired
