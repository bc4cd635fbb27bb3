"""The rule on an exponent: a metric grows no faster with a parameter than it may."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from footprint.errors import RequestError, UnknownNameError
from footprint.gate.gate_verdict import GateVerdict, RuleOutcome
from footprint.recording.metrics import EXPONENT, metric
from footprint.recording.sweep import Fit, Sweep

_RELATIONS: dict[str, Callable[[float, float], bool]] = {"<=": operator.le, "<": operator.lt}
_FORM = re.compile(r"\s*([\w.]+)\s+over\s+(\w+)\s*(<=|<)\s*([0-9]+(?:\.[0-9]+)?)\s*")


@dataclass(frozen=True, slots=True)
class Exponent:
    """The exponent of `metric` over `over` is `relation` `limit`, under every rule set that is judged.

    It is broken when the whole 95 % interval lies beyond the limit, and warns when only the exponent does.
    """

    metric: str
    over: str
    relation: str
    limit: float
    text: str = ""

    @classmethod
    def parse(cls, text: str) -> Exponent:
        """``flatviews.created over nics<=1.05``; raises RequestError."""
        match = _FORM.fullmatch(text)
        if match is None:
            raise RequestError(
                f"exponent {text!r} is not METRIC over PARAMETER<=NUMBER, as in 'flatviews.created over nics<=1.05'"
            )
        name, over, relation, number = match.groups()
        return cls(metric(name).name, over, relation, float(number), text.strip())

    @property
    def words(self) -> str:
        """The rule in words."""
        return f"exponent {self.text}"

    def judge(self, sweep: Sweep, rules: Sequence[str] = ()) -> list[GateVerdict]:
        """A verdict on each law of the metric over the axis; raises RequestError where the sweep has none."""
        for name in rules:
            if name not in sweep.rules:
                raise UnknownNameError("rule set in this sweep", name, sweep.rules)
        fits = [fit for fit in sweep.fits if (fit.metric, fit.over) == (self.metric, self.over)]
        fits = [fit for fit in fits if not rules or fit.rules in rules]
        if not fits:
            raise RequestError(
                f"nothing to judge: the sweep of {sweep.scenario} has no law of {self.metric} over {self.over}; it "
                f"takes three values of {self.over} and --metric {self.metric}"
            )
        return [self._of(fit) for fit in fits]

    def _of(self, fit: Fit) -> GateVerdict:
        holds = _RELATIONS[self.relation]
        outcome = RuleOutcome.OK
        if not holds(fit.exponent, self.limit):
            surely = fit.low is None or not holds(fit.low, self.limit)
            outcome = RuleOutcome.FAIL if surely else RuleOutcome.WARN
        verb = {RuleOutcome.OK: "meets", RuleOutcome.WARN: "misses, but not surely,", RuleOutcome.FAIL: "breaks"}[
            outcome
        ]
        known = (
            "" if fit.low is None or fit.high is None or fit.low == fit.high else f" ({fit.low:.2f} to {fit.high:.2f})"
        )
        inside = "".join(f", {name}={value}" for name, value in fit.at.items())
        sentence = (
            f"{fit.metric} grows as {fit.over}^{fit.exponent:.2f}{known} under {fit.rules}{inside}, {fit.law}, "
            f"{fit.sure}: {verb} the limit {self.relation} {self.limit:g}"
        )
        return GateVerdict(
            outcome, self.words, f"{EXPONENT}{fit.metric}", fit.rules, f"over {fit.over}",
            f"{self.relation} {self.limit:g}", round(fit.exponent, 4), sentence,
        )  # fmt: skip
