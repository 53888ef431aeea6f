"""What a push does to a Grafana, and what it says when it cannot."""

import socket
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from dashboards.grafana import CannotPush, Grafana
from dashboards.push import Content, check_data_sources, push
from tests.dashboards.conftest import Target
from tests.dashboards.grafana_double import ADMIN_TOKEN, SECRET, GrafanaDouble
from tests.dashboards.small_content import small_content
from tests.end_to_end.certificate import make_certificate

MESSAGE = "a test pushed it"


def pushed(grafana: Grafana, content: Content) -> list[str]:
    return [f"{step.what}: {step.done}" for step in push(grafana, content, message=MESSAGE)]


def refusal(url: str, content: Content, token: str = ADMIN_TOKEN, ca_file: Path | None = None) -> str:
    """The one line that a push ends with."""
    with pytest.raises(CannotPush) as caught, closing(Grafana(url, token, ca_file=ca_file)) as grafana:
        pushed(grafana, content)
    text = str(caught.value)
    assert "\n" not in text
    assert token not in text
    assert SECRET not in text
    return text


def versions(grafana: Grafana, content: Content) -> list[int]:
    stored = [grafana.dashboard(one["uid"]) for one in content.dashboards]
    return [one["dashboard"]["version"] for one in stored if one is not None]


def test_a_push_brings_everything(target: Target, grafana: Grafana) -> None:
    content = target.content
    assert pushed(grafana, content) == [
        "data source: created",
        "data source: created",
        "folder: created",
        "dashboard: created",
        "dashboard: created",
        "alert rules: created",
    ]

    for wanted in content.dashboards:
        stored = grafana.dashboard(wanted["uid"])
        assert stored is not None
        assert stored["dashboard"]["panels"][0]["targets"] == wanted["panels"][0]["targets"]
        assert stored["meta"]["folderUid"] == content.folder_uid
    for wanted in content.data_sources:
        source = grafana.data_source(wanted["uid"])
        assert source is not None
        assert source["jsonData"]["dbName"] == wanted["uid"]
        assert source["secureJsonFields"] == {"httpHeaderValue1": True}
    group = grafana.rule_group(content.folder_uid, content.rule_groups[0]["title"])
    assert group is not None
    assert [rule["title"] for rule in group["rules"]] == ["A room is bad"]


def test_a_second_push_changes_nothing(target: Target, grafana: Grafana) -> None:
    pushed(grafana, target.content)
    before = versions(grafana, target.content)

    assert pushed(grafana, target.content) == [
        "data source: updated",
        "data source: updated",
        "folder: unchanged",
        "dashboard: unchanged",
        "dashboard: unchanged",
        "alert rules: unchanged",
    ]
    assert versions(grafana, target.content) == before


def test_what_somebody_changed_is_put_back(target: Target, grafana: Grafana) -> None:
    pushed(grafana, target.content)
    mine = target.content.dashboards[0]
    (group,) = target.content.rule_groups
    (rule,) = group["rules"]
    grafana.save_dashboard(mine | {"title": "Mine"}, folder=target.content.folder_uid, message="mine")
    loud = group | {"rules": [rule | {"title": "Louder"}]}
    grafana.save_rule_group(target.content.folder_uid, group["title"], loud)

    assert pushed(grafana, target.content)[-3:] == [
        "dashboard: updated",
        "dashboard: unchanged",
        "alert rules: updated",
    ]
    stored = grafana.dashboard(mine["uid"])
    assert stored is not None
    assert stored["dashboard"]["title"] == mine["title"]


def test_a_token_that_was_renewed_reaches_the_data_source(double: GrafanaDouble) -> None:
    content = small_content("bandroom-test")
    with closing(Grafana(double.url, ADMIN_TOKEN)) as grafana:
        pushed(grafana, content)
        renewed = [one | {"secureJsonData": {"httpHeaderValue1": "Token new"}} for one in content.data_sources]
        pushed(grafana, replace(content, data_sources=renewed))

    assert [one["httpHeaderValue1"] for one in double.secrets.values()] == ["Token new", "Token new"]


def test_a_data_source_that_grafana_cannot_read_is_named(target: Target, grafana: Grafana) -> None:
    pushed(grafana, target.content)

    with pytest.raises(CannotPush) as caught:
        check_data_sources(grafana, target.content)
    assert str(caught.value).startswith(
        f'everything is pushed, but Grafana cannot read "{target.content.data_sources[0]["name"]}"'
        " at http://127.0.0.1:1: "
    )
    assert str(caught.value).endswith("--influx-url must be the address of InfluxDB as Grafana's machine sees it")


