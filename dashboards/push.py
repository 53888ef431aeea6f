"""Brings a Grafana to what this version of Bandroom shows: folder, data sources, dashboards, alert rules.

Everything is read before anything is written, so that what cannot be had is said while nothing has changed yet.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from dashboards.grafana import CannotPush, Grafana, Json

FOLDER_UID = "bandroom"
FOLDER_TITLE = "Bandroom"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What is pushed. Data sources, dashboards and rules carry their `uid`; rule groups are known by `title`."""

    data_sources: Sequence[Json]
    dashboards: Sequence[Json]
    rule_groups: Sequence[Json] = ()
    folder_uid: str = FOLDER_UID
    folder_title: str = FOLDER_TITLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What became of one thing."""

    what: Literal["folder", "data source", "dashboard", "alert rules"]
    title: str
    done: Literal["created", "updated", "unchanged"]


def push(grafana: Grafana, content: Content, *, message: str) -> Iterator[Step]:
    """Push `content`, a step at a time; `message` stands in the history of each dashboard that changes.

    What is the same already is left alone, because Grafana keeps every version. Data sources are always written: their
    token cannot be read, so nobody knows whether it is the same. Raises `CannotPush`.
    """
    grafana.check_version()
    sources = [(wanted, grafana.data_source(wanted["uid"])) for wanted in content.data_sources]
    folder = grafana.folder(content.folder_uid)
    stored = [(wanted, grafana.dashboard(wanted["uid"])) for wanted in content.dashboards]
    _refuse_files(sources, stored)

    for wanted, known in sources:
        if known is None:
            grafana.create_data_source(wanted)
        else:
            grafana.replace_data_source(wanted["uid"], wanted)
        yield Step(what="data source", title=wanted["name"], done="created" if known is None else "updated")
    if folder is None:
        grafana.create_folder(content.folder_uid, content.folder_title)
    yield Step(what="folder", title=content.folder_title, done="created" if folder is None else "unchanged")
    for wanted, there in stored:
        same = there is not None and _same_dashboard(wanted, there, content.folder_uid)
        if not same:
            grafana.save_dashboard(wanted, folder=content.folder_uid, message=message)
        done: Literal["created", "updated", "unchanged"] = "unchanged" if same else "updated" if there else "created"
        yield Step(what="dashboard", title=wanted["title"], done=done)
    for wanted in content.rule_groups:
        group = grafana.rule_group(content.folder_uid, wanted["title"])
        same = group is not None and _holds(group, wanted)
        if not same:
            grafana.save_rule_group(content.folder_uid, wanted["title"], wanted)
        yield Step(
            what="alert rules", title=wanted["title"], done="unchanged" if same else "updated" if group else "created"
        )


def check_data_sources(grafana: Grafana, content: Content) -> None:
    """Raises `CannotPush` for the first data source that Grafana cannot read through."""
    for one in content.data_sources:
        if fault := grafana.data_source_fault(one["uid"]):
            fix = (
                "--influx-token-file must name a token that may read the buckets"
                if re.search(r"401|403|unauthori[sz]ed|forbidden", fault, re.IGNORECASE)
                else "--influx-url must be the address of InfluxDB as Grafana's machine sees it"
            )
            raise CannotPush(
                f'everything is pushed, but Grafana cannot read "{one["name"]}" at {one["url"]}: {fault}; {fix}'
            )


def _refuse_files(sources: Sequence[tuple[Json, Json | None]], dashboards: Sequence[tuple[Json, Json | None]]) -> None:
    files = [wanted["name"] for wanted, known in sources if known is not None and known.get("readOnly")]
    files += [wanted["title"] for wanted, known in dashboards if known is not None and known["meta"].get("provisioned")]
    if files:
        raise CannotPush(
            f'"{files[0]}" comes from a provisioning file, and Grafana takes changes from that file alone: put the new'
            " files there and restart Grafana, or remove them and push again"
        )


def _same_dashboard(wanted: Json, stored: Json, folder: str) -> bool:
    """Whether the stored dashboard says the same; `id` and `version` are Grafana's own."""
    theirs = {key: value for key, value in stored["dashboard"].items() if key not in {"id", "version"}}
    ours = {key: value for key, value in wanted.items() if key not in {"id", "version"}}
    return ours == theirs and stored["meta"].get("folderUid") == folder


def _holds(theirs: object, ours: object) -> bool:
    """Whether `theirs` says all that `ours` does; Grafana adds fields of its own to rules."""
    if isinstance(ours, Mapping):
        return isinstance(theirs, Mapping) and all(
            key in theirs and _holds(theirs[key], value) for key, value in ours.items()
        )
    if isinstance(ours, Sequence) and not isinstance(ours, str):
        return (
            isinstance(theirs, Sequence)
            and len(theirs) == len(ours)
            and all(_holds(a, b) for a, b in zip(theirs, ours, strict=True))
        )
    return theirs == ours
