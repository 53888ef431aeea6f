"""What readers of the store beside us, Grafana, see of uplinks' outlooks: kept as the weeks are."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from collector.store.protocol import Store
from collector.uplinks.outlooks import Outlooks
from collector.verdict.uplinks.outlook import Outlook

EVERY = timedelta(minutes=15)
"""Octets that come late change weeks again and again: outlooks follow no more often, but at once after a new week."""


class ShownOutlooks:
    """Writes `outlooks` into a store that shows them. Not for several threads. `show` may raise `StoreUnavailable`."""

    def __init__(self, store: Store, outlooks: Outlooks) -> None:
        self._store = store
        self._outlooks = outlooks
        self._shown: tuple[date | None, Mapping[str, Outlook]] = None, {}
        self._shown_at: datetime | None = None

    def show(self, now: datetime, *, at_once: bool) -> bool:
        """Write what has changed of what is to be said after the newest week; whether that was done, or it is too
        early to. Nothing is said where no uplink was ever counted."""
        if not self._store.uplinks.keeps_outlooks:
            return True
        if not at_once and self._shown_at is not None and self._shown_at <= now < self._shown_at + EVERY:
            return False
        self._outlooks.forget()
        through, told = self._outlooks.newest()
        if through is not None and any(one.weeks for one in told.values()):
            before = self._shown[1] if self._shown[0] == through else {}
            changed = [one for uplink, one in told.items() if before.get(uplink) != one]
            if changed:
                self._store.uplinks.write_outlooks(through, changed)
            self._shown = through, told
        self._shown_at = now
        return True
