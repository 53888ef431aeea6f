"""``bandroom store init`` against a real InfluxDB: it makes what is missing, once."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from collector.main import app
from collector.registry.registry import Registry
from collector.settings import load_settings
from collector.store.influx_connection import InfluxConnection
from collector.store.influx_init import make_missing
from collector.store.influx_schema import Retention
from collector.store.protocol import StoreError
from collector.store_choice import open_store
from tests.collector.influx import influx_access
from tests.influx import Influx

KEEP: dict[Retention, timedelta] = {"reports": timedelta(days=30), "bins": timedelta(days=400)}

pytestmark = pytest.mark.requires("influx")


@pytest.fixture
def empty(influx: Influx) -> Iterator[Influx]:
    """An InfluxDB with nothing of ours."""
    nothing = replace(influx, prefix=f"{influx.prefix}-new")
    yield nothing
    nothing.drop_databases()


@pytest.fixture
def connection(empty: Influx) -> Iterator[InfluxConnection]:
    connection = InfluxConnection(influx_access(empty))
    yield connection
    connection.close()


def test_what_is_missing_is_made_and_takes_points(connection: InfluxConnection, empty: Influx) -> None:
    made = [one for one in make_missing(connection, KEEP) if "mapping" not in one.what]

    assert [one.new for one in made] == [True, True]
    assert str(made[0]).endswith(f"{empty.prefix}_reports, keeps 31 days")
    connection.write("bins", ["one here=1i 1794823260000000000"])
    assert len(connection.query("bins", "SELECT here FROM one")) == 1


def test_repeated_it_makes_nothing_and_harms_nothing(connection: InfluxConnection) -> None:
    list(make_missing(connection, KEEP))
    connection.write("bins", ["one here=1i 1794823260000000000"])

    again = list(make_missing(connection, KEEP))

    assert {one.what.rpartition("_")[2] for one in again if "mapping" not in one.what} == {"reports", "bins"}
    assert not any(one.new for one in again)
    assert all(str(one).startswith("was there: ") for one in again)
    assert len(connection.query("bins", "SELECT here FROM one")) == 1


def test_a_bucket_that_keeps_less_than_the_settings_say_is_named(connection: InfluxConnection) -> None:
    list(make_missing(connection, {"reports": timedelta(days=6)}))

    (found,) = [one for one in make_missing(connection, KEEP) if "reports" in one.what and "mapping" not in one.what]

    assert str(found).endswith("keeps 7 days only and the settings say 30: lengthen its retention")


def test_one_that_keeps_for_ever_is_told_so(influx: Influx) -> None:
    connection = InfluxConnection(influx_access(influx))
    found = [one for one in make_missing(connection, KEEP) if "mapping" not in one.what]
    connection.close()

    assert ["keeps for ever" in str(one) for one in found] == [True, True]


def test_the_command_makes_what_the_collector_needs(empty: Influx, tmp_path: Path) -> None:
    (tmp_path / "influx.token").write_text(f"{empty.token}\n")
    settings = tmp_path / "bandroom.toml"
    settings.write_text(
        f'store = "influx"\ninflux_url = "{empty.url}"\ninflux_token_file = "influx.token"\n'
        f'influx_org = "{empty.org}"\ninflux_prefix = "{empty.prefix}"\n'
    )
    read = load_settings(settings)
    registry = Registry.open_registry("sqlite://")
    with pytest.raises(StoreError, match=f'no bucket or database "{empty.prefix}_reports": run bandroom store init'):
        open_store(read, registry)

    first = CliRunner().invoke(app, ["store", "init", "--settings", str(settings)])
    second = CliRunner().invoke(app, ["store", "init", "--settings", str(settings)])

    assert (first.exit_code, second.exit_code) == (0, 0), first.output + second.output
    assert first.output.count("made: ") == 3
    assert "made: " not in second.output
    store = open_store(read, registry)
    assert store.count_reports() == 0
    store.close()
    registry.close()


def test_a_store_that_is_a_file_needs_no_init(tmp_path: Path) -> None:
    (tmp_path / "bandroom.toml").write_text("")
    result = CliRunner().invoke(app, ["store", "init", "--settings", str(tmp_path / "bandroom.toml")])
    assert result.exit_code == 1
    assert 'set store = "influx" first' in result.output
