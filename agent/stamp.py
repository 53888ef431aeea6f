"""STAMP (RFC 8762, both modes) as the packets of a session, over UDP."""

import logging
import socket

from agent.clock import Clock
from agent.place import Address
from agent.session import Answer
from wire.reports import LatencyMethod
from wire.stamp import (
    ERROR_SYNCHRONISED,
    ERROR_UNSYNCHRONISED,
    ReflectorPacket,
    SenderPacket,
    ntp_from_unix_ns,
)

log = logging.getLogger(__name__)


class StampPackets:
    """Requests carry T1, which the reflector echoes: that is the proof. With `key` requests are authenticated by it,
    and an answer that is not is none (RFC 8762, section 4.4)."""

    method: LatencyMethod = "stamp"

    def __init__(self, clock: Clock, key: bytes | None = None) -> None:
        self._clock = clock
        self._key = key
        self._told = False
        self._error_estimate = ERROR_UNSYNCHRONISED

    def open(self, to: Address) -> socket.socket:
        """A UDP socket. Raises `OSError`."""
        self._error_estimate = ERROR_SYNCHRONISED if self._clock.synchronised() else ERROR_UNSYNCHRONISED
        return socket.socket(to.family, socket.SOCK_DGRAM)

    def request(self, sequence: int, wall_ns: int) -> tuple[bytes, bytes]:
        """A sender's packet."""
        timestamp = ntp_from_unix_ns(wall_ns)
        packet = SenderPacket(sequence=sequence, timestamp=timestamp, error_estimate=self._error_estimate)
        return packet.encode(self._key), _proof(timestamp)

    def answer(self, packet: bytes) -> Answer | None:
        """What a reflector says, if it is one."""
        read = ReflectorPacket.decode(packet, self._key)
        if read is None:
            if not self._told:
                self._told = True
                log.info("a packet came back that is no answer authenticated=%s", self._key is not None)
            return None
        return Answer(
            sequence=read.sender_sequence, proof=_proof(read.sender_timestamp), residence_ns=read.residence_ns
        )


def _proof(timestamp: int) -> bytes:
    return timestamp.to_bytes(8, "big")
