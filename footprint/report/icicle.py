"""An icicle: what is whole on top, what it consists of below, each as wide as its share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from footprint.report.canvas import LETTER, WIDTH
from footprint.report.formatting import breadth, count, cut, percent
from footprint.report.svg_canvas import Sheet

_HIGH, _EDGE = 27.0, 1.0
_LETTER = LETTER * 0.92
"""Room for a letter of a name and its figures, which are seldom all wide; of a name alone, cut to fit, it is LETTER."""
_MOST_PARTS = 16
_LEAST_WIDTH = 3.0
"""Units: what is narrower is drawn together with others as narrow."""


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of `size`, with a name and its figures in words; `parts` are what it consists of.

    Parts need not add up to the size. Parts without a `colour` have that of what they are a part of.
    """

    name: str
    size: float
    words: str
    parts: tuple[Slice, ...] = ()
    colour: str = ""


def icicle(whole: Slice, label: str, width: float = WIDTH, runs: Sequence[str] = ()) -> str:
    """The picture as an SVG; `label` says what it shows, `runs` which rule sets it is of."""
    sheet = Sheet(_HIGH * _depth(whole), width)
    _draw(sheet, whole, whole, 0, 0, width, colour="--line", runs=runs)
    return sheet.svg(label)


def _depth(slice_: Slice) -> int:
    return 1 + max((_depth(part) for part in slice_.parts), default=0)


def _draw(
    sheet: Sheet, slice_: Slice, whole: Slice, x: float, y: float, width: float, *, colour: str, runs: Sequence[str]
) -> None:
    """The slice at its place, and below it its parts, the largest first."""
    colour = slice_.colour or colour
    share = f", {percent(slice_.size, whole.size)}" if whole.size and slice_ is not whole else ""
    with sheet.group(f"{slice_.name}: {slice_.words}{share}", runs):
        sheet.boxes([(x, y, max(width - _EDGE, 0.5), _HIGH - _EDGE)], colour, look="soft")
        _write(sheet, slice_, x + 5, y + _HIGH / 2, width - 10)
    if not slice_.size:
        return
    for part in _joined(slice_, width):
        wide = width * part.size / slice_.size
        _draw(sheet, part, whole, x, y + _HIGH, wide, colour=colour, runs=runs)
        x += wide


def _write(sheet: Sheet, slice_: Slice, x: float, y: float, room: float) -> None:
    """The name, and behind it the figures where there is room for both."""
    letters = room / LETTER
    if breadth(slice_.name) + breadth(slice_.words) + 2 <= room / _LETTER:
        sheet.text(x, y, slice_.name, "strong")
        sheet.text(x + room, y, slice_.words, "end")
    elif letters >= 4:
        sheet.text(x, y, cut(slice_.name, letters), "strong")


def _joined(slice_: Slice, width: float) -> list[Slice]:
    """The parts in the order of their sizes; the smallest, if they are many or too thin to be seen, as one."""
    parts = sorted((part for part in slice_.parts if part.size > 0), key=lambda part: -part.size)
    thick = [part for part in parts if width * part.size / slice_.size >= _LEAST_WIDTH]
    kept = thick if len(thick) <= _MOST_PARTS else thick[: _MOST_PARTS - 1]
    rest = parts[len(kept) :]
    if len(rest) > 1:
        kept = [*kept, Slice(f"{count(len(rest))} smaller parts", sum(part.size for part in rest), "together")]
    else:
        kept = [*kept, *rest]
    return kept
