"""The PDF: tagged, in order, on one sheet where it can be, and no name is ever code."""

import logging
import re
import subprocess
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from collector.brief.brief import Brief
from collector.brief.pdf import paper_of, pdf_of
from collector.brief.shown import shown
from tests.collector.brief.pages import NAMES, PAGES, a_fine_week, a_normal_week
from tests.collector.brief.said import numbers_and_names


@cache
def made(name: str) -> tuple[Brief, bytes]:
    brief = PAGES[name]()
    return brief, pdf_of(brief)


def asked(command: str, pdf: bytes, folder: Path, *options: str) -> str:
    path = folder / "brief.pdf"
    path.write_bytes(pdf)
    to_stdout = ["-"] if command == "pdftotext" else []
    found = subprocess.run([command, *options, path, *to_stdout], check=False, capture_output=True)
    assert found.returncode == 0, found.stderr
    return found.stdout.decode(errors="replace")


def read_aloud(pdf: bytes, folder: Path) -> str:
    """The text in the order in which it is written, which is that of its tags."""
    return squeezed(asked("pdftotext", pdf, folder, "-raw"))


def squeezed(text: str) -> str:
    """Without spaces, soft hyphens and what keeps a name's direction: where lines end is the paper's affair."""
    return re.sub("[\\s\u00a0\u00ad\u200b\u2068\u2069\u202a-\u202e-]", "", shown(text))


@pytest.mark.parametrize("name", ["normal", "fine", "one-room", "five-thousand", "nothing-known", "site"])
def test_it_claims_that_everybody_can_read_it(name: str) -> None:
    _, pdf = made(name)

    assert b"<pdfuaid:part>1</pdfuaid:part>" in pdf, "typst has looked whether it may"
    assert b"/Lang" in pdf


@pytest.mark.requires("poppler")
@pytest.mark.parametrize("name", ["normal", "fine", "one-room", "five-thousand", "nothing-known", "site"])
def test_it_says_everything(name: str, tmp_path: Path) -> None:
    brief, pdf = made(name)
    said = read_aloud(pdf, tmp_path)

    assert [one for one in numbers_and_names(brief) if squeezed(one) not in said] == []


@pytest.mark.requires("poppler")
def test_it_has_tags_headings_and_a_title(tmp_path: Path) -> None:
    brief, pdf = made("normal")
    about = asked("pdfinfo", pdf, tmp_path)
    structure = asked("pdfinfo", pdf, tmp_path, "-struct")

    assert re.search(r"^Tagged: +yes$", about, re.MULTILINE)
    assert f"Cedar Valley Schools: {brief.headline}" in about
    assert f'H1 "{brief.headline}"' in structure
    headings = re.findall(r'H2 "(.*?)"', structure)
    assert headings[:3] == [
        "What to do",
        "Rooms in which the network restricted lessons",
        "How full the lines to the Internet are",
    ]
    assert structure.count("Figure") == len(brief.rooms) + len(brief.uplinks)


@pytest.mark.requires("poppler")
def test_its_text_comes_in_the_order_in_which_it_is_read(tmp_path: Path) -> None:
    brief, pdf = made("normal")
    said = read_aloud(pdf, tmp_path)
    order = [
        squeezed(one)
        for one in (brief.headline, *(one.title for one in brief.to_do), brief.rooms[0].what, brief.uplinks[0].says)
    ]

    assert [said.index(one) for one in order] == sorted(said.index(one) for one in order)


@pytest.mark.requires("poppler")
def test_an_ordinary_week_is_one_sheet_and_no_week_more_than_two(tmp_path: Path) -> None:
    normal = a_normal_week()
    ordinary = replace(normal, rooms=normal.rooms[:4], corrections=())

    assert sheets(pdf_of(ordinary), tmp_path) == 1
    for name in ("fine", "one-room", "nothing-known", "site"):
        assert sheets(made(name)[1], tmp_path) == 1, name
    assert sheets(made("five-thousand")[1], tmp_path) == 2


@pytest.mark.requires("poppler")
def test_no_name_is_code(tmp_path: Path) -> None:
    _, pdf = made("any-script")
    said = read_aloud(pdf, tmp_path)

    for name in (NAMES[3], *NAMES[5:12]):
        assert squeezed(name) in said, name
    assert "<script>alert(1)</script>" in said
    assert "#typst[$x$]*a*@b<c>" in said


def test_a_sign_that_no_font_has_is_logged_and_breaks_nothing(caplog: pytest.LogCaptureFixture) -> None:
    odd = replace(a_fine_week(), district_name="Room \u0378")
    with caplog.at_level(logging.WARNING, "collector.brief.pdf"):
        pdf = pdf_of(odd)

    assert pdf.startswith(b"%PDF-")
    assert b"pdfuaid" not in pdf, "it does not claim what it does not keep"
    assert b"/StructTreeRoot" in pdf
    assert "install fonts" in caplog.text


def test_it_is_dated_by_any_clock() -> None:
    made_at = datetime(2026, 3, 9, 6, 30, 12, 345_678, tzinfo=ZoneInfo("America/Chicago"))

    assert b"D:20260309113012Z" in pdf_of(replace(a_fine_week(), made_at=made_at))


def test_the_same_brief_is_the_same_file() -> None:
    assert pdf_of(a_fine_week()) == pdf_of(a_fine_week())


@pytest.mark.parametrize(
    ("zone", "paper"),
    [
        ("America/Chicago", "us-letter"),
        ("US/Central", "us-letter"),
        ("Pacific/Honolulu", "us-letter"),
        ("Europe/Berlin", "a4"),
        ("Asia/Kolkata", "a4"),
        ("UTC", "a4"),
    ],
)
def test_the_paper_is_what_lies_in_the_printers_there(zone: str, paper: str) -> None:
    assert paper_of(zone) == paper


def sheets(pdf: bytes, folder: Path) -> int:
    found = re.search(r"^Pages: +(\d+)$", asked("pdfinfo", pdf, folder), re.MULTILINE)
    assert found
    return int(found[1])
