"""What a cycle leaves to the collector: no leak, but memory that is held until garbage is collected."""

from __future__ import annotations

from footprint.leaks.pace import Pace
from footprint.leaks.subject import MetricValues
from footprint.verdict.trend import Course, Series, course
from footprint.verdict.verdict import Finding, FindingKind

LEAST_KEPT = {"heap.bytes": 16.0, "python.blocks": 0.5, "gc.objects": 0.5, "vm.bytes": 4096.0, "maps": 0.5, "fds": 0.5}
"""What may wait for the collector, with the least per cycle that is worth a word."""
LEAST_WAITED = 0.5
"""Objects that must have waited for the collector, for each cycle."""
BLOCKS = 5
MOST_SECONDS = 0.035
MOST_CYCLES = 100


def retained(pace: Pace) -> list[Finding]:
    """What the subject's cycles leave to the collector, seen with it switched off for a few cycles."""
    subject = pace.subject
    if not subject.switch_collector(on=False):
        return []
    try:
        before = pace.read()
        subject.run(1)
        pace.held = subject.read()
        pace.rates = {name: pace.held[name] - before[name] for name in pace.held}
        subject.collect()
        most = min(pace.room(4), MOST_SECONDS / max(pace.cycle_seconds, 1e-6), MOST_CYCLES)
        step = max(1, int(most / BLOCKS))
        cycles = tuple(step * n for n in range(1, BLOCKS + 1))
        taken = [_freed(pace, number) for number in cycles]
    finally:
        subject.switch_collector(on=True)
    # A collection also empties free lists, which grow with the cycles until they are full: what lies in them is no
    # garbage, and is not counted among what the collector took.
    if any(waited < LEAST_WAITED * number for number, (waited, _) in zip(cycles, taken, strict=True)):
        return []
    freed = [values for _, values in taken]
    kept = {name: Series(cycles, tuple(values[name] for values in freed)) for name in freed[0]}
    return [
        Finding(FindingKind.RETAINED, name, kept[name].slope)
        for name, floor in LEAST_KEPT.items()
        if name in kept and course(kept[name], floor) == Course.GROWS
    ]


def _freed(pace: Pace, cycles: int) -> tuple[int, MetricValues]:
    """How many objects a collection finds after so many cycles, and what it takes away."""
    pace.subject.run(cycles)
    full = pace.subject.read()
    waited = pace.subject.collect()
    left = pace.subject.read()
    return waited, {name: full[name] - left[name] for name in full}
