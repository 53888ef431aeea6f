import numpy as np
import pytest

from collector.simulate.bursts import enter_chance, many_bursts, stream
from collector.verdict.statistics import Neighbours, autocorrelation


@pytest.mark.parametrize(("share", "burst_bins"), [(0.02, 3), (0.2, 4), (0.6, 6)])
def test_bursts_fill_their_share_and_are_as_long_as_was_asked(share: float, burst_bins: float) -> None:
    bad = many_bursts(stream(3, "test"), chains=400, days=[84] * 10, share=share, burst_bins=burst_bins)
    assert bad.mean() == pytest.approx(share, rel=0.1)
    by_day = bad.reshape(-1, 84)
    leaves = (by_day[:, :-1] & ~by_day[:, 1:]).sum() / by_day[:, :-1].sum()
    assert 1 / leaves == pytest.approx(burst_bins, rel=0.1)


def test_neighbours_are_as_alike_as_the_chain_says() -> None:
    bad = many_bursts(stream(4, "test"), chains=1, days=[84] * 300, share=0.2, burst_bins=4)
    runs = ["".join("B" if one else "g" for one in day) for day in bad.reshape(-1, 84)]
    known, yes = {ord("B"): "1", ord("g"): "1"}, {ord("B"): "1", ord("g"): "0"}
    r1 = autocorrelation([Neighbours.of(one, known, yes) for one in runs])
    assert r1 == pytest.approx(1 - 1 / 4 - enter_chance(0.2, 4), abs=0.03)


def test_a_day_does_not_go_on_where_the_one_before_ended() -> None:
    bad = many_bursts(stream(5, "test"), chains=2000, days=[10, 10], share=0.5, burst_bins=100)
    across = np.mean(bad[:, 9] == bad[:, 10])
    assert across == pytest.approx(0.5, abs=0.05)
    assert np.mean(bad[:, 4] == bad[:, 5]) > 0.95


def test_all_the_time_is_all_the_time() -> None:
    assert many_bursts(stream(6), chains=1, days=[5], share=1, burst_bins=1).all()


def test_bursts_too_short_for_their_share_are_refused() -> None:
    with pytest.raises(ValueError, match="bursts of 1 bins cannot fill 90%"):
        enter_chance(0.9, 1)


def test_a_room_more_changes_nothing_for_the_others() -> None:
    assert stream(1, "a").random() == stream(1, "a").random()
    assert stream(1, "a").random() != stream(1, "b").random()
