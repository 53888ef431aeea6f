"""``bandroom dashboards push``: from options to a Grafana, with what became of each thing."""

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from collector.command_line import DEFAULT_SETTINGS, SettingsFile, fail, read_settings
from collector.settings import Settings
from wire.version import VERSION


def push_command(  # noqa: PLR0917  # typer calls it by name
    url: Annotated[str, typer.Option(help="Where Grafana is: https://grafana.example.org")],
    token: Annotated[
        str | None,
        typer.Option(help="Of a service account with the role Admin.", envvar="BANDROOM_GRAFANA_TOKEN"),
    ] = None,
    token_file: Annotated[Path | None, typer.Option(help="A file with the token, instead of --token.")] = None,
    influx_url: Annotated[
        str | None,
        typer.Option(help="Where InfluxDB is, as Grafana's machine sees it; else as in the settings."),
    ] = None,
    influx_token_file: Annotated[
        Path | None,
        typer.Option(help="A file with the token that Grafana reads InfluxDB with; it need not write."),
    ] = None,
    influx_prefix: Annotated[
        str | None, typer.Option(help="What the names of the buckets begin with; else as in the settings.")
    ] = None,
    influx_ca_file: Annotated[
        Path | None, typer.Option(help="The authority of InfluxDB's certificate, for Grafana.")
    ] = None,
    ca_file: Annotated[Path | None, typer.Option(help="The authority of Grafana's certificate.")] = None,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Bring folder, data sources, dashboards and alert rules to a Grafana. Safe to repeat."""
    try:
        from dashboards.content import content
        from dashboards.data_sources import InfluxAsSeen
        from dashboards.grafana import CannotPush, Grafana
        from dashboards.push import check_data_sources, push
    except ModuleNotFoundError as error:
        fail(f"the package {error.name} is missing: pip install 'bandroom[dashboards]'")
    try:
        told = token if token_file is None else _secret(token_file)
        if not told:
            fail("give the token of a service account with the role Admin: --token-file, or BANDROOM_GRAFANA_TOKEN")
        read = read_settings(settings) if influx_url is None else Settings()
        url_seen = influx_url or read.influx_url
        if url_seen is None:
            fail(f"{settings} has no influx_url: give --influx-url")
        influx = InfluxAsSeen(
            url=url_seen,
            prefix=influx_prefix or read.influx_prefix,
            token=None if influx_token_file is None else _secret(influx_token_file),
            ca_file=influx_ca_file,
        )
        brought = content(influx)
        with closing(Grafana(url, told, ca_file=ca_file)) as grafana:
            for step in push(grafana, brought, message=f"bandroom {VERSION}"):
                print(f"{step.what} {step.title}: {step.done}")
            check_data_sources(grafana, brought)
    except OSError as error:
        fail(f"cannot read {error.filename}: {error.strerror}")
    except CannotPush as error:
        fail(str(error))


def _secret(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace").strip()
