"""A sheet for maps and trees: the canvas's size and colours, as plain SVG written by hand.

Bars and lines need matplotlib's scales and lines; a map is rectangles and words, and there may be dozens.
"""

from __future__ import annotations

import html
from collections.abc import Sequence

from footprint.report.canvas import TEXT, WIDTH

XY = tuple[float, float]


class Sheet:
    """A sheet of WIDTH × `height` units, origin at the top left; colours are the style sheet's variables."""

    def __init__(self, height: float) -> None:
        self.height = height
        self._parts: list[str] = []

    def boxes(self, boxes: Sequence[tuple[float, float, float, float]], colour: str) -> None:
        """Filled rectangles of one colour: (x, y, width, height) each."""
        if boxes:
            path = "".join(f"M{_n(x)} {_n(y)}h{_n(wide)}v{_n(high)}h{_n(-wide)}z" for x, y, wide, high in boxes)
            self._parts.append(f'<path d="{path}" style="fill:var({colour})"/>')

    def frame(self, x: float, y: float, width: float, height: float, *, colour: str, look: str = "") -> None:
        """The outline of a rectangle, over the colour of a sheet; `look` is a class of the style sheet."""
        place = f'x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}"'
        self._parts.append(f'<rect {place} class="frame {look}" style="stroke:var({colour})"/>'.replace(' "', '"'))

    def area(self, points: Sequence[XY], colour: str) -> None:
        """A polygon that what is drawn beneath shines through."""
        path = "L".join(f"{_n(x)} {_n(y)}" for x, y in points)
        self._parts.append(f'<path d="M{path}z" class="veil" style="fill:var({colour})"/>')

    def ribbon(self, start: XY, end: XY, width: float, colour: str) -> None:
        """A bent band between two points, `width` high all along."""
        (x, y), (to, down), half = start, end, (start[0] + end[0]) / 2
        path = f"M{_n(x)} {_n(y)}C{_n(half)} {_n(y)} {_n(half)} {_n(down)} {_n(to)} {_n(down)}"
        self._parts.append(f'<path d="{path}" class="ribbon" style="stroke:var({colour});stroke-width:{_n(width)}"/>')

    def line(self, start: XY, end: XY, colour: str, *, look: str = "") -> None:
        """A straight line."""
        path = f"M{_n(start[0])} {_n(start[1])}L{_n(end[0])} {_n(end[1])}"
        self._parts.append(f'<path d="{path}" class="thin {look}" style="stroke:var({colour})"/>'.replace(' "', '"'))

    def text(self, x: float, y: float, words: str, look: str = "") -> None:
        """`words` on one line, their middle at the height `y`; `look`: ``muted``, ``strong``, ``end``, ``middle``."""
        kind = f' class="{look}"' if look else ""
        self._parts.append(f'<text x="{_n(x)}" y="{_n(y + 0.35 * TEXT)}"{kind}>{html.escape(words)}</text>')

    def svg(self, label: str) -> str:
        """The sheet as an SVG element that scales with its place; `label` says what it shows."""
        size = f'viewBox="0 0 {WIDTH} {_n(self.height)}"'
        body = "".join(self._parts)
        return f'<svg {size} class="sheet" role="img" aria-label="{html.escape(label)}">{body}</svg>'


def _n(value: float) -> str:
    return f"{round(value, 1):g}"
