"""District and settings files: every mistake at once, each with its exact message."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from collector.district.district_file import load_district
from collector.district.host import is_loopback
from collector.district.mistakes import BadFile
from collector.settings import load_settings

GOOD_DISTRICT = """\
name = "Maple Valley"
time_zone = "America/Chicago"

[timetable]
days = ["mon", "tue", "wed", "thu", "fri"]
lessons = ["08:00-08:45", "08:50-09:35"]

[[sites]]
id = "oak-hill"
name = "Oak Hill Elementary"

[[sites]]
id = "lakeside"
name = "Lakeside Middle"
"""
GOOD_ROOMS = "site,room,seats,ap,switch,uplink\noak-hill,204,28,ap-2,sw-1,fibre\nlakeside,101,,,,\n"
BAD = Path(__file__).parent / "bad_config"


def write(folder: Path, district: str = GOOD_DISTRICT, rooms: str = GOOD_ROOMS) -> Path:
    """Both files in `folder`; the district's path."""
    (folder / "rooms.csv").write_text(rooms, encoding="utf-8")
    path = folder / "district.toml"
    path.write_text(district, encoding="utf-8")
    return path


def mistakes_of(path: Path) -> str:
    """What is said of the district at `path`."""
    with pytest.raises(BadFile) as caught:
        load_district(path)
    return str(caught.value)


def test_a_good_district_is_read(tmp_path: Path) -> None:
    district = load_district(write(tmp_path))

    assert [site.name for site in district.sites] == ["Oak Hill Elementary", "Lakeside Middle"]
    assert [(room.site, room.room, room.seats, room.ap) for room in district.rooms] == [
        ("oak-hill", "204", 28, "ap-2"),
        ("lakeside", "101", None, None),
    ]
    assert district.calendar.lesson_at(datetime(2026, 11, 16, 14, 10, tzinfo=UTC)) is not None  # 08:10 in Chicago
    assert district.calendar.lesson_at(datetime(2026, 11, 15, 14, 10, tzinfo=UTC)) is None  # a Sunday


def test_address_ranges_are_known_where_they_stand(tmp_path: Path) -> None:
    district = 'networks = ["10.0.0.0/8"]\n' + GOOD_DISTRICT + 'networks = ["10.12.0.0/16", "2001:DB8:12::/48"]\n'

    read = load_district(write(tmp_path, district))

    assert read.networks == ("10.0.0.0/8",)
    assert [site.networks for site in read.sites] == [(), ("10.12.0.0/16", "2001:db8:12::/48")]


def test_assessments_are_in_local_time_and_capacities_are_known_where_they_stand(tmp_path: Path) -> None:
    capacities = GOOD_DISTRICT.replace(
        "[timetable]", "egress_mbps = 1000\nap_mbps = 200\nusers = 900\n\n[timetable]", 1
    )
    assessments = """
uplink_mbps = 300
users = 400

[[assessments]]
name = "Reading"
from = 2026-04-14T08:30:00
to = 2026-04-14T12:00:00
sites = ["lakeside"]

[[assessments]]
name = "Mathematics"
from = 2026-12-01T08:30:00
to = 2026-12-01T12:00:00
"""

    district = load_district(write(tmp_path, capacities + assessments))

    assert (district.egress_mbps, district.ap_mbps, district.users) == (1000, 200, 900)
    assert [(site.uplink_mbps, site.users) for site in district.sites] == [(None, None), (300, 400)]
    reading, mathematics = district.assessments
    assert (reading.started_at, reading.ended_at) == (
        datetime(2026, 4, 14, 13, 30, tzinfo=UTC),
        datetime(2026, 4, 14, 17, tzinfo=UTC),
    )
    assert mathematics.started_at == datetime(2026, 12, 1, 14, 30, tzinfo=UTC)
    assert [one.concerns(site) for one in district.assessments for site in ("oak-hill", "lakeside")] == [
        False,
        True,
        True,
        True,
    ]


def test_a_spreadsheet_from_excel_is_read(tmp_path: Path) -> None:
    path = write(tmp_path)
    (tmp_path / "rooms.csv").write_bytes("\ufeffSite;Room;Seats\r\noak-hill;204;28\r\n\r\n".encode())

    assert [room.seats for room in load_district(path).rooms] == [28]


