"""What the n-th ``mem_map`` of a Unicorn engine costs: ``python -m footprint.engines.map_curve``, a child of its own.

The task comes as JSON on stdin: ``{"arch", "maps", "engines", "leak_engines"}``. The answer goes as JSON to stdout: the
release, and for each engine the seconds of every map, the resident bytes after it, and what the C heap kept of engines
that were opened, mapped and dropped.
"""

from __future__ import annotations

import ctypes
import gc
import json
import sys
import time
from typing import Any

from footprint.engines.unicorn_cycles import engine_maker
from footprint.errors import FootprintError

PAGE = 0x10000
"""Bytes of each map, and as many between two of them: Unicorn joins nothing, so each is a region of its own."""
BASE = 0x100000


class _HeapCounters(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            "arena",
            "ordblks",
            "smblks",
            "hblks",
            "hblkhd",
            "usmblks",
            "fsmblks",
            "uordblks",
            "fordblks",
            "keep",
        )
    ]


def heap_bytes() -> int:
    """Bytes of the C heap in use, mmapped blocks included."""
    read = ctypes.CDLL(None).mallinfo2
    read.restype = _HeapCounters
    counters = read()
    return int(counters.uordblks) + int(counters.hblkhd)


def resident_bytes() -> int:
    """Bytes resident now."""
    with open("/proc/self/statm") as file:  # noqa: PTH123 (a Path costs as much as the reading)
        return int(file.read().split()[1]) * 4096


def curve(make: Any, maps: int) -> dict[str, list[float] | list[int]]:
    """One engine: the seconds of each map, and the resident bytes after it."""
    engine = make()
    seconds, resident = [], []
    for number in range(maps):
        started = time.perf_counter()
        engine.mem_map(BASE + 2 * PAGE * number, PAGE)
        seconds.append(time.perf_counter() - started)
        resident.append(resident_bytes())
    return {"seconds": seconds, "resident": resident}


def leak(make: Any, engines: int) -> float:
    """Bytes of the C heap that an engine with one map leaves behind, after some that warm up."""
    before = 0
    for number in range(2 * engines):
        if number == engines:
            gc.collect()
            before = heap_bytes()
        make().mem_map(BASE, PAGE)
    gc.collect()
    return (heap_bytes() - before) / engines


def main() -> int:
    """Answer the task on stdin."""
    task = json.load(sys.stdin)
    try:
        make, release = engine_maker(task["arch"])
    except FootprintError as error:
        json.dump({"error": str(error)}, sys.stdout)
        return 0
    curves = [curve(make, task["maps"]) for _ in range(task["engines"])]
    json.dump({"release": release, "curves": curves, "leak": leak(make, task["leak_engines"])}, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
