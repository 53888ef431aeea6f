"""Where reports and what was made of them are kept: one `Store` protocol, engines beside it."""

from collector.store.protocol import (
    Arrival,
    Store,
    StoreError,
    StoreUnavailable,
    Touched,
    WriteOutcome,
)

__all__ = ["Arrival", "Store", "StoreError", "StoreUnavailable", "Touched", "WriteOutcome"]
