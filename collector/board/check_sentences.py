"""The sentences of the page for teachers, from ``check_sentences.toml``, and which language to say them in."""

import tomllib
from functools import cache
from pathlib import Path

Sentences = dict[str, str]


@cache
def languages() -> dict[str, Sentences]:
    """The sentences by the language's code, English first."""
    return tomllib.loads((Path(__file__).parent / "check_sentences.toml").read_text("utf-8"))


def language_of(asked: str, accepted: str) -> str:
    """The language that was `asked` for, else the first that ``Accept-Language`` (RFC 9110, 12.5.4) ranks highest and
    we have, else English."""
    if asked in languages():
        return asked
    ranked = []
    for place, one in enumerate(accepted.lower().split(",")[:20]):
        name, _, weight = one.strip().partition(";q=")
        try:
            ranked.append((-float(weight or 1), place, name.partition("-")[0]))
        except ValueError:
            continue
    return next((name for weight, _, name in sorted(ranked) if weight and name in languages()), "en")
