"""A district sets limits differently from ours: what is in force then, what is kept with a verdict, and who is told."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from collector.board.pages import room_page
from collector.district.activities import DEFAULT_ACTIVITIES
from collector.district.district_file import load_district
from collector.verdict.profiles import Profiles, default_profiles
from collector.verdict.room_need import Activity
from tests.collector.board.districts import NOW, a_bin, a_district, a_room, a_site
from tests.collector.board.reader import read
from tests.collector.live import a_district as a_live_district
from tests.collector.live import live_collector
from tests.collector.test_files import GOOD_DISTRICT, mistakes_of, write

STRICTER = """
[video_lesson]
loss = { optimal = 0.01, unacceptable = 0.03, source = "our trial of May 2026" }

[[video_lesson.rtt]]
percentile = 95
optimal_ms = 80
unacceptable_ms = 150
source = "our trial of May 2026"
"""
ROBOT = """
[robot_arm]
version = 2
label = "robot arm"
judges = "lessons"
loss = { optimal = 0.001, unacceptable = 0.01, source = "its maker" }
down = { bps = 4_000_000, source = "its maker" }
up = { bps = 4_000_000, source = "its maker" }

[[robot_arm.rtt]]
percentile = 95
optimal_ms = 20
unacceptable_ms = 60
source = "its maker"
"""


def profiles_of(folder: Path, text: str) -> Profiles:
    (folder / "profiles.toml").write_text(text, encoding="utf-8")
    return load_district(write(folder, f'profiles = "profiles.toml"\n{GOOD_DISTRICT}')).profiles


def test_a_cell_that_is_given_is_in_force_and_all_else_stays_ours(tmp_path: Path) -> None:
    found, ours = profiles_of(tmp_path, STRICTER), default_profiles()

    video, before = found.by_name["video_lesson"], ours.by_name["video_lesson"]
    assert [(one.percentile, one.unacceptable_ms) for one in video.rtt if one.percentile == 95] == [(95, 150)]
    assert [one for one in video.rtt if one.percentile != 95] == [one for one in before.rtt if one.percentile != 95]
    assert (video.loss.unacceptable, video.loss.source) == (0.03, "our trial of May 2026")
    assert replace(video, rtt=before.rtt, loss=before.loss, changed=()) == before
    assert video.changed == ("loss", "rtt p95")
    assert video.title == "video_lesson v1, changed by the district"
    assert {name: one for name, one in found.by_name.items() if name != "video_lesson"} == {
        name: one for name, one in ours.by_name.items() if name != "video_lesson"
    }


def test_the_digest_is_of_what_is_in_force_and_not_of_how_it_is_written(tmp_path: Path) -> None:
    found, ours = profiles_of(tmp_path, STRICTER), default_profiles()
    digests = [found.digest, profiles_of(tmp_path, f"# ours\n{STRICTER}").digest]
    changed = [profiles_of(tmp_path, STRICTER.replace("150", "151")).digest, ours.digest]

    assert len(set(digests)) == 1
    assert len({*digests, *changed}) == 3
    video = ours.by_name["video_lesson"].loss
    same = f"optimal = {video.optimal}, unacceptable = {video.unacceptable}, source = {json.dumps(video.source)}"
    assert profiles_of(tmp_path, f"[video_lesson]\nloss = {{ {same} }}\n") == ours, "what is ours is no change"


def test_a_profile_of_its_own_judges_beside_ours_and_ours_may_be_set_aside(tmp_path: Path) -> None:
    found = profiles_of(tmp_path, ROBOT + '\n[video_lesson]\njudges = "never"\n')

    assert "robot_arm" in {one.name for one in found.in_force()}
    assert "video_lesson" not in {one.name for one in found.in_force()}
    assert found.by_name["video_lesson"].changed == ("judges",)
    assert set(found.by_name["robot_arm"].changed) == {"version", "label", "judges", "loss", "down", "up", "rtt p95"}


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, f'profiles = "own.toml"\n{GOOD_DISTRICT}')

    assert mistakes_of(path) == f"own.toml:1 cannot be read: No such file or directory ({tmp_path / 'own.toml'})"


def test_an_activity_may_be_a_profile_of_the_districts_own(tmp_path: Path) -> None:
    (tmp_path / "profiles.toml").write_text(ROBOT)
    activities = """
[[activities]]
profile = "robot_arm"
led_by = "pupils"
share = 0.25

[[activities]]
profile = "video_lesson"
led_by = "teacher"
"""
    path = write(tmp_path, f'profiles = "profiles.toml"\n{GOOD_DISTRICT}{activities}')

    assert load_district(path).activities == (
        Activity(profile="robot_arm", led_by="pupils", share=0.25),
        Activity(profile="video_lesson", led_by="teacher"),
    )
    path.write_text(path.read_text().replace("share = 0.25\n", ""))
    assert mistakes_of(path).endswith("activities.share: is missing, and robot_arm states none; add it, such as 0.5")
    assert load_district(write(tmp_path)).activities == DEFAULT_ACTIVITIES


def test_what_the_district_set_itself_shows_where_limits_are_shown(tmp_path: Path) -> None:
    room = a_room(state="bad", bins=(a_bin("bad"),))
    own = a_district(a_site(room), profiles=profiles_of(tmp_path, STRICTER))
    ours = a_district(a_site(room))

    page = read(room_page(own, room, now=NOW))

    limits = page.one("section", class_="limits-section").text
    assert "profile video_lesson v1, changed by the district" in limits
    assert limits.count("our trial of May 2026 set by the district") == 2
    assert "150 ms" in limits.replace("\N{NO-BREAK SPACE}", " ")
    assert f"Profiles {own.profiles.digest}." in limits
    assert "below profile video_lesson v1, changed by the district" in page.one("dl", class_="facts").text
    assert "the district" not in read(room_page(ours, room, now=NOW)).one("section", class_="limits-section").text


@pytest.mark.parametrize("changed", [False, True])
def test_the_api_tells_every_limit_with_its_source_and_whose_it_is(tmp_path: Path, changed: bool) -> None:
    profiles = profiles_of(tmp_path, STRICTER) if changed else default_profiles()
    with live_collector(tmp_path / "live", district=replace(a_live_district(), profiles=profiles)) as live:
        body = live.ask("GET", "/v1/profiles").body

    assert body["digest"] == profiles.digest
    assert [one["profile"] for one in body["profiles"]] == list(profiles.by_name)
    video = next(one for one in body["profiles"] if one["profile"] == "video_lesson")
    assert (video["title"], video["changed"]) == (
        profiles.by_name["video_lesson"].title,
        list(profiles.by_name["video_lesson"].changed),
    )
    loss = next(one for one in video["cells"] if one["cell"] == "loss")
    assert (loss["unacceptable"], loss["unit"], loss["changed"]) == (0.03 if changed else 0.05, "share", changed)
    assert all(cell["source"] for one in body["profiles"] for cell in one["cells"])
