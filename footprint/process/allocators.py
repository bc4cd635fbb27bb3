"""Which allocators a process has beside glibc's: what they hold is in no figure of glibc's heap."""

from __future__ import annotations

import mmap
from contextlib import suppress
from pathlib import Path

MARKS = {
    "jemalloc": (b"jemalloc_version", b"<jemalloc>", b"_rjem_malloc", b"rjem_je_"),
    "mimalloc": (b"mi_malloc_aligned", b"mimalloc: "),
    "tcmalloc": (b"tcmalloc::", b"MallocExtension_GetNumericProperty", b"TCMALLOC_"),
    "snmalloc": (b"snmalloc",),
}
"""Names, and the bytes that a library with such an allocator in it has."""
FIRST, LAST, MOST = 48 << 20, 16 << 20, 512 << 20
"""Bytes at either end of a library, and of all, that are looked through: its strings are before or behind its code."""
PLAIN = ("libc.so", "libc-", "ld-linux", "libpython", "libm.so", "libpthread", "libdl.so")
"""Libraries that have none, and need not be read."""


def allocators(pid: int) -> list[str]:
    """``jemalloc (libjemalloc.so.2)``: by the libraries that the process has mapped; empty if unreadable."""
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/maps").read_text(errors="replace").splitlines()
        paths = {Path(fields[5]) for line in lines if len(fields := line.split(None, 5)) == 6 and ".so" in fields[5]}
        seen, left = [], MOST
        for path in sorted(paths):
            if not path.name.startswith(PLAIN) and left > 0:
                left -= min(_size(path), FIRST + LAST)
                seen += [f"{name} ({path.name})" for name in _within(path)]
        return seen
    return []


def replaced(pid: int) -> str:
    """The library of the process that stands for glibc's malloc, by its name; empty for none, and if unreadable."""
    with suppress(OSError):
        text = Path(f"/proc/{pid}/maps").read_text(errors="replace")
        names = {Path(line.split(None, 5)[5]).name for line in text.splitlines() if ".so" in line}
        return next((name for name in sorted(names) if any(mark in name for mark in MARKS)), "")
    return ""


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _within(path: Path) -> list[str]:
    by_name = [name for name in MARKS if name in path.name]
    if by_name:
        return by_name
    with (
        suppress(OSError, ValueError),
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text,
    ):
        return [name for name, marks in MARKS.items() if any(_has(text, mark) for mark in marks)]
    return []


def _has(text: mmap.mmap, mark: bytes) -> bool:
    return text.find(mark, 0, FIRST) >= 0 or text.find(mark, max(FIRST, len(text) - LAST)) >= 0
