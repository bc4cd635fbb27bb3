"""Two values of one thing as two bars, a row for each thing: its name above the bars, and both figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from footprint.report.canvas import COLUMN, LETTER, WIDTH
from footprint.report.formatting import breadth, cut
from footprint.report.section import Picture
from footprint.report.svg_canvas import Sheet

FIRST, SECOND = "--s0", "--s1"
"""The colours of the first and of the second value, on every page that has two."""
_ROW, _BAR, _WORDS = 46.0, 10.0, 15.0
"""The heights of a row, of a bar, and of the line of words above the two bars."""
_USUAL = 0.9
"""How wide a letter usually is, as a share of the widest."""


@dataclass(frozen=True, slots=True)
class BarPair:
    """A row: two values, both in words; behind its name what it `means`, and at the end of the line a `note`."""

    label: str
    values: tuple[float, float]
    texts: tuple[str, str]
    note: str = ""
    means: str = ""


def paired_bars(title: str, rows: Sequence[BarPair], said: str, note: str = "", *, common: bool = False) -> Picture:
    """The picture of the rows, for a phone and for a column; `said` is what it shows, in words.

    Each row has a scale of its own, on which its larger value is as long as there is room; with `common` all have one.
    """
    narrow, wide = (_drawn(rows, said, width, common=common) for width in (WIDTH, COLUMN))
    return Picture(title, narrow, note, wide)


def _drawn(rows: Sequence[BarPair], said: str, width: float, *, common: bool) -> str:
    figures = max((breadth(text) for row in rows for text in row.texts), default=0)
    room = max(width - figures * LETTER - 6, 40.0)
    most = max((abs(value) for row in rows for value in row.values), default=0)
    sheet = Sheet(_ROW * len(rows), width)
    for n, row in enumerate(rows):
        top = _ROW * n
        longest = most if common else max(map(abs, row.values))
        with sheet.group(_tip(row), place=(0, top, width, _ROW - 4)):
            _words(sheet, row, top + _WORDS / 2, width)
            for place, (value, text, colour) in enumerate(zip(row.values, row.texts, (FIRST, SECOND), strict=True)):
                y = top + _WORDS + place * (_BAR + 2)
                wide = room * abs(value) / longest if longest else 0.0
                sheet.bar(0, y, wide, _BAR, colour)
                sheet.text(wide + 6, y + _BAR / 2, text)
    return sheet.svg(said)


def _tip(row: BarPair) -> str:
    means = f" ({row.means})" if row.means else ""
    note = f", {row.note}" if row.note else ""
    return f"{row.label}{means}: {row.texts[0]} and {row.texts[1]}{note}"


def _words(sheet: Sheet, row: BarPair, y: float, width: float) -> None:
    """The name, what it means if there is room for all of it, and the note at the end."""
    room = (width - breadth(row.note) * LETTER) / LETTER - 1
    name = cut(row.label, room)
    has_room = breadth(name) + breadth(row.means) + 2 <= room / _USUAL
    sheet.text(0, y, name, "strong", more=row.means if has_room else "")
    sheet.text(width, y, row.note, "muted end")
