"""The STAMP test packet of RFC 8762, both modes, and the pure reflect function.

Unauthenticated, 44 octets each (sections 4.2.1 and 4.3.1). Sender::

     0..3   sequence number
     4..11  timestamp T1
    12..13  error estimate
    14..43  must be zero (30 octets)

Reflector::

     0..3   sequence number            4..11  timestamp T3
    12..13  error estimate            14..15  must be zero
    16..23  receive timestamp T2      24..27  session-sender sequence number
    28..35  session-sender T1         36..37  session-sender error estimate
    38..39  must be zero              40      session-sender TTL
    41..43  must be zero

Authenticated, 112 octets each (sections 4.2.2 and 4.3.2): the same fields, each in a block of 16 octets of its own, and
at the end 16 octets of HMAC-SHA-256, truncated to 128 bits, over the 96 octets before them (section 4.4). Sender::

     0..3   sequence number            4..15  must be zero
    16..23  timestamp T1              24..25  error estimate
    26..95  must be zero              96..111 HMAC

Reflector::

     0..3   sequence number            4..15  must be zero
    16..23  timestamp T3              24..25  error estimate
    26..31  must be zero              32..39  receive timestamp T2
    40..47  must be zero              48..51  session-sender sequence number
    52..63  must be zero              64..71  session-sender T1
    72..73  session-sender error estimate     74..79  must be zero
    80      session-sender TTL        81..95  must be zero
    96..111 HMAC

Timestamps are NTP's (RFC 5905): 32 bits of seconds since 1900, 32 bits of fraction; or, where the Z bit of the error
estimate beside them is set, PTP's (RFC 8186, section 2.3): 32 bits of seconds, 32 bits of nanoseconds. We send NTP's
and read both.

The round-trip time is ``(T4 - T1) - (T3 - T2)``: neither clock needs to be right, because each
difference is taken on one clock.
"""

import hmac
import struct
from dataclasses import dataclass

PACKET_BYTES = 44
AUTHENTICATED_BYTES = 112
SHORTEST_BYTES = 41
"""TWAMP-Light's packets are laid out as STAMP's unauthenticated ones, but an answer may end after the TTL and a request
is padded to that length (RFC 5357, sections 4.1.2 and 4.2.1)."""

MAX_PACKET_BYTES = 1500
"""Longer packets are not answered: padding is reflected, so this bounds what a reflector sends."""

KEY_BYTES = 32
"""The length of the keys that we make: HMAC-SHA-256 gains nothing from longer ones (RFC 2104, section 3)."""

UNKNOWN_TTL = 255
"""Told to senders, who make nothing of it, where nobody asks how a packet came (RFC 8762 lets the field be unused)."""

NTP_EPOCH_S = 2_208_988_800
"""Seconds from 1900-01-01 to 1970-01-01 (RFC 5905, section 6)."""

ERROR_UNSYNCHRONISED = 0x0001
"""Error estimate (RFC 4656, section 4.1.2): S = 0, NTP format, scale 0, multiplier 1 (must not be 0)."""

ERROR_SYNCHRONISED = 0x8001
"""The same with S = 1: the clock is synchronised to UTC by an outside source."""

