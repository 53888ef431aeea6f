"""Behind a reverse proxy throughput is tested only where it passes bytes on as they come; nothing else suffers."""

import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.end_to_end.agent_process import AgentFolder
from tests.end_to_end.certificate import make_certificate
from tests.end_to_end.collector_process import ROOMS, CollectorFolder, Enrolled, free_port, wait_for_room
from tests.end_to_end.http_client import Answer, ask
from tests.end_to_end.nginx import BUFFERED, Nginx
from tests.end_to_end.school import Link, Shape, school
from tests.end_to_end.waiting import eventually

pytestmark = pytest.mark.requires("nginx")

NewCollector = Callable[..., CollectorFolder]
NewAgent = Callable[..., AgentFolder]
Proxied = Callable[..., tuple[CollectorFolder, Nginx]]

OFF = "throughput tests are off: "
PASSES = "the proxy passes bytes on as they come, throughput can be tested"
UP, DOWN = "proxy_request_buffering off;", "proxy_buffering off;"
Json = dict[str, Any]


@pytest.fixture
def proxied(new_collector: NewCollector, tmp_path: Path) -> Iterator[Proxied]:
    """Starts an nginx with these changes to what we ship, and a collector behind it."""
    with ExitStack() as stack:

        def make(changes: dict[str, str], *, tls: bool = False, **settings: object) -> tuple[CollectorFolder, Nginx]:
            port = free_port()
            certificate = make_certificate(tmp_path / "nginx.pem") if tls else None
            collector = new_collector(behind_proxy=True, public_port=port, public_host="127.0.0.1", **settings)
            to = f"http://127.0.0.1:{collector.settings['port']}"
            nginx = Nginx(tmp_path / "nginx", port=port, to=to, certificate=certificate)
            stack.callback(nginx.close)
            nginx.start(changes)
            collector.settings["public_url"] = nginx.url
            collector.write_settings()
            return collector.start(), nginx

        yield make


def judged(collector: CollectorFolder) -> list[str]:
    """What the collector says of its proxy, each time that changes; at least one line."""

    def lines() -> list[str]:
        assert collector.running is not None
        said = (
            line.partition(" collector.throughput.proxy_check: ")[2] for line in collector.running.said().splitlines()
        )
        return [line for line in said if line]

    return eventually("the collector has judged its proxy", lines)


def ask_for_lease(url: str, agent: Enrolled) -> Answer:
    return ask(
        url,
        "/v1/leases",
        method="POST",
        body=f'{{"version": 2, "request": "{secrets.token_hex(8)}"}}'.encode(),
        headers={"Authorization": f"Bearer {agent.token}", "Content-Type": "application/json"},
    )


def wait_until_tested(collector: CollectorFolder, agent: AgentFolder) -> None:
    """Wait until both directions were tried once and all that came of it has arrived."""

    def tried() -> bool:
        return (
            sum(value for name, value in collector.metrics().items() if "streams_total" in name and '"up_' in name) > 0
        )

    eventually("a stream up has ended", tried)
    agent.wait_until_all_is_delivered(at_least=agent.reports()["numbered"] + 6)


def reports(collector: CollectorFolder) -> dict[str, Json]:
    """The throughput reports of a stopped collector: the first of each direction."""
    with collector.opened() as database:
        rows = database.execute("SELECT * FROM throughput ORDER BY started_at DESC")
        names = [column[0] for column in rows.description or ()]
        return {one["direction"]: one for one in (dict(zip(names, row, strict=True)) for row in rows.fetchall())}


def test_a_proxy_that_buffers_is_found_out_and_only_throughput_is_given_up(
    proxied: Proxied, new_agent: NewAgent
) -> None:
    collector, nginx = proxied(BUFFERED, throughput_every_seconds=10)
    (line,) = judged(collector)
    assert line == (
        f"{OFF}the proxy at public_url holds back uploads and downloads; "
        "in nginx set proxy_request_buffering off and proxy_buffering off for it"
    )
    refused = ask_for_lease(nginx.url, collector.enrol())
    assert (refused.status, refused.word, refused.json["detail"]) == (403, "throughput_off", line)

    agent = new_agent()
    agent.join(nginx.url, collector.code())
    running = agent.start()
    eventually("the agent is refused", lambda: "word=throughput_off" in running.said())
    wait_for_room(collector)
    agent.wait_until_all_is_delivered()
    assert not any("streams_total" in name for name in collector.metrics())
    agent.stop()
    collector.stop()
    assert reports(collector) == {}


def test_a_single_missing_directive_is_named_alone(proxied: Proxied) -> None:
    collector, _ = proxied({DOWN: ""})
    assert judged(collector) == [f"{OFF}the proxy at public_url holds back downloads; in nginx set {DOWN[:-1]} for it"]


def test_what_else_nginx_does_when_nobody_tells_it_otherwise_does_not_matter(proxied: Proxied) -> None:
    collector, nginx = proxied({"proxy_http_version 1.1;": "", "client_max_body_size 8m;": ""})
    assert judged(collector) == [PASSES]
    assert ask_for_lease(nginx.url, collector.enrol()).status == 200


