"""Which two recordings are compared, which of their runs, and what the page calls them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from footprint.errors import RequestError
from footprint.gate.compare import Comparison, MetricPair, compare
from footprint.recording.files import FILE_NAME
from footprint.recording.model import DESTROYED, Recording, Run

MODEL = "model"
_RELEASE = re.compile(r"(?:v|qemu-)(\d+)\.(\d+)\.(\d+)[^,]*((?:,.*)?)")
"""The name of a run that is a release, of the model or real: three numbers, and what was changed in it."""
_SEVERAL = 2


@dataclass(frozen=True, slots=True)
class ComparedRecordings:
    """Two recordings, what to call each, and their runs in pairs; `most` is the pair that differs most."""

    first: Recording
    second: Recording
    names: tuple[str, str]
    comparisons: tuple[Comparison, ...]
    most: Comparison

    @property
    def is_model_beside_real(self) -> bool:
        """Whether the first is the model's, and the second a real QEMU's."""
        return self.first.backend == MODEL != self.second.backend

    @property
    def runs(self) -> tuple[Run, Run]:
        """The pair that differs most."""
        mine, theirs = self.first.run(self.most.first), self.second.run(self.most.second)
        assert mine is not None
        assert theirs is not None
        return mine, theirs


def compared(recordings: Sequence[Recording], words: Sequence[str] = ()) -> ComparedRecordings | None:
    """Two recordings, compared; None for another number of them, and for what cannot be compared.

    `words` are what a user typed to name them. Of a model and a real QEMU the model comes first.
    """
    if len(recordings) != _SEVERAL:
        return None
    (first, second), names = recordings, names_of(recordings, words)
    if second.backend == MODEL != first.backend:
        first, second, names = second, first, (names[1], names[0])
    try:
        comparisons = tuple(compare(first, second, pair_of_runs(first, second)))
    except RequestError:
        return None
    most = max(comparisons, key=lambda each: (len(each.differing) > 0, sum(line.share for line in each.differing)))
    return ComparedRecordings(first, second, names, comparisons, most)


def pair_of_runs(model: Recording, real: Recording) -> tuple[str | None, str | None]:
    """The run of the model that is the QEMU of the only run of `real`; any runs where they are no such pair."""
    if model.backend == real.backend or len(real.runs) != 1 or len(model.runs) < _SEVERAL:
        return None, None
    if any(model.run(run.rules) for run in real.runs):
        return None, None
    return _rules_of(model, real.runs[0].rules), real.runs[0].rules


def _rules_of(model: Recording, real: str) -> str:
    """The newest release in `model` that is not newer than `real`, with the same changed; else the last run."""
    wanted = _release(real)
    known = {release: run.rules for run in model.runs if (release := _release(run.rules))}
    fitting = [release for release in known if wanted and release[0] <= wanted[0] and release[1] == wanted[1]]
    return known[max(fitting)] if fitting else model.runs[-1].rules


def _release(rules: str) -> tuple[tuple[int, ...], str] | None:
    parsed = _RELEASE.fullmatch(rules)
    return (tuple(map(int, parsed.groups()[:3])), parsed[4]) if parsed else None


def names_of(recordings: Sequence[Recording], words: Sequence[str] = ()) -> tuple[str, str]:
    """What to call two recordings: their folders or files, or else what ran them, or else A and B."""
    folders = [folder_of(word) for word in words]
    candidates = [
        *([folders, [word.rstrip("/") for word in words]] if len(words) == _SEVERAL else []),
        [_ran_on(recording) for recording in recordings],
        [str(recording.environment.get("QEMU", "")) for recording in recordings],
    ]
    for first, second in candidates:
        if first and second and first != second:
            return first, second
    return "A", "B"


def folder_of(word: str) -> str:
    """The name of the folder or file that a user named a recording by."""
    path = PurePath(word)
    return path.parent.name if path.name == FILE_NAME else path.name


def _ran_on(recording: Recording) -> str:
    """``the model under v7.2.0``, ``QEMU 7.2.22``."""
    runs = [run.rules for run in recording.runs]
    if recording.backend != MODEL:
        return runs[0].replace("qemu-", "QEMU ", 1) if len(runs) == 1 else ""
    return f"the model under {runs[0]}" if len(runs) == 1 else ""


def telling(comparison: Comparison) -> list[MetricPair]:
    """One line for each count that is judged: where it differs most, or where it was read last; the differing first."""
    last: dict[str, MetricPair] = {}
    for line in comparison.lines:
        if line.judged and (line.mark != DESTROYED or line.metric not in last):
            last[line.metric] = line
    differing = {line.metric: line for line in comparison.largest(len(last))} if comparison.differing else {}
    return [*differing.values(), *(line for name, line in last.items() if name not in differing)]
