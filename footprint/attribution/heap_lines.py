"""The lines of the target at which its heap grows, for what no tracer places: glibc's own figure, after every line.

It is also run in a measured process of Python 3.8.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from typing import List, NamedTuple, Tuple  # noqa: UP035

from footprint.attribution.line_watch import Rises, by_line, rising_lines
from footprint.attribution.own_frames import PythonStack
from footprint.process import clock
from footprint.process.resources import heap_probe

FIRST, SECONDS = 10, 0.3
"""Cycles that are watched first, and what all may take: a leak may be in few of them, and watching is slow."""
LEAST_SEEN, MOST_SEEN = 0.5, 2.0
"""Of what is to be explained, what must rise to be believed."""
MOST_FALLEN = 0.25
"""Of what rose, what may have fallen: where much comes and goes, a rise is no leak."""
MOST_LOOSE = 0.1
"""Of what is kept, what may have fallen by the size of no rise, where each fall is to be taken for one."""
LEAST_SHARE = 0.1
"""Of what rose, what a line must have to be told."""


class HeapLine(NamedTuple):
    """Bytes of heap that a cycle leaves at the first line of `stack`, innermost first."""

    size: float
    stack: PythonStack


def heap_lines(run: Callable[[int], object], cycles: int, untraced: float) -> List[HeapLine]:  # noqa: UP006
    """The lines that explain `untraced` bytes of heap per cycle, the largest first; empty where none do.

    Up to `cycles` are watched.
    """
    read = heap_probe()
    if read is None:
        return []
    rising_lines(partial(run, 1), read)  # what the watching itself makes once
    for number in _numbers(min(FIRST, cycles), cycles):
        begun = clock.seconds()
        rises = rising_lines(partial(run, number), read)
        rose = sum(by_line(rises.each).values())
        grew = (rose - rises.fell) / number
        if LEAST_SEEN * untraced <= grew <= MOST_SEEN * untraced:
            kept = sum(by_line(rises.kept).values())
            if sum(rises.loose.values()) <= MOST_LOOSE * kept <= MOST_LOOSE * MOST_SEEN * untraced * number:
                return _lines(rises.kept, kept, number)
            if rises.fell <= MOST_FALLEN * rose:
                return _lines(rises.each, rose, number)
            above = _above_all(rises)
            return [HeapLine(grew, above)] if above else []
        if (clock.seconds() - begun) * (cycles / number) > SECONDS:
            break
    return []


def _lines(rises: Mapping[Tuple[PythonStack, int], int], every: int, cycles: int) -> List[HeapLine]:  # noqa: UP006
    """The lines of these, which are `every` bytes in so many cycles, the largest first."""
    lines = [HeapLine(_usual(rises, stack) / cycles, stack) for stack in by_line(rises)]
    return sorted((line for line in lines if line.size * cycles >= LEAST_SHARE * every), reverse=True)


def _above_all(rises: Rises) -> PythonStack:
    """What all stacks at which it rises or falls have in common, from the outermost line inwards: below, it grows."""
    common, stacks = 0, {**by_line(rises.each), **rises.loose}
    for lines in zip(*map(reversed, stacks)):  # noqa: B905 (Python 3.8): the shortest ends it
        if len(set(lines)) > 1:
            break
        common += 1
    stack = next(iter(stacks))
    return stack[len(stack) - common :]


def _usual(rises: Mapping[Tuple[PythonStack, int], int], stack: PythonStack) -> float:  # noqa: UP006
    """What rose at a line, where most of its rises were alike as if all had been: others are of who else was there."""
    sizes = Counter({rise: times for (line, rise), times in rises.items() if line == stack})
    size, times = sizes.most_common(1)[0]
    every = sum(sizes.values())
    return size * every if times > every / 2 else sum(rise * times for rise, times in sizes.items())


def _numbers(first: int, cycles: int) -> List[int]:  # noqa: UP006
    return [first] if first == cycles else [first, cycles]
