"""Becoming an agent: a code from the admin, a token of our own making."""

import json
import secrets
from functools import partial
from hashlib import sha256
from urllib.parse import urlsplit

from agent.http import Collector
from agent.outcome import problem
from agent.secret import Secret
from agent.settings import BadSettings, Settings, read_settings, write_settings
from agent.spool_file import move_aside
from agent.state import State, write_private
from wire.codec import decode, encode
from wire.enrolment import Enrolment, EnrolmentRequest, normalised_code
from wire.fields import WireError
from wire.version import WIRE_VERSION

JOIN_DEADLINE_S = 20.0


class NotJoined(Exception):
    """The collector did not take this machine in; the text says why and what to do."""


async def join(
    url: str,
    code: str,
    state: State,
    *,
    insecure_http: bool = False,
    ca_file: str | None = None,
    proxy: str | None = None,
) -> Enrolment:
    """Enrol at the collector and write ``agent.toml``.

    The token is kept before it is shown to anyone, so that joining again after a lost answer asks
    for the same thing. Raises `NotJoined`, `Unanswered`, `WireError` for a code that cannot be one,
    or `OSError`.
    """
    code = normalised_code(code)
    token = _token(state, url, code)
    request = EnrolmentRequest(version=WIRE_VERSION, code=code, token_sha256=sha256(token.encode()).hexdigest())
    answer = await Collector(url, ca_file=ca_file, proxy=proxy).ask(
        "POST",
        "/v1/enrol",
        headers={"Content-Type": "application/json"},
        body=partial(encode, request),
        deadline_s=JOIN_DEADLINE_S,
    )
    said = problem(answer)
    nothing_there = answer.status in (404, 405) and (said is None or said.error in ("not_found", "wrong_method"))
    if nothing_there and urlsplit(url).path.strip("/"):
        raise NotJoined("no Bandroom collector at that path: give its address only, without what follows the host")
    if said is not None:
        raise NotJoined(f"{_printable(said.detail)} ({said.error})")
    try:
        enrolment = decode(Enrolment, answer.body) if answer.status in (200, 201) else None
    except WireError:
        enrolment = None
    if enrolment is None:
        raise NotJoined(
            f"what answered {answer.status} there is not a Bandroom collector: check the URL, "
            "and whether a login page or filter stands in between"
        )
    earlier = _earlier(state)
    _leave_behind(state, earlier, enrolment.agent)
    write_settings(
        state.settings,
        Settings(
            url=url,
            agent=enrolment.agent,
            token=Secret(token),
            insecure_http=insecure_http,
            ca_file=ca_file,
            proxy=Secret(proxy) if proxy is not None else None,
            # Another code does not move the machine away from its uplink.
            uplink=earlier.uplink if earlier is not None else None,
            snmp=earlier.snmp if earlier is not None else None,
        ),
    )
    state.pending.unlink(missing_ok=True)
    return enrolment


def _earlier(state: State) -> Settings | None:
    """The settings of the agent that was here before, where they can be read."""
    try:
        return read_settings(state.settings)
    except (OSError, BadSettings):
        return None


def _leave_behind(state: State, earlier: Settings | None, agent: str) -> None:
    """Put aside what an earlier agent measured here: under the new one it would count for its room."""
    if earlier is None or earlier.agent != agent:
        state.config.unlink(missing_ok=True)
        if state.spool.exists():
            move_aside(state.spool, "former")


def _token(state: State, url: str, code: str) -> str:
    """The token of an unanswered join with the same code, or a new one, kept on disk already."""
    wanted = {"url": url, "code": code}
    try:
        kept = json.loads(state.pending.read_text(encoding="utf-8"))
        if {key: kept[key] for key in wanted} == wanted:
            return str(kept["token"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    token = secrets.token_urlsafe(32)
    write_private(state.pending, json.dumps({**wanted, "token": token}))
    return token


def _printable(text: str) -> str:
    """At most a sentence or two, and nothing that moves a terminal's cursor."""
    return "".join(letter for letter in text[:300] if letter.isprintable())
