"""A gate's verdicts: what one rule says of one run, as data that every output format is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from footprint.recording.metrics import MetricKind, metric
from footprint.recording.model import Number
from footprint.units import bytes_text, count_text


class RuleOutcome(StrEnum):
    """What a rule says: it holds, it nearly does not, or it is broken. Only FAIL fails a gate."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """What one rule says of one run at one mark.

    `rule` is the rule in words. `before` is the accepted value, None where no baseline has one; `value` is None
    where the metric was not recorded. `limit` is in words. `owners` say whose views are behind a broken rule,
    `noise` how noisy a measured metric was. `better`: the value is better than the accepted one, so that there
    is a gain to accept. `beside` is the rule set of the run that it was compared with, where the rule is about two.
    """

    outcome: RuleOutcome
    rule: str
    metric: str
    rules: str
    mark: str
    limit: str
    value: Number | None
    sentence: str
    before: Number | None = None
    owners: str = ""
    noise: str = ""
    better: bool = False
    beside: str = ""

    @property
    def holds(self) -> bool:
        """Whether the rule is not broken; a warning holds."""
        return self.outcome is not RuleOutcome.FAIL

    @property
    def change(self) -> Number | None:
        """The value less the accepted one; None where one of them is not known."""
        return None if self.value is None or self.before is None else self.value - self.before


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a rule stands: an `option` of the command line with its `value`, or `line` and `key` in a `file`."""

    option: str = ""
    value: str = ""
    file: str = ""
    line: int = 0
    key: str = ""

    @property
    def text(self) -> str:
        """Where it stands, in a line of text."""
        return f"{self.option} {self.value!r}" if self.option else f"{self.file}:{self.line} {self.key}"


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict with where its rule comes from, what it judges, and the command that judges it again.

    `subject` is the word that named what was judged: a file, a gate or a scenario.
    """

    verdict: GateVerdict
    origin: Origin
    scenario: str
    subject: str
    repeat: str
    gate: str = ""
    params: dict[str, object] = field(default_factory=dict)


def is_exact(name: str) -> bool:
    """Whether the metric is a count, the same on every machine; raises UnknownNameError."""
    return metric(name).kind is MetricKind.EXACT


def figure(name: str, value: Number | None) -> str:
    """`value` of the metric for a table: bytes with a binary unit; a dash for None."""
    if value is None:
        return "–"
    return bytes_text(value) if metric(name).unit == "bytes" else count_text(value)


def exact_figure(name: str, value: Number) -> str:
    """`value` of the metric for a sentence: bytes to the last one, and rounded."""
    if metric(name).unit != "bytes":
        return count_text(value)
    exact = f"{count_text(value)} B"
    return exact if abs(value) < 1 << 10 else f"{exact} ({bytes_text(value)})"


def signed_figure(name: str, change: Number | None) -> str:
    """`change` of the metric with its sign; a dash for None."""
    if change is None:
        return "–"
    sign = "+" if change > 0 else "−" if change < 0 else ""
    return f"{sign}{figure(name, abs(change))}"
