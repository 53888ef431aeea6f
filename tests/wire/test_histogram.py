"""The log histogram against exact nearest-rank quantiles, and its one text form."""

import math
from collections import Counter
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wire.fields import WireError
from wire.histogram import EDGES_US, GROWTH, HIGHEST_US, LOWEST_US, OVERFLOW, Histogram, bucket_of, count_text, value_of

PROMISE = 0.02
IN_RANGE_US = st.integers(LOWEST_US, HIGHEST_US - 1) | st.floats(LOWEST_US, math.nextafter(HIGHEST_US, 0))
ANY_US = st.integers(0, 10 * HIGHEST_US) | st.floats(0, 1e9)
HISTOGRAMS = st.dictionaries(st.integers(0, OVERFLOW), st.integers(1, 10**6), max_size=40).map(Histogram)


def merged(*parts: Histogram) -> Histogram:
    whole = Histogram()
    for part in parts:
        whole.merge(part)
    return whole


def nearest_rank(times_us: list[float], share: Fraction) -> float:
    return sorted(times_us)[max(1, math.ceil(share * len(times_us))) - 1]


@given(IN_RANGE_US)
@example(LOWEST_US)
@example(HIGHEST_US - 1)
def test_a_bucket_answers_within_two_percent_of_any_time_in_it(us: float) -> None:
    assert abs(value_of(bucket_of(us)) - us) <= PROMISE * us


@given(st.lists(IN_RANGE_US, min_size=1, max_size=300), st.integers(0, 1000).map(lambda n: Fraction(n, 1000)))
def test_a_quantile_is_within_two_percent_of_the_exact_nearest_rank(times_us: list[float], share: Fraction) -> None:
    exact = nearest_rank(times_us, share)
    answer = Histogram.of(times_us).quantile(float(share))
    assert answer is not None
    assert abs(answer - exact) <= PROMISE * exact


@given(st.lists(ANY_US, min_size=1, max_size=300), st.integers(0, 1000).map(lambda n: Fraction(n, 1000)))
def test_a_quantile_outside_the_range_is_named_by_its_bound(times_us: list[float], share: Fraction) -> None:
    exact = nearest_rank(times_us, share)
    answer = Histogram.of(times_us).quantile(float(share))
    if exact < LOWEST_US:
        assert answer == LOWEST_US
    elif exact >= HIGHEST_US:
        assert answer == HIGHEST_US
    else:
        assert answer == value_of(bucket_of(exact))


def test_the_promise_is_kept_at_every_edge_and_just_before_it() -> None:
    for edge in EDGES_US[:-1]:
        for us in (edge, math.nextafter(edge, math.inf), math.ceil(edge)):
            assert abs(value_of(bucket_of(us)) - us) <= PROMISE * us
    for edge in EDGES_US[1:]:
        for us in (math.nextafter(edge, 0), math.ceil(edge) - 1):
            assert abs(value_of(bucket_of(us)) - us) <= PROMISE * us


def test_an_edge_belongs_to_the_bucket_above_it() -> None:
    for bucket, edge in enumerate(EDGES_US, start=1):
        assert bucket_of(edge) == bucket
        assert bucket_of(math.nextafter(edge, 0)) == bucket - 1


def test_whole_microseconds_and_floats_of_the_same_value_share_a_bucket() -> None:
    for edge in EDGES_US:
        for us in (math.floor(edge), math.ceil(edge)):
            assert bucket_of(us) == bucket_of(float(us))


def test_buckets_grow_by_no_more_than_the_growth_and_leave_no_gap() -> None:
    assert list(EDGES_US) == sorted(set(EDGES_US))
    for low, high in pairwise(EDGES_US):
        assert high / low <= GROWTH * (1 + 1e-12)
    assert EDGES_US[0] == LOWEST_US
    assert EDGES_US[-1] == HIGHEST_US
    assert len(EDGES_US) == OVERFLOW == 382


@pytest.mark.parametrize(
    ("us", "bucket"),
    [
        (0, 0),
        (-0.0, 0),
        (19, 0),
        (19.999999, 0),
        (20, 1),
        (59_999_999, OVERFLOW - 1),
        (60_000_000, OVERFLOW),
        (120_000_000, OVERFLOW),
        (math.inf, OVERFLOW),
    ],
)
def test_times_too_short_or_too_long_are_counted_in_the_outer_buckets(us: float, bucket: int) -> None:
    assert bucket_of(us) == bucket


@pytest.mark.parametrize("us", [math.nan, -1, -0.001, -math.inf])
def test_what_is_no_time_is_refused_and_not_counted(us: float) -> None:
    histogram = Histogram.of([50.0])
    with pytest.raises(ValueError, match="a time cannot be"):
        histogram.add(us)
    assert histogram == Histogram.of([50.0])


@pytest.mark.parametrize("share", [-0.01, 1.01, math.nan])
def test_a_share_outside_0_to_1_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="a share"):
        Histogram.of([50.0]).quantile(share)


