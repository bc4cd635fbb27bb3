"""Horizontal bars, one a rule set: its name, the bar, our figure, and a published one beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from footprint.report.canvas import COLUMN, LETTER, LINE, PALE, WIDTH
from footprint.report.formatting import WHAT_IF, breadth, cut, listed
from footprint.report.references import COLOURS, PUBLISHED
from footprint.report.section import Picture
from footprint.report.svg_canvas import Sheet

_ROW = 23.0
_TALL = 37.0
"""A row on a phone: the name and the figures stand above the bar."""
_THICK = 12.0
_FEW_HIGH = 110.0
"""How high the rows of a picture across the page are together, if they are few."""
_GAP = 10.0
_NONE = 1e-9
MOST_ROWS = 40
_LONGEST_LABEL = 24
"""Letters: the name of a rule set with one feature changed, without the rule set."""


@dataclass(frozen=True, slots=True)
class StackedBar:
    """A row: `parts` (value, colour) side by side, over a pale bar as long as `behind`.

    `text` is our figure in words; `published` and `published_text` the one that stands beside it; `more` are further
    figures, in columns of their own. `against` is what the row is held against: a kind of reference and its value each.
    `runs` are the rule sets that the row stands for; it is switched off with them.
    """

    label: str
    parts: tuple[tuple[float, str], ...]
    text: str
    behind: float = 0
    published: float | None = None
    published_text: str = ""
    more: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    strong: bool = False
    against: tuple[tuple[str, float], ...] = ()

    @property
    def reach(self) -> float:
        """The longest thing drawn in the row."""
        held = (value for _, value in self.against)
        return max(sum(max(size, 0) for size, _ in self.parts), self.behind, self.published or 0, *held)


def folded(rows: Sequence[StackedBar]) -> list[StackedBar]:
    """`rows` with neighbours that look alike as one, called after the first and the last of them.

    A what-if, which no QEMU was, keeps its own row.
    """
    kept: list[list[StackedBar]] = []
    for row in rows:
        last = kept[-1][0] if kept else None
        if (
            last is not None
            and WHAT_IF not in row.label + last.label
            and replace(row, label="", runs=()) == replace(last, label="", runs=())
        ):
            kept[-1].append(row)
        else:
            kept.append([row])
    return [
        replace(
            alike[0],
            label=alike[0].label if len(alike) == 1 else f"{alike[0].label} to {alike[-1].label}",
            runs=tuple(name for row in alike for name in row.runs),
        )
        for alike in kept
    ]


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where bars begin and end, the right edges of the columns of figures, and the room for a name, in letters.

    Where `tall`, names and figures stand above the bars, which have the whole width.
    """

    left: float
    right: float
    edges: tuple[float, ...]
    longest_label: float
    row: float = _ROW
    tall: bool = False

    @property
    def thick(self) -> float:
        """How high a bar is."""
        return _THICK if self.tall else _THICK * self.row / _ROW


def bars(
    rows: Sequence[StackedBar], label: str, *, ours: str = "", theirs: str = "published", more: Sequence[str] = (),
    width: float = WIDTH,
) -> str:  # fmt: skip
    """The rows as one SVG, drawn to a common scale; of very many the longest, and how many are left out.

    `ours`, `theirs` and `more` head the columns of figures, if there are several.
    """
    rows = _longest(rows)
    figures = [
        [ours, *(row.text for row in rows)],
        *([name, *(row.more[n] for row in rows)] for n, name in enumerate(more)),
    ]
    if any(row.published_text for row in rows):
        figures.append([theirs, *(row.published_text for row in rows)])
    columns = _above(figures, width) if width <= WIDTH else _beside(rows, figures, width)
    is_headed = len(figures) > 1
    top = _ROW if is_headed else 4.0
    sheet = Sheet(top + columns.row * len(rows) + 4, width)
    for edge, column in zip(columns.edges, figures, strict=True):
        if is_headed:
            sheet.text(edge, top / 2, column[0], "muted end")
    sheet.line((columns.left, top), (columns.left, top + columns.row * len(rows)), LINE)
    longest = max((row.reach for row in rows), default=0)
    scale = (columns.right - columns.left) / (longest if longest > _NONE else 1)
    for n, row in enumerate(rows):
        cells = [column[n + 1] for column in figures]
        said = ", ".join(
            f"{cell} {head}".strip()
            for head, cell in zip([column[0] for column in figures], cells, strict=True)
            if cell
        )
        y = top + columns.row * n
        with sheet.group(f"{row.label}: {said}", row.runs, (0, y, width, columns.row)):
            _draw(sheet, row, cells, y, columns, scale)
    return sheet.svg(label)


