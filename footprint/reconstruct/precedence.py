"""Which sibling lies over which: what is known of pairs, what follows from it, and an order that keeps to it."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heapify, heappop, heappush

from footprint.memory.region import MemoryRegion
from footprint.reconstruct.overlaps import Pair, Patience


class Precedence:
    """Which sibling lies over which: pairs in the order in which they were put, and what follows from several."""

    def __init__(self, patience: Patience) -> None:
        self.pairs: list[Pair] = []
        self._below: dict[MemoryRegion, dict[MemoryRegion, None]] = {}
        self._patience = patience

    def is_over(self, upper: MemoryRegion, lower: MemoryRegion) -> bool:
        """Whether the pairs known so far put `upper` over `lower`."""
        seen = {upper}
        stack = [upper]
        while stack:
            for region in self._below.get(stack.pop(), ()):
                self._patience.spend(1)
                if region is lower:
                    return True
                if region not in seen:
                    seen.add(region)
                    stack.append(region)
        return False

    def put(self, upper: MemoryRegion, lower: MemoryRegion) -> bool:
        """Put `upper` over `lower`, unless the contrary is known; says whether that could be."""
        below = self._below.setdefault(upper, {})
        if lower in below:
            return True
        if self.is_over(lower, upper):
            return False
        below[lower] = None
        self.pairs.append((upper, lower))
        return True

    def forget(self, count: int) -> None:
        """Keep only the first `count` pairs."""
        while len(self.pairs) > count:
            upper, lower = self.pairs.pop()
            del self._below[upper][lower]

    def allows(self, pairs: Iterable[Pair]) -> bool:
        """Whether none of `pairs` is known to be the other way round."""
        return not any(self.is_over(lower, upper) for upper, lower in pairs)

    def holds(self, pairs: Iterable[Pair]) -> bool:
        """Whether all of `pairs` are known."""
        return all(self.is_over(upper, lower) for upper, lower in pairs)

    def sort(self, siblings: list[MemoryRegion]) -> list[MemoryRegion]:
        """`siblings`, the upper ones first; those of which nothing is known stay in order."""
        number = {region: i for i, region in enumerate(siblings)}
        waiting = dict.fromkeys(siblings, 0)
        for region in siblings:
            for lower in self._below.get(region, ()):
                waiting[lower] += 1
        ready = [number[region] for region, count in waiting.items() if not count]
        heapify(ready)
        order: list[MemoryRegion] = []
        while ready:
            region = siblings[heappop(ready)]
            order.append(region)
            for lower in self._below.get(region, ()):
                waiting[lower] -= 1
                if not waiting[lower]:
                    heappush(ready, number[lower])
        return order
