"""The lines at which blocks are left, for a Python that is too old for what else footprint knows about places.

It needs nothing but Python 3.8; it is run after the verdict, in the measured process.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Mapping
from typing import Any, Tuple  # noqa: UP035 (Python 3.8)

from footprint.attribution.growth import ACCIDENTS, SMALL, WORTH_BYTES, WORTH_SHARE, KeyedGrowth, staying, too_many
from footprint.attribution.heap_lines import HEAP_SHARE, MOST_SECONDS, HeapLine, heap_lines
from footprint.attribution.own_frames import FRAMES, PythonStack, theirs
from footprint.attribution.source_lines import code_of, in_words, is_library
from footprint.attribution.undisturbed import START, STOP, STOPPED, undisturbed
from footprint.process import clock
from footprint.process.resources import collect
from footprint.units import count_text

MOST = 6
LEAST = 0.02
"""Of the blocks that a cycle leaves, what a place must have to be told."""
HINT = "holders and kernel objects are told by Python 3.11 or newer; these are the lines that made what is left"
_Line = Tuple[str, int]  # noqa: UP006 (Python 3.8)


def plain_explanation(
    run: Callable[[int], object], cycles: int, rates: Mapping[str, float], seconds: float = 2 * MOST_SECONDS
) -> dict[str, Any]:
    """As `explain` gives it through the pipe: the lines whose blocks grow, with how many per cycle."""
    end = clock.seconds() + HEAP_SHARE * seconds

    def collected(number: int) -> None:
        run(number)
        collect()

    blocks, sizes, larges, owns = (KeyedGrowth(cycles) for _ in range(4))
    is_stopped, traced = False, {}
    stacks: dict[_Line, PythonStack] = {}
    with undisturbed():
        stayed = staying(collected, cycles)
        START(FRAMES)
        for number in (0, cycles, 2 * cycles):
            collected(number)
            is_stopped = is_stopped or not tracemalloc.is_tracing()
            left = {} if is_stopped else _left(stacks)
            for column, growth in enumerate((blocks, sizes, larges, owns)):
                growth.add({line: figures[column] for line, figures in left.items()})
        STOP()
    metrics = [name for name in ("python.blocks", "gc.objects", "heap.bytes") if name in rates]
    grown, untraced = [], rates.get("heap.bytes", 0.0)
    for line, count in blocks.grown().items():
        size = sizes.of(line)
        if count >= LEAST * rates.get("python.blocks", 1.0):
            grown.append((size, count, stacks[line]))
            traced[stacks[line]] = larges.of(line)
    untraced -= sum(traced.values())
    explanation: dict[str, Any] = {"rates": {}, "filling": "", "untraced": 0.0, "lines": []}
    explanation["hints"] = [STOPPED if is_stopped else HINT]
    explanation["hints"] += filter(None, [too_many(sum(owns.grown().values()), stayed, ACCIDENTS / cycles, untraced)])
    explanation["places"] = [_place(*each, metrics) for each in sorted(grown, reverse=True)[:MOST]]
    if untraced > max(WORTH_BYTES, WORTH_SHARE * rates.get("heap.bytes", 0.0)):
        lines, hint = heap_lines(run, cycles, untraced, max(0.0, end - clock.seconds()), traced)
        explanation["lines"] = [_heap_place(line) for line in lines]
        explanation["hints"] += [hint] if hint else []
        explanation["untraced"] = untraced
    return explanation


def _left(stacks: dict[_Line, PythonStack]) -> dict[_Line, tuple[int, int, int, int]]:
    """By the line that made them: number and bytes of the blocks that live, malloc's bytes, and Python's own blocks.

    The line is the innermost which is not the standard library's. `stacks` gets the lines that led to each.
    """
    left: dict[_Line, tuple[int, int, int, int]] = {}
    for trace in tracemalloc.take_snapshot().traces:
        stack = theirs(tuple((frame.filename, frame.lineno) for frame in reversed(list(trace.traceback))))
        if stack:
            shown = _telling(stack)
            count, size, large, own = left.get(shown[0], (0, 0, 0, 0))
            # What has a domain of its own is numpy's data, which malloc gives.
            of_malloc = trace.size if trace.size > SMALL or trace.domain else 0
            left[shown[0]] = (count + 1, size + trace.size, large + of_malloc, own + (not trace.domain))
            stacks[shown[0]] = shown
    return left


def _telling(stack: PythonStack) -> PythonStack:
    """Without what the standard library does at either end, where there is anything else."""
    others = [number for number, (file, _) in enumerate(stack) if not is_library(file)]
    return stack[others[0] : others[-1] + 1] if others else stack


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
