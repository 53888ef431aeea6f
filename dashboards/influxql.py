"""What a panel or an alert rule asks InfluxDB: a typed InfluxQL query, checked against the store's schema.

Grafana's SDK has no query type for InfluxDB. This one writes what its data source wants in raw InfluxQL mode.
Percentiles are those that the engine wrote: a function that would make a percentile of percentiles is refused.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Self

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.common import DataSourceRef

from collector.store.influx_schema import Measurement, Retention

Function = Literal["last", "max", "min", "sum", "count", "spread"]
During = Literal["last_minutes", "range", "week_of_range", "last_week", "chosen_week"]
"""The last quarter of an hour; the range of the dashboard or of the alert rule; that range, of which no more than the
last week is read; the last week; the moment that stands for the week of the variable."""

Fill = Literal["none", "null"]

NOW = "15m"
"""How far back a panel of what is now looks: three times as far as the collector writes each room."""

_DURING: dict[During, str] = {
    "last_minutes": f"time > now() - {NOW}",
    "range": "$timeFilter",
    "week_of_range": "$timeFilter AND time > ${__to}ms - 7d",
    "last_week": "time > now() - 7d",
    # Before there is a week the variable is empty, and this is 1970.
    "chosen_week": "time = 0${week:regex}ms",
}
_PERCENTILE = re.compile(r"p\d+_ms")
_OF_PERCENTILES = frozenset({None, "last", "max"})
"""The newest and the worst of several percentiles are percentiles that were measured; nothing else is."""


class BadQuery(ValueError):
    """A query that does not fit the schema: a fault of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A field or tag, or a function of a field, under the name `shown`, in another unit if it is `divided_by`."""

    name: str
    function: Function | None = None
    shown: str | None = None
    divided_by: int = 1

    @property
    def names(self) -> tuple[str, ...]:
        """What it reads."""
        return (self.name,)

    @property
    def title(self) -> str:
        """What its values are called in the answer."""
        return self.shown or self.name

    def text(self) -> str:
        """InfluxQL."""
        said = _name(self.name) if self.function is None else f"{self.function}({_name(self.name)})"
        if self.divided_by != 1:
            said = f"{said} / {self.divided_by}"
        return said if self.shown is None else f"{said} AS {_name(self.shown)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Combined:
    """`left` and `right`, both of `function`, combined: a share of seconds, what a counter grew by."""

    left: str
    right: str
    function: Function
    sign: Literal["/", "-"]
    shown: str

    @property
    def names(self) -> tuple[str, ...]:
        """What it reads."""
        return (self.left, self.right)

    @property
    def title(self) -> str:
        """What its values are called in the answer."""
        return self.shown

    def text(self) -> str:
        """InfluxQL."""
        sides = (f"{self.function}({_name(side)})" for side in self.names)
        return f"{f' {self.sign} '.join(sides)} AS {_name(self.shown)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What is left of `name` without `less`, point by point."""

    name: str
    less: tuple[str, ...]
    shown: str

    @property
    def names(self) -> tuple[str, ...]:
        """What it reads."""
        return (self.name, *self.less)

    @property
    def title(self) -> str:
        """What its values are called in the answer."""
        return self.shown

    def text(self) -> str:
        """InfluxQL."""
        return f"{' - '.join(map(_name, self.names))} AS {_name(self.shown)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """By how much the counter `name` grew each minute; a restart, which begins it anew, is left out."""

    name: str
    shown: str

    @property
    def names(self) -> tuple[str, ...]:
        """What it reads."""
        return (self.name,)

    @property
    def title(self) -> str:
        """What its values are called in the answer."""
        return self.shown

    def text(self) -> str:
        """InfluxQL."""
        return f"non_negative_derivative(last({_name(self.name)}), 1m) AS {_name(self.shown)}"


AnyColumn = Column | Combined | Rest | Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """A field or tag compared with a value."""

    name: str
    sign: Literal["=", "!=", ">", ">=", "<"]
    value: str | int | bool

    def text(self) -> str:
        """InfluxQL."""
        return f"{_name(self.name)} {self.sign} {_literal(self.value)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A tag that is what the variable of the same name says."""

    name: str

    def text(self) -> str:
        """InfluxQL for Grafana, which puts the value there with nothing in it that a regular expression reads."""
        return f"{_name(self.name)} =~ /^${{{self.name}:regex}}$/"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf:
    """One of several comparisons holds."""

    conditions: tuple[Where, ...]

    def text(self) -> str:
        """InfluxQL."""
        return f"({' OR '.join(one.text() for one in self.conditions)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Select:
    """A query of one measurement, or of what another query finds. Raises `BadQuery` for a name that is not there.

    `every` groups by time, in Grafana's words for an interval (``$__interval``); `newest` keeps that many points of
    each group.
    """

    source: "Measurement | Select"
    columns: tuple[AnyColumn, ...]
    during: During | None = None
    where: tuple[Where | Chosen | AnyOf, ...] = ()
    group_by: tuple[str, ...] = ()
    every: str | None = None
    fill: Fill = "none"
    newest: int | None = None

    def __post_init__(self) -> None:
        """Check names against what the source has."""
        known, tags = self._known()
        wanted = {name for column in self.columns for name in column.names} | {
            condition.name for condition in self._conditions()
        }
        if missing := wanted - known:
            raise BadQuery(f"{self.measurement.name} has no {', '.join(sorted(missing))}")
        if missing := {*self.group_by} - tags:
            raise BadQuery(f"{self.measurement.name} has no tag {', '.join(sorted(missing))}")
        if (self.during is None) is isinstance(self.source, Measurement):
            raise BadQuery("the innermost query, and no other, says from when it reads")
        for column in self.columns:
            honest = isinstance(column, Column) and column.function in _OF_PERCENTILES
            if not honest and any(map(_PERCENTILE.fullmatch, column.names)):
                raise BadQuery(f"no percentile comes of percentiles: {column.text()}")

    @property
    def measurement(self) -> Measurement:
        """What is read in the end."""
        return self.source if isinstance(self.source, Measurement) else self.source.measurement

    @property
    def innermost(self) -> "Select":
        """The query that reads the measurement."""
        return self if isinstance(self.source, Measurement) else self.source.innermost

    def text(self) -> str:
        """InfluxQL with Grafana's variables in it."""
        source = _name(self.source.name) if isinstance(self.source, Measurement) else f"({self.source.text()})"
        conditions = [condition.text() for condition in self.where]
        if self.during is not None:
            conditions.append(_DURING[self.during])
        groups = [_name(tag) for tag in self.group_by]
        if self.every is not None:
            groups.insert(0, f"time({self.every})")
        parts = ["SELECT", ", ".join(column.text() for column in self.columns), "FROM", source]
        if conditions:
            parts.append(f"WHERE {' AND '.join(conditions)}")
        if groups:
            parts.append(f"GROUP BY {', '.join(groups)}")
        if self.every is not None:
            parts.append(f"fill({self.fill})")
        # InfluxDB wants both queries to read in the same direction.
        if self.newest is not None or (isinstance(self.source, Select) and self.source.newest is not None):
            parts.append("ORDER BY time DESC")
        if self.newest is not None:
            parts.append(f"LIMIT {self.newest}")
        return " ".join(parts)

    def _known(self) -> tuple[set[str], set[str]]:
        """The names of fields and tags, and of tags alone."""
        if isinstance(self.source, Measurement):
            return {*self.source.tags, *self.source.fields}, {*self.source.tags}
        tags = {*self.source.group_by}
        return {column.title for column in self.source.columns} | tags, tags

    def _conditions(self) -> Iterator[Where | Chosen]:
        for condition in self.where:
            if isinstance(condition, AnyOf):
                yield from condition.conditions
            else:
                yield condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Target(Builder[Dataquery], Dataquery):
    """A query as Grafana's InfluxDB data source takes it; `alias` names its lines. As a table it is one table,
    otherwise a line for each column and group."""

    select: Select
    ref_id: str = "A"
    alias: str = ""
    table: bool = False

    def build(self) -> Self:
        """Itself: it is what it builds."""
        return self

    def to_json(self) -> dict[str, object]:
        """The JSON of the data source's raw mode."""
        return {
            "refId": self.ref_id,
            "datasource": source_of(self.select.measurement.kept).to_json(),
            "query": self.select.text(),
            "rawQuery": True,
            "resultFormat": "table" if self.table else "time_series",
            **({"alias": self.alias} if self.alias else {}),
        }


def source_of(kept: Retention) -> DataSourceRef:
    """The data source of a retention class: InfluxQL reads one database, so each has its own."""
    return DataSourceRef(type_val="influxdb", uid=f"bandroom-{kept}")


def _name(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _literal(value: str | int | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"
