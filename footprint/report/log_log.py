"""Lines on two logarithmic scales, where a power law is straight and its exponent is the slope."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from footprint.report.canvas import INK, LETTER, LINE, MUTED, SERIES, WIDTH, Canvas
from footprint.report.formatting import breadth, count, cut
from footprint.report.lines import STEP, apart

_TOP, _BOTTOM, _FOOT = 12.0, 212.0, 26.0
_DASH = (3.0, 2.0)
_MOST_TICKS = 6
_LONGEST = 24
"""Letters of a name."""


@dataclass(frozen=True, slots=True)
class GrowthLine:
    """`points` (n, value) that were had, and `curve`, the law through them; `ahead` is where it goes beyond them."""

    label: str
    points: tuple[tuple[float, float], ...]
    curve: tuple[tuple[float, float], ...]
    ahead: tuple[tuple[float, float], ...] = ()


def log_log(
    drawn: Sequence[GrowthLine], label: str, over: str, text: Callable[[float], str], *, base: int = 10,
    width: float = WIDTH,
) -> str:  # fmt: skip
    """The growths as one SVG: points as squares, laws as lines, what they predict dashed; ticks at powers of `base`."""
    every = [place for each in drawn for place in (*each.points, *each.curve, *each.ahead)]
    xs, ys = [max(x, 1.0) for x, _ in every], [max(y, 1.0) for _, y in every]
    low_x, high_x = min(xs), max(*xs, min(xs) * 1.01)
    low_y, high_y = base ** math.floor(math.log(min(ys), base)), base ** math.ceil(math.log(max(ys), base) - 1e-9)
    high_y = max(high_y, low_y * base)
    ticks = _powers(low_y, high_y, base)
    left = max(breadth(text(tick)) for tick in ticks) * LETTER + 6
    is_narrow = width <= WIDTH
    names = 0.0 if is_narrow else max(breadth(cut(each.label, _LONGEST)) for each in drawn) * LETTER + 16
    right = width - names - 8
    bottom = _BOTTOM if is_narrow else max(_BOTTOM, _TOP + STEP * (len(drawn) + 1))
    sheet = Canvas(bottom + _FOOT + (STEP * len(drawn) + 6) * is_narrow, width)

    def x(value: float) -> float:
        return left + (right - left) * math.log(max(value, 1.0) / low_x) / math.log(high_x / low_x)

    def y(value: float) -> float:
        return bottom - (bottom - _TOP) * math.log(max(value, low_y) / low_y) / math.log(high_y / low_y)

    for tick in ticks:
        sheet.line((left, right), (y(tick), y(tick)), LINE, 0.8)
        sheet.text(left - 6, y(tick), text(tick), MUTED, align="right")
    sheet.text(left, bottom + 14, count(low_x), MUTED)
    sheet.text(right, bottom + 14, f"{over} {count(high_x)}", MUTED, align="right")
    ends = [y((each.ahead or each.curve or each.points)[-1][1]) for each in drawn]
    for n, (each, place) in enumerate(zip(drawn, apart(ends, _TOP, bottom), strict=True)):
        colour = SERIES[n % len(SERIES)]
        for line, dashes in ((each.curve, ()), (each.ahead, _DASH)):
            if line:
                sheet.line([x(px) for px, _ in line], [y(py) for _, py in line], colour, 1.6, dashes)
        for px, py in each.points:
            sheet.bar(x(px) - 2.5, y(py) - 2.5, 5, 5, colour)
        if is_narrow:
            place = bottom + _FOOT + 6 + STEP * (n + 0.5)
            sheet.line((0, 16), (place, place), colour, 2.4)
            sheet.text(22, place, cut(each.label, (WIDTH - 22) / LETTER), INK)
        else:
            sheet.line((right + 3, right + 10), (ends[n], place), colour, 0.6)
            sheet.line((right + 10, right + 17), (place, place), colour, 2.4)
            sheet.text(right + 21, place, cut(each.label, _LONGEST), INK)
    return sheet.svg(label)


def _powers(low: float, high: float, base: int) -> list[float]:
    """Powers of the base from `low` to `high`, a few of them."""
    first, last = round(math.log(low, base)), round(math.log(high, base))
    step = max(1, -(-(last - first) // _MOST_TICKS))
    return [float(base**n) for n in range(first, last + 1, step)]
