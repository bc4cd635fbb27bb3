"""Where siblings of one priority overlap: the newest of them is on top there, and the tree does not say which.

Whether a region shows anything at an address does not depend on the order of siblings, in it or around it.
So the candidates for the top can be told, address by address, before any order is known.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from footprint.memory.region import MemoryRegion
from footprint.memory.render import flatten

Pair = tuple[MemoryRegion, MemoryRegion]
"""Two siblings, the upper one first."""


class OutOfPatienceError(Exception):
    """More overlaps than one is ready to look at."""


@dataclass(slots=True)
class Patience:
    """Steps that may still be taken on one capture: a small text can ask for endlessly many."""

    left: int = 2_000_000

    def spend(self, steps: int) -> None:
        """Take `steps`. Raises OutOfPatienceError when there are none left."""
        self.left -= steps
        if self.left < 0:
            raise OutOfPatienceError


@dataclass(slots=True)
class Layout:
    """Which children of a container may be on top, by address.

    `tops[i]` are the candidates in [edges[i], edges[i + 1]): children of one priority that all show something
    there, while none of a higher priority does. Of those at one address only the first counts.
    """

    edges: list[int] = field(default_factory=list)
    tops: list[tuple[MemoryRegion, ...]] = field(default_factory=list)

    def at(self, offset: int) -> tuple[MemoryRegion, ...]:
        """The candidates at an offset; none where no child shows anything."""
        i = bisect_right(self.edges, offset) - 1
        return self.tops[i] if i >= 0 else ()

    def within(self, low: int, high: int) -> Iterator[tuple[int, int, tuple[MemoryRegion, ...]]]:
        """The parts of [low, high) where some child shows something: start, end, candidates."""
        i = max(0, bisect_right(self.edges, low) - 1)
        while i < len(self.edges) - 1 and self.edges[i] < high:
            if self.tops[i]:
                yield max(low, self.edges[i]), min(high, self.edges[i + 1]), self.tops[i]
            i += 1

    def disputes(self) -> Iterator[tuple[MemoryRegion, ...]]:
        """The candidates of each part that has more than one."""
        return (top for top in self.tops if len(top) > 1)


def lay_out(children: Sequence[MemoryRegion], size: int, patience: Patience) -> Layout:
    """The layout of `children` (as listed: falling priority) in a container of `size`. Raises OutOfPatienceError."""
    events: list[tuple[int, bool, int]] = []
    for number, child in enumerate(children):
        for start, end in _covered(child, size) if child.enabled else ():
            events += [(start, True, number), (end, False, number)]
    patience.spend(len(events))
    events.sort()
    layout = Layout()
    open_: dict[int, None] = {}
    for position, (at, opens, number) in enumerate(events):
        if opens:
            open_[number] = None
        else:
            del open_[number]
        if position + 1 == len(events) or events[position + 1][0] > at:
            patience.spend(2 * len(open_))
            layout.edges.append(at)
            layout.tops.append(_candidates(children, open_))
    return layout


def _covered(child: MemoryRegion, size: int) -> Iterator[tuple[int, int]]:
    """Where a container of `size` shows `child`, in the container's coordinates."""
    start = end = 0
    for piece in flatten(child):
        first, last = max(0, piece.start + child.addr), min(size, piece.end + child.addr)
        if first >= last:
            continue
        if first != end:
            if start < end:
                yield start, end
            start = first
        end = last
    if start < end:
        yield start, end


def _candidates(children: Sequence[MemoryRegion], numbers: Iterable[int]) -> tuple[MemoryRegion, ...]:
    """Of `children` (as listed: falling priority) with these numbers, those that may be on top."""
    listed = sorted(numbers)
    if len(listed) < 2:
        return tuple(children[number] for number in listed)
    highest = children[listed[0]].priority
    by_address: dict[int, MemoryRegion] = {}
    for number in listed:
        if children[number].priority != highest:
            break
        # Of those at one address, the first printed is on top.
        by_address.setdefault(children[number].addr, children[number])
    return tuple(by_address.values())


class Overlaps:
    """The overlaps of a machine: its contested containers, and the layouts of all that lead to one.

    For each of the `contested`, the layouts of its children of one priority: what lies below others counts, too.
    """

    def __init__(self, regions: Iterable[MemoryRegion], patience: Patience) -> None:
        self.patience = patience
        self.contested: dict[MemoryRegion, tuple[Layout, ...]] = {}
        self.leading: set[MemoryRegion] = set()
        self._regions = regions
        self._layouts: dict[MemoryRegion, Layout] = {}

    def find(self) -> None:
        """Look for contested containers, and for what leads to them. Raises OutOfPatienceError."""
        for region in self._regions:
            if region.alias is None and has_rivals(region.subregions):
                layouts = [
                    lay_out(list(equals), region.size, self.patience)
                    for _, equals in groupby(region.subregions, key=lambda child: child.priority)
                ]
                contested = tuple(layout for layout in layouts if any(layout.disputes()))
                if contested:
                    self.contested[region] = contested
        above = list(self.contested)
        while above:
            region = above.pop()
            if region not in self.leading:
                self.leading.add(region)
                above += region.referrers
                if region.container is not None:
                    above.append(region.container)

    def layout(self, container: MemoryRegion) -> Layout:
        """The layout of a container, made when it is first asked for."""
        layout = self._layouts.get(container)
        if layout is None:
            layout = self._layouts[container] = lay_out(container.subregions, container.size, self.patience)
        return layout

    def pairs(self, container: MemoryRegion) -> dict[Pair, None]:
        """The pairs of a contested container one of which hides the other somewhere, as listed."""
        pairs: dict[Pair, None] = {}
        for top in dict.fromkeys(top for layout in self.contested[container] for top in layout.disputes()):
            self.patience.spend(len(top) * len(top))
            pairs |= dict.fromkeys((top[i], lower) for i in range(len(top)) for lower in top[i + 1 :])
        return pairs


def has_rivals(children: Sequence[MemoryRegion]) -> bool:
    """Whether two enabled children of one priority, at different addresses, overlap."""
    spans = sorted((child.priority, child.addr, child.addr + child.size) for child in children if child.enabled)
    priority, addr, reach, reach_before = None, -1, 0, 0
    for span in spans:
        if span[0] != priority:
            priority, addr, reach, reach_before = span[0], span[1], 0, 0
        elif span[1] != addr:
            addr, reach_before = span[1], reach
        if span[1] < reach_before:
            return True
        reach = max(reach, span[2])
    return False
