"""Deferred freeing: what QEMU released, but RCU has not freed yet.

QEMU frees a view only after a grace period, and no grace period ends while a machine is being built,
because the thread that would free waits for the big lock. So all views that a start-up throws away are
allocated at once; that is why they cost gigabytes (FACTS §4.3).
"""

from __future__ import annotations

from typing import NamedTuple


class Load(NamedTuple):
    """What some views weigh: their number, their bytes as allocated, and the bytes that are touched."""

    views: int = 0
    bytes: int = 0
    resident: int = 0

    def plus(self, other: Load) -> Load:
        """Both together."""
        return Load(self.views + other.views, self.bytes + other.bytes, self.resident + other.resident)

    def less(self, other: Load) -> Load:
        """This without `other`."""
        return Load(self.views - other.views, self.bytes - other.bytes, self.resident - other.resident)

    def one_of(self, count: int) -> Load:
        """The part of one among `count` equal ones."""
        return Load(self.views // count, self.bytes // count, self.resident // count)


NO_LOAD = Load()


class Reclaimer:
    """What waits for the grace period, and how many views have been freed so far."""

    def __init__(self) -> None:
        self.waiting = NO_LOAD
        self.freed = 0

    def retire(self, load: Load) -> None:
        """`load` is released: it stays allocated until the grace period ends."""
        self.waiting = self.waiting.plus(load)

    def grace(self) -> None:
        """The grace period ends: everything that waited is freed."""
        self.freed += self.waiting.views
        self.waiting = NO_LOAD
