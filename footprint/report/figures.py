"""All figures: every metric of every run, at every mark."""

from __future__ import annotations

from collections.abc import Sequence

from footprint.recording.metrics import METRICS, MetricKind
from footprint.recording.model import Recording, Run, Sample
from footprint.report.formatting import NOTHING, count, plural
from footprint.report.section import Exhibit, Section, Table, TableColumn

_MOST_RUNS = 30
"""Columns of a table."""
_MANY = 3
"""Of a mark that comes in more cycles than this only the first and the last are shown."""


def figures(recording: Recording) -> Section | None:
    """The section; None if nothing was read."""
    tables = tuple(_table(recording.runs[-_MOST_RUNS:], mark, cycle) for mark, cycle in _shown(recording))
    if not tables:
        return None
    lead = (
        "Modelled figures are exact: the same integers on every machine. Measured ones are what a process "
        f"really took, and noisy. {plural(len(tables), 'table')}, one for each mark."
    )
    if len(recording.runs) > _MOST_RUNS:
        lead += f" Of {plural(len(recording.runs), 'run')} the last {count(_MOST_RUNS)}; the recording has them all."
    return Section("All figures", "figures", lead, (Exhibit(tables=tables),))


def _shown(recording: Recording) -> list[tuple[str, int]]:
    """Marks and cycles in the order of the runs."""
    marks: dict[str, dict[int, None]] = {}
    for run in recording.runs:
        for sample in run.samples:
            marks.setdefault(sample.mark, {})[sample.cycle] = None
    kept = {
        mark: list(cycles) if len(cycles) <= _MANY else [min(cycles), max(cycles)] for mark, cycles in marks.items()
    }
    return [(mark, cycle) for mark, cycles in kept.items() for cycle in cycles]


def _table(runs: Sequence[Run], mark: str, cycle: int) -> Table:
    samples = [_sample(run.samples, mark, cycle) for run in runs]
    read = {name for sample in samples if sample for name in sample.metrics}
    names = [name for name in METRICS if name in read] + sorted(read - METRICS.keys())
    columns = (
        TableColumn("figure"),
        TableColumn("what"),
        TableColumn("unit"),
        TableColumn("kind"),
        *(TableColumn(run.rules, number=True) for run in runs),
    )
    rows = tuple((*_heading(name), *(_exact(sample, name) for sample in samples)) for name in names)
    again = f", cycle {count(cycle)}" if cycle else ""
    return Table(f"At the mark {mark}{again}", columns, rows)


def _exact(sample: Sample | None, name: str) -> str:
    """The figure to its last digit; its unit has a column of its own."""
    n = sample.metrics.get(name) if sample else None
    return NOTHING if n is None else count(n)


def _heading(name: str) -> tuple[str, str, str, str]:
    if name not in METRICS:
        return name, NOTHING, NOTHING, NOTHING
    row = METRICS[name]
    return name, row.what, row.unit, "exact" if row.kind is MetricKind.EXACT else "measured, noisy"


def _sample(samples: tuple[Sample, ...], mark: str, cycle: int) -> Sample | None:
    return next((sample for sample in samples if (sample.mark, sample.cycle) == (mark, cycle)), None)
