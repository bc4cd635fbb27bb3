"""Deferred freeing: what QEMU released, but RCU has not freed yet.

QEMU frees a view only after a grace period, and no grace period ends while a machine is being built,
because the thread that would free waits for the big lock. So all views that a start-up throws away are
allocated at once; that is why they cost gigabytes (docs/qemu-memory.md, "Grace period").
"""

from __future__ import annotations

from typing import NamedTuple


class MemoryUse(NamedTuple):
    """What some views weigh: their number, their bytes as allocated, and the bytes that are touched."""

    views: int = 0
    bytes: int = 0
    resident: int = 0

    def plus(self, other: MemoryUse) -> MemoryUse:
        """Both together."""
        return MemoryUse(self.views + other.views, self.bytes + other.bytes, self.resident + other.resident)

    def less(self, other: MemoryUse) -> MemoryUse:
        """This without `other`."""
        return MemoryUse(self.views - other.views, self.bytes - other.bytes, self.resident - other.resident)

    def one_of(self, count: int) -> MemoryUse:
        """The part of one among `count` equal ones."""
        return MemoryUse(self.views // count, self.bytes // count, self.resident // count)


NO_MEMORY = MemoryUse()


class Reclaimer:
    """What waits for the grace period, and how many views have been freed so far."""

    def __init__(self) -> None:
        self.waiting = NO_MEMORY
        self.freed = 0

    def retire(self, load: MemoryUse) -> None:
        """`load` is released: it stays allocated until the grace period ends."""
        self.waiting = self.waiting.plus(load)

    def recall(self, load: MemoryUse) -> None:
        """Of what waits, `load` is still held by somebody: it waits no longer."""
        self.waiting = self.waiting.less(load)

    def grace(self, ends: bool = True) -> None:
        """The grace period ends, if it `ends`: everything that waited is freed."""
        if not ends:
            return
        self.freed += self.waiting.views
        self.waiting = NO_MEMORY
