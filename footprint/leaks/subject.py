"""What is measured, as the measuring process sees it: something that runs cycles and can be read.

`ChildSubject` is a Python target in a process of its own. Whatever ends it, ends as `Ended`, with what it was.
"""

from __future__ import annotations

import json
import os
import select
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Protocol

from footprint.attribution import external_tracers
from footprint.errors import MeasurementError, RequestError
from footprint.leaks import pipe_protocol
from footprint.leaks.supervisor import Ended, Limits, Watch
from footprint.process.child import Child
from footprint.process.resources import ABSENT, INSIDE, OUTSIDE, Outside
from footprint.verdict.verdict import Explanation

Reading = dict[str, int]
"""A number for each metric that this target and this system have."""


class Subject(Protocol):
    """Runs cycles; can be read between them. `what` says what it is, where that is known."""

    what: str

    def run(self, cycles: int) -> float:
        """So many cycles, and the seconds that they took without the talk about them; raises Ended."""

    def collect(self) -> None:
        """Take away what only waits for a collector, where there is one."""

    def read(self) -> Reading:
        """What it holds."""

    def unique(self) -> int:
        """Its USS in bytes."""

    def switch_collector(self, *, on: bool) -> bool:
        """Whether garbage is collected while cycles run; False where there is no collector."""

    def explain(self, cycles: int, rates: Mapping[str, float]) -> Explanation:
        """Where cycles leave what they leave, traced over multiples of `cycles`; the last thing that it is asked.

        `rates` are those of what leaks, per cycle.
        """

    def close(self) -> None:
        """End it."""


