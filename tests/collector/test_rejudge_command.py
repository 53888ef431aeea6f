"""``bandroom rejudge`` as an admin types it: shown, kept, and refused beside a running collector."""

from datetime import date
from pathlib import Path

from typer.testing import CliRunner, Result

from collector.main import app
from tests.collector.live import live_collector

MONDAY = date(2026, 1, 12)


def again(folder: Path, *options: str) -> Result:
    """Judge again from the second Monday of January on."""
    return CliRunner().invoke(
        app,
        [
            "rejudge",
            "--since",
            f"{MONDAY}",
            "--until",
            "2026-01-16",
            "--settings",
            str(folder / "bandroom.toml"),
            *options,
        ],
    )


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
