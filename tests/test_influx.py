"""The InfluxDB of the tests: what is written by the v2 API is found by InfluxQL."""

from pathlib import Path

import pytest

from tests.influx import Influx, InfluxServer


@pytest.mark.requires("influx")
def test_a_line_that_is_written_is_found(influx: Influx) -> None:
    influx.write("reports", 'latency,room=r1 sent=60i,note="a b" 1794823260000000001')

    assert influx.rows("reports", "SELECT * FROM latency GROUP BY room") == [
        {"room": "r1", "time": 1794823260000000001, "note": "a b", "sent": 60}
    ]
    assert influx.rows("bins", "SELECT * FROM latency") == []


@pytest.mark.requires("influx")
def test_a_server_that_was_killed_has_what_it_had(tmp_path: Path) -> None:
    server = InfluxServer(tmp_path).start()
    try:
        influx = Influx(url=server.url, token="none", org="bandroom", prefix="one")
        influx.make_databases()
        influx.write("reports", "latency,room=r1 sent=60i 1794823260000000001")
        server.kill()
        server.start()
        assert len(influx.rows("reports", "SELECT * FROM latency")) == 1
    finally:
        server.close()
