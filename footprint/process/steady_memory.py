"""Waiting until a process's memory no longer falls: what it has released goes back to the system late and in steps."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

PAUSE = 0.02
"""Seconds between two readings."""
LEAST_FALL = 1 << 20
"""Bytes; smaller falls are not waited for."""


@dataclass(frozen=True, slots=True)
class Steadiness:
    """How waiting ended: `seconds` until the last fall, and whether nothing fell for long enough (`reached`)."""

    seconds: float
    reached: bool


def await_steady(
    resident: Callable[[], int], *, quiet: float, limit: float, busy: Callable[[], bool] = lambda: False,
    clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep,
) -> Steadiness:  # fmt: skip
    """Wait until what `resident` gives has not fallen for `quiet` seconds and nothing is `busy`; at most `limit`.

    Only falls count: a process may go on to grow.
    """
    started = last_fall = clock()
    lowest = resident()
    while (now := clock()) - started < limit:
        bytes_now, working = resident(), busy()
        if working or bytes_now <= lowest - LEAST_FALL:
            lowest, last_fall = min(lowest, bytes_now), now
        elif now - last_fall >= quiet:
            return Steadiness(last_fall - started, True)
        sleep(PAUSE)
    return Steadiness(last_fall - started, False)
