"""What a number did since its process began, where two windows are too short to tell.

A window sees what happens in it. Whatever happens ever more rarely (a buffer that doubles), or falls back at last (a
cache that is cleared when it is full), shows only over all that was read. Everything here compares the last half of all
cycles with the half before, and so on backwards, so it holds for any period and any size of steps.
"""

from __future__ import annotations

import statistics
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise

from footprint.verdict.staircase import NOISY_SIDE, Staircase

OCTAVES = 4
"""Doublings of the number of cycles over which growth goes on at one rate, before it is a leak by that alone."""
FADING = 0.8
"""What the next doubling must grow by per cycle, as a share of the one before."""
A_TREAD = 0.02
"""Of all cycles, a time without a rise that is none: readings are some cycles apart."""
MANY_EVENTS = 4.74
"""Times as often as the single event that was seen: the one-sided 95 % bound of Poisson's rate."""
BACK = 0.2
"""Of what a tooth rose, what may be left after its fall."""
ALIKE = 4.0
"""Times faster or slower than a tooth rose: what grows so is the next tooth."""
BEYOND = 1.5
"""Times its height above its foot: what grows beyond that is more than the tooth that was seen."""
COMPLETE, CONTENT_BYTES = 0.98, 256
"""Of the most that a content grew by, what makes it complete; and bytes of a table for one piece of it, at most."""
RISES = 5
"""Readings in a row: those of a warm-up of fast cycles are twice as many cycles apart each time."""
LEAST_EXACT_CYCLES, LEAST_EXACT_READINGS = 66, 10
"""Over which an exact count must rise by the same in each cycle, to be a leak by that alone: no pool is so large."""


@dataclass(frozen=True, slots=True)
class Tooth:
    """A rise to `top` over `cycles`, by `rate` per cycle, and a fall to `foot`, which is `lift` above where it began.

    `grain` is what it rises by between two readings: a foot is known no better.
    """

    foot: float
    top: float
    rate: float
    cycles: int
    lift: float
    grain: float

    @property
    def is_back(self) -> bool:
        """Whether it fell as low as it began, as far as that can be seen."""
        return self.lift <= self.grain

    @property
    def hidden(self) -> float:
        """What could leak per cycle, and would not be seen under it."""
        return self.grain / self.cycles


