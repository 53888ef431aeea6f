"""The tests' InfluxDB as the collector is told of it."""

from typing import Any

from collector.store.influx_connection import InfluxAccess
from tests.influx import Influx


def influx_access(influx: Influx) -> InfluxAccess:
    """What the settings say of it."""
    return InfluxAccess(url=influx.url, token=influx.token, org=influx.org, prefix=influx.prefix)


def influx_settings(influx: Influx) -> dict[str, Any]:
    """The same as settings."""
    return {
        "store": "influx",
        "influx_url": influx.url,
        "influx_token": influx.token,
        "influx_org": influx.org,
        "influx_prefix": influx.prefix,
    }
