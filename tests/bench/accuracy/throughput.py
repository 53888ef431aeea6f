"""Capacity beside iperf3's, in both directions: on shaped lines, and on one that only the machine limits."""

from tests.bench.accuracy.row import Part, Row
from tests.bench.ndt7 import DIRECTIONS, LEAST_RATIO, QUEUE_MS, ROUNDS, SHAPED_BPS, in_turn, served_line
from wire.report_words import Direction

SECONDS = 10.0
SHARE = 0.03


def measure() -> Part:
    """Every line, each direction on its own."""
    with served_line() as line:
        rows = [_unshaped(direction, *in_turn(line, direction, SECONDS)) for direction in DIRECTIONS]
        for bps in SHAPED_BPS:
            line.shape(bps)
            rows += [_shaped(bps, direction, *in_turn(line, direction, SECONDS)) for direction in DIRECTIONS]
    return Part(
        title="Throughput",
        rows=rows,
        notes=[
            f"ours: capacity by ndt7, plain ws; the reference: one stream of iperf3; {SECONDS:g} s a test, in turn",
            f"medians of {ROUNDS}; shaped by tbf with a queue of {QUEUE_MS} ms; every sender uses cubic",
            "unshaped: what this machine can do, sender and receiver on its cores",
        ],
    )


def _shaped(bps: int, direction: Direction, ours: float, theirs: float) -> Row:
    share = ours / theirs - 1
    return Row(
        what=f"{bps // 10**6} Mbit/s, {direction}",
        ours=f"{ours / 1e6:.2f} Mbit/s",
        reference=f"{theirs / 1e6:.2f} Mbit/s",
        difference=f"{share:+.2%}",
        bound=f"{SHARE:.0%}",
        holds=abs(share) <= SHARE,
    )


def _unshaped(direction: Direction, ours: float, theirs: float) -> Row:
    return Row(
        what=f"unshaped, {direction}",
        ours=f"{ours / 1e9:.2f} Gbit/s",
        reference=f"{theirs / 1e9:.2f} Gbit/s",
        difference=f"× {ours / theirs:.2f}",
        bound=f">= × {LEAST_RATIO[direction]:g}",
        holds=ours / theirs >= LEAST_RATIO[direction],
    )
