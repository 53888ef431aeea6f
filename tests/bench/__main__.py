"""Measure, and print each figure beside its reference of the same run: all, or those that are named."""

import argparse
from collections.abc import Callable
from functools import partial

from tests.bench import (
    agent,
    board,
    brief,
    dashboards,
    influx,
    ingest,
    judging,
    locating,
    ndt7,
    octets,
    throughput,
    uplinks,
)
from tests.bench.figure import Part, machine, table


def main() -> None:
    """Run the parts one after the other, so that none disturbs another."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "parts",
        nargs="*",
        metavar="part",
        help="ingest, influx, judging, locating, octets, board, brief, uplinks, dashboards, agent, throughput or ndt7, "
        "by default all",
    )
    parser.add_argument("--seconds", type=float, help="how long to measure ingest and influx (10) or the agent (120)")
    options = parser.parse_args()
    given = {"seconds": options.seconds} if options.seconds else {}
    parts: dict[str, Callable[[], Part]] = {
        "ingest": partial(ingest.measure, **given),
        "influx": partial(influx.measure, **given),
        "judging": judging.measure,
        "locating": locating.measure,
        "octets": octets.measure,
        "board": board.measure,
        "brief": brief.measure,
        "uplinks": uplinks.measure,
        "dashboards": dashboards.measure,
        "agent": partial(agent.measure, **given),
        "throughput": throughput.measure,
        "ndt7": ndt7.measure,
    }
    if unknown := set(options.parts) - parts.keys():
        parser.error(f"unknown: {', '.join(sorted(unknown))}; choose from {', '.join(parts)}")
    print(machine(), flush=True)
    for name in options.parts or parts:
        print(f"\n{table(parts[name]())}", flush=True)


if __name__ == "__main__":
    main()
