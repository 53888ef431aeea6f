"""How the collector runs: ``bandroom.toml``, a typed value with the defaults in it."""

import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from collector.alerts.alert_settings import AlertSettings
from collector.district.host import is_loopback
from collector.district.mistakes import BadFile, Mistake, line_of, read_toml, validate
from collector.mail.mail_settings import BriefSettings, MailSettings

Port = Annotated[int, Field(ge=0, le=65_535)]
_Budget = Annotated[int, Field(ge=0, le=10**15)]


class Settings(BaseModel):
    """Every setting, its default and what it means. Relative paths count from the file's own folder.

    A non-loopback `host` needs a certificate or `behind_proxy`, and a `reader_password`, because board
    and API name rooms and schools; otherwise `problems` says which setting to add.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    host: str = "127.0.0.1"
    port: Port = 8600
    reflector_host: str | None = None
    """Where the UDP reflector and the ndt7 server listen; by default where HTTP does."""
    reflector_port: Port = 8620
    ndt7_port: Port = 8630
    """The TCP port for capacity tests, with the certificate if there is one, and never through a proxy; 0: none."""
    ndt7_open: bool = False
    """Let anybody who reaches that port test against it, as M-Lab's clients do. They know of no lesson and need no
    lease: each fills the way to this machine for ten seconds and more, whoever else needs it."""
    ndt7_open_bytes_a_day: Annotated[int, Field(ge=0, le=10**15)] = 10_000_000_000
    """What such tests may cost together; never is there more than one of them at a time."""
    reference_ndt7_port: Port = 0
    """The TCP port on which reference agents serve ndt7 to who has a lease in their site; 0: none does."""
    district: Annotated[Path, Field(strict=False)] = Path("district.toml")
    data: Annotated[Path, Field(strict=False)] = Path("data")
    registry_url: SecretStr | None = None
    """An SQLAlchemy URL; by default SQLite in the data directory."""
    reader_password: SecretStr | None = None
    """Asked for by board and API (HTTP Basic; any user name)."""
    check_open: bool = False
    """Let everybody who can reach the collector check a room at ``/check`` without `reader_password`. Whoever does sees
    the names of schools and rooms, and nothing else of the board."""
    behind_proxy: bool = False
    """A reverse proxy in front of us ends TLS."""
    tls_certificate: Annotated[Path | None, Field(strict=False)] = None
    tls_key: Annotated[Path | None, Field(strict=False)] = None
    public_host: str | None = None
    """The host name or address that agents send UDP to and test capacity against; by default the host they reach HTTP
    on."""
    public_port: Port | None = None
    """The TCP port that agents reach HTTP on; by default that of `public_url`, else `port`, or 443 behind a proxy."""
    public_url: str | None = None
    """The URL that agents join with. Behind a proxy throughput is tested only when a check through it shows that the
    proxy passes bytes on as they come."""
    proxy_check_seconds: Annotated[int, Field(ge=1, le=3600)] = 60
    """How often that is checked: a proxy whose settings change falsifies tests for so long."""
    bin_seconds: Annotated[int, Field(ge=2, le=3600)] = 300
    report_seconds: Annotated[int, Field(ge=1, le=300)] = 60
    push_seconds: Annotated[int, Field(ge=1, le=300)] = 60
    probe_interval_ms: Annotated[int, Field(ge=100, le=10_000)] = 1000
    throughput: bool = True
    """Test in lessons whether the rate is there that an activity needs."""
    throughput_every_seconds: Annotated[int, Field(ge=10, le=86_400)] = 1800
    """How often each agent asks to test; a test speaks for an hour. What is measured in the 16 seconds of a test is not
    judged, so that with much shorter intervals than 300 too little of a bin is left."""
    capacity: Literal["off", "asked", "references", "all"] = "references"
    """Who also measures how much there is, once on each school day and out of lessons: references, or all agents. When
    an admin asks, any agent does, also with "asked"; with "off" none ever."""
    capacity_bytes: Annotated[int, Field(ge=1_000_000, le=10**11)] = 250_000_000
    """The most that such a test carries in each direction: whole at 200 Mbit/s, shorter above."""
    throughput_bytes_a_day: _Budget = 600_000_000
    """What each agent's tests may cost in a day, both directions together: one of capacity and those of a long day."""
    throughput_bytes_a_month: _Budget = 12_000_000_000
    """The same in a month, which has some twenty school days."""
    site_throughput_bytes_a_day: _Budget = 2_000_000_000
    """What the tests of all agents of a site may cost together, and those of its ``/check`` page."""
    site_throughput_bytes_a_month: _Budget = 40_000_000_000
    district_throughput_bytes_a_day: _Budget = 50_000_000_000
    """What all tests may cost together: 1.6 % of what a line of 1 Gbit/s carries in seven hours."""
    district_throughput_bytes_a_month: _Budget = 1_000_000_000_000
    keep_reports_days: Annotated[int, Field(ge=1, le=3660)] = 30
    keep_bins_days: Annotated[int, Field(ge=7, le=3660)] = 400
    keep_days_days: Annotated[int, Field(ge=30, le=3660)] = 2190
    """How long sums of whole school days are kept: six years, the longest that funding asks for."""
    store: Literal["duckdb", "influx"] = "duckdb"
    """What keeps reports and bins: a file in `data`, or an InfluxDB with the settings that begin with its name."""
    influx_url: str | None = None
    influx_token: SecretStr | None = None
    """May read and write the buckets; on 1.8 it is ``user:password``."""
    influx_token_file: Annotated[Path | None, Field(strict=False)] = None
    """A file that holds the token alone, instead of `influx_token`."""
    influx_org: str = "bandroom"
    """The organization of the buckets; 1.8 and 3 have none and do not ask."""
    influx_prefix: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", examples=["bandroom"])] = "bandroom"
    """What the names of the buckets, on 1.8 the databases, begin with."""
    influx_ca_file: Annotated[Path | None, Field(strict=False)] = None
    """The authority of InfluxDB's certificate, where this machine does not know it."""
    mail: MailSettings | None = None
    brief: BriefSettings = BriefSettings()
    alerts: AlertSettings = AlertSettings()
    store_memory: Annotated[str, Field(pattern=r"^[1-9]\d{0,5}(MB|GB)$", examples=["512MB", "2GB"])] = "1GB"

    @field_validator("public_url")
    @classmethod
    def _an_address(cls, url: str | None) -> str | None:
        if url is not None and not _is_url(url):
            raise ValueError("must be what agents join with, such as https://bandroom.example.org")
        return url

    @field_validator("influx_url")
    @classmethod
    def _a_server(cls, url: str | None) -> str | None:
        if url is not None and not _is_url(url):
            raise ValueError("must be where InfluxDB answers, such as http://127.0.0.1:8086")
        return url

    @model_validator(mode="after")
    def _whole(self) -> "Settings":
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key go together; give both or neither")
        if self.influx_token is not None and self.influx_token_file is not None:
            raise ValueError("influx_token and influx_token_file say the same; give one of them")
        if self.report_seconds > self.bin_seconds:
            raise ValueError(f"report_seconds ({self.report_seconds}) must not exceed bin_seconds ({self.bin_seconds})")
        return self

    @property
    def port_from_outside(self) -> int | None:
        """The TCP port that agents reach HTTP on, where it is not the one we listen on."""
        if self.public_port is not None:
            return self.public_port
        if self.public_url is not None:
            place = urlsplit(self.public_url)
            return place.port or (443 if place.scheme == "https" else 80)
        return 443 if self.behind_proxy else None

    @property
    def throughput_off(self) -> str | None:
        """Why throughput is not tested, as far as the settings tell, in one line."""
        if not self.throughput:
            return "throughput tests are off: throughput = false in the collector's settings"
        if self.behind_proxy and self.public_url is None:
            return "throughput tests are off: behind_proxy needs public_url, so that the proxy can be checked"
        return "throughput tests are off until the proxy has been checked" if self.behind_proxy else None

    @property
    def budgets(self) -> dict[str, int]:
        """The most bytes that tests may cost, by the setting that says so."""
        return {name: value for name, value in self if "throughput_bytes_a_" in name}

    @property
    def settle_seconds(self) -> float:
        """How long after its end a bin waits for reports: the report that is being made, a push, and slack."""
        return self.report_seconds + self.push_seconds + 5

    @property
    def stale_seconds(self) -> float:
        """Data older than this is older than measuring and delivery explain: a report is overdue."""
        return self.settle_seconds + self.report_seconds

    def problems(self) -> list[tuple[str, str]]:
        """(setting, what to do) for everything that forbids starting."""
        found = []
        if self.store == "influx" and self.influx_url is None:
            found.append(("store", 'store = "influx" needs influx_url, such as http://127.0.0.1:8086'))
        if self.brief.to and self.mail is None:
            found.append(("brief.to", "somebody gets the page, but nothing takes it: add the table [mail]"))
        by_mail = [one.name for one in self.alerts.channels if one.kind == "mail"]
        if by_mail and self.mail is None:
            found.append(("alerts", f"channel {by_mail[0]} tells by mail, but nothing takes it: add the table [mail]"))
        if is_loopback(self.host):
            return found
        if self.tls_certificate is None and not self.behind_proxy:
            found.append(
                (
                    "host",
                    f'"{self.host}" is not a loopback address: add tls_certificate and tls_key, or behind_proxy = true',
                )
            )
        if self.reader_password is None:
            found.append(("host", f'"{self.host}" is not a loopback address: add reader_password for board and API'))
        return found


