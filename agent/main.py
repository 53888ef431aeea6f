"""The command ``bandroom-agent``.

Exit codes: 0 done; 1 it could not be done, the line on stderr says why; 2 the command line or
``agent.toml`` is wrong; 128 + signal when a signal forced the end.
"""

import argparse
import asyncio
import json
import logging
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Coroutine, Sequence
from functools import partial
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, TypeVar

from agent.advice import advice
from agent.boot import boot_marker
from agent.clock import NS_PER_MS, system_clock
from agent.config import ConfigSource
from agent.http import Unanswered
from agent.join import NotJoined, join
from agent.lock import AlreadyRunning, hold_lock
from agent.once import measure_once, table
from agent.pulse import Pulse
from agent.run import collector_of, run_agent
from agent.service import ServiceProbe
from agent.settings import BadSettings, Settings, proxy_mistake, read_settings, url_mistake
from agent.spool import Spool
from agent.state import ENVIRONMENT, State, default_folder
from agent.status import read_status
from agent.stop import stop_on_signals
from agent.systemd import attend, systemd_of
from agent.trace import Broke, hindrance, report, trace
from agent.trace_command import TRACE_ADVICE, no_step, trace_table
from agent.trace_request import is_alias, request_for
from agent.uplink import count_once
from agent.windows_service import NotAService, StopOn, run_as_service
from wire.codec import encode
from wire.enrolment import AgentConfig
from wire.fields import WireError
from wire.version import VERSION

T = TypeVar("T")
log = logging.getLogger(__name__)

LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"
LOG_BYTES, LOG_FILES = 1_000_000, 3


class Failed(Exception):
    """A command that could not be done; the text is for whoever typed it."""


EXPECTED = (
    *(Failed, NotJoined, WireError, BadSettings, KeyboardInterrupt, Unanswered, AlreadyRunning, OSError),
    sqlite3.Error,
)
"""What ends a command with a line for a person, and without a traceback."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args(arguments)
    state = State(Path(options.state) if options.state else default_folder(os.environ))
    try:
        code: int = options.command(options, state)
    except EXPECTED as error:
        code, line = _told(error, state)
        if line:
            print(line, file=sys.stderr)
    return code


def _told(error: BaseException, state: State) -> tuple[int, str]:
    """Exit code and the line for whoever can act, of one of `EXPECTED`."""
    if isinstance(error, BadSettings):
        return 2, str(error)
    if isinstance(error, KeyboardInterrupt):
        return 128 + signal.SIGINT, ""
    if isinstance(error, Unanswered):
        return 1, f"bandroom-agent: the collector did not answer ({error.word}): {advice(error.word)}"
    if isinstance(error, AlreadyRunning):
        said = f"another agent is running with {state.folder}; stop it first or name another --state"
        return 1, f"bandroom-agent: {said}"
    if isinstance(error, OSError | sqlite3.Error):
        return 1, f"bandroom-agent: {state.folder} cannot be used: {error}"
    return 1, f"bandroom-agent: {error}"


def _join(options: argparse.Namespace, state: State) -> int:
    insecure = options.insecure_http
    if mistake := url_mistake(options.url, insecure_http=insecure):
        if options.url.startswith("http://") and not url_mistake(options.url, insecure_http=True):
            mistake = "would send the token in clear text; use https, or add --insecure-http to accept that"
        raise Failed(f"{options.url} {mistake}")
    if options.proxy and proxy_mistake(options.proxy):
        raise Failed("that is not a proxy, allowed is http://[user:password@]host:port")
    if options.ca_file and not Path(options.ca_file).is_file():
        raise Failed(f"--ca-file {options.ca_file}: there is no such file here")
    if state.settings.exists() and not options.force:
        raise Failed(f"this machine has joined already ({state.settings}); --force makes it a new agent")
    state.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with hold_lock(state.lock):
        joined = _loop(
            join(
                options.url,
                options.code,
                state,
                insecure_http=insecure,
                ca_file=str(Path(options.ca_file).resolve()) if options.ca_file else None,
                proxy=options.proxy,
            )
        )
    print(f"this machine now measures for room {joined.room} at {joined.site}, as agent {joined.agent}")
    print(f"next: bandroom-agent run{_state_option(options)}")
    return 0


def _run(_options: argparse.Namespace, state: State) -> int:
    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT)
    return _work(state, stop_on_signals)


def _service(_options: argparse.Namespace, state: State) -> int:
    """A service has no terminal: what `main` would print goes into the log."""
    state.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = RotatingFileHandler(state.log, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8")
    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT, handlers=[file])

    def work(stop_on: StopOn) -> int:
        try:
            return _work(state, stop_on)
        except EXPECTED as error:
            code, line = _told(error, state)
            log.error("%s", line)
            return code

    try:
        return run_as_service(work)
    except NotAService:
        raise Failed("this is for Windows' service manager alone; from a terminal: bandroom-agent run") from None


def _work(state: State, stop_on: StopOn) -> int:
    settings = _settings(state)
    clock = system_clock()

    async def work() -> None:
        stop = asyncio.Event()
        pulse = Pulse(asyncio.sleep, time.monotonic)
        systemd = systemd_of(os.environ, os.getpid())
        with stop_on(stop):
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(
                    attend(systemd, begun=pulse.begun, stuck=pulse.stuck, stop=stop.wait(), sleep=asyncio.sleep)
                )
                await run_agent(settings, state, spool, clock=clock, sleep=pulse.sleep, stop=stop)

    with hold_lock(state.lock):
        spool = Spool(state.spool, limit_bytes=settings.spool_bytes)
        spool.open(marker=boot_marker(), reading=clock.read())
        try:
            _loop(work())
        finally:
            spool.close()
    return 0


def _once(options: argparse.Namespace, state: State) -> int:
    settings = _settings(state)
    source = ConfigSource(state.config, collector_of(settings), token=settings.token.shown)
    source.load()
    word = _loop(source.fetch())
    if source.config is None:
        raise Failed(f"the collector gave no targets to measure ({word}): {advice(word)}")
    if word is not None:
        print(f"bandroom-agent: the collector is away ({word}), measuring what it last asked for", file=sys.stderr)
    reports = _loop(
        measure_once(
            source.config,
            agent=settings.agent,
            collector_host=settings.host,
            ask=ServiceProbe(ca_file=settings.ca_file, proxy=settings.proxy_url, clock=system_clock()).ask,
            count=partial(
                count_once,
                settings,
                source.config.role,
                clock=system_clock(),
                sleep=asyncio.sleep,
                seconds=options.seconds,
            ),
            clock=system_clock(),
            seconds=options.seconds,
        )
    )
    if options.json:
        for report in reports:
            print(encode(report).decode())
    else:
        print(table(reports))
    return 0


def _status(options: argparse.Namespace, state: State) -> int:
    settings = _settings(state)
    status = read_status(settings, state, system_clock().wall_ns() // NS_PER_MS)
    print(json.dumps(status.as_json()) if options.json else status.as_text())
    return 0


def _trace(options: argparse.Namespace, state: State) -> int:
    if (word := hindrance()) is not None:
        raise Failed(f"no path can be traced here ({word}): {TRACE_ADVICE[word]}")
    config: AgentConfig | None = None
    collector_host = ""
    if state.settings.exists():
        settings = _settings(state)
        source = ConfigSource(state.config, collector_of(settings), token=settings.token.shown)
        source.load()
        config, collector_host = source.config, settings.host
    elif options.target != "gateway" and is_alias(options.target):
        _settings(state)  # says how to join: only then it is known what that is
    request = request_for(options.target, config, collector_host=collector_host, method=options.method)
    try:
        found = _loop(trace(request))
    except Broke as error:
        raise Failed(f"the trace broke ({error.word})") from None
    if options.json:
        print(encode(report(request, found, seq=1, boot_ms=system_clock().boot_ns() // NS_PER_MS)).decode())
    elif found.end.failure is not None:
        raise Failed(no_step(options.target, found.end.failure))
    else:
        print(trace_table(found))
    return 0


def _settings(state: State) -> Settings:
    try:
        return read_settings(state.settings)
    except FileNotFoundError:
        raise Failed(
            f"this machine has not joined a district yet ({state.settings} is missing): "
            "bandroom-agent join URL --code CODE"
        ) from None


def _loop(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` on a selector loop, also on Windows, where the default one cannot watch UDP sockets."""
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        return runner.run(work)


