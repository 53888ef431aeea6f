"""What is said to an InfluxDB: lines by the v2 write API, questions by InfluxQL, which 1.8, 2.x and 3.x all answer.

Whatever goes wrong is told in one line that names the setting to mend. No line ever holds the token.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

import urllib3
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.rest import ApiException

from collector.store.influx_schema import Retention, bucket_of
from collector.store.protocol import StoreUnavailable

CONNECT_SECONDS = 3
WRITE_SECONDS = 10
"""A server that takes longer is as good as away: agents wait for their answer meanwhile, up to 30 s."""

QUERY_SECONDS = 30
"""Reading may take longer than writing. A question that is not answered is asked again in the next round."""

_OF_LINES = ("partial write", "unable to parse")
"""What an answer says that is about lines. One that has "max-" in it is about a limit of the server's configuration."""

_DROPPED = re.compile(r"dropped=(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class InfluxAccess:
    """Where the InfluxDB is and who we are there. `ca_file` names the authority of its certificate, ``None`` trusts
    those of this machine."""

    url: str
    token: str = field(repr=False)
    org: str
    prefix: str
    ca_file: str | None = None

    def bucket(self, retention: Retention) -> str:
        """See `bucket_of`."""
        return bucket_of(self.prefix, retention)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Rows of one answer that share their `tags`. The first column is the time in nanoseconds, where one was asked."""

    tags: Mapping[str, str]
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]


class NotThere(StoreUnavailable):
    """The server has no such bucket, database or organization."""


class LinesRefused(Exception):
    """The server took some lines of a write or none, for what they are. `too_old` says that they lie before what
    the bucket keeps; `dropped` is how many the server says it dropped, ``None`` where it does not say."""

    def __init__(self, text: str, *, too_old: bool, dropped: int | None) -> None:
        super().__init__(text)
        self.too_old = too_old
        self.dropped = dropped


class InfluxConnection:
    """Talks to one InfluxDB. Safe for several threads. Every method may raise `StoreUnavailable`."""

    def __init__(self, access: InfluxAccess) -> None:
        self.access = access
        self._client = InfluxDBClient(
            url=access.url,
            token=access.token,
            org=access.org,
            timeout=(CONNECT_SECONDS * 1000, WRITE_SECONDS * 1000),
            ssl_ca_cert=access.ca_file,
        )
        self._writes = self._client.write_api(write_options=SYNCHRONOUS)

    def write(self, retention: Retention, lines: Sequence[str]) -> None:
        """Keep lines, their times in nanoseconds; they are durable when it returns. Raises `LinesRefused`."""
        try:
            self._writes.write(bucket=self.access.bucket(retention), record="\n".join(lines))
        except ApiException as error:
            if refused := _refused(error):
                raise refused from None
            self._explain(error, self.access.bucket(retention))
        except (urllib3.exceptions.HTTPError, OSError) as error:
            self._explain_silence(error)

    def query(self, retention: Retention, question: str) -> list[Series]:
        """The series that an InfluxQL statement finds. Times are nanoseconds."""
        bucket = self.access.bucket(retention)
        data = self.ask("POST", "/query", {"db": bucket, "q": question, "epoch": "ns"}, about=bucket)
        return _series(data, bucket)

    def manage(self, statement: str) -> list[Series]:
        """What an InfluxQL statement about databases answers, on 1.x."""
        return _series(self.ask("POST", "/query", {"q": statement}, about=""), "")

    def version(self) -> str:
        """The server's version, such as ``2.8.0``; empty where it does not say."""
        found: str = self._send("GET", "/ping", {}).getheaders().get("X-Influxdb-Version", "")
        return found.removeprefix("v")

    def ask(
        self, method: str, path: str, values: Mapping[str, Any] | None = None, *, about: str, as_json: bool = False
    ) -> dict[str, Any]:
        """The JSON of an answer to a request with `values` in its form, in its body or, of a GET, in its URL."""
        try:
            answer = self._send(method, path, values or {}, about=about, as_json=as_json)
            found: dict[str, Any] = json.loads(answer.data) if answer.data else {}
            return found
        except ValueError:
            raise StoreUnavailable("what answers at influx_url is no InfluxDB: its answer is not JSON") from None

    def _send(
        self, method: str, path: str, values: Mapping[str, Any], *, about: str = "", as_json: bool = False
    ) -> Any:
        """The client's answer: its `data` is the body as text."""
        kind = "application/json" if as_json else "application/x-www-form-urlencoded"
        headers = {"Authorization": f"Token {self.access.token}", "Content-Type": kind, "Accept": "application/json"}
        place = {"body": values} if as_json else {"query_params" if method == "GET" else "post_params": values}
        try:
            return self._client.api_client.rest_client.request(  # type: ignore[no-untyped-call]
                method,
                self.access.url.rstrip("/") + path,
                headers=headers,
                _request_timeout=(CONNECT_SECONDS * 1000, QUERY_SECONDS * 1000),
                **place,
            )
        except ApiException as error:
            self._explain(error, about)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            self._explain_silence(error)

    def close(self) -> None:
        """Let go of its connections."""
        self._client.close()  # type: ignore[no-untyped-call]

    def _explain(self, error: ApiException, bucket: str) -> NoReturn:
        """Raise what an answer that is no success means."""
        if not error.status:
            self._explain_silence(error)
        kind = NotThere if error.status == 404 else StoreUnavailable
        raise kind(_advice(error.status, _said(error), bucket, self.access)) from None

    def _explain_silence(self, error: Exception) -> NoReturn:
        """Raise why there was no answer at all."""
        raise StoreUnavailable(_of_silence(str(error))) from None


def _series(data: Mapping[str, Any], bucket: str) -> list[Series]:
    result = (data.get("results") or [{}])[0]
    if "error" in result:
        raise StoreUnavailable(_of_missing(str(result["error"]), bucket))
    if any(one.get("partial") for one in (result, *result.get("series", ()))):
        raise StoreUnavailable("InfluxDB cuts its answers short: set max-row-limit to 0 in its configuration")
    return [
        Series(tags=one.get("tags", {}), columns=one["columns"], rows=one.get("values", ()))
        for one in result.get("series", ())
    ]


def _refused(error: ApiException) -> LinesRefused | None:
    """The answer as one about single lines: 1.x and 3.x say 400, 2.x 422."""
    if error.status not in {400, 422}:
        return None
    text = _said(error)
    if not any(words in text for words in _OF_LINES) or "max-" in text:
        return None
    dropped = _DROPPED.search(text)
    return LinesRefused(
        text,
        too_old="beyond retention" in text or "Retention Policy Lower Bound" in text,
        dropped=int(dropped[1]) if dropped else None,
    )


def _advice(status: int, text: str, bucket: str, access: InfluxAccess) -> str:
    if status == 401:
        return "InfluxDB does not know influx_token: make one that may read and write the buckets, and set it"
    if status == 403:
        return f'influx_token may not do that: give it read and write access to the bucket "{bucket}"'
    if status == 404:
        return _of_missing(text, bucket, access.org)
    if status == 413:
        return "InfluxDB, or a proxy before it, takes no request of this size: let it take 25 MB (max-body-size)"
    if "HTTPS" in text and status == 400:
        return "influx_url says http, but what answers there speaks https: write https://"
    if 300 <= status < 400:
        return f"what answers at influx_url is no InfluxDB (status {status}): is it the right address and port?"
    if "no space left" in text:
        return "InfluxDB's disk is full: free space there, or lower keep_reports_days"
    return f"InfluxDB is in trouble: it answers {status} {text}"


def _of_missing(text: str, bucket: str, org: str = "") -> str:
    if "organization" in text:
        return f'InfluxDB has no organization "{org}": set influx_org to the one that the token is of'
    if "database not found" in text or "bucket" in text or "dbrp" in text:
        return f'InfluxDB has no bucket or database "{bucket}": run bandroom store init, or mend influx_prefix'
    return f"InfluxDB does not answer as it should: {text}; does influx_url name an InfluxDB?"


def _of_silence(text: str) -> str:
    lower = text.lower()
    if "wrong_version_number" in lower or "wrong version number" in lower or "record layer failure" in lower:
        return "influx_url says https, but what answers there does not: write http://"
    if "certificate" in lower:
        return "the certificate of InfluxDB is not trusted: name its authority's file in influx_ca_file"
    if "ssl" in lower:
        return "no TLS with what answers at influx_url: is it https?"
    if "timed out" in lower or "timeout" in lower:
        return "InfluxDB does not answer in time at influx_url: it is overloaded, or something between is silent"
    if "resolve" in lower or "name or service" in lower:
        return "the host name in influx_url has no address: is it spelt right?"
    if "refused" in lower:
        return "nothing answers at influx_url: is InfluxDB running there?"
    return "the connection to InfluxDB at influx_url broke: is it InfluxDB, and running?"


def _said(error: ApiException) -> str:
    """What the body of an error says, in one line of at most 500 characters."""
    body = error.body or ""
    try:
        data = json.loads(body)
        text = data.get("message") or data.get("error") or body
    except (ValueError, AttributeError):
        text = body
    return " ".join(str(text).split())[:500]
