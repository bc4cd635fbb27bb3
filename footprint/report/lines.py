"""Lines over the commits of a start-up or the cycles of a scenario, each named at its end, or on a phone below them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from footprint.report.canvas import LETTER, LINE, SERIES, WIDTH
from footprint.report.formatting import breadth, count, cut, names_of
from footprint.report.references import COLOURS
from footprint.report.svg_canvas import Sheet

_TOP, _FOOT = 24.0, 26.0
STEP = 14.5
"""From one line of text to the next."""
_LONGEST = 34
"""Letters of a name."""
_LEAST = 224.0
_LEADER, _NEAR = (1.5, 3.0), 10.0
"""A leader longer than this is dotted, so that nobody takes it for a part of the line."""
_DASHES: tuple[tuple[float, ...], ...] = ((), (5, 2), (1.5, 1.5))
MOST_CURVES = 24
_MOST_LEVELS = 4
MOST_POINTS = 300
"""Points of a curve: more than a picture has pixels would not be seen."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Values `ys` at the places `xs`; lines of one `hue` have one colour. `runs` are the rule sets it stands for.

    `lows`, if there are any, are the lower ends of a band whose upper ends are `ys`.
    """

    label: str
    xs: tuple[float, ...]
    ys: tuple[float, ...]
    hue: int
    runs: tuple[str, ...] = ()
    lows: tuple[float, ...] = ()


def thinned(
    xs: Sequence[float], ys: Sequence[float], most: int = MOST_POINTS
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """At most `most` of the points, among them the first, the last, and the highest and lowest of each stretch."""
    if len(xs) <= most:
        return tuple(xs), tuple(ys)
    stretches = max(most // 2 - 1, 1)
    edges = [len(xs) * n // stretches for n in range(stretches + 1)]
    kept = {0, len(xs) - 1}
    for start, end in pairwise(edges):
        kept |= {max(range(start, end), key=ys.__getitem__), min(range(start, end), key=ys.__getitem__)}
    order = sorted(kept)
    return tuple(xs[n] for n in order), tuple(ys[n] for n in order)


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
class Level:
    """A `value` that curves are held against, drawn right across; hovered it says `label`. `kind` is a Reference's."""

    value: float
    label: str
    kind: str
    runs: tuple[str, ...] = ()


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


def lines(
    drawn: Sequence[Curve], label: str, scale: Scale, *, upwards: str, along: str, width: float = WIDTH,
    levels: Sequence[Level] = (),
) -> str:  # fmt: skip
    """The lines as one SVG on common scales; `upwards` and `along` (``commit``) say what the axes count.

    Of very many `levels` the highest and the lowest are drawn.
    """
    levels = _outermost(levels)
    folded = _folded(drawn)
    left_out = len(folded) - MOST_CURVES
    if left_out > 0:
        kept = set(sorted(range(len(folded)), key=lambda n: -max(folded[n].ys, default=0))[:MOST_CURVES])
        folded = [curve for n, curve in enumerate(folded) if n in kept]
    most_x = max((x for line in folded for x in line.xs), default=0) or 1
    most_y = max((y for line in folded for y in line.ys if y > 0), default=1)
    most_y = max(most_y, *(level.value for level in levels), 0)
    is_narrow = width <= WIDTH
    bottom = _LEAST if is_narrow else max(_LEAST, _TOP + STEP * (len(folded) + 1))
    names = 0.0 if is_narrow else max((breadth(cut(line.label, _LONGEST)) for line in folded), default=0) * LETTER + 16
    ticks = scale.ticks(most_y)
    left = max(breadth(scale.text(tick)) for tick in ticks) * LETTER + 6
    frame = _Frame(left, width - names - 8, bottom, most_x, most_y, scale)
    sheet = Sheet(bottom + _FOOT + (STEP * len(folded) + 6) * is_narrow, width)
    sheet.text(0, 8, upwards, "muted")
    for tick in ticks:
        sheet.line((frame.left, frame.y(tick)), (frame.right, frame.y(tick)), LINE)
        sheet.text(frame.left - 6, frame.y(tick), scale.text(tick), "muted end")
    sheet.text(frame.left, bottom + 14, "0", "muted")
    sheet.text(frame.right, bottom + 14, f"{along} {count(round(most_x))}", "muted end")
    if left_out > 0:
        sheet.text(width, 8, f"and {count(left_out)} more lines, none higher", "muted end")
    if is_narrow:
        _draw_over_names(sheet, folded, frame)
    else:
        _draw(sheet, folded, frame)
    _draw_levels(sheet, levels, frame)
    return sheet.svg(label)


