"""How mail is handed over, and who gets the weekly page: the tables ``[mail]`` and ``[brief]`` of ``bandroom.toml``."""

from datetime import time
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class MailSettings(_Strict):
    """The server that takes our mail (RFC 5321, RFC 8314)."""

    host: Annotated[str, Field(min_length=1, examples=["smtp.example.org"])]
    port: Annotated[int, Field(ge=1, le=65_535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    """``tls`` from the first byte, usually on port 465; ``none`` only towards this machine itself."""
    user: str | None = None
    password: SecretStr | None = None
    password_file: Annotated[Path | None, Field(strict=False)] = None
    sender: Annotated[str, Field(examples=["Bandroom <bandroom@example.org>"])]
    ca_file: Annotated[Path | None, Field(strict=False)] = None
    timeout_seconds: Annotated[int, Field(ge=1, le=300)] = 30


class Recipient(_Strict):
    """Who gets the page: of the district, or of one site alone."""

    address: Annotated[str, Field(examples=["cio@example.org"])]
    site: str | None = None


class BriefSettings(_Strict):
    """When the page is mailed, in the district's time zone, and to whom; to nobody until somebody is named."""

    day: Weekday = "monday"
    at: time = time(6, 30)
    to: list[Recipient] = []
