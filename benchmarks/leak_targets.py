"""Leaks that are planted, and clean code that looks like one, for `leak_power.py` and for the tests.

    footprint leaks benchmarks/leak_targets.py:malloc_16
    python benchmarks/leak_targets.py [malloc_16]      # all of them, or the microseconds of a cycle of one

`TARGETS` has them all by name; as attributes of this module they are what a cycle calls. What a target needs before
its first cycle is made when its attribute is read, so that no tool counts it as the target's.
"""

from __future__ import annotations

import ctypes
import functools
import itertools
import mmap
import os
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import leak_clean
import leak_promise

Cycle = Callable[[], object]
KEPT: list[object] = []
"""What the planted leaks hold on to."""


@dataclass(frozen=True)
class Target:
    """`cycle` leaves `left`, or nothing where `kind` is ``clean`` or ``filling`` (a cache that is not full yet).

    `noisy`: the leak is inside work that allocates much more. `prepare` comes before the first cycle.
    """

    name: str
    kind: str
    cycle: Cycle
    left: str = "0"
    noisy: bool = False
    prepare: Cycle = lambda: None


TARGETS: dict[str, Target] = {}


def __getattr__(name: str) -> Cycle:
    """The cycle of the target of that name, which is made ready; of `promised`, as the environment has it."""
    if name == "promised":
        return leak_promise.promised()
    if name not in TARGETS:
        raise AttributeError(f"no target {name!r}")
    TARGETS[name].prepare()
    return TARGETS[name].cycle


# What a leak leaves.

_raw = ctypes.pythonapi  # its calls of malloc go through the table that memray rewrites; those of ctypes itself do not
_raw.PyMem_RawMalloc.restype = _raw.PyMem_RawCalloc.restype = ctypes.c_void_p
_raw.PyMem_RawMalloc.argtypes = (ctypes.c_size_t,)
_raw.PyMem_RawFree.argtypes = (ctypes.c_void_p,)
_libc = ctypes.CDLL(None)
_libc.malloc.restype = _libc.mmap.restype = ctypes.c_void_p
_libc.malloc.argtypes = (ctypes.c_size_t,)
_libc.free.argtypes = (ctypes.c_void_p,)
_libc.mmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long)


def _array(size: int) -> None:
    import numpy

    KEPT.append(numpy.zeros(size, "u1"))


def _cycle_kept(_: int) -> None:
    itself: list[object] = []
    itself.append(itself)
    KEPT.append(itself)


def _thread(_: int) -> None:
    threading.Thread(target=threading.Event().wait, daemon=True).start()


ARENA: list[mmap.mmap] = []


def _touched(size: int, used: Iterator[int] = itertools.count()) -> None:  # noqa: B008 (one for all calls)
    """A page of what was mapped before, used for the first time."""
    if not ARENA:
        ARENA.append(mmap.mmap(-1, 2 << 30, PRIVATE))
    ARENA[0][next(used) * size] = 1


PRIVATE = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
LEAVES: dict[str, Callable[[int], object]] = {
    "malloc": _raw.PyMem_RawMalloc,
    "malloc_by_ctypes": _libc.malloc,
    "mmap": lambda size: KEPT.append(mmap.mmap(-1, size, PRIVATE)),
    "mmap_by_ctypes": lambda size: _libc.mmap(None, size, mmap.PROT_READ | mmap.PROT_WRITE, PRIVATE, -1, 0),
    "mmap_shared": lambda size: KEPT.append(mmap.mmap(-1, size)),  # each a mapping of its own: shared ones never merge
    "touched": _touched,
    "fd": lambda _: os.open(os.devnull, os.O_RDONLY),
    "thread": _thread,
    "object": lambda _: KEPT.append(object()),
    "list": lambda size: KEPT.append(bytes(max(0, size - 33))),  # 33 bytes are the object's own
    "cycle": _cycle_kept,
    "ctypes_buffer": lambda size: KEPT.append(ctypes.create_string_buffer(size)),
    "numpy_array": _array,
}
KIB, MIB = 1 << 10, 1 << 20
SIZES = {
    "malloc": (16, 64, KIB, 64 * KIB, MIB),
    "malloc_by_ctypes": (16,),
    "mmap": (4 * KIB, MIB),
    "mmap_by_ctypes": (4 * KIB, MIB),
    "mmap_shared": (4 * KIB,),
    "touched": (4 * KIB,),
    "list": (64, KIB, MIB),
    "ctypes_buffer": (16, 64 * KIB),
    "numpy_array": (16, MIB),
}
RARE = {"malloc": 64, "mmap": 4 * KIB, "list": 64, "ctypes_buffer": 64, "numpy_array": 64}
"""What leaks in every 10th and in 1 % of the cycles, where it has a size."""
WITHOUT_SIZE = ("fd", "thread", "object", "cycle")


def _tenth(leave: Callable[[int], object], size: int) -> Cycle:
    turn = itertools.cycle(range(10))

    def cycle() -> None:
        if next(turn) == 0:
            leave(size)

    return cycle


