"""A real nginx with the configuration that we ship, or one that differs from it in what a test says."""

import os
import shutil
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.end_to_end.process import Running
from tests.end_to_end.waiting import eventually

SHIPPED = Path(__file__).parents[2] / "deploy" / "nginx" / "bandroom.conf"
BUFFERED = {"proxy_request_buffering off;": "", "proxy_buffering off;": ""}
"""What makes nginx buffer as it does when nobody tells it otherwise."""

_AROUND = """\
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log notice;
events {{ worker_connections 512; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/conf.d/*.conf;
}}
"""


class Nginx:
    """One in `folder` that listens on `host`:`port` and passes on to `to`, with TLS when given a `certificate`.

    As root its workers stay root: those of another account could not use a test's folder.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int,
        to: str,
        host: str = "127.0.0.1",
        certificate: Path | None = None,
        prefix: Sequence[str] = (),
    ) -> None:
        self._folder = folder
        self._prefix = prefix
        tls = " ssl" if certificate else ""
        self._here = {
            "listen 443 ssl;": f"listen {host}:{port}{tls};",
            "listen [::]:443 ssl;": "",
            "ssl_certificate /etc/ssl/bandroom/fullchain.pem;": f"ssl_certificate {certificate};" if tls else "",
            "ssl_certificate_key /etc/ssl/bandroom/privkey.pem;": f"ssl_certificate_key {certificate};" if tls else "",
            "error_log /var/log/nginx/error.log emerg;": f"error_log {folder}/nginx.log emerg;",
            "proxy_pass http://127.0.0.1:8600;": f"proxy_pass {to};",
        }
        self.url = f"{'https' if tls else 'http'}://{host}:{port}"
        self.log = folder / "nginx.log"
        self.running: Running | None = None
        (folder / "conf.d").mkdir(parents=True)
        around = _AROUND.format(folder=folder)
        (folder / "nginx.conf").write_text(f"user root;\n{around}" if os.geteuid() == 0 else around)

    def configure(self, changes: Mapping[str, str]) -> None:
        """The shipped configuration with these lines replaced, besides what a test must replace."""
        text = SHIPPED.read_text()
        for line, instead in {**self._here, **changes}.items():
            assert text.count(f" {line}\n") == 1, f"{SHIPPED} has no line {line}"
            text = text.replace(f" {line}\n", f" {instead}\n")
        (self._folder / "conf.d" / "bandroom.conf").write_text(text)

    def start(self, changes: Mapping[str, str] | None = None) -> "Nginx":
        """Start it and wait until it listens."""
        self.configure(changes or {})
        nginx = shutil.which("nginx")
        assert nginx is not None, "a test that uses this is marked requires('nginx')"
        options = ("-p", self._folder, "-c", self._folder / "nginx.conf", "-e", self.log)
        self.running = Running(self._folder / "nginx.out", nginx, *options, prefix=self._prefix)
        self._wait_for_workers(1)
        return self

    def reload(self, changes: Mapping[str, str]) -> None:
        """Change its configuration as an admin does, and wait until it is in force."""
        assert self.running is not None
        self.configure(changes)
        started = self._workers_started()
        self.running.signal(signal.SIGHUP)
        self._wait_for_workers(started + 1)

    def close(self) -> None:
        """Leave nothing running."""
        if self.running is not None:
            self.running.end()

    def _wait_for_workers(self, count: int) -> None:
        def started() -> bool:
            assert self.running is not None
            assert not self.running.ended, self.running.said()
            return self._workers_started() >= count

        eventually("nginx works by its configuration", started)

    def _workers_started(self) -> int:
        return self.log.read_text().count("start worker process ") if self.log.exists() else 0
