"""The board's pages and the two files they ask for."""

from functools import partial

from fastapi import APIRouter, Request, Response

from collector.api.access import Reader, ask_password
from collector.api.rooms import the_district
from collector.api.services import Services, TheServices
from collector.api.transfer import transferred
from collector.board.assets import Asset, script, stylesheet
from collector.board.pages import district_page, not_found_page, room_page, site_page

router = APIRouter(dependencies=[Reader], include_in_schema=False)

_FOR_EVER = "public, max-age=31536000, immutable"

_page = partial(router.api_route, methods=["GET", "HEAD"])


@_page("/")
def district(request: Request, services: TheServices) -> Response:
    """The board."""
    page = district_page(
        the_district(services),
        now=services.clock(),
        trouble=services.trouble[1] if services.trouble else None,
        throughput_off=services.leases.off,
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
    page = room_page(whole, found, now=services.clock(), throughput_off=services.leases.off)
    return transferred(request, page)


def no_such_page(request: Request, services: Services) -> Response:
    """What a browser is shown at an address that is nothing of ours. Raises `Refusal`, as every page may."""
    ask_password(request, services)
    page = not_found_page(the_district(services), "page", now=services.clock())
    return transferred(request, page, status=404)


@_page("/style.css")
def style(request: Request, v: str = "") -> Response:
    """The board's one style sheet."""
    return _asset(request, stylesheet(), "text/css", asked_for=v)


@_page("/renew.js")
def renew(request: Request, v: str = "") -> Response:
    """The board's one script."""
    return _asset(request, script(), "text/javascript", asked_for=v)


def _asset(request: Request, asset: Asset, media_type: str, *, asked_for: str) -> Response:
    """The file, or 304 without it where ``If-None-Match`` says that the reader has it. What is asked for by the hash of
    its content may be kept for ever; by another, or by none, only until the next question."""
    # Weak: with and without gzip it is the same file in other bytes (RFC 9110, 8.8.1).
    tag = f'W/"{asset.digest}"'
    headers = {
        "ETag": tag,
        "Vary": "Accept-Encoding",
        "Cache-Control": _FOR_EVER if asked_for == asset.digest else "no-cache",
    }
    if tag in (one.strip() for one in request.headers.get("if-none-match", "").split(",")):
        return Response(status_code=304, headers=headers)
    return transferred(request, asset.content, media_type=media_type, headers=headers)
