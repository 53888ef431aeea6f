"""``bandroom brief``: the weekly page as files, made by the running collector, which alone may open its store."""

import io
import json
import re
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from collector.ask_collector import CannotAsk
from collector.asking import CaFile, Password, Url, ask, ask_file
from collector.command_line import DEFAULT_SETTINGS, SettingsFile, fail
from collector.iso_week import NEWEST, week_of_text
from collector.whole_files import write_whole

_NO_PAGE = "what answers is not a Bandroom collector"
_FAILED = "not mailed, and not tried again"
_STATES = {
    "sent": "mailed",
    "waiting": "waits for its turn",
    "sending": "is being mailed",
    "refused": "not taken for now, and tried again",
    "failed": _FAILED,
    "possibly_sent": "possibly mailed, so not mailed again",
}
_ENDINGS = ("html", "pdf", "txt")


def brief_command(  # noqa: PLR0917  # typer calls it by name
    out: Annotated[Path, typer.Option(help="The folder that its files are written to; made where it is missing.")],
    week: Annotated[
        str, typer.Option(help="Which week, such as 2026-W47; by default the newest that was judged.", metavar="WEEK")
    ] = NEWEST,
    site: Annotated[str | None, typer.Option(help="The page of that site alone, by its id.")] = None,
    send: Annotated[
        bool, typer.Option("--send", help="Mail it now, too, to the recipients of the settings who have not got it.")
    ] = False,
    url: Url = None,
    password: Password = None,
    ca_file: CaFile = None,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Write the weekly page as HTML, PDF, text and CSV files, and mail it with --send; asks the running collector."""

    def file(path: str) -> bytes:
        return ask_file(path, url, password, ca_file, settings)

    try:
        if week != NEWEST:
            week_of_text(week)
        if send and site is not None:
            raise CannotAsk("--send mails to each recipient what the settings say, so it takes no --site")
        suffix = "" if site is None else f"?site={quote(site, safe='')}"
        page = _page_of(file(f"/v1/briefs/{week}{suffix}"))
        files = page_files(page["week"], suffix, file)
        written = write_whole(out, files)
        print(page["headline"], *written, sep="\n")
        if send:
            _send(page["week"], lambda path: ask(path, url, password, ca_file, settings, body={})[1])
    except (CannotAsk, ValueError) as error:
        fail(str(error))
    except OSError as error:
        fail(f"cannot write to {error.filename or out}: {error.strerror}")


def page_files(week: str, suffix: str, file: Callable[[str], bytes]) -> dict[str, bytes]:
    """The files of the page by their names; `file` asks for one. The tables come as files of their own, because a
    spreadsheet opens no ZIP. Raises `CannotAsk`."""
    name = f"bandroom-brief-{week}" + (f"-{suffix.partition('=')[2]}" if suffix else "")
    files = {f"{name}.{ending}": file(f"/brief/{week}.{ending}{suffix}") for ending in _ENDINGS}
    try:
        with zipfile.ZipFile(io.BytesIO(file(f"/brief/{week}.zip{suffix}"))) as tables:
            for table in tables.namelist():
                if not re.fullmatch(r"[a-z][a-z-]*\.csv", table):
                    raise CannotAsk(_NO_PAGE)
                files[f"{name}-{table}"] = tables.read(table)
    except (zipfile.BadZipFile, NotImplementedError):
        raise CannotAsk(_NO_PAGE) from None
    return files


def _page_of(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
        week_of_text(found["week"])
        return {"week": found["week"], "headline": str(found["headline"])}
    except (ValueError, TypeError, KeyError):
        raise CannotAsk(_NO_PAGE) from None


def _send(week: str, ask_for: Callable[[str], str]) -> None:
    """Mail it, and say for each recipient what became of it."""
    try:
        lines = [mailing_line(one) for one in json.loads(ask_for(f"/v1/briefs/{week}/mail"))["mailings"]]
    except (ValueError, TypeError, KeyError):
        raise CannotAsk(_NO_PAGE) from None
    print(*lines, sep="\n")
    if any(line.endswith(_FAILED) for line in lines):
        raise typer.Exit(1)


def mailing_line(one: Mapping[str, Any]) -> str:
    """What became of a page for one recipient: ``c…@example.org, the district's page: mailed 30 Nov, 16:51 UTC``; the
    time tells whom it was mailed to before."""
    page = "the district's page" if one["site"] is None else f"the page of {one['site']}"
    state = _STATES.get(one["state"], str(one["state"]))
    said = f" ({one['answer']})" if one["answer"] and one["state"] != "sent" else ""
    at = datetime.fromisoformat(one["changed_at"]).astimezone(UTC) if one["state"] == "sent" else None
    return f"{one['to']}, {page}{said}: {state}" + (f" {at.day} {at:%b, %H:%M} UTC" if at else "")
