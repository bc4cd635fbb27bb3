"""Baselines: what was accepted, in a file small enough to be reviewed.

Format history, newest first:

- ``footprint.baseline/1``: the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from footprint.errors import InputFileError, RequestError, reason_of
from footprint.gate.gate_verdict import is_exact
from footprint.recording.metrics import METRICS
from footprint.recording.model import Number, Recording, Run, Sample, ViewOwner

SCHEMA = "footprint.baseline/1"
FOLDER = Path("reports") / "baselines"
"""Where ``accept`` writes, unless it is told otherwise."""


class AcceptedRun(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was accepted of the run under `rules`: its metrics at `mark`, and whose its views were there."""

    rules: str
    mark: str
    metrics: dict[str, Number]
    view_owners: tuple[ViewOwner, ...] = ()


class Baseline(msgspec.Struct, frozen=True):
    """The file: what was accepted of a scenario with these parameters, rule set by rule set."""

    schema: str
    scenario: str
    params: dict[str, Any]
    backend: str
    runs: tuple[AcceptedRun, ...]

    @classmethod
    def of(
        cls, recording: Recording, rules: Sequence[str] = (), mark: str | None = None, *, measured: bool = False
    ) -> Baseline:
        """What to accept of `recording`: exact metrics where a run is judged, and measured ones if asked for."""
        accepted = [
            _accepted(run, sample, measured=measured)
            for run in recording.under(rules)
            if (sample := run.sample(mark)) is not None
        ]
        if not accepted:
            where = f" at the mark {mark!r}" if mark else ""
            raise RequestError(f"nothing to accept: the recording of {recording.scenario} has nothing{where}")
        return cls(SCHEMA, recording.scenario, recording.params, recording.backend, tuple(accepted))

    def run(self, rules: str) -> AcceptedRun | None:
        """What was accepted under the rule set named `rules`."""
        return next((run for run in self.runs if run.rules == rules), None)

    def value(self, rules: str, mark: str, metric: str) -> Number | None:
        """The accepted value; None where there is none for this rule set, mark and metric."""
        run = self.run(rules)
        return run.metrics.get(metric) if run is not None and run.mark == mark else None

    def check_fits(self, recording: Recording, path: str) -> None:
        """Raise InputFileError with the difference where the baseline in `path` is of something else."""
        if self.scenario != recording.scenario:
            raise InputFileError(path, f"is a baseline of {self.scenario}, not of {recording.scenario}")
        if self.backend != recording.backend:
            raise InputFileError(path, f"was accepted on {self.backend}; the recording is of {recording.backend}")
        names = dict.fromkeys([*self.params, *recording.params])
        other = [
            f"{name}={self.params.get(name, 'not set')} (recorded: {recording.params.get(name, 'not set')})"
            for name in names
            if self.params.get(name) != recording.params.get(name)
        ]
        if other:
            raise InputFileError(path, f"was accepted with other parameters: {', '.join(other)}")

    def with_runs_of(self, newer: Baseline) -> Baseline:
        """This baseline with the runs of `newer` in place of those under the same rule sets, or added."""
        ours = {run.rules: run for run in self.runs} | {run.rules: run for run in newer.runs}
        return msgspec.structs.replace(self, runs=tuple(ours.values()))


def _accepted(run: Run, sample: Sample, *, measured: bool) -> AcceptedRun:
    metrics = {name: value for name, value in sample.metrics.items() if _is_kept(name, measured=measured)}
    alive = sum(owner.views for owner in run.view_owners)
    known = alive == sample.metrics.get("flatviews.alive")
    return AcceptedRun(run.rules, sample.mark, metrics, run.view_owners if known else ())


def _is_kept(name: str, *, measured: bool) -> bool:
    if name.startswith("rule."):
        return True
    return name in METRICS and (measured or is_exact(name))


def read_baseline(path: str | Path) -> Baseline:
    """The baseline in `path`; raises InputFileError."""
    try:
        baseline = msgspec.json.decode(Path(path).read_bytes(), type=Baseline)
    except OSError as error:
        raise InputFileError(path, f"cannot read the baseline: {reason_of(error)}") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InputFileError(path, f"is not a baseline: {error}") from None
    if baseline.schema != SCHEMA:
        raise InputFileError(path, f"has schema {baseline.schema!r}; this version reads {SCHEMA!r}")
    return baseline
