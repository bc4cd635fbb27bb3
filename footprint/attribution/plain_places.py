"""The lines at which blocks are left, for a Python that is too old for what else footprint knows about places.

It needs nothing but Python 3.8; it is run after the verdict, in the measured process.
"""

from __future__ import annotations

import linecache
import os
import tracemalloc
from collections.abc import Callable, Mapping
from typing import Any

from footprint.attribution.heap_lines import HeapLine, heap_lines

FRAMES, MOST = 12, 6
LEAST = 0.02
"""Blocks per cycle that are worth a place."""
SMALL = 512
"""Bytes of the largest block that Python's own allocator gives; larger ones are malloc's."""
LEAST_BYTES, LEAST_SHARE = 16.0, 0.3
"""Of the heap's growth, what the blocks of Python must leave open for more to be looked for."""
HINT = "holders and kernel objects are told by Python 3.11 or newer; these are the lines that made what is left"


def plain_explanation(run: Callable[[int], object], cycles: int, rates: Mapping[str, float]) -> dict[str, Any]:
    """As `explain` gives it through the pipe: the lines whose blocks grow, with how many per cycle."""
    tracemalloc.start(FRAMES)
    run(cycles)
    before = _blocks()
    run(2 * cycles)
    after = _blocks()
    tracemalloc.stop()
    metrics = [name for name in ("python.blocks", "gc.objects", "heap.bytes") if name in rates]
    grown, untraced = [], rates.get("heap.bytes", 0.0)
    for stack, (count, size) in after.items():
        old_count, old_size = before.get(stack, (0, 0))
        blocks, space = (count - old_count) / (2.0 * cycles), (size - old_size) / (2.0 * cycles)
        if blocks >= LEAST:
            grown.append((space, blocks, stack))
            untraced -= space if space > SMALL * blocks else 0.0
    places = [_place(space, blocks, stack, metrics) for space, blocks, stack in sorted(grown, reverse=True)[:MOST]]
    explanation = {"places": places, "rates": {}, "filling": "", "hints": [HINT], "untraced": 0.0, "lines": []}
    if untraced > max(LEAST_BYTES, LEAST_SHARE * rates.get("heap.bytes", 0.0)):
        lines = heap_lines(run, cycles, untraced)
        explanation["lines"] = [_heap_place(line) for line in lines]
        explanation["untraced"] = untraced
    return explanation


def _blocks() -> dict[tuple[tuple[str, int], ...], tuple[int, int]]:
    """Number and bytes of the blocks that live, by the lines that made them, innermost first."""
    own = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
    blocks: dict[tuple[tuple[str, int], ...], tuple[int, int]] = {}
    for trace in tracemalloc.take_snapshot().traces:
        frames = [(frame.filename, frame.lineno) for frame in reversed(list(trace.traceback))]
        stack = []
        for frame in frames:
            if frame[0].startswith(own):
                break
            stack.append(frame)
        if stack:
            count, size = blocks.get(tuple(stack), (0, 0))
            blocks[tuple(stack)] = (count + 1, size + trace.size)
    return blocks


def _heap_place(line: HeapLine) -> dict[str, Any]:
    return {
        **_place(line.size, 0.0, line.stack, ["heap.bytes"]),
        "amount": f"{line.size:.0f} B",
        "rate": line.size,
        "unit": "B",
    }


def _place(space: float, blocks: float, stack: tuple[tuple[str, int], ...], metrics: list[str]) -> dict[str, Any]:
    file, line = stack[0]
    number = round(blocks) if abs(blocks - round(blocks)) < 0.02 else round(blocks, 3)
    return {
        "kind": "stack",
        "where": linecache.getline(file, line).strip()[:60],
        "metrics": metrics,
        "amount": f"{number} block{'' if number == 1 else 's'}, {space:.0f} B",
        "rate": blocks,
        "unit": "blocks",
        "size": space,
        "frames": [f"{os.path.basename(name)}:{at}" for name, at in stack],  # noqa: PTH119
    }
