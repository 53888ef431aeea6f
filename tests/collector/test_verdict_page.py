"""What docs/verdict.md tells an admin is what the code does: verdicts, causes, who pays, and the limits."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from collector.verdict.causes import BUDGET_LINES, Cause
from collector.verdict.profiles import Profile, default_profiles
from collector.verdict.week_sentence import VERDICT_WORDS

DOCS = Path(__file__).parents[2] / "docs"


def table(first: str) -> list[tuple[str, ...]]:
    """The rows of the page's table whose head begins with `first`."""
    lines = (DOCS / "verdict.md").read_text(encoding="utf-8").partition(f"\n| {first} |")[2].splitlines()[2:]
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append(tuple(cell.strip() for cell in line.strip("|").split("|")))
    return rows


def test_it_has_every_verdict_by_its_word() -> None:
    assert {word.strip("*") for word, _ in table("verdict")} == set(VERDICT_WORDS.values())


def test_it_has_every_cause_and_who_pays() -> None:
    told = {cause: pays for causes, _, pays in table("cause") for cause in re.findall(r"`(\w+)`", causes)}

    assert told == {cause: BUDGET_LINES.get(cause, "-") for cause in get_args(Cause)}


def test_its_picture_has_the_causes_that_lie_on_the_way() -> None:
    picture = (DOCS / "images" / "where.svg").read_text(encoding="utf-8")

    assert set(re.findall(r">(\w+_\w+)</text>", picture)) == {
        cause for cause, line in BUDGET_LINES.items() if line != "vendor"
    }


def test_its_limits_are_those_that_judge() -> None:
    assert table("profile") == list(_limits())


def _limits() -> Iterator[tuple[str, ...]]:
    def percent(share: float) -> str:
        return f"{round(100 * share, 6):g}"

    def row(one: Profile) -> tuple[str, ...]:
        p95 = next(need for need in one.rtt if need.percentile == 95)
        return (
            f"`{one.name}` v{one.version}",
            one.judges,
            f"{p95.optimal_ms:g} / {p95.unacceptable_ms:g} ms",
            f"{percent(one.loss.optimal)} / {percent(one.loss.unacceptable)} %",
            f"{one.down.bps / 1e6:g} / {one.up.bps / 1e6:g} Mbit/s",
        )

    profiles = default_profiles()
    return map(row, (*profiles.in_force(), *profiles.in_force(assessing=True)))
