"""A host as an admin writes it: a name in the DNS, or an address."""

import ipaddress
import re

MAX_HOST = 253
_NAME = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9-]{1,63}(?<!-))*", re.IGNORECASE)


def a_host(value: str) -> str:
    """`value` in lower case, if it is a host's name or address. Raises `ValueError`."""
    if not value.isascii():
        raise ValueError(f'"{value[:60]}" has letters that DNS writes otherwise; write its form that begins with xn--')
    if len(value) > MAX_HOST or not (_NAME.fullmatch(value) or is_address(value)):
        raise ValueError(f'"{value[:60]}" is not a host; wanted is a name such as host.example.org, or an address')
    return value.lower()


def is_address(host: str) -> bool:
    """Whether `host` is an address, which no resolver is asked for."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether `host` can be reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
