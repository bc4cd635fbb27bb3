"""The answer to "does it leak?": a verdict with its findings, as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from footprint.verdict.trend import Slope


@dataclass(frozen=True, slots=True)
class Finding:
    """What `metric` grows by, or keeps until garbage is collected, per cycle, with a 95 % interval.

    `kind` is ``leak`` or ``retained``. `where` are the places, the largest first; each has a ``text``. `suppressed`
    is the reason for which somebody has accepted it, if somebody has; `under` the rule set of a scenario's run.
    """

    kind: str
    metric: str
    slope: Slope
    where: tuple[Mapping[str, Any], ...] = ()
    suppressed: str = ""
    under: str = ""

    def document(self) -> dict[str, Any]:
        """As the contract has it."""
        found: dict[str, Any] = {
            "kind": self.kind,
            "metric": self.metric,
            "per_cycle": self.slope.per_cycle,
            "low": self.slope.low,
            "high": self.slope.high,
            "where": [dict(one) for one in self.where],
        }
        more = {"suppressed": self.suppressed, "under": self.under}
        return {**found, **{name: value for name, value in more.items() if value}}


@dataclass(frozen=True, slots=True)
class Explanation:
    """Where what leaks is left: `places`, the largest first, each with the ``metrics`` that it explains.

    `rates` are exact figures per cycle that only a tracer knows (``heap.blocks``). `filling` says which cache holds
    all that grows and is not full yet; then it is no leak, or not one yet. `hints` say what would tell more.
    `untraced` are bytes of heap per cycle that no place explains.
    """

    places: tuple[Mapping[str, Any], ...] = ()
    rates: Mapping[str, float] = field(default_factory=dict)
    filling: str = ""
    hints: tuple[str, ...] = ()
    untraced: float = 0.0

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Explanation:
        """From what the measured process says."""
        return cls(
            tuple(document["places"]),
            document["rates"],
            document["filling"],
            tuple(document["hints"]),
            document["untraced"],
        )

    def of_metric(self, metric: str) -> tuple[Mapping[str, Any], ...]:
        """The places that explain `metric`."""
        return tuple(one for one in self.places if metric in one["metrics"])


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether `target` leaks: ``leak``, ``clean`` or ``inconclusive``, after `cycles` cycles that were measured.

    `warmup` cycles came before them. `reason` says why it is inconclusive, `ended` how the target ended before its
    time. `hints` say what would tell more, `expired` which suppressions have had their day. `rates` is the growth of
    every metric that was read.
    """

    target: str
    verdict: str
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

    @property
    def leaks(self) -> tuple[Finding, ...]:
        """What leaks and was not accepted."""
        return tuple(one for one in self.findings if one.kind == "leak" and not one.suppressed)

    def document(self) -> dict[str, Any]:
        """As the contract has it."""
        return {
            "target": self.target,
            "verdict": self.verdict,
            "cycles": self.cycles,
            "findings": [one.document() for one in self.findings],
            "what": self.what,
            "warmup": self.warmup,
            "seconds": round(self.seconds, 3),
            "reason": self.reason,
            "ended": self.ended,
            "hints": list(self.hints),
            "expired": list(self.expired),
        }

    @property
    def exit_code(self) -> int:
        """0 clean, 1 leak or an expired suppression, 3 inconclusive."""
        if self.expired:
            return 1
        return {"clean": 0, "leak": 1, "inconclusive": 3}[self.verdict]

    def explained(self, by: Explanation) -> Verdict:
        """The same with its places; what a cache that still fills holds is not called a leak."""
        hints = (*self.hints, *by.hints)
        if by.filling:
            kept = [one for one in self.findings if one.kind != "leak"]
            return replace(self, verdict="inconclusive", reason=by.filling, findings=tuple(kept), hints=hints)
        findings = [replace(one, where=by.of_metric(one.metric)) for one in self.findings]
        leaking = [one.metric for one in findings if one.kind == "leak"]
        if (blocks := by.rates.get("heap.blocks")) and leaking:
            after = 1 + (leaking.index("heap.bytes") if "heap.bytes" in leaking else 0)
            findings.insert(
                after, Finding("leak", "heap.blocks", Slope(blocks, blocks, blocks), by.of_metric("heap.blocks"))
            )
        return replace(self, findings=tuple(findings), hints=hints)

    def with_findings(self, findings: Sequence[Finding]) -> Verdict:
        """The same with these findings."""
        return replace(self, findings=tuple(findings))
