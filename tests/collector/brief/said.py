"""What a face says, as a reader would have it read to them."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from collector.brief.brief import Brief
from collector.brief.uplink_card import most_urgent
from collector.verdict.week_sentence import called, percent, span


def flat(text: str) -> str:
    """`text` on one line, its spaces all alike."""
    return re.sub(r"[\s\N{NO-BREAK SPACE}]+", " ", text).strip()


class Read(HTMLParser):
    """A page's tags with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._style = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._style = tag == "style"

    def handle_data(self, data: str) -> None:
        if not self._style:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return flat(" ".join(self.texts)).replace(" .", ".").replace(" ,", ",")


def numbers_and_names(brief: Brief) -> Iterator[str]:
    """Everything of `brief` that each face has to say, of lists what is named of them."""
    yield from (brief.district_name, brief.headline, brief.lead)
    yield from (f"{count:,}" for count in brief.counts.values())
    yield from (span(brief.bad_minutes), span(brief.measured_minutes)) if brief.rooms else ()
    for doing in brief.to_do:
        yield from (doing.title, doing.why, *doing.options)
    for doing in brief.later[:2]:
        yield doing.title
    for room in brief.rooms:
        week = room.week
        yield from (called(room.room_name), room.site_name, room.what, room.cause, room.pays, span(room.bad_minutes))
        yield f"{week.bad_days} of {week.measured_days} days"
    for uplink in most_urgent(brief.uplinks)[:4]:
        yield from (uplink.name, uplink.says, uplink.ahead)
        yield from uplink.scenarios
        newest = uplink.outlook.newest
        if newest is not None:
            yield percent(newest.busy_share(uplink.outlook.direction) or 0)
    for standing in brief.standings[:6]:
        yield from (standing.name, f"{standing.capacity_mbps:,} Mbit/s", f"{standing.users:,} users", standing.source)
        yield f"{standing.target_mbps:,.0f} Mbit/s"
    yield from (one.room_name for one in brief.changes[:6])
    yield from (one.room_name for one in brief.corrections[:6])
    yield from brief.unknowns[:6]
    yield from brief.at_risk[:8]
    yield from brief.method
