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
from footprint.leaks.line_answer import AnswerRule
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
QUIET, MOST_GREETING = 0.2, 5.0
"""Seconds of silence that end what a program says before its first line, and the most that are waited for it."""
LEAST_TO_TRACE = 2.0
NO_TIME = "no time was left to trace where (--seconds)"
MISSING = "for the places: apt install heaptrack"


class CommandSubject:
    """The program `command`; `line` is what it is sent each cycle, by default the number of the cycle.

    `rule` says when that is answered.
    """

    def __init__(
        self, command: Sequence[str], limits: Limits, *, line: str | None = None, rule: AnswerRule | None = None
    ) -> None:
        self._command, self._limits, self._line = list(command), limits, line
        self._rule = rule
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
            if self._rule is None:
                self._rule = AnswerRule()
            if not self.cycles:
                self._rule = self._rule.after_start(self._greeting())
            self._drain()
            line = str(self.cycles + 1) if self._line is None else self._line
            try:
                os.write(self._lines, f"{line}\n".encode())
            except OSError:
                raise self._supervisor.died(self._when) from None
            self._wait(line.count("\n") + 1, self._rule)
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
        if self._limits.left < LEAST_TO_TRACE:
            return Explanation(hints=(NO_TIME,))
        program = find_program(self._command[0])
        rerun = Rerun(
            lambda _: [program, *self._command[1:]],
            self._environment, MISSING, self._lines_of, unplaced="in main",
            seconds=min(external_tracers.SECONDS, self._limits.left), asked=program,
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

    def _greeting(self) -> str:
        """What it says before it is sent anything: most say nothing."""
        said, end = "", time.monotonic() + MOST_GREETING
        while time.monotonic() < end and self._poller.poll(int(QUIET * 1000)):
            with suppress(BlockingIOError):
                chunk = os.read(self._answers, 1 << 16)
                if not chunk:
                    break
                said += chunk.decode(errors="replace")
        return said

    def _wait(self, sent: int, rule: AnswerRule) -> None:
        """For the answer to so many lines; raises Ended for a program that is gone, silent, too large, or refuses."""
        end = time.monotonic() + min(self._limits.cycle_seconds, max(0.1, self._limits.left))
        said, heard = "", time.monotonic()
        while not rule.is_answered(said, sent, time.monotonic() - heard):
            if self._poller.poll(min(50, int(1000 * rule.idle)) if rule.idle else 50):
                with suppress(BlockingIOError):
                    chunk = os.read(self._answers, 1 << 16)
                    if not chunk:
                        raise self._supervisor.died(self._when)
                    said, heard = said + chunk.decode(errors="replace"), time.monotonic()
            else:
                if not self._supervisor.is_alive:
                    raise self._supervisor.died(self._when)
                self._supervisor.weigh(self._when, self._limits.memory)
            if time.monotonic() > end and not (rule.idle and heard > end - rule.idle):
                raise Ended("hung", f"it does not answer line {self.cycles + 1} in time; {BUFFERED}")
        if error := rule.error_in(said):
            raise Ended("refused", f"it answers with an error {self._when}: {error}")
