"""The page of what throughput tests cost: values in, HTML out."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from collector.board.answer import freshness
from collector.board.environment import render
from collector.board.phrases import amount, clock, day_name
from collector.district.assessments import Assessment
from collector.now import DistrictNow
from collector.throughput.spending import DistrictSpending, Spending, Spent
from collector.throughput.wishes import bytes_of_a_test

MOST_AGENTS = 20
"""The page lists this many agents, those that cost most; the API has all."""


def budgets_page(
    district: DistrictNow,
    spending: DistrictSpending,
    assessments: Iterable[Assessment],
    *,
    now: datetime,
    throughput_off: str | None = None,
) -> str:
    """What the tests of the district, of each site and of the busiest agents cost, and when none are run. `now` is
    aware."""
    names = {site.site: site.name for site in district.sites}
    least_bytes = bytes_of_a_test(district.profiles)
    return render(
        "budgets.html",
        district=district,
        now=now,
        fresh=freshness(tuple(district.rooms()), district, now),
        spending=spending,
        names=names,
        sentences={one.site: sentence(names.get(one.site or "", one.site or ""), one) for one in spending.sites},
        spent_out=[line for one in (spending.district, *spending.sites) for line in _spent_out(one, names, district)],
        agents=spending.agents[:MOST_AGENTS],
        more_agents=len(spending.agents[MOST_AGENTS:]),
        room_names={(room.site, room.room): room.name for room in district.rooms()},
        assessments=[
            assessment_line(one, names, district)
            for one in sorted(assessments, key=lambda one: one.started_at)
            if one.ended_at > now
        ],
        throughput_off=throughput_off,
        is_out=partial(_is_out, least_bytes=least_bytes),
    )


def sentence(whose: str, one: Spending) -> str:
    """``Today the tests of Oak Hill have used 12 MB of 2 GB, this month 240 MB of 40 GB.``"""
    return f"Today the tests of {whose} have used {_of(one.day)}, this month {_of(one.month)}."


def assessment_line(one: Assessment, names: dict[str, str], district: DistrictNow) -> str:
    """``Reading: Tue 14 Apr 08:30 to 12:00, at Oak Hill``."""
    zone = district.time_zone
    first, last = day_name(one.started_at, zone), day_name(one.ended_at, zone)
    ends = clock(one.ended_at, zone) if first == last else f"{last} {clock(one.ended_at, zone)}"
    where = ", ".join(names.get(site, site) for site in sorted(one.sites)) or "all sites"
    return f"{one.name}: {first} {clock(one.started_at, zone)} to {ends}, at {where}"


def _spent_out(one: Spending, names: dict[str, str], district: DistrictNow) -> Iterable[str]:
    whose = district.name if one.site is None else names.get(one.site, one.site)
    least_bytes = bytes_of_a_test(district.profiles)
    if _is_out(one.day, least_bytes):
        yield f"The tests of {whose} have too few bytes left today for another one: they go on tomorrow."
    if _is_out(one.month, least_bytes):
        yield f"The tests of {whose} have too few bytes left this month for another one: they go on next month."


def _is_out(spent: Spent, least_bytes: int) -> bool:
    """Whether no test is given any more. A budget is never spent to its last byte: what does not fit is refused."""
    return spent.limit_bytes - spent.used_bytes < least_bytes


def _of(spent: Spent) -> str:
    return f"{amount(spent.used_bytes)} of {amount(spent.limit_bytes)}"
