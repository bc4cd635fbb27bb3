"""What is measured, as the measuring process sees it: something that runs cycles and can be read.

`PipeSubject` is one in a process that we talk with through a channel; `python_subject` a Python target so. Whatever
ends it, ends as `Ended`, with what it was.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from typing import Protocol

from footprint.attribution import external_tracers
from footprint.attribution.external_tracers import Rerun
from footprint.attribution.native_stacks import missing_hint
from footprint.errors import MeasurementError, RequestError
from footprint.install import install_command
from footprint.leaks.channel import Channel
from footprint.leaks.environment import environment
from footprint.leaks.pipe_protocol import LENGTH, ReplyCode, RequestCode
from footprint.leaks.supervisor import Ended, Limits
from footprint.process.resources import ABSENT, INSIDE, OUTSIDE, Outside
from footprint.verdict.place import Explanation

MetricValues = dict[str, int]
"""A number for each metric that this target and this system have."""
RUNNER = ("-m", "footprint.leaks.measured_process")


class Subject(Protocol):
    """Runs cycles; can be read between them. `what` says what it is, where that is known."""

    what: str

    def run(self, cycles: int) -> float:
        """So many cycles, and the seconds that they took without the talk about them; raises Ended."""

    def collect(self) -> None:
        """Take away what only waits for a collector, where there is one."""

    def read(self) -> MetricValues:
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

    def ready(self) -> None:
        """Wait until it is loaded; raises RequestError for a word that names nothing, Ended, or MeasurementError."""
        try:
            reply, text = self._channel.hear(self._first, self._channel.limits.left)
        except Ended as error:
            if "No module named" in str(error) and "footprint" in str(error).rpartition("No module named")[2]:
                python = self._channel.program
                raise MeasurementError(
                    f"{python} has no footprint; install it with: {install_command(python=python)}"
                ) from None
            raise
        if reply == ReplyCode.REFUSED:
            raise RequestError(text)
        if reply == ReplyCode.MISSING:
            raise MeasurementError(text)
        if reply != ReplyCode.READY:
            raise self._channel.unexpected(reply, text)
        self.cycles, self.what = 0, json.loads(text)["what"]

    def run(self, cycles: int) -> float:
        """So many cycles, and the seconds that they took by the target's own clock; raises Ended."""
        limits = self._channel.limits
        left = max(0.1, limits.left)
        seconds = left if cycles > 1 else min(left, limits.cycle_seconds)
        *_, nanoseconds = self._channel.ask(RequestCode.RUN, cycles, f"in cycle {self.cycles + 1}", seconds)
        self.cycles += cycles
        return nanoseconds / 1e9

    def collect(self) -> None:
        """Collect its garbage."""
        self._ask(RequestCode.COLLECT)

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

    def switch_collector(self, *, on: bool) -> bool:
        """Switch Python's collector; True."""
        self._ask(RequestCode.GC, int(on))
        return True

    def explain(self, cycles: int, rates: Mapping[str, float]) -> Explanation:
        """The places that its own process names, and for what that cannot see, those that are found outside of it."""
        text = json.dumps(dict(rates)).encode()
        self._channel.send(RequestCode.EXPLAIN, cycles, LENGTH.pack(len(text)) + text)
        seconds = self._channel.limits.cycle_seconds * 3
        reply, said = self._channel.hear("while its leak was traced", seconds)
        if reply != ReplyCode.TEXT:
            raise self._channel.unexpected(reply, said)
        explanation = Explanation.from_pipe(json.loads(said))
        if explanation.untraced and not explanation.filling:
            return self._trace_again(explanation, cycles, rates)
        return explanation

    def close(self) -> None:
        """End the process; its teardown is given a moment."""
        self._channel.close()

    def _ask(self, operation: RequestCode, number: int = 0) -> tuple[int, ...]:
        limits = self._channel.limits
        seconds = min(max(0.1, limits.left), limits.cycle_seconds)
        return self._channel.ask(operation, number, "between cycles", seconds)


def python_subject(word: str, limits: Limits, *, python: str = sys.executable) -> PipeSubject:
    """The Python target `word` in a fresh process of `python`; what that cannot trace, a tracer around another does."""

    def trace_again(explanation: Explanation, cycles: int, rates: Mapping[str, float]) -> Explanation:
        def command(number: int) -> list[str]:
            return [python, *RUNNER, "only", str(number), word]

        return external_tracers.traced(Rerun(command, environment(), missing_hint()), cycles, explanation, rates)

    return PipeSubject(Channel([python, *RUNNER], [word], limits), trace_again)