class ChildSubject:
    """The Python target `word` in a fresh process: `python` runs `program`, which inherits `pass_fds`."""

    def __init__(
        self, word: str, limits: Limits, *, python: str = sys.executable,
        program: Sequence[str] = ("-m", "footprint.leaks.measured_process"), pass_fds: Sequence[int] = (),
    ) -> None:  # fmt: skip
        self._word, self._limits, self._python = word, limits, python
        theirs_in, self._requests = os.pipe()
        self._answers, theirs_out = os.pipe()
        self._child: Child | None = None
        self.cycles = 0
        try:
            self._child = Child(
                [python, *program, str(theirs_in), str(theirs_out), word],
                pass_fds=(theirs_in, theirs_out, *pass_fds),
                environment=environment(),
            )
        finally:
            os.close(theirs_in)
            os.close(theirs_out)
            if self._child is None:
                self.close()
        self._watch = Watch(self._child)
        self._outside = Outside(self._child.pid)
        self.what = ""

    def ready(self) -> None:
        """Wait until it is loaded; raises RequestError for a word that names nothing, Ended, or MeasurementError."""
        try:
            kind, text = self._text(self._answer("while it was loaded", self._limits.left))
        except Ended as error:
            if "No module named" in str(error) and "footprint" in str(error).rpartition("No module named")[2]:
                raise MeasurementError(
                    f"{self._python} has no footprint; install it with: {self._python} -m pip install footprint"
                ) from None
            raise
        if kind == pipe_protocol.REFUSED:
            raise RequestError(text)
        if kind == pipe_protocol.MISSING:
            raise MeasurementError(text)
        if kind != pipe_protocol.READY:
            raise self._ended(kind, text)
        self.what = json.loads(text)["what"]

    def run(self, cycles: int) -> float:
        """So many cycles, and the seconds that they took by the target's own clock; raises Ended."""
        *_, nanoseconds = self._ask(pipe_protocol.RUN, cycles)
        self.cycles += cycles
        return nanoseconds / 1e9

    def collect(self) -> None:
        """Collect its garbage."""
        self._ask(pipe_protocol.COLLECT)

    def read(self) -> Reading:
        """INSIDE and OUTSIDE, without what this system cannot tell."""
        *inside, _ = self._ask(pipe_protocol.READ)
        try:
            outside = self._outside.read()
        except ProcessLookupError:
            raise self._died("while it was read") from None
        pairs = zip((*INSIDE, *OUTSIDE), (*inside, *outside), strict=True)
        return {name: value for name, value in pairs if value != ABSENT}

    def unique(self) -> int:
        """Its USS in bytes."""
        return self._outside.unique()

    def switch_collector(self, *, on: bool) -> bool:
        """Switch Python's collector; True."""
        self._ask(pipe_protocol.GC, int(on))
        return True

    def explain(self, cycles: int, rates: Mapping[str, float]) -> Explanation:
        """The places that its own process names, and for what that cannot see, those that a tracer around it does."""
        text = json.dumps(dict(rates)).encode()
        self._send(pipe_protocol.EXPLAIN, cycles, pipe_protocol.LENGTH.pack(len(text)) + text)
        kind, said = self._text(self._answer("while its leak was traced", self._limits.cycle_seconds * 3))
        if kind != pipe_protocol.TEXT:
            raise self._ended(kind, said)
        found = Explanation.of(json.loads(said))
        return self._traced(found, cycles, rates) if found.untraced and not found.filling else found

    def close(self) -> None:
        """End the process; its teardown is given a moment."""
        if self._child is not None and self._child.is_alive:
            with suppress(OSError):
                os.write(self._requests, pipe_protocol.REQUEST.pack(pipe_protocol.END, 0))
            self._child.wait(1)
        if self._child is not None:
            self._child.kill()
        for descriptor in (self._requests, self._answers):
            with suppress(OSError):
                os.close(descriptor)
        self._requests = self._answers = -1

    def _traced(self, found: Explanation, cycles: int, rates: Mapping[str, float]) -> Explanation:
        """`found` with what a tracer sees around the same target, in one more process."""
        again = external_tracers.child_again(self._python, self._word)
        return external_tracers.traced(again, cycles, found, rates, environment())

    def _died(self, when: str) -> Ended:
        return self._watch.died(when)

    def _ask(self, operation: int, number: int = 0) -> tuple[int, ...]:
        self._send(operation, number)
        left = max(0.1, self._limits.left)
        running = operation == pipe_protocol.RUN
        seconds = left if running and number > 1 else min(left, self._limits.cycle_seconds)
        answer = self._answer(f"in cycle {self.cycles + 1}" if running else "between cycles", seconds)
        if answer[0] != pipe_protocol.DONE:
            raise self._ended(*self._text(answer))
        return answer[1:]

    def _send(self, operation: int, number: int, text: bytes = b"") -> None:
        try:
            os.write(self._requests, pipe_protocol.REQUEST.pack(operation, number) + text)
        except OSError:
            raise self._died("between cycles") from None

    def _answer(self, when: str, seconds: float) -> tuple[int, ...]:
        """The next answer; raises Ended for a process that is dead, silent for `seconds`, or too large."""
        end, poller = time.monotonic() + seconds, select.poll()
        poller.register(self._answers, select.POLLIN)
        while not poller.poll(50):
            if time.monotonic() > end:
                raise Ended("hung", f"it hangs {when}: nothing for {seconds:.0f} s")
            if not self._watch.is_alive:
                if poller.poll(0):
                    break  # its last words came between the two questions
                raise self._died(when)
            self._watch.weigh(when, self._limits.memory)
        answer = self._receive(pipe_protocol.ANSWER.size, when)
        return pipe_protocol.ANSWER.unpack(answer)

    def _text(self, answer: tuple[int, ...]) -> tuple[int, str]:
        return answer[0], self._receive(answer[1], "while it spoke").decode(errors="replace")

    def _receive(self, size: int, when: str) -> bytes:
        data = b""
        while len(data) < size:
            chunk = os.read(self._answers, size - len(data))
            if not chunk:
                raise self._died(when)
            data += chunk
        return data

    def _ended(self, kind: int, text: str) -> Ended:
        how = {pipe_protocol.RAISED: "raised", pipe_protocol.EXITED: "exited"}.get(kind, "crashed")
        return Ended(how, f"it raises {text}" if how == "raised" else text)


UNWANTED = ("PYTHONMALLOC", "PYTHONTRACEMALLOC", "COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")


def environment() -> dict[str, str]:
    """Ours, without what would make the allocators of the measured process say less.

    glibc counts what its threads' caches hold as in use; without these caches its figures are exact. Python's own
    allocator stays on: blocks of Python and blocks of C are two channels, each quieter than both in one.
    """
    kept = {name: value for name, value in os.environ.items() if name not in UNWANTED}
    tunables = [one for one in kept.get("GLIBC_TUNABLES", "").split(":") if one and "tcache_count" not in one]
    return {
        **kept,
        "GLIBC_TUNABLES": ":".join([*tunables, "glibc.malloc.tcache_count=0"]),
        "PYTHONHASHSEED": kept.get("PYTHONHASHSEED", "0"),
    }


Progress = Callable[[str], None]
