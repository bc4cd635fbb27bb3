"""What is measured, as the measuring process sees it: something that runs cycles and can be read.

`PipeSubject` is one in a process that we talk with through a channel; `python_subject` a Python target so. Whatever
ends it, ends as `Ended`, with what it was.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from footprint.errors import MeasurementError, RequestError
from footprint.leaks.channel import Channel
from footprint.leaks.environment import environment
from footprint.leaks.foreign_python import start_command
from footprint.leaks.pipe_protocol import LENGTH, ReplyCode, RequestCode
from footprint.leaks.supervisor import TIME, Ended, Limits
from footprint.process.allocators import allocators
from footprint.process.resources import ABSENT, INSIDE, OUTSIDE, Outside
from footprint.process.shared_counter import CounterReader
from footprint.verdict.place import Explanation

MetricValues = dict[str, int]
"""A number for each metric that this target and this system have."""
HANGING = 0.25
"""Of all the time, what one cycle must have taken at its end, to be what there is no more time for."""


class Subject(Protocol):
    """Runs cycles; can be read between them. `what` says what it is, where that is known."""

    what: str

    def run(self, cycles: int) -> float:
        """So many cycles, and the seconds that they took without the talk about them; raises Ended."""

    def collect(self) -> int:
        """Take away what only waits for a collector, where there is one; how many objects had waited."""

    def read(self) -> MetricValues:
        """What it holds."""

    def unique(self) -> int:
        """Its USS in bytes."""

    def allocators(self) -> list[str]:
        """The allocators that it has beside glibc's, by name."""

    def switch_collector(self, *, on: bool) -> bool:
        """Whether garbage is collected while cycles run; False where there is no collector."""

    def explain(self, cycles: int, rates: Mapping[str, float]) -> Explanation:
        """Where cycles leave what they leave, traced over multiples of `cycles`; the last thing that it is asked.

        `rates` are those of what leaks, per cycle.
        """

    def close(self) -> None:
        """End it."""


TraceAgain = Callable[[Explanation, int, Mapping[str, float]], Explanation]
"""An explanation, with what is found out about its untraced bytes outside of the process: (it, cycles, rates)."""


