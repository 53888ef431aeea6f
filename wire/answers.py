"""How the collector says no, and which no lets an agent set a report aside."""

from dataclasses import dataclass

QUARANTINE_STATUSES = frozenset({400, 422})
"""Only with one of these statuses and one of `BATCH_WORDS` may an agent quarantine a batch."""

BATCH_WORDS = frozenset(
    {
        "unknown_field",
        "missing_field",
        "wrong_type",
        "out_of_range",
        "negative_value",
        "bad_id",
        "bad_batch_size",
    }
)
"""The words with which a collector refuses a whole batch for what it says, not for the circumstances.

``empty_body``, ``bad_gzip`` and ``bad_json`` are not among them: none of an agent's reports can cause
these, so something on the way emptied or broke the body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """The body of every answer that is not a success: a machine word and a sentence for a person."""

    error: str
    detail: str
