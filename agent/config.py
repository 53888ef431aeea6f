"""What the collector wants measured: fetched, kept on disk, used when the collector is away."""

import json
import logging
import random
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from agent.advice import REJOIN
from agent.background import background
from agent.clock import NS_PER_MS, Clock
from agent.http import Collector, Unanswered
from agent.outcome import problem_word
from agent.schedule import Sleep
from agent.state import write_private
from wire.codec import decode
from wire.enrolment import AgentConfig, Role, Target, ThroughputPlan
from wire.fields import WireError
from wire.version import WIRE_VERSION

log = logging.getLogger(__name__)

REFRESH_S = 300.0
FIRST_RETRY_S = 2.0
NOT_TRIED = "not_tried"


class ConfigSource:
    """The newest config known, and how to get a newer one. `wanted` is what the collector asks for, `config` what
    `here` makes of it: a machine that is away from its site obeys less of it."""

    def __init__(self, path: Path, collector: Collector, *, token: str) -> None:
        self._path = path
        self._collector = collector
        self._token = token
        self._etag: str | None = None
        self._word: str | None = NOT_TRIED
        self.wanted: AgentConfig | None = None
        self.here: Callable[[AgentConfig], AgentConfig] = lambda wanted: wanted

    @property
    def config(self) -> AgentConfig | None:
        """What holds here and now."""
        return None if self.wanted is None else self.here(self.wanted)

    def period_ns(self) -> int:
        """How long a report's period is. Only asked once there is a config."""
        assert self.config is not None
        return self.config.period_ms * NS_PER_MS

    def push_interval_ns(self) -> int:
        """How often to deliver. Only asked once there is a config."""
        assert self.config is not None
        return self.config.push_interval_ms * NS_PER_MS

    def role(self) -> Role:
        """What this agent is for. Only asked once there is a config."""
        assert self.config is not None
        return self.config.role

    def throughput_interval_ns(self) -> int | None:
        """How often to test throughput; ``None`` when the collector wants none, or nothing is known to test to."""
        plan = self._throughput()
        return plan.interval_ms * NS_PER_MS if plan is not None else None

    def capacity_interval_ns(self) -> int | None:
        """How often to ask whether capacity may be tested; ``None`` when the collector does not want it of us."""
        plan = self._throughput()
        return plan.capacity_interval_ms * NS_PER_MS if plan is not None and plan.capacity_interval_ms else None

    def capacity_request(self) -> str | None:
        """The name of an admin's wish for a capacity test."""
        plan = self._throughput()
        return plan.capacity_request if plan is not None else None

    def target(self, alias: str) -> Target | None:
        """The target of that name, if the collector wants one measured."""
        targets = self.wanted.targets if self.wanted is not None else ()
        return next((one for one in targets if one.alias == alias), None)

    def load(self) -> None:
        """Take the last good config from the disk; without a readable one there is none yet."""
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
            self.wanted = decode(AgentConfig, json.dumps(kept["config"]))
            self._etag = kept["etag"]
        except (OSError, ValueError, KeyError, TypeError):
            self.wanted = self._etag = None

    async def fetch(self) -> str | None:
        """Ask the collector; ``None`` when `config` is what it wants now, else the word why not."""
        headers = {"Authorization": f"Bearer {self._token}"}
        if self._etag is not None:
            headers["If-None-Match"] = self._etag
        try:
            answer = await self._collector.ask("GET", f"/v1/agent/config?version={WIRE_VERSION}", headers=headers)
        except Unanswered as error:
            return error.word
        if answer.status == 304 and self.wanted is not None:
            return None
        if answer.status != 200:
            return problem_word(answer) or f"http_{answer.status}"
        try:
            self.wanted = decode(AgentConfig, answer.body)
        except WireError as error:
            return f"config_{error.word}"
        self._etag = answer.headers.get("etag")
        kept = json.dumps({"etag": self._etag, "config": json.loads(answer.body)})
        try:
            await background(partial(write_private, self._path, kept))
        except OSError as error:
            log.warning("config cannot be kept errno=%s", error.errno)
        return None

    async def run(
        self, follow: Callable[[AgentConfig], None], note: Callable[..., None], clock: Clock, sleep: Sleep
    ) -> None:
        """Tell `follow` each new config, the one from the disk first, until cancelled.

        While there has never been one, ask often; later an old one still holds. Only of machines that are not the
        district's an agent that is not the district's any more asks nothing.
        """
        followed = self.wanted
        if followed is not None:
            follow(followed)
        failures = 0
        while True:
            word = await self.fetch()
            failures = failures + 1 if word else 0
            await self._tell(word, note, clock)
            if word in REJOIN and self.wanted is not None:
                self.wanted, self._etag = _within_the_district(self.wanted), None
            if self.wanted is not None and self.wanted != followed:
                followed = self.wanted
                follow(followed)
            wait_s = REFRESH_S
            if self.wanted is None:
                wait_s = min(REFRESH_S, FIRST_RETRY_S * 2.0 ** min(failures, 10))
            await sleep(wait_s * random.uniform(0.8, 1.2))

    async def _tell(self, word: str | None, note: Callable[..., None], clock: Clock) -> None:
        """Log what changed, once; note the rest for `bandroom-agent status`."""
        if word is None:
            if self._word not in (None, NOT_TRIED):
                log.info("the collector gives its config again")
            await background(partial(note, config_ms=str(clock.wall_ns() // NS_PER_MS), config_problem=""))
        elif word != self._word:
            log.warning("no new config, %s word=%s", REJOIN.get(word, "the collector gave none"), word)
            await background(partial(note, config_problem=word))
        self._word = word

    def _throughput(self) -> ThroughputPlan | None:
        """What is wanted of throughput, where there is something to test to."""
        return self.config.throughput if self.config is not None and self.target("district") is not None else None


def _within_the_district(config: AgentConfig) -> AgentConfig:
    """`config` without what other people's machines are asked for."""
    targets = tuple(one for one in config.targets if not one.alias.startswith("anchor:"))
    return replace(config, targets=targets, services=())
