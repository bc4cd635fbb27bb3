"""Where a rule reads: the checks that something is there to be judged, because nothing judged is no success."""

from __future__ import annotations

from collections.abc import Sequence

from footprint.errors import RequestError, UnknownNameError
from footprint.recording.model import Recording, Run


def check_recorded(recording: Recording, metric: str, mark: str | None, runs: Sequence[Run]) -> None:
    """Raise RequestError where `metric` at `mark` can be judged in none of `runs`.

    Raises UnknownNameError for a mark that the recording does not have at all.
    """
    if mark is not None and mark not in recording.marks:
        raise UnknownNameError("mark in this recording", mark, recording.marks)
    samples = [sample for run in runs if (sample := run.sample(mark)) is not None]
    names = ", ".join(run.rules for run in runs)
    if not samples:
        raise RequestError(f"nothing to judge: {names} never reached the mark {mark!r}")
    if not any(metric in sample.metrics for sample in samples):
        at = ", ".join(dict.fromkeys(sample.mark for sample in samples))
        raise RequestError(f"nothing to judge: {metric} was not recorded at {at} under {names}")


def runs_to_judge(recording: Recording, rules: Sequence[str]) -> tuple[Run, ...]:
    """The runs under `rules` (:meth:`Recording.under`); raises RequestError where nothing was read in any."""
    runs = recording.under(rules)
    if not runs:
        raise RequestError(f"nothing to judge: the recording of {recording.scenario} has no runs")
    if not any(run.samples for run in runs):
        raise RequestError(f"nothing to judge: the recording of {recording.scenario} was read at no mark")
    return runs
