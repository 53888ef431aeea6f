"""A request body to reports, each good or rejected with a machine word.

The whole batch is validated in one go; only when that fails is it taken apart, so that one bad report
is named and the good ones are kept. Details never repeat what was sent: it might be what must not be kept.
"""

import json
import zlib
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from collector.refusal import Refusal
from wire.batch import MAX_BODY_BYTES, MAX_DECODED_BYTES, MAX_REPORTS, Batch, BootClock, RejectedReport, check_version
from wire.fields import MAX_SEQ, WireError
from wire.report_words import STRICT
from wire.reports import KINDS, Report

MAX_COMMAS = 50 * MAX_REPORTS
"""More than twice as many as the largest batch has. Parsed JSON takes up to two hundred times its bytes,
so a body of nothing but commas and brackets is told by counting."""

KindOfReport = Annotated[Report, Field(discriminator="kind")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A batch at the door: its good reports by their place in it, and the others with the reason why."""

    batch: str
    boot: str
    clock: BootClock
    reports: tuple[Report, ...]
    rejected: tuple[RejectedReport, ...]
    indices: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _WholeBatch(Batch):
    reports: tuple[KindOfReport, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Envelope(Batch):
    reports: tuple[Any, ...]  # looked at one by one


@dataclass(frozen=True, slots=True, kw_only=True)
class _Version:
    __pydantic_config__ = STRICT | {"extra": "ignore"}
    version: int


_WHOLE_BATCH = TypeAdapter(_WholeBatch)
_ENVELOPE = TypeAdapter(_Envelope)
_VERSION = TypeAdapter(_Version)
_REPORT: TypeAdapter[Report] = TypeAdapter(KindOfReport)


def inflate(body: bytes, encoding: str) -> bytes:
    """The JSON of a request body. Raises `Refusal`; never makes more than `MAX_DECODED_BYTES`."""
    if not body:
        raise Refusal(400, "empty_body", "the request has no body; POST a batch as JSON")
    if len(body) > MAX_BODY_BYTES:
        raise Refusal(413, "too_large", f"a request body holds at most {MAX_BODY_BYTES} bytes; send fewer reports")
    if encoding in {"", "identity"}:
        text = body
    elif encoding == "gzip":
        decoder = zlib.decompressobj(wbits=31)
        try:
            text = decoder.decompress(body, MAX_DECODED_BYTES + 1)
        except zlib.error:
            raise Refusal(400, "bad_gzip", "the body is not gzip, though Content-Encoding says so") from None
        if len(text) <= MAX_DECODED_BYTES and (not decoder.eof or decoder.unused_data):
            raise Refusal(400, "bad_gzip", "the gzip body is cut short or has something after its end")
    else:
        raise Refusal(415, "unsupported_encoding", "Content-Encoding must be gzip or identity")
    if len(text) > MAX_DECODED_BYTES:
        raise Refusal(
            413, "too_large", f"a decompressed body holds at most {MAX_DECODED_BYTES} bytes; send fewer reports"
        )
    return text


def decode_batch(text: bytes) -> Received:
    """Read a batch. Raises `Refusal` when it cannot be told what it is or which reports it holds."""
    if text.count(b",") > MAX_COMMAS:
        raise Refusal(422, "bad_batch_size", f"that is more than the {MAX_REPORTS} reports a batch may hold")
    try:
        batch = _WHOLE_BATCH.validate_json(text)
    except ValidationError:
        return _decode_one_by_one(text)
    return Received(
        batch=batch.batch,
        boot=batch.boot,
        clock=batch.clock,
        reports=batch.reports,
        rejected=(),
        indices=tuple(range(len(batch.reports))),
    )


def _decode_one_by_one(text: bytes) -> Received:
    data = _load(text)
    items = data.get("reports") if isinstance(data, dict) else None
    if isinstance(items, list):
        # The envelope is read without them, so that one report's nonsense does not spoil the batch.
        data |= {"reports": [None] * len(items)}
    try:
        plain = json.dumps(data)
        check_version(_VERSION.validate_json(plain).version)
        envelope = _ENVELOPE.validate_json(plain)
    except (ValidationError, RecursionError) as error:
        raise Refusal(422, *_why(error)) from None
    except WireError as error:
        # Not 422: the agent must keep the batch until this side is upgraded.
        raise Refusal(415, error.word, error.detail) from None
    good: list[Report] = []
    indices: list[int] = []
    rejected: list[RejectedReport] = []
    for index, item in enumerate(items or ()):
        try:
            good.append(_REPORT.validate_json(json.dumps(item)))
            indices.append(index)
        except (ValidationError, RecursionError) as error:
            word, detail = _why(error)
            rejected.append(RejectedReport(index=index, seq=_seq_of(item), error=word, detail=detail))
    return Received(
        batch=envelope.batch,
        boot=envelope.boot,
        clock=envelope.clock,
        reports=tuple(good),
        rejected=tuple(rejected),
        indices=tuple(indices),
    )


def _load(text: bytes) -> Any:
    try:
        # Decoded here, because json left to guess reads UTF-16, too.
        return json.loads(text.decode(), parse_int=_bounded_int)
    except (ValueError, RecursionError):
        raise Refusal(400, "bad_json", "the body is not JSON") from None


def _bounded_int(digits: str) -> int:
    """An integer; one too long to be right becomes one that every range check refuses."""
    return int(digits) if len(digits) <= 20 else -(10**20) if digits.startswith("-") else 10**20


def _seq_of(item: object) -> int | None:
    seq = item.get("seq") if isinstance(item, dict) else None
    return seq if type(seq) is int and 0 <= seq <= MAX_SEQ else None


def _why(error: ValidationError | RecursionError) -> tuple[str, str]:
    """The machine word and a sentence."""
    if isinstance(error, RecursionError):
        return "wrong_type", "nested deeper than anything on the wire"
    return _explain(error.errors(include_url=False, include_input=False)[0])


def _explain(error: ErrorDetails) -> tuple[str, str]:
    """The machine word and a sentence for pydantic's first complaint."""
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, WireError):
        return cause.word, cause.detail
    where = ".".join(str(part) for part in error["loc"] if part not in KINDS)[:120] or "the batch"
    kind = error["type"]
    if kind in {"unexpected_keyword_argument", "extra_forbidden"}:
        return "unknown_field", "a field that the wire does not know; see docs/wire.md"
    if kind in {"missing", "missing_argument", "missing_keyword_only_argument", "union_tag_not_found"}:
        return "missing_field", f"{where} is missing" if kind != "union_tag_not_found" else "kind is missing"
    if kind == "union_tag_invalid":
        return "unknown_kind", "kind must be latency, throughput, health, service, path, off_site or uplink"
    return "wrong_type", f"{where}: {error['msg'][:1].lower()}{error['msg'][1:]}"
