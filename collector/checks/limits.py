"""How often checks may be asked for and begun: from one place, and in sum.

Addresses stay in memory for the length of the window, as a digest under a key that dies with the process.
"""

import hashlib
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field

from collector.rate import Rate

ASKS = 60
ASKS_S = 60.0
"""Somebody who waits asks every few seconds; a school of several who wait is one address to us."""

CHECKS = 6
CHECKS_S = 300.0
CHECKS_IN_SUM = 20
CHECKS_IN_SUM_S = 600.0
"""Each may hold the lease for twenty seconds: two thirds of the time at the worst, and agents have the rest."""

MOST_SOURCES = 10_000


class Limits:
    """Asks and begun checks. A `source` of ``None`` is not known, and only counted in sum."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(16)
        self._in_sum = Rate(CHECKS_IN_SUM, CHECKS_IN_SUM_S)
        self._by_source: OrderedDict[bytes, _Source] = OrderedDict()

    def may_ask(self, source: str | None, now_s: float) -> bool:
        """Whether `source` may ask for a check at `now_s` (any seconds that never step); counts that it did."""
        if self._in_sum.is_full(now_s):
            return False
        if source is None:
            return True
        one = self._source(source, now_s)
        if one.asks.is_full(now_s) or one.checks.is_full(now_s):
            return False
        one.asks.add(now_s)
        return True

    def begun(self, source: str | None, now_s: float) -> None:
        """A check of `source` began."""
        self._in_sum.add(now_s)
        if source is not None:
            self._source(source, now_s).checks.add(now_s)

    def _source(self, source: str, now_s: float) -> "_Source":
        """What is known of `source`; what nobody asked from for long is forgotten."""
        digest = hashlib.blake2b(source.encode(), digest_size=16, key=self._key).digest()
        one = self._by_source.pop(digest, None) or _Source()
        one.seen_s = now_s
        self._by_source[digest] = one
        while len(self._by_source) > MOST_SOURCES or now_s - next(iter(self._by_source.values())).seen_s > CHECKS_S:
            self._by_source.popitem(last=False)
        return one


@dataclass(slots=True)
class _Source:
    asks: Rate = field(default_factory=lambda: Rate(ASKS, ASKS_S))
    checks: Rate = field(default_factory=lambda: Rate(CHECKS, CHECKS_S))
    seen_s: float = 0.0
