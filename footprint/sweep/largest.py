"""The largest machine that meets a limit: the law says where to look, and playing decides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from footprint.gate.budget import Budget
from footprint.recording.model import Number
from footprint.recording.sweep import Fit

Play = Callable[[int], Number | None]
"""The metric for a value of the axis; None where there is no such machine."""
MOST_PLAYED = 60


@dataclass(slots=True)
class Search:
    """A search for the largest n that meets `budget`, from `least` to `most` (None: no end).

    `low` is the largest n known to meet it, `high` the least known not to, each with its value. The metric must not
    fall as n grows.
    """

    budget: Budget
    play: Play
    least: int
    most: int | None
    low: tuple[int, Number] | None = None
    high: tuple[int, Number | None] | None = None
    played: int = 0

    def know(self, n: int, value: Number | None) -> None:
        """Note what is known of `n`."""
        if value is not None and self.budget.is_met(value):
            if self.low is None or n > self.low[0]:
                self.low = (n, value)
        elif self.high is None or n < self.high[0]:
            self.high = (n, value)

    def run(self, fit: Fit | None) -> None:
        """Search until `low` and `high` are neighbours, or there is nothing on one side."""
        guess = _crossing(self.budget, fit, self.most) if fit else None
        while self.played < MOST_PLAYED and (n := self._next(guess)) is not None:
            self.played += 1
            self.know(n, self.play(n))

    def _next(self, guess: int | None) -> int | None:
        """Which n to play next; None when it is decided."""
        if self.high is not None and self.high[0] <= self.least:
            return None
        floor = self.low[0] if self.low else self.least - 1
        ceiling = self.high[0] if self.high else None if self.most is None else self.most + 1
        if ceiling is not None and ceiling - floor <= 1:
            return None
        for near in (guess, guess + 1) if guess is not None else ():
            if floor < near and (ceiling is None or near < ceiling):
                return near
        if ceiling is None:
            return max(2 * floor, self.least, 1)
        return (floor + ceiling) // 2


def _crossing(budget: Budget, fit: Fit, most: int | None) -> int | None:
    """The largest whole n for which the law meets the budget; None where it never fails it."""
    n = 1
    while budget.is_met(fit.value(n)):
        n *= 2
        if n > (most or 1 << 40):
            return None
    low, high = n // 2, n
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if budget.is_met(fit.value(middle)) else (low, middle)
    return low


def known(points: Sequence[tuple[float, Number]]) -> list[tuple[int, Number]]:
    """The points with a whole n."""
    return [(int(n), value) for n, value in points if float(n).is_integer()]
