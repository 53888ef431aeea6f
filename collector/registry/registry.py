"""The registry: one class over one database URL, in the words of enrolment.

Codes and tokens are kept as SHA-256 only. Both are long random strings of our own making, so a plain
digest is enough: there is nothing to guess faster with a table. A code works for `uses` machines until
it expires; a machine that asks again with the same code and token (its answer was lost) gets the same
agent again.
"""

import hashlib
import secrets
import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    create_engine,
    delete,
    event,
    func,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError

from collector.registry import schema
from collector.registry.agent import Agent, Stay
from collector.registry.byte_ledger import ByteLedger, forget_periods_before, take_over_test_bytes
from collector.registry.incidents import Incidents, forget_incidents_before
from collector.registry.mailed_verdicts import MailedVerdicts
from collector.registry.mailings import Mailings, forget_mailings_before
from collector.registry.notices import Notices
from collector.registry.reflector_off import ReflectorOff, forget_off_before
from collector.registry.room_checks import RoomChecks
from collector.registry.site_keys import SiteKeys
from collector.registry.stored_ranges import StoredRanges
from collector.time_repair import Offset
from wire.enrolment import CODE_ALPHABET, CODE_LENGTH, EnrolmentRequest, Role, normalised_code


class RegistryError(Exception):
    """The registry cannot be used as it stands; the message names the fix."""


class Refused(Exception):
    """A request that the registry says no to, with the machine word and a sentence."""

    def __init__(self, word: str, detail: str) -> None:
        super().__init__(detail)
        self.word = word
        self.detail = detail


