"""What holds the objects that cycles leave: containers that grow, types of which there are more and more.

What lived before is frozen at each reading, so that at the next the collector lists only what the cycles left.
"""

from __future__ import annotations

import functools
import gc
import sys
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from itertools import islice
from types import FrameType, TracebackType
from typing import Any

from footprint.attribution.growth import STEADY, KeyedGrowth
from footprint.attribution.reference_path import TOO_FAR, WITHOUT_NAME, ReferencePath, WaysUp, named
from footprint.attribution.undisturbed import UNFREEZE
from footprint.process import clock
from footprint.verdict.place import Place, PlaceKind, counted, largest

CONTAINERS = (list, dict, set, deque, bytearray)
UNTRACKED = (dict, bytearray)
"""Those that the collector need not know."""
SECONDS = 0.3
"""What looking for their holders may take."""
MOST_TYPES, MOST_CONTAINERS = 5, 8
EXPLAINS = ("python.blocks", "gc.objects", "heap.bytes")
MANY, LEAST_ENTRIES = 50_000, 8
"""Objects; where there are so many, containers of a few entries are not looked at: what leaks has more by now."""
LEAST = 0.002
"""Entries per cycle."""
STAYING = 0.25
"""Of the new objects of a type, by which all must have become more."""
OURS = 3
"""References to a container of our list that nobody else has: the list's, the loop's, and the call's that counts."""
ALONE = (BaseException, TracebackType)
"""Of Python's own classes, those that say something where C code holds them; others are parts of something."""


class Holders:
    """Read at the start, after n cycles, and after 2n more; `freeze` after each reading."""

    def __init__(self, cycles: int) -> None:
        self._cycles, self._types = cycles, KeyedGrowth(cycles)
        self._lengths: list[list[int]] = []
        self._exact = 0  # so many of the containers, the first, are no subclasses
        self.containers: list[Any] = []
        self.caches: list[Any] = []
        self.cached = KeyedGrowth(cycles)
        self._new: Counter[type] = Counter()
        self._living: Counter[type] = Counter()
        self._fresh: dict[type, tuple[Any, Any]] = {}

    def start(self) -> None:
        """Find every container that there is, and read."""
        UNFREEZE()
        objects = gc.get_objects()
        self._living = kinds = Counter(map(type, objects))
        of_kind = {kind: _kind(kind) for kind in (*kinds, *UNTRACKED)}
        # A buffer, or a dictionary of plain values, is not known to the collector, but what refers to it is; objects of
        # which there are very many are what leaks, and hold nothing that is older than they are.
        few = [obj for obj in objects if kinds[type(obj)] < MANY or type(obj) is dict]
        plain = {id(obj): obj for obj in gc.get_referents(*few) if type(obj) in UNTRACKED and not gc.is_tracked(obj)}
        least = LEAST_ENTRIES if len(objects) > MANY else 0
        every = [obj for obj in (*objects, *plain.values()) if of_kind[type(obj)] == 1 and _length(obj) >= least]
        exact = [obj for obj in every if type(obj) in CONTAINERS]
        self._exact = len(exact)
        self.containers = [*exact, *(obj for obj in every if type(obj) not in CONTAINERS)]
        self.caches = [obj for obj in objects if of_kind[type(obj)] == 2]
        self._read()

    def read(self) -> None:
        """Count what is new since it was last frozen."""
        self._fresh.clear()
        for obj in gc.get_objects():
            kind = type(obj)
            self._new[kind] += 1
            # The newest is at one of the ends: each collection may turn the order.
            first, _ = self._fresh.get(kind, (obj, obj))
            self._fresh[kind] = first, obj
        self._read()

    def release(self) -> None:
        """Forget every object; only what was read is kept."""
        self.containers.clear()
        self._fresh.clear()

    def freeze(self) -> None:
        """What there is now is old."""
        gc.freeze()

    def _read(self) -> None:
        self._types.add(dict(self._new))
        # Numbers in a list, and no function of Python: tracemalloc looks at whatever is made here, too.
        exact = map(len, islice(self.containers, self._exact))
        self._lengths.append([*exact, *map(_length, islice(self.containers, self._exact, None))])
        self.cached.add({number: occupied(cache) for number, cache in enumerate(self.caches)})

    def growing(self) -> list[tuple[Any, float]]:
        """The containers that grew, and by how many entries per cycle; the fastest first."""
        growth, rows = KeyedGrowth(self._cycles), list(zip(*self._lengths, strict=True))
        grown = {n: row for n, row in enumerate(rows) if row[2] > row[0]}
        for reading in range(3):
            growth.add({n: row[reading] for n, row in grown.items()})
        ours = {id(self.__dict__), *map(id, vars(self).values())}
        growing = [
            (self.containers[n], rate)
            for n, rate in growth.grown().items()
            if rate > LEAST and id(self.containers[n]) not in ours
        ]
        return sorted(growing, key=lambda pair: -pair[1])[:MOST_CONTAINERS]

    def by_course(self) -> tuple[list[Any], list[Any]]:
        """The containers that grew, and those whose length stayed the same, however few or many entries they have."""
        rows = list(zip(*self._lengths, strict=True))
        grown = [self.containers[n] for n, row in enumerate(rows) if row[2] > row[0]]
        full = [self.containers[n] for n, row in enumerate(rows) if row[0] == row[1] == row[2] > 0]
        # What a lru_cache remembers is seen by itself only, and not in its dictionary.
        fills = self.cached.grown()
        for number, cache in enumerate(self.caches):
            if isinstance(cache, functools._lru_cache_wrapper):
                (grown if number in fills else full).append(cache)
        return grown, full

    def places(self, growing: list[tuple[Any, float]], rates: Mapping[str, float]) -> list[Place]:
        """Who holds what the cycles left."""
        metrics = tuple(name for name in EXPLAINS if name in rates)
        UNFREEZE()
        ours = [self.__dict__, self.containers, self.caches, self._fresh, *self._fresh.values(), growing, *growing]
        up = WaysUp(clock.seconds() + SECONDS, ours)
        places, known = [], {id(container) for container, _ in growing}
        for container, rate in growing:
            way = up.way(container)
            if any(id(holder) in known for holder in way.holders):
                continue  # it is an entry of another one that grows
            places.append(_of_container(container, rate, way, metrics))
        return largest([*places, *self._of_types(up, [container for container, _ in growing], metrics)])

    def _of_types(self, up: WaysUp, containers: list[Any], metrics: tuple[str, ...]) -> Iterable[Place]:
        """Types that grow, where no container that grows holds them."""
        grown = {kind: rate for kind, rate in self._types.grown().items() if rate >= STEADY and kind is not FrameType}
        # Of some the new ones only take the place of older ones, as in a ring; which may live for us alone.
        living = Counter(map(type, gc.get_objects()))
        living -= Counter(type(obj) for obj in self.containers if sys.getrefcount(obj) <= OURS)
        least = STAYING * 3 * self._cycles
        grown = {kind: rate for kind, rate in grown.items() if living[kind] - self._living[kind] >= least * rate}
        # Their own parts are told by the objects that are of somebody's class.
        ranked = sorted(grown, key=lambda kind: (kind.__module__ == "builtins", -grown[kind]))[:MOST_TYPES]
        known = {id(container) for container in containers}
        entries = {type(_newest(container)) for container in containers}
        for kind in ranked:
            if kind not in self._fresh or kind in entries:
                continue
            way = min((up.way(obj) for obj in self._fresh[kind]), key=lambda way: (not way.is_named, len(way.holders)))
            if not way.is_named and (_is_part(kind) or way.text == TOO_FAR):
                continue
            wholes = {other for other in grown if other is not kind and (way.is_named or not _is_part(other))}
            if any(type(holder) in wholes or id(holder) in known for holder in way.holders):
                continue
            size = grown[kind] * sys.getsizeof(self._fresh[kind][1])
            amount = counted(grown[kind], named(kind), named(kind))
            yield Place(PlaceKind.TYPE, f"held by {way.text}", metrics, amount, grown[kind], "objects", size)


