"""The rule that a metric is the same in every cycle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from footprint.errors import RequestError, UnknownNameError
from footprint.gate.allowance import Allowance
from footprint.gate.gate_verdict import GateVerdict, RuleOutcome, exact_figure, is_exact
from footprint.gate.noise import noise
from footprint.recording.metrics import metric
from footprint.recording.model import Recording, Run, Sample


@dataclass(frozen=True, slots=True)
class Steady:
    """`metric` has the same value at each of a mark's cycles: at `mark`, or at every mark that comes again.

    An exact metric may not move at all; a measured one's highest value may exceed its lowest by `tolerance`.
    """

    metric: str
    tolerance: Allowance = field(default_factory=Allowance)
    mark: str | None = None

    def check(self) -> None:
        """Raise RequestError for a metric that cannot be steady, or a tolerance that it cannot have."""
        self.tolerance.check(self.metric)
        if not metric(self.metric).gauge:
            raise RequestError(f"{self.metric} counts what has happened since the start, so it grows in every cycle")
        if is_exact(self.metric) and self.tolerance != Allowance():
            raise RequestError(f"{self.metric} is exact, so it takes no tolerance")

    @property
    def words(self) -> str:
        """The rule in words."""
        return f"steady across cycles: {self.metric}"

    def judge(self, recording: Recording, runs: Sequence[Run]) -> list[GateVerdict]:
        """A verdict on each run and mark; raises RequestError where no mark comes again."""
        if self.mark is not None and self.mark not in recording.marks:
            raise UnknownNameError("mark in this recording", self.mark, recording.marks)
        verdicts = []
        for run in runs:
            for mark in dict.fromkeys(sample.mark for sample in run.samples):
                samples = [sample for sample in run.samples if sample.mark == mark and self.metric in sample.metrics]
                if len(samples) > 1 and self.mark in (None, mark):
                    verdicts.append(self._of_mark(recording, run, mark, samples))
        if not verdicts:
            where = f"at {self.mark}" if self.mark else "at any mark"
            raise RequestError(f"nothing to judge: {self.metric} was not recorded in several cycles {where}")
        return verdicts

    def _of_mark(self, recording: Recording, run: Run, mark: str, samples: Sequence[Sample]) -> GateVerdict:
        values = [sample.metrics[self.metric] for sample in samples]
        low, high = min(values), max(values)
        outcome = self.tolerance.outcome(self.metric, low, high - low)
        last = values[-1]
        told = f"from {exact_figure(self.metric, low)} to {exact_figure(self.metric, high)}"
        if low == high:
            told = f"{exact_figure(self.metric, low)} each time"
        word = {
            RuleOutcome.OK: "is steady",
            RuleOutcome.WARN: "moves within its tolerance",
            RuleOutcome.FAIL: "is not steady",
        }
        sentence = f"{self.metric} under {run.rules} at {mark}, {len(values)} cycles: {told}; {word[outcome]}"
        limit = f"± {self.tolerance.text(self.metric)[1:]}" if self.tolerance != Allowance() else "equal"
        return GateVerdict(
            outcome, self.words, self.metric, run.rules, mark, limit, last, sentence, values[0],
            noise=noise(recording, run, mark, self.metric),
        )  # fmt: skip
