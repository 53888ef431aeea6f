"""``bandroom rooms --week``: what a running collector has judged of a week, as a table."""

from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from collector.asking import answer_of
from collector.board.phrases import share
from collector.iso_week import week_of_text, week_span
from collector.verdict.week_sentence import VERDICT_WORDS

_STYLES = {"restricted": "bold red", "at_risk": "yellow", "ok": "green", "unknown": "dim"}


def weeks_of(text: str, url: str) -> dict[str, Any]:
    """The answer that `text` is. Raises `CannotAsk` where it is no answer of a collector's."""
    return answer_of(text, url, "rooms", "verdicts")


def weeks_table(data: dict[str, Any]) -> Table:
    """The rooms in the collector's order, worst first. `data` is the answer of ``/v1/weeks``."""
    counts = ", ".join(f"{count} {VERDICT_WORDS[one]}" for one in VERDICT_WORDS if (count := data["verdicts"].get(one)))
    span = week_span(week_of_text(data["week"]))
    title = f"{data['district']}, {data['week']} ({span}): {counts}"
    table = Table(title=title, box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("site", overflow="fold")
    table.add_column("room", overflow="fold", min_width=11)
    table.add_column("verdict", no_wrap=True)
    table.add_column("bad", justify="right", no_wrap=True)
    table.add_column("at least", justify="right", no_wrap=True)
    table.add_column("cause", overflow="fold")
    table.add_column("sure", no_wrap=True)
    table.add_column("line", no_wrap=True)
    for room in data["rooms"]:
        label = f"{room['room_name']} (simulated)" if room["simulated"] else room["room_name"]
        known, told = room["verdict"] != "unknown", room["verdict"] in {"restricted", "at_risk"} and room["cause"]
        verdict = VERDICT_WORDS[room["verdict"]] + ("*" if room["near_threshold"] else "")
        table.add_row(
            Text(room["site"]),
            Text(label),
            Text(verdict, style=_STYLES[room["verdict"]]),
            share(room["bad_share"] if known else None),
            share(room["lower"] if known else None),
            Text(room["cause_text"] if told else ""),
            room["confidence"] if told else "",
            (room["budget_line"] or "") if told else "",
        )
    if any(room["near_threshold"] for room in data["rooms"]):
        table.caption = "* near threshold: another verdict with limits 10 % stricter or laxer"
    return table
