"""The line at which a number of the kernel rises, whoever asked for it: Python, ctypes, or C below a call.

Python tells its audit hooks of few system calls. So the number is read after every line, for a few cycles.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import Any

from footprint.attribution.own_frames import is_own
from footprint.attribution.python_stacks import PythonStack, theirs

FRAMES = 10


def descriptor_count() -> int:
    """Open files of this process, and the one that lists them."""
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 (a Path costs as much as the reading)


def address_space() -> int:
    """Pages of this process's address space."""
    with open("/proc/self/statm", "rb", buffering=0) as file:  # noqa: PTH123 (a Path costs as much as the reading)
        return int(file.read(64).split()[0])


def rising_lines(run: Callable[[], object], read: Callable[[], int]) -> Counter[PythonStack]:
    """By how much what `read` gives rose at each line of the target while `run` ran in this thread."""
    watch = _Watch(read)
    before = sys.gettrace()
    sys.settrace(watch.look)
    try:
        run()
    finally:
        sys.settrace(before)
    return watch.rises


class _Watch:
    def __init__(self, read: Callable[[], int]) -> None:
        self._read, self._last = read, read()
        self._frame: FrameType | None = None
        self._line = 0
        self.rises: Counter[PythonStack] = Counter()

    def look(self, frame: FrameType, event: str, _: Any) -> Any:
        """Before a line, a call or a return: what rose meanwhile is the doing of the line that was before."""
        now = self._read()
        if now > self._last and self._frame is not None:
            stack = theirs(_stack(self._frame, self._line))
            if stack:
                self.rises[stack] += now - self._last
        self._last = now
        if is_own(frame.f_code.co_filename):
            return None
        if event == "return" and frame.f_back is not None:
            frame = frame.f_back
        self._frame, self._line = frame, frame.f_lineno
        return self.look


def _stack(frame: FrameType | None, line: int) -> PythonStack:
    lines: list[tuple[str, int]] = []
    while frame is not None and len(lines) < FRAMES:
        lines.append((frame.f_code.co_filename, line))
        frame = frame.f_back
        line = frame.f_lineno if frame is not None else 0
    return tuple(lines)
