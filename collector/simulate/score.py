"""How often the verdict was right, counted over room-weeks whose truth is known."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, get_args

from collector.simulate.figures import Figure, all_hold, figure_json, markdown, percent
from collector.simulate.records import Record
from collector.simulate.truth import Truth
from collector.verdict.causes import Cause, Confidence
from collector.verdict.weekly_rule import NOT_THE_NETWORKS

Said = Cause | None
LATEST_WEEKS = 3
"""A restricted room has to be found by then."""

CAUSE_RIGHT, HIGH_RIGHT = 0.95, 0.99
"""Where truth is one cause, and where the verdict was sure."""

FALSE_ENTRIES = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The figures of a scenario. `confusion` counts restricted room-weeks whose truth is one cause, by (true, said)
    cause; `calibration` the same by confidence, as (right, of); `weeks_to_find` the spells of plain trouble by the week
    in which they were found, 0 for never, and `never` these by what was wrong; `verdicts` the room-weeks by
    (truth, verdict)."""

    figures: tuple[Figure, ...]
    confusion: Mapping[tuple[Cause, Said], int]
    calibration: Mapping[Confidence, tuple[int, int]]
    weeks_to_find: Mapping[int, int]
    never: Mapping[str, int]
    verdicts: Mapping[tuple[str, str], int]

    @property
    def holds(self) -> bool:
        """Whether all its bounds hold."""
        return all_hold(self.figures)

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "holds": self.holds,
            "figures": [figure_json(one) for one in self.figures],
            "confusion": [
                {"true": true, "said": said, "room_weeks": count} for (true, said), count in self.confusion.items()
            ],
            "calibration": {word: {"right": right, "of": n} for word, (right, n) in self.calibration.items()},
            "weeks_to_find": {str(week or "never"): count for week, count in sorted(self.weeks_to_find.items())},
            "never_found": dict(self.never),
            "verdicts": [
                {"true": true, "verdict": said, "room_weeks": count} for (true, said), count in self.verdicts.items()
            ],
        }


def score(records: Sequence[Record], *, cause_right: float | None = CAUSE_RIGHT) -> Score:
    """Count. `cause_right` is how often the cause has to be right where truth is one, ``None`` where the scenario does
    not let everything be told; where the verdict is sure it has to be right in any."""
    one_cause = [one for one in records if one.verdict == "restricted" and one.truth.cause is not None]
    confusion = Counter((one.truth.cause, one.cause) for one in one_cause if one.truth.cause)
    by_confidence: dict[Confidence, tuple[int, int]] = {}
    for word in get_args(Confidence):
        said = [one for one in one_cause if one.confidence == word]
        by_confidence[word] = (sum(one.cause == one.truth.cause for one in said), len(said))
    found, never = _weeks_to_find(records)
    return Score(
        figures=tuple(_figures(records, one_cause, by_confidence["high"], found, cause_right)),
        confusion=dict(sorted(confusion.items(), key=str)),
        calibration=by_confidence,
        weeks_to_find=found,
        never=never,
        verdicts=dict(sorted(Counter((_true_words(one), str(one.verdict)) for one in records).items())),
    )


