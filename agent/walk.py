"""From a flow's answers to the steps of a path: how many packets, how fast, and when it is enough."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from agent.flow import Answer
from agent.hop_role import HopRoles
from wire.path_report import MAX_HOPS, Hop

TRIES = 3
AT_ONCE = 8
"""Steps that are looked for together. Where none of so many answers there is no use in looking further."""

SPACING_S = 0.02
"""Fifty packets a second: routers limit how many they answer."""

WAIT_S = 1.0
MOST_S = 10.0

Send = Callable[[int, int], int]
"""Send packet `number`, the second argument, so that it lives for `ttl` steps, and say when, in nanoseconds."""

Wait = Callable[[float], Sequence[tuple[Answer, int]]]
"""Answers within so many seconds, or as soon as there is one, each with its arrival in nanoseconds."""


@dataclass(slots=True)
class _Step:
    sent_ns: dict[int, int] = field(default_factory=dict)
    rtts_ns: dict[int, int] = field(default_factory=dict)
    address: str | None = None
    ends: bool = False
    here: bool = False


@dataclass(slots=True)
class Walk:
    """One trace; `run` takes at most `MOST_S`, after which `hops` and `reached` say what was learned."""

    send: Send
    wait: Wait
    now_ns: Callable[[], int]
    _steps: dict[int, _Step] = field(default_factory=dict)

    def run(self) -> None:
        """Look for the end with one packet a step, then send the others as far as there."""
        ends_ns = self.now_ns() + round(MOST_S * 1e9)
        last = 0
        for first in range(1, MAX_HOPS + 1, AT_ONCE):
            group = range(first, min(first + AT_ONCE, MAX_HOPS + 1))
            self._ask(group, attempt=0, ends_ns=ends_ns)
            answered = [ttl for ttl in group if self._steps[ttl].rtts_ns]
            last = max([last, *answered])
            if not answered or self._end():
                break
        last = self._end() or min(last + 1, MAX_HOPS)
        for attempt in range(1, TRIES):
            self._ask(range(1, last + 1), attempt=attempt, ends_ns=ends_ns)

    @property
    def reached(self) -> bool:
        """Whether the target itself answered."""
        return any(step.here for step in self._steps.values())

    def hops(self, roles: HopRoles) -> tuple[Hop, ...]:
        """The steps up to the end; where that was not found, up to the first behind which nothing answered. None when
        nothing answered at all."""
        answered = [ttl for ttl, step in self._steps.items() if step.rtts_ns]
        if not answered:
            return ()
        last = self._end() or min(max(answered) + 1, MAX_HOPS)
        return tuple(
            Hop(
                ttl=ttl,
                role=roles.of(ttl, step.address) if step.address is not None else None,
                sent=len(step.sent_ns),
                received=len(step.rtts_ns),
                min_us=min(step.rtts_ns.values()) // 1000 if step.rtts_ns else None,
            )
            for ttl, step in sorted(self._steps.items())
            if ttl <= last and step.sent_ns
        )

    def _end(self) -> int | None:
        return min((ttl for ttl, step in self._steps.items() if step.ends), default=None)

    def _ask(self, ttls: Sequence[int], *, attempt: int, ends_ns: int) -> None:
        open_ = set()
        for ttl in ttls:
            if self.now_ns() >= ends_ns:
                return
            step = self._steps.setdefault(ttl, _Step())
            number = attempt * MAX_HOPS + ttl - 1
            step.sent_ns[number] = self.send(ttl, number)
            open_.add(number)
            self._listen(open_, self.now_ns() + round(SPACING_S * 1e9), even_if_all_answered=True)
        self._listen(open_, min(self.now_ns() + round(WAIT_S * 1e9), ends_ns), even_if_all_answered=False)

    def _listen(self, open_: set[int], until_ns: int, *, even_if_all_answered: bool) -> None:
        while (left_ns := until_ns - self.now_ns()) > 0 and (open_ or even_if_all_answered):
            for answer, at_ns in self.wait(left_ns / 1e9):
                self._take(answer, at_ns)
                open_.discard(answer.number)

    def _take(self, answer: Answer, at_ns: int) -> None:
        step = self._steps.get(answer.number % MAX_HOPS + 1)
        if step is None or answer.number not in step.sent_ns or answer.number in step.rtts_ns:
            return
        step.rtts_ns[answer.number] = max(0, at_ns - step.sent_ns[answer.number])
        step.address = step.address or answer.address
        step.ends |= answer.said != "passed_on"
        step.here |= answer.said == "here"
