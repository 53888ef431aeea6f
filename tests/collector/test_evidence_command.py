"""Evidence over HTTP, and the command that asks for it."""

import http.client
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from typer.testing import CliRunner

from collector.main import app
from tests.collector.live import Live, live_collector
from tests.collector.one_answer import one_answer

PATH = "/v1/evidence/rooms/oak-hill/204.zip"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live_collector(tmp_path_factory.mktemp("live")) as running:
        until_it_looked(running)
        yield running


def until_it_looked(live: Live) -> None:
    while live.ask("GET", "/readyz").status != 200:
        pass


def asked(live: Live, out: Path, *arguments: str) -> tuple[int, str]:
    url = f"http://{live.host}:{live.port}"
    found = CliRunner().invoke(app, ["evidence", "--url", url, "--out", str(out), *arguments])
    return found.exit_code, found.output


def test_the_command_keeps_a_whole_archive(live: Live, tmp_path: Path) -> None:
    days = ("--from", "2026-11-10", "--to", "2026-11-16")

    status, said = asked(live, tmp_path / "new", "--site", "oak-hill", "--room", "204", *days)

    (kept,) = (tmp_path / "new").iterdir()
    assert (status, kept.name) == (0, "bandroom-evidence-oak-hill-204-2026-11-10-2026-11-16.zip")
    assert str(kept) in said.replace("\n", "")
    with zipfile.ZipFile(kept) as archive:
        assert archive.testzip() is None
        names = sorted(archive.namelist())
        assert b"what was measured from 2026-11-10 to 2026-11-16" in archive.read("evidence-oak-hill-204/method.html")
    assert names == [
        f"evidence-oak-hill-204/{one}"
        for one in ("SHA256SUMS", "bins.csv", "days.csv", "method.html", "tests.csv", "weeks.csv")
    ]


def test_an_uplinks_archive_is_called_after_it(live: Live, tmp_path: Path) -> None:
    status, said = asked(live, tmp_path, "--uplink", "site:oak-hill")

    assert (status, [one.name for one in tmp_path.iterdir()]) == (0, ["bandroom-evidence-site-oak-hill.zip"]), said


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--site", "oak-hill"), "say of what: --site oak-hill --room 204, or --uplink site:oak-hill"),
        (("--site", "oak-hill", "--room", "999"), "no such room; /v1/rooms lists them"),
        (("--uplink", "oak-hill"), "no such uplink; wanted is district, or site: and the id of a site"),
        (("--site", "oak-hill", "--room", "204", "--from", "2020-01-01"), "at most 400 go into one pack"),
        (("--site", "oak-hill", "--room", "204", "--to", "2020-13-01"), "does not match the format"),
    ],
)
def test_what_cannot_be_asked_says_what_can(live: Live, tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    status, said = asked(live, tmp_path, *arguments)

    assert status != 0
    assert says in " ".join(said.replace("│", " ").split())
    assert list(tmp_path.iterdir()) == []


def test_an_answer_names_its_file_and_its_length(live: Live) -> None:
    with zipfile.ZipFile(BytesIO(whole(live))) as archive:
        assert archive.testzip() is None


def whole(live: Live) -> bytes:
    connection = http.client.HTTPConnection(live.host, live.port, timeout=30)
    connection.request("GET", PATH)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.headers.get_content_type() == "application/zip"
    assert answer.headers["Content-Disposition"] == (
        'attachment; filename="bandroom-evidence-oak-hill-204-2026-10-20-2026-11-16.zip"'
    )
    assert int(answer.headers["Content-Length"]) == len(body)
    return body


def test_no_more_packs_are_made_at_a_time_than_are_borne(live: Live) -> None:
    turns = live.services.evidence.turns
    with turns, turns:
        answer = live.ask("GET", PATH)
    assert (answer.status, answer.body["error"], answer.headers["retry-after"]) == (503, "busy", "30")

    assert whole(live), "a turn that was given back is there again"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"Content-Length: 22\r\n\r\n<html>blocked</html>\r\n", "what came is no whole archive; ask again"),
        (b"Content-Length: 9000\r\n\r\nPK", "broke off in the middle of its answer; ask again"),
    ],
    ids=["a filter's page", "a cut"],
)
def test_what_is_no_whole_archive_is_not_kept(tmp_path: Path, answer: bytes, says: str) -> None:
    with one_answer(b"HTTP/1.1 200 OK\r\n" + answer) as url:
        found = CliRunner().invoke(app, ["evidence", "--url", url, "--out", str(tmp_path), "--uplink", "district"])

    assert found.exit_code == 1
    assert says in found.output
    assert list(tmp_path.iterdir()) == []
