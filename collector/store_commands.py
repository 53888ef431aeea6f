"""``bandroom store``: what an admin does to the store itself."""

from pathlib import Path
from typing import Annotated

import typer

from collector.command_line import DEFAULT_SETTINGS, SettingsFile, fail, read_settings
from collector.copy_command import copy_command
from collector.store.protocol import StoreError, StoreUnavailable
from collector.store_choice import make_buckets

store_app = typer.Typer(help="The store that the settings name.", no_args_is_help=True)
store_app.command("copy")(copy_command)


@store_app.callback()
def store() -> None:
    """The store that the settings name."""


@store_app.command("init")
def init(
    settings: SettingsFile = DEFAULT_SETTINGS,
    admin_token_file: Annotated[
        Path | None,
        typer.Option(help="A file with a token that may make buckets; by default the token of the settings is used."),
    ] = None,
) -> None:
    """Make the buckets or databases that InfluxDB lacks. Safe to repeat."""
    read = read_settings(settings)
    if read.store != "influx":
        fail('the settings name the store "duckdb", which makes its file itself: set store = "influx" first')
    if admin_token_file is not None:
        read = read.model_copy(update={"influx_token": None, "influx_token_file": admin_token_file})
    try:
        for one in make_buckets(read):
            typer.echo(str(one))
    except (StoreError, StoreUnavailable) as error:
        fail(str(error))
