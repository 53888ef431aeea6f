"""What turns out otherwise after a page was mailed stands on the next one, once, and where it belongs."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from collector.brief.brief import Correction
from collector.mail.corrections import corrections_for
from collector.registry.mailings import To
from collector.registry.registry import Registry
from collector.verdict.topology import RoomKey
from collector.verdict.weeks import Verdict
from tests.collector.mail.posted import CIO, WEEK, a_district
from tests.collector.week_builders import KeptWeeks, a_week

LIBRARY, SEVEN = ("oak-hill", "204"), ("lakeside", "7")
ONE = timedelta(weeks=1)
NEXT = WEEK + ONE


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    opened = Registry.open_registry(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    yield opened
    opened.close()


def corrections(registry: Registry, weeks: KeptWeeks, week: date = NEXT, scope: str | None = None) -> list[Correction]:
    return list(
        corrections_for(
            week,
            scope,
            kept=registry.mailed_verdicts,
            weeks=weeks,
            district=a_district(),
            keep_reports_days=30,
        )
    )


def mail(
    registry: Registry, week: date, said: dict[RoomKey, Verdict], told: list[Correction], scope: str | None = None
) -> None:
    to = To.of(week, scope, CIO)
    claim = registry.mailings.claim(to, address=CIO, message_id="<1@example.org>", now_ms=0, until_ms=1)
    assert claim is not None
    corrected = [(one.week, (one.site, one.room), one.now) for one in told]
    assert registry.mailings.begin(claim, now_ms=0, until_ms=1, said=said, corrected=corrected)


def weeks_of(*, library: Verdict = "ok", seven: Verdict = "ok", week: date = WEEK) -> KeptWeeks:
    return KeptWeeks(a_week("204", library, "oak-hill", week=week), a_week("7", seven, "lakeside", week=week))


def test_late_reports_that_change_a_verdict_are_told_on_the_next_page_and_on_no_later_one(registry: Registry) -> None:
    mail(registry, WEEK, {LIBRARY: "ok", SEVEN: "ok"}, [])
    late = weeks_of(library="restricted")

    told = corrections(registry, late)
    mail(registry, NEXT, {LIBRARY: "ok"}, told)

    assert told == [
        Correction(
            week=WEEK,
            site="oak-hill",
            room="204",
            site_name="Oak Hill",
            room_name="Library",
            mailed="ok",
            now="restricted",
        )
    ]
    assert corrections(registry, late) == told, "who gets that page later reads the same"
    assert corrections(registry, weeks_of()) == told, "even where it has changed again since"
    assert corrections(registry, late, NEXT + ONE) == []


def test_what_changes_again_is_told_again(registry: Registry) -> None:
    mail(registry, WEEK, {LIBRARY: "ok"}, [])
    mail(registry, NEXT, {}, corrections(registry, weeks_of(library="at_risk")))

    (again,) = corrections(registry, weeks_of(library="restricted"), NEXT + ONE)

    assert (again.mailed, again.now) == ("at_risk", "restricted")


def test_a_site_hears_of_its_own_pages_alone(registry: Registry) -> None:
    mail(registry, WEEK, {LIBRARY: "ok", SEVEN: "ok"}, [])
    mail(registry, WEEK, {SEVEN: "restricted"}, [], scope="lakeside")
    late = weeks_of(library="restricted", seven="restricted")

    assert [one.room for one in corrections(registry, late)] == ["7", "204"]
    assert corrections(registry, late, scope="lakeside") == []
    assert corrections(registry, late, scope="oak-hill") == [], "nobody had that page"


def test_nothing_is_corrected_that_was_not_mailed_or_is_as_it_was(registry: Registry) -> None:
    assert corrections(registry, weeks_of(library="restricted")) == []
    mail(registry, WEEK, {LIBRARY: "ok", ("oak-hill", "gone"): "ok"}, [])

    assert corrections(registry, weeks_of()) == []
    assert corrections(registry, weeks_of(library="restricted"), WEEK) == [], "its own page"
    assert corrections(registry, weeks_of(library="restricted"), WEEK - ONE) == [], "one that was left out"
    assert corrections(registry, weeks_of(library="restricted"), WEEK + 8 * ONE) == [], "no report comes so late"