def test_an_empty_histogram_has_no_quantile() -> None:
    assert Histogram().quantile(0.5) is None
    assert Histogram().total == 0


@given(HISTOGRAMS, HISTOGRAMS, HISTOGRAMS)
def test_merging_is_associative_and_commutative_and_empty_is_neutral(a: Histogram, b: Histogram, c: Histogram) -> None:
    assert merged(a, b) == merged(b, a)
    assert merged(merged(a, b), c) == merged(a, merged(b, c))
    assert merged(a, Histogram()) == a == merged(Histogram(), a)


@given(st.lists(st.lists(ANY_US, max_size=60), max_size=6))
def test_a_merged_histogram_is_the_histogram_of_all_times(parts: list[list[float]]) -> None:
    union = Histogram.of(us for part in parts for us in part)
    assert merged(*(Histogram.of(part) for part in parts)) == union
    assert union.total == sum(map(len, parts))
    assert union.counts == Counter(bucket_of(us) for part in parts for us in part)


def test_merging_leaves_the_other_histogram_alone() -> None:
    one, other = Histogram.of([50.0]), Histogram.of([50.0, 60.0])
    text = other.to_text()
    one.merge(other)
    one.add(60)
    other.counts[1] = 99
    assert other.to_text() == text


@given(HISTOGRAMS)
def test_the_text_form_comes_back_the_same(histogram: Histogram) -> None:
    text = histogram.to_text()
    assert Histogram.from_text(text) == histogram
    assert Histogram.from_text(text).to_text() == text
    assert count_text(text) == histogram.total


@given(st.lists(ANY_US, max_size=60))
def test_the_order_of_arrival_leaves_no_trace_in_the_text(times_us: list[float]) -> None:
    assert Histogram.of(times_us).to_text() == Histogram.of(reversed(times_us)).to_text()


def test_a_histogram_merged_over_years_can_still_be_read_back() -> None:
    busy = Histogram({100: 10**6})
    whole = merged(*(busy for _ in range(5000)))
    assert Histogram.from_text(whole.to_text()) == whole


def test_the_longest_text_is_read_in_full() -> None:
    full = Histogram(dict.fromkeys(range(OVERFLOW + 1), 10**6))
    assert Histogram.from_text(full.to_text()) == full


@pytest.mark.parametrize("counts", [{3: 0}, {3: -1}, {-1: 1}, {OVERFLOW + 1: 1}])
def test_a_histogram_that_has_no_text_form_cannot_be_built(counts: dict[int, int]) -> None:
    with pytest.raises(ValueError, match="buckets are"):
        Histogram(counts)


NOT_CANONICAL = {
    "leading zero in the bucket": "07:1",
    "leading zero in the count": "7:01",
    "two zeros": "00:1",
    "zero count": "7:0",
    "zero count after a good pair": "1:1 7:0",
    "empty count": "7:",
    "empty bucket": ":7",
    "descending": "8:1 7:1",
    "doubled bucket": "7:1 7:1",
    "bucket 0 not first": "7:1 0:1",
    "bucket past the last": f"{OVERFLOW + 1}:1",
    "bucket of four digits": "1000:1",
    "two spaces": "7:1  8:1",
    "space before": " 7:1",
    "space after": "7:1 ",
    "one space": " ",
    "tab": "7:1\t8:1",
    "newline after": "7:1\n",
    "newline between": "7:1\n8:1",
    "no-break space": "7:1\u00a08:1",
    "comma": "7:1,8:1",
    "plus sign": "+7:1",
    "minus sign": "7:-1",
    "underscore": "7:1_000",
    "exponent": "7:1e3",
    "fraction": "7:1.0",
    "hexadecimal": "0x7:1",
    "arabic digits": "\u0667:\u0661",
    "full-width digits": "\uff17:\uff11",
    "superscript count": "7:\u00b2",
    "full-width colon": "7\uff1a1",
    "byte order mark": "\ufeff7:1",
    "null": "7:1\0",
    "words": "seven:one",
    "count of sixteen digits": "7:" + "9" * 16,
    "count too long to convert": "7:" + "9" * 5000,
    "bucket too long to convert": "9" * 5000 + ":1",
}


@pytest.mark.parametrize("text", NOT_CANONICAL.values(), ids=NOT_CANONICAL.keys())
def test_a_text_that_is_not_canonical_is_refused(text: str) -> None:
    for read in (Histogram.from_text, count_text):
        with pytest.raises(WireError) as refused:
            read(text)
        assert refused.value.word == "bad_histogram"


@given(st.text(alphabet="0123456789: ", max_size=24))
def test_a_text_is_either_refused_or_the_only_one_of_its_histogram(text: str) -> None:
    try:
        read = Histogram.from_text(text)
    except WireError:
        return
    assert read.to_text() == text
