"""The profiles that rooms are judged by as JSON, with the source of every limit."""

from typing import Literal

from fastapi import APIRouter, Request, Response

from collector.api.access import Reader
from collector.api.answers import Answer
from collector.api.services import TheServices
from collector.api.transfer import transferred
from collector.district.own_profiles import cell_of_rtt
from collector.verdict.profiles import Judges, Profile
from wire.answers import Problem

router = APIRouter(dependencies=[Reader])


class CellAnswer(Answer):
    """One need: `optimal`, better than which is not noticed, and `unacceptable`, from which on the activity fails. Of a
    rate, and of the share of pupils that do it at a time, there is one value alone. `changed` says that the district
    set it differently from ours."""

    cell: str
    unit: Literal["ms", "share", "bit/s"]
    optimal: float
    unacceptable: float | None
    source: str
    changed: bool


class ProfileAnswer(Answer):
    """A profile as it is in force. `title` is what a verdict says it by, `judges` when it judges rooms; `changed` are
    the cells that the district set differently from ours."""

    profile: str
    version: int
    title: str
    label: str
    judges: Judges
    changed: list[str]
    cells: list[CellAnswer]


class ProfilesAnswer(Answer):
    """Every profile. `digest` is kept with each verdict: where it is another, other limits were in force."""

    digest: str
    profiles: list[ProfileAnswer]


@router.get("/v1/profiles", response_model=ProfilesAnswer, responses={401: {"model": Problem}})
def profiles(request: Request, services: TheServices) -> Response:
    """What rooms are judged by, each limit with its source, and what of it the district changed."""
    found = services.district.profiles
    answer = ProfilesAnswer(digest=found.digest, profiles=[_profile(one) for one in found])
    return transferred(request, answer.model_dump_json(), media_type="application/json")


def _profile(one: Profile) -> ProfileAnswer:
    cells = [
        CellAnswer(
            cell=(cell := cell_of_rtt(need.percentile)),
            unit="ms",
            optimal=need.optimal_ms,
            unacceptable=need.unacceptable_ms,
            source=need.source,
            changed=cell in one.changed,
        )
        for need in one.rtt
    ]
    cells.append(
        CellAnswer(
            cell="loss",
            unit="share",
            optimal=one.loss.optimal,
            unacceptable=one.loss.unacceptable,
            source=one.loss.source,
            changed="loss" in one.changed,
        )
    )
    cells += [
        CellAnswer(
            cell=cell,
            unit="bit/s",
            optimal=need.bps,
            unacceptable=None,
            source=need.source,
            changed=cell in one.changed,
        )
        for cell, need in (("down", one.down), ("up", one.up))
    ]
    if one.concurrency is not None:
        cells.append(
            CellAnswer(
                cell="concurrency",
                unit="share",
                optimal=one.concurrency.share,
                unacceptable=None,
                source=one.concurrency.source,
                changed="concurrency" in one.changed,
            )
        )
    return ProfileAnswer(
        profile=one.name,
        version=one.version,
        title=one.title,
        label=one.label,
        judges=one.judges,
        changed=list(one.changed),
        cells=cells,
    )
