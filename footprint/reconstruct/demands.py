"""What a printed view says about overlapping siblings: a range shows which of them is on top there.

Where siblings compete, the printed range names the region that wins. Each way from the view's root to that
region, at that place, demands that on it every sibling lies over its competitors. Mostly there is one way;
where an alias shows the same region at the same place once more, one of several holds.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from footprint.memory.region import FULL, MemoryRegion
from footprint.memory.render import Piece, flatten
from footprint.qemu.flat import RangeLine, ViewText
from footprint.reconstruct.overlaps import Overlaps, Pair

Way = frozenset[Pair]
"""Pairs that all hold if a range is shown on this way."""

Demand = tuple[Way, ...]
"""What one place of a view says: one of these ways holds."""

DEEPEST = 100
"""Containers and aliases on one way; longer ways are not looked at."""


class _Step(NamedTuple):
    """A child on a way, the candidates that it has to win against, and the steps above."""

    child: MemoryRegion
    candidates: tuple[MemoryRegion, ...]
    above: _Step | None


class _Visit(NamedTuple):
    """A region on a way, its offset 0 at `base`, with the flags of the way so far."""

    region: MemoryRegion
    base: int
    readonly: bool
    nonvolatile: bool
    last: _Step | None
    depth: int


@dataclass(slots=True)
class ViewReader:
    """Reads demands from printed views of a machine with these overlaps."""

    overlaps: Overlaps

    def demands(self, view: ViewText, root: MemoryRegion) -> Iterator[Demand]:
        """What `view`, which shows `root`, says about siblings that overlap. Raises OutOfPatienceError."""
        starts = [line.start for line in view.ranges]
        for low, high in self._disputed(root):
            i = max(0, bisect_right(starts, low) - 1)
            while i < len(starts) and starts[i] < high:
                line = view.ranges[i]
                if line.end >= low:
                    demand = self._ways(root, max(low, line.start), line)
                    if demand and frozenset() not in demand:
                        yield demand
                i += 1

    def _disputed(self, root: MemoryRegion) -> list[tuple[int, int]]:
        """The parts of a view of `root` where siblings compete; no competition begins or ends within one."""
        parts: dict[tuple[int, int], None] = {}
        stack = [(root, root.addr, 0, FULL, 0)]
        while stack:
            region, base, low, high, depth = stack.pop()
            self.overlaps.patience.spend(1)
            low, high = max(low, base), min(high, base + region.size)
            if low >= high or depth > DEEPEST or region not in self.overlaps.leading:
                continue
            if region.alias is not None:
                if region.alias.enabled:
                    stack.append((region.alias, base - region.alias_offset, low, high, depth + 1))
                continue
            for start, end, candidates in self.overlaps.layout(region).within(low - base, high - base):
                self.overlaps.patience.spend(len(candidates))
                if len(candidates) > 1:
                    parts[base + start, base + end] = None
                stack += [(child, base + child.addr, base + start, base + end, depth + 1) for child in candidates]
        return _cut(parts)

    def _ways(self, root: MemoryRegion, address: int, line: RangeLine) -> Demand:
        """The ways on which a view of `root` may show at `address` what `line` says."""
        exact: dict[Way, None] = {}
        alike: dict[Way, None] = {}
        stack = [_Visit(root, root.addr, False, False, None, 0)]
        while stack:
            visit = stack.pop()
            self.overlaps.patience.spend(1)
            region, base, last = visit.region, visit.base, visit.last
            if visit.depth > DEEPEST or not 0 <= address - base < region.size:
                continue
            if region not in self.overlaps.leading:
                piece = _piece_at(region, address - base)
                if piece is not None and _is_named(line, piece.region, base + piece.start - piece.offset):
                    flags = (visit.readonly or piece.readonly, visit.nonvolatile or piece.nonvolatile)
                    (exact if _is_like(line, piece.region, *flags) else alike)[_way(last)] = None
                continue
            flags = (visit.readonly or region.readonly, visit.nonvolatile or region.nonvolatile)
            if region.alias is not None:
                if region.alias.enabled:
                    stack.append(_Visit(region.alias, base - region.alias_offset, *flags, last, visit.depth + 1))
                continue
            candidates = self.overlaps.layout(region).at(address - base)
            if not candidates and region.terminates and _is_named(line, region, base):
                (exact if _is_like(line, region, *flags) else alike)[_way(last)] = None
            for child in candidates:
                step = _Step(child, candidates, last) if len(candidates) > 1 else last
                stack.append(_Visit(child, base + child.addr, *flags, step, visit.depth + 1))
        # Which aliases are read-only is itself a guess, so it only decides between ways.
        return tuple(exact or alike)


def _way(step: _Step | None) -> Way:
    pairs: list[Pair] = []
    while step is not None:
        pairs += [(step.child, other) for other in step.candidates if other is not step.child]
        step = step.above
    return frozenset(pairs)


def _piece_at(region: MemoryRegion, offset: int) -> Piece | None:
    flat = flatten(region)
    i = bisect_right(flat, offset, key=lambda piece: piece.start) - 1
    return flat[i] if i >= 0 and offset < flat[i].end else None


def _is_named(line: RangeLine, region: MemoryRegion, base: int) -> bool:
    """Whether `line` can mean `region`, with its offset 0 at `base`."""
    name = "(null)" if region.name is None else region.name
    return name == line.name and base == line.start - line.offset


def _is_like(line: RangeLine, region: MemoryRegion, readonly: bool, nonvolatile: bool) -> bool:
    """Whether a range of `region` with these flags would be printed as `line` is."""
    kind = "rom" if readonly else region.kind
    printed = "i/o" if line.kind == "container" else line.kind
    return line.priority == region.priority and kind == printed and line.nonvolatile == nonvolatile


def _cut(parts: dict[tuple[int, int], None]) -> list[tuple[int, int]]:
    """`parts` in ascending order, cut wherever one begins or ends, each once."""
    events: dict[int, int] = {}
    for low, high in parts:
        events[low] = events.get(low, 0) + 1
        events[high] = events.get(high, 0) - 1
    cut = []
    depth = 0
    for low, high in pairwise(sorted(events)):
        depth += events[low]
        if depth:
            cut.append((low, high))
    return cut
