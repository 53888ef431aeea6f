"""How likely chance alone is to do that much: tails of the binomial distribution, of any size."""

from functools import lru_cache
from math import exp, lgamma, log


@lru_cache(maxsize=4096)
def at_least(k: int, n: int, share: float) -> float:
    """The probability that `k` or more of `n` have what each has by itself with probability `share` (0..1)."""
    if k <= 0:
        return 1.0
    if k > n or share <= 0:
        return 0.0
    if share >= 1:
        return 1.0
    whole, yes, no = lgamma(n + 1), log(share), log(1 - share)
    terms = (whole - lgamma(i + 1) - lgamma(n - i + 1) + i * yes + (n - i) * no for i in range(k, n + 1))
    return min(1.0, sum(map(exp, terms)))


def at_most(k: int, n: int, share: float) -> float:
    """The probability that `k` or fewer of `n` have it."""
    return at_least(n - k, n, 1 - share)


def no_less(lost: int, of: int, near_lost: int, near_of: int) -> float:
    """The probability that of `lost` and `near_lost` together `lost` or more fall on its `of` requests, when both lose
    alike: Fisher's exact test, one-sided."""
    total, whole = lost + near_lost, of + near_of

    def ways(n: int, k: int) -> float:
        return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)

    terms = (
        exp(ways(of, i) + ways(near_of, total - i) - ways(whole, total))
        for i in range(lost, min(of, total) + 1)
        if total - i <= near_of
    )
    return min(1.0, sum(terms))
