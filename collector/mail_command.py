"""``bandroom mail``: whether the server of the settings takes our mail, and what became of the weekly pages."""

from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from collector.ask_collector import CannotAsk
from collector.asking import CaFile, Password, Url, answer_of, ask
from collector.command_line import DEFAULT_SETTINGS, SettingsFile, fail, read_settings

mail_app = typer.Typer(help="The server that takes our mail, and what was mailed.", no_args_is_help=True)

_WORDS = {
    "sent": "sent: the server has it",
    "refused": "not sent: the server did not take it, this time",
    "failed": "not sent: the server does not take it",
    "possibly_sent": "nobody knows: the server may have it, and may not",
}


@mail_app.callback()
def mail() -> None:
    """The server that takes our mail, and what was mailed."""


@mail_app.command("test")
def mail_test(
    address: Annotated[str, typer.Argument(help="Who gets a short mail, such as you@example.org.")],
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Send one plain mail by the settings, and say step by step what the server answers. Needs no running collector."""
    from collector.mail.addresses import an_address
    from collector.mail.sender import send_text

    try:
        to = an_address(address)
    except ValueError as error:
        fail(str(error))
    read = read_settings(settings)
    if read.mail is None:
        fail(f"{settings} names no server: add the table [mail] with host and sender")
    print(f"{read.mail.host} port {read.mail.port}, security {read.mail.security}")
    outcome = send_text(
        read.mail,
        to=to,
        subject="A test of Bandroom",
        text="Bandroom can send mail: this is the test that an admin asked for.\n",
        at=datetime.now(UTC),
        told=lambda step, answer: print(f"  {step}: {answer}"),
    )
    if outcome.word != "sent":
        print(f"  {outcome.step}: {outcome.answer}")
        fail(_WORDS[outcome.word])
    print(_WORDS[outcome.word])


@mail_app.command("status")
def mail_status(
    url: Url = None,
    password: Password = None,
    ca_file: CaFile = None,
    settings: SettingsFile = DEFAULT_SETTINGS,
    as_json: Annotated[bool, typer.Option("--json", help="The answer of /v1/mailings as it is.")] = False,
) -> None:
    """To whom the weekly pages were mailed and will be; asks the running collector."""
    try:
        at, text = ask("/v1/mailings", url, password, ca_file, settings)
        answer = answer_of(text, at, "dry_run", "notice", "next", "mailings")
    except CannotAsk as error:
        fail(str(error))
    if as_json:
        print(text)
        return
    if answer["dry_run"]:
        print(answer["notice"])
        for one in answer["next"]:
            print(f"the page of {one['week']} would be mailed {_local(one['due_at'], answer)}")
    table = Table("week", "page of", "to", "state", "tries", "what the server said")
    for column in table.columns:
        column.overflow = "fold"
    for one in answer["mailings"]:
        when = one["next_try_at"] or one["due_at"]
        state = one["state"].replace("_", " ") + (f", next {_local(when, answer)}" if when else "")
        row = one["week"], one["site"] or "the district", one["to"], state, str(one["attempts"]), one["answer"] or ""
        table.add_row(*map(Text, row))
    if answer["mailings"]:
        Console().print(table)


def _local(when: str, answer: dict[str, Any]) -> str:
    """``Mon 7 Dec, 06:30``, as the district's clocks say."""
    at = datetime.fromisoformat(when).astimezone(ZoneInfo(answer["time_zone"]))
    return f"{at:%a} {at.day} {at:%b, %H:%M}"
