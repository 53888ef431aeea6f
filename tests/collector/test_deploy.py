"""What an installer copies is right, and shows every setting with its default."""

import re
import tomllib
from datetime import date
from pathlib import Path

from collector.district.activities import DEFAULT_ACTIVITIES
from collector.district.district_file import DistrictFile, load_district
from collector.settings import Settings, load_settings

DEPLOY = Path(__file__).parents[2] / "deploy"
DOCS = DEPLOY.parent / "docs"
KEYS = set(DistrictFile.model_fields)


def test_the_example_district_is_good() -> None:
    assert len(load_district(DEPLOY / "district.toml").rooms) == 5


def test_every_example_in_the_district_file_is_good_once_its_comment_is_taken_away(tmp_path: Path) -> None:
    given = (DEPLOY / "district.toml").read_text(encoding="utf-8")
    text = re.sub(r"(?m)^# (?=\[|[a-z_]+ = )", "", given)
    own = re.search(r"```toml\n(\[video_lesson\]\n.*?)```", (DOCS / "install-server.md").read_text(), re.DOTALL)
    assert own is not None
    (tmp_path / "profiles.toml").write_text(own.group(1), encoding="utf-8")
    (tmp_path / "rooms.csv").write_bytes((DEPLOY / "rooms.csv").read_bytes())
    (tmp_path / "district.toml").write_text(text, encoding="utf-8")

    district = load_district(tmp_path / "district.toml")

    assert set(tomllib.loads(text)) == KEYS
    assert district.activities == DEFAULT_ACTIVITIES, "which is what the example says of them"
    assert len(district.calendar_of("lakeside").lessons_on(date(2026, 11, 10))) == 3
    assert len(district.calendar_of("lakeside").lessons_on(date(2026, 11, 11))) == 4
    assert district.calendar_of("lakeside").lessons_on(date(2026, 11, 12)) == ()
    assert len(district.calendar_of("oak-hill").lessons_on(date(2026, 10, 14))) == 4
    assert [one.name for one in district.profiles if one.changed] == ["video_lesson"]


def test_the_example_settings_are_the_defaults() -> None:
    text = (DEPLOY / "bandroom.toml").read_text(encoding="utf-8")
    given = tomllib.loads(text)

    settings = load_settings(DEPLOY / "bandroom.toml")

    assert {name: getattr(Settings(), name) for name in given} == {
        name: getattr(Settings(**given), name) for name in given
    }
    assert settings.district == DEPLOY / "district.toml"
    for name in Settings.model_fields:
        shown = (f"\n{name} = ", f"\n# {name} = ", f"\n# [{name}]")
        assert any(one in text for one in shown), f"{name} is not shown"
