"""A program of any language as a target: it gets a line on its stdin and answers it; that is a cycle.

Its heap is counted by a library that is loaded before its own (`process.heap_watch`); where that cannot be done, only
the kernel's figures are known of it. Its C library is told to hide little in caches, so that its address space follows
what it holds: one arena, no spare room at the top of the heap, no caches of its threads.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial

from footprint.attribution import external_tracers
from footprint.attribution.external_tracers import Rerun
from footprint.errors import MeasurementError
from footprint.leaks.environment import environment
from footprint.leaks.line_answer import AnswerRule
from footprint.leaks.line_talk import LineTalk
from footprint.leaks.subject import MetricValues
from footprint.leaks.supervisor import Limits, Supervisor
from footprint.leaks.watched_heap import WatchedHeap
from footprint.process.allocators import allocators, replaced
from footprint.process.child import Child, find_program
from footprint.process.heap_watch import HeapWatch
from footprint.process.resources import ABSENT, OUTSIDE, Outside
from footprint.verdict.place import Explanation

EMPTY = ("cat",)
"""Answers every line, and does nothing."""
TUNABLES = "glibc.malloc.tcache_count=0:glibc.malloc.arena_max=1:glibc.malloc.top_pad=4096"
LEAST_TO_TRACE = 2.0
NO_TIME = "no time was left to trace where (--seconds)"
MISSING = "for the places: apt install heaptrack"
OWN_ALLOCATOR = "heap.bytes: the program has an allocator of its own"
NOT_LOADED = "heap.bytes: the program does not load the library that counts (is it linked statically?)"
SECONDS_TO_END = 0.2
TRACED_CYCLES, TRACING_SHARE = 12, 0.5
"""Cycles that are traced at least, and the share of the time that is left which they may take."""


class CommandSubject:
    """The program `command`; `line` is what it is sent each cycle, by default the number of the cycle.

    `rule` says when that is answered. `heap` reads its heap, where that can be done; else `unwatched` says why not.
    """

    def __init__(
        self, command: Sequence[str], limits: Limits, *, line: str | None = None, rule: AnswerRule | None = None
    ) -> None:
        self._command, self._limits, self._line = list(command), limits, line
        self._rule = rule or AnswerRule()
        # What Python keeps for itself has to be in the heap, too.
        self._environment = {**environment(), "GLIBC_TUNABLES": TUNABLES, "PYTHONMALLOC": "malloc"}
        self.cycles, self._pace = 0, 0.0
        self.what = self.unwatched = ""
        self.heap: WatchedHeap | None = None
        self._preload: dict[str, str] = {}
        self._inherits: tuple[int, ...] = ()
        self._held = ExitStack()
        try:
            self._watch()
            self._start()
            if why_not := self._why_not():
                # It may not free with glibc what its own allocator gave.
                self.close()
                self.heap, self._preload, self._inherits, self.unwatched = None, {}, (), why_not
                self._start()
        except BaseException:
            self.close()
            raise

    def _watch(self) -> None:
        try:
            watch = HeapWatch()
        except MeasurementError as error:
            self.unwatched = f"heap.bytes: {error}"
            return
        self.heap, self._inherits = WatchedHeap(watch), (watch.descriptor,)
        self._held.callback(watch.close)
        self._preload = {**watch.environment, "GLIBC_TUNABLES": TUNABLES}

    def _start(self) -> None:
        """Start it, and hear what it says before its first line."""
        (stdin, writing), (out, stdout), (words, stderr) = (os.pipe() for _ in range(3))
        lines = os.fdopen(writing, "wb", buffering=0)
        for close in (lines.close, partial(os.close, out), partial(os.close, words)):
            self._held.callback(close)
        with ExitStack() as theirs:
            for descriptor in (stdin, stdout, stderr):
                theirs.callback(os.close, descriptor)
            environment = {**self._environment, **self._preload}
            self._child = Child(
                self._command, stdin=stdin, stdout=stdout, copy=stderr, environment=environment,
                pass_fds=self._inherits,
            )  # fmt: skip
        self._held.callback(self._end, self._child)
        self._held.callback(lines.close)  # the first at the end: many programs end with their input
        self._supervisor = Supervisor(self._child)
        self._outside = Outside(self._child.pid)
        self._talk = LineTalk(writing, out, words, self._rule, self._limits, self._supervisor)
        self._talk.begin()

    def _why_not(self) -> str:
        """Why its heap cannot be watched, though it was to be; empty where it is."""
        if self.heap is None or not self._supervisor.is_alive:
            return ""
        if replacing := replaced(self._child.pid):
            return f"{OWN_ALLOCATOR}, {replacing}"
        return "" if self.heap.counts(self._child.pid) else NOT_LOADED

    def run(self, cycles: int) -> float:
        """So many lines, each answered, and the seconds until they were; raises Ended."""
        begun = time.monotonic()
        for _ in range(cycles):
            self._talk.give(str(self.cycles + 1) if self._line is None else self._line, self._when)
            self.cycles += 1
        seconds = time.monotonic() - begun
        self._pace = seconds / max(1, cycles)
        return seconds

    def collect(self) -> int:
        """Nothing: it is not known how."""
        return 0

    def read(self) -> MetricValues:
        """Its heap, where that is watched, and OUTSIDE, without what this system cannot tell."""
        heap = self.heap.read() if self.heap is not None else {}
        try:
            pairs = zip(OUTSIDE, self._outside.read(), strict=True)
        except ProcessLookupError:
            raise self._supervisor.died(self._when) from None
        return {**heap, **{name: value for name, value in pairs if value != ABSENT}}

    def unique(self) -> int:
        """Its USS in bytes."""
        return self._outside.unique()

    def allocators(self) -> list[str]:
        """Those of its libraries."""
        return allocators(self._supervisor.pid)

    def switch_collector(self, *, on: bool) -> bool:  # noqa: ARG002 (there is none)
        """False."""
        return False

    def explain(self, cycles: int, rates: Mapping[str, float]) -> Explanation:
        """The native places: in the same process where its heap is watched, else of it run anew under a tracer."""
        if self.heap is not None:
            return self._watched(self.heap, cycles) if "heap.bytes" in rates else Explanation()
        if self._limits.left < LEAST_TO_TRACE:
            return Explanation(hints=(NO_TIME,))
        grown = rates.get("vm.bytes", 0.0)
        if not grown:
            return Explanation()
        program = find_program(self._command[0])
        rerun = Rerun(
            lambda _: [program, *self._command[1:]],
            self._environment, MISSING, self._lines_of, unplaced="in main",
            seconds=min(external_tracers.SECONDS, self._limits.left), stays=True,
        )  # fmt: skip
        # Half of a small block is malloc's own.
        return external_tracers.traced(rerun, cycles, Explanation(untraced=grown / 2), rates)

    def _lines_of(self, cycles: int) -> str:
        lines = (str(number) if self._line is None else self._line for number in range(1, cycles + 1))
        return "".join(f"{line}\n" for line in lines)

    def _watched(self, heap: WatchedHeap, cycles: int) -> Explanation:
        fits = int(self._limits.left * TRACING_SHARE / max(self._pace, 1e-6))
        if fits < 1:
            return Explanation(hints=(NO_TIME,))
        return heap.explained(self.run, min(fits, max(cycles, TRACED_CYCLES)), self._child.pid)

    def close(self) -> None:
        """End it; the second time does nothing."""
        self._held.close()

    @staticmethod
    def _end(child: Child) -> None:
        child.wait(SECONDS_TO_END)
        child.kill()

    @property
    def _when(self) -> str:
        return f"in cycle {self.cycles + 1}"
