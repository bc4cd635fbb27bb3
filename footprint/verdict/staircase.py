"""Growth in steps ever further apart: tables, buffers and arenas that grow by a factor whenever they are full.

What is filled at a steady rate and grows f times at once takes a step of (f - 1) times the rate after n, f·n, f²·n …
cycles, and stands still between them: for nine tenths of all cycles where f is 10. So a window, or the last half of all
cycles, may hold no step of it. But the steps tell when the next is due, and each of them the rate: its height by its
number of cycles. What has not been seen until a step is overdue may not be called still.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

NOISY_SIDE = 3
"""Readings after a step of a number that also falls: chance alone seldom lifts so many above all before."""
NOISY_LEVEL = 9
"""Of the last readings, those before them whose spread the last rises must exceed."""
MOST_FACTOR = 16
"""Times that a table grows at once, at most: steps before that part of all cycles say nothing of what is to come."""
FACTOR_OF_TWO = 4
"""The same, where only two steps were seen: these may be anything that was loaded late."""
TREAD = 1.25
"""Times as many cycles without a step of note that make a tread."""
ALIKE = 3.0
"""Times less than the rate that the highest late step implies, down to which a step is worth a thought."""
SLACK = 1.5
"""Times that two rates of one staircase may differ, beyond what the readings leave open: headers, noise, rounding."""
OVERDUE = 1.1
"""Times the number of cycles at which the next step was to come."""
TREADS = 4
"""Of the last, the longest counts: two tables that take turns have long treads and short ones."""
LEAKING_STEPS, REGULAR = 5, 1.7
"""Steps of one staircase, each of which implies the same rate but for this factor, that are growth by themselves."""


@dataclass(frozen=True, slots=True)
class Rise:
    """A rise by `height` that was never undone: first read after `at` cycles, not yet after `since`."""

    since: int
    at: int
    height: float

    @property
    def rate(self) -> float:
        """What it implies for each cycle until then, at least."""
        return self.height / max(1, self.at)

    @property
    def most(self) -> float:
        """What it implies if it came at once after the reading before."""
        return self.height / max(1, self.since)


def lasting_steps(cycles: Sequence[int], values: Sequence[float]) -> list[Rise]:
    """Every rise above all that was read before which nothing read after it undid."""
    never_down = all(after >= before for before, after in pairwise(values))
    before = list(accumulate(values, max))
    after = list(accumulate(reversed(values), min))[::-1]
    steps = [Rise(cycles[n - 1], cycles[n], after[n] - before[n - 1]) for n in range(1, len(values))]
    if never_down:
        return [step for step in steps if step.height > 0]
    sure = len(values) - NOISY_SIDE
    spread = max(values[-NOISY_LEVEL : sure + 1], default=0) - min(values[-NOISY_LEVEL : sure + 1], default=0)
    return [step for n, step in enumerate(steps) if step.height > (0 if n < sure else spread)]


class Staircase:
    """The lasting steps of a number that was read after `cycles`, the last of these now."""

    def __init__(self, cycles: Sequence[int], values: Sequence[float]) -> None:
        self._now = cycles[-1] if cycles else 0
        self._steps = lasting_steps(cycles, values)
        self._chain = self._regular_steps()

    @property
    def due(self) -> float:
        """The cycles after which another step is overdue, if it goes on as it did; 0 where there is no staircase."""
        if len(self._chain) < 2:
            return 0.0
        factors = [after.at / max(1, before.since) for before, after in pairwise(self._chain[-TREADS - 1 :])]
        most = MOST_FACTOR if len(factors) > 1 else FACTOR_OF_TWO
        return OVERDUE * min(max(factors), most) * self._chain[-1].at

    @property
    def goes_on(self) -> bool:
        """Whether it may still rise: the next step is not overdue."""
        return self.due > self._now

    @property
    def steps(self) -> int:
        """Of the staircase that ends in the largest late step."""
        return len(self._chain)

    @property
    def last(self) -> int:
        """The cycles after which the last of them was there."""
        return self._chain[-1].at if self._chain else 0

    @property
    def latest(self) -> Sequence[Rise]:
        """The last two of its steps; of what is no staircase the last two lasting ones."""
        return (self._chain if len(self._chain) > 1 else self._steps)[-2:]

    @property
    def height(self) -> float:
        """Of the last of them."""
        return self._chain[-1].height if self._chain else 0.0

    @property
    def leaks(self) -> bool:
        """Whether it goes on, and has so many steps of one rate that nothing but steady growth makes them.

        The next is due after as many cycles as the usual one: a cache that is full stands still from then on, and
        readings that are far apart leave it open for long whether it does.
        """
        late = self._chain[-LEAKING_STEPS:]
        rates = [step.rate for step in late]
        if len(late) < LEAKING_STEPS or not self.goes_on or max(rates) > REGULAR * min(rates):
            return False
        usual = math.pow(late[-1].at / late[0].at, 1 / (LEAKING_STEPS - 1))
        return self._now <= OVERDUE * usual * late[-1].at

    @property
    def rates(self) -> tuple[float, float]:
        """What it holds per cycle when its last step is due and when it is taken: the least and the most."""
        if not self._chain:
            return (0.0, 0.0)
        held, last = sum(rise.height for rise in self._chain), self._chain[-1]
        return ((held - last.height) / last.at, held / last.at)

    @property
    def hidden(self) -> float:
        """What may grow per cycle, in steps of up to MOST_FACTOR, for all that was seen: what the late steps imply."""
        late = [step for step in self._steps if step.at * MOST_FACTOR > self._now]
        return sum(step.height for step in late) / late[-1].at if late else 0.0

    @property
    def settled_at(self) -> float:
        """The cycles from which on nothing of it is `hidden`."""
        return MOST_FACTOR * self._steps[-1].at if self._steps else 0.0

    def _regular_steps(self) -> list[Rise]:
        """The staircase that ends in the highest of the late steps: each implies about the rate of the next."""
        late = [step for step in self._steps if step.at * MOST_FACTOR > self._now]
        if not late:
            return []
        least = max(late, key=lambda step: step.height).rate / ALIKE
        flights = _flights([step for step in self._steps if step.rate >= least])
        chain = [flights.pop()]
        while flights and _leads_to(flights[-1], chain[0]):
            chain.insert(0, flights.pop())
        return chain


def _flights(steps: Sequence[Rise]) -> list[Rise]:
    """Steps without a tread between them are one, as high as the highest: a steady rise, or tables that take turns."""
    flights: list[Rise] = []
    for step in steps:
        if flights and step.since < TREAD * flights[-1].at:
            below = flights.pop()
            flights.append(Rise(step.since, step.at, max(below.height, step.height)))
        else:
            flights.append(step)
    return flights


def _leads_to(step: Rise, next_step: Rise) -> bool:
    """Whether the next is higher by about as much as it took longer: both may imply the same rate."""
    is_higher = next_step.height >= step.height * math.sqrt(next_step.at / max(1, step.at))
    return is_higher and step.rate <= SLACK * next_step.most and next_step.rate <= SLACK * step.most
