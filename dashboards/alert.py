"""An alert rule of ours, before Grafana's words for it."""

from dataclasses import dataclass
from typing import Literal

from dashboards.influxql import Select

A_BREAK = "25m"
"""A break between lessons, and a bin, are over by then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A number for each group of a query over the last `seconds`."""

    select: Select
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A rule. `condition` is Grafana's math over the names of `measures`. It holds `pending` long before it is told,
    and is told for `keeps` long after it held last."""

    uid: str
    title: str
    measures: dict[str, Measure]
    condition: str
    pending: str
    keeps: str
    no_data: Literal["OK", "Alerting", "NoData", "KeepLast"]
    on_error: Literal["OK", "Alerting", "Error", "KeepLast"]
    severity: str
    summary: str
    description: str
    page: str
