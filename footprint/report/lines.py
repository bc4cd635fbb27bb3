"""Lines over the commits of a start-up, each named at its end."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from footprint.report.canvas import INK, LETTER, LINE, MUTED, SERIES, WIDTH, Canvas
from footprint.report.formatting import breadth, count, cut

_TOP, _FOOT, _STEP = 10.0, 24.0, 14.5
_LEAST = 210.0
_DASHES: tuple[tuple[float, ...], ...] = ((), (5, 2), (1.5, 1.5))


@dataclass(frozen=True, slots=True)
class Curve:
    """Values `ys` at the commits `xs`; lines of one `hue` have one colour."""

    label: str
    xs: tuple[int, ...]
    ys: tuple[int, ...]
    hue: int


@dataclass(frozen=True, slots=True)
class Scale:
    """How heights are drawn and worded: from zero, in round steps of a unit's thousands.

    `thousand` is what makes the next unit (1024 for bytes); `tenfold` draws powers of ten at equal distances,
    and 0 where 1 is.
    """

    text: Callable[[float], str]
    thousand: int = 1000
    tenfold: bool = False

    def height(self, value: float) -> float:
        """Where `value` stands, in any unit."""
        return math.log10(max(value, 1)) if self.tenfold else max(value, 0)

    def ticks(self, most: float) -> list[float]:
        """Round values from zero, about four of them, none above `most`."""
        if self.tenfold:
            return [10.0**n for n in range(int(self.height(most)) + 1)]
        unit = self.thousand ** int(math.log(max(most, 1), self.thousand) + 1e-9)
        steps = (unit * step for step in (1, 2, 5, 10, 25, 50, 100, 250, 500))
        step = next((step for step in steps if most / step < 4.5), unit * 1000)
        return [float(step * n) for n in range(int(most / step) + 1)]


@dataclass(frozen=True, slots=True)
class _Frame:
    """The plot's place on the sheet, and its scales."""

    left: float
    right: float
    bottom: float
    most_x: float
    most_y: float
    scale: Scale

    def x(self, value: float) -> float:
        return self.left + (self.right - self.left) * value / self.most_x

    def y(self, value: float) -> float:
        return self.bottom - (self.bottom - _TOP) * self.scale.height(value) / (self.scale.height(self.most_y) or 1)


def lines(drawn: Sequence[Curve], label: str, scale: Scale) -> str:
    """The lines as one SVG on common scales."""
    most_x = max((x for line in drawn for x in line.xs), default=0) or 1
    most_y = max((y for line in drawn for y in line.ys if y > 0), default=1)
    bottom = max(_LEAST, _TOP + _STEP * (len(drawn) + 1))
    names = max(breadth(cut(line.label)) for line in drawn) * LETTER if drawn else 0
    ticks = scale.ticks(most_y)
    left = max(breadth(scale.text(tick)) for tick in ticks) * LETTER + 6
    frame = _Frame(left, WIDTH - names - 24, bottom, most_x, most_y, scale)
    sheet = Canvas(bottom + _FOOT)
    for tick in ticks:
        sheet.line((frame.left, frame.right), (frame.y(tick), frame.y(tick)), LINE, 0.8)
        sheet.text(frame.left - 6, frame.y(tick), scale.text(tick), MUTED, align="right")
    sheet.text(frame.left, bottom + 13, "0", MUTED)
    sheet.text(frame.right, bottom + 13, f"commit {count(most_x)}", MUTED, align="right")
    _draw(sheet, drawn, frame)
    return sheet.svg(label)


def _draw(sheet: Canvas, drawn: Sequence[Curve], frame: _Frame) -> None:
    """The lines, equal ones once, and a name for each, with a leader from its highest point."""
    seen: set[tuple[object, ...]] = set()
    peaks = [max(range(len(line.ys)), key=line.ys.__getitem__) if line.ys else None for line in drawn]
    heights = [
        frame.y(line.ys[peak]) if peak is not None else frame.bottom for line, peak in zip(drawn, peaks, strict=True)
    ]
    for line, peak, height, place in zip(drawn, peaks, heights, _apart(heights, frame.bottom), strict=True):
        colour = SERIES[line.hue % len(SERIES)]
        if (shape := (line.hue, line.xs, line.ys)) not in seen:
            seen.add(shape)
            dashes = _DASHES[line.hue // len(SERIES) % len(_DASHES)]
            sheet.line([frame.x(x) for x in line.xs], [frame.y(y) for y in line.ys], colour, 1.8, dashes)
        if peak is not None:
            start = frame.x(line.xs[peak])
            sheet.line((start, frame.right + 3, frame.right + 10), (height, height, place), colour, 0.6)
        sheet.line((frame.right + 10, frame.right + 17), (place, place), colour, 2.4)
        sheet.text(frame.right + 21, place, cut(line.label), INK)


def _apart(heights: Sequence[float], bottom: float) -> list[float]:
    """Places near `heights`, in their order, at least _STEP from each other and above `bottom`."""
    order = sorted(range(len(heights)), key=heights.__getitem__)
    places = [0.0] * len(heights)
    lowest = _TOP - _STEP
    for n in order:
        lowest = places[n] = max(heights[n], lowest + _STEP)
    highest = bottom + _STEP
    for n in reversed(order):
        highest = places[n] = min(places[n], highest - _STEP)
    return places
