"""M-Lab's own programs against ours, where this machine has them: build them yourself and name them in the environment.

``BANDROOM_NDT7_CLIENT`` is the command of ndt7-client-go, ``BANDROOM_NDT_SERVER`` that of ndt-server.
"""

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.ndt7_client import Ndt7Client, Ndt7Place
from tests.collector.live import live_collector
from tests.end_to_end.certificate import make_certificate
from tests.end_to_end.collector_process import free_port
from tests.end_to_end.waiting import eventually
from wire.report_words import Direction

CLIENT, SERVER = (os.environ.get(name) for name in ("BANDROOM_NDT7_CLIENT", "BANDROOM_NDT_SERVER"))
MUCH = 10**12


@pytest.mark.slow
@pytest.mark.skipif(CLIENT is None, reason="BANDROOM_NDT7_CLIENT names no ndt7-client-go")
@pytest.mark.parametrize("scheme", ["ws", "wss"])
def test_m_labs_client_tests_against_our_server(scheme: str, tmp_path: Path) -> None:
    assert CLIENT is not None
    port = free_port()
    certificate = make_certificate(tmp_path / "one.pem")
    secured: dict[str, Any] = {"tls_certificate": certificate, "tls_key": certificate} if scheme == "wss" else {}
    with live_collector(tmp_path, ndt7_port=port, ndt7_open=True, ndt7_open_bytes_a_day=MUCH, **secured):
        said = subprocess.run(
            [CLIENT, "-server", f"localhost:{port}", "-scheme", scheme, "-no-verify", "-format", "json"],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout.splitlines()

    summary = json.loads(said[-1])
    for direction in ("Download", "Upload"):
        assert summary[direction]["UUID"]
        assert summary[direction]["Throughput"]["Value"] > 1
        assert summary[direction]["Throughput"]["Unit"] == "Mbit/s"
    assert not any('"error"' in line for line in said)
    assert summary["ClientIP"] == "", "we tell no address"


@pytest.fixture
def m_labs_server(tmp_path: Path) -> Iterator[dict[str, int]]:
    """The ports of one for this machine alone, and its certificate in ``one.pem``."""
    assert SERVER is not None
    certificate = make_certificate(tmp_path / "one.pem")
    (tmp_path / "uuid").write_text("here_1")
    (tmp_path / "html").mkdir()
    ports = {"tls": free_port(), "plain": free_port()}
    others = ("ndt5_addr", "ndt5_ws_addr", "ndt5_wss_addr", "health_addr", "prometheusx.listen-address")
    options = {name: f"127.0.0.1:{free_port()}" for name in others}
    options |= {"ndt7_addr": f"127.0.0.1:{ports['tls']}", "ndt7_addr_cleartext": f"127.0.0.1:{ports['plain']}"}
    options |= {"cert": str(certificate), "key": str(certificate), "datadir": str(tmp_path / "data")}
    options |= {"uuid-prefix-file": str(tmp_path / "uuid"), "htmldir": str(tmp_path / "html")}
    command = [SERVER, *(word for name, value in options.items() for word in (f"-{name}", value))]

    def listens() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", ports["tls"])) == 0

    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        eventually("ndt-server listens", listens)
        yield ports
    finally:
        server.kill()
        server.wait()


@pytest.mark.slow
@pytest.mark.skipif(SERVER is None, reason="BANDROOM_NDT_SERVER names no ndt-server")
@pytest.mark.parametrize("direction", ["down", "up"])
@pytest.mark.parametrize("way", ["plain", "tls"])
def test_our_client_tests_against_m_labs_server(
    m_labs_server: dict[str, int], way: str, direction: Direction, tmp_path: Path
) -> None:
    place = Ndt7Place(
        host="localhost", port=m_labs_server[way], tls=way == "tls", token=None, ca_file=str(tmp_path / "one.pem")
    )
    whole = Ndt7Client(place, direction, most_bytes=MUCH).run()
    short = Ndt7Client(place, direction, most_bytes=50_000_000).run()

    for call, ended_by in ((whole, "time"), (short, "bytes")):
        assert call.ended_by == ended_by
        assert call.measured is not None or call is short
        assert (call.received_bps or 0) > 1_000_000 or call is short
    assert short.used_bytes <= 50_000_000 + (1 << 18)
