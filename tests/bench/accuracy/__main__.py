"""Compare with the reference tools and print ours, theirs, the difference, the bound and whether it holds."""

import argparse
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from tests.bench.accuracy import cost, latency, loss, throughput
from tests.bench.accuracy.row import Part, markdown, text
from tests.bench.figure import machine

PAGE = Path(__file__).parents[3] / "docs" / "accuracy.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
TOOLS = {"fping": "fping", "irtt": "irtt", "iperf3": "iperf3", "nft": "nftables", "tc": "iproute2"}


def main() -> int:
    """Run the parts one after the other. The exit code is 1 where a bound does not hold."""
    parts: dict[str, Callable[[], Part]] = {
        "latency": latency.measure,
        "loss": loss.measure,
        "throughput": throughput.measure,
        "cost": cost.measure,
    }
    parser = argparse.ArgumentParser(prog="make bench-accuracy", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"{', '.join(parts)}; all when none is named")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/accuracy.md")
    options = parser.parse_args()
    if unknown := set(options.parts) - parts.keys():
        parser.error(f"unknown: {', '.join(sorted(unknown))}; choose from {', '.join(parts)}")
    if absent := [package for name, package in TOOLS.items() if shutil.which(name) is None]:
        parser.error(f"not installed (Debian's names): {', '.join(absent)}")
    print(machine(), flush=True)
    done: list[Part] = []
    for name in options.parts or parts:
        done.append(parts[name]())
        print(f"\n{text(done[-1])}", flush=True)
    if options.write:
        _write(done)
    return int(any(row.holds is False for part in done for row in part.rows))


def _write(done: list[Part]) -> None:
    """Put what was measured in its place on the page; what was not stays as it was."""
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    table, after = rest.split(END)
    sections = dict(one.split("\n", 1) for one in table.split("### ")[1:])
    sections |= {part.title: f"\n{markdown(part)}\n\n" for part in done}
    text = "".join(f"### {title}\n{body}" for title, body in sections.items())
    PAGE.write_text(f"{before}{BEGIN}\n\n{text}{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
