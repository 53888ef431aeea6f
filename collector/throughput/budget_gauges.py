"""The budgets as gauges for Prometheus: of the district and of each site. An agent's are on the API alone: thousands of
agents would be thousands of series."""

from collections.abc import Callable, Iterable

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from collector.throughput.spending import DistrictSpending

_GAUGES = {
    "used": "What throughput tests have cost",
    "reserved": "What is set aside for throughput tests under way",
    "limit": "The most that throughput tests may cost",
}


class BudgetGauges(Collector):
    """Asks `now` whenever it is scraped. While the registry does not answer these are missing, and no other metric."""

    def __init__(self, now: Callable[[], DistrictSpending]) -> None:
        self._now = now

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """The gauges without a value, so that nothing is asked when they are registered."""
        return [_family(name) for name in _GAUGES]

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """The gauges with their values."""
        try:
            found = self._now()
        except SQLAlchemyError:
            return
        for name in _GAUGES:
            family = _family(name)
            for one in (found.district, *found.sites):
                for period, spent in (("day", one.day), ("month", one.month)):
                    family.add_metric([one.scope, one.site or "", period], getattr(spent, f"{name}_bytes"))
            yield family


def _family(name: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"bandroom_budget_{name}_bytes", _GAUGES[name], labels=["scope", "site", "period"])