def _folded(drawn: Sequence[Curve]) -> list[Curve]:
    """Curves that lie on each other as one, with the names of all."""
    shapes: dict[tuple[object, ...], list[Curve]] = {}
    for curve in drawn:
        shapes.setdefault((curve.xs, curve.ys, curve.lows), []).append(curve)
    return [
        replace(
            alike[0],
            label=names_of([curve.label for curve in alike], [curve.label for curve in drawn]),
            runs=tuple(name for curve in alike for name in curve.runs),
        )
        for alike in shapes.values()
    ]


def _draw(sheet: Sheet, drawn: Sequence[Curve], frame: _Frame) -> None:
    """The lines, and a name for each at the right, where it ends or, if it falls before that, where it is highest."""
    ends = [_named_at(line, frame) for line in drawn]
    heights = [y for _, y in ends]
    for line, (x, height), place in zip(drawn, ends, apart(heights, _TOP, frame.bottom), strict=True):
        with sheet.group(_tip(line, frame), line.runs):
            _draw_line(sheet, line, frame)
            edge = frame.right + 3
            if edge - x > _NEAR:
                sheet.curve([(x, height), (edge, height)], _colour(line), 0.8, _LEADER)
                x = edge
            sheet.curve([(x, height), (frame.right + 10, place)], _colour(line), 0.8)
            sheet.curve([(frame.right + 10, place), (frame.right + 17, place)], _colour(line), 2.4)
            sheet.text(frame.right + 21, place, cut(line.label, _LONGEST))


def _draw_over_names(sheet: Sheet, drawn: Sequence[Curve], frame: _Frame) -> None:
    """The lines, and their names below, the highest first."""
    order = sorted(range(len(drawn)), key=lambda n: -max(drawn[n].ys, default=0))
    for place, n in enumerate(order):
        line, y = drawn[n], frame.bottom + _FOOT + 6 + STEP * (place + 0.5)
        with sheet.group(_tip(line, frame), line.runs):
            _draw_line(sheet, line, frame)
            sheet.curve([(0, y), (16, y)], _colour(line), 2.4, _DASHES[line.hue // len(SERIES) % len(_DASHES)])
            sheet.text(22, y, cut(line.label, (WIDTH - 22) / LETTER))


def _colour(line: Curve) -> str:
    return SERIES[line.hue % len(SERIES)]


def _tip(line: Curve, frame: _Frame) -> str:
    return f"{line.label}: {f'at most {frame.scale.text(max(line.ys))}' if line.ys else 'nothing'}"


def _named_at(line: Curve, frame: _Frame) -> tuple[float, float]:
    """The point that a name leads to: the end of a line that reaches the right edge above zero, else its peak."""
    if not line.ys:
        return frame.right + 3, frame.bottom
    peak = max(range(len(line.ys)), key=line.ys.__getitem__)
    at = len(line.ys) - 1 if line.xs[-1] == frame.most_x and line.ys[-1] > line.ys[peak] / 2 else peak
    return frame.x(line.xs[at]), frame.y(line.ys[at])


def _draw_line(sheet: Sheet, line: Curve, frame: _Frame) -> None:
    """One line, or the band that it is the upper edge of."""
    xs, ys = thinned(line.xs, line.ys)
    upper = [(frame.x(x), frame.y(y)) for x, y in zip(xs, ys, strict=True)]
    if line.lows:
        xs, lows = thinned(line.xs, line.lows)
        lower = [(frame.x(x), frame.y(y)) for x, y in zip(xs[::-1], lows[::-1], strict=True)]
        sheet.area([*upper, *lower], _colour(line))
    sheet.curve(upper, _colour(line), 1.8, _DASHES[line.hue // len(SERIES) % len(_DASHES)])


def _outermost(levels: Sequence[Level]) -> list[Level]:
    order = sorted(dict.fromkeys(levels), key=lambda level: level.value)
    half = _MOST_LEVELS // 2
    return order if len(order) <= _MOST_LEVELS else [*order[:half], *order[-half:]]


def _draw_levels(sheet: Sheet, levels: Sequence[Level], frame: _Frame) -> None:
    """Broken lines right across: what they are stands beside the picture, where there is room for it."""
    for level in levels:
        height = frame.y(level.value)
        with sheet.group(level.label, level.runs, (frame.left, height - 3, frame.right - frame.left, 6)):
            sheet.curve([(frame.left, height), (frame.right, height)], COLOURS[level.kind], 1.6, (5, 2))


def apart(heights: Sequence[float], top: float, bottom: float) -> list[float]:
    """Places of lines of text near `heights`, in their order, apart from each other and between `top` and `bottom`."""
    order = sorted(range(len(heights)), key=heights.__getitem__)
    places = [0.0] * len(heights)
    lowest = top - STEP
    for n in order:
        lowest = places[n] = max(heights[n], lowest + STEP)
    highest = bottom + STEP
    for n in reversed(order):
        highest = places[n] = min(places[n], highest - STEP)
    return places
