import stat
from pathlib import Path

import pytest

from agent.secret import Secret
from agent.settings import BadSettings, Settings, read_settings, url_mistake, write_settings
from agent.uplink_settings import SnmpSettings, UplinkSettings
from tests.agent.fakes import AGENT, TOKEN

BAD = Path(__file__).parent / "bad_config"
GOOD = Settings(url="https://bandroom.example.org", agent=AGENT, token=Secret(TOKEN))
KEYS = "url, agent, token, insecure_http, ca_file, proxy, spool_bytes, uplink, snmp"
SNMP_KEYS = (
    "host, interface, port, version, community, community_file, user, auth, auth_key, auth_key_file, privacy, "
    "privacy_key, privacy_key_file, of, facing"
)
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
    "same-key-in-two-tables": [
        "6 uplink.url: is no key, allowed are interface, of, facing",
        "8 snmp.auth_key: is missing, version 3 needs it, or auth_key_file",
        "8 snmp.interface: is missing",
        "8 snmp.privacy_key: is missing, version 3 needs it, or privacy_key_file",
        "8 snmp.user: is missing, version 3 needs it",
        "9 snmp.host: is a whole number, allowed is a text",
        f"10 snmp.url: is no key, allowed are {SNMP_KEYS}",
    ],
    "snmp-bad-keys": [
        "7 snmp.interface: is 0, allowed are names and numbers from 1 on",
        "9 snmp.auth: is sha, allowed are sha256, sha512, sha1, md5",
        "10 snmp.auth_key: is too short, allowed are 8 characters or more",
        "11 snmp.privacy: is aes, allowed are aes128, aes256, aes256-cisco, des, none",
        "12 snmp.privacy_key_file: cannot be read, allowed is a file that begins with it",
    ],
    "snmp-empty": [
        "5 snmp.auth_key: is missing, version 3 needs it, or auth_key_file",
        "5 snmp.host: is missing",
        "5 snmp.interface: is missing",
        "5 snmp.privacy_key: is missing, version 3 needs it, or privacy_key_file",
        "5 snmp.user: is missing, version 3 needs it",
    ],
    "snmp-no-community": ["5 snmp.community: is missing, version 2c needs it, or community_file"],
    "snmp-nothing-to-encrypt": [
        "6 snmp.host: is empty",
        '11 snmp.privacy_key: has no meaning with privacy "none"',
        "12 snmp.community: has no meaning with version 3",
    ],
    "snmp-several-at-once": [
        "7 snmp.interface: is true or false, allowed is a text or a whole number",
        "8 snmp.version: is 1, allowed are 3, 2c",
        "9 snmp.port: is 0, allowed are 1 to 65535",
        f"10 snmp.communty: is no key, allowed are {SNMP_KEYS}, did you mean community?",
    ],
    "snmp-versions-mixed": [
        "10 snmp.community_file: cannot be read, allowed is a file that begins with it",
        "10 snmp.community_file: stands beside community, allowed is one of both",
        "11 snmp.user: has no meaning with version 2c",
        "12 snmp.privacy_key: has no meaning with version 2c",
    ],
    "socks-proxy": ["4 proxy: is not a proxy, allowed is http://[user:password@]host:port"],
    "spool-too-small": ["4 spool_bytes: is 1000, allowed are 1048576 to 68719476736"],
    "tables-written-otherwise": [
        "5 snmp.auth_key: is missing, version 3 needs it, or auth_key_file",
        "5 snmp.privacy_key: is missing, version 3 needs it, or privacy_key_file",
        "5 snmp.user: is missing, version 3 needs it",
        f"7 snmp.versoin: is no key, allowed are {SNMP_KEYS}, did you mean version?",
        "8 uplink.facing: is up, allowed are outside, inside",
    ],
    "text-for-a-number": ["4 spool_bytes: is a text, allowed is a whole number"],
    "text-for-a-truth": ["4 insecure_http: is a text, allowed is true or false"],
    "true-for-a-number": ["4 spool_bytes: is true or false, allowed is a whole number"],
    "unknown-key": [f"4 cafile: is no key, allowed are {KEYS}, did you mean ca_file?"],
    "unknown-table": [f"5 proxies: is no key, allowed are {KEYS}, did you mean proxy?"],
    "uplink-no-table": ["5 uplink: is a text, allowed is a table"],
    "uplink-wrong-words": [
        "6 uplink.interface: is a whole number, allowed is a text",
        "7 uplink.of: is school, allowed are site, district",
        "8 uplink.facing: is out, allowed are outside, inside",
        "9 uplink.speed: is no key, allowed are interface, of, facing",
    ],
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
        uplink=UplinkSettings(interface="eth0", of="district", facing="inside"),
        snmp=SnmpSettings(
            host="2001:db8::1",
            interface=7,
            user="bandroom",
            auth="sha512",
            auth_key=Secret('auth"key\\'),
            privacy_key_file=str(BAD / "no-toml.toml"),
        ),
    )

    write_settings(path, written)

    assert read_settings(path) == written
    assert "insecure_http" not in path.read_text()
    assert [one.name for one in path.parent.iterdir()] == ["agent.toml"]


def test_a_secret_of_a_router_stands_here_or_is_the_first_line_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"priv-key-1\r\n# rotated in August\n")
    wanted = SnmpSettings(
        host="10.12.0.1",
        interface="wan0",
        user="bandroom",
        auth_key=Secret("auth-key-1"),
        privacy_key_file=str(tmp_path / "key"),
    )

    assert wanted.secret("auth_key").shown == "auth-key-1"
    assert wanted.secret("privacy_key").shown == "priv-key-1"
    assert "auth-key-1" not in repr(wanted)


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
