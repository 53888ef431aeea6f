"""The command ``bandroom``: reads settings, wires by hand, runs, returns an exit code."""

import asyncio
import json
import logging
import sys
import time
from pathlib import Path
from typing import Annotated, Literal

import typer
from pydantic import SecretStr, ValidationError
from rich.console import Console
from rich.table import Table

from collector.alerts_command import alerts_app
from collector.ask_collector import CannotAsk
from collector.asking import CaFile, Password, Url, ask
from collector.brief_command import brief_command
from collector.cannot_start import CannotStart
from collector.check import check_district, check_settings, is_district
from collector.command_line import DEFAULT_SETTINGS, SettingsFile, fail, read_settings
from collector.dashboards_commands import dashboards_app
from collector.district.district import District
from collector.district.district_file import load_district
from collector.district.host import is_loopback
from collector.district.mistakes import BadFile
from collector.district.wanted import did_you_mean
from collector.evidence_command import evidence_command
from collector.mail_command import mail_app
from collector.open_parts import open_parts, open_registry
from collector.registry.registry import Refused, Registry, RegistryError
from collector.rejudge_command import rejudge_command
from collector.settings import Settings
from collector.simulate_command import score_command, simulate_command
from collector.store.protocol import StoreError, StoreUnavailable
from collector.store_commands import store_app
from wire.enrolment import Role
from wire.version import VERSION

app = typer.Typer(
    help="Which classrooms cannot teach online today, why, and what fixes it.",
    no_args_is_help=True,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    add_completion=True,
)
enrol_app = typer.Typer(help="Enrolment codes and the agents that joined with them.", no_args_is_help=True)
app.add_typer(enrol_app, name="enrol")
app.add_typer(store_app, name="store")
app.add_typer(dashboards_app, name="dashboards")
app.add_typer(alerts_app, name="alerts")
app.command("brief")(brief_command)
app.add_typer(mail_app, name="mail")
app.command("rejudge")(rejudge_command)
app.command("evidence")(evidence_command)
app.command("simulate")(simulate_command)
app.command("score")(score_command)


@app.command(name="serve")
def serve_command(settings: SettingsFile = DEFAULT_SETTINGS) -> None:
    """Run the collector: takes reports, judges rooms, shows the board."""
    from collector.serve import serve

    read, district = _load(settings)
    _log_to_stderr()
    try:
        store, registry = open_parts(read)
        asyncio.run(serve(read, district, store, registry))
    except (StoreError, RegistryError, CannotStart, OSError) as error:
        fail(str(error))


@app.command()
def demo(  # noqa: PLR0917  # typer calls it by name
    port: Annotated[int, typer.Option(help="Where the board is; 0 takes a free port.", min=0, max=65_535)] = 8600,
    for_seconds: Annotated[
        int | None, typer.Option("--for", help="Stop after this many seconds; without it, on Ctrl-C.", min=1)
    ] = None,
    store: Annotated[
        Literal["duckdb", "influx"],
        typer.Option(help="What keeps it: a file that goes with it, or an InfluxDB, where it stays."),
    ] = "duckdb",
    influx_url: Annotated[str, typer.Option(help="Where InfluxDB answers.")] = "http://127.0.0.1:8086",
    influx_token: Annotated[
        str, typer.Option(help="May make, read and write its buckets.", envvar="BANDROOM_INFLUX_TOKEN")
    ] = "",
    influx_org: Annotated[str, typer.Option(help="The organization of the buckets.")] = "bandroom",
    influx_prefix: Annotated[
        str, typer.Option(help="What the names of the buckets begin with: not those of your own district.")
    ] = "bandroom_demo",
) -> None:
    """Show Bandroom at work: this machine measured for real, beside a simulated district."""
    from collector.demo.demo import run_demo

    _log_to_stderr(logging.WARNING)
    kept = (
        {}
        if store == "duckdb"
        else {
            "store": store,
            "influx_url": influx_url,
            "influx_token": SecretStr(influx_token),
            "influx_org": influx_org,
            "influx_prefix": influx_prefix,
        }
    )
    try:
        asyncio.run(run_demo(port=port, for_seconds=for_seconds, kept=kept, console=Console(stderr=False)))
    except ValidationError as error:
        fail("; ".join(f"{'.'.join(map(str, one['loc']))} {one['msg']}" for one in error.errors()))
    except CannotStart as error:
        fail(f'{error}: make demo DEMO="--port 8611"')
    except (StoreError, StoreUnavailable, RegistryError, OSError) as error:
        fail(str(error))


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="bandroom.toml or district.toml; each brings what it names.")] = (
        DEFAULT_SETTINGS
    ),
) -> None:
    """Find every mistake in a district or settings file, all at once."""
    if file.suffix != ".toml":
        fail(f"{file} is read through the district file that names it: bandroom check district.toml")
    try:
        district, warnings = check_district(file) if is_district(file) else check_settings(file)
    except BadFile as error:
        fail(str(error))
    for one in warnings:
        print(f"warning: {one}", file=sys.stderr)
    found = f"no mistakes, {len(warnings)} to think over" if warnings else "good"
    print(f"{file}: {found}; {len(district.sites)} sites, {len(district.rooms)} rooms")


