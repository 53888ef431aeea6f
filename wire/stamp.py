"""The STAMP test packet of RFC 8762, unauthenticated mode, and the pure reflect function.

Sender packet, 44 octets (RFC 8762, section 4.2.1)::

     0..3   sequence number
     4..11  timestamp T1, NTP format (RFC 5905): 32 bits seconds since 1900, 32 bits fraction
    12..13  error estimate
    14..43  must be zero (30 octets)

Reflector packet, 44 octets (RFC 8762, section 4.3.1)::

     0..3   sequence number            4..11  timestamp T3
    12..13  error estimate            14..15  must be zero
    16..23  receive timestamp T2      24..27  session-sender sequence number
    28..35  session-sender T1         36..37  session-sender error estimate
    38..39  must be zero              40      session-sender TTL
    41..43  must be zero

The round-trip time is ``(T4 - T1) - (T3 - T2)``: neither clock needs to be right, because each
difference is taken on one clock.
"""

import struct
from dataclasses import dataclass

PACKET_BYTES = 44
MAX_PACKET_BYTES = 1500
"""Longer packets are not answered: padding is reflected, so this bounds what a reflector sends."""

NTP_EPOCH_S = 2_208_988_800
"""Seconds from 1900-01-01 to 1970-01-01 (RFC 5905, section 6)."""

ERROR_UNSYNCHRONISED = 0x0001
"""Error estimate (RFC 4656, section 4.1.2): S = 0, NTP format, scale 0, multiplier 1 (must not be 0)."""

ERROR_SYNCHRONISED = 0x8001
"""The same with S = 1: the clock is synchronised to UTC by an outside source."""

_SENDER = struct.Struct("!IQH30x")
_REFLECTOR = struct.Struct("!IQHxxQIQHxxB3x")


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderPacket:
    """What a session-sender puts on the wire. `timestamp` is a 64-bit NTP timestamp (T1)."""

    sequence: int
    timestamp: int
    error_estimate: int = ERROR_UNSYNCHRONISED

    def encode(self) -> bytes:
        """The 44 octets."""
        return _SENDER.pack(self.sequence, self.timestamp, self.error_estimate)

    @classmethod
    def decode(cls, packet: bytes) -> "SenderPacket | None":
        """Read the first 44 octets; ``None`` when there are fewer. Extra octets are padding."""
        if len(packet) < PACKET_BYTES:
            return None
        sequence, timestamp, error_estimate = _SENDER.unpack_from(packet)
        return cls(sequence=sequence, timestamp=timestamp, error_estimate=error_estimate)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReflectorPacket:
    """What a session-reflector answers. Timestamps are 64-bit NTP timestamps."""

    sequence: int
    timestamp: int
    error_estimate: int
    receive_timestamp: int
    sender_sequence: int
    sender_timestamp: int
    sender_error_estimate: int
    sender_ttl: int

    def encode(self) -> bytes:
        """The 44 octets."""
        return _REFLECTOR.pack(
            self.sequence,
            self.timestamp,
            self.error_estimate,
            self.receive_timestamp,
            self.sender_sequence,
            self.sender_timestamp,
            self.sender_error_estimate,
            self.sender_ttl,
        )

    @classmethod
    def decode(cls, packet: bytes) -> "ReflectorPacket | None":
        """Read the first 44 octets; ``None`` when there are fewer."""
        if len(packet) < PACKET_BYTES:
            return None
        values = _REFLECTOR.unpack_from(packet)
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
        return ntp_difference_ns(self.timestamp, self.receive_timestamp)


def reflect(packet: bytes, *, received_ns: int, sent_ns: int, ttl: int, error_estimate: int) -> bytes | None:
    """The answer of a stateless session-reflector (RFC 8762, section 4.3), or ``None`` for silence.

    `received_ns` (T2) and `sent_ns` (T3) are Unix times in nanoseconds; `ttl` is the TTL or hop
    limit the packet arrived with, 255 when unknown. The answer is exactly as long as the request,
    octets past the 44th are returned as they came: a reflector never amplifies. Packets shorter
    than 44 or longer than 1500 octets, and packets whose error estimate is zero (RFC 4656 says
    such a packet must be dropped), get no answer. Nor does a packet that is itself the answer of a
    stateless reflector (its sequence number stands in it twice, with a T1 or T2), so that a forged
    packet cannot set two reflectors talking to each other. Other octets past the 14th are not
    looked at: TWAMP-Light senders (RFC 8762, section 4.6) may fill them with padding.
    """
    request = SenderPacket.decode(packet)
    if request is None or len(packet) > MAX_PACKET_BYTES or request.error_estimate & 0xFF == 0:
        return None
    looks_answered = ReflectorPacket.decode(packet)
    if (
        looks_answered is not None
        and looks_answered.sender_sequence == looks_answered.sequence
        and (looks_answered.receive_timestamp or looks_answered.sender_timestamp)
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
    )
    return answer.encode() + packet[PACKET_BYTES:]


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
