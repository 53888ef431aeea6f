"""docs/mail.md and the example settings say what the code does."""

import re
from pathlib import Path

import pytest

from collector.mail.mail_settings import BriefSettings, MailSettings
from collector.mail.mail_status import Shown
from collector.mail.post import GRACE, RETRY_MINUTES
from collector.settings import Settings, load_settings

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "mail.md").read_text(encoding="utf-8")


def test_the_settings_of_the_page_are_good(tmp_path: Path) -> None:
    written = "\n".join(re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL))
    path = tmp_path / "bandroom.toml"
    path.write_text(re.sub(r"(?m)^   ", "", written), encoding="utf-8")

    read = load_settings(path)

    assert read.mail is not None
    assert [(one.address, one.site) for one in read.brief.to] == [
        ("cio@example.org", None),
        ("principal@example.org", "oak-hill"),
    ]


def test_the_example_settings_are_good_once_their_comments_are_taken_away_and_show_every_default(
    tmp_path: Path,
) -> None:
    text = (ROOT / "deploy" / "bandroom.toml").read_text(encoding="utf-8")
    last = '# site = "oak-hill"\n'
    mail = re.sub(r"(?m)^# ", "", text[text.index("# [mail]") : text.index(last) + len(last)])
    for secret in ('password = "change-me"\n', 'password_file = "mail.password"'):
        path = tmp_path / "bandroom.toml"
        path.write_text(mail.replace(secret, "#\n"), encoding="utf-8")

        read = load_settings(path)

        assert read.mail is not None
        assert (read.brief.day, read.brief.at) == (BriefSettings().day, BriefSettings().at)
        usual = MailSettings(host="smtp.example.org", sender="bandroom@example.org")
        for name in ("port", "security", "timeout_seconds"):
            assert getattr(read.mail, name) == getattr(usual, name)
    for name in (*MailSettings.model_fields, *(one for one in BriefSettings.model_fields if one != "to")):
        assert f"\n# {name} = " in text, f"{name} is not shown"


def test_every_state_is_explained() -> None:
    told = {row.replace(" ", "_") for row in re.findall(r"(?m)^\| ([a-z ]+) \|", PAGE)} - {"state"}

    assert told == set(Shown.__args__)  # type: ignore[attr-defined]


def test_when_it_tries_again_is_told() -> None:
    hours = ", ".join(str(minutes // 60) for minutes in RETRY_MINUTES[3:-1])

    assert f"tried again after 1, 5 and 15 minutes, {hours} and {RETRY_MINUTES[-1] // 60} hours" in PAGE
    assert RETRY_MINUTES[:3] == (1, 5, 15)
    assert len(RETRY_MINUTES) + 1 == 10, "refused for good (a code that begins with 5), or ten times"
    assert GRACE.total_seconds() == 60


@pytest.mark.parametrize("word", ["password_file", "ca_file"])
def test_paths_count_from_the_settings_own_folder(tmp_path: Path, word: str) -> None:
    path = tmp_path / "bandroom.toml"
    user = 'user = "bandroom"\n' if word == "password_file" else ""
    path.write_text(f'[mail]\nhost = "h.org"\nsender = "a@h.org"\n{user}{word} = "x"\n', encoding="utf-8")

    mail = load_settings(path).mail

    assert mail is not None
    assert getattr(mail, word) == tmp_path / "x"
    assert Settings().mail is None
