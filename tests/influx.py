"""A real InfluxDB for tests: Debian's influxd 1.6.7, and in front of it nginx for the one path that it lacks.

``/api/v2/write`` becomes ``/write?db=BUCKET``, with v2's names of precisions in v1's; everything else passes as it is.
Where BANDROOM_INFLUX_URL is set, the server there is used instead, with BANDROOM_INFLUX_TOKEN and BANDROOM_INFLUX_ORG.
"""

import http.client
import json
import os
import secrets
import shutil
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from tests.end_to_end.process import Running
from tests.end_to_end.waiting import eventually

RETENTIONS = ("reports", "bins", "days")

_INFLUXD = """\
reporting-disabled = true
bind-address = "127.0.0.1:{rpc_port}"
[meta]
dir = "{folder}/meta"
logging-enabled = false
[data]
dir = "{folder}/data"
wal-dir = "{folder}/wal"
query-log-enabled = false
[monitor]
store-enabled = false
[http]
bind-address = "127.0.0.1:{port}"
log-enabled = false
[continuous_queries]
enabled = false
"""

_NGINX = """\
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log error;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    client_max_body_size 0;
    # Bodies stay in memory: a disk between would be measured by the benchmarks.
    client_body_buffer_size 32m;
    map $arg_precision $v1_precision {{
        default n;
        us u;
        ms ms;
        s s;
    }}
    server {{
        listen 127.0.0.1:{front_port};
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        location = /api/v2/write {{
            rewrite ^ /write?db=$arg_bucket&precision=$v1_precision? break;
            proxy_pass http://127.0.0.1:{port};
        }}
        location / {{
            proxy_pass http://127.0.0.1:{port};
        }}
    }}
}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Influx:
    """What a client of InfluxDB is told. Each retention class has a database or bucket ``{prefix}_{retention}``."""

    url: str
    token: str
    org: str
    prefix: str

    def database(self, retention: str) -> str:
        """The database, on 2.x the bucket, of a retention class."""
        return f"{self.prefix}_{retention}"

    def rows(self, retention: str, query: str) -> list[dict[str, Any]]:
        """The rows that an InfluxQL query finds, tags of its groups included; times are nanoseconds."""
        form = {"db": self.database(retention), "q": query, "epoch": "ns"}
        answer = self.ask("POST", "/query", urlencode(form), {"Content-Type": "application/x-www-form-urlencoded"})
        found: list[dict[str, Any]] = []
        for result in json.loads(answer)["results"]:
            assert "error" not in result, result
            for series in result.get("series", ()):
                tags = series.get("tags", {})
                found += [tags | dict(zip(series["columns"], row, strict=True)) for row in series["values"]]
        return found

    def write(self, retention: str, *lines: str) -> None:
        """Write lines of line protocol, their times in nanoseconds."""
        there = urlencode({"org": self.org, "bucket": self.database(retention), "precision": "ns"})
        self.ask("POST", f"/api/v2/write?{there}", "\n".join(lines))

    def make_databases(self) -> None:
        """Make its databases or buckets, without an end to what they keep."""
        for retention in RETENTIONS:
            if self._is_v1:
                self._manage(f'CREATE DATABASE "{self.database(retention)}"')
            else:
                org = json.loads(self.ask("GET", f"/api/v2/orgs?org={quote(self.org)}"))["orgs"][0]["id"]
                wanted = {"orgID": org, "name": self.database(retention), "retentionRules": []}
                self.ask("POST", "/api/v2/buckets", json.dumps(wanted), {"Content-Type": "application/json"})

    def drop_databases(self) -> None:
        """Leave nothing of it."""
        for retention in RETENTIONS:
            if self._is_v1:
                self._manage(f'DROP DATABASE "{self.database(retention)}"')
            else:
                named = quote(self.database(retention))
                for bucket in json.loads(self.ask("GET", f"/api/v2/buckets?name={named}"))["buckets"]:
                    self.ask("DELETE", f"/api/v2/buckets/{bucket['id']}")

    @property
    def _is_v1(self) -> bool:
        return self._send("GET", "/api/v2/buckets")[0] == 404

    def _manage(self, query: str) -> None:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        assert "error" not in (answer := self.ask("POST", "/query", urlencode({"q": query}), form)), answer

    def ask(self, method: str, path: str, body: str = "", headers: Mapping[str, str] | None = None) -> str:
        """The body of its answer, which is no error."""
        status, text = self._send(method, path, body, headers)
        assert status < 400, f"{method} {path}: {status} {text}"
        return text

    def _send(
        self, method: str, path: str, body: str = "", headers: Mapping[str, str] | None = None
    ) -> tuple[int, str]:
        place = urlsplit(self.url)
        kind = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
        connection = kind(place.netloc, timeout=60)
        try:
            connection.request(
                method, path, body.encode(), {"Authorization": f"Token {self.token}"} | dict(headers or {})
            )
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()


@contextmanager
def new_databases(url: str) -> Iterator[Influx]:
    """Databases on the server at `url`, empty, under a prefix that nobody had before, and gone afterwards."""
    made = Influx(
        url=url,
        token=os.environ.get("BANDROOM_INFLUX_TOKEN", "no-token"),
        org=os.environ.get("BANDROOM_INFLUX_ORG", "bandroom"),
        prefix=f"test-{secrets.token_hex(6)}",
    )
    made.make_databases()
    try:
        yield made
    finally:
        made.drop_databases()


class InfluxServer:
    """An influxd with its files in `folder`, and its nginx. Started again it has what it had."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.port, rpc_port, front_port = _free_ports(3)
        self.url = f"http://127.0.0.1:{front_port}"
        (folder / "influxdb.conf").write_text(_INFLUXD.format(folder=folder, port=self.port, rpc_port=rpc_port))
        nginx = _NGINX.format(folder=folder, port=self.port, front_port=front_port)
        # As root its workers stay root: those of another account could not use a test's folder.
        (folder / "nginx.conf").write_text(f"user root;\n{nginx}" if os.geteuid() == 0 else nginx)
        self._influxd: Running | None = None
        self._nginx: Running | None = None

    def start(self) -> "InfluxServer":
        """Start it and wait until it answers."""
        influxd, nginx = shutil.which("influxd"), shutil.which("nginx")
        assert influxd is not None, "a test that uses this is marked requires('influx')"
        assert nginx is not None, "a test that uses this is marked requires('influx')"
        self._influxd = Running(self._folder / "influxd.log", influxd, "-config", self._folder / "influxdb.conf")
        if self._nginx is None:
            options = ("-p", self._folder, "-c", self._folder / "nginx.conf", "-e", self._folder / "nginx.log")
            self._nginx = Running(self._folder / "nginx.out", nginx, *options)
        eventually("InfluxDB answers", self._answers)
        return self

    @property
    def pid(self) -> int:
        """influxd's."""
        assert self._influxd is not None
        return self._influxd.pid

    def kill(self) -> None:
        """SIGKILL for influxd; nginx stays and answers 502."""
        assert self._influxd is not None
        self._influxd.kill()

    def close(self) -> None:
        """Leave nothing running."""
        for one in (self._nginx, self._influxd):
            if one is not None:
                one.end()

    def _answers(self) -> bool:
        assert self._influxd is not None
        assert self._nginx is not None
        assert not self._influxd.ended, self._influxd.said()
        assert not self._nginx.ended, self._nginx.said()
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=5)
        try:
            connection.request("GET", "/ping")
            return connection.getresponse().status == 204
        except OSError:
            return False
        finally:
            connection.close()


def _free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody has now."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports
