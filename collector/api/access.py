"""Who may ask: agents by bearer token, readers by password."""

import asyncio
import hmac
from base64 import b64decode
from typing import Annotated

from fastapi import Depends, Request

from collector.api.services import Services, TheServices
from collector.refusal import Refusal
from collector.registry.agent import Agent
from collector.registry.registry import Refused

REMEMBER_SECONDS = 1.0
"""How long a token that was looked up is believed without asking the registry: the time a revocation takes."""

MAX_REMEMBERED = 20_000
LOOK_UPS_AT_ONCE = 4
"""The registry keeps a few connections; more look-ups would each open one of their own and wait for a core."""


class TokenMemory:
    """Tokens looked up within the last second, so that busy agents do not wait for the registry."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, Agent]] = {}
        self.looking_up = asyncio.Semaphore(LOOK_UPS_AT_ONCE)

    def get(self, token: str, now: float) -> Agent | None:
        """The agent of `token` if it was looked up less than a second before `now` (monotonic seconds)."""
        entry = self._known.get(token)
        return entry[1] if entry and now - entry[0] < REMEMBER_SECONDS else None

    def put(self, token: str, agent: Agent, now: float) -> None:
        """Remember a look-up made at `now`."""
        if len(self._known) >= MAX_REMEMBERED:
            self._known.clear()
        self._known[token] = (now, agent)


async def _agent(request: Request, services: TheServices) -> Agent:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token or len(token) > 200:
        services.accounts.refused.labels(reason="no_token").inc()
        raise Refusal(401, "no_token", "an agent shows its token as 'Authorization: Bearer TOKEN'")
    memory: TokenMemory = request.app.state.tokens
    now = asyncio.get_running_loop().time()
    agent = memory.get(token, now)
    if agent is None:
        try:
            async with memory.looking_up:
                agent = await asyncio.to_thread(services.registry.agent_of_token, token)
        except Refused as error:
            services.accounts.refused.labels(reason=error.word).inc()
            raise Refusal(401, error.word, error.detail) from None
        memory.put(token, agent, now)
    return agent


def ask_password(request: Request, services: Services) -> None:
    """Let pass who shows the reader password, where there is one. Raises `Refusal` 401 ``no_reader``."""
    password = services.settings.reader_password
    if password is None:
        return
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    given = b""
    if scheme.lower() == "basic":
        try:
            given = b64decode(credentials, validate=True).partition(b":")[2]
        except ValueError:
            given = b""
    if not hmac.compare_digest(given, password.get_secret_value().encode()):
        raise Refusal(401, "no_reader", "board and API ask for the reader password (HTTP Basic, any user name)")


async def _reader(request: Request, services: TheServices) -> None:
    ask_password(request, services)


TheAgent = Annotated[Agent, Depends(_agent)]
Reader = Depends(_reader)
