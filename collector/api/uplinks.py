"""How full the uplinks are and when they will be: as JSON, and as a page of the board."""

from datetime import date

from fastapi import APIRouter, Request, Response

from collector.api.access import Reader
from collector.api.ready import the_district
from collector.api.services import Services, TheServices
from collector.api.transfer import transferred
from collector.api.uplink_answers import UplinksAnswer, uplink_with_weeks
from collector.api.weeks import from_store
from collector.board.uplinks_page import is_simulated, uplinks_page
from collector.iso_week import week_text
from collector.verdict.uplinks.outlook import Outlook
from wire.answers import Problem

router = APIRouter(dependencies=[Reader])


@router.get(
    "/v1/uplinks",
    response_model=UplinksAnswer,
    responses={401: {"model": Problem}, 503: {"model": Problem}},
)
def uplinks(request: Request, services: TheServices) -> Response:
    """Every uplink's load by the week, what it was against the capacity, and the forecast or why there is none."""
    district = the_district(services)
    through, found = the_outlooks(services)
    names = {site.site: site.name for site in district.sites}
    answer = UplinksAnswer(
        district=district.name,
        time_zone=district.time_zone.key,
        week=None if through is None else week_text(through),
        first_day=through,
        uplinks=[uplink_with_weeks(one, names, simulated=is_simulated(one.uplink, district)) for one in found],
    )
    return transferred(request, answer.model_dump_json(), media_type="application/json")


@router.api_route("/uplinks", methods=["GET", "HEAD"], include_in_schema=False)
def page(request: Request, services: TheServices) -> Response:
    """The uplinks, the most urgent first."""
    through, found = the_outlooks(services)
    return transferred(request, uplinks_page(the_district(services), found, through=through, now=services.clock()))


def the_outlooks(services: Services) -> tuple[date | None, list[Outlook]]:
    """The newest week that is over and what all uplinks tell after it. Raises `Refusal` 503."""
    through, found = from_store(services.engine.outlooks.newest)
    return through, list(found.values())
