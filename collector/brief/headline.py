"""How the page begins: which rooms could not teach, what that cost, and whose budget mends it."""

from collections.abc import Sequence

from collector.brief.brief_room import failed_hours
from collector.brief.room_names import counted
from collector.judged_weeks import NamedWeek
from collector.verdict.cause_words import BUDGET_WORDS
from collector.verdict.causes import BudgetLine
from collector.verdict.week_sentence import span
from collector.verdict.weeks import Verdict


def headline(rooms: Sequence[NamedWeek]) -> str:
    """``The network restricted lessons in 5 of 40 rooms``: never more than is known. Of at least one room."""
    of = len(rooms)
    restricted, unknown = _count(rooms, "restricted"), _count(rooms, "unknown")
    if restricted:
        whole = "the one room" if of == 1 else f"all {of:,} rooms" if restricted == of else _of(restricted, of)
        return f"The network restricted lessons in {whole}"
    if unknown == of:
        return "Nothing is known of the one room" if of == 1 else f"Nothing is known of all {of:,} rooms"
    if unknown:
        return (
            f"The network is not known to have restricted lessons in any room; nothing is known of {_of(unknown, of)}"
        )
    return "The network did not restrict lessons in " + ("the one room" if of == 1 else f"any of {of:,} rooms")


def lead(rooms: Sequence[NamedWeek]) -> str:
    """What that cost in lesson time, whose budget it is, and how it was a week before. What else there is of rooms is
    counted right below it."""
    restricted = [one for one in rooms if one.week.verdict == "restricted"]
    said = [*(_cost(restricted) if restricted else ()), *_before(rooms, len(restricted))]
    if len(rooms) == _count(rooms, "unknown"):
        return "Too little was measured to say whether lessons could be taught. That does not mean that all was well."
    if not restricted and (at_risk := _count(rooms, "at_risk")):
        said.append(f"{counted(at_risk, 'room')} had more trouble than allowed, but that is not proved.")
    return " ".join(said)


def _cost(restricted: Sequence[NamedWeek]) -> list[str]:
    bad = sum(one.week.bad_minutes for one in restricted)
    measured = sum(one.week.valid_bins * one.week.bin_seconds for one in restricted) / 60
    there = "there" if len(restricted) == 1 else "in these rooms"
    said = [f"Of {span(measured)} of lesson time measured {there}, {span(bad)} was too poor to teach online."]
    slow = [one for one in restricted if failed_hours(one.week) and one.week.entered_by != "bins"]
    if slow:
        of_them = "It" if len(restricted) == 1 else f"{len(slow):,} of them"
        is_slow = "is" if len(slow) == 1 or len(restricted) == 1 else "are"
        said.append(f"{of_them} {is_slow} too slow in speed tests; that is not counted in minutes.")
    lines: dict[BudgetLine | None, list[NamedWeek]] = {}
    for one in restricted:
        lines.setdefault(one.week.budget_line, []).append(one)
    ranked = sorted(lines, key=lambda one: (one is None, -sum(room.week.bad_minutes for room in lines[one])))
    parts = []
    for line in ranked:
        minutes = sum(one.week.bad_minutes for one in lines[line])
        who = "not known yet" if line is None else BUDGET_WORDS[line]
        parts.append(f"{who} ({counted(len(lines[line]), 'room')}, {span(minutes)})")
    said.append(f"Who pays to fix it: {'; '.join(parts)}.")
    return said


def _before(rooms: Sequence[NamedWeek], restricted: int) -> list[str]:
    known = [one.week.previous for one in rooms if one.week.previous is not None]
    if not known:
        return ["There is no week before to compare with."]
    before = sum(one == "restricted" for one in known)
    if before == restricted and restricted:
        return ["The week before there were as many."]
    were = "was" if before < 2 else "were"
    return [f"The week before, {counted(before, 'room')} {were} restricted."]


def _of(count: int, of: int) -> str:
    return f"{count:,} of {counted(of, 'room')}"


def _count(rooms: Sequence[NamedWeek], verdict: Verdict) -> int:
    return sum(one.week.verdict == verdict for one in rooms)
