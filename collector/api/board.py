"""The board's pages and their script; `collector.api.checks` has the style sheet."""

from collections.abc import Sequence
from functools import partial

from fastapi import APIRouter, Request, Response
from sqlalchemy.exc import SQLAlchemyError

from collector.alerts.calm_hours import is_quiet, under_way
from collector.alerts.teller import failing_channels
from collector.api.access import Reader, ask_password
from collector.api.assets import asset_response
from collector.api.incidents import incidents_and_notices
from collector.api.mailings import the_mailings
from collector.api.ready import the_district
from collector.api.services import Services, TheServices
from collector.api.transfer import transferred
from collector.api.weeks import from_store, the_week
from collector.board.assets import script
from collector.board.budgets_page import budgets_page
from collector.board.incidents_page import incidents_page
from collector.board.mailings_page import mailings_page
from collector.board.pages import district_page, not_found_page, room_page, site_page
from collector.board.week_page import no_week_page, week_page
from collector.iso_week import NEWEST
from collector.judged_weeks import RoomWeeks
from collector.refusal import Refusal
from collector.store.protocol import StoreUnavailable
from collector.throughput.spending import spending
from collector.verdict.uplinks.outlook import Outlook

router = APIRouter(dependencies=[Reader], include_in_schema=False)

_page = partial(router.api_route, methods=["GET", "HEAD"])


@_page("/")
def district(request: Request, services: TheServices) -> Response:
    """The board."""
    page = district_page(
        the_district(services),
        now=services.clock(),
        trouble=services.trouble[1] if services.trouble else None,
        throughput_off=services.leases.off,
        incidents=services.alerts.open,
        not_told=_not_told(services),
        outlooks=_outlooks(services),
    )
    return transferred(request, page)


@_page("/incidents")
def incidents(request: Request, services: TheServices) -> Response:
    """What is in trouble, what was lately, and who was told."""
    whole, now = the_district(services), services.clock()
    found, notices = incidents_and_notices(services)
    settings = services.settings.alerts
    page = incidents_page(
        whole,
        [one for one in found if one.is_open or one.ending != "merged"],
        notices,
        now=now,
        channels=[one.name for one in settings.channels],
        quiet=is_quiet(settings, now, whole.time_zone),
        maintenance=[one.name or "no name given" for one in under_way(settings, now, whole.time_zone)],
    )
    return transferred(request, page)


@_page("/sites/{site}")
def site(site: str, request: Request, services: TheServices) -> Response:
    """One site's rooms."""
    whole = the_district(services)
    found = whole.site(site)
    if found is None:
        return transferred(request, not_found_page(whole, "site", now=services.clock()), status=404)
    return transferred(request, site_page(whole, found, now=services.clock()))


@_page("/rooms/{site}/{room}")
def room(site: str, room: str, request: Request, services: TheServices) -> Response:
    """One room's evidence."""
    whole = the_district(services)
    found = whole.room(site, room)
    if found is None:
        return transferred(request, not_found_page(whole, "room", now=services.clock()), status=404)
    weeks = _weeks_of(services, site, room)
    page = room_page(
        whole,
        found,
        now=services.clock(),
        throughput_off=services.leases.off,
        check=services.checks.newest(site, room),
        weeks=weeks.weeks if weeks else None,
        flips=weeks.flips if weeks else (),
        calendar=services.district.calendar_of(site),
    )
    return transferred(request, page)


@_page("/week")
@_page("/week/{week}")
def week(request: Request, services: TheServices, week: str = NEWEST, site: str | None = None) -> Response:
    """The verdicts of a week, of all rooms or of one site's."""
    whole, now = the_district(services), services.clock()
    try:
        newest, monday, found = the_week(services, week)
    except Refusal as refusal:
        if refusal.status == 503:
            raise
        newest_week = from_store(services.engine.weeks.newest)
        page = no_week_page(whole, refusal.detail, newest=newest_week, now=now)
        return transferred(request, page, status=404 if newest_week else 200)
    if site is not None and all(one.site != site for one in found.values()):
        return transferred(request, not_found_page(whole, "site", now=now), status=404)
    page = week_page(whole, monday, found, newest=newest, now=now, profiles=services.district.profiles, site=site)
    return transferred(request, page)


@_page("/budgets")
def budgets(request: Request, services: TheServices) -> Response:
    """What throughput tests cost."""
    found = spending(services.district, services.registry.agents(), services.leases.budgets)
    page = budgets_page(
        the_district(services),
        found,
        services.district.assessments,
        now=services.clock(),
        throughput_off=services.leases.off,
    )
    return transferred(request, page)


@_page("/mailings")
def mailings(request: Request, services: TheServices) -> Response:
    """What was mailed to whom."""
    status = the_mailings(services)
    return transferred(request, mailings_page(the_district(services), status, now=services.clock()))


def _not_told(services: Services) -> list[str]:
    """The channels that could not be told of what is open."""
    open_now = services.alerts.open
    if not open_now or not services.settings.alerts.channels:
        return []
    try:
        notices = services.registry.notices.of([one.incident for one in open_now])
    except SQLAlchemyError:
        return []
    return sorted({one.channel.partition(":")[0] for one in failing_channels(notices)})


def _outlooks(services: Services) -> Sequence[Outlook]:
    """The uplinks'; none where the store does not answer: the page shows what is now."""
    try:
        return tuple(services.engine.outlooks.newest()[1].values())
    except StoreUnavailable:
        return ()


def _weeks_of(services: Services, site: str, room: str) -> RoomWeeks | None:
    """A room's weeks; ``None`` where the store does not answer: the page says so and shows what is now."""
    try:
        return services.engine.weeks.of_room(site, room)
    except StoreUnavailable:
        return None


def no_such_page(request: Request, services: Services) -> Response:
    """What a browser is shown at an address that is nothing of ours. Raises `Refusal`, as every page may."""
    ask_password(request, services)
    page = not_found_page(the_district(services), "page", now=services.clock())
    return transferred(request, page, status=404)


@_page("/renew.js")
def renew(request: Request, v: str = "") -> Response:
    """The board's one script."""
    return asset_response(request, script(), "text/javascript", asked_for=v)
