"""The lines of the target at which its heap grows, for what no tracer places: glibc's own figure, after every line.

It is also run in a measured process of Python 3.8.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import List, NamedTuple, Optional, Set, Tuple  # noqa: UP035

from footprint.attribution.line_watch import Rises, Seen, WatchLimits, by_line, rising_lines
from footprint.attribution.own_frames import PythonStack, SourceLine
from footprint.attribution.source_lines import function_of, is_library
from footprint.process import clock
from footprint.process.resources import heap_probe

FIRST, SECONDS = 10, 0.3
"""Cycles that are watched first, and what all may take: a leak may be in few of them, and watching is slow."""
MOST_SECONDS, LOOKING_SECONDS = 10.0, 1.5
"""What the search may take in all; and what the looks of one watch may: where the heap has many holes, each is slow."""
HEAP_SHARE = 0.5
"""Of the time that an explanation may take, when the search has to be over."""
LEAST_SEEN, MOST_SEEN = 0.5, 2.0
"""Of what is to be explained, what must rise to be believed."""
MOST_FALLEN = 0.25
"""Of what rose, what may have fallen: where much comes and goes, a rise is no leak."""
MOST_LOOSE = 0.1
"""Of what is kept, what may have fallen by the size of no rise, where each fall is to be taken for one."""
LEAST_SHARE = 0.1
"""Of what rose, what a line must have to be told."""
ROUGHLY = "the heap cannot be read after every line in time: a line may be told that only calls what it grows by"
TOO_LATE = "the heap cannot be read after every line in time: the line at which it grows is not told"


NOTHING: Mapping[PythonStack, float] = {}


class HeapLine(NamedTuple):
    """Bytes of heap that a cycle leaves at the first line of `stack`, innermost first."""

    size: float
    stack: PythonStack


class HeapLines(NamedTuple):
    """The lines at which the heap grows, the largest first; where there was no time for all, `hint` says so."""

    lines: List[HeapLine]  # noqa: UP006
    hint: str = ""


def heap_lines(
    run: Callable[[int], object],
    cycles: int,
    untraced: float,
    seconds: float = MOST_SECONDS,
    traced: Mapping[PythonStack, float] = NOTHING,
) -> HeapLines:
    """The lines that explain `untraced` bytes of heap per cycle; none where none do, or `seconds` are too few.

    Up to `cycles` are watched. What is taken beside that is in `traced`, by its stack: it is told already.
    """
    read = heap_probe()
    if read is None:
        return HeapLines([])
    search = _Search(run, read, untraced, traced, clock.seconds() + min(seconds, MOST_SECONDS))
    lines, is_cut = search.in_full(cycles)
    if lines or not is_cut:
        return HeapLines(lines)
    lines, is_cut = search.downwards(min(FIRST, cycles))
    return HeapLines(lines, "" if not is_cut else ROUGHLY if lines else TOO_LATE)


class _Search:
    """For the lines at which what `read` gives grows by about `untraced` a cycle, until `end`."""

    def __init__(
        self,
        run: Callable[[int], object],
        read: Callable[[], int],
        untraced: float,
        traced: Mapping[PythonStack, float],
        end: float,
    ) -> None:
        self._run, self._read, self._untraced, self._traced, self._end = run, read, untraced, traced, end

    def in_full(self, cycles: int) -> Tuple[List[HeapLine], bool]:  # noqa: UP006
        """The lines, where every line is watched; and whether half of the time was too short for that."""
        half = (clock.seconds() + self._end) / 2
        if not self._seen(1, half).cycles:  # it also makes what the watching itself makes once
            return [], True
        for number in _numbers(min(FIRST, cycles), cycles):
            begun = clock.seconds()
            seen = self._seen(number, half)
            lines = self._told(seen)
            if lines or seen.cycles < number:
                return lines, seen.cycles < number
            if (clock.seconds() - begun) * (cycles / number) > SECONDS:
                break
        return [], False

    def downwards(self, cycles: int) -> Tuple[List[HeapLine], bool]:  # noqa: UP006
        """The lines, where only the cycle's own are watched at first, then those that are called where it grew.

        So on, and whether there was no time to go on; the function, where there is not even time for its own lines.
        """
        told: List[HeapLine] = []  # noqa: UP006
        below: Set[PythonStack] = set()  # noqa: UP006
        while True:
            seen = self._seen(cycles, self._end, below)
            lines = self._told(seen)
            if not lines:
                function = None if told or seen.cycles else _targets_function(seen.first)
                return [HeapLine(self._untraced, (function,))] if function else told, True
            told, deeper = lines, {line.stack for line in lines} - below
            if not deeper:
                return told, False
            below |= deeper

    def _seen(self, cycles: int, end: float, below: Optional[Collection[PythonStack]] = None) -> Seen:  # noqa: UP045
        return rising_lines(partial(self._run, 1), self._read, cycles, WatchLimits(end, LOOKING_SECONDS), below)

    def _told(self, seen: Seen) -> List[HeapLine]:  # noqa: UP006
        """The lines whose rises are what is looked for, and no more than that in all."""
        taken = self._untraced + sum(self._traced.values())
        lines = _growing(seen.rises, seen.cycles, taken) if seen.cycles else []
        lines = [HeapLine(line.size - self._traced_below(line.stack), line.stack) for line in lines]
        lines = sorted((line for line in lines if line.size >= LEAST_SHARE * self._untraced), reverse=True)
        every = sum(line.size for line in lines)
        part = min(1.0, self._untraced / every) if every else 1.0
        return [HeapLine(line.size * part, line.stack) for line in lines]

    def _traced_below(self, stack: PythonStack) -> float:
        return sum(size for inner, size in self._traced.items() if inner[len(inner) - len(stack) :] == stack)


def _targets_function(line: Optional[SourceLine]) -> Optional[SourceLine]:  # noqa: UP045
    return None if line is None or is_library(line[0]) else function_of(line)


def _growing(rises: Rises, cycles: int, untraced: float) -> List[HeapLine]:  # noqa: UP006
    rose = sum(by_line(rises.each).values())
    grew = (rose - rises.fell) / cycles
    if not LEAST_SEEN * untraced <= grew <= MOST_SEEN * untraced:
        return []
    kept = sum(by_line(rises.kept).values())
    if sum(rises.loose.values()) <= MOST_LOOSE * kept <= MOST_LOOSE * MOST_SEEN * untraced * cycles:
        return _lines(rises.kept, kept, cycles)
    if rises.fell <= MOST_FALLEN * rose:
        return _lines(rises.each, rose, cycles)
    staying = _staying(rises)
    if staying:
        return _lines(staying, sum(by_line(staying).values()), cycles)
    above = _above_all(rises)
    return [HeapLine(grew, above)] if above else []


def _staying(rises: Rises) -> Mapping[Tuple[PythonStack, int], int]:  # noqa: UP006
    """The rises of lines at which next to nothing falls again, where these are next to all that is kept.

    What fell by the size of no rise is taken for what rose where most falls again.
    """
    rose, kept = by_line(rises.each), by_line(rises.kept)
    loose = rises.fell - (sum(rose.values()) - sum(kept.values()))
    left = dict(kept)
    for stack in sorted(kept, key=lambda stack: kept[stack] / rose[stack]):
        left[stack] -= min(loose, kept[stack])
        loose -= kept[stack] - left[stack]
    stay = {stack for stack in left if left[stack] >= (1 - MOST_FALLEN) * rose[stack]}
    if sum(left[stack] for stack in stay) < (1 - MOST_FALLEN) * sum(left.values()):
        return {}
    return {(stack, rise): times for (stack, rise), times in rises.kept.items() if stack in stay}


def _lines(rises: Mapping[Tuple[PythonStack, int], int], every: int, cycles: int) -> List[HeapLine]:  # noqa: UP006
    """The lines of these, which are `every` bytes in so many cycles, the largest first."""
    lines = [HeapLine(_usual(rises, stack) / cycles, stack) for stack in by_line(rises)]
    return sorted((line for line in lines if line.size * cycles >= LEAST_SHARE * every), reverse=True)


def _above_all(rises: Rises) -> PythonStack:
    """What all stacks at which it rises or falls have in common, from the outermost line inwards: below, it grows.

    Where these are lines of one function and no more, the function.
    """
    common, stacks = 0, {**by_line(rises.each), **rises.loose}
    for lines in zip(*map(reversed, stacks)):  # noqa: B905 (Python 3.8): the shortest ends it
        if len(set(lines)) > 1:
            break
        common += 1
    stack = next(iter(stacks))
    functions: Set[Optional[SourceLine]] = {function_of(stack[-1]) for stack in stacks}  # noqa: UP006, UP045
    function = functions.pop()
    return stack[len(stack) - common :] or ((function,) if function and not functions else ())


def _usual(rises: Mapping[Tuple[PythonStack, int], int], stack: PythonStack) -> float:  # noqa: UP006
    """What rose at a line, where most of its rises were alike as if all had been: others are of who else was there."""
    sizes = Counter({rise: times for (line, rise), times in rises.items() if line == stack})
    size, times = sizes.most_common(1)[0]
    every = sum(sizes.values())
    return size * every if times > every / 2 else sum(rise * times for rise, times in sizes.items())


def _numbers(first: int, cycles: int) -> List[int]:  # noqa: UP006
    return [first] if first == cycles else [first, cycles]
