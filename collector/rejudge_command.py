"""``bandroom rejudge``: what verdicts come of the profiles in force now, over what is stored; shown, or kept."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from collector.ask_collector import CannotAsk, ask_collector, own_url
from collector.cannot_start import CannotStart
from collector.command_line import DEFAULT_SETTINGS, SettingsFile, fail, read_settings
from collector.district.district import District
from collector.district.district_file import load_district
from collector.district.mistakes import BadFile
from collector.iso_week import week_text
from collector.judging.rejudge import DayRejudged, Rejudge
from collector.open_parts import open_parts
from collector.registry.registry import RegistryError
from collector.settings import Settings
from collector.store.protocol import StoreError, StoreUnavailable
from collector.verdict.cause_words import where
from collector.verdict.week_sentence import VERDICT_WORDS
from collector.verdict.weeks import RoomWeek

SHOWN = 40
"""Weeks whose verdict flips that are listed; the rest is counted."""

WeekChange = tuple[RoomWeek | None, RoomWeek]


def rejudge_command(
    since: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The first day, by the district's clocks.")],
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The last day; by default yesterday.")
    ] = None,
    settings: SettingsFile = DEFAULT_SETTINGS,
    write: Annotated[bool, typer.Option("--write", help="Keep what comes out; without it, it is only shown.")] = False,
) -> None:
    """Judge what is stored again, by the profiles in force now. Stop the collector first: two that judge the same weeks
    would undo each other's work. What uplinks carry is counted and not judged, so nothing of it changes."""
    read = read_settings(settings)
    if write and read.store == "influx" and _runs(read):
        fail(
            f"the collector at {own_url(read)} runs, and two that write verdicts would undo each other's work: "
            "stop it, judge again, and start it"
        )
    try:
        district = load_district(read.district)
        store, registry = open_parts(read)
    except BadFile as error:
        fail(str(error))
    except StoreError as error:
        fail(
            str(error).replace(
                "stop the other one, or give this one its own data directory", "stop it, judge again, and start it"
            )
        )
    except (RegistryError, CannotStart, OSError) as error:
        fail(str(error))
    now = datetime.now(UTC)
    yesterday = district.calendar.local_day(now) - timedelta(days=1)
    last = min(until.date() if until else yesterday, yesterday)
    try:
        rejudge = Rejudge(store, registry, district, bin_seconds=read.bin_seconds, write=write, now=now)
        days = rejudge.school_days(since.date(), last)
        if not days:
            fail(f"there are no lessons from {since:%Y-%m-%d} to {last}: name another --since")
        judged = _with_bar(rejudge, days)
        weeks = rejudge.weeks()
    except StoreUnavailable as error:
        fail(f"{error}; what was judged again so far is kept, the same command does the rest" if write else str(error))
    finally:
        store.close()
        registry.close()
    for one in told(district, judged, weeks, write=write):
        print(one)


def _runs(settings: Settings) -> bool:
    """Whether the collector of `settings` answers on this machine. InfluxDB does not say so, as DuckDB does."""
    try:
        ask_collector(own_url(settings), "/healthz", None, own_certificate=settings.tls_certificate)
    except CannotAsk:
        return False
    return True


def _with_bar(rejudge: Rejudge, days: Sequence[date]) -> list[DayRejudged]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task("school days", total=len(days))
        judged = []
        for one in rejudge.run(days):
            judged.append(one)
            progress.advance(bar)
    return judged


def told(district: District, days: Sequence[DayRejudged], weeks: Sequence[WeekChange], *, write: bool) -> list[str]:
    """What came out otherwise, in lines."""
    flips = [(was, now) for was, now in weeks if was is None or was.verdict != now.verdict]
    when = f"{len(days)} school days, {days[0].day} to {days[-1].day}"
    lines = [
        f"judged again by profiles {district.profiles.digest}: {when}",
        f"bins: {sum(one.changed_bins for one in days):,} of {sum(one.bins for one in days):,} come out otherwise",
        f"rooms' days: {sum(one.changed_rooms for one in days):,} of {sum(one.rooms for one in days):,}",
        f"rooms' weeks: {len(weeks):,}, of which {len(flips):,} have another verdict",
    ]
    for was, now in flips[:SHOWN]:
        cause = f" ({where(now.cause, now.example)})" if now.verdict == "restricted" and now.cause else ""
        before = VERDICT_WORDS[was.verdict] if was else "not judged"
        lines.append(f"  {now.site}/{now.room} {week_text(now.week)}: {before} -> {VERDICT_WORDS[now.verdict]}{cause}")
    if len(flips) > SHOWN:
        lines.append(f"  and {len(flips) - SHOWN:,} more")
    lines.append("kept" if write else "nothing was kept; --write keeps it")
    return lines