def load_settings(path: Path) -> Settings:
    """Read ``bandroom.toml``. Raises `BadFile` with every mistake, and for what forbids starting."""
    text, data = read_toml(path)
    settings = validate(Settings, data, text=text, file=path.name)
    problems = settings.problems()
    if problems:
        raise BadFile(
            Mistake(file=path.name, line=line_of(text, key.split(".")), key=key, text=what) for key, what in problems
        )
    folder = path.parent
    paths = {
        name: folder / value
        for name in ("district", "data", "tls_certificate", "tls_key", "influx_token_file", "influx_ca_file")
        if (value := getattr(settings, name)) is not None
    }
    alerts = settings.alerts.beside(folder)
    return settings.model_copy(update=paths | _mail_beside(settings, folder) | {"alerts": alerts})


def _mail_beside(settings: Settings, folder: Path) -> dict[str, MailSettings]:
    """The table ``[mail]``, its relative paths counted from `folder`."""
    if settings.mail is None:
        return {}
    named = {name: getattr(settings.mail, name) for name in ("password_file", "ca_file")}
    paths = {name: folder / path for name, path in named.items() if path is not None}
    return {"mail": settings.mail.model_copy(update=paths)}


def _is_url(url: str) -> bool:
    try:
        return bool(
            re.fullmatch(r"https?://[^/\s@]+(/\S*)?", url) and urlsplit(url).hostname and urlsplit(url).port != 0
        )
    except ValueError:  # a port or an IPv6 address that is none
        return False
