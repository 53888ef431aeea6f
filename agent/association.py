"""What a Wi-Fi adapter says of the access point that it is associated with, as far as it may be known.

There is no place here for a network's name or an access point's address: what reads them drops them.
"""

from dataclasses import dataclass

from wire.reports import SIGNAL_STEP_DBM

_BANDS_MHZ = {
    2_400: range(2_401, 2_496),
    5_000: range(4_900, 5_926),
    6_000: range(5_926, 7_126),
}
"""Frequencies by band. The highest channel of 5 GHz, 177, is at 5885 MHz, the lowest of 6 GHz, 2, at 5935 MHz."""

WIDTHS_MHZ = frozenset({5, 10, 20, 40, 80, 160, 320})
"""The widths that a channel can have."""

SIGNALS_DBM = range(-120, 0)
"""What a receiver can see. Drivers say 0 for "no idea"."""

MOST_MBPS = 50_000
"""No Wi-Fi is faster: 802.11be ends at 46 Gbit/s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Association:
    """One reading, each part ``None`` where the system does not say.

    `down_mbps` and `up_mbps` are the rates of the last frames, towards this machine and away from it. `signal_dbm` is
    rounded down to 10 dB: finer would tell where in the room a machine stands. `sent_frames` and `repeated_frames`
    count since the association began.
    """

    band_mhz: int | None = None
    channel_mhz: int | None = None
    down_mbps: int | None = None
    up_mbps: int | None = None
    signal_dbm: int | None = None
    sent_frames: int | None = None
    repeated_frames: int | None = None


def band_mhz_of(mhz: int) -> int | None:
    """The band that a frequency lies in: 2400, 5000 or 6000; ``None`` where Wi-Fi has none."""
    return next((band for band, inside in _BANDS_MHZ.items() if mhz in inside), None)


def rounded_signal_dbm(dbm: int) -> int | None:
    """`dbm` rounded down to 10 dB; ``None`` for what no receiver sees."""
    return dbm // SIGNAL_STEP_DBM * SIGNAL_STEP_DBM if dbm in SIGNALS_DBM else None


def rate_mbps(mbps: float) -> int | None:
    """A rate in whole Mbit/s; ``None`` for what no Wi-Fi has."""
    return round(mbps) if 0 < mbps <= MOST_MBPS else None


def retries_permille(before: Association | None, after: Association | None) -> int | None:
    """Of a thousand frames on the air between two readings, how many repeated one that was not acknowledged."""
    if before is None or after is None:
        return None
    if before.sent_frames is None or after.sent_frames is None:
        return None
    if before.repeated_frames is None or after.repeated_frames is None:
        return None
    sent, repeated = after.sent_frames - before.sent_frames, after.repeated_frames - before.repeated_frames
    if sent < 0 or repeated < 0 or sent + repeated == 0:  # another association, or nothing was sent
        return None
    return round(1000 * repeated / (sent + repeated))
