"""Clean code that looks as if it leaked: caches until they are full, garbage, buffers, neighbours.

Every function is a cycle that leaves nothing behind, once it has been called 2 000 times.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import ctypes
import decimal
import functools
import importlib
import io
import itertools
import json
import logging
import os
import pickle
import random
import re
import sqlite3
import string
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import leak_stores

Cycle = Callable[[], object]
_raw = ctypes.pythonapi
_raw.PyMem_RawMalloc.restype = ctypes.c_void_p
_raw.PyMem_RawMalloc.argtypes = (ctypes.c_size_t,)
_raw.PyMem_RawFree.argtypes = (ctypes.c_void_p,)


class _Node:
    """Of a tree; where its children know their parent, only the collector can take it away."""

    def __init__(self, parent: _Node | None, depth: int, *, cyclic: bool) -> None:
        self.parent, self.label = parent if cyclic else None, f"{depth}:{random.random()}"
        self.children = [_Node(self, depth - 1, cyclic=cyclic) for _ in range(3)] if depth else []


def tree() -> None:
    """A tree of 121 nodes, dropped at once."""
    _Node(None, 4, cyclic=False)


def tree_with_cycles() -> None:
    """The same as garbage that waits for the collector."""
    _Node(None, 4, cyclic=True)


def _value(depth: int) -> object:
    if depth == 0:
        return random.choice([None, True, random.random(), "".join(random.choices(string.ascii_letters, k=8))])
    if random.random() < 0.5:
        return [_value(depth - 1) for _ in range(random.randrange(5))]
    return {f"k{random.randrange(1000)}": _value(depth - 1) for _ in range(random.randrange(5))}


def random_json() -> None:
    """Random documents, written and read."""
    for _ in range(5):
        json.loads(json.dumps(_value(4)))


def malloc_free() -> None:
    """A hundred allocations of random sizes, freed in another order."""
    taken = [_raw.PyMem_RawMalloc(random.randrange(1, 5000)) for _ in range(100)]
    random.shuffle(taken)
    for one in taken:
        _raw.PyMem_RawFree(one)


def buffers() -> None:
    """Three large buffers side by side, written, around the size from which malloc maps."""
    many = [bytearray(b"x") * random.randrange(64 << 10, 400 << 10) for _ in range(3)]
    random.shuffle(many)
    many.clear()


def threads_joined() -> None:
    """Two threads that end."""
    both = [threading.Thread(target=tree) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()


def subprocess_waited() -> None:
    """A child whose output is read."""
    subprocess.run(["/bin/sh", "-c", "echo x"], stdout=subprocess.PIPE, check=True)


def _counted(function: Callable[[int], object], stop: int) -> Cycle:
    """Calls it with 0, 1, 2, … and from `stop` on with random numbers below."""
    at = 0

    def cycle() -> None:
        nonlocal at
        function(at if at < stop else random.randrange(stop))
        at = min(at + 1, stop)

    return cycle


def _cache(entries: int, work: float = 0.0) -> Callable[[int], object]:
    @functools.lru_cache(maxsize=entries)
    def cached(key: int) -> str:
        return f"the value of {key}" * 10

    def look(key: int) -> None:
        cached(key)
        end = time.perf_counter() + work
        while work and time.perf_counter() < end:
            pass

    return look


def _bounded(entries: int) -> Callable[[int], object]:
    known: dict[int, bytes] = {}

    def look(key: int) -> None:
        known[key] = bytes(100)
        known.pop(key - entries, None)

    return look


def _late(function: Cycle, calls: int, cycle: Cycle) -> Cycle:
    """`cycle`, and from the call of that number on `function` too: what is used for the first time later."""
    at = itertools.count()

    def both() -> None:
        cycle()
        if next(at) >= calls:
            function()

    return both


def _at_random(function: Callable[[int], object], keys: int) -> Cycle:
    return lambda: function(random.randrange(keys))


def free_lists() -> None:
    """As many floats, tuples, lists and dicts as Python keeps for later, and more."""
    many = random.randrange(300)
    [[float(n), (n, n), [n], {n: n}] for n in range(many)].clear()


def interned() -> None:
    """Names of a bounded set, interned and kept as attributes."""
    setattr(_Names, sys.intern(f"name{random.randrange(100)}"), random.random())


class _Names:
    """Holds the interned names."""


LAZY = [
    "wave",
    "mailbox",
    "xmlrpc.client",
    "plistlib",
    "ftplib",
    "imaplib",
    "difflib",
    "cgitb",
    "tarfile",
    "curses.ascii",
]


def _lazy_imports() -> Cycle:
    due = dict(zip(sorted(random.sample(range(3000), len(LAZY))), LAZY, strict=True))
    at = 0

    def cycle() -> None:
        nonlocal at
        if at in due:
            with contextlib.suppress(ImportError):  # what newer releases of Python have no more
                importlib.import_module(due[at])
        at += 1

    return cycle


def regex() -> None:
    """More patterns than Python's cache of them holds."""
    re.match(f"a{random.randrange(700)}b", "a1b")


def _fragmented(allocate: Callable[[int], object], free: Callable[[object], object]) -> Cycle:
    live: list[object] = []

    def cycle() -> None:
        one = allocate(random.randrange(1, 4000))
        if len(live) < 500:
            live.append(one)
        else:
            where = random.randrange(500)
            free(live[where])
            live[where] = one

    return cycle


