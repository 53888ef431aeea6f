"""``bandroom-agent trace``: the advice where it cannot be, and the answer for people."""

from agent.trace import Hindrance, Trace
from wire.report_words import Failure

TRACE_ADVICE: dict[Hindrance, str] = {
    "not_on_this_system": "it has been built for Linux alone so far",
    "no_scapy": "install scapy beside the agent: pip install --require-hashes -r requirements/agent-path.txt",
    "no_right": "raw sockets take root or CAP_NET_RAW",
}

NO_STEP_ADVICE: dict[Failure, str] = {
    "no_answer": "nothing on the way answered; another --method may come through",
    "unreachable": "this machine's network knows no way there",
    "name_not_resolved": "it has no address; is the name right, and does this machine's name service answer?",
    "no_gateway": "this machine has no default route; is its network up?",
    "refused_to_send": "the system would not send; does a firewall of its own forbid it?",
}


def no_step(target: str, failure: Failure) -> str:
    """Why there is no path to show, and what to look at."""
    return f"no path to {target} ({failure}): {NO_STEP_ADVICE.get(failure, 'a fault of the agent')}"


def trace_table(found: Trace) -> str:
    """The steps of a trace that has some for people, one line each, and how it ended."""
    lines = [f"{'step':>4}  {'role':10} {'answered':>8} {'fastest':>10}"]
    for hop in found.hops:
        fastest = f"{hop.min_us / 1000:.2f} ms" if hop.min_us is not None else "-"
        lines.append(f"{hop.ttl:>4}  {hop.role or '?':10} {f'{hop.received} of {hop.sent}':>8} {fastest:>10}")
    if not found.end.reached:
        lines.append("the target did not answer")
    return "\n".join(lines)
