from datetime import datetime
from pathlib import Path

import pytest

from collector.liveness import ROUND_PATIENCE_S, Liveness
from collector.store.duckdb_store import DuckDbStore
from collector.store.protocol import StoreUnavailable, Touched
from tests.collector.live import live_collector
from tests.end_to_end.waiting import eventually


class Elapsed:
    """Elapsed time that is moved by hand."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class Away(DuckDbStore):
    """A store that cannot be read."""

    def touched_since(self, stored_after: datetime, *, bin_seconds: int) -> list[Touched]:
        raise StoreUnavailable("the disk is away")


def test_a_round_that_does_not_end_is_stuck() -> None:
    elapsed = Elapsed()
    liveness = Liveness(reflecting=lambda: True, now_s=elapsed)
    elapsed.now_s = ROUND_PATIENCE_S
    assert liveness.stuck() is None
    elapsed.now_s += 1
    assert liveness.stuck() == "judging"
    liveness.came_round()
    assert liveness.stuck() is None


def test_a_reflector_that_is_gone_is_stuck() -> None:
    assert Liveness(reflecting=lambda: False, now_s=Elapsed()).stuck() == "reflector"


@pytest.mark.parametrize("away", [False, True])
def test_a_running_collector_comes_round_also_while_its_store_is_away(*, away: bool, tmp_path: Path) -> None:
    store = (Away if away else DuckDbStore).open_store(None)
    with live_collector(tmp_path, opened=store, report_seconds=1) as live:
        eventually("the first round has ended", lambda: live.services.engine.failing or live.services.engine.now)
        assert live.services.engine.failing is away
        live.timer.move(2 * ROUND_PATIENCE_S)
        eventually("the next round has ended", lambda: live.liveness.stuck() is None)


def test_a_collector_whose_reflector_died_says_so(tmp_path: Path) -> None:
    with live_collector(tmp_path) as live:
        assert live.liveness.stuck() is None
    assert live.liveness.stuck() == "reflector"