def _state_option(options: argparse.Namespace) -> str:
    return f" --state {options.state}" if options.state else ""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bandroom-agent", description="Measure what pupils get, where they sit.", allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=VERSION)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--state", metavar="DIR", help=f"the agent's folder (default: ${ENVIRONMENT} or the system's)")

    one = commands.add_parser("join", parents=[common], help="become an agent, with a code from the admin")
    one.add_argument("url", metavar="URL", help="the collector, such as https://bandroom.example.org")
    one.add_argument("--code", required=True, help="such as 7K2M-9QXD-4TAB")
    one.add_argument("--ca-file", metavar="FILE", help="trust these certificate authorities, too (PEM)")
    one.add_argument("--proxy", metavar="URL", help="http://[user:password@]host:port, instead of the machine's")
    one.add_argument("--insecure-http", action="store_true", help="accept http to another machine, in clear text")
    one.add_argument("--force", action="store_true", help="become a new agent where there is one already")
    one.set_defaults(command=_join)

    one = commands.add_parser("run", parents=[common], help="measure and report until stopped")
    one.set_defaults(command=_run)

    if sys.platform == "win32":
        one = commands.add_parser("service", parents=[common], help="for the service manager: run as a service")
        one.set_defaults(command=_service)

    one = commands.add_parser("once", parents=[common], help="measure now and show it; keeps and sends no measurement")
    one.add_argument("--json", action="store_true", help="a report on each line, as it would travel")
    one.add_argument("--seconds", type=float, default=5.0, help="how long to measure (default: 5)")
    one.set_defaults(command=_once)

    one = commands.add_parser(
        "trace", parents=[common], help="the steps on the way to a target: what stands there and how far, no addresses"
    )
    one.add_argument("target", metavar="TARGET|HOST", help="such as district or gateway; or any host")
    one.add_argument("--method", choices=("icmp", "udp", "tcp"), help="what to send (default: what the agent would)")
    one.add_argument("--json", action="store_true", help="the report, as it would travel")
    one.set_defaults(command=_trace)

    one = commands.add_parser("status", parents=[common], help="what the agent here is doing")
    one.add_argument("--json", action="store_true", help="for programs")
    one.set_defaults(command=_status)
    return parser


if __name__ == "__main__":
    sys.exit(main())
