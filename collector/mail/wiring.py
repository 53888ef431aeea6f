"""Puts the parts of mailing together: pages from the briefs, corrections from what was mailed, the post over both."""

import logging
from collections.abc import Callable, Sequence
from datetime import date, datetime

from sqlalchemy.exc import SQLAlchemyError

from collector.brief.brief import Correction
from collector.brief.briefs import Briefs
from collector.brief.tables import csv_files
from collector.district.district import District
from collector.mail.corrections import WeeksBetween, corrections_for
from collector.mail.message import Page
from collector.mail.post import Post
from collector.registry.registry import Registry
from collector.settings import Settings

log = logging.getLogger(__name__)


class BriefPages:
    """The pages that the board shows, as they are mailed."""

    def __init__(self, briefs: Briefs) -> None:
        self._briefs = briefs

    def page(self, week: date, site: str | None) -> Page:
        """The page of a week with its faces. Raises `Refusal` or `StoreUnavailable`."""
        brief = self._briefs.of(week, site)
        return Page(
            brief=brief,
            text=self._briefs.face(brief, "txt").decode(),
            html=self._briefs.face(brief, "html").decode(),
            pdf=self._briefs.face(brief, "pdf"),
            tables=csv_files(brief),
        )


def corrections_of(
    registry: Registry, store: WeeksBetween, district: District, settings: Settings
) -> Callable[[date, str | None], Sequence[Correction]]:
    """What a page corrects. While the registry does not answer nothing is known of that, and nothing is mailed."""

    def corrections(week: date, site: str | None) -> Sequence[Correction]:
        try:
            return corrections_for(
                week,
                site,
                kept=registry.mailed_verdicts,
                weeks=store,
                district=district,
                keep_reports_days=settings.keep_reports_days,
            )
        except SQLAlchemyError as error:
            log.warning("what earlier pages said is not known, the registry fails error=%s", type(error).__name__)
            return ()

    return corrections


def post_of(
    settings: Settings, district: District, registry: Registry, briefs: Briefs, clock: Callable[[], datetime]
) -> Post:
    """The post of a collector."""
    return Post(settings=settings, district=district, mailings=registry.mailings, pages=BriefPages(briefs), clock=clock)
