"""The shipped profiles: the table of science.md 3.2, and who of them judges when."""

from dataclasses import replace

import pytest

from collector.throughput import wishes
from collector.verdict.profiles import default_profiles

PROFILES = default_profiles()


# name, down and up in Mbit/s, p95, p99 and loss in percent (optimal, unacceptable), share at a time
TABLE = [
    ("video_lesson", 1, 0.5, (100, 200), (150, 400), (1, 5), 0.5),
    ("video_lesson_hd", 2, 1, (100, 200), (150, 400), (1, 5), 0.5),
    ("streaming", 3, 0.1, (200, 1000), None, (1, 5), 0.25),
    ("streaming_1080_shared", 5, 0.1, (200, 1000), None, (1, 5), None),
    ("cloud_docs_lms", 1, 0.25, (100, 400), (200, 800), (1, 5), 0.5),
    ("assessment_state", 0.2, 0.2, (150, 500), (300, 1000), (0.5, 3), 1),
    ("assessment_ap", 1, 0.2, (150, 500), (300, 1000), (0.5, 3), 1),
    ("interactive_low_latency", 15, 1, (65, 200), (100, 250), (1, 5), None),
]


def test_the_numbers_are_those_of_the_table() -> None:
    found = []
    for one in PROFILES:
        limits = {need.percentile: (need.optimal_ms, need.unacceptable_ms) for need in one.rtt}
        loss = (round(one.loss.optimal * 100, 9), round(one.loss.unacceptable * 100, 9))
        share = one.concurrency.share if one.concurrency else None
        rates = (one.down.bps / 1e6, one.up.bps / 1e6)
        found.append((one.name, *rates, limits[95], limits.get(99), loss, share))

    assert sorted(found) == sorted(TABLE)
    assert {need.percentile for one in PROFILES for need in one.rtt} == {95, 99}


def test_two_judge_lessons_and_two_assessments() -> None:
    assert [one.name for one in PROFILES.in_force()] == ["video_lesson", "cloud_docs_lms"]
    assert [one.name for one in PROFILES.in_force(assessing=True)] == ["assessment_state", "assessment_ap"]
    assert len(PROFILES.by_name) == 8


def test_a_test_in_a_lesson_asks_for_what_lessons_need_and_no_more() -> None:
    assert wishes.tested_bps(PROFILES) == (1_000_000, 500_000)


def test_a_profile_that_judges_needs_a_limit_that_a_bin_can_bound() -> None:
    video = PROFILES.by_name["video_lesson"]
    tail = tuple(need for need in video.rtt if need.percentile > 95)

    with pytest.raises(ValueError, match="at the 95th percentile or below"):
        replace(video, rtt=tail)
    assert replace(video, rtt=tail, judges="never").rtt == tail


def test_its_title_says_whose_it_is() -> None:
    video = PROFILES.by_name["video_lesson"]

    assert video.title == "video_lesson v1"
    assert replace(video, changed=("down.bps",)).title == "video_lesson v1, changed by the district"
