"""Allocations by kind: what the modelled bytes are, and what was measured, never in one bar."""

from __future__ import annotations

from collections.abc import Callable

from footprint.byte_kinds import BYTE_KINDS
from footprint.recording.model import Recording, Run
from footprint.report.bars import StackedBar, bar_picture, folded
from footprint.report.canvas import SERIES
from footprint.report.formatting import NOTHING, count, judged_at, listed, percent, plural, size, value
from footprint.report.section import Exhibit, LegendKey, Picture, Section, Table, TableColumn

BarPart = tuple[str, str, Callable[[Run], float | None]]
"""What a part of a bar is called, its colour, and how much of it a run has."""


def kinds(recording: Recording) -> Section | None:
    """The section; None if no run has bytes by kind."""
    ever, alive = _modelled(".ever"), _modelled("")
    shown = [
        (parts, title, note)
        for parts, title, note in (
            (ever, "All views ever created", "At the peak all of them are allocated at once."),
            (alive, "The views in use", "What stays when the others are freed." if _is_read(recording, ever) else ""),
        )
        if _is_read(recording, parts)
    ]
    if not shown:
        return None
    modelled = Exhibit(
        tuple(_picture(recording, parts, title, note) for parts, title, note in shown),
        tuple(LegendKey(colour, name) for name, colour, _ in alive),
        tuple(
            _table(recording, parts, f"Modelled bytes of {title[0].lower()}{title[1:]}, by kind")
            for parts, title, _ in shown
        ),
        title="Modelled: what the C program allocates",
    )
    return Section(
        "Allocations by kind",
        "kinds",
        f"{_lead(recording, shown[0][0])} {_cross_check(recording)}".strip(),
        (modelled, *_traced(recording), *_sized(recording)),
    )


def _is_read(recording: Recording, parts: tuple[BarPart, ...]) -> bool:
    return any(part(run) is not None for run in recording.runs for _, _, part in parts)


def _modelled(suffix: str) -> tuple[BarPart, ...]:
    def reader(kind: str) -> Callable[[Run], float | None]:
        return lambda run: value(run, f"modelled.{kind}{suffix}")

    return tuple((words, SERIES[n], reader(kind)) for n, (kind, words) in enumerate(BYTE_KINDS.items()))


def _lead(recording: Recording, parts: tuple[BarPart, ...]) -> str:
    """The greatest kind of the first run, and its share."""
    run = recording.runs[0]
    sizes = {name: part(run) or 0 for name, _, part in parts}
    greatest, total = max(sizes, key=sizes.__getitem__), sum(sizes.values())
    if not total:
        return f"Under {run.rules} no view was created."
    at = judged_at(recording)
    share = percent(sizes[greatest], total)
    return f"Under {run.rules}, {share} of the {size(total)} that its views take {at} are {greatest}."


def _traced(recording: Recording) -> tuple[Exhibit, ...]:
    """What tracemalloc saw, if it was asked."""

    def rest(run: Run) -> float | None:
        whole, arrays = value(run, "traced.bytes"), value(run, "traced.numpy")
        return None if whole is None else whole - (arrays or 0)

    parts: tuple[BarPart, ...] = (
        ("array data, in numpy's own domain", SERIES[0], lambda run: value(run, "traced.numpy")),
        ("all other Python objects", SERIES[6], rest),
    )
    title = "Measured by tracemalloc: what Python allocated"
    return _measured(recording, parts, title, "Everything allocated at the mark")


def _sized(recording: Recording) -> tuple[Exhibit, ...]:
    """What pympler walked, if it was asked."""
    named = ("sized.nodes", "sized.sections", "sized.flat_ranges")

    def rest(run: Run) -> float | None:
        whole = value(run, "sized.bytes")
        return None if whole is None else whole - sum(value(run, name) or 0 for name in named)

    parts: tuple[BarPart, ...] = (
        ("radix tables", SERIES[0], lambda run: value(run, "sized.nodes")),
        ("lists of sections", SERIES[1], lambda run: value(run, "sized.sections")),
        ("lists of ranges", SERIES[2], lambda run: value(run, "sized.flat_ranges")),
        ("the rest", SERIES[6], rest),
    )
    title = "Measured by pympler: the model's own objects"
    return _measured(recording, parts, title, "Size of the views in use")


def _measured(recording: Recording, parts: tuple[BarPart, ...], title: str, picture: str) -> tuple[Exhibit, ...]:
    if not _is_read(recording, parts):
        return ()
    keys = tuple(LegendKey(colour, name) for name, colour, _ in parts)
    return (
        Exhibit(
            (_picture(recording, parts, picture, ""),), keys, (_table(recording, parts, f"{title}, by kind"),), title
        ),
    )


def _cross_check(recording: Recording) -> str:
    """Whether the model's node bytes are what tracemalloc and pympler found, to the byte."""
    names = ("modelled.nodes", "traced.numpy", "sized.nodes")
    read = [(run.rules, [n for name in names if (n := value(run, name)) is not None]) for run in recording.runs]
    compared = [(rules, figures) for rules, figures in read if len(figures) > 1]
    odd = [f"{rules} ({listed(map(count, figures))} bytes)" for rules, figures in compared if len(set(figures)) > 1]
    if not compared:
        return ""
    rule = "A cross-check: the node bytes of the model, of numpy's domain and of pympler must be equal to the byte"
    if odd:
        return f"{rule}. They differ under {listed(odd)}."
    return f"{rule}, and are, in {plural(len(compared), 'run')} of {count(len(compared))}."


def _picture(recording: Recording, parts: tuple[BarPart, ...], title: str, note: str) -> Picture:
    rows = folded([_bar(run, parts) for run in recording.runs])
    return bar_picture(title, rows, note=note)


def _bar(run: Run, parts: tuple[BarPart, ...]) -> StackedBar:
    read = [(part(run), colour) for _, colour, part in parts]
    total = sum(n or 0 for n, _ in read)
    known = any(n is not None for n, _ in read)
    return StackedBar(
        run.rules, tuple((n or 0, colour) for n, colour in read), size(total) if known else NOTHING, runs=(run.rules,)
    )


def _table(recording: Recording, parts: tuple[BarPart, ...], caption: str) -> Table:
    rows = []
    for run in recording.runs:
        read = [part(run) for _, _, part in parts]
        cells = (NOTHING if n is None else size(n) for n in read)
        rows.append((run.rules, *cells, size(sum(n or 0 for n in read))))
    headings = [name for name, _, _ in parts]
    return Table(
        caption,
        (
            TableColumn("rule set"),
            *(TableColumn(name, number=True) for name in headings),
            TableColumn("together", number=True),
        ),
        tuple(rows),
    )
