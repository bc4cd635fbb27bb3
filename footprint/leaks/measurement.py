"""Measuring in windows of blocks: as many, and as long, as the answer needs."""

from __future__ import annotations

import math
import time
from itertools import pairwise

from footprint.leaks.pace import Pace
from footprint.leaks.plan import BLOCKS, Plan
from footprint.leaks.so_far import so_far_text, time_over
from footprint.leaks.warm_up import WARM_CYCLES, WarmUp
from footprint.progress import Progress
from footprint.verdict.foresight import due, hides_until, waits_until
from footprint.verdict.windows import Evidence

LEAST_BLOCKS = 5
"""Of the shortest window that is still judged, where the limits allow few cycles."""
MOST_CYCLES, LEAST_CYCLES = 1000, 50
"""Of a block, before any doubt."""
FEW_CYCLES = 25
"""Of a window, where a count rises by the same in each slow cycle."""
BLOCK_SECONDS = 0.035
SLOW_BLOCK_SECONDS = 0.5
WINDOW_BYTES = 256 << 20
"""Of memory that a window of many cycles may leave behind: so much shows in few of them, and fresh pages are slow."""
LONG_CYCLES, LONG_SECONDS = 100_000, 0.4
"""What grows is only called a leak after so many measured cycles, or so many seconds of them: fast cycles are cheap,
and a cache of many entries fills as steadily as a leak."""
BY_CHANCE = 2.5
"""Times more, where it does not grow by the same in every cycle: a cache that fills does so ever more slowly."""
POWER_SHARE = 0.1
"""Of the time that a clean answer took, for which it goes on if it can promise more then."""
LEAST_SHARE = 0.2
"""Of the longest window, for which there must be time: a shorter one would tell too little."""
TOLD_ANEW, TOLD_SECONDS = 4, 0.2
"""Blocks, or seconds, after which what was seen so far is found out anew, which takes as long as a short block."""
EVEN = 0.1
"""The width of the interval, as a share of the rate, up to which a growth is even."""