@pytest.mark.parametrize("name", sorted(path.name for path in BAD.iterdir()))
def test_each_mistake_has_its_message(name: str, tmp_path: Path) -> None:
    """A file of bad_config/ is a spoiled district.toml, rooms.csv, profiles.toml or bandroom.toml, by its ending; the
    lines from ``# says:`` on are what must be said."""
    text, _, said = (BAD / name).read_text(encoding="utf-8").partition("# says:\n")
    expected = "\n".join(line.removeprefix("# ") for line in said.splitlines())
    if name.endswith("rooms.csv"):
        assert mistakes_of(write(tmp_path, rooms=text)) == expected
    elif name.endswith("profiles.toml"):
        (tmp_path / "profiles.toml").write_text(text, encoding="utf-8")
        assert mistakes_of(write(tmp_path, f'profiles = "profiles.toml"\n{GOOD_DISTRICT}')) == expected
    elif name.endswith("district.toml"):
        assert mistakes_of(write(tmp_path, text, "site,room\noak-hill,204\n")) == expected
    else:
        path = tmp_path / "bandroom.toml"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(BadFile) as caught:
            load_settings(path)
        assert str(caught.value) == expected


def test_mistakes_of_both_files_are_reported_together(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD_DISTRICT.replace("America/Chicago", "Chicago"), GOOD_ROOMS.replace("204", "-"))

    said = mistakes_of(path).splitlines()

    assert [line.split(" ")[0] for line in said] == ["district.toml:2", "rooms.csv:2"]


def test_a_missing_rooms_file_is_named(tmp_path: Path) -> None:
    path = write(tmp_path)
    (tmp_path / "rooms.csv").unlink()

    assert mistakes_of(path) == f"rooms.csv:1 cannot be read: No such file or directory ({tmp_path / 'rooms.csv'})"


def test_settings_have_defaults_and_paths_count_from_their_file(tmp_path: Path) -> None:
    path = tmp_path / "bandroom.toml"
    path.write_text('port = 8611\ndata = "var"\n', encoding="utf-8")

    settings = load_settings(path)

    assert (settings.host, settings.port, settings.bin_seconds) == ("127.0.0.1", 8611, 300)
    assert (settings.data, settings.district) == (tmp_path / "var", tmp_path / "district.toml")


def test_secrets_print_as_stars(tmp_path: Path) -> None:
    path = tmp_path / "bandroom.toml"
    path.write_text('reader_password = "hunter22"\n', encoding="utf-8")

    assert "hunter22" not in repr(load_settings(path))


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.0.2.7", False),
        ("example.org", False),
        ("", False),
    ],
)
def test_loopback_is_told_from_the_rest(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_lessons_keep_their_wall_time_when_the_clock_changes(tmp_path: Path) -> None:
    timetable = load_district(write(tmp_path)).calendar

    starts = [timetable.lessons_on(day)[0].started_at for day in (date(2026, 10, 30), date(2026, 11, 2))]

    assert starts == [datetime(2026, 10, 30, 13, tzinfo=UTC), datetime(2026, 11, 2, 14, tzinfo=UTC)]


def test_outside_lessons_the_last_and_the_next_one_are_known(tmp_path: Path) -> None:
    timetable = load_district(write(tmp_path)).calendar
    sunday = datetime(2026, 11, 15, 12, tzinfo=UTC)

    (last,) = timetable.last_lessons(sunday, 1)
    following = timetable.next_lesson(sunday)

    assert last.ended_at == datetime(2026, 11, 13, 15, 35, tzinfo=UTC)
    assert following is not None
    assert following.started_at == datetime(2026, 11, 16, 14, tzinfo=UTC)


def test_a_bin_belongs_to_the_lesson_its_middle_lies_in(tmp_path: Path) -> None:
    timetable = load_district(write(tmp_path)).calendar
    lesson_ends = datetime(2026, 11, 16, 14, 45, tzinfo=UTC)

    assert timetable.bin_in_session(lesson_ends - timedelta(minutes=5), 300)
    assert not timetable.bin_in_session(lesson_ends, 300)


def test_what_rooms_are_called_is_kept_exactly_beside_a_slug(tmp_path: Path) -> None:
    rooms = 'site,room,name\noak-hill,"Room 204, ""lab"" é",\noak-hill,b12,"Aula\nMagna 🎈"\noak-hill,7,\n'

    district = load_district(write(tmp_path, rooms=rooms))

    assert [(one.room, one.name) for one in district.rooms] == [
        ("room-204-lab-e", 'Room 204, "lab" é'),
        ("b12", "Aula\nMagna 🎈"),
        ("7", "7"),
    ]
