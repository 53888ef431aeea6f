"""What is written as CSV comes back as it was, in a spreadsheet and in a program, and runs nothing."""

import csv
from datetime import UTC, date, datetime
from io import StringIO

import pytest

from collector.csv_file import Cell, csv_lines, text_of


def read(data: bytes) -> list[list[str]]:
    return list(csv.reader(StringIO(data.decode("utf-8-sig"), newline="")))


def test_names_in_any_script_with_commas_and_quotes_come_back() -> None:
    names = ["音楽室", 'Raum "Süd", 2. Stock', "two\nlines", "غرفة"]

    data = b"".join(csv_lines(["name"], [[one] for one in names]))

    assert data.startswith(b"\xef\xbb\xbf")
    assert [row[0] for row in read(data)] == ["name", *names]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\r=1"])
def test_no_text_is_run_as_a_formula(text: str) -> None:
    assert text_of(text) == f"'{text}"


def test_a_negative_number_is_a_number() -> None:
    assert text_of(-12.5) == "-12.5"


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, ""),
        (True, "yes"),
        (False, "no"),
        (0, "0"),
        (0.1 + 0.2, "0.3"),
        (123456789012, "123456789012"),
        (datetime(2026, 11, 16, 10, tzinfo=UTC), "2026-11-16T10:00:00Z"),
        (date(2026, 11, 16), "2026-11-16"),
    ],
)
def test_a_value_has_one_form(cell: Cell, text: str) -> None:
    assert text_of(cell) == text
