"""Watching a target's process while it works: whether it is alive or too large, and how it ended."""

from __future__ import annotations

import time
from contextlib import suppress

from footprint.process.child import Child
from footprint.process.resources import Outside

TIME = "time"
"""How a target ended that had no more time: it did nothing wrong."""
LAST_MOMENT = 2.0
"""Seconds for a question that is asked when the time is over."""


class Ended(Exception):  # noqa: N818 (it is what happened to the target)
    """The target ended by itself, or had to be ended; `how`: raised, exited, crashed, hung, memory, or time."""

    def __init__(self, how: str, sentence: str) -> None:
        self.how = how
        super().__init__(sentence)


class Limits:
    """What a target may take: `seconds` in all, and bytes of resident memory; a cycle may take `cycle_seconds`."""

    def __init__(self, seconds: float, *, memory: int = 4 << 30, cycle_seconds: float = 10) -> None:
        self.seconds, self.memory, self.cycle_seconds = seconds, memory, cycle_seconds
        self.end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds until the end."""
        return self.end - time.monotonic()

    def fitting(self, seconds: float) -> float:
        """So many seconds, or what is left; a moment is left for every last question."""
        return min(seconds, max(LAST_MOMENT, self.left))


class Supervisor:
    """Watches `child`."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self.pid = child.pid
        self._outside = Outside(child.pid)

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self._child.is_alive

    def weigh(self, when: str, memory: int) -> None:
        """Raise Ended for a process that takes more than `memory` bytes."""
        with suppress(OSError):
            resident = self._outside.memory()[1]
            if resident > memory:
                raise Ended("memory", f"it takes {resident >> 20} MiB {when}, more than it may")

    def died(self, when: str, *, tells_words: bool = True) -> Ended:
        """How it ended, with its last words, if these are wanted."""
        code = self._child.wait(5)
        words = self._child.last_words()
        said = f": {words}" if tells_words and words != "it said nothing" else ""
        if code is not None and code >= 0:
            return Ended("exited", f"it exits ({code}) {when}{said}")
        return Ended("crashed", f"it is killed by signal {-(code or 0)} {when}{said}")
