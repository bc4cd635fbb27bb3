"""The lines at which blocks are left, for a Python that is too old for what else footprint knows about places.

It needs nothing but Python 3.8; it is run after the verdict, in the measured process.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Mapping
from typing import Any

from footprint.attribution.heap_lines import HeapLine, heap_lines
from footprint.attribution.own_frames import RUNNER, is_own
from footprint.attribution.source_lines import code_of, in_words
from footprint.attribution.undisturbed import START, STOP, STOPPED, undisturbed
from footprint.units import count_text

FRAMES, MOST = 12, 6
LEAST = 0.02
"""Blocks per cycle that are worth a place."""
SMALL = 512
"""Bytes of the largest block that Python's own allocator gives; larger ones are malloc's."""
LEAST_BYTES, LEAST_SHARE = 16.0, 0.3
"""Of the heap's growth, what the blocks of Python must leave open for more to be looked for."""
LEAST_BLOCKS = 3
"""In all: fewer say nothing about a cycle."""
HINT = "holders and kernel objects are told by Python 3.11 or newer; these are the lines that made what is left"


def plain_explanation(run: Callable[[int], object], cycles: int, rates: Mapping[str, float]) -> dict[str, Any]:
    """As `explain` gives it through the pipe: the lines whose blocks grow, with how many per cycle."""
    read = []
    with undisturbed():
        START(FRAMES)
        for number in (cycles, 2 * cycles):
            run(number)
            read.append(_blocks())
        STOP()
    hints = [HINT if all(blocks is not None for blocks in read) else STOPPED]
    before, after = (blocks or {} for blocks in read)
    metrics = [name for name in ("python.blocks", "gc.objects", "heap.bytes") if name in rates]
    grown, untraced = [], rates.get("heap.bytes", 0.0)
    for stack, (count, size) in after.items():
        old_count, old_size = before.get(stack, (0, 0))
        blocks, space = (count - old_count) / (2.0 * cycles), (size - old_size) / (2.0 * cycles)
        if blocks >= LEAST and count - old_count >= min(LEAST_BLOCKS, 2 * cycles):
            grown.append((space, blocks, stack))
            untraced -= space if space > SMALL * blocks else 0.0
    places = [_place(space, blocks, stack, metrics) for space, blocks, stack in sorted(grown, reverse=True)[:MOST]]
    explanation = {"places": places, "rates": {}, "filling": "", "hints": hints, "untraced": 0.0, "lines": []}
    if untraced > max(LEAST_BYTES, LEAST_SHARE * rates.get("heap.bytes", 0.0)):
        lines = heap_lines(run, cycles, untraced)
        explanation["lines"] = [_heap_place(line) for line in lines]
        explanation["untraced"] = untraced
    return explanation


def _blocks() -> dict[tuple[tuple[str, int], ...], tuple[int, int]] | None:
    """Number and bytes of the blocks that live, by the lines that made them, innermost first; None: nobody traces."""
    if not tracemalloc.is_tracing():
        return None
    blocks: dict[tuple[tuple[str, int], ...], tuple[int, int]] = {}
    for trace in tracemalloc.take_snapshot().traces:
        stack = [(frame.filename, frame.lineno) for frame in reversed(list(trace.traceback))]
        files = [file for file, _ in stack]
        del stack[files.index(RUNNER) if RUNNER in files else len(files) :]
        if stack and not any(is_own(file) for file, _ in stack):
            count, size = blocks.get(tuple(stack), (0, 0))
            blocks[tuple(stack)] = (count + 1, size + trace.size)
    return blocks


def _heap_place(line: HeapLine) -> dict[str, Any]:
    return {
        **_place(line.size, 0.0, line.stack, ["heap.bytes"]),
        "amount": f"{count_text(round(line.size))} B",
        "rate": line.size,
        "unit": "B",
    }


def _place(space: float, blocks: float, stack: tuple[tuple[str, int], ...], metrics: list[str]) -> dict[str, Any]:
    number = round(blocks) if abs(blocks - round(blocks)) < 0.02 else round(blocks, 3)
    return {
        "kind": "stack",
        "where": code_of(stack[0]),
        "metrics": metrics,
        "amount": f"{number} block{'' if number == 1 else 's'}, {count_text(round(space))} B",
        "rate": blocks,
        "unit": "blocks",
        "size": space,
        "frames": [in_words(line) for line in stack],
    }
