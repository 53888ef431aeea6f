"""Loss beside what a firewall really dropped, by its own counters, and beside irtt."""

from tests.bench.accuracy.line import Line, Times, line, read_fping, read_irtt, read_ours
from tests.bench.accuracy.row import Part, Row

COUNT, INTERVAL_MS = 10_000, 5.0
PERMILLE = (5, 20, 50)
POINTS = 0.2


def measure() -> Part:
    """Each rate of loss, with all tools at once."""
    with line() as made:
        rows = [row for permille in PERMILLE for row in _rows(made, permille)]
    return Part(
        title="Loss",
        rows=rows,
        notes=[
            f"nftables drops at random before the server; {COUNT} packets of each tool, one every {INTERVAL_MS:g} ms",
            "the reference is what its counters say of that tool's own packets; differences are in points of a hundred",
        ],
    )


def _rows(made: Line, permille: int) -> list[Row]:
    made.lose(permille)
    stamp, irtt = made.ours("stamp", COUNT, INTERVAL_MS), made.irtt(COUNT, INTERVAL_MS)
    found = [("STAMP", "stamp", read_ours(stamp)), ("irtt", "irtt", read_irtt(irtt))]
    rows = [_row(shown, permille, times, made.dropped(name)) for shown, name, times in found]
    made.lose(permille)
    icmp = read_ours(made.ours("icmp", COUNT, INTERVAL_MS))
    rows.insert(1, _row("ICMP", permille, icmp, made.dropped("echo")))
    made.lose(permille)
    fping = read_fping(made.fping(COUNT, INTERVAL_MS))
    rows.append(_row("fping", permille, fping, made.dropped("echo")))
    return rows


def _row(shown: str, permille: int, times: Times, counted: tuple[int, int]) -> Row:
    measured = 100 * sum(one is None for one in times) / len(times)
    seen, dropped = counted
    truth = 100 * dropped / seen
    ours = shown in ("STAMP", "ICMP")
    return Row(
        what=f"{permille / 10:g} % at random: {shown}",
        ours=f"{measured:.2f} %",
        reference=f"{truth:.2f} %",
        difference=f"{measured - truth:+.2f}",
        bound=f"{POINTS:g}" if ours else "",
        holds=abs(measured - truth) <= POINTS if ours else None,
    )
