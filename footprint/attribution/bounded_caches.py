"""Whether what grows is in a cache that has a bound and has not reached it: then it is no leak, or not yet.

The proof is an experiment: emptying the cache must free as much per entry as the cycles leave. Nothing is measured
after it.
"""

from __future__ import annotations

import functools
import os
from collections import OrderedDict, deque
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from footprint.attribution.reference_path import ReferencePath, WaysUp, named
from footprint.attribution.referrers import Holders, occupied
from footprint.process.resources import INSIDE, OUTSIDE, Inside, Outside, collect
from footprint.units import count_text
from footprint.verdict.place import counted

EXACT = ("python.blocks", "gc.objects", "fds", "threads", "children")
COARSE = ("heap.bytes", "maps", "vm.bytes")
"""Tables and pages come in pieces, so of these less must come back."""
MOST_BACK, LEAST_BACK = 0.8, 0.4
BOUNDS = ("maxsize", "max_size", "maxlen", "capacity")
"""What people call the bound of a cache of their own."""


class Bounded:
    """A cache of `used` entries of at most `bound`, that grew by `rate` entries per cycle."""

    def __init__(self, cache: Any, used: int, bound: int, rate: float, name: str) -> None:
        self._cache, self.used, self.bound, self.rate, self.name = cache, used, bound, rate, name

    def empty(self) -> None:
        """Take everything out of it."""
        if isinstance(self._cache, functools._lru_cache_wrapper):
            self._cache.cache_clear()
        else:
            self._cache.clear()


def bounded(holders: Holders, growing: list[tuple[Any, float]], up: WaysUp) -> list[Bounded]:
    """The caches among what grows that are not full."""
    caches = []
    for number, rate in holders.cached.grown().items():
        cache = holders.caches[number]
        used, bound = occupied(cache), _bound(cache)
        if bound is not None and used < bound:
            caches.append(Bounded(cache, used, bound, rate, _name(cache, up.way(cache))))
    for container, rate in growing:
        way = up.way(container)
        if any(isinstance(holder, functools._lru_cache_wrapper) or occupied(holder) for holder in way.holders):
            continue
        bound = next((most for each in (container, *way.holders[:2]) if (most := _bound(each)) is not None), 0)
        if len(container) < bound and hasattr(container, "clear"):
            caches.append(Bounded(container, len(container), bound, rate, _name(container, way)))
    return caches


def sentence(caches: list[Bounded], rates: Mapping[str, float]) -> str:
    """Why it cannot be told, if emptying the `caches` frees what grows; they are empty after it. Else nothing."""
    if not caches:
        return ""
    deciding = [name for name in EXACT if name in rates] or [name for name in COARSE if name in rates][:1]
    needed = dict.fromkeys(deciding, MOST_BACK)
    if "heap.bytes" in rates:
        needed["heap.bytes"] = LEAST_BACK
    freed = dict.fromkeys(needed, 0.0)
    for cache in caches:
        before = _held()
        with suppress(Exception):  # somebody's clear()
            cache.empty()
        after = _held()
        for name in freed:
            freed[name] += (before[name] - after[name]) / cache.used * cache.rate
    if any(freed[name] < share * rates[name] for name, share in needed.items()):
        return ""
    first = max(caches, key=lambda cache: cache.rate)
    return (
        f"what grows is in {first.name}, which is still filling: {count_text(first.used)} of "
        f"{count_text(first.bound)} entries, {counted(first.rate, 'entry', 'entries')} a cycle"
    )


def _held() -> dict[str, int]:
    collect()
    return dict(zip((*INSIDE, *OUTSIDE), (*Inside().read(), *Outside(os.getpid()).read()), strict=True))


def _bound(cache: Any) -> int | None:
    """The most entries that it may have."""
    if isinstance(cache, functools._lru_cache_wrapper):
        return cache.cache_info().maxsize
    if isinstance(cache, deque):
        return cache.maxlen
    if type(cache) is dict and not isinstance(cache, OrderedDict):  # what stands in a namespace is no bound of it
        return None
    for name in BOUNDS:
        with suppress(Exception):
            value = getattr(cache, name)
            if isinstance(value, int) and not isinstance(value, bool):
                return value
    return None


def _name(cache: Any, way: ReferencePath) -> str:
    return f"the {named(type(cache))} {way.text}"
