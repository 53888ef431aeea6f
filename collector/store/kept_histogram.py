"""Histograms as the engines keep them: their text is read when something is asked that it does not say by itself.

Of a semester's bins most histograms are asked for one percentile or for nothing at all, and to read them whole is most
of what it costs to have them.
"""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate, pairwise
from math import ceil

import numpy as np

from wire.histogram import OVERFLOW, Histogram, value_of


class KeptHistogram(Histogram):
    """A histogram by a text that `Histogram.to_text` wrote once, and that is not checked again."""

    __slots__ = ("_read", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._read: dict[int, int] | None = None
        self._ranked = None

    @property
    def _counts(self) -> dict[int, int]:  # type: ignore[override]  # is an attribute there
        if self._read is None:
            numbers = _numbers(self._text)
            self._read = dict(zip(numbers[::2], numbers[1::2], strict=True))
        return self._read

    def quantile(self, share: float) -> float | None:
        """See `Histogram.quantile`."""
        if self._read is not None or not 0 <= share <= 1 or not self._text:
            return super().quantile(share)
        if share == 0:
            return value_of(int(self._text[: self._text.index(":")]))
        if self._ranked is None:
            numbers = _numbers(self._text)
            self._ranked = numbers[::2], list(accumulate(numbers[1::2]))
        buckets, upto = self._ranked
        rank = max(1, ceil(share * upto[-1] - 1e-9))
        return value_of(buckets[bisect_left(upto, rank)])

    def to_text(self) -> str:
        """See `Histogram.to_text`."""
        return self._text if self._read is None else super().to_text()


def merged_each(joined: Sequence[str]) -> list[Histogram]:
    """For each of some texts of histograms, joined by spaces, these added up."""
    found: list[Histogram] = []
    for start in range(0, len(joined), _AT_ONCE):
        found += _merged_each(joined[start : start + _AT_ONCE])
    return found


_AT_ONCE = 2_000
_BUCKETS = OVERFLOW + 1


def _merged_each(joined: Sequence[str]) -> list[Histogram]:
    """All pairs are sorted by their text and their bucket, and neighbours of one bucket added up."""
    pairs = [text.count(":") for text in joined]
    if not any(pairs):
        return [Histogram() for _ in joined]
    numbers = np.fromstring(" ".join(joined).replace(":", " "), dtype=np.int64, sep=" ")
    keys = np.repeat(np.arange(len(joined)), pairs) * _BUCKETS + numbers[::2]
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    firsts = np.flatnonzero(np.diff(keys, prepend=-1))
    keys, sums = keys[firsts], np.add.reduceat(numbers[1::2][order], firsts).tolist()
    buckets = (keys % _BUCKETS).tolist()
    borders = np.searchsorted(keys, np.arange(len(joined) + 1) * _BUCKETS).tolist()
    return [
        Histogram(dict(zip(buckets[first:last], sums[first:last], strict=True))) for first, last in pairwise(borders)
    ]


def _numbers(text: str) -> list[int]:
    return list(map(int, text.replace(":", " ").split()))
