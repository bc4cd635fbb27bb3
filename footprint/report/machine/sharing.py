"""Which address spaces share which view: names on the left, views on the right, a ribbon for each family."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from footprint.recording.model import View
from footprint.report.canvas import LETTER, WIDTH
from footprint.report.formatting import breadth, count, cut, listed, plural
from footprint.report.machine.spans import short
from footprint.report.section import PictureData
from footprint.report.svg_canvas import Sheet

_ROW = 18.0
_CARD = 38.0
_APART = 16.0
_LEFT, _RIGHT = 140.0, 174.0
"""Where the names end and the cards begin."""
_MOST_ROWS = 6
_MOST_VIEWS = 12


@dataclass(frozen=True, slots=True)
class Family:
    """Names alike but for numbers in them, as one: ``cpu-memory-0 … 254``."""

    label: str
    count: int


def families(names: Iterable[str]) -> tuple[Family, ...]:
    """`names` in families, in the order of their first."""
    by_label: dict[str, list[str]] = {}
    for name in map(short, names):
        by_label.setdefault(re.sub(r"\d+", "#", name), []).append(name)
    return tuple(Family(_label(members), len(members)) for members in by_label.values())


def _label(members: Sequence[str]) -> str:
    """The first name, and the last if it is another, without what they have in common before a number."""
    first, last = members[0], members[-1]
    if len(set(members)) == 1:
        return first
    ends = re.search(r"\d+$", first), re.search(r"\d+$", last)
    if ends[0] and ends[1] and first[: ends[0].start()] == last[: ends[1].start()]:
        return f"{first} … {ends[1][0]}"
    return f"{first} … {last}"


def users(view: View) -> int:
    """How many address spaces the picture of `view` stands for."""
    return len(view.spaces) + view.spaces_alike


def titled(view: View) -> str:
    """The root of `view`, and whose the view is."""
    return f"{short(view.root)}, private to {short(view.device)}" if view.device else short(view.root)


def shows(view: View) -> str:
    """What `view` shows, in two words."""
    if not view.range_count:
        return "shows nothing"
    return f"{plural(view.range_count, 'range')}, {plural(view.node_count, 'node')}"


def sharing(views: Sequence[View]) -> str:
    """The picture as an SVG."""
    drawn = [(n, view, _rows(view)) for n, view in enumerate(views[:_MOST_VIEWS], 1)]
    heights = [max(_CARD + 7 * bool(view.alike), _ROW * len(rows)) for _, view, rows in drawn]
    rest = len(views) - len(drawn)
    sheet = Sheet(_ROW + sum(heights) + _APART * len(drawn) + (_ROW if rest else 0))
    sheet.text(0, _ROW / 2, "address spaces", "muted")
    sheet.text(_RIGHT, _ROW / 2, "views", "muted")
    y = _ROW + _APART / 2
    for (n, view, rows), height in zip(drawn, heights, strict=True):
        _draw(sheet, n, view, rows, y, height)
        y += height + _APART
    if rest:
        sheet.text(_RIGHT, y - _APART / 2 + _ROW / 2, f"and {plural(rest, 'more view')}", "muted")
    return sheet.svg(_said(drawn))


def sharing_data(views: Sequence[View], name: str) -> PictureData:
    """What the picture shows, by view; `name` is that of the file."""
    rows = tuple(
        (n, view.root, view.device or "", view.alike + 1, view.range_count, view.node_count, _users(_rows(view)))
        for n, view in enumerate(views[:_MOST_VIEWS], 1)
    )
    return PictureData(name, ("view", "root", "private to", "views alike", "ranges", "nodes", "address spaces"), rows)


def _rows(view: View) -> list[Family]:
    """The names to the left of a view: its families, or the first of them and how many spaces more."""
    every = list(families(view.spaces))
    kept = every if len(every) <= _MOST_ROWS else every[: _MOST_ROWS - 1]
    left = sum(family.count for family in every[len(kept) :]) + view.spaces_alike
    return [*kept, *([Family("", left)] if left else [])]


def _draw(sheet: Sheet, n: int, view: View, rows: Sequence[Family], y: float, height: float) -> None:
    """One view: its names in the middle of the height, the ribbons, and its card, or a pile of them."""
    card = y + (height - _CARD - 7 * bool(view.alike)) / 2
    widths = [_ribbon(row.count) for row in rows]
    meets = card + _CARD / 2 - sum(widths) / 2
    top = y + (height - _ROW * len(rows)) / 2
    for place, (row, width) in enumerate(zip(rows, widths, strict=True)):
        middle = top + _ROW * (place + 0.5)
        sheet.ribbon((_LEFT + 4, middle), (_RIGHT, meets + width / 2), width, "--pale")
        meets += width
        number = f"×{count(row.count)}" if row.label and row.count > 1 else ""
        room = (_LEFT - breadth(number) * LETTER - 4) / LETTER / 0.9
        sheet.text(0, middle, _fitted(row.label or _others(row), room), "" if row.label else "muted")
        sheet.text(_LEFT, middle, number, "muted end")
    _card(sheet, n, view, card)


def _fitted(label: str, room: float) -> str:
    """A name in the room that there is: of a family that is too long, its first member; how many are beside it."""
    return cut(label if breadth(label) <= room else label.split(" … ", maxsplit=1)[0], room)


def _others(rest: Family) -> str:
    return f"and {plural(rest.count, 'other')}"


def _ribbon(spaces: int) -> float:
    """A width that grows with every doubling."""
    return min(1.5 + 1.4 * math.log2(max(spaces, 1)), _ROW - 4)


def _card(sheet: Sheet, n: int, view: View, y: float) -> None:
    wide = WIDTH - _RIGHT - 8
    for shift in (7.0, 3.5) if view.alike else ():
        sheet.frame(_RIGHT + shift, y + shift, wide, _CARD, colour="--muted")
    sheet.frame(_RIGHT, y, wide, _CARD, colour="--accent" if view.range_count > 0 else "--muted")
    many = f"×{count(view.alike + 1)}" if view.alike else ""
    room = (wide - 14 - breadth(many) * LETTER) / LETTER / 0.95
    sheet.text(_RIGHT + 8, y + 12, cut(f"{n}  {view.root}", room), "strong")
    sheet.text(_RIGHT + wide - 6, y + 12, many, "strong end")
    sheet.text(_RIGHT + 8, y + 27, cut(shows(view), (wide - 10) / LETTER / 0.85), "muted")


def _said(drawn: Sequence[tuple[int, View, list[Family]]]) -> str:
    said = []
    for n, view, rows in drawn:
        names = _users(rows)
        many = f", {count(view.alike + 1)} alike" if view.alike > 0 else ""
        said.append(f"View {n}, {titled(view)}{many}: {names or 'no address space'}.")
    return f"Address spaces and the views that they use. {' '.join(said)}"


def _users(rows: Sequence[Family]) -> str:
    return ", ".join(
        f"{row.label}{f' (×{count(row.count)})' if row.count > 1 else ''}" if row.label else _others(row)
        for row in rows
    )


def named_in_words(views: Sequence[tuple[int, View]]) -> str:
    """Views by number and root, runs of one root as one."""
    said = []
    for root, run in groupby(views, key=lambda pair: pair[1].root):
        numbers = [n for n, _ in run]
        which = str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"
        said.append(f"{which} {short(root) if root.startswith('(') else f'({short(root)})'}")
    return listed(said)
