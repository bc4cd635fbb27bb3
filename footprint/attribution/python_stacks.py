"""The lines of Python at which cycles leave blocks, as tracemalloc sees them."""

from __future__ import annotations

import tracemalloc
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from footprint.attribution.growth import OVERHEAD, SMALL, KeyedGrowth, RunCycles
from footprint.attribution.heap_lines import HeapLine
from footprint.attribution.own_frames import FRAMES, PythonStack, SourceLine, theirs
from footprint.attribution.source_lines import code_of, in_words, is_library
from footprint.attribution.undisturbed import START, STOP
from footprint.process import clock
from footprint.verdict.place import Place, PlaceKind, counted, figure, largest

OUTLIER = 2
"""Times the middle size of the large blocks of one line: what is larger, or smaller in turn, is something else."""
SECONDS, LEAST, MOST_SECONDS = 0.04, 8, 0.6
"""What n cycles may take while they are traced; the least n, and what that may take where cycles are slow."""
RARE_SECONDS = 2.0
"""The same, where what leaks is seen in so many only."""
TRIED = 2
"""Cycles from which it is seen how slow they become."""


def paced(run: RunCycles, cycles: int, needed: float = 1.0) -> int:
    """`cycles`, or fewer where they become so slow under tracemalloc that three times as many take too long.

    What leaks is seen in `needed` of them.
    """
    START(FRAMES)
    begun = clock.seconds()
    run(TRIED)
    took = (clock.seconds() - begun) / TRIED
    STOP()
    took = max(took, 1e-9)
    usual, rare = max(SECONDS, min(LEAST * took, MOST_SECONDS)) / took, min(needed, RARE_SECONDS / took)
    return max(1, min(cycles, int(max(usual, rare))))


@dataclass(slots=True)
class Left:
    """What one cycle leaves at a line: blocks of Python's allocator, blocks of malloc, and the bytes of both."""

    small: float = 0.0
    large: float = 0.0
    size: float = 0.0
    large_size: float = 0.0
    own: float = 0.0
    """Blocks of Python's own domain, of both kinds: those that `sys.getallocatedblocks` counts, too."""

    def less(self, blocks: float, size: float) -> Left:
        """The same without so many small blocks, of `size` bytes; then large ones."""
        small = min(self.small, blocks)
        large = min(self.large, blocks - small)
        part = 1 - large / self.large if self.large else 1.0
        rest = max(0.0, self.size - size)
        return Left(self.small - small, self.large - large, rest, self.large_size * part, self.own - blocks)


class Stacks:
    """Traces from `start` on; `read` at the start, after n cycles, and after 2n more."""

    def __init__(self, cycles: int, stayed: float = 0.0) -> None:
        self._growth = KeyedGrowth(cycles)
        self.cycles, self.stayed = cycles, stayed
        """Those before the second reading; and blocks of Python's allocator that one leaves while nobody looks."""
        self.is_stopped = False
        """Whether the target found a way to end the tracing: then nothing can be told."""

    def start(self) -> None:
        """Trace, and read for the first time."""
        START(FRAMES)
        self.read()

    def read(self) -> None:
        """Remember what lives now, by the stack that made it."""
        if not tracemalloc.is_tracing():
            self.is_stopped = True
            self._growth.add({})
            return
        numbers: dict[tuple[str, PythonStack], float] = defaultdict(float)
        large: dict[PythonStack, list[int]] = defaultdict(list)
        # By the frames and not by their id: every number that is made here is traced, too, and when it goes,
        # tracemalloc may order its whole table anew.
        known: dict[PythonStack, PythonStack | None] = {}
        # Not as Trace objects: each would make its frames anew, and these be traced, too.
        raw: Any = tracemalloc.take_snapshot().traces
        for domain, size, frames, *_ in raw._traces:
            if frames not in known:
                known[frames] = theirs(frames)
            stack = known[frames]
            if stack is None:
                continue
            if not domain:
                numbers["own", stack] += 1
            if size > SMALL or domain:  # one of their own is of numpy's data, which malloc gives
                large[stack].append(size)
            else:
                numbers["small", stack] += 1
                numbers["small bytes", stack] += size
        for stack, sizes in large.items():
            # The table of a list is made at the same line as its entries, and is no entry.
            middle = sorted(sizes)[len(sizes) // 2]
            alike = [size for size in sizes if middle <= OUTLIER * size and size <= OUTLIER * middle]
            numbers["large", stack], numbers["large bytes", stack] = len(alike), sum(alike)
        self._growth.add(numbers)

    def left(self) -> dict[PythonStack, Left]:
        """What one cycle leaves, by the stack that made it; a block that only became larger is not counted."""
        grown, left = self._growth.grown(), defaultdict[PythonStack, Left](Left)
        for (kind, stack), rate in grown.items():
            if kind == "small":
                left[stack].small = rate
                left[stack].size += grown.get(("small bytes", stack), 0)
            elif kind == "large":
                size = grown.get(("large bytes", stack), 0)
                left[stack].large = rate
                left[stack].size += size
                left[stack].large_size = size + OVERHEAD * rate
            elif kind == "own":
                left[stack].own = rate
        return left


def line_of(stack: PythonStack) -> SourceLine | None:
    """The innermost line outside of the standard library."""
    return next((line for line in stack if not is_library(line[0])), None)


def places(left: Mapping[PythonStack, Left], rates: Mapping[str, float]) -> list[Place]:
    """A place for every line that leaves something: the innermost outside of the standard library."""
    clusters: dict[SourceLine | None, list[tuple[PythonStack, Left]]] = defaultdict(list)
    for stack, blocks in left.items():
        clusters[line_of(stack)].append((stack, blocks))
    every = (_place(line, members, rates) for line, members in clusters.items())
    return largest(place for place in every if place is not None)


def _place(
    line: SourceLine | None, members: list[tuple[PythonStack, Left]], rates: Mapping[str, float]
) -> Place | None:
    small, large = sum(left.small for _, left in members), sum(left.large for _, left in members)
    size, large_size = sum(left.size for _, left in members), sum(left.large_size for _, left in members)
    metrics = [name for name in ("python.blocks", "gc.objects") if small and name in rates]
    metrics += [name for name in ("heap.bytes", "vm.bytes") if large_size and name in rates]
    if not metrics:
        return None
    stack = max(members, key=lambda member: member[1].size)[0]
    frames = tuple(map(in_words, _without_the_library(stack[stack.index(line) :]) if line is not None else stack))
    blocks = small + large
    amount = ", ".join([*([counted(blocks, "block")] if blocks else []), *([f"{figure(size)} B"] if size else [])])
    code = code_of(line) if line is not None else ""
    where = code if code or frames else "in C code that the cycle calls"
    rate, unit = (blocks, "blocks") if blocks else (size, "B")
    return Place(PlaceKind.STACK, where, tuple(metrics), amount, rate, unit, size, frames)


def heap_place(line: HeapLine, rates: Mapping[str, float]) -> Place:
    """The place of a line at which the heap grows, as no tracer sees it."""
    metrics = tuple(name for name in ("heap.bytes", "vm.bytes") if name in rates)
    amount, frames = f"{figure(line.size)} B", tuple(map(in_words, line.stack))
    return Place(PlaceKind.STACK, code_of(line.stack[0]), metrics, amount, line.size, "B", line.size, frames)


def _without_the_library(stack: PythonStack) -> PythonStack:
    """Up to the last line that is not of the standard library: below a thread's there are three of its own."""
    last = max(number for number, (file, _) in enumerate(stack) if not is_library(file))
    return stack[: last + 1]