def _figures(
    records: Sequence[Record],
    one_cause: Sequence[Record],
    high: tuple[int, int],
    found: Mapping[int, int],
    cause_right: float | None,
) -> Iterable[Figure]:
    total = len(records)

    def figure(name: str, hits: int, n: int, **held: Any) -> Figure:
        return Figure(name=name, hits=hits, n=n, room_weeks=total, **held)

    entries = [one for one in records if one.entered]
    right = sum(one.truth.restricted for one in entries)
    not_restricted = [one for one in records if not one.truth.restricted]
    false = sum(one.entered for one in not_restricted)
    plain = [one for one in records if one.truth.plain and one.truth.covered]
    spells = sum(found.values())
    uncovered = [one for one in records if not one.truth.covered]
    covered = [one for one in records if one.truth.covered]
    silent = [one for one in records if not one.truth.awake_bins]
    innocent = [one for one in not_restricted if {"device", "remote_service"} & one.truth.shares.keys()]
    if entries:
        yield figure("precision: rooms that entered restricted and should have", right, len(entries))
    yield figure("false entries per room-week", false, len(not_restricted), bound=FALSE_ENTRIES, side="at most")
    if plain:
        yield figure("recall: weeks of 15 % bad or more that were restricted", _restricted(plain), len(plain))
        in_time = sum(count for week, count in found.items() if 0 < week <= LATEST_WEEKS)
        yield figure("found in the first week", found.get(1, 0), spells)
        yield figure(f"found within {LATEST_WEEKS} weeks", in_time, spells)
    if one_cause:
        named = sum(one.cause == one.truth.cause for one in one_cause)
        yield figure("cause right, where truth is one cause", named, len(one_cause), bound=cause_right)
        yield figure('cause right where confidence is "high"', *high, bound=HIGH_RIGHT)
    if innocent:
        wrong = sum(one.entered for one in innocent)
        yield figure("entries for a device's or a service's trouble", wrong, len(innocent), bound=0.0, side="at most")
    if uncovered:
        told = sum(one.verdict == "unknown" for one in uncovered)
        yield figure("unknown where coverage fails", told, len(uncovered), bound=1.0)
    yield figure("unknown although enough was measured", _unknown(covered), len(covered))
    if silent:
        green = sum(one.verdict == "ok" for one in silent)
        yield figure("green although nobody measured", green, len(silent), bound=0.0, side="at most")


def _restricted(records: Sequence[Record]) -> int:
    return sum(one.verdict == "restricted" for one in records)


def _unknown(records: Sequence[Record]) -> int:
    return sum(one.verdict == "unknown" for one in records)


def _weeks_to_find(records: Sequence[Record]) -> tuple[dict[int, int], dict[str, int]]:
    """Of each stretch of weeks in which a room was plainly bad and measured, the week in which it was restricted; and
    what was wrong in those that never were."""
    by_room: dict[tuple[int, str, str], list[Record]] = defaultdict(list)
    for one in records:
        by_room[one.seed, one.truth.site, one.truth.room].append(one)
    found: Counter[int] = Counter()
    never: Counter[str] = Counter()
    for of_room in by_room.values():
        ordered = sorted(of_room, key=lambda one: one.truth.week)
        for plain, spell in groupby(ordered, key=lambda one: one.truth.plain and one.truth.covered):
            if plain:
                weeks = list(spell)
                week = next((n for n, one in enumerate(weeks, 1) if one.verdict == "restricted"), 0)
                found[week] += 1
                if not week:
                    never[_worst(weeks[0].truth)] += 1
    return dict(sorted(found.items())), dict(sorted(never.items()))


def _worst(truth: Truth) -> str:
    """What of the network was wrong most, and what may have hidden it."""
    networks = {cause: share for cause, share in truth.shares.items() if cause not in NOT_THE_NETWORKS}
    cause = max(networks, key=lambda one: networks[one])
    if not truth.seen:
        return f"{cause}, which nothing at the site measures"
    return f"{cause}, beside more of its machine" if truth.shares.get("device", 0.0) > networks[cause] else cause


def _true_words(one: Record) -> str:
    truth = one.truth
    if not truth.covered:
        return "not enough measured"
    if truth.plain:
        return "15 % bad or more"
    return "between 5 % and 15 %" if truth.restricted else "at most 5 % bad"


def confusion_table(score: Score) -> str:
    """True causes in rows, said ones in columns, in room-weeks."""
    said = sorted({said or "none" for _, said in score.confusion})
    rows = []
    for true in dict.fromkeys(true for true, _ in score.confusion):
        counts = [score.confusion.get((true, None if one == "none" else one), 0) for one in said]
        rows.append((true, *(str(count or "") for count in counts)))
    return markdown(("true, said:", *said), rows)


def calibration_table(score: Score) -> str:
    """How often the cause was right by how sure it was."""
    rows = [
        (word, f"{right:,} of {n:,}", percent(right / n) if n else "") for word, (right, n) in score.calibration.items()
    ]
    return markdown(("confidence", "right", "share"), rows)


def verdicts_table(score: Score) -> str:
    """What was said of room-weeks, by what was true of them."""
    said = ("restricted", "at_risk", "ok", "unknown")
    trues = dict.fromkeys(true for true, _ in score.verdicts)
    rows = [(true, *(f"{score.verdicts.get((true, one), 0):,}" for one in said)) for true in trues]
    return markdown(("in truth", *said), rows)
