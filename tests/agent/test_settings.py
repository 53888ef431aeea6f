import stat
from pathlib import Path

import pytest

from agent.secret import Secret
from agent.settings import BadSettings, Settings, read_settings, url_mistake, write_settings
from tests.agent.fakes import AGENT, TOKEN

BAD = Path(__file__).parent / "bad_config"
GOOD = Settings(url="https://bandroom.example.org", agent=AGENT, token=Secret(TOKEN))
KEYS = "url, agent, token, insecure_http, ca_file, proxy, spool_bytes, uplink, snmp"
A_URL = "http(s)://host[:port][/path]"

MISTAKES: dict[str, list[str]] = {
    "bad-identity": [
        "2 agent: is not an agent id, allowed are 16 hexadecimal digits",
        "3 token: is not a token, allowed are 20 to 200 letters, digits, - and _",
    ],
    "no-such-ca-file": ["4 ca_file: names no file, allowed is a file of PEM certificates"],
    "no-toml": ["2 not TOML: Expected newline or end of document after a statement"],
    "not-utf-8": ["1 not text in UTF-8"],
    "nothing-but-a-url": [
        "1 agent: is missing, bandroom-agent join writes it",
        "1 token: is missing, bandroom-agent join writes it",
    ],
    "plain-http": ["1 url: would send the token in clear text, allowed is https, or http with insecure_http = true"],
    "several-at-once": [
        f"2 tokn: is no key, allowed are {KEYS}, did you mean token?",
        "3 agent: is a whole number, allowed is a text",
        "4 url: is a list, allowed is a text",
        "5 spool_bytes: is a number, allowed is a whole number",
        "5 token: is missing, bandroom-agent join writes it",
    ],
    "socks-proxy": ["4 proxy: is not a proxy, allowed is http://[user:password@]host:port"],
    "spool-too-small": ["4 spool_bytes: is 1000, allowed are 1048576 to 68719476736"],
    "text-for-a-number": ["4 spool_bytes: is a text, allowed is a whole number"],
    "text-for-a-truth": ["4 insecure_http: is a text, allowed is true or false"],
    "true-for-a-number": ["4 spool_bytes: is true or false, allowed is a whole number"],
    "unknown-key": [f"4 cafile: is no key, allowed are {KEYS}, did you mean ca_file?"],
    "unknown-table": [f"5 proxies: is no key, allowed are {KEYS}, did you mean proxy?"],
    "url-with-a-login": [f"1 url: has more than a place in it, allowed is {A_URL}"],
    "url-with-a-word-as-port": [f"1 url: is not a URL, allowed is {A_URL}"],
    "url-without-scheme": [f"1 url: is not a URL, allowed is {A_URL}"],
}


def test_every_bad_file_has_its_messages_and_the_other_way_round() -> None:
    assert {path.stem for path in BAD.glob("*.toml")} == set(MISTAKES)


@pytest.mark.parametrize("name", MISTAKES)
def test_each_mistake_says_where_it_is_what_is_wrong_and_what_is_allowed(name: str) -> None:
    path = BAD / f"{name}.toml"

    with pytest.raises(BadSettings) as raised:
        read_settings(path)

    assert raised.value.mistakes == [f"{path}:{mistake}" for mistake in MISTAKES[name]]


def test_no_message_repeats_a_secret() -> None:
    for path in BAD.glob("*.toml"):
        with pytest.raises(BadSettings) as raised:
            read_settings(path)
        assert "ttttt" not in str(raised.value)
        assert "secret" not in str(raised.value)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "state" / "agent.toml"
    written = Settings(
        url="https://bandroom.example.org/ä",
        agent=AGENT,
        token=Secret(TOKEN),
        ca_file=str(BAD / "no-toml.toml"),
        proxy=Secret('http://ann:pa"ss\\@proxy.example.org:3128'),
        spool_bytes=2**22,
    )

    write_settings(path, written)

    assert read_settings(path) == written
    assert "insecure_http" not in path.read_text()
    assert [one.name for one in path.parent.iterdir()] == ["agent.toml"]


@pytest.mark.skipif("sys.platform == 'win32'")
def test_only_its_owner_can_read_the_file(tmp_path: Path) -> None:
    path = tmp_path / "agent.toml"
    path.touch(mode=0o644)

    write_settings(path, GOOD)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_secret_shows_itself_to_nobody() -> None:
    for shown in (str(GOOD.token), repr(GOOD.token), f"{GOOD.token}", f"{GOOD.token!r}", repr(GOOD), str(GOOD)):
        assert TOKEN not in shown
        assert "*****" in shown
    assert GOOD.token.shown == TOKEN


@pytest.mark.parametrize(
    ("url", "insecure_http", "accepted"),
    [
        ("https://bandroom.example.org", False, True),
        ("https://[2001:db8::1]:8443/base", False, True),
        ("http://127.0.0.1:8600", False, True),
        ("http://[::1]:8600", False, True),
        ("http://localhost:8600", False, True),
        ("http://192.0.2.1:8600", False, False),
        ("http://192.0.2.1:8600", True, True),
        ("ftp://bandroom.example.org", True, False),
        ("https://", False, False),
        ("https://bandroom.example.org/?room=204", False, False),
        ("https://[::1", False, False),
        ("", False, False),
    ],
)
def test_a_token_travels_in_clear_text_only_where_someone_said_so(
    url: str, insecure_http: bool, accepted: bool
) -> None:
    assert (url_mistake(url, insecure_http=insecure_http) is None) is accepted
