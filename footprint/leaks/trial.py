"""The protocol: warm up until it settles, measure in windows of blocks, go on while in doubt.

Beside the target an empty one is measured in the same way, and what that grows by is taken off.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from footprint.errors import MeasurementError
from footprint.leaks.subject import Progress, Reading, Subject
from footprint.leaks.supervisor import Ended, Limits
from footprint.verdict.trend import Window, shape
from footprint.verdict.verdict import Finding, Verdict
from footprint.verdict.windows import FLOORS, Evidence

RETAINED = {"heap.bytes": 16.0, "python.blocks": 0.5, "gc.objects": 0.5, "vm.bytes": 4096.0, "maps": 0.5, "fds": 0.5}
"""What may wait for the collector, with the least per cycle that is worth a word."""

BLOCKS, LEAST_BLOCKS = 10, 5
"""Of a window; and where the limits allow so few cycles, of the shortest that is still judged."""
WARM_CYCLES = 2500
"""A cache that is full by then is not taken for a leak."""
WARM_SECONDS = 10.0
PATIENT_SHARE = 0.5
"""Of the time there is, what may be spent on getting past so many cycles, where something grows and cycles are slow."""
MOST_CYCLES, LEAST_CYCLES = 1000, 50
"""Of a block, before any doubt."""
BLOCK_SECONDS = 0.035
SLOW_BLOCK_SECONDS = 0.5
WINDOW_BYTES = 256 << 20
"""Of memory that a window of many cycles may leave behind: so much shows in few of them, and fresh pages are slow."""
LONG_CYCLES, LONG_SECONDS = 100_000, 0.4
"""What grows is only called a leak after so many measured cycles, or so many seconds of them: fast cycles are cheap,
and a cache of many entries fills as steadily as a leak."""
BY_CHANCE = 2.5
"""Times more, where it does not grow by the same in every cycle: a cache that fills does so ever more slowly."""
EVEN = 0.1
"""The width of the interval, as a share of the rate, up to which a growth is even."""
MOST_THREADS, MOST_CHILDREN = 600, 200
RETAINED_BLOCKS = 5
EXPLAINED, MOST_EXPLAINED, EXPLAINED_SECONDS = 40, 2000, 0.05
"""Cycles whose leak is traced to its places, and what so many may take while they are not traced."""
LEAST_BLOCK = 32
"""Bytes that glibc takes for a block, at least: what grows by less per cycle is not left in every one."""
EXPLAINING = 11
"""How often so many are run for it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`cycles` to measure, in all (None: as many as the answer needs), of which `metrics` (None: all)."""

    cycles: int | None = None
    metrics: tuple[str, ...] | None = None
    where: bool = True


class Trial:
    """Measures `subject` beside `empty`, within `limits`."""

    def __init__(
        self, target: str, subject: Subject, empty: Subject, limits: Limits, plan: Plan, progress: Progress
    ) -> None:
        self._target, self._subject, self._empty = target, subject, empty
        self._limits, self._plan, self._say = limits, plan, progress
        self._started = time.monotonic()
        self._warmup = self._measured = 0
        self._cycle_seconds = self._run_seconds = 0.0  # with the readings and the empty target, and without
        self._rates: Reading | dict[str, float] = {}
        self._evidence = Evidence(plan.metrics)
        self._last: Reading = {}

    def verdict(self) -> Verdict:
        """Measure, and answer. Whatever the target does to itself is part of the answer."""
        ended, reason, retained = "", "", []
        try:
            self._warm_up()
            reason = self._measure()
            retained = self._retained() if not self._evidence.leaking else []
        except Ended as error:
            ended = str(error)
        if noisy := self._evidence.grows_when_empty:
            raise MeasurementError(f"the empty target grows too ({noisy[0]}), so nothing can be told on this system")
        rates, leaking = self._evidence.rates, self._evidence.leaking
        agreeing = self._evidence.agreeing if leaking else ()
        findings = [Finding("leak", name, rates[name]) for name in (*leaking, *agreeing)]
        answer = Verdict(
            target=self._target,
            verdict="leak" if leaking else "inconclusive" if ended or reason else "clean",
            cycles=self._measured,
            findings=(*findings, *retained),
            what=self._subject.what,
            warmup=self._warmup,
            reason="" if leaking else ended or reason,
            ended=ended,
            rates=rates,
        )
        if leaking and not ended and self._plan.where:
            answer = self._explained(answer)
        return replace(answer, seconds=time.monotonic() - self._started)

    # Warming up.

    def _warm_up(self) -> None:
        """Run cycles until nothing grows any more, or until what grows cannot be a cache of the usual size."""
        self._last, at, block, quiet, ran = self._read(), time.monotonic(), 1, 0, 0.0
        most = {name: self._last[name] + (cap - self._last[name]) / 4 for name, cap in self._caps().items()}
        while True:
            before, begun = self._last, time.monotonic()
            took = self._run(block)
            ran += took
            self._warmup += block
            self._cycle_seconds, self._run_seconds = (time.monotonic() - begun) / block, took / block
            self._rates = {name: (self._last[name] - before[name]) / block for name in self._last}
            rising = [name for name, floor in FLOORS.items() if self._rates.get(name, 0) > floor]
            quiet = 0 if rising else quiet + block
            spent = time.monotonic() - at
            self._say(f"{self._target}: warming up, {self._warmup} cycles" + (f", {rising[0]} grows" if rising else ""))
            settled = quiet >= 30 and 2 * quiet >= self._warmup and ran > BLOCK_SECONDS
            longest = min(WARM_SECONDS, self._limits.seconds / 4)
            if settled or spent > longest or self._warmup >= WARM_CYCLES:
                return
            room = self._room(most)
            left = (longest - spent) / max(self._cycle_seconds, 1e-9)
            block = int(min(2 * block if self._warmup > 1 else 1, WARM_CYCLES - self._warmup, left + 1, room))
            if block < 1:
                return

    def _room(self, most: Mapping[str, float], share: int = 1) -> float:
        """Cycles that fit into this share of what is left up to `most`, as fast as the target grew last."""
        fits = [
            (limit - self._last[name]) / share / rate
            for name, limit in most.items()
            if (rate := self._rates.get(name, 0)) > 0
        ]
        return min(fits, default=float("inf"))

    def _caps(self) -> dict[str, float]:
        """What must not be exceeded: half of what the system allows, so that the target fails of nothing of ours."""
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        caps = {
            "heap.bytes": self._limits.memory,
            "rss.bytes": self._limits.memory,
            "vm.bytes": 1 << 46,
            "maps": _most_mappings() / 2,
            "fds": (files if files != resource.RLIM_INFINITY else 1 << 20) / 2,
            "threads": MOST_THREADS,
            "children": MOST_CHILDREN,
        }
        return {name: most for name, most in caps.items() if name in self._last}

    # Measuring.

    def _measure(self) -> str:
        """Windows until every metric is decided; why not, where one is not."""
        size = self._first_size()
        while True:
            blocks, cycles = self._shaped(size)
            if blocks < LEAST_BLOCKS:
                return f"only {max(0, blocks)} cycles fit into the limits"
            self._window(blocks, cycles)
            undecided, leaking = self._evidence.undecided, self._evidence.leaking
            doubtful = leaking or (undecided and self._evidence.windows > 1)
            if doubtful and not self._past_caches():
                self._fill_caches()
                size = self._first_size()
                continue
            if (not undecided and not leaking) or (leaking and self._long_enough()):
                return ""
            if self._plan.cycles is not None and self._measured >= self._plan.cycles:
                return f"{undecided[0]} grows, but not steadily; more cycles than {self._plan.cycles} would tell"
            if leaking:
                size = max(size, int(self._times_longer() * min(LONG_CYCLES, LONG_SECONDS / self._run_seconds)))
                undecided = leaking
            elif doubtful:
                size *= 2
            if 1.5 * size * self._cycle_seconds > self._limits.left:
                return f"{undecided[0]} grows, but not steadily, and there is no time for more cycles"

    def _long_enough(self) -> bool:
        """Whether so many cycles were measured that what grows all the time is no cache that fills."""
        if self._plan.cycles is not None:
            return self._measured >= self._plan.cycles
        times = self._times_longer()
        return (
            self._measured >= times * LONG_CYCLES
            or self._measured * self._run_seconds >= times * LONG_SECONDS
            or self._room(self._caps(), 3) < self._measured
        )

    def _times_longer(self) -> float:
        """1 where some metric leaks the same in every cycle, else BY_CHANCE."""
        slopes = [self._evidence.rate(name) for name in self._evidence.leaking]
        even = any(one.high - one.low <= EVEN * one.per_cycle for one in slopes)
        return 1.0 if even else BY_CHANCE

    def _past_caches(self) -> bool:
        """Whether the two windows that decide began when the usual caches are full.

        One may be used for the first time later than it took everything else to settle.
        """
        if self._plan.cycles is not None or self._room(self._caps(), 3) < self._measured:
            return True
        began = self._warmup + self._measured - self._evidence.last_cycles(2)
        return began >= WARM_CYCLES or self._patience <= 0

    @property
    def _patience(self) -> float:
        """Seconds that are left for cycles in which the usual caches fill."""
        return self._limits.left - (1 - PATIENT_SHARE) * self._limits.seconds

    def _fill_caches(self) -> None:
        """Go on warming up, in one go, as far as that was not done."""
        cycles = min(
            WARM_CYCLES - self._warmup - self._measured,
            self._room(self._caps(), 3),
            self._patience / self._cycle_seconds,
        )
        if cycles >= 1:
            self._run(int(cycles))
            self._warmup += int(cycles)

    def _first_size(self) -> int:
        """Cycles of the first window."""
        if self._plan.cycles is not None:
            return max(1, self._plan.cycles // 2)
        # By their own time: on a busy machine the talk about a few cycles takes longer than they do.
        seconds = max(self._run_seconds, 1e-7)
        least = min(LEAST_CYCLES, max(1, int(SLOW_BLOCK_SECONDS / seconds)))
        return BLOCKS * min(MOST_CYCLES, max(least, int(BLOCK_SECONDS / seconds)))

    def _shaped(self, size: int) -> tuple[int, int]:
        """Blocks, and cycles in all, of the next window of `size` cycles, cut to what there is room and time for."""
        if self._plan.cycles is not None and self._measured:
            size = self._plan.cycles - self._measured
        fits = max(LEAST_BLOCKS, self._limits.left / 2 / self._cycle_seconds)
        if self._plan.cycles is None and (touched := self._rates.get("rss.bytes", 0)) > 0:
            fits = min(fits, max(BLOCKS * LEAST_CYCLES, WINDOW_BYTES / touched))
        size = int(min(size, self._room(self._caps(), 3), fits))
        return min(BLOCKS, size), size

    def _window(self, blocks: int, cycles: int) -> None:
        """Measure one window; what was seen of it counts, also when the target ends on the way."""
        edges = [round(cycles * n / blocks) for n in range(blocks + 1)]
        rows, quiet, begun, ran = [self._full(self._subject)], [self._full(self._empty)], time.monotonic(), 0.0
        try:
            for number, (start, end) in enumerate(pairwise(edges), 1):
                self._say(f"{self._target}: {self._measured + start} cycles, block {number} of {blocks}")
                ran += self._run(end - start)
                both = self._full(self._subject), self._full(self._empty)
                rows.append(both[0])  # after both were read, so that there are as many of each, whatever ends here
                quiet.append(both[1])
        finally:
            seen = len(rows) - 1
            self._measured += edges[seen]
            if seen >= LEAST_BLOCKS:
                self._evidence.add(edges[: seen + 1], rows, quiet)
                self._cycle_seconds, self._run_seconds = (time.monotonic() - begun) / edges[seen], ran / edges[seen]
                self._rates = {name: (rows[-1][name] - rows[0][name]) / edges[seen] for name in rows[0]}

    def _full(self, subject: Subject) -> Reading:
        """A reading with the memory that no other process has."""
        unique = subject.unique()
        return {**subject.read(), **({"uss.bytes": unique} if unique >= 0 else {})}

    def _run(self, cycles: int) -> float:
        """The same cycles on both, and a collection; remembers what the target holds then. Its own seconds."""
        seconds = self._subject.run(cycles)
        self._subject.collect()
        self._empty.run(cycles)
        self._empty.collect()
        self._last = self._subject.read()
        return seconds

    def _read(self) -> Reading:
        self._subject.collect()
        return self._subject.read()

    # What waits for the collector.

    def _retained(self) -> list[Finding]:
        """What a cycle leaves to the collector, seen with the collector switched off for a few cycles."""
        if not self._subject.switch_collector(on=False):
            return []
        try:
            before = self._read()
            self._subject.run(1)
            once = self._subject.read()
            self._rates = {name: once[name] - before[name] for name in once}
            self._last = once
            self._subject.collect()
            most = min(
                self._room(self._caps(), 4), BLOCK_SECONDS / max(self._cycle_seconds, 1e-6), 20 * RETAINED_BLOCKS
            )
            step = max(1, int(most / RETAINED_BLOCKS))
            freed = [self._freed(step * n) for n in range(1, RETAINED_BLOCKS + 1)]
        finally:
            self._subject.switch_collector(on=True)
        # A collection also empties free lists, which are as long after few cycles as after many: what counts is
        # what a collection frees *more* after more cycles.
        cycles = tuple(step * n for n in range(1, RETAINED_BLOCKS + 1))
        kept = {name: Window(cycles, tuple(one[name] for one in freed)) for name in freed[0]}
        return [
            Finding("retained", name, kept[name].slope)
            for name, floor in RETAINED.items()
            if name in kept and shape(kept[name], floor) == "grows"
        ]

    def _freed(self, cycles: int) -> Reading:
        """What a collection takes away after so many cycles."""
        self._subject.run(cycles)
        full = self._subject.read()
        self._subject.collect()
        left = self._subject.read()
        return {name: full[name] - left[name] for name in full}

    # Explaining.

    def _explained(self, answer: Verdict) -> Verdict:
        """`answer` with the places of each finding, as far as they could be traced in the time that is left."""
        self._say(f"{self._target}: tracing where")
        rates = {one.metric: one.slope.per_cycle for one in answer.leaks if one.metric in FLOORS}
        # What is left in few of the cycles must be left about as often while it is traced.
        counts = [rate for name, rate in rates.items() if "bytes" not in name]
        rarest = min([1.0, *counts, *([rates["heap.bytes"] / LEAST_BLOCK] if "heap.bytes" in rates else [])])
        wanted = min(EXPLAINED / max(rarest, 1e-6), MOST_EXPLAINED)
        fits = min(self._room(self._caps(), EXPLAINING), EXPLAINED_SECONDS / max(self._cycle_seconds, 1e-6), wanted)
        try:
            return answer.explained(self._subject.explain(max(1, int(fits)), rates))
        except Ended as error:
            return replace(answer, hints=(*answer.hints, f"tracing where it leaks ended it: {error}"))


def _most_mappings() -> int:
    """vm.max_map_count; its usual value where the kernel does not say."""
    try:
        return int(Path("/proc/sys/vm/max_map_count").read_text())
    except OSError:
        return 65530
