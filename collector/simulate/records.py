"""What was said of a room's week beside what was true of it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from collector.simulate.judged import JudgedWeek
from collector.simulate.truth import Truth
from collector.verdict.causes import Cause, Confidence
from collector.verdict.weeks import RoomWeek, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One room-week of one run, which `seed` names."""

    seed: int
    verdict: Verdict
    entered: bool
    cause: Cause | None
    confidence: Confidence | None
    bad_share: float | None
    truth: Truth


def record(seed: int, said: RoomWeek, truth: Truth) -> Record:
    """What is kept of a verdict for scoring it."""
    return Record(
        seed=seed,
        verdict=said.verdict,
        entered=said.entered,
        cause=said.cause,
        confidence=said.confidence,
        bad_share=said.bad_share,
        truth=truth,
    )


def records(seed: int, weeks: Iterable[JudgedWeek]) -> Iterator[Record]:
    """Of every room and week of a run."""
    for week in weeks:
        of_room = {(one.site, one.room): one for one in week.truths}
        for said in week.verdicts:
            yield record(seed, said, of_room[said.site, said.room])
