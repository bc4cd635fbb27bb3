"""Steps: where the values of a series changed.

An exact metric is the same on every machine, so any other value than before is a step. It is compared with the last run
on the same branch: two branches that are measured in turn do not step at every run. A measured metric is noisy, and
differs between machines. There a step is a shift of the median on one machine by more than three times the noise, seen
in five runs before and five after.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from footprint.history.series import KeptValue, SeriesKey
from footprint.recording.metrics import Metric, MetricKind
from footprint.recording.model import Number

_SHORT = 12
"""Digits of a commit."""
LEAST_RUNS = 5
"""Runs on either side of a step of a measured metric."""
LEAST_SHIFT = 3.0
"""How many times the noise its median must have shifted."""
LEAST_SHARE = 0.01
"""And by at least this share of it: readings that are equal but for one page are no step."""
MOST_CUTS = 200
"""Cuts that are tried first, so that a long history is read in time."""
_DEVIATION = 1.4826
"""From the median of absolute deviations to the standard deviation, where noise is normal."""


@dataclass(frozen=True, slots=True)
class ValueStep:
    """A change of value at the point number `index`; `previous` is the number of the point it is compared with.

    `before` and `after` are those points' values, of a measured metric the medians before and after.
    """

    index: int
    previous: int
    before: Number
    after: Number


Stepped = tuple[SeriesKey, list[KeptValue], list[ValueStep]]
"""A series with its steps."""


def latest_step(stepped: Sequence[Stepped]) -> tuple[Stepped, ValueStep] | None:
    """The step that was recorded last, with its series."""
    every = [(series, step) for series in stepped for step in series[2]]
    return max(every, key=lambda told: told[0][1][told[1].index].recorded, default=None)


def changes_sentence(metric: Metric, stepped: Sequence[Stepped], worded: Callable[[Number], str]) -> str:
    """How often the metric changed, and when it did so last; `worded` gives a value with its unit."""
    runs = sum(len(points) for _, points, _ in stepped)
    seen = f"{runs} run{'' if runs == 1 else 's'} in {len(stepped)} series"
    latest = latest_step(stepped)
    if latest is None:
        return f"{metric.name} never changed: {seen}."
    (key, points, _), step = latest
    changes = sum(len(series) for _, _, series in stepped)
    point = points[step.index]
    often = "once," if changes == 1 else f"{changes} times, the last time"
    commit = f" at commit {point.commit[:_SHORT]}" if point.commit else ""
    return (
        f"{metric.name} changed {often} from {worded(step.before)} to {worded(step.after)}, "
        f"under {key.rules} in {key.scenario}{commit} on {point.recorded[:10]}; {seen}."
    )


def steps(points: Sequence[KeptValue], metric: Metric) -> list[ValueStep]:
    """The steps of a series, in its order."""
    if metric.kind is MetricKind.EXACT:
        return list(_changes(points))
    machines: dict[str, list[int]] = {}
    for n, point in enumerate(points):
        machines.setdefault(point.machine, []).append(n)
    shifts = [step for numbers in machines.values() for step in _shifts(points, numbers)]
    return sorted(shifts, key=lambda step: step.index)


def _changes(points: Sequence[KeptValue]) -> list[ValueStep]:
    changes = []
    last: dict[str, int] = {}
    for n, point in enumerate(points):
        previous = last.get(point.branch, n - 1)
        last[point.branch] = n
        if previous >= 0 and points[previous].value != point.value:
            changes.append(ValueStep(n, previous, points[previous].value, point.value))
    return changes


def _shifts(points: Sequence[KeptValue], numbers: Sequence[int]) -> list[ValueStep]:
    """The shifts among the points `numbers`, all of one machine."""
    values = [points[n].value for n in numbers]
    cuts = _cuts(values, _noise(values))
    medians = [statistics.median(values[start:end]) for start, end in itertools.pairwise([0, *cuts, len(values)])]
    return [
        ValueStep(numbers[cut], numbers[cut - 1], before, after)
        for cut, (before, after) in zip(cuts, itertools.pairwise(medians), strict=True)
    ]


def _cuts(values: Sequence[Number], noise: float) -> list[int]:
    """Where the median shifts: the clearest place, then those on either side of it."""
    cut = _best_cut(values)
    if cut is None:
        return []
    before, after = statistics.median(values[:cut]), statistics.median(values[cut:])
    if abs(after - before) <= max(LEAST_SHIFT * noise, LEAST_SHARE * abs(before)):
        return []
    return [*_cuts(values[:cut], noise), cut, *(cut + n for n in _cuts(values[cut:], noise))]


def _best_cut(values: Sequence[Number]) -> int | None:
    """Where to cut so that both parts scatter least; None where a part would be too small for a step."""
    first, last = LEAST_RUNS, len(values) - LEAST_RUNS
    if last < first:
        return None
    stride = max(1, len(values) // MOST_CUTS)
    rough = min(range(first, last + 1, stride), key=lambda n: _scatter_around(values, n))
    near = range(max(1, rough - stride), min(len(values) - 1, rough + stride) + 1)
    cut = min(near, key=lambda n: _scatter_around(values, n))
    return cut if first <= cut <= last else None


def _noise(values: Sequence[Number]) -> float:
    """The standard deviation from one run to the next, which the few steps of a series do not change."""
    differences = [abs(b - a) for a, b in itertools.pairwise(values)]
    return _DEVIATION * statistics.median(differences) / 2**0.5 if differences else 0.0


def _scatter_around(values: Sequence[Number], cut: int) -> float:
    """The sum of the distances from the medians of both parts."""
    parts = (values[:cut], values[cut:])
    return sum(abs(value - median) for part in parts for median in [statistics.median(part)] for value in part)
