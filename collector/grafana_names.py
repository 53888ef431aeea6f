"""Gives the store what readers in Grafana are told: names as the district has them, and sentences."""

from functools import partial
from typing import TYPE_CHECKING

from collector.district.district import District
from collector.publish import outlook_told, uplink_named, week_told
from collector.store.protocol import Store

if TYPE_CHECKING:
    from collector.store.influx_store import InfluxStore


def name_for_grafana(store: Store, district: District) -> "InfluxStore":
    """Let `store`, which is InfluxDB, write names and words of `district` beside its points."""
    from collector.store.influx_store import InfluxStore

    assert isinstance(store, InfluxStore)
    store.told_of = partial(week_told, district)
    store.uplinks.named_of = partial(uplink_named, district)
    store.uplinks.told_of = outlook_told
    return store
