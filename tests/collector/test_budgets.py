"""What tests cost, as the API, the board and Prometheus tell it, of a running collector."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter, generate_latest
from sqlalchemy.exc import OperationalError

from collector.throughput.budget_gauges import BudgetGauges
from collector.throughput.leases import WATCH_BYTES
from collector.throughput.spending import DistrictSpending
from tests.collector.live import Live, live_collector
from tests.collector.stream_client import a_lease, another_agent, ask_for_lease, end_lease
from tests.end_to_end.waiting import eventually
from wire.sufficiency import most_bytes

A_TEST = most_bytes(1_000_000) + most_bytes(500_000) + WATCH_BYTES


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    with live_collector(tmp_path, site_throughput_bytes_a_day=3 * A_TEST) as running:
        yield running


def test_what_is_used_and_set_aside_is_told_for_the_day_and_the_month(live: Live) -> None:
    other = another_agent(live)
    end_lease(live, a_lease(live), used_bytes=100_000)
    a_lease(live, other)

    answer = live.ask("GET", "/v1/budgets").body

    assert (answer["day"], answer["time_zone"]) == ("2026-11-16", "UTC")
    district, (site,), agents = answer["district"], answer["sites"], answer["agents"]
    for one, limit in ((district, 50_000_000_000), (site, 3 * A_TEST)):
        assert one["day"] == {"used_bytes": 100_000, "reserved_bytes": A_TEST, "limit_bytes": limit}
        assert (one["month"]["used_bytes"], one["month"]["reserved_bytes"]) == (100_000, A_TEST)
    assert [one["agent"] == live.agent for one in agents] == [True, False]
    assert [(one["site"], one["room"], one["day"]["used_bytes"]) for one in agents] == [
        ("oak-hill", "204", 100_000),
        ("oak-hill", "204", 0),
    ]


def test_a_refusal_names_the_budget_and_when_to_ask_again(live: Live) -> None:
    for _ in range(2):
        a_lease(live)
        live.timer.move(20)
    end_lease(live, a_lease(live), used_bytes=30_000)

    refused = ask_for_lease(live, another_agent(live))

    assert (refused.status, refused.body["error"]) == (403, "budget_spent")
    assert "site_throughput_bytes_a_day" in refused.body["detail"]
    assert "tomorrow" in refused.body["detail"]


def test_prometheus_is_told_of_the_district_and_each_site_and_of_no_agent(live: Live) -> None:
    end_lease(live, a_lease(live), used_bytes=100_000)

    gauges = {name: value for name, value in live.metrics().items() if name.startswith("bandroom_budget_")}

    assert gauges['bandroom_budget_used_bytes{period="day",scope="site",site="oak-hill"}'] == 100_000
    assert gauges['bandroom_budget_limit_bytes{period="day",scope="site",site="oak-hill"}'] == 3 * A_TEST
    assert gauges['bandroom_budget_used_bytes{period="month",scope="district",site=""}'] == 100_000
    assert gauges['bandroom_budget_reserved_bytes{period="month",scope="district",site=""}'] == 0
    assert len(gauges) == 3 * 2 * 2


def test_a_registry_that_does_not_answer_takes_no_other_metric_along() -> None:
    def now() -> DistrictSpending:
        raise OperationalError("SELECT", {}, Exception("disk I/O error"))

    metrics = CollectorRegistry()
    Counter("bandroom_others", "Something else", registry=metrics)
    metrics.register(BudgetGauges(now))

    assert b"bandroom_others_total" in generate_latest(metrics)


def test_the_board_has_a_page_of_it(live: Live) -> None:
    end_lease(live, a_lease(live), used_bytes=12_000_000)
    eventually("the first round has ended", lambda: live.services.engine.now)

    page = live.ask("GET", "/budgets")

    assert page.status == 200
    assert "Today the tests of Oak Hill have used 1.2 MB of 3.6 MB" in page.body


def test_who_may_not_read_the_board_may_not_read_this(tmp_path: Path) -> None:
    with live_collector(tmp_path, reader_password="hunter22") as live:
        for path in ("/v1/budgets", "/budgets"):
            assert live.ask("GET", path).status == 401