_PTP_FORMAT = 0x4000
_SENDER = struct.Struct("!IQH30x")
_SENDER_SHORTEST = struct.Struct("!IQH")
_SENDER_AUTHENTICATED = struct.Struct("!I12xQH70x")
_REFLECTOR = struct.Struct("!IQHxxQIQHxxB3x")
_REFLECTOR_AUTHENTICATED = struct.Struct("!I12xQH6xQ8xI12xQH6xB15x")
_REFLECTOR_SHORTEST = struct.Struct("!IQHxxQIQHxxB")
_COVERED_BYTES = 96
_T3 = slice(4, 12)
"""Where a reflector's timestamp stands in a packet that is not authenticated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderPacket:
    """What a session-sender puts on the wire. `timestamp` is a 64-bit NTP timestamp (T1)."""

    sequence: int
    timestamp: int
    error_estimate: int = ERROR_UNSYNCHRONISED

    def encode(self, key: bytes | None = None) -> bytes:
        """The 44 octets; with `key` the 112 that are authenticated by it."""
        values = (self.sequence, self.timestamp, self.error_estimate)
        return _SENDER.pack(*values) if key is None else _sealed(_SENDER_AUTHENTICATED.pack(*values), key)

    @classmethod
    def decode(cls, packet: bytes, key: bytes | None = None) -> "SenderPacket | None":
        """Read a packet of 41 octets or more, with `key` the first 112; ``None`` when there are fewer or `key` did not
        authenticate them. Extra octets are padding."""
        if key is None:
            if len(packet) < SHORTEST_BYTES:
                return None
            sequence, timestamp, error_estimate = _SENDER_SHORTEST.unpack_from(packet)
        else:
            if not _is_authentic(packet, key):
                return None
            sequence, timestamp, error_estimate = _SENDER_AUTHENTICATED.unpack_from(packet)
        return cls(sequence=sequence, timestamp=timestamp, error_estimate=error_estimate)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReflectorPacket:
    """What a session-reflector answers. Timestamps are of 64 bits; T2 and T3 may be in PTP's format."""

    sequence: int
    timestamp: int
    error_estimate: int
    receive_timestamp: int
    sender_sequence: int
    sender_timestamp: int
    sender_error_estimate: int
    sender_ttl: int

    def encode(self, key: bytes | None = None) -> bytes:
        """The 44 octets; with `key` the 112 that are authenticated by it."""
        values = (
            self.sequence,
            self.timestamp,
            self.error_estimate,
            self.receive_timestamp,
            self.sender_sequence,
            self.sender_timestamp,
            self.sender_error_estimate,
            self.sender_ttl,
        )
        return _REFLECTOR.pack(*values) if key is None else _sealed(_REFLECTOR_AUTHENTICATED.pack(*values), key)

    @classmethod
    def decode(cls, packet: bytes, key: bytes | None = None) -> "ReflectorPacket | None":
        """Read the first 41 octets, with `key` the first 112; ``None`` when there are fewer or `key` did not
        authenticate them."""
        if key is None:
            if len(packet) < SHORTEST_BYTES:
                return None
            values = _REFLECTOR_SHORTEST.unpack_from(packet)
        else:
            if not _is_authentic(packet, key):
                return None
            values = _REFLECTOR_AUTHENTICATED.unpack_from(packet)
        return cls(
            sequence=values[0],
            timestamp=values[1],
            error_estimate=values[2],
            receive_timestamp=values[3],
            sender_sequence=values[4],
            sender_timestamp=values[5],
            sender_error_estimate=values[6],
            sender_ttl=values[7],
        )

    @property
    def residence_ns(self) -> int:
        """T3 - T2: how long the reflector held the packet, in nanoseconds, on its own clock."""
        if self.error_estimate & _PTP_FORMAT:
            return ptp_difference_ns(self.timestamp, self.receive_timestamp)
        return ntp_difference_ns(self.timestamp, self.receive_timestamp)


