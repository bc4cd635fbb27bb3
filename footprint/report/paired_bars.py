"""Two values of one thing as two bars, a row for each thing: its name, the bars, and both figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from footprint.report.canvas import LETTER, WIDTH
from footprint.report.formatting import breadth, cut
from footprint.report.svg_canvas import Sheet

FIRST, SECOND = "--s0", "--s1"
"""The colours of the first and of the second value, on every page that has two."""
_ROW, _BAR, _GAP = 34.0, 10.0, 10.0
_LONGEST = 22.0
_SMALL = 0.9
"""How wide a letter usually is, as a share of the widest."""


@dataclass(frozen=True, slots=True)
class BarPair:
    """A row: two values, both in words, and a `note` under its name."""

    label: str
    values: tuple[float, float]
    texts: tuple[str, str]
    note: str = ""


def paired_bars(rows: Sequence[BarPair], label: str, *, common: bool = False) -> str:
    """The rows as one SVG.

    Each row has a scale of its own, on which its larger value is as long as there is room; with `common` all have one.
    """
    names = max((breadth(cut(text, _LONGEST)) for row in rows for text in (row.label, row.note)), default=0)
    figures = max((breadth(text) for row in rows for text in row.texts), default=0)
    left = names * LETTER * _SMALL + _GAP
    room = max(WIDTH - left - figures * LETTER - 6, 40.0)
    most = max((abs(value) for row in rows for value in row.values), default=0)
    sheet = Sheet(_ROW * len(rows) + 4)
    for n, row in enumerate(rows):
        top = _ROW * n + 5
        longest = most if common else max(map(abs, row.values))
        middle = top + _BAR + 1
        with sheet.group(f"{row.label}: {row.texts[0]} and {row.texts[1]}{f' ({row.note})' if row.note else ''}"):
            sheet.text(0, middle - (7 if row.note else 0), cut(row.label, _LONGEST))
            if row.note:
                sheet.text(0, middle + 7, cut(row.note, _LONGEST), "muted")
            for place, (value, text, colour) in enumerate(zip(row.values, row.texts, (FIRST, SECOND), strict=True)):
                y = top + place * (_BAR + 2)
                wide = room * abs(value) / longest if longest else 0.0
                sheet.bar(left, y, wide, _BAR, colour)
                sheet.text(left + wide + 6, y + _BAR / 2, text)
    sheet.line((left, 0), (left, sheet.height), "--line")
    return sheet.svg(label)
