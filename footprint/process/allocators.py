"""Which allocators a process has beside glibc's: what they hold is in no figure of glibc's heap."""

from __future__ import annotations

import mmap
import struct
from contextlib import suppress
from pathlib import Path

MARKS = {
    "jemalloc": (b"jemalloc_version", b"<jemalloc>", b"_rjem_malloc", b"rjem_je_"),
    "mimalloc": (b"mi_malloc_aligned", b"mimalloc: "),
    "tcmalloc": (b"tcmalloc::", b"MallocExtension_GetNumericProperty", b"TCMALLOC_"),
    "snmalloc": (b"snmalloc",),
}
"""Names, and the bytes that a library with such an allocator in it has."""
MOST = 512 << 20
"""Bytes of all libraries together that are looked through."""
ELF_HEADER, SECTION = struct.Struct("<40xQ10xHH"), struct.Struct("<4xIQ8xQQ")
"""Where the table of sections is, the size of an entry, and how many; of an entry the kind, flags, place and length."""
PROGBITS, STRINGS, ALLOCATED, CODE = 1, 3, 2, 4
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
                names, looked = _within(path)
                left -= looked
                seen += [f"{name} ({path.name})" for name in names]
        return seen
    return []


def replaced(pid: int) -> str:
    """The library of the process that stands for glibc's malloc, by its name; empty for none, and if unreadable."""
    with suppress(OSError):
        text = Path(f"/proc/{pid}/maps").read_text(errors="replace")
        names = {Path(line.split(None, 5)[5]).name for line in text.splitlines() if ".so" in line}
        return next((name for name in sorted(names) if any(mark in name for mark in MARKS)), "")
    return ""


def _within(path: Path) -> tuple[list[str], int]:
    """The allocators in a library, and how many bytes were looked through for them."""
    by_name = [name for name in MARKS if name in path.name]
    if by_name:
        return by_name, 0
    with (
        suppress(OSError, ValueError),
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text,
    ):
        parts = _parts_with_names(text) or [(0, len(text))]
        found = [name for name, marks in MARKS.items() if any(_has(text, mark, parts) for mark in marks)]
        return found, sum(end - start for start, end in parts)
    return [], 0


def _has(text: mmap.mmap, mark: bytes, parts: list[tuple[int, int]]) -> bool:
    return any(text.find(mark, start, end) >= 0 for start, end in parts)


def _parts_with_names(text: mmap.mmap) -> list[tuple[int, int]]:
    """Where a 64-bit ELF file has its constants and the names of its symbols (System V ABI, chapter 4); else nothing.

    Its code is most of it, and holds no text.
    """
    if text[:6] != b"\x7fELF\2\1" or len(text) < ELF_HEADER.size:
        return []
    first, size, number = ELF_HEADER.unpack_from(text)
    parts = []
    for at in range(first, min(first + size * number, len(text) - SECTION.size + 1), size or SECTION.size):
        kind, flags, start, length = SECTION.unpack_from(text, at)
        is_constant = kind == PROGBITS and flags & (ALLOCATED | CODE) == ALLOCATED
        if is_constant or kind == STRINGS:
            parts.append((start, start + length))
    return parts
