"""What an answer to a batch means for the reports in it. Pure.

Between an agent and its collector stand captive portals, school filters and proxies that answer
in its place. So only our own words count: an acknowledgement that names the batch and accounts
for each report lets the agent forget, a problem with one of our machine words lets it set a
report aside, everything else lets it do neither.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from agent.http import Answer
from wire.answers import BATCH_WORDS, QUARANTINE_STATUSES, Problem
from wire.batch import Acknowledgement, Batch
from wire.codec import decode
from wire.fields import WireError

LONGEST_WAIT_S = 900.0
_WORD = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """The collector has the batch. `refused`: machine words by the number of each rejected report."""

    refused: Mapping[int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Something in the batch can never be stored; `word` says what."""

    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TooLarge:
    """The same reports may pass in smaller batches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Nothing was decided; try again later.

    `about_batch`: our collector spoke, and about this batch, so others may fare better now.
    """

    word: str
    retry_after_s: float | None = None
    about_batch: bool = False


Outcome = Delivered | Refused | TooLarge | Kept


def outcome_of(answer: Answer, batch: Batch) -> Outcome:
    """What `answer` means for `batch`."""
    if answer.status == 200:
        return _acknowledged(answer, batch)
    if answer.status == 413:
        return TooLarge()
    word = problem_word(answer)
    if answer.status in QUARANTINE_STATUSES and word is not None:
        if word == "bad_batch_size":
            return TooLarge()
        if word in BATCH_WORDS:
            return Refused(word=word)
    return Kept(
        word=word or f"http_{answer.status}",
        retry_after_s=retry_after_s(answer),
        about_batch=answer.status in QUARANTINE_STATUSES and word is not None,
    )


def problem(answer: Answer) -> Problem | None:
    """The collector's own `Problem` in an answer; ``None`` in anybody else's."""
    if "json" not in answer.headers.get("content-type", ""):
        return None
    try:
        said = decode(Problem, answer.body)
    except WireError:
        return None
    return said if _WORD.fullmatch(said.error) else None


def problem_word(answer: Answer) -> str | None:
    """The machine word in our collector's refusal; ``None`` in anybody else's answer."""
    said = problem(answer)
    return said.error if said else None


def retry_after_s(answer: Answer) -> float | None:
    """``Retry-After`` in seconds, capped; its form as a date is not used by our collector."""
    text = answer.headers.get("retry-after", "").strip()
    return min(float(text), LONGEST_WAIT_S) if re.fullmatch(r"[0-9]{1,9}", text) else None


def _acknowledged(answer: Answer, batch: Batch) -> Outcome:
    try:
        said = decode(Acknowledgement, answer.body)
    except WireError:
        return Kept(word="foreign_answer")
    if not said.accounts_for(batch):
        return Kept(word="foreign_acknowledgement")
    return Delivered(
        refused={
            batch.reports[one.index].seq: one.error if _WORD.fullmatch(one.error) else "unknown_word"
            for one in said.rejected
        }
    )