def bar_picture(
    title: str, rows: Sequence[StackedBar], said: str = "", note: str = "", *, broad: float = COLUMN, **heads: str
) -> Picture:
    """A picture of the rows for a phone, and one for a window that has `broad` units; `heads` as of `bars`.

    `said` is what it shows, in words; without it, the rows and their figures.
    """
    label = said or f"{title}. {listed(f'{row.label}: {row.text}' for row in rows)}."

    def draw(width: float) -> str:
        return bars(rows, label, width=width, **heads)

    return Picture(title, draw(WIDTH), note, draw(broad), spans=broad > COLUMN, draw=draw)


def _longest(rows: Sequence[StackedBar]) -> Sequence[StackedBar]:
    """The rows that a picture has room for, in their order, and a last one that counts the others."""
    if len(rows) <= MOST_ROWS:
        return rows
    order = sorted(range(len(rows)), key=lambda n: -rows[n].reach)[: MOST_ROWS - 1]
    rest = StackedBar(f"{len(rows) - len(order)} more, none longer", (), "", more=("",) * len(rows[0].more))
    return [*(rows[n] for n in sorted(order)), rest]


def _beside(rows: Sequence[StackedBar], figures: Sequence[Sequence[str]], width: float) -> _Columns:
    """Names before the bars, and figures behind them, in columns as wide as their texts; the bars get what is left."""
    longest = _LONGEST_LABEL * (1 if width <= COLUMN else 1.5)
    names = _room(labelled(row.label, longest) for row in rows)
    edges = _edges(figures, width)
    # Two or three bars across a page would be a thin line.
    row = min(max(_ROW, _FEW_HIGH / max(len(rows), 1)), _ROW * 1.6) if width > COLUMN else _ROW
    return _Columns(names + _GAP, edges[0] - _room(figures[0]) - _GAP, edges, longest, row)


def _above(figures: Sequence[Sequence[str]], width: float) -> _Columns:
    """Names and figures above the bars."""
    edges = _edges(figures, width)
    return _Columns(0.5, width - 5, edges, (edges[0] - _room(figures[0]) - _GAP) / LETTER, _TALL, tall=True)


def _edges(figures: Sequence[Sequence[str]], width: float) -> tuple[float, ...]:
    """The right edges of the columns of figures, the last at the edge of the sheet."""
    edges, right = [], width
    for column in reversed(figures):
        edges.append(right)
        right -= _room(column) + _GAP
    return tuple(reversed(edges))


def _draw(sheet: Sheet, row: StackedBar, cells: Sequence[str], y: float, columns: _Columns, scale: float) -> None:
    """One row from the height `y` on."""
    thick = columns.thick
    middle = y + (26.0 if columns.tall else columns.row / 2)
    above, x = middle - thick / 2, columns.left
    words = y + 11.0 if columns.tall else middle
    look = "strong" if row.strong else ""
    name = labelled(row.label, columns.longest_label)
    if columns.tall:
        sheet.text(0, words, name, look)
    else:
        sheet.text(x - _GAP, words, name, f"{look} end".strip())
    sheet.bar(x, above, row.behind * scale, thick, PALE)
    for size, colour in row.parts:
        sheet.bar(x, above, size * scale, thick, colour)
        x += max(size, 0) * scale
    for kind, value in row.against:
        at = columns.left + max(value, 0) * scale
        if kind == PUBLISHED:
            sheet.diamond(at, middle)
        else:  # from row to row it becomes one line, but not through words
            reach = thick / 2 + 3 if columns.tall else columns.row / 2
            sheet.upright(at, middle - reach, middle + reach, COLOURS[kind])
    if row.published is not None:
        sheet.diamond(columns.left + max(row.published, 0) * scale, middle)
    beside = len(cells) - 1 if row.published_text else len(cells)
    for n, (edge, cell) in enumerate(zip(columns.edges, cells, strict=True)):
        sheet.text(edge, words, cell, "muted end" if n == beside else f"{look} end".strip())


def labelled(name: str, most: float) -> str:
    """The name of a rule set in the room that there is: of a what-if, what it changes is more telling than of what."""
    if len(name) > most and WHAT_IF in name:
        return cut(f"…{name[name.index(WHAT_IF) :]}", most)
    return cut(name, most)


def _room(texts: Iterable[str]) -> float:
    """The width that the longest of `texts` needs."""
    return max(map(breadth, texts), default=0) * LETTER
