"""The proxy that leads to the collector, from the settings or from the machine."""

from base64 import b64encode
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """Where it listens, and the ``Proxy-Authorization`` it wants."""

    host: str
    port: int
    authorization: str | None


class BadProxy(Exception):
    """The machine names a proxy of a kind that is not spoken here."""


def find_proxy(scheme: str, host: str, chosen: str | None) -> Proxy | None:
    """The proxy for `host`: `chosen`, or the environment's or the system's; never for loopback.

    Raises `BadProxy`.
    """
    if host in LOOPBACK:
        return None
    url = chosen
    if url is None:
        if proxy_bypass(host):
            return None
        known = getproxies()
        url = known.get(scheme) or known.get("all")
    return parse_proxy(url) if url else None


def parse_proxy(url: str) -> Proxy:
    """Read ``[http://][user:password@]host[:port]``. Raises `BadProxy`."""
    parts = urlsplit(url if "://" in url else f"http://{url}")
    try:
        host, port = parts.hostname, parts.port or 80
    except ValueError:
        raise BadProxy from None
    if parts.scheme != "http" or not host:
        raise BadProxy
    authorization = None
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization = "Basic " + b64encode(pair.encode()).decode()
    return Proxy(host=host, port=port, authorization=authorization)
