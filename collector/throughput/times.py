"""When which throughput test may run: by lessons and by declared assessments."""

from datetime import datetime, timedelta

from collector.district.assessments import overlapping
from collector.district.district import District
from collector.refusal import Refusal
from collector.throughput.leases import Wish


def check_time(district: District, wish: Wish, now: datetime) -> None:
    """Raises `Refusal` where `wish` may not be fulfilled now: ``assessment``, ``no_lesson``, ``lesson``.

    While an assessment is written, its sites are left alone, and no capacity test is run anywhere in the district: it
    might fill the way out that all share. A lease must end before one begins, and one for capacity before a lesson.
    """
    ends_at = now + timedelta(microseconds=wish.lasts_ns / 1000)
    written = overlapping(district.assessments, now, ends_at)
    if any(wish.kind == "capacity" or one.concerns(wish.site) for one in written):
        raise Refusal(403, "assessment", "an assessment is written, so no throughput is tested; ask again after it")
    if wish.asked_by != "schedule":
        return
    if wish.kind == "sufficiency":
        if district.calendar.lesson_at(now) is None:
            raise Refusal(403, "no_lesson", "throughput is tested in lessons only")
        return
    if next(district.calendar.lessons_between(now, ends_at), None) is not None:
        raise Refusal(403, "lesson", "capacity is tested out of lessons only; ask again in the next hour")
    if not district.calendar.lessons_on(now.astimezone(district.time_zone).date()):
        raise Refusal(403, "no_lesson", "capacity is tested on school days only")