@app.command()
def rooms(  # noqa: PLR0917  # typer calls it by name
    url: Url = None,
    password: Password = None,
    ca_file: CaFile = None,
    settings: SettingsFile = DEFAULT_SETTINGS,
    week: Annotated[
        str | None, typer.Option(help="The verdicts of a week instead, such as 2026-W47 or newest.", metavar="WEEK")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The answer of /v1/rooms or /v1/weeks as it is.")] = False,
) -> None:
    """Which rooms can teach now, or which were restricted in a week; asks the running collector."""
    if week is not None:
        _rooms_of_week(week, url, password, ca_file, settings, as_json=as_json)
        return
    from collector.rooms_table import rooms_of, rooms_table

    try:
        at, text = ask("/v1/rooms", url, password, ca_file, settings)
        answer = rooms_of(text, at)
    except CannotAsk as error:
        fail(str(error))
    if as_json:
        print(answer.text)
    else:
        if notice := answer.data.get("notice"):
            print(f"the collector is in trouble, so this may be out of date: {notice}", file=sys.stderr)
        Console().print(rooms_table(answer))


def _rooms_of_week(  # as the command has them
    week: str, url: str | None, password: str | None, ca_file: Path | None, settings: Path, *, as_json: bool
) -> None:
    from collector.iso_week import NEWEST, week_of_text
    from collector.weeks_table import weeks_of, weeks_table

    try:
        if week != NEWEST:
            week_of_text(week)
        at, text = ask(f"/v1/weeks/{week}", url, password, ca_file, settings)
        answer = weeks_of(text, at)
    except (CannotAsk, ValueError) as error:
        fail(str(error))
    if as_json:
        print(text)
    else:
        Console().print(weeks_table(answer))


@app.command(name="test")
def measure_capacity(  # noqa: PLR0917  # typer calls it by name
    site: Annotated[str, typer.Argument(help="A site of the district, by its id.")],
    room: Annotated[str, typer.Argument(help="One of its rooms, by its slug.")],
    url: Url = None,
    password: Password = None,
    ca_file: CaFile = None,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Ask the agents of a room to measure how much there is, in a lesson, too."""
    try:
        _, text = ask("/v1/tests", url, password, ca_file, settings, body={"site": site, "room": room})
    except CannotAsk as error:
        fail(str(error))
    agents = json.loads(text)["agents"]
    asked = "agent was asked" if agents == 1 else "agents were asked"
    print(f"{agents} {asked} in room {room} at {site}; what is not tested within half an hour is forgotten")
    print("the room's page then shows what was found; budgets and assessments may forbid it", file=sys.stderr)


@enrol_app.command("code")
def enrol_code(  # noqa: PLR0917  # typer calls it by name
    site: Annotated[str, typer.Option(help="A site of district.toml, by id or name.")],
    room: Annotated[str, typer.Option(help="A room of rooms.csv, by slug or name.")],
    role: Annotated[Role, typer.Option(help="Where it stands: with pupils, wired, or at the uplink.")] = "room",
    uses: Annotated[int, typer.Option(help="How many machines may use it.", min=1, max=10_000)] = 1,
    hours: Annotated[int, typer.Option(help="How long it is good for.", min=1, max=24 * 365)] = 24,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Make an enrolment code for a room. It is shown once."""
    read, district = _load(settings)
    site, room = _place(district, site, room)
    expires_ms = int((time.time() + hours * 3600) * 1000)
    code = _registry(read).make_code(site=site, room=room, role=role, uses=uses, expires_ms=expires_ms)
    print(code)
    machine = "one machine" if uses == 1 else f"{uses} machines"
    print(f"good for {machine} in room {room} at {site}, for {hours} hours; there run:", file=sys.stderr)
    address = _address(read)
    print(f"  bandroom-agent join {address} --code {code}", file=sys.stderr)


@enrol_app.command("agents")
def enrol_agents(settings: SettingsFile = DEFAULT_SETTINGS) -> None:
    """List the agents."""
    read, _ = _load(settings)
    table = Table("site", "room", "role", "enrolled (UTC)", "revoked (UTC)")
    table.add_column("agent", no_wrap=True, min_width=16)
    for one in _registry(read).agents():
        revoked = _utc(one.revoked_ms) if one.revoked_ms else ""
        table.add_row(one.site, one.room, one.role, _utc(one.enrolled_ms), revoked, one.agent)
    Console().print(table)


@enrol_app.command("move")
def enrol_move(
    agent: Annotated[str, typer.Argument(help="The agent's id.")],
    site: Annotated[str, typer.Argument(help="A site of district.toml, by id or name.")],
    room: Annotated[str, typer.Argument(help="A room of rooms.csv, by slug or name.")],
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Let an agent report for another room from now on. What it measured before stays where it was measured."""
    read, district = _load(settings)
    site, room = _place(district, site, room)
    try:
        _registry(read).move(agent, site=site, room=room, now_ms=int(time.time() * 1000))
    except Refused as error:
        fail(error.detail)
    print(f"agent {agent} reports for room {room} at {site} from now on")


@enrol_app.command("revoke")
def enrol_revoke(
    agent: Annotated[str, typer.Argument(help="The agent's id.")], settings: SettingsFile = DEFAULT_SETTINGS
) -> None:
    """Take an agent's right to report. What it reported stays."""
    read, _ = _load(settings)
    try:
        _registry(read).revoke(agent, now_ms=int(time.time() * 1000))
    except Refused as error:
        fail(error.detail)
    print(f"agent {agent} is revoked")


@app.callback()
def options(
    version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
) -> None:
    """Which classrooms cannot teach online today, why, and what fixes it."""
    if version:
        print(VERSION)
        raise typer.Exit


def main() -> None:
    """Entry point of the command ``bandroom``. Exit codes: 0 done, 1 something to mend, 2 wrong usage."""
    app()


def _load(path: Path) -> tuple[Settings, District]:
    read = read_settings(path)
    try:
        return read, load_district(read.district)
    except BadFile as error:
        fail(str(error))


def _place(district: District, site: str, room: str) -> tuple[str, str]:
    """The site and the room of the district, by slug or by name. Fails unless there is one."""
    sites = {name: one.site for one in district.sites for name in (one.name, one.site)}
    if site not in sites:
        slugs = [one.site for one in district.sites]
        fail(f'there is no site "{site}"; sites are {", ".join(slugs)}{did_you_mean(site, sites)}')
    site = sites[site]
    there = [one for one in district.rooms if one.site == site]
    named = [one.room for one in there if room in {one.room, one.name}]
    if len(named) > 1:
        named = [one for one in named if one == room]
    if not named:
        known = ", ".join(one.room for one in there)[:500] or "none"
        fail(
            f'there is no room "{room}" at {site}; rooms there are {known}{did_you_mean(room, [x.room for x in there])}'
        )
    return site, named[0]


def _address(settings: Settings) -> str:
    """Where agents join, as far as the settings tell."""
    if settings.public_url is not None:
        return settings.public_url
    scheme = "https" if settings.tls_certificate or settings.behind_proxy else "http"
    if is_loopback(settings.host) and not settings.behind_proxy:
        return f"{scheme}://127.0.0.1:{settings.port}"
    return f"{scheme}://{settings.public_host or 'NAME-OF-THIS-SERVER'}:{settings.port_from_outside or settings.port}"


def _registry(settings: Settings) -> Registry:
    try:
        return open_registry(settings)
    except (RegistryError, OSError) as error:
        fail(str(error))


def _log_to_stderr(level: int = logging.INFO) -> None:
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)


def _utc(epoch_ms: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.gmtime(epoch_ms / 1000))
