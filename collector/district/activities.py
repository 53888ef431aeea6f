"""What pupils of a room do at a time, as a district lists it in ``district.toml``."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from collector.district.mistakes import Mistake, line_of
from collector.district.wanted import did_you_mean
from collector.verdict.profiles import Profile
from collector.verdict.room_need import Activity

DEFAULT_ACTIVITIES = (
    Activity(profile="cloud_docs_lms", led_by="pupils", share=0.5),
    Activity(profile="video_lesson", led_by="pupils", share=0.1),
)
"""A lesson with the teacher in the room (our choice): half of the pupils are at work in documents, each at his own
time, and one in ten is in a call. That all pupils are in a call of their own at once is a district's to declare: it
needs several times as much, and most rooms never hold such a lesson."""


class ActivityForm(BaseModel):
    """A table ``[[activities]]``. `share` is the part (0..1) of the pupils that do it at a time."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    profile: Annotated[str, Field(examples=["cloud_docs_lms"])]
    led_by: Literal["teacher", "pupils"]
    share: Annotated[float, Field(gt=0, le=1, examples=[0.5])] | None = None

    @model_validator(mode="after")
    def _all_where_the_teacher_leads(self) -> "ActivityForm":
        if self.led_by == "teacher" and self.share is not None:
            raise ValueError('led_by = "teacher" is all pupils at once; leave share out, or write led_by = "pupils"')
        return self

    def activity(self) -> Activity:
        """What it says."""
        return Activity(profile=self.profile, led_by=self.led_by, share=self.share)


def wrong_activities(
    forms: Sequence[ActivityForm], known: Mapping[str, Profile], text: str, file: str
) -> Iterator[Mistake]:
    """Those that name no profile of `known`, or of which too little is said, with the line of each in the `text` of
    `file`."""
    for number, one in enumerate(forms):
        profile, key = known.get(one.profile), "profile"
        if profile is None:
            near = did_you_mean(one.profile, known) or f"; known are {', '.join(known)}"
            what = f'"{one.profile[:60]}" is no profile{near}'
        elif any(other.profile == one.profile for other in forms[:number]):
            what = f'"{one.profile}" stands twice; list each activity once'
        elif one.led_by == "pupils" and one.share is None and profile.concurrency is None:
            key, what = "share", f"is missing, and {one.profile} states none; add it, such as 0.5"
        else:
            continue
        line = line_of(text, ["activities", number, key])
        yield Mistake(file=file, line=line, key=f"activities.{key}", text=what)