def _is_part(kind: type) -> bool:
    """Whether it says nothing where only C code holds it."""
    return kind.__module__ == "builtins" and not issubclass(kind, ALONE)


def _of_container(container: Any, rate: float, way: ReferencePath, metrics: tuple[str, ...]) -> Place:
    newest = _newest(container)
    name = named(type(newest)) if newest is not None else "None"
    words = ("byte", "bytes") if isinstance(container, bytearray) else (name, name)
    entry = f"[{_length(container) - 1}]" if isinstance(container, list) else ""
    where = way.of_module(entry) if way.module else WITHOUT_NAME.get(way.text, way.text)
    holder = f"held by {'a ' if way.text in WITHOUT_NAME else ''}{named(type(container))} {where}"
    size = rate * per_entry(container)
    return Place(PlaceKind.HOLDER, holder, metrics, counted(rate, *words), rate, "entries", size)


def per_entry(container: Any) -> float:
    """Bytes that a container itself takes for an entry."""
    return sys.getsizeof(container) / max(1, _length(container))


def occupied(cache: Any) -> int:
    """Entries of a cache that says how many it may have."""
    try:
        return int(cache.cache_info().currsize if isinstance(cache, functools._lru_cache_wrapper) else cache.currsize)
    except Exception:  # somebody's property
        return 0


def _kind(kind: type) -> int:
    """1 for a container, 2 for a cache with a bound of its own, 0 for anything else."""
    if kind is functools._lru_cache_wrapper or (hasattr(kind, "maxsize") and hasattr(kind, "currsize")):
        return 2
    try:
        return int(issubclass(kind, CONTAINERS))
    except TypeError:
        return 0


def _length(container: Any) -> int:
    """Without what a subclass may think of its length."""
    if type(container) in CONTAINERS:
        return len(container)
    kind: Any = next(kind for kind in CONTAINERS if isinstance(container, kind))
    return int(kind.__len__(container))


def _newest(container: Any) -> Any:
    """The entry that came last, or any."""
    try:
        if isinstance(container, dict):
            return next(reversed(list(islice(reversed(dict.values(container)), 1))), None)
        if isinstance(container, list | deque):
            return container[-1]
        return next(iter(container), None)
    except (RuntimeError, TypeError, IndexError):
        return None
