"""Mappings and lists of bins, days and weeks as the texts that the engines keep."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from collector.store.kept_histogram import KeptHistogram
from collector.verdict.baselines import Measured
from collector.verdict.bins import ProfileScore
from collector.verdict.causes import Located
from collector.verdict.days import TestCount
from collector.verdict.uplinks.load import Load
from wire.histogram import Histogram


def scores_text(scores: Iterable[ProfileScore]) -> str:
    """Scores as a list of profile, QoO, quality, and what was worst."""
    return _text([[one.profile, one.qoo, one.quality, one.worst] for one in scores])


def read_scores(text: str) -> tuple[ProfileScore, ...]:
    """What `scores_text` wrote."""
    return tuple(
        ProfileScore(profile=profile, qoo=qoo, quality=quality, worst=worst)
        for profile, qoo, quality, worst in json.loads(text)
    )


def located_text(located: Located | None) -> str | None:
    """See `Located.to_text`."""
    return None if located is None else located.to_text()


def read_located(text: str | None) -> Located | None:
    """What `located_text` wrote; an empty text is none."""
    return Located.from_text(text) if text else None


def counts_text(counts: Mapping[Any, int]) -> str:
    """Counts by word."""
    return _text(counts)


def read_counts(text: str) -> dict[Any, int]:
    """What `counts_text` wrote."""
    counts: dict[Any, int] = json.loads(text)
    return counts


def tests_text(tests: Mapping[Any, TestCount]) -> str:
    """By direction how many hours passed, and how many told something."""
    return _text({direction: [one.passed, one.told] for direction, one in tests.items()})


def read_tests(text: str) -> dict[Any, TestCount]:
    """What `tests_text` wrote."""
    return {direction: TestCount(passed=passed, told=told) for direction, (passed, told) in json.loads(text).items()}


def labels_text(labels: Iterable[str], *, longest: int | None = None) -> str:
    """A list of labels; of a text that were longer than `longest` bytes the last ones are left out."""
    return _list_text(list(labels), longest)


def read_labels(text: str) -> tuple[str, ...]:
    """What `labels_text` wrote."""
    return tuple(json.loads(text))


def minima_text(minima: Mapping[Measured, Histogram], *, longest: int | None = None) -> str:
    """A list of target, method and histogram, in their order; shortened like `labels_text`."""
    return _list_text([[*measured, of.to_text()] for measured, of in sorted(minima.items())], longest)


def read_minima(text: str) -> dict[Measured, Histogram]:
    """What `minima_text` wrote."""
    return {(target, method): KeptHistogram(counts) for target, method, counts in json.loads(text)}


def loads_text(loads: Mapping[Any, Load]) -> str:
    """By direction: the busy hour's rate and which hour that is, the peak's rate and when it began in Unix seconds."""
    return _text(
        {way: [one.busy_bps, one.busy_hour, one.peak_bps, int(one.peak_at.timestamp())] for way, one in loads.items()}
    )


def read_loads(text: str) -> dict[Any, Load]:
    """What `loads_text` wrote."""
    return {
        way: Load(busy_bps=busy, busy_hour=hour, peak_bps=peak, peak_at=datetime.fromtimestamp(at, UTC))
        for way, (busy, hour, peak, at) in json.loads(text).items()
    }


def _list_text(values: list[Any], longest: int | None) -> str:
    text = _text(values)
    while longest is not None and len(text.encode()) > longest:
        values = values[:-1]
        text = _text(values)
    return text


def _text(values: object) -> str:
    return json.dumps(values, separators=(",", ":"), ensure_ascii=False)
