"""What a process holds, read so that the reading leaves nothing behind.

`Inside` reads what only the process itself knows: its heap and its interpreter. `outside` reads what the kernel
knows of it, from another process, so that the one that is measured does nothing for it.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Callable

INSIDE = ("heap.bytes", "python.blocks", "gc.objects")
"""glibc's heap in use, mmapped chunks included; blocks of Python's own allocator; objects that the collector knows."""
OUTSIDE = ("vm.bytes", "maps", "rss.bytes", "fds", "threads", "children")
"""Address space, its mappings, resident memory, open files, threads, and child processes, zombies among them."""

ABSENT = -1
"""Stands for what this system cannot tell."""
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Inside:
    """The probe of the process it is made in: `read` gives INSIDE, in that order."""

    def __init__(self) -> None:
        self._heap = _heap_info()

    def read(self) -> tuple[int, int, int]:
        """Bytes, blocks, objects; ABSENT where there is no way to know."""
        # The heap first: what the others take for a moment would be seen by it.
        heap = ABSENT
        if self._heap is not None:
            info = self._heap()
            heap = info[0] + info[1]
            info = ()
        return heap, sys.getallocatedblocks(), len(gc.get_objects()) + gc.get_freeze_count()


def heap_probe() -> Callable[[], int] | None:
    """A function that gives the bytes of glibc's heap in use; None where there is no way to know."""
    read = _heap_info()
    return None if read is None else lambda: sum(read()[:2])


def _heap_info() -> Callable[[], tuple[int, ...]] | None:
    """psutil's, which is the faster, where the target's environment has it; glibc only."""
    with contextlib.suppress(ImportError):
        import psutil

        if hasattr(psutil, "heap_info"):
            return psutil.heap_info  # type: ignore[no-any-return]
    from footprint.process.glibc_heap import heap_reader

    return heap_reader()


def collect() -> int:
    """Take away what only waits for the collector, and what the interpreter remembers to be faster.

    The number of objects that had waited: what only lay in free lists is none of them.
    """
    waited = gc.collect()
    for clear in ("_clear_internal_caches", "_clear_type_cache"):  # the first is new in Python 3.13
        if hasattr(sys, clear):
            getattr(sys, clear)()
            break
    return waited


class Outside:
    """The probe of process `pid`, by the kernel: `read` gives OUTSIDE, in that order, or raises ProcessLookupError."""

    def __init__(self, pid: int) -> None:
        self._folder = f"/proc/{pid}"
        self._buffer = bytearray(1 << 16)

    def read(self) -> tuple[int, ...]:
        """Bytes, lines, bytes, and numbers of descriptors, threads and children."""
        try:
            virtual, resident = self.memory()
            return (
                virtual,
                self._mappings(),
                resident,
                len(os.listdir(f"{self._folder}/fd")),
                len(os.listdir(f"{self._folder}/task")),
                self._children(),
            )
        except OSError:
            raise ProcessLookupError(f"{self._folder} is gone") from None

    def memory(self) -> tuple[int, int]:
        """Bytes of address space and of resident memory."""
        with open(f"{self._folder}/statm", "rb") as file:
            words = file.read().split()
        return int(words[0]) * _PAGE, int(words[1]) * _PAGE

    def unique(self) -> int:
        """USS in bytes; 20 ms for a large process, so only where a window begins and ends."""
        with contextlib.suppress(OSError), open(f"{self._folder}/smaps_rollup", "rb") as file:
            fields = [line.split() for line in file]
            return sum(int(field[1]) << 10 for field in fields if field[0].startswith(b"Private_"))
        return ABSENT

    def _mappings(self) -> int:
        lines = 0
        with open(f"{self._folder}/maps", "rb", buffering=0) as file:
            while read := file.readinto(self._buffer):
                lines += self._buffer.count(b"\n", 0, read)
        return lines

    def _children(self) -> int:
        """Of all its threads; ABSENT where the kernel keeps no such list (CONFIG_PROC_CHILDREN)."""
        number = 0
        for task in os.listdir(f"{self._folder}/task"):
            with contextlib.suppress(ProcessLookupError):  # a thread that ends meanwhile
                try:
                    with open(f"{self._folder}/task/{task}/children", "rb") as file:
                        number += len(file.read().split())
                except FileNotFoundError:
                    if os.path.exists(f"{self._folder}/task/{task}"):
                        return ABSENT
        return number
