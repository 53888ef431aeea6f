"""A made-up district as files: a store that ``bandroom serve`` shows, the district beside it, and the truth.

Everything says that it is simulated: the district's name, its sites' names, and the first line of each file.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path

from collector.district.calendar_forms import WEEKDAYS
from collector.simulate.judged import JudgedWeek
from collector.simulate.records import Record, record
from collector.simulate.scenario import REFERENCE_ROOM, Scenario
from collector.simulate.truth import Truth
from collector.store.duckdb_store import DuckDbStore
from collector.verdict.days import RoomDay, site_day

SETTINGS, DISTRICT, ROOMS, TRUTH = "bandroom.toml", "district.toml", "rooms.csv", "truth.json"
SCENARIO = "scenario.toml"
DATA = "data"
STORE = "bandroom.duckdb"
ROOM_COLUMNS = ("site", "room", "seats", "ap", "switch", "uplink")
NOTE = "# Simulated by bandroom simulate: no such district exists."


class NotKept(Exception):
    """A folder does not hold a simulated district; the message names the fix."""


def keep(scenario: Scenario, weeks: Iterable[JudgedWeek], folder: Path, *, seed: int) -> Iterator[JudgedWeek]:
    """Write `weeks` and what belongs to them into `folder`, which must be empty or not there, and hand each on once it
    is written. Raises `NotKept`, `OSError` or `StoreError`."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise NotKept(f"{folder} is not empty; name a new folder with --out")
    (folder / DATA).mkdir(parents=True)
    (folder / DISTRICT).write_text(district_text(scenario), encoding="utf-8")
    _write_rooms(scenario, folder / ROOMS)
    (folder / SCENARIO).write_text(scenario.source, encoding="utf-8")
    # What is past by the calendar is kept all the same: scenarios lie anywhere in time.
    (folder / SETTINGS).write_text(f"{NOTE}\nkeep_bins_days = 3650\nkeep_days_days = 3650\n", encoding="utf-8")
    truths: list[Truth] = []
    with closing(DuckDbStore.open_store(folder / DATA / STORE)) as store:
        for week in weeks:
            for day in week.days:
                store.write_bins(day.bins, judged_through=None)
                store.write_days(day.rooms, [site_day(of_site) for of_site in _by_site(day.rooms)])
            store.write_weeks(week.verdicts)
            if ends := [one.started_at for day in week.days for one in day.bins]:
                store.write_bins((), judged_through=max(ends))
            truths += week.truths
            yield week
    told = {"simulated": True, "scenario": scenario.name, "seed": seed, "room_weeks": [one.to_json() for one in truths]}
    (folder / TRUTH).write_text(json.dumps(told, indent=1), encoding="utf-8")


def kept_records(folder: Path) -> list[Record]:
    """The verdicts of the store in `folder` beside the truth. Raises `NotKept` or `StoreError`."""
    try:
        told = json.loads((folder / TRUTH).read_text(encoding="utf-8"))
        truths = {(one.site, one.room, one.week): one for one in map(Truth.from_json, told["room_weeks"])}
        seed = int(told["seed"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotKept(
            f"{folder} holds no simulated district ({TRUTH}: {error}); make one with bandroom simulate --out {folder}"
        ) from None
    if not (folder / DATA / STORE).exists():
        raise NotKept(f"{folder / DATA / STORE} is not there; make it again with bandroom simulate --out")
    with closing(DuckDbStore.open_store(folder / DATA / STORE)) as store:
        weeks = store.room_weeks_between(date.min, date.max)
    found = []
    for (site, room), of_room in weeks.items():
        found += [
            record(seed, one, truth) for one in of_room if (truth := truths.get((site, room, one.week))) is not None
        ]
    return found


def district_text(scenario: Scenario) -> str:
    """Its ``district.toml``."""
    calendar = scenario.calendar
    weekdays = sorted(calendar.lessons_by_weekday)
    usual = calendar.lessons_by_weekday[weekdays[0]]
    lines = [
        NOTE,
        f"name = {_quoted(f'{scenario.title} (simulated)')}",
        f"time_zone = {_quoted(str(calendar.time_zone))}",
        "",
        "[timetable]",
        f"days = {json.dumps([WEEKDAYS[day] for day in weekdays])}",
        f"lessons = {json.dumps([f'{one.start:%H:%M}-{one.end:%H:%M}' for one in usual])}",
    ]
    for day, lessons in sorted(calendar.lessons_by_date.items()):
        if lessons:
            spans = json.dumps([f"{one.start:%H:%M}-{one.end:%H:%M}" for one in lessons])
            lines += [
                "",
                "[[early_release]]",
                f'name = "Early release {day}"',
                f"dates = [{day}]",
                f"lessons = {spans}",
            ]
        else:
            lines += ["", "[[closures]]", f'name = "No lessons {day}"', f"from = {day}"]
    for site in scenario.sites:
        name = f"{site.site.replace('-', ' ').title()} (simulated)"
        lines += ["", "[[sites]]", f"id = {_quoted(site.site)}", f"name = {_quoted(name)}"]
        lines.append(f"uplink_mbps = {site.uplink_mbps}")
    return "\n".join(lines) + "\n"


def _write_rooms(scenario: Scenario, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(ROOM_COLUMNS)
        rows.writerows([getattr(one, name) for name in ROOM_COLUMNS] for one in scenario.rooms)
        rows.writerows([site.site, REFERENCE_ROOM, "", "", "", ""] for site in scenario.sites if site.reference)


def _by_site(rooms: Sequence[RoomDay]) -> Iterator[list[RoomDay]]:
    for site in dict.fromkeys(one.site for one in rooms):
        yield [one for one in rooms if one.site == site]


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
