"""What was judged of a week, as JSON."""

from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Annotated, TypeVar

from fastapi import APIRouter, Path, Request, Response

from collector.api.access import Reader
from collector.api.ready import the_district
from collector.api.services import Services, TheServices
from collector.api.transfer import transferred
from collector.api.week_answers import NamedWeekAnswer, WeekAnswer, WeeksAnswer, week_answer
from collector.iso_week import NEWEST, week_of_text, week_text
from collector.judged_weeks import NamedWeek, RoomWeeks, worst_first
from collector.refusal import Refusal
from collector.store.protocol import StoreUnavailable
from collector.verdict.topology import RoomKey
from collector.verdict.weeks import RoomWeek
from wire.answers import Problem

router = APIRouter(dependencies=[Reader])

T = TypeVar("T")

WeekText = Annotated[str, Path(description="As 2026-W47, or newest", examples=["2026-W47", NEWEST])]


@router.get(
    "/v1/weeks/{week}",
    response_model=WeeksAnswer,
    responses={401: {"model": Problem}, 404: {"model": Problem}, 422: {"model": Problem}, 503: {"model": Problem}},
)
def weeks(week: WeekText, request: Request, services: TheServices) -> Response:
    """Every room's verdict of a week, worst first, with all that it stands on."""
    district = the_district(services)
    newest, monday, found = the_week(services, week)
    rooms = [_named(one, services) for one in worst_first(found.values(), district)]
    answer = WeeksAnswer(
        district=district.name,
        time_zone=district.time_zone.key,
        week=week_text(monday),
        first_day=monday,
        newest=week_text(newest),
        verdicts=Counter(one.verdict for one in found.values()),
        rooms=rooms,
    )
    return transferred(request, answer.model_dump_json(), media_type="application/json")


def the_week(services: Services, text: str) -> tuple[date, date, dict[RoomKey, RoomWeek]]:
    """The newest week that was judged, the one that `text` names, and every room's verdict of that. Raises `Refusal`:
    422 ``bad_week``, 404 ``no_such_week`` or ``week_to_come``, 503."""
    try:
        asked = None if text == NEWEST else week_of_text(text)
    except ValueError as error:
        raise Refusal(422, "bad_week", str(error)) from None
    newest = from_store(services.engine.weeks.newest)
    if newest is None:
        raise Refusal(404, "no_such_week", "no week has been judged yet; the first is once its lessons are over")
    monday = asked or newest
    named = f"the newest week that was judged is {week_text(newest)}"
    if monday > newest:
        raise Refusal(404, "week_to_come", f"{week_text(monday)} has not been judged yet; {named}")
    found = from_store(lambda: services.engine.weeks.of_week(monday))
    if not found:
        raise Refusal(404, "no_such_week", f"nothing was judged in {week_text(monday)}; {named}")
    return newest, monday, found


def from_store(ask: Callable[[], T]) -> T:
    """What the store answers. Raises `Refusal` 503 where it does not."""
    try:
        return ask()
    except StoreUnavailable as error:
        raise Refusal(503, "store_unavailable", f"the store does not answer: {error}") from None


def week_answers(services: Services, found: RoomWeeks, name: str) -> list[WeekAnswer]:
    """A room's weeks as the API tells them."""
    return [_answer(one, name, services) for one in found.weeks]


def _answer(one: RoomWeek, name: str, services: Services) -> WeekAnswer:
    district = services.district
    return week_answer(one, name=name, calendar=district.calendar_of(one.site), profiles=district.profiles)


def _named(one: NamedWeek, services: Services) -> NamedWeekAnswer:
    answer = _answer(one.week, one.room_name, services)
    return NamedWeekAnswer(**dict(answer), site_name=one.site_name, room_name=one.room_name, simulated=one.simulated)
