"""``bandroom-agent trace``: the advice where it cannot be, and the answer for people."""

from agent.trace import Hindrance, Trace

TRACE_ADVICE: dict[Hindrance, str] = {
    "not_on_this_system": "it has been built for Linux alone so far",
    "no_scapy": "install scapy beside the agent: pip install --require-hashes -r requirements/agent-path.txt",
    "no_right": "raw sockets take root or CAP_NET_RAW",
}


def trace_table(found: Trace) -> str:
    """The steps for people, one line each, and how it ended."""
    lines = [f"{'step':>4}  {'role':10} {'answered':>8} {'fastest':>10}"]
    for hop in found.hops:
        fastest = f"{hop.min_us / 1000:.2f} ms" if hop.min_us is not None else "-"
        lines.append(f"{hop.ttl:>4}  {hop.role or '?':10} {f'{hop.received} of {hop.sent}':>8} {fastest:>10}")
    if found.end.failure is not None:
        lines = [f"no step: {found.end.failure}"]
    elif not found.end.reached:
        lines.append("the target did not answer")
    return "\n".join(lines)
