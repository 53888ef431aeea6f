"""What a channel is handed: a title, a text, and for programs every field of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from collector.alerts import words
from collector.alerts.finding import Severity
from collector.alerts.incident import Incident
from collector.registry.notices import NoticeKind

FORMAT = 1
"""Of the JSON that webhooks get. Fields are added, never renamed or removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One notice in words, and `fields` as `docs/alerts.md` names them. `over` says that the trouble is."""

    title: str
    body: str
    severity: Severity
    over: bool
    fields: Mapping[str, object]


def message(one: Incident, names: words.Names, kind: NoticeKind, *, board: str | None) -> Message:
    """The notice of an incident. `board` is where its board is, if anybody can reach it there."""
    title = words.title(one, names, kind)
    body = words.body(one, names, kind, link=board)
    fields = {
        "format": FORMAT,
        "kind": kind,
        "incident": one.incident,
        "about": one.about,
        "severity": one.severity,
        "rule": one.rule,
        "title": title,
        "text": words.line(one, names, kind),
        "district": names.district,
        "sites": [{"site": site, "name": names.site(site)} for site in one.sites],
        "rooms": [{"site": site, "room": room, "name": names.room((site, room))} for site, room in one.rooms],
        "cause": one.cause,
        "confidence": one.confidence,
        "first_step": words.first_step(one),
        "began_at": _text(one.began_at),
        "opened_at": _text(one.opened_at),
        "ended_at": _text(one.ended_at),
        "lost_lesson_minutes": sum(one.lost_s.values()) // 60,
        "board": board,
    }
    return Message(title=title, body=body, severity=one.severity, over=kind == "closed", fields=fields)


def trial(district: str, channel: str, at: datetime) -> Message:
    """What `bandroom alerts test` sends: nobody can take it for trouble."""
    title = f"Test: Bandroom of {district} can reach this channel"
    body = (
        f'This is a test of the channel "{channel}" and nothing is wrong. Somebody ran: bandroom alerts test {channel}'
    )
    fields = {
        "format": FORMAT,
        "kind": "test",
        "incident": None,
        "about": "test",
        "severity": "minor",
        "rule": None,
        "title": title,
        "text": f"{title}. {body}",
        "district": district,
        "sites": [],
        "rooms": [],
        "cause": None,
        "confidence": None,
        "first_step": None,
        "began_at": _text(at),
        "opened_at": _text(at),
        "ended_at": None,
        "lost_lesson_minutes": 0,
        "board": None,
    }
    return Message(title=title, body=body, severity="minor", over=True, fields=fields)


def _text(at: datetime | None) -> str | None:
    return None if at is None else f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
