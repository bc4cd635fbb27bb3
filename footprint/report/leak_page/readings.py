"""Readings of one metric over the cycles, with the fitted slope and the band of its interval."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from footprint.recording.metrics import METRICS
from footprint.report.canvas import ACCENT, LETTER, LINE, MARK, PALE, WIDTH
from footprint.report.formatting import breadth, count, figure, signed, size
from footprint.report.lines import MOST_POINTS, Scale, thinned
from footprint.report.svg_canvas import Sheet
from footprint.verdict.trend import Series, Slope

_TOP, _HIGH, _FOOT = 24.0, 190.0, 22.0
_BAND_ROOM = 0.35
"""What a band may take above and below the readings, as a share of their height; the rest of it is left out."""
_MOST_DOTS = 80

Points = tuple[tuple[float, ...], tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class MetricReadings:
    """Windows of readings of `metric`, one after the other, and what was made of the `fitted` last ones of them.

    The first reading was made after `start` cycles.
    """

    metric: str
    windows: tuple[Series, ...]
    slope: Slope
    fitted: int = 2
    start: int = 0

    @property
    def places(self) -> list[Points]:
        """The cycles, counted from the first window's beginning, and what was grown by since then, of each window."""
        if not self.windows:
            return []
        ends = list(accumulate(window.cycles[-1] for window in self.windows))
        starts = [0, *ends[:-1]]
        base = self.windows[0].values[0]
        return [
            (tuple(start + at for at in window.cycles), tuple(value - base for value in window.values))
            for start, window in zip(starts, self.windows, strict=True)
        ]

    @property
    def fitted_from(self) -> float:
        """The cycle from which on readings were fitted."""
        return self.places[-min(self.fitted, len(self.windows))][0][0]

    @property
    def pivot(self) -> tuple[float, float]:
        """The middle of what was fitted: the slope and the ends of its interval go through it."""
        fitted = self.places[-self.fitted :]
        return (
            statistics.median(x for xs, _ in fitted for x in xs),
            statistics.median(y for _, ys in fitted for y in ys),
        )


@dataclass(frozen=True, slots=True)
class _Plot:
    """Where values stand on the sheet."""

    left: float
    right: float
    most_x: float
    low: float
    high: float

    def x(self, value: float) -> float:
        return self.left + (self.right - self.left) * value / (self.most_x or 1)

    def y(self, value: float) -> float:
        return _TOP + _HIGH * (self.high - value) / ((self.high - self.low) or 1)


def readings_picture(read: MetricReadings, width: float = WIDTH) -> str:
    """The picture as an SVG; heights are growth since the first reading."""
    places, slope = read.places, read.slope
    reach = _reach(read)
    is_bytes = is_of_bytes(read.metric)
    scale = Scale(size if is_bytes else count, 1024 if is_bytes else 1000)
    ticks = _ticks(scale, *reach, whole=not is_bytes)
    left = max(breadth(_text(scale, tick)) for tick in ticks) * LETTER + 6
    most_x = places[-1][0][-1]
    plot = _Plot(left, width - 6, most_x, *reach)
    sheet = Sheet(_TOP + _HIGH + _FOOT, width)
    sheet.text(0, 8, f"{read.metric}, since the first reading", "muted")
    for tick in ticks:
        sheet.line((plot.left, plot.y(tick)), (plot.right, plot.y(tick)), LINE)
        sheet.text(plot.left - 6, plot.y(tick), _text(scale, tick), "muted end")
    sheet.text(plot.left, _TOP + _HIGH + 13, count(read.start), "muted")
    sheet.text(plot.right, _TOP + _HIGH + 13, f"cycle {count(read.start + most_x)}", "muted end")
    _draw_band(sheet, plot, read)
    for xs, values in places:
        _draw_window(sheet, plot, xs, values, len(places))
    _draw_slope(sheet, plot, read)
    return sheet.svg(f"{read.metric} over {count(most_x)} cycles: {slope_words(read.metric, slope)}.")


