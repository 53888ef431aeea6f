"""A host as an admin writes it."""

import ipaddress
import re

_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")


def a_host(value: str) -> str:
    """`value`, if it is a host's name or address. Raises `ValueError`."""
    try:
        ipaddress.ip_address(value)
    except ValueError:
        if not _HOST.fullmatch(value):
            raise ValueError(
                f'"{value[:60]}" is not a host; wanted is a name such as anchor.example.net, or an address'
            ) from None
    return value
