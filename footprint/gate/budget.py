"""Budgets: absolute limits on metrics, and a gate's verdicts on a recording."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from footprint.errors import RequestError, UnknownNameError
from footprint.gate.views import private_views
from footprint.recording.metrics import metric
from footprint.recording.model import Number, Recording, Run, Sample
from footprint.units import bytes_text, count_text

_UNITS = {"": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
_OPERATORS: dict[str, Callable[[Number, Number], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
}
OF_VIEWS = ("flatviews.alive", "flatviews.allocated", "dispatches.alive", "flat_ranges", "sections", "nodes")
"""Metrics that grow with the living views, so that whose these are explains a broken budget."""
_FORM = re.compile(r"\s*([\w.]+)\s*(<=|>=|==|<|>)\s*([0-9][0-9_]*(?:\.[0-9]+)?)\s*([KMGT]iB)?\s*")


@dataclass(frozen=True, slots=True)
class BudgetVerdict:
    """Whether one budget holds in one run, with a sentence; `value` is None where it was not recorded."""

    holds: bool
    metric: str
    rules: str
    mark: str
    value: Number | None
    limit: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Budget:
    """An absolute limit: `metric` `relation` `limit`, at `mark` or else where a run is judged (:meth:`Run.sample`)."""

    metric: str
    relation: str
    limit: Number
    mark: str | None = None

    @classmethod
    def parse(cls, text: str, mark: str | None = None) -> Budget:
        """``flatviews.alive<=4``, ``modelled.resident.peak<=6.5GiB``; raises RequestError."""
        match = _FORM.fullmatch(text)
        if not match:
            raise RequestError(
                f"budget {text!r} is not METRIC<=NUMBER, as in 'flatviews.alive<=4' "
                "(valid: <, <=, ==, >=, >; a number may end in KiB, MiB, GiB or TiB)"
            )
        name, relation, digits, unit = match.groups()
        number = float(digits.replace("_", "")) * _UNITS[unit or ""]
        return cls(metric(name).name, relation, int(number) if number.is_integer() else number, mark)

    def judge(self, run: Run) -> BudgetVerdict:
        """Whether the budget holds in `run`."""
        sample = run.sample(self.mark)
        limit = f"{self.relation} {self._text(self.limit)}"
        if sample is None or self.metric not in sample.metrics:
            where = f" at {sample.mark}" if sample else f", which has no mark {self.mark!r}" if self.mark else ""
            sentence = f"{self.metric} was not recorded under {run.rules}{where}; the budget is {limit}"
            mark = sample.mark if sample else self.mark or ""
            return BudgetVerdict(False, self.metric, run.rules, mark, None, limit, sentence)
        return self._judge(run, sample, sample.metrics[self.metric], limit)

    def _judge(self, run: Run, sample: Sample, value: Number, limit: str) -> BudgetVerdict:
        holds = _OPERATORS[self.relation](value, self.limit)
        verb = "meets" if holds else "breaks"
        sentence = f"{self.metric} is {self._text(value)} under {run.rules} at {sample.mark}: {verb} the budget {limit}"
        if not holds and self.metric in OF_VIEWS and (private := private_views(run, sample)):
            sentence += f"; {private}"
        return BudgetVerdict(holds, self.metric, run.rules, sample.mark, value, limit, sentence)

    def _text(self, value: Number) -> str:
        if metric(self.metric).unit != "bytes":
            return count_text(value)
        exact = f"{count_text(value)} B"
        return exact if value < 1 << 10 else f"{exact} ({bytes_text(value)})"


def judge(recording: Recording, budgets: Sequence[Budget], rules: Sequence[str] = ()) -> list[BudgetVerdict]:
    """Every budget's verdict on every run, or on those under `rules` (:meth:`Recording.under`).

    Raises UnknownNameError for a rule set, or a mark, that the recording does not have at all, and
    RequestError for a budget that none of these runs can be judged by: nothing judged is no success.
    """
    runs = recording.under(rules)
    if not budgets:
        raise RequestError("nothing to judge: no budget was given")
    if not runs:
        raise RequestError(f"nothing to judge: the recording of {recording.scenario} has no runs")
    if not any(run.samples for run in runs):
        raise RequestError(f"nothing to judge: the recording of {recording.scenario} was read at no mark")
    for budget in budgets:
        _check(recording, budget, runs)
    return [budget.judge(run) for budget in budgets for run in runs]


def _check(recording: Recording, budget: Budget, runs: Sequence[Run]) -> None:
    """Raises where `budget` cannot be judged in any of `runs`."""
    if budget.mark is not None and budget.mark not in recording.marks:
        raise UnknownNameError("mark in this recording", budget.mark, recording.marks)
    samples = [sample for run in runs if (sample := run.sample(budget.mark)) is not None]
    names = ", ".join(run.rules for run in runs)
    if not samples:
        raise RequestError(f"nothing to judge: {names} never reached the mark {budget.mark!r}")
    if not any(budget.metric in sample.metrics for sample in samples):
        at = ", ".join(dict.fromkeys(sample.mark for sample in samples))
        raise RequestError(f"nothing to judge: {budget.metric} was not recorded at {at} under {names}")
