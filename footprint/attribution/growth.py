"""What grows, and how fast, from three readings: what was made once, and not by the cycles, cancels out.

It is also used in a measured process of Python 3.8.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Callable  # noqa: UP035 (Python 3.8)

from footprint.attribution.undisturbed import START, STOP

SMALL = 512
"""Bytes of the largest block that Python's own allocator gives; larger ones are malloc's."""
WORTH_BYTES, WORTH_SHARE = 16.0, 0.3
"""Heap per cycle that Python's own blocks leave open, before more is looked for."""
OVERHEAD = 16
"""Bytes that glibc adds to a block, at most."""
STEADY = 0.5
"""Of a unit per cycle: what leaks on every path of a cycle leaves more than that."""
LEAST_LUMPS = 3
"""Of what came in the second reading only: fewer say nothing about a cycle."""

LEAST_BLOCK = 32
"""Bytes that glibc takes for a block, at least: what grows by less per cycle is not left in every one."""
RARE_EVENTS = 3
"""How often what leaks must happen in n cycles, and as often again in 2n more, to be told."""

ACCIDENTS = 2
"""In n cycles, what comes as seldom says nothing."""
ALIKE = 0.1
"""The part of a number of blocks by which another may differ and mean the same."""

RunCycles = Callable[[int], object]
"""Runs so many cycles, and collects."""


def staying(run: RunCycles, cycles: int) -> float:
    """Blocks of Python's allocator that a cycle leaves while nobody looks, seen in the second `cycles`.

    It is traced meanwhile, as a target may expect that switches tracing on itself; that leaves no such blocks.
    """
    START(1)
    stayed = 0
    for _ in range(2):  # the first may fill what a collection has emptied
        before = sys.getallocatedblocks()
        run(cycles)
        stayed = sys.getallocatedblocks() - before
    STOP()
    return stayed / cycles


def too_many(made: float, stayed: float, accident: float, heap: float) -> str:
    """A hint, where lines made clearly more blocks a cycle than `stayed`; else nothing.

    What Python itself takes from malloc, as for a lock, is traced, but not counted: it may be in `heap`, the bytes by
    which the heap grows a cycle beyond what the lines have.
    """
    more = made - max(0.0, stayed)
    if more <= max(accident, ALIKE * made, heap / LEAST_BLOCK):
        return ""
    stay = "none stays" if stayed <= accident else f"only {stayed:.3g} {'stays' if f'{stayed:.3g}' == '1' else 'stay'}"
    return f"these lines made {made:.3g} blocks a cycle, but {stay}: some of them may fill again what is full"


def rarest(rates: Mapping[str, float]) -> float:
    """In which part of the cycles something is left, at most 1, where the metrics that leak grow by `rates` a cycle."""
    counts = [rate for name, rate in rates.items() if "bytes" not in name]
    heap = [rates["heap.bytes"] / LEAST_BLOCK] if "heap.bytes" in rates else []
    return max(min([1.0, *counts, *heap]), 1e-6)


class KeyedGrowth:
    """Numbers by key, read three times: at the start, after n cycles, and after 2n more."""

    def __init__(self, cycles: int) -> None:
        self._cycles = cycles
        self._read: list[Mapping[Any, float]] = []

    def add(self, numbers: Mapping[Any, float]) -> None:
        """The next reading."""
        self._read.append(numbers)

    def of(self, key: Any) -> float:
        """What it grew by per cycle."""
        start, middle, end = (numbers.get(key, 0) for numbers in self._read)
        first, second = middle - start, end - middle
        if second <= 0:
            return 0.0
        if first > 0:
            if second <= first:  # as much in n cycles as in 2n: it came with the reading
                return 0.0
            rate = (second - first) / self._cycles
            return rate if rate == int(rate) else second / (2 * self._cycles)
        return (end - start) / (3 * self._cycles) if second >= LEAST_LUMPS else 0.0

    def grown(self) -> dict[Any, float]:
        """All that grew."""
        return {key: rate for key in self._read[-1] if (rate := self.of(key)) > 0}
