"""Runs of scenarios and cases, side by side on as many cores as there are."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from typing import Protocol, TypeVar

from collector.simulate.judged import judge_scenario
from collector.simulate.records import Record, records
from collector.simulate.rule_alone import Case, Outcome, judge_case, merged
from collector.simulate.scenario import Scenario

T = TypeVar("T")
R = TypeVar("R")


class Spread(Protocol):
    """Does something to each of several things, in order of the things."""

    def __call__(self, do: Callable[[T], R], things: Iterable[T], /) -> Iterator[R]:
        """What it made of each."""
        ...


@contextmanager
def side_by_side(processes: int) -> Iterator[Spread]:
    """As `map`, in so many processes; with one of them in this."""
    if processes == 1:
        yield map
        return
    # Not forked: threads of a store that is open do not survive that.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield pool.map


def run_scenario(scenario: Scenario, seeds: Sequence[int], spread: Spread) -> list[Record]:
    """All records of a scenario under each of `seeds`."""
    return [one for run in spread(partial(_one_run, scenario), seeds) for one in run]


def run_case(case: Case, seeds: Sequence[int], spread: Spread) -> Outcome:
    """The rule alone, the rooms of `case` shared out among `seeds`."""
    share = replace(case, rooms=-(-case.rooms // len(seeds)))
    return merged(list(spread(partial(_one_case, share), seeds)))


def _one_run(scenario: Scenario, seed: int) -> list[Record]:
    return list(records(seed, judge_scenario(scenario, seed=seed)))


def _one_case(case: Case, seed: int) -> Outcome:
    return judge_case(case, seed=seed)
