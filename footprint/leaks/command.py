"""A program of any language as a target: it gets a line on its stdin and answers it; that is a cycle.

Only the kernel's figures are known of it. Its C library is told to hide little in caches, so that its address space
follows what it holds: one arena, no spare room at the top of the heap, no caches of its threads.
"""

from __future__ import annotations

import os
import select
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

from footprint.attribution import external_tracers
from footprint.attribution.external_tracers import Rerun
from footprint.leaks.environment import environment
from footprint.leaks.subject import MetricValues
from footprint.leaks.supervisor import Ended, Limits, Supervisor
from footprint.process.allocators import allocators
from footprint.process.child import Child, find_program
from footprint.process.resources import ABSENT, OUTSIDE, Outside
from footprint.verdict.place import Explanation

EMPTY = ("cat",)
"""Answers every line, and does nothing."""
BUFFERED = "a program that buffers its output needs: stdbuf -oL"
TUNABLES = "glibc.malloc.tcache_count=0:glibc.malloc.arena_max=1:glibc.malloc.top_pad=4096"
MISSING = "for the places: apt install heaptrack"


class CommandSubject:
    """The program `command`; `line` is what it is sent each cycle, by default the number of the cycle."""

    def __init__(self, command: Sequence[str], limits: Limits, *, line: str | None = None) -> None:
        self._command, self._limits, self._line = list(command), limits, line
        # One channel is all there is, so what Python keeps for itself has to be in it too.
        self._environment = {**environment(), "GLIBC_TUNABLES": TUNABLES, "PYTHONMALLOC": "malloc"}
        self.cycles = 0
        self.what = ""
        theirs_in, self._lines = os.pipe()
        self._answers, theirs_out = os.pipe()
        self._child: Child | None = None
        try:
            self._child = Child(
                command,
                stdin=theirs_in,
                stdout=theirs_out,
                environment=self._environment,
            )
        finally:
            os.close(theirs_in)
            os.close(theirs_out)
            if self._child is None:
                self.close()
        os.set_blocking(self._answers, False)
        self._poller = select.poll()
        self._poller.register(self._answers, select.POLLIN)
        self._supervisor = Supervisor(self._child)
        self._outside = Outside(self._child.pid)

    def run(self, cycles: int) -> float:
        """So many lines, each answered, and the seconds until they were; raises Ended."""
        begun = time.monotonic()
        for _ in range(cycles):
            self._drain()
            line = str(self.cycles + 1) if self._line is None else self._line
            try:
                os.write(self._lines, f"{line}\n".encode())
            except OSError:
                raise self._supervisor.died(self._when) from None
            self._wait()
            self.cycles += 1
        return time.monotonic() - begun

    def collect(self) -> int:
        """Nothing: it is not known how."""
        return 0

    def read(self) -> MetricValues:
        """OUTSIDE, without what this system cannot tell."""
        try:
            pairs = zip(OUTSIDE, self._outside.read(), strict=True)
        except ProcessLookupError:
            raise self._supervisor.died(self._when) from None
        return {name: value for name, value in pairs if value != ABSENT}

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
        """The native places, where a tracer is installed: the program is run under it for as many lines."""
        grown = rates.get("vm.bytes", 0.0)
        if not grown:
            return Explanation()
        rerun = Rerun(
            lambda _: [find_program(self._command[0]), *self._command[1:]],
            self._environment, MISSING, self._lines_of, unplaced="in main",
        )  # fmt: skip
        # Half of a small block is malloc's own.
        return external_tracers.traced(rerun, cycles, Explanation(untraced=grown / 2), rates)

    def _lines_of(self, cycles: int) -> str:
        lines = (str(number) if self._line is None else self._line for number in range(1, cycles + 1))
        return "".join(f"{line}\n" for line in lines)

    def close(self) -> None:
        """End it."""
        for descriptor in (self._lines, self._answers):
            with suppress(OSError):
                os.close(descriptor)
        self._lines = self._answers = -1
        if self._child is not None:
            self._child.wait(0.2)
            self._child.kill()

    @property
    def _when(self) -> str:
        return f"in cycle {self.cycles + 1}"

    def _drain(self) -> None:
        """What it said beyond the line of its answer."""
        with suppress(BlockingIOError):
            while os.read(self._answers, 1 << 16):
                pass

    def _wait(self) -> None:
        """For a line; raises Ended for a program that is gone, silent or too large."""
        end = time.monotonic() + min(self._limits.cycle_seconds, max(0.1, self._limits.left))
        while True:
            if not self._poller.poll(50):
                if not self._supervisor.is_alive:
                    raise self._supervisor.died(self._when)
                self._supervisor.weigh(self._when, self._limits.memory)
                if time.monotonic() > end:
                    raise Ended("hung", f"it does not answer line {self.cycles + 1} in time; {BUFFERED}")
                continue
            with suppress(BlockingIOError):
                chunk = os.read(self._answers, 1 << 16)
                if not chunk:
                    raise self._supervisor.died(self._when)
                if b"\n" in chunk:
                    return
