"""The protocol for a real QEMU: warm up, measure in windows of blocks, and say where.

Its heap is counted to the byte and its own deferred work can be waited for, so there is no noise to speak of: a leak
leaves the same in every block. What the windows say is judged by `verdict.counted_trend`.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace

from footprint.attribution.kept_spaces import SpaceName, space_places
from footprint.attribution.left_blocks import crash_frames, explained
from footprint.errors import MeasurementError
from footprint.leaks.qemu_cycles import CrashedError, QemuCycles, grown
from footprint.leaks.qemu_target import QemuTarget
from footprint.leaks.supervisor import Limits
from footprint.process.heap_watch import HeapWatch
from footprint.progress import Progress
from footprint.verdict.counted_trend import counted_rate, decide_counted
from footprint.verdict.place import Explanation
from footprint.verdict.trend import Decision, Series, Slope, decide
from footprint.verdict.verdict import Answer, Finding, FindingKind, Verdict

WARM_CYCLES = 12
BLOCKS, BLOCK_CYCLES = 6, 6
"""Of a window, and of a block."""
MOST_WINDOWS = 4
BLOCK_SECONDS = 0.6
"""What a block may take: slow cycles come in shorter ones."""
LEAST_BLOCK_CYCLES = 2
TRACED_CYCLES, TRACED_SECONDS = 12, 3.0
FLOORS = {
    "heap.bytes": 8.0,
    "heap.blocks": 0.1,
    "address_spaces": 0.1,
    "regions": 0.1,
    "flatviews.allocated": 0.1,
    "vm.bytes": 4096.0,
    "maps": 0.1,
    "fds": 0.1,
    "threads": 0.1,
    "children": 0.1,
}
"""What decides, with the growth per cycle that is still noise: malloc gives up to 16 bytes more than was asked for."""
_OF_THE_HEAP = ("vm.bytes", "maps")


@dataclass(frozen=True, slots=True)
class Measured:
    """What the windows say: by metric the decision and the rate; in how many cycles."""

    decisions: Mapping[str, Decision]
    rates: Mapping[str, Slope]
    cycles: int

    @property
    def leaking(self) -> list[str]:
        """The metrics that leak, without address space that the heap took."""
        names = [name for name in FLOORS if self.decisions.get(name) == Decision.LEAK]
        if "heap.bytes" not in names:
            return names
        mapped = self.rates["vm.bytes"].per_cycle - 1.5 * self.rates["heap.bytes"].per_cycle
        return [name for name in names if name not in _OF_THE_HEAP or mapped > FLOORS["vm.bytes"]]

    @property
    def undecided(self) -> list[str]:
        """The metrics for which another window would tell."""
        heap = self.decisions.get("heap.bytes")
        return [
            name for name, decision in self.decisions.items()
            if decision == Decision.MORE and not (name in _OF_THE_HEAP and heap is not None)
        ]  # fmt: skip


class QemuTrial:
    """Measures `subject` within `limits`; `channels` and `unwatched` are told with the verdict."""

    def __init__(
        self, target: QemuTarget, subject: QemuCycles, limits: Limits, say: Progress, *, watch: HeapWatch | None,
        cycles: int | None = None, where: bool = True,
    ) -> None:  # fmt: skip
        self._target, self._subject, self._limits, self._watch = target, subject, limits, watch
        self._say, self._wanted, self._where = say, cycles, where
        self._windows: dict[str, list[Series]] = {}
        self._spaces: Counter[SpaceName] = Counter()
        self.measured_cycles = 0

    def verdict(self) -> Verdict:
        """Measure, and answer; raises MeasurementError for what QEMU refuses."""
        started = time.monotonic()
        try:
            return replace(self._verdict(), seconds=time.monotonic() - started)
        except CrashedError as error:
            seconds = time.monotonic() - started
            verdict = Verdict(self._target.word, Answer.CLEAN, self._subject.cycles, seconds=seconds)
            return self._crashed(verdict, str(error))

    def _crashed(self, verdict: Verdict, sentence: str) -> Verdict:
        """`verdict` with the crash that ended it; a leak that was measured before stays the answer."""
        crash = self._watch.crash if self._watch is not None else None
        hints = () if crash else ("no stack: that takes the preloaded library (apt install gcc libc6-dev)",)
        answer = Answer.LEAK if verdict.verdict == Answer.LEAK else Answer.CRASH
        return replace(
            verdict, verdict=answer, reason=sentence, ended=sentence, stack=crash_frames(crash) if crash else (),
            hints=(*verdict.hints, *hints),
        )  # fmt: skip

    def _verdict(self) -> Verdict:
        self._subject.before()
        self._say(f"{self._target.word}: warming up")
        self._subject.run(1)
        self._subject.read()
        begun = time.monotonic()
        self._subject.run(WARM_CYCLES - 1)
        pace = (time.monotonic() - begun) / (WARM_CYCLES - 1)
        block = max(LEAST_BLOCK_CYCLES, min(BLOCK_CYCLES, int(BLOCK_SECONDS / max(pace, 1e-6))))
        if self._wanted is not None:
            block = max(1, -(-self._wanted // (2 * BLOCKS)))
        measured = self._measured(block)
        leaking = measured.leaking
        undecided = [] if leaking else measured.undecided
        verdict = Verdict(
            target=self._target.word,
            verdict=Answer.LEAK if leaking else Answer.INCONCLUSIVE if undecided else Answer.CLEAN,
            cycles=measured.cycles,
            findings=tuple(Finding(FindingKind.LEAK, name, _rounded(measured.rates[name])) for name in leaking),
            warmup=WARM_CYCLES,
            reason=f"{undecided[0]} grows, but not steadily; more cycles would tell (--cycles)" if undecided else "",
            rates=measured.rates,
            readings={("", name): tuple(self._windows[name]) for name in (*leaking, *undecided)},
        )
        verdict = self._explained(verdict) if leaking and self._where else verdict
        try:
            self._subject.replug_at_once()
        except CrashedError as error:
            return self._crashed(verdict, str(error))
        except MeasurementError as error:  # what was measured before stands
            return replace(verdict, hints=(*verdict.hints, f"plugged in again at once: {error}"))
        self._subject.after()
        return verdict

    def _measured(self, block: int) -> Measured:
        measured = Measured({}, {}, 0)
        for number in range(1, MOST_WINDOWS + 1):
            if number == 2:
                self._spaces = self._subject.spaces()
            self._window(block, number)
            decisions = {name: self._decide(name, series) for name, series in self._windows.items()}
            rates = {name: counted_rate(series) for name, series in self._windows.items()}
            measured = Measured(decisions, rates, number * BLOCKS * block)
            if number > 1 and not measured.undecided:
                break
        return measured

    def _decide(self, name: str, series: list[Series]) -> Decision:
        """Address space is taken in steps; where nothing else is known of the heap, they decide."""
        if name == "vm.bytes" and "heap.bytes" not in self._windows:
            return decide(series, FLOORS[name])
        return decide_counted(series, FLOORS[name])

    def _window(self, block: int, number: int) -> None:
        rows = [self._subject.read()]
        for n in range(1, BLOCKS + 1):
            self._say(f"{self._target.word}: window {number}, block {n} of {BLOCKS}")
            self._subject.run(block)
            rows.append(self._subject.read())
        edges = tuple(block * n for n in range(BLOCKS + 1))
        for name in FLOORS:
            if all(name in row for row in rows):
                self._windows.setdefault(name, []).append(Series(edges, tuple(float(row[name]) for row in rows)))

    def _explained(self, verdict: Verdict) -> Verdict:
        """With the spaces that stay, and the stacks and objects of what is left while it is traced."""
        cycles = len(self._windows["address_spaces"][1:]) * BLOCKS * int(self._windows["regions"][0].cycles[1])
        explanation = Explanation(tuple(space_places(grown(self._spaces, self._subject.spaces()), cycles)))
        heap = [finding.metric for finding in verdict.findings if finding.metric.startswith("heap.")]
        if heap and self._watch is not None:
            self._say(f"{self._target.word}: tracing where")
            with ExitStack() as tracing:
                tracing.callback(self._watch.trace, on=False)
                traced = self._traced(self._watch)
            explanation = replace(traced, places=(*explanation.places, *traced.places))
        elif heap:
            explanation = explanation.with_hints("for the places: apt install gcc libc6-dev")
        return verdict.explained(explanation)

    def _traced(self, watch: HeapWatch) -> Explanation:
        watch.trace(on=True)
        begun = time.monotonic()
        traced = 0
        while traced < TRACED_CYCLES:
            self._subject.run(1)
            traced += 1
            if time.monotonic() - begun > min(TRACED_SECONDS, max(0.5, self._limits.left / 3)):
                break
        self._subject.read()
        watch.trace(on=False)
        hints = (f"{watch.lost} blocks found no room while tracing",) if watch.lost else ()
        try:
            return explained(list(watch.left()), traced, self._subject.guest.pid).with_hints(*hints)
        except (OSError, ValueError) as error:
            raise MeasurementError(f"where it leaks cannot be told: {error}") from None


def _rounded(slope: Slope) -> Slope:
    """Without the digits that only division has made."""
    return Slope(*(round(value, 2) for value in (slope.per_cycle, slope.low, slope.high)))
