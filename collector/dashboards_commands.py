"""``bandroom dashboards``: what the command does with Grafana."""

from pathlib import Path
from typing import Annotated, NoReturn

import typer

from collector.push_command import push_command

dashboards_app = typer.Typer(help="Dashboards and alert rules for Grafana.", no_args_is_help=True)
dashboards_app.command("push")(push_command)


@dashboards_app.callback()
def dashboards() -> None:
    """Dashboards and alert rules for Grafana."""


@dashboards_app.command("render")
def render_command(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; say which files are out of date, and fail if any is.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Where to; by default into the package itself.")] = None,
) -> None:
    """Write the files that Grafana is given, from the code that describes them."""
    try:
        from dashboards.render import HERE, out_of_date, write
    except ModuleNotFoundError as error:
        _fail(f"the package {error.name} is missing: pip install 'bandroom[dashboards]'")
    folder = out or HERE
    try:
        if not check:
            for name in write(folder):
                typer.echo(f"wrote {folder / name}")
        elif names := out_of_date(folder):
            _fail(f"out of date: {', '.join(names)}; bandroom dashboards render writes them")
    except OSError as error:
        _fail(f"cannot write {error.filename}: {error.strerror}")


def _fail(text: str) -> NoReturn:
    typer.echo(text, err=True)
    raise typer.Exit(1)
