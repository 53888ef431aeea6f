"""A router that is asked by SNMP v2c or v3. Only `agent.uplink_router` loads this, and only where one is configured:
pysnmp takes some 20 MB."""

import socket
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from pyasn1.type.univ import Integer
from pysnmp.hlapi.v3arch.asyncio import (
    CommunityData,
    ContextData,
    ObjectIdentity,
    ObjectType,
    SnmpEngine,
    Udp6TransportTarget,
    UdpTransportTarget,
    UsmUserData,
    bulk_cmd,
    get_cmd,
    usmAesBlumenthalCfb256Protocol,
    usmAesCfb128Protocol,
    usmAesCfb256Protocol,
    usmDESPrivProtocol,
    usmHMAC192SHA256AuthProtocol,
    usmHMAC384SHA512AuthProtocol,
    usmHMACMD5AuthProtocol,
    usmHMACSHAAuthProtocol,
    usmNoPrivProtocol,
)
from pysnmp.proto import errind
from pysnmp.proto.rfc1902 import OctetString

from agent.background import background
from agent.counters import NotCounted
from agent.place import NoPlace, look_up
from agent.uplink_router import Oid, Value
from agent.uplink_settings import SnmpSettings
from wire.uplink_report import UplinkFailure

ANSWER_S = 2.0
TRIES = 3
MOST_ROWS = 25
"""Of a column at once: an answer fits one packet."""

LONGEST_COLUMN = 10_000
"""More interfaces has no router; one that never comes to an end is let go."""

AUTHENTICATION = {
    "md5": usmHMACMD5AuthProtocol,
    "sha1": usmHMACSHAAuthProtocol,
    "sha256": usmHMAC192SHA256AuthProtocol,
    "sha512": usmHMAC384SHA512AuthProtocol,
}
PRIVACY = {
    "none": usmNoPrivProtocol,
    "des": usmDESPrivProtocol,
    "aes128": usmAesCfb128Protocol,
    "aes256": usmAesBlumenthalCfb256Protocol,
    "aes256-cisco": usmAesCfb256Protocol,
}
_NOT_LET_IN = (
    *(errind.UnknownUserName, errind.WrongDigest, errind.AuthenticationError, errind.AuthenticationFailure),
    *(errind.DecryptionError, errind.EncryptionError, errind.UnknownCommunityName, errind.UnknownSecurityName),
    *(errind.UnsupportedAuthProtocol, errind.UnsupportedPrivProtocol, errind.UnsupportedSecurityLevel),
)


class SnmpRouter:
    """One router, with what SNMPv3 has learned of it. See `agent.uplink_router.Router`."""

    def __init__(self, settings: SnmpSettings, *, longest_column: int = LONGEST_COLUMN) -> None:
        self._settings = settings
        self._longest_column = longest_column
        self._engine: Any = None
        self._who: Any = None
        self._target: Any = None

    async def get(self, wanted: Sequence[Oid]) -> Mapping[Oid, Value]:
        """The values of those of `wanted` that are there. Raises `NotCounted`."""
        await self._open()
        asked = [ObjectType(ObjectIdentity(oid)) for oid in wanted]
        said = await get_cmd(self._engine, self._who, self._target, ContextData(), *asked, lookupMib=False)
        return _values(said)

    async def column(self, column: Oid) -> Mapping[int, Value]:
        """A whole column of a table by its row's index. Raises `NotCounted`."""
        await self._open()
        rows: dict[int, Value] = {}
        last = column
        while True:
            asked = ObjectType(ObjectIdentity(last))
            said = await bulk_cmd(
                self._engine, self._who, self._target, ContextData(), 0, MOST_ROWS, asked, lookupMib=False
            )
            more = {
                oid: value
                for oid, value in _values(said).items()
                if oid[:-1] == column and oid > last  # a router that goes in circles is let go
            }
            if not more:
                return rows
            rows.update((oid[-1], value) for oid, value in more.items())
            if len(rows) > self._longest_column:
                raise NotCounted("refused")
            last = max(more)

    def close(self) -> None:
        """Let the socket go."""
        if self._engine is not None:
            self._engine.close_dispatcher()
            self._engine = None

    async def _open(self) -> None:
        if self._engine is not None:
            return
        settings = self._settings
        try:
            self._who = _user(settings) if settings.version == "3" else _community(settings)
        except OSError:
            raise NotCounted("wrong_credentials") from None
        try:
            found = await background(partial(look_up, lambda: settings.host, settings.port, socket.SOCK_DGRAM))
        except NoPlace:
            raise NotCounted("no_answer") from None
        family, address = found[0]
        kind = Udp6TransportTarget if family == socket.AF_INET6 else UdpTransportTarget
        self._engine = SnmpEngine()
        self._target = await kind.create(address[:2], timeout=ANSWER_S, retries=TRIES - 1)


def _community(settings: SnmpSettings) -> Any:
    return CommunityData(settings.secret("community").shown, mpModel=1)  # noqa: S508 - v2c, for routers that know no better


def _user(settings: SnmpSettings) -> Any:
    return UsmUserData(
        settings.user,
        authKey=settings.secret("auth_key").shown,
        privKey=settings.secret("privacy_key").shown if settings.privacy != "none" else None,
        authProtocol=AUTHENTICATION[settings.auth],
        privProtocol=PRIVACY[settings.privacy],
    )


def _values(said: Any) -> dict[Oid, Value]:
    """What an answer holds. Raises `NotCounted` where there is none, or one that says no."""
    indication, status, _, pairs = said
    if indication is not None:
        raise NotCounted(_failure(indication))
    if int(status):
        raise NotCounted("refused")
    found: dict[Oid, Value] = {}
    for name, value in pairs:
        if isinstance(value, OctetString):
            found[tuple(name)] = bytes(value)
        elif isinstance(value, Integer):
            found[tuple(name)] = int(value)
    return found


def _failure(indication: Any) -> UplinkFailure:
    if isinstance(indication, errind.RequestTimedOut):
        return "no_answer"
    return "wrong_credentials" if isinstance(indication, _NOT_LET_IN) else "refused"
