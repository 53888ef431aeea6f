"""What stands at a step of a path: a role, told from an address that is then forgotten."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from wire.path_report import HopRole

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_SHARED = ip_network("100.64.0.0/10")
"""Between a provider's translator and its customers, and nowhere else (RFC 6598)."""

_TARGETS: dict[str, HopRole] = {"gateway": "gateway", "site": "site", "district": "district"}


@dataclass(frozen=True, slots=True, kw_only=True)
class HopRoles:
    """How to tell them on the way to `target`, an address, which is called `alias`.

    `site` and `district` are the address ranges that the district names, none where it names none.
    """

    alias: str
    target: Address
    site: Sequence[Network] = ()
    district: Sequence[Network] = ()

    def of(self, ttl: int, address: str) -> HopRole | None:
        """The role of who answered from `address` at `ttl`; ``None`` where it cannot be told.

        In this order: the target itself; the named ranges, beyond the first step; the first step is the gateway;
        public and shared addresses are the provider's. A private one outside all named ranges is the district's where
        the ranges of the site are named, because then it is inside and not at the site. Where they are not, it may be
        of either, and is not guessed.
        """
        one = plain(address)
        if one == self.target:
            return _TARGETS.get(self.alias, "service")
        if ttl == 1:
            return "gateway"
        if _in(one, self.site):
            return "site"
        if _in(one, self.district):
            return "district"
        if one.is_link_local:
            return None
        if _in(one, [_SHARED]) or not one.is_private:
            return "provider"
        return "district" if self.site else None


def plain(text: str) -> Address:
    """The address in `text`, without its interface. Raises `ValueError`."""
    return ip_address(text.partition("%")[0])


def _in(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)
