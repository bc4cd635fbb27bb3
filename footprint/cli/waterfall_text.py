"""A waterfall for people: from one rule set to another, feature by feature, and what features save only together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from footprint.cli.table import Column, print_table
from footprint.cli.terminal import say, say_wrapped
from footprint.gate.gate_verdict import figure, signed_figure

if TYPE_CHECKING:
    from footprint.record.waterfall import Waterfall
    from footprint.recording.model import Number

MOST_INTERACTIONS = 5
BAR = 24
"""Letters of a bar."""
_COLUMNS = (
    Column("feature", "name"),
    Column("from → to", "name"),
    Column("by then"),
    Column("change"),
    Column("alone", extra=1),
    Column("undone", extra=1),
    Column("", "name", extra=2),
)


def print_waterfall(fall: Waterfall) -> None:
    """Print the table, and the pairs of features that act on each other most."""
    say()
    heading = f"{fall.metric} at {fall.mark}, from {fall.first} to {fall.second}"
    if not fall.steps and not fall.layout:
        say_wrapped(f"{heading}: {figure(fall.metric, fall.first_value)} under both, whichever feature changes")
        return
    print_table([heading], _COLUMNS, _rows(fall))
    say_wrapped(
        "(change: in this order; alone: as the only change on "
        f"{fall.first}; undone: what is lost if {fall.second} sets it back)"
    )
    for pair in fall.interactions[:MOST_INTERACTIONS]:
        amount = signed_figure(fall.metric, pair.amount)
        say_wrapped(f"{pair.features[0]} with {pair.features[1]}: {amount} besides what each does alone")
    if len(fall.interactions) > MOST_INTERACTIONS:
        say_wrapped(f"and {len(fall.interactions) - MOST_INTERACTIONS} more pairs act on each other (--json has them)")
    if not fall.interactions and len(fall.steps) > 1:
        say_wrapped("no two of them act on each other")
    if fall.idle:
        say_wrapped(f"(no change by {', '.join(fall.idle)})")


def _rows(fall: Waterfall) -> list[list[str]]:
    most = max([fall.first_value, fall.second_value, *(step.value for step in fall.steps)])
    rows = [[fall.first, "", figure(fall.metric, fall.first_value), "", "", "", _bar(0, fall.first_value, most)]]
    before = fall.first_value
    for step in fall.steps:
        moves = [signed_figure(fall.metric, value) for value in (step.change, step.alone, step.undone)]
        by_then = figure(fall.metric, step.value)
        bar = _bar(before, step.value, most)
        rows.append([step.feature, f"{step.before} → {step.after}", by_then, *moves, bar])
        before = step.value
    if fall.layout:
        moved = signed_figure(fall.metric, fall.layout)
        by_then = figure(fall.metric, fall.second_value)
        bar = _bar(before, fall.second_value, most)
        rows.append(["no feature: structure sizes", "", by_then, moved, "", "", bar])
    last = figure(fall.metric, fall.second_value)
    return [*rows, [fall.second, "", last, "", "", "", _bar(0, fall.second_value, most)]]


def _bar(start: Number, end: Number, most: Number) -> str:
    """A bar between two values on a scale from 0 to `most`; a thin line where they are the same."""
    low, high = (round(BAR * value / most) if most > 0 else 0 for value in sorted((start, end)))
    return " " * low + ("█" * (high - low) or "▏")
