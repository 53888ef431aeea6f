"""The two versions that matter: the product's and the wire's."""

VERSION = "0.1.0"
"""Version of the distribution ``bandroom``; ``pyproject.toml`` reads it from here."""

WIRE_VERSION = 4
"""Version of the wire. It grows by one whenever a field is added.

Fields are added with a default, never renamed and never removed. The collector accepts every
version from 1 to its own, so the collector is upgraded first; a batch from a newer agent is
answered ``unsupported_version`` and stays in the agent's spool until the collector follows.
"""
