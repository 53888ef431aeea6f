"""What a person can do about a machine word."""

REJOIN = {
    "unknown_agent": "this agent is not known there: join again with a new code and --force",
    "revoked_token": "this agent was revoked: join again with a new code and --force",
}
"""Words that no waiting mends."""

_CHECK = "check the URL and the network"
_ADVICE = {
    "tls_untrusted": "its certificate is not trusted here; name the authority's file with --ca-file",
    "tls_failed": (
        "does the collector speak http there? use http:// or the right port; --ca-file for a private authority"
    ),
    "no_ca_file": "the file of certificate authorities, ca_file in agent.toml, is not there any more",
    "name_not_resolved": "its name has no address here; check the URL and the DNS server",
    "connection_refused": "nothing listens there; check the port, and that the collector runs",
    "proxy_wants_login": "the proxy wants a login; give --proxy http://user:password@host:port",
    "bad_proxy": "the machine's proxy setting is of a kind not spoken here; give --proxy http://host:port",
    **REJOIN,
}


def advice(word: str | None) -> str:
    """The next step when the collector did not help, for whoever typed the command."""
    return _ADVICE.get(word or "", _CHECK)
