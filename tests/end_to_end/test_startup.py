"""A collector that should not start says in a line what to change, and exits 1."""

import socket
from collections.abc import Callable

import pytest

from tests.end_to_end.agent_process import AgentFolder
from tests.end_to_end.collector_process import ROOMS, SITE, CollectorFolder, basic, free_port, wait_for_room
from tests.end_to_end.http_client import ask, get_json
from tests.end_to_end.process import run
from tests.end_to_end.waiting import eventually

NewCollector = Callable[..., CollectorFolder]
NewAgent = Callable[..., AgentFolder]
PASSWORD = "correct horse b\u00e4ttery"


def refusal(folder: CollectorFolder, *, exit_code: int = 1) -> str:
    """What a collector that does not start says; never a traceback."""
    done = run("bandroom", "serve", "--settings", folder.file)
    assert done.returncode == exit_code, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr, done.stderr
    return done.stderr


def one_line(folder: CollectorFolder) -> str:
    said = refusal(folder)
    assert said.count("\n") == 1, said
    return said.strip()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.77", "collector.school.example"])
def test_an_open_door_without_tls_and_password_is_refused(new_collector: NewCollector, host: str) -> None:
    said = refusal(new_collector(host=host)).splitlines()
    assert len(said) == 2
    assert all(line.startswith(f'bandroom.toml:8 host: "{host}" is not a loopback address: add ') for line in said), (
        said
    )
    assert any("tls_certificate and tls_key, or behind_proxy = true" in line for line in said)
    assert any("reader_password" in line for line in said)


def test_behind_a_proxy_a_reader_password_is_still_asked_for(new_collector: NewCollector) -> None:
    assert "add reader_password" in one_line(new_collector(host="0.0.0.0", behind_proxy=True))


def test_a_reader_password_does_not_make_up_for_tls(new_collector: NewCollector) -> None:
    assert "add tls_certificate and tls_key, or behind_proxy = true" in one_line(
        new_collector(host="0.0.0.0", reader_password="correct horse")
    )


def test_a_taken_port_is_named(new_collector: NewCollector) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = one_line(new_collector(port=port))
    assert said == f"cannot listen on 127.0.0.1 port {port}: Address already in use; set port to a free one"


def test_a_taken_reflector_port_is_named(new_collector: NewCollector) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        said = one_line(new_collector(reflector_port=port))
    assert said == (
        f"cannot open the reflector's UDP port {port}: Address already in use; set reflector_port to a free one"
    )


def test_a_taken_ndt7_port_is_named(new_collector: NewCollector) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = one_line(new_collector(ndt7_port=port))
    assert said == (
        f"cannot open the ndt7 server's TCP port {port}: Address already in use; "
        "set ndt7_port to a free one, or to 0 for no capacity tests"
    )


def test_a_second_collector_on_the_same_data_is_turned_away_and_the_first_goes_on(
    collector: CollectorFolder, new_collector: NewCollector
) -> None:
    second = new_collector("second", data=str(collector.folder / "data"))
    said = one_line(second)
    assert "is open in another process: only one collector may use it" in said
    assert ask(collector.url, "/healthz").status == 200
    collector.stop()


def test_every_mistake_of_a_broken_district_is_said_at_once(new_collector: NewCollector) -> None:
    folder = new_collector()
    path = folder.folder / "district.toml"
    path.write_text(path.read_text().replace("UTC", "Mars/Olympus").replace('"tue"', '"tuesday"'))
    (folder.folder / "rooms.csv").write_text(f"site,room\n{SITE},!\nsouth,room-2\n")
    said = refusal(folder)
    assert said.count("\n") == 4, said
    for beginning in ("district.toml:2 time_zone: ", "district.toml:5 timetable.days: "):
        assert beginning in said
    for beginning in ("rooms.csv:2 room: ", "rooms.csv:3 site: "):
        assert beginning in said


@pytest.mark.parametrize("name", ["district.toml", "rooms.csv", "bandroom.toml"])
def test_a_missing_file_is_named(new_collector: NewCollector, name: str) -> None:
    folder = new_collector()
    (folder.folder / name).unlink()
    said = one_line(folder)
    assert name in said
    assert "No such file" in said or "there is no" in said


def test_an_unknown_setting_is_refused_with_the_nearest_known(new_collector: NewCollector) -> None:
    said = one_line(new_collector(reader_pasword="x"))
    assert said.startswith("bandroom.toml:8 reader_pasword: unknown key")
    assert said.endswith('did you mean "reader_password"?')


def test_a_certificate_that_cannot_be_read_is_named(new_collector: NewCollector) -> None:
    said = one_line(new_collector(tls_certificate="no.pem", tls_key="no.pem"))
    assert said == "cannot read tls_certificate or tls_key: No such file or directory"


def test_a_damaged_database_is_named(new_collector: NewCollector) -> None:
    folder = new_collector()
    folder.database.parent.mkdir()
    folder.database.write_bytes(b"this is no database" * 1000)
    assert "bandroom.duckdb" in one_line(folder)


def test_with_a_reader_password_board_and_api_ask_for_it_and_agents_do_not(
    new_collector: NewCollector, new_agent: NewAgent
) -> None:
    collector = new_collector(reader_password=PASSWORD).start()
    agent = new_agent()
    agent.join(collector.url, collector.code())
    agent.start()
    wait_for_room(collector)
    board = ("/", f"/rooms/{SITE}/{ROOMS[0]}", "/v1/rooms", f"/v1/rooms/{SITE}/{ROOMS[0]}", "/v1/sites", "/metrics")
    for path in board:
        for credentials in (None, basic("wrong"), basic(""), "Basic !!!", f"Bearer {PASSWORD}"):
            answer = ask(collector.url, path, headers={"Authorization": credentials} if credentials else {})
            assert (path, answer.status, answer.word) == (path, 401, "no_reader")
            assert answer.headers["www-authenticate"].startswith("Basic ")
            assert SITE.encode() not in answer.body
        assert ask(collector.url, path, headers={"Authorization": basic(PASSWORD)}).status == 200
    for path in ("/healthz", "/readyz"):
        assert ask(collector.url, path).status == 200
    agent.wait_until_all_is_delivered()
    agent.stop()
    collector.stop()
    assert PASSWORD not in collector.log.read_text()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_an_agent_reports_over_either_version_of_ip(
    new_collector: NewCollector, new_agent: NewAgent, host: str
) -> None:
    collector = new_collector(host=host, port=free_port(host=host)).start()
    assert collector.url.startswith("http://[::1]:" if host == "::1" else "http://127.0.0.1:")
    agent = new_agent()
    agent.join(collector.url, collector.code())
    agent.start()

    def measured() -> bool:
        readings = collector.room()["readings"]
        return any(one["target"] == "district" and one["method"] == "stamp" and one["p50_ms"] for one in readings)

    eventually("the room has a round trip", measured)
    agent.stop()


def test_port_0_takes_a_free_port_and_says_which(new_collector: NewCollector) -> None:
    collector = new_collector(port=0, reflector_port=0).start()
    assert get_json(collector.url, "/healthz") == {"status": "ok"}
    assert collector.reflector_port > 0
    collector.stop()
