"""What holds for the repository as a whole."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("wire", "agent", "collector", "dashboards")
REQUIREMENT_FILES = sorted((ROOT / "requirements").glob("*.txt"))

# A Python file over 400 lines stands here with the reason why it is one noun.
LONG_FILES = {
    "collector/store/duckdb_store.py": "one engine: a method for each of the protocol",
    "collector/store/influx_schema.py": "one schema: a value for each measurement",
    "collector/store/influx_store.py": "one engine: a method for each of the protocol",
}

# A file of wire or agent that imports more stands here; only a process that does not last loads it.
MORE_IMPORTS = {"agent/crafted.py": {"scapy"}, "agent/snmp.py": {"pyasn1", "pysnmp"}}


def tracked() -> list[Path]:
    command = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"not a git checkout: {error}")
    paths = (ROOT / name for name in listed.stdout.decode().split("\0") if name)
    return [path for path in paths if path.is_file()]


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imported_by(path: Path) -> set[str]:
    """The top-level names of everything a file imports, wherever in the file it does."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.partition(".")[0])
    return names


def requirements(path: Path) -> list[str]:
    """Each requirement with its options, as pip reads them: continued lines joined, comments gone."""
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]


def test_the_readme_is_shorter_than_120_lines() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 120


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_says_what_it_is(package: str) -> None:
    folders = {path.parent for path in (ROOT / package).rglob("*.py")}
    assert folders
    for folder in folders:
        source = (folder / "__init__.py").read_text(encoding="utf-8")
        assert ast.get_docstring(ast.parse(source)), f"{named(folder)} has no docstring"


def test_a_python_file_over_400_lines_can_name_its_reason() -> None:
    lines = {
        named(path): len(path.read_text(encoding="utf-8").splitlines()) for path in tracked() if path.suffix == ".py"
    }
    assert {name for name, count in lines.items() if count > 400} == set(LONG_FILES)


@pytest.mark.parametrize(("package", "allowed"), [("wire", {"wire"}), ("agent", {"agent", "wire", "psutil"})])
def test_wire_and_agent_import_nothing_more_than_promised(package: str, allowed: set[str]) -> None:
    for path in (ROOT / package).rglob("*.py"):
        more = MORE_IMPORTS.get(named(path), set())
        assert imported_by(path) <= allowed | more | sys.stdlib_module_names, named(path)


def test_no_file_names_a_package_registry_or_a_place_on_one_machine() -> None:
    # Each pattern is spelled so that it does not match itself.
    registries = r"pyp[i]\.org|python[h]osted|registry\.np[m]|proxy\.golan[g]"
    mirrors = r"(?:deb|security)\.debia[n]|archive\.ubunt[u]"
    places = r"/wor[k]/|\.pyen[v]|/roo[t]/|/hom[e]/|/User[s]/"
    pattern = re.compile(f"{registries}|{mirrors}|{places}")
    found = [
        f"{named(path)}:{number}: {line.strip()}"
        for path in tracked()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == []


def test_the_licence_is_mit() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert text.startswith("MIT License\n")
    assert "Bandroom contributors" in text


@pytest.mark.parametrize("path", REQUIREMENT_FILES, ids=lambda path: path.name)
def test_every_requirement_is_pinned_and_hashed(path: Path) -> None:
    lines = requirements(path)
    assert lines
    for line in lines:
        assert re.fullmatch(r"[a-z0-9-]+==[^ ]+( ; [^\\]+?)?( +--hash=sha256:[0-9a-f]{64})+", line), line[:100]


@pytest.mark.parametrize("path", REQUIREMENT_FILES, ids=lambda path: path.name)
def test_a_requirement_file_holds_no_address(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "://" not in text
    assert "-index" not in text


def test_installers_get_the_pins_the_tests_ran_with() -> None:
    tested = {line.partition(" --hash")[0].strip() for line in requirements(ROOT / "requirements" / "dev.txt")}
    for name in ("agent.txt", "agent-path.txt", "agent-snmp.txt", "build.txt", "collector.txt"):
        installed = {line.partition(" --hash")[0].strip() for line in requirements(ROOT / "requirements" / name)}
        assert installed <= tested


def test_an_agent_installs_psutil_and_nothing_else() -> None:
    assert [line.partition("==")[0] for line in requirements(ROOT / "requirements" / "agent.txt")] == ["psutil"]


def test_the_changelog_knows_the_version() -> None:
    version = re.search(r'^VERSION.*"(.+)"$', (ROOT / "wire" / "version.py").read_text(encoding="utf-8"), re.MULTILINE)
    assert version is not None
    heading = rf"^## .*\b{re.escape(version[1])}(?![0-9.])"
    assert re.search(heading, (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
