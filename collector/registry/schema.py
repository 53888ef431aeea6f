"""The registry's tables. SQLite by default; nothing here is SQLite's alone."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, String, Table, Text

SCHEMA_VERSION = 8

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

# The weekly page, by week (its Monday), scope and recipient: the row is there before a server may take the mail.
mailings = Table(
    "mailings",
    metadata,
    Column("week", String(10), primary_key=True),
    Column("scope", String(40), primary_key=True),  # a site, or empty: the district
    Column("recipient", String(64), primary_key=True),  # a digest of the address
    Column("shown", String(320), nullable=False),  # the address, masked
    Column("message_id", String(320), nullable=False),
    Column("state", String(16), nullable=False),
    Column("claim", String(32), nullable=False),  # who sends it, or sent it last
    Column("until_ms", BigInteger, nullable=False),  # when that claim is nobody's any more
    Column("attempts", Integer, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    Column("next_ms", BigInteger),  # of a refused one
    Column("code", Integer),
    Column("answer", String(320)),
)

# Since when a recipient is known: earlier pages are not mailed to him.
mail_recipients = Table(
    "mail_recipients",
    metadata,
    Column("scope", String(40), primary_key=True),
    Column("recipient", String(64), primary_key=True),
    Column("since_ms", BigInteger, nullable=False),
)

# What the mailed page of a week said of a room, or the last correction of it.
mailed_verdicts = Table(
    "mailed_verdicts",
    metadata,
    Column("week", String(10), primary_key=True),
    Column("scope", String(40), primary_key=True),
    Column("site", String(40), primary_key=True),
    Column("room", String(40), primary_key=True),
    Column("verdict", String(16), nullable=False),
    Column("corrected_in", String(10)),  # the week whose page told `verdict`
    Column("before", String(16)),  # what had been told until then
)

# Trouble that lasts or did. `open_about` is what it is about until it is closed: of one thing there is one at a time,
# however many collectors find it.
incidents = Table(
    "incidents",
    metadata,
    Column("incident", String(32), primary_key=True),
    Column("about", String(120), nullable=False),
    Column("open_about", String(120), unique=True),
    Column("began_ms", BigInteger, nullable=False),
    Column("opened_ms", BigInteger, nullable=False, index=True),
    Column("ended_ms", BigInteger),
    Column("closed_ms", BigInteger, index=True),
    Column("says", Text, nullable=False),
)

# Which channel was told of what: the row is there before the channel is asked.
notices = Table(
    "notices",
    metadata,
    Column("incident", String(32), primary_key=True),
    Column("channel", String(60), primary_key=True),  # or an address of it, as a digest
    Column("kind", String(16), primary_key=True),  # opened, grown or closed
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("first_ms", BigInteger, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    Column("answer", String(200), nullable=False),
)
