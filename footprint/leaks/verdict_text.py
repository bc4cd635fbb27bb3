"""A verdict in words, for a terminal and for the text of a failing test."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from footprint.leaks.scenario_text import growth_lines, headline, is_left, left_lines, singular
from footprint.recording.metrics import METRICS
from footprint.verdict.place import Place, PlaceKind
from footprint.verdict.trend import Slope
from footprint.verdict.verdict import Answer, Finding, FindingKind, Verdict
from footprint.verdict.windows import CONFIRMING, EXACT, PAGES

POWERS = ("heap.bytes", "python.blocks", "fds", "uss.bytes", "vm.bytes")
"""The metrics whose power is told."""
OF = {"heap.bytes": "heap", "uss.bytes": "pages", "vm.bytes": "address space"}
"""What the bytes of a metric are bytes of."""
SMALL_BLOCK = 32
"""Bytes of a block of Python, at least, but for the very smallest."""
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
    yield from block("", (line for line in growth_lines(of_runs, verdict.per)))
    if len(of_runs) < len(grown):
        yield from block("", _figures([finding for finding in grown if not finding.under]))
    yield from block("where", places(grown, more))
    yield from block("left when the machine was gone", left_lines(filter(is_left, leaks)))
    yield from block("grows on purpose, so no leak", growth_lines(verdict.grows, verdict.per))
    if retained := [finding for finding in verdict.findings if finding.kind == FindingKind.RETAINED]:
        yield from block("retained: kept until Python's collector runs, then freed, so no leak", _figures(retained))
    yield from block("stack", iter(verdict.stack[:MOST_STACK]))
    yield ""
    yield from (f"  {line}" for line in working(verdict))


def working(verdict: Verdict) -> Iterator[str]:
    """How it was measured, and what that would have shown."""
    yield from (line for line in (_power(verdict), *verdict.hints, *verdict.expired) if line)
    if verdict.channels:
        yield "; ".join(f"{metric} by {channel}" for metric, channel in verdict.channels.items())
    yield from (f"not watched: {what}" for what in verdict.unwatched)
    warm = f" after {_count(verdict.warmup)} to warm up" if verdict.warmup else ""
    cycles = f"{_count(verdict.cycles)} cycle{'s' if verdict.cycles != 1 else ''}"
    yield f"{cycles} measured{warm}, {verdict.seconds:.1f} s"


def block(title: str, lines: Iterator[str]) -> Iterator[str]:
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
    until = f"; {verdict.reason}" if verdict.reason else f", until {verdict.ended}" if verdict.ended else ""
    leaks = verdict.leaks
    if verdict.grows and not leaks:
        return f", grows by {headline(verdict.grows, verdict.per)} on purpose"
    if leaks and leaks[0].under:
        return f", {headline(leaks, verdict.per)}{until}"
    # In a real QEMU the heap is counted, not estimated.
    first = leaks[0] if verdict.channels and leaks else first_told(leaks)
    return until if first is None else f", {amount(first.metric, first.slope.per_cycle)} a cycle{until}"


def first_told(leaks: Sequence[Finding]) -> Finding | None:
    """What the first line tells: pages that are the true cost, a count of the kernel, or what is known best."""
    if leaks and leaks[0].metric == PAGES:
        return leaks[0]
    exact = [finding for finding in leaks if finding.slope.low == finding.slope.high]
    counted = (finding for finding in exact if finding.metric in EXACT)
    many = (finding for finding in exact if finding.metric == "python.blocks" and _is_most(finding, leaks))
    return next(counted, next(many, min(leaks, key=_vagueness, default=None)))


def _is_most(blocks: Finding, leaks: Sequence[Finding]) -> bool:
    """Whether the heap's blocks are fewer, and what is left there is less than these take, however small they are."""
    rates = {finding.metric: finding.slope.per_cycle for finding in leaks}
    number = blocks.slope.per_cycle
    return number > rates.get("heap.blocks", number) and SMALL_BLOCK * number > rates.get("heap.bytes", 0.0)


def _vagueness(finding: Finding) -> float:
    """The width of its interval as a share of its rate; pages are coarse, however even they are."""
    slope = finding.slope
    width = (slope.high - slope.low) / abs(slope.per_cycle) if slope.per_cycle else math.inf
    return width if finding.metric not in (*CONFIRMING, "vm.bytes") or not width else math.inf


def _power(verdict: Verdict) -> str:
    """What a clean target would have shown; empty where that is not known."""
    shown = [name for name in POWERS if name in verdict.power]
    if verdict.verdict != Answer.CLEAN or not shown:
        return ""
    words = [amount_of(name, verdict.power[name]) for name in shown]
    return f"would have shown {', '.join(words[:-1])}{' or ' if len(words) > 1 else ''}{words[-1]} a cycle"


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


def places(findings: Sequence[Finding], more: str) -> Iterator[str]:
    """Every place once, the largest first, what a cycle leaves before where it does."""
    distinct = dict.fromkeys(place for finding in findings for place in finding.where)
    every, times = {place.text: place for place in distinct}, Counter(place.text for place in distinct)
    shown = _shown([finding.where[0] for finding in findings if finding.where], list(every.values()))
    amounts = [f"{times[place.text]} × " * (times[place.text] > 1) + place.amount_text for place in shown]
    widest = max(map(len, amounts), default=0)
    pairs = zip(amounts, shown, strict=True)
    yield from (f"{amount:<{widest}}  {place.where_text}".rstrip() for amount, place in pairs)
    if len(every) > len(shown):
        yield f"and {len(every) - len(shown)} more{more}"


def _shown(first: Sequence[Place], every: Sequence[Place]) -> list[Place]:
    """Who holds most, the `first` place of each figure, the largest of each other kind, then the largest.

    Small mappings come last: they are malloc's or a thread's more often than anybody's own.
    """
    ranked = sorted(every, key=lambda place: (place.kind == PlaceKind.MAPPING and bool(first[1:]), -place.size))
    kinds = {place.kind: place for place in reversed(ranked)}
    holders = [kinds[kind] for kind in (PlaceKind.HOLDER, PlaceKind.TYPE) if kind in kinds][:1]
    chosen = list(dict.fromkeys(place.text for place in (*holders, *first, *kinds.values(), *ranked)))[:MOST_PLACES]
    return [place for place in ranked if place.text in chosen]


def amount(metric: str, value: float) -> str:
    """A figure with its unit."""
    unit = METRICS[metric].unit if metric in METRICS else ""
    if unit == "bytes":
        return f"{_count(value)} B"
    number = _count(value)
    return f"{number} {singular(unit) if number == '1' else unit}".rstrip()


def amount_of(metric: str, value: float) -> str:
    """The same where several are told: ``32 B of heap``."""
    return amount(metric, value) + (f" of {OF[metric]}" if metric in OF else "")


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
