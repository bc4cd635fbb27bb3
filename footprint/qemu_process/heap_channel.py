"""Ways to read the heap of a running QEMU to the byte: a preloaded library, or gdb.

The library is the better one: a reading disturbs nothing, and it can say where. gdb stops QEMU for a third of a second
and has it call glibc's ``malloc_info``; that works without a compiler, and on a QEMU that runs already.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from footprint.errors import MeasurementError
from footprint.process.child import Child, find_program
from footprint.process.heap_watch import HeapWatch

SECONDS = 20
QUIET, READS, MOST_READS = 0.001, 5, 300
"""Seconds between two readings, how many alike mean that QEMU is done, and after how many we no longer wait."""
_SUM = re.compile(r'<(total|system) type="(fast|rest|mmap|current)"(?: count="\d+")? size="(\d+)"/>')


class HeapChannel(Protocol):
    """Reads the heap of a QEMU; `name` says how, for people. `is_cheap`: a reading takes milliseconds."""

    name: str
    is_cheap: bool

    def read(self) -> Mapping[str, int]:
        """``heap.bytes``, and ``heap.blocks`` where they are known; raises MeasurementError."""


@dataclass
class Preloaded:
    """By the library that counts in `watch`."""

    watch: HeapWatch
    name: str = "a preloaded library"
    is_cheap: bool = True

    def read(self) -> Mapping[str, int]:
        """Once QEMU has freed what it answered with."""
        last, alike = self.watch.read(), 0
        for _ in range(MOST_READS):
            time.sleep(QUIET)
            now = self.watch.read()
            alike = alike + 1 if now == last else 0
            last = now
            if alike == READS:
                break
        return {"heap.bytes": last[0], "heap.blocks": last[1]}


@dataclass
class ByGdb:
    """By gdb, which has the process `pid` call ``malloc_info``."""

    pid: int
    name: str = "gdb (malloc_info)"
    is_cheap: bool = False

    def read(self) -> Mapping[str, int]:
        """What glibc gave and did not get back, with its own words for each block."""
        file = os.memfd_create("footprint-malloc-info")
        try:
            path = f"/proc/{os.getpid()}/fd/{file}"
            orders = (
                "sharedlibrary libc.so",
                f'set $file = ((void *(*)(const char *, const char *)) fopen)("{path}", "w")',
                "call ((int (*)(int, void *)) malloc_info)(0, $file)",
                "call ((int (*)(void *)) fclose)($file)",
            )
            words = [
                "gdb",
                "-q",
                "-nx",
                "-batch",
                "-iex",
                "set debuginfod enabled off",
                "-iex",
                "set auto-solib-add off",
            ]
            command = [*words, "-p", str(self.pid), *(word for order in orders for word in ("-ex", order))]
            with Child(command) as child:
                code = child.wait(SECONDS)
            os.lseek(file, 0, os.SEEK_SET)
            text = os.read(file, 1 << 20).decode(errors="replace")
        finally:
            os.close(file)
        # The last of each is the sum over all arenas.
        sizes = {f"{kind}.{what}": int(size) for kind, what, size in _SUM.findall(text)}
        if "system.current" not in sizes:
            how = "took too long" if code is None else child.last_words()
            raise MeasurementError(f"gdb cannot read the heap: {how}")
        free = sizes.get("total.fast", 0) + sizes.get("total.rest", 0)  # fast bins are gone from glibc 2.42 on
        return {"heap.bytes": sizes["system.current"] - free + sizes.get("total.mmap", 0)}


def heap_channel(watch: HeapWatch | None, pid: int, why_not: str) -> tuple[HeapChannel | None, str]:
    """The best channel that works for the process `pid`, and why the heap is not watched, if it is not.

    `why_not` says why there is no `watch`.
    """
    if watch is not None and watch.counts(pid):
        return Preloaded(watch), ""
    reason = why_not or "this QEMU does not load the library that counts (is it linked statically?)"
    try:
        find_program("gdb")
        channel = ByGdb(pid)
        channel.read()
    except MeasurementError as error:
        return None, f"{reason}; {error}"
    return channel, ""