def test_a_token_that_grafana_does_not_know(target: Target) -> None:
    said = refusal(target.url, target.content, token="glsa_nobody")
    assert said.startswith("Grafana does not take this token (Invalid API key): make one for a service account")


def test_a_viewers_token_changes_nothing(target: Target, grafana: Grafana) -> None:
    said = refusal(target.url, target.content, token=target.viewer_token)
    assert said.startswith("the token may not read folders (")
    assert said.endswith("Permissions needed: folders:read): give its service account the role Admin")
    assert grafana.folder(target.content.folder_uid) is None


def test_nobody_listens_there() -> None:
    with closing(socket.socket()) as reserved:
        reserved.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{reserved.getsockname()[1]}"
        said = refusal(url, small_content("bandroom-test"))
    assert said == f"{url} cannot be reached: Connection refused; does Grafana run there?"


@pytest.mark.parametrize("old", ["9.5.21", "8.0.0-beta1", "7.5.17+security-01"])
def test_a_grafana_that_is_too_old(double: GrafanaDouble, old: str) -> None:
    double.version = old
    said = refusal(double.url, small_content("bandroom-test"))
    assert said == f"Grafana {old} is too old: its dashboards need 10.0 or newer; upgrade it"
    assert double.writes == []


def test_a_grafana_that_hides_its_version_is_taken(double: GrafanaDouble) -> None:
    double.version = None
    with closing(Grafana(double.url, ADMIN_TOKEN)) as grafana:
        assert pushed(grafana, small_content("bandroom-test"))


def test_a_grafana_below_a_path() -> None:
    with GrafanaDouble(prefix="/grafana") as below:
        for url in (below.url, f"{below.url}/"):
            with closing(Grafana(url, ADMIN_TOKEN)) as grafana:
                assert pushed(grafana, small_content("bandroom-test"))
    assert below.complaints == []


def test_dashboards_from_files_are_left_to_the_files(double: GrafanaDouble) -> None:
    content = small_content("bandroom-test")
    with closing(Grafana(double.url, ADMIN_TOKEN)) as grafana:
        pushed(grafana, content)
    double.dashboards["bandroom-test-room"]["meta"]["provisioned"] = True
    double.writes.clear()

    assert refusal(double.url, content) == (
        '"Page bandroom-test-room" comes from a provisioning file, and Grafana takes changes from that file alone: put'
        " the new files there and restart Grafana, or remove them and push again"
    )
    assert double.writes == []


def test_a_name_that_another_data_source_has(double: GrafanaDouble) -> None:
    content = small_content("bandroom-test")
    double.data_sources["other"] = {"name": "bandroom-test-bins", "uid": "other"}
    assert refusal(double.url, content) == (
        'Grafana refused to make the data source "bandroom-test-bins": data source with the same name already exists'
    )


def test_a_certificate_that_nobody_vouches_for(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path / "grafana.pem")
    content = small_content("bandroom-test")
    with GrafanaDouble(certificate=certificate) as behind_tls:
        said = refusal(behind_tls.url, content)
        assert said.startswith(f"no TLS with {behind_tls.url}: ")
        assert "certificate verify failed" in said
        assert "--ca-file names the certificate of an authority of your own" in said
        with closing(Grafana(behind_tls.url, ADMIN_TOKEN, ca_file=certificate)) as grafana:
            assert pushed(grafana, content)
    assert behind_tls.complaints == []


def test_tls_where_there_is_none(double: GrafanaDouble) -> None:
    said = refusal(double.url.replace("http:", "https:"), small_content("bandroom-test"))
    assert said.endswith("and a server without TLS has an address with http://")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("grafana.example.org", "is no address of a Grafana; it looks like https://grafana.example.org"),
        ("https://[::1", "is no address of a Grafana"),
        ("https://grafana.example.org:port", "is no address of a Grafana"),
        ("https://admin:secret@grafana.example.org", "has a user name in it; leave that out and give --token"),
    ],
)
def test_what_is_no_address(url: str, said: str) -> None:
    text = refusal(url, small_content("bandroom-test"))
    assert said in text
    assert "secret" not in text


def test_a_token_with_its_line_end_or_a_missing_authority_file_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(CannotPush, match="the token has spaces"):
        Grafana("http://127.0.0.1:1", "glsa_a b")
    with pytest.raises(CannotPush, match=r"there is no .*absent.pem; --ca-file names a PEM file"):
        Grafana("https://127.0.0.1:1", ADMIN_TOKEN, ca_file=tmp_path / "absent.pem")
