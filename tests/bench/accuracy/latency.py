"""Round trips beside fping's and irtt's: on an idle line, and on one that a download has filled."""

from collections.abc import Callable
from statistics import quantiles

from tests.bench.accuracy.line import Line, Times, end, line, read_fping, read_irtt, read_ours
from tests.bench.accuracy.row import Part, Row

IDLE_ROUNDS, IDLE_COUNT, IDLE_INTERVAL_MS = 5, 300, 20.0
LOADED_COUNT, LOADED_INTERVAL_MS = 3000, 20.0
LOADED_BPS, LOADED_QUEUE_MS = 20_000_000, 100
MEDIAN_US = 30.0
P95_SHARE = 0.05

IDLE, LOADED = "idle", "loaded"
NAMES = {"stamp": "STAMP", "icmp": "ICMP", "irtt": "irtt"}


def measure() -> Part:
    """Both lines."""
    with line() as made:
        idle, loaded = _idle(made), _loaded(made)
    lost = ", ".join(f"{name} {sum(one is None for one in times)}" for name, times in loaded.items())
    return Part(
        title="Round trip",
        rows=[*_medians(idle), *_p95s(loaded)],
        notes=[
            f"idle: a veth pair, {IDLE_ROUNDS} rounds of {IDLE_COUNT} packets each tool, one tool after the other",
            f"loaded: {LOADED_BPS // 10**6} Mbit/s down, a queue of {LOADED_QUEUE_MS} ms, a cubic download by iperf3",
            f"all tools at once then, {LOADED_COUNT} packets each, one every {LOADED_INTERVAL_MS:g} ms; lost: {lost}",
            "our times are by the kernel's receive timestamps",
            "fping is answered by the kernel, STAMP by our reflector, irtt by irtt's server",
        ],
    )


def _idle(made: Line) -> dict[str, Times]:
    found: dict[str, Times] = {"stamp": [], "icmp": [], "fping": [], "irtt": []}
    for _ in range(IDLE_ROUNDS):
        for name, run in _runs(made, IDLE_COUNT, IDLE_INTERVAL_MS).items():
            found[name] += run()()
    return found


def _loaded(made: Line) -> dict[str, Times]:
    made.shape(LOADED_BPS, LOADED_QUEUE_MS)
    lasts_s = LOADED_COUNT * LOADED_INTERVAL_MS / 1000 + 15
    load = made.download(lasts_s)
    try:
        begun = {name: run() for name, run in _runs(made, LOADED_COUNT, LOADED_INTERVAL_MS).items()}
        return {name: read() for name, read in begun.items()}
    finally:
        end(load)


def _runs(made: Line, count: int, interval_ms: float) -> dict[str, Callable[[], Callable[[], Times]]]:
    """By tool: begin it, and then wait for what it found."""

    def ours(method: str) -> Callable[[], Times]:
        process = made.ours(method, count, interval_ms)
        return lambda: read_ours(process)

    def fping() -> Callable[[], Times]:
        process = made.fping(count, interval_ms)
        return lambda: read_fping(process)

    def irtt() -> Callable[[], Times]:
        process = made.irtt(count, interval_ms)
        return lambda: read_irtt(process)

    return {"stamp": lambda: ours("stamp"), "icmp": lambda: ours("icmp"), "fping": fping, "irtt": irtt}


def percentile(times: Times, percent: int) -> float:
    """Of those that came back."""
    return quantiles([one for one in times if one is not None], n=100, method="inclusive")[percent - 1]


def _medians(idle: dict[str, Times]) -> list[Row]:
    reference = percentile(idle["fping"], 50)
    rows = []
    for name, shown in NAMES.items():
        median = percentile(idle[name], 50)
        bounded = name != "irtt"
        rows.append(
            Row(
                what=f"median, idle: {shown} beside fping",
                ours=f"{median:.1f} us",
                reference=f"{reference:.1f} us",
                difference=f"{median - reference:+.1f} us",
                bound=f"{MEDIAN_US:g} us" if bounded else "",
                holds=abs(median - reference) <= MEDIAN_US if bounded else None,
            )
        )
    return rows


def _p95s(loaded: dict[str, Times]) -> list[Row]:
    reference = percentile(loaded["fping"], 95)
    rows = []
    for name, shown in NAMES.items():
        p95 = percentile(loaded[name], 95)
        share = p95 / reference - 1
        bounded = name != "irtt"
        rows.append(
            Row(
                what=f"95th percentile, loaded: {shown} beside fping",
                ours=f"{p95 / 1000:.2f} ms",
                reference=f"{reference / 1000:.2f} ms",
                difference=f"{share:+.2%}",
                bound=f"{P95_SHARE:.0%}" if bounded else "",
                holds=abs(share) <= P95_SHARE if bounded else None,
            )
        )
    return rows
