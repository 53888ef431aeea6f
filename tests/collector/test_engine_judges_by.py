"""What the engine judges bins by, over a real store: the profiles in force at the time, all agents, late anchors."""

import hashlib
import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from collector.district.assessments import Assessment
from collector.registry.registry import Registry
from collector.store.protocol import Store
from collector.verdict.bins import RoomBin
from tests.collector.builders import arrival, latency
from tests.collector.school import BAD_US, GOOD_US, MONDAY, ROOM, School, a_school, at
from wire.enrolment import EnrolmentRequest

START = at(MONDAY, 10)
BIN = timedelta(minutes=5)


class Judged(School):
    """A school of which single agents report."""

    def report(self, agent: str, *, room: str = "204", start: datetime = START, **rtt_us: float) -> None:
        """Store what an agent measured in one bin, by target."""
        self._boots += 1
        self.store.write_reports(
            [
                arrival(
                    latency(number, rtt_us=us, sent=300, duration_ms=300_000, target=target.replace("_", ":")),
                    started_at=start,
                    room=room,
                    agent=agent,
                    boot=f"{self._boots:016x}",
                )
                for number, (target, us) in enumerate(rtt_us.items(), start=1)
            ]
        )

    def bin(self, start: datetime = START) -> RoomBin:
        """The room's bin as the store has it."""
        (found,) = self.store.bins_between(start, start + BIN)[ROOM]
        return found

    def reference(self, room: str) -> str:
        """A reference agent beside a room."""
        code = self.registry.make_code(site="oak-hill", room=room, role="reference", uses=1, expires_ms=2**50)
        token = hashlib.sha256(secrets.token_bytes()).hexdigest()
        return self.registry.enrol(EnrolmentRequest(version=1, code=code, token_sha256=token), now_ms=1_000).agent


@pytest.fixture
def school(tmp_path: Path, open_store: Callable[[], Store]) -> Iterator[Judged]:
    registry = Registry.open_registry(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    yield Judged(open_store(), registry)
    registry.close()


def test_a_bin_whose_middle_lies_in_an_assessment_is_judged_by_what_assessments_need(school: Judged) -> None:
    written = Assessment(name="state", started_at=START + timedelta(minutes=7), ended_at=START + timedelta(minutes=14))
    school.restart(replace(a_school(), assessments=(written,)))
    school.measured(MONDAY, bad=24, bad_us=250_000)

    school.tick(at(MONDAY, 12.5))

    bins = school.store.bins_between(START, START + 5 * BIN)[ROOM]
    assessed = [all(score.profile.startswith("assessment_") for score in one.scores) for one in bins]
    assert assessed == [False, True, True, False, False]
    assert [one.headline.quality for one in bins if one.headline] == ["bad", "good", "good", "bad", "bad"]


def test_the_median_of_several_agents_speaks_also_when_one_is_late(school: Judged) -> None:
    school.report("a" * 16, district=GOOD_US)
    school.report("b" * 16, district=BAD_US)
    school.tick(START + 2 * BIN)
    two = school.bin()
    school.report("c" * 16, district=BAD_US)
    school.tick(START + 3 * BIN)
    three = school.bin()

    assert [one.agents for one in (two, three)] == [2, 3]
    assert [one.headline.quality for one in (two, three) if one.headline] == ["good", "bad"]


def test_anchors_that_a_reference_hands_over_late_decide_for_the_rooms_of_its_site(school: Judged) -> None:
    reference = school.reference("205")
    school.report("a" * 16, district=GOOD_US)
    school.tick(START + 2 * BIN)
    before = school.bin()

    school.report(reference, room="205", district=GOOD_US, anchor_one=BAD_US, anchor_two=BAD_US)
    school.tick(START + 3 * BIN)

    after = school.bin()
    assert (before.anchor, before.headline and before.headline.quality) == (None, "good")
    assert (after.anchor, after.headline and after.headline.quality) == ("anchor:one", "bad")
    assert after.located is not None
    assert after.p95_ms == before.p95_ms
