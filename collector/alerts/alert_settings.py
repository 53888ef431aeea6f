"""Who is told of trouble while it lasts, and when not: the table ``[alerts]`` of ``bandroom.toml``."""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, time
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, field_validator, model_validator

from collector.alerts.finding import Severity
from collector.mail.addresses import an_address
from collector.mail.mail_settings import a_time

Kind = Literal["mail", "slack", "teams", "webhook", "apprise"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class QuietHours(_Strict):
    """From when to when on every day nobody is told, in the district's local time; over midnight where `until` is
    earlier."""

    start: Annotated[time, Field(alias="from"), BeforeValidator(a_time)]
    until: Annotated[time, Field(alias="to"), BeforeValidator(a_time)]

    def contain(self, local: time) -> bool:
        """Whether that local time is quiet."""
        if self.start <= self.until:
            return self.start <= local < self.until
        return local >= self.start or local < self.until


class Maintenance(_Strict):
    """A time in which work is done: from then to then in the district's local time, at some sites or at all."""

    start: Annotated[datetime, Field(alias="from")]
    until: Annotated[datetime, Field(alias="to")]
    sites: list[str] = []
    name: str = ""

    @model_validator(mode="after")
    def _whole(self) -> "Maintenance":
        if self.start.tzinfo is not None or self.until.tzinfo is not None:
            raise ValueError("from and to are local times of the district: write 2026-12-05T08:00:00 without an offset")
        if self.until <= self.start:
            raise ValueError("to must be later than from")
        return self


class Channel(_Strict):
    """One way to tell technicians. `sites` and `severities` limit what it is told of, ``[]`` is all."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$", examples=["technicians"])]
    kind: Kind
    to: list[str] = []
    """Addresses, of a mail channel."""
    url: SecretStr | None = None
    """What Slack, Teams or another gave out, or an apprise URL; a secret."""
    url_file: Annotated[Path | None, Field(strict=False)] = None
    """A file that holds the URL alone, instead of `url`."""
    sites: list[str] = []
    severities: list[Severity] = []

    @field_validator("to")
    @classmethod
    def _mailboxes(cls, to: list[str]) -> list[str]:
        return list(dict.fromkeys(an_address(one) for one in to))

    @model_validator(mode="after")
    def _whole(self) -> "Channel":
        if self.kind == "mail":
            if not self.to or self.url or self.url_file:
                raise ValueError('a channel of kind "mail" has to = ["somebody@example.org"], and no url')
            return self
        if self.to:
            raise ValueError(f'a channel of kind "{self.kind}" has a url or url_file; to is for mail')
        if (self.url is None) == (self.url_file is None):
            raise ValueError("give the channel either url or url_file")
        if self.url is not None and (wrong := wrong_url(self.kind, self.url.get_secret_value())):
            raise ValueError(wrong)
        return self

    def takes(self, severity: Severity, sites: tuple[str, ...]) -> bool:
        """Whether it is told of trouble so grave at these sites; ``()`` is of the whole district."""
        if self.severities and severity not in self.severities:
            return False
        return not self.sites or not sites or not set(self.sites).isdisjoint(sites)


class AlertSettings(_Strict):
    """Nobody is told until a channel is named; incidents are kept and shown all the same."""

    channels: list[Channel] = []
    quiet: list[QuietHours] = []
    maintenance: list[Maintenance] = []
    silent_room_hours: Annotated[int, Field(ge=0, le=400)] = 35
    """After so many lesson hours without any word of a room, which is a week, it is silent; 0 is never."""
    give_up_minutes: Annotated[int, Field(ge=1, le=1440)] = 240
    """For so long a channel that refuses is tried again."""
    deadline_seconds: Annotated[int, Field(ge=1, le=120)] = 20
    """For so long a channel may take to answer."""

    @field_validator("channels")
    @classmethod
    def _names_differ(cls, channels: list[Channel]) -> list[Channel]:
        names = [one.name for one in channels]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two channels are named {twice[0]}; each needs a name of its own")
        return channels

    def beside(self, folder: Path) -> "AlertSettings":
        """The same with relative paths counted from `folder`."""
        channels = [
            one if one.url_file is None else one.model_copy(update={"url_file": folder / one.url_file})
            for one in self.channels
        ]
        return self.model_copy(update={"channels": channels})

    def strangers(self, sites: Collection[str]) -> list[tuple[int, str, str]]:
        """Sites that a channel or maintenance names and that are none of `sites`: which of them it is, its table, and
        the name."""
        tables: Mapping[str, Sequence[Channel | Maintenance]] = {
            "channels": self.channels,
            "maintenance": self.maintenance,
        }
        return [
            (at, table, site)
            for table, items in tables.items()
            for at, one in enumerate(items)
            for site in one.sites
            if site not in sites
        ]


_SHAPES: dict[Kind, tuple[str, str]] = {
    "slack": (
        r"https://hooks\.slack(-gov)?\.com/(services|workflows|triggers)/\S+|slack://\S+",
        "https://hooks.slack.com/services/T…/B…/…",
    ),
    "teams": (
        r"https://\S+/(powerautomate/automations/direct/)?(cu/\S+/)?workflows/\S+[?&]sig=\S+|workflows?://\S+",
        "https://….logic.azure.com:443/workflows/…/triggers/manual/paths/invoke?…&sig=…",
    ),
    "webhook": (r"https?://[^\s/]+\S*", "https://tickets.example.org/hook"),
    "apprise": (r"[a-z0-9]+s?://\S+", "ntfys://ntfy.example.org/network"),
}


def wrong_url(kind: Kind, url: str) -> str | None:
    """What a channel's URL should look like where it does not; it is not repeated."""
    shape, example = _SHAPES[kind]
    if re.fullmatch(shape, url):
        return None
    return f'the url of a channel of kind "{kind}" looks like {example}'
