"""glibc's heap in use, asked of glibc itself: for a Python without psutil."""

from __future__ import annotations

import ctypes
from typing import Callable, Optional, Tuple  # noqa: UP035 (a measured process may be Python 3.8)

_FIELDS = ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")


class _Mallinfo2(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in _FIELDS]


def heap_reader() -> Optional[Callable[[], Tuple[int, int]]]:  # noqa: UP006, UP045
    """A function that gives the bytes of blocks in use and of mmapped chunks; None where the C library has none."""
    try:
        mallinfo2 = ctypes.CDLL(None).mallinfo2  # glibc 2.33
    except (OSError, AttributeError):
        return None
    mallinfo2.restype, mallinfo2.argtypes = _Mallinfo2, ()

    def read() -> tuple[int, int]:
        info = mallinfo2()
        return info.uordblks, info.hblkhd

    return read
