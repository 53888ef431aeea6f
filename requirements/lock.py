"""Writes the requirement files from pyproject.toml, and says whether they still belong to it.

`make lock` keeps each pin that still fits; `make lock LOCK=--upgrade` takes the newest releases. Each file
carries a digest of the requirements it was made from, so that `--check` needs no network.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
PYPROJECT = HERE.parent / "pyproject.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementFile:
    name: str
    purpose: str
    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        return HERE / self.name


DEV = RequirementFile(
    name="dev.txt",
    purpose="what make demo, test and check install",
    extras=("path", "snmp", "collector", "influx", "dashboards"),
    groups=("dev",),
)
# Installers get what the tests ran with: dev.txt constrains these.
INSTALLED = (
    RequirementFile(name="agent.txt", purpose="what an agent's machine installs"),
    RequirementFile(
        name="agent-path.txt", purpose="what an agent's machine installs that also traces paths", extras=("path",)
    ),
    RequirementFile(
        name="agent-snmp.txt", purpose="what an agent's machine installs that also reads a router", extras=("snmp",)
    ),
    RequirementFile(name="build.txt", purpose="what builds the wheel", groups=("build",)),
    RequirementFile(
        name="collector.txt", purpose="what a collector installs", extras=("collector", "influx", "dashboards")
    ),
)


def sources(file: RequirementFile) -> str:
    """The digest of every requirement in pyproject.toml that this file answers to."""
    pyproject = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))
    project = pyproject["project"]
    groups = pyproject["dependency-groups"]

    def members(group: str) -> list[str]:
        found: list[str] = []
        for entry in groups[group]:
            found += [entry] if isinstance(entry, str) else members(entry["include-group"])
        return found

    requirements = [
        project["requires-python"],
        *project["dependencies"],
        *(line for extra in file.extras for line in project["optional-dependencies"][extra]),
        *(line for group in file.groups for line in members(group)),
    ]
    return hashlib.sha256(json.dumps(sorted(requirements)).encode()).hexdigest()


def header(file: RequirementFile) -> str:
    return f"# {file.purpose}; written by make lock, not by hand\n# made from requirements {sources(file)}\n"


def write(file: RequirementFile, options: Sequence[str]) -> None:
    oldest = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]["requires-python"]
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes"]
    command += ["--no-header", "--python-version", oldest.removeprefix(">="), *options]
    command += [part for extra in file.extras for part in ("--extra", extra)]
    command += [part for group in file.groups for part in ("--group", group)]
    if file is not DEV:
        command += ["--constraint", str(DEV.path.relative_to(PYPROJECT.parent))]
    command += ["--output-file", str(file.path.relative_to(PYPROJECT.parent)), PYPROJECT.name]
    subprocess.run(command, cwd=PYPROJECT.parent, check=True, stdout=subprocess.DEVNULL)
    file.path.write_text(header(file) + file.path.read_text(encoding="utf-8"), encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say whether the files are current")
    parser.add_argument("--upgrade", action="store_true", help="take the newest releases")
    arguments = parser.parse_args()
    files = (DEV, *INSTALLED)
    if not arguments.check:
        for file in files:
            write(file, ["--upgrade"] if arguments.upgrade else [])
        return 0
    stale = [file for file in files if not file.path.read_text(encoding="utf-8").startswith(header(file))]
    for file in stale:
        print(f"requirements/{file.name} is not made from this pyproject.toml: run make lock", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
