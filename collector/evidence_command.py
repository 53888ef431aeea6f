"""``bandroom evidence``: a pack to hand to a provider or attach to a funding request, made by the collector."""

import sys
import zipfile
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Annotated
from urllib.parse import quote, urlencode

import typer

from collector.ask_collector import CannotAsk
from collector.asking import CaFile, Password, Url, ask_file
from collector.command_line import DEFAULT_SETTINGS, SettingsFile, fail
from collector.whole_files import write_whole


def evidence_command(  # noqa: PLR0917  # typer calls it by name
    out: Annotated[Path, typer.Option(help="The folder to put it in; made where it is not there.")],
    site: Annotated[str | None, typer.Option(help="A site of the district, by its id.")] = None,
    room: Annotated[str | None, typer.Option(help="One of its rooms, by its slug.")] = None,
    uplink: Annotated[
        str | None, typer.Option(help="An uplink instead: site:ID, or district.", metavar="UPLINK")
    ] = None,
    first: Annotated[
        datetime | None,
        typer.Option("--from", formats=["%Y-%m-%d"], help="The first day; by default 28 days up to the last."),
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="The last day; by default today.")
    ] = None,
    url: Url = None,
    password: Password = None,
    ca_file: CaFile = None,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Everything that was measured of a room or an uplink, as tables with the page that says how."""
    if uplink is not None and site is None and room is None:
        path, name = f"/v1/evidence/uplinks/{quote(uplink)}.zip", uplink.replace(":", "-")
    elif uplink is None and site is not None and room is not None:
        path, name = f"/v1/evidence/rooms/{quote(site, safe='')}/{quote(room, safe='')}.zip", f"{site}-{room}"
    else:
        fail("say of what: --site oak-hill --room 204, or --uplink site:oak-hill, or --uplink district")
    days = {"from": first, "to": last}
    asked = urlencode({word: f"{day:%Y-%m-%d}" for word, day in days.items() if day is not None})
    try:
        data = ask_file(f"{path}?{asked}" if asked else path, url, password, ca_file, settings)
        names = _checked(data)
    except CannotAsk as error:
        fail(str(error))
    span = "".join(f"-{day:%Y-%m-%d}" for day in days.values() if day is not None)
    try:
        (kept,) = write_whole(out, {_file_name(f"bandroom-evidence-{name}{span}.zip"): data})
    except OSError as error:
        fail(f"cannot write into {out}: {error.strerror}")
    print(kept)
    print(f"{len(data)} bytes: {', '.join(names)}; method.html says what they are", file=sys.stderr)


def _checked(data: bytes) -> list[str]:
    """The names of the files of an archive that is whole. Raises `CannotAsk`."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            if archive.testzip() is None:
                return [one.rpartition("/")[2] for one in archive.namelist()]
    except zipfile.BadZipFile:
        pass
    raise CannotAsk("what came is no whole archive; ask again, and not through what changes answers on their way")


def _file_name(text: str) -> str:
    return "".join(one if one.isalnum() or one in "-._" else "-" for one in text)
