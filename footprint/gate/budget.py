"""Budgets: absolute limits on metrics."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from footprint.errors import RequestError
from footprint.gate.baseline import Baseline
from footprint.gate.gate_verdict import GateVerdict, RuleOutcome, exact_figure, figure, is_exact
from footprint.gate.noise import noise
from footprint.gate.samples import check_recorded
from footprint.gate.views import OF_SPACES, OF_VIEWS, named_spaces, private_views
from footprint.recording.metrics import metric
from footprint.recording.model import Number, Recording, Run, Sample

BYTE_UNITS = {"": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
_OPERATORS: dict[str, Callable[[Number, Number], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
}
_FORM = re.compile(
    r"\s*([\w.]+)\s*(<=|>=|==|<|>)\s*([0-9][0-9_]*(?:\.[0-9]+)?)\s*([KMGT]iB)?\s*(?:(?:±|\+-)\s*([0-9.]+)\s*%\s*)?"
)


@dataclass(frozen=True, slots=True)
class Budget:
    """An absolute limit: `metric` `relation` `limit`, at `mark` or else where a run is judged (:meth:`Run.sample`).

    `tolerance`: of a measured metric, the per cent of the limit by which a value may miss it: that warns. None
    where nobody stated one. `text` is how it was written. `baseline` has the value before, where there is one.
    """

    metric: str
    relation: str
    limit: Number
    mark: str | None = None
    tolerance: float | None = None
    text: str = ""
    baseline: Baseline | None = None

    @classmethod
    def parse(cls, text: str, mark: str | None = None, baseline: Baseline | None = None) -> Budget:
        """``flatviews.alive<=4``, ``modelled.resident.peak<=6.5GiB``, ``process.rss<=90MiB±5%``.

        Raises RequestError, also for a tolerance on an exact metric.
        """
        match = _FORM.fullmatch(text)
        if not match:
            raise RequestError(
                f"budget {text!r} is not METRIC<=NUMBER, as in 'flatviews.alive<=4' "
                "(valid: <, <=, ==, >=, >; a number may end in KiB, MiB, GiB or TiB; a measured metric's in ±5%)"
            )
        name, relation, digits, unit, percent = match.groups()
        number = float(digits.replace("_", "")) * BYTE_UNITS[unit or ""]
        if percent is not None and is_exact(name):
            raise RequestError(f"budget {text!r}: {name} is exact and takes no tolerance; write the limit itself")
        limit = int(number) if number.is_integer() else number
        tolerance = None if percent is None else _percent(percent, text)
        return cls(metric(name).name, relation, limit, mark, tolerance, text.strip(), baseline)

    def check_tolerance(self) -> None:
        """Raise RequestError for a measured metric without one."""
        if not is_exact(self.metric) and self.tolerance is None:
            raise RequestError(
                f"{self.metric} is measured, and noisy: state its tolerance, as in {self.text!r} with ±5%"
            )

    @property
    def words(self) -> str:
        """The rule in words."""
        return f"budget {self.text or f'{self.metric} {self.relation} {self.limit}'}"

    def is_met(self, value: Number) -> bool:
        """Whether `value` meets the limit, tolerance aside."""
        return _OPERATORS[self.relation](value, self.limit)

    def judge(self, recording: Recording, runs: Sequence[Run]) -> list[GateVerdict]:
        """A verdict on each run; raises RequestError where none of them can be judged."""
        check_recorded(recording, self.metric, self.mark, runs)
        return [self._of_run(recording, run) for run in runs]

    def _of_run(self, recording: Recording, run: Run) -> GateVerdict:
        sample = run.sample(self.mark)
        tolerance = "" if self.tolerance is None else f" ± {self.tolerance:g} %"
        whole_limit = f"{self.relation} {exact_figure(self.metric, self.limit)}{tolerance}"
        limit = f"{self.relation} {figure(self.metric, self.limit)}{tolerance}"
        if sample is None or self.metric not in sample.metrics:
            where = f" at {sample.mark}" if sample else f", which has no mark {self.mark!r}" if self.mark else ""
            sentence = f"{self.metric} was not recorded under {run.rules}{where}; the budget is {whole_limit}"
            mark = sample.mark if sample else self.mark or ""
            return GateVerdict(RuleOutcome.FAIL, self.words, self.metric, run.rules, mark, limit, None, sentence)
        return self._judge(recording, run, sample, limit, whole_limit)

    def _judge(self, recording: Recording, run: Run, sample: Sample, limit: str, whole_limit: str) -> GateVerdict:
        value = sample.metrics[self.metric]
        outcome = self._outcome(value)
        verb = {RuleOutcome.OK: "meets", RuleOutcome.WARN: "misses, within the tolerance,", RuleOutcome.FAIL: "breaks"}[
            outcome
        ]
        shown = exact_figure(self.metric, value)
        sentence = f"{self.metric} is {shown} under {run.rules} at {sample.mark}: {verb} the budget {whole_limit}"
        before = self.baseline.value(run.rules, sample.mark, self.metric) if self.baseline else None
        owners = ""
        if outcome is not RuleOutcome.OK and self.metric in (*OF_VIEWS, OF_SPACES):
            owners = named_spaces(run, sample) if self.metric == OF_SPACES else private_views(run, sample)
            sentence += f"; {owners}" if owners else ""
        noisy = noise(recording, run, sample.mark, self.metric)
        return GateVerdict(
            outcome, self.words, self.metric, run.rules, sample.mark, limit, value, sentence, before, owners, noisy
        )

    def _outcome(self, value: Number) -> RuleOutcome:
        if self.is_met(value):
            return RuleOutcome.OK
        near = abs(value - self.limit) <= self.limit * (self.tolerance or 0) / 100
        return RuleOutcome.WARN if self.tolerance and near else RuleOutcome.FAIL

    def room(self, value: Number) -> Number | None:
        """How far `value` stays under an upper limit on an exact metric; None where there is nothing to move."""
        if self.relation != "<=" or not is_exact(self.metric) or value >= self.limit:
            return None
        return self.limit - value


def _percent(text: str, budget: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise RequestError(f"budget {budget!r}: {text!r} is not a number of per cent") from None
