"""Two verdicts on one target, measured here and there: where it leaks, and whether by as much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from footprint.verdict.trend import NONE, Slope
from footprint.verdict.verdict import Answer, Verdict

SAME = 0.02
"""What two rates of one leak may differ by where both are called exact: a part of the larger."""
COARSE = ("uss.bytes", "rss.bytes", "vm.bytes", "maps")
"""Pages and mappings: they say nothing of two leaks that finer metrics tell."""


class ComparedOutcome(StrEnum):
    """Where it leaks, and more or less than in the other."""

    ONLY_HERE = "only_here"
    ONLY_THERE = "only_there"
    SAME = "same"
    MORE_HERE = "more_here"
    LESS_HERE = "less_here"
    DIFFERENT = "different"
    """In both, in other metrics or some more and some less."""
    NEITHER = "neither"
    UNKNOWN = "unknown"
    """One of the two could not be told."""


@dataclass(frozen=True, slots=True)
class RateChange:
    """What `metric` grows by `here` and `there`, units per cycle; None: it was not told.

    `outcome` is SAME, MORE_HERE, LESS_HERE, or UNKNOWN where one was not told.
    """

    metric: str
    here: Slope | None
    there: Slope | None
    outcome: ComparedOutcome

    def document(self) -> dict[str, Any]:
        """As in ``leaks --json``."""
        return {
            "metric": self.metric,
            "here": self.here.per_cycle if self.here is not None else None,
            "there": self.there.per_cycle if self.there is not None else None,
            "change": self.outcome,
        }


@dataclass(frozen=True, slots=True)
class Compared:
    """The verdict `here`, which is judged, and the one `there`, with what they are called."""

    here: Verdict
    there: Verdict
    here_name: str
    there_name: str

    @property
    def outcome(self) -> ComparedOutcome:
        """Where it leaks."""
        leaks = [verdict.verdict == Answer.LEAK for verdict in (self.here, self.there)]
        if any(verdict.verdict not in (Answer.LEAK, Answer.CLEAN) for verdict in (self.here, self.there)):
            return ComparedOutcome.UNKNOWN
        if not any(leaks):
            return ComparedOutcome.NEITHER
        if not all(leaks):
            return ComparedOutcome.ONLY_HERE if leaks[0] else ComparedOutcome.ONLY_THERE
        return self._in_both()

    @property
    def changes(self) -> tuple[RateChange, ...]:
        """Each metric that leaks here or there; where it does not leak, its rate is what was read."""
        names = dict.fromkeys(finding.metric for verdict in (self.here, self.there) for finding in verdict.leaks)
        return tuple(_change(name, _rate(self.here, name), _rate(self.there, name)) for name in names)

    @property
    def exit_code(self) -> int:
        """That of the verdict here; 3 where it is clean here and cannot be told there."""
        code = self.here.exit_code
        return 3 if code == 0 and self.outcome == ComparedOutcome.UNKNOWN else code

    def _in_both(self) -> ComparedOutcome:
        changes = self.changes
        fine = [change for change in changes if change.metric not in COARSE]
        outcomes = {change.outcome for change in fine or changes} - {ComparedOutcome.SAME, ComparedOutcome.UNKNOWN}
        return outcomes.pop() if len(outcomes) == 1 else ComparedOutcome.DIFFERENT if outcomes else ComparedOutcome.SAME


def _rate(verdict: Verdict, metric: str) -> Slope | None:
    slopes: Sequence[Slope] = [finding.slope for finding in verdict.leaks if finding.metric == metric]
    if slopes or metric in verdict.rates:
        return slopes[0] if slopes else verdict.rates[metric]
    is_told = verdict.verdict in (Answer.LEAK, Answer.CLEAN) and verdict.watched(metric)
    return NONE if is_told else None


def _change(metric: str, here: Slope | None, there: Slope | None) -> RateChange:
    if here is None or there is None:
        return RateChange(metric, here, there, ComparedOutcome.UNKNOWN)
    larger = max(abs(here.per_cycle), abs(there.per_cycle))
    overlap = here.low <= there.high and there.low <= here.high
    if overlap or abs(here.per_cycle - there.per_cycle) <= SAME * larger:
        outcome = ComparedOutcome.SAME
    else:
        outcome = ComparedOutcome.MORE_HERE if here.per_cycle > there.per_cycle else ComparedOutcome.LESS_HERE
    return RateChange(metric, here, there, outcome)
