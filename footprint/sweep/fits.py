"""The laws of a sweep's points: for each metric and rule set, over each axis, all other axes being equal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from footprint.recording.metrics import MetricKind, metric
from footprint.recording.model import Number
from footprint.recording.sweep import Fit, Point
from footprint.verdict.growth_law import growth_law

TELLING = (
    "flatviews.created", "flatviews.alive", "address_spaces", "nodes", "modelled.bytes.peak", "modelled.resident.peak",
    "process.rss.peak", "process.cpu_seconds",
)  # fmt: skip
"""The metrics whose laws are looked for unless others are named."""

SliceKey = tuple[str, str, tuple[tuple[str, Any], ...]]
"""An axis, a rule set, and the values of the other axes."""


def fits(
    points: Sequence[Point], axes: Mapping[str, Sequence[Any]], *, zipped: bool = False,
    metrics: Sequence[str] = TELLING, predict: Mapping[str, Sequence[float]] | None = None,
) -> tuple[Fit, ...]:  # fmt: skip
    """A Fit for each slice with points enough. `predict`: for which values of an axis the laws are asked."""
    asked = predict or {}
    rows = [
        _fit(key, name, inside, asked.get(key[0], ()))
        for key, inside in slices(points, axes, zipped=zipped).items()
        for name in metrics
        if all(name in point.metrics for point in inside)
    ]
    return tuple(row for row in rows if row is not None)


def slices(points: Iterable[Point], axes: Mapping[str, Sequence[Any]], *, zipped: bool) -> dict[SliceKey, list[Point]]:
    """The points by what they have in common. Axes in step are one, called by the first numeric one's name."""
    numeric = [name for name, values in axes.items() if len(values) > 1 and all(map(_is_number, values))]
    parted: dict[SliceKey, list[Point]] = {}
    points = list(points)
    for over in numeric[:1] if zipped else numeric:
        for point in points:
            others = (
                () if zipped else tuple((name, point.params[name]) for name in axes if _is_other(name, over, point))
            )
            parted.setdefault((over, point.rules, others), []).append(point)
    return {key: sorted(inside, key=lambda point: point.params[key[0]]) for key, inside in parted.items()}


def _is_other(name: str, over: str, point: Point) -> bool:
    """Whether the point has that axis among its parameters; a feature's is in its rule set's name."""
    return name != over and name in point.params


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


def _fit(key: SliceKey, name: str, inside: Sequence[Point], predict: Sequence[float]) -> Fit | None:
    over, rules, others = key
    series: list[tuple[float, Number]] = [(point.params[over], point.metrics[name]) for point in inside]
    law = growth_law(series, exact=metric(name).kind is MetricKind.EXACT, predict=predict)
    if law is None:
        return None
    return Fit(
        name, over, rules, law.exponent, law.low, law.high, law.law, law.sure, law.terms, dict(others),
        tuple(series), law.error, law.runner_up, law.predictions,
    )  # fmt: skip
