"""``bandroom alerts``: try a channel, and list what is in trouble."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from collector.ask_collector import CannotAsk
from collector.asking import CaFile, Password, Url, answer_of, ask
from collector.command_line import DEFAULT_SETTINGS, SettingsFile, fail, read_settings
from collector.district.district_file import load_district
from collector.district.mistakes import BadFile
from collector.district.wanted import did_you_mean

alerts_app = typer.Typer(help="Who is told of trouble while it lasts.", no_args_is_help=True)

_STYLES = {"critical": "bold red", "major": "red", "minor": "yellow"}


@alerts_app.callback()
def alerts() -> None:
    """Who is told of trouble while it lasts."""


@alerts_app.command("test")
def try_channel(
    channel: Annotated[str, typer.Argument(help="Its name in [[alerts.channels]].")],
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Send a test, labelled as one, through one channel alone, and print what the other side answered."""
    from collector.alerts.message import trial
    from collector.alerts.wiring import channels_of

    read = read_settings(settings)
    try:
        district = load_district(read.district)
    except BadFile as error:
        fail(str(error))
    channels = channels_of(read, lambda: datetime.now(UTC))
    found = channels.named(channel)
    if found is None:
        named = [one.name for one in channels.all]
        if not named:
            fail(f"{settings} names no channel: add one under [[alerts.channels]]")
        hint = did_you_mean(channel, named)
        fail(f'no channel is called "{channel}"; there are {", ".join(named)}{hint}')
    all_told = True
    for way in channels.ways(found):
        answer = channels.tell(way, trial(district.name, found.name, datetime.now(UTC)))
        to = f" to {way.to}" if way.to else ""
        print(f"{found.name} ({found.kind}){to}: {answer.state}: {answer.text}")
        all_told = all_told and answer.state == "told"
    if not all_told:
        fail("the test was not told for sure; see the answer above")


@alerts_app.command("list")
def list_command(
    url: Url = None,
    password: Password = None,
    ca_file: CaFile = None,
    settings: SettingsFile = DEFAULT_SETTINGS,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """What is in trouble now and was lately, and who was told, as the running collector knows it."""
    try:
        at, text = ask("/v1/incidents", url, password, ca_file, settings)
        data = answer_of(text, at, "open", "recent", "channels")
    except CannotAsk as error:
        fail(str(error))
    if as_json:
        print(text)
        return
    Console().print(incidents_table(data))
    channels = ", ".join(f"{one['name']} ({one['kind']})" for one in data["channels"])
    print(f"told are: {channels}" if channels else "nobody is told: no channel is named under [alerts]")


def incidents_table(data: dict[str, Any]) -> Table:
    """The incidents, open ones first."""
    table = Table(title=f"{len(data['open'])} open")
    for heading in ("since", "severity", "what", "known", "told"):
        table.add_column(heading)
    for one in (*data["open"], *data["recent"]):
        since = datetime.fromisoformat(one["began_at"]).astimezone(UTC)
        told = [f"{each['channel']}: {each['kind']} {each['state']}" for each in one["notices"]]
        table.add_row(
            f"{since:%d %b %H:%M} UTC",
            Text(one["severity"], style=_STYLES[one["severity"]] if one["closed_at"] is None else "dim"),
            Text(one["title"]),
            Text(one["line"].removeprefix(one["title"]).removeprefix("Over: ").lstrip(",. ")),
            Text("\n".join(told) or "nobody"),
        )
    return table
