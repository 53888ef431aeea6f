"""``bandroom brief``: the weekly page as files, each whole or not at all, and one clear line where there is none."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from collector.brief_command import mailing_line, page_files
from collector.main import app
from collector.whole_files import write_whole
from tests.collector.board.districts import a_district, a_room, a_site
from tests.collector.board.shown import Shown, shown
from tests.collector.week_builders import a_week

NAME = "bandroom-brief-2026-W10"


@pytest.fixture(scope="module")
def board() -> Iterator[Shown]:
    district = a_district(a_site(a_room("204"), a_room("音楽室"), name="Große Schule"))
    with shown(district, weeks=(a_week("204", previous="ok"), a_week("音楽室", "ok"))) as one:
        yield one


def asked(board: Shown, out: Path, *arguments: str) -> tuple[int, str]:
    found = CliRunner().invoke(app, ["brief", "--url", board.url, "--out", str(out), *arguments])
    return found.exit_code, found.output


def test_the_page_is_written_in_every_form_and_its_headline_said(board: Shown, tmp_path: Path) -> None:
    status, said = asked(board, tmp_path / "new" / "folder")

    assert status == 0, said
    assert said.startswith("The network restricted lessons in 1 of 2 rooms\n")
    kept = {one.name for one in (tmp_path / "new" / "folder").iterdir()}
    tables = ("page", "rooms", "uplinks", "uplink-weeks", "capacity")
    assert kept == {
        *(f"{NAME}.{ending}" for ending in ("html", "pdf", "txt")),
        *(f"{NAME}-{table}.csv" for table in tables),
    }
    assert all(name in said.replace("\n", "") for name in kept)
    rooms = (tmp_path / "new" / "folder" / f"{NAME}-rooms.csv").read_text(encoding="utf-8-sig")
    assert [one["room_name"] for one in csv.DictReader(rooms.splitlines())] == ["204", "音楽室"]


def test_a_sites_page_says_so_in_its_names_and_takes_the_place_of_the_one_before(board: Shown, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}-north.pdf").write_bytes(b"of before")

    status, said = asked(board, tmp_path, "--site", "north", "--week", "2026-W10")

    assert status == 0, said
    assert (tmp_path / f"{NAME}-north.pdf").read_bytes().startswith(b"%PDF-")
    assert {one.name.startswith(f"{NAME}-north") for one in tmp_path.iterdir()} == {True}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--week", "2026-47"), '"2026-47" is no week; write it as 2026-W47'),
        (("--week", "2026-W11"), "2026-W11 has not been judged yet; the newest week that was judged is 2026-W10"),
        (("--site", "nowhere"), "no such site; /v1/sites lists them"),
        (("--send", "--site", "north"), "--send mails to each recipient what the settings say, so it takes no --site"),
    ],
)
def test_what_cannot_be_had_is_one_line(board: Shown, tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    status, said = asked(board, tmp_path, *arguments)

    assert status == 1
    assert says in said
    assert said.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_one_line(board: Shown, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    status, said = asked(board, tmp_path / "file")

    assert status == 1
    assert said.startswith("cannot write to ")
    assert said.count("\n") == 1


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"of before")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "full").touch()

    with pytest.raises(OSError, match="b"):
        write_whole(tmp_path, {"b": b"new", "a": b"new"})

    assert (tmp_path / "a").read_bytes() == b"of before"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a", "b"]


@pytest.mark.parametrize("answer", [b"", b"<html>a portal</html>"])
def test_what_is_no_collector_writes_nothing(answer: bytes) -> None:
    with pytest.raises(Exception, match="is not a Bandroom collector"):
        page_files("2026-W10", "", lambda _path: answer)


@pytest.mark.parametrize(
    ("mailing", "line"),
    [
        (
            {"site": None, "state": "sent", "answer": "250 OK", "changed_at": "2026-11-30T16:51:07Z"},
            "c…@example.org, the district's page: mailed 30 Nov, 16:51 UTC",
        ),
        (
            {"site": "north", "state": "refused", "answer": "451 greylisted"},
            "c…@example.org, the page of north (451 greylisted): not taken for now, and tried again",
        ),
        (
            {"site": None, "state": "failed", "answer": "550 no such user"},
            "c…@example.org, the district's page (550 no such user): not mailed, and not tried again",
        ),
        (
            {"site": None, "state": "possibly_sent", "answer": None},
            "c…@example.org, the district's page: possibly mailed, so not mailed again",
        ),
    ],
)
def test_what_became_of_a_mail_is_a_line(mailing: dict[str, str | None], line: str) -> None:
    assert mailing_line({"to": "c…@example.org", **mailing}) == line
