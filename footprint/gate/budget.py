"""Budgets: absolute limits on metrics, and the verdicts of a gate on a recording."""

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
class Verdict:
    """One rule's answer on one run, with its sentence."""

    holds: bool
    metric: str
    rules: str
    mark: str
    value: Number | None
    limit: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Budget:
    """An absolute limit: `metric` `relation` `limit`. At the last ``built`` unless `mark` is given."""

    metric: str
    relation: str
    limit: Number
    mark: str | None = None

    @classmethod
    def parse(cls, text: str, mark: str | None = None) -> Budget:
        """``flatviews.alive<=4``, ``modelled.resident.peak<=6.5GiB``; raises RequestError."""
        found = _FORM.fullmatch(text)
        if not found:
            raise RequestError(
                f"budget {text!r} is not METRIC<=NUMBER, as in 'flatviews.alive<=4' "
                f"(<, <=, ==, >=, >; KiB, MiB, GiB, TiB may follow the number)"
            )
        name, relation, digits, unit = found.groups()
        number = float(digits.replace("_", "")) * _UNITS[unit or ""]
        return cls(metric(name).name, relation, int(number) if number.is_integer() else number, mark)

    def judge(self, run: Run) -> Verdict:
        """Whether the budget holds in `run`."""
        sample = run.sample(self.mark)
        limit = f"{self.relation} {self._text(self.limit)}"
        at = f"under {run.rules} at {sample.mark}" if sample else f"under {run.rules}"
        if sample is None or self.metric not in sample.metrics:
            where = at if sample else f"{at}, which has no mark {self.mark!r}"
            sentence = f"{self.metric} was not recorded {where}; the budget is {limit}"
            return Verdict(False, self.metric, run.rules, self.mark or "", None, limit, sentence)
        return self._judge(run, sample, sample.metrics[self.metric], limit)

    def _judge(self, run: Run, sample: Sample, value: Number, limit: str) -> Verdict:
        holds = _OPERATORS[self.relation](value, self.limit)
        verb = "holds" if holds else "breaks"
        sentence = f"{self.metric} is {self._text(value)} under {run.rules} at {sample.mark}: {verb} the budget {limit}"
        if not holds and self.metric in OF_VIEWS and (private := private_views(run, sample)):
            sentence += f"; {private}"
        return Verdict(holds, self.metric, run.rules, sample.mark, value, limit, sentence)

    def _text(self, value: Number) -> str:
        if metric(self.metric).unit != "bytes":
            return count_text(value)
        exact = f"{count_text(value)} B"
        return exact if value < 1 << 10 else f"{exact} ({bytes_text(value)})"


def judge(recording: Recording, budgets: Sequence[Budget], rules: Sequence[str] = ()) -> list[Verdict]:
    """Every budget's verdict on every run, or on those under `rules`.

    Raises UnknownNameError for a rule set, or a mark, that the recording does not have at all.
    """
    marks = list(dict.fromkeys(sample.mark for run in recording.runs for sample in run.samples))
    for budget in budgets:
        if budget.mark is not None and budget.mark not in marks:
            raise UnknownNameError("mark in this recording", budget.mark, marks)
    recorded = {run.rules: run for run in recording.runs}
    for name in rules:
        if name not in recorded:
            raise UnknownNameError("rule set in this recording", name, recorded)
    runs = [recorded[name] for name in rules] if rules else list(recorded.values())
    return [budget.judge(run) for budget in budgets for run in runs]
