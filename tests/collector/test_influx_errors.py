"""What goes wrong with an InfluxDB is told in one line that names the setting to mend: at start and on /readyz.

The bodies are 2.8's own, written down from one; 1.6.7, which the other tests run on, lets any token and org pass.
"""

import logging
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from collector.registry.registry import Registry
from collector.settings import Settings
from collector.store.influx_connection import InfluxAccess, InfluxConnection
from collector.store.influx_store import InfluxStore
from collector.store.protocol import StoreError, StoreUnavailable
from collector.store_choice import open_store
from tests.collector.builders import arrival, latency
from tests.collector.influx import influx_settings
from tests.collector.live import live_collector
from tests.end_to_end.certificate import make_certificate
from tests.end_to_end.collector_process import free_port
from tests.influx import Influx, InfluxServer

TOKEN = "a-token-that-nobody-may-read"


@contextmanager
def answering(status: int, body: str, certificate: Path | None = None) -> Iterator[int]:
    """A server of loopback that gives every request the same answer; its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        do_GET = do_POST  # noqa: N815  # the server looks for this name

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the server's name for it
            pass

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """A client that does not speak as we do is what some tests are about."""

    server = Quiet(("127.0.0.1", 0), Handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def access(url: str, *, ca_file: str | None = None) -> InfluxAccess:
    return InfluxAccess(url=url, token=TOKEN, org="maple-valley", prefix="bandroom", ca_file=ca_file)


def said_of_writing(where: InfluxAccess) -> str:
    connection = InfluxConnection(where)
    try:
        with pytest.raises(StoreUnavailable) as caught:
            connection.write("reports", ["latency sent=1i 1"])
    finally:
        connection.close()
    return str(caught.value)


def said_at_start(where: InfluxAccess) -> str:
    registry = Registry.open_registry("sqlite://")
    try:
        with pytest.raises(StoreError) as caught:
            InfluxStore.open_store(where, registry)
    finally:
        registry.close()
    return str(caught.value)


NO_BUCKET = 'InfluxDB has no bucket or database "bandroom_reports": run bandroom store init, or mend influx_prefix'
ANSWERS = [
    (
        401,
        '{"code":"unauthorized","message":"unauthorized access"}',
        "InfluxDB does not know influx_token: make one that may read and write the buckets, and set it",
    ),
    (
        403,
        '{"code":"forbidden","message":"insufficient permissions for write"}',
        'influx_token may not do that: give it read and write access to the bucket "bandroom_reports"',
    ),
    (
        404,
        '{"code":"not found","message":"organization name \\"maple-valley\\" not found"}',
        'InfluxDB has no organization "maple-valley": set influx_org to the one that the token is of',
    ),
    (404, '{"code":"not found","message":"bucket \\"bandroom_reports\\" not found"}', NO_BUCKET),
    (404, '{"error":"database not found: \\"bandroom_reports\\""}', NO_BUCKET),
    (
        413,
        '{"code":"request too large","message":"cannot read data: points batch is too large"}',
        "InfluxDB, or a proxy before it, takes no request of this size: let it take 25 MB (max-body-size)",
    ),
    (
        500,
        '{"code":"internal error","message":"[shard 2] write wal/_00001.wal: no space left on device"}',
        "InfluxDB's disk is full: free space there, or lower keep_reports_days",
    ),
    (
        503,
        '{"code":"unavailable","message":"the server is starting"}',
        "InfluxDB is in trouble: it answers 503 the server is starting",
    ),
    (
        502,
        "<html>\r\n<h1>502 Bad Gateway</h1>",
        "InfluxDB is in trouble: it answers 502 <html> <h1>502 Bad Gateway</h1>",
    ),
    (
        404,
        "<html>not here</html>",
        "InfluxDB does not answer as it should: <html>not here</html>; does influx_url name an InfluxDB?",
    ),
    (
        400,
        "Client sent an HTTP request to an HTTPS server.",
        "influx_url says http, but what answers there speaks https: write https://",
    ),
    (
        400,
        "<html><center>The plain HTTP request was sent to HTTPS port</center></html>",
        "influx_url says http, but what answers there speaks https: write https://",
    ),
    (
        400,
        '{"error":"partial write: max-series-per-database limit exceeded"}',
        "InfluxDB is in trouble: it answers 400 partial write: max-series-per-database limit exceeded",
    ),
]


@pytest.mark.parametrize(("status", "body", "said"), ANSWERS)
def test_an_answer_is_told_by_the_setting_to_mend(status: int, body: str, said: str) -> None:
    with answering(status, body) as port:
        where = access(f"http://127.0.0.1:{port}")
        assert said_of_writing(where) == said
        assert said_at_start(where) == said


def test_a_page_that_is_no_influxdb_is_told_at_start() -> None:
    with answering(200, "<html>welcome</html>") as port:
        assert "no InfluxDB" in said_at_start(access(f"http://127.0.0.1:{port}"))


def test_an_answer_that_was_cut_short_is_no_answer() -> None:
    body = '{"results":[{"series":[{"name":"arrival","columns":["time"],"values":[[1]],"partial":true}]}]}'
    with answering(200, body) as port:
        said = said_at_start(access(f"http://127.0.0.1:{port}"))
    assert said == "InfluxDB cuts its answers short: set max-row-limit to 0 in its configuration"


def test_nothing_that_answers_is_told() -> None:
    assert said_at_start(access(f"http://127.0.0.1:{free_port()}")) == (
        "nothing answers at influx_url: is InfluxDB running there?"
    )


def test_a_name_without_an_address_is_told() -> None:
    assert said_at_start(access("http://influx.invalid:8086")) == (
        "the host name in influx_url has no address: is it spelt right?"
    )


def test_https_where_http_is_spoken_is_told() -> None:
    with answering(204, "") as port:
        assert said_at_start(access(f"https://127.0.0.1:{port}")) == (
            "influx_url says https, but what answers there does not: write http://"
        )


def test_a_certificate_that_nobody_vouches_for_is_told_and_can_be_trusted(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path / "influx.pem")
    with answering(401, "{}", certificate) as port:
        url = f"https://127.0.0.1:{port}"
        assert said_at_start(access(url)) == (
            "the certificate of InfluxDB is not trusted: name its authority's file in influx_ca_file"
        )
        assert "influx_token" in said_at_start(access(url, ca_file=str(certificate)))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"influx_ca_file": "none.pem"}, "influx_ca_file names none.pem, and there is no such file"),
        ({"influx_token_file": "none.token"}, "cannot read influx_token_file none.token: "),
    ],
)
def test_a_file_that_is_not_there_is_named(settings: dict[str, str], said: str) -> None:
    read = Settings.model_validate({"store": "influx", "influx_url": "http://127.0.0.1:1"} | settings)
    registry = Registry.open_registry("sqlite://")
    with pytest.raises(StoreError) as caught:
        open_store(read, registry)
    registry.close()
    assert str(caught.value).startswith(said)


def test_the_token_is_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    where = access("http://127.0.0.1:1")
    assert TOKEN not in repr(where)
    assert TOKEN not in said_at_start(where)
    for status, body, _ in ANSWERS:
        with answering(status, body) as port:
            assert TOKEN not in said_of_writing(access(f"http://127.0.0.1:{port}"))
    assert TOKEN not in caplog.text


@pytest.mark.requires("influx")
def test_while_it_is_away_agents_keep_their_reports_and_readyz_says_why(tmp_path: Path) -> None:
    server = InfluxServer(tmp_path / "influx").start()
    try:
        there = Influx(url=server.url, token="none", org="none", prefix="one")
        there.make_databases()
        with live_collector(tmp_path / "collector", **influx_settings(there)) as live:
            assert live.report(latency(1)).body["stored"] == 1
            server.kill()

            turned_away = live.report(latency(2))

            assert (turned_away.status, turned_away.body["error"]) == (503, "store_unavailable")
            assert turned_away.headers["retry-after"] == "30"
            ready = live.ask("GET", "/readyz")
            assert (ready.status, ready.body["error"]) == (503, "store_unavailable")
            assert "InfluxDB is in trouble: it answers 502" in ready.body["detail"]
            assert "InfluxDB is in trouble: it answers 502" in live.ask("GET", "/v1/rooms").body["notice"]

            server.start()
            assert live.report(latency(2)).body["stored"] == 1
            assert live.store.count_reports() == 2
    finally:
        server.close()


@pytest.mark.requires("influx")
def test_a_database_that_is_dropped_under_way_loses_nothing_that_was_not_acknowledged(
    open_influx: Callable[[], InfluxStore], influx: Influx
) -> None:
    store = open_influx()
    influx.drop_databases()
    with pytest.raises(StoreUnavailable, match="run bandroom store init"):
        store.write_reports([arrival(latency(1))])
    influx.make_databases()
    assert store.write_reports([arrival(latency(1))]).new == (True,)
