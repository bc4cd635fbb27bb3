"""How fast a target runs and grows, and so how many cycles fit into what it may take.

Beside the target an empty one goes through the same cycles; what that grows by is the measurement's own.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

from footprint.leaks.subject import MetricValues, Subject
from footprint.leaks.supervisor import Limits
from footprint.leaks.verdict_text import amount
from footprint.verdict.past import Past
from footprint.verdict.windows import EXACT, PAGES

MOST_ADDRESSES = 1 << 46
MOST_THREADS, MOST_CHILDREN = 600, 200
USUAL_MOST_MAPPINGS = 65530
SLOW_SECONDS = 0.004
"""Cycles that take longer are not run by the thousand to fill caches, where a count alone tells enough."""
LEAST_SECONDS = 1e-8
"""Of a cycle, by a clock that may stand still."""
FULL = 0.75
"""Of what must not be exceeded, more than which leaves room for few cycles."""
FEW_CYCLES, FEW_READINGS = 15, 4
"""Over which a count rises by the same, before it is looked at whether it goes on."""
PIECE_SECONDS, MOST_PIECES = 0.05, 4
"""Of many slow cycles in a row, after which the subject is read; how closely it is known when something rose."""


class Pace:
    """Runs `subject` and `empty` side by side, and knows their pace within `limits`.

    `held` is what the subject held when it was last read, `rates` what it grew by then, per cycle; `past` has all that
    was read over its `cycles` so far. A cycle takes `cycle_seconds` with the readings and the empty target, and
    `run_seconds` without.
    """

    def __init__(self, subject: Subject, empty: Subject, limits: Limits) -> None:
        self.subject, self.limits, self._empty = subject, limits, empty
        self.held: MetricValues = {}
        self.past: dict[str, Past] = {}
        self.cycles = 0
        self.rates: Mapping[str, float] = {}
        self.cycle_seconds = self.run_seconds = 0.0

    def run(self, cycles: int) -> float:
        """The same cycles on both, and a collection; then the subject is read. The seconds of the subject itself."""
        seconds = self.subject.run(cycles)
        self.cycles += cycles
        self.subject.collect()
        self._empty.run(cycles)
        self._empty.collect()
        self.read_held()
        return seconds

    def read_held(self) -> None:
        """Read the subject, and remember it."""
        self.held = self.subject.read()
        for name, value in self.held.items():
            self.past.setdefault(name, Past()).add(self.cycles, value)

    def run_in_pieces(self, cycles: int) -> float:
        """As `run` does it; where cycles are slow, the subject is read on the way, too."""
        pieces = min(MOST_PIECES, cycles, max(1, int(cycles * self.run_seconds / PIECE_SECONDS)))
        edges = [cycles * n // pieces for n in range(pieces + 1)]
        return sum(self.run(end - start) for start, end in pairwise(edges))

    def run_timed(self, cycles: int) -> float:
        """The same, and learn the pace from it."""
        before, begun = self.held, time.monotonic()
        seconds = self.run_in_pieces(cycles)
        self.learn(cycles, time.monotonic() - begun, seconds, before, self.held)
        return seconds

    def learn(
        self, cycles: int, seconds: float, own_seconds: float, before: Mapping[str, int], after: Mapping[str, int]
    ) -> None:
        """What so many cycles took and left is what the next ones will."""
        self.cycle_seconds, self.run_seconds = seconds / cycles, max(own_seconds / cycles, LEAST_SECONDS)
        self.rates = {name: (after[name] - before[name]) / cycles for name in before}

    def read(self) -> MetricValues:
        """What the subject holds after a collection."""
        self.subject.collect()
        self.read_held()
        return self.held

    def read_both(self) -> tuple[MetricValues, MetricValues]:
        """What subject and empty target hold, with the memory that no other process has."""
        subject = _with_unique(self.subject)
        if PAGES in subject:
            self.past.setdefault(PAGES, Past()).add(self.cycles, subject[PAGES])
        return subject, _with_unique(self._empty)

    def room(self, share: int = 1, *, most: Mapping[str, float] | None = None) -> float:
        """Cycles that fit into this share of what is left up to `most` (else the caps), as fast as it grew last."""
        fits = [
            (limit - self.held[name]) / share / rate
            for name, limit in (self.caps() if most is None else most).items()
            if (rate := self.rates.get(name, 0)) > 0
        ]
        return min(fits, default=float("inf"))

    def full(self) -> str:
        """What rose so far that there is no room for cycles that would tell, in a sentence; empty where nothing did."""
        for name, most in self.caps().items():
            first = self.past[name].values[0]
            if self.held[name] > FULL * most and self.held[name] - first > most / 2:
                rose = f"from {amount(name, first)} to {amount(name, self.held[name])}"
                return f"{name} rose {rose}, and no more than {amount(name, most)} are let be"
        return ""

    @property
    def counts_rise(self) -> bool:
        """Whether cycles are slow, and a count of the kernel has risen by the same in each of the last ones."""
        return self.cycle_seconds > SLOW_SECONDS and any(
            self.past[name].rises_exactly(FEW_CYCLES, FEW_READINGS) for name in EXACT if name in self.past
        )

    def caps(self) -> dict[str, float]:
        """What must not be exceeded: half of what the system allows, so that the target fails of nothing of ours."""
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        caps = {
            "heap.bytes": self.limits.memory,
            "rss.bytes": self.limits.memory,
            "vm.bytes": MOST_ADDRESSES,
            "maps": _most_mappings() / 2,
            "fds": (files if files != resource.RLIM_INFINITY else 1 << 20) / 2,
            "threads": MOST_THREADS,
            "children": MOST_CHILDREN,
        }
        return {name: most for name, most in caps.items() if name in self.held}


def _with_unique(subject: Subject) -> MetricValues:
    unique = subject.unique()
    return {**subject.read(), **({"uss.bytes": unique} if unique >= 0 else {})}


def _most_mappings() -> int:
    """vm.max_map_count; its usual value where the kernel does not say."""
    try:
        return int(Path("/proc/sys/vm/max_map_count").read_text())
    except OSError:
        return USUAL_MOST_MAPPINGS
