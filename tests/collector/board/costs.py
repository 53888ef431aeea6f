"""What tests cost, for pages to show."""

from datetime import UTC, datetime

from collector.district.assessments import Assessment
from collector.district.district import District, Site
from collector.district.rooms_csv import Room
from collector.now import DistrictNow
from collector.registry.agent import Agent, Stay
from collector.registry.byte_ledger import Account, Balance
from collector.settings import Settings
from collector.throughput.budgets import Budgets, setting_of
from collector.throughput.spending import DistrictSpending, Spending, Spent
from tests.collector.board.districts import TIMETABLE

DAY = "2026-03-10"
AN_ASSESSMENT = (
    Assessment(
        name="Reading",
        started_at=datetime(2026, 4, 14, 13, 30, tzinfo=UTC),
        ended_at=datetime(2026, 4, 14, 17, 0, tzinfo=UTC),
        sites=frozenset({"oak-hill"}),
    ),
)
AN_AGENT = Agent(
    agent="a" * 16,
    stays=(Stay(from_ms=0, site="oak-hill", room="106"),),
    role="room",
    enrolled_ms=0,
    revoked_ms=None,
)


def a_spent(used: int, limit: int, reserved: int = 0) -> Spent:
    return Spent(used_bytes=used, reserved_bytes=reserved, limit_bytes=limit)


def a_spending(district: DistrictNow) -> DistrictSpending:
    """Every site and every room's agent has cost a little."""
    day, month = a_spent(12_000_000, 2_000_000_000, 1_200_000), a_spent(240_000_000, 40_000_000_000)
    return DistrictSpending(
        day=DAY,
        district=Spending(scope="district", day=day, month=month),
        sites=tuple(Spending(scope="site", site=one.site, day=day, month=month) for one in district.sites),
        agents=tuple(
            Spending(scope="agent", site=one.site, room=one.room, agent="a" * 16, day=day, month=month)
            for one in district.rooms()
        ),
    )


class Costs(Budgets):
    """Budgets of which a site and its agent have used some."""

    def __init__(self, room: tuple[str, str]) -> None:
        self._site, _ = room

    def today(self) -> str:
        return DAY

    def limit(self, account: Account) -> int:
        return Settings().budgets[setting_of(account)]

    def balances(self) -> dict[Account, Balance]:
        used = {"agent": 16_400_000, "site": 512_000_000, "district": 1_337_000_000}
        names = {"agent": AN_AGENT.agent, "site": self._site, "district": ""}
        return {
            Account(scope=scope, name=names[scope], period=period): Balance(
                used_bytes=used[scope] * (1 if period == DAY else 7), reserved_bytes=0
            )
            for scope in ("agent", "site", "district")
            for period in (DAY, DAY[:7])
        } | {
            Account(scope="site", name="lakeside", period=DAY): Balance(
                used_bytes=1_999_000_000, reserved_bytes=1_191_875
            ),
            Account(scope="site", name="lakeside", period=DAY[:7]): Balance(
                used_bytes=31_000_000_000, reserved_bytes=1_191_875
            ),
        }


def a_written_district(district: DistrictNow) -> District:
    """The same district as its file has it, as far as the pages need it."""
    sites = tuple(Site(site=one.site, name=one.name) for one in district.sites)
    rooms = tuple(Room(site=one.site, room=one.room, name=one.name) for one in district.rooms())
    return District(name=district.name, calendar=TIMETABLE, sites=sites, rooms=rooms, assessments=AN_ASSESSMENT)
