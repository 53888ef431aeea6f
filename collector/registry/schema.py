"""The registry's tables. SQLite by default; nothing here is SQLite's alone."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, String, Table

SCHEMA_VERSION = 7

metadata = MetaData()

meta = Table("meta", metadata, Column("schema_version", Integer, nullable=False))

codes = Table(
    "codes",
    metadata,
    Column("code_sha256", String(64), primary_key=True),
    Column("site", String(40), nullable=False),
    Column("room", String(40), nullable=False),
    Column("role", String(16), nullable=False),
    Column("uses_left", Integer, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
)

agents = Table(
    "agents",
    metadata,
    Column("agent", String(16), primary_key=True),
    Column("token_sha256", String(64), nullable=False, unique=True),
    Column("code_sha256", String(64), nullable=False),
    Column("site", String(40), nullable=False),
    Column("room", String(40), nullable=False),
    Column("role", String(16), nullable=False),
    Column("enrolled_ms", BigInteger, nullable=False),
    Column("revoked_ms", BigInteger),
)

# Where agents went after the place that they joined for.
moves = Table(
    "moves",
    metadata,
    Column("agent", String(16), primary_key=True),
    Column("from_ms", BigInteger, primary_key=True),
    Column("site", String(40), nullable=False),
    Column("room", String(40), nullable=False),
)

boots = Table(
    "boots",
    metadata,
    Column("agent", String(16), primary_key=True),
    Column("boot", String(16), primary_key=True),
    Column("from_boot_ms", BigInteger, primary_key=True),
    Column("offset_ms", BigInteger, nullable=False),
    Column("repaired", Boolean, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
)

# What throughput tests may still cost, and have cost, by whose bytes they are and when.
budgets = Table(
    "budgets",
    metadata,
    Column("scope", String(8), primary_key=True),
    Column("name", String(40), primary_key=True),
    Column("period", String(10), primary_key=True),
    Column("used_bytes", BigInteger, nullable=False),
    Column("reserved_bytes", BigInteger, nullable=False),
)

# What is set aside for the tests under way.
reservations = Table(
    "reservations",
    metadata,
    Column("lease", String(16), primary_key=True),
    Column("agent", String(16)),
    Column("site", String(40), nullable=False),
    Column("day", String(10), nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
)

stored_ranges = Table(
    "stored_ranges",
    metadata,
    Column("agent", String(16), primary_key=True),
    Column("boot", String(16), primary_key=True),
    Column("first_seq", BigInteger, primary_key=True),
    Column("last_seq", BigInteger, nullable=False),
    Column("stored_us", BigInteger, nullable=False),
)

# Checks of a room that somebody asked for in a browser.
room_checks = Table(
    "room_checks",
    metadata,
    Column("check_id", String(32), primary_key=True),
    Column("site", String(40), nullable=False),
    Column("room", String(40), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("method_version", Integer, nullable=False),
    Column("profile", String(40), nullable=False),
    Column("answer", String(16), nullable=False),
    Column("why", String(16)),
    Column("down_required_bps", BigInteger, nullable=False),
    Column("down_received_bps", BigInteger),
    Column("down_sustained", Boolean),
    Column("down_why", String(16)),
    Column("up_required_bps", BigInteger, nullable=False),
    Column("up_received_bps", BigInteger),
    Column("up_sustained", Boolean),
    Column("up_why", String(16)),
    Column("rtt_p50_us", BigInteger),
    Column("rtt_p95_us", BigInteger),
    Column("used_bytes", BigInteger, nullable=False),
    Column("told", Boolean, nullable=False),
    Index("room_checks_of_a_room", "site", "room", "at_ms"),
)

# By which a site's reference agent and its rooms know each other.
site_keys = Table(
    "site_keys",
    metadata,
    Column("site", String(40), primary_key=True),
    Column("key_hex", String(64), nullable=False),
    Column("made_ms", BigInteger, nullable=False),
)

# When the collector's reflector was last known to answer (one row), and when it did not.
reflector_answered = Table("reflector_answered", metadata, Column("at_ms", BigInteger, nullable=False))

reflector_off = Table(
    "reflector_off",
    metadata,
    Column("from_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False, index=True),
)
