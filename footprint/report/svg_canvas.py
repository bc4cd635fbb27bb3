"""A sheet to draw on: plain SVG written by hand, in the style sheet's colours.

One picture serves light, dark and paper. What stands in a group can be hovered, and switched off with its rule sets.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from footprint.report.canvas import MARK, TEXT, WIDTH
from footprint.report.plain_text import plain

XY = tuple[float, float]

_MOST_IN_A_TIP = 300


class Sheet:
    """A sheet of `width` × `height` units, origin at the top left; colours are the style sheet's variables."""

    def __init__(self, height: float, width: float = WIDTH) -> None:
        self.height = height
        self.width = width
        self._parts: list[str] = []

    @contextmanager
    def group(
        self, tip: str = "", runs: Sequence[str] = (), place: tuple[float, float, float, float] | None = None
    ) -> Iterator[None]:
        """What is drawn inside says `tip` when hovered, and belongs to the rule sets `runs`.

        `place` (x, y, width, height) is where it can be hovered, also between what is drawn.
        """
        own = (
            f' data-runs="{html.escape(json.dumps([plain(name) for name in runs], ensure_ascii=False))}"'
            if runs
            else ""
        )
        self._parts.append(f"<g{own}>" + (f"<title>{html.escape(plain(tip, _MOST_IN_A_TIP))}</title>" if tip else ""))
        if place:
            x, y, width, height = map(_n, place)
            self._parts.append(f'<rect x="{x}" y="{y}" width="{width}" height="{height}" class="place"/>')
        yield
        self._parts.append("</g>")

    def bar(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        """A filled rectangle; one too thin to be seen is drawn as a hairline."""
        if width > 0:
            self.boxes([(x, y, max(width, 0.8), height)], colour)

    def diamond(self, x: float, y: float, radius: float = 4.5) -> None:
        """The sign of a published figure, with a rim that parts it from the bar beneath."""
        r = _n(radius)
        path = f"M{_n(x)} {_n(y - radius)}l{r} {r} -{r} {r} -{r} -{r}z"
        self._parts.append(f'<path d="{path}" style="fill:var({MARK});stroke:var(--paper)"/>')

    def boxes(self, boxes: Sequence[tuple[float, float, float, float]], colour: str, look: str = "") -> None:
        """Filled rectangles of one colour: (x, y, width, height) each; `look` is a class of the style sheet."""
        if boxes:
            path = "".join(f"M{_n(x)} {_n(y)}h{_n(wide)}v{_n(high)}h{_n(-wide)}z" for x, y, wide, high in boxes)
            kind = f' class="{look}"' if look else ""
            self._parts.append(f'<path d="{path}"{kind} style="fill:var({colour})"/>')

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

    def upright(self, x: float, top: float, bottom: float, colour: str) -> None:
        """An upright line that parts what is below a limit from what is above, with a rim of the paper's colour."""
        for shade, width in (("--paper", 3.4), (colour, 1.6)):
            path = f"M{_n(x)} {_n(top)}V{_n(bottom)}"
            self._parts.append(f'<path d="{path}" class="ribbon" style="stroke:var({shade});stroke-width:{width}"/>')

    def curve(self, points: Sequence[XY], colour: str, width: float = 1.0, dashes: Sequence[float] = ()) -> None:
        """A line through `points`, `width` thick; `dashes` are lengths of strokes and gaps, in widths."""
        if points:
            path = "L".join(f"{_n(x)} {_n(y)}" for x, y in points)
            look = f"stroke:var({colour});stroke-width:{_n(width)}"
            if dashes:
                look += f";stroke-dasharray:{' '.join(_n(dash * width) for dash in dashes)}"
            self._parts.append(f'<path d="M{path}" class="ribbon" style="{look}"/>')

    def text(self, x: float, y: float, words: str, look: str = "", *, more: str = "") -> None:
        """`words` on one line, their middle at the height `y`; `look`: ``muted``, ``strong``, ``end``, ``middle``.

        `more` stands behind them, muted.
        """
        kind = f' class="{look}"' if look else ""
        rest = f'<tspan dx="7" class="muted">{html.escape(plain(more))}</tspan>' if more else ""
        self._parts.append(
            f'<text x="{_n(x)}" y="{_n(y + 0.35 * TEXT)}"{kind}>{html.escape(plain(words))}{rest}</text>'
        )

    def svg(self, label: str) -> str:
        """The sheet as an SVG element that scales with its place; `label` says what it shows."""
        size = f'viewBox="0 0 {_n(self.width)} {_n(self.height)}"'
        body = "".join(self._parts)
        return f'<svg {size} class="sheet" role="img" aria-label="{html.escape(plain(label))}">{body}</svg>'


def _n(value: float) -> str:
    return f"{round(value, 1):g}"
