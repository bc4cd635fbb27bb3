"""The lines of Python at which cycles leave blocks, as tracemalloc sees them."""

from __future__ import annotations

import ast
import linecache
import sysconfig
import time
import tracemalloc
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from footprint.attribution.own_frames import RUNNER, is_own
from footprint.attribution.place import OVERHEAD, Growth, Place, Run, arrows, counted, figure, largest, place

FRAMES = 25
SMALL = 512
"""Bytes of the largest block that Python's own allocator gives; larger ones are malloc's."""
OUTLIER = 2
"""Times the middle size of the large blocks of one line: what is larger, or smaller in turn, is something else."""
SECONDS, LEAST, MOST_SECONDS = 0.04, 8, 0.6
"""What n cycles may take while they are traced; the least n, and what that may take where cycles are slow."""
TRIED = 2
"""Cycles from which it is seen how slow they become."""
Line = tuple[str, int]
Stack = tuple[Line, ...]

_STDLIB = (sysconfig.get_path("stdlib") + "/", "<frozen ")


def paced(run: Run, cycles: int) -> int:
    """`cycles`, or fewer where they become so slow under tracemalloc that three times as many take too long."""
    tracemalloc.start(FRAMES)
    begun = time.perf_counter()
    run(TRIED)
    took = (time.perf_counter() - begun) / TRIED
    tracemalloc.stop()
    return max(1, min(cycles, int(max(SECONDS, min(LEAST * took, MOST_SECONDS)) / took)))


@dataclass(slots=True)
class Left:
    """What one cycle leaves at a line: blocks of Python's allocator, blocks of malloc, and the bytes of both."""

    small: float = 0.0
    large: float = 0.0
    size: float = 0.0
    large_size: float = 0.0


class Stacks:
    """Traces from `start` on; `read` at the start, after n cycles, and after 2n more."""

    def __init__(self, cycles: int) -> None:
        self._growth = Growth(cycles)

    def start(self) -> None:
        """Trace, and read for the first time."""
        tracemalloc.start(FRAMES)
        self.read()

    def read(self) -> None:
        """Remember what lives now, by the stack that made it."""
        found: dict[tuple[str, Stack], float] = defaultdict(float)
        large: dict[Stack, list[int]] = defaultdict(list)
        known: dict[int, Stack | None] = {}
        # Not as Trace objects: each would make its frames anew, and these be traced, too.
        raw: Any = tracemalloc.take_snapshot().traces
        for domain, size, frames, *_ in raw._traces:
            if id(frames) not in known:
                known[id(frames)] = theirs(frames)
            stack = known[id(frames)]
            if stack is None:
                continue
            if size > SMALL or domain:  # one of their own is of numpy's data, which malloc gives
                large[stack].append(size)
            else:
                found["small", stack] += 1
                found["small bytes", stack] += size
        for stack, sizes in large.items():
            # The table of a list is made at the same line as its entries, and is no entry.
            middle = sorted(sizes)[len(sizes) // 2]
            alike = [size for size in sizes if middle <= OUTLIER * size and size <= OUTLIER * middle]
            found["large", stack], found["large bytes", stack] = len(alike), sum(alike)
        self._growth.add(found)

    def left(self) -> dict[Stack, Left]:
        """What one cycle leaves, by the stack that made it; a block that only became larger is not counted."""
        tracemalloc.stop()
        grown, found = self._growth.grown(), defaultdict[Stack, Left](Left)
        for (kind, stack), rate in grown.items():
            if kind == "small":
                found[stack].small = rate
                found[stack].size += grown.get(("small bytes", stack), 0)
            elif kind == "large":
                size = grown.get(("large bytes", stack), 0)
                found[stack].large = rate
                found[stack].size += size
                found[stack].large_size = size + OVERHEAD * rate
        return found


def theirs(stack: Stack) -> Stack | None:
    """The part of a stack, innermost first, that is the target's; None for what is our own."""
    for number, (file, _) in enumerate(stack):
        if file == RUNNER:
            return stack[:number]
        if is_own(file):
            return None
    return stack


def places(left: Mapping[Stack, Left], rates: Mapping[str, float]) -> list[Place]:
    """A place for every line that leaves something: the innermost outside of the standard library."""
    clusters: dict[Line | None, list[tuple[Stack, Left]]] = defaultdict(list)
    for stack, one in left.items():
        clusters[next((line for line in stack if not line[0].startswith(_STDLIB)), None)].append((stack, one))
    return largest(found for line, members in clusters.items() if (found := _place(line, members, rates)) is not None)


def _place(line: Line | None, members: list[tuple[Stack, Left]], rates: Mapping[str, float]) -> Place | None:
    small, large = sum(one.small for _, one in members), sum(one.large for _, one in members)
    size, large_size = sum(one.size for _, one in members), sum(one.large_size for _, one in members)
    metrics = [name for name in ("python.blocks", "gc.objects") if small and name in rates]
    metrics += [name for name in ("heap.bytes", "vm.bytes") if large_size and name in rates]
    if not metrics:
        return None
    stack = max(members, key=lambda member: member[1].size)[0]
    stack = stack[stack.index(line) :] if line is not None else stack
    frames = [in_words(one) for one in stack]
    blocks = small + large
    amount = ", ".join([*([counted(blocks, "block")] if blocks else []), *([f"{figure(size)} B"] if size else [])])
    code = linecache.getline(*line).strip() if line is not None else ""
    where = f"{_cut(code)}  {arrows(frames)}" if code else arrows(frames) or "in C code that the cycle calls"
    return place("stack", metrics, amount, where, blocks or size, "blocks" if blocks else "B", size=size, frames=frames)


def in_words(line: Line) -> str:
    """``app.py:12 in handle``; the folder is left out."""
    file, number = line
    name = _function(file, number)
    return f"{Path(file).name}:{number}" + (f" in {name}" if name else "")


def _cut(code: str, most: int = 60) -> str:
    return code if len(code) <= most else code[: most - 1] + "…"


def _function(file: str, number: int) -> str:
    """The name of the innermost function around a line; tracemalloc does not tell it."""
    inside = [(start, name) for start, end, name in _functions(file) if start <= number <= end]
    return max(inside)[1] if inside else ""


@cache
def _functions(file: str) -> list[tuple[int, int, str]]:
    try:
        tree = ast.parse("".join(linecache.getlines(file)))
    except (SyntaxError, ValueError, RecursionError):
        return []
    return [
        (node.lineno, node.end_lineno or node.lineno, node.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
