"""Makes what an InfluxDB lacks for Bandroom: buckets and their 1.x names on 2.x, databases on 1.x. Safe to repeat.

What is there already stays as it is: a bucket's retention is its admin's, and is only compared with the settings.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from collector.store.influx_connection import InfluxConnection, NotThere
from collector.store.influx_query import name
from collector.store.influx_schema import Retention
from collector.store.protocol import StoreError

SLACK = timedelta(days=1)
"""A bucket keeps that much longer than the settings say, so that it takes whatever passed the door."""

_UNITS = {"h": 3600, "m": 60, "s": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A thing that Bandroom needs: whether it was made now, and what is to be said of it."""

    what: str
    new: bool
    remark: str = ""

    def __str__(self) -> str:
        """One line for the admin."""
        return f"{'made' if self.new else 'was there'}: {self.what}{self.remark}"


def make_missing(connection: InfluxConnection, keep: Mapping[Retention, timedelta]) -> Iterator[Made]:
    """Make what is missing, one thing after the other, each kept as long as `keep` says.

    Raises `StoreUnavailable`, or `StoreError` for an InfluxDB in which it cannot be made from here.
    """
    version = connection.version()
    if version.startswith("1."):
        yield from _databases(connection, keep)
    elif version.startswith("2."):
        yield from _buckets(connection, keep)
    else:
        names = ", ".join(connection.access.bucket(retention) for retention in keep)
        raise StoreError(
            f"InfluxDB {version or 'of an unknown version'} makes its databases itself: make {names} with its own "
            "tool; docs/influxdb.md says how"
        )


def _databases(connection: InfluxConnection, keep: Mapping[Retention, timedelta]) -> Iterator[Made]:
    there = {row[0] for series in connection.manage("SHOW DATABASES") for row in series.rows}
    for retention, time in keep.items():
        database = connection.access.bucket(retention)
        what = f"database {database}"
        if database in there:
            yield Made(what=what, new=False, remark=_compared(_shortest(connection, database), time))
        else:
            hours = int((time + SLACK).total_seconds()) // 3600
            connection.manage(f"CREATE DATABASE {name(database)} WITH DURATION {hours}h REPLICATION 1")
            yield Made(what=what, new=True, remark=f", keeps {(time + SLACK).days} days")


def _shortest(connection: InfluxConnection, database: str) -> timedelta | None:
    """How long the database keeps what it is given; ``None`` is for ever."""
    for series in connection.manage(f"SHOW RETENTION POLICIES ON {name(database)}"):
        for row in series.rows:
            policy = dict(zip(series.columns, row, strict=True))
            if policy["default"]:
                parts = re.findall(r"(\d+)([hms])", policy["duration"])
                return timedelta(seconds=sum(int(count) * _UNITS[unit] for count, unit in parts)) or None
    return None


def _buckets(connection: InfluxConnection, keep: Mapping[Retention, timedelta]) -> Iterator[Made]:
    org = connection.access.org
    orgs = connection.ask("GET", "/api/v2/orgs", {"org": org}, about=org)["orgs"]
    seen = orgs[0]["id"] if orgs else None  # a token for our buckets alone sees no organization
    for retention, time in keep.items():
        bucket = connection.access.bucket(retention)
        what = f"bucket {bucket}"
        whose = {"orgID": seen} if seen else {}
        try:
            same = connection.ask("GET", "/api/v2/buckets", {**whose, "name": bucket}, about=bucket)["buckets"]
        except NotThere:
            same = []
        org_id = same[0]["orgID"] if same else seen
        if org_id is None:
            raise StoreError(
                f'influx_token may not see the organization "{org}", so it cannot make the {what}: '
                "repeat with --admin-token-file FILE, or mend influx_org"
            )
        if same:
            bucket_id = same[0]["id"]
            seconds = min((rule["everySeconds"] for rule in same[0].get("retentionRules", ())), default=0)
            yield Made(what=what, new=False, remark=_compared(timedelta(seconds=seconds) or None, time))
        else:
            rules = [{"type": "expire", "everySeconds": int((time + SLACK).total_seconds())}]
            wanted = {"orgID": org_id, "name": bucket, "retentionRules": rules}
            bucket_id = connection.ask("POST", "/api/v2/buckets", wanted, about=bucket, as_json=True)["id"]
            yield Made(what=what, new=True, remark=f", keeps {(time + SLACK).days} days")
        yield _mapping(connection, org_id, bucket, bucket_id)


def _mapping(connection: InfluxConnection, org_id: str, bucket: str, bucket_id: str) -> Made:
    """By which InfluxQL finds the bucket. Newer servers have one for each bucket by themselves."""
    what = f"mapping of InfluxQL's database {bucket} to the bucket"
    there = connection.ask("GET", "/api/v2/dbrps", {"orgID": org_id, "db": bucket}, about=bucket)
    if any(one["bucketID"] == bucket_id for one in there.get("content") or ()):
        return Made(what=what, new=False)
    wanted = {
        "orgID": org_id,
        "bucketID": bucket_id,
        "database": bucket,
        "retention_policy": "autogen",
        "default": True,
    }
    connection.ask("POST", "/api/v2/dbrps", wanted, about=bucket, as_json=True)
    return Made(what=what, new=True)


def _compared(kept: timedelta | None, wanted: timedelta) -> str:
    if kept is None:
        return ", keeps for ever; the collector deletes what is older than its settings say"
    if kept < wanted:
        return f", keeps {kept.days} days only and the settings say {wanted.days}: lengthen its retention"
    return f", keeps {kept.days} days"
