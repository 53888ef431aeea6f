"""What the commands share that ask a running collector: where it is, the password, and the asking."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from collector.ask_collector import CannotAsk, ask_collector, ask_for_file, own_url
from collector.command_line import DEFAULT_SETTINGS, read_settings
from collector.settings import Settings

Url = Annotated[
    str | None, typer.Option(help="Where the collector runs; by default on this machine, as its settings say.")
]
Password = Annotated[
    str | None,
    typer.Option(help="The reader password; by default that of the settings.", envvar="BANDROOM_READER_PASSWORD"),
]
CaFile = Annotated[Path | None, typer.Option(help="Trust these certificate authorities, too (PEM).")]


def ask(  # noqa: PLR0917  # as the commands have them
    path: str,
    url: str | None,
    password: str | None,
    ca_file: Path | None,
    settings: Path,
    body: dict[str, str] | None = None,
) -> tuple[str, str]:
    """Where the collector is, and what it answers. Raises `CannotAsk`."""
    at, password, certificate = _whom(url, password, settings)
    return at, ask_collector(at, path, password, body=body, ca_file=ca_file, own_certificate=certificate)


def ask_file(path: str, url: str | None, password: str | None, ca_file: Path | None, settings: Path) -> bytes:
    """The file that the collector makes for `path`. Raises `CannotAsk`."""
    at, password, certificate = _whom(url, password, settings)
    return ask_for_file(at, path, password, ca_file=ca_file, own_certificate=certificate)


def answer_of(text: str | bytes, url: str, *fields: str) -> dict[str, Any]:
    """The answer that `text` is, with these fields at the least. Raises `CannotAsk` where it is none of a collector."""
    try:
        answer = json.loads(text)
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or not answer.keys() >= set(fields):
        raise CannotAsk(f"{url} answers, but is not a Bandroom collector of this version")
    return answer


def _whom(url: str | None, password: str | None, settings: Path) -> tuple[str, str | None, Path | None]:
    """Where the collector is, its reader password, and the certificate that is trusted as its own."""
    # Whoever asks another machine, or the demo, has no settings.
    read = Settings() if settings == DEFAULT_SETTINGS and not settings.exists() else read_settings(settings)
    if password is None and read.reader_password is not None:
        password = read.reader_password.get_secret_value()
    return url or own_url(read), password, None if url else read.tls_certificate