def test_a_proxy_whose_settings_change_is_judged_anew(proxied: Proxied) -> None:
    collector, nginx = proxied(BUFFERED, proxy_check_seconds=1)
    assert judged(collector)[0].startswith(OFF)
    agent = collector.enrol()
    nginx.reload({})
    eventually("leases are given", lambda: ask_for_lease(nginx.url, agent).status == 200)
    nginx.reload({UP: ""})
    eventually("leases are refused", lambda: ask_for_lease(nginx.url, agent).status == 403)
    said = judged(collector)
    assert PASSES in said[1:-1]
    assert "holds back uploads; in nginx set proxy_request_buffering off for it" in said[-1]


@pytest.mark.slow
def test_a_line_with_room_to_spare_passes_through_a_proxy(
    proxied: Proxied, new_agent: NewAgent, tmp_path: Path
) -> None:
    collector, nginx = proxied({}, tls=True, throughput_every_seconds=10)
    agent = new_agent()
    agent.join(nginx.url, collector.code(), "--ca-file", str(tmp_path / "nginx.pem"))
    agent.start()
    wait_until_tested(collector, agent)
    agent.stop()
    collector.stop()
    found = reports(collector)
    assert set(found) == {"down", "up"}
    for one in found.values():
        assert (one["sustained"], one["ended_by"], one["failure"]) == (True, "decided", None), one
        # It is decided when enough has arrived, at 1.25 times the rate, so never much above that.
        assert one["required_bps"] <= one["received_bps"] < 1.3 * one["required_bps"], one


@pytest.mark.slow
@pytest.mark.requires("netns")
def test_through_a_proxy_an_upload_is_counted_at_the_rate_of_the_line_and_not_of_the_proxys_memory(
    tmp_path: Path,
) -> None:
    up = Shape(bps=200_000)
    with school({ROOMS[0]: Link(down=Shape(bps=400_000), up=up)}) as at, ExitStack() as stack:
        inside = at.rooms[ROOMS[0]].namespace
        url = f"http://{at.address}:8601"
        collector = CollectorFolder(
            tmp_path / "collector",
            behind_proxy=True,
            public_url=url,
            public_port=8601,
            reflector_host=at.address,
            throughput_every_seconds=10,
        )
        stack.callback(collector.close)
        to = f"http://127.0.0.1:{collector.settings['port']}"
        nginx = Nginx(tmp_path / "nginx", host=at.address, port=8601, to=to, prefix=at.district.command())
        stack.callback(nginx.close)
        nginx.start()
        at.district.call(collector.start)
        assert judged(collector) == [PASSES]

        agent = AgentFolder(tmp_path / "agent", prefix=inside.command())
        stack.callback(agent.close)
        agent.join(url, collector.code(), "--insecure-http")
        agent.start()
        at.district.call(lambda: wait_until_tested(collector, agent))
        agent.stop()
        collector.stop()
        found = reports(collector)
    for direction, shape_bps in (("down", 400_000), ("up", up.bps)):
        one = found[direction]
        assert one["sustained"] is False, one
        assert shape_bps == pytest.approx(0.4 * one["required_bps"])
        assert one["received_bps"] == pytest.approx(shape_bps, rel=0.15), one


class _Stranger(BaseHTTPRequestHandler):
    """Some other web server."""

    def do_GET(self) -> None:
        self.send_error(404)

    def do_POST(self) -> None:
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def stranger() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Stranger)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def silent() -> Iterator[str]:
    """Takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_where_public_url_leads_elsewhere_that_is_said(new_collector: NewCollector, stranger: str, silent: str) -> None:
    leads = {
        stranger: "something else answers there, with status 404",
        stranger.replace("http:", "https:"): "no TLS there",
        silent: "no answer in time",
        f"http://127.0.0.1:{free_port()}": "nobody listens there",
    }
    started = {
        url: new_collector(f"behind-{number}", behind_proxy=True, public_url=url).launch()
        for number, url in enumerate(leads)
    }
    for url, reason in leads.items():
        line = f"WARNING collector.throughput.proxy_check: {OFF}public_url does not lead to this collector: {reason}\n"
        eventually(f"{url}: {reason}", lambda line=line, url=url: line in started[url].said())  # type: ignore[misc]


def test_a_proxy_that_does_not_reach_the_collector_is_named_by_its_status(proxied: Proxied) -> None:
    collector, _ = proxied({"proxy_http_version 1.1;": "proxy_pass_request_body on; return 502;"})
    assert judged(collector) == [
        f"{OFF}public_url does not lead to this collector: something else answers there, with status 502"
    ]


def test_without_public_url_a_proxy_cannot_be_checked(new_collector: NewCollector) -> None:
    collector = new_collector(behind_proxy=True).start()
    assert collector.running is not None
    line = f"{OFF}behind_proxy needs public_url, so that the proxy can be checked"
    assert f"{line}\n" in collector.running.said()
    assert ask_for_lease(collector.url, collector.enrol()).json["detail"] == line
