"""What the agent costs its machine with every probe on that a collector can ask for, beside a bare interpreter."""

import secrets
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from socket import AF_INET, SOCK_DGRAM, SOCK_STREAM, socket

import psutil

from agent.secret import Secret
from agent.settings import Settings, write_settings
from agent.state import State
from tests.bench.accuracy.row import Part, Row
from tests.bench.agent import AGENT, wait_for_delivery
from tests.bench.stand_in_collector import StandInCollector
from tests.end_to_end.certificate import make_certificate
from tests.end_to_end.namespace import Namespace, namespace
from wire.enrolment import AgentConfig, Ndt7Plan, PathPlan, ReflectorPlan, Service, Target
from wire.stamp import ERROR_UNSYNCHRONISED, SenderPacket, reflect

SECONDS = 180.0
"""Three reports and deliveries, and as many traces."""

MEMORY_MB, CPU_SHARE = 40.0, 0.005
PATH_MS, PATH_USUAL_S = 60_000, 900
DNS_MS, SERVICE_MS, PRESENCE_MS = 30_000, 60_000, 2_000
REFLECTOR_PORT, NDT7_PORT, DNS_PORT = 8621, 8630, 53
ROOMS = 30
"""So many send to a reference's reflector once a second."""

KEY = secrets.token_hex(32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Of a process at one moment; `child_s` is the CPU time of its children that ended."""

    at: float
    own_s: float
    child_s: float
    rss_bytes: int


def measure(seconds: float = SECONDS) -> Part:
    """A reference agent with everything, whose reflector serves a school, and beside it one that serves nobody."""
    alone, sleeping = _run(seconds, rooms=0)
    serving, _ = _run(seconds, rooms=ROOMS)
    before, after = alone
    took_s = after.at - before.at
    own = (after.own_s - before.own_s) / took_s
    traces = took_s / (PATH_MS / 1000)
    a_trace_s = (after.child_s - before.child_s) / traces
    share = own + a_trace_s / PATH_USUAL_S
    rss_mb = after.rss_bytes / 1e6
    serving_share = (serving[1].own_s - serving[0].own_s) / (serving[1].at - serving[0].at)
    return Part(
        title="What the agent costs",
        rows=[
            Row(
                what="resident memory, all probes on",
                ours=f"{rss_mb:.1f} MB",
                reference=f"{sleeping / 1e6:.1f} MB",
                difference=f"{rss_mb - sleeping / 1e6:+.1f} MB",
                bound=f"<= {MEMORY_MB:g} MB",
                holds=rss_mb <= MEMORY_MB,
            ),
            Row(
                what="CPU of one core, all probes on, its traces included",
                ours=f"{share:.2%}",
                reference="",
                bound=f"<= {CPU_SHARE:.1%}",
                holds=share <= CPU_SHARE,
            ),
            Row(what="of it the agent itself", ours=f"{own:.2%}", reference=""),
            Row(what="one trace, CPU time of the child", ours=f"{a_trace_s:.2f} s", reference=""),
            Row(what=f"a reference that also answers {ROOMS} rooms", ours=f"{serving_share:.2%}", reference=""),
        ],
        notes=[
            f"a reference over {seconds:g} s: at 1 Hz each STAMP to site and district, ping to gateway and anchor",
            f"a resolver every {DNS_MS // 1000} s, two HTTPS services every {SERVICE_MS // 1000} s, presence by a key",
            f"a trace every {PATH_MS // 1000} s, counted as one in {PATH_USUAL_S} s; its reflector is open",
            "no throughput test ran; the reference is a bare interpreter that sleeps",
        ],
    )


def _run(seconds: float, *, rooms: int) -> tuple[tuple[Reading, Reading], int]:
    """An agent's readings at both ends of `seconds`, and the memory of a sleeping interpreter."""
    with ExitStack() as stack:
        place = stack.enter_context(namespace("agent"))
        place.run("ip", "link", "add", "school", "type", "veth", "peer", "name", "wall")
        place.run("ip", "address", "add", "10.86.0.2/24", "dev", "school")
        for device in ("school", "wall"):  # who is attached to nothing is away
            place.run("ip", "link", "set", device, "up")
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bandroom-bench-")))
        certificate = make_certificate(folder / "service.pem")
        collector = place.call(StandInCollector)
        services = [_https(place, certificate), _https(place, certificate)]
        presence = _keyed_reflector(place)
        _resolver(place)
        collector.change = lambda config: _everything(config, services=services, presence=presence)
        state = State(folder / "state")
        state.folder.mkdir()
        write_settings(
            state.settings,
            Settings(
                url=f"http://127.0.0.1:{collector.port}",
                agent=AGENT,
                token=Secret("bench-token-of-one-agent"),
                ca_file=str(certificate),
            ),
        )
        resolv = folder / "resolv.conf"
        resolv.write_text("nameserver 127.0.0.1\n", encoding="utf-8")
        with_resolver = ["unshare", "--mount", "sh", "-c", f'mount --bind {resolv} /etc/resolv.conf && exec "$0" "$@"']
        program = str(Path(sys.executable).with_name("bandroom-agent"))
        agent = _start([*place.command(), *with_resolver, program, "run", "--state", str(state.folder)], stack)
        sleeper = _start([sys.executable, "-c", "import time; time.sleep(10_000)"], stack)
        if rooms:
            _rooms(place, rooms)
        wait_for_delivery(collector)
        before = _read(agent)
        time.sleep(seconds)
        after = _read(agent)
        return (before, after), sleeper.memory_info().rss


def _everything(config: AgentConfig, *, services: Sequence[int], presence: int) -> AgentConfig:
    """`config` of a reference with all that a collector can ask for."""

    def target(alias: str, method: str, port: int, interval_ms: int = 1000, **more: object) -> Target:
        common = {"host": "127.0.0.1", "tcp_port": None, "timeout_ms": 2000}
        values = common | {"alias": alias, "method": method, "port": port, "interval_ms": interval_ms} | more
        return Target(**values)  # type: ignore[arg-type]

    others = tuple(one for one in config.targets if one.alias != "gateway")
    return replace(
        config,
        role="reference",
        targets=(
            *others,
            target("gateway", "icmp", 80),
            target("anchor:one", "icmp", 80),
            target("resolver:1", "dns", DNS_PORT, DNS_MS, host="localhost"),
        ),
        services=tuple(
            Service(
                alias=f"service:{name}", host="localhost", port=port, path="/", interval_ms=SERVICE_MS, timeout_ms=5000
            )
            for name, port in zip(("lms", "meeting"), services, strict=True)
        ),
        path=PathPlan(interval_ms=PATH_MS, targets=("district",)),
        presence=target("site", "stamp", presence, PRESENCE_MS, key=KEY),
        reflector=ReflectorPlan(port=REFLECTOR_PORT),
        ndt7=Ndt7Plan(port=NDT7_PORT),
    )


def _https(place: Namespace, certificate: Path) -> int:
    """A service that answers every request; its port."""
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trust.load_cert_chain(certificate)
    listener = place.open_socket(AF_INET, SOCK_STREAM)
    listener.bind(("127.0.0.1", 0))
    listener.listen()

    def run() -> None:
        while True:
            link, _ = listener.accept()
            with link, suppress(OSError), trust.wrap_socket(link, server_side=True) as secured:
                secured.recv(4096)
                secured.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    threading.Thread(target=run, daemon=True).start()
    return int(listener.getsockname()[1])


def _bound(place: Namespace, port: int = 0) -> socket:
    opened = place.open_socket(AF_INET, SOCK_DGRAM)
    opened.bind(("127.0.0.1", port))
    return opened


def _keyed_reflector(place: Namespace) -> int:
    """What proves that the machine is at its site; its port."""
    opened = _bound(place)

    def run() -> None:
        while True:
            packet, source = opened.recvfrom(2048)
            at_ns = time.time_ns()
            answer = reflect(
                packet,
                received_ns=at_ns,
                sent_ns=at_ns,
                ttl=255,
                error_estimate=ERROR_UNSYNCHRONISED,
                key=bytes.fromhex(KEY),
            )
            if answer is not None:
                opened.sendto(answer, source)

    threading.Thread(target=run, daemon=True).start()
    return int(opened.getsockname()[1])


def _resolver(place: Namespace) -> None:
    """Answers every question with 127.0.0.1 (RFC 1035, section 4)."""
    opened = _bound(place, DNS_PORT)

    def run() -> None:
        while True:
            question, source = opened.recvfrom(2048)
            ends = question.index(0, 12) + 5
            answer = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x7f\0\0\1"
            opened.sendto(question[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + question[12:ends] + answer, source)

    threading.Thread(target=run, daemon=True).start()


def _rooms(place: Namespace, count: int) -> None:
    """So many agents that send to the reference's reflector once a second."""
    rooms = [_bound(place) for _ in range(count)]
    packet = SenderPacket(sequence=1, timestamp=1).encode()

    def run() -> None:
        while True:
            for room in rooms:
                room.sendto(packet, ("127.0.0.1", REFLECTOR_PORT))
                time.sleep(1 / count)

    threading.Thread(target=run, daemon=True).start()


def _start(command: Sequence[str], stack: ExitStack) -> psutil.Popen:
    process = psutil.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    stack.callback(process.wait)
    stack.callback(process.kill)
    return process


def _read(process: psutil.Process) -> Reading:
    times = process.cpu_times()
    return Reading(
        at=time.monotonic(),
        own_s=times.user + times.system,
        child_s=times.children_user + times.children_system,
        rss_bytes=process.memory_info().rss,
    )
