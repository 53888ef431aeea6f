"""Counts that add up: received = stored + duplicate + rejected + deferred, whenever nothing is under way."""

from prometheus_client import CollectorRegistry, Counter


class Accounts:
    """What became of every report that was ever decoded, as Prometheus counters."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"bandroom_{name}", text, labels, registry=registry)

        self.received = counter("reports_received", "Reports in batches that could be read")
        self.stored = counter("reports_stored", "Reports that are now in the store")
        self.duplicate = counter("reports_duplicate", "Reports that were in the store already")
        self.rejected = counter("reports_rejected", "Reports that will never be stored, by reason", "reason")
        self.deferred = counter("reports_deferred", "Reports that the store did not take; their agent keeps them")
        self.refused = counter("requests_refused", "Requests of agents that were refused whole, by reason", "reason")
        self.repaired = counter("reports_repaired", "Stored reports whose time comes from the collector's clock")
        self.cut_off = counter("connections_cut_off", "Connections that were ended at the door, by reason", "reason")
        self.commits = counter("commits", "Group commits")

    def totals(self) -> dict[str, int]:
        """How many reports were received, and what became of them, since the start."""
        return {
            name: int(
                sum(sample.value for one in counter.collect() for sample in one.samples if _is_total(sample.name))
            )
            for name, counter in (
                ("received", self.received),
                ("stored", self.stored),
                ("duplicate", self.duplicate),
                ("rejected", self.rejected),
                ("deferred", self.deferred),
            )
        }


def _is_total(sample: str) -> bool:
    return sample.endswith("_total")
