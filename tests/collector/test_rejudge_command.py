"""``bandroom rejudge`` as an admin types it: shown, kept, and refused beside a running collector."""

from datetime import date, timedelta
from pathlib import Path

from typer.testing import CliRunner, Result

from collector.main import app
from collector.registry.registry import Registry
from collector.store.duckdb_store import DuckDbStore
from tests.collector.live import live_collector
from tests.collector.school import ROOM, School

MONDAY = date(2026, 1, 12)
DISTRICT = """
name = "Maple Valley"
time_zone = "UTC"
profiles = "profiles.toml"

[timetable]
days = ["mon", "tue", "wed", "thu", "fri"]
lessons = ["10:00-11:00", "11:00-12:00"]

[[sites]]
id = "oak-hill"
name = "Oak Hill Elementary"
"""
LAXER = """
[[video_lesson.rtt]]
percentile = 95
optimal_ms = 100
unacceptable_ms = 380
source = "our trial of May 2026"
"""


def again(folder: Path, *options: str) -> Result:
    """Judge again a week of January."""
    week = ["--since", f"{MONDAY}", "--until", f"{MONDAY + timedelta(days=4)}"]
    return CliRunner().invoke(app, ["rejudge", *week, "--settings", str(folder / "bandroom.toml"), *options])


def a_restricted_week(folder: Path) -> None:
    """A collector's folder with a room that was restricted by our limits, and laxer ones that are the district's."""
    (folder / "data").mkdir()
    (folder / "bandroom.toml").write_text("")
    (folder / "district.toml").write_text(DISTRICT)
    (folder / "profiles.toml").write_text(LAXER)
    (folder / "rooms.csv").write_text("site,room,seats\noak-hill,204,28\noak-hill,205,28\n")
    registry = Registry.open_registry(f"sqlite:///{folder / 'data' / 'registry.sqlite'}")
    school = School(DuckDbStore.open_store(folder / "data" / "bandroom.duckdb"), registry)
    for number in range(5):
        school.measured(MONDAY + timedelta(days=number), bad=10, bad_us=250_000)
    school.over(MONDAY)
    school.store.close()
    registry.close()
    assert verdicts(folder) == ["restricted"]


def verdicts(folder: Path) -> list[str]:
    """The room's, as they are kept."""
    store = DuckDbStore.open_store(folder / "data" / "bandroom.duckdb")
    found: list[str] = [one.verdict for one in store.room_weeks_between(MONDAY, MONDAY, room=ROOM)[ROOM]]
    store.close()
    return found


def test_what_would_change_is_shown_and_kept_only_if_it_is_asked_for(tmp_path: Path) -> None:
    a_restricted_week(tmp_path)

    shown = again(tmp_path)

    assert shown.exit_code == 0, shown.output
    assert "bins: 50 of 120 come out otherwise" in shown.output
    assert "rooms' weeks: 1, of which 1 have another verdict" in shown.output
    assert "  oak-hill/204 2026-W03: restricted" in shown.output
    assert "nothing was kept; --write keeps it" in shown.output
    assert verdicts(tmp_path) == ["restricted"]

    kept = again(tmp_path, "--write")

    assert kept.exit_code == 0, kept.output
    assert "of which 1 have another verdict" in kept.output
    assert verdicts(tmp_path) != ["restricted"]
    assert "bins: 0 of 120 come out otherwise" in again(tmp_path, "--write").output


def test_beside_a_running_collector_nothing_is_written_to_influxdb(tmp_path: Path) -> None:
    with live_collector(tmp_path / "running") as live:
        (tmp_path / "bandroom.toml").write_text(
            f'port = {live.port}\nstore = "influx"\ninflux_url = "http://127.0.0.1:9"\ninflux_token = "a-token"\n'
        )
        refused = again(tmp_path, "--write")
    assert refused.exit_code == 1
    said = " ".join(refused.output.split())
    assert f"the collector at http://127.0.0.1:{live.port} runs, and two that write verdicts" in said
    assert "stop it, judge again, and start it" in said
