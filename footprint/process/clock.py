"""Clocks that go on as they did when this was imported, also where a target puts others in their place (freezegun).

It needs nothing but Python 3.8. A default is what no one who looks through modules for clocks can find.
"""

from __future__ import annotations

import time
from typing import Callable  # noqa: UP035 (a measured process may be Python 3.8)


def seconds(clock: Callable[[], float] = time.monotonic) -> float:
    """Seconds since some moment."""
    return clock()


def nanoseconds(clock: Callable[[], int] = time.perf_counter_ns) -> int:
    """Nanoseconds since some moment."""
    return clock()


def worked(clock: Callable[[], int] = time.process_time_ns) -> int:
    """Nanoseconds that this process has worked."""
    return clock()
