"""The compose files: what starts, what is pinned, and that no password is anybody's default."""

import os
import re
import shutil
import subprocess
import tomllib
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from collector.settings import Settings
from dashboards.data_sources import InfluxAsSeen, data_sources
from dashboards.grafana import Grafana
from dashboards.push import push
from tests.dashboards.grafana_double import ADMIN_TOKEN, GrafanaDouble
from tests.dashboards.small_content import small_content
from tests.end_to_end.certificate import make_certificate
from tests.end_to_end.collector_process import free_port
from tests.end_to_end.nginx import Nginx

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "deploy" / "compose"
ONE_SHOT = {"store-init", "grafana-reader"}
IN_IMAGE = {"collector": "deploy/compose/Dockerfile"}
"""Whose health is checked as its Dockerfile says."""

Json = dict[str, Any]


@pytest.fixture(scope="module")
def compose() -> Json:
    read: Json = yaml.safe_load((COMPOSE / "compose.yaml").read_text(encoding="utf-8"))
    return read


def dockerfile() -> str:
    return (COMPOSE / "Dockerfile").read_text(encoding="utf-8")


def test_every_image_is_pinned_to_a_release(compose: Json) -> None:
    images = {one["image"] for one in compose["services"].values() if "build" not in one}
    images |= set(re.findall(r"^FROM (\S+)", dockerfile(), re.MULTILINE))
    assert len(images) == 4
    for image in images:
        assert re.fullmatch(r"[a-z/]+:\d+\.\d+\.\d+(-[a-z]+)*", image), image


def test_what_we_build_says_how(compose: Json) -> None:
    built = [one["build"] for one in compose["services"].values() if "build" in one]
    assert built
    for one in built:
        assert (COMPOSE / one["context"]).resolve() == ROOT
        assert (ROOT / one["dockerfile"]).is_file()


def test_every_service_comes_back_and_says_how_it_is(compose: Json) -> None:
    for name, service in compose["services"].items():
        if name in ONE_SHOT:
            assert service["restart"] == "on-failure:5"
            continue
        assert service["restart"] == "unless-stopped", name
        assert "healthcheck" in service or "HEALTHCHECK" in (ROOT / IN_IMAGE[name]).read_text(encoding="utf-8"), name


def test_services_wait_for_what_they_need(compose: Json) -> None:
    services = compose["services"]
    for name, service in services.items():
        for needed, how in service.get("depends_on", {}).items():
            expected = "service_completed_successfully" if needed in ONE_SHOT else "service_healthy"
            assert how == {"condition": expected}, f"{name} on {needed}"
            assert needed in services


def test_every_secret_is_a_file_that_prepare_makes(compose: Json) -> None:
    prepare = (COMPOSE / "prepare.sh").read_text(encoding="utf-8")
    used = set()
    for service in compose["services"].values():
        used |= {one if isinstance(one, str) else one["source"] for one in service.get("secrets", [])}
    assert used == compose["secrets"].keys()
    for secret in compose["secrets"].values():
        assert secret.keys() == {"file"}
        assert Path(secret["file"]).name in prepare


def test_no_password_or_token_stands_in_a_file_that_is_shipped(compose: Json) -> None:
    for name, service in compose["services"].items():
        for key, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|TOKEN|SECRET", key):
                assert key.endswith("_FILE"), f"{name}: {key}"
                assert str(value).startswith("/run/secrets/"), f"{name}: {key}"
    for script in ("prepare.sh", "grafana-reader.sh"):
        text = (COMPOSE / script).read_text(encoding="utf-8")
        given = re.findall(r"(?i)(?:password|token)(?: ?= ?| (?=\"))(\S+)", text)
        assert given, script
        assert [value for value in given if not value.strip('"').startswith("$(")] == [], script


def test_only_the_proxy_and_what_tests_are_made_to_are_open_to_others(compose: Json) -> None:
    ports = {name: one["ports"] for name, one in compose["services"].items() if "ports" in one}
    assert ports == {"collector": ["443:443", "3000:3000", "8620:8620/udp", "8630:8630"]}
    assert compose["services"]["proxy"]["network_mode"] == "service:collector"
    assert compose["networks"]["inside"] == {"internal": True}
    assert [name for name, one in compose["services"].items() if "outside" in one.get("networks", [])] == [
        "collector",
        "grafana",
    ]


def test_what_is_written_outlives_a_container(compose: Json) -> None:
    kept = {
        volume.split(":")[0]: volume.split(":")[1]
        for one in compose["services"].values()
        for volume in one.get("volumes", [])
        if not volume.startswith(".")
    }
    assert kept.keys() == compose["volumes"].keys()
    assert set(kept.values()) >= {"/var/lib/influxdb2", "/var/lib/grafana", "/var/lib/bandroom"}


def test_every_file_that_is_mounted_is_there_and_read_only(compose: Json) -> None:
    mounts = [
        volume.split(":")
        for one in compose["services"].values()
        for volume in one.get("volumes", [])
        if volume.startswith(".")
    ]
    assert mounts
    for source, _target, *mode in mounts:
        assert mode == ["ro"], source
        assert source == "./settings" or (COMPOSE / source).exists(), source


def test_nobody_gains_rights_and_the_collector_is_nobody_special(compose: Json) -> None:
    for name, service in compose["services"].items():
        assert service["security_opt"] == ["no-new-privileges:true"], name
    collector = compose["services"]["collector"]
    assert (collector["read_only"], collector["cap_drop"]) == (True, ["ALL"])
    assert re.search(r"^USER 8600:8600$", dockerfile(), re.MULTILINE)


