"""What the n-th ``mem_map`` of a Unicorn engine costs: ``python -m footprint.engines.map_curve``, a child of its own.

The task comes as JSON on stdin: ``{"arch", "maps", "engines", "leak_engines"}``. The answer goes as JSON to stdout: the
release, and for each engine the seconds of every map, the resident bytes after it, and what the C heap kept of engines
that were opened, mapped and dropped.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from typing import Any

from footprint.engines.unicorn_cycles import engine_maker
from footprint.errors import FootprintError, MeasurementError
from footprint.process.glibc_heap import heap_reader
from footprint.process.smaps import resident

PAGE = 0x10000
"""Bytes of each map, and as many between two of them: Unicorn joins nothing, so each is a region of its own."""
BASE = 0x100000


def curve(make: Any, maps: int) -> dict[str, list[float] | list[int]]:
    """One engine: the seconds of each map, and the resident bytes after it."""
    engine = make()
    seconds, bytes_after = [], []
    for number in range(maps):
        started = time.perf_counter()
        engine.mem_map(BASE + 2 * PAGE * number, PAGE)
        seconds.append(time.perf_counter() - started)
        bytes_after.append(resident(os.getpid()))
    return {"seconds": seconds, "resident": bytes_after}


def leak(make: Any, engines: int) -> float:
    """Bytes of the C heap that an engine with one map leaves behind, after some that warm up."""
    read = heap_reader()
    if read is None:
        raise MeasurementError("the C library does not tell what its heap has in use; glibc 2.33 and later do")
    before = 0
    for number in range(2 * engines):
        if number == engines:
            gc.collect()
            before = sum(read())
        make().mem_map(BASE, PAGE)
    gc.collect()
    return (sum(read()) - before) / engines


def main() -> int:
    """Answer the task on stdin."""
    task = json.load(sys.stdin)
    try:
        make, release = engine_maker(task["arch"])
        curves = [curve(make, task["maps"]) for _ in range(task["engines"])]
        answer = {"release": release, "curves": curves, "leak": leak(make, task["leak_engines"])}
    except FootprintError as error:
        answer = {"error": str(error)}
    json.dump(answer, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
