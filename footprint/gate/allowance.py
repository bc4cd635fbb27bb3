"""Allowances: by how much a metric may get worse, in per cent and as a number, whichever is larger."""

from __future__ import annotations

from dataclasses import dataclass

from footprint.errors import RequestError
from footprint.gate.gate_verdict import RuleOutcome, figure, is_exact
from footprint.recording.metrics import metric
from footprint.recording.model import Number


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a metric may grow by: `percent` of the value before or `absolute`, whichever is larger; beyond it fails.

    Growth beyond `warn_percent` or `warn_absolute`, whichever is larger, warns. Where neither is given, all
    growth of an exact metric warns, and growth of a measured one by more than half of what it may.
    """

    percent: float = 0
    absolute: float = 0
    warn_percent: float | None = None
    warn_absolute: float | None = None

    def check(self, name: str) -> None:
        """Raise RequestError for an allowance that metric `name` cannot have."""
        for what, most in (("percent", self.percent), ("absolute", self.absolute)):
            if most < 0:
                raise RequestError(f"{what} = {most:g} is negative; it is what {name} may grow by")
        for what, value, most in (
            ("warn-percent", self.warn_percent, self.percent),
            ("warn-absolute", self.warn_absolute, self.absolute),
        ):
            if value is not None and not 0 <= value <= most:
                raise RequestError(f"{what} = {value:g} is not from 0 to {most:g}, beyond which it fails")
        if not is_exact(name) and not self.percent and not self.absolute:
            raise RequestError(f"{name} is measured, and noisy: state its tolerance as percent or absolute")

    def most(self, before: Number) -> float:
        """What a metric that was `before` may grow by."""
        return max(self.percent * abs(before) / 100, self.absolute)

    def outcome(self, name: str, before: Number, growth: Number) -> RuleOutcome:
        """What `growth` of the metric `name` from `before` means."""
        if growth > self.most(before):
            return RuleOutcome.FAIL
        return RuleOutcome.WARN if growth > self._warns_beyond(name, before) else RuleOutcome.OK

    def _warns_beyond(self, name: str, before: Number) -> float:
        if self.warn_percent is None and self.warn_absolute is None:
            return 0 if is_exact(name) else self.most(before) / 2
        return max((self.warn_percent or 0) * abs(before) / 100, self.warn_absolute or 0)

    def text(self, name: str) -> str:
        """The allowance in words: ``+0``, ``+5 % or +4.00 MiB``."""
        parts = []
        if self.percent:
            parts.append(f"+{self.percent:g} %")
        if self.absolute:
            parts.append(f"+{figure(name, self.absolute)}")
        return " or ".join(parts) or "+0"


def check_direction(name: str) -> None:
    """Raise RequestError for a metric of which neither more nor less is better."""
    if metric(name).better != "lower":
        raise RequestError(f"{name} has no better direction: neither more nor less of it is worse")
