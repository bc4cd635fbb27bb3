"""Series: the values of a metric in the runs that were kept."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from footprint.errors import InputFileError, RequestError, UnknownNameError
from footprint.history.database import reading
from footprint.recording.model import Number


@dataclass(frozen=True, slots=True)
class Selection:
    """Which kept values to read: of `metric`; those of a scenario, of rule sets, of a branch, since a moment.

    An empty field selects all. `mark` is by default the one where each run is judged; `since` is a UTC time as
    recordings have it.
    """

    metric: str
    scenario: str = ""
    rules: tuple[str, ...] = ()
    branch: str = ""
    mark: str = ""
    since: str = ""


@dataclass(frozen=True, slots=True)
class KeptValue:
    """One value of a metric in one run that was kept, and where that run was made."""

    value: Number
    recorded: str
    commit: str
    branch: str
    machine: str
    footprint: str


@dataclass(frozen=True, slots=True)
class SeriesKey:
    """What all points of a series have in common; `params` is JSON with sorted names."""

    scenario: str
    params: str
    rules: str
    backend: str
    mark: str


def read(path: Path, selection: Selection) -> dict[SeriesKey, list[KeptValue]]:
    """The selected values, series by series, each in the order in which its runs were kept.

    Where a mark comes again, as in cycles, its last sample counts. Raises UnknownNameError for a name that no kept
    run has, InputFileError for a database that is not ours or is damaged, RequestError where nothing selected has the
    metric.
    """
    with reading(path) as history:
        _check_names(history, selection)
        try:
            series = _series(history, selection)
        except (msgspec.MsgspecError, TypeError) as error:
            raise InputFileError(path, f"is damaged: a row of it is not what footprint writes ({error})") from None
    if not series:
        raise RequestError(f"{path}: no run that was selected has {selection.metric}")
    return series


def _check_names(history: sqlite3.Connection, selection: Selection) -> None:
    """Raise UnknownNameError for a name that nothing kept has."""
    wanted = [("scenario", "run", "scenario", selection.scenario), ("branch", "run", "branch", selection.branch)]
    wanted += [("rule set", "sample", "rules", rules) for rules in selection.rules]
    wanted += [("mark", "sample", "mark", selection.mark)]
    for kind, table, column, name in wanted:
        if name:
            names = [text for (text,) in history.execute(f"SELECT DISTINCT {column} FROM {table} ORDER BY 1")]
            if name not in names:
                raise UnknownNameError(f"{kind} in this history", name, [text for text in names if text])


def _series(history: sqlite3.Connection, selection: Selection) -> dict[SeriesKey, list[KeptValue]]:
    kept: dict[tuple[int, SeriesKey], KeptValue] = {}
    for run, rules, mark, metrics, *facts in history.execute(*_query(selection)):
        values = msgspec.json.decode(metrics, type=dict[str, Number])
        if selection.metric in values:
            scenario, params, backend, recorded, commit, branch, machine, environment = facts
            key = SeriesKey(scenario, params, rules, backend, mark)
            version = str(msgspec.json.decode(environment, type=dict[str, Any]).get("footprint", ""))
            kept[run, key] = KeptValue(values[selection.metric], recorded, commit, branch, machine, version)
    series: dict[SeriesKey, list[KeptValue]] = {}
    for (_, key), point in kept.items():
        series.setdefault(key, []).append(point)
    return series


def _query(selection: Selection) -> tuple[str, list[str]]:
    """The rows of the selection, in the order of keeping, with the values to fill in."""
    tests = {
        "mark = ?" if selection.mark else "judged": [selection.mark] if selection.mark else [],
        "scenario = ?": [selection.scenario] if selection.scenario else None,
        "branch = ?": [selection.branch] if selection.branch else None,
        "recorded >= ?": [selection.since] if selection.since else None,
        f"rules IN ({', '.join('?' * len(selection.rules))})": list(selection.rules) or None,
    }
    chosen = {test: values for test, values in tests.items() if values is not None}
    return (
        "SELECT run.id, rules, mark, metrics, scenario, params, backend, recorded, revision, branch, machine, "
        f"environment FROM run JOIN sample ON sample.run = run.id WHERE {' AND '.join(chosen)} "
        "ORDER BY run.id, sample.id",
        [value for values in chosen.values() for value in values],
    )
