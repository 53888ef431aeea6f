"""The page for teachers: one form, one test, one answer. Its script does the rest in the browser."""

import json

from collector.board.check_sentences import language_of, languages
from collector.board.environment import template
from collector.verdict.profiles import Profiles


def check_page(
    *, asked_language: str, accepted_languages: str, profiles: Profiles, off: str | None, with_board: bool
) -> str:
    """The page. It names no school and no room; the script asks for them. `off` is why nothing is tested, where nothing
    is; `with_board` adds the way to the board."""
    language = language_of(asked_language, accepted_languages)
    sentences = languages()[language]
    missing = {
        f"{kind}_{one.name}": one.label for kind in ("activity", "name") for one in profiles.in_force()
    }  # a profile that nobody has translated yet goes by its label
    said = missing | sentences
    return template("check.html").render(
        language=language,
        languages={name: table["language"] for name, table in languages().items()},
        say=said,
        sentences=json.dumps(said, ensure_ascii=False),
        steps=("wait", "idle", "down", "up", "answer"),
        off=off,
        with_board=with_board,
    )
