"""``profiles.toml`` of a district: cells that it sets differently from ours, and profiles of its own.

A cell is given whole and brings its source: who reads a limit on the board learns who says so. What is not given stays
as it is with us.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, create_model, field_validator

from collector.district.display_name import DisplayName, a_name
from collector.district.mistakes import BadFile, Mistake, line_of, read_toml, validate
from collector.district.wanted import did_you_mean
from collector.verdict.profiles import Judges, LatencyNeed, LossNeed, Profile, Profiles, RateNeed, ShareNeed
from wire.fields import MAX_BPS

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_NEEDED = ("version", "label", "judges", "rtt", "loss", "down", "up")
Percentile = Literal[50, 95, 99]
"""Those that a bin knows."""

_Source = Annotated[
    str, Field(min_length=1, max_length=400, examples=["our trial of May 2026"]), AfterValidator(a_name)
]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Limits(_Table):
    @field_validator("unacceptable", "unacceptable_ms", check_fields=False)
    @classmethod
    def _beyond(cls, unacceptable: float, info: ValidationInfo) -> float:
        name = (info.field_name or "").replace("unacceptable", "optimal")
        optimal = info.data.get(name)
        if optimal is not None and unacceptable <= optimal:
            raise ValueError(f"{unacceptable:g} is not beyond {name}, which is {optimal:g}; make it larger than that")
        return unacceptable


class _Latency(_Limits):
    percentile: Percentile
    optimal_ms: Annotated[float, Field(ge=0, le=60_000, examples=[100])]
    unacceptable_ms: Annotated[float, Field(ge=0, le=60_000, examples=[200])]
    source: _Source

    def need(self) -> LatencyNeed:
        return LatencyNeed(
            percentile=self.percentile,
            optimal_ms=self.optimal_ms,
            unacceptable_ms=self.unacceptable_ms,
            source=self.source,
        )


class _Loss(_Limits):
    optimal: Annotated[float, Field(ge=0, le=1, examples=[0.01])]
    unacceptable: Annotated[float, Field(ge=0, le=1, examples=[0.05])]
    source: _Source


class _Rate(_Table):
    bps: Annotated[int, Field(ge=1, le=MAX_BPS, examples=[1_000_000])]
    source: _Source


class _Share(_Table):
    share: Annotated[float, Field(gt=0, le=1, examples=[0.5])]
    source: _Source


class ProfileForm(_Table):
    """A table of the file, called as the profile is: what it says of it."""

    version: Annotated[int, Field(ge=1, le=9_999)] | None = None
    label: DisplayName | None = None
    judges: Judges | None = None
    rtt: Annotated[list[_Latency], Field(min_length=1)] | None = None
    loss: _Loss | None = None
    down: _Rate | None = None
    up: _Rate | None = None
    concurrency: _Share | None = None

    @field_validator("rtt")
    @classmethod
    def _each_once(cls, rtt: list[_Latency] | None) -> list[_Latency] | None:
        percentiles = [one.percentile for one in rtt or ()]
        for one in get_args(Percentile):
            if percentiles.count(one) > 1:
                raise ValueError(f"percentile {one} stands {percentiles.count(one)} times; give it once")
        return rtt

    def changes(self) -> dict[str, Any]:
        """The fields of a `Profile` that it sets, but for `rtt`."""
        cells: dict[str, Any] = {"version": self.version, "label": self.label, "judges": self.judges}
        if self.loss:
            cells["loss"] = LossNeed(**self.loss.model_dump())
        for name, rate in (("down", self.down), ("up", self.up)):
            cells[name] = RateNeed(**rate.model_dump()) if rate else None
        if self.concurrency:
            cells["concurrency"] = ShareNeed(**self.concurrency.model_dump())
        return {name: value for name, value in cells.items() if value is not None}

    def of(self, name: str, ours: Profile | None) -> Profile:
        """The profile that it makes of `ours`, or alone. Raises `ValueError` where it cannot judge."""
        changes = self.changes()
        needs = {need.percentile: need for need in ours.rtt} if ours else {}
        own = {float(one.percentile): one.need() for one in self.rtt or ()}
        rtt = tuple((needs | own).values())
        if ours is None:
            return Profile(name=name, rtt=rtt, changed=(*changes, *map(cell_of_rtt, own)), **changes)
        changed = [cell for cell, value in changes.items() if value != getattr(ours, cell)]
        changed += [cell_of_rtt(one) for one, need in own.items() if need != needs.get(one)]
        return replace(ours, rtt=rtt, changed=tuple(changed), **changes)


def cell_of_rtt(percentile: float) -> str:
    """What `Profile.changed` calls the latency limit at `percentile`: ``rtt p95``."""
    return f"rtt p{percentile:g}"


def own_profiles(path: Path, ours: Profiles) -> Profiles:
    """`ours` with what the file at `path` says otherwise. Its digest is of all that is in force. Raises `BadFile`."""
    text, data = read_toml(path)
    wrong = [
        Mistake(file=path.name, line=line_of(text, [name]), key=name, text=what)
        for name, table in data.items()
        for what in _wrong_table(name, table)
    ]
    if wrong:
        raise BadFile(wrong)
    model = create_model("OwnProfiles", **dict.fromkeys(data, (ProfileForm, ...)))  # type: ignore[call-overload]
    file = validate(model, data, text=text, file=path.name)
    by_name = dict(ours.by_name)
    for name in data:
        form: ProfileForm = getattr(file, name)
        try:
            missing = [] if name in by_name else [one for one in _NEEDED if getattr(form, one) is None]
            if missing:
                near = did_you_mean(name, by_name)
                raise ValueError(f"is no profile of ours, so it wants {', '.join(missing)}, too{near}")
            by_name[name] = form.of(name, ours.by_name.get(name))
        except ValueError as error:
            wrong.append(Mistake(file=path.name, line=line_of(text, [name]), key=name, text=str(error)))
    if wrong:
        raise BadFile(wrong)
    if not any(one.judges == "lessons" for one in by_name.values()):
        what = 'no profile judges lessons any more; give one judges = "lessons"'
        raise BadFile([Mistake(file=path.name, line=1, key="", text=what)])
    if by_name == ours.by_name:
        return ours
    return Profiles(by_name=by_name, digest=_digest(by_name))


def _wrong_table(name: str, table: object) -> Iterator[str]:
    if not isinstance(table, Mapping):
        yield f"is no table; write [{name}] above the cells of a profile"
    elif not _NAME.fullmatch(name):
        yield "is no name of a profile; allowed are a-z, 0-9 and _, such as video_lesson"


def _digest(by_name: Mapping[str, Profile]) -> str:
    in_force = json.dumps({name: asdict(one) for name, one in by_name.items()}, sort_keys=True)
    return hashlib.sha256(in_force.encode()).hexdigest()[:16]
