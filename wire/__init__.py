"""What travels between agent and collector, and what both ends of a test agree on: reports, histogram, packets, lease,
sufficiency, pace, versions.

Standard library only, so that the agent stays small and either side can be rewritten from
``docs/wire.md`` alone. Nothing in here opens a socket, reads a clock or touches a disk, but for `wire.ndt7.host` and
what it stands on.
"""
