"""The tracing child as the daemon sees it: a process that may do anything."""

import asyncio
import subprocess
import sys
import textwrap
import time
from collections.abc import Sequence
from typing import get_args

import psutil
import pytest

from agent.trace import MOST_BYTES, TRACER, Broke, Trace, read, report, trace
from agent.trace_command import no_step, trace_table
from agent.trace_request import A_HOST, HTTPS_PORT, UDP_PORT, request_for
from agent.trace_words import TraceEnd, TraceRequest
from wire.codec import encode
from wire.enrolment import AgentConfig, PathPlan, Service, Target
from wire.fields import WireError
from wire.path_report import Hop
from wire.report_words import Failure
from wire.version import WIRE_VERSION

REQUEST = TraceRequest(target="district", host="127.0.0.1", port=443, method="icmp")
HOP = Hop(ttl=1, role="district", sent=3, received=3, min_us=80)
END = TraceEnd(reached=True, duration_ms=300, failure=None)
NEVER = TraceEnd(reached=False, duration_ms=300, failure="no_answer")


def child(program: str) -> Sequence[str]:
    return (sys.executable, "-c", textwrap.dedent(program))


def ask(program: str, deadline_s: float = 20.0) -> Trace:
    return asyncio.run(trace(REQUEST, command=child(program), deadline_s=deadline_s))


def lines(*values: object) -> bytes:
    return b"".join(encode(one) + b"\n" for one in values)


def test_a_child_that_does_its_work_is_believed() -> None:
    found = ask(f"import sys; sys.stdin.read(); sys.stdout.write({lines(HOP, END).decode()!r})")
    assert found == Trace(hops=(HOP,), end=END)


@pytest.mark.parametrize(
    ("program", "word"),
    [
        ("print('<html>')", "no_sense"),
        ("pass", "no_sense"),
        ("raise SystemExit(1)", "ended_badly"),
        ("import os; os.kill(os.getpid(), 9)", "ended_badly"),
        (f"import sys\nwhile True: sys.stdout.write('x' * {MOST_BYTES})", "too_much"),
        ("import sys; sys.stdin.close(); sys.stdout.close()\nimport time; time.sleep(60)", "ended_badly"),
        ("import time; time.sleep(60)", "ended_badly"),
    ],
)
def test_one_that_breaks_hangs_or_raves_harms_the_trace_alone(program: str, word: str) -> None:
    with pytest.raises(Broke) as broke:
        ask(program, deadline_s=1.0)
    assert broke.value.word == word


def test_one_that_cannot_be_started_is_told_so() -> None:
    with pytest.raises(Broke) as broke:
        asyncio.run(trace(REQUEST, command=("/nonexistent/python",)))
    assert broke.value.word == "not_started"


def test_when_the_agent_stops_its_child_does_too() -> None:
    others = psutil.Process().children()  # such as a server that other tests share

    def new_children() -> list[psutil.Process]:
        return [one for one in psutil.Process().children() if one not in others]

    async def work() -> None:
        tracing = asyncio.create_task(trace(REQUEST, command=child("import time; time.sleep(60)")))
        while not (children := new_children()):  # noqa: ASYNC110 - nobody tells of a child
            await asyncio.sleep(0.01)
        tracing.cancel()
        await asyncio.wait([tracing])
        ends_at = time.monotonic() + 20
        while any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in children):
            assert time.monotonic() < ends_at
            await asyncio.sleep(0.01)

    asyncio.run(work())


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\n",
        lines(HOP),
        lines(END),
        lines(HOP, NEVER),
        lines(END, HOP),
        lines(HOP, END)[:-5],
        lines(*[HOP] * 33, END),
        lines(HOP, END).replace(b'"district"', b'"10.0.0.1"'),
        lines(HOP, END).replace(b"80", b"8e1"),
        b"\xff" + lines(HOP, END),
        b"[" * 10_000,
    ],
)
def test_what_is_not_a_trace_is_nonsense(said: bytes) -> None:
    with pytest.raises(Broke):
        read(said)


def test_steps_that_do_not_ascend_make_no_report() -> None:
    found = read(lines(HOP, HOP, END))
    with pytest.raises(WireError):
        report(REQUEST, found, seq=1, boot_ms=0)


