"""What the commands of ``bandroom`` share: the option for the settings, and how they end when something is to mend."""

from pathlib import Path
from typing import Annotated, NoReturn

import typer

from collector.district.mistakes import BadFile
from collector.settings import Settings, load_settings

SettingsFile = Annotated[Path, typer.Option("--settings", help="bandroom.toml", envvar="BANDROOM_SETTINGS")]
DEFAULT_SETTINGS = Path("bandroom.toml")


def read_settings(path: Path) -> Settings:
    """The settings; the command ends when there is something to mend in them."""
    try:
        return load_settings(path)
    except BadFile as error:
        if not path.exists():
            fail(f"there is no {path}; go to your district's folder, or name the file with --settings")
        fail(str(error))


def fail(text: str, *, code: int = 1) -> NoReturn:
    """End the command with a line for the person who can act."""
    typer.echo(text, err=True)
    raise typer.Exit(code)
