"""A mergeable log histogram of round-trip times with a bounded relative error.

Bucket ``i >= 1`` holds times in ``[LOWEST_US * GROWTH**(i-1), LOWEST_US * GROWTH**i)``; bucket 0
holds everything below `LOWEST_US`, bucket `OVERFLOW` everything from `HIGHEST_US` up. A bucket
answers with the value ``2 * low * high / (low + high)``, which is off by at most
``(GROWTH - 1) / (GROWTH + 1)`` = 1.96 % for any time in it (Masson, Rim, Lee: DDSketch, VLDB
2019, section 2). Buckets are fixed, so merging is adding counts: associative, commutative and
without loss, which averaging percentiles is not.

The text form is sparse and canonical, ``"<bucket>:<count>"`` in ascending order joined by one
space, so equal histograms have equal texts; an empty histogram is the empty string. A count has at
most 15 digits: room for the merged histograms of years. In a report `received` bounds it further.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from itertools import accumulate
from math import ceil, log
from operator import lt

from wire.fields import WireError

GROWTH = 1.04
LOWEST_US = 20
HIGHEST_US = 60_000_000
OVERFLOW = ceil(log(HIGHEST_US / LOWEST_US) / log(GROWTH)) + 1
"""The bucket past the last: 60 s and longer."""

EDGES_US = (*(LOWEST_US * GROWTH**i for i in range(OVERFLOW - 1)), float(HIGHEST_US))
"""The lower edges of the buckets from 1 on, in microseconds."""

_TEXT = re.compile(r"(?:0|[1-9][0-9]{0,2}):[1-9][0-9]{0,14}(?: [1-9][0-9]{0,2}:[1-9][0-9]{0,14})*")


def bucket_of(us: float) -> int:
    """The bucket of a time of `us` microseconds. Raises `ValueError` for a negative time or NaN."""
    if not us >= 0:
        raise ValueError(f"a time cannot be {us} us")
    return bisect_right(EDGES_US, us)


def value_of(bucket: int) -> float:
    """The time in microseconds that `bucket` answers with; within 1.96 % of any time in it.

    Bucket 0 answers `LOWEST_US` and bucket `OVERFLOW` answers `HIGHEST_US`: bounds, not estimates.
    """
    if bucket == 0:
        return float(LOWEST_US)
    if bucket >= OVERFLOW:
        return float(HIGHEST_US)
    low, high = EDGES_US[bucket - 1], EDGES_US[bucket]
    return 2 * low * high / (low + high)


class Histogram:
    """Counts per bucket. Mutable only through `add` and `merge`."""

    __slots__ = ("_counts", "_ranked")

    def __init__(self, counts: Mapping[int, int] | None = None) -> None:
        """Take `counts` by bucket. Raises `ValueError` for a bucket that is none or a count below 1."""
        self._counts: dict[int, int] = dict(counts or {})
        self._ranked: tuple[list[int], list[int]] | None = None
        if self._counts and not (
            min(self._counts) >= 0 and max(self._counts) <= OVERFLOW and min(self._counts.values()) >= 1
        ):
            raise ValueError(f"buckets are 0 to {OVERFLOW} and only those that hold something are named")

    @classmethod
    def of(cls, times_us: Iterable[float]) -> "Histogram":
        """The histogram of `times_us`, each in microseconds."""
        histogram = cls()
        for us in times_us:
            histogram.add(us)
        return histogram

    def add(self, us: float) -> None:
        """Count one time of `us` microseconds."""
        bucket = bucket_of(us)
        self._counts[bucket] = self._counts.get(bucket, 0) + 1
        self._ranked = None

    def merge(self, other: "Histogram") -> None:
        """Add the counts of `other`."""
        for bucket, count in other._counts.items():
            self._counts[bucket] = self._counts.get(bucket, 0) + count
        self._ranked = None

    @property
    def total(self) -> int:
        """How many times were counted."""
        return sum(self._counts.values())

    @property
    def counts(self) -> dict[int, int]:
        """A copy of the counts by bucket, ascending."""
        return dict(sorted(self._counts.items()))

    def quantile(self, share: float) -> float | None:
        """The time in microseconds at or below which `share` (0..1) of the times lie.

        Nearest rank: the smallest time whose rank is at least ``share * total``. ``None`` when empty.
        """
        if not 0 <= share <= 1:
            raise ValueError(f"a share lies in 0..1, not {share}")
        if not self._counts:
            return None
        if self._ranked is None:
            # A bin is asked for several percentiles, so what they are found by is kept.
            buckets = sorted(self._counts)
            self._ranked = buckets, list(accumulate(self._counts[bucket] for bucket in buckets))
        buckets, upto = self._ranked
        rank = max(1, ceil(share * upto[-1] - 1e-9))
        return value_of(buckets[bisect_left(upto, rank)])

    def to_text(self) -> str:
        """The canonical sparse text form."""
        return " ".join(f"{bucket}:{count}" for bucket, count in sorted(self._counts.items()))

    @classmethod
    def from_text(cls, text: str) -> "Histogram":
        """Read the text form. Raises `WireError` ``bad_histogram`` for anything not canonical."""
        return cls(dict(zip(*_parse(text), strict=True)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Histogram) and self._counts == other._counts

    __hash__ = None  # type: ignore[assignment]  # mutable

    def __repr__(self) -> str:
        return f"Histogram({self.to_text()!r})"


def count_text(text: str) -> int:
    """How many times a text form holds. Raises `WireError` ``bad_histogram``."""
    return sum(_parse(text)[1])


def _parse(text: str) -> tuple[list[int], list[int]]:
    """The buckets and the counts of a text form. This is the costliest check of a report at the
    collector's door, so it works on whole lists."""
    if not text:
        return [], []
    if not _TEXT.fullmatch(text):
        raise WireError("bad_histogram", 'a histogram is "bucket:count" pairs joined by single spaces')
    numbers = list(map(int, text.replace(":", " ").split(" ")))
    buckets, counts = numbers[::2], numbers[1::2]
    if not all(map(lt, buckets, buckets[1:])) or buckets[-1] > OVERFLOW:
        raise WireError("bad_histogram", f"buckets ascend from 0 to {OVERFLOW}, each once, with counts of at least 1")
    return buckets, counts
