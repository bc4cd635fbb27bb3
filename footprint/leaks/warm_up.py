"""Warming up: cycles that come before those that are measured, until nothing grows that is only a cache."""

from __future__ import annotations

import time

from footprint.leaks.pace import Pace
from footprint.progress import Progress
from footprint.verdict.windows import FLOORS

WARM_CYCLES = 2500
"""A cache that is full by then is not taken for a leak."""
WARM_SECONDS = 10.0
SETTLED_CYCLES = 30
"""Without growth, at least; and half of all."""
LEAST_SECONDS = 0.035
"""The target's own, before it is called settled."""
LEAST_PIECE = 100
"""Cycles between two readings while caches fill; steps of what grows are seen between them."""
PATIENT_SHARE = 0.5
"""Of the time there is, what may be spent on getting past so many cycles, where something grows and cycles are slow."""


class WarmUp:
    """Warms up at `pace`; `cycles` says for how many cycles so far."""

    def __init__(self, pace: Pace, say: Progress) -> None:
        self._pace, self._limits, self._say = pace, pace.limits, say
        self.cycles = 0

    def run(self) -> None:
        """Run cycles until nothing grows any more, or until what grows cannot be a cache of the usual size."""
        pace, block, quiet, ran = self._pace, 1, 0, 0.0
        pace.read()
        started = time.monotonic()
        # A quarter of what it may take: the rest is for measuring.
        most = {name: pace.held[name] + (cap - pace.held[name]) / 4 for name, cap in pace.caps().items()}
        longest = min(WARM_SECONDS, self._limits.seconds / 4)
        while block >= 1:
            ran += pace.run_timed(block)
            self.cycles += block
            rising = [name for name, floor in FLOORS.items() if pace.rates.get(name, 0) > floor]
            quiet = 0 if rising else quiet + block
            spent = time.monotonic() - started
            self._say(f"warming up, {self.cycles} cycles" + (f", {rising[0]} grows" if rising else ""))
            settled = quiet >= SETTLED_CYCLES and 2 * quiet >= self.cycles and ran > LEAST_SECONDS
            if settled or spent > longest or self.cycles >= WARM_CYCLES or pace.counts_rise:
                return
            left = (longest - spent) / max(pace.cycle_seconds, 1e-9)
            twice = 2 * block if self.cycles > 1 else 1
            block = int(min(twice, WARM_CYCLES - self.cycles, left + 1, pace.room(most=most)))

    def fill_caches(self, measured: int) -> None:
        """Go on after `measured` cycles as far as the usual caches are not full yet; read at each half more of them."""
        cycles = min(WARM_CYCLES - self.cycles - measured, self._pace.room(3), self.patience / self._pace.cycle_seconds)
        left = int(cycles)
        while left >= 1:
            piece = min(left, max(LEAST_PIECE, (self.cycles + measured) // 2))
            self._pace.run_in_pieces(piece)
            self.cycles += piece
            left -= piece

    @property
    def patience(self) -> float:
        """Seconds that are left for cycles in which the usual caches fill."""
        return self._limits.left - (1 - PATIENT_SHARE) * self._limits.seconds
