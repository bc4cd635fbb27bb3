"""What a scenario's runs grow by, and what they leave, in words: one line per run, whatever its metrics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from footprint.recording.metrics import METRICS
from footprint.units import bytes_text
from footprint.verdict.place import PlaceKind, figure
from footprint.verdict.scenario_growth import KEPT
from footprint.verdict.verdict import Finding

WHOLE = ("modelled.bytes", "heap.bytes", "uss.bytes")
"""What is told first where it is known: the bytes of all that the model counts, and of a real process."""
PARTS = "modelled."
"""What the names of the parts of modelled.bytes begin with; they are told with ``--json``."""


def is_left(finding: Finding) -> bool:
    """Whether it is what is left when the machine is gone."""
    return any(place.kind == PlaceKind.REMAINS for place in finding.where)


def growth_lines(findings: Iterable[Finding], per: str) -> Iterator[str]:
    """``v7.2.0: grows by 63.5 KiB a function (flat_ranges 8, subpages 1)``."""
    for rules, first, rest in _runs(findings):
        interval = f", 95 % {_amount(first, first.slope.low)} to {_amount(first, first.slope.high)}"
        exact = first.slope.low == first.slope.high
        yield f"{rules}: grows by {_amount(first)} a {per}{'' if exact else interval}{rest}"


def left_lines(findings: Iterable[Finding]) -> Iterator[str]:
    """``v7.2.0: 210 KiB (address_spaces 14, flatviews.alive 4)``."""
    yield from (f"{rules}: {_amount(first)}{rest}" for rules, first, rest in _runs(findings))


def headline(findings: Sequence[Finding], per: str) -> str:
    """The figure of the first run: ``63.5 KiB a function``, or ``210 KiB left``; empty without findings."""
    grown = [finding for finding in findings if not is_left(finding)]
    for _, first, _ in _runs(grown or findings):
        return f"{_amount(first)} left" if is_left(first) else f"{_amount(first)} a {per}"
    return ""


def _runs(findings: Iterable[Finding]) -> Iterator[tuple[str, Finding, str]]:
    """Of each run its rule set, the finding that tells most, and the others in brackets; then what was accepted."""
    runs: dict[str, list[Finding]] = {}
    for finding in findings:
        runs.setdefault(finding.under, []).append(finding)
    for rules, every in runs.items():
        by_metric = {finding.metric: finding for finding in every}
        first = next((by_metric[name] for name in WHOLE if name in by_metric), every[0])
        others = [finding for finding in every if finding is not first and not _is_part(finding)]
        rest = f" ({', '.join(f'{other.metric} {_number(other)}' for other in others)})" if others else ""
        accepted = dict.fromkeys(finding.suppressed for finding in every if finding.suppressed)
        yield rules, first, rest + "".join(f"   suppressed: {reason}" for reason in accepted)


def _is_part(finding: Finding) -> bool:
    return finding.metric.startswith(PARTS)


def _amount(finding: Finding, value: float | None = None) -> str:
    """With the unit: ``63.5 KiB``, ``1 space``."""
    number = finding.slope.per_cycle if value is None else value
    if _is_bytes(finding.metric):
        return bytes_text(number)
    unit = "views" if finding.metric == KEPT else METRICS[finding.metric].unit
    return f"{figure(number)} {singular(unit) if number == 1 else unit}"


def _number(finding: Finding) -> str:
    """Without the unit of what is counted, which the metric's name says."""
    return bytes_text(finding.slope.per_cycle) if _is_bytes(finding.metric) else figure(finding.slope.per_cycle)


def _is_bytes(metric: str) -> bool:
    return metric.endswith(".bytes") or (metric in METRICS and METRICS[metric].unit == "bytes")


def singular(unit: str) -> str:
    """``space`` of ``spaces``, ``process`` of ``processes``."""
    return unit.removesuffix("es") if unit.endswith("sses") else unit.removesuffix("s")
