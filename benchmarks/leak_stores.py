"""What fills up or falls back, and so is clean: caches that are cleared, arenas, pools.

Each function makes the cycle of one.
"""

from __future__ import annotations

import itertools
import mmap
import random
from collections.abc import Callable

Cycle = Callable[[], object]


def saw_tooth(entries: int) -> Cycle:
    """A cache that is cleared when it is full."""
    cache: dict[int, object] = {}

    def cycle() -> None:
        cache[len(cache)] = object()
        if len(cache) >= entries:
            cache.clear()

    return cycle


def last_out(entries: int) -> Cycle:
    """A dictionary whose last entry goes for each that comes when it is full: its table grows once more."""
    kept: dict[int, None] = {}
    numbers = itertools.count(1000)  # below, an int is there anyway

    def cycle() -> None:
        kept[next(numbers)] = None
        if len(kept) > entries:
            kept.popitem()

    return cycle


def arena(size: int) -> Cycle:
    """Memory that is mapped once, touched piece by piece, and then again from its start."""
    arenas: list[mmap.mmap] = []
    used = [0]

    def cycle() -> None:
        if not arenas:
            arenas.append(mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
        arenas[0][used[0] % size] = 1
        used[0] += 256

    return cycle


def pool(most: int) -> Cycle:
    """A free list of one's own: blocks that were given back are kept for later, up to so many."""
    free: list[bytearray] = []

    def cycle() -> None:
        taken = [free.pop() if free else bytearray(600) for _ in range(random.randrange(8))]
        free.extend([*taken, bytearray(600)][: most - len(free)])

    return cycle


def chunks(most: int) -> Cycle:
    """An arena that takes chunks of 64 KiB until it has so many, and is emptied then."""
    chunks: list[mmap.mmap] = []
    used = [0]

    def cycle() -> None:
        place, at = divmod(used[0], 64 << 10)
        if place == len(chunks):
            chunks.append(mmap.mmap(-1, 64 << 10, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
        chunks[place][at] = 1
        used[0] = (used[0] + 256) % (most * (64 << 10))

    return cycle
