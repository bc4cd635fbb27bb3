"""How much of a file is in the page cache, by mincore(2)."""

from __future__ import annotations

import ctypes
import mmap
import os
from pathlib import Path

from footprint.errors import MeasurementError, reason_of


def cached_bytes(path: Path) -> int:
    """Bytes of the file's pages that the kernel keeps in memory, for whoever wants them; raises MeasurementError."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            view = mmap.mmap(file.fileno(), size, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_WRITE) if size else None
    except OSError as error:
        raise MeasurementError(f"cannot look at the page cache of {path}: {reason_of(error)}") from None
    if view is None:
        return 0
    pages = -(-size // mmap.PAGESIZE)
    present = (ctypes.c_ubyte * pages)()
    first = ctypes.c_char.from_buffer(view)
    libc = ctypes.CDLL(None, use_errno=True)
    failed = libc.mincore(ctypes.c_void_p(ctypes.addressof(first)), ctypes.c_size_t(size), present)
    del first
    view.close()
    if failed:
        raise MeasurementError(f"mincore of {path} failed: {os.strerror(ctypes.get_errno())}")
    return sum(page & 1 for page in present) * mmap.PAGESIZE
