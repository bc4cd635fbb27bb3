"""The rule that a metric is no worse than its baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from footprint.errors import RequestError
from footprint.gate.allowance import Allowance
from footprint.gate.baseline import AcceptedRun, Baseline
from footprint.gate.gate_verdict import GateVerdict, RuleOutcome, exact_figure, signed_figure
from footprint.gate.noise import noise
from footprint.gate.samples import check_recorded
from footprint.gate.views import OF_VIEWS, changed_views
from footprint.recording.model import Number, Recording, Run, Sample


@dataclass(frozen=True, slots=True)
class NoWorse:
    """`metric` may exceed what `baseline` has by no more than `allowance`, at the mark where that was accepted."""

    metric: str
    baseline: Baseline
    allowance: Allowance = field(default_factory=Allowance)
    mark: str | None = None

    @property
    def words(self) -> str:
        """The rule in words."""
        return f"no worse than the baseline: {self.metric} {self.allowance.text(self.metric)}"

    def judge(self, recording: Recording, runs: Sequence[Run]) -> list[GateVerdict]:
        """A verdict on each run that the baseline has; raises RequestError where it has none of them."""
        both = [(run, accepted) for run in runs if (accepted := self.baseline.run(run.rules)) is not None]
        if not both:
            ours, theirs = (", ".join(run.rules for run in side) for side in (runs, self.baseline.runs))
            raise RequestError(f"nothing to judge: {ours} not accepted yet; the baseline has {theirs}")
        for accepted in {accepted.mark: accepted for _, accepted in both}.values():
            if self.mark is not None and self.mark != accepted.mark:
                raise RequestError(f"nothing to judge: the baseline was accepted at {accepted.mark}, not {self.mark}")
            check_recorded(recording, self.metric, accepted.mark, runs)
        if not any(self.metric in accepted.metrics for _, accepted in both):
            raise RequestError(f"nothing to judge: the baseline has no {self.metric}; accept a recording that has it")
        return [self._of_run(recording, run, accepted) for run, accepted in both if self.metric in accepted.metrics]

    def _of_run(self, recording: Recording, run: Run, accepted: AcceptedRun) -> GateVerdict:
        before, sample = accepted.metrics[self.metric], run.sample(accepted.mark)
        limit = self.allowance.text(self.metric)
        if sample is None or self.metric not in sample.metrics:
            sentence = f"{self.metric} was not recorded under {run.rules} at {accepted.mark}; it was accepted there"
            return GateVerdict(
                RuleOutcome.FAIL, self.words, self.metric, run.rules, accepted.mark, limit, None, sentence, before
            )
        value = sample.metrics[self.metric]
        outcome = self.allowance.outcome(self.metric, before, value - before)
        owners = ""
        if self.metric in OF_VIEWS and value != before and _views_known(accepted, run, sample):
            owners = changed_views(accepted.view_owners, run.view_owners)
        sentence = self._sentence(run, sample, before, outcome) + (f"; {owners}" if owners else "")
        return GateVerdict(
            outcome, self.words, self.metric, run.rules, sample.mark, limit, value, sentence, before, owners,
            noise(recording, run, sample.mark, self.metric), self._is_gain(before, value),
        )  # fmt: skip

    def _sentence(self, run: Run, sample: Sample, before: Number, outcome: RuleOutcome) -> str:
        value = sample.metrics[self.metric]
        change = signed_figure(self.metric, value - before)
        judged = {
            RuleOutcome.OK: "is no worse than",
            RuleOutcome.WARN: "is worse, within what is allowed, than",
            RuleOutcome.FAIL: "is worse than",
        }[outcome]
        if value < before:
            judged = "is better than"
        return (
            f"{self.metric} is {exact_figure(self.metric, value)} under {run.rules} at {sample.mark}: {judged} the "
            f"accepted {exact_figure(self.metric, before)} ({change}; allowed {self.allowance.text(self.metric)})"
        )

    def _is_gain(self, before: Number, value: Number) -> bool:
        """Whether `value` is better by more than may be noise."""
        return self.allowance.outcome(self.metric, before, before - value) is not RuleOutcome.OK


def _views_known(accepted: AcceptedRun, run: Run, sample: Sample) -> bool:
    """Whether the owners of the views at this mark are known on both sides."""
    alive = sample.metrics.get("flatviews.alive")
    return bool(accepted.view_owners) and alive == sum(owner.views for owner in run.view_owners)
