"""How services answer, in words and in rows of tables."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from collector.board.phrases import counted
from collector.district.services import ServiceKind
from collector.now import DistrictNow
from collector.service_now import ServiceNow, ServiceSeen
from collector.verdict.cause_words import milliseconds
from wire.service_report import ServiceFailure, ServicePhase, ServiceReport

CERTIFICATE_WARNS_DAYS = 14
"""Below this a certificate is to be renewed now: the usual automatic ones are by then."""

KIND_WORDS: dict[ServiceKind, str] = {
    "lms": "learning platform",
    "meeting": "video meetings",
    "test": "test vendor",
    "other": "",
}
FAILURES: dict[ServiceFailure, str] = {
    "no_answer": "no answer in time",
    "unreachable": "unreachable",
    "name_not_resolved": "its name has no address",
    "refused": "the connection was refused or cut",
    "proxy_refused": "the proxy or filter refuses it",
    "bad_certificate": "its certificate is not valid here",
    "tls_failed": "no agreement on encryption",
    "not_http": "what answers is no web server",
    "server_error": "the service reports an error",
    "probe_broke": "the probe broke",
}
PHASES: dict[ServicePhase, str] = {
    "resolve": "looking up the name",
    "connect": "connecting",
    "proxy": "at the proxy",
    "tls": "setting up encryption",
    "first_byte": "waiting for the answer",
}
_ANYWHERE: frozenset[ServiceFailure] = frozenset({"no_answer", "refused", "not_http"})
"""What may go wrong in more than one phase."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRow:
    """One service as the rooms of a site see it. `typical` is of the whole request."""

    now: ServiceNow
    asked: int
    failing: tuple[ServiceSeen, ...]
    result: str
    typical: str | None
    certificate_days: int | None
    newest: ServiceSeen


def result_words(report: ServiceReport) -> str:
    """``answers``, or why it fails, and where that is not said by the reason: ``no answer in time, connecting``."""
    if report.failure is None:
        return "answers"
    where = f", {PHASES[report.failed_in]}" if report.failed_in and report.failure in _ANYWHERE else ""
    status = f" (HTTP {report.status})" if report.status is not None else ""
    return f"{FAILURES[report.failure]}{where}{status}"


def commonest(seen: Sequence[ServiceSeen]) -> str:
    """What most of `seen` say, in words."""
    (words, _), *others = Counter(result_words(one.report) for one in seen).most_common()
    return f"mostly {words}" if others else words


def certificate_words(days: int) -> str:
    """``expires in 9 days``, ``expired 2 days ago``."""
    if days < 0:
        return f"expired {counted(-days, 'day')} ago"
    return "expires today" if days == 0 else f"expires in {counted(days, 'day')}"


def time_words(us: int | None) -> str | None:
    """Microseconds as a reader sees them."""
    return None if us is None else milliseconds(us / 1000)


def site_rows(services: Sequence[ServiceNow], site: str) -> list[SiteRow]:
    """A row for each service that a room of `site` has asked lately."""
    rows = []
    for now in services:
        seen = now.of_site(site)
        if not seen:
            continue
        failing = tuple(one for one in seen if one.fails)
        answered = [one.total_us for one in seen if not one.fails]
        days = [one.report.certificate_days for one in seen if one.report.certificate_days is not None]
        rows.append(
            SiteRow(
                now=now,
                asked=len(seen),
                failing=failing,
                result=commonest(failing or seen),
                typical=milliseconds(median(answered) / 1000) if answered else None,
                certificate_days=min(days, default=None),
                newest=max(seen, key=lambda one: one.started_at),
            )
        )
    return rows


def incident_lines(district: DistrictNow) -> list[str]:
    """A sentence for each service that fails for enough rooms, and one more where that is all of them."""
    lines = []
    for one in district.services:
        failing = one.incident
        if failing:
            site = district.site(failing[0].site) if len({seen.site for seen in failing}) == 1 else None
            fails = sum(seen.fails for seen in one.seen)  # also where they are too few for an incident
            which = "all" if len(failing) == fails else f"{len(failing)} of them"
            where = f", {which} at {site.name}" if site is not None and len(district.sites) > 1 else ""
            kind = KIND_WORDS[one.service.kind]
            lines.append(
                f"{one.service.name}{f' ({kind})' if kind else ''} fails in {fails} of "
                f"{counted(len(one.seen), 'room')} that asked lately{where}: {commonest(failing)}."
            )
    if len(lines) == len(district.services) > 1:
        lines.append("All listed services fail, so look at the way out of the district and at the resolvers first.")
    return lines
