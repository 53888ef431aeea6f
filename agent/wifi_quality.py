"""The association as Windows' WLAN service keeps it: ``WLAN_REALTIME_CONNECTION_QUALITY`` of ``wlanapi.h``.

Chosen over ``WLAN_CONNECTION_ATTRIBUTES``, which holds the network's name and the access point's address and is given
only to whom the user lets know where the machine is. This one holds neither and asks for no consent; Windows 11 has it
from 22H2 on. A part that does not look like Wi-Fi is missing, should a Windows lay the structure out in another way.
"""

import struct

from agent.association import WIDTHS_MHZ, Association, band_mhz_of, rate_mbps, rounded_signal_dbm

_HEAD = struct.Struct("<IIIIII")  # PHY type, link quality in percent, rates in kbit/s: in, out, is multi-link, links
_LINK = struct.Struct("<BxxxIIi256x")  # id, centre of the channel in MHz, its width in MHz, RSSI in dBm, a set of rates


def from_connection_quality(data: bytes) -> Association | None:
    """What `data` says; ``None`` when it is not as long as its own count of links makes it."""
    if len(data) < _HEAD.size:
        return None
    _, _, down_kbps, up_kbps, _, count = _HEAD.unpack_from(data)
    if count < 1 or len(data) != _HEAD.size + count * _LINK.size:
        return None
    links = list(_LINK.iter_unpack(data[_HEAD.size :]))
    bands = {band_mhz_of(centre_mhz) for _, centre_mhz, _, _ in links}
    widths = {width_mhz for _, _, width_mhz, _ in links}
    return Association(
        band_mhz=bands.pop() if len(bands) == 1 else None,
        channel_mhz=widths.pop() if len(widths) == 1 and widths <= WIDTHS_MHZ else None,
        down_mbps=rate_mbps(down_kbps / 1000),
        up_mbps=rate_mbps(up_kbps / 1000),
        signal_dbm=rounded_signal_dbm(max(rssi_dbm for _, _, _, rssi_dbm in links)),
    )
