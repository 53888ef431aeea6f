"""ndt7 (M-Lab's specification, version 0.11.0): what both sides agree on, and both sides of a test.

`protocol`, `call` and `visit` are pure. `host`, `listener`, `places` and `talk` have sockets, threads and a clock: the
collector and a reference agent run the same server, and meet nowhere but in `wire`.
"""
