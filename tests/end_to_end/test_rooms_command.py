"""``bandroom rooms`` asks with what the settings say, and flags come before them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.certificate import make_certificate
from tests.end_to_end.collector_process import ROOMS, CollectorFolder
from tests.end_to_end.process import run

NewCollector = Callable[..., CollectorFolder]
PASSWORD = "correct horse b\u00e4ttery"


def refusal(*arguments: str | Path, env: dict[str, str] | None = None, cwd: Path | None = None) -> str:
    """What the command says in one line when it cannot ask."""
    done = run("bandroom", "rooms", *arguments, env=env, cwd=cwd)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr.strip()


def shows_the_rooms(*arguments: str | Path, env: dict[str, str] | None = None, cwd: Path | None = None) -> bool:
    done = run("bandroom", "rooms", *arguments, env=env, cwd=cwd)
    assert (done.returncode, done.stderr) == (0, "")
    return all(room in done.stdout for room in ROOMS)


def test_port_and_password_come_from_the_settings_and_from_flags_before_them(
    new_collector: NewCollector, tmp_path: Path
) -> None:
    collector = new_collector(reader_password=PASSWORD).start()

    assert shows_the_rooms("--settings", collector.file)
    assert shows_the_rooms("--json", cwd=collector.folder)
    assert shows_the_rooms(env={"BANDROOM_SETTINGS": str(collector.file)})
    assert shows_the_rooms("--url", collector.url, env={"BANDROOM_READER_PASSWORD": PASSWORD}, cwd=tmp_path)
    assert refusal("--url", collector.url, cwd=tmp_path) == (
        f"{collector.url} asks for the reader password: give --password, or the collector's own --settings"
    )
    assert refusal("--settings", collector.file, "--password", "wrong") == (
        f"{collector.url} does not take this reader password: "
        "it is what reader_password in the collector's settings was when it started"
    )


def test_the_collectors_own_certificate_is_trusted_on_its_machine_and_others_by_name(
    new_collector: NewCollector, tmp_path: Path
) -> None:
    pem = make_certificate(tmp_path / "pem")
    # Not an address that the certificate names.
    collector = new_collector(host="127.0.0.2", tls_certificate=str(pem), tls_key=str(pem)).start()

    assert shows_the_rooms("--settings", collector.file)
    assert "is not trusted here" in refusal("--url", collector.url, cwd=tmp_path)
    assert "--ca-file" in refusal("--url", collector.url, "--ca-file", pem, cwd=tmp_path), "its name is another"


def test_an_authority_may_be_named(new_collector: NewCollector, tmp_path: Path) -> None:
    pem = make_certificate(tmp_path / "pem")
    collector = new_collector(tls_certificate=str(pem), tls_key=str(pem)).start()

    assert shows_the_rooms("--url", collector.url, "--ca-file", pem, cwd=tmp_path)
    missing = tmp_path / "missing.pem"
    assert (
        refusal("--url", collector.url, "--ca-file", missing) == f"{missing} cannot be read: No such file or directory"
    )
    empty = tmp_path / "empty.pem"
    empty.touch()
    assert refusal("--url", collector.url, "--ca-file", empty) == (
        f"{empty} holds no certificates; wanted is a file of PEM certificates"
    )


@pytest.mark.parametrize(
    ("settings", "said"), [("port = 0\n", "give --url"), ("prot = 1\n", "unknown key"), (None, "there is no")]
)
def test_settings_that_do_not_say_where_are_told_of(settings: str | None, said: str, tmp_path: Path) -> None:
    file = tmp_path / "other.toml"
    if settings is not None:
        file.write_text(settings)

    assert said in refusal("--settings", file)


@pytest.mark.parametrize("week", ["2026-47", "2026-W60", "last", "2026-W47; rm"])
def test_a_week_of_the_wrong_form_is_told_without_asking_anybody(week: str, tmp_path: Path) -> None:
    assert refusal("--url", "http://127.0.0.1:9", "--week", week, cwd=tmp_path) == (
        f'"{week}" is no week; write it as 2026-W47, weeks from W01 to W52 or W53'
    )


def test_before_a_week_has_been_judged_that_is_said(new_collector: NewCollector, tmp_path: Path) -> None:
    collector = new_collector().start()

    said = "no week has been judged yet; the first is once its lessons are over"
    assert refusal("--url", collector.url, "--week", "2026-W47", cwd=tmp_path) == said
    assert refusal("--url", collector.url, "--week", "newest", "--json", cwd=tmp_path) == said
