"""The heap of a program that was started with the library that counts: read when the program is done, and traced."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from footprint.attribution.left_blocks import SHARE, explained
from footprint.errors import MeasurementError
from footprint.process.heap_watch import HeapWatch
from footprint.process.session import Activity
from footprint.verdict.place import Explanation

CHANNEL = "a preloaded library"
LEARNING, LATER = 2, 6
"""Readings that learn how late a program frees, and of one that frees late, more of them."""
LEARNING_QUIET, LEAST_QUIET, MOST_SETTLING = 0.15, 0.004, 1.0
"""Seconds without a change, and without a thread that runs, that are waited for then, later at least, and in all."""
TICK = 0.001
RARE = 10
"""Blocks that a stack must have left, where not every cycle leaves one."""


class WatchedHeap:
    """Reads `watch`.

    Many programs free when they have answered already: QEMU 50 ms later, in RCU's grace period. How late this one does
    is learnt from the first readings after it was sent something.
    """

    def __init__(self, watch: HeapWatch) -> None:
        self._watch = watch
        self._readings = -1
        self._lag = 0.0
        self._activity: Activity | None = None

    def counts(self, pid: int) -> bool:
        """Whether the program `pid` counts there: not one that is linked statically, or has an allocator of its own."""
        self._activity = Activity(pid)
        return self._watch.counts(pid) and self._watch.read()[1] > 0

    def read(self) -> dict[str, int]:
        """``heap.bytes`` and ``heap.blocks``, once they no longer change."""
        is_learning = 0 <= self._readings < (LATER if self._lag else LEARNING)
        quiet = max(LEARNING_QUIET if is_learning else LEAST_QUIET, 2 * self._lag)
        begun = since = changed = time.monotonic()
        last = self._watch.read()
        while (now := time.monotonic()) - begun < MOST_SETTLING:
            if now - since >= quiet:
                if self._activity is None or not self._activity.is_at_work():
                    break
                since = now  # a thread of it waits for its turn
            time.sleep(TICK)
            if (seen := self._watch.read()) != last:
                last = seen
                since = changed = time.monotonic()
        if now - begun < MOST_SETTLING:
            self._lag = max(self._lag, changed - begun if is_learning else 0.0)
        self._readings += 1
        return dict(zip(("heap.bytes", "heap.blocks"), last, strict=True))

    def explained(self, run: Callable[[int], object], cycles: int, pid: int) -> Explanation:
        """Where so many more cycles leave what they leave; `run` runs them."""
        self._watch.trace(on=True)
        try:
            run(cycles)
            self.read()
        finally:
            self._watch.trace(on=False)
        hints = (f"{self._watch.lost} blocks found no room while tracing",) if self._watch.lost else ()
        try:
            explanation = explained(list(self._watch.left()), cycles, pid, share=min(SHARE, RARE / cycles))
        except (OSError, ValueError) as error:
            raise MeasurementError(f"where it leaks cannot be told: {error}") from None
        blocks = sum(place.rate for place in explanation.places if place.unit == "blocks")
        rates = {"heap.blocks": blocks} if blocks == int(blocks) else {}
        return replace(explanation, rates=rates).with_hints(*hints)

    def close(self) -> None:
        """Give the memory back."""
        self._watch.close()
