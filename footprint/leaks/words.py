"""A verdict in words, for a terminal and for the text of a failing test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from footprint.judge.trend import Slope
from footprint.judge.verdict import Finding, Verdict

UNITS = {
    "heap.bytes": "B", "vm.bytes": "B", "uss.bytes": "B", "rss.bytes": "B",
    "heap.blocks": "blocks", "python.blocks": "blocks", "gc.objects": "objects", "maps": "mappings",
    "fds": "descriptors", "threads": "threads", "children": "processes",
}  # fmt: skip
MOST_PLACES = 6
"""Places that are shown; `--json` has all of them."""


def told(verdict: Verdict) -> Iterator[str]:
    """The lines of a verdict: the answer, the figures, the places, and how it was measured."""
    what = f" ({verdict.what})" if verdict.what else ""
    yield f"{verdict.verdict}: {verdict.target}{what}{_because(verdict)}"
    leaks = [one for one in verdict.findings if one.kind == "leak"]
    if leaks:
        yield ""
        yield from _figures(leaks)
        yield from _places(leaks)
    retained = [one for one in verdict.findings if one.kind == "retained"]
    if retained:
        yield ""
        yield "  retained: kept until Python's collector runs, then freed, so no leak"
        yield from _figures(retained)
    yield ""
    yield from (f"  {hint}" for hint in verdict.hints)
    cycles, warmup = _count(verdict.cycles), _count(verdict.warmup)
    yield f"  {cycles} cycles measured after {warmup} to warm up, {verdict.seconds:.1f} s"


def _because(verdict: Verdict) -> str:
    if verdict.verdict == "inconclusive":
        return f", {verdict.reason}"
    first = next((one for one in verdict.leaks), None)
    if first is None:
        return "" if not verdict.ended else f", until {verdict.ended}"
    return f", {amount(first.metric, first.slope.per_cycle)} a cycle" + (
        f", until {verdict.ended}" if verdict.ended else ""
    )


def _figures(findings: list[Finding]) -> Iterator[str]:
    rows = [("metric", "per cycle", "95 % interval")]
    rows += [(one.metric, amount(one.metric, one.slope.per_cycle), _interval(one.slope)) for one in findings]
    first, second = (max(len(row[column]) for row in rows) for column in (0, 1))
    for row, finding in zip(rows, [None, *findings], strict=True):
        accepted = f"   suppressed: {finding.suppressed}" if finding and finding.suppressed else ""
        yield f"    {row[0]:<{first}}  {row[1]:>{second}}   {row[2]}{accepted}"


def _places(findings: list[Finding]) -> Iterator[str]:
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
        yield f"    and {len(seen) - len(texts)} more (--json)"


def _shown(first: list[str], seen: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The `first` place of each figure, then the largest of each other kind, then the largest."""
    ranked = sorted(seen, key=lambda text: -seen[text].get("bytes", 0))
    kinds = {seen[text].get("kind", ""): text for text in reversed(ranked)}
    chosen = list(dict.fromkeys([*first, *kinds.values(), *ranked]))[:MOST_PLACES]
    return [text for text in ranked if text in chosen]


def amount(metric: str, value: float) -> str:
    """A figure with its unit."""
    unit = UNITS.get(metric, "")
    return f"{_count(value)} {unit}" if unit else _count(value)


def _interval(slope: Slope) -> str:
    if slope.low == slope.high:
        return "exact"
    return f"{_count(slope.low)} … {_count(slope.high)}"


def _count(value: float) -> str:
    """Grouped by thousands; three figures of what is small."""
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.3g}"
