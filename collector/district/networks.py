"""Address ranges as ``district.toml`` writes them, by which agents tell what stands on a path."""

from ipaddress import ip_network
from typing import Annotated

from pydantic import AfterValidator, Field


def _network(value: str) -> str:
    try:
        return str(ip_network(value))
    except ValueError:
        raise ValueError(f'"{value[:60]}" is not an address range such as "10.12.0.0/16"{_hint(value)}') from None


def _hint(value: str) -> str:
    try:
        return f'; did you mean "{ip_network(value, strict=False)}"?'
    except ValueError:
        return ""


Networks = Annotated[
    list[Annotated[str, AfterValidator(_network)]], Field(max_length=100, examples=["10.12.0.0/16", "2001:db8:12::/48"])
]
