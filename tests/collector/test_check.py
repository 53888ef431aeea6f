"""``bandroom check`` reads every file, whatever is wrong with another, and warns of what is hardly meant."""

import subprocess
from pathlib import Path

import pytest

from collector.check import check_district, check_settings
from collector.district.mistakes import BadFile
from collector.throughput.leases import WATCH_BYTES
from tests.collector.test_files import GOOD_DISTRICT, write
from tests.end_to_end.certificate import make_certificate
from tests.end_to_end.process import run
from wire.sufficiency import most_bytes

BUDGET, EVERY = "throughput_bytes_a_day", "throughput_every_seconds"
A_TEST = most_bytes(1_000_000) + most_bytes(500_000) + WATCH_BYTES


def settings(folder: Path, text: str, **files: str) -> Path:
    """`text` as ``bandroom.toml`` in `folder`, beside a good district; its path."""
    write(folder, **files)
    path = folder / "bandroom.toml"
    path.write_text(text, encoding="utf-8")
    return path


def mistakes_of(path: Path) -> list[str]:
    with pytest.raises(BadFile) as caught:
        check_settings(path)
    return str(caught.value).splitlines()


def warnings_of(path: Path) -> list[str]:
    return [str(one) for one in check_settings(path)[1]]


def test_mistakes_of_settings_certificate_district_and_rooms_are_reported_together(tmp_path: Path) -> None:
    text = 'port = 0.5\ntls_certificate = "no.pem"\ntls_key = "no.key"\n'
    path = settings(tmp_path, text, district="name = 7\n", rooms="site,room\noak-hill,204\n")

    said = mistakes_of(path)

    assert [line.split(": ")[0] for line in said] == [
        "bandroom.toml:1 port",
        "bandroom.toml:2 tls_certificate",
        "bandroom.toml:3 tls_key",
        "district.toml:1 name",
        "district.toml:1 sites",
        "district.toml:1 time_zone",
        "district.toml:1 timetable",
        "rooms.csv:2 site",
    ]
    assert said[1].endswith(f"cannot be read: No such file or directory ({tmp_path / 'no.pem'})")


def test_settings_that_name_no_district_file_are_told_of_once(tmp_path: Path) -> None:
    (said,) = mistakes_of(settings(tmp_path, "district = 7\n"))

    assert said.startswith("bandroom.toml:1 district: ")


def test_a_certificate_without_its_own_key_is_a_mistake(tmp_path: Path) -> None:
    text = 'tls_certificate = "one.pem"\ntls_key = "two.pem"\n'
    path = settings(tmp_path, text)
    one, two = (make_certificate(tmp_path / name) for name in ("one.pem", "two.pem"))
    wrong = "bandroom.toml:1 tls_certificate: not a certificate with its own key in tls_key; "

    assert mistakes_of(path)[0].startswith(wrong)
    subprocess.run(["openssl", "ec", "-in", one, "-aes128", "-passout", "pass:x", "-out", two], check=True)
    assert mistakes_of(path)[0].startswith(wrong), "its key, but with a password"
    two.write_bytes(one.read_bytes())
    assert warnings_of(path) == []


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("throughput = false", "throughput: false, so no room is judged by its rate"),
        (
            "behind_proxy = true",
            "behind_proxy: without public_url the proxy cannot be checked, so no throughput is tested",
        ),
        (f"{BUDGET} = {A_TEST - 1}", f"{BUDGET}: no test is ever run, because one may take {A_TEST} bytes"),
        (
            "site_throughput_bytes_a_month = 500000000",
            "site_throughput_bytes_a_month: capacity is hardly ever tested, because that may take 500020000 bytes",
        ),
        (f"{EVERY} = 299", f"{EVERY}: below 300 the seconds of the tests may leave too little of a bin to judge"),
    ],
)
def test_what_is_allowed_and_hardly_meant_is_warned_of(text: str, warning: str, tmp_path: Path) -> None:
    assert warnings_of(settings(tmp_path, text)) == [f"bandroom.toml:1 {warning}"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        'behind_proxy = true\npublic_url = "https://bandroom.example.org"',
        f'{BUDGET} = {A_TEST}\ncapacity = "off"',
        f"{BUDGET} = {A_TEST}\nndt7_port = 0",
        f"{BUDGET} = 500020000",
        f"{EVERY} = 300",
        f"throughput = false\n{BUDGET} = 0",
    ],
)
def test_what_may_well_be_meant_is_not_warned_of_twice_or_at_all(text: str, tmp_path: Path) -> None:
    assert len(warnings_of(settings(tmp_path, text))) == text.count("throughput = false")


def test_warnings_are_no_mistakes(tmp_path: Path) -> None:
    path = settings(tmp_path, "throughput = false\n")

    done = run("bandroom", "check", path)

    assert (done.returncode, done.stdout) == (0, f"{path}: no mistakes, 1 to think over; 2 sites, 2 rooms\n")
    assert done.stderr == "warning: bandroom.toml:1 throughput: false, so no room is judged by its rate\n"
    path.write_text("")
    assert run("bandroom", "check", path).stdout == f"{path}: good; 2 sites, 2 rooms\n"


