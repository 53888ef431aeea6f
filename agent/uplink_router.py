"""The octets of a router's interface, asked of it by SNMP (IF-MIB, RFC 2863)."""

import asyncio
import importlib.util
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from agent.counters import Counters, NotCounted
from agent.uplink_settings import SnmpSettings
from wire.enrolment import Role
from wire.report_words import MAX_MBPS
from wire.uplink_report import CountedBy

log = logging.getLogger(__name__)

Oid = tuple[int, ...]
Value = int | bytes

_SYS_UPTIME: Oid = (1, 3, 6, 1, 2, 1, 1, 3, 0)
_IF_TABLE: Oid = (1, 3, 6, 1, 2, 1, 2, 2, 1)
_IF_X_TABLE: Oid = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1)
_DESCR, _SPEED, _IN_32, _OUT_32 = (*_IF_TABLE, 2), (*_IF_TABLE, 5), (*_IF_TABLE, 10), (*_IF_TABLE, 16)
_NAME, _IN_64, _OUT_64 = (*_IF_X_TABLE, 1), (*_IF_X_TABLE, 6), (*_IF_X_TABLE, 10)
_HIGH_SPEED, _ALIAS, _DISCONTINUITY = (*_IF_X_TABLE, 15), (*_IF_X_TABLE, 18), (*_IF_X_TABLE, 19)
_NAMED_BY = (_NAME, _DESCR, _ALIAS)
"""Columns that an interface may be named by, in the order in which they are asked."""

_SPEED_UNKNOWN = 2**32 - 1  # ifSpeed of what is too fast for it


class Router(Protocol):
    """Something that can be asked by SNMP; both questions raise `NotCounted`."""

    async def get(self, wanted: Sequence[Oid]) -> Mapping[Oid, Value]:
        """The values of those of `wanted` that are there, all of one moment."""
        ...

    async def column(self, column: Oid) -> Mapping[int, Value]:
        """A whole column of a table by its row's index."""
        ...

    def close(self) -> None:
        """Forget what was learned of it."""
        ...


class NoPysnmp(Exception):
    """What asks routers is not installed here."""


@dataclass(frozen=True, slots=True)
class _Row:
    """Where the interface stands, and which column says that it still does."""

    index: int
    named_by: Oid


class RouterInterface:
    """Counts the interface of a router that `wanted` names. Anybody but a room's agent may ask.

    `open_router` gives one to ask; it is closed and opened anew after every failure, because what was agreed on with
    it may be what failed: a router that started anew has another clock, by which SNMPv3 refuses old messages.
    """

    method: CountedBy = "snmp"
    roles: frozenset[Role] = frozenset({"reference", "edge"})

    def __init__(self, wanted: SnmpSettings, open_router: Callable[[], Router]) -> None:
        self._wanted = wanted
        self._open = open_router
        self._router: Router | None = None
        self._row: _Row | None = None
        self._warned: set[str] = set()

    async def look(self, role: Role, patience_s: float) -> Counters:
        """The counters now. Raises `NotCounted`."""
        if role not in self.roles:
            raise NotCounted("refused")
        try:
            async with asyncio.timeout(patience_s):
                if self._router is None:
                    self._router = self._open()
                return await self._read(self._router)
        except BaseException as error:
            self.close()
            if isinstance(error, TimeoutError):
                raise NotCounted("no_answer") from None
            if isinstance(error, NoPysnmp):
                self._warn("no router can be asked here", "no_pysnmp")
                raise NotCounted("probe_broke") from None
            raise

    def close(self) -> None:
        """Ask anew from the beginning next time."""
        if self._router is not None:
            self._router.close()
            self._router = None

    async def _read(self, router: Router) -> Counters:
        row = self._row or await self._find(router)
        said = await router.get(_wanted(row))
        if not self._is(row, said):
            row = await self._find(router)
            said = await router.get(_wanted(row))
        self._row = row
        if not any((*column, row.index) in said for column in _NAMED_BY) and not await router.column(_DESCR):
            raise NotCounted("refused")
        return counters_of(row.index, said)

    def _is(self, row: _Row, said: Mapping[Oid, Value]) -> bool:
        """Whether the row is still of the interface that is wanted."""
        wanted = self._wanted.interface
        return isinstance(wanted, int) or _text(said.get((*row.named_by, row.index))) == wanted

    async def _find(self, router: Router) -> _Row:
        self._row = None
        wanted = self._wanted.interface
        if isinstance(wanted, int):
            return _Row(wanted, _NAME)
        shown = False
        for column in _NAMED_BY:
            names = await router.column(column)
            shown = shown or bool(names)
            found = [index for index, name in names.items() if _text(name) == wanted]
            if len(found) > 1:
                self._warn("several interfaces of the router have the name that is wanted", "name_twice")
            elif found:
                return _Row(found[0], column)
        raise NotCounted("no_such_interface" if shown else "refused")

    def _warn(self, text: str, word: str) -> None:
        """Say it once."""
        if word not in self._warned:
            self._warned.add(word)
            log.warning("%s word=%s", text, word)


def counters_of(index: int, said: Mapping[Oid, Value]) -> Counters:
    """The counters of row `index` in what a router said: those of 64 bits where it has them. Raises `NotCounted`."""

    def number(column: Oid) -> int | None:
        value = said.get((*column, index))
        return value if isinstance(value, int) else None

    uptime_cs = said.get(_SYS_UPTIME)
    for bits, column_in, column_out in ((64, _IN_64, _OUT_64), (32, _IN_32, _OUT_32)):
        in_octets, out_octets = number(column_in), number(column_out)
        if in_octets is not None and out_octets is not None:
            return Counters(
                epoch=(index, _text(said.get((*_NAME, index))), number(_DISCONTINUITY)),
                in_octets=in_octets,
                out_octets=out_octets,
                bits=bits,
                speed_mbps=_speed_mbps(number(_HIGH_SPEED), number(_SPEED)),
                uptime_cs=uptime_cs if isinstance(uptime_cs, int) else None,
            )
    there = any((*column, index) in said for column in _NAMED_BY)
    raise NotCounted("refused" if there else "no_such_interface")


def _wanted(row: _Row) -> tuple[Oid, ...]:
    columns = dict.fromkeys(
        (row.named_by, _NAME, _DESCR, _IN_64, _OUT_64, _HIGH_SPEED, _DISCONTINUITY, _IN_32, _OUT_32, _SPEED)
    )
    return (_SYS_UPTIME, *((*column, row.index) for column in columns))


def _speed_mbps(high_speed: int | None, speed: int | None) -> int | None:
    """ifHighSpeed, else ifSpeed where that can say it; 0 is what says nothing."""
    if not high_speed and speed is not None and speed < _SPEED_UNKNOWN:
        high_speed = round(speed / 1_000_000)
    return min(high_speed, MAX_MBPS) if high_speed else None


def _text(value: Value | None) -> str | None:
    return value.decode("utf-8", "replace").rstrip("\0") if isinstance(value, bytes) else None


def router_of(settings: SnmpSettings) -> Router:
    """A router to ask by pysnmp, which is loaded only here. Raises `NoPysnmp`."""
    if importlib.util.find_spec("pysnmp") is None:
        raise NoPysnmp
    from agent.snmp import SnmpRouter

    return SnmpRouter(settings)
