"""The line at which something is taken, whoever is the cause: Python, ctypes, or C below a call.

Python tells its audit hooks of few system calls, and not of what is given back; tracers do not see every way to malloc.
So what is watched is looked at after every line, for a few cycles. It is also used in a measured process of Python 3.8.
"""

from __future__ import annotations

import math
import os
import select
import sys
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from types import FrameType
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Set, Tuple  # noqa: UP035 (Python 3.8)

from footprint.attribution.own_frames import PythonStack, SourceLine, is_own, stack_of, theirs
from footprint.process import clock

Where = Callable[[], Optional[PythonStack]]  # noqa: UP045
"""Gives the target's stack at the line that has just been run; None where it is none of the target's."""


class WatchLimits(NamedTuple):
    """How long lines are watched: until `end` by our clock, as long as all looks together take `looking` seconds."""

    end: float = math.inf
    looking: float = math.inf


ENDLESS = WatchLimits()


def watched(run: Callable[[], object], looks: Collection[Callable[[Where], None]]) -> None:
    """Call each of `looks` after every line that `run` runs in this thread."""
    LineWatch(looks).run(run)


class LineWatch:
    """Calls each of `looks` after every line, within `limits`; what runs then goes on unwatched.

    Where `below` is given, only the cycle's own lines are watched, and those of what is called at one of these lines:
    what all else does is the doing of the line that called it.
    """

    def __init__(
        self,
        looks: Collection[Callable[[Where], None]],
        limits: WatchLimits = ENDLESS,
        below: Optional[Collection[PythonStack]] = None,  # noqa: UP045
    ) -> None:
        self._looks = tuple(looks)
        self._limits, self._looked = limits, 0.0
        self._below = below
        self._frame: FrameType | None = None
        self._line = 0
        self._is_over = False
        self.first: Optional[SourceLine] = None  # noqa: UP045
        """The first line of the target."""

    def run(self, run: Callable[[], object]) -> bool:
        """Run it in this thread; whether it was watched to its end."""
        self._frame = None
        before = sys.gettrace()
        sys.settrace(self._look)
        try:
            run()
        finally:
            sys.settrace(before)
        return not self._is_over

    def _look(self, frame: FrameType, event: str, _: Any) -> Any:
        """Before a line, a call or a return: what changed meanwhile is the doing of the line that was before."""
        begun = clock.seconds()
        if begun > self._limits.end or self._looked > self._limits.looking:
            self._is_over = True
            sys.settrace(None)
            return None
        if self._below is not None and event == "call" and not self._is_below(frame):
            return None
        for look in self._looks:
            look(self._where)
        self._looked += clock.seconds() - begun
        if is_own(frame.f_code.co_filename):
            return None
        if event == "return" and frame.f_back is not None:
            frame = frame.f_back
        elif event == "line" and self.first is None:
            self.first = (frame.f_code.co_filename, frame.f_lineno)
        self._frame, self._line = frame, frame.f_lineno
        return self._look

    def _is_below(self, frame: FrameType) -> bool:
        """Whether the lines of a function that is called are watched."""
        caller = frame.f_back
        stack = theirs(stack_of(caller, caller.f_lineno)) if caller is not None else None
        return not stack or stack in (self._below or ())

    def _where(self) -> PythonStack | None:
        return theirs(stack_of(self._frame, self._line)) if self._frame is not None else None


class Rises(NamedTuple):
    """How often a number rose by how much at each line of the target (`each`), and by how much it fell in all.

    `kept` are the rises that did not fall again: each fall is taken for the last rise of its size. `loose` is what fell
    at each line by the size of no rise.
    """

    each: Counter[Tuple[PythonStack, int]]  # noqa: UP006
    fell: int
    kept: Counter[Tuple[PythonStack, int]]  # noqa: UP006
    loose: Counter[PythonStack]


def by_line(rises: Mapping[Tuple[PythonStack, int], int]) -> Counter[PythonStack]:  # noqa: UP006
    """How much all of these are, by line."""
    rose: Counter[PythonStack] = Counter()
    for (stack, rise), times in rises.items():
        rose[stack] += rise * times
    return rose


class RisingNumber:
    """Where what `read` gives rises."""

    def __init__(self, read: Callable[[], int]) -> None:
        self._read, self._last = read, read()
        self._each: Counter[Tuple[PythonStack, int]] = Counter()  # noqa: UP006
        self._open: Dict[int, List[PythonStack]] = {}  # noqa: UP006
        self._loose: Counter[PythonStack] = Counter()
        self._fell = 0
        self._since: List[Tuple[int, Optional[PythonStack]]] = []  # noqa: UP006, UP045

    def look(self, where: Where) -> None:
        """What it did during the last line."""
        rise = self._read() - self._last
        if rise:
            self._since.append((rise, where()))
            self._last = self._read()  # what was remembered here is not the next line's

    def settle(self) -> None:
        """At the end of a cycle: what it did counts; until then nothing of it does."""
        self.look(lambda: None)  # what went with the cycle's own variables
        for rise, stack in self._since:
            self._count(rise, stack)
        self._since = []
        self._last = self._read()

    def _count(self, rise: int, stack: PythonStack | None) -> None:
        if rise < 0:
            self._fell -= rise
            same = self._open.get(-rise)
            if same:
                same.pop()
            elif stack:
                self._loose[stack] -= rise
        elif stack:
            self._each[stack, rise] += 1
            self._open.setdefault(rise, []).append(stack)

    @property
    def rises(self) -> Rises:
        """What was seen until now."""
        kept = Counter((stack, size) for size, stacks in self._open.items() for stack in stacks)
        return Rises(self._each, self._fell, kept, self._loose)


