"""Talk to one InfluxDB: lines in through the v2 write API, InfluxQL out of ``/query``.

InfluxDB 1.8, 2.x and 3.x all answer these two with the same token. Whatever goes wrong becomes one line that names the
setting to change.
"""

import json
import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import urllib3
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.rest import ApiException
from urllib3.exceptions import HTTPError, NewConnectionError, SSLError
from urllib3.exceptions import TimeoutError as TimedOut

from collector.store.influx_schema import Retention
from collector.store.protocol import StoreUnavailable

TIMEOUT_S = 10.0
"""How long one request may take; agents wait for the answer to theirs 30 s at the most."""

LINES_A_WRITE = 5_000
"""What InfluxData recommends as the size of a write."""


class Misconfigured(StoreUnavailable):
    """InfluxDB does not let us in as we are set up: no retry helps before a setting is changed."""


class LinesRefused(Exception):
    """InfluxDB took some of the lines, or none, and will never take the others; its words are the message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InfluxPlace:
    """Where InfluxDB is and who we are there. `prefix` begins the names of our buckets (1.x: databases)."""

    url: str
    token: str
    org: str
    prefix: str
    ca_file: Path | None = None

    def bucket(self, kept: Retention) -> str:
        """The bucket of a retention class."""
        return f"{self.prefix}_{kept}"


class InfluxClient:
    """One server. Safe for several threads."""

    def __init__(self, place: InfluxPlace) -> None:
        self.place = place
        ca = str(place.ca_file) if place.ca_file else None
        self._writing = InfluxDBClient(
            url=place.url,
            token=place.token,
            org=place.org or "-",
            timeout=int(TIMEOUT_S * 1000),
            enable_gzip=True,
            ssl_ca_cert=ca,
        )
        self._write = self._writing.write_api(write_options=SYNCHRONOUS)
        self._reading = urllib3.PoolManager(
            maxsize=4,
            timeout=urllib3.Timeout(TIMEOUT_S),
            retries=False,
            ca_certs=ca,
            headers={"Authorization": f"Token {place.token}", "Accept": "application/json"},
        )

    def write(self, kept: Retention, lines: Sequence[str]) -> None:
        """Write lines in as many requests as it takes; returns when InfluxDB has confirmed them all.

        Raises `StoreUnavailable`, or `LinesRefused` when some line will never be taken.
        """
        for start in range(0, len(lines), LINES_A_WRITE):
            text = "\n".join(lines[start : start + LINES_A_WRITE])
            try:
                self._write.write(bucket=self.place.bucket(kept), record=text.encode())
            except ApiException as error:
                self._explain(error.status, error.body, kept)
            except HTTPError as error:
                self._explain_silence(error)

    def write_each(self, kept: Retention, lines: Sequence[str]) -> dict[int, str]:
        """Write lines, and find those that are refused: their places, with InfluxDB's words.

        Raises `StoreUnavailable` when InfluxDB takes none for a reason that no line has.
        """
        try:
            self.write(kept, lines)
        except LinesRefused as error:
            if len(lines) == 1:
                return {0: str(error)}
        else:
            return {}
        middle = len(lines) // 2
        refused = self.write_each(kept, lines[:middle])
        return refused | {middle + place: said for place, said in self.write_each(kept, lines[middle:]).items()}

    def query(self, kept: Retention, text: str) -> Iterator[tuple[Mapping[str, str], list[str], list[list[Any]]]]:
        """(tags of the group, columns, rows) of each series that an InfluxQL statement finds; times are nanoseconds.

        Raises `StoreUnavailable`.
        """
        answer = self.answer(self.place.bucket(kept), text)
        for result in answer.get("results", ()):
            if error := result.get("error"):
                self._explain(404 if "not found" in error else 400, json.dumps({"error": error}), kept)
            for series in result.get("series", ()):
                yield series.get("tags", {}), series["columns"], series.get("values", [])

    def answer(self, database: str | None, text: str) -> dict[str, Any]:
        """The JSON that ``/query`` answers `text` with. Raises `StoreUnavailable`."""
        fields = {"q": text, "epoch": "ns"} | ({"db": database} if database else {})
        try:
            response = self._reading.request(
                "POST", f"{self.place.url.rstrip('/')}/query", fields=fields, encode_multipart=False
            )
        except HTTPError as error:
            self._explain_silence(error)
        if response.status != 200:
            self._explain(response.status, response.data.decode(errors="replace"), None, database=database)
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise Misconfigured(f"{self._host} answered, but not as InfluxDB does: check influx_url")
        return answer

    def close(self) -> None:
        """Let go of the connections."""
        self._write.close()  # type: ignore[no-untyped-call]
        self._writing.close()  # type: ignore[no-untyped-call]
        self._reading.clear()

    @property
    def _host(self) -> str:
        return urlsplit(self.place.url).netloc

    def _explain(
        self, status: int | None, body: str | bytes | None, kept: Retention | None, *, database: str | None = None
    ) -> NoReturn:
        said = _said(body)
        low = said.lower()
        bucket = database or (self.place.bucket(kept) if kept else "")
        if "http request to an https server" in low or "http request was sent to https port" in low:
            raise Misconfigured(f"{self._host} wants TLS: write influx_url with https://")
        if status == 401:
            raise Misconfigured("InfluxDB does not know the token: set influx_token to one of its own")
        if status == 403:
            raise Misconfigured(f"the token may not use the bucket {bucket}: give influx_token the right to it")
        if status == 404 and "org" in low and "bucket" not in low:
            raise Misconfigured(f'InfluxDB has no organisation "{self.place.org}": set influx_org')
        if status == 404 and ("not found" in low or "could not find" in low) and bucket:
            raise Misconfigured(f"InfluxDB has no bucket {bucket}: run bandroom store init, or set influx_prefix")
        if status == 404:
            raise Misconfigured(f"{self._host} answers, but not as InfluxDB does: check influx_url")
        if "no space left" in low or "disk full" in low:
            raise StoreUnavailable("the disk of InfluxDB is full: make room there, or shorten keep_reports_days")
        if status in {400, 413, 422} and kept is not None:
            raise LinesRefused(said)
        raise StoreUnavailable(f"InfluxDB at {self._host} answered {status}: {said or 'nothing more'}")

    def _explain_silence(self, error: HTTPError) -> NoReturn:
        reason = getattr(error, "reason", None) or error
        text = str(reason)
        if isinstance(reason, SSLError):
            if "WRONG_VERSION_NUMBER" in text or "record layer failure" in text.lower():
                raise Misconfigured(f"{self._host} does not speak TLS: write influx_url with http://") from error
            if "CERTIFICATE_VERIFY_FAILED" in text:
                raise Misconfigured(
                    f"the certificate of {self._host} is not trusted: set influx_ca_file to that of its authority"
                ) from error
            raise Misconfigured(f"TLS with {self._host} fails: {_short(text)}") from error
        if isinstance(reason, TimedOut) and not isinstance(reason, NewConnectionError):
            raise StoreUnavailable(f"InfluxDB at {self._host} does not answer within {TIMEOUT_S:.0f} s") from error
        raise StoreUnavailable(
            f"InfluxDB does not answer at {self._host}: check that it runs, and influx_url ({_short(text)})"
        ) from error


def quoted(value: str) -> str:
    """`value` as an InfluxQL string."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"'{escaped}'"


def _said(body: str | bytes | None) -> str:
    """What an answer says went wrong, in one line."""
    text = body.decode(errors="replace") if isinstance(body, bytes) else body or ""
    try:
        answer = json.loads(text)
    except ValueError:
        answer = None
    if isinstance(answer, dict):
        text = str(answer.get("message") or answer.get("error") or text)
    return _short(text)


def _short(text: str) -> str:
    return " ".join(text.split())[:300]


def check_ca_file(path: Path) -> str | None:
    """What is wrong with a file of certificates, ``None`` when it can be used."""
    try:
        ssl.create_default_context(cafile=str(path))
    except FileNotFoundError:
        return f"there is no {path}"
    except (OSError, ssl.SSLError):
        return f"{path} holds no certificate in PEM"
    return None
