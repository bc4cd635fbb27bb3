"""Features: the behaviours behind each rule set, and where one differs from the one before."""

from __future__ import annotations

from footprint.recording.model import Recording
from footprint.report.formatting import NOTHING, listed
from footprint.report.section import Exhibit, Section, Table, TableColumn


def features(recording: Recording) -> Section | None:
    """The section; None if no run names its features."""
    every = tuple(dict.fromkeys(name for run in recording.runs for name in run.features))
    if not every:
        return None
    alike = {name: every_run.pop() for name in every if len(every_run := _settings(recording, name)) == 1}
    names = tuple(name for name in every if name not in alike) or every
    rows = tuple((run.rules, *(run.features.get(name, NOTHING) for name in names)) for run in recording.runs)
    marks = {
        (n, column): "changed"
        for n in range(1, len(rows))
        for column in range(1, len(names) + 1)
        if rows[n][column] != rows[n - 1][column]
    }
    table = Table(
        "The features of each rule set",
        (TableColumn("rule set"), *(TableColumn(name) for name in names)),
        rows,
        marks,
        folded=False,
    )
    lead = "A rule set is a name for these behaviours of QEMU's memory core."
    if len(rows) > 1:
        lead += " What differs from the row above is marked."
    if names != every:
        lead += f" Alike in all of them: {listed(f'{name} {setting}' for name, setting in alike.items())}."
    return Section("Features", "features", lead, (Exhibit(tables=(table,)),))


def _settings(recording: Recording, name: str) -> set[str]:
    """Every setting that the feature `name` has in some run."""
    return {run.features.get(name, NOTHING) for run in recording.runs}
