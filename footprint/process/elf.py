"""The functions of an ELF file, as far as it names them: symbols, separate debug files, and bounds of the nameless.

A distribution's programs are stripped: only what they export still has a name. Every function's bounds are known all
the same, because a stack could not be unwound without them (``.eh_frame_hdr``).
"""

from __future__ import annotations

import mmap
import struct
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DEBUG = Path("/usr/lib/debug")
_LOADED, _UNWINDING = 1, 0x6474E550
_SYMBOL_TABLES, _NOTES = {2, 11}, 7
_FUNCTION_KINDS = {2, 10}
_BUILD_ID = 3
_SORTED_TABLE = 0x3B
"""Of offsets of 32 bits from the section's own begin, as every linker writes it."""


@dataclass(frozen=True, slots=True)
class Named:
    """What an address belongs to: a function's `name`; `exact`, or it is only the nearest name before it."""

    name: str
    exact: bool


class Elf:
    """The functions of the 64-bit ELF file at `path`; raises ValueError or OSError for what is none."""

    def __init__(self, path: Path) -> None:
        self._names: dict[int, tuple[str, int]] = {}
        self._segments, self._starts, build_id = _read(path, self._names)
        debug = DEBUG / ".build-id" / build_id[:2] / f"{build_id[2:]}.debug"
        if build_id and debug.is_file():
            _read(debug, self._names)
        self._at = sorted(self._names)

    def address(self, offset: int) -> int | None:
        """The address, as the file counts, of the byte at `offset` of the file."""
        return next((offset + shift for start, end, shift in self._segments if start <= offset < end), None)

    def function(self, address: int) -> Named:
        """What is at `address`, as the file counts."""
        place = bisect_right(self._at, address) - 1
        if place < 0:
            return Named("?", exact=False)
        at = self._at[place]
        name, size = self._names[at]
        bound = bisect_right(self._starts, address) - 1
        inside = address < at + size if size else bound >= 0 and self._starts[bound] <= at
        return Named(name, exact=inside)


def _read(path: Path, names: dict[int, tuple[str, int]]) -> tuple[list[tuple[int, int, int]], list[int], str]:
    """What is where in memory (offset, end, shift), where functions begin, and the build id; `names` are added to."""
    segments, starts, build_id = [], [], ""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if data[:6] != b"\x7fELF\x02\x01":
            raise ValueError(f"{path} is no 64-bit little-endian ELF file")
        headers_at, sections_at = struct.unpack_from("<QQ", data, 0x20)
        size, count = struct.unpack_from("<HH", data, 0x36)
        for number in range(count):
            kind, _, offset, address, _, length = struct.unpack_from("<IIQQQQ", data, headers_at + number * size)
            if kind == _LOADED:
                segments.append((offset, offset + length, address - offset))
            elif kind == _UNWINDING:
                starts = list(_bounds(data, offset, address))
        size, count = struct.unpack_from("<HH", data, 0x3A)
        tables = [struct.unpack_from("<IIQQQQIIQQ", data, sections_at + n * size) for n in range(count)]
        for _, kind, _, _, offset, length, link, *_ in tables:
            if kind in _SYMBOL_TABLES:
                _symbols(data, offset, length, tables[link][4], names)
            elif kind == _NOTES and not build_id:
                build_id = _build_id(data[offset : offset + length])
    return segments, starts, build_id


def _bounds(data: mmap.mmap, offset: int, address: int) -> Iterator[int]:
    """Where functions begin, sorted, as ``.eh_frame_hdr`` has it."""
    _, pointer, count_kind, table = data[offset : offset + 4]
    if table != _SORTED_TABLE or pointer != 0x1B or count_kind != 0x03:
        return
    (count,) = struct.unpack_from("<I", data, offset + 8)
    for start, _ in struct.iter_unpack("<ii", data[offset + 12 : offset + 12 + 8 * count]):
        yield address + start


def _symbols(data: mmap.mmap, offset: int, length: int, texts: int, names: dict[int, tuple[str, int]]) -> None:
    for name, info, _, section, value, size in struct.iter_unpack("<IBBHQQ", data[offset : offset + length]):
        if info & 15 in _FUNCTION_KINDS and section and value:
            end = data.find(b"\0", texts + name)
            names.setdefault(value, (data[texts + name : end].decode(errors="replace"), size))


def _build_id(notes: bytes) -> str:
    at = 0
    while at + 12 <= len(notes):
        name, length, kind = struct.unpack_from("<III", notes, at)
        text = at + 12 + (name + 3 & ~3)
        if kind == _BUILD_ID and notes[at + 12 : at + 15] == b"GNU":
            return notes[text : text + length].hex()
        at = text + (length + 3 & ~3)
    return ""
