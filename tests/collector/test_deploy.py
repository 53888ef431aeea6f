"""What an installer copies is right, and shows every setting with its default."""

import tomllib
from pathlib import Path

from collector.district.district_file import load_district
from collector.settings import Settings, load_settings

DEPLOY = Path(__file__).parents[2] / "deploy"


def test_the_example_district_is_good() -> None:
    assert len(load_district(DEPLOY / "district.toml").rooms) == 5


def test_the_example_settings_are_the_defaults() -> None:
    text = (DEPLOY / "bandroom.toml").read_text(encoding="utf-8")
    given = tomllib.loads(text)

    settings = load_settings(DEPLOY / "bandroom.toml")

    assert {name: getattr(Settings(), name) for name in given} == {
        name: getattr(Settings(**given), name) for name in given
    }
    assert settings.district == DEPLOY / "district.toml"
    for name in Settings.model_fields:
        assert f"\n{name} = " in text or f"\n# {name} = " in text, f"{name} is not shown"
