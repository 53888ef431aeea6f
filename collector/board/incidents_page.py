"""The page of incidents: what is in trouble now, what was lately, and who was told. Values in, HTML out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from collector.alerts import words
from collector.alerts.incident import Incident
from collector.board.answer import freshness
from collector.board.environment import render
from collector.now import DistrictNow
from collector.registry.notices import Notice, NoticeKind, NoticeState

MOST_ON_FRONT = 3
"""So many incidents are told on the front page; the rest is on its own."""

_TOLD: dict[NoticeState, str] = {
    "claimed": "is being told {}",
    "told": "told {}",
    "refused": "could not be told {} yet",
    "uncertain": "perhaps told {}",
    "given_up": "was not told {}",
}
_OF: dict[NoticeKind, str] = {"opened": "of the trouble", "grown": "that it grew", "closed": "that it is over"}
_SEVERITY = {"critical": "Critical", "major": "Major", "minor": "Minor"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontLine:
    """An incident on the front page: what it is, since when, why, and what to do."""

    title: str
    rest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRow:
    """An incident on its page. `told` are lines of who was told."""

    one: Incident
    title: str
    says: str
    rooms: str
    severity: str
    told: tuple[str, ...]


def front_lines(incidents: Sequence[Incident], district: DistrictNow) -> list[FrontLine]:
    """The open incidents that the front page does not show in a place of its own, gravest first."""
    names = words.Names.of(district)
    shown = [one for one in incidents if one.rule != "service" and one.about != "collector"]
    shown.sort(key=lambda one: (("critical", "major", "minor").index(one.severity), one.opened_at))
    return [
        FrontLine(
            title=words.title(one, names),
            rest=f"Since {names.moment(one.began_at)}. {words.cause(one)} First: {words.first_step(one)}.",
        )
        for one in shown
    ]


def incidents_page(
    district: DistrictNow,
    incidents: Sequence[Incident],
    notices: Sequence[Notice],
    *,
    now: datetime,
    channels: Sequence[str] = (),
    quiet: bool = False,
    maintenance: Sequence[str] = (),
) -> str:
    """The page at ``/incidents``. `now` is aware; `incidents` are newest first, `channels` the names of who is told."""
    names = words.Names.of(district)
    rows = [_row(one, notices, names) for one in incidents]
    return render(
        "incidents.html",
        district=district,
        now=now,
        fresh=freshness(tuple(district.rooms()), district, now),
        lasting=[row for row in rows if row.one.is_open],
        past=[row for row in rows if not row.one.is_open],
        channels=list(channels),
        quiet=quiet,
        maintenance=list(maintenance),
    )


def _row(one: Incident, notices: Sequence[Notice], names: words.Names) -> IncidentRow:
    said = words.over(one, names) if not one.is_open else f"{words.cause(one)} First: {words.first_step(one)}."
    if not one.is_open and one.ending != "not_measured" and one.where:
        said = f"{said} {words.cause(one)}"
    return IncidentRow(
        one=one,
        title=words.title(one, names),
        says=said,
        rooms=words.rooms_text(one.rooms, one, names),
        severity=_SEVERITY[one.severity],
        told=tuple(
            _told(each, names)
            for each in sorted(notices, key=lambda each: (each.changed_ms, each.channel))
            if each.incident == one.incident
        ),
    )


def _told(one: Notice, names: words.Names) -> str:
    at = names.moment(datetime.fromtimestamp(one.changed_ms / 1000, UTC))
    why = f": {one.answer}" if one.answer and one.state != "told" else ""
    return f"{one.channel.partition(':')[0]}: {_TOLD[one.state].format(_OF[one.kind])}, {at}{why}"
