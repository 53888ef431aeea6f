"""What a room's page cannot say, so that nobody reads more into it than is there."""

from collections.abc import Sequence

from collector.board import phrases
from collector.now import RoomNow
from collector.verdict.bins import VALID_SHARE, RoomBin


def unknowns(room: RoomNow, bins: Sequence[RoomBin], throughput_off: str | None) -> list[str]:
    """One sentence each. `bins` are those that the page shows, newest first; `throughput_off` is why no throughput is
    tested in the whole district, where it is not."""
    found = []
    if throughput_off:
        found.append(phrases.sentence(throughput_off))
    if not room.tests:
        found.append("Throughput has not been measured here yet: whether the rate is enough is not known.")
    elif not room.speaking:
        found.append("No throughput test of the last hour could tell: whether the rate is enough now is not known.")
    if invalid := sum(not one.valid for one in bins):
        found.append(
            f"{invalid} of the newest {phrases.bins(len(bins))} cannot be judged: less than "
            f"{phrases.share(VALID_SHARE)} of their time was probed."
        )
    if room.state.state in ("bad", "degraded") and room.state.cause == "undetermined":
        found.append("The cause is not determined yet.")
    if bins and bins[0].gateway_p95_ms is None:
        found.append("The room's gateway does not answer, so its own link cannot be told from the rest.")
    if bins and bins[0].method == "tcp_connect":
        found.append("UDP gets no answer, so loss is that of connections and latency is sampled less often.")
    if room.agents == 1:
        found.append("One agent speaks for the whole room: a fault of its machine would look like the room's.")
    return found
