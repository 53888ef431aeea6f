"""The two guides name commands, options, settings and files that there are."""

import re
import shlex
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest

from collector.settings import Settings
from tests.end_to_end.process import run

ROOT = Path(__file__).parents[2]
GUIDES = [ROOT / "docs" / "install-agent.md", ROOT / "docs" / "install-server.md"]
PROGRAMS = ("bandroom", "bandroom-agent")

each_guide = pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)


def blocks(guide: Path, language: str) -> list[str]:
    text = guide.read_text(encoding="utf-8")
    found: list[str] = re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return found


def shell_lines(guide: Path) -> list[list[str]]:
    """Each command of the guide as words, continued lines joined, files that are written left out."""
    text = "".join(blocks(guide, "sh")).replace("\\\n", " ")
    text = re.sub(r"<<'?EOF'?\n.*?^EOF$", "", text, flags=re.MULTILINE | re.DOTALL)
    inline = re.findall(r"`((?:bandroom|bandroom-agent) [^`]+)`", guide.read_text(encoding="utf-8"))
    return [words for line in [*text.splitlines(), *inline] if (words := shlex.split(line, comments=True))]


def own_commands(guide: Path) -> list[list[str]]:
    """What the guide runs of ours: the program's name and its arguments."""
    found = []
    for words in shell_lines(guide):
        at = words.index("--") + 1 if words[0] == "runuser" else 0
        if (name := Path(words[at]).name) in PROGRAMS:
            found.append([name, *words[at + 1 :]])
    return found


def written_settings(guide: Path) -> list[str]:
    """Each ``bandroom.toml`` that the guide writes, with a password for the one it makes up. It has no tables."""
    pattern = r"^cat > /etc/bandroom/bandroom\.toml <<EOF\n(.*?)^EOF$"
    heredocs = re.findall(pattern, "".join(blocks(guide, "sh")), re.MULTILINE | re.DOTALL)
    shown = [one for one in blocks(guide, "toml") if not one.startswith("[")]
    return [re.sub(r"\$\(.*?\)", "secret", text) for text in [*heredocs, *shown]]


@cache
def help_of(*command: str) -> subprocess.CompletedProcess[str]:
    return run(*command, "--help")


@each_guide
def test_every_command_line_of_ours_is_understood(guide: Path) -> None:
    commands = own_commands(guide)
    assert len(commands) >= 3
    for name, *arguments in commands:
        options = {word for word in arguments if word.startswith("--")}
        command = [word for word in arguments[:2] if re.fullmatch(r"[a-z]+", word)]
        said = help_of(name, *command)
        assert said.returncode == 0, f"{name} {arguments}: {said.stderr}"
        assert all(option in said.stdout for option in options), f"{name} {arguments}"


def test_the_settings_that_the_guide_writes_let_a_collector_start() -> None:
    written = [written_settings(ROOT / "docs" / name) for name in ("install-server.md", "behind-proxy.md")]
    assert [len(one) for one in written] == [1, 1]
    for (text,) in written:
        settings = Settings(**tomllib.loads(text))
        assert settings.problems() == []
        assert settings.throughput_off in {None, "throughput tests are off until the proxy has been checked"}


@each_guide
def test_every_file_it_copies_is_there(guide: Path) -> None:
    text = guide.read_text(encoding="utf-8")
    names = set(re.findall(r"\b(?:deploy|requirements)/[\w./-]+\w", text))
    assert names
    assert [name for name in names if not (ROOT / name).exists()] == []


def test_the_agents_package_holds_every_file_that_is_copied_from_it() -> None:
    server = (ROOT / "docs" / "install-server.md").read_text(encoding="utf-8").replace("\\\n", " ")
    (packed,) = re.findall(r"^tar -czf \.\./bandroom-agent\.tar\.gz (.+)$", server, re.MULTILINE)
    guide = (ROOT / "docs" / "install-agent.md").read_text(encoding="utf-8").replace("\\", "/")
    copied = set(re.findall(r"\b(?:deploy|requirements)/[\w./-]+\w", guide))
    assert {"requirements/agent.txt", "deploy/windows/install.ps1"} <= copied
    assert [name for name in copied if not any(name.startswith(one) for one in packed.split())] == []


@each_guide
def test_every_service_it_speaks_of_has_a_unit(guide: Path) -> None:
    words = [word for line in shell_lines(guide) if line[0] in {"systemctl", "journalctl"} for word in line[1:]]
    services = {word for word in words if word.startswith("bandroom")}
    assert services
    assert [name for name in services if not (ROOT / "deploy" / "systemd" / f"{name}.service").exists()] == []


@each_guide
def test_every_link_leads_somewhere(guide: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#]*)(?:#([^)]+))?\)", guide.read_text(encoding="utf-8")):
        page = guide.parent / target if target else guide
        assert page.exists(), target
        if anchor:
            titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in titles}, anchor