def start_neighbour() -> None:
    """A thread that takes and gives memory for as long as the process lives."""

    def work() -> None:
        held: list[object] = []
        while True:
            held.append(bytearray(random.randrange(100, 20_000)))
            if len(held) > 50:
                del held[random.randrange(50)]
            time.sleep(random.random() / 1000)

    threading.Thread(target=work, daemon=True).start()


def beside_neighbour() -> None:
    """A little work, while a thread of the same process takes and gives."""
    sorted(str(n) for n in range(30))


def files() -> None:
    """A file, written and read."""
    path = f"/dev/shm/leak-target-{os.getpid()}" if os.path.isdir("/dev/shm") else os.devnull  # noqa: PTH112
    with open(path, "w+") as file:  # noqa: PTH123 (a Path is another target)
        file.write("x" * random.randrange(10_000))
        file.seek(0)
        file.read()
    if path != os.devnull:
        os.unlink(path)  # noqa: PTH108


def logs() -> None:
    """A record through a logger with a handler that is added and taken away."""
    logger = logging.getLogger(f"leak.target.{random.randrange(50)}")
    handler = logging.StreamHandler(io.StringIO())
    logger.addHandler(handler)
    logger.propagate = False
    logger.warning("%s and %s", random.random(), "more")
    logger.removeHandler(handler)


def exceptions() -> None:
    """A traceback through frames that hold something, one exception the cause of another."""

    def deep(depth: int) -> None:
        held = bytearray(100)
        if depth:
            deep(depth - 1)
        raise ValueError(held)

    try:
        try:
            deep(random.randrange(10))
        except ValueError as error:
            raise RuntimeError from error
    except RuntimeError as error:
        keeps = error
        assert keeps.__cause__


def numpy_temporaries() -> None:
    """Arrays of changing size, added up."""
    import numpy

    array = numpy.arange(random.randrange(10, 5000), dtype=float)
    (array * 2 + array[::-1]).sum()


def asyncio_run() -> None:
    """An event loop, made and closed, with three tasks."""

    async def main() -> None:
        await asyncio.gather(*(asyncio.sleep(0) for _ in range(3)))

    asyncio.run(main())


def sqlite() -> None:
    """A database in memory."""
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        database.execute("create table t (a, b)")
        database.executemany("insert into t values (?, ?)", [(n, "x" * n) for n in range(random.randrange(50))])
        database.execute("select sum(a) from t").fetchall()


def generators() -> None:
    """Generators, some of them left before their end."""
    some = [(character for character in string.printable) for _ in range(10)]
    for number, one in enumerate(some):
        for _ in range(number):
            next(one)


def classes() -> None:
    """A class that is garbage, which is a cycle."""
    type(f"Made{random.randrange(100)}", (), {"method": lambda self: self})()


def pickles() -> None:
    """Something nested, pickled and read."""
    pickle.loads(pickle.dumps({n: [decimal.Decimal(n), {n}] for n in range(random.randrange(30))}))


RING: collections.deque[bytes] = collections.deque(maxlen=1000)
"""As long as it ever gets after 1 000 cycles."""


def clean() -> dict[str, Cycle]:
    """The cycles by name."""
    functions: list[Cycle] = [
        tree,
        tree_with_cycles,
        random_json,
        malloc_free,
        buffers,
        threads_joined,
        subprocess_waited,
        free_lists,
    ]
    functions += [interned, regex, files, logs, exceptions, asyncio_run, sqlite, generators, classes, pickles]
    return {
        "nothing": lambda: None,
        **{one.__name__: one for one in functions},
        "lru_cache_in_order": _counted(_cache(1500), 3000),
        "lru_cache_at_random": _at_random(_cache(150), 400),
        "dict_in_order": _counted(_bounded(1900), 4000),
        "dict_at_random": _at_random(_bounded(200), 150),
        "slow_cache": _counted(_cache(1000, 0.0005), 2000),
        "slow_cache_at_random": _at_random(_cache(300, 0.0005), 280),
        "cache_used_late": _late(_counted(_cache(1500), 3000), 400, lambda: None),
        "slow_cache_used_late": _late(_counted(_cache(1500, 0.0005), 3000), 400, tree),
        "saw_tooth_1_500": leak_stores.saw_tooth(1500),
        "saw_tooth_3_000": leak_stores.saw_tooth(3000),
        "saw_tooth_7_000": leak_stores.saw_tooth(7000),
        "saw_tooth_20_000": leak_stores.saw_tooth(20_000),
        "saw_tooth_60_000": leak_stores.saw_tooth(60_000),
        "pool_of_its_own": leak_stores.pool(300),
        "arena_of_chunks": leak_stores.chunks(8),
        "tuples_of_generators": lambda: tuple(n for n in (1, 2)),
        "arena_that_fills": leak_stores.arena(8 << 20),
        "ring": lambda: RING.append(bytes(random.randrange(10))),
        "lazy_imports": _lazy_imports(),
        "fragmented_heap": _fragmented(_raw.PyMem_RawMalloc, _raw.PyMem_RawFree),  # type: ignore[arg-type]
        "fragmented_python": _fragmented(bytes, lambda _: None),
    }


FILLING = {
    "filling_dict_20_000": _counted(_bounded(20_000), 10**9),
    "filling_dict_100_000": _counted(_bounded(100_000), 10**9),
    "last_out_60_000": leak_stores.last_out(60_000),
    "last_out_90_000": leak_stores.last_out(90_000),
    "filling_lru_1_000_000": _counted(_cache(1_000_000), 10**9),
}
"""Caches that are still filling when a tool looks. No tool can tell the last from a leak by its growth."""
