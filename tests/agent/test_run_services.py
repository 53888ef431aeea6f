"""The whole agent, as a process of its own, asks services."""

import sys
from pathlib import Path

import pytest

from agent.secret import Secret
from agent.settings import Settings, write_settings
from tests.agent.fakes import AGENT, TOKEN
from tests.agent.https import answer, head, https
from tests.agent.test_run import district, run_command, running, stopped, until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="drives POSIX signals")


def test_a_services_answer_is_delivered_with_its_phases(tmp_path: Path, certificate: Path) -> None:
    with https(certificate, answer(head())) as port:
        service = {"alias": "service:lms", "host": "localhost", "port": port, "path": "/"}
        with (
            district(services=[service | {"interval_ms": 10_000, "timeout_ms": 5000}]) as here,
            running(tmp_path, here.url, ca_file=str(certificate)) as agent,
        ):
            until(lambda: any(one["kind"] == "service" for one in here.reports), seconds=40)
            code, _ = stopped(agent)

    report = next(one for one in here.reports if one["kind"] == "service")
    assert code == 0
    assert (report["target"], report["status"], report["failure"], report["certificate_days"]) == (
        ("service:lms", 200, None, 1)
    )
    assert all(report[f"{phase}_us"] > 0 for phase in ("resolve", "connect", "tls", "first_byte"))


def test_once_shows_every_service_in_its_phases_also_one_that_fails(tmp_path: Path, certificate: Path) -> None:
    with https(certificate, answer(head())) as port:
        lms, gone = (
            {"alias": f"service:{name}", "host": host, "port": port, "path": "/", "interval_ms": 60_000}
            for name, host in (("lms", "localhost"), ("gone", "gone.invalid"))
        )
        with district(services=[one | {"timeout_ms": 5000} for one in (lms, gone)]) as here:
            settings = Settings(url=here.url, agent=AGENT, token=Secret(TOKEN), ca_file=str(certificate))
            write_settings(tmp_path / "agent.toml", settings)
            table = run_command(tmp_path, "once", "--seconds", "0.5")

    head_line, *rows = (line for line in table.stdout.splitlines() if line.startswith("service"))
    assert head_line.split() == [
        *("service", "status", "name", "connect", "proxy", "tls", "first", "byte", "valid", "failure")
    ]
    by_name = {row.split()[0]: row.split() for row in rows}
    assert by_name["service:lms"][1] == "200"
    assert by_name["service:lms"][-2:] == ["1", "days"]
    assert by_name["service:gone"][1:] == [*"------", "-", "name_not_resolved", "in", "resolve"]
