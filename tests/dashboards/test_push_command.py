"""``bandroom dashboards push`` as an admin types it."""

from pathlib import Path

import pytest

from tests.dashboards.grafana_double import ADMIN_TOKEN, SECRET, VIEWER_TOKEN, GrafanaDouble
from tests.end_to_end.process import run

INFLUX = "http://influx.example.org:8086"


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    file = tmp_path / "grafana.token"
    file.write_text(f"{ADMIN_TOKEN}\n")
    return file


def test_a_push_says_what_became_of_each_thing(double: GrafanaDouble, token_file: Path, tmp_path: Path) -> None:
    influx_token = tmp_path / "influx.token"
    influx_token.write_text(SECRET)
    arguments = ("--url", double.url, "--token-file", token_file, "--influx-url", INFLUX)

    said = run("bandroom", "dashboards", "push", *arguments, "--influx-token-file", influx_token)

    assert (said.returncode, said.stderr) == (0, "")
    lines = said.stdout.splitlines()
    assert lines[:4] == [
        "data source bandroom-reports: created",
        "data source bandroom-bins: created",
        "data source bandroom-days: created",
        "folder Bandroom: created",
    ]
    assert all(line.endswith(": created") for line in lines)
    for kept in ("reports", "bins", "days"):
        source = double.data_sources[f"bandroom-{kept}"]
        assert source["url"] == INFLUX
        assert source["jsonData"]["dbName"] == f"bandroom_{kept}"
        assert double.secrets[f"bandroom-{kept}"] == {"httpHeaderValue1": f"Token {SECRET}"}
    assert SECRET not in said.stdout
    assert ADMIN_TOKEN not in said.stdout


def test_buckets_and_authority_are_told(double: GrafanaDouble, token_file: Path, tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    authority.write_text("-----BEGIN CERTIFICATE-----\n")
    arguments = ("--url", double.url, "--token-file", token_file, "--influx-url", INFLUX, "--influx-prefix", "north")

    assert run("bandroom", "dashboards", "push", *arguments, "--influx-ca-file", authority).returncode == 0

    source = double.data_sources["bandroom-days"]
    assert source["jsonData"] == {
        "version": "InfluxQL",
        "dbName": "north_days",
        "httpMode": "POST",
        "tlsAuthWithCACert": True,
    }
    assert double.secrets["bandroom-days"] == {"tlsCACert": "-----BEGIN CERTIFICATE-----\n"}


def test_address_and_buckets_come_from_the_settings(double: GrafanaDouble, token_file: Path, tmp_path: Path) -> None:
    settings = tmp_path / "bandroom.toml"
    settings.write_text(f'influx_url = "{INFLUX}"\ninflux_prefix = "south"\n')
    reader = ("--influx-token-file", token_file)  # any
    arguments = ("--url", double.url, "--token-file", token_file, "--settings", settings, *reader)
    assert run("bandroom", "dashboards", "push", *arguments).returncode == 0
    source = double.data_sources["bandroom-bins"]
    assert (source["url"], source["jsonData"]["dbName"]) == (INFLUX, "south_bins")

    settings.write_text("")
    without = run("bandroom", "dashboards", "push", *arguments)
    assert (without.returncode, without.stderr) == (1, f"{settings} has no influx_url: give --influx-url\n")


def test_the_token_may_come_from_the_environment(double: GrafanaDouble) -> None:
    arguments = ("--url", double.url, "--influx-url", INFLUX)
    said = run("bandroom", "dashboards", "push", *arguments, env={"BANDROOM_GRAFANA_TOKEN": VIEWER_TOKEN})
    assert said.returncode == 1
    assert said.stdout == ""
    assert said.stderr.startswith("the token may not read folders (")
    assert len(said.stderr.splitlines()) == 1


def test_a_push_without_a_token_or_with_a_file_that_is_not_there(double: GrafanaDouble) -> None:
    arguments = ("--url", double.url, "--influx-url", INFLUX)
    without = run("bandroom", "dashboards", "push", *arguments, env={"BANDROOM_GRAFANA_TOKEN": ""})
    absent = run("bandroom", "dashboards", "push", *arguments, "--token-file", "absent.token")
    assert (without.returncode, without.stderr) == (
        1,
        "give the token of a service account with the role Admin: --token-file, or BANDROOM_GRAFANA_TOKEN\n",
    )
    assert (absent.returncode, absent.stderr) == (1, "cannot read absent.token: No such file or directory\n")


def test_a_grafana_that_cannot_read_influxdb_is_said_when_all_is_pushed(
    double: GrafanaDouble, token_file: Path
) -> None:
    arguments = ("--url", double.url, "--token-file", token_file, "--influx-url", "http://127.0.0.1:1")
    said = run("bandroom", "dashboards", "push", *arguments)
    assert said.returncode == 1
    assert "folder Bandroom: created" in said.stdout
    assert said.stderr.startswith('everything is pushed, but Grafana cannot read "bandroom-reports"')


def test_a_grafana_that_influxdb_lets_not_in_is_given_a_token(double: GrafanaDouble, token_file: Path) -> None:
    arguments = ("--url", double.url, "--token-file", token_file, "--influx-url", INFLUX)
    said = run("bandroom", "dashboards", "push", *arguments)
    assert said.returncode == 1
    assert said.stderr.endswith("; --influx-token-file must name a token that may read the buckets\n")
