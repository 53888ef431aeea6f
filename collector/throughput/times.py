"""When which throughput test may run: by lessons and by declared assessments."""

from datetime import datetime, timedelta

from collector.district.assessments import overlapping
from collector.district.district import District
from collector.refusal import Refusal
from collector.throughput.leases import Wish


def check_time(district: District, wish: Wish, now: datetime) -> None:
    """Raises `Refusal` where `wish` may not be fulfilled now: ``assessment``, ``no_lesson``, ``lesson``.

    While an assessment is written, its sites are left alone, and no capacity test is run anywhere in the district: it
    might fill the way out that all share. For the same reason it waits until no site has a lesson; one that stays
    inside its site waits for that site alone. A lease must end before an assessment begins, and one for capacity before
    a lesson.
    """
    ends_at = now + timedelta(microseconds=wish.lasts_ns / 1000)
    written = overlapping(district.assessments, now, ends_at)
    if any(wish.kind == "capacity" or one.concerns(wish.site) for one in written):
        raise Refusal(403, "assessment", "an assessment is written, so no throughput is tested; ask again after it")
    if wish.asked_by != "schedule":
        return
    here = district.calendar_of(wish.site)
    if wish.kind == "sufficiency":
        if here.lesson_at(now) is None:
            raise Refusal(403, "no_lesson", "throughput is tested in lessons only")
        return
    shares_the_way_out = any(one.kind == "district" for one in wish.bottlenecks)
    beside = {id(one): one for one in (here, *(district.calendars if shares_the_way_out else ()))}.values()
    if any(next(one.lessons_between(now, ends_at), None) is not None for one in beside):
        raise Refusal(403, "lesson", "capacity is tested out of lessons only; ask again in the next hour")
    if not here.lessons_on(here.local_day(now)):
        raise Refusal(403, "no_lesson", "capacity is tested on school days only")
