"""A time zone by its IANA name, as files give it."""

from zoneinfo import available_timezones

from collector.district.wanted import did_you_mean


def a_time_zone(value: str) -> str:
    """`value` if it names a time zone that this machine knows. Raises `ValueError` with a sentence that names one."""
    if value not in available_timezones():
        hint = did_you_mean(value, available_timezones())
        raise ValueError(f'"{value[:60]}" is not an IANA time zone such as America/Chicago{hint}')
    return value
