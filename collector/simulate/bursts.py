"""Trouble that comes in bursts, as networks have it: a chain of two states, bad and not bad."""

from random import Random


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