def test_nothing_that_answered_is_a_report_with_its_reason() -> None:
    made = report(REQUEST, read(lines(NEVER)), seq=1, boot_ms=7)
    assert (made.failure, made.hops, made.reached, made.boot_ms) == ("no_answer", (), False, 7)


@pytest.mark.parametrize("failure", get_args(Failure))
def test_a_trace_without_a_step_says_what_to_look_at(failure: Failure) -> None:
    said = no_step("lms.example.org", failure)
    assert said.startswith(f"no path to lms.example.org ({failure}): ")


def test_people_see_roles_and_times() -> None:
    silent = Hop(ttl=2, role=None, sent=3, received=0, min_us=None)
    end = TraceEnd(reached=False, duration_ms=1, failure=None)
    assert trace_table(Trace(hops=(HOP, silent), end=end)).splitlines() == [
        "step  role       answered    fastest",
        "   1  district     3 of 3    0.08 ms",
        "   2  ?            0 of 3          -",
        "the target did not answer",
    ]


def config(**changes: object) -> AgentConfig:
    values: dict[str, object] = {
        "version": WIRE_VERSION,
        "role": "room",
        "period_ms": 60_000,
        "push_interval_ms": 60_000,
        "targets": tuple(
            Target(alias=alias, method="stamp", host=host, port=8620, tcp_port=8600, interval_ms=1000, timeout_ms=2000)
            for alias, host in (
                ("district", None),
                ("site", "192.0.2.7"),
                ("gateway", None),
                ("anchor:ix", "192.0.2.8"),
            )
        ),
        "services": (
            Service(alias="service:lms", host="lms.test", port=8443, path="/", interval_ms=60_000, timeout_ms=5000),
        ),
        "path": PathPlan(interval_ms=900_000, targets=("district",), site_networks=("10.12.0.0/16",)),
    }
    return AgentConfig(**(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "method", "expected"),
    [
        ("district", None, ("district", "collector.test", 8600, "icmp")),
        ("site", "tcp", ("site", "192.0.2.7", 8600, "tcp")),
        ("site", "udp", ("site", "192.0.2.7", UDP_PORT, "udp")),
        ("gateway", None, ("gateway", None, HTTPS_PORT, "icmp")),
        ("anchor:ix", None, ("anchor:ix", "192.0.2.8", 8600, "tcp")),
        ("service:lms", None, ("service:lms", "lms.test", 8443, "tcp")),
        ("www.example.org", None, (A_HOST, "www.example.org", HTTPS_PORT, "icmp")),
    ],
)
def test_a_name_stands_for_what_the_collector_says(text: str, method: object, expected: tuple[object, ...]) -> None:
    asked = request_for(text, config(), collector_host="collector.test", method=method)  # type: ignore[arg-type]
    assert (asked.target, asked.host, asked.port, asked.method) == expected
    assert asked.site_networks == ("10.12.0.0/16",)


def test_a_name_that_the_collector_did_not_say_stands_for_nothing() -> None:
    for known in (None, config()):
        with pytest.raises(WireError, match="not among the targets"):
            request_for("service:bank", known, collector_host="")


def test_the_gateway_and_any_host_need_no_collector() -> None:
    assert request_for("gateway", None, collector_host="").host is None
    assert request_for("192.0.2.1", None, collector_host="").target == A_HOST


def test_ranges_that_are_none_are_refused() -> None:
    with pytest.raises(WireError):
        TraceRequest(target="site", host=None, port=1, method="icmp", site_networks=("10.0.0.1/8",))


def test_the_agent_has_no_scapy_in_its_memory_and_the_child_does() -> None:
    loaded = "import sys; print('scapy' in sys.modules, any(one.startswith('scapy') for one in sys.modules))"
    for program, expected in (
        (f"import agent.main, agent.run, agent.path; {loaded}", "False False"),
        (f"import agent.tracer; {loaded}", "True True"),
    ):
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == expected


@pytest.mark.skipif("sys.platform != 'linux' or os.geteuid() != 0", reason="gives up a right that only root has")
def test_the_child_says_so_where_it_has_no_right_to_raw_sockets() -> None:
    without = ("setpriv", "--bounding-set", "-net_raw", *TRACER)
    done = subprocess.run(without, input=encode(REQUEST), capture_output=True, check=True)
    assert read(done.stdout).end.failure == "refused_to_send"
