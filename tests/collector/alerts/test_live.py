"""The whole of it: a collector that runs, a channel that is told, the API and the board, and the commands."""

import json
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep

import pytest
from typer.testing import CliRunner

from collector.main import app
from collector.registry.registry import Registry
from tests.collector.alerts.other_side import OtherSide, other_side
from tests.collector.board.troubles import an_incident
from tests.collector.live import MONDAY_10, live_collector

SILENCE = an_incident(
    rule="silence",
    rooms=(("oak-hill", "204"),),
    began_at=MONDAY_10 - timedelta(hours=1),
    opened_at=MONDAY_10 - timedelta(minutes=30),
    seen_at=MONDAY_10,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of a collector whose registry has an incident that lasts."""
    (tmp_path / "data").mkdir()
    registry = Registry.open_registry(f"sqlite:///{tmp_path / 'data' / 'registry.sqlite'}")
    assert registry.incidents.add(SILENCE)
    registry.close()
    return tmp_path


def told(there: OtherSide) -> list[str]:
    """What it was told, once it was told something."""
    until = monotonic() + 20
    while not there.got and monotonic() < until:
        sleep(0.05)
    return [body["title"] for _, _, body in there.got]


def test_a_running_collector_tells_its_channels_and_shows_who_was_told(folder: Path) -> None:
    with other_side() as there:
        alerts = {"channels": [{"name": "tickets", "kind": "webhook", "url": f"{there.url}/s3cret"}]}
        with live_collector(folder, alerts=alerts) as live:
            assert told(there) == ["Oak Hill: nothing has been heard from any room"]
            until = monotonic() + 10
            while not (live.services.alerts.open and live.metric("bandroom_notices_total")) and monotonic() < until:
                sleep(0.05)
            answer = live.ask("GET", "/v1/incidents").body
            page = live.ask("GET", "/incidents", headers={"Accept": "text/html"}).body
            front = live.ask("GET", "/", headers={"Accept": "text/html"}).body

    (one,) = answer["open"]
    assert (one["title"], one["severity"], one["rooms_now"]) == (
        "Oak Hill: nothing has been heard from any room",
        "critical",
        0,
    )
    (notice,) = one["notices"]
    assert (notice["channel"], notice["kind"], notice["state"]) == ("tickets", "opened", "told")
    assert answer["channels"] == [{"name": "tickets", "kind": "webhook"}]
    assert "tickets: told of the trouble" in page
    assert "Oak Hill: nothing has been heard from any room" in front
    assert "s3cret" not in json.dumps(answer) + page + front


def settings_in(folder: Path, there: OtherSide) -> Path:
    (folder / "rooms.csv").write_text("site,room\noak-hill,204\n", encoding="utf-8")
    (folder / "district.toml").write_text(
        'name = "Maple Valley"\ntime_zone = "Europe/Madrid"\n[timetable]\ndays = ["mon"]\nlessons = ["08:00-09:00"]\n'
        '[[sites]]\nid = "oak-hill"\nname = "Oak Hill"\n',
        encoding="utf-8",
    )
    path = folder / "bandroom.toml"
    (folder / "hook.url").write_text(f"{there.url}/s3cret-token\n", encoding="utf-8")
    path.write_text(
        '[[alerts.channels]]\nname = "tickets"\nkind = "webhook"\nurl_file = "hook.url"\n', encoding="utf-8"
    )
    return path


def test_a_channel_can_be_tried_and_what_it_answered_is_printed(tmp_path: Path) -> None:
    with other_side() as there:
        settings = settings_in(tmp_path, there)
        good = CliRunner().invoke(app, ["alerts", "test", "tickets", "--settings", str(settings)])
        there.status, there.body = 403, b"ask for /s3cret-token"
        bad = CliRunner().invoke(app, ["alerts", "test", "tickets", "--settings", str(settings)])
        unknown = CliRunner().invoke(app, ["alerts", "test", "ticket", "--settings", str(settings)])

    assert (good.exit_code, good.stdout) == (0, "tickets (webhook): told: Sent JSON POST notification\n")
    assert there.got[0][2]["title"] == "Test: Bandroom of Maple Valley can reach this channel"
    assert bad.exit_code == 1
    assert bad.stdout == "tickets (webhook): refused: it answered 403 Forbidden: ask for /*****\n"
    assert unknown.exit_code == 1
    assert 'no channel is called "ticket"; there are tickets; did you mean "tickets"?' in unknown.stderr


def test_incidents_are_listed(folder: Path) -> None:
    with live_collector(folder) as live:
        url = f"http://{live.host}:{live.port}"
        shown = CliRunner().invoke(app, ["alerts", "list", "--url", url], env={"COLUMNS": "200"})
        data = CliRunner().invoke(app, ["alerts", "list", "--url", url, "--json"])

    assert shown.exit_code == 0
    assert "nothing has been heard from any room" in shown.stdout
    assert "nobody is told: no channel is named under [alerts]" in shown.stdout
    assert [one["about"] for one in json.loads(data.stdout)["open"]] == ["site:oak-hill"]


def test_a_site_that_the_district_does_not_have_is_a_mistake(tmp_path: Path) -> None:
    with other_side() as there:
        settings = settings_in(tmp_path, there)
    settings.write_text(settings.read_text(encoding="utf-8") + 'sites = ["oak-hil"]\n', encoding="utf-8")

    checked = CliRunner().invoke(app, ["check", str(settings)])

    assert checked.exit_code == 1
    assert (
        'bandroom.toml:5 alerts.channels.sites: "oak-hil" is no site of the district; there are oak-hill; '
        'did you mean "oak-hill"?'
    ) in checked.stderr
