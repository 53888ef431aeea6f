"""What ``make score`` prints and ``docs/accuracy.md`` shows: the rule by itself, whole scenarios, forecasts, then
alerts, with the bounds that the product promises. The same with fewer rooms and other seeds runs with every change."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from collector.simulate.alert_score import AlertScore, alert_score
from collector.simulate.figures import Figure, markdown, percent, table
from collector.simulate.forecast_score import ForecastScore, forecast_score
from collector.simulate.rule_alone import Case, Missing, Outcome
from collector.simulate.runs import Spread, run_case, run_scenario
from collector.simulate.scenario_file import find_scenario, load_scenario
from collector.simulate.score import CAUSE_RIGHT, Score, calibration_table, confusion_table, score, verdicts_table
from collector.simulate.seeds import SCORED

SEMESTER = 18
MISSING: tuple[Missing, ...] = ("sleeping", "moved", "half_days", "short_days")
HEALTHY_ENTRIES, BOUNDARY_ENTRIES, FOUND = 0.001, 0.01, 0.95

UNTOLD = frozenset({"hard"})
"""Scenarios with troubles that cannot all be told apart: only what is said for sure has to be right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is judged: `healthy` and `trouble` are rooms, those that nothing or something is wrong with, where a
    bound is promised for just that case; for others it is a third of them. `case_seeds` share them out, and each
    scenario runs with each of `scenario_seeds`. `uplinks` are shared out as rooms are."""

    healthy: int
    trouble: int
    case_seeds: Sequence[int]
    scenario_seeds: Sequence[int]
    uplinks: int = 8000
    bursts: tuple[int, ...] = (15, 20, 30, 45)
    scenarios: tuple[str, ...] = ("healthy", "semester", "hard")


PUBLISHED = Size(healthy=1200, trouble=4800, case_seeds=SCORED[:8], scenario_seeds=SCORED[:2])


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A case of the rule alone and the figure that is told of it: `weeks` are those within which a room is found,
    0 where false entries are counted."""

    case: Case
    weeks: int
    bound: float | None

    def figure(self, outcome: Outcome) -> Figure:
        """What is told of it."""
        if self.weeks:
            within = "in the first week" if self.weeks == 1 else f"within {self.weeks} weeks"
            return Figure(
                name=f"{self.case.title}: restricted {within}",
                hits=outcome.in_week[self.weeks - 1],
                n=outcome.room_weeks // self.case.weeks,
                room_weeks=outcome.room_weeks,
                bound=self.bound,
            )
        return Figure(
            name=f"{self.case.title}: entries",
            hits=outcome.entries,
            n=outcome.room_weeks,
            room_weeks=outcome.room_weeks,
            bound=self.bound,
            side="at most",
        )


def rows(size: Size) -> Iterator[Row]:
    """The cases of the rule alone. Bounds are those promised: 2 % and 5 % in bursts of 15 minutes, 20 % and 15 % in
    bursts of 20, all of it measured."""
    for share, bound in ((0.02, HEALTHY_ENTRIES), (0.05, BOUNDARY_ENTRIES)):
        for minutes in size.bursts:
            rooms = size.healthy if minutes == 15 else size.healthy // 3
            case = Case(share=share, burst_minutes=minutes, rooms=rooms, weeks=SEMESTER)
            yield Row(case=case, weeks=0, bound=bound if minutes == 15 else None)
    for missing in MISSING:
        for share, bound in ((0.02, HEALTHY_ENTRIES), (0.05, BOUNDARY_ENTRIES)):
            rooms = size.healthy // 3
            case = Case(share=share, burst_minutes=15, rooms=rooms, weeks=SEMESTER, missing=missing)
            yield Row(case=case, weeks=0, bound=bound)
    for share, weeks in ((0.2, 1), (0.15, 3)):
        for minutes in size.bursts:
            rooms = size.trouble if minutes == 20 else size.trouble // 3
            case = Case(share=share, burst_minutes=minutes, rooms=rooms, weeks=weeks)
            yield Row(case=case, weeks=weeks, bound=FOUND if minutes == 20 else None)
        for missing in MISSING:
            case = Case(share=share, burst_minutes=20, rooms=size.trouble // 3, weeks=weeks, missing=missing)
            yield Row(case=case, weeks=weeks, bound=None)


def rule_alone(size: Size, spread: Spread) -> list[Figure]:
    """Judge all cases."""
    return [one.figure(run_case(one.case, size.case_seeds, spread)) for one in rows(size)]


def scenarios(size: Size, spread: Spread) -> Iterator[tuple[str, Score]]:
    """Judge all scenarios, each with its title."""
    for name in size.scenarios:
        scenario = load_scenario(find_scenario(name))
        bound = None if name in UNTOLD else CAUSE_RIGHT
        yield scenario.title, score(run_scenario(scenario, size.scenario_seeds, spread), cause_right=bound)


def alerts(size: Size, spread: Spread) -> AlertScore:
    """Who is told of what, and of what nobody should be."""
    return alert_score(size.case_seeds, size.scenario_seeds, spread, rooms=size.healthy)


def forecasts(size: Size, spread: Spread) -> ForecastScore:
    """Look at all uplinks."""
    return forecast_score(size.case_seeds, size.uplinks, spread)


def seeds_text(size: Size) -> str:
    """Which seeds it comes from."""
    words = [
        " and ".join(map(str, one)) if len(one) < 3 else f"{one[0]} to {one[-1]}"
        for one in (size.case_seeds, size.scenario_seeds)
    ]
    return f"Seeds {words[0]} for the rule by itself and for uplinks, {words[1]} for scenarios."


def scenario_text(title: str, of: Score) -> str:
    """A scenario's tables, in Markdown."""
    parts = [f"### {title}", table(of.figures), "Room-weeks by what was true and what was said:", verdicts_table(of)]
    if of.confusion:
        parts += ["Restricted room-weeks whose truth is one cause, by the cause that was said:", confusion_table(of)]
        parts += ["The same by how sure the verdict was:", calibration_table(of)]
    if of.weeks_to_find:
        parts += ["Time to detect, of stretches of weeks with 15 % bad or more:", _found_table(of)]
    return "\n\n".join(parts)


def _found_table(of: Score) -> str:
    total = sum(of.weeks_to_find.values())
    missed = ", ".join(f"{count} of {what}" for what, count in of.never.items())
    rows_ = [
        (f"week {week}" if week else f"never: {missed}", f"{count:,}", percent(count / total))
        for week, count in sorted(of.weeks_to_find.items(), key=lambda one: one[0] or 99)
    ]
    return markdown(("found in", "stretches", "share"), rows_)
