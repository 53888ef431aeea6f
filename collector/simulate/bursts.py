"""Trouble that comes in bursts, as networks have it: a chain of two states, bad and not bad.

A bin that follows a bad one is bad again with probability ``1 - 1/burst``, so that bursts last `burst` bins on average;
good stretches are as long as the bad share asks for. The lag-1 autocorrelation of such a chain is
``1 - 1/burst - enters``: 0.66 for 2 % in bursts of three bins.
"""

from collections.abc import Sequence
from random import Random

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]


def bursts(rng: Random, bins: int, bad_share: float, mean_bins: float) -> list[bool]:
    """`bins` consecutive bins of which `bad_share` (0..1) are bad in the long run, in bursts of `mean_bins` (>= 1) on
    average, geometrically long. The first bin is as any other: the chain begins in its stationary state.

    A bin is bad with ``1 - 1/mean_bins`` after a bad one, and with ``bad_share / (1 - bad_share) / mean_bins`` after
    another. Raises `ValueError` where bursts so short cannot make up that share.
    """
    if not 0 <= bad_share <= 1 or mean_bins < 1:
        raise ValueError("bad_share lies in 0..1, and a burst has at least one bin")
    if bad_share == 1:
        return [True] * bins
    begins = bad_share / (1 - bad_share) / mean_bins
    if begins > 1:
        raise ValueError(f"bursts of {mean_bins} bins cannot be {bad_share:.0%} of all: make them longer")
    ends = 1 / mean_bins
    bad = rng.random() < bad_share
    found = []
    for _ in range(bins):
        found.append(bad)
        bad = rng.random() >= ends if bad else rng.random() < begins
    return found


def stream(seed: int, *words: str | int) -> np.random.Generator:
    """Random numbers that depend on `seed` and `words` alone, so that one more room changes nothing for the others."""
    return np.random.default_rng([seed, *"/".join(map(str, words)).encode()])


def enter_chance(share: float, burst_bins: float) -> float:
    """How likely a good bin is followed by a bad one. Raises `ValueError` where no such chain exists: good stretches
    would have to be shorter than a bin."""
    enter = share / (1 - share) / burst_bins if share < 1 else 1.0
    if not 0 <= share <= 1 or burst_bins < 1 or enter > 1:
        raise ValueError(f"bursts of {burst_bins:g} bins cannot fill {share:.0%} of the time")
    return enter


def many_bursts(
    random: np.random.Generator, *, chains: int, days: Sequence[int], share: float, burst_bins: float
) -> Bools:
    """Which bins are bad in `chains` independent rows. `days` are the bins of each day, one day after the other in the
    columns; `share` (0..1) of them is bad on average, in bursts of `burst_bins` (>= 1) on average. Each day begins as
    the chain is on average: a night lies between."""
    enter, leave = enter_chance(share, burst_bins), 1 / burst_bins
    bad: Bools = np.zeros((chains, sum(days)), dtype=np.bool_)
    if share >= 1:
        bad[:] = True
        return bad
    drawn = random.random(bad.shape)
    at = 0
    for length in days:
        for step in range(length):
            if step == 0:
                bad[:, at] = drawn[:, at] < share
            else:
                bad[:, at] = np.where(bad[:, at - 1], drawn[:, at] >= leave, drawn[:, at] < enter)
            at += 1
    return bad
