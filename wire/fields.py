"""Checks that the wire's dataclasses run on themselves, on both sides of the wire.

Every integer is bounded and every string has a closed form, so no report can carry free text
(docs/privacy.md) and nothing that arrives can overflow a column of a store.
"""

import re

MAX_COUNT = 1_000_000
"""Upper bound of packet counts in one report: an hour at 277 Hz."""

MAX_ELAPSED_MS = 10 * 366 * 86_400_000
"""Upper bound of a boot clock, ten years in milliseconds."""

MAX_WALL_MS = 4_102_444_800_000
"""Upper bound of a wall clock: 2100-01-01T00:00:00Z in milliseconds of the Unix epoch."""

MAX_SEQ = 2**53 - 1
"""Upper bound of a report's sequence number: exact in every JSON reader."""

MAX_DURATION_MS = 3_600_000
"""A report covers at most an hour."""

MAX_BPS = 10**12
MAX_BYTES = 10**12

_HEX_ID = re.compile(r"[0-9a-f]{16}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_TARGET = re.compile(r"gateway|site|district|resolver:[1-9]|(?:anchor|service):[a-z0-9]+(?:-[a-z0-9]+)*")
_PATH = re.compile(r"/[A-Za-z0-9/._~%+-]{0,200}")
_VERSION = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,4}){1,2}")
MAX_SLUG = 40


class WireError(ValueError):
    """A value that may not travel.

    Attributes:
        word: the machine word, at once HTTP body, log key and metric label.
        detail: one sentence for a person.
    """

    def __init__(self, word: str, detail: str) -> None:
        super().__init__(detail)
        self.word = word
        self.detail = detail


def check_range(name: str, value: int | None, low: int, high: int) -> None:
    """Refuse `value` outside ``low..high``; ``None`` means absent and passes."""
    if value is not None and not low <= value <= high:
        word = "negative_value" if value < 0 <= low else "out_of_range"
        raise WireError(word, f"{name} is {_shown(value)}, allowed are {low} to {high}")


def check_id(name: str, value: str) -> None:
    """Refuse anything but sixteen lower-case hexadecimal digits."""
    if not _HEX_ID.fullmatch(value):
        raise WireError("bad_id", f"{name} must be 16 hexadecimal digits")


def check_sha256(name: str, value: str) -> None:
    """Refuse anything but the 64 lower-case hexadecimal digits of a SHA-256."""
    if not _SHA256.fullmatch(value):
        raise WireError("bad_digest", f"{name} must be the 64 hexadecimal digits of a SHA-256")


def check_key(name: str, value: str) -> None:
    """Refuse anything but the 64 lower-case hexadecimal digits of a key of 256 bits. The message never repeats it."""
    if not _SHA256.fullmatch(value):
        raise WireError("bad_key", f"{name} must be 64 hexadecimal digits")


def check_slug(name: str, value: str) -> None:
    """Refuse anything but a slug: a-z, 0-9 and single hyphens, at most 40 characters."""
    if len(value) > MAX_SLUG or not _SLUG.fullmatch(value):
        raise WireError("bad_slug", f"{name} must be a slug (a-z, 0-9, hyphens; at most {MAX_SLUG} characters)")


def check_target(value: str) -> None:
    """Refuse anything but a target alias: gateway, site, district, anchor:NAME, service:NAME, or resolver:1 to 9."""
    if len(value.rpartition(":")[2]) > MAX_SLUG or not _TARGET.fullmatch(value):
        raise WireError(
            "unknown_target", "target must be gateway, site, district, anchor:NAME, service:NAME or resolver:1 to 9"
        )


def check_path(name: str, value: str) -> None:
    """Refuse anything but the path of a URL, without query: it is configured by the district, never a person's."""
    if not _PATH.fullmatch(value):
        raise WireError("bad_path", f"{name} must be a path such as / or /login, without ? and #")


def check_version_text(name: str, value: str) -> None:
    """Refuse anything but a version of two or three numbers such as ``0.1.0``; four would be an address."""
    if not _VERSION.fullmatch(value):
        raise WireError("bad_version_text", f"{name} must be a dotted version number such as 0.1.0")


def _shown(value: int) -> str:
    """`value` for a message; a huge integer is named by its size, never printed."""
    return str(value) if value.bit_length() <= 64 else f"an integer of {value.bit_length()} bits"
