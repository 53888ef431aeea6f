"""``bandroom simulate`` and ``bandroom score``: a made-up district, and how often verdicts on it are right."""

import json
import os
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from collector.command_line import fail
from collector.district.mistakes import BadFile
from collector.iso_week import week_text
from collector.store.protocol import StoreError

Seeds = Annotated[list[int] | None, typer.Option("--seed", help="Repeat it for several runs.", min=0)]
Weeks = Annotated[int | None, typer.Option(help="Only the first so many of its weeks.", min=1, max=60)]


def simulate_command(
    scenario: Annotated[str, typer.Argument(help="A scenario file, or the name of one that is shipped.")],
    out: Annotated[Path, typer.Option(help="A new folder for the store, the district's files and the truth.")],
    seed: Annotated[int, typer.Option(help="The same seed makes the same district.", min=0)] = 1,
    weeks: Weeks = None,
) -> None:
    """Make a district with known faults, judge it as a real one is judged, and keep both."""
    from collector.simulate.judged import judge_scenario
    from collector.simulate.kept import SETTINGS, NotKept, keep
    from collector.simulate.scenario_file import find_scenario, load_scenario

    try:
        read = load_scenario(find_scenario(scenario))
        last = _weeks(weeks, read.weeks)
        judged = judge_scenario(read, seed=seed, weeks=last, histograms=True)
        newest = ""
        for number, week in enumerate(keep(read, judged, out, seed=seed), 1):
            newest = week_text(week.week)
            restricted = sum(one.verdict == "restricted" for one in week.verdicts)
            print(f"week {number} of {last}, {newest}: {restricted} of {len(week.verdicts)} rooms restricted")
    except (BadFile, NotKept, StoreError, OSError) as error:
        fail(str(error))
    print(f"kept, simulated, in {out}; score: bandroom score {out}")
    print(f"look: bandroom serve --settings {out / SETTINGS}, then /week/{newest} on the board")


def score_command(
    of: Annotated[
        str | None,
        typer.Argument(help="A scenario, or a folder that simulate has made; without it all that is published."),
    ] = None,
    seed: Seeds = None,
    weeks: Weeks = None,
    processes: Annotated[int, typer.Option(help="Runs side by side; by default as many as cores.", min=1)] = (
        os.cpu_count() or 1
    ),
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """How often the verdict is right on districts whose truth is known. Ends with 1 when a promised bound is missed."""
    from collector.simulate.kept import NotKept

    try:
        if of is None:
            if seed or weeks:
                fail("what is published has seeds and weeks of its own; name a scenario to choose them")
            held = _published(processes, as_json=as_json)
        else:
            held = _one(of, seed or [1], weeks, processes, as_json=as_json)
    except (BadFile, NotKept, StoreError, OSError) as error:
        fail(str(error))
    if not held:
        fail("a bound is missed")


def _one(of: str, seeds: list[int], weeks: int | None, processes: int, *, as_json: bool) -> bool:
    from dataclasses import replace

    from collector.simulate.kept import kept_records
    from collector.simulate.published import UNTOLD, scenario_text
    from collector.simulate.runs import run_scenario, side_by_side
    from collector.simulate.scenario_file import find_scenario, load_scenario
    from collector.simulate.score import CAUSE_RIGHT, score

    if Path(of).is_dir():
        title, found = of, score(kept_records(Path(of)))
    else:
        scenario = load_scenario(find_scenario(of))
        scenario = replace(scenario, weeks=_weeks(weeks, scenario.weeks))
        with side_by_side(min(processes, len(seeds))) as spread:
            bound = None if scenario.name in UNTOLD else CAUSE_RIGHT
            title, found = scenario.title, score(run_scenario(scenario, seeds, spread), cause_right=bound)
    print(json.dumps(found.to_json(), indent=1) if as_json else scenario_text(title, found))
    return found.holds


def _published(processes: int, *, as_json: bool) -> bool:
    from collector.simulate.alert_score import alert_text
    from collector.simulate.figures import all_hold, figure_json, table
    from collector.simulate.forecast_score import forecast_text
    from collector.simulate.published import (
        PUBLISHED,
        alerts,
        forecasts,
        rule_alone,
        scenario_text,
        scenarios,
        seeds_text,
    )
    from collector.simulate.runs import side_by_side

    started = time.monotonic()
    with side_by_side(processes) as spread:
        alone = rule_alone(PUBLISHED, spread)
        if not as_json:
            print(f"{seeds_text(PUBLISHED)}\n\n### The rule by itself\n\n{table(alone)}", flush=True)
        scored = []
        for title, one in scenarios(PUBLISHED, spread):
            scored.append((title, one))
            if not as_json:
                print(f"\n{scenario_text(title, one)}", flush=True)
        ahead = forecasts(PUBLISHED, spread)
        if not as_json:
            print(f"\n{forecast_text(ahead)}", flush=True)
        told_of = alerts(PUBLISHED, spread)
        if not as_json:
            print(f"\n{alert_text(told_of)}", flush=True)
    if as_json:
        told = {
            "rule_alone": [figure_json(one) for one in alone],
            "scenarios": [{"title": title, **one.to_json()} for title, one in scored],
            "forecasts": ahead.to_json(),
            "alerts": told_of.to_json(),
        }
        print(json.dumps(told, indent=1))
    print(f"\n{time.monotonic() - started:.0f} s with {processes} processes", file=sys.stderr)
    held = [ahead.holds, told_of.holds, *(one.holds for _, one in scored)]
    return all_hold(alone) and all(held)


def _weeks(wanted: int | None, there: int) -> int:
    return min(wanted or there, there)