@dataclass(slots=True)
class Past:
    """What was read of one number: `values[i]` after `cycles[i]` cycles of the process, in their order."""

    cycles: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    _staircase: Staircase | None = field(default=None, repr=False, compare=False)

    def add(self, cycles: int, value: float) -> None:
        """The next reading; the last one of those after as many cycles counts."""
        self._staircase = None
        if self.cycles and self.cycles[-1] == cycles:
            self.values[-1] = value
            return
        self.cycles.append(cycles)
        self.values.append(value)

    def less(self, per_cycle: float) -> Past:
        """The same without a growth of `per_cycle`."""
        grown = zip(self.cycles, self.values, strict=True)
        return Past(list(self.cycles), [value - per_cycle * at for at, value in grown])

    def grew_late(self, floor: float) -> bool:
        """Whether, in the last half of all cycles, it rose to a level that it never left again.

        A single small rise counts as well, as long as rises of its size may come often enough for more than `floor`
        per cycle: that nothing grows is known only after a time without.
        """
        if not self.cycles:
            return False
        half = self.cycles[-1] / 2
        start = max(0, bisect_left(self.cycles, half) - 1)
        span = self.cycles[-1] - max(half, self.cycles[start])
        return len(self.values) - start >= 4 and span > 0 and self._rose_since(start) > floor * span

    def quiet_at(self, floor: float) -> float:
        """The cycles after which it has not grown late, if it stays as it is."""
        now = self.cycles[-1] if self.cycles else 0
        for start in range(max(0, bisect_left(self.cycles, now / 2) - 1), len(self.cycles)):
            needed = max(now, 2 * self.cycles[start] + 1, 2 * self._rose_since(start, NOISY_SIDE) / floor)
            if start + 1 == len(self.cycles) or needed <= 2 * self.cycles[start + 1]:
                return needed
        return now

    def _rose_since(self, start: int, more: int = 0) -> float:
        """The largest lasting rise after the reading `start`, times how often such rises may come; 0 without one.

        The last reading counts `more` times more.
        """
        values = self.values[start:] + self.values[-1:] * more
        never_down = all(after >= before for before, after in pairwise(values))
        step = _largest_step(values, *((1, 2) if never_down else (NOISY_SIDE, NOISY_SIDE)))
        return step * (MANY_EVENTS if never_down else 1.0)

    def is_full(self, content: Past) -> bool:
        """Whether its `content` is complete, and it took one step more since then, at most.

        A dictionary that is full and whose entries come and go takes one more step: what it loses at its end makes no
        room (CPython, `popitem`). What grows in two steps without any content is filled by other things.
        """
        steps = self.staircase.latest
        if not steps or not content.values:
            return False
        first, most = content.values[0], max(content.values)
        complete = first + COMPLETE * (most - first)
        done = next(at for at, value in zip(content.cycles, content.values, strict=True) if value >= complete)
        has_room = steps[-1].height <= CONTENT_BYTES * (most - first)
        return has_room and done < content.cycles[-1] and done >= (steps[0].since if len(steps) > 1 else 0)

    @property
    def rises_always(self) -> bool:
        """Whether it rose at each of the last readings, which may be too few for anything but to tell so."""
        late = list(pairwise(self.values[-RISES - 1 :]))
        return len(late) == RISES and all(after > before for before, after in late)

    def grows_by_doublings(self, floor: float) -> bool:
        """Whether it grew over the last four doublings of the number of cycles, by as much per cycle in each.

        The lowest reading of a doubling counts, so that what falls back again and again to the same has not grown.
        """
        rates = self._octaves()
        steady = all(after >= FADING * before for before, after in pairwise(rates))
        return bool(rates) and steady and min(rates) > floor and self._is_on_a_tread()

    def _is_on_a_tread(self) -> bool:
        """Whether the time since the last rise is, as a share of all, no longer than one before: it may still rise."""
        shares, start = [0.0], 0
        for n in range(1, len(self.values)):
            if self.values[n] > self.values[n - 1]:
                shares.append(1 - self.cycles[start] / self.cycles[n - 1] if n - 1 > start else 0.0)
                start = n
        return (
            bool(self.cycles[-1]) and 1 - self.cycles[start] / self.cycles[-1] <= max(shares[2:], default=0.0) + A_TREAD
        )

    @property
    def staircase(self) -> Staircase:
        """Its lasting steps, and when another would be due."""
        if self._staircase is None:
            self._staircase = Staircase(self.cycles, self.values)
        return self._staircase

    def doubling_rates(self) -> tuple[float, float, float]:
        """The least, the middle and the greatest growth per cycle over the last doublings; zeros if few."""
        rates = self._octaves()
        return (min(rates), statistics.median(rates), max(rates)) if rates else (0.0, 0.0, 0.0)

    def _octaves(self) -> list[float]:
        """The growth per cycle from doubling to doubling; none where there were too few."""
        lows, end = [], float(self.cycles[-1] if self.cycles else 0)
        for _ in range(OCTAVES + 1):
            first = bisect_left(self.cycles, end / 2)
            last = min(bisect_left(self.cycles, end), len(self.cycles) - 1)
            if last - first < 1 or end < 2:
                return []
            lowest = min(range(first, last + 1), key=self.values.__getitem__)
            lows.append((self.cycles[lowest], self.values[lowest]))
            end /= 2
        lows.reverse()
        if any(after[0] <= before[0] for before, after in pairwise(lows)):
            return []
        return [(after[1] - before[1]) / (after[0] - before[0]) for before, after in pairwise(lows)]

    def rate_of_late(self) -> float:
        """What it grew by per cycle since the middle of all cycles; less than 0 where it fell."""
        if len(self.cycles) < 2:
            return 0.0
        start = max(0, bisect_left(self.cycles, self.cycles[-1] / 2) - 1)  # the reading before it: a step may be next
        return (self.values[-1] - self.values[start]) / (self.cycles[-1] - self.cycles[start])

    def tooth(self, rate: float) -> Tooth | None:
        """The highest tooth so far that rose about as fast as `rate`; None where nothing of it fell back."""
        teeth: list[Tooth] = []
        foot = 0
        for n in range(1, len(self.values)):
            if self.values[n] >= self.values[n - 1]:
                continue
            top, fallen = n - 1, self.values[n]
            height = self.values[top] - self.values[foot]
            if top - foot >= 2 and fallen <= self.values[foot] + BACK * height:
                rose = height / (self.cycles[top] - self.cycles[foot])
                grain = max(after - before for before, after in pairwise(self.values[foot : top + 1]))
                if rate / ALIKE <= rose <= rate * ALIKE:
                    lift, length = fallen - self.values[foot], self.cycles[n] - self.cycles[foot]
                    teeth.append(Tooth(fallen, self.values[top], rose, length, lift, grain))
            if fallen <= self.values[foot] + BACK * height:
                foot = n
        return max(teeth, key=lambda tooth: tooth.top - tooth.foot, default=None)

    def rises_exactly(self, cycles: int = LEAST_EXACT_CYCLES, readings: int = LEAST_EXACT_READINGS) -> bool:
        """Whether it rose by the same whole number in each of the last `cycles`: more than pools have."""
        if len(self.cycles) < 2:
            return False
        span = self.cycles[-1] - self.cycles[-2]
        rate, rest = divmod(self.values[-1] - self.values[-2], span)
        if rest or rate < 1:
            return False
        start = len(self.cycles) - 1
        while start and self.values[start] - self.values[start - 1] == rate * (
            self.cycles[start] - self.cycles[start - 1]
        ):
            start -= 1
        seen = self.cycles[-1] - self.cycles[start]
        return seen >= cycles and len(self.cycles) - 1 - start >= readings


def _largest_step(values: Sequence[float], least_before: int, least_after: int) -> float:
    """The largest rise from all readings before it to all after it, of which there are so many; 0 without one."""
    before = list(accumulate(values, max))
    after = list(accumulate(reversed(values), min))[::-1]
    return max((after[n] - before[n - 1] for n in range(least_before, len(values) - least_after + 1)), default=0.0)
