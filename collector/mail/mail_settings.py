"""How mail is handed over, and who gets the weekly page: the tables ``[mail]`` and ``[brief]`` of ``bandroom.toml``."""

import re
from collections import Counter
from datetime import time
from email.headerregistry import Address
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from collector.district.host import a_host, is_loopback
from collector.mail.addresses import a_sender, an_address, same_mailbox
from wire.fields import MAX_SLUG

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

MAX_RECIPIENTS = 200


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class MailSettings(_Strict):
    """The server that takes our mail (RFC 5321, RFC 8314)."""

    host: Annotated[str, Field(examples=["smtp.example.org"])]
    port: Annotated[int, Field(ge=1, le=65_535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    """``tls`` from the first byte, usually on port 465; ``none`` only towards this machine itself."""
    user: str | None = None
    password: SecretStr | None = None
    password_file: Annotated[Path | None, Field(strict=False)] = None
    """A file that holds the password alone, instead of `password`; read anew for each mail."""
    sender: Annotated[str, Field(examples=["Bandroom <bandroom@example.org>"])]
    ca_file: Annotated[Path | None, Field(strict=False)] = None
    """The authority of the server's certificate, where this machine does not know it."""
    timeout_seconds: Annotated[int, Field(ge=1, le=300)] = 30
    """How long the server may take for each step; for the answer to a whole mail ten minutes (RFC 5321 4.5.3.2)."""

    @field_validator("host")
    @classmethod
    def _a_server(cls, host: str) -> str:
        return a_host(host)

    @field_validator("security")
    @classmethod
    def _in_the_open_only_here(cls, security: str, info: ValidationInfo) -> str:
        host = info.data.get("host")
        if security == "none" and host is not None and not is_loopback(host):
            raise ValueError(f'"none" would let who is between us and {host} read pages and password; write "starttls"')
        return security

    @field_validator("sender")
    @classmethod
    def _an_author(cls, sender: str) -> str:
        a_sender(sender)
        return sender

    @model_validator(mode="after")
    def _whole(self) -> "MailSettings":
        if self.password is not None and self.password_file is not None:
            raise ValueError("password and password_file say the same; give one of them")
        if (self.user is None) != (self.password is None and self.password_file is None):
            raise ValueError("user goes with password or password_file; give both, or neither")
        return self

    @property
    def author(self) -> Address:
        """Whom our mail is from."""
        return a_sender(self.sender)

    def secret(self) -> str | None:
        """The password, from its file where it stands in one. Raises `OSError` or `UnicodeDecodeError`."""
        if self.password_file is not None:
            return self.password_file.read_text(encoding="utf-8").strip()
        return None if self.password is None else self.password.get_secret_value()


class Recipient(_Strict):
    """Who gets the page: of the district, or of one site alone."""

    address: Annotated[str, Field(examples=["cio@example.org"])]
    site: Annotated[str | None, Field(max_length=MAX_SLUG, examples=["oak-hill"])] = None

    @field_validator("address")
    @classmethod
    def _a_mailbox(cls, address: str) -> str:
        return an_address(address)


def a_time(value: object) -> time:
    """A time as ``"06:30"``, or as TOML has it."""
    if isinstance(value, time):
        if value.tzinfo is None:
            return value.replace(microsecond=0)
    elif isinstance(value, str) and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value, re.ASCII):
        return time.fromisoformat(value)
    raise ValueError('wanted is a time of the district\'s day in quotes, such as "06:30"')


class BriefSettings(_Strict):
    """When the page is mailed, in the district's time zone, and to whom; to nobody until somebody is named."""

    day: Weekday = "monday"
    at: Annotated[time, BeforeValidator(a_time)] = time(6, 30)
    to: Annotated[list[Recipient], Field(max_length=MAX_RECIPIENTS)] = []

    @field_validator("to")
    @classmethod
    def _each_once(cls, to: list[Recipient]) -> list[Recipient]:
        """Who gets two pages gets them of two scopes."""
        count = Counter((same_mailbox(one.address), one.site) for one in to)
        twice = next((one for one in to if count[same_mailbox(one.address), one.site] > 1), None)
        if twice is not None:
            raise ValueError(f'"{twice.address}" stands here twice for {twice.site or "the district"}; name it once')
        return to
