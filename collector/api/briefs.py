"""The weekly page: as JSON for programs, and as the files that people read."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from collector.api.access import Reader
from collector.api.brief_answers import BriefAnswer, brief_answer
from collector.api.ready import the_district
from collector.api.services import Services, TheServices
from collector.api.transfer import transferred
from collector.api.weeks import WeekText, from_store
from collector.board.addresses import brief_path
from collector.board.week_page import no_week_page
from collector.brief.brief import Brief
from collector.brief.faces import FACES, file_name
from collector.iso_week import NEWEST
from collector.refusal import Refusal
from wire.answers import Problem

router = APIRouter(dependencies=[Reader])

SiteId = Annotated[str | None, Query(description="The page of that site alone", examples=["oak-hill"])]

_PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
"""As the board's, but the page, which is a mail as well, has its style within itself."""


@router.get(
    "/v1/briefs/{week}",
    response_model=BriefAnswer,
    responses={401: {"model": Problem}, 404: {"model": Problem}, 422: {"model": Problem}, 503: {"model": Problem}},
)
def brief(week: WeekText, request: Request, services: TheServices, site: SiteId = None) -> Response:
    """The weekly page for whoever decides: what was restricted, what it cost, who pays, and what to do."""
    found = the_brief(services, week, site)
    files = {ending: brief_path(found.week, ending, found.site) for ending in FACES}
    return transferred(request, brief_answer(found, files).model_dump_json(), media_type="application/json")


def the_brief(services: Services, week: str, site: str | None) -> Brief:
    """The page of the week that `week` names, as ``2026-W47`` or ``newest``. Raises `Refusal`."""
    return from_store(partial(services.briefs.named, week, site))


@router.api_route("/brief/{name}", methods=["GET", "HEAD"], include_in_schema=False)
def brief_file(
    name: Annotated[str, Path()], request: Request, services: TheServices, site: str | None = None
) -> Response:
    """The page as a file: `name` is a week with the ending of its form, as ``2026-W47.pdf``, HTML where it has none."""
    week, _, ending = name.partition(".")
    face = FACES.get(ending or "html")
    if face is None:
        raise Refusal(404, "not_found", f"no such form of the page; there are {', '.join(FACES)}")
    try:
        found = the_brief(services, week or NEWEST, site)
    except Refusal as refusal:
        if refusal.status == 503:
            raise
        newest = from_store(services.engine.weeks.newest)
        page = no_week_page(the_district(services), refusal.detail, newest=newest, now=services.clock())
        return transferred(request, page, status=refusal.status)
    how = "inline" if face.shown else "attachment"
    return transferred(
        request,
        from_store(lambda: services.briefs.face(found, ending or "html")),
        media_type=face.media_type,
        headers={
            "Content-Disposition": f'{how}; filename="{file_name(found)}.{ending or "html"}"',
            "Content-Security-Policy": _PAGE_POLICY,
        },
    )