class Seen(NamedTuple):
    """The rises of so many `cycles`, and the `first` line of the target that was run."""

    rises: Rises
    cycles: int
    first: Optional[SourceLine]  # noqa: UP045


def rising_lines(
    run: Callable[[], object],
    read: Callable[[], int],
    cycles: int = 1,
    limits: WatchLimits = ENDLESS,
    below: Optional[Collection[PythonStack]] = None,  # noqa: UP045
) -> Seen:
    """Where what `read` gives rose while `run` ran a cycle in this thread, so many times, or until a limit.

    For `below` see LineWatch. A cycle that was not watched to its end does not count.
    """
    number = RisingNumber(read)
    watch, done = LineWatch([number.look], limits, below), 0
    while done < cycles and watch.run(run):
        number.settle()
        done += 1
    return Seen(number.rises, done, watch.first)


class KeptObjects:
    """Where each of what `read` numbers was taken, as long as it is there; no number comes back at once.

    `has_changed` may tell cheaply that nothing was taken or given back.
    """

    def __init__(self, read: Callable[[], Set[int]], has_changed: Callable[[], bool] = lambda: True) -> None:  # noqa: UP006
        self._read, self._has_changed = read, has_changed
        self._there = read()
        self.taken: Dict[int, PythonStack] = {}  # noqa: UP006

    def look(self, where: Where) -> None:
        """What came and went during the last line."""
        if not self._has_changed():
            return
        now = self._read()
        came = now - self._there
        stack = where() if came else None
        if stack:
            self.taken.update((number, stack) for number in came)
        for gone in self._there - now:
            self.taken.pop(gone, None)
        self._there = now


class KeptDescriptors:
    """Where each open file was opened, as long as it is open.

    The kernel gives the lowest number that is free. So only that is asked for: what lies between two such answers was
    opened. What was open before, and is closed while a lower number is free, is noticed when its number is the lowest.
    """

    MOST_ASKED = 1000
    """Files that are asked after every line whether they are closed."""

    def __init__(self, there: Collection[int]) -> None:
        self._own = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        self._there, self._lowest = {*there, self._own}, 0
        self._lowest = self._free()
        self._poll = select.poll()
        self.taken: Dict[int, PythonStack] = {}  # noqa: UP006

    def look(self, where: Where) -> None:
        """What was opened and closed during the last line."""
        lowest = self._free()
        for number in self._closed():
            self._forget(number)
        if lowest == self._lowest:
            return
        came = [number for number in range(self._lowest, lowest) if number not in self._there]
        stack = where() if came else None
        self._there.update(came)
        if stack:
            self.taken.update((number, stack) for number in came)
            for number in came:
                self._poll.register(number, 0)
        self._forget(lowest)
        self._lowest = lowest

    def close(self) -> None:
        """Give back the file that it needs."""
        with suppress(OSError):
            os.close(self._own)

    def _closed(self) -> List[int]:  # noqa: UP006
        """Of what was taken, what is closed by now; where they are too many to ask, none."""
        if not self.taken or len(self.taken) > self.MOST_ASKED:
            return []
        return [number for number, said in self._poll.poll(0) if said & select.POLLNVAL]

    def _forget(self, number: int) -> None:
        self._there.discard(number)
        if self.taken.pop(number, None):
            self._poll.unregister(number)

    def _free(self) -> int:
        """The lowest number that is free; as before where none can be had, or the target closes whatever is open."""
        try:
            number = os.dup(self._own)
            os.close(number)
        except OSError:
            return self._lowest
        return number


Addresses = Tuple[int, int]  # noqa: UP006
"""From the first on to before the second."""


class KeptSpans:
    """Where each part of the address space was mapped, as long as it is mapped."""

    def __init__(self) -> None:
        self._pages = _pages()
        self._there = _spans()
        self._taken: List[Tuple[Addresses, PythonStack]] = []  # noqa: UP006

    def look(self, where: Where) -> None:
        """What was mapped and unmapped during the last line."""
        pages = _pages()
        if pages == self._pages:
            return
        now = _spans()
        gone = without(self._there, now)
        if gone:
            self._taken = [(part, stack) for span, stack in self._taken for part in without([span], gone)]
        stack = where()
        if stack:
            self._taken += [(span, stack) for span in without(now, self._there)]
        self._pages = _pages()
        self._there = now if self._pages == pages else _spans()  # what was remembered here is not the next line's

    @property
    def sizes(self) -> Counter[PythonStack]:
        """Bytes of what is still there, by the line that mapped it."""
        sizes: Counter[PythonStack] = Counter()
        for (start, end), stack in self._taken:
            sizes[stack] += end - start
        return sizes


def without(spans: Sequence[Addresses], others: Sequence[Addresses]) -> List[Addresses]:  # noqa: UP006
    """The parts of `spans` that are in none of the others; both are in order, and so is what is given."""
    parts, first = [], 0
    for start, end in spans:
        while first < len(others) and others[first][1] <= start:
            first += 1
        for other_start, other_end in others[first:]:
            if other_start >= end:
                break
            if other_start > start:
                parts.append((start, other_start))
            start = max(start, other_end)
        if start < end:
            parts.append((start, end))
    return parts


def _spans() -> List[Addresses]:  # noqa: UP006
    """What is mapped."""
    with open("/proc/self/maps", "rb", buffering=0) as file:  # noqa: PTH123
        lines = file.read().splitlines()
    return [
        (int(start, 16), int(end, 16)) for start, _, end in (line.split(b" ", 1)[0].partition(b"-") for line in lines)
    ]


def _pages() -> int:
    """Of this process's address space."""
    with open("/proc/self/statm", "rb", buffering=0) as file:  # noqa: PTH123 (a Path costs as much as the reading)
        return int(file.read(64).split()[0])
