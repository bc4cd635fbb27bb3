"""Tables for a terminal: rich draws them; which columns stand side by side, and which are left out by name, is ours.

Rich fits a table by cutting cells. Here names and figures stay whole, so columns are chosen before rich draws.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from footprint.cli.terminal import OWN_LINE, draw, glued, note, say, say_wrapped, visible, width

GAP = 2
"""Columns between two columns of a table."""
LEAST_PROSE = 24
"""Columns that prose needs to be read."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its head (a line break parts it into lines) and what it holds.

    `extra`: where room is short the columns with the largest go first, the rightmost of them before the others.
    """

    head: str
    holds: Literal["name", "figure", "prose"] = "figure"
    extra: int = 0

    @property
    def shown_head(self) -> str:
        """The head as it is drawn."""
        return "\n".join(visible(line) for line in self.head.split("\n"))


def metric_head(name: str) -> str:
    """The name of a metric, with a line break before each of its dots."""
    return name.replace(".", "\n.")


def rules_head(name: str) -> str:
    """The name of a rule set, with a line break after each of its commas."""
    return name.replace(",", ",\n")


def print_table(titles: Sequence[str], columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    """Print titles and a table as wide as the terminal; a note names the columns for which there is no room."""
    room = width()
    shown = _fitting(columns, rows, room)
    for title in titles:
        say_wrapped(title)
    say()
    _draw(columns, rows, shown, room)
    left_out = [column.head.replace("\n", "") for n, column in enumerate(columns) if n not in shown]
    if left_out:
        note(f"left out for want of room: {', '.join(left_out)} (a wider terminal or --json shows them)")


def print_blocks(titles: Sequence[str], columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    """Print titles and all columns of a table, as many side by side as fit; each block begins with the first column."""
    room = width()
    for title in titles:
        say_wrapped(title)
    for block in _blocks(columns, rows, room):
        say()
        _draw(columns, rows, block, room)


def _fitting(columns: Sequence[Column], rows: Sequence[Sequence[str]], room: int | None) -> list[int]:
    """The columns that fit side by side in `room`, by number; always the first and one more."""
    shown = list(range(len(columns)))
    needs = _needs(columns, rows, room)
    while room is not None and len(shown) > 2 and _total(needs, shown) > room:
        shown.remove(max(shown[1:], key=lambda n: (columns[n].extra, n)))
    return shown


def _blocks(columns: Sequence[Column], rows: Sequence[Sequence[str]], room: int | None) -> Iterator[list[int]]:
    needs = _needs(columns, rows, room)
    block = [0]
    for n in range(1, len(columns)):
        if room is not None and len(block) > 1 and _total(needs, [*block, n]) > room:
            yield block
            block = [0]
        block.append(n)
    yield block


def _total(needs: Sequence[int], shown: Sequence[int]) -> int:
    return sum(needs[n] for n in shown) + GAP * (len(shown) - 1)


def _needs(columns: Sequence[Column], rows: Sequence[Sequence[str]], room: int | None) -> list[int]:
    """The width that each column needs; a name of more than half of `room` gets a line of its own instead."""
    from rich.cells import cell_len

    needs = []
    for n, column in enumerate(columns):
        texts = [visible(row[n]) for row in rows]
        if n == 0:
            texts = [text for text in texts if not _is_long(text, room)]
        if column.holds == "prose" and room is not None:
            words = [word for text in texts for word in glued(text).split()]
            least = min(max(map(cell_len, texts), default=0), LEAST_PROSE)
            texts = [*words, " " * least]
        needs.append(max(cell_len(text) for text in (*column.shown_head.split("\n"), *texts)))
    return needs


def _is_long(name: str, room: int | None) -> bool:
    from rich.cells import cell_len

    return room is not None and cell_len(name) > room // 2


def _draw(columns: Sequence[Column], rows: Sequence[Sequence[str]], shown: Sequence[int], room: int | None) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    needs = _needs(columns, rows, room)
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for n in shown:
        table.add_column(
            Text(columns[n].shown_head),
            justify="right" if columns[n].holds == "figure" else "left",
            no_wrap=columns[n].holds != "prose",
            min_width=needs[n],
        )
    long_names = []
    for row in rows:
        texts = [glued(visible(row[n])) for n in shown]
        if _is_long(texts[0], room):  # rich knows no cell that spans columns
            long_names.append(visible(row[shown[0]]))
            table.add_row(OWN_LINE)
            texts[0] = ""
        table.add_row(*map(Text, texts))
    draw(table, None if room is None else max(room, _total(needs, shown)), long_names)
