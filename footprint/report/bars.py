"""Horizontal bars, one a rule set: its name, the bar, our figure, and a published one beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from footprint.report.canvas import INK, LETTER, LINE, MUTED, PALE, WIDTH, Canvas
from footprint.report.formatting import breadth, cut

_ROW = 23.0
_THICK = 12.0
_GAP = 10.0
_NONE = 1e-9
_LONGEST_LABEL = 29
"""Letters: the name of a rule set with one feature changed."""


@dataclass(frozen=True, slots=True)
class StackedBar:
    """A row: `parts` (value, colour) side by side, over a pale bar as long as `behind`.

    `text` is our figure in words; `published` and `published_text` the one that stands beside it.
    """

    label: str
    parts: tuple[tuple[float, str], ...]
    text: str
    behind: float = 0
    published: float | None = None
    published_text: str = ""

    @property
    def reach(self) -> float:
        """The longest thing drawn in the row."""
        return max(sum(max(size, 0) for size, _ in self.parts), self.behind, self.published or 0)


def bars(rows: Sequence[StackedBar], label: str, *, ours: str = "", theirs: str = "published") -> str:
    """The rows as one SVG, drawn to a common scale; `ours` and `theirs` head the figures if others stand beside."""
    names = _room(row.label for row in map(_shortened, rows))
    beside = _room(row.published_text for row in rows)
    beside = max(beside, _room([theirs])) + _GAP if beside else 0
    figures = max(_room(row.text for row in rows), _room([ours]) if beside else 0)
    top = _ROW if beside else 4.0
    left, right = names + _GAP, WIDTH - beside - figures - _GAP
    sheet = Canvas(top + _ROW * len(rows) + 4)
    if beside:
        sheet.text(WIDTH - beside, top / 2, ours, MUTED, align="right")
        sheet.text(WIDTH, top / 2, theirs, MUTED, align="right")
    sheet.line((left, left), (top, top + _ROW * len(rows)), LINE)
    longest = max((row.reach for row in rows), default=0)
    scale = (right - left) / (longest if longest > _NONE else 1)
    for n, row in enumerate(map(_shortened, rows)):
        _draw(sheet, row, top + _ROW * (n + 0.5), left=left, scale=scale, right=WIDTH - beside)
    return sheet.svg(label)


def _draw(sheet: Canvas, row: StackedBar, middle: float, *, left: float, scale: float, right: float) -> None:
    """One row around the height `middle`."""
    above, x = middle - _THICK / 2, left
    sheet.text(left - _GAP, middle, row.label, align="right")
    sheet.bar(left, above, row.behind * scale, _THICK, PALE)
    for size, colour in row.parts:
        sheet.bar(x, above, size * scale, _THICK, colour)
        x += max(size, 0) * scale
    sheet.text(right, middle, row.text, INK, align="right")
    if row.published is not None:
        sheet.diamond(left + max(row.published, 0) * scale, middle)
        sheet.text(WIDTH, middle, row.published_text, MUTED, align="right")


def _room(texts: Iterable[str]) -> float:
    """The width that the longest of `texts` needs."""
    return max(map(breadth, texts), default=0) * LETTER


def _shortened(row: StackedBar) -> StackedBar:
    return StackedBar(
        cut(row.label, _LONGEST_LABEL), row.parts, row.text, row.behind, row.published, row.published_text
    )
