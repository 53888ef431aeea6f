"""From boot clocks to UTC: fixed once, the same for ever."""

from hypothesis import given
from hypothesis import strategies as st

from collector.time_repair import TOLERANCE_MS, Offset, new_offset, offset_at
from wire.batch import BootClock

NOW_MS = 1_800_000_000_000
DAY_MS = 86_400_000


def clock(boot_ms: int, wall_ms: int, *, synchronised: bool = False, live: bool = True) -> BootClock:
    """A boot clock's reading."""
    return BootClock(boot_ms=boot_ms, wall_ms=wall_ms, synchronised=synchronised, live=live)


def test_a_wall_clock_that_agrees_is_believed_to_the_millisecond() -> None:
    found = new_offset([], clock(1000, NOW_MS - 300), received_ms=NOW_MS)

    assert found == Offset(from_boot_ms=0, offset_ms=NOW_MS - 1300, repaired=False)


def test_a_wall_clock_that_disagrees_is_replaced_by_ours() -> None:
    for wall_ms in (NOW_MS + DAY_MS, NOW_MS - DAY_MS, 0):
        found = new_offset([], clock(1000, wall_ms), received_ms=NOW_MS)

        assert found == Offset(from_boot_ms=0, offset_ms=NOW_MS - 1000, repaired=True)


def test_a_later_contact_that_agrees_changes_nothing() -> None:
    known = [Offset(from_boot_ms=0, offset_ms=NOW_MS - 1000, repaired=True)]

    assert new_offset(known, clock(61_000, 5), received_ms=NOW_MS + 60_000 + TOLERANCE_MS) is None


def test_a_step_of_the_wall_clock_changes_nothing() -> None:
    known = [Offset(from_boot_ms=0, offset_ms=NOW_MS - 1000, repaired=False)]

    assert new_offset(known, clock(61_000, NOW_MS + DAY_MS), received_ms=NOW_MS + 60_000) is None


def test_a_boot_clock_that_drifted_gets_a_further_offset_from_then_on() -> None:
    known = [Offset(from_boot_ms=0, offset_ms=NOW_MS, repaired=True)]

    added = new_offset(known, clock(DAY_MS, 0), received_ms=NOW_MS + DAY_MS + TOLERANCE_MS + 1)

    assert added == Offset(from_boot_ms=DAY_MS, offset_ms=NOW_MS + TOLERANCE_MS + 1, repaired=True)
    assert offset_at([*known, added], DAY_MS - 1) == known[0]
    assert offset_at([*known, added], DAY_MS) == added


def test_a_late_resend_of_an_old_reading_adds_nothing() -> None:
    known = [
        Offset(from_boot_ms=0, offset_ms=NOW_MS, repaired=True),
        Offset(from_boot_ms=DAY_MS, offset_ms=NOW_MS + 6000, repaired=True),
    ]

    assert new_offset(known, clock(DAY_MS, 0), received_ms=NOW_MS + 3 * DAY_MS) is None


def test_a_boot_that_is_over_is_believed_only_when_it_was_synchronised() -> None:
    assert new_offset([], clock(1000, NOW_MS - DAY_MS, live=False), received_ms=NOW_MS) is None
    assert new_offset([], clock(1000, NOW_MS, live=False, synchronised=True), received_ms=NOW_MS + DAY_MS) == Offset(
        from_boot_ms=0, offset_ms=NOW_MS - 1000, repaired=False
    )


@given(
    wall_ms=st.integers(0, 4_000_000_000_000),
    contacts=st.lists(st.integers(0, 10**10), min_size=1, max_size=20),
    boot_ms=st.integers(0, 10**10),
)
def test_what_was_placed_once_is_placed_there_for_ever(wall_ms: int, contacts: list[int], boot_ms: int) -> None:
    """A report that arrives before a contact keeps its time whatever the later contacts say."""
    known: list[Offset] = []
    placed: int | None = None
    for contact in sorted(contacts):
        added = new_offset(known, clock(contact, wall_ms), received_ms=NOW_MS + contact * 2)
        if added is not None:
            known.append(added)
        if boot_ms <= contact:
            now = boot_ms + offset_at(known, boot_ms).offset_ms
            if boot_ms < contact:
                assert placed in {None, now}
                placed = now
