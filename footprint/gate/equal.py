"""The rule that two runs agree on a metric: a rule set changes what a machine costs, not what it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from footprint.errors import RequestError
from footprint.gate.allowance import Allowance
from footprint.gate.gate_verdict import GateVerdict, RuleOutcome, exact_figure, is_exact, signed_figure
from footprint.gate.noise import noise
from footprint.gate.samples import check_recorded
from footprint.recording.model import Recording, Run


@dataclass(frozen=True, slots=True)
class Equal:
    """`metric` is the same in the runs under the two rule sets `between`, at `mark` or else where a run is judged.

    A measured metric may differ by `tolerance`, an exact one not at all.
    """

    metric: str
    between: tuple[str, str]
    tolerance: Allowance = field(default_factory=Allowance)
    mark: str | None = None

    def check(self) -> None:
        """Raise RequestError for a tolerance that the metric cannot have, or one rule set named twice."""
        self.tolerance.check(self.metric)
        if is_exact(self.metric) and self.tolerance != Allowance():
            raise RequestError(f"{self.metric} is exact, so it takes no tolerance")
        if self.between[0] == self.between[1]:
            raise RequestError(f"{self.between[0]} is named twice; a run equals itself")

    @property
    def words(self) -> str:
        """The rule in words."""
        return f"equal under {self.between[0]} and {self.between[1]}: {self.metric}"

    def judge(self, recording: Recording, runs: Sequence[Run]) -> list[GateVerdict]:
        """One verdict, on the second run; raises UnknownNameError or RequestError where there is nothing to judge."""
        del runs  # this rule names its own
        first, second = recording.under(self.between)
        for run in (first, second):
            check_recorded(recording, self.metric, self.mark, [run])
        before, after = (run.sample(self.mark) for run in (first, second))
        assert before is not None and after is not None  # check_recorded found them
        mine, theirs = before.metrics[self.metric], after.metrics[self.metric]
        outcome = self.tolerance.outcome(self.metric, mine, abs(theirs - mine))
        word = {RuleOutcome.OK: "equal", RuleOutcome.WARN: "nearly equal", RuleOutcome.FAIL: "not equal"}[outcome]
        sentence = (
            f"{self.metric} is {exact_figure(self.metric, theirs)} under {second.rules} and "
            f"{exact_figure(self.metric, mine)} under {first.rules} at {after.mark}: {word} "
            f"({signed_figure(self.metric, theirs - mine)})"
        )
        return [
            GateVerdict(
                outcome, self.words, self.metric, second.rules, after.mark, f"equal to {first.rules}", theirs,
                sentence, mine, noise=noise(recording, second, after.mark, self.metric), beside=first.rules,
            )
        ]  # fmt: skip
