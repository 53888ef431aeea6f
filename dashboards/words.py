"""States and causes as a reader sees them: a word always, and beside it a colour. The board uses the same of both."""

from collections.abc import Mapping

from grafana_foundation_sdk.models.dashboard import ValueMap, ValueMapping, ValueMappingResult

from collector.store.influx_schema import ABSENT, AGENT_LEVELS, LEVELS, UPLINK_LEVELS, WEEK_LEVELS
from collector.verdict.cause_words import BUDGET_WORDS, CAUSE_WORDS
from collector.verdict.cause_words import pays as pays_words
from collector.verdict.uplinks.outlook import Level, Refusal
from collector.verdict.week_sentence import VERDICT_WORDS

BAD = "#c0271f"
DEGRADED = "#d98e1f"
WATCH = "#a8921c"
GOOD = "#5aa37c"
UNKNOWN = "#8a93a0"
NO_LESSON = "#586270"
LINES = ("#2f74c0", "#8f63c9", "#3aa0b5", "#b05fa3", "#6b7fd7", "#7a8b99")
"""Of lines that are neither good nor bad, however many there are."""

NOT_MEASURED = "–"

STATE_WORDS = {"bad": "bad", "degraded": "degraded", "ok": "ok", "unknown": "unknown", "no_lesson": "no lesson"}
STATE_COLOURS = {"bad": BAD, "degraded": DEGRADED, "ok": GOOD, "unknown": UNKNOWN, "no_lesson": NO_LESSON}
QUALITY_COLOURS = {"bad": BAD, "degraded": DEGRADED, "good": GOOD}
AGENT_WORDS = {
    "silent": "silent",
    "behind": "behind",
    "reporting": "reporting",
    "never_reported": "never reported",
}
AGENT_COLOURS = {"silent": BAD, "behind": DEGRADED, "reporting": GOOD, "never_reported": UNKNOWN}
VERDICT_COLOURS = {"restricted": BAD, "at_risk": DEGRADED, "unknown": UNKNOWN, "ok": GOOD}

UPLINK_WORDS: dict[Level, str] = {"act": "act", "plan": "plan", "watch": "watch", "fine": "fine", "unknown": "unknown"}
UPLINK_COLOURS: dict[Level, str] = {"act": BAD, "plan": DEGRADED, "watch": WATCH, "fine": GOOD, "unknown": UNKNOWN}
REFUSAL_WORDS: dict[Refusal, str] = {
    "not_counted": "not counted lately",
    "no_capacity": "its capacity is not known",
    "too_few_weeks": "too few weeks are known",
    "capacity_changed": "its capacity changed",
    "level_shifted": "its load jumped",
    "missing_weeks": "too many weeks are missing",
    "saturated": "it is full: demand is not seen",
    "no_trend": "no trend is detected",
    "too_wide": "too uncertain to be of use",
}
"""Why nothing is foretold, in a number's place."""

SHORT_PAYS_WORDS = {"C1": "E-rate C1", "C2": "E-rate C2", "vendor": "vendor"}
SHORT_CAUSE_WORDS = {
    "room_access": "room's own access",
    "site_lan": "inside the building",
    "site_uplink": "the site's uplink",
    "isp_egress": "internet provider",
    "remote_service": "remote service",
    "rate_limit_or_client": "rate limit or client",
    "device": "measuring device",
    "mixed": "several causes",
    "undetermined": "not determined",
}
"""For a column beside a sentence that says more: on one line, as Grafana makes no row higher for mapped words."""


def levels() -> ValueMapping:
    """A level of a room as its state's word and colour."""
    return _map({str(level): (STATE_WORDS[state], STATE_COLOURS[state]) for state, level in LEVELS.items()})


def agent_levels() -> ValueMapping:
    """A level of an agent as its state's word and colour."""
    return _map({str(level): (AGENT_WORDS[state], AGENT_COLOURS[state]) for state, level in AGENT_LEVELS.items()})


def verdicts() -> ValueMapping:
    """A level of a week as its verdict's word and colour."""
    words = {str(WEEK_LEVELS[one]): (word, VERDICT_COLOURS[one]) for one, word in VERDICT_WORDS.items()}
    return _map(words)


def uplink_levels() -> ValueMapping:
    """A level of an uplink as its word and colour."""
    return _map({str(UPLINK_LEVELS[one]): (word, UPLINK_COLOURS[one]) for one, word in UPLINK_WORDS.items()})


def refusals() -> ValueMapping:
    """Why nothing is foretold."""
    return _map({"": (NOT_MEASURED, None)} | {one: (word, None) for one, word in REFUSAL_WORDS.items()})


def ways() -> ValueMapping:
    """A direction of an uplink."""
    return _map({"": (NOT_MEASURED, None), "down": ("down", None), "up": ("up", None)})


def no_date(instead: str) -> ValueMapping:
    """`instead` of a date that there is none of."""
    return _map({"": (instead, None)})


def verdict_names() -> ValueMapping:
    """A verdict by its name, which no week before has."""
    return _map({"": (NOT_MEASURED, None)} | {one: (word, None) for one, word in VERDICT_WORDS.items()})


def pays() -> ValueMapping:
    """Who pays for the mend."""
    return _map({"": (NOT_MEASURED, None)} | {line: (pays_words(line), None) for line in BUDGET_WORDS})


def qualities() -> ValueMapping:
    """What a bin was for a profile; one that was not measured enough says nothing, and is grey."""
    return _map({"": ("unknown", UNKNOWN)} | {word: (word, colour) for word, colour in QUALITY_COLOURS.items()})


def causes() -> ValueMapping:
    """A cause in words."""
    return _map({"": (NOT_MEASURED, None)} | {cause: (words, None) for cause, words in CAUSE_WORDS.items()})


def causes_of_a_week() -> ValueMapping:
    """A cause in words; a room without any is restricted by weeks before."""
    none = {"": ("none now: restricted by weeks before", None)}
    return _map(none | {cause: (words, None) for cause, words in CAUSE_WORDS.items()})


def short_causes() -> ValueMapping:
    """A cause in a word or three."""
    return _map({"": (NOT_MEASURED, None)} | {cause: (words, None) for cause, words in SHORT_CAUSE_WORDS.items()})


def short_pays() -> ValueMapping:
    """Who pays, in two words."""
    return _map({"": (NOT_MEASURED, None)} | {line: (words, None) for line, words in SHORT_PAYS_WORDS.items()})


def absent() -> ValueMapping:
    """What was not measured is no number, and what was not told no text."""
    return _map({str(ABSENT): (NOT_MEASURED, None), "": (NOT_MEASURED, None)})


def truth(if_true: tuple[str, str | None], if_false: tuple[str, str | None]) -> ValueMapping:
    """A truth as a word and a colour."""
    return _map({"true": if_true, "false": if_false})


def _map(words: Mapping[str, tuple[str, str | None]]) -> ValueMapping:
    return ValueMap(
        options={
            value: ValueMappingResult(text=word, color=colour, index=place)
            for place, (value, (word, colour)) in enumerate(words.items())
        }
    )