def test_rooms_without_seats_are_told_of_once_where_activities_are_declared(tmp_path: Path) -> None:
    rooms = "site,room,seats\noak-hill,1,28\n" + "".join(f"oak-hill,{number},\n" for number in range(2, 9))
    seatless = write(tmp_path, rooms=rooms)
    assert check_district(seatless)[1] == ()

    activities = '\n[[activities]]\nprofile = "video_lesson"\nled_by = "teacher"\n'
    path = settings(tmp_path, "", district=GOOD_DISTRICT + activities, rooms=rooms)
    told = (
        "rooms.csv:1 seats: 7 of 8 rooms have none, so the need is not known; "
        "fill in oak-hill/2, oak-hill/3, oak-hill/4, oak-hill/5, oak-hill/6, ..."
    )
    assert warnings_of(path) == [told]
    done = run("bandroom", "check", tmp_path / "district.toml")
    assert (done.returncode, done.stderr) == (0, f"warning: {told}\n")


def test_a_school_year_that_is_over_is_told_of(tmp_path: Path) -> None:
    year = "\n[school_year]\nfrom = 2019-08-24\nto = {}-06-11\n"

    path = settings(tmp_path, "", district=GOOD_DISTRICT + year.format(2020))
    (said,) = warnings_of(path)
    assert said.startswith("district.toml:18 school_year.to: ended on 2020-06-11, so nothing is judged any more; ")
    assert warnings_of(settings(tmp_path, "", district=GOOD_DISTRICT + year.format(2099))) == []


@pytest.mark.parametrize(("day", "told"), [("2026-03-03", False), ("2026-03-07", True)], ids=["tuesday", "saturday"])
def test_an_assessment_that_no_lesson_lies_in_is_told_of(day: str, told: bool, tmp_path: Path) -> None:
    window = f'\n[[assessments]]\nname = "Reading"\nfrom = {day}T08:00:00\nto = {day}T12:00:00\n'

    said = warnings_of(settings(tmp_path, "", district=GOOD_DISTRICT + window))

    assert bool(said) == told
    if told:
        assert said[0].startswith("district.toml:18 assessments: no lesson of its sites lies in it, ")


def test_a_budget_is_held_against_what_the_districts_own_profiles_need(tmp_path: Path) -> None:
    own = '[video_lesson]\ndown = { bps = 8_000_000, source = "our trial" }\n'
    (tmp_path / "profiles.toml").write_text(own)
    path = settings(tmp_path, f"{BUDGET} = {A_TEST}", district=f'profiles = "profiles.toml"\n{GOOD_DISTRICT}')

    least = most_bytes(8_000_000) + most_bytes(500_000) + WATCH_BYTES
    assert warnings_of(path)[0].endswith(f"no test is ever run, because one may take {least} bytes")


@pytest.mark.parametrize(("text", "said"), [(None, "cannot be read: No such file"), (" \n", "is empty")])
def test_the_files_that_influxdb_needs_are_opened(text: str | None, said: str, tmp_path: Path) -> None:
    write(tmp_path)
    settings = tmp_path / "bandroom.toml"
    settings.write_text('store = "influx"\ninflux_url = "http://127.0.0.1:8086"\ninflux_token_file = "token"\n')
    if text is not None:
        (tmp_path / "token").write_text(text)

    with pytest.raises(BadFile, match=rf"bandroom.toml:3 influx_token_file: {said}"):
        check_settings(settings)


@pytest.mark.parametrize("name", ["bandroom.toml", "maple-valley.toml"])
def test_a_district_is_known_by_what_is_in_it_whatever_its_file_is_called(tmp_path: Path, name: str) -> None:
    write(tmp_path)
    (tmp_path / "district.toml").rename(tmp_path / name)

    checked = run("bandroom", "check", str(tmp_path / name))

    assert (checked.returncode, checked.stderr) == (0, "")


def test_a_page_for_a_site_that_there_is_not_and_files_of_the_mail_server_that_there_are_not(tmp_path: Path) -> None:
    text = """
[mail]
host = "smtp.example.org"
user = "bandroom"
password_file = "no.password"
sender = "bandroom@example.org"
ca_file = "empty.pem"

[[brief.to]]
address = "cio@example.org"

[[brief.to]]
address = "principal@example.org"
site = "oak-hil"
"""
    (tmp_path / "empty.pem").write_text("\n")

    assert mistakes_of(settings(tmp_path, text)) == [
        f"bandroom.toml:5 mail.password_file: cannot be read: No such file or directory ({tmp_path / 'no.password'})",
        f"bandroom.toml:7 mail.ca_file: is empty ({tmp_path / 'empty.pem'})",
        (
            'bandroom.toml:14 brief.to.site: there is no site "oak-hil"; sites are oak-hill, lakeside; '
            'did you mean "oak-hill"?'
        ),
    ]
