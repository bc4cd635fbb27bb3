"""A sheet to draw on: matplotlib makes the SVG, the page's style sheet gives it its colours.

Matplotlib gets them as codes that no picture uses for itself (``#0000xx``), which leave as CSS variables: one
picture serves light, dark and paper. Texts go in as numbers and leave as escaped text: matplotlib would
read ``$`` as mathematics, and warn of every letter that its own font lacks.
"""

from __future__ import annotations

import html
import io
import re
from collections.abc import Sequence

from footprint.report.plain_text import plain

WIDTH = 328
"""Units across a sheet: pixels between the margins of a phone, so that no letter of TEXT is drawn smaller."""
COLUMN = 440
"""The same where a window has room for it: one of two columns."""
BROAD = 820
"""The same across the whole page."""
TEXT = 11.0
LETTER = 7.1
"""Room for one letter of TEXT, in the widest of the usual system fonts."""

INK, MUTED, LINE, ACCENT, PALE, MARK = "--ink", "--muted", "--line", "--accent", "--pale", "--mark"
SERIES = tuple(f"--s{n}" for n in range(8))
"""Colours, as the variables of the style sheet."""

_CODES = {variable: f"#0000{n:02x}" for n, variable in enumerate((INK, MUTED, LINE, ACCENT, PALE, MARK, *SERIES), 1)}
_VARIABLES = {code: variable for variable, code in _CODES.items()}

_NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}


class Canvas:
    """A sheet of `width` × `height` units, origin at the top left; draw on it, then take its `svg`."""

    def __init__(self, height: float, width: float = WIDTH) -> None:
        from matplotlib.figure import Figure
        from matplotlib.transforms import Affine2D

        self.height = height
        self.width = width
        self._figure = Figure(figsize=(width / 72, height / 72), dpi=72)
        self._figure.patch.set_visible(False)
        self._down = Affine2D().scale(1, -1).translate(0, height)
        self._texts: list[str] = []

    def bar(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        """A filled rectangle; one too thin to be seen is drawn as a hairline."""
        from matplotlib.patches import Rectangle

        if width > 0:
            shape = Rectangle((x, y), max(width, 0.8), height, facecolor=_CODES[colour], linewidth=0)
            shape.set_transform(self._down)
            self._figure.add_artist(shape)

    def diamond(self, x: float, y: float, radius: float = 4.5) -> None:
        """The sign of a published figure, with a rim that parts it from the bar beneath."""
        from matplotlib.patches import Polygon

        corners = [(x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y)]
        shape = Polygon(corners, closed=True, facecolor=_CODES[MARK], edgecolor="#0000ff", linewidth=1)
        shape.set_transform(self._down)
        self._figure.add_artist(shape)

    def line(
        self, xs: Sequence[float], ys: Sequence[float], colour: str, width: float = 1.0, dashes: Sequence[float] = ()
    ) -> None:
        """A line through points."""
        from matplotlib.lines import Line2D

        shape = Line2D(xs, ys, color=_CODES[colour], linewidth=width, solid_capstyle="butt")
        if dashes:
            shape.set_dashes(dashes)
        shape.set_transform(self._down)
        self._figure.add_artist(shape)

    def text(
        self, x: float, y: float, words: str, colour: str = INK, *, align: str = "left", bold: bool = False
    ) -> None:
        """`words` on one line, their middle at the height `y`."""
        self._figure.text(
            x,
            y + 0.35 * TEXT,
            f"T{len(self._texts)}T",
            transform=self._down,
            color=_CODES[colour],
            fontsize=TEXT,
            horizontalalignment=align,
            fontweight="bold" if bold else "normal",
        )
        self._texts.append(words)

    def svg(self, label: str) -> str:
        """The sheet as an SVG element that scales with its place; `label` says what it shows."""
        from matplotlib import rc_context
        from matplotlib.backends.backend_svg import FigureCanvasSVG

        stream = io.StringIO()
        with rc_context({"svg.fonttype": "none", "svg.hashsalt": "footprint", "path.simplify_threshold": 0.3}):
            FigureCanvasSVG(self._figure).print_svg(stream, metadata=_NO_METADATA)  # type: ignore[no-untyped-call]
        body = _plain(stream.getvalue())
        body = re.sub(r">T(\d+)T<", lambda matched: f">{html.escape(plain(self._texts[int(matched[1])]))}<", body)
        size = f'viewBox="0 0 {self.width:g} {self.height:g}"'
        return f'<svg {size} role="img" aria-label="{html.escape(plain(label))}">{body}</svg>'


def _plain(document: str) -> str:
    """The shapes of matplotlib's `document`: without prologue, global styles, ids, groups and fonts."""
    body = re.sub(
        r"^.*?<svg[^>]*>|<metadata>.*?</metadata>|<defs>.*?</defs>|</?g\b[^>]*>|</svg>", "", document, flags=re.S
    )
    body = re.sub(r"font-family: [^;]*; ?| transform=\"rotate\(-?0[^\"]*\"", "", body)
    body = re.sub(r"#0000[0-9a-f]{2}", lambda matched: f"var({_VARIABLES.get(matched[0], '--paper')})", body)
    return re.sub(r"\s+", " ", body).replace("> <", "><").strip()