def reflect(
    packet: bytes,
    *,
    received_ns: int,
    sent_ns: int,
    error_estimate: int,
    ttl: int = UNKNOWN_TTL,
    key: bytes | None = None,
) -> bytes | None:
    """The answer of a stateless session-reflector (RFC 8762, section 4.3), or ``None`` for silence.

    `received_ns` (T2) and `sent_ns` (T3) are Unix times in nanoseconds; `ttl` is the TTL or hop
    limit the packet arrived with. The answer is exactly as long as the request,
    octets past the base packet are returned as they came: a reflector never amplifies. With `key` only packets that it
    authenticates are answered, and the answer is authenticated, too. Packets that are too short (RFC 8762, section 4.6,
    would answer them with 44 octets, which is more than was asked) or longer than 1500 octets, and packets whose error
    estimate has a multiplier of zero (RFC 4656 says such a packet must be dropped), get no answer. Nor does a packet
    that is itself an answer, so that a forged packet cannot set two reflectors talking to each other: in the
    authenticated mode one with a T1 or T2 where requests have zeros, else one of a stateless reflector, in which the
    sequence number stands twice besides. Other octets that must be zero are not looked at: TWAMP-Light senders
    (RFC 8762, section 4.6) may fill them with padding.
    """
    if len(packet) > MAX_PACKET_BYTES:
        return None
    request = SenderPacket.decode(packet, key)
    if request is None or request.error_estimate & 0xFF == 0:
        return None
    answered = ReflectorPacket.decode(packet, key)
    if (
        answered is not None
        and (answered.receive_timestamp or answered.sender_timestamp)
        and (key is not None or answered.sender_sequence == answered.sequence)
    ):
        return None
    answer = ReflectorPacket(
        sequence=request.sequence,
        timestamp=ntp_from_unix_ns(sent_ns),
        error_estimate=error_estimate,
        receive_timestamp=ntp_from_unix_ns(received_ns),
        sender_sequence=request.sequence,
        sender_timestamp=request.timestamp,
        sender_error_estimate=request.error_estimate,
        sender_ttl=ttl,
    ).encode(key)
    return answer[: len(packet)] + packet[len(answer) :]


def departing(answer: bytes, sent_ns: int) -> bytes:
    """An unauthenticated `answer` of `reflect` with T3 set anew, for the last moment before it is sent: what making it
    took is then counted as held, not as under way."""
    return answer[: _T3.start] + ntp_from_unix_ns(sent_ns).to_bytes(8, "big") + answer[_T3.stop :]


def ntp_from_unix_ns(unix_ns: int) -> int:
    """The 64-bit NTP timestamp of a Unix time in nanoseconds, modulo the era (RFC 5905, section 6)."""
    seconds, nanoseconds = divmod(unix_ns, 1_000_000_000)
    fraction = (nanoseconds << 32) // 1_000_000_000
    return ((seconds + NTP_EPOCH_S) % 2**32) << 32 | fraction


def ntp_difference_ns(later: int, earlier: int) -> int:
    """``later - earlier`` of two NTP timestamps in nanoseconds, right across an era's end.

    The difference is taken as a signed 64-bit number, so it is right within +-68 years. It is rounded
    to the nearest: what `ntp_from_unix_ns` cut off, less than a quarter of a nanosecond, comes back whole.
    """
    difference = (later - earlier) % 2**64
    if difference >= 2**63:
        difference -= 2**64
    return (difference * 1_000_000_000 + 2**31) >> 32


def ptp_difference_ns(later: int, earlier: int) -> int:
    """``later - earlier`` of two truncated PTP timestamps (RFC 8186, section 2.3) in nanoseconds, right within +-68
    years, across the end of the 32 bits of seconds, too."""
    seconds = ((later >> 32) - (earlier >> 32)) % 2**32
    if seconds >= 2**31:
        seconds -= 2**32
    return seconds * 1_000_000_000 + (later & 0xFFFFFFFF) - (earlier & 0xFFFFFFFF)


def _sealed(covered: bytes, key: bytes) -> bytes:
    """`covered` and the HMAC over it (RFC 8762, section 4.4)."""
    return covered + _hmac(covered, key)


def _is_authentic(packet: bytes, key: bytes) -> bool:
    """Whether `packet` begins with 112 octets that `key` authenticates."""
    return len(packet) >= AUTHENTICATED_BYTES and hmac.compare_digest(
        packet[_COVERED_BYTES:AUTHENTICATED_BYTES], _hmac(packet[:_COVERED_BYTES], key)
    )


def _hmac(covered: bytes, key: bytes) -> bytes:
    return hmac.digest(key, covered, "sha256")[: AUTHENTICATED_BYTES - _COVERED_BYTES]
