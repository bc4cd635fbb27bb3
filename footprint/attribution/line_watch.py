"""The line at which a number rises, whoever is the cause: Python, ctypes, or C below a call.

Python tells its audit hooks of few system calls, and tracers do not see every way to malloc. So the number is read
after every line, for a few cycles.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import Any, NamedTuple, Tuple  # noqa: UP035 (a measured process may be Python 3.8)

from footprint.attribution.own_frames import PythonStack, is_own, stack_of, theirs


def descriptor_count() -> int:
    """Open files of this process, and the one that lists them."""
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 (a Path costs as much as the reading)


def address_space() -> int:
    """Pages of this process's address space."""
    with open("/proc/self/statm", "rb", buffering=0) as file:  # noqa: PTH123 (a Path costs as much as the reading)
        return int(file.read(64).split()[0])


def rising_lines(run: Callable[[], object], read: Callable[[], int]) -> Rises:
    """Where what `read` gives rose while `run` ran in this thread."""
    watch = _Watch(read)
    before = sys.gettrace()
    sys.settrace(watch.look)
    try:
        run()
    finally:
        sys.settrace(before)
    return Rises(watch.rises, watch.fell)


class Rises(NamedTuple):
    """How often a number rose by how much at each line of the target (`each`), and by how much it fell in all."""

    each: Counter[Tuple[PythonStack, int]]  # noqa: UP006
    fell: int

    @property
    def lines(self) -> Counter[PythonStack]:
        """By how much it rose in all, by line."""
        rose: Counter[PythonStack] = Counter()
        for (stack, rise), times in self.each.items():
            rose[stack] += rise * times
        return rose


class _Watch:
    def __init__(self, read: Callable[[], int]) -> None:
        self._read, self._last = read, read()
        self._frame: FrameType | None = None
        self._line = 0
        self.rises: Counter[Tuple[PythonStack, int]] = Counter()  # noqa: UP006
        self.fell = 0

    def look(self, frame: FrameType, event: str, _: Any) -> Any:
        """Before a line, a call or a return: what rose meanwhile is the doing of the line that was before."""
        now = self._read()
        if now > self._last and self._frame is not None:
            stack = theirs(stack_of(self._frame, self._line))
            if stack:
                self.rises[stack, now - self._last] += 1
        self.fell += max(0, self._last - now)
        self._last = self._read()  # what was remembered here is not the next line's
        if is_own(frame.f_code.co_filename):
            return None
        if event == "return" and frame.f_back is not None:
            frame = frame.f_back
        self._frame, self._line = frame, frame.f_lineno
        return self.look
