"""Checks that somebody asked for in a browser, kept beside the agents and never read by the engine."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Row, desc, insert, select, update

from collector.registry.schema import room_checks as table
from collector.verdict.room_check import RateFound, RoomCheck

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class RoomChecks:
    """The checks by their random id, durable when a call returns.

    Every method may raise `sqlalchemy.exc.SQLAlchemyError`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, check_id: str, check: RoomCheck) -> None:
        """Keep a check."""
        with self._engine.begin() as connection:
            connection.execute(insert(table).values(check_id=check_id, **_values(check)))

    def tell(self, check_id: str) -> bool:
        """Note that whoever made the check asked for help. Whether there is such a check."""
        with self._engine.begin() as connection:
            told = connection.execute(update(table).where(table.c.check_id == check_id).values(told=True))
        return told.rowcount == 1

    def newest(self, site: str, room: str, count: int = 1) -> list[RoomCheck]:
        """The newest checks of a room, newest first."""
        with self._engine.connect() as connection:
            rows = connection.execute(
                select(table)
                .where(table.c.site == site, table.c.room == room)
                .order_by(desc(table.c.at_ms))
                .limit(count)
            )
            return [_check(row) for row in rows]


def _values(check: RoomCheck) -> dict[str, Any]:
    return {
        "site": check.site,
        "room": check.room,
        "at_ms": (check.at - _EPOCH) // timedelta(milliseconds=1),
        "method_version": check.method_version,
        "profile": check.profile,
        "answer": check.answer,
        "why": check.why,
        "rtt_p50_us": None if check.rtt_p50_ms is None else round(check.rtt_p50_ms * 1000),
        "rtt_p95_us": None if check.rtt_p95_ms is None else round(check.rtt_p95_ms * 1000),
        "used_bytes": check.used_bytes,
        "told": check.told,
        **{
            f"{direction}_{name}": getattr(found, name)
            for direction, found in (("down", check.down), ("up", check.up))
            for name in ("required_bps", "received_bps", "sustained", "why")
        },
    }


def _check(row: Row[Any]) -> RoomCheck:
    down, up = (
        RateFound(
            required_bps=getattr(row, f"{direction}_required_bps"),
            received_bps=getattr(row, f"{direction}_received_bps"),
            sustained=getattr(row, f"{direction}_sustained"),
            why=getattr(row, f"{direction}_why"),
        )
        for direction in ("down", "up")
    )
    return RoomCheck(
        site=row.site,
        room=row.room,
        at=_EPOCH + timedelta(milliseconds=row.at_ms),
        method_version=row.method_version,
        profile=row.profile,
        answer=row.answer,
        why=row.why,
        down=down,
        up=up,
        rtt_p50_ms=None if row.rtt_p50_us is None else row.rtt_p50_us / 1000,
        rtt_p95_ms=None if row.rtt_p95_us is None else row.rtt_p95_us / 1000,
        used_bytes=row.used_bytes,
        told=row.told,
    )