def test_the_image_takes_nothing_that_has_no_hash() -> None:
    installs = re.findall(r"pip (?:install|wheel) (.+?)(?: \\)?$", dockerfile(), re.MULTILINE)
    assert len(installs) == 4
    for options in installs:
        assert "--require-hashes" in options or "--no-deps" in options, options
    for copied in re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile(), re.MULTILINE):
        for path in copied.split():
            assert (ROOT / path).exists(), path


def test_grafana_has_the_data_sources_that_a_push_would_make() -> None:
    read = yaml.safe_load((COMPOSE / "datasources.yaml").read_text(encoding="utf-8"))
    who = {"user": "grafana", "secureJsonData": {"password": "$__file{/run/secrets/influxdb_grafana_password}"}}
    pushed = data_sources(InfluxAsSeen(url="http://influxdb:8086", prefix="bandroom"))
    assert read["datasources"] == [one | who for one in pushed]


def prepare(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [folder / "compose" / "prepare.sh", *arguments], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.fixture
def deploy(tmp_path: Path) -> Path:
    """The deploy folder as a checkout has it, without what an earlier run of prepare.sh left in ours."""
    left = shutil.ignore_patterns("secrets", "settings", ".env", "bandroom-ca.*")
    return Path(shutil.copytree(ROOT / "deploy", tmp_path / "deploy", ignore=left))


@pytest.mark.parametrize("name", ["", "Bad Name", "-x", "a;b", "bandroom.example.org/"])
def test_prepare_wants_a_name(deploy: Path, name: str) -> None:
    said = prepare(deploy, name)
    assert said.returncode == 2
    assert said.stderr.startswith("usage: ./prepare.sh NAME")
    assert not (deploy / "compose" / "secrets").exists()


def test_prepare_makes_secrets_that_only_their_readers_read(deploy: Path) -> None:
    said = prepare(deploy, "bandroom.example.org")
    if os.geteuid() != 0:
        assert (said.returncode, said.stderr) == (
            1,
            "run this as root: each secret belongs to the one account that reads it\n",
        )
        return
    assert said.returncode == 0, said.stderr
    folder = deploy / "compose"
    made = {path.name: path for path in (folder / "secrets").iterdir()}
    readers = {name: (path.stat().st_uid, oct(path.stat().st_mode & 0o777)) for name, path in made.items()}
    assert readers == {
        "influxdb_password": (1000, "0o400"),
        "influxdb_token": (1000, "0o400"),
        "collector_influxdb_token": (8600, "0o400"),
        "influxdb_grafana_password": (472, "0o400"),
        "grafana_password": (472, "0o400"),
        "bandroom-ca.key": (0, "0o600"),
        "fullchain.pem": (0, "0o600"),
        "privkey.pem": (0, "0o600"),
    }
    assert (folder / "secrets").stat().st_mode & 0o777 == 0o700
    assert made["collector_influxdb_token"].read_text() == made["influxdb_token"].read_text()
    assert len({path.read_text() for path in made.values()}) == len(made) - 1
    assert all(re.fullmatch(r"[0-9a-f]{64}", made[name].read_text()) for name in made if "." not in name)
    assert (folder / "settings" / "bandroom.toml").stat().st_uid == 8600
    assert (folder / ".env").read_text() == "BANDROOM_NAME=bandroom.example.org\n"

    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert prepare(deploy, "bandroom.example.org").returncode == 0
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_the_settings_that_prepare_writes_let_a_collector_start() -> None:
    (text,) = re.findall(r"<<END\n(.*?)^END$", (COMPOSE / "prepare.sh").read_text(), re.MULTILINE | re.DOTALL)
    settings = Settings(**tomllib.loads(re.sub(r"\$\(.*?\)|\$name", "secret", text)))
    assert settings.problems() == []
    assert (settings.store, settings.influx_url) == ("influx", "http://influxdb:8086")
    assert settings.influx_token_file == Path("/run/secrets/collector_influxdb_token")


@pytest.mark.requires("nginx")
def test_grafana_answers_behind_the_same_proxy(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path / "proxy.pem")
    nginx = Nginx(tmp_path / "nginx", port=free_port(), to="http://127.0.0.1:1", certificate=certificate)
    port = free_port()
    text = (COMPOSE / "grafana.conf").read_text(encoding="utf-8")
    with GrafanaDouble() as behind:
        for line, instead in {
            "listen 3000 ssl;": f"listen 127.0.0.1:{port} ssl;",
            "listen [::]:3000 ssl;": "",
            "ssl_certificate /etc/ssl/bandroom/fullchain.pem;": f"ssl_certificate {certificate};",
            "ssl_certificate_key /etc/ssl/bandroom/privkey.pem;": f"ssl_certificate_key {certificate};",
            "error_log /var/log/nginx/error.log emerg;": f"error_log {tmp_path}/grafana.log emerg;",
            "set $grafana http://grafana:3000;": f"set $grafana {behind.url};",
        }.items():
            assert text.count(f" {line}\n") == 1, line
            text = text.replace(f" {line}\n", f" {instead}\n")
        (tmp_path / "nginx" / "conf.d" / "grafana.conf").write_text(text, encoding="utf-8")
        try:
            nginx.start()
            with closing(Grafana(f"https://127.0.0.1:{port}", ADMIN_TOKEN, ca_file=certificate)) as grafana:
                assert list(push(grafana, small_content("bandroom-test"), message="through the proxy"))
        finally:
            nginx.close()
    assert behind.complaints == []
