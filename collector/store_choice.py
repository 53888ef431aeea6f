"""Which engine keeps the reports: the one that the settings name. Only that one is imported."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from collector.registry.registry import Registry
from collector.settings import Settings
from collector.store.protocol import Store, StoreError

if TYPE_CHECKING:
    from collector.store.influx_connection import InfluxAccess
    from collector.store.influx_init import Made
    from collector.store.influx_schema import Retention


def open_store(settings: Settings, registry: Registry) -> Store:
    """The store, opened. Raises `StoreError`."""
    if settings.store == "influx":
        access = influx_access(settings)
        from collector.store.influx_store import InfluxStore

        return InfluxStore.open_store(access, registry)
    from collector.store.duckdb_store import DuckDbStore

    return DuckDbStore.open_store(settings.data / "bandroom.duckdb", memory_limit=settings.store_memory)


def make_buckets(settings: Settings) -> Iterator["Made"]:
    """Make what InfluxDB lacks, one thing after the other. Raises `StoreError` or `StoreUnavailable`."""
    access = influx_access(settings)
    from collector.store.influx_connection import InfluxConnection
    from collector.store.influx_init import make_missing

    with closing(InfluxConnection(access)) as connection:
        yield from make_missing(connection, _keep(settings))


def forget_what_is_past(store: Store, settings: Settings, now: datetime) -> int:
    """Enforce the retention that the settings ask for. Returns how many rows went. Raises `StoreUnavailable`."""
    before = {kept: now - time for kept, time in _keep(settings).items()}
    return store.enforce_retention(
        reports_before=before["reports"], bins_before=before["bins"], days_before=before["days"]
    )


def _keep(settings: Settings) -> dict["Retention", timedelta]:
    return {
        "reports": timedelta(days=settings.keep_reports_days),
        "bins": timedelta(days=settings.keep_bins_days),
        "days": timedelta(days=settings.keep_days_days),
    }


def influx_access(settings: Settings) -> "InfluxAccess":
    """Where the settings say that InfluxDB is, and who we are there. Raises `StoreError`."""
    try:
        from collector.store.influx_connection import InfluxAccess
    except ImportError as error:
        raise StoreError(
            f"InfluxDB needs the Python package {error.name}: install Bandroom with bandroom[collector,influx]"
        ) from error
    if settings.influx_url is None:
        raise StoreError("there is no influx_url in the settings, such as http://127.0.0.1:8086")
    ca_file = settings.influx_ca_file
    if ca_file is not None and not ca_file.is_file():
        raise StoreError(f"influx_ca_file names {ca_file}, and there is no such file")
    return InfluxAccess(
        url=settings.influx_url,
        token=_token(settings),
        org=settings.influx_org,
        prefix=settings.influx_prefix,
        ca_file=None if ca_file is None else str(ca_file),
    )


def _token(settings: Settings) -> str:
    if settings.influx_token_file is None:
        return settings.influx_token.get_secret_value() if settings.influx_token else ""
    try:
        return settings.influx_token_file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise StoreError(f"cannot read influx_token_file {settings.influx_token_file}: {reason}") from error