def _one_percent(leave: Callable[[int], object], size: int) -> Cycle:
    def cycle() -> None:
        if random.random() < 0.01:
            leave(size)

    return cycle


def _plant(what: str, size: int, within: Cycle | None = None, where: str = "") -> None:
    leave = LEAVES[what]
    shown = f"{size} B" if size < KIB else f"{size // KIB} KiB" if size < MIB else f"{size // MIB} MiB"
    left = shown if size else f"1 {what}"
    name = f"{what}_{size}" if size else what

    def both() -> None:
        within()  # type: ignore[misc]
        leave(size)

    if within is not None:
        TARGETS[f"{name}_in_{where}"] = Target(f"{name}_in_{where}", "leak", both, left, noisy=True)
        return
    if size == RARE.get(what, 0):
        for share, cycle in (("10th", _tenth(leave, size)), ("1pc", _one_percent(leave, size))):
            words = f"{left} in {'every 10th' if share == '10th' else '1 %'}"
            TARGETS[f"{name}_{share}"] = Target(f"{name}_{share}", "leak", cycle, words)
    if not size or size in SIZES[what]:
        TARGETS[name] = Target(name, "leak", functools.partial(leave, size), left)


def _table(factor: float) -> Cycle:
    """A buffer that is filled by 8 bytes a cycle, and grows so many times when it is full."""
    filled, table = itertools.count(8, 8), [bytearray(16)]

    def cycle() -> None:
        if next(filled) > len(table[0]):
            table[0] = bytearray(int(factor * len(table[0])) + 1)

    return cycle


def _known() -> Cycle:
    """A set of what lives anyway: only its table grows, by four."""
    numbers, known = [*range(4_000_000)], set[int]()
    upcoming = iter(numbers)
    return lambda: known.add(next(upcoming))


def _arena() -> Cycle:
    """An allocator of one's own, that takes chunks of 256 KiB from the kernel and gives nothing back."""
    chunks: list[mmap.mmap] = []
    used = itertools.count(0, 256)

    def cycle() -> None:
        place, at = divmod(next(used), 256 * KIB)
        if place == len(chunks):
            chunks.append(mmap.mmap(-1, 256 * KIB, PRIVATE))
        chunks[-1][at] = 1

    return cycle


STEPWISE = {
    "table_by_an_eighth": (lambda: _table(1.125), "8 B in steps"),
    "table_by_2": (lambda: _table(2), "8 B in steps"),
    "table_by_3": (lambda: _table(3), "8 B in steps"),
    "table_by_4": (lambda: _table(4), "8 B in steps"),
    "table_by_10": (lambda: _table(10), "8 B in steps"),
    "set_of_known": (_known, "24 B in steps"),
    "arena_of_its_own": (_arena, "256 B of pages"),
}
"""What grows in steps ever further apart, or in an allocator of its own; each is made when it is asked for."""


def _late(make: Callable[[], Cycle]) -> tuple[Cycle, Cycle]:
    """The cycle of what `make` makes, and what has it made."""
    made: list[Cycle] = []

    def cycle() -> object:
        return made[0]()

    return cycle, lambda: made.append(make())


def _fill() -> None:
    for what in LEAVES:
        for size in sorted({*SIZES.get(what, ()), *([RARE[what]] if what in RARE else [])}) or [0]:
            _plant(what, size)
    for what, size in (("malloc", 16), ("object", 0)):
        for where in (leak_clean.tree, leak_clean.random_json, leak_clean.malloc_free, leak_clean.buffers):
            _plant(what, size, where, where.__name__)
    for name, cycle in leak_clean.clean().items():
        TARGETS[name] = Target(name, "clean", cycle)
    TARGETS["noisy_neighbour"] = Target(
        "noisy_neighbour", "clean", leak_clean.beside_neighbour, prepare=leak_clean.start_neighbour
    )
    TARGETS["numpy_temporaries"] = Target("numpy_temporaries", "clean", leak_clean.numpy_temporaries)
    for name, (make, left) in STEPWISE.items():
        cycle, prepare = _late(make)
        TARGETS[name] = Target(name, "leak", cycle, left, prepare=prepare)
    for name, cycle in leak_clean.FILLING.items():
        TARGETS[name] = Target(name, "filling", cycle)


_fill()


def main(name: str = "") -> None:
    """Print the microseconds of a cycle of the target, the median of 100 after 50; or without one, their names."""
    if not name:
        print("\n".join(f"{one.name:<28} {one.left}" for one in TARGETS.values()))
        return
    cycle, taken = __getattr__(name), []
    for _ in range(150):
        started = time.perf_counter()
        cycle()
        taken.append(time.perf_counter() - started)
    print(f"{sorted(taken[50:])[50] * 1e6:.1f} {TARGETS[name].left}")


if __name__ == "__main__":
    main(*sys.argv[1:])
