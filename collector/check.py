"""``bandroom check``: every mistake of the files at once, and what is no mistake but hardly meant."""

import ssl
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from collector.district.district import District
from collector.district.district_file import load_district
from collector.district.mistakes import BadFile, Mistake, line_of, read_toml
from collector.district.wanted import did_you_mean
from collector.settings import Settings, load_settings
from collector.throughput.leases import set_aside_bytes
from collector.throughput.wishes import bytes_of_a_test
from collector.verdict.profiles import Profiles

CLOSEST_TESTS_SECONDS = 300
"""The 16 seconds of a test are not judged; with closer tests several of them lie in a bin of five minutes."""


SEATLESS_NAMED = 5
"""Rooms without seats that are named: the first of a column that nobody filled in say it."""

_ONLY_DISTRICTS = {"timetable", "sites"}


def is_district(path: Path) -> bool:
    """Whether the file at `path` is a district's and not settings, whatever it is called."""
    try:
        return "district" in path.name or not _ONLY_DISTRICTS.isdisjoint(read_toml(path)[1])
    except BadFile:
        return False


def check_settings(path: Path) -> tuple[District, tuple[Mistake, ...]]:
    """The district that the settings at `path` name, and the warnings. Raises `BadFile` with every mistake of the
    settings, the certificate, the district and its rooms."""
    text, data = read_toml(path)
    mistakes: list[Mistake] = []
    settings: Settings | None = None
    district: District | None = None
    named = data.get("district", "district.toml")
    try:
        settings = load_settings(path)
    except BadFile as error:
        mistakes += error.mistakes
    mistakes += (
        Mistake(file=path.name, line=line_of(text, key.split(".")), key=key, text=what)
        for key, what in (*_wrong_certificate(path.parent, data), *_missing_files(path.parent, data))
    )
    try:
        district = load_district(path.parent / named) if isinstance(named, str) else None
    except BadFile as error:
        mistakes += error.mistakes
    if settings is not None and district is not None:
        mistakes += _unknown_sites(settings, district, text, path.name)
        sites = [one.site for one in district.sites]
        mistakes += [
            Mistake(
                file=path.name,
                line=line_of(text, ["alerts", table, at, "sites"]),
                key=f"alerts.{table}.sites",
                text=f'"{site}" is no site of the district; there are {", ".join(sites)}{did_you_mean(site, sites)}',
            )
            for at, table, site in settings.alerts.strangers(sites)
        ]
    if mistakes or settings is None or district is None:
        raise BadFile(mistakes)
    warnings = (
        Mistake(file=path.name, line=line_of(text, [key]), key=key, text=what)
        for key, what in _hardly_meant(settings, district.profiles)
    )
    return district, (*warnings, *_hints(path.parent / named, district))


def check_district(path: Path) -> tuple[District, tuple[Mistake, ...]]:
    """The district at `path`, and the warnings. Raises `BadFile` with every mistake of it and of the files it names."""
    district = load_district(path)
    return district, tuple(_hints(path, district))


def _hints(path: Path, district: District) -> Iterator[Mistake]:
    """What is allowed in the file at `path`, but leaves something unjudged."""
    text, data = read_toml(path)
    last = district.calendar.last_day
    if last is not None and last < district.calendar.local_day(datetime.now(UTC)):
        what = f"ended on {last}, so nothing is judged any more; write the bounds of the new year"
        yield Mistake(file=path.name, line=line_of(text, ["school_year", "to"]), key="school_year.to", text=what)
    for at, one in enumerate(district.assessments):
        calendars = [district.calendar_of(site.site) for site in district.sites if one.concerns(site.site)]
        if not any(next(each.lessons_between(one.started_at, one.ended_at), None) for each in calendars):
            line = line_of(text, ["assessments", at, "from"])
            what = (
                "no lesson of its sites lies in it, so nothing is judged by the assessment profiles; mend day or hours"
            )
            yield Mistake(file=path.name, line=line, key="assessments", text=what)
    without = [f"{one.site}/{one.room}" for one in district.rooms if one.seats is None]
    if without and "activities" in data:
        named = ", ".join(without[:SEATLESS_NAMED]) + (", ..." if len(without) > SEATLESS_NAMED else "")
        have = "has" if len(without) == 1 else "have"
        what = f"{len(without)} of {len(district.rooms)} rooms {have} none, so the need is not known; fill in {named}"
        yield Mistake(file=data.get("rooms", "rooms.csv"), line=1, key="seats", text=what)


def _wrong_certificate(folder: Path, data: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """(setting, what is wrong) with the files of the certificate, where both are named."""
    certificate, key = data.get("tls_certificate"), data.get("tls_key")
    if not isinstance(certificate, str) or not isinstance(key, str):
        return
    readable = True
    for name, value in (("tls_certificate", certificate), ("tls_key", key)):
        try:
            (folder / value).read_bytes()
        except OSError as error:
            readable = False
            yield name, f"cannot be read: {error.strerror} ({folder / value})"
    if not readable:
        return
    try:
        # Without a password OpenSSL would ask for one in the terminal, and the collector in none.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(folder / certificate, folder / key, password="")
    except (ssl.SSLError, ValueError):
        yield (
            "tls_certificate",
            "not a certificate with its own key in tls_key; wanted is PEM, the key without a password",
        )


def _unknown_sites(settings: Settings, district: District, text: str, file: str) -> Iterator[Mistake]:
    """Recipients of the page of a site that there is not."""
    known = [one.site for one in district.sites]
    for number, one in enumerate(settings.brief.to):
        if one.site is not None and one.site not in known:
            what = f'there is no site "{one.site}"; sites are {", ".join(known)[:500]}{did_you_mean(one.site, known)}'
            line = line_of(text, ["brief", "to", number, "site"])
            yield Mistake(file=file, line=line, key="brief.to.site", text=what)


def _missing_files(folder: Path, data: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """(setting, what is wrong) with the files that InfluxDB and the mail server need."""
    for name in ("influx_token_file", "influx_ca_file", "mail.password_file", "mail.ca_file"):
        table, _, key = name.rpartition(".")
        within = data.get(table, {}) if table else data
        value = within.get(key) if isinstance(within, Mapping) else None
        if not isinstance(value, str):
            continue
        try:
            empty = not (folder / value).read_bytes().strip()
        except OSError as error:
            yield name, f"cannot be read: {error.strerror} ({folder / value})"
        else:
            if empty:
                yield name, f"is empty ({folder / value})"


def _hardly_meant(settings: Settings, profiles: Profiles) -> Iterator[tuple[str, str]]:
    """(setting, what comes of it) for settings that are allowed but leave rooms unmeasured."""
    if not settings.throughput:
        yield "throughput", "false, so no room is judged by its rate"
        return
    if settings.behind_proxy and settings.public_url is None:
        yield "behind_proxy", "without public_url the proxy cannot be checked, so no throughput is tested"
        return
    least = bytes_of_a_test(profiles)
    capacity = set_aside_bytes(settings.capacity_bytes, settings.capacity_bytes)
    for name, limit in settings.budgets.items():
        if limit < least:
            yield name, f"no test is ever run, because one may take {least} bytes"
        elif limit < capacity and settings.capacity != "off" and settings.ndt7_port:
            yield name, f"capacity is hardly ever tested, because that may take {capacity} bytes"
    if settings.throughput_every_seconds < CLOSEST_TESTS_SECONDS:
        what = f"below {CLOSEST_TESTS_SECONDS} the seconds of the tests may leave too little of a bin to judge"
        yield "throughput_every_seconds", what
