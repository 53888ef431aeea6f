"""Counts with the interval that they leave open, and the bounds that they are held against."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from collector.verdict.statistics import wilson

Z_95 = 1.959963984540054


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """`hits` of `n`, held against `bound` where there is one: to be at least or at most so much. `room_weeks` are what
    was judged for it."""

    name: str
    hits: int
    n: int
    room_weeks: int
    bound: float | None = None
    side: Literal["at least", "at most"] = "at least"

    @property
    def share(self) -> float | None:
        """0..1; ``None`` of nothing."""
        return self.hits / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The score interval of Wilson at 95 %, both sides together."""
        return wilson(self.hits / self.n, self.n, Z_95) if self.n else None

    @property
    def holds(self) -> bool | None:
        """Whether the bound holds, ``None`` without one. Of nothing none holds."""
        if self.bound is None:
            return None
        if self.share is None:
            return False
        return self.share >= self.bound if self.side == "at least" else self.share <= self.bound

    def cells(self) -> tuple[str, ...]:
        """Name, figure, interval, how many of how many, room-weeks, bound, and whether it holds."""
        share, interval = self.share, self.interval
        return (
            self.name,
            "" if share is None else percent(share),
            "" if interval is None else f"{percent(interval[0])} - {percent(interval[1])}",
            f"{self.hits:,} of {self.n:,}",
            f"{self.room_weeks:,}",
            "" if self.bound is None else f"{'>=' if self.side == 'at least' else '<='} {percent(self.bound)}",
            "" if self.holds is None else "yes" if self.holds else "NO",
        )


def all_hold(figures: Iterable[Figure]) -> bool:
    """Whether none of them is beyond its bound; those without one always hold."""
    return all(one.holds is not False for one in figures)


def figure_json(one: Figure) -> dict[str, Any]:
    """For programs."""
    return {
        "name": one.name,
        "hits": one.hits,
        "of": one.n,
        "share": one.share,
        "interval": one.interval,
        "room_weeks": one.room_weeks,
        "bound": one.bound,
        "side": one.side if one.bound is not None else None,
        "holds": one.holds,
    }


HEAD = ("", "share", "95 % interval", "counted", "room-weeks", "bound", "holds")


def table(figures: Sequence[Figure]) -> str:
    """As a table of Markdown."""
    return markdown(HEAD, [one.cells() for one in figures])


def markdown(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table of Markdown."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(one) + " |" for one in lines)


def percent(share: float) -> str:
    """With so many digits that a rare thing shows."""
    if share in {0.0, 1.0}:
        return f"{share:.0%}".replace("%", " %")
    digits = 3 if share < 0.01 else 1 if share < 0.995 else 2
    return f"{share * 100:.{digits}f} %"
