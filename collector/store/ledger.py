"""Which reports were already stored, by key, in a few bytes an agent.

Sequence numbers of a boot arrive nearly in order, so a boot's numbers are a handful of ranges. The
ranges live in memory; the engine keeps them beside its rows, in the same transaction, and hands
them back when it opens. Asking and answering are two steps, so that a write that fails leaves no trace.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence

BootKey = tuple[str, str]
"""(agent, boot)"""

Range = tuple[str, str, int, int]
"""(agent, boot, first seq, last seq), both ends included."""


class Ledger:
    """Ranges of stored sequence numbers by boot. Not safe for several threads."""

    def __init__(self, ranges: Iterable[Range] = ()) -> None:
        self._by_boot: dict[BootKey, SeqRanges] = {}
        self.add(ranges)

    def unseen(self, keys: Sequence[tuple[str, str, int]]) -> list[bool]:
        """For each (agent, boot, seq), whether it is new; a key that stands twice is new once."""
        fresh: set[tuple[str, str, int]] = set()
        answers = []
        for key in keys:
            ranges = self._by_boot.get(key[:2])
            new = key not in fresh and not (ranges and key[2] in ranges)
            if new:
                fresh.add(key)
            answers.append(new)
        return answers

    def add(self, ranges: Iterable[Range]) -> None:
        """Take ranges as stored."""
        for agent, boot, first, last in ranges:
            self._by_boot.setdefault((agent, boot), SeqRanges()).add(first, last)

    def grown_by(self, ranges: Iterable[Range]) -> dict[BootKey, "SeqRanges"]:
        """What the boots of `ranges` will have stored once these are; nothing is taken yet. See `put`."""
        grown: dict[BootKey, SeqRanges] = {}
        for agent, boot, first, last in ranges:
            if (agent, boot) not in grown:
                grown[agent, boot] = SeqRanges(self._by_boot.get((agent, boot), ()))
            grown[agent, boot].add(first, last)
        return grown

    def put(self, grown: Mapping[BootKey, "SeqRanges"]) -> None:
        """Take what `grown_by` said as stored."""
        self._by_boot.update(grown)

    def ranges(self) -> Iterator[Range]:
        """Everything stored, in as few ranges as it takes."""
        for (agent, boot), ranges in self._by_boot.items():
            for first, last in ranges:
                yield agent, boot, first, last

    def forget(self, boots: Iterable[BootKey]) -> None:
        """Drop boots whose reports are past the retention time."""
        for boot in boots:
            self._by_boot.pop(boot, None)


class SeqRanges:
    """Disjoint, ascending ranges of whole numbers that grow."""

    __slots__ = ("_firsts", "_lasts")

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []
        for first, last in ranges:
            self.add(first, last)

    def __contains__(self, seq: int) -> bool:
        index = bisect_right(self._firsts, seq) - 1
        return index >= 0 and seq <= self._lasts[index]

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(zip(self._firsts, self._lasts, strict=True))

    def add(self, first: int, last: int) -> None:
        """Add ``first..last``, joining the ranges it touches."""
        low = bisect_right(self._firsts, first) - 1
        if low < 0 or self._lasts[low] < first - 1:
            low += 1
        high = bisect_right(self._firsts, last + 1)
        if low < high:
            first = min(first, self._firsts[low])
            last = max(last, self._lasts[high - 1])
        self._firsts[low:high] = [first]
        self._lasts[low:high] = [last]


def runs(keys: Iterable[tuple[str, str, int]]) -> list[Range]:
    """The keys as ranges, sorted by boot and number."""
    found: list[Range] = []
    for agent, boot, seq in sorted(keys):
        if found and found[-1][:2] == (agent, boot) and found[-1][3] == seq - 1:
            found[-1] = (agent, boot, found[-1][2], seq)
        else:
            found.append((agent, boot, seq, seq))
    return found