class PipeSubject:
    """What runs at the other end of `channel`; `first` says when its first answer comes.

    `trace_again` is asked about heap that its own process could not place.
    """

    def __init__(self, channel: Channel, trace_again: TraceAgain, *, first: str = "while it was loaded") -> None:
        self._channel, self._trace_again, self._first = channel, trace_again, first
        self._outside = Outside(channel.pid)
        self.cycles = 0
        self.what = ""
        self._counter: CounterReader | None = None

    def ready(self) -> None:
        """Wait until it is loaded; raises RequestError for a word that names nothing, Ended, or MeasurementError."""
        try:
            reply, text = self._channel.hear(self._first, self._channel.limits.left)
        except Ended as error:
            if "SyntaxError" in str(error):
                raise MeasurementError(f"{self._channel.program} is older than Python 3.8: {error}") from None
            raise
        if reply == ReplyCode.REFUSED:
            raise RequestError(text)
        if reply == ReplyCode.MISSING:
            raise MeasurementError(text)
        if reply != ReplyCode.READY:
            raise self._channel.unexpected(reply, text)
        ready = json.loads(text)
        self.cycles, self.what = 0, ready["what"]
        if ready["counter"] >= 0:
            self._counter = CounterReader(self._channel.pid, ready["counter"])

    def run(self, cycles: int) -> float:
        """So many cycles, and the seconds that they took by the target's own clock; raises Ended."""
        self._channel.send(RequestCode.RUN, cycles)
        done, since = -1, time.monotonic()
        while not self._channel.is_ready(f"in cycle {self.cycles + max(0, done) + 1}"):
            limits, now = self._channel.limits, time.monotonic()
            before, done = done, self._done()
            if done != before or (done < 0 and cycles > 1):
                since = now
            if now - since > (limits.cycle_seconds if limits.left > 0 else limits.seconds * HANGING):
                cycle = self.cycles + max(0, done) + 1
                self._channel.lost = Ended("hung", f"it hangs in cycle {cycle}: nothing for {now - since:.0f} s")
                raise self._channel.lost
            if limits.left < 0:
                self._channel.lost = Ended(TIME, "the time is over")
                raise self._channel.lost
        *_, nanoseconds = self._channel.done(f"in cycle {self.cycles + max(0, self._done()) + 1}")
        self.cycles += cycles
        return nanoseconds / 1e9

    def collect(self) -> int:
        """Collect its garbage; how many objects that were."""
        return self._ask(RequestCode.COLLECT)[-1]

    def read(self) -> MetricValues:
        """INSIDE and OUTSIDE, without what this system cannot tell."""
        *inside, _ = self._ask(RequestCode.READ)
        try:
            outside = self._outside.read()
        except ProcessLookupError:
            raise self._channel.died("while it was read") from None
        pairs = zip((*INSIDE, *OUTSIDE), (*inside, *outside), strict=True)
        return {name: value for name, value in pairs if value != ABSENT}

    def unique(self) -> int:
        """Its USS in bytes."""
        return self._outside.unique()

    def allocators(self) -> list[str]:
        """Those of its libraries."""
        return allocators(self._channel.pid)

    def switch_collector(self, *, on: bool) -> bool:
        """Switch Python's collector; True."""
        self._ask(RequestCode.GC, int(on))
        return True

    def explain(self, cycles: int, rates: Mapping[str, float]) -> Explanation:
        """The places that its own process names, and for what that cannot see, those that are found outside of it."""
        seconds = self._channel.limits.fitting(self._channel.limits.cycle_seconds * 3)
        text = json.dumps({"rates": dict(rates), "seconds": seconds}).encode()
        self._channel.send(RequestCode.EXPLAIN, cycles, LENGTH.pack(len(text)) + text)
        try:
            reply, said = self._channel.hear("while its leak was traced", seconds)
        except Ended as error:
            if error.how == "hung" and self._channel.limits.left <= 0:
                raise Ended(TIME, "the time was over before it was traced where it leaks") from None
            raise
        if reply != ReplyCode.TEXT:
            raise self._channel.unexpected(reply, said)
        explanation = Explanation.from_pipe(json.loads(said))
        if explanation.untraced and not explanation.filling:
            explanation = self._trace_again(explanation, cycles, rates)
        return explanation.with_lines()

    def origins(self, packages: Sequence[str]) -> dict[str, str]:
        """For each package: a file of a module that is not of its environment, ``""``, or ``-`` (not imported)."""
        text = json.dumps(list(packages)).encode()
        self._channel.send(RequestCode.ORIGINS, 0, LENGTH.pack(len(text)) + text)
        reply, said = self._channel.hear("between cycles", self._channel.limits.cycle_seconds)
        if reply != ReplyCode.TEXT:
            raise self._channel.unexpected(reply, said)
        return json.loads(said)  # type: ignore[no-any-return]

    def close(self) -> None:
        """End the process; its teardown is given a moment."""
        self._channel.close()

    def _ask(self, operation: RequestCode, number: int = 0) -> tuple[int, ...]:
        limits = self._channel.limits
        seconds = limits.fitting(limits.cycle_seconds)
        try:
            return self._channel.ask(operation, number, "between cycles", seconds)
        except Ended as error:
            if error.how == "hung" and seconds < limits.cycle_seconds:
                raise Ended(TIME, "the time is over") from None
            raise

    def _done(self) -> int:
        """Cycles that are done of those it was asked for, also when it is dead; -1 where that may not be read."""
        return self._counter.read() if self._counter is not None else -1


def python_subject(word: str, limits: Limits, *, python: str = sys.executable) -> PipeSubject:
    """The Python target `word` in a fresh process of `python`; what that cannot trace, a tracer around another does."""

    def trace_again(explanation: Explanation, cycles: int, rates: Mapping[str, float]) -> Explanation:
        from footprint.attribution import external_tracers  # few targets need it, and each waits for its import
        from footprint.attribution.native_stacks import missing_hint

        def command(number: int) -> list[str]:
            return [*start_command(python), "only", str(number), word]

        seconds = limits.fitting(external_tracers.SECONDS)
        again = external_tracers.Rerun(command, environment(), missing_hint(), seconds=seconds)
        return external_tracers.traced(again, cycles, explanation, rates)

    return PipeSubject(Channel(start_command(python), [word], limits), trace_again)
