"""``bandroom rooms --week``: what a running collector has judged of a week, as a table."""

from typing import Any

from rich.table import Table
from rich.text import Text

from collector.board.phrases import share
from collector.iso_week import week_of_text, week_span
from collector.rooms_table import answer_of
from collector.verdict.cause_words import CONFIDENCE_WORDS
from collector.verdict.week_sentence import VERDICT_WORDS

_STYLES = {"restricted": "bold red", "at_risk": "yellow", "ok": "green", "unknown": "dim"}
_NUMBERS = {"bad", "at least", "lessons hit"}


def weeks_of(text: str, url: str) -> dict[str, Any]:
    """The answer that `text` is. Raises `CannotAsk` where it is no answer of a collector's."""
    return answer_of(text, url, "verdicts")


def weeks_table(data: dict[str, Any]) -> Table:
    """The rooms in the collector's order, worst first. `data` is the answer of ``/v1/weeks``."""
    counts = ", ".join(f"{count} {VERDICT_WORDS[one]}" for one in VERDICT_WORDS if (count := data["verdicts"].get(one)))
    span = week_span(week_of_text(data["week"]))
    table = Table(title=f"{data['district']}, {data['week']} ({span}): {counts}")
    for heading in ("site", "room", "verdict", "bad", "at least", "lessons hit", "cause", "confidence", "line"):
        table.add_column(heading, justify="right" if heading in _NUMBERS else "left")
    for room in data["rooms"]:
        label = f"{room['room_name']} (simulated)" if room["simulated"] else room["room_name"]
        verdict = VERDICT_WORDS[room["verdict"]] + (" (near threshold)" if room["near_threshold"] else "")
        table.add_row(
            Text(room["site"]),
            Text(label),
            Text(verdict, style=_STYLES.get(room["verdict"], "")),
            share(room["bad_share"]),
            share(room["lower"]),
            f"{len(room['hit_lessons'])} of {room['lessons']}" if room["valid_bins"] else "",
            Text(room["cause_text"] or ""),
            CONFIDENCE_WORDS[room["confidence"]].removesuffix(" confidence") if room["confidence"] else "",
            room["budget_line"] or "",
        )
    return table