class Measurement:
    """Measures at `pace` after `warm_up`, as planned; `evidence` is what was seen in `cycles` cycles."""

    def __init__(self, pace: Pace, warm_up: WarmUp, plan: Plan, say: Progress) -> None:
        self._pace, self._warm_up, self._plan, self._say = pace, warm_up, plan, say
        self.evidence = Evidence(plan.metrics, pace.past)
        self.cycles = 0
        self._longest = 0
        self._due, self._grown = 0.0, ""

    def run(self) -> str:
        """Windows until every metric is decided; why not, where one is not."""
        size = self._first_size()
        while True:
            blocks, cycles = self._shaped(size)
            if blocks < LEAST_BLOCKS:
                return f"only {max(0, blocks)} cycles fit into the limits"
            self._window(blocks, cycles)
            undecided, leaking = self.evidence.undecided, self.evidence.leaking
            doubtful = leaking or (undecided and self.evidence.windows > 1)
            if doubtful and self.evidence.is_exact and self._plan.cycles is None:
                return ""
            if doubtful and not self._past_caches():
                self._warm_up.fill_caches(self.cycles)
                size = self._first_size()
                continue
            if leaking and self._long_enough():
                return ""
            if not undecided and not leaking:
                if full := self._pace.full():
                    return full
                if not (more := self._more_for_power()):
                    return ""
                size = more
                continue
            if self._plan.cycles is not None and self.cycles >= self._plan.cycles:
                return f"{undecided[0]} grows, but not steadily; more cycles than {self._plan.cycles} would tell"
            if leaking:
                size = max(size, int(self._times_longer() * min(LONG_CYCLES, LONG_SECONDS / self._pace.run_seconds)))
                undecided = leaking
            elif doubtful:
                size = self._next_size(size)
            if self._is_too_long(size):
                return self._no_time(undecided[0])

    def _next_size(self, size: int) -> int:
        """Cycles of the window after one of `size` that left doubt: twice as many, or only what is waited for."""
        until = waits_until(self.evidence)
        return min(2 * size, max(size, math.ceil(until) - self._pace.cycles)) if until else 2 * size

    def _more_for_power(self) -> int:
        """Cycles in which steps that were seen would come again, so that "clean" promises more; 0 if they cost much."""
        more = math.ceil(hides_until(self.evidence) - self._pace.cycles) + BLOCKS
        # What a window takes beside its cycles is about the same for each.
        beside = max(0.0, self._pace.cycle_seconds - self._pace.run_seconds) * self.evidence.last_cycles(1)
        seconds = more * self._pace.run_seconds + beside
        is_cheap = seconds <= POWER_SHARE * (self._pace.limits.seconds - self._pace.limits.left)
        fits = more <= self._pace.room(3) and more * self._pace.cycle_seconds <= self._pace.limits.left / 4
        return more if self._plan.cycles is None and more > BLOCKS and is_cheap and fits else 0

    def _no_time(self, metric: str) -> str:
        last, next_at = due(self.evidence, metric)
        if next_at:
            return (
                f"{metric} grows in ever larger steps, the last after {last} cycles: another may come by "
                f"{math.ceil(next_at)}, and there is no time for so many"
            )
        rates = self.evidence.so_far
        if self.evidence.windows < 2 or metric in rates:
            return time_over(self._pace.cycles, rates, is_left=True)
        return f"{metric} grows, but not steadily, and there is no time for more cycles"

    def _long_enough(self) -> bool:
        """Whether so many cycles were measured that what grows all the time is no cache that fills."""
        if self._plan.cycles is not None:
            return self.cycles >= self._plan.cycles
        times = self._times_longer()
        return (
            self.cycles >= times * LONG_CYCLES
            or self.cycles * self._pace.run_seconds >= times * LONG_SECONDS
            or self._pace.room(3) < self.cycles
        )

    def _times_longer(self) -> float:
        """1 where some metric leaks the same in every cycle, else BY_CHANCE."""
        slopes = [self.evidence.rate(name) for name in self.evidence.leaking]
        even = any(slope.high - slope.low <= EVEN * slope.per_cycle for slope in slopes)
        return 1.0 if even else BY_CHANCE

    def _past_caches(self) -> bool:
        """Whether the two windows that decide began when the usual caches are full.

        One may be used for the first time later than it took everything else to settle.
        """
        if self._plan.cycles is not None or self._pace.room(3) < self.cycles:
            return True
        began = self._warm_up.cycles + self.cycles - self.evidence.last_cycles(2)
        return began >= WARM_CYCLES or self._warm_up.patience <= 0

    def _first_size(self) -> int:
        """Cycles of the first window."""
        if self._plan.cycles is not None:
            return max(1, self._plan.cycles // 2)
        if self._pace.counts_rise:
            return FEW_CYCLES
        # By their own time: on a busy machine the talk about a few cycles takes longer than they do.
        seconds = max(self._pace.run_seconds, 1e-7)
        least = min(LEAST_CYCLES, max(1, int(SLOW_BLOCK_SECONDS / seconds)))
        return BLOCKS * min(MOST_CYCLES, max(least, int(BLOCK_SECONDS / seconds)))

    def _shaped(self, size: int) -> tuple[int, int]:
        """Blocks, and cycles in all, of the next window of `size` cycles, cut to what there is room and time for."""
        if self._plan.cycles is not None and self.cycles:
            size = self._plan.cycles - self.cycles
        fits = max(LEAST_BLOCKS, self._most_in_time())
        if self._plan.cycles is None and (touched := self._pace.rates.get("rss.bytes", 0)) > 0:
            fits = min(fits, max(BLOCKS * LEAST_CYCLES, WINDOW_BYTES / touched))
        size = int(min(size, self._pace.room(3), fits))
        return min(BLOCKS, size), size

    def _most_in_time(self) -> float:
        """Cycles of a window that takes half of the time that is left; of the first, where they are enough, a quarter.

        Two windows are needed, and what rises in the second of them asks for a third.
        """
        half = self._pace.limits.left / 2 / self._pace.cycle_seconds
        return half if self.evidence.windows else max(half / 2, min(half, LEAST_CYCLES))

    def _is_too_long(self, size: int) -> bool:
        """Whether there is no time for a window of `size`, nor for a shorter one that still tells something."""
        if self.evidence.windows < 2:
            return 1.5 * min(size, self._longest) * self._pace.cycle_seconds > self._pace.limits.left
        return self._most_in_time() < min(size, LEAST_SHARE * self._longest)

    def _window(self, blocks: int, cycles: int) -> None:
        """Measure one window; what was seen of it counts, also when the target ends on the way."""
        edges = [round(cycles * n / blocks) for n in range(blocks + 1)]
        rows, begun, ran = [self._pace.read_both()], time.monotonic(), 0.0
        try:
            for number, (start, end) in enumerate(pairwise(edges), 1):
                if number % TOLD_ANEW == 1 or time.monotonic() > self._due:
                    self._grown = so_far_text(self.evidence.so_far)
                    self._due = time.monotonic() + TOLD_SECONDS
                words = f"{self.cycles + start} cycles, block {number} of {blocks}"
                self._say(f"{words}, {self._grown}" if self._grown else words)
                ran += self._pace.run(end - start)
                rows.append(self._pace.read_both())
        finally:
            seen = len(rows) - 1
            self.cycles += edges[seen]
            self._longest = max(self._longest, edges[seen])
            if seen >= LEAST_BLOCKS:
                subject, empty = ([row[which] for row in rows] for which in (0, 1))
                self.evidence.add(edges[: seen + 1], subject, empty)
                self._pace.learn(edges[seen], time.monotonic() - begun, ran, subject[0], subject[-1])
