"""When an agent may forget: only an answer that names the batch and the fate of each report."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.wire.valid import BATCHES
from wire.batch import Acknowledgement, Batch, RejectedReport


def rejected(*indices: int) -> tuple[RejectedReport, ...]:
    return tuple(RejectedReport(index=index, seq=None, error="from_future", detail="x") for index in indices)


def answer(batch: Batch, *, stored: int, duplicate: int = 0, refused: tuple[int, ...] = ()) -> Acknowledgement:
    return Acknowledgement(
        version=1, batch=batch.batch, stored=stored, duplicate=duplicate, rejected=rejected(*refused)
    )


@given(BATCHES, st.data())
def test_stored_duplicate_and_rejected_together_account_for_a_batch(batch: Batch, data: st.DataObject) -> None:
    count = len(batch.reports)
    refused = tuple(data.draw(st.sets(st.integers(0, count - 1))))
    stored = data.draw(st.integers(0, count - len(refused)))
    whole = answer(batch, stored=stored, duplicate=count - len(refused) - stored, refused=refused)
    assert whole.accounts_for(batch)
    assert not replace(whole, stored=whole.stored + 1).accounts_for(batch)
    assert not replace(whole, duplicate=whole.duplicate + 1).accounts_for(batch)
    assert not replace(whole, batch="0" * 16 if batch.batch != "0" * 16 else "1" * 16).accounts_for(batch)


@given(BATCHES.filter(lambda one: len(one.reports) > 1))
def test_a_report_rejected_twice_leaves_another_without_a_fate(batch: Batch) -> None:
    assert not answer(batch, stored=len(batch.reports) - 2, refused=(0, 0)).accounts_for(batch)


@given(BATCHES)
def test_a_rejected_report_must_be_one_of_the_batch(batch: Batch) -> None:
    count = len(batch.reports)
    assert answer(batch, stored=count - 1, refused=(count - 1,)).accounts_for(batch)
    assert not answer(batch, stored=count - 1, refused=(count,)).accounts_for(batch)


@given(BATCHES)
def test_an_acknowledgement_of_nothing_accounts_for_no_batch(batch: Batch) -> None:
    assert not answer(batch, stored=0).accounts_for(batch)
