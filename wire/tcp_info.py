"""Linux' ``struct tcp_info`` (linux/tcp.h), as far as ndt7 tells of it."""

import struct
from dataclasses import dataclass

SIZE = 256
"""Ask the kernel for so many bytes: an older one gives fewer, a newer one keeps the beginning as it is."""

_U32, _U64 = struct.Struct("=I"), struct.Struct("=Q")
_FIELDS = {
    "rtt_us": (_U32, 68),
    "rtt_variance_us": (_U32, 72),
    "bytes_acked": (_U64, 120),
    "bytes_received": (_U64, 128),
    "min_rtt_us": (_U32, 148),
    "busy_us": (_U64, 168),
    "receiver_limited_us": (_U64, 176),
    "sender_limited_us": (_U64, 184),
    "bytes_sent": (_U64, 200),
    "bytes_retransmitted": (_U64, 208),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpInfo:
    """A connection as its kernel sees it; ``None`` where that kernel does not say.

    Bytes are TCP's payload. `busy_us` is how long something waited to be sent or acknowledged, `receiver_limited_us`
    how much of it the peer's window, `sender_limited_us` how much of it our own buffer was the limit.
    """

    rtt_us: int | None = None
    rtt_variance_us: int | None = None
    min_rtt_us: int | None = None
    bytes_acked: int | None = None
    bytes_received: int | None = None
    bytes_sent: int | None = None
    bytes_retransmitted: int | None = None
    busy_us: int | None = None
    receiver_limited_us: int | None = None
    sender_limited_us: int | None = None


def read_tcp_info(data: bytes) -> TcpInfo:
    """What the kernel gave, however much of it."""
    return TcpInfo(
        **{
            name: form.unpack_from(data, offset)[0]
            for name, (form, offset) in _FIELDS.items()
            if offset + form.size <= len(data)
        }
    )
