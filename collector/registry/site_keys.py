"""The keys that prove a site: its reflector and the agents in its rooms have the same one, and nobody else has it."""

import secrets
from collections.abc import Iterable

from sqlalchemy import Engine, insert, select
from sqlalchemy.exc import IntegrityError

from collector.registry.schema import site_keys as table
from wire.stamp import KEY_BYTES


class SiteKeys:
    """One random key for each site, made when it is first asked for and kept as it is: agents must be able to use it.

    Every method may raise `sqlalchemy.exc.SQLAlchemyError`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, sites: Iterable[str], *, now_ms: int) -> dict[str, str]:
        """The key of each of `sites`, in hexadecimal digits."""
        for site in sites:
            try:
                with self._engine.begin() as connection:
                    connection.execute(
                        insert(table).values(site=site, key_hex=secrets.token_hex(KEY_BYTES), made_ms=now_ms)
                    )
            except IntegrityError:
                pass  # it has one, from before or from another collector
        with self._engine.connect() as connection:
            found = {row.site: row.key_hex for row in connection.execute(select(table))}
        return {site: found[site] for site in sites}
