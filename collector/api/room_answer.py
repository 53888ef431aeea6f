"""One room as JSON, with all that its state and its weeks stand on."""

from collector.api.answers import (
    Answer,
    BinAnswer,
    CapacityAnswer,
    KeptCheckAnswer,
    ReadingAnswer,
    RoomAnswer,
    ShortAnswer,
    ThroughputAnswer,
)
from collector.api.week_answers import LocatedAnswer, WeekAnswer
from collector.verdict.flips import Flip, FlipKind
from collector.verdict.room_need import Rates, RoomNeed
from collector.verdict.weeks import Verdict
from wire.report_words import Direction


class FlipAnswer(Answer):
    """What would make a week's verdict `verdict`: `amount` of a change of a `kind`, while less of it would not.
    `direction` is that of the throughput tests where the change is one of tests."""

    kind: FlipKind
    amount: int
    verdict: Verdict
    direction: Direction | None


class RatesAnswer(Answer):
    """Bits per second of goodput in both directions."""

    down_bps: int
    up_bps: int


class CarriedAnswer(Answer):
    """What a capacity test found, in bits per second; `at_least` where the machine that made it was the limit."""

    bps: int
    at_least: bool


class NeedAnswer(Answer):
    """What a room of `seats` has to carry, 30 % on top included, beside what its line was seen to. Judges no room.

    `need` is by how the district says its activities are led, `devices` how many are then at work by profile;
    `all_at_once` and `independent` are what it were if every activity was led by the teacher, or none. `one_device` is
    what an agent's test in a lesson shows to be left. `fits` is ``null`` where it was not seen.
    """

    seats: int
    devices: dict[str, int]
    need: RatesAnswer
    all_at_once: RatesAnswer
    independent: RatesAnswer
    one_device: RatesAnswer
    carried: dict[Direction, CarriedAnswer]
    fits: bool | None


class RoomDetailAnswer(RoomAnswer):
    """One room with its evidence. `short` is the throughput test that makes it bad where its bins do not, `check` the
    newest that somebody made in a browser, `located` the cause of the bin that makes it bad. `weeks` are the newest
    twelve that were judged, ascending, `would_change` says what would change the last of them, `need` what the whole
    room needs where that can be told."""

    short: ShortAnswer | None
    readings: list[ReadingAnswer]
    bins: list[BinAnswer]
    throughput: list[ThroughputAnswer]
    capacity: list[CapacityAnswer]
    check: KeptCheckAnswer | None
    located: LocatedAnswer | None
    weeks: list[WeekAnswer]
    would_change: list[FlipAnswer]
    need: NeedAnswer | None


def flip_answer(one: Flip) -> FlipAnswer:
    """What would change a verdict, as the API tells it."""
    return FlipAnswer(kind=one.kind, amount=one.amount, verdict=one.verdict, direction=one.direction)


def need_answer(one: RoomNeed) -> NeedAnswer:
    """What a room needs, as the API tells it."""
    return NeedAnswer(
        seats=one.seats,
        devices=dict(one.devices),
        need=_rates(one.need),
        all_at_once=_rates(one.all_at_once),
        independent=_rates(one.independent),
        one_device=_rates(one.one_device),
        carried={
            direction: CarriedAnswer(bps=seen.bps, at_least=seen.at_least) for direction, seen in one.carried.items()
        },
        fits=one.fits,
    )


def _rates(one: Rates) -> RatesAnswer:
    return RatesAnswer(down_bps=one.down_bps, up_bps=one.up_bps)
