"""Mailed pages as gauges for Prometheus, by what became of them."""

from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from collector.registry.mailings import Mailings, State

STATES: tuple[State, ...] = ("sending", "sent", "possibly_sent", "refused", "failed")


class MailGauges(Collector):
    """Asks the ledger whenever it is scraped. While the registry does not answer these are missing, and no others."""

    def __init__(self, mailings: Mailings) -> None:
        self._mailings = mailings

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """The gauge without a value, so that nothing is asked when it is registered."""
        return [_family()]

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """The gauge with its values."""
        try:
            counts = self._mailings.counts()
        except SQLAlchemyError:
            return
        family = _family()
        for state in STATES:
            count = counts.get(state, 0) + (counts.get("claimed", 0) if state == "sending" else 0)
            family.add_metric([state], count)
        yield family


def _family() -> GaugeMetricFamily:
    return GaugeMetricFamily(
        "bandroom_mailings", "Weekly pages and recipients, by what became of them", labels=["state"]
    )
