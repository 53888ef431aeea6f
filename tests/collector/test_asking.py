"""Commands that ask a running collector, where something else answers."""

import pytest
from typer.testing import CliRunner

from collector.main import app
from tests.collector.one_answer import one_answer


@pytest.mark.parametrize("body", [b"<html>a portal</html>", b"[]", b'{"status": "up"}'])
@pytest.mark.parametrize(
    "command", [("rooms",), ("rooms", "--week", "2026-W10"), ("alerts", "list"), ("mail", "status")], ids=" ".join
)
def test_what_is_no_collector_is_told_in_one_line(command: tuple[str, ...], body: bytes) -> None:
    with one_answer(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)) as url:
        found = CliRunner().invoke(app, [*command, "--url", url])

    assert (found.exit_code, found.output) == (
        1,
        f"{url} answers, but is not a Bandroom collector of this version\n",
    )
