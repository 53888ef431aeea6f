"""The data sources that our panels ask: InfluxDB's InfluxQL, one for each of Bandroom's buckets."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from collector.store.influx_schema import RETENTIONS, Retention, bucket_of

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class InfluxAsSeen:
    """InfluxDB as Grafana's machine sees it. `prefix` begins the names of the buckets; `token` needs to read only."""

    url: str
    prefix: str
    token: str | None = None
    ca_file: Path | None = None


def data_sources(influx: InfluxAsSeen) -> list[Json]:
    """As Grafana's HTTP API takes them. Raises `OSError` when the file of the authority cannot be read."""
    return [_data_source(influx, kept) for kept in RETENTIONS]


def _data_source(influx: InfluxAsSeen, kept: Retention) -> Json:
    told: Json = {"version": "InfluxQL", "dbName": bucket_of(influx.prefix, kept), "httpMode": "POST"}
    secret: Json = {}
    if influx.token is not None:
        told["httpHeaderName1"] = "Authorization"
        secret["httpHeaderValue1"] = f"Token {influx.token}"
    if influx.ca_file is not None:
        told["tlsAuthWithCACert"] = True
        secret["tlsCACert"] = influx.ca_file.read_text(encoding="utf-8")
    return {
        "uid": f"bandroom-{kept}",
        "name": f"bandroom-{kept}",
        "type": "influxdb",
        "access": "proxy",
        "url": influx.url,
        "jsonData": told,
        "secureJsonData": secret,
    }
