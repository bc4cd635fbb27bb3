"""Tables for a terminal: names and figures stay whole, prose is wrapped, and what does not fit is left out by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from footprint.cli.terminal import cells, note, say, say_wrapped, visible, width, wrapped

GAP = "  "
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


def metric_head(name: str) -> str:
    """The name of a metric, with a line break before each of its dots."""
    return name.replace(".", "\n.")


def rules_head(name: str) -> str:
    """The name of a rule set, with a line break after each of its commas."""
    return name.replace(",", ",\n")


def print_table(title: str, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    """Print a table as wide as the terminal; a note names the columns for which there is no room."""
    shown = _fitting(columns, rows, width())
    say_wrapped(title)
    say()
    _print(columns, rows, shown)
    left_out = [_on_one_line(column.head) for n, column in enumerate(columns) if n not in shown]
    if left_out:
        note(f"left out for want of room: {', '.join(left_out)} (a wider terminal or --json shows them)")


def print_blocks(title: str, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    """Print all columns of a table, as many side by side as fit; each block begins with the first column."""
    say_wrapped(title)
    for block in _blocks(columns, rows, width()):
        say()
        _print(columns, rows, block)


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
    return sum(needs[n] for n in shown) + len(GAP) * (len(shown) - 1)


def _needs(columns: Sequence[Column], rows: Sequence[Sequence[str]], room: int | None) -> list[int]:
    """The width that each column needs; a name of more than half of `room` gets a line of its own instead."""
    needs = []
    for n, column in enumerate(columns):
        texts = [cells(visible(row[n])) for row in rows]
        if n == 0 and room is not None:
            texts = [size for size in texts if size <= room // 2]
        widest = max([*map(cells, _lines_of(column.head)), *texts])
        needs.append(min(widest, LEAST_PROSE) if column.holds == "prose" and room is not None else widest)
    return needs


def _print(columns: Sequence[Column], rows: Sequence[Sequence[str]], shown: Sequence[int]) -> None:
    room = width()
    needs = _needs(columns, rows, room)
    for n in shown:
        if room is not None and columns[n].holds == "prose":  # the first may take what is left, then the next
            widest = max([cells(visible(row[n])) for row in rows], default=0)
            needs[n] += max(0, min(room - _total(needs, shown), widest - needs[n]))
    heads = [_lines_of(columns[n].head) for n in shown]
    high = max(map(len, heads))
    for k in range(high):
        texts = [head[k - high + len(head)] if k >= high - len(head) else "" for head in heads]
        say(_line(texts, columns, shown, needs), bold=True)
    say("─" * _total(needs, shown))
    for row in rows:
        for line in _row(row, columns, shown, needs, room):
            say(line)


def _row(
    row: Sequence[str], columns: Sequence[Column], shown: Sequence[int], needs: Sequence[int], room: int | None
) -> Iterator[str]:
    """The lines of a row: one, or more where prose is wrapped or the name is too long for its column."""
    texts = [visible(row[n]) for n in shown]
    if cells(texts[0]) > needs[shown[0]]:
        yield texts[0]
        texts[0] = ""
    parts = [
        wrapped(text, needs[n]) if columns[n].holds == "prose" and room is not None else [text]
        for n, text in zip(shown, texts, strict=True)
    ]
    for k in range(max(map(len, parts))):
        yield _line([part[k] if k < len(part) else "" for part in parts], columns, shown, needs)


def _line(texts: Sequence[str], columns: Sequence[Column], shown: Sequence[int], needs: Sequence[int]) -> str:
    padded = []
    for n, text in zip(shown, texts, strict=True):
        space = " " * max(0, needs[n] - cells(text))
        padded.append(space + text if columns[n].holds == "figure" else text + space)
    return GAP.join(padded).rstrip()


def _lines_of(head: str) -> list[str]:
    return [visible(line) for line in head.split("\n")]


def _on_one_line(head: str) -> str:
    return head.replace("\n", "")
