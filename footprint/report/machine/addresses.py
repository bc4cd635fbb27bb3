"""The address map of a view: a column of blocks, empty stretches folded, addresses at the edges."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from footprint.recording.model import View
from footprint.report.canvas import LETTER, WIDTH
from footprint.report.formatting import breadth, count, cut, listed, plural
from footprint.report.machine.spans import NARROW, Band, Span, address, bands, extent
from footprint.report.section import LegendKey
from footprint.report.svg_canvas import Sheet

COLOURS = {"ram": "--s0", "rom": "--s2", "i/o": "--s1", "romd": "--s7", "ramd": "--s4"}
_OTHER = "--s6"
_MOST = 28
_TOP = 9.0
_COLUMN = 34.0
_LEAST, _MORE = 19.0, 15.0
_GAP = 24.0
_STRIPES = 5


def colour_of(kind: str) -> str:
    """The variable of the style sheet for a region of `kind`."""
    return COLOURS.get(kind, _OTHER)


def kind_keys(every: Sequence[Span]) -> tuple[LegendKey, ...]:
    """The legend: the kinds that `every` span is of."""
    known = [kind for kind in COLOURS if any(span.kind == kind for span in every)]
    other = [LegendKey(_OTHER, "other")] if any(span.kind not in COLOURS for span in every) else []
    return (*(LegendKey(COLOURS[kind], kind) for kind in known), *other)


def address_map(view: View, every: Sequence[Span]) -> str:
    """The map as an SVG; sizes show as heights, each step of the height a doubling of the size."""
    folded = bands(every, _MOST)
    rows = _rows(folded)[: _MOST + 1]
    drawn = [band for _, _, band in rows if band]
    left_out = sum(len(band.spans) for band in folded[len(drawn) :])
    heights = [_height(band, end - start) for start, end, band in rows]
    labels = [address(start) for start, _, _ in rows] + [address(rows[-1][1])]
    left = max(_wide(label) for label in labels) + 8
    sheet = Sheet(_TOP + sum(heights) + (2 * _GAP if left_out else _TOP + 3))
    y = _TOP
    for (start, end, band), height, label in zip(rows, heights, labels, strict=False):
        sheet.text(left - 8, y, label, "muted end")
        if band is None:
            _gap(sheet, left, y, height, extent(end - start))
        else:
            _block(sheet, left, y, height, band)
        y += height
    sheet.text(left - 8, y, labels[-1], "muted end")
    if left_out:
        _gap(sheet, left, y, _GAP, f"{plural(left_out, 'more range')}")
    return sheet.svg(_said(view, drawn))


def _rows(drawn: Sequence[Band]) -> list[tuple[int, int, Band | None]]:
    """Bands and, as None, the gaps between them, from address 0 on."""
    rows: list[tuple[int, int, Band | None]] = []
    at = 0
    for band in drawn:
        if band.start > at:
            rows.append((at, band.start, None))
        rows.append((band.start, band.end, band))
        at = max(at, band.end)
    return rows


def _height(band: Band | None, length: int) -> float:
    return _GAP if band is None else _LEAST + _MORE * math.log2(max(length, 1)) / 64


def _gap(sheet: Sheet, x: float, y: float, height: float, words: str) -> None:
    """An empty stretch: two broken lines where the column would be, and how much is left out."""
    for edge in (x + 0.5, x + _COLUMN - 0.5):
        sheet.line((edge, y + 2), (edge, y + height - 2), "--muted", look="broken")
    sheet.text(x + _COLUMN + 8, y + height / 2, f"⋮ {words}", "muted")


def _block(sheet: Sheet, x: float, y: float, height: float, band: Band) -> None:
    """A block in the colour of its kind, with its name, and at the right how large it is."""
    folded = len(band.spans) > 1
    lines = _STRIPES if folded else 1
    high = (height - 1) / lines
    sheet.boxes(
        [(x, y + 0.5 + n * high, _COLUMN, high - (1 if folded else 0)) for n in range(lines)],
        colour_of(band.spans[0].kind),
    )
    middle, start = y + height / 2, x + _COLUMN + 8
    right = extent(band.end - band.start)
    sheet.text(WIDTH, middle, right, "muted end")
    room = (WIDTH - start - breadth(right) * LETTER * 0.92 - 6) / (LETTER * 0.92)
    name = cut(_name(band), room)
    sheet.text(start, middle, name)
    spare = room - breadth(name) - 1
    if not folded and band.spans[0].offset > 0 and breadth(where := f"@{band.spans[0].offset:#x}") <= spare:
        sheet.text(start + breadth(name) * LETTER * 0.92 + 4, middle, where, "muted")


def _wide(label: str) -> float:
    """The width of an address: its groups stand closer than a letter."""
    groups = label.count(NARROW)
    return (breadth(label) - 0.6 * groups) * LETTER


def _name(band: Band) -> str:
    if len(band.spans) == 1:
        return band.spans[0].name
    names = list(dict.fromkeys(span.name for span in band.spans))
    if len(names) == 1:
        return f"{count(len(band.spans))} × {names[0]}"
    return f"{count(len(band.spans))} ranges: {', '.join(names[:4])}"


def _said(view: View, drawn: Sequence[Band]) -> str:
    """The map in words: what is shown first, and how much is empty between."""
    names = list(dict.fromkeys(span.name for band in drawn for span in band.spans))
    gaps = sum(band.end < above.start for band, above in pairwise(drawn))
    return (
        f"The address map of the view of {cut(view.root, 40)}: {plural(view.range_count, 'range')}, "
        f"{plural(gaps, 'gap')} between what is drawn. Regions: {listed(names[:8])}{' and others' * (len(names) > 8)}."
    )
