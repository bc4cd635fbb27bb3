"""How noisy a measured metric was: its spread over the cycles of a mark, else over runs that should be the same."""

from __future__ import annotations

from footprint.gate.gate_verdict import exact_figure, figure, is_exact
from footprint.recording.model import Number, Recording, Run


def noise(recording: Recording, run: Run, mark: str, metric: str) -> str:
    """In words, how far `metric` spread at `mark`; empty for an exact metric, which has no noise."""
    if is_exact(metric):
        return ""
    over_cycles = _values(run, mark, metric)
    if len(over_cycles) > 1:
        return _spread(metric, over_cycles, f"cycles at {mark}")
    over_runs = [value for other in recording.runs for value in _values(other, mark, metric)]
    if len(over_runs) > 1:
        return _spread(metric, over_runs, f"runs at {mark}, each under other rules")
    others = [sample.metrics[metric] for sample in run.samples if metric in sample.metrics]
    if len(others) > 1:
        return _spread(metric, others, "marks, between which it may change")
    return "measured once, so its noise is not known"


def _values(run: Run, mark: str, metric: str) -> list[Number]:
    return [sample.metrics[metric] for sample in run.samples if sample.mark == mark and metric in sample.metrics]


def _spread(metric: str, values: list[Number], over: str) -> str:
    low, high = min(values), max(values)
    if low == high:
        return f"measured: {exact_figure(metric, low)} in all {len(values)} {over}"
    half = f", ± {100 * (high - low) / (high + low):.1f} %" if low + high > 0 else ""
    return f"measured: {figure(metric, low)} to {figure(metric, high)} over {len(values)} {over}{half}"
