"""A mail address as an admin writes it, taken apart, and the form in which it may be shown.

Only plain addresses pass: no comments, quotes or routes of RFC 5322, and no character that could end a header or a
command of SMTP.
"""

import re
import unicodedata
from email.headerregistry import Address

from collector.district.host import a_host, is_address

MAX_ADDRESS = 254
"""RFC 5321 section 4.5.3.1.3: 256 octets of a path, with its brackets."""
MAX_LOCAL_PART = 64

SHORTEST_HIDDEN = 3
"""A shorter one is a part of too many other words, and hardly anybody's name."""

_WRITTEN = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@.,;:]+")
_LOCAL_ASCII = r"A-Za-z0-9!#$%&'*+/=?^_`{|}~\-"
_LOCAL = re.compile(rf"[{_LOCAL_ASCII}\u0080-\U0010ffff]+(?:\.[{_LOCAL_ASCII}\u0080-\U0010ffff]+)*")
_NAMED = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]*)>")


def an_address(text: str) -> str:
    """`text` as the address that it is, its domain in lower case. Raises `ValueError`."""
    local, at, domain = text.rpartition("@")
    if not at or _breaks(text) or not _LOCAL.fullmatch(local) or "." not in domain or is_address(domain):
        raise ValueError(f'"{_shown(text)}" is no mail address; wanted is one such as cio@example.org')
    domain = a_host(domain)
    if len(local.encode()) > MAX_LOCAL_PART or len(f"{local}@{domain}".encode()) > MAX_ADDRESS:
        raise ValueError(f"is too long; a mail address has at most {MAX_ADDRESS} characters, {MAX_LOCAL_PART} before @")
    return f"{unicodedata.normalize('NFC', local)}@{domain}"


def a_sender(text: str) -> Address:
    """The name, in any script, and the address of ``Bandroom <bandroom@example.org>``, or of an address alone. Raises
    `ValueError`."""
    if _breaks(text):
        raise ValueError("must be one line without control characters")
    named = _NAMED.fullmatch(text.strip())
    name, address = (named["name"], named["address"]) if named else ("", text.strip())
    local, _, domain = an_address(address.strip()).rpartition("@")
    return Address(display_name=name.strip().strip('"').strip(), username=local, domain=domain)


def domain_of(address: str) -> str:
    """What stands behind the @."""
    return address.rpartition("@")[2]


def same_mailbox(address: str) -> str:
    """Addresses that differ in case alone are of one mailbox, whatever RFC 5321 allows: this is alike for them."""
    return unicodedata.normalize("NFC", address).casefold()


def masked(address: str) -> str:
    """``c…@example.org``: enough for who wrote it, and too little for who did not."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"


def without_addresses(text: str, *, and_of: str = "") -> str:
    """`text` in one line with every mail address in it masked; servers like to repeat them. What stands before the @ of
    `and_of` is masked where it stands alone, too, as in ``no such user cio``."""
    line = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    line = _WRITTEN.sub(lambda found: _keeping_brackets(found[0]), line)
    local = and_of.rpartition("@")[0]
    if len(local) < SHORTEST_HIDDEN:
        return line
    return re.sub(rf"(?<!\w){re.escape(local)}(?!\w)", f"{local[0]}…", line, flags=re.IGNORECASE)


def _keeping_brackets(written: str) -> str:
    """RCPT's address stands between ``<`` and ``>:``."""
    inner = written.lstrip("<(\"'[")
    return f"{written[: len(written) - len(inner)]}{masked(inner)}"


def _breaks(text: str) -> bool:
    return any(unicodedata.category(one) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for one in text)


def _shown(text: str) -> str:
    return "".join(one if one.isprintable() else "?" for one in text[:60])
