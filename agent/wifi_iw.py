"""The association in the words of Linux' ``iw`` 5 and 6: ``iw dev IFACE info`` and ``iw dev IFACE station dump``.

``iw dev IFACE link`` says nothing that these two do not, and its second line is the network's name. A line counts when
it has an end and is exactly of the form that iw prints, so text that was cut off, or a name that imitates a line, makes
a value missing and never wrong.
"""

import re
from collections.abc import Sequence

from agent.association import WIDTHS_MHZ, Association, band_mhz_of, rate_mbps, rounded_signal_dbm

_MANAGED = "\ttype managed"
_SEVERAL = "\tMLD with links:"
_CHANNEL = re.compile(r"\tchannel \d+ \((\d+) MHz\), width: (\d+)(?:\+(\d+))? MHz(?: \(no HT\))?(?:, .*)?")
_STATION = re.compile(r"Station [0-9a-f:]{17} \(on .*\)")
_LINK_OF_STATION = re.compile(r"\t+ *Link \d+.*")
_SIGNAL = re.compile(r"(-?\d+)(?: \[-?\d+(?:, -?\d+)*\])? dBm")
_RATE = re.compile(r"(\d+)\.(\d) MBit/s(?: .*)?")
_COUNT = re.compile(r"\d+")


def from_iw(info: str, station_dump: str) -> Association | None:
    """What the two outputs say; ``None`` without one single station that is no peer of a direct link (TDLS)."""
    lines = _lines(info)
    stations = [one for one in _stations(station_dump) if one.get("TDLS peer") == "no"]
    if _MANAGED not in lines or len(stations) != 1:
        return None
    band_mhz, channel_mhz = _channel(lines)
    said = stations[0]
    signal = _SIGNAL.fullmatch(said.get("signal", ""))
    return Association(
        band_mhz=band_mhz,
        channel_mhz=channel_mhz,
        down_mbps=_rate(said.get("rx bitrate", "")),
        up_mbps=_rate(said.get("tx bitrate", "")),
        signal_dbm=rounded_signal_dbm(int(signal[1])) if signal else None,
        sent_frames=_count(said.get("tx packets", "")),
        repeated_frames=_count(said.get("tx retries", "")),
    )


def _channel(lines: Sequence[str]) -> tuple[int | None, int | None]:
    """Band and width of the one channel. Where there can be several, as with Wi-Fi 7, they are not read: of a list that
    was cut off nobody knows what is missing."""
    found = [match for line in lines if (match := _CHANNEL.fullmatch(line))]
    if len(found) != 1 or _SEVERAL in lines:
        return None, None
    width_mhz = int(found[0][2]) + int(found[0][3] or 0)
    return band_mhz_of(int(found[0][1])), width_mhz if width_mhz in WIDTHS_MHZ else None


def _stations(station_dump: str) -> list[dict[str, str]]:
    """Each station's values by name, without what iw says of single links. A name that stands twice says nothing."""
    found: list[dict[str, str]] = []
    within = False
    for line in _lines(station_dump):
        if _STATION.fullmatch(line):
            found.append({})
            within = True
        elif _LINK_OF_STATION.fullmatch(line):
            within = False
        elif within and line.startswith("\t") and not line.startswith("\t\t"):
            name, _, value = line[1:].partition(":")
            found[-1][name] = "" if name in found[-1] else value.strip(" \t")
    return found


def _rate(text: str) -> int | None:
    match = _RATE.fullmatch(text)
    return rate_mbps(int(match[1]) + int(match[2]) / 10) if match else None


def _count(text: str) -> int | None:
    return int(text) if _COUNT.fullmatch(text) else None


def _lines(text: str) -> list[str]:
    """The lines that have an end."""
    return text.split("\n")[:-1]
