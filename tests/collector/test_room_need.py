"""What a room has to carry at a time, beside what its line was seen to give."""

import pytest
from scipy import stats

from collector.verdict.profiles import default_profiles
from collector.verdict.room_need import Activity, Carried, RoomNeed, room_need
from collector.verdict.statistics import binomial_quantile

PROFILES = default_profiles()


def need(*activities: Activity, seats: int | None = 30, **seen: object) -> RoomNeed:
    found = room_need(seats, activities, PROFILES, **seen)  # type: ignore[arg-type]
    assert found is not None
    return found


def teacher(profile: str) -> Activity:
    return Activity(profile=profile, led_by="teacher")


@pytest.mark.parametrize(("share", "at_work"), [(0.25, 13), (0.4, 18), (0.5, 21), (0.7, 26)])
def test_of_thirty_pupils_who_work_alone_so_many_are_at_it(share: float, at_work: int) -> None:
    assert binomial_quantile(30, share, 0.99) == at_work == stats.binom.ppf(0.99, 30, share)
    activity = Activity(profile="streaming", led_by="pupils", share=share)
    assert need(activity).devices == {"streaming": at_work}


@pytest.mark.parametrize(
    ("profile", "down_mbps", "up_mbps"),
    [
        ("assessment_state", 7.8, 7.8),
        ("assessment_ap", 39, 7.8),
        ("streaming", 117, 3.9),
        ("video_lesson", 39, 19.5),
        ("video_lesson_hd", 78, 39),
    ],
)
def test_all_of_thirty_need_what_science_says(profile: str, down_mbps: float, up_mbps: float) -> None:
    found = need(teacher(profile)).need

    assert (found.down_bps / 1e6, found.up_bps / 1e6) == (down_mbps, up_mbps)


def test_streaming_of_a_quarter_needs_51_mbit() -> None:
    found = need(Activity(profile="streaming", led_by="pupils", share=0.25))

    assert found.need.down_bps == 50_700_000
    assert found.need.up_bps == 1_690_000


def test_both_numbers_are_told_however_it_is_led() -> None:
    led = need(teacher("video_lesson"))
    apart = need(Activity(profile="video_lesson", led_by="pupils"))

    assert led.all_at_once == apart.all_at_once == led.need
    assert led.independent == apart.independent == apart.need
    assert apart.devices == {"video_lesson": 21}
    assert apart.need.down_bps < led.need.down_bps


def test_activities_of_a_time_add_up_and_one_projector_is_one_device() -> None:
    found = need(teacher("cloud_docs_lms"), teacher("streaming_1080_shared"))

    assert found.devices == {"cloud_docs_lms": 30, "streaming_1080_shared": 1}
    assert found.need.down_bps == round(1.3 * (30 * 1_000_000 + 5_000_000))


def test_one_device_is_what_a_test_in_a_lesson_shows() -> None:
    found = need(teacher("streaming"))

    assert (found.one_device.down_bps, found.one_device.up_bps) == (1_000_000, 500_000)


def test_without_seats_or_activities_nothing_is_told() -> None:
    assert room_need(None, [teacher("streaming")], PROFILES) is None
    assert room_need(30, [], PROFILES) is None


@pytest.mark.parametrize(
    ("down", "up", "fits"),
    [
        (Carried(bps=200_000_000), Carried(bps=20_000_000), True),
        (Carried(bps=200_000_000, at_least=True), Carried(bps=20_000_000, at_least=True), True),
        (Carried(bps=38_000_000), Carried(bps=20_000_000), False),
        (Carried(bps=38_000_000, at_least=True), Carried(bps=20_000_000), None),
        (Carried(bps=38_000_000, at_least=True), Carried(bps=1_000_000), False),
        (None, Carried(bps=20_000_000), None),
        (None, Carried(bps=1_000_000), False),
        (None, None, None),
    ],
)
def test_a_line_fits_as_far_as_it_was_seen(down: Carried | None, up: Carried | None, fits: bool | None) -> None:
    carried = {name: one for name, one in (("down", down), ("up", up)) if one}

    assert need(teacher("video_lesson"), carried=carried).fits is fits


def test_a_machine_that_cannot_carry_the_need_cannot_show_it() -> None:
    found = need(teacher("video_lesson"), ceilings={"down": 30_000_000, "up": 90_000_000})

    assert found.can_be_shown("down") is False
    assert found.can_be_shown("up") is True
    assert need(teacher("video_lesson")).can_be_shown("up") is None
