"""``bandroom dashboards``: what the command does with Grafana."""

import typer

from collector.push_command import push_command

dashboards_app = typer.Typer(help="Dashboards and alert rules for Grafana.", no_args_is_help=True)
dashboards_app.command("push")(push_command)


@dashboards_app.callback()
def dashboards() -> None:
    """Dashboards and alert rules for Grafana."""
