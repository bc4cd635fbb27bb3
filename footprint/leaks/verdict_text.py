"""A verdict in words, for a terminal and for the text of a failing test."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from footprint.leaks.scenario_text import growth_lines, headline, is_left, left_lines, singular
from footprint.recording.metrics import METRICS
from footprint.verdict.place import Place
from footprint.verdict.trend import Slope
from footprint.verdict.verdict import Answer, Finding, FindingKind, Verdict

MOST_PLACES = 6
"""Places that are shown; `--json` has all of them."""


MOST_STACK = 16


def told(verdict: Verdict, *, more: str = " (--json)") -> Iterator[str]:
    """The lines of a verdict: the answer, the figures, the places, and how it was measured.

    `more` says how to see all places, where there are more than are shown.
    """
    what = f" ({verdict.what})" if verdict.what else ""
    yield f"{verdict.verdict}: {verdict.target}{what}{_because(verdict)}"
    leaks = [finding for finding in verdict.findings if finding.kind == FindingKind.LEAK]
    grown = [finding for finding in leaks if not is_left(finding)]
    of_runs = [finding for finding in grown if finding.under]
    yield from _block("", (line for line in growth_lines(of_runs, verdict.per)))
    if len(of_runs) < len(grown):
        yield from _block("", _figures([finding for finding in grown if not finding.under]))
    yield from _block("where", _places(grown, more))
    yield from _block("left when the machine was gone", left_lines(filter(is_left, leaks)))
    yield from _block("grows on purpose, so no leak", growth_lines(verdict.grows, verdict.per))
    if retained := [finding for finding in verdict.findings if finding.kind == FindingKind.RETAINED]:
        yield from _block("retained: kept until Python's collector runs, then freed, so no leak", _figures(retained))
    yield from _block("stack", iter(verdict.stack[:MOST_STACK]))
    yield ""
    yield from (f"  {hint}" for hint in (*verdict.hints, *verdict.expired))
    if verdict.channels:
        yield "  " + "; ".join(f"{metric} by {channel}" for metric, channel in verdict.channels.items())
    yield from (f"  not watched: {what}" for what in verdict.unwatched)
    warm = f" after {_count(verdict.warmup)} to warm up" if verdict.warmup else ""
    cycles = f"{_count(verdict.cycles)} cycle{'s' if verdict.cycles != 1 else ''}"
    yield f"  {cycles} measured{warm}, {verdict.seconds:.1f} s"


def _block(title: str, lines: Iterator[str]) -> Iterator[str]:
    """An empty line, the title, and the lines; nothing without lines."""
    first = next(lines, None)
    if first is None:
        return
    yield ""
    if title:
        yield f"  {title}"
    yield f"    {first}"
    yield from (f"    {line}" for line in lines)


def _because(verdict: Verdict) -> str:
    if verdict.verdict == Answer.INCONCLUSIVE:
        return f", {verdict.reason}"
    if verdict.verdict == Answer.CRASH:
        return f" {verdict.reason}"
    until = f", until {verdict.ended}" if verdict.ended else ""
    leaks = verdict.leaks
    if verdict.grows and not leaks:
        return f", grows by {headline(verdict.grows, verdict.per)} on purpose"
    if leaks and leaks[0].under:
        return f", {headline(leaks, verdict.per)}{until}"
    exact = (finding for finding in leaks if finding.slope.low == finding.slope.high)
    first = next(exact, next(iter(leaks), None))
    if verdict.channels and leaks:
        first = leaks[0]  # in a real QEMU the heap is counted, not estimated
    return until if first is None else f", {amount(first.metric, first.slope.per_cycle)} a cycle{until}"


def _figures(findings: Sequence[Finding]) -> Iterator[str]:
    rows = [("metric", "per cycle", "95 % interval")]
    rows += [
        (finding.metric, amount(finding.metric, finding.slope.per_cycle), _interval(finding.slope))
        for finding in findings
    ]
    first, second = (max(len(row[column]) for row in rows) for column in (0, 1))
    for row, finding in zip(rows, [None, *findings], strict=True):
        accepted = f"   suppressed: {finding.suppressed}" if finding and finding.suppressed else ""
        yield f"{row[0]:<{first}}  {row[1]:>{second}}   {row[2]}{accepted}"


def _places(findings: Sequence[Finding], more: str) -> Iterator[str]:
    """Every place once, the largest first, what a cycle leaves before where it does."""
    every = {place.text: place for finding in findings for place in finding.where}
    shown = _shown([finding.where[0] for finding in findings if finding.where], list(every.values()))
    widest = max((len(place.amount_text) for place in shown), default=0)
    yield from (f"{place.amount_text:<{widest}}  {place.where_text}".rstrip() for place in shown)
    if len(every) > len(shown):
        yield f"and {len(every) - len(shown)} more{more}"


def _shown(first: Sequence[Place], every: Sequence[Place]) -> list[Place]:
    """The `first` place of each figure, then the largest of each other kind, then the largest."""
    ranked = sorted(every, key=lambda place: -place.size)
    kinds = {place.kind: place for place in reversed(ranked)}
    chosen = list(dict.fromkeys(place.text for place in (*first, *kinds.values(), *ranked)))[:MOST_PLACES]
    return [place for place in ranked if place.text in chosen]


def amount(metric: str, value: float) -> str:
    """A figure with its unit."""
    unit = METRICS[metric].unit if metric in METRICS else ""
    if unit == "bytes":
        return f"{_count(value)} B"
    return f"{_count(value)} {singular(unit) if value == 1 else unit}".rstrip()


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