class Registry:
    """Agents, codes and boots in one SQL database. Safe for several threads and processes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open_registry(cls, url: str) -> "Registry":
        """Open the registry at an SQLAlchemy `url`, making its tables when there are none.

        Raises `RegistryError` when it cannot be opened or is of a later version.
        """
        try:
            engine = create_engine(url)
        except ArgumentError:
            raise RegistryError("registry_url is not an SQLAlchemy URL such as sqlite:////var/lib/x.sqlite") from None
        except ImportError as error:
            raise RegistryError(
                f"registry_url needs the Python package {error.name}: install it beside Bandroom"
            ) from None
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _set_pragmas)
        try:
            with engine.begin() as connection:
                if not inspect(connection).has_table("meta"):
                    schema.metadata.create_all(connection)
                    connection.execute(insert(schema.meta).values(schema_version=schema.SCHEMA_VERSION))
                version = connection.execute(select(schema.meta.c.schema_version)).scalar_one()
                if version < schema.SCHEMA_VERSION:
                    schema.metadata.create_all(connection)
                    if inspect(connection).has_table("test_bytes"):  # until version 4
                        take_over_test_bytes(connection)
                    connection.execute(update(schema.meta).values(schema_version=schema.SCHEMA_VERSION))
        except DBAPIError as error:
            raise RegistryError(f"cannot open the registry {engine.url!r}: {error.orig}") from error
        if version > schema.SCHEMA_VERSION:
            raise RegistryError(
                f"the registry has schema version {version}, this program knows up to {schema.SCHEMA_VERSION}: "
                "upgrade Bandroom"
            )
        return cls(engine)

    def make_code(self, *, site: str, room: str, role: Role, uses: int, expires_ms: int) -> str:
        """A new enrolment code for a place, shown once, such as ``7K2M-9QXD-4TAB``."""
        text = "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))
        with self._engine.begin() as connection:
            connection.execute(
                insert(schema.codes).values(
                    code_sha256=digest(text), site=site, room=room, role=role, uses_left=uses, expires_ms=expires_ms
                )
            )
        return "-".join(text[at : at + 4] for at in range(0, CODE_LENGTH, 4))

    def enrol(self, request: EnrolmentRequest, *, now_ms: int) -> Agent:
        """Make an agent from a code. Raises `Refused`: ``unknown_code``, ``code_expired``, ``code_used``."""
        code_sha256 = digest(normalised_code(request.code))
        with self._engine.begin() as connection:
            known = self._agent_where(connection, schema.agents.c.token_sha256 == request.token_sha256)
            if known is not None:
                agent, joined_with = known
                if joined_with != code_sha256:
                    raise Refused("token_in_use", "this token belongs to an agent that joined with another code")
                return agent
            code = connection.execute(select(schema.codes).where(schema.codes.c.code_sha256 == code_sha256)).first()
            if code is None:
                raise Refused("unknown_code", "no such enrolment code: ask for a new one (bandroom enrol code)")
            if code.expires_ms <= now_ms:
                raise Refused(
                    "code_expired", "this enrolment code has expired: ask for a new one (bandroom enrol code)"
                )
            # One conditional update decides who got the last use, whatever else is enrolling.
            taken = connection.execute(
                update(schema.codes)
                .where(schema.codes.c.code_sha256 == code_sha256, schema.codes.c.uses_left > 0)
                .values(uses_left=schema.codes.c.uses_left - 1)
            )
            if taken.rowcount != 1:
                raise Refused("code_used", "this enrolment code was used up: ask for a new one (bandroom enrol code)")
            agent = Agent(
                agent=secrets.token_hex(8),
                stays=(Stay(from_ms=0, site=code.site, room=code.room),),
                role=code.role,
                enrolled_ms=now_ms,
                revoked_ms=None,
            )
            connection.execute(
                insert(schema.agents).values(
                    agent=agent.agent,
                    token_sha256=request.token_sha256,
                    code_sha256=code_sha256,
                    site=agent.site,
                    room=agent.room,
                    role=agent.role,
                    enrolled_ms=now_ms,
                )
            )
            return agent

    def agent_of_token(self, token: str) -> Agent:
        """The agent that holds `token`. Raises `Refused`: ``unknown_agent``, ``revoked_token``."""
        with self._engine.connect() as connection:
            known = self._agent_where(connection, schema.agents.c.token_sha256 == digest(token))
        if known is None:
            raise Refused("unknown_agent", "no agent has this token: enrol it again (bandroom-agent join)")
        agent, _ = known
        if agent.revoked_ms is not None:
            raise Refused("revoked_token", "this agent was revoked: enrol it again with a new code")
        return agent

    def agents(self) -> list[Agent]:
        """Every agent ever enrolled, by the place where it stands."""
        with self._engine.connect() as connection:
            moves: dict[str, list[Row[Any]]] = defaultdict(list)
            for row in connection.execute(select(schema.moves).order_by(schema.moves.c.from_ms)):
                moves[row.agent].append(row)
            found = [_agent(row, moves.get(row.agent, ())) for row in connection.execute(select(schema.agents))]
        return sorted(found, key=lambda one: (one.site, one.room, one.enrolled_ms))

    def references(self) -> int:
        """How many reference agents there are that were not revoked."""
        columns = schema.agents.c
        counted = select(func.count()).where(columns.role == "reference", columns.revoked_ms.is_(None))
        with self._engine.connect() as connection:
            return connection.execute(counted).scalar_one()

    def move(self, agent: str, *, site: str, room: str, now_ms: int) -> None:
        """Let an agent stand in another room from `now_ms` on.

        Raises `Refused`: ``unknown_agent``, ``revoked_token``.
        """
        columns = schema.moves.c
        with self._engine.begin() as connection:
            # Moves of a time to come were made by a clock that was wrong; this one is where the agent stands.
            connection.execute(delete(schema.moves).where(columns.agent == agent, columns.from_ms >= now_ms))
            known = self._agent_where(connection, schema.agents.c.agent == agent)
            if known is None:
                raise Refused("unknown_agent", f"there is no agent {agent}: bandroom enrol agents lists them")
            if known[0].revoked_ms is not None:
                raise Refused("revoked_token", f"agent {agent} was revoked: enrol it again with a code for that room")
            connection.execute(insert(schema.moves).values(agent=agent, from_ms=now_ms, site=site, room=room))

    def revoke(self, agent: str, *, now_ms: int) -> None:
        """Make an agent's token worthless. Raises `Refused` ``unknown_agent``."""
        with self._engine.begin() as connection:
            changed = connection.execute(
                update(schema.agents).where(schema.agents.c.agent == agent).values(revoked_ms=now_ms)
            )
        if changed.rowcount != 1:
            raise Refused("unknown_agent", f"there is no agent {agent}: bandroom enrol agents lists them")

    def offsets(self, agent: str, boot: str) -> list[Offset]:
        """The clock offsets of a boot, ascending."""
        columns = schema.boots.c
        with self._engine.connect() as connection:
            rows = connection.execute(
                select(columns.from_boot_ms, columns.offset_ms, columns.repaired)
                .where(columns.agent == agent, columns.boot == boot)
                .order_by(columns.from_boot_ms)
            )
            return [Offset(from_boot_ms=row[0], offset_ms=row[1], repaired=row[2]) for row in rows]

    def add_offset(self, agent: str, boot: str, offset: Offset, *, now_ms: int) -> list[Offset]:
        """Fix a further offset of a boot, unless another request was quicker; what holds now."""
        try:
            with self._engine.begin() as connection:
                connection.execute(
                    insert(schema.boots).values(
                        agent=agent,
                        boot=boot,
                        from_boot_ms=offset.from_boot_ms,
                        offset_ms=offset.offset_ms,
                        repaired=offset.repaired,
                        made_ms=now_ms,
                    )
                )
        except IntegrityError:
            pass  # the other request's offset holds
        return self.offsets(agent, boot)

    def forget(self, *, codes_before_ms: int, boots_before_ms: int, days_before: str, checks_before_ms: int = 0) -> int:
        """Drop codes that expired, boots that were first met and checks that were made before then, when the reflector
        was off and incidents that were closed before those boots, and the byte counts and mailings of days before
        `days_before`. Returns how many went."""
        with self._engine.begin() as connection:
            codes = connection.execute(delete(schema.codes).where(schema.codes.c.expires_ms < codes_before_ms))
            boots = connection.execute(delete(schema.boots).where(schema.boots.c.made_ms < boots_before_ms))
            checks = connection.execute(delete(schema.room_checks).where(schema.room_checks.c.at_ms < checks_before_ms))
            periods = forget_periods_before(connection, days_before)
            off = forget_off_before(connection, boots_before_ms)
            mailings = forget_mailings_before(connection, days_before)
            incidents = forget_incidents_before(connection, boots_before_ms)
            gone = codes.rowcount + boots.rowcount + checks.rowcount
            return gone + periods + off + mailings + incidents

    @property
    def byte_ledger(self) -> ByteLedger:
        """What throughput tests cost."""
        return ByteLedger(self._engine)

    @property
    def mailings(self) -> Mailings:
        """Which page went to whom."""
        return Mailings(self._engine)

    @property
    def mailed_verdicts(self) -> MailedVerdicts:
        """What these pages said."""
        return MailedVerdicts(self._engine)

    @property
    def incidents(self) -> Incidents:
        """Trouble that technicians are told of."""
        return Incidents(self._engine)

    @property
    def notices(self) -> Notices:
        """Who was told of it."""
        return Notices(self._engine)

    @property
    def reflector_off(self) -> ReflectorOff:
        """When nobody could measure to the district."""
        return ReflectorOff(self._engine)

    @property
    def room_checks(self) -> RoomChecks:
        """What was found where somebody asked."""
        return RoomChecks(self._engine)

    @property
    def site_keys(self) -> SiteKeys:
        """The keys that prove a site."""
        return SiteKeys(self._engine)

    @property
    def stored_ranges(self) -> StoredRanges:
        """The ledger of a store that has no transactions."""
        return StoredRanges(self._engine)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    @staticmethod
    def _agent_where(connection: Connection, condition: ColumnElement[bool]) -> tuple[Agent, str] | None:
        """The agent and the digest of the code it joined with."""
        row = connection.execute(select(schema.agents).where(condition)).first()
        if row is None:
            return None
        columns = schema.moves.c
        moves = connection.execute(select(schema.moves).where(columns.agent == row.agent).order_by(columns.from_ms))
        return _agent(row, moves), row.code_sha256


def digest(secret: str) -> str:
    """The SHA-256 of a secret as the registry keeps it."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _agent(row: Row[Any], moves: Iterable[Row[Any]]) -> Agent:
    """An agent from its row and those of its moves, ascending."""
    joined_for = Stay(from_ms=0, site=row.site, room=row.room)
    return Agent(
        agent=row.agent,
        stays=(joined_for, *(Stay(from_ms=one.from_ms, site=one.site, room=one.room) for one in moves)),
        role=row.role,
        enrolled_ms=row.enrolled_ms,
        revoked_ms=row.revoked_ms,
    )


def _set_pragmas(connection: sqlite3.Connection, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA busy_timeout = 10000")
    cursor.close()
