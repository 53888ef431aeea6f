"""``bandroom rooms --week`` as a table: verdict, share, bound, cause, confidence and line, worst first."""

import io
import json
import re
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from collector.api.week_answers import NamedWeekAnswer, WeeksAnswer, week_answer
from collector.ask_collector import CannotAsk
from collector.verdict.profiles import default_profiles
from collector.weeks_table import weeks_of, weeks_table
from tests.collector.board.districts import TIMETABLE
from tests.collector.week_builders import MONDAY, a_week, located


def an_answer(*weeks: Any) -> str:
    rooms = [
        NamedWeekAnswer(
            **dict(week_answer(one, name=one.room, calendar=TIMETABLE, profiles=default_profiles())),
            site_name="North School",
            room_name=one.room,
            simulated=one.room == "simulated",
        )
        for one in weeks
    ]
    return WeeksAnswer(
        district="Lakeside Schools",
        time_zone="America/Chicago",
        week="2026-W10",
        first_day=MONDAY,
        newest="2026-W10",
        verdicts={"restricted": 1, "ok": 2},
        rooms=rooms,
    ).model_dump_json()


def printed(*weeks: Any, width: int = 180) -> list[str]:
    out = Console(file=io.StringIO(), width=width)
    out.print(weeks_table(weeks_of(an_answer(*weeks), "http://here")))
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue().splitlines()


def test_a_line_has_the_verdict_and_what_it_stands_on() -> None:
    lines = printed(a_week("204"), a_week("3", "unknown"), replace(a_week("4", "ok"), if_stricter="at_risk"))

    assert lines[0].strip() == "Lakeside Schools, 2026-W10 (2 to 8 March 2026): 1 restricted, 2 ok"
    rows = [re.split(r"\s{2,}", line.strip()) for line in lines if line.lstrip().startswith("north")]
    dash = "\N{EN DASH}"
    assert rows == [
        ["north", "204", "restricted", "38 %", "31 %", "its Wi-Fi", "high", "C2"],
        ["north", "3", "unknown", dash, dash],
        ["north", "4", "ok*", "0 %", "0 %"],
    ]
    assert lines[-1].strip().startswith("* near threshold")


def test_a_narrow_terminal_shows_every_verdict_and_number_whole() -> None:
    lines = printed(a_week("Computer lab 2 in the old building", example=located(medium="wired")), width=80)

    (row,) = (one for one in lines if one.lstrip().startswith("north"))
    assert all(one in row for one in ("38 %", "31 %", "high", "C2"))
    assert max(map(len, lines)) <= 80


def test_a_narrow_terminal_breaks_no_word_of_a_made_up_room_or_of_its_cause() -> None:
    lines = printed(a_week("simulated", cause="rate_limit_or_client", example=None), width=80)

    words = " ".join(lines).split()
    assert {"(simulated)", "interface", "machine", "measures", "line"} <= set(words)
    assert max(map(len, lines)) <= 80


def test_names_in_any_script_and_markup_are_text() -> None:
    lines = printed(a_week("体育館"), a_week("[bold]x[/bold]"), a_week("simulated"))

    assert any("体育館" in line for line in lines)
    assert any("[bold]x[/bold]" in line for line in lines)
    assert any("simulated (simulated)" in line for line in lines)


@pytest.mark.parametrize("text", ["", "[]", "<html>", json.dumps({"rooms": []})])
def test_what_is_no_answer_of_a_collectors_is_told(text: str) -> None:
    with pytest.raises(CannotAsk, match="is not a Bandroom collector"):
        weeks_of(text, "http://here")
