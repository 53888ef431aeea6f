"""docs/wire.md says what the code does: every field, every word, every example."""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

from collector.ingest.decode import decode_batch, inflate
from collector.store.protocol import Unstorable
from docs.inventory import FROM_A_MACHINE, TO_A_MACHINE, described, shapes, type_name
from tests.wire import literal
from wire.answers import BATCH_WORDS, Problem
from wire.batch import MAX_BODY_BYTES, MAX_DECODED_BYTES, MAX_REPORTS, Acknowledgement, Batch
from wire.codec import decode, encode
from wire.enrolment import AgentConfig, Enrolment, EnrolmentRequest
from wire.histogram import Histogram, bucket_of
from wire.lease import Lease, LeaseAccount, LeaseEnd, LeaseRequest
from wire.ndt7_allowance import Ndt7Allowance

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "wire.md").read_text(encoding="utf-8")
TABLES = described(PAGE)
SHAPES = shapes(*FROM_A_MACHINE, *TO_A_MACHINE)
FIELDS = [(shape, field.name) for shape in SHAPES for field in fields(shape)]
EXAMPLES = re.findall(r"^```json (\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
WORD = re.compile(r"[a-z]+(?:_[a-z]+)*")

# Calls that say a word, and the place of the word among their arguments.
SAYERS = {"WireError": 0, "Refused": 0, "Refusal": 1, "problem": 1}
SPEAKING = (
    "wire",
    "collector/ingest",
    "collector/api",
    "collector/registry",
    "collector/throughput",
    "collector/checks",
    "collector/brief/briefs.py",
)


def example(name: str) -> str:
    (text,) = [text for shape, text in EXAMPLES if shape == name]
    return str(text)


def word_rows() -> dict[str, set[str]]:
    """The table of machine words: each word's statuses."""
    section = PAGE.partition("\n## Machine words\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", section, re.MULTILINE)
    assert len(dict(rows)) == len(rows), "a word stands twice"
    return {word: set(statuses.split(", ")) for word, statuses in rows}


def texts(node: ast.expr | None) -> Iterator[str]:
    """The words a value may be: a constant, either side of a condition, any value of a dict that is asked."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from texts(node.body)
        yield from texts(node.orelse)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Dict):
        for value in (*node.func.value.values, *node.args[1:]):
            yield from texts(value)


def said(tree: ast.AST) -> Iterator[tuple[str, str | None]]:
    """Each word that a module says, with its HTTP status where that stands beside it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SAYERS:
            place = SAYERS[node.func.id]
            status = node.args[0].value if place and isinstance(node.args[0], ast.Constant) else None
            yield from ((text, str(status) if status else None) for text in texts(node.args[place]))
        elif isinstance(node, ast.Assign) and "word" in {getattr(one, "id", None) for one in node.targets}:
            yield from ((text, None) for text in texts(node.value))
        elif isinstance(node, ast.Tuple) and len(node.elts) == 2:  # (word, sentence)
            word, sentence = node.elts
            if isinstance(sentence, ast.Constant | ast.JoinedStr | ast.IfExp):
                yield from ((text, None) for text in texts(word) if "_" in text and text[0] != "_")


def words_of_the_code() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {word: set() for word in get_args(Unstorable)}
    for folder in SPEAKING:
        place = ROOT / folder
        for path in [place] if place.is_file() else place.rglob("*.py"):
            for word, status in said(ast.parse(path.read_text(encoding="utf-8"))):
                assert WORD.fullmatch(word), f"{path.name} says {word!r}"
                found.setdefault(word, set()).update({status} if status else ())
    return found


@pytest.mark.parametrize(("shape", "name"), FIELDS, ids=lambda part: getattr(part, "__name__", part))
def test_every_field_is_explained_with_its_type(shape: type[Any], name: str) -> None:
    row = TABLES[shape.__name__][name]
    assert row.type == type_name(get_type_hints(shape)[name])
    assert row.allowed
    assert len(row.meaning) > 2


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_no_field_is_explained_that_there_is_not(shape: type[Any]) -> None:
    assert list(TABLES[shape.__name__]) == [field.name for field in fields(shape)]


def test_every_word_a_field_may_be_is_listed() -> None:
    for shape, name in FIELDS:
        hint = get_type_hints(shape)[name]
        for one in (hint, *get_args(hint)):
            if get_origin(one) is Literal:
                assert set(re.findall(r"`(\w+)`", TABLES[shape.__name__][name].allowed)) == set(get_args(one))


def test_a_field_that_may_be_missing_is_said_to() -> None:
    for shape, name in FIELDS:
        field = next(one for one in fields(shape) if one.name == name)
        if field.default is not MISSING and name not in {"kind", "error_estimate"}:
            assert "may be missing" in TABLES[shape.__name__][name].meaning


@pytest.mark.parametrize(
    "shape",
    [
        EnrolmentRequest,
        Enrolment,
        AgentConfig,
        Batch,
        Acknowledgement,
        Problem,
        LeaseRequest,
        Lease,
        LeaseEnd,
        LeaseAccount,
        Ndt7Allowance,
    ],
    ids=lambda shape: shape.__name__,
)
def test_the_example_is_one(shape: type[Any]) -> None:
    text = example(shape.__name__)
    read = decode(shape, text)
    assert json.loads(encode(read)) == json.loads(text), "an example shows every field and none besides"


def test_every_example_is_read_by_a_test() -> None:
    assert len(EXAMPLES) == 11


def test_the_collector_takes_the_example_batch_whole() -> None:
    received = decode_batch(inflate(example("Batch").encode(), ""))
    assert received.rejected == ()
    assert {report.kind for report in received.reports} == set(literal.REPORTS)


def test_the_example_acknowledgement_answers_the_example_batch() -> None:
    batch = decode(Batch, example("Batch"))
    acknowledgement = decode(Acknowledgement, example("Acknowledgement"))
    assert acknowledgement.accounts_for(batch)
    (rejected,) = acknowledgement.rejected
    late = batch.reports[rejected.index]
    assert late.seq == rejected.seq
    assert rejected.error == "from_future"
    assert late.boot_ms == batch.clock.boot_ms + 59_000


def test_the_worked_histogram_is_right() -> None:
    section = PAGE.partition("\n## The histogram\n")[2].partition("\n## ")[0]
    sentence = re.search(r"round trips of ([\d, and\n]+) microseconds are the text `([^`]+)`", section)
    assert sentence is not None
    times = [int(number) for number in re.findall(r"\d+", sentence[1])]
    histogram = Histogram.of(times)
    assert histogram.to_text() == sentence[2]
    assert [bucket_of(us) for us in times] == [163, 164, 164, 164, 241]
    for share in (0.5, 0.95):
        answer = histogram.quantile(share)
        assert answer is not None
        assert f"{answer:.0f} µs" in section.replace("\n", " ")


def test_nothing_else_says_a_word() -> None:
    for path in (ROOT / "collector").rglob("*.py"):
        if not any(path.is_relative_to(ROOT / folder) for folder in SPEAKING):
            calls = [
                node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
            ]
            assert not SAYERS.keys() & {getattr(call.func, "id", None) for call in calls}, path.name


def test_every_word_of_the_code_is_on_the_page_and_the_other_way_round() -> None:
    assert set(word_rows()) == set(words_of_the_code())


def test_every_word_is_said_with_the_status_on_the_page() -> None:
    rows = word_rows()
    for word, statuses in words_of_the_code().items():
        assert statuses <= rows[word], word


def test_a_batch_word_has_a_status_that_may_quarantine() -> None:
    rows = word_rows()
    for word in BATCH_WORDS:
        assert rows[word] & {"400", "422"}, word


def test_the_limits_are_those_of_the_code() -> None:
    section = PAGE.partition("\n## Limits\n")[2]
    for limit in (f"{MAX_BODY_BYTES} bytes", f"{MAX_DECODED_BYTES} bytes", str(MAX_REPORTS)):
        assert f"| {limit} |" in section
