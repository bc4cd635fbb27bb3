"""What an index tells of each recording in a folder: what came out, when, and how a figure went."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from footprint.errors import FootprintError, InputFileError
from footprint.history.keep import DEFAULT
from footprint.history.series import Selection, read
from footprint.recording.files import FILE_NAME, read_recording
from footprint.recording.model import Number, Recording
from footprint.report.formatting import figure, plural, value
from footprint.report.references import HeldTo
from footprint.report.section import Head
from footprint.report.summary import head

TOLD = ("flatviews.alive", "process.rss", "modelled.bytes")
"""The figure that a line draws: the first of these that was read."""
PAGE = "index.html"
"""The page that stands beside a recording, and that of the folder."""
_SEVERAL = 2


@dataclass(frozen=True, slots=True)
class Trend:
    """How one figure went: its `values`, and in words what they are and over what."""

    values: tuple[Number, ...]
    words: str


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """A recording in its `folder`, which is relative to the one that is indexed.

    `address` is where its page is, for the index; `recorded` is a UTC time, or empty.
    """

    folder: Path
    address: str
    recording: Recording
    head: Head
    recorded: str
    trend: Trend | None

    @property
    def when(self) -> str:
        """The time to the minute."""
        return self.recorded[:16].replace("T", " ")


def recorded_in(folder: Path) -> list[Path]:
    """The recordings in the folders of `folder`, at any depth, hidden ones left out."""
    return sorted(
        path
        for path in folder.rglob(FILE_NAME)
        if path.parent != folder and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def entries(
    folder: Path,
    paths: Iterable[Path],
    index: Path | None = None,
    gates: Callable[[Recording], Sequence[HeldTo]] = lambda _: (),
) -> tuple[list[IndexEntry], list[InputFileError]]:
    """An entry for each recording in `folder`, the latest first; and the errors of those that cannot be read.

    `index` is the file that will list them, by default the index.html of the folder; `gates` says what judges each.
    """
    at = (index or folder / PAGE).parent
    made, errors = [], []
    for path in paths:
        try:
            recording = read_recording(path)
        except InputFileError as error:
            errors.append(error)
            continue
        recorded = str(recording.environment.get("recorded", ""))
        trend = _kept(recording, folder / DEFAULT.name) or _within(recording)
        address = Path(os.path.relpath(path.with_name(PAGE), at)).as_posix()
        place = path.parent.relative_to(folder)
        made.append(IndexEntry(place, address, recording, head(recording, gates(recording)), recorded, trend))
    made.sort(key=lambda entry: (entry.recorded, entry.folder.as_posix()), reverse=True)
    return made, errors


def latest(every: Sequence[IndexEntry]) -> list[tuple[IndexEntry, list[IndexEntry]]]:
    """Of each scenario, on the model and on a real QEMU, its latest recording, with the earlier ones."""
    alike: dict[tuple[str, str], list[IndexEntry]] = {}
    for entry in every:
        alike.setdefault((entry.recording.scenario, entry.recording.backend), []).append(entry)
    return [(entries[0], entries[1:]) for entries in alike.values()]


def _kept(recording: Recording, history: Path) -> Trend | None:
    """The figure of the last run in all runs of this scenario that were kept; None for fewer than two."""
    metric = _metric(recording)
    if metric is None or not history.is_file():
        return None
    rules = recording.runs[-1].rules
    try:
        series = read(history, Selection(metric, recording.scenario, (rules,)))
    except FootprintError:  # none kept, or a history that another verb will complain about
        return None
    params = msgspec.json.encode(recording.params, order="sorted").decode()
    for key, kept in series.items():
        if (key.params, key.backend) == (params, recording.backend) and len(kept) >= _SEVERAL:
            values = tuple(each.value for each in kept)
            return Trend(values, _worded(metric, values, f"{plural(len(values), 'kept run')} under {rules}"))
    return None


def _within(recording: Recording) -> Trend | None:
    """The figure over the rule sets of a recording, or over its cycles."""
    metric = _metric(recording)
    if metric is None:
        return None
    if len(recording.runs) >= _SEVERAL:
        read = tuple(n for run in recording.runs if (n := value(run, metric)) is not None)
        return Trend(read, _worded(metric, read, plural(len(read), "rule set")))
    samples = recording.runs[-1].samples
    marks = [sample.mark for sample in samples if sample.cycle]
    cycled = [sample for sample in samples if marks and sample.mark == marks[-1] and metric in sample.metrics]
    if len(cycled) < _SEVERAL:
        return None
    read = tuple(sample.metrics[metric] for sample in cycled)
    return Trend(read, _worded(metric, read, plural(len(read), "cycle")))


def _metric(recording: Recording) -> str | None:
    """What is drawn of it. Cycles of a real QEMU do not read views, so it is what every sample of them has."""
    if not recording.runs:
        return None
    last = recording.runs[-1]
    cycled = [sample for sample in last.samples if sample.cycle] if len(recording.runs) == 1 else []
    return next(
        (
            name
            for name in TOLD
            if value(last, name) is not None and all(name in sample.metrics for sample in cycled[:-1])
        ),
        None,
    )


def _worded(metric: str, values: Sequence[Number], over: str) -> str:
    what = {"flatviews.alive": "views in use", "process.rss": "resident memory"}.get(metric, "modelled bytes")
    first, last = figure(metric, values[0]), figure(metric, values[-1])
    return f"{what}: {first} → {last} over {over}" if first != last else f"{what}: {first}, over {over}"
