"""A histogram that is read when it is asked says what one says that was read at once."""

from hypothesis import given
from hypothesis import strategies as st

from collector.store.kept_histogram import KeptHistogram, merged_each
from wire.histogram import OVERFLOW, Histogram

histograms = st.dictionaries(st.integers(0, OVERFLOW), st.integers(1, 10**12), max_size=40).map(Histogram)
shares = st.one_of(st.sampled_from([0.0, 0.05, 0.5, 0.95, 0.99, 1.0]), st.floats(0, 1))


@given(histograms, shares)
def test_every_quantile_is_the_same_before_and_after_it_was_read(one: Histogram, share: float) -> None:
    kept = KeptHistogram(one.to_text())

    assert kept.quantile(share) == one.quantile(share)
    assert kept == one
    assert one == kept
    assert kept.quantile(share) == one.quantile(share)
    assert (kept.total, kept.counts, kept.to_text()) == (one.total, one.counts, one.to_text())


@given(histograms, histograms)
def test_it_may_be_merged_either_way(one: Histogram, other: Histogram) -> None:
    expected = Histogram(one.counts)
    expected.merge(other)

    kept, plain = KeptHistogram(one.to_text()), Histogram(other.counts)
    kept.merge(KeptHistogram(other.to_text()))
    plain.merge(KeptHistogram(one.to_text()))

    assert kept == plain == expected
    assert kept.to_text() == expected.to_text()
    assert kept.quantile(0.95) == expected.quantile(0.95)


@given(st.lists(st.lists(histograms, max_size=4), max_size=6))
def test_many_are_added_up_at_once_as_one_by_one(groups: list[list[Histogram]]) -> None:
    expected = []
    for group in groups:
        expected.append(Histogram())
        for one in group:
            expected[-1].merge(one)

    found = merged_each([" ".join(one.to_text() for one in group) for group in groups])

    assert found == expected
    assert [one.to_text() for one in found] == [one.to_text() for one in expected]


def test_more_than_are_added_up_at_once_are_added_up_too() -> None:
    one = Histogram.of([1, 12_000, 90_000_000])

    assert (
        merged_each([f"{one.to_text()} {one.to_text()}", ""] * 3_000)
        == [
            Histogram(dict.fromkeys(one.counts, 2)),
            Histogram(),
        ]
        * 3_000
    )
