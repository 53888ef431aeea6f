"""The association in the words of Windows' ``netsh wlan show interfaces``, in whatever language those are.

The output is a block of ``label : value`` lines for each adapter, in an order that no language changes. Labels are
translated, and in the code page of a console that we do not have, so they are not read. What is read is form: an
adapter's name is its block's first value; a second hardware address, the access point's, says that it is associated
and ends the part with the network's name; the first percentage behind it is the signal's; right before that stand the
two rates, reception first, whose labels end with their unit in brackets; right after it, from Windows 11 on, the signal
in dBm.

The percentage is a driver's own measure and was seen 10 dB off the dBm beside it, so without dBm the signal is missing.
"""

import re
from collections.abc import Collection

from agent.association import Association, band_mhz_of, rate_mbps, rounded_signal_dbm

_LINE = re.compile(rb"[ \t]+([^:]*[^:\s])[ \t]*:[ \t]+(.*\S)\s*")
_ADDRESS = re.compile(rb"[0-9a-fA-F]{2}(?:[:-][0-9a-fA-F]{2}){5}")
_PERCENT = re.compile(rb"\d{1,3}%")
_RATE = re.compile(rb"\d{1,5}(?:[.,]\d{1,2})?")
_IN_BRACKETS = re.compile(rb".*\([^()]+\)")
_BAND = re.compile(rb"(2[.,]4|5|6) GHz")
_RADIO = re.compile(rb"802\.11([a-z]{1,2})")
_CHANNEL = re.compile(rb"\d{1,3}")
_DBM = re.compile(rb"-\d{1,3}")
_BANDS_MHZ = {b"2.4": 2_400, b"2,4": 2_400, b"5": 5_000, b"6": 6_000}
_NOT_IN_6_GHZ = frozenset({b"a", b"b", b"g", b"n", b"ac"})


def from_netsh(output: bytes, name: str, encodings: Collection[str]) -> Association | None:
    """What `output` says of the adapter `name`, spelled in one of `encodings`; ``None`` when it is not associated, or
    when two parts of the text could be meant."""
    names = {name.encode(encoding, "replace") for encoding in encodings}
    blocks = [block for block in _blocks(output) if block[0][1] in names]
    if len(blocks) != 1:
        return None
    lines = blocks[0]
    addresses = [at for at, (_, value) in enumerate(lines) if _ADDRESS.fullmatch(value)]
    if len(addresses) != 2:
        return None
    bssid_at = addresses[1]
    signal_at = next((at for at in range(bssid_at + 3, len(lines)) if _PERCENT.fullmatch(lines[at][1])), None)
    if signal_at is None:
        return None
    described, (down, up) = lines[bssid_at + 1 : signal_at - 2], lines[signal_at - 2 : signal_at]
    after = lines[signal_at + 1][1] if signal_at + 1 < len(lines) else b""
    return Association(
        band_mhz=_band_mhz([value for _, value in described]),
        down_mbps=_rate(*down),
        up_mbps=_rate(*up),
        signal_dbm=rounded_signal_dbm(int(after)) if _DBM.fullmatch(after) else None,
    )


def _blocks(output: bytes) -> list[list[tuple[bytes, bytes]]]:
    """Each adapter's lines, as label and value. What has no end is no line."""
    blocks: list[list[tuple[bytes, bytes]]] = [[]]
    for line in output.split(b"\n")[:-1]:
        if match := _LINE.fullmatch(line):
            blocks[-1].append((match[1], match[2]))
        elif not line.strip() and blocks[-1]:
            blocks.append([])
    return [block for block in blocks if block]


def _rate(label: bytes, value: bytes) -> int | None:
    if not _IN_BRACKETS.fullmatch(label) or not _RATE.fullmatch(value):
        return None
    return rate_mbps(float(value.replace(b",", b".")))


def _band_mhz(values: Collection[bytes]) -> int | None:
    """As stated, or told by the channel where its number is in use in one band only."""
    stated = [_BANDS_MHZ[match[1]] for value in values if (match := _BAND.fullmatch(value))]
    if stated:
        return stated[0] if len(stated) == 1 else None
    channels = [int(value) for value in values if _CHANNEL.fullmatch(value)]
    if len(channels) != 1:
        return None
    radios = {match[1] for value in values if (match := _RADIO.fullmatch(value))}
    may_be_6_ghz = not radios or not radios <= _NOT_IN_6_GHZ
    return _band_mhz_of_channel(channels[0], may_be_6_ghz=may_be_6_ghz)


def _band_mhz_of_channel(channel: int, *, may_be_6_ghz: bool) -> int | None:
    """Channels of 6 GHz are 2 and every fourth from 1 to 233 (IEEE 802.11ax); those of 2.4 GHz end at 14."""
    if may_be_6_ghz and (channel == 2 or channel % 4 == 1):
        return None
    if 1 <= channel <= 14:
        return 2_400
    return band_mhz_of(5_000 + 5 * channel) if 32 <= channel <= 177 else None
