"""What snmpd's `pass_persist` runs: answers for interfaces that a test makes up, from a file that is read every time.

The file has a line for each object: its OID, its type, its value. Standard library only: snmpd starts this.
"""

import sys
from pathlib import Path


def objects(path: Path) -> dict[tuple[int, ...], tuple[str, str]]:
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        oid, kind, value = line.split(" ", 2)
        found[numbers(oid)] = (kind, value)
    return found


def numbers(oid: str) -> tuple[int, ...]:
    return tuple(int(one) for one in oid.strip(".").split("."))


def answer(question: str, asked: tuple[int, ...], all_of_them: dict[tuple[int, ...], tuple[str, str]]) -> str:
    oid: tuple[int, ...] | None = asked
    if question == "getnext":
        oid = min((one for one in all_of_them if one > asked), default=None)
    if oid is None or oid not in all_of_them:
        return "NONE"
    kind, value = all_of_them[oid]
    return f".{'.'.join(str(one) for one in oid)}\n{kind}\n{value}"


def main() -> None:
    table, path = numbers(sys.argv[1]), Path(sys.argv[2])
    for line in sys.stdin:
        question = line.strip()
        if question == "PING":
            said = "PONG"
        elif question in ("get", "getnext"):
            asked = numbers(sys.stdin.readline())
            ours = {oid: value for oid, value in objects(path).items() if oid[: len(table)] == table}
            said = answer(question, asked, ours)
        else:
            said = "NONE"
        sys.stdout.write(f"{said}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
