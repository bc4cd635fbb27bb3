"""A verdict in words, for a terminal and for the text of a failing test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from footprint.recording.metrics import METRICS
from footprint.verdict.scenario_growth import KEPT
from footprint.verdict.trend import Slope
from footprint.verdict.verdict import Finding, Verdict

MOST_PLACES = 6
"""Places that are shown; `--json` has all of them."""


def told(verdict: Verdict, *, more: str = " (--json)") -> Iterator[str]:
    """The lines of a verdict: the answer, the figures, the places, and how it was measured.

    `more` says how to see all places, where there are more than are shown.
    """
    what = f" ({verdict.what})" if verdict.what else ""
    yield f"{verdict.verdict}: {verdict.target}{what}{_because(verdict)}"
    leaks = [one for one in verdict.findings if one.kind == "leak"]
    left = [one for one in leaks if one.where and one.where[0].get("kind") == "remains"]
    grown = [one for one in leaks if one not in left]
    if grown:
        yield ""
        yield from _figures(grown)
        yield from _places(grown, more)
    if left:
        yield ""
        yield "  left when the machine was gone"
        yield from (f"    {one.metric} {_count(one.slope.per_cycle)}{_under(one)}" for one in left)
    retained = [one for one in verdict.findings if one.kind == "retained"]
    if retained:
        yield ""
        yield "  retained: kept until Python's collector runs, then freed, so no leak"
        yield from _figures(retained)
    yield ""
    yield from (f"  {hint}" for hint in (*verdict.hints, *verdict.expired))
    warm = f" after {_count(verdict.warmup)} to warm up" if verdict.warmup else ""
    cycles = f"{_count(verdict.cycles)} cycle{'s' if verdict.cycles != 1 else ''}"
    yield f"  {cycles} measured{warm}, {verdict.seconds:.1f} s"


def _because(verdict: Verdict) -> str:
    if verdict.verdict == "inconclusive":
        return f", {verdict.reason}"
    until = f", until {verdict.ended}" if verdict.ended else ""
    exact = (one for one in verdict.leaks if one.slope.low == one.slope.high)
    first = next(exact, next(iter(verdict.leaks), None))
    return until if first is None else f", {amount(first.metric, first.slope.per_cycle)} a cycle{until}"


def _figures(findings: list[Finding]) -> Iterator[str]:
    rows = [("metric", "per cycle", "95 % interval")]
    rows += [(one.metric, amount(one.metric, one.slope.per_cycle), _interval(one.slope)) for one in findings]
    first, second = (max(len(row[column]) for row in rows) for column in (0, 1))
    for row, finding in zip(rows, [None, *findings], strict=True):
        accepted = f"   suppressed: {finding.suppressed}" if finding and finding.suppressed else ""
        yield f"    {row[0]:<{first}}  {row[1]:>{second}}   {row[2]}{_under(finding) if finding else ''}{accepted}"


def _places(findings: list[Finding], more: str) -> Iterator[str]:
    """Every place once, the largest first, what a cycle leaves before where it does."""
    seen = {str(place["text"]): place for finding in findings for place in finding.where}
    texts = _shown([str(one.where[0]["text"]) for one in findings if one.where], seen)
    if not texts:
        return
    yield ""
    yield "  where"
    pairs = [text.partition("  ")[::2] for text in texts]
    widest = max(len(left) for left, _ in pairs)
    yield from (f"    {left:<{widest}}  {right}".rstrip() for left, right in pairs)
    if len(seen) > len(texts):
        yield f"    and {len(seen) - len(texts)} more{more}"


def _shown(first: list[str], seen: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The `first` place of each figure, then the largest of each other kind, then the largest."""
    ranked = sorted(seen, key=lambda text: -seen[text].get("bytes", 0))
    kinds = {seen[text].get("kind", ""): text for text in reversed(ranked)}
    chosen = list(dict.fromkeys([*first, *kinds.values(), *ranked]))[:MOST_PLACES]
    return [text for text in ranked if text in chosen]


def amount(metric: str, value: float) -> str:
    """A figure with its unit."""
    unit = "views" if metric == KEPT else METRICS[metric].unit if metric in METRICS else ""
    if unit == "bytes":
        return f"{_count(value)} B"
    return f"{_count(value)} {_singular(unit) if value == 1 else unit}".rstrip()


def _singular(unit: str) -> str:
    return unit.removesuffix("es") if unit.endswith("sses") else unit.removesuffix("s")


def _under(finding: Finding) -> str:
    return f"   under {finding.under}" if finding.under else ""


def _interval(slope: Slope) -> str:
    if slope.low == slope.high:
        return "exact"
    low, high = _count(slope.low), _count(slope.high)
    return low if low == high else f"{low} … {high}"


def _count(value: float) -> str:
    """Grouped by thousands; three figures of what is small."""
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.3g}"
