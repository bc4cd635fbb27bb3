"""Objects of which Python 3.11 does not say who made them: their fields stand before them, and it looks beside these.

Later Pythons know it of every object.
"""

from __future__ import annotations

import gc
import sys
from typing import Any

from footprint.attribution.own_frames import PythonStack

MANAGED = 1 << 4
"""The flag of a class whose objects have their fields before them (CPython 3.11: Py_TPFLAGS_MANAGED_DICT)."""


def missed_traces() -> list[tuple[Any, PythonStack]]:
    """Such objects with the stack that made them, innermost first.

    Looked at are those that the collector has not frozen; none, if this Python misses none.
    """
    if sys.version_info[:2] != (3, 11):
        return []
    fresh = [obj for obj in gc.get_objects() if type(obj).__flags__ & MANAGED]
    if not fresh:
        return []
    import ctypes

    traceback = ctypes.pythonapi._PyTraceMalloc_GetTraceback
    traceback.argtypes, traceback.restype = (ctypes.c_uint, ctypes.c_size_t), ctypes.py_object
    # Two pointers to the fields, and two of the collector.
    before = 4 * ctypes.sizeof(ctypes.c_void_p)
    pairs = ((obj, traceback(0, id(obj) - before)) for obj in fresh)
    return [(obj, frames) for obj, frames in pairs if frames is not None]