def _reach(read: MetricReadings) -> tuple[float, float]:
    """The lowest and the highest that is drawn: all readings and the fitted line, and of its band as much again."""
    ys = [y for _, values in read.places for y in values]
    x, y = read.pivot
    ends = (read.fitted_from, read.places[-1][0][-1])
    fit = [y + read.slope.per_cycle * (end - x) for end in ends]
    band = [y + per_cycle * (end - x) for end in ends for per_cycle in (read.slope.low, read.slope.high)]
    low, high = min(0.0, *ys, *fit), max(0.0, *ys, *fit)
    room = (high - low) * _BAND_ROOM
    low, high = max(min(low, *band), low - room), min(max(high, *band), high + room)
    return (low, high) if high > low else (low, low + 1.0)


def is_of_bytes(metric: str) -> bool:
    """Whether its values are bytes."""
    return metric.endswith(".bytes") or (metric in METRICS and METRICS[metric].unit == "bytes")


def _ticks(scale: Scale, low: float, high: float, *, whole: bool) -> list[float]:
    """Round values over all that is drawn, zero among them."""
    steps = scale.ticks(high - low)
    step = next((tick for tick in steps if tick and (not whole or tick == int(tick))), 0.0)
    if not step:
        return [0.0]
    return [step * n for n in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _text(scale: Scale, tick: float) -> str:
    return f"−{scale.text(-tick)}" if tick < 0 else scale.text(tick)


def _along(plot: _Plot, read: MetricReadings, per_cycle: float, place: float) -> tuple[float, float]:
    """Where a line of that slope through the middle of what was fitted stands at `place`, within the plot."""
    x, y = read.pivot
    return plot.x(place), plot.y(min(max(y + per_cycle * (place - x), plot.low), plot.high))


def _draw_band(sheet: Sheet, plot: _Plot, read: MetricReadings) -> None:
    """The band between the ends of the slope's interval."""
    slope, (x, y) = read.slope, read.pivot
    if slope.low != slope.high:
        for edge in (read.fitted_from, plot.most_x):
            ends = [_along(plot, read, per_cycle, edge) for per_cycle in (slope.low, slope.high)]
            sheet.area([(plot.x(x), plot.y(y)), *ends], PALE)


def _draw_slope(sheet: Sheet, plot: _Plot, read: MetricReadings) -> None:
    """The fitted line, dashed and above the readings: where it fits, both are seen."""
    with sheet.group(slope_words(read.metric, read.slope)):
        ends = [_along(plot, read, read.slope.per_cycle, place) for place in (read.fitted_from, plot.most_x)]
        sheet.curve(ends, MARK, 1.8, (5, 4))


def _draw_window(sheet: Sheet, plot: _Plot, xs: Sequence[float], ys: Sequence[float], windows: int) -> None:
    """The readings of a window: a line, and where they are few, a dot each."""
    xs, ys = thinned(xs, ys, max(MOST_POINTS // windows, 20))
    points = [(plot.x(x), plot.y(y)) for x, y in zip(xs, ys, strict=True)]
    sheet.curve(points, ACCENT, 1.4)
    if len(points) * windows <= _MOST_DOTS:
        sheet.boxes([(x - 2.5, y - 2.5, 5, 5) for x, y in points], ACCENT)


def slope_words(metric: str, slope: Slope) -> str:
    """``+2.81 MiB a cycle (95 % from 2.81 MiB to 2.82 MiB)``."""
    interval = (
        "exact" if slope.low == slope.high else f"95 % from {amount(metric, slope.low)} to {amount(metric, slope.high)}"
    )
    return f"{'+' if slope.per_cycle > 0 else ''}{amount(metric, slope.per_cycle)} a cycle ({interval})"


def amount(metric: str, value: float) -> str:
    """A figure of a rate, with a minus that is one: small rates have three digits."""
    if value < 0:
        return f"−{amount(metric, -value)}"
    if is_of_bytes(metric):
        return size(value) if value >= 1024 else f"{value:.3g} B"
    return (
        figure(metric, value) if value == int(value) else signed(metric, value)[1:] if value >= 1000 else f"{value:.3g}"
    )
