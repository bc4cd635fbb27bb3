"""The answer to "does it leak?": a verdict with its findings, as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from footprint.verdict.place import Explanation, Place
from footprint.verdict.trend import Series, Slope


class Answer(StrEnum):
    """Whether something leaks."""

    LEAK = "leak"
    CLEAN = "clean"
    INCONCLUSIVE = "inconclusive"
    CRASH = "crash"
    """It does not live to tell: a real QEMU that dies of what is done to it."""


class FindingKind(StrEnum):
    """What grows all the time, and what only waits for Python's collector."""

    LEAK = "leak"
    RETAINED = "retained"
    GROWTH = "growth"
    """What a scenario makes grow on purpose."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What `metric` grows by, or keeps until garbage is collected, per cycle, with a 95 % interval.

    `where` are the places, the largest first. `suppressed` is the reason for which somebody has accepted it, if
    somebody has; `under` the rule set of a scenario's run.
    """

    kind: FindingKind
    metric: str
    slope: Slope
    where: tuple[Place, ...] = ()
    suppressed: str = ""
    under: str = ""

    def document(self) -> dict[str, Any]:
        """As the contract has it."""
        document: dict[str, Any] = {
            "kind": self.kind,
            "metric": self.metric,
            "per_cycle": self.slope.per_cycle,
            "low": self.slope.low,
            "high": self.slope.high,
            "where": [place.document() for place in self.where],
        }
        more = {"suppressed": self.suppressed, "under": self.under}
        return {**document, **{name: value for name, value in more.items() if value}}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether `target` leaks: `verdict`, after `cycles` cycles that were measured.

    `warmup` cycles came before them. `reason` says why it is inconclusive, `ended` how the target ended before its
    time; of a crash `stack` says where, innermost first. `hints` say what would tell more, `expired` which
    suppressions have had their day. `rates` is the growth of every metric that was read, `readings` what was read,
    window by window, by rule set and metric; `channels` say how, where there is more than one way, and `unwatched` what
    could not be. `grows` is what a scenario makes grow on purpose, in a cycle that is one `per`. `power` is, of a clean
    one, the least growth per cycle that would have been seen.
    """

    target: str
    verdict: Answer
    cycles: int
    findings: tuple[Finding, ...] = ()
    what: str = ""
    warmup: int = 0
    seconds: float = 0.0
    reason: str = ""
    ended: str = ""
    hints: tuple[str, ...] = ()
    expired: tuple[str, ...] = ()
    rates: Mapping[str, Slope] = field(default_factory=dict)
    grows: tuple[Finding, ...] = ()
    per: str = "cycle"
    power: Mapping[str, float] = field(default_factory=dict)
    stack: tuple[str, ...] = ()
    channels: Mapping[str, str] = field(default_factory=dict)
    unwatched: tuple[str, ...] = ()
    readings: Mapping[tuple[str, str], tuple[Series, ...]] = field(default_factory=dict)

    @property
    def leaks(self) -> tuple[Finding, ...]:
        """What leaks and was not accepted."""
        leaks = (finding for finding in self.findings if finding.kind == FindingKind.LEAK)
        return tuple(finding for finding in leaks if not finding.suppressed)

    def watched(self, metric: str) -> bool:
        """Whether nothing says that `metric`, or another of the same things, could not be watched."""
        return metric.partition(".")[0] not in {text.partition(":")[0].partition(".")[0] for text in self.unwatched}

    def document(self) -> dict[str, Any]:
        """As the contract has it."""
        return {
            "target": self.target,
            "verdict": self.verdict,
            "cycles": self.cycles,
            "findings": [finding.document() for finding in self.findings],
            "what": self.what,
            "warmup": self.warmup,
            "seconds": round(self.seconds, 3),
            "reason": self.reason,
            "ended": self.ended,
            "hints": list(self.hints),
            "expired": list(self.expired),
            "grows": [finding.document() for finding in self.grows],
            "per": self.per,
            "power": dict(self.power),
            "stack": list(self.stack),
            "channels": dict(self.channels),
            "unwatched": list(self.unwatched),
        }

    @property
    def exit_code(self) -> int:
        """0 clean, 1 leak, crash or an expired suppression, 3 inconclusive."""
        if self.expired:
            return 1
        return {Answer.CLEAN: 0, Answer.LEAK: 1, Answer.CRASH: 1, Answer.INCONCLUSIVE: 3}[self.verdict]

    def explained(self, by: Explanation) -> Verdict:
        """The same with its places; what a cache that still fills holds is not called a leak."""
        hints = (*self.hints, *by.hints)
        if by.filling:
            kept = tuple(finding for finding in self.findings if finding.kind != FindingKind.LEAK)
            return replace(self, verdict=Answer.INCONCLUSIVE, reason=by.filling, findings=kept, hints=hints)
        findings = [replace(finding, where=by.of_metric(finding.metric)) for finding in self.findings]
        leaking = [finding.metric for finding in findings if finding.kind == FindingKind.LEAK]
        if (blocks := by.rates.get("heap.blocks")) and leaking:
            after = 1 + (leaking.index("heap.bytes") if "heap.bytes" in leaking else 0)
            slope, where = Slope(blocks, blocks, blocks), by.of_metric("heap.blocks")
            findings.insert(after, Finding(FindingKind.LEAK, "heap.blocks", slope, where))
        return replace(self, findings=tuple(findings), hints=hints)

    def with_findings(self, findings: Sequence[Finding]) -> Verdict:
        """The same with these findings."""
        return replace(self, findings=tuple(findings))
