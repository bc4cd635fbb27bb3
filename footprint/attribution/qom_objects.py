"""QEMU's objects among its heap's blocks: an object begins with its class, a class with its type, a type with its name.

So has every QEMU since 1.1 begun its objects (``include/qom/object.h``): class, free function, properties, reference
count, parent.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_NAME = re.compile(rb"[A-Za-z][A-Za-z0-9_.,+:@-]{2,63}")
_OBJECT = struct.Struct("<QQQI4xQ")
_MOST_ADDRESS = 1 << 47


@dataclass(frozen=True, slots=True)
class QomObject:
    """An object's type, its reference count, and the type of its parent (empty: it has none)."""

    type: str
    references: int
    parent: str


class Memory:
    """Reads the memory of the process `pid`; use `memory_of`."""

    def __init__(self, file: int) -> None:
        self._file = file

    def object_at(self, address: int) -> QomObject | None:
        """The object that begins at `address`, if one does."""
        data = self._read(address, _OBJECT.size)
        if len(data) < _OBJECT.size:
            return None
        kind, _, _, references, parent = _OBJECT.unpack(data)
        name = self._type(kind)
        if not name or not 0 < references < 1 << 16:
            return None
        above = self._read(parent, 8)
        return QomObject(name, references, self._type(int.from_bytes(above, "little")) if above else "")

    def _type(self, kind: int) -> str:
        """The name of the type of the class at `kind`."""
        place = kind
        for _ in range(2):
            place = int.from_bytes(self._read(place, 8), "little")
        match = _NAME.match(self._read(place, 64).partition(b"\0")[0])
        return match[0].decode() if match else ""

    def _read(self, address: int, size: int) -> bytes:
        if not 4096 <= address < _MOST_ADDRESS:
            return b""
        try:
            return os.pread(self._file, size, address)
        except OSError:
            return b""


@contextmanager
def memory_of(pid: int) -> Iterator[Memory]:
    """The memory of a process that is a child of ours; raises OSError where it may not be read."""
    file = os.open(f"/proc/{pid}/mem", os.O_RDONLY)
    try:
        yield Memory(file)
    finally:
        os.close(file)
